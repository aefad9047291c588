"""Writes what CI systems give away: the log archive of a workflow run, and a folder of artifacts."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4

FAILURE = """\
Traceback (most recent call last):
  File "/home/runner/work/quay/quay/lamps.py", line 41, in <module>
    asyncio.run(main())
  File "/opt/hostedtoolcache/Python/3.12.4/x64/lib/python3.12/asyncio/runners.py", line 186, in run
    raise RuntimeError(
RuntimeError: asyncio.run() cannot be called from a running event loop
sys:1: RuntimeWarning: coroutine 'main' was never awaited
""".splitlines()

SETUP = ["Current runner version: '2.320.0'", "##[group]Operating System", "Ubuntu", "24.04.1", "##[endgroup]"]
TESTS = ["##[group]Run python lamps.py", "shell: /usr/bin/bash -e {0}", "##[endgroup]", *FAILURE]
END = ["##[error]Process completed with exit code 1.", "Cleaning up orphan processes"]


def stamped(lines: Sequence[str], minute: int) -> bytes:
    """Lines as a runner stores them, from this minute on."""
    return "".join(
        f"2026-11-24T10:{minute:02d}:{number:02d}.{number * 1234567 % 10**7:07d}Z {line}\n"
        for number, line in enumerate(lines)
    ).encode()


def job_files(job: str, number: int = 0, *, steps: bool = True, older: bool = False) -> dict[str, bytes]:
    """The files of one job: its whole log, its steps, and what the runner writes of itself."""
    parts = [stamped(SETUP, 15), stamped(TESTS, 16), stamped(END, 17)]
    whole = b"\xef\xbb\xbf" + b"".join(parts) + stamped(["Evaluate and set job outputs"], 18)
    files = {f"{number}_{job}.txt": whole, f"{job}/system.txt": b"2026-11-24T10:15:00.0000000Z Requested labels: x\n"}
    if older:
        files[f"-2147483648_{job}.txt"] = b"".join(parts[:2])
    if steps:
        names = ("1_Set up job.txt", "2_Run python lamps.py.txt", "9_Complete job.txt")
        files |= {f"{job}/{name}": part for name, part in zip(names, parts, strict=True)}
    return files


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip archive with its folders as entries of their own, as GitHub writes them."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in sorted({name.rpartition("/")[0] for name in files} - {""}):
            archive.writestr(f"{folder}/", b"")
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def junit() -> bytes:
    """A JUnit report whose failing test holds the failure."""
    from xml.sax.saxutils import escape

    text = escape("\n".join(FAILURE))
    return (
        '<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" tests="1" failures="1">'
        f'<testcase classname="test_lamps" name="test_dim" time="0.1"><failure message="RuntimeError">{text}</failure>'
        "</testcase></testsuite></testsuites>"
    ).encode()


def artifacts() -> dict[str, bytes]:
    """What a run may leave: reports, pictures, coverage, logs packed in several ways."""
    log = "\n".join(FAILURE).encode() + b"\n"
    return {
        "junit/results.xml": junit(),
        "coverage/coverage.json": b'{"meta": {"version": "7.6"}, "files": {}}\n',
        "screens/failed.png": PNG,
        "logs/app.log.gz": gzip.compress(log),
        "logs.zip": zipped({"worker.log": log, "inner.zip": zipped({"deep/cron.log": log, "shot.png": PNG})}),
        "empty.txt": b"",
    }
