"""The command line: arguments in, exit status out. What a command needs is imported when it runs."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from loopdoctor import __version__, commands, fleet_commands, rule_commands
from loopdoctor.errors import LoopdoctorError
from loopdoctor.options import (
    Baseline,
    Color,
    Dask,
    FailOn,
    Follow,
    Format,
    Full,
    Ignored,
    Jobs,
    Output,
    Quiet,
    Redact,
    Reports,
    Rules,
    Since,
    State,
    Top,
    Until,
    Why,
    Width,
    WriteBaseline,
    catalogue_of,
    fails,
    one_of,
    project_defaults,
    redaction_for,
)

if TYPE_CHECKING:
    from loopdoctor.gate import Gate
    from loopdoctor.model import Report
    from loopdoctor.redaction import Redaction
    from loopdoctor.settings import Settings
    from loopdoctor.stopping import Stop

EXIT_FOUND = 1
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
BY_SIGNAL = 128

app = typer.Typer(
    name="loopdoctor",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help is plain text: rich would double the time that it takes to come
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(rule_commands.app, name="rules")


Paths = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PATH ...|-]", help="Logs, directories, archives or s3:// addresses; - is standard input."),
]


def _version(wanted: bool) -> None:
    if wanted:
        from loopdoctor.render.delivery import to_stdout

        to_stdout([f"loopdoctor {__version__}\n"])
        raise typer.Exit


@app.callback()
def loopdoctor(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Finds asyncio failures in any log, and names the mistake behind each one and the steps that fix it.

    \b
    loopdoctor scan app.log                   what went wrong, why, the fix
    journalctl -u shop | loopdoctor scan      from a pipe
    loopdoctor scan logs/ --format json       for a program
    loopdoctor scan ci.log --fail-on likely   exit 1 if something is found
    loopdoctor diff good.log bad.log          what is new, gone, more or less frequent
    loopdoctor explain resource-not-closed    one mistake in full
    loopdoctor repro resource-not-closed      a program that makes it, and its repaired twin
    loopdoctor run -- python app.py           a command, then what went wrong in it
    loopdoctor merge a.json b.json            one report of scans made apart
    loopdoctor config                         what holds here, and where it was set
    """
    if not {"-h", "--help"} & set(sys.argv):  # help must come even where the configuration is broken
        context.default_map = project_defaults(context.command)


@app.command()
def scan(
    paths: Paths = None,
    format: Format = "text",  # noqa: A002
    output: Output = None,
    report: Reports = None,
    rules: Rules = None,
    full: Full = False,
    since: Since = None,
    until: Until = None,
    jobs: Jobs = 0,
    dask: Dask = None,
    follow: Follow = False,
    state: State = None,
    fail_on: FailOn = "never",
    baseline: Baseline = None,
    write_baseline: WriteBaseline = None,
    ignore: Ignored = None,
    top: Top = 3,
    why: Why = False,
    color: Color = None,
    width: Width = None,
    redact: Redact = None,
    quiet: Quiet = False,
) -> None:
    """Diagnose logs: what went wrong, which mistake caused it, and how to fix it.

    Reads standard input if no PATH is given.

    \b
    loopdoctor scan app.log worker.log.gz
    kubectl logs deploy/shop | loopdoctor scan --top 1
    loopdoctor scan ci.log -f json -o report.json --fail-on likely
    loopdoctor scan ci.log --report json=ci.json      and the text, of one scan
    loopdoctor scan app.log --since 2h                what was logged since then
    loopdoctor scan pod-a/ --report part=a.json       for `loopdoctor merge`
    loopdoctor scan /mnt/logs --dask tcp://cluster:8786
    journalctl -f -u shop | loopdoctor scan --follow -
    loopdoctor scan app.log --state app.state         from a timer: what is added

    \b
    To fail on new failures only, accept those of today and keep the file:
      loopdoctor scan ci.log --write-baseline known.json
      loopdoctor scan ci.log --baseline known.json --fail-on likely

    \b
    Exit status: 0 scanned; 1 found something at or above --fail-on; 2 an error,
    or a report that could not be written (the others are); 130 stopped by
    Ctrl-C, 143 by SIGTERM, 129 by SIGHUP, with a report on what was found until
    then (a second signal ends it at once). With --follow a signal is the usual
    end, and the status that of a finished scan.

    \b
    Each option can be set for a project, `fail-on = "likely"` below
    [tool.loopdoctor] in pyproject.toml, or as LOOPDOCTOR_FAIL_ON: see
    `loopdoctor config --help`.
    """
    from loopdoctor.acceptance import accept, gate_of
    from loopdoctor.checkout import find_checkout
    from loopdoctor.render.messages import say_error, say_notices
    from loopdoctor.render.targets import deliver, kept_for, on_stdout, targets_of
    from loopdoctor.render.terminal import is_terminal
    from loopdoctor.scanning import begin, run_scan
    from loopdoctor.stopping import stop_on_signals

    sources = _sources(paths)
    targets = targets_of(format, output, report or ())
    shown = on_stdout(targets)
    look = {"color": color, "width": width, "top": top, "why": why, "checkout": find_checkout()}
    redaction = redaction_for(redact, {target.format for target in targets})
    settings = _settings(rules, full, since, until, jobs)
    keep = kept_for(targets, redact)
    gate, former = gate_of(baseline, write_baseline, ignore or ())
    # Until all is written: a signal must not leave half of it.
    with stop_on_signals() as stop, begin(state, sources, follow=follow, dask=dask) as again:
        if again is not None and (ended := again.resume(targets, say_error)) is not None:
            raise typer.Exit(ended)
        if follow:
            if dask:
                raise typer.BadParameter("--follow reads on this machine only, so it cannot go with --dask")
            live = sys.stdout if shown in {"", "text"} else None if quiet else sys.stderr
            found = _follow(sources, settings, stop, _titles(rules), live, look, redaction if redact else None, gate)
        else:
            meter_shown = not quiet and is_terminal(sys.stderr)
            found = run_scan(sources, settings, stop, again, shown=meter_shown, keep=keep, dask=dask)
        found = gate.judge(found)
        status = _status(found, fail_on if write_baseline is None else "never", stop.number)
        titles = _titles(rules) if found.diagnoses or found.ignored else {}
        edit = redaction.edit if redaction else None
        if again is not None:
            written = again.deliver(found, titles, targets, look, say_error, edit, status)
        else:
            written = deliver(found, titles, targets, look, say_error, edit)
        if write_baseline is not None:
            accept(found, titles, write_baseline, former, quiet=quiet)
        # GitHub reads standard error for commands too; there the format itself tells of the notices.
        if not quiet and shown != "github" and (shown != "text" or not is_terminal(sys.stdout)):
            say_notices(redaction.of(found) if redaction and redact else found)
    raise typer.Exit(status if written else EXIT_ERROR)


@app.command()
def records(
    paths: Paths = None,
    rules: Rules = None,
    full: Full = False,
) -> None:
    """Show what the parser grouped: every record of a log as one JSON object a line."""
    from loopdoctor.pipeline import read_records
    from loopdoctor.render.delivery import to_stdout
    from loopdoctor.render.json_report import record_line

    to_stdout(record_line(record) for record in read_records(_sources(paths), _settings(rules, full)))


@app.command()
def explain(
    id: Annotated[  # noqa: A002
        str | None, typer.Argument(metavar="ID", help="A cause or a symptom; `rules list` names them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every cause and symptom, one after the other.")] = False,
    format: Annotated[  # noqa: A002
        str, typer.Option("--format", "-f", help="How to write it.", **one_of("text", "markdown", "json"))
    ] = "text",
    library: Annotated[
        str | None, typer.Option(metavar="NAME", help="The code for this library, e.g. aiohttp.")
    ] = None,
    all_libraries: Annotated[bool, typer.Option("--all-libraries", help="The code for every library.")] = False,
    python: Annotated[str | None, typer.Option(metavar="X.Y", help="Only the code that this Python can run.")] = None,
    rules: Rules = None,
    color: Color = None,
    width: Width = None,
) -> None:
    """Explain a cause or a symptom in full, offline: what it means, how it is recognised, fixed and prevented."""
    from loopdoctor.render import explain as page
    from loopdoctor.render import terminal
    from loopdoctor.render.delivery import to_stdout
    from loopdoctor.repro import load_pairs

    if id is None and not everything:
        raise typer.BadParameter("name a cause or a symptom, or give --all; `loopdoctor rules list` names them all")
    reproduced = frozenset(pair.cause for pair in load_pairs().pairs.values())
    choice = page.Choice(library=library, python=python, all_libraries=all_libraries, reproduced=reproduced)
    view = terminal.view_of(sys.stdout, color=color, width=width)
    pieces = page.render(catalogue_of(rules), None if everything else id, format, choice, view)
    to_stdout(pieces, terminal.encoding_of(sys.stdout) if format == "text" else "utf-8")


app.command()(commands.repro)
app.command()(commands.diff)
app.command()(fleet_commands.merge)
app.command()(commands.config)
app.command(context_settings={"allow_interspersed_args": False})(commands.run)


def _app_for(arguments: Sequence[str]) -> typer.Typer:
    """The application with no other command than the one named first: typer takes 1 ms for each, and makes them all."""
    named = [command for command in app.registered_commands if [_name_of(command)] == list(arguments[:1])]
    if not named:
        return app
    small = copy(app)
    small.registered_commands, small.registered_groups = named, []
    return small


def _name_of(command: Any) -> str:
    return str(command.name or command.callback.__name__)


def main() -> int:
    """The console entry point: runs the command line and returns the exit status (raises with LOOPDOCTOR_DEBUG)."""
    gc.set_threshold(50_000, 20, 100)  # a short scan makes many objects, and none that must be looked for
    try:
        status = _app_for(sys.argv[1:])(prog_name="loopdoctor", standalone_mode=False)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except LoopdoctorError as error:
        return _failed(error)
    except Exception as error:
        # Usage errors have a class of click's or typer's own, by version; both say how they want to be shown.
        if hasattr(error, "format_message"):
            return _failed(_usage_error(error)) if error.format_message() else EXIT_ERROR
        if type(error) is typer.Abort:
            return EXIT_INTERRUPTED
        if os.environ.get("LOOPDOCTOR_DEBUG"):
            raise
        return _failed(_unexpected(error))
    return status if isinstance(status, int) else 0


def _failed(error: LoopdoctorError) -> int:
    from loopdoctor.render.messages import say_error

    say_error(error)
    return EXIT_ERROR


def _sources(paths: Sequence[str] | None) -> list[str]:
    if paths and (sys.stdin is not None or "-" not in paths):
        return list(paths)
    if sys.stdin is None or sys.stdin.isatty():
        raise typer.BadParameter("nothing to read: name a log, a directory, or - for standard input")
    return ["-"]


def _settings(
    rules: Sequence[str] | None, full: bool, since: str | None = None, until: str | None = None, jobs: int = 0
) -> Settings:
    from loopdoctor.configuration import read_configuration, settings_of
    from loopdoctor.timespan import span_of

    span = span_of(since, until)
    return settings_of(read_configuration(), tuple(rules or ()), full=full, span=span, jobs=jobs)


def _titles(rules: Sequence[str] | None) -> dict[str, str]:
    return {symptom.id: symptom.title for symptom in catalogue_of(rules).symptoms.values()}


def _follow(
    sources: list[str],
    settings: Settings,
    stop: Stop,
    titles: dict[str, str],
    live: TextIO | None,
    look: dict[str, Any],
    redaction: Redaction | None,
    gate: Gate,
) -> Report:
    """Tells of incidents on ``live`` until the logs end or a signal asks for the report."""
    from loopdoctor.follow import follow
    from loopdoctor.gate import seen_by
    from loopdoctor.model import Report
    from loopdoctor.render import delivery, terminal
    from loopdoctor.render.live import Ticker

    ticker = Ticker(titles, terminal.view_of(live, **look))
    encoding = terminal.encoding_of(live)
    told = False
    for item in seen_by(gate, follow(sources, settings, stop)):
        if isinstance(item, Report):
            if told and live is not None:
                delivery.to_stream(live, ["\n"], encoding)
            return item
        told = True
        if live is not None and not delivery.to_stream(
            live, [ticker.render(redaction.of(item) if redaction else item)], encoding
        ):
            stop.set()  # whoever read it has gone
    raise AssertionError("a scan ends with its report")


def _status(report: Report, fail_on: str, signal: int) -> int:
    if report.stats.interrupted:
        return BY_SIGNAL + signal if signal else EXIT_INTERRUPTED
    return EXIT_FOUND if fails(report, fail_on) else 0


def _usage_error(error: Any) -> LoopdoctorError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "loopdoctor"
    hint = f"see `{command} --help`"
    named = sys.argv[1] if len(sys.argv) > 1 else ""
    if context and context.parent is None and named and (named == "-" or os.path.exists(named)):  # noqa: PTH110
        hint = f"did you mean `loopdoctor scan {named}`?"
    return LoopdoctorError("usage", error.format_message(), hint=hint)


def _unexpected(error: BaseException) -> LoopdoctorError:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return LoopdoctorError(
        "internal",
        f"loopdoctor itself failed: {type(error).__name__}: {error}",
        context=where,
        hint="this is a bug: please report it with what `LOOPDOCTOR_DEBUG=1 loopdoctor ...` prints",
    )
