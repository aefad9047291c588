"""Causes and symptoms told in full: as text, Markdown and JSON."""

from __future__ import annotations

import json

import pytest

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.catalogue.nearest import nearest_ids
from loopdoctor.catalogue.schema import Catalogue, Cause, Clue, Signature, Step, Variant, Verdict
from loopdoctor.catalogue.schema import Symptom as SymptomRule
from loopdoctor.render import View, explain
from loopdoctor.render.explain import Choice

CATALOGUE = Catalogue(
    symptoms={
        "loop-closed": SymptomRule(
            id="loop-closed",
            title="Event loop is closed",
            library="asyncio",
            means="Something used a loop after its end.",
            signatures=(Signature(literal="loop is closed"),),
            causes={"kept-client": 0.7},
            match=("RuntimeError: Event loop is closed",),
            no_match=("ValueError: no",),
        )
    },
    causes={
        "kept-client": Cause(
            id="kept-client",
            title="A client is kept",
            means="${object:-The client} was made under another loop.",
            happens="It happens `twice`.",
            clues=(
                Clue(id="two", ask={}, weight=1.0, says="two loops"),  # type: ignore[arg-type]
                Clue(id="one", ask={}, weight=-1.0, says="one loop"),  # type: ignore[arg-type]
            ),
            verdicts=(Verdict("lost-work", "the call failed."),),
            settle="Log the loop.",
            steps=(
                Step(
                    title="Make it anew",
                    text="In the loop.",
                    variants=(
                        Variant(right="asyncio.run(main())", python=">=3.11"),
                        Variant(right="loop.run_until_complete(main())", python="<3.11"),
                        Variant(right="async with httpx.AsyncClient(): ...", wrong="CLIENT = 1", library="httpx"),
                    ),
                ),
            ),
            check=("Run it twice.",),
            prevention=("Do not keep it.",),
            references=("https://docs.python.org/3/",),
        )
    },
    marks={},
)


def told(wanted: str | None, name: str = "text", choice: Choice | None = None) -> str:
    """The explanation of an id of ``CATALOGUE`` in one format."""
    return "".join(explain.render(CATALOGUE, wanted, name, choice or Choice(), View()))


def test_explain_tells_a_cause_in_full() -> None:
    """A cause is told from its meaning to its references, placeholders filled with their defaults."""
    out = told("kept-client", choice=Choice(all_libraries=True))
    for part in ("The client was made under another loop.", "two loops", "one loop", "Log the loop.", "Run it twice."):
        assert part in out
    assert "${" not in out
    assert "For httpx" in out


def test_explain_tells_a_symptom() -> None:
    """A symptom names its causes with their shares and shows an example."""
    out = told("loop-closed")
    assert "70% A client is kept (`kept-client`)" in out
    assert "│ RuntimeError: Event loop is closed" in out


@pytest.mark.parametrize(
    ("choice", "shown", "hidden"),
    [
        (Choice(library="httpx"), "httpx.AsyncClient", "run_until_complete"),
        (Choice(library="redis", python="3.10"), "run_until_complete", "httpx.AsyncClient"),
        (Choice(library="redis", python="3.13"), "asyncio.run(main())", "run_until_complete"),
    ],
)
def test_explain_shows_the_code_asked_for(choice: Choice, shown: str, hidden: str) -> None:
    """--library and --python choose variants; without one of its own a library gets asyncio's."""
    out = told("kept-client", choice=choice)
    assert shown in out
    assert hidden not in out


def test_explain_shows_asyncio_s_code_and_names_the_other_libraries() -> None:
    """Unless told otherwise a page keeps to code that needs no library, and says for which it has more."""
    out = told("kept-client")
    assert "asyncio.run(main())" in out
    assert "httpx.AsyncClient" not in out
    assert "httpx: `--library NAME` shows their code" in out
    assert "--library NAME" not in told("kept-client", choice=Choice(all_libraries=True))


def test_explain_ends_with_the_program_that_shows_the_cause() -> None:
    """A cause that `repro` knows says so in its last line; a team's own cause does not."""
    known = told("kept-client", choice=Choice(reproduced=frozenset({"kept-client"})))
    assert "`loopdoctor repro kept-client` prints" in known.strip().splitlines()[-1]
    assert "loopdoctor repro" not in told("kept-client")


def test_explain_as_json_is_the_rule() -> None:
    """--format json gives the rule as it is written, with its kind."""
    rule = json.loads(told("kept-client", "json"))
    assert (rule["kind"], rule["id"], rule["settle"]) == ("cause", "kept-client", "Log the loop.")
    everything = json.loads(told(None, "json"))
    assert [each["id"] for each in everything] == ["kept-client", "loop-closed"]


def test_explain_as_markdown_fences_its_code() -> None:
    """--format markdown has headings and fenced code with its language."""
    out = told("kept-client", "markdown", Choice(library="httpx"))
    assert out.startswith("## A client is kept\n")
    assert "```python\nasync with httpx.AsyncClient(): ...\n```" in out
    assert out.count("```") % 2 == 0


def test_the_nearest_ids_share_letters_or_words() -> None:
    """A misspelt id, or words of one in another order, find it; nonsense finds nothing."""
    ids = ["kept-client", "event-loop-is-closed", "missing-await"]
    assert nearest_ids("keptclient", ids)[0] == "kept-client"
    assert nearest_ids("closed event loop", ids)[0] == "event-loop-is-closed"
    assert nearest_ids("zzzz", ids) == []


@pytest.mark.parametrize("name", ["text", "markdown", "json"])
def test_the_whole_catalogue_can_be_explained(name: str) -> None:
    """Every built-in cause and symptom can be told in every format, with no placeholder left."""
    out = "".join(explain.render(load_catalogue(), None, name, explain.Choice(), View()))
    assert "object-reused-across-loops" in out
    assert name == "json" or "${object" not in out
