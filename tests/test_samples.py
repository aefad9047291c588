"""The sample logs: every recorded log, and what the standard library's programs print today, gets its diagnosis."""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from loopdoctor.model import Diagnosis
from loopdoctor.scan import scan
from loopdoctor.settings import Settings

FOLDER = Path(__file__).resolve().parent.parent / "sample_logs"


@cache
def _recorder() -> Any:
    """``sample_logs/record.py``, which is a script and in no package."""
    spec = importlib.util.spec_from_file_location("loopdoctor_samples_record", FOLDER / "record.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by its name
    spec.loader.exec_module(module)
    return module


SAMPLES = _recorder().load_all()
# Logs that hold the evidence and are judged wrongly so far, and what is missing.
NOT_YET = {"video-worker-child-reaped": "two collectors race for the child; on a busy machine asyncio may win"}


def _params(samples: list[Any]) -> list[Any]:
    return [
        pytest.param(
            sample,
            id=sample.name,
            marks=[pytest.mark.xfail(reason=NOT_YET[sample.name])] if sample.name in NOT_YET else [],
        )
        for sample in samples
    ]


def _diagnoses(log: Path) -> tuple[Diagnosis, ...]:
    return scan([str(log)], Settings()).diagnoses


def _symptoms(diagnosis: Diagnosis) -> set[str]:
    incident = diagnosis.incident
    return {member.symptom.id for member in incident.members} | {symptom for symptom, _ in incident.counts}


def _first_causes(diagnoses: tuple[Diagnosis, ...]) -> list[str]:
    return [diagnosis.candidates[0].id for diagnosis in diagnoses if diagnosis.candidates]


def test_there_is_a_sample_of_every_cause_that_linux_can_produce() -> None:
    """Only the Windows finaliser has no sample."""
    causes = {path.stem for path in (FOLDER.parent / "rules" / "causes").glob("*.yaml")}
    assert causes - {sample.cause for sample in SAMPLES} == {"windows-proactor-finaliser"}


@pytest.mark.parametrize("sample", _params(SAMPLES))
def test_a_recorded_log_gets_the_cause_of_its_program_first(sample: Any) -> None:
    """One incident has the sample's symptoms, and its first cause is the mistake in broken.py."""
    told = [(_symptoms(diagnosis), _first_causes((diagnosis,))) for diagnosis in _diagnoses(sample.folder / "app.log")]
    assert any(set(sample.symptoms) <= symptoms and causes == [sample.cause] for symptoms, causes in told), told


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_recorded_log_is_small_and_names_nobody_s_machine(sample: Any) -> None:
    """A log stays under 40 kB, and its paths are the neutral ones of record.py."""
    log = (sample.folder / "app.log").read_text()
    assert len(log) < _recorder().MAX_LOG
    assert not [word for word in ("/root/", "/home/", "/tmp/", ".pyenv", ".cache") if word in log]


# --- the programs, run now --------------------------------------------------------------------


def _runs_here(sample: Any) -> bool:
    running = sys.version_info[:2]
    last = tuple(int(part) for part in sample.until.split(".")) if sample.until else running
    return not sample.requires and not sample.needs and running <= last


RUNNABLE = [sample for sample in SAMPLES if _runs_here(sample)]


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, str], Any]:
    """What every program of the standard library prints now: (sample, program) -> its run; all run at once."""
    record = _recorder()
    jobs = [(sample, program) for sample in RUNNABLE for program in ("broken.py", "fixed.py")]
    with ThreadPoolExecutor(8) as pool:
        outcomes = pool.map(lambda job: record.run_program(*job, sys.executable), jobs)
        return {(sample.name, program): run for (sample, program), run in zip(jobs, outcomes, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("sample", _params(RUNNABLE))
def test_a_broken_program_run_now_gets_its_cause_first(
    sample: Any, runs: dict[tuple[str, str], Any], tmp_path: Path
) -> None:
    """The Python that runs this test prints the failure in words that lead to the same cause."""
    log = tmp_path / "app.log"
    log.write_text(runs[sample.name, "broken.py"].output)
    assert sample.cause in _first_causes(_diagnoses(log)), log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("sample", RUNNABLE, ids=lambda sample: sample.name)
def test_a_repaired_program_ends_well_and_gets_no_diagnosis(
    sample: Any, runs: dict[tuple[str, str], Any], tmp_path: Path
) -> None:
    """The steps that the cause prescribes are enough: status 0, no warning, no diagnosis."""
    run = runs[sample.name, "fixed.py"]
    log = tmp_path / "app.log"
    log.write_text(run.output)
    assert _recorder().complaint(run) == "", run.output
    assert _diagnoses(log) == ()
