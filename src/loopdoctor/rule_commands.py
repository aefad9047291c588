"""The commands below ``loopdoctor rules``: look at the rules, check them, write new ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopdoctor.options import Color, Rules, TextOrJson, Width, catalogue_of, one_of, rule_directories

if TYPE_CHECKING:
    from loopdoctor.catalogue.lint import Problem
    from loopdoctor.catalogue.schema import Catalogue

EXIT_ERROR = 2

app = typer.Typer(no_args_is_help=True, help="Look at the rules, check them, and write your own.")

Directory = Annotated[
    str | None,
    typer.Argument(metavar="[DIR]", help="Rules of your own, beside the built-in ones and those of the project."),
]


@app.command("list")
def list_rules(
    format: TextOrJson = "text",  # noqa: A002
    rules: Rules = None,
) -> None:
    """List every cause and symptom."""
    from loopdoctor.render import terminal
    from loopdoctor.render.delivery import to_stdout
    from loopdoctor.render.rules_list import render

    encoding = terminal.encoding_of(sys.stdout) if format == "text" else "utf-8"
    to_stdout(render(catalogue_of(rules), format), encoding)


@app.command()
def lint(directory: Directory = None) -> None:
    """Check that rules are well made: patterns, literals, ids, texts, code."""
    from loopdoctor.catalogue.lint import lint as check

    _tell_problems(check, directory, "well made")


@app.command("test")
def check_examples(
    directory: Directory = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="LOG",
            help="Show instead what a log goes through, phase by phase; may be given several times.",
        ),
    ] = None,
    color: Color = None,
    width: Width = None,
) -> None:
    """Check that each symptom finds its `match` examples, and none of its `no_match` ones.

    \b
    loopdoctor rules test my-rules
    loopdoctor rules test my-rules --against app.log

    With --against: which carrier and record a line became, which rules its words called up and why
    the others did not hold, and what each clue added to each cause.
    """
    if against:
        _rehearse(against, directory, color=color, width=width)
        return
    from loopdoctor import examples

    _tell_problems(examples.check_examples, directory, "true to their examples")


@app.command()
def new(
    kind: Annotated[str, typer.Argument(**one_of("symptom", "cause"))],
    id: Annotated[str, typer.Argument(metavar="ID", help="Small letters with hyphens, such as pool-is-gone.")],  # noqa: A002
    words: Annotated[
        str, typer.Option(metavar="TEXT", help="What the failure writes: the last line of its traceback, say.")
    ] = "",
    cause: Annotated[
        list[str] | None, typer.Option(metavar="CAUSE", help="A cause it may come from; may be given several times.")
    ] = None,
    library: Annotated[str, typer.Option(metavar="NAME", help="Whose message it is.")] = "asyncio",
    directory: Annotated[
        str, typer.Option("--dir", "-d", metavar="DIR", help="Where to write it.")
    ] = "loopdoctor-rules",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Start a rule: a file that loads and passes its own tests, to be filled in.

    \b
    loopdoctor rules new symptom pool-is-gone --words "mypool.Gone: the pool is gone" --cause use-after-close
    loopdoctor rules new cause pool-misuse
    """
    from loopdoctor.catalogue.scaffold import new_cause, new_symptom
    from loopdoctor.render.delivery import to_folder, to_stdout

    if kind == "symptom":
        known = catalogue_of([directory] if Path(directory).is_dir() else None)
        text = new_symptom(id, known, words=words, library=library, causes=tuple(cause or ()))
    else:
        text = new_cause(id)
    to_folder({f"{id}.yaml": text}, directory, force=force)
    file = f"{directory}/{id}.yaml"
    to_stdout(
        f"{line}\n"
        for line in (
            f"wrote {file}",
            f"check it:  loopdoctor rules lint {directory} && loopdoctor rules test {directory}",
            f"try it:    loopdoctor rules test {directory} --against app.log",
            f"use it:    loopdoctor scan --rules {directory} app.log",
            f'or always: rules = ["{directory}"] below [tool.loopdoctor] in pyproject.toml',
        )
    )


@app.command()
def schema(kind: Annotated[str, typer.Argument(**one_of("symptom", "cause", "marks"))]) -> None:
    """Print the JSON Schema of rule files, for an editor.

    \b
    loopdoctor rules schema symptom > symptom.schema.json
    # yaml-language-server: $schema=symptom.schema.json       (first line of a rule file)
    """
    from loopdoctor.catalogue.schemas import rule_schema
    from loopdoctor.render.delivery import to_stdout
    from loopdoctor.render.json_report import document

    to_stdout([document(rule_schema(kind))])


@app.command()
def docs(
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Where to write them.")],
    rules: Rules = None,
    force: Annotated[bool, typer.Option("--force", help="Replace pages that are there.")] = False,
) -> None:
    """Write a page of Markdown for each cause and symptom, linked to one another, and an index (catalogue.md).

    \b
    loopdoctor rules docs docs --force
    """
    from loopdoctor.render import reference
    from loopdoctor.render.delivery import to_folder, to_stdout
    from loopdoctor.render.explain import Choice
    from loopdoctor.repro import load_pairs

    reproduced = frozenset(pair.cause for pair in load_pairs().pairs.values())
    written = reference.pages(catalogue_of(rules), Choice(reproduced=reproduced))
    for folder, files in written.items():
        to_folder(files, str(Path(directory, folder)), force=force)
    count = sum(map(len, written.values()))
    to_stdout([f"wrote {count} pages; begin with {Path(directory, reference.INDEX)}\n"])


Cases = Annotated[list[str], typer.Argument(metavar="CASES ...", help="Directories of labelled logs, or of samples.")]


@app.command()
def score(
    cases: Cases,
    rules: Rules = None,
    into: Annotated[
        str | None, typer.Option("--into", metavar="FILE", help="Put the tables between the markers of this file.")
    ] = None,
) -> None:
    """Hold the diagnoses of labelled logs against their labels: how often the right cause comes first.

    \b
    loopdoctor rules score sample_logs
    loopdoctor rules score our-cases --into ACCURACY.md

    A case is a folder with log.* and label.yaml (CONTRIBUTING.md has the form), or a folder of sample_logs.
    """
    from loopdoctor.cases import load_cases
    from loopdoctor.render.delivery import to_stdout
    from loopdoctor.render.scores import by_cause, put_into, render, totals
    from loopdoctor.scoring import judge, total

    judged = judge(load_cases(cases), rule_directories(rules))
    names = dict.fromkeys(case.pool for case, _ in judged)
    pools = {name: total(pair for pair in judged if pair[0].pool == name)[0] for name in names}
    whole, answers = total(judged)
    pools |= {"all": whole} if len(pools) > 1 else {}
    to_stdout(render(pools, answers))
    if into is not None:
        put_into(into, chain(totals(pools), ["\n"], by_cause(answers)))


@app.command()
def fit(
    cases: Cases,
    rules: Rules = None,
    write: Annotated[bool, typer.Option("--write", help="Write the changes into the rule files.")] = False,
    neutral: Annotated[
        bool, typer.Option("--neutral", help="Also cross-validate from equal weights: what the cases alone teach.")
    ] = False,
) -> None:
    """Fit the shares of symptoms and the weights of clues to labelled logs, with cross-validation by scenario.

    Prints what it gains and every change for review. Values stay near their author's unless cases speak clearly.
    """
    from loopdoctor import weights
    from loopdoctor.cases import load_cases
    from loopdoctor.catalogue.editing import write_numbers
    from loopdoctor.catalogue.load import places
    from loopdoctor.matching import Matcher
    from loopdoctor.render.delivery import to_stdout
    from loopdoctor.render.scores import fitted
    from loopdoctor.scoring import judge

    catalogue = catalogue_of(rules)
    matcher = Matcher(catalogue)
    judged = judge(load_cases(cases), rule_directories(rules))
    examples = [example for case, report in judged for example in weights.examples_of(case, report, matcher)]
    start = weights.values_of(catalogue)
    values = weights.fit(examples, start)
    held_out, as_written = weights.cross_validate(examples, start)
    outcomes = {"as written": as_written, "cross-validated": held_out, "fitted": weights.assess(examples, values)}
    if neutral:
        blank = weights.neutral(catalogue)
        outcomes["cross-validated, from equal weights"] = weights.cross_validate(examples, blank)[0]
    found = weights.changes(catalogue, start, values)
    spots = places([(change.kind, change.rule, change.path) for change in found], rule_directories(rules))
    to_stdout(fitted(outcomes, list(zip(found, spots, strict=True))))
    if write and found:
        if not all(spots):
            raise typer.BadParameter("these rules are compiled into the package: run it from a source tree")
        edits = [(spot, change.before, change.after) for change, spot in zip(found, spots, strict=True)]
        to_stdout(f"wrote {file}\n" for file in write_numbers(edits))


def _rehearse(logs: list[str], directory: str | None, *, color: bool | None, width: int | None) -> None:
    from loopdoctor.dryrun import rehearse
    from loopdoctor.render import terminal
    from loopdoctor.render.delivery import to_stdout
    from loopdoctor.render.dryrun import render
    from loopdoctor.settings import Settings

    settings = Settings(rules=tuple(rule_directories([directory] if directory else None)))
    view = terminal.view_of(sys.stdout, color=color, width=width)
    to_stdout(render(rehearse(logs, settings), view), terminal.encoding_of(sys.stdout))


def _tell_problems(check: Callable[[Catalogue], Iterable[Problem]], directory: str | None, praise: str) -> None:
    from loopdoctor.catalogue.load import places
    from loopdoctor.render.messages import say

    extra = rule_directories([directory] if directory else None)
    catalogue = catalogue_of([directory] if directory else None)
    problems = list(check(catalogue))
    if problems:
        where = places([(problem.kind, problem.rule, problem.path) for problem in problems], extra)
        for problem, spot in zip(problems, where, strict=True):
            context = spot or f"the {problem.kind} {problem.rule}"
            say("error", f"{problem.rule}: {problem.message}", context, problem.hint)
        raise typer.Exit(EXIT_ERROR)
    from loopdoctor.render.delivery import to_stdout

    to_stdout(_praised(catalogue, praise))


def _praised(catalogue: Catalogue, praise: str) -> Iterator[str]:
    yield f"{len(catalogue.symptoms)} symptoms and {len(catalogue.causes)} causes are {praise}.\n"
