"""The pairs of sample_logs: every recorded log, and what the programs print under this Python, gets its diagnosis.

A pair of the standard library is run wherever the tests are. One that needs libraries or servers is marked ``tools``:
it uses the environment that `python sample_logs/matrix.py` has made for this Python, and skips where there is none.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import record
from loopdoctor.model import Diagnosis
from loopdoctor.pipeline import scan
from loopdoctor.repro import Pair, load_pairs
from loopdoctor.settings import Settings
from running import HERE, Run, complaint, environment, load_all, run_program
from servers import SERVERS, started

PAIRS = load_all()
PYTHON = ".".join(map(str, sys.version_info[:3]))
PROGRAMS = ("broken.py", "fixed.py")

pytestmark = pytest.mark.usefixtures("rules_once")


def _diagnoses(log: Path) -> tuple[Diagnosis, ...]:
    return scan([str(log)], Settings()).diagnoses


def _symptoms(diagnosis: Diagnosis) -> set[str]:
    incident = diagnosis.incident
    return {member.symptom.id for member in incident.members} | {symptom for symptom, _ in incident.counts}


def _first_causes(diagnoses: tuple[Diagnosis, ...]) -> list[str]:
    return [diagnosis.candidates[0].id for diagnosis in diagnoses if diagnosis.candidates]


# --- the recordings ---------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_recorded_log_gets_the_cause_of_its_program_first(pair: Pair) -> None:
    """One incident has the pair's symptoms, and its first cause is the mistake in broken.py."""
    found = _diagnoses(HERE / pair.name / "app.log")
    told = [(_symptoms(diagnosis), _first_causes((diagnosis,))) for diagnosis in found]
    assert any(set(pair.symptoms) <= symptoms and causes == [pair.cause] for symptoms, causes in told), told


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_recorded_log_is_small_and_names_nobody_s_machine(pair: Pair) -> None:
    """A log stays under 40 kB, and its paths are the neutral ones of record.py."""
    log = (HERE / pair.name / "app.log").read_text()
    assert len(log) < record.MAX_LOG
    assert not [word for word in ("/root/", "/home/", "/tmp/", ".pyenv", ".cache") if word in log]


def test_the_readme_s_table_is_that_of_the_pairs() -> None:
    """sample_logs/README.md lists every pair as its sample.yaml describes it."""
    assert record.table(PAIRS) in (HERE / "README.md").read_text()


def test_every_server_can_be_started_and_told() -> None:
    """What record.py starts, pairs.yaml tells users how to start, with the same variables."""
    assert load_pairs().servers.keys() == SERVERS.keys()


# --- the programs, run now --------------------------------------------------------------------


def _by_need(pairs: list[Pair]) -> list[object]:
    """Pairs that this Python shows; those that need more than it carry the marker."""
    return [
        pytest.param(pair, id=pair.name, marks=[pytest.mark.tools] if pair.requires or pair.needs else [])
        for pair in pairs
        if pair.shows_on(PYTHON)
    ]


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Runs programs beside one another: they sleep more than they compute."""
    with ThreadPoolExecutor(6) as executor:
        yield executor


@pytest.fixture(scope="module")
def standard(pool: ThreadPoolExecutor) -> dict[tuple[str, str], Future[Run]]:
    """What every program of the standard library prints now; all are started at once."""
    return {
        (pair.name, program): pool.submit(run_program, pair, program, sys.executable)
        for pair in PAIRS
        if pair.shows_on(PYTHON) and not pair.requires and not pair.needs
        for program in PROGRAMS
    }


@pytest.fixture(scope="module")
def further() -> dict[tuple[str, str], Run]:
    """What programs that need more have printed, kept for the second test of a pair."""
    return {}


@pytest.fixture
def runs(
    pair: Pair, standard: dict[tuple[str, str], Future[Run]], further: dict[tuple[str, str], Run]
) -> dict[str, Run]:
    """What the two programs of a pair print under this Python: program -> run."""
    if (pair.name, "broken.py") in standard:
        return {program: standard[pair.name, program].result() for program in PROGRAMS}
    if (pair.name, "broken.py") not in further:
        try:
            made = environment(pair, PYTHON, make=False)
            with started(pair.needs) as extra:
                for program in PROGRAMS:
                    further[pair.name, program] = run_program(pair, program, made.python, extra)
        except LookupError as error:
            pytest.skip(str(error))
    return {program: further[pair.name, program] for program in PROGRAMS}


@pytest.mark.parametrize("pair", _by_need(PAIRS))
def test_a_broken_program_run_now_gets_its_cause_first(pair: Pair, runs: dict[str, Run], tmp_path: Path) -> None:
    """The Python that runs this test prints the failure in words that lead to the same cause."""
    log = tmp_path / "app.log"
    log.write_text(runs["broken.py"].output)
    assert pair.cause in _first_causes(_diagnoses(log)), log.read_text()


@pytest.mark.parametrize("pair", _by_need(PAIRS))
def test_a_repaired_program_ends_well_and_gets_no_diagnosis(pair: Pair, runs: dict[str, Run], tmp_path: Path) -> None:
    """The steps that the cause prescribes are enough: status 0, no warning, no diagnosis."""
    run = runs["fixed.py"]
    log = tmp_path / "app.log"
    log.write_text(run.output)
    assert complaint(run) == "", run.output
    assert _diagnoses(log) == ()
