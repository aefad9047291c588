"""The catalogue's table of contents."""

from __future__ import annotations

from collections.abc import Iterator

from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.render.escape import visible


def render(catalogue: Catalogue, format: str) -> Iterator[str]:  # noqa: A002
    """Every cause, then every symptom by library: one line each, or one JSON list."""
    symptoms = sorted(catalogue.symptoms.values(), key=lambda symptom: (symptom.library, symptom.id))
    causes = sorted(catalogue.causes.values(), key=lambda cause: cause.id)
    rows = [("cause", cause.id, cause.title, "") for cause in causes]
    rows += [("symptom", symptom.id, symptom.title, symptom.library) for symptom in symptoms]
    if format == "json":
        from loopdoctor.render.json_report import document

        yield document([dict(zip(("kind", "id", "title", "library"), row, strict=True)) for row in rows])
        return
    width = max((len(row[1]) for row in rows), default=0)
    for kind, name, title, library in rows:
        yield visible(f"{kind:7}  {name:{width}}  {title}{f' [{library}]' if library else ''}") + "\n"
