"""Several reports of one scan: where each goes, and what happens when one cannot be written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loopdoctor.errors import LoopdoctorError
from loopdoctor.render import delivery
from loopdoctor.render.targets import Target, targets_of
from test_cli import Run, run

__all__ = ["run"]


def test_one_scan_writes_every_report(run: Run, tmp_path: Path) -> None:
    """Each --report goes to its file, the text stays on standard output, and the log is read once."""
    first, second = tmp_path / "a.json", tmp_path / "b.txt"
    status, out, _ = run("scan", "a.log", "--report", f"json={first}", "--report", f"text={second}")
    assert status == 0
    assert "1 asyncio failure in" in out
    assert json.loads(first.read_text("utf-8"))["schema_version"] == 1
    assert second.read_text("utf-8").startswith("1 asyncio failure in")
    assert len(run.seen) == 1  # type: ignore[attr-defined]


def test_a_report_may_take_standard_output(run: Run) -> None:
    """``--report json=-`` takes the place of the text, so that a program reads pure JSON."""
    assert json.loads(run("scan", "a.log", "--report", "json=-")[1])["schema_version"] == 1


def test_files_are_written_before_standard_output() -> None:
    """Whoever reads the pipe finds the files there; the order is that of the command line otherwise."""
    assert targets_of("text", None, ["json=b.json", "text=a.txt"]) == (
        Target("json", "b.json"),
        Target("text", "a.txt"),
        Target("text"),
    )
    assert targets_of("json", "-", ()) == (Target("json"),)
    assert targets_of("json", "x.json", ["text=-"]) == (Target("json", "x.json"), Target("text"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--report", "json"), "names no file"),
        (("--report", "json="), "names no file"),
        (("--report", ""), "names no format"),
        (("--report", "yaml=x"), "there is no format 'yaml'"),
        (("--report", "text=-", "--report", "json=-"), "two reports would go to standard output: text and json"),
        (("--report", "text=-", "-f", "json"), "two reports would go to standard output: text and json"),
        (("--report", "json=x", "-o", "./x"), "two reports would go to"),
        (("--report", "json=no/such/x"), "the report cannot be written: there is no such directory"),
    ],
)
def test_what_cannot_be_is_told_before_the_scan(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    """A report without a format, a file or a place of its own exits 2 and reads no log."""
    monkeypatch.chdir(tmp_path)
    status, out, err = run("scan", "a.log", *arguments)
    assert (status, out) == (2, "")
    assert said in err
    assert run.seen == []  # type: ignore[attr-defined]


def test_the_formats_are_named_where_one_is_unknown(run: Run) -> None:
    """Who misspells a format sees those that there are."""
    assert "hint: formats: text" in run("scan", "a.log", "--report", "jsn=x")[2]


def test_a_report_that_fails_loses_no_other(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One full disk costs one report: the others are written, the error names the file, and the status is 2."""
    write = delivery.to_file

    def fail(pieces: object, path: str) -> None:
        if path.endswith("lost.json"):
            raise LoopdoctorError("output-failed", "the report cannot be written: no space", context=path)
        write(pieces, path)  # type: ignore[arg-type]

    monkeypatch.setattr(delivery, "to_file", fail)
    reports = [f"json={tmp_path / name}" for name in ("lost.json", "kept.json")]
    status, out, err = run("scan", "a.log", "--fail-on", "any", "--report", reports[0], "--report", reports[1])
    assert status == 2
    assert "asyncio failure" in out
    assert (tmp_path / "kept.json").exists()
    assert f"--> {tmp_path / 'lost.json'}" in err
