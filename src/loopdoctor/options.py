"""Options that several commands have, each said once."""

from __future__ import annotations

from typing import Annotated, Any

import typer


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
