"""Runs all pairs under every Python that is installed, and writes what came of it into docs/pairs.md.

    python sample_logs/matrix.py [NAME ...] [--python X.Y ...]     these pairs, under these Pythons (default: all)

For each pair and Python: what ``broken.py`` prints must be diagnosed with the pair's cause first, and ``fixed.py`` must
end with status 0, print no complaint and get no diagnosis. Outside the Pythons that ``sample.yaml`` names (``since``,
``until``) ``broken.py`` must not show the failure. Cells that were not run keep what the table has; the exit status is
1 if a cell that was run is wrong. Virtual environments are made once and kept below ~/.cache/loopdoctor-samples.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

# This checkout's own, whatever is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from loopdoctor import pipeline as scanning
from loopdoctor.repro import Pair, bounds
from loopdoctor.settings import Settings
from running import HERE, Environment, complaint, environment, find_python, load_all, release, run_program
from servers import started

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
PAGE = HERE.parent / "docs" / "pairs.md"
BEGIN, END = "<!-- results: matrix.py -->", "<!-- end of results -->"

RIGHT, NEWEST, NOT_HERE, NO_WHEELS = "yes", "yes, newest", "no", "no wheels"
"""What a cell may say that is in order; anything else is wrong, but for "", which was never run."""


@dataclass(frozen=True)
class Cell:
    """What came of one pair under one Python: a word for the table, and what was printed if it is wrong."""

    word: str
    output: str = ""

    @property
    def wrong(self) -> bool:
        return self.word not in {RIGHT, NEWEST, NOT_HERE, NO_WHEELS, ""}


def first_causes(output: str) -> list[str]:
    """The first cause of each diagnosis that a scan of ``output`` makes, in the order of the log."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "app.log"
        log.write_text(output)
        report = scanning.scan([str(log)], Settings())
    return [diagnosis.candidates[0].id for diagnosis in report.diagnoses if diagnosis.candidates]


def run_cell(pair: Pair, python: str) -> Cell:
    """Runs both programs of a pair under one Python, and judges what they print."""
    interpreter = find_python(python)
    if interpreter is None:
        return Cell("")
    try:
        made = environment(pair, python)
    except LookupError:
        return Cell(NO_WHEELS)
    with started(pair.needs) as extra:
        broken = run_program(pair, "broken.py", made.python, extra)
        if not pair.shows_on(release(interpreter)):
            return Cell("shows it too", broken.output) if pair.cause in first_causes(broken.output) else Cell(NOT_HERE)
        fixed = run_program(pair, "fixed.py", made.python, extra)
    causes = first_causes(broken.output)
    if pair.cause not in causes:
        return Cell(f"says {', '.join(causes)}" if causes else "says nothing", broken.output)
    if complaint(fixed):
        return Cell(f"fixed.py {complaint(fixed)}", fixed.output)
    if first_causes(fixed.output):
        return Cell("fixed.py is diagnosed", fixed.output)
    return Cell(NEWEST if made.newest else RIGHT)


def make_environments(pairs: list[Pair], pythons: list[str]) -> None:
    """Makes all environments, each once; what cannot be made shows when its cell is run."""

    def make(pair: Pair, python: str) -> Environment | None:
        try:
            return environment(pair, python)
        except (LookupError, OSError):
            return None

    distinct = {(pair.pins(python), python): pair for pair in pairs for python in pythons}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda item: make(item[1], item[0][1]), distinct.items()))


def run_cells(pairs: list[Pair], pythons: list[str]) -> dict[tuple[str, str], Cell]:
    """Every pair under every Python; tells the wrong cells as they come."""
    make_environments(pairs, pythons)
    load = scanning.load_catalogue
    rules = load()
    scanning.load_catalogue = lambda extra: load(extra) if extra else rules  # read once, not for each of the scans
    cells = {}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        futures = {pool.submit(run_cell, pair, python): (pair, python) for pair in pairs for python in pythons}
        for future in concurrent.futures.as_completed(futures):
            pair, python = futures[future]
            try:
                cell = future.result()
            except (OSError, LookupError, subprocess.SubprocessError) as error:
                cell = Cell("not run", str(error))
            cells[pair.name, python] = cell
            if cell.wrong:
                print(f"--- {pair.name}, Python {python}: {cell.word}\n{cell.output}", file=sys.stderr, flush=True)
    return cells


# --- the page -------------------------------------------------------------------------------------


def known_words(page: str) -> dict[tuple[str, str], str]:
    """The cells of the table as it stands: (pair, Python) -> word."""
    words = {}
    for line in page.splitlines():
        if line.startswith("| [") and line.count("|") == len(PYTHONS) + 4:
            name, _, *cells = (part.strip() for part in line.strip("| ").split("|"))
            name = name.partition("]")[0].strip("[")
            words |= {(name, python): word for python, word in zip(PYTHONS, cells, strict=False)}
    return words


def results(pairs: list[Pair], words: dict[tuple[str, str], str], day: str) -> str:
    """The figures, the table and the reasons, in Markdown."""
    rows = [
        f"| pair | cause | {' | '.join(PYTHONS)} | libraries |",
        f"|---|---|{'---|' * len(PYTHONS)}---|",
    ]
    for pair in pairs:
        cells = " | ".join(words.get((pair.name, python), "") for python in PYTHONS)
        libraries = ", ".join((*pair.requires, *pair.needs)) or "none"
        rows.append(f"| [{pair.name}](../sample_logs/{pair.name}) | `{pair.cause}` | {cells} | {libraries} |")
    count = [words.get((pair.name, python), "") for pair in pairs for python in PYTHONS]
    right = count.count(RIGHT) + count.count(NEWEST)
    wrong = sum(Cell(word).wrong for word in count)
    figures = (
        f"Last run on {day}: {len(pairs)} pairs of {len({pair.cause for pair in pairs})} causes, {right} cells right "
        f"({count.count(NEWEST)} of them with another release of a library than the pinned one), {wrong} wrong, "
        f"{count.count(NOT_HERE)} where that Python does not show the failure, "
        f"{count.count(NO_WHEELS)} where a library has no wheels for that Python."
    )
    reasons = [
        f"- `{pair.name}` shows on {bounds(pair)}: {pair.versions}" for pair in pairs if pair.since or pair.until or pair.only
    ]
    return "\n".join([figures, "", *rows, "", "Why some Pythons do not show a failure:", "", *reasons])


def write_page(pairs: list[Pair], cells: dict[tuple[str, str], Cell]) -> None:
    """Puts the results between their two marks; cells that were not run keep their word."""
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    words = known_words(page) | {place: cell.word for place, cell in cells.items() if cell.word}
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    PAGE.write_text(f"{before}{BEGIN}\n\n{results(pairs, words, day)}\n\n{END}{rest.split(END)[1]}")


def main() -> int:
    """Runs what the command line names; 1 if a cell is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="pairs to run (default: all)")
    parser.add_argument("--python", action="append", choices=PYTHONS, help="a Python to run them under (default: all)")
    arguments = parser.parse_args()
    every = load_all()
    unknown = set(arguments.names) - {pair.name for pair in every}
    if unknown:
        parser.error(f"no such pair: {', '.join(sorted(unknown))}")
    pairs = [pair for pair in every if not arguments.names or pair.name in arguments.names]
    cells = run_cells(pairs, arguments.python or list(PYTHONS))
    write_page(every, cells)
    wrong = sorted(f"{name} {python}: {cell.word}" for (name, python), cell in cells.items() if cell.wrong)
    print("\n".join(wrong) or f"{len(cells)} cells, none wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
