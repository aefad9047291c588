"""Makes the pictures of the README from real reports: ``python docs/pictures/make.py`` (the png needs chromium).

``report.svg`` is what a terminal shows of a sample log, ``report.png`` the beginning of a page of several.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.checkout import Checkout
from loopdoctor.model import Report
from loopdoctor.pipeline import scan
from loopdoctor.render import View, renderer
from loopdoctor.settings import Settings

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
IN_TERMINAL = "price-cache-at-import"
ON_PAGE = ("price-cache-at-import", "quote-pusher-peer-left", "telnet-bridge-two-readers", "radio-log-stream-left")
WIDTH = 96
COLOR = re.compile(r"\x1b\[[0-9;]*m")
PAGE = (1100, 1180)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Writes both pictures; 1 if there is no browser for the second."""
    titles = {rule.id: rule.title for rule in load_catalogue(()).symptoms.values()}
    (HERE / "report.svg").write_text(terminal(titles), encoding="utf-8")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("report.png was not made: it needs chromium", file=sys.stderr)
        return 1
    page(titles, browser)
    return 0


def found(*samples: str) -> Report:
    """What a scan of these samples finds; their paths are those from the root of the repository."""
    return scan([f"sample_logs/{name}/app.log" for name in samples], Settings())


def terminal(titles: dict[str, str]) -> str:
    """The text report as a picture of a terminal, up to the second step of the fix."""
    shown = "".join(renderer("text")(found(IN_TERMINAL), titles, View(width=WIDTH, color=True)))
    lines = shown.split("\n")
    second = next(at for at, line in enumerate(lines) if COLOR.sub("", line).strip().startswith("2. "))
    console = Console(record=True, width=WIDTH + 2, file=StringIO(), force_terminal=True)
    console.print(Text("$ ", "dim") + Text(f"loopdoctor scan sample_logs/{IN_TERMINAL}/app.log", "bold"))
    console.print(Text.from_ansi("\n".join(lines[: second - 1])), no_wrap=True, overflow="ignore", crop=False)
    picture = console.export_svg(title="loopdoctor")
    # No font is fetched from the network; the reader's own will do.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    return re.sub(r"terminal-\d+", "terminal", picture).replace("Fira Code", "ui-monospace, DejaVu Sans Mono")


def page(titles: dict[str, str], browser: str) -> None:
    """The beginning of a page as a browser shows it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "report.html")
        view = View(checkout=Checkout(str(ROOT)))
        file.write_text("".join(renderer("html")(found(*ON_PAGE), titles, view)), encoding="utf-8")
        size = f"--window-size={PAGE[0]},{PAGE[1]}"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", size]
        picture = f"--screenshot={HERE / 'report.png'}"
        subprocess.run([browser, *options, picture, file.as_uri()], check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
