"""The page: what it shows, that it stands alone, and that a log is only ever text in it."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

from loopdoctor.checkout import Checkout
from loopdoctor.model import Report, Timeline
from loopdoctor.render import View, renderer
from loopdoctor.render.html import MOST
from sample_report import CLOSED, FAILED, QUIET, REUSED, TITLES, UNCLOSED, diagnosis, member, record, report
from test_render_json import HOSTILE, hostile_report
from test_render_markdown import ATTACKS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "link", "rect"}
OURS = """
html head title style body header nav main section article footer h1 h2 h3 h4 p ul ol li dl dt dd a code pre q span
strong details summary figure figcaption div svg
"""
TAGS = VOID.union(OURS.split())


class Reader(HTMLParser):
    """What a page consists of. Elements must be closed in the order in which they were opened."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text that a reader sees."""
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)

    @property
    def seen(self) -> str:
        """All the text of the page in one line."""
        return re.sub(r"\s+", " ", "".join(self.words))


def rendered(found: Report, **view: object) -> str:
    """The report as a page."""
    return "".join(renderer("html")(found, TITLES, View(**view)))  # type: ignore[arg-type]


def assert_harmless(page: str) -> Reader:
    """Only our elements and attributes, links only inside the page or to documentation, no control characters."""
    reader = Reader(page)
    for tag, attributes in reader.tags:
        assert tag in TAGS
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("style", "src", "srcset", "action")
            if name == "href":
                assert re.match(r"#(?:incident|fix)-\d+$|https://docs\.python\.org/|data:,$", value or "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", page)
    return reader


def test_a_page_says_what_the_text_says() -> None:
    """Verdict, culprit, causes, clues, evidence with line numbers, order, steps, what else there was."""
    seen = assert_harmless(rendered(FAILED)).seen
    for words in (
        "1 asyncio failure in app.log",
        "Work was lost",
        "/srv/billing/invoices.py:41 in send_invoice",
        "78%An object made under one event loop is used under another",
        "for the closed loop is met inside httpx",
        "against not seen: the first use succeeded",
        "132RuntimeError: Event loop is closed",
        "because of it: Unclosed client session, once app.log:161",
        "Make it inside the loop that uses it",
        "instead ofCLIENT = httpx.AsyncClient()",
        "KeyError: 'amount', 3 times",
        "a line longer than 256 KiB was cut",
        "a column is 15 s, the highest 7",
    ):
        assert words in seen, words
    assert "No asyncio failure found in app.log" in Reader(rendered(QUIET)).seen


def test_nothing_runs_and_nothing_loads() -> None:
    """The policy forbids everything but the page's own style sheet, which it names by its hash."""
    page = rendered(FAILED)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert not re.search(r"<script|\bstyle=|url\(|@import", page)


def test_a_screen_reader_finds_its_way() -> None:
    """The language, the landmarks, headings without gaps, names that exist once, and pictures with words."""
    reader = Reader(rendered(FAILED))
    tags = [tag for tag, _ in reader.tags]
    assert dict(reader.tags)["html"] == {"lang": "en"}
    assert [tags.count(tag) for tag in ("header", "nav", "main", "footer", "h1")] == [1, 1, 1, 1, 1]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))  # noqa: RUF007
    names = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(names) == len(set(names))
    for tag, attributes in reader.tags:
        if tag == "svg":
            assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label")


def test_contrast_is_enough() -> None:
    """Text stands out from its background by 4.5 to 1 or more, in light and in dark (WCAG 2.2, 1.4.3)."""
    css = Path(renderer("html").__code__.co_filename).with_name("html.css").read_text()

    def luminance(color: str) -> float:
        parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for block in re.findall(r":root \{(.*?)\}", css, re.DOTALL)[:2]:
        color = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
        pairs = [(ink, paper) for ink in ("ink", "dim", "link") for paper in ("paper", "card")]
        pairs += [(name, f"{name}-bg") for name in ("red", "amber", "green")] + [("ink", "here"), ("dim", "here")]
        pairs += [(name, "card") for name in ("kw", "str", "com", "num", "fn", "dec", "red", "green")]
        for ink, paper in pairs:
            low, high = sorted((luminance(color[ink]), luminance(color[paper])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, paper)


@given(HOSTILE)
@settings(max_examples=100, deadline=None)
def test_hostile_text_stays_data(text: str) -> None:
    """Whatever a log says, the page is whole and has no element of the log's."""
    assert_harmless(rendered(hostile_report(text), why=True))


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_stay_data(attack: str) -> None:
    """Tags, handlers, closing elements, entities, control sequences and links are text."""
    assert_harmless(rendered(hostile_report(attack)))


def test_what_a_log_says_is_what_is_seen() -> None:
    """Nothing of a log is lost by the escaping."""
    said = "</script><img src=x onerror=alert(1)> &amp; ]]> \"quoted\" 'single'"
    page = rendered(report(diagnosis(member("event-loop-closed", record([said], {0: said})))))
    assert said in assert_harmless(page).seen


def test_the_users_own_lines_are_shown(tmp_path: Path) -> None:
    """Where the file is at hand its lines stand round the culprit's, coloured, each whole."""
    (tmp_path / "billing").mkdir()
    body = "\n" * 37 + 'def f():\n    """One\n    reply = await CLIENT.post(URL, json=job)\n    two"""\n    return x\n'
    (tmp_path / "billing" / "invoices.py").write_text(body.replace('"""One\n', '"""One\n', 1))
    found = msgspec.structs.replace(FAILED.diagnoses[0].incident.culprit, line=40)  # type: ignore[type-var]
    incident = msgspec.structs.replace(FAILED.diagnoses[0].incident, culprit=found)
    told = report(msgspec.structs.replace(FAILED.diagnoses[0], incident=incident))
    reader = assert_harmless(rendered(told, checkout=Checkout(str(tmp_path))))
    assert '38def f(): 39 """One 40 reply = await CLIENT.post(URL, json=job) 41 two""" 42 return x' in reader.seen


def test_incidents_share_one_axis_of_time() -> None:
    """Charts of the overview cover the time of all incidents; one on another kind of clock has none there."""
    early = FAILED.diagnoses[0]
    late = msgspec.structs.replace(early.incident, timeline=Timeline(60, ((60_000, 3),)))
    other = msgspec.structs.replace(early.incident, timeline=Timeline(60, ((1_795_348_800, 3),)))
    page = rendered(report(early, *(msgspec.structs.replace(early, incident=incident) for incident in (late, other))))
    overview = page[page.index("<nav") : page.index("</nav>")]
    assert overview.count('<svg class="chart"') == 2
    assert len(set(re.findall(r'class="chart" viewBox="([^"]+)"', overview))) == 1
    assert '<p class="axis"><span>14:02:11</span><span>16:40:00</span></p>' in overview


def test_every_clue_is_shown_on_demand() -> None:
    """With ``why`` clues without weight are there too, each with its weight."""
    assert "a server's banner" not in Reader(rendered(FAILED)).seen
    assert "no weight not seen: a server's banner (+0.00)" in Reader(rendered(FAILED, why=True)).seen


def test_the_same_steps_are_told_once() -> None:
    """A second failure with the same cause and steps links to the first one's."""
    page = rendered(report(FAILED.diagnoses[0], diagnosis(member("task-destroyed", UNCLOSED))))
    assert page.count("Make it inside the loop that uses it") == 1
    assert '<a href="#fix-1">incident 1</a>' in page


def test_a_page_stays_usable() -> None:
    """Of very many incidents the first are shown in full, and the rest is a number."""
    many = report(*[diagnosis(member("event-loop-closed", CLOSED))] * (MOST + 7))
    page = rendered(many)
    assert page.count("<article") == MOST
    assert "7 more incidents" in page


def test_a_reference_that_is_no_https_address_is_no_link() -> None:
    """Rules of a user may say anything; only addresses become links."""
    odd = msgspec.structs.replace(REUSED, references=("javascript:alert(1)", 'https://docs.python.org/"><b>'))
    reader = assert_harmless(rendered(report(msgspec.structs.replace(FAILED.diagnoses[0], candidates=(odd,)))))
    assert "javascript:alert(1)" in reader.seen


@pytest.mark.tools
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_it_without_complaint(width: int, tmp_path: Path) -> None:
    """Chromium loads the page with nothing on its console, and nothing sticks out to the right."""
    assert CHROMIUM is not None
    (tmp_path / "report.html").write_text(rendered(report(FAILED.diagnoses[0], diagnosis(member("x", UNCLOSED)))))
    (tmp_path / "frame.html").write_text(
        f'<iframe src="report.html" width={width} height=900 onload="document.title ='
        " contentDocument.documentElement.scrollWidth + ' ' + getComputedStyle"
        ".call(contentWindow, contentDocument.querySelector('nav')).borderTopStyle\"></iframe>"
    )
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    command += ["--enable-logging=stderr", "--virtual-time-budget=4000", "--dump-dom"]
    done = subprocess.run(
        [*command, f"file://{tmp_path}/frame.html"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "CONSOLE" not in done.stderr
    title = re.search(r"<title>(\d+) (\w+)</title>", done.stdout)
    assert title is not None, done.stdout
    assert int(title[1]) <= width
    assert title[2] == "solid"
