"""The format that can be merged: what a scan found, as ``loopdoctor merge`` reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loopdoctor.model import Report
from loopdoctor.render import View
from loopdoctor.render.escape import json_safe


def render(report: Report, titles: Mapping[str, str], view: View) -> Iterator[str]:
    """The part in one line of JSON; the scan must have been asked to keep it."""
    yield json_safe(report.part.decode()) + "\n"
