"""The JSON Schema of rule files, for editors: made from the very types that decode them."""

from __future__ import annotations

from typing import Any

import msgspec

from loopdoctor.catalogue.schema import Cause, MarkRule, Symptom

KINDS: dict[str, Any] = {"symptom": Symptom, "cause": Cause, "marks": tuple[MarkRule, ...]}
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def rule_schema(kind: str) -> dict[str, Any]:
    """The schema of a file of this kind (a key of ``KINDS``)."""
    schema = msgspec.json.schema(KINDS[kind])
    return {"$schema": DRAFT, "title": f"loopdoctor {kind}", **schema}
