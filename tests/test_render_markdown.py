"""The report for an issue: what it says, and that no log can make markup, a link, an image or a mention with it."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from loopdoctor.model import Report
from loopdoctor.render import View, renderer
from loopdoctor.render.commonmark import code, fenced, prose
from loopdoctor.render.markdown import MOST
from sample_report import CLOSED, FAILED, QUIET, TITLES, diagnosis, member, record, report
from test_render_json import HOSTILE, hostile_report

GOLDEN = Path(__file__).parent / "golden"
ATTACKS = [
    "@everyone please see #12 and owner/repo#7, GH-3, !44 and 0123456789abcdef0123456789abcdef01234567",
    "![x](https://evil.example/p.png) [click](javascript:alert(1)) <https://evil.example> www.evil.example",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)> ]]> <!-- -->",
    "```\n# heading\n~~~\n> quote\n* item\n1. item\n---\n===",
    "`````` ``` ` ``",
    "# heading",
    "- item",
    "12) item",
    "    indented",
    "***bold*** __init__ ~~gone~~ | a | b |",
    "[bold red]x[/] [ref]: https://evil.example 'x'",
    "&lt;b&gt; &#64;user :smile: user@example.org mailto:x@y.z",
    "\x1b]8;;https://evil.example\x07x\x1b]8;;\x07 \x1b[2J \u202e \ud800 \x00 \r# heading\r\n> quote",
    "\\`\\`\\` \\\\` \\",
]
MENTIONS = re.compile(r"(?<!\w)@\w|#\d|(?i:gh-\d)|://|www\.|(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])|:\w+:")


def rendered(found: Report, **view: object) -> str:
    """The report as Markdown."""
    return "".join(renderer("markdown")(found, TITLES, View(**view)))  # type: ignore[arg-type]


def tokens(text: str) -> list[Token]:
    """What a CommonMark parser that takes HTML makes of it, inline tokens among the others."""
    parsed = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [token for block in parsed for token in (block, *(block.children or ()))]


def assert_harmless(text: str, headings: int) -> None:
    """No HTML, link, image, table or quote; only our own headings; nothing in the text that a forge would link."""
    found = tokens(text)
    forbidden = {"html_block", "html_inline", "link_open", "image", "table_open", "blockquote_open", "s_open", "hr"}
    assert not forbidden & {token.type for token in found}
    assert sum(token.type == "heading_open" for token in found) == headings
    for token in found:
        if token.type == "text":
            assert not MENTIONS.search(token.content), token.content
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_a_report_looks_as_agreed() -> None:
    """A report looks as its golden file does (LOOPDOCTOR_GOLDEN=write makes it anew, to be read before a commit)."""
    golden = GOLDEN / "failed.md"
    text = re.sub(r"loopdoctor \d[\w.]*", "loopdoctor VERSION", rendered(FAILED), count=1)
    if os.environ.get("LOOPDOCTOR_GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert text == golden.read_text(encoding="utf-8")


def test_the_parts_are_what_they_look_like() -> None:
    """A parser finds the headings, the evidence as a block of text, and the steps as one list with code inside it."""
    found = tokens(rendered(FAILED))
    headings = [after.content for token, after in pairwise(found) if token.type == "heading_open"]
    assert headings == [
        "1 asyncio failure in `app.log`",
        "1. Event loop is closed (12 times)",
        "Other failures that no rule explains (3)",
    ]
    fences = [(token.info, token.content.split("\n")[0], token.level) for token in found if token.type == "fence"]
    assert fences == [
        ("text", "invoice 4411 failed", 0),
        ("python", "CLIENT = httpx.AsyncClient()          # module level", 2),
        ("python", "async def main():", 2),
    ]
    assert sum(token.type == "ordered_list_open" for token in found) == 1


def test_versions_and_what_was_read_stand_at_the_top() -> None:
    """Whoever reads the issue sees which loopdoctor, Python and libraries it is about."""
    assert re.search(r"^loopdoctor \S+, Python `3\.11`, `httpx`; 1\.2 MB, 15,320 lines read$", rendered(FAILED), re.M)
    assert rendered(QUIET).startswith("## No asyncio failure found in `app.log`\n")


@given(HOSTILE)
@settings(max_examples=150, deadline=None)
def test_hostile_text_stays_data(text: str) -> None:
    """Whatever a log says, there is no markup but ours."""
    assert_harmless(rendered(hostile_report(text)), headings=3)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_stay_data(attack: str) -> None:
    """HTML, links, images, fences, headings, mentions and references come out as text or code."""
    assert_harmless(rendered(hostile_report(attack)), headings=3)
    assert_harmless(rendered(hostile_report(f"it`s {attack}")), headings=3)


@given(HOSTILE)
@example("`a`")
@example("` ` `")
@settings(max_examples=150, deadline=None)
def test_code_says_what_it_was_given(text: str) -> None:
    """A code span is one token with the text in it, whatever backticks it holds."""
    shown = code(text)
    if not shown:
        return
    (inline,) = [token for token in tokens(f"x {shown} y") if token.type == "inline"]
    kinds = [(token.type, token.content) for token in inline.children or ()]
    assert [kind for kind, _ in kinds] == ["text", "code_inline", "text"]


def test_a_fence_holds_whatever_stands_in_it() -> None:
    """Fences of any kind and length inside a block are its content."""
    lines = ["```", "````", "~~~", "    ```", "# heading", ""]
    (block,) = tokens(fenced(lines))
    assert block.content.split("\n")[:5] == lines[:5]


def test_prose_keeps_its_words() -> None:
    """A sentence of the catalogue reads as it was written; names that would be linked become code."""
    assert prose("Create it in `main()`, then await it.") == "Create it in `main()`, then await it."
    assert prose("see @app.get and __init__, really") == "see `@app.get` and `__init__`, really"
    assert prose("- 1 < 2 [x]") == r"\- 1 \< 2 \[x\]"
    assert prose("12. x") == r"12\. x"
    assert prose("it`s") == r"it\`s"


def test_an_issue_takes_it_whole() -> None:
    """A report of very many incidents is cut between two of them, with a word on how many are left out."""
    many = [
        diagnosis(member("event-loop-closed", record([f"RuntimeError: {n} {'x' * 300}"] * 8, start=n * 20 + 1)))
        for n in range(90)
    ]
    text = rendered(report(*many))
    assert len(text) < MOST
    shown = text.count("\n### ")
    assert f"\n{90 - shown:,} more incidents: see `loopdoctor scan` without `--format`.\n" in text


def test_repeated_steps_are_told_once() -> None:
    """The steps of a cause stand with its first incident."""
    twice = report(FAILED.diagnoses[0], diagnosis(member("event-loop-closed", CLOSED)))
    assert rendered(twice).count("Make it inside the loop that uses it") == 1
    assert "the steps are those of 1. above" in rendered(twice)


def test_a_stopped_scan_says_so() -> None:
    """Whoever reads it knows that it is not the whole story."""
    stopped = msgspec.structs.replace(FAILED, stats=msgspec.structs.replace(FAILED.stats, interrupted=True))
    assert "The scan was stopped" in rendered(stopped)
