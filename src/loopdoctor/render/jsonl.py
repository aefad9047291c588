"""The report as JSON lines, for jq and for what ships logs: one object a line, told apart by ``type``.

report       schema_version, tool, inputs                  the first line
incident     as in ``incidents`` of the JSON report        one line each
unexplained  as there
notice       as there
ignored      as there
stats        as there                                      the last line: without it the output is not whole
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loopdoctor.model import Report
from loopdoctor.render import View
from loopdoctor.render.json_report import as_json, document

_LINES = (("incident", "incidents"), ("unexplained", "unexplained"), ("notice", "notices"), ("ignored", "ignored"))


def render(report: Report, titles: Mapping[str, str], view: View) -> Iterator[str]:
    """One piece a line; with ``view.why`` each cause has its ``clues``."""
    whole = as_json(report, titles, why=view.why)
    head = {key: whole[key] for key in ("schema_version", "tool", "inputs")}
    yield document({"type": "report", **head}, indent=-1)
    for kind, key in (
        ("incident", "incidents"),
        ("unexplained", "unexplained"),
        ("notice", "notices"),
        ("ignored", "ignored"),
    ):
        for item in whole[key]:
            yield document({"type": kind, **item}, indent=-1)
    yield document({"type": "stats", **whole["stats"]}, indent=-1)
