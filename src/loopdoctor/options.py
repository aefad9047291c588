"""Options that several commands have, each said once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from loopdoctor.catalogue.schema import Catalogue


def one_of(*choices: str) -> Any:
    """What makes an option take one of these words, and name them in its help and its error."""

    def check(value: str) -> str:
        if value not in choices:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(choices)}")
        return value

    return {"callback": check, "metavar": "|".join(choices), "autocompletion": lambda: list(choices)}


Width = Annotated[int | None, typer.Option(min=40, max=400, help="Columns of the text report.")]
TextOrJson = Annotated[str, typer.Option("--format", "-f", help="How to write it.", **one_of("text", "json"))]
Color = Annotated[
    bool | None, typer.Option("--color/--no-color", help="Colour, whatever the output is.", show_default="auto")
]
Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        metavar="DIR",
        help="A directory with rules of your own, beside those of [tool.loopdoctor]; may be given several times.",
    ),
]

Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to a file.")]
Reports = Annotated[
    list[str] | None,
    typer.Option(
        "--report",
        metavar="FORMAT=FILE",
        help="Write a further report, of the same scan; may be given several times. FORMAT=- takes the place of the "
        "text on standard output.",
    ),
]
Follow = Annotated[
    bool,
    typer.Option(
        "--follow",
        "-F",
        help="Go on reading while the log is written, through rotations, and tell of each incident as it comes; "
        "the report follows at the end (end of the pipe, Ctrl-C, SIGTERM).",
    ),
]
Top = Annotated[int, typer.Option(min=1, metavar="N", help="How many causes of each failure the text shows.")]
Why = Annotated[
    bool, typer.Option("--why", help="Show every clue that was asked, held or not, with its weight and its lines.")
]
Redact = Annotated[
    bool | None,
    typer.Option(
        "--redact/--no-redact",
        help="Mask passwords, tokens, cookies, keys, addresses and user names in the report.",
        show_default="in formats that leave the machine: markdown, html, github, gitlab, sarif",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")]


def rule_directories(rules: Sequence[str] | None) -> list[str]:
    """The project's own rule directories (``[tool.loopdoctor] rules``), then those given on the command line."""
    from loopdoctor.configuration import read_configuration

    return [*read_configuration().rules, *(rules or ())]


def catalogue_of(rules: Sequence[str] | None) -> Catalogue:
    """The built-in rules with those of the project and of the command line on top."""
    from loopdoctor.catalogue.load import load_catalogue

    return load_catalogue(rule_directories(rules))
