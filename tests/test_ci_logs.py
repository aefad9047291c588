"""What CI systems give away is read as it is: log archives of workflow runs, JUnit reports, folders of artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import ci_logs
from loopdoctor import scan
from loopdoctor.sources.job_logs import told_twice

pytestmark = pytest.mark.usefixtures("rules_once")


def unpack(files: Mapping[str, bytes], folder: Path) -> Path:
    """Writes the files into the folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def roots(path: Path) -> dict[str, int]:
    """How often each cause's incidents were seen in what stands at the path."""
    return {one.candidates[0].id: one.incident.occurrences for one in scan(path).diagnoses}


@pytest.mark.parametrize("packed", [True, False], ids=["zip", "unpacked"])
def test_a_job_and_its_steps_are_counted_once(packed: bool, tmp_path: Path) -> None:
    """The failure of a job stands in its own log and in that of a step; it happened once, and a notice says so."""
    files = ci_logs.job_files("build (3.12)", older=True) | ci_logs.job_files("lint", 1)
    if packed:
        (tmp_path / "logs_81.zip").write_bytes(ci_logs.zipped(files))
    else:
        unpack(files, tmp_path)
    report = scan(tmp_path)
    assert sum(one.incident.occurrences for one in report.diagnoses) == 2, "one for each job"
    read = sorted(Path(one.path.replace("!", "")).name for one in report.inputs if one.path.endswith(".txt"))
    assert read == ["0_build (3.12).txt", "1_lint.txt", "system.txt", "system.txt"]
    notices = [one for one in report.notices if one.kind == "steps-of-job"]
    assert [one.message.split()[0] for one in notices] == ["7"]


def test_steps_alone_are_read(tmp_path: Path) -> None:
    """An archive without the log of the whole job gives its steps, one without steps the job."""
    files = ci_logs.job_files("build")
    whole = files.pop("0_build.txt")
    (tmp_path / "steps.zip").write_bytes(ci_logs.zipped(files))
    (tmp_path / "whole.zip").write_bytes(ci_logs.zipped({"0_build.txt": whole}))
    for name in ("steps.zip", "whole.zip"):
        report = scan(tmp_path / name)
        assert [one.incident.occurrences for one in report.diagnoses] == [1], name
        assert report.notices == ()


def test_an_archive_within_an_artifact_is_told_apart_too(tmp_path: Path) -> None:
    """The same in a zip within a zip."""
    inner = ci_logs.zipped(ci_logs.job_files("build"))
    (tmp_path / "all.zip").write_bytes(ci_logs.zipped({"run-81/logs.zip": inner, "shot.png": ci_logs.PNG}))
    assert sum(roots(tmp_path).values()) == 1


@pytest.mark.parametrize(
    "files",
    [
        {"1_app.txt": b"lamp on\n" * 90, "app/2_worker.txt": b"lamp on\n"},
        {"1_app.txt": ci_logs.stamped(["a"], 1), "app/2_worker.txt": ci_logs.stamped(["b", "c", "d"], 2)},
        {"job/2_Run x.txt": ci_logs.stamped(["a"], 1), "job/9_Run x.txt": ci_logs.stamped(["a"], 2)},
        {"-2147483648_job.txt": ci_logs.stamped(["a"], 1), "job/9_Run x.txt": ci_logs.stamped(["a"], 2)},
    ],
    ids=["no stamps", "steps hold more", "steps of one name", "an older log alone"],
)
def test_other_numbered_files_are_all_read(files: dict[str, bytes], tmp_path: Path) -> None:
    """What is merely called so is no copy: nothing is passed over."""
    assert told_twice({name: len(data) for name, data in files.items()}, files.__getitem__) == frozenset()
    assert len(scan(unpack(files, tmp_path)).inputs) == 2


def test_a_damaged_archive_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """A step that cannot be read does not keep the job's own log from being read."""
    data = bytearray(ci_logs.zipped(ci_logs.job_files("build")))
    at = data.index(b"build/1_Set up job.txt") + len("build/1_Set up job.txt") + 4
    data[at : at + 8] = b"\xff" * 8
    (tmp_path / "logs.zip").write_bytes(data)
    report = scan(tmp_path / "logs.zip")
    assert [one.candidates[0].id for one in report.diagnoses]


def test_a_folder_of_artifacts_gives_its_logs(tmp_path: Path) -> None:
    """Reports, packed logs and zips within zips are read; pictures are passed over with a notice, the rest is quiet."""
    report = scan(unpack(ci_logs.artifacts(), tmp_path))
    assert sum(one.incident.occurrences for one in report.diagnoses) == 4
    assert {one.candidates[0].id for one in report.diagnoses} == {"run-inside-running-loop"}
    assert {one.kind for one in report.notices} == {"binary"}
    skipped = " ".join(one.message for one in report.notices)
    assert "failed.png" in skipped
    assert "shot.png" in skipped
