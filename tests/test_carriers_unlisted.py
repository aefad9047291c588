"""Wrappings that no table lists, each told by its structure: a payload comes out of every one of them whole."""

from __future__ import annotations

import csv
import html
import io
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote

import pytest

from test_carriers_payloads import CHAINED, PAYLOADS, own_lines, whole
from test_carriers_transports import AFTER, HEAD

Writer = Callable[[list[str]], str]


def time(at: int) -> str:
    """A point in time for the line at an index."""
    return f"2031-03-04T05:{at // 60:02}:{at % 60:02}Z"


def lines_of(make: Callable[[int, str], str]) -> Writer:
    """A writer that makes one line of each line and its index."""
    return lambda lines: "".join(make(at, line).rstrip("\n") + "\n" for at, line in enumerate(lines))


def table(columns: Callable[[int, str], list[str]], *, delimiter: str = ",", every: bool = True) -> Writer:
    """A CSV writer of a row a line."""

    def write(lines: list[str]) -> str:
        made = io.StringIO()
        quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
        writer = csv.writer(made, delimiter=delimiter, quoting=quoting, lineterminator="\n")
        writer.writerows([columns(at, line) for at, line in enumerate(lines)])
        return made.getvalue()

    return write


def one_cell(delimiter: str) -> Writer:
    """A CSV writer that puts the whole log into one cell."""

    def write(lines: list[str]) -> str:
        made = io.StringIO()
        writer = csv.writer(made, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([["when", "what", "where"], [time(0), "\n".join(lines), "galley"]])
        return made.getvalue()

    return write


def folded(width: int) -> Writer:
    """A writer that breaks each line at a column."""
    return lambda lines: "".join(
        line[at : at + width] + "\n" for line in lines for at in range(0, max(1, len(line)), width)
    )


def fitted(mark: str, lines: list[str]) -> str:
    """Lines in a column as wide as the longest, between marks."""
    width = max(map(len, lines))
    return "".join(f"{mark} 12 {mark} {line:<{width}} {mark}\n" for line in lines)


LINE_BY_LINE: dict[str, Writer] = {
    "id-in-hex": lines_of(lambda at, line: f"[{(at + 1) * 2654435761 % 2**32:08x}] {line}"),
    "address": lines_of(lambda at, line: f"0x{at * 64:08x}: {line}"),
    "milliseconds": lines_of(lambda at, line: f"{1930000000000 + at * 7} galley {line}"),
    "thousands": lines_of(lambda at, line: f"{1000000 + at * 137:,} | {line}"),
    "level-column": lines_of(lambda at, line: f"galley {'error' if at % 2 else 'warning':<8} {line}"),
    "right-aligned": lines_of(lambda _, line: f"{'galley-7':>20} | {line}"),
    "many-bars": lines_of(lambda at, line: f"{time(at)}|galley|chef|12|{line}"),
    "grep-with-context": lines_of(lambda at, line: f"{at + 101}{':' if 'rror' in line else '-'}{line}"),
    "json-row": lines_of(lambda at, line: json.dumps([time(at), "chef", line])),
    "terminal-recording": lines_of(lambda at, line: json.dumps([at / 8, "o", line + "\r\n"])),
    "ruby-hash": lines_of(lambda at, line: f'[{at}] chef: [{at}.5, {{"line"=>{json.dumps(line)}, "n"=>1}}]'),
    "key-behind-text": lines_of(lambda at, line: f"{time(at)} runner said={json.dumps(line)} pod=galley"),
    "level-and-key": lines_of(
        lambda at, line: f'time={time(at)} level=ERROR msg="child wrote" said={json.dumps(line)}'
    ),
    "go-quoted": lines_of(lambda at, line: f"line: Some({json.dumps(line)})"),
    "strings": lines_of(lambda _, line: json.dumps(line) + ","),
    "yaml-list": lines_of(lambda _, line: "  - '" + line.replace("'", "''") + "'"),
    "table-all-quoted": table(lambda at, line: [time(at), "galley", line]),
    "table-text-first": table(lambda at, line: [line, time(at)]),
    "table-text-between": table(lambda at, line: [time(at), line, "galley"], every=False),
    "table-semicolons": table(lambda at, line: [time(at), "galley", line], delimiter=";"),
    "html-spans": lines_of(lambda _, line: f'<span class="line">{html.escape(line)}</span>'),
    "html-cells": lines_of(lambda at, line: f"<tr><td>{at}</td><td>{html.escape(line)}</td></tr>"),
    "ascii-table": lambda lines: fitted("|", lines),
    "colours-written-out": lines_of(lambda _, line: rf"\x1b[31m{line}\x1b[0m"),
    "colours-octal": lines_of(lambda _, line: f"#033[31m{line}#033[0m"),
    "colours-without-escape": lines_of(lambda _, line: f"[31m{line}[0m"),
    "wide-blanks": lines_of(lambda _, line: "\u3000" * (len(line) - len(line.lstrip())) + line.lstrip()),
    "unknown-field": lines_of(lambda at, line: json.dumps({"at": time(at), "worte": line})),
    "deep-field": lines_of(lambda at, line: json.dumps({"a": {"host": "galley"}, "b": {"worte": line, "n": at}})),
}

AT_ONCE: dict[str, Writer] = {
    "repr": lambda lines: repr("\n".join(lines) + "\n") + "\n",
    "bytes": lambda lines: "child failed rc=1 stderr=" + repr(("\n".join(lines) + "\n").encode()) + "\n",
    "json-in-json": lambda lines: json.dumps(json.dumps("\n".join(lines))) + "\n",
    "json-list": lambda lines: json.dumps(lines) + "\n",
    "octal": lambda lines: "chef: " + "#012".join(lines) + "\n",
    "octal-backslash": lambda lines: r"\012".join(lines) + "\n",
    "hexadecimal": lambda lines: r"\x0a".join(lines) + "\n",
    "arrow": lambda lines: "↵".join(lines) + "\n",
    "percent": lambda lines: f"GET /report?text={quote(chr(10).join(lines))} HTTP/1.1\n",
    "numeric-entities": lambda lines: '<event text="' + html.escape("\n".join(lines)).replace("\n", "&#10;") + '"/>\n',
    "breaks": lambda lines: "<div>" + "<br/>".join(html.escape(line) for line in lines) + "</div>\n",
    "form-feeds": "\f".join,
    "line-separators": "\u2028".join,
    "record-separators": "\x1e".join,
    "cell": one_cell(","),
    "cell-semicolons": one_cell(";"),
    "page": lambda lines: f"<html><pre>{html.escape(chr(10).join(lines))}</pre></html>\n",
    "cdata": lambda lines: "<?xml version='1.0'?>\n<a><b><![CDATA[" + "\n".join(lines) + "]]></b></a>\n",
}


@pytest.mark.parametrize("write", LINE_BY_LINE.values(), ids=[*LINE_BY_LINE])
@pytest.mark.parametrize("payload", ["chained", "report", "group"])
def test_a_payload_comes_whole_out_of_lines_that_nobody_knows(payload: str, write: Writer) -> None:
    """What stands before, round and behind the text is learned from a line whose text is known."""
    lines = PAYLOADS[payload]
    whole(own_lines(write([HEAD, *lines, AFTER])), lines)


@pytest.mark.parametrize("write", AT_ONCE.values(), ids=[*AT_ONCE])
@pytest.mark.parametrize("payload", ["chained", "report", "warned", "group"])
def test_a_payload_comes_whole_out_of_a_text_that_holds_all_its_lines(payload: str, write: Writer) -> None:
    """However the line breaks, the quotes and the brackets are written."""
    lines = PAYLOADS[payload]
    whole(own_lines(write([HEAD, *lines, AFTER])), lines)


@pytest.mark.parametrize("width", [50, 64])
def test_lines_broken_at_a_column_are_joined(width: int) -> None:
    """A frame that the next line completes shows that lines were broken, and where."""
    frames = [line for line in CHAINED.split("\n") if line]
    frames[1] = '  File "/opt/kitchen/lib/python3.12/site-packages/oven/heat.py", line 41, in preheat'
    whole(own_lines(folded(width)(frames)), frames)


def test_quoted_printable_is_read() -> None:
    """Its soft line breaks and its encoded characters."""
    frames = [line for line in CHAINED.split("\n") if line]
    frames[1] = '  File "/opt/kitchen/lib/python3.12/site-packages/oven/heat.py", line 41, in préheat'
    mail = quopri.encodestring("".join(line + "\n" for line in frames).encode()).decode()
    assert "=\n" in mail
    whole(own_lines(mail), frames)


@pytest.mark.parametrize(
    "text",
    [
        "RuntimeError: it said 'Traceback (most recent call last):\\n  File \"x\", line 1'\n",
        "see https://galley.example/?q=Event%20loop%20is%20closed for more\n",
        "progress [3m] of [10m]\n",
        "| a | b |\n| c | d |\n",
        "def test():\n    expected = [\n        'Traceback (most recent call last):',\n        'KeyError: 1',\n    ]\n",
        "a line of fifty characters, that ends with no word\nand another one\n",
    ],
    ids=["quoted-by-exception", "address", "minutes", "table", "source", "prose"],
)
def test_what_only_looks_wrapped_stays_as_it_is(text: str) -> None:
    """Nothing is taken off where nothing bears it out."""
    assert [line.text for line in own_lines(text)] == text.splitlines()


def test_a_message_and_its_traceback_in_two_fields_stay_one_entry() -> None:
    """Fields of one entry are read together, in the order in which a program would have printed them."""
    message = "Task exception was never retrieved\nfuture: <Task finished name='stir'>"
    log = f"event={message!r} logger='chef' level='error' exception={CHAINED!r}\n"
    assert [line.text for line in own_lines(log)] == [*message.split("\n"), *CHAINED.split("\n")]


def test_source_code_in_an_event_does_not_speak() -> None:
    """An error tracker sends the lines round a frame along: a list of lines that only quotes a warning is no output."""
    around = [
        "def ring():",
        "    text = \"/opt/pot.py:3: RuntimeWarning: coroutine 'stir' was never awaited\"",
        "    print(text)",
    ]
    log = json.dumps({"message": "bell is stuck", "level": "error", "frame": {"pre_context": around}}) + "\n"
    assert [line.text for line in own_lines(log)] == ["bell is stuck"]
