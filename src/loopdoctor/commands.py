"""Commands that stand beside a scan, apart from ``cli`` to keep it short. What one needs is imported when it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopdoctor.option_table import FAIL_ON, OPTIONS
from loopdoctor.options import (
    Color,
    FailOn,
    Format,
    Full,
    Output,
    Quiet,
    Redact,
    Reports,
    Rules,
    TextOrJson,
    Top,
    Why,
    Width,
    catalogue_of,
    fails,
    one_of,
    redaction_for,
)

if TYPE_CHECKING:
    from loopdoctor.differences import Side
    from loopdoctor.model import Report
    from loopdoctor.render.targets import Target
    from loopdoctor.running import Ended

EXIT_FOUND = 1
EXIT_ERROR = 2


def repro(
    id: Annotated[  # noqa: A002
        str | None, typer.Argument(metavar="CAUSE", help="A cause, a symptom, or the name of a pair.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All its pairs; without CAUSE those of every cause.")
    ] = False,
    library: Annotated[
        str | None, typer.Option(metavar="NAME", help="A pair of this library; asyncio: the standard library alone.")
    ] = None,
    python: Annotated[str | None, typer.Option(metavar="X.Y", help="A pair that this Python shows.")] = None,
    write: Annotated[
        str | None, typer.Option("--write", "-w", metavar="DIR", help="Write the programs into this directory.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="With --write: replace files that are there.")] = False,
    format: TextOrJson = "text",  # noqa: A002
    color: Color = None,
    width: Width = None,
) -> None:
    """Print a program that fails of a cause, the same program repaired, and how to run both.

    \b
    loopdoctor repro missing-await
    loopdoctor repro resource-not-closed --library redis
    loopdoctor repro event-loop-is-closed --write /tmp/closed
    """
    from loopdoctor.render import repro as page
    from loopdoctor.render import terminal
    from loopdoctor.render.delivery import to_folder, to_stdout
    from loopdoctor.repro import files, find, load_pairs

    if id is None and not everything:
        raise typer.BadParameter("name a cause, or give --all; `loopdoctor rules list` names them all")
    pairs = load_pairs()
    found = find(pairs, catalogue_of(None), id, library=library, python=_minor(python))
    shown = page.Shown(found, pairs.servers, python=_minor(python), everything=everything)
    if write is not None and found.pairs:
        several = everything and len(found.pairs) > 1
        for pair in found.pairs if everything else found.pairs[:1]:
            folder = f"{write}/{pair.name}" if several else write
            to_folder(files(pair, pairs.servers, _minor(python)), folder, force=force)
        to_stdout(page.written(shown, write, format, several=several))
        return
    view = terminal.view_of(sys.stdout, color=color, width=width)
    to_stdout(page.render(shown, format, view), terminal.encoding_of(sys.stdout) if format == "text" else "utf-8")


def run(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND [ARGUMENT ...]", show_default=False)],
    format: Format = "text",  # noqa: A002
    output: Output = None,
    report: Reports = None,
    rules: Rules = None,
    fail_on: FailOn = "never",
    top: Top = 3,
    why: Why = False,
    color: Color = None,
    width: Width = None,
    redact: Redact = None,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug/--no-debug",
            help="Let every Python that is started below tell more, by its environment (see above).",
        ),
    ] = True,
    tty: Annotated[
        bool,
        typer.Option("--tty/--no-tty", help="Where our output is a terminal, give the command one; else always pipes."),
    ] = True,
    quiet: Quiet = False,
) -> None:
    """Run a command, and diagnose what it writes when it has ended.

    \b
    loopdoctor run -- python app.py
    loopdoctor run --report json=loop.json -- pytest -x
    loopdoctor run --fail-on likely -- make test

    The command has the input, the signals and the exit status that it would
    have without loopdoctor, and its output: bytes as they are, at once, standard
    output and standard error each to its own place, in their order where both go
    to one place (a terminal, `2>&1`). The report goes to standard error, or to a
    file. No shell is involved; for one, run `sh -c '...'`.

    These are set in its environment where you have not set them yourself:
    PYTHONASYNCIODEBUG=1 and PYTHONTRACEMALLOC=10 (where tasks and resources were
    made), PYTHONWARNINGS=default (never awaited, unclosed; filters of your own
    are kept and count first), PYTHONFAULTHANDLER=1, PYTHONUNBUFFERED=1. They cost
    time and memory, and on a busy machine asyncio's debug mode may tell of slow
    steps that are slow for no other reason; --no-debug leaves them out.

    Where our output is a terminal the command gets one of its own, of the same
    size, so that colours and progress bars stay; --no-tty gives it a pipe.
    Signals sent to loopdoctor (INT, TERM, HUP, QUIT, USR1, USR2, WINCH) are
    handed on, but not twice what came to the whole process group (Ctrl-C).

    Half a second after the command has ended, what it left behind is no longer
    waited for. Of each stream the first and the latest 256 MiB are diagnosed,
    from a temporary file. Inside another `run` the outer one tells the report.

    \b
    Exit status: that of the command; killed by a signal, loopdoctor dies of the
    same. 1 if it was 0 and something was found at or above --fail-on. 2 if
    loopdoctor was called wrongly (nothing is run), or if the command ended with
    0 and a report could not be written. 126 if the command cannot be run, 127 if
    there is none of that name.
    """
    from loopdoctor import running
    from loopdoctor.render.messages import say_error
    from loopdoctor.render.targets import targets_of

    titles = {symptom.id: symptom.title for symptom in catalogue_of(rules).symptoms.values()}  # broken rules: told now
    targets = targets_of(format, output, report or ())
    if quiet or running.nested():
        targets = tuple(target for target in targets if target.path is not None)
    try:
        ended = running.run_command(command, debug=debug, terminals=tty)
    except running.NotStarted as error:
        say_error(error)
        raise typer.Exit(error.status) from None
    look = {"color": color, "width": width, "top": top, "why": why}
    found, written = _diagnose(ended, rules, titles, targets, look, redact, quiet=quiet)
    if ended.signal:
        running.die_of(ended.signal)
    own = EXIT_ERROR if not written else EXIT_FOUND if fails(found, fail_on) else 0
    raise typer.Exit(ended.status or own)


def _diagnose(
    ended: Ended,
    rules: list[str] | None,
    titles: dict[str, str],
    targets: Sequence[Target],
    look: dict[str, Any],
    redact: bool | None,
    *,
    quiet: bool,
) -> tuple[Report, bool]:
    """Scans what the command wrote and delivers the reports; whether all of them, and all of its output, arrived."""
    from loopdoctor.checkout import find_checkout
    from loopdoctor.configuration import read_configuration, settings_of
    from loopdoctor.pipeline import scan_sources
    from loopdoctor.render.messages import say_error, say_notices
    from loopdoctor.render.targets import deliver, on_stdout
    from loopdoctor.running import sources_of

    settings = settings_of(read_configuration(), tuple(rules or ()), full=False)
    found = scan_sources(lambda notify: sources_of(ended, settings, notify), settings)
    if not found.inputs and not found.notices:
        targets = [target for target in targets if target.path is not None]  # it wrote nothing: nothing to tell
    redaction = redaction_for(redact, {target.format for target in targets})
    edit = redaction.edit if redaction else None
    written = deliver(found, titles, targets, {**look, "checkout": find_checkout()}, say_error, edit, sys.stderr)
    if not quiet and not on_stdout(targets):  # every report has them
        say_notices(redaction.of(found) if redaction and redact else found)
    return found, written and all(channel.failed is None for channel in ended.channels)


def _minor(python: str | None) -> str | None:
    """``3.11`` of ``3.11`` or ``3.11.7``; anything else is wrong usage."""
    if python is None:
        return None
    parts = python.split(".")
    if len(parts) not in {2, 3} or parts[0] != "3" or not all(part.isdecimal() for part in parts):
        raise typer.BadParameter(f"{python!r} is not a version of Python such as 3.11")
    return ".".join(parts[:2])


def diff(
    good: Annotated[str, typer.Argument(metavar="GOOD", help="The log to compare with, or a JSON report on it.")],
    bad: Annotated[str, typer.Argument(metavar="BAD", help="The log that is asked about, or a JSON report on it.")],
    format: TextOrJson = "text",  # noqa: A002
    output: Output = None,
    rules: Rules = None,
    full: Full = False,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on",
            help="Exit with 1 on any new failure, or only on one whose first cause has a confidence of 50 % (likely) "
            "or 80 % (certain).",
            **one_of(*OPTIONS["fail-on"].choices),
        ),
    ] = "never",
    color: Color = None,
    width: Width = None,
    quiet: Quiet = False,
) -> None:
    """Compare two logs: which failures are new, gone, more or less frequent.

    \b
    loopdoctor diff good.log bad.log
    loopdoctor diff yesterday.json today.log.gz
    loopdoctor diff before/ after/ --fail-on likely
    kubectl logs deploy/shop | loopdoctor diff main.json - --format json

    Each side is a log, a directory, an archive, - for standard input, or a report
    that `loopdoctor scan --format json` wrote.

    A failure is the same if its fingerprint is. It is more or less frequent if
    its rate has changed by half or more, and by more than chance explains: per
    hour where both sides say from when to when they go, else per line.

    \b
    Exit status: 0 compared; 1 a new failure at or above --fail-on; 2 an error;
    130 stopped by Ctrl-C (nothing is compared then).
    """
    from loopdoctor import differences
    from loopdoctor.render import delivery, terminal
    from loopdoctor.render import diff as page

    if good == bad == "-":
        raise typer.BadParameter("standard input can be one side only")
    to_file = output is not None and output != "-"
    if output is not None and to_file:
        delivery.check_target(output)
    sides = [_side(path, rules, full=full, quiet=quiet) for path in (good, bad)]
    found = differences.compare(*sides)
    if output is not None and to_file:
        delivery.to_file(page.render(found, format, terminal.view_of_file(color=color, width=width)), output)
    else:
        encoding = terminal.encoding_of(sys.stdout) if format == "text" else "utf-8"
        view = terminal.view_of(sys.stdout, color=color, width=width)
        delivery.to_stdout(page.render(found, format, view), encoding)
    raise typer.Exit(EXIT_FOUND if differences.fails(found, FAIL_ON[fail_on]) else 0)


def _side(path: str, rules: Sequence[str] | None, *, full: bool, quiet: bool) -> Side:
    """One side of a comparison: a report that is read, or a log that is scanned, without what the project ignores."""
    from loopdoctor.acceptance import gate_of
    from loopdoctor.configuration import read_configuration, settings_of
    from loopdoctor.differences import side_of
    from loopdoctor.pipeline import scan
    from loopdoctor.render.json_report import as_json
    from loopdoctor.render.messages import say_notices
    from loopdoctor.render.progress import meter
    from loopdoctor.render.terminal import is_terminal
    from loopdoctor.report_file import is_report, of_document, read_report

    if is_report(path):
        return side_of(path, read_report(path))
    settings = settings_of(read_configuration(), tuple(rules or ()), full=full)
    with meter(shown=not quiet and is_terminal(sys.stderr)) as progress:
        found = scan([path], settings, progress=progress)
    if found.stats.interrupted:
        raise KeyboardInterrupt
    if not quiet:
        say_notices(found)
    titles = {symptom.id: symptom.title for symptom in catalogue_of(rules).symptoms.values()}
    return side_of(path, of_document(as_json(gate_of(None, None, ())[0].judge(found), titles)))


def config(
    path: Annotated[
        bool, typer.Option("--path", help="Print only the file that is used; exit 1 if there is none.")
    ] = False,
    format: TextOrJson = "text",  # noqa: A002
) -> None:
    """Show every option of a scan: its value here, and where it was set.

    \b
    loopdoctor config
    loopdoctor config --format json
    LOOPDOCTOR_FAIL_ON=any loopdoctor config

    \b
    What counts, the first that says something:
      1. the command line
      2. the environment: LOOPDOCTOR_FAIL_ON=likely, LOOPDOCTOR_WHY=1; lists with
         commas: LOOPDOCTOR_REPORT=json=a.json,text=a.txt
      3. the nearest loopdoctor.toml, or pyproject.toml with [tool.loopdoctor], in
         this directory or above; paths in it are relative to it
      4. the default
    Directories with rules are added up instead of replaced.

    \b
    [tool.loopdoctor]
    rules = ["ops/loopdoctor-rules"]
    fail-on = "likely"
    report = ["json=build/loopdoctor.json"]

    \b
    [tool.loopdoctor.limits]
    max-incidents = 500
    """
    from loopdoctor.configuration import read_configuration, unknown_variables
    from loopdoctor.render import settings_page
    from loopdoctor.render.delivery import to_stdout

    configuration = read_configuration()
    if path:
        to_stdout([f"{configuration.path}\n"] if configuration.path else [])
        raise typer.Exit(0 if configuration.path else 1)
    unknown = unknown_variables(os.environ)
    to_stdout(settings_page.render(configuration.path, configuration.held(), unknown, format))
