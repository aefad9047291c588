"""``scan --state``: each run tells what was added since, through rotations, and nothing twice."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from loopdoctor import additions, again
from loopdoctor.cli import app, main
from loopdoctor.errors import LoopdoctorError
from loopdoctor.settings import Settings
from loopdoctor.sources.added import plan_reading, versions_of
from loopdoctor.sources.bookmarks import Bookmark
from loopdoctor.state_file import KEPT_GONE, MOST_KNOWN, Known, bounded_files, bounded_known, read_state

SAMPLES = Path(__file__).resolve().parent.parent / "sample_logs"
CLOSED = (SAMPLES / "ingest-loop-closed" / "app.log").read_text()
UNCLOSED = (SAMPLES / "quote-fetcher-unclosed-session" / "app.log").read_text()
CALM = "".join(f"2026-11-24 10:00:{second:02} INFO job {second} done\n" for second in range(60))
LONG_AGO = 3600.0


class Place:
    """A folder with a log, and runs over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "app.log"
        self.state = folder / "state.json"
        self.log.touch()

    def add(self, text: str, *, quiet: bool = True) -> None:
        """Writes more; ``quiet``: a while ago."""
        with self.log.open("a") as file:
            file.write(text)
        if quiet:
            self.rest(self.log)

    @staticmethod
    def rest(path: Path) -> None:
        """As if nothing had been written for a while."""
        then = time.time() - 30
        os.utime(path, (then, then))

    def run(self, *paths: str, status: int = 0, options: tuple[str, ...] = ()) -> dict[str, Any]:
        """The report of one run, as JSON."""
        command = ["scan", *(paths or (str(self.log),)), "--state", str(self.state), "-f", "json", *options]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == status, (result.output, result.exception)
        report: dict[str, Any] = json.loads(result.stdout)
        return report


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty log."""
    return Place(tmp_path)


def _roots(report: dict[str, Any]) -> list[str]:
    return sorted(incident["causes"][0]["id"] for incident in report["incidents"])


def test_only_what_was_added_is_told(place: Place) -> None:
    """The second run reads the new lines alone, under the numbers that they have in the file."""
    place.add(CALM + CLOSED)
    assert _roots(place.run()) == ["loop-closed-with-tasks-running"]
    assert place.run()["incidents"] == []
    place.add(CALM + UNCLOSED)
    report = place.run()
    assert _roots(report) == ["resource-not-closed"]
    assert report["stats"]["bytes"] == len((CALM + UNCLOSED).encode())
    lines = place.log.read_text().splitlines()
    first = report["incidents"][0]["first"]["line"]
    assert first > len((CALM + CLOSED + CALM).splitlines())
    quote = report["incidents"][0]["evidence"][0]
    assert quote["text"].splitlines()[0].strip() in lines[quote["line"] - 1]


def test_a_failure_that_comes_again_is_told_apart(place: Place) -> None:
    """New at first; then known since the first run, with the total; the text says so too."""
    place.add(CLOSED + CALM)
    (first,) = place.run()["incidents"]
    assert first["history"] == {"new": True, "known_since": None, "last_seen": None, "occurrences": 1}
    place.add((CLOSED + CALM) * 2)
    (second,) = place.run()["incidents"]
    assert (second["occurrences"], second["history"]["new"], second["history"]["occurrences"]) == (2, False, 3)
    assert second["history"]["known_since"] == second["history"]["last_seen"] is not None
    place.add(CLOSED + UNCLOSED.replace("2026", "2027"))
    text = CliRunner().invoke(app, ["scan", str(place.log), "--state", str(place.state)]).stdout
    assert "2 asyncio failures, 1 of them new" in text
    assert "again, once (4 since 20" in text
    assert "new, once" in text


@pytest.mark.parametrize("cut", [40, 300, 700, len(CLOSED) - 30])
def test_a_record_that_is_half_written_is_told_once_and_whole(place: Place, cut: int) -> None:
    """What is open at the end of a busy log waits for the next run."""
    place.add(CALM + CLOSED[:cut], quiet=False)
    assert place.run()["incidents"] == []
    place.add(CLOSED[cut:])
    (incident,) = place.run()["incidents"]
    place.state.unlink()
    (whole,) = place.run()["incidents"]
    assert [incident[key] for key in ("fingerprint", "first", "last", "evidence")] == [
        whole[key] for key in ("fingerprint", "first", "last", "evidence")
    ]


def test_a_log_that_never_rests_is_told_all_the_same(place: Place) -> None:
    """Failures without a pause are held back once, and then told but for the one that is open."""
    place.add(CLOSED * 20, quiet=False)
    first = place.run()
    second = place.run()
    assert sum(one["occurrences"] for report in (first, second) for one in report["incidents"]) >= 10
    place.add(CALM)
    reports = [first, second, place.run()]
    assert sum(report["stats"]["bytes"] for report in reports) == len((CLOSED * 20 + CALM).encode())


def test_a_last_line_without_its_end_waits(place: Place) -> None:
    """It is read when its line break has come."""
    place.add("2026-11-24 10:00:00 INFO one\n2026-11-24 10:00:01 INFO tw")
    assert place.run()["stats"]["lines"] == 1
    place.add("o\n")
    assert place.run()["stats"]["lines"] == 1
    assert place.run()["stats"]["bytes"] == 0


def _rename(log: Path) -> None:
    log.rename(log.with_name("app.log.1"))
    log.touch()


def _copy(log: Path) -> None:
    shutil.copy(log, log.with_name("app.log.1"))
    os.truncate(log, 0)


def _rename_and_pack(log: Path) -> None:
    packed = log.with_name("app.log.1.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    Place.rest(packed)
    log.unlink()
    log.touch()


@pytest.mark.parametrize("rotate", [_rename, _copy, _rename_and_pack])
@pytest.mark.parametrize("named", ["file", "folder", "pattern"])
def test_a_rotation_loses_nothing_and_repeats_nothing(
    place: Place, rotate: Callable[[Path], None], named: str, tmp_path: Path
) -> None:
    """The end of the old file is read under its new name, then the new file from its beginning."""
    place.state = tmp_path.parent / f"{tmp_path.name}.state"
    paths = {"file": str(place.log), "folder": str(tmp_path), "pattern": str(tmp_path / "app.log*")}[named]
    place.add(CALM + CLOSED)
    place.run(paths)
    place.add(CALM + UNCLOSED)
    rotate(place.log)
    for path in tmp_path.glob("app.log*"):
        place.rest(path)
    place.add(CALM * 2)
    report = place.run(paths)
    assert report["notices"] == []
    assert _roots(report) == ["resource-not-closed"]
    assert report["stats"]["bytes"] == len((CALM + UNCLOSED + CALM * 2).encode())
    assert place.run(paths)["stats"]["bytes"] == 0


def test_generations_that_came_and_went_between_two_runs_are_read(place: Place) -> None:
    """Rotated three times, compressed meanwhile: all that was written since is told, what was there before is not."""
    old = place.log.with_name("app.log.1")
    old.write_text(UNCLOSED)
    place.rest(old)
    place.add(CALM)
    place.run()
    old.rename(place.log.with_name("app.log.4"))
    for number, text in ((3, CLOSED), (2, CALM * 2), (1, UNCLOSED)):
        place.add(CALM + text, quiet=False)
        rotated = place.log.with_name(f"app.log.{number}")
        place.log.rename(rotated)
        place.log.touch()
        if number == 2:
            rotated.with_name("app.log.2.gz").write_bytes(gzip.compress(rotated.read_bytes()))
            rotated.unlink()
    time.sleep(2.1)
    report = place.run()
    assert report["stats"]["bytes"] == len((CALM * 3 + CLOSED + CALM * 2 + UNCLOSED).encode())
    assert _roots(report) == ["loop-closed-with-tasks-running", "resource-not-closed"]
    assert place.run()["stats"]["bytes"] == 0


def test_what_was_truncated_without_a_copy_is_noticed(place: Place) -> None:
    """Nobody can read what is gone, but it is said."""
    place.add(CALM + CLOSED)
    place.run()
    os.truncate(place.log, 0)
    place.add(UNCLOSED)
    report = place.run()
    assert _roots(report) == ["resource-not-closed"]
    assert [notice["kind"] for notice in report["notices"]] == ["rotated-away"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("rotate", [_rename, _copy, _rename_and_pack])
def test_a_rotation_while_the_log_is_read_is_seen(
    place: Place, rotate: Callable[[Path], None], when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes between the look at the log and the last byte: the run begins anew where it must."""
    place.add(CALM + CLOSED)
    place.run()
    place.add(CALM + UNCLOSED)
    real, turns = additions._blocks, iter([True])

    def blocks(*arguments: Any) -> Iterator[bytes]:
        turn = next(turns, False)
        if turn and when == "before":
            rotate(place.log)
        yield from real(*arguments)
        if turn and when == "after":
            rotate(place.log)

    monkeypatch.setattr(additions, "_blocks", blocks)
    reports = [place.run()]
    place.add(CALM)
    for path in place.folder.glob("app.log*"):
        place.rest(path)
    reports += [place.run(), place.run()]
    assert [cause for report in reports for cause in _roots(report)] == ["resource-not-closed"]
    assert sum(report["stats"]["bytes"] for report in reports) == len((CALM + UNCLOSED + CALM).encode())
    assert not [report["notices"] for report in reports if report["notices"]]


def test_a_file_that_is_no_log_is_passed_over(place: Place) -> None:
    """A picture in the folder is told once, and is no reason to begin anew."""
    picture = place.folder / "plot.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2000)
    place.rest(picture)
    place.add(CALM + CLOSED)
    assert _roots(place.run(str(place.folder))) == ["loop-closed-with-tasks-running"]
    assert place.run(str(place.folder))["inputs"] == []


def test_logs_that_begin_alike_are_read_each(place: Place) -> None:
    """Two logs of one text are no copies of one another unless they are called so."""
    other = place.folder / "other.log"
    other.write_text(CALM + CLOSED)
    place.rest(other)
    place.add(CALM + CLOSED)
    report = place.run(str(place.log), str(other))
    assert [Path(item["path"]).name for item in report["inputs"]] == ["app.log", "other.log"]
    assert place.run(str(place.log), str(other))["stats"]["bytes"] == 0


def test_a_copy_that_is_being_made_is_left_alone(place: Place) -> None:
    """Half of a copy beside the log that is still there would be told twice."""
    place.add(CALM + CLOSED)
    pattern = str(place.folder / "app.log*")
    place.run(pattern)
    half = place.folder / "app.log.1"
    half.write_text((CALM + CLOSED)[:2000])
    place.rest(half)
    assert place.run(pattern)["stats"]["bytes"] == 0


def test_compressed_logs_are_read_once(place: Place) -> None:
    """An archive that was read is not read again."""
    packed = place.folder / "old.log.gz"
    packed.write_bytes(gzip.compress((CALM + CLOSED).encode()))
    place.rest(packed)
    assert _roots(place.run(str(packed))) == ["loop-closed-with-tasks-running"]
    assert place.run(str(packed))["inputs"] == []


def _kill(*_: object) -> None:
    raise SystemExit(99)


def test_a_run_that_dies_before_its_report_leaves_it_to_the_next(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run delivers it to its file, and reads on where the dead one was."""
    place.add(CALM + CLOSED)
    reports = [place.folder / name for name in ("a.json", "b.json")]
    command = ["scan", str(place.log), "--state", str(place.state), "-f", "json", "-o"]
    with monkeypatch.context() as patch:
        patch.setattr(again, "put", _kill)
        assert CliRunner().invoke(app, [*command, str(reports[0])]).exit_code == 99
    assert not reports[0].exists()
    place.add(CALM + UNCLOSED)
    assert CliRunner().invoke(app, [*command, str(reports[1])]).exit_code == 0
    assert [_roots(json.loads(path.read_bytes())) for path in reports] == [
        ["loop-closed-with-tasks-running"],
        ["resource-not-closed"],
    ]


def test_a_report_takes_no_other_ones_place(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both would go to one place the run after a dead one tells only what that had found, with its status."""
    place.add(CALM + CLOSED)
    with monkeypatch.context() as patch:
        patch.setattr(again, "put", _kill)
        CliRunner().invoke(app, ["scan", str(place.log), "--state", str(place.state), "-f", "json", "--fail-on", "any"])
    place.add(CALM + UNCLOSED)
    assert _roots(place.run(status=1)) == ["loop-closed-with-tasks-running"]
    assert _roots(place.run()) == ["resource-not-closed"]


def test_a_report_that_cannot_be_written_stays_pending(place: Place) -> None:
    """Its file's folder is gone: exit status 2, and the next run delivers it."""
    place.add(CALM + CLOSED)
    folder = place.folder / "out"
    folder.mkdir()
    target = folder / "a.json"
    os.mkfifo(folder / "x")
    command = ["scan", str(place.log), "--state", str(place.state), "-f", "json", "-o", str(target)]
    real = again.put

    def fail(*arguments: Any) -> None:
        raise LoopdoctorError("output-failed", "the report cannot be written: no space left on device")

    again.put = fail  # type: ignore[assignment]
    try:
        assert CliRunner().invoke(app, command).exit_code == 2
    finally:
        again.put = real
    assert CliRunner().invoke(app, command).exit_code == 0
    assert _roots(json.loads(target.read_bytes())) == ["loop-closed-with-tasks-running"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "state-broken"),
        ("{}", "state-broken"),
        ('{"loopdoctor_state": 1, "files": 3}', "state-broken"),
        ('{"loopdoctor_state": 99}', "state-version"),
    ],
)
def test_a_state_that_cannot_be_read_is_refused(
    place: Place, text: str, says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is left as it is; nothing is read or told."""
    place.state.write_text(text)
    monkeypatch.setattr("sys.argv", ["loopdoctor", "scan", str(place.log), "--state", str(place.state)])
    assert main() == 2
    assert says in capsys.readouterr().err
    assert place.state.read_text() == text


def test_two_runs_never_work_with_one_state(place: Place) -> None:
    """The second is refused while the first has the lock."""
    with Path(f"{place.state}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with (
            pytest.raises(LoopdoctorError, match="another run works with this state"),
            again.begin(str(place.state), [str(place.log)]),
        ):
            pass


@pytest.mark.parametrize("more", [["-"], ["--follow"], ["--dask", "local"], ["s3://bucket/app.log"]])
def test_what_cannot_be_read_on_is_refused(
    place: Place, more: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard input, a log that is followed, a cluster and a store have no place that a later run could go on from."""
    monkeypatch.setattr("sys.argv", ["loopdoctor", "scan", str(place.log), "--state", str(place.state), *more])
    assert main() == 2
    assert "state-input" in capsys.readouterr().err


def test_a_pipe_is_refused_and_not_waited_for(place: Place) -> None:
    """It is told at once."""
    os.mkfifo(place.folder / "pipe")
    with pytest.raises(LoopdoctorError, match="no ordinary file"):
        plan_reading([str(place.folder / "pipe")], (), None, Settings(), lambda _: None)


def test_the_state_is_for_its_owner_and_left_alone(place: Place) -> None:
    """Nobody else may read what a pending report quotes, and a scan of its folder does not read it."""
    place.add(CALM + CLOSED)
    report = place.run(str(place.folder))
    assert [Path(item["path"]).name for item in report["inputs"]] == ["app.log"]
    assert place.state.stat().st_mode & 0o777 == 0o600
    assert read_state(str(place.state)).pending is None
    assert "Traceback" not in place.state.read_text()


def test_the_state_stays_bounded() -> None:
    """Files that nobody saw for a week are forgotten, and of many failures those that were seen longest ago."""
    now = 10 * KEPT_GONE
    files = (Bookmark("a", 1, 1, seen=now - 2 * KEPT_GONE), Bookmark("b", 1, 2, seen=now - 60))
    assert [mark.path for mark in bounded_files(files, now)] == ["b"]
    known = {f"f{number}": Known("", f"{number:09}", 1) for number in range(MOST_KNOWN + 5)}
    assert set(known) - set(bounded_known(known)) == {f"f{number}" for number in range(5)}


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("app.log.1", "app.log"),
        ("app.log.12.gz", "app.log"),
        ("app.log-20260301", "app.log"),
        ("app-20260301.log", "app.log"),
        ("app.2026-03-01.log", "app.log"),
        ("app.log.2026-03-01_10-00.zst", "app.log"),
        ("app.log.gz", "app.log"),
        ("app.log.old", "app.log"),
    ],
)
def test_names_of_rotated_logs_are_known(name: str, of: str) -> None:
    """The forms that logrotate, logging.handlers, loguru and log4j give."""
    assert of in set(versions_of(name))


@pytest.mark.parametrize("name", ["app.log.state", "app.log.1.json", "app.logs", "app.log.lock"])
def test_other_files_beside_a_log_are_none_of_it(name: str) -> None:
    """A state, a report or a lock is no older version of the log."""
    assert "app.log" not in set(versions_of(name))
