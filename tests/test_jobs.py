"""Several files at once: the same report, whatever the number of processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from loopdoctor import jobs
from loopdoctor.model import Report
from loopdoctor.pipeline import scan
from loopdoctor.render import View, renderer
from loopdoctor.settings import Settings

SAMPLES = Path(__file__).parents[1] / "sample_logs"


def told(report: Report) -> dict[str, object]:
    """The report as data, without the time that it took."""
    found: dict[str, object] = json.loads("".join(renderer("json")(report, {}, View())))
    found["stats"].pop("seconds")  # type: ignore[attr-defined]
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of logs, one of them packed, and of things that are none; processes are worth while for it."""
    import gzip

    for at, path in enumerate(sorted(SAMPLES.glob("*/*.log"))[:6]):
        (tmp_path / f"{at}.log").write_bytes(path.read_bytes() * 3)
    packed = (tmp_path / "0.log").read_bytes()
    (tmp_path / "7.log.gz").write_bytes(gzip.compress(packed))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    monkeypatch.setattr(jobs, "WORTH_IT", 0)
    return tmp_path


def test_several_processes_find_what_one_finds(folder: Path) -> None:
    """Incidents, notices, inputs and their order are the same."""
    paths = [str(folder), str(folder / "3.log")]
    together = jobs.scan_files(paths, Settings(jobs=2))
    assert told(together) == told(scan(paths, Settings(jobs=1)))
    assert together.diagnoses
    assert any(notice.kind == "binary" for notice in together.notices)


def test_a_process_that_is_killed_costs_nothing_but_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is read without it, and a notice says so."""
    submitted = jobs.ProcessPoolExecutor.submit

    def submit(pool: object, function: object, *given: object) -> object:
        return submitted(pool, os._exit, 9) if "2.log" in str(given) else submitted(pool, function, *given)  # type: ignore

    monkeypatch.setattr(jobs.ProcessPoolExecutor, "submit", submit)
    together = jobs.scan_files([str(folder)], Settings(jobs=2))
    assert [notice.kind for notice in together.notices if notice.kind != "binary"] == ["process-killed"]
    assert told(together)["incidents"] == told(scan([str(folder)], Settings(jobs=1)))["incidents"]


def test_parts_are_merged_on_the_command_line(folder: Path) -> None:
    """Two scans apart and a merge say what one scan says."""

    def loopdoctor(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "loopdoctor", *arguments, "-q"], capture_output=True, text=True, check=True
        )
        return done.stdout

    logs = [str(folder / f"{number}.log") for number in range(3)]
    one, other = str(folder / "a.json"), str(folder / "b.json")
    loopdoctor("scan", logs[1], logs[0], "--report", f"part={one}")
    loopdoctor("scan", logs[2], "-f", "part", "-o", other)
    whole = json.loads(loopdoctor("scan", *logs, "-f", "json"))
    merged = json.loads(loopdoctor("merge", other, one, "-f", "json"))
    assert merged["incidents"] == whole["incidents"]
    assert loopdoctor("merge", one, other, "-f", "part") == loopdoctor("merge", other, one, "-f", "part")
