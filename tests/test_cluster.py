"""Logs read by the workers of a real cluster: the report is the local one, whatever happens to the workers.

python3.11 -m venv ~/.cache/loopdoctor/dask && ~/.cache/loopdoctor/dask/bin/pip install -e ".[test,dask]"
~/.cache/loopdoctor/dask/bin/pytest -m tools tests/test_cluster.py
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

SAMPLES = sorted(Path(__file__).parents[1].joinpath("sample_logs").glob("*/*.log"))
SOURCES = str(Path(__file__).parents[1] / "src")
QUIET = "2026-05-04 09:{:02d}:{:02d},120 INFO bakery.oven: a loaf is baked\n"
needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="dask.distributed is not installed")

POISON = """
import os, time
from loopdoctor import cluster
from loopdoctor.jobs import read_alone  # Dask runs this file twice

failed = set()


def read(file, settings):
    time.sleep({pause})
    if "broken" in file.path:
        raise ValueError("the disk is wet")
    if "deadly" in file.path:
        os._exit(9)
    if "shy" in file.path and file.path not in failed:
        failed.add(file.path)
        raise OSError("not now")
    return read_alone(file, settings)


cluster.read_alone = read
{more}
"""

WAIT = """
import sys, time
from distributed import Client

def read(dask_scheduler):
    return sum("read" in key and task.state == "memory" for key, task in dask_scheduler.tasks.items())

with Client(sys.argv[1]) as client:
    print("waiting", flush=True)
    while client.run_on_scheduler(read) < 5:
        time.sleep(0.05)
"""


class Cluster(NamedTuple):
    """A scheduler and its workers."""

    address: str
    workers: list[subprocess.Popen[bytes]]


def environment(**more: str) -> dict[str, str]:
    """This checkout, and a scheduler that gives a shard up after the second worker that it has killed."""
    return {**os.environ, "PYTHONPATH": SOURCES, "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1", **more}


@contextmanager
def cluster(
    place: Path, *, workers: int = 3, nanny: bool = True, pause: float = 0, more: str = ""
) -> Iterator[Cluster]:
    """A scheduler process and worker processes, which read as ``POISON`` lets them."""
    poison, told = place / "poison.py", place / "scheduler.json"
    poison.write_text(POISON.format(pause=pause, more=more))
    dask = [sys.executable, "-m", "distributed.cli."]
    quiet = {"cwd": "/", "env": environment(), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with ExitStack() as stack:

        def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen([*dask[:2], dask[2] + module, *arguments], **quiet)  # type: ignore[call-overload]
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(told))
        deadline = time.monotonic() + 20
        while not told.exists() or not told.stat().st_size:
            assert time.monotonic() < deadline, "the scheduler does not come up"
            time.sleep(0.05)
        address = json.loads(told.read_text())["address"]
        one = ["--nthreads", "1", "--no-dashboard", "--preload", str(poison), "--local-directory", str(place)]
        yield Cluster(
            address,
            [start("dask_worker", address, *one, "--nanny" if nanny else "--no-nanny") for _ in range(workers)],
        )


def loopdoctor(*arguments: str, cwd: Path, **given: Any) -> subprocess.Popen[str]:
    """A command that has been started."""
    command = [sys.executable, "-m", "loopdoctor", "scan", *arguments, "-f", "json"]
    return subprocess.Popen(
        command, cwd=cwd, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **given
    )


def until_some_are_read(there: Cluster, place: Path) -> subprocess.Popen[str]:
    """A scan of ``logs/`` of which five logs or more have been read."""
    watch = [sys.executable, "-c", WAIT, there.address]
    with subprocess.Popen(watch, env=environment(), text=True, stdout=subprocess.PIPE) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == "waiting\n"
        scan = loopdoctor("logs", "--dask", there.address, cwd=place)
        assert watcher.wait(30) == 0
    return scan


def report(process: subprocess.Popen[str], status: int = 0) -> dict[str, Any]:
    """What it writes, without the time that it took."""
    out, complaints = process.communicate(timeout=40)
    assert process.returncode == status, complaints
    found: dict[str, Any] = json.loads(out)
    found["stats"].pop("seconds")
    return found


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    """Twenty logs with failures, one of them packed, in a directory; their names from there."""
    import gzip

    folder = tmp_path / "logs"
    folder.mkdir()
    quiet = "".join(QUIET.format(at // 60, at % 60) for at in range(200)).encode()
    for at, sample in enumerate(SAMPLES[:40:2]):
        (folder / f"pod-{at:02d}.log").write_bytes((sample.read_bytes() + quiet) * 3)
    packed = folder / "pod-07.log"
    (folder / "pod-07.log.gz").write_bytes(gzip.compress(packed.read_bytes()))
    packed.unlink()
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return sorted(f"logs/{path.name}" for path in folder.glob("pod*"))


@pytest.mark.tools
@needs_dask
def test_a_worker_killed_in_mid_run_changes_nothing(logs: list[str], tmp_path: Path) -> None:
    """What it had read is read again by the others: the report equals that of a local scan of the same directory."""
    with cluster(tmp_path, nanny=False, pause=0.5) as there:
        scan = until_some_are_read(there, tmp_path)
        there.workers[0].kill()
        assert scan.poll() is None, "it was over before the worker was killed"
        found = report(scan)
    assert found == report(loopdoctor("logs", "--jobs", "1", cwd=tmp_path))
    assert len(found["incidents"]) > 10
    assert [notice["kind"] for notice in found["notices"]] == ["binary"]


@pytest.mark.tools
@needs_dask
def test_a_log_that_cannot_be_read_is_named(logs: list[str], tmp_path: Path) -> None:
    """It fails each time, or kills each worker that tries; the report is on the others, and says what is missing."""
    names = ["broken.log", "deadly.log", "shy.log"]
    for name in names:
        (tmp_path / name).write_bytes(SAMPLES[0].read_bytes())
    with cluster(tmp_path) as there:
        found = report(loopdoctor(*logs, *names, "--dask", there.address, cwd=tmp_path))
    whole = report(loopdoctor(*logs, "shy.log", "--jobs", "1", cwd=tmp_path))
    assert [(notice["kind"], notice["source"]) for notice in found["notices"]] == [
        ("logs-missing", ""),
        ("shard-failed", "broken.log"),
        ("shard-failed", "deadly.log"),
    ]
    assert "2 of 23 logs" in found["notices"][0]["message"]
    assert "the disk is wet" in found["notices"][1]["message"]
    assert "every worker that tried has died" in found["notices"][2]["message"]
    assert {**found, "notices": []} == {**whole, "notices": []}


@pytest.mark.tools
@needs_dask
def test_ctrl_c_reports_what_was_read_until_then(logs: list[str], tmp_path: Path) -> None:
    """The status is 130, and the report that of the logs which had been read."""
    with cluster(tmp_path, pause=0.5, workers=2) as there:
        scan = until_some_are_read(there, tmp_path)
        scan.send_signal(signal.SIGINT)
        found = report(scan, 130)
    assert found["stats"]["interrupted"]
    read = [source["path"] for source in found["inputs"]]
    assert 5 <= len(read) < len(logs)
    assert found["incidents"] == report(loopdoctor(*read, "--jobs", "1", cwd=tmp_path))["incidents"]


@pytest.mark.tools
@needs_dask
def test_workers_with_another_loopdoctor_are_refused(logs: list[str], tmp_path: Path) -> None:
    """Before anything is read: what they find could not be put together."""
    with cluster(tmp_path, workers=1, more='cluster.__version__ = "0.0.7"') as there:
        scan = loopdoctor("logs", "--dask", there.address, cwd=tmp_path)
        out, complaints = scan.communicate(timeout=30)
    assert (scan.returncode, out) == (2, "")
    assert re.search(r"the worker has loopdoctor 0.0.7, and this is .*\n  --> tcp://127.0.0.1:\d+", complaints)


@pytest.mark.tools
@needs_dask
def test_a_cluster_of_this_machine(logs: list[str], tmp_path: Path) -> None:
    """``--dask local`` starts one, with as many processes as ``--jobs`` says, and stops it."""
    found = report(loopdoctor(*logs, "--dask", "local", "--jobs", "2", cwd=tmp_path))
    assert found == report(loopdoctor(*logs, "--jobs", "1", cwd=tmp_path))


@pytest.mark.tools
@needs_dask
def test_a_scheduler_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to start one."""
    from loopdoctor import cluster as ours
    from loopdoctor.errors import LoopdoctorError

    monkeypatch.setattr(ours, "PATIENCE", 0.5)
    with pytest.raises(LoopdoctorError, match="dask scheduler"), ours.connected("tcp://127.0.0.1:9", 1):
        pass


def test_without_dask_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base install has none."""
    from loopdoctor import cluster as ours
    from loopdoctor.errors import LoopdoctorError

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(LoopdoctorError, match=re.escape("pip install 'loopdoctor[dask]'")), ours.connected("local", 1):
        pass


def test_an_error_goes_from_one_process_to_another_as_it_is() -> None:
    """All that it says, of an error with several in it too."""
    import pickle

    from loopdoctor.errors import LoopdoctorError, RuleErrors

    error = LoopdoctorError("input-unreadable", "cannot be read", context="a.log", hint="ask")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    both = RuleErrors([error, error])
    assert str(pickle.loads(pickle.dumps(both))) == str(both)
