"""Records the sample logs anew: runs every program and writes what it printed.

    python sample_logs/record.py [NAME ...]      record these samples (all without names)
    python sample_logs/record.py --table         write the table of README.md anew

Each sample is a folder with ``broken.py``, ``fixed.py``, ``sample.yaml`` and the recorded ``app.log``. ``broken.py``
runs under the Python and the libraries that ``sample.yaml`` pins; its stdout and stderr, merged as a terminal would
show them, become ``app.log`` once the paths of this machine have neutral names. ``fixed.py`` runs in the same way and
must end with status 0 and print neither a warning nor a traceback.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import re
import subprocess
import sys
from pathlib import Path

# This checkout's own, whatever is installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from loopdoctor.repro import Pair
from running import HERE, complaint, environment, load_all, run_program
from servers import started

MAX_LOG = 40_000
BEGIN, END = "<!-- table: record.py --table -->", "<!-- end of table -->"


def record(pair: Pair) -> list[str]:
    """Records one sample; returns what is wrong with it."""
    made = environment(pair)
    with started(pair.needs) as extra:
        broken = run_program(pair, "broken.py", made.python, extra, carried=True)
        fixed = run_program(pair, "fixed.py", made.python, extra)
    (HERE / pair.name / "app.log").write_text(broken.output)
    problems = [f"{pair.name}: recorded with other versions than those that it pins"] if made.newest else []
    if len(broken.output) > MAX_LOG:
        problems.append(f"{pair.name}: app.log has {len(broken.output)} characters, more than {MAX_LOG}")
    left = re.search(r"(/root|/work|/home|/tmp)/\S*", broken.output)
    if left:
        problems.append(f"{pair.name}: app.log names a path of this machine: {left.group()}")
    wrong = complaint(fixed)
    if wrong:
        problems.append(f"{pair.name}: fixed.py {wrong}\n{fixed.output}")
    return problems


def table(pairs: list[Pair]) -> str:
    """The samples as a Markdown table."""
    rows = ["| sample | what it shows | symptoms | cause | Python | libraries |", "|---|---|---|---|---|---|"]
    for pair in pairs:
        libraries = ", ".join([*pair.requires, *pair.needs]) or "none"
        symptoms = ", ".join(f"`{symptom}`" for symptom in pair.symptoms)
        rows.append(
            f"| [{pair.name}]({pair.name}) | {pair.shows} | {symptoms} | `{pair.cause}` | {pair.python} | {libraries} |"
        )
    return "\n".join(rows)


def write_table() -> None:
    """Puts the table between its two marks in README.md."""
    readme = HERE / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n\n{table(load_all())}\n\n{END}{after}")


def main() -> int:
    """Records the samples that the command line names; 1 if something is wrong with one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="samples to record (default: all)")
    parser.add_argument("--table", action="store_true", help="only write the table of README.md anew")
    arguments = parser.parse_args()
    if arguments.table:
        write_table()
        return 0
    pairs = load_all(arguments.names)
    unknown = set(arguments.names) - {pair.name for pair in pairs}
    if unknown:
        parser.error(f"no such sample: {', '.join(sorted(unknown))}")
    problems = []
    for pair in pairs:  # one after the other: two samples may share an environment that is still to be made
        with contextlib.suppress(LookupError, OSError):
            environment(pair)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for pair, future in [(pair, pool.submit(record, pair)) for pair in pairs]:
            try:
                problems += future.result()
            except (LookupError, OSError, subprocess.SubprocessError) as error:
                problems.append(f"{pair.name}: not recorded: {error}")
    print("\n".join(problems) or f"{len(pairs)} samples recorded", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
