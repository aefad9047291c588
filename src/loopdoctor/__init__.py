"""Finds asyncio lifecycle failures in any log and names the mistake behind each one.

    from loopdoctor import scan

    report = scan("app.log")

``scan`` says what it takes, ``Report`` what it gives; docs/library.md shows both.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from loopdoctor.api import (
        Candidate,
        ClueResult,
        Diagnosis,
        FixStep,
        Frame,
        Incident,
        Input,
        Line,
        LoopdoctorError,
        Mark,
        Member,
        Notice,
        Owner,
        Place,
        Record,
        Report,
        Settings,
        Stats,
        Symptom,
        Trace,
        Unexplained,
        report_text,
        scan,
        to_json,
    )

__all__ = [
    "Candidate",
    "ClueResult",
    "Diagnosis",
    "FixStep",
    "Frame",
    "Incident",
    "Input",
    "Line",
    "LoopdoctorError",
    "Mark",
    "Member",
    "Notice",
    "Owner",
    "Place",
    "Record",
    "Report",
    "Settings",
    "Stats",
    "Symptom",
    "Trace",
    "Unexplained",
    "__version__",
    "report_text",
    "scan",
    "to_json",
]


def __getattr__(name: str) -> Any:
    """Loads the library when one of its names is first asked for: the command line starts without it (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module("loopdoctor.api"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
