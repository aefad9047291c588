"""Commands that stand beside a scan, apart from ``cli`` to keep it short. What one needs is imported when it runs."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from loopdoctor.options import Color, TextOrJson, Width, catalogue_of


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


def _minor(python: str | None) -> str | None:
    """``3.11`` of ``3.11`` or ``3.11.7``; anything else is wrong usage."""
    if python is None:
        return None
    parts = python.split(".")
    if len(parts) not in {2, 3} or parts[0] != "3" or not all(part.isdecimal() for part in parts):
        raise typer.BadParameter(f"{python!r} is not a version of Python such as 3.11")
    return ".".join(parts[:2])


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
      3. the nearest loopdoctor.toml, or pyproject.toml with \\[tool.loopdoctor], in
         this directory or above; paths in it are relative to it
      4. the default
    Directories with rules are added up instead of replaced.

    \b
    \\[tool.loopdoctor]
    rules = \\["ops/loopdoctor-rules"]
    fail-on = "likely"
    report = \\["json=build/loopdoctor.json"]

    \b
    \\[tool.loopdoctor.limits]
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
