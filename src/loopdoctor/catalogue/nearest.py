"""Ids that a mistyped one may have meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from loopdoctor.errors import LoopdoctorError


def nearest_ids(wanted: str, ids: Iterable[str]) -> list[str]:
    """At most three ids that look like ``wanted`` or share most of its words, nearest first."""
    known = list(dict.fromkeys(ids))
    asked = "-".join(re.findall(r"[a-z0-9]+", wanted.lower()[:100]))
    words = set(asked.split("-")) - {"a", "the", "is", "was", "not", "in", "of"}

    def likeness(name: str) -> float:
        shared = len(words & set(name.split("-"))) / max(len(words), 1)
        return max(difflib.SequenceMatcher(None, asked, name).ratio(), shared)

    near = sorted(((likeness(name), name) for name in known), key=lambda pair: (-pair[0], pair[1]))
    return [name for share, name in near[:3] if share >= 0.5]


def unknown_id(wanted: str, ids: Iterable[str], kinds: str) -> LoopdoctorError:
    """The error for an id that is none of ``ids``, with the nearest of them; ``kinds`` says what they are ids of."""
    near = nearest_ids(wanted, ids)
    hint = f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else "see `loopdoctor rules list`"
    return LoopdoctorError("unknown-id", f"no {kinds} is called {wanted!r}", hint=hint)
