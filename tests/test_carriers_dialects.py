"""Tracebacks told in another way than CPython's: rich, IPython, loguru, JUnit, and the colours of Python 3.13."""

from __future__ import annotations

import html
import io
import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from rich.logging import RichHandler
from rich.traceback import Traceback as RichTraceback

from test_carriers_payloads import PAYLOADS, own_lines, whole

SOURCE = """\
def simmer(pot):
    ladle = 3
    return pot["salt"] + ladle


def serve(pot):
    try:
        simmer(pot)
    except KeyError as error:
        raise RuntimeError("{message}") from error


serve({{}})
"""


def failure(
    directory: Path, message: str = "the soup is cold"
) -> tuple[type[BaseException], BaseException, object, str]:
    """Runs a small program that fails with a chain of two; gives the exception and the program's path."""
    path = directory / "soup_kitchen.py"
    path.write_text(SOURCE.format(message=message))
    try:
        exec(compile(path.read_text(), str(path), "exec"), {"__name__": "soup"})
    except RuntimeError as error:
        trace = error.__traceback__
        assert trace is not None
        return type(error), error, trace.tb_next, str(path)
    raise AssertionError("the program must fail")


def printed(log: str) -> list[str]:
    """The texts of a log's lines, without blanks at their ends."""
    return [line.text.rstrip() for line in own_lines(log)]


def expected(path: str, message: str) -> list[str]:
    """What CPython prints for the failure, without carets."""
    return [
        "Traceback (most recent call last):",
        f'  File "{path}", line 8, in serve',
        "    simmer(pot)",
        f'  File "{path}", line 3, in simmer',
        '    return pot["salt"] + ladle',
        "KeyError: 'salt'",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        f'  File "{path}", line 13, in <module>',
        "    serve({})",
        f'  File "{path}", line 10, in serve',
        f'    raise RuntimeError("{message}") from error',
        f"RuntimeError: {message}",
    ]


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize("width", [100, 120, 200])
def test_richs_boxes_become_cpythons_lines(tmp_path: Path, width: int, names: bool, colour: bool) -> None:
    """Boxes of any width, with the locals or without, give header, frames, marked source and last line."""
    kind, error, trace, path = failure(tmp_path)
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="truecolor" if colour else None)
    console.print(RichTraceback.from_exception(kind, error, trace, show_locals=names))  # type: ignore[arg-type]
    assert printed(out.getvalue() + "the next line\n") == [*expected(path, "the soup is cold"), "the next line"]


def test_a_narrow_box_folds_paths_and_last_lines_and_both_are_unfolded(tmp_path: Path) -> None:
    """At forty columns a path and a message span several lines; they come out as one each."""
    message = "the soup is cold and nobody has warmed it up since the early morning"
    kind, error, trace, path = failure(tmp_path, message)
    out = io.StringIO()
    Console(file=out, width=40).print(RichTraceback.from_exception(kind, error, trace))  # type: ignore[arg-type]
    texts = printed(out.getvalue())
    assert f'  File "{path}", line 3, in simmer' in texts
    assert texts[-1] == f"RuntimeError: {message}"
    assert "The above exception was the direct cause of the following exception:" in texts


@pytest.mark.parametrize("width", [80, 120])
def test_richs_log_columns_are_put_together_again(tmp_path: Path, width: int) -> None:
    """RichHandler's folded messages and the boxes in its message column come out as heads and plain tracebacks."""
    out = io.StringIO()
    log = logging.Logger("kitchen")
    log.addHandler(RichHandler(console=Console(file=out, width=width), rich_tracebacks=True))
    log.error("Unclosed client session\nclient_session: <aiohttp.client.ClientSession object at 0x7f0123456789>")
    log.warning(
        "a message of so many words that no column of eighty or a hundred and twenty can hold it in a single row at all"
    )
    kind, error, trace, path = failure(tmp_path)
    log.error("no soup", exc_info=(kind, error, trace))  # type: ignore[arg-type]
    lines = own_lines(out.getvalue())
    texts = [line.text.rstrip() for line in lines]
    assert texts[:2] == [
        "Unclosed client session",
        "client_session: <aiohttp.client.ClientSession object at 0x7f0123456789>",
    ]
    assert texts[2].endswith("a hundred and twenty can hold it in a single row at all")
    assert [line.text for line in lines if line.start] == [texts[0], texts[2], "no soup"]
    assert [line.level for line in lines if line.start] == ["ERROR", "WARNING", "ERROR"]
    assert f'  File "{path}", line 10, in serve' in texts
    assert texts[-1] == "RuntimeError: the soup is cold"


def test_richs_exception_groups_get_rails() -> None:
    """The panels of a group's members become members with rails."""
    out = io.StringIO()
    try:
        raise ExceptionGroup("two pots", [ValueError("dull"), TypeError("blunt")])
    except ExceptionGroup as group:
        Console(file=out, width=100).print(RichTraceback.from_exception(type(group), group, group.__traceback__))
    texts = printed(out.getvalue())
    assert texts[0] == "  + Exception Group Traceback (most recent call last):"
    assert "  | ExceptionGroup: two pots (2 sub-exceptions)" in texts
    assert texts.index("  +-+---------------- 1 ----------------") + 1 == texts.index("    | ValueError: dull")
    assert texts[-1] == "    +------------------------------------"


JUPYTER = """\
---------------------------------------------------------------------------
RuntimeError                              Traceback (most recent call last)
Cell In[3], line 2
      1 loop = asyncio.get_event_loop()
----> 2 loop.run_until_complete(boil())

File /opt/py/asyncio/base_events.py:663, in BaseEventLoop.run_until_complete(self, future)
    652 \"\"\"Run until the Future is done.
   (...)
    661 \"\"\"
    662 self._check_closed()
--> 663 self._check_running()
    665 new_task = not futures.isfuture(future)

RuntimeError: This event loop is already running
"""
OLDER = """\
---------------------------------------------------------------------------
RuntimeError                              Traceback (most recent call last)
<ipython-input-3-4c5f2e9a8b7d> in <module>
      1 loop = asyncio.get_event_loop()
----> 2 loop.run_until_complete(boil())

/opt/py/asyncio/base_events.py in run_until_complete(self, future)
    568
--> 569         self.run_forever()
    570

RuntimeError: This event loop is already running
"""


def test_a_notebooks_traceback_becomes_cpythons() -> None:
    """Cells and files with arrows give a frame each, in newer and older forms; the rest of the excerpt is left out."""
    last = "RuntimeError: This event loop is already running"
    assert printed(JUPYTER + "after\n")[1:] == [
        "Traceback (most recent call last):",
        '  File "Cell In[3]", line 2, in <module>',
        "    loop.run_until_complete(boil())",
        '  File "/opt/py/asyncio/base_events.py", line 663, in run_until_complete',
        "    self._check_running()",
        last,
        "after",
    ]
    assert printed(OLDER)[1:] == [
        "Traceback (most recent call last):",
        '  File "<ipython-input-3-4c5f2e9a8b7d>", line 2, in <module>',
        "    loop.run_until_complete(boil())",
        '  File "/opt/py/asyncio/base_events.py", line 569, in run_until_complete',
        "    self.run_forever()",
        last,
    ]


LOGURU = """\
2031-03-04 05:06:07.089 | ERROR    | __main__:dinner:9 - dinner failed
Traceback (most recent call last):

  File "/opt/kitchen/menu.py", line 20, in <module>
    dinner(pot)
    │      └ {'water': 2}
    └ <function dinner at 0x7f>

> File "/opt/kitchen/menu.py", line 9, in dinner
    return pot["salt"]
           └ {'water': 2}

KeyError: 'salt'
2031-03-04 05:06:08.000 | INFO     | __main__:dinner:12 - closing
"""


def test_logurus_marks_values_and_blank_lines_are_taken_out() -> None:
    """What loguru adds to a traceback goes; frames, source and last line stay as CPython prints them."""
    assert printed(LOGURU) == [
        "dinner failed",
        "Traceback (most recent call last):",
        '  File "/opt/kitchen/menu.py", line 20, in <module>',
        "    dinner(pot)",
        '  File "/opt/kitchen/menu.py", line 9, in dinner',
        '    return pot["salt"]',
        "KeyError: 'salt'",
        "closing",
    ]


@pytest.mark.skipif(sys.version_info < (3, 13), reason="tracebacks have colours from 3.13 on")
def test_the_colours_of_newer_pythons_leave_nothing_behind() -> None:
    """CPython's own coloured traceback comes out as its plain one."""
    import traceback

    try:
        raise ValueError("blue")
    except ValueError as error:
        plain = "".join(traceback.format_exception(error))
        coloured = "".join(traceback.TracebackException.from_exception(error).format(colorize=True))  # type: ignore[call-arg]
    assert printed(coloured) == plain.splitlines()


def junit(wrap: Callable[[str], str]) -> str:
    """A report of one failed test that printed something."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" tests="2">'
        '<testcase classname="tests.test_soup" name="test_hot" time="0.1" />'
        '<testcase classname="tests.test_soup" name="test_soup_boils" time="0.1">'
        '<failure message="RuntimeError: x &gt; y">'
        f"{wrap(chr(10).join(PAYLOADS['pytest'][9:17]))}</failure>\n<system-err>{wrap(chr(10).join(PAYLOADS['report']))}"
        "</system-err></testcase></testsuite></testsuites>\n"
    )


@pytest.mark.parametrize("wrap", [html.escape, lambda text: f"<![CDATA[{text}]]>"], ids=["escaped", "cdata"])
def test_what_a_test_printed_comes_out_of_junit_xml_in_its_own_lane(wrap: Callable[[str], str]) -> None:
    """Failure text and captured output are lines of the test's lane, markup and entities gone."""
    lines = own_lines(junit(wrap))
    whole(lines, PAYLOADS["report"])
    whole(lines, PAYLOADS["pytest"][9:17])
    assert {line.stream for line in lines} == {"tests.test_soup::test_soup_boils"}
    assert not [line.text for line in lines if re.search(r"&\w+;|</?\w+>|CDATA", line.text)]


def test_entities_of_a_report_cannot_be_defined_by_it() -> None:
    """A report that defines entities in terms of each other is text like any other: nothing is expanded."""
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>\n'
    report = bomb + '<testsuite><testcase classname="c" name="n"><failure>&b;</failure></testcase></testsuite>\n'
    assert "&b;" in printed(report)


def test_a_failure_in_junit_xml_gets_pytests_heading() -> None:
    """The XML leaves out the line that names the test; without it a failure would have no beginning."""
    texts = printed(junit(html.escape))
    heading = next(index for index, text in enumerate(texts) if " test_soup_boils " in text)
    assert re.fullmatch(r"_{3,} test_soup_boils _{3,}", texts[heading])
    assert texts[heading + 1] == PAYLOADS["pytest"][9].rstrip()


def test_a_traceback_with_escaped_newlines_is_spread_over_lines() -> None:
    """A value logged with repr keeps its traceback on one line; an exception that quotes one stays as it is."""
    escaped = r"Traceback (most recent call last):\n  File \"/opt/pot.py\", line 2, in f\n    g()\nKeyError: 'salt'\n"
    wanted = ["Traceback (most recent call last):", '  File "/opt/pot.py", line 2, in f', "    g()", "KeyError: 'salt'"]
    lines = own_lines(f"2031-03-04 05:06:07,089 ERROR chef: job died: '{escaped}'\n")
    assert [line.text for line in lines] == ["job died:", *wanted]
    assert [line.start for line in lines] == [True, False, False, False, False]
    quoted = f"RuntimeError: the child said {escaped}"
    assert printed(quoted + "\n") == [quoted]


@pytest.mark.parametrize(
    "report",
    [
        r"Task exception was never retrieved\nfuture: <Task finished name='stir'>\nKeyError: 'salt'",
        r"Task was destroyed but it is pending!\ntask: <Task pending name='stir'>",
        r"Exception ignored in: <function Pot.__del__ at 0x7f1>\nKeyError: 'salt'",
    ],
)
def test_a_report_with_escaped_newlines_is_spread_over_lines(report: str) -> None:
    """Not only a traceback: whatever opens a report of several lines."""
    lines = own_lines(f'2031-03-04 05:06:07,089 ERROR chef: went wrong: "{report}"\n')
    assert [line.text for line in lines] == ["went wrong:", *report.split(r"\n")]
    assert [line.start for line in lines] == [True, *(False for _ in report.split(r"\n"))]
