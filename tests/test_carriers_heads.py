"""Logging heads in all the orders that people configure, and the texts that only look like one."""

from __future__ import annotations

import pytest

from loopdoctor.carriers.fast_heads import fast_head
from loopdoctor.carriers.logging_heads import logging_head
from loopdoctor.carriers.table import cut_transport
from test_carriers_payloads import PAYLOADS, own_lines, starts_within, whole

T = "2031-03-04 05:06:07,089"
HEADS = [
    # head, level, logger, thread
    ("ERROR:chef:{}", "ERROR", "chef", ""),
    ("ERROR:    {}", "ERROR", None, ""),
    (f"{T} ERROR chef.pot: {{}}", "ERROR", "chef.pot", ""),
    (f"{T} - chef.pot - ERROR - {{}}", "ERROR", "chef.pot", ""),
    (f"{T} - ERROR - {{}}", "ERROR", None, ""),
    (f"{T} [ERROR] chef.pot: {{}}", "ERROR", "chef.pot", ""),
    (f"{T} [ERROR] {{}}", "ERROR", None, ""),
    (f"[{T}] ERROR in pot: {{}}", "ERROR", "pot", ""),
    (f"{T} | ERROR    | chef.pot:boil:22 - {{}}", "ERROR", "chef.pot", ""),
    (f"{T} | ERROR | chef.pot | {{}}", "ERROR", "chef.pot", ""),
    (f"{T}:ERROR:chef:{{}}", "ERROR", "chef", ""),
    (f"{T} [311] [MainThread] ERROR    chef.pot: {{}}", "ERROR", "chef.pot", "311/MainThread"),
    (f"{T} MainProcess Thread-2 chef.pot [ERROR] {{}}", "ERROR", "chef.pot", "MainProcess/Thread-2"),
    (f"{T} ERROR (MainThread) [chef.pot] {{}}", "ERROR", "chef.pot", "MainThread"),
    (f"ERROR {T} pot 311 140212345678912 {{}}", "ERROR", "pot", "311/140212345678912"),
    ("[04/Mar/2031 05:06:07] ERROR [chef.pot:22] {}", "ERROR", "chef.pot", ""),
    ("[2031-03-04 05:06:07 +0000] [311] [ERROR] {}", "ERROR", None, "311"),
    (f"[{T}: ERROR/ForkPoolWorker-4] {{}}", "ERROR", None, "ForkPoolWorker-4"),
    ("[2031-03-04T05:06:07.089+0000] {pot.py:22} ERROR - {}", "ERROR", None, ""),
    ("2031-03-04T05:06:07.089Z [error    ] {}      [chef.pot]", "ERROR", "chef.pot", ""),
    (f'level=ERROR logger=chef.pot msg="{{}}" ts={T.replace(" ", "T")}', "ERROR", "chef.pot", ""),
    ("ERROR    chef.pot:pot.py:22 {}", "ERROR", "chef.pot", ""),
    ("E0304 05:06:07.089123   311 pot.py:22] {}", "ERROR", "pot.py", "311"),
    ("[E 2031-03-04 05:06:07.089 ChefApp] {}", "ERROR", "ChefApp", ""),
    ("05:06:07.089 ERROR chef.pot: {}", "ERROR", "chef.pot", ""),
    ("03/04/2031 05:06:07 AM ERROR {}", "ERROR", None, ""),
    ("2031/03/04 05:06:07 FATAL: {}", "CRITICAL", None, ""),
    (f"{T} WARN  chef.pot - {{}}", "WARNING", "chef.pot", ""),
]


@pytest.mark.parametrize(("head", "level", "logger", "thread"), HEADS)
def test_a_head_gives_its_parts_and_the_bare_traceback_stays_with_it(
    head: str, level: str, logger: str | None, thread: str
) -> None:
    """Time, level, logger and thread are told apart in any order, and a bare traceback follows in the head's lane."""
    body = PAYLOADS["chained"]
    first = head.replace("{}", "the soup is lost")
    lines = own_lines("\n".join([first, *body]) + "\n")
    assert lines[0].text == "the soup is lost"
    assert (lines[0].level, lines[0].logger, lines[0].start) == (level, logger, True)
    assert lines[0].thread == (thread or None)
    whole(lines, body)
    assert {line.stream for line in lines} == {thread}


@pytest.mark.parametrize("head", [head for head, *_ in HEADS if "msg=" not in head and "[error" not in head])
def test_a_log_that_reprints_output_line_by_line_tears_nothing_apart(head: str) -> None:
    """Where each line of a traceback is an entry of its own, indentation stays and no line begins a new record."""
    for name in ("chained", "group", "pytest"):
        body = PAYLOADS[name]
        lines = own_lines("".join(head.replace("{}", line) + "\n" for line in body))
        assert [line.text.rstrip() for line in lines] == [line.rstrip() for line in body]
        assert not starts_within(lines, body)


@pytest.mark.parametrize(
    "text",
    [
        "The log said ERROR: no more salt",
        "ERROR tests/test_pot.py::test_boil - RuntimeError: no salt",
        "ERROR RuntimeError: no salt",
        "INFORMATION for guests: we close at ten",
        "DEBUG = True",
        "Error: no more salt",
        "WARNINGS are shown below",
        "a | b",
        "name | price",
        "soup: 3 bowls, bread: none",
        "re-entrant locks were used here",
        'see File "pot.py" for more',
        "> a quoted sentence of a mail",
        "    indented words of a paste",
        "[x] done, [ ] to do",
        "{not json} at all",
        "<p>text of a page</p>",
        "the words Traceback (most recent call last): stand in this sentence",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Prose, tables, summaries and settings are no heads and have no prefix."""
    lines = own_lines(f"{text}\nand so on\n")
    assert [(line.text, line.start, line.stream) for line in lines] == [(text, False, ""), ("and so on", False, "")]


def test_the_short_way_reads_a_head_as_the_long_way_does() -> None:
    """The four commonest formats, read in one match, are read as the general reader does."""
    for text in (
        f"{T} INFO chef.pot: on: the stove",
        f"{T} WARNING  chef: a",
        "2031-03-04T05:06:07 ERROR chef_2.pot:  two blanks",
        f"{T} - chef - DEBUG - x - y",
        f"{T} | INFO     | __main__:<module>:3 - begun",
        "INFO:     10.0.0.1:5 - ok",
        "CRITICAL: lost",
    ):
        fast = fast_head(text, text[0])
        assert cut_transport(text) is None
        if fast is not None:
            assert fast == logging_head(text)


def test_an_exceptions_name_is_no_logger() -> None:
    """What stands before a colon is kept when it is an exception or a warning's place."""
    for message in ("RuntimeError: no salt", "/opt/pot.py:3: RuntimeWarning: x", "pot.py:3: RuntimeWarning: x"):
        assert own_lines(f"{T} ERROR {message}\n")[0].text == message


def test_a_quoted_message_may_go_on_in_the_next_lines() -> None:
    """``msg="%(message)s"`` breaks its quote across lines; the closing one is no part of the text."""
    first = f'{T} level=ERROR logger=asyncio msg="Task exception was never retrieved'
    log = f'{first}\nfuture: <Task exception=KeyError("x")>"\nafter\n'
    assert [line.text for line in own_lines(log)] == [
        "Task exception was never retrieved",
        'future: <Task exception=KeyError("x")>',
        "after",
    ]


def test_bare_lines_go_to_the_thread_of_the_last_head() -> None:
    """A line without a head belongs to the process or thread that spoke last in the same transport lane."""
    log = f"{T} MainProcess Thread-1 chef [ERROR] a\nbare one\n{T} MainProcess Thread-2 chef [ERROR] b\nbare two\n"
    streams = [line.stream.rpartition("/")[2] for line in own_lines(log)]
    assert streams == ["Thread-1", "Thread-1", "Thread-2", "Thread-2"]


@pytest.mark.parametrize("head", ["20:03:37.921 E asyncio: ", "2031-03-04 05:06:07,089 [E] asyncio - "])
def test_a_level_of_one_letter_behind_a_time_is_a_head(head: str) -> None:
    """With its logger; it is no prefix of a writer."""
    (line,) = own_lines(f"{head}it fell over\n")
    assert (line.text, line.level, line.logger, line.start) == ("it fell over", "ERROR", "asyncio", True)
