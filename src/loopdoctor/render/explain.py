"""A cause or a symptom of the catalogue in full: for a terminal, as Markdown, or as JSON.

What is told, and in which order, is made once as a list of ``Block``s; each format only lays them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from loopdoctor.catalogue.nearest import unknown_id
from loopdoctor.catalogue.placeholders import fill
from loopdoctor.catalogue.schema import Catalogue, Cause, Step, Symptom, Variant
from loopdoctor.render import View

_VERDICTS = {"lost-work": "work is lost", "resource-leak": "a resource leaks", "exit-noise": "harmless noise at exit"}

_MOST_MESSAGES = 6


class Choice(Struct, frozen=True):
    """Whose code to show: for this library (None: asyncio's own, or for ``all_libraries``) and this Python (``3.11``).

    ``all_messages`` names every symptom of a cause, not only the first few. ``reproduced`` are the causes that
    `loopdoctor repro` knows: their pages end by saying so.
    """

    library: str | None = None
    python: str | None = None
    all_libraries: bool = False
    all_messages: bool = False
    reproduced: frozenset[str] = frozenset()


class Block(Struct, frozen=True):
    """A piece of an explanation. ``label`` names a section, numbers a step, or says what a piece of code is."""

    kind: Literal["title", "section", "text", "item", "step", "variant", "code"]
    text: str
    label: str = ""


def render(catalogue: Catalogue, wanted: str | None, format: str, choice: Choice, view: View) -> Iterator[str]:  # noqa: A002
    """The explanation of the id ``wanted``, or of everything if it is None, in pieces.

    Raises LoopdoctorError (``unknown-id``) with the nearest ids if there is no such cause or symptom.
    """
    rules = _wanted(catalogue, wanted)
    if format == "json":
        return _as_json(rules, one=wanted is not None)
    pages = (list(_blocks(rule, catalogue, choice)) for rule in rules)
    return map(_as_markdown, pages) if format == "markdown" else _as_text(pages, view)


def markdown_of(rule: Cause | Symptom, catalogue: Catalogue, choice: Choice) -> str:
    """The Markdown of one rule; its title is a heading of the second level."""
    return _as_markdown(list(_blocks(rule, catalogue, choice)))


def _wanted(catalogue: Catalogue, wanted: str | None) -> list[Cause | Symptom]:
    if wanted is None:
        return [*catalogue.causes.values(), *catalogue.symptoms.values()]
    found = [rules[wanted] for rules in (catalogue.causes, catalogue.symptoms) if wanted in rules]
    if not found:
        raise unknown_id(wanted, [*catalogue.causes, *catalogue.symptoms], "cause or symptom")
    return found


# --- what is told ----------------------------------------------------------------------------------------------------


def _blocks(rule: Cause | Symptom, catalogue: Catalogue, choice: Choice) -> Iterator[Block]:
    told = _cause(rule, catalogue, choice) if isinstance(rule, Cause) else _symptom(rule, catalogue)
    for block in told:
        text = fill(block.text, {})
        if text.strip():
            yield Block(block.kind, text, fill(block.label, {}))


def _cause(cause: Cause, catalogue: Catalogue, choice: Choice) -> Iterator[Block]:
    yield Block("title", cause.title, cause.id)
    yield Block("text", cause.means)
    yield from _section("what happens", [cause.happens], "text")
    weighty = sorted(cause.clues, key=lambda clue: -abs(clue.weight))
    yield from _section("speaks for it", (clue.says for clue in weighty if clue.weight > 0))
    yield from _section("against it", (clue.says for clue in weighty if clue.weight < 0))
    yield from _section("to settle it", [cause.settle], "text")
    yield from _section("what it costs", (f"{_VERDICTS[verdict.is_]}: {verdict.reason}" for verdict in cause.verdicts))
    yield Block("section", "to fix it")
    for number, step in enumerate(cause.steps, 1):
        yield from _step(number, step, choice)
    yield from _section("also for", [_left_out(cause, choice)], "text")
    yield from _section("to check it", cause.check)
    yield from _section("to prevent it", cause.prevention)
    yield from _section("do not", (f"{avoid.what}: {avoid.why}" for avoid in cause.avoid))
    yield from _section("or rather", (f"`{other.id}`: {other.tell}" for other in cause.neighbours))
    makes = [symptom for symptom in catalogue.symptoms.values() if cause.id in symptom.causes]
    makes.sort(key=lambda symptom: (-symptom.causes[cause.id], symptom.id))
    most = len(makes) if choice.all_messages else _MOST_MESSAGES
    said = [f"{symptom.title} (`{symptom.id}`)" for symptom in makes[:most]]
    rest = [f"and {len(makes) - len(said)} more; `loopdoctor rules list` has all"] if len(makes) > len(said) else []
    yield from _section("it may say", said + rest)
    yield from _section("read more", cause.references)
    if cause.id in choice.reproduced:
        told = f"`loopdoctor repro {cause.id}` prints a program that fails so, and its repair."
        yield from _section("to see it", [told], "text")


def _symptom(symptom: Symptom, catalogue: Catalogue) -> Iterator[Block]:
    yield Block("title", symptom.title, symptom.id)
    yield Block("text", symptom.means)
    likely = sorted(symptom.causes.items(), key=lambda cause: (-cause[1], cause[0]))
    titles = {cause.id: f"{cause.title} (`{cause.id}`)" for cause in catalogue.causes.values()}
    yield from _section("may come from", (f"{round(100 * share)}% {titles.get(name, name)}" for name, share in likely))
    yield from _section("wreckage of", (f"`{root}`" for root in symptom.wreckage_of))
    yield from _section("versions", [symptom.versions], "text")
    yield Block("section", "for example")
    yield Block("code", symptom.match[0], "text")
    yield from _section("read more", symptom.references)


def _section(name: str, items: Iterable[str], kind: Literal["text", "item"] = "item") -> Iterator[Block]:
    """A section, unless it would be empty."""
    told = [item for item in items if item.strip()]
    if told:
        yield Block("section", name)
        yield from (Block(kind, item) for item in told)


def _step(number: int, step: Step, choice: Choice) -> Iterator[Block]:
    yield Block("step", step.title, str(number))
    yield Block("text", step.text)
    variants = variants_for(step.variants, choice)
    for variant in variants:
        if len(variants) > 1:
            yield Block("variant", _for_whom(variant))
        yield Block("text", variant.note)
        if variant.wrong:
            yield Block("code", variant.wrong, "instead of")
        yield Block("code", variant.right, "write" if variant.wrong else "")


def _for_whom(variant: Variant) -> str:
    return f"For {variant.library}" + (f", Python {variant.python}" if variant.python else "")


def variants_for(variants: Iterable[Variant], choice: Choice) -> list[Variant]:
    """The variants that the choice asks for: the library's own, else asyncio's, else those of the first library."""
    runnable = [variant for variant in variants if choice.python is None or _runs_on(choice.python, variant.python)]
    if choice.all_libraries or not runnable:
        return runnable
    for library in ((choice.library or "asyncio").lower(), "asyncio", runnable[0].library):
        if own := [variant for variant in runnable if variant.library == library]:
            return own
    return runnable


def _left_out(cause: Cause, choice: Choice) -> str:
    """Which libraries have code that the choice does not show."""
    if choice.all_libraries or choice.library is not None:
        return ""
    shown = {variant.library for step in cause.steps for variant in variants_for(step.variants, choice)}
    others = sorted({variant.library for step in cause.steps for variant in step.variants} - shown)
    return f"{', '.join(others)}: `--library NAME` shows their code, `--all-libraries` that of all." if others else ""


def _runs_on(python: str, asked: str) -> bool:
    """Whether ``python`` (``3.11``) fits all of ``asked`` (``>=3.9,<3.12``)."""
    have = _numbers(python)
    for sign, version in re.findall(r"(<=|>=|==|!=|<|>)\s*([\d.]+)", asked):
        want = _numbers(version)
        size = max(len(have), len(want))
        left, right = have + (0,) * (size - len(have)), want + (0,) * (size - len(want))
        fits = {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, "==": left == right}
        if not fits.get(sign, left != right):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


# --- how it is laid out ----------------------------------------------------------------------------------------------


def _as_text(pages: Iterable[list[Block]], view: View) -> Iterator[str]:
    from rich.text import Text

    from loopdoctor.render.page import Page, paragraphs, plain, prose

    page = Page(view, label=15)
    for number, blocks in enumerate(pages):
        if number:
            page.blank()
        indent = 0
        for index, block in enumerate(blocks):
            if block.kind == "title":
                page.wide(Text.assemble(plain(block.text, "bold"), "  ", plain(block.label, "dim")))
                page.rule()
            elif block.kind == "section":
                indent = 0
                page.section(block.text)
            elif block.kind == "step":
                indent = 3
                if blocks[index - 1].kind != "section":
                    page.blank()
                page.words(prose(block.text, "bold"), first=f"{block.label}. ")
            elif block.kind == "variant":
                page.blank()
                page.words(plain(block.text, "cyan"), indent=indent)
            elif block.kind == "code" and block.label == "text":
                page.quoted([plain(line) for line in block.text.rstrip().split("\n")])
            elif block.kind == "code":
                page.code(block.text, indent=indent, note=block.label)
            else:
                first = f"{page.glyphs.bullet} " if block.kind == "item" else ""
                for paragraph in paragraphs(block.text):
                    page.words(prose(paragraph), first=first, indent=indent)
        yield page.take()


def _as_markdown(blocks: list[Block]) -> str:
    lines: list[str] = []
    before = ""
    for block in blocks:
        lines += [""] if lines and not (block.kind == before == "item") else []
        before = block.kind
        if block.kind == "title":
            lines += [f"## {block.text}", "", f"`{block.label}`"]
        elif block.kind == "section":
            lines.append(f"### {block.text[0].upper()}{block.text[1:]}")
        elif block.kind == "step":
            lines.append(f"**{block.label}. {block.text}**")
        elif block.kind == "variant":
            lines.append(f"*{block.text}*")
        elif block.kind == "item":
            lines.append(f"- {' '.join(block.text.split())}")
        elif block.kind == "code":
            note = [f"{block.label[0].upper()}{block.label[1:]}:", ""] if block.label not in {"", "text"} else []
            lines += [*note, *_fenced(block.text, "text" if block.label == "text" else _language(block.text))]
        else:
            lines.append(block.text.strip())
    return "\n".join(lines) + "\n\n"


def _fenced(code: str, language: str) -> list[str]:
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return [f"{fence}{language}", code.rstrip(), fence]


def _language(code: str) -> str:
    from loopdoctor.catalogue.snippets import language

    return language(code)


def _as_json(rules: list[Cause | Symptom], *, one: bool) -> Iterator[str]:
    from loopdoctor.render.json_report import document

    values: list[dict[str, Any]] = [
        {"kind": "cause" if isinstance(rule, Cause) else "symptom", **msgspec.to_builtins(rule)} for rule in rules
    ]
    yield document(values[0] if one and len(values) == 1 else values)
