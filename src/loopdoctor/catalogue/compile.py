"""The compiled catalogue: all rules as one JSON text, which the build puts into the wheel."""

from __future__ import annotations

import msgspec

from loopdoctor.catalogue.schema import Catalogue


def to_json(catalogue: Catalogue) -> bytes:
    """The catalogue as JSON, keys in a fixed order, so that the same rules always make the same wheel."""
    return msgspec.json.encode(catalogue, order="deterministic")


def from_json(data: bytes) -> Catalogue:
    """The catalogue that ``to_json`` wrote. Raises ``msgspec.DecodeError`` for anything else."""
    return msgspec.json.decode(data, type=Catalogue)
