"""The catalogue as pages of Markdown: one for each cause and each symptom, linked to one another, and an index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby

from msgspec.structs import replace

from loopdoctor.catalogue.schema import Catalogue, Cause, Symptom
from loopdoctor.render.explain import Choice, markdown_of

INDEX = "catalogue.md"
FOLDERS = ("causes", "symptoms")

WRITTEN = "<!-- Written by `loopdoctor rules docs`; change the rule, not this page. -->\n\n"

_ID = re.compile(r"(?<![\[`])`([a-z0-9]+(?:-[a-z0-9]+)*)`(?![\]`])")
_FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)


def pages(catalogue: Catalogue, choice: Choice) -> dict[str, dict[str, str]]:
    """The text of every page, by folder ("" for the index) and file name."""
    choice = replace(choice, all_libraries=True, all_messages=True)
    causes = {f"{cause.id}.md": _page(cause, "causes", catalogue, choice) for cause in catalogue.causes.values()}
    symptoms = {f"{one.id}.md": _page(one, "symptoms", catalogue, choice) for one in catalogue.symptoms.values()}
    return {"": {INDEX: "".join(_index(catalogue))}, "causes": causes, "symptoms": symptoms}


def _page(rule: Cause | Symptom, folder: str, catalogue: Catalogue, choice: Choice) -> str:
    text = markdown_of(rule, catalogue, choice)
    kind = "cause" if folder == "causes" else "symptom"
    title, _, rest = text.partition("\n\n")
    rest = rest.removeprefix(f"`{rule.id}`\n\n")  # its own name needs no link to itself
    head = f"{WRITTEN}{title.removeprefix('#')}\n\nThe {kind} `{rule.id}`. [All causes and symptoms](../{INDEX}).\n\n"
    return head + _linked(rest.replace("\n### ", "\n## "), folder, catalogue).rstrip() + "\n"


def _linked(text: str, folder: str, catalogue: Catalogue) -> str:
    """Every id of a rule outside of code is a link to its page."""
    pieces: list[str] = []
    at = 0
    for fence in _FENCE.finditer(text):
        pieces += [_with_links(text[at : fence.start()], folder, catalogue), fence[0]]
        at = fence.end()
    return "".join([*pieces, _with_links(text[at:], folder, catalogue)])


def _with_links(text: str, folder: str, catalogue: Catalogue) -> str:
    # An id that is both is meant as the other kind: a symptom's page names causes, a cause's page symptoms.
    kinds: list[tuple[str, Mapping[str, object]]] = [("causes", catalogue.causes), ("symptoms", catalogue.symptoms)]
    kinds.sort(key=lambda kind: kind[0] == folder)

    def link(found: re.Match[str]) -> str:
        for kind, rules in kinds:
            if found[1] in rules:
                place = "" if kind == folder else f"../{kind}/"
                return f"[`{found[1]}`]({place}{found[1]}.md)"
        return found[0]

    return _ID.sub(link, text)


def _index(catalogue: Catalogue) -> Iterator[str]:
    causes = sorted(catalogue.causes.values(), key=lambda cause: cause.title.lower())
    symptoms = sorted(catalogue.symptoms.values(), key=lambda one: (one.library != "asyncio", one.library, one.id))
    yield f"{WRITTEN}# Causes and symptoms\n\n"
    yield "A symptom is what a log says; a cause is the mistake behind it. "
    yield "`loopdoctor explain ID` prints the same pages.\n\n"
    yield f"## {len(causes)} causes\n\n| cause | id |\n|---|---|\n"
    for cause in causes:
        yield f"| {_cell(cause.title)} | [`{cause.id}`](causes/{cause.id}.md) |\n"
    yield f"\n## {len(symptoms)} symptoms\n"
    for library, group in groupby(symptoms, key=lambda one: one.library):
        yield f"\n### {library}\n\n| it says | page | most often from |\n|---|---|---|\n"
        for one in group:
            likely = min(one.causes, key=lambda cause: (-one.causes[cause], cause), default="")
            link = f"[`{likely}`](causes/{likely}.md)" if likely in catalogue.causes else ""
            yield f"| {_cell(one.title)} | [`{one.id}`](symptoms/{one.id}.md) | {link} |\n"


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
