"""A log by somebody who means harm, rendered into every format that there is: none of it does anything or leaks.

Formats are taken from ``FORMATS``: one that is added is tested without a word here.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from loopdoctor.checkout import Checkout
from loopdoctor.model import Report
from loopdoctor.pipeline import scan
from loopdoctor.redaction import Redaction
from loopdoctor.render import FORMATS, LEAVES_THE_MACHINE, View, renderer
from loopdoctor.settings import Settings

SECRETS = {
    "postgres://keeper:lowtide%2Dnine77@10.20.30.40:5432/reef": ["keeper", "lowtide", "nine77", "10.20.30.40"],
    "password='spring tide 88'": ["spring tide 88"],
    "Authorization: Bearer q7w6e5r4t3y2u1": ["q7w6e5r4t3y2u1"],
    "'Authorization': 'Basic a2VlcGVyOm5lYXB0aWRlOTk='": ["a2VlcGVyOm5lYXB0aWRlOTk", "neaptide99"],
    "Set-Cookie: sid=c00k1ecrumb; HttpOnly": ["c00k1ecrumb"],
    "ghp_" + "Za1Yb2Xc3" * 4: ["Za1Yb2Xc3"],
    "glpat-" + "Wd4Ve5Uf6" * 2 + "xy": ["Wd4Ve5Uf6"],
    "xoxb-777-888-" + "Tg7Sh8": ["Tg7Sh8"],
    "AKIA" + "REEF7TIDE8KEY9XX" + " " + "Qm/3" * 10: ["REEF7TIDE8", "Qm/3Qm/3"],
    "AIza" + "Sj9Rk0Q" * 5: ["Sj9Rk0Q"],
    "sk_live_" + "Pl1Om2Nn3" * 3: ["Pl1Om2Nn3"],
    "pypi-AgEIcHlwaS5vcmc" + "Mo4Lp5Kq6" * 3: ["Mo4Lp5Kq6"],
    "npm_" + "Jr7Is8Ht9" * 4: ["Jr7Is8Ht9"],
    "sk-proj-" + "Gu0Fv1Ew2" * 3: ["Gu0Fv1Ew2"],
    "api_key=Dx3Cy4Bz5, client_secret: Az6Bb7": ["Dx3Cy4Bz5", "Az6Bb7"],
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyZWVmIn0.c2ln": ["eyJzdWIiOiJyZWVmIn0", "c2ln"],
    "warden@reef.example.org at 2001:db8:77::9": ["warden", "2001:db8"],
}
ATTACKS = [
    "\x1b[2J\x1b]0;owned\x07\x9b31m",
    "\x1b]8;;http://evil.example/osc\x1b\\osc\x1b]8;;\x1b\\",
    "</script><script>alert(4711)</script><img src=x onerror=alert(4711)>",
    "[press](http://evil.example/md) ![p](http://evil.example/img) <http://evil.example/auto>",
    "[bold red]rich[/bold red] [link=http://evil.example/rich]x[/link]",
    "]]><x/>&amp;<!--",
    "\u202etxt.exe\u2066 \u200bzero\ufeff",
    "``` ~~~ | a | b | `tick`",
]
LINES = [
    "::error::owned",
    "::set-output name=a::owned",
    "::add-mask::e",
    "=HYPERLINK(0)",
    "@SUM(1+1)",
    "# owned",
    "```",
]
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def _logs() -> list[str]:
    """A log for each secret: with an attack, in every place from which a report takes words."""
    parts = []
    for n, secret in enumerate(SECRETS):
        attack = ATTACKS[n % len(ATTACKS)]
        line = LINES[n % len(LINES)]
        parts.append(
            f"2025-03-01 10:0{n % 10}:00 ERROR shop.jobs: {secret} {attack}\n"
            "Traceback (most recent call last):\n"
            f'  File "/home/dolores/shop/{attack[:9] if n % 3 else "jobs"}/run{n}.py", line {n + 1}, in send\n'
            f"    connect({secret}, {attack!r})\n"
            f"ConnectionError: {secret} {attack}\n"
            f"{line}\n\n"
            "During handling of the above exception, another exception occurred:\n\n"
            "Traceback (most recent call last):\n"
            f'  File "/home/dolores/shop/jobs{n}.py", line {n + 1}, in close_{n}\n'
            f"    await client.aclose()  # {attack}\n"
            '  File "/usr/lib/python3.12/asyncio/base_events.py", line 545, in _check_closed\n'
            "    raise RuntimeError('Event loop is closed')\n"
            "RuntimeError: Event loop is closed\n"
            f"2025-03-01 10:0{n % 10}:01 ERROR asyncio: Task was destroyed but it is pending!\n"
            f"task: <Task pending name='{secret}{attack}' coro=<work_{n}() running at /home/dolores/w.py:{n + 7}>>\n"
            f"2025-03-01 10:0{n % 10}:02 ERROR asyncio: Unclosed client session\n"
            f"client_session: <aiohttp.client.ClientSession object {secret} {attack}>\n"
            f"2025-03-01 10:0{n % 10}:03 ERROR shop: failed\n"
            "Traceback (most recent call last):\n"
            f'  File "/home/dolores/shop/own{n}.py", line 3, in f\n'
            "    f()\n"
            f"shop.Own{n}Error: {secret} {attack}\n"
        )
    return parts


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report on these logs, whose own names are an attack too."""
    folder = tmp_path_factory.mktemp("home")
    for n, log in enumerate(_logs()):
        (folder / f"{n}=[x](evil)<img src=x>::error::.log").write_text(log, "utf-8", newline="\n")
    report = scan([str(folder)], Settings())
    assert len(report.diagnoses) >= 10
    assert len(report.unexplained) >= 10
    return report


def _rendered(name: str, report: Report, root: Path, *, redacted: bool) -> str:
    titles = {member.symptom.id: "a title" for one in report.diagnoses for member in one.incident.members}
    look = {"why": True, "checkout": Checkout(str(root))}
    if redacted:
        redaction = Redaction()
        report, look = redaction.of(report), redaction.look(look)
    return "".join(renderer(name)(report, titles, View(**look)))


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"part"}))
def test_no_secret_survives_redaction(name: str, told: Report, tmp_path: Path) -> None:
    """One secret of each kind, in messages, sources, names of tasks and paths: none comes out."""
    shown = _rendered(name, told, tmp_path, redacted=True)
    secrets = [part for parts in SECRETS.values() for part in parts] + ["dolores"]
    assert [part for part in secrets if part in shown] == []
    assert "dolores" in _rendered(name, told, tmp_path, redacted=False)


@pytest.mark.parametrize("redacted", [False, True])
@pytest.mark.parametrize("name", FORMATS)
def test_nothing_in_a_log_steers_what_reads_the_report(name: str, redacted: bool, told: Report, tmp_path: Path) -> None:
    """No control sequence, no bidirectional mark, no line that a CI system or a spreadsheet takes for a command."""
    shown = _rendered(name, told, tmp_path, redacted=redacted)
    assert CONTROL.findall(shown) == []
    commands = tuple(LINES[:3] if name == "markdown" else LINES[:5])  # no spreadsheet opens Markdown
    assert [line for line in re.split(r"[\n\r\u2028\u2029\x85]", shown) if line.lstrip().startswith(commands)] == []


@pytest.mark.parametrize("name", sorted(set(FORMATS) & {"json", "jsonl", "sarif", "gitlab"}))
def test_documents_for_programs_stay_whole(name: str, told: Report, tmp_path: Path) -> None:
    """Every line or document is JSON still, also after redaction."""
    shown = _rendered(name, told, tmp_path, redacted=True)
    for document in shown.splitlines() if name == "jsonl" else [shown]:
        json.loads(document)


@pytest.mark.parametrize("name", sorted(set(FORMATS) & {"junit"}))
def test_xml_stays_well_formed(name: str, told: Report, tmp_path: Path) -> None:
    """What would end a CDATA section, or is no character of XML, breaks nothing."""
    root = ET.fromstring(_rendered(name, told, tmp_path, redacted=False))
    assert root.findall(".//x") == []


@pytest.mark.parametrize("name", sorted(set(FORMATS) & {"html"}))
def test_no_element_of_a_page_comes_from_a_log(name: str, told: Report, tmp_path: Path) -> None:
    """Tags, handlers and links in a log are text in the page."""
    shown = _rendered(name, told, tmp_path, redacted=False).lower()
    assert "<img" not in shown
    assert "<script>alert" not in shown
    assert re.findall(r"(?:href|src)=[\"']?http://evil", shown) == []


@pytest.mark.parametrize("name", sorted(set(FORMATS) & {"markdown"}))
def test_no_link_or_heading_of_a_text_in_markdown_comes_from_a_log(name: str, told: Report, tmp_path: Path) -> None:
    """As CommonMark reads it: no link leads where the log says, no raw HTML, no heading of the log's."""
    shown = _rendered(name, told, tmp_path, redacted=False)
    tokens = MarkdownIt("commonmark").enable("table").parse(shown)
    inner = [child for token in tokens for child in token.children or ()]
    links = [str(token.attrs.get("href") or token.attrs.get("src")) for token in inner if token.attrs]
    assert [link for link in links if "evil" in link] == []
    raw = [token.content for token in [*tokens, *inner] if token.type.startswith("html_")]
    assert [text for text in raw if "script" in text or "img" in text or "owned" in text] == []
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    assert [text for text in headings if text == "owned"] == []


def test_formats_that_leave_the_machine_are_named_as_formats_are() -> None:
    """A format whose name is misspelt there would not be redacted."""
    known = {"text", "json", "jsonl", "junit", "part", *LEAVES_THE_MACHINE}
    assert set(FORMATS) <= known
