"""The report for GitLab's merge requests: a code quality report, one finding an incident.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from loopdoctor.model import Report
from loopdoctor.render import View
from loopdoctor.render.json_report import document
from loopdoctor.render.outline import Outline, Severity, outlines

_SEVERITIES: Mapping[Severity, str] = {"error": "critical", "warning": "major", "notice": "info"}


def render(report: Report, titles: Mapping[str, str], view: View) -> Iterator[str]:
    """One JSON array in one piece; an incident outside the checkout is located in its log."""
    yield document([_finding(outline) for outline in outlines(report, titles, view.checkout)])


def _finding(outline: Outline) -> dict[str, Any]:
    return {
        "description": f"{outline.headline}. {outline.told}",
        "check_name": outline.rule,
        "fingerprint": outline.fingerprint,
        "severity": _SEVERITIES[outline.severity],
        "location": {
            "path": outline.file or outline.log,
            "lines": {"begin": outline.line if outline.file else outline.log_line},
        },
    }
