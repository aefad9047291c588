"""Options that several commands have, each said once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loopdoctor.option_table import FAIL_ON, OPTIONS

if TYPE_CHECKING:
    from loopdoctor.catalogue.schema import Catalogue
    from loopdoctor.model import Report
    from loopdoctor.redaction import Redaction


def one_of(*choices: str) -> Any:
    """What makes an option take one of these words, and name them in its help and its error."""

    def check(value: str) -> str:
        if value not in choices:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(choices)}")
        return value

    return {"callback": check, "metavar": "|".join(choices), "autocompletion": lambda: list(choices)}


def says(name: str) -> str:
    """What an option means, as its help says it."""
    return OPTIONS[name].meaning


TextOrJson = Annotated[str, typer.Option("--format", "-f", help="How to write it.", **one_of("text", "json"))]
Format = Annotated[str, typer.Option("--format", "-f", help=says("format"), **one_of(*OPTIONS["format"].choices))]
Output = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help=says("output"))]
Reports = Annotated[list[str] | None, typer.Option("--report", metavar="FORMAT=FILE", help=says("report"))]
Rules = Annotated[list[str] | None, typer.Option("--rules", metavar="DIR", help=says("rules"))]
Full = Annotated[bool, typer.Option("--full/--no-full", help=says("full"))]
Follow = Annotated[bool, typer.Option("--follow/--no-follow", "-F", help=says("follow"))]
State = Annotated[str | None, typer.Option("--state", metavar="FILE", help=says("state"))]
FailOn = Annotated[str, typer.Option("--fail-on", help=says("fail-on"), **one_of(*OPTIONS["fail-on"].choices))]
Baseline = Annotated[str | None, typer.Option("--baseline", metavar="FILE", help=says("baseline"))]
WriteBaseline = Annotated[str | None, typer.Option("--write-baseline", metavar="FILE", help=says("write-baseline"))]
Ignored = Annotated[list[str] | None, typer.Option("--ignore", metavar="ID", help=says("ignore"))]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, max=256, metavar="N", help=says("jobs"))]
Dask = Annotated[str | None, typer.Option("--dask", metavar="ADDRESS|local", help=says("dask"))]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help=says("since"))]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help=says("until"))]
Top = Annotated[int, typer.Option(min=1, metavar="N", help=says("top"))]
Why = Annotated[bool, typer.Option("--why/--no-why", help=says("why"))]
Color = Annotated[bool | None, typer.Option("--color/--no-color", help=says("color"), show_default="auto")]
Width = Annotated[int | None, typer.Option(min=40, max=400, help=says("width"))]
Redact = Annotated[
    bool | None,
    typer.Option(
        "--redact/--no-redact",
        help=says("redact"),
        show_default="in formats that leave the machine: markdown, html, github, gitlab, sarif",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet/--no-quiet", "-q", help=says("quiet"))]


def fails(report: Report, fail_on: str) -> bool:
    """Whether a diagnosis that no baseline knows is as certain as ``--fail-on`` asks for."""
    from loopdoctor import gate

    return gate.fails(report.diagnoses, FAIL_ON[fail_on])


def redaction_for(redact: bool | None, formats: set[str]) -> Redaction | None:
    """What masks the secrets in these formats; None where they stay in all of them."""
    from loopdoctor.render import LEAVES_THE_MACHINE

    masked = formats if redact else formats & LEAVES_THE_MACHINE if redact is None else frozenset[str]()
    if not masked and not redact:
        return None
    from loopdoctor.redaction import Redaction

    return Redaction(masked)


def rule_directories(rules: Sequence[str] | None) -> list[str]:
    """The project's own rule directories (``[tool.loopdoctor] rules``), then those given on the command line."""
    from loopdoctor.configuration import read_configuration

    return [*read_configuration().rules, *(rules or ())]


def catalogue_of(rules: Sequence[str] | None) -> Catalogue:
    """The built-in rules with those of the project and of the command line on top."""
    from loopdoctor.catalogue.load import load_catalogue

    return load_catalogue(rule_directories(rules))


def project_defaults(group: Any) -> dict[str, Any]:
    """What the project and the environment put in the place of the commands' own defaults, by command."""
    from loopdoctor.configuration import read_configuration

    configuration = read_configuration()
    everywhere = configuration.defaults(everywhere=True)

    def below(commands: Any) -> dict[str, Any]:
        return {name: below(one.commands) if hasattr(one, "commands") else everywhere for name, one in commands.items()}

    return {**below(group.commands), "scan": configuration.defaults(everywhere=False)}
