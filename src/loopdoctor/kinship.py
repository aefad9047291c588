"""Whether two records that stand near one another may tell of one failure."""

from __future__ import annotations

import math

from loopdoctor.model import Record

HEADS = frozenset({"plain", "python-logging", "celery", "loguru", "structlog-console", "logfmt", "json", "junit-xml"})
"""Carriers whose streams are threads, workers or tests; those of all others are containers, hosts and units."""


def of_one_process(one: Record, other: Record) -> bool:
    """Whether two records of different streams may come from one process: a thread's, or a bare line beside it."""
    first, second = one.stream.partition("/")[0], other.stream.partition("/")[0]
    if not first or not second or first == second:
        return True
    return all(record.head.carrier.partition("+")[0] in HEADS for record in (one, other))


def of_other_tests(one: Record, other: Record) -> bool:
    """Whether pytest told the records under two tests: what stands near in its output happened apart."""
    first, second = _test_of(one), _test_of(other)
    return bool(first and second) and first != second


def _test_of(record: Record) -> str:
    """The test's own name, of ``a/test_b.py::TestC::test_d``, ``TestC.test_d`` or ``ERROR at setup of test_d``."""
    name, bracket, parameters = (record.test or "").partition("[")
    return name.rpartition(" ")[2].replace("::", ".").rpartition(".")[2] + bracket + parameters


def overlap(one: dict[str, float], other: dict[str, float]) -> float:
    """How far two sets of priors agree on the cause (Bhattacharyya): 0 not at all, about 1 wholly."""
    return sum(math.sqrt(prior * other[cause]) for cause, prior in one.items() if cause in other)
