"""The pytest plugin: ``pytest --loopdoctor`` ends a run with the mistakes behind its asyncio failures.

pytest loads this module wherever loopdoctor is installed (entry point ``pytest11``), so it imports nothing; what works
is ``testrun``, and it is imported only when the run asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--loopdoctor`` and ``--loopdoctor-report``, and ``loopdoctor`` in the ini file."""
    group = parser.getgroup("loopdoctor", "loopdoctor: the mistakes behind asyncio failures")
    group.addoption(
        "--loopdoctor",
        action="store_true",
        help="Name the mistakes behind the run's asyncio failures and warnings, and the steps that fix them.",
    )
    group.addoption(
        "--loopdoctor-report",
        action="append",
        default=[],
        metavar="FORMAT=FILE",
        help="Write that diagnosis to a file in any format of `loopdoctor scan`; may be given several times.",
    )
    parser.addini("loopdoctor", "Whether every run ends with loopdoctor's diagnosis.", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Records the run if it is asked for; the reports of pytest-xdist's workers arrive at the controller."""
    reports = config.getoption("loopdoctor_report")
    if not (config.getoption("loopdoctor") or reports or config.getini("loopdoctor")):
        return
    from loopdoctor.testrun import FullFailures, Recorder

    if config.getoption("tbstyle", "auto") in ("no", "line"):
        config.pluginmanager.register(FullFailures(), "loopdoctor-failures")
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config, reports), "loopdoctor-recorder")
