"""A pytest run as the text that pytest prints of it, diagnosed at its end.

What the run reports is kept and laid out as pytest's terminal does, whatever ``--tb`` and ``-q`` leave out of that: so
the diagnosis is that of a scan of the full output. Nothing here changes how a run ends: what fails becomes one line.
"""

from __future__ import annotations

import gc
import io
import logging
import platform
import tracemalloc
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pluggy
import pytest

from loopdoctor.errors import LoopdoctorError, RuleErrors

if TYPE_CHECKING:
    from loopdoctor.model import Diagnosis, Report
    from loopdoctor.render.targets import Target

WIDTH = 80
MAX_SECTION = 256 << 10
MAX_TEXT = 64 << 20
"""Characters kept of one captured output, and of the whole run: a suite that logs gigabytes must not fill memory."""

NO_TEST = ""
FULL = "loopdoctor_failure"


RUN = "pytest"
END = "pytest (end of the run)"
"""What a report calls the run's text, and what came when all tests were over: it belongs to none of them."""


class Output(io.BytesIO):
    """A text as a file."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text.encode("utf-8", "backslashreplace"))
        self.name = name


class FullFailures:
    """Keeps the traceback that ``--tb=no`` and ``--tb=line`` leave out of a report; runs where the tests do."""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Puts the whole of a failure into its report as an attribute, which pytest-xdist hands on."""
        outcome: Any = yield
        # Nothing that fails here may become a failure of the run.
        with suppress(Exception):
            report = outcome.get_result()
            if report.failed and call.excinfo is not None:
                style = item.config.option.tbstyle
                item.config.option.tbstyle = "auto"
                try:
                    setattr(report, FULL, str(item.repr_failure(call.excinfo)))
                finally:
                    item.config.option.tbstyle = style


class Recorder:
    """Hooks that keep what a run says of each test, and tell the diagnosis in the terminal's summary."""

    def __init__(self, config: pytest.Config, reports: Sequence[str]) -> None:
        self.config = config
        self.targets = _targets(reports)
        self.header: list[str] = []
        self.errors: dict[tuple[str, str], str] = {}  # by test and heading
        self.failures: dict[tuple[str, str], str] = {}
        self.sections: dict[str, list[tuple[str, str]]] = {}
        self.warnings: list[tuple[str, str, str]] = []  # test, the line above it, its text
        self.at_end = ""
        self.size = 0
        self.left_out = 0
        self.trouble = ""
        self.done = False

    @pytest.hookimpl(hookwrapper=True)
    def pytest_report_header(self) -> Iterator[None]:
        """Keeps what the plugins say of themselves: versions and modes are evidence."""
        outcome: Any = yield
        with self._harmless():
            for lines in reversed(outcome.get_result()):
                self.header += [lines] if isinstance(lines, str) else lines

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_sessionfinish(self) -> Iterator[None]:
        """Takes what the run left in reference cycles: destroyed tasks are told of now, not behind the summary."""
        with self._harmless(), _asyncio_log() as log:
            gc.collect()
        if text := log.getvalue():
            self.at_end = _shortened(text)
        yield

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keeps a failure, and the output that was captured up to here."""
        with self._harmless():
            if report.failed:
                heading = report.head_line or report.nodeid
                text = getattr(report, FULL, "") or report.longreprtext
                if report.when == "call":
                    self._keep(self.failures, report.nodeid, heading, text)
                else:
                    self._keep(self.errors, report.nodeid, f"ERROR at {report.when} of {heading}", text)
            sections = [(name, _shortened(text)) for name, text in report.sections if text.strip()]
            if sections and self._fits(sum(len(text) for _, text in sections)):
                self.sections[report.nodeid] = sections  # the later report holds what the earlier one did

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keeps a module that could not be imported."""
        with self._harmless():
            if report.failed:
                self._keep(self.errors, report.nodeid, f"ERROR collecting {report.nodeid}", report.longreprtext)

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, nodeid: str, location: tuple[str, int, str] | None
    ) -> None:
        """Keeps a warning under its test; those of unraisable and of threads' exceptions hold a traceback."""
        with self._harmless():
            above = nodeid or (f"{location[0]}:{location[1]}" if location else "")
            text = _shortened(_warning_text(warning_message))
            if self._fits(len(text)):
                self.warnings.append((nodeid or NO_TEST, above, text))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The section "loopdoctor"."""
        with self._harmless():
            report, tests = self._diagnose()
            self._write_reports(report)
            if report.diagnoses or self.errors or self.failures:
                from loopdoctor.render.pytest_section import section_lines

                terminalreporter.section("loopdoctor")
                for line in section_lines(report, _titles(self._rules()), tests, str(self.config.rootpath)):
                    terminalreporter.write_line(line)
        if self.trouble:
            terminalreporter.write_line(f"loopdoctor: {self.trouble}")

    def pytest_unconfigure(self) -> None:
        """Without a terminal there is no summary, but there may be reports to write."""
        if self.targets and not self.done:
            with self._harmless():
                self._write_reports(self._diagnose()[0])

    def _diagnose(self) -> tuple[Report, dict[int, list[str]]]:
        """The report on the run, and the tests that each of its diagnoses concerns, by the diagnosis's place in it."""
        from loopdoctor.api import scan

        self.done = True
        text, places = self.laid_out()
        sources = [Output(text, RUN), *([Output(self.at_end, END)] if self.at_end else [])]
        report = scan(*sources, rules=self._rules())
        return report, dict(enumerate(_tests_concerned(report.diagnoses, text, places)))

    def _write_reports(self, report: Report) -> None:
        if not self.targets:
            return
        from loopdoctor.checkout import find_checkout
        from loopdoctor.redaction import Redaction
        from loopdoctor.render import LEAVES_THE_MACHINE
        from loopdoctor.render.targets import deliver

        failed: list[LoopdoctorError] = []
        look = {"checkout": find_checkout(str(self.config.rootpath))}
        deliver(report, _titles(self._rules()), self.targets, look, failed.append, Redaction(LEAVES_THE_MACHINE).edit)
        if failed:
            self.trouble = f"{failed[0].context}: {failed[0].message}"

    def _rules(self) -> tuple[str, ...]:
        from loopdoctor.configuration import read_configuration

        return read_configuration(self.config.rootpath).rules

    def laid_out(self) -> tuple[str, Places]:
        """The run as pytest would print it with nothing left out, and which test each part of it belongs to."""
        page = _Page()
        page.rule("=", "test session starts")
        python, system = platform.python_version(), platform.system().lower()
        page.add(f"platform {system} -- Python {python}, pytest-{pytest.__version__}, pluggy-{pluggy.__version__}")
        page.add("\n".join(self._header()))
        told: set[str] = set()
        for title, blocks in (("ERRORS", self.errors), ("FAILURES", self.failures)):
            if blocks:
                page.rule("=", title)
            for (test, heading), text in blocks.items():
                page.belongs(test)
                page.rule("_", heading)
                page.add(text)
                if test not in told:
                    self._add_sections(page, test)
                    told.add(test)
        self._add_warnings(page)
        quiet = [test for test in self.sections if test not in told]
        if quiet:
            page.rule("=", "PASSES")
        for test in quiet:
            page.belongs(test)
            page.rule("_", test.partition("::")[2].replace("::", ".") or test)
            self._add_sections(page, test)
        page.belongs(NO_TEST)
        page.rule("=", "1 failed in 1.00s" if self.failures or self.errors else "1 passed in 1.00s")
        return page.text(), page.places

    def _header(self) -> list[str]:
        """What stands above a run: who is in it; ``-q`` leaves that out."""
        if any(line.startswith("plugins: ") for line in self.header):
            return self.header
        found = {f"{dist.project_name.removeprefix('pytest-')}-{dist.version}" for _, dist in self._distributions()}
        return [*self.header, f"plugins: {', '.join(sorted(found))}"]

    def _distributions(self) -> list[tuple[Any, Any]]:
        return self.config.pluginmanager.list_plugin_distinfo()

    def _add_sections(self, page: _Page, test: str) -> None:
        for name, text in self.sections.get(test, ()):
            page.rule("-", name)
            page.add(text)

    def _add_warnings(self, page: _Page) -> None:
        page.belongs(NO_TEST)
        if self.warnings:
            page.rule("=", "warnings summary")
        for test, above, text in self.warnings:
            page.belongs(test)
            page.add(above)
            page.add("\n".join(f"  {line}" for line in text.splitlines()))
            page.add("")
        page.belongs(NO_TEST)

    def _keep(self, blocks: dict[tuple[str, str], str], test: str, heading: str, text: str) -> None:
        text = _shortened(text)
        if self._fits(len(text)):
            blocks[test, heading] = text

    def _fits(self, characters: int) -> bool:
        if self.size + characters > MAX_TEXT:
            self.left_out += 1
            self.trouble = f"the run's output is larger than {MAX_TEXT >> 20} MiB: {self.left_out} parts were left out"
            return False
        self.size += characters
        return True

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        """What fails here is told in one line and changes nothing else."""
        try:
            yield
        except LoopdoctorError as error:
            first = error.problems[0] if isinstance(error, RuleErrors) else error
            self.trouble = f"{first.context}: {first.message}" if first.context else first.message
        except Exception as error:  # noqa: BLE001 - a diagnosis must never break the run that it is about
            self.trouble = f"no diagnosis: {type(error).__name__}: {error}".partition("\n")[0]


class Places:
    """Which test each line of the text belongs to."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._tests: list[str] = []

    def start(self, line: int, test: str) -> None:
        """From ``line`` on it is ``test``, until the next start."""
        self._starts.append(line)
        self._tests.append(test)

    def test_at(self, line: int) -> str:
        """The test of a line; "" for what belongs to none."""
        at = bisect_right(self._starts, line) - 1
        return self._tests[at] if at >= 0 else NO_TEST


class _Page:
    """Text that grows by whole lines."""

    def __init__(self) -> None:
        self.places = Places()
        self._parts: list[str] = []
        self._lines = 0

    def belongs(self, test: str) -> None:
        self.places.start(self._lines + 1, test)

    def rule(self, sign: str, title: str) -> None:
        title = title.replace("\n", " ")
        self.add(f" {title} ".center(max(WIDTH, len(title) + 8), sign))

    def add(self, text: str) -> None:
        text = text.removesuffix("\n")
        self._parts.append(text)
        self._lines += text.count("\n") + 1

    def text(self) -> str:
        return "\n".join([*self._parts, ""])


def _targets(reports: Sequence[str]) -> tuple[Target, ...]:
    if not reports:
        return ()
    from loopdoctor.render.targets import targets_of

    try:
        return tuple(target for target in targets_of("text", None, reports) if target.path is not None)
    except LoopdoctorError as error:
        raise pytest.UsageError(f"--loopdoctor-report: {error}") from None


@contextmanager
def _asyncio_log() -> Iterator[io.StringIO]:
    """What asyncio logs meanwhile, in the form in which pytest captures it."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("%(levelname)-8s %(name)s:%(filename)s:%(lineno)d %(message)s"))
    logger = logging.getLogger("asyncio")
    logger.addHandler(handler)
    try:
        yield log
    finally:
        logger.removeHandler(handler)


def _titles(rules: Sequence[str]) -> dict[str, str]:
    from loopdoctor.catalogue.load import load_catalogue

    return {symptom.id: symptom.title for symptom in load_catalogue(rules).symptoms.values()}


def _shortened(text: str) -> str:
    """The beginning and the end of what is very long, in whole lines."""
    if len(text) <= MAX_SECTION:
        return text
    half = MAX_SECTION // 2
    return f"{text[:half].rpartition(chr(10))[0]}\n{text[-half:].partition(chr(10))[2]}"


def _warning_text(message: warnings.WarningMessage) -> str:
    """A warning as pytest prints it, with the place where its object was made if tracemalloc knows it."""
    text = warnings.formatwarning(
        str(message.message), message.category, message.filename, message.lineno, message.line
    )
    made = tracemalloc.get_object_traceback(message.source) if message.source is not None else None
    if made is not None:
        text += "\n".join(["Object allocated at (most recent call last):", *made.format()])
    return text


def _tests_concerned(diagnoses: Sequence[Diagnosis], text: str, places: Places) -> Iterator[list[str]]:
    """For each diagnosis its tests, in the order of the run: those of its samples, and those that say the same words.

    An incident keeps a few samples of what it counts; the words tell the other tests where no other incident has them.
    """
    words: dict[str, set[int]] = {}
    found: list[set[int]] = []
    for at, diagnosis in enumerate(diagnoses):
        roots = [
            member.symptom
            for member in diagnosis.incident.members
            if not member.consequence and member.symptom.record.source == RUN
        ]
        found.append({symptom.line for symptom in roots})
        for symptom in roots:
            words.setdefault(_alike(symptom.text), set()).add(at)
    own = {said: next(iter(those)) for said, those in words.items() if len(those) == 1}
    for number, line in enumerate(text.split("\n"), 1):
        for said in (_alike(line), _alike(line.removeprefix("E "))):
            if said and said in own:
                found[own[said]].add(number)
    for lines in found:
        tests = dict.fromkeys(places.test_at(line) for line in sorted(lines))
        yield [test for test in tests if test != NO_TEST]


def _alike(text: str) -> str:
    """What a line says, whatever numbers and addresses it holds."""
    return "".join(character for character in text.strip() if not character.isdigit())
