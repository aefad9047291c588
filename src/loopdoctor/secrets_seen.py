"""The secrets that a redaction has met, and the mask of each: numbered as they come, the same for the same secret."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote

from loopdoctor.patterns import lazy

MASK = r"<(?:password|token|secret|cookie|private-key|email|ip|user)-\d{1,9}>"
_MASK = lazy(MASK)
_WORD = lazy(rf"{MASK}|\w+")
_FIRST_WORD = lazy(r"\w+")

LONGEST_SPREAD = 600
"""Characters up to which a secret is looked for where nothing but itself tells that it is one."""

# Passwords that are words of the trade: masked where they stand as one, left where they stand as a word.
_COMMON = frozenset(
    {"postgres", "postgresql", "password", "database", "localhost", "username", "changeme", "developer", "production"}
    | {"rabbitmq", "mongodb", "anonymous", "default", "example", "testtest"}
)


class Secrets:
    """The masks given out so far, and the secrets that are to be masked wherever they stand."""

    def __init__(self) -> None:
        self._masks: dict[str, str] = {}
        self._first: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._spread: dict[str, dict[int, dict[str, str]]] = {}
        self.spread_count = 0

    def mask(self, kind: str, secret: str, *, spread: bool = True, also_as: str = "") -> str:
        """The mask of ``secret``, a new one if it was not met before; ``also_as`` is met before, and has that mask.

        With ``spread`` it is masked without its context too, if it is no ordinary word.
        """
        plain = unquote(secret) if "%" in secret else secret
        known = also_as or plain
        mask = self._masks.get(plain) or self._masks.get(known)
        if mask is None:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            mask = f"<{kind}-{number}>"
            self._first[mask] = known
        self._masks.setdefault(known, mask)
        self._masks.setdefault(plain, mask)
        if spread:
            for form in {plain, secret}:
                self._note(form, mask)
        return mask

    def reserve(self, text: str) -> None:
        """Masks that stand in a text already keep their numbers for themselves."""
        if "-" in text and "<" in text:
            for found in _MASK.findall(text):
                kind, _, number = found[1:-1].rpartition("-")
                self._counts[kind] = max(self._counts.get(kind, 0), int(number))

    def is_mask(self, text: str) -> bool:
        """Whether ``text`` is a mask and nothing else."""
        return text.startswith("<") and _MASK.fullmatch(text) is not None

    def unmask(self, text: str) -> str:
        """What ``text`` was before its masks took their places: never for a report."""
        return _MASK.sub(lambda match: self._first.get(match[0], match[0]), text) if "<" in text else text

    def mask_known(self, text: str) -> str:
        """``text`` with the secrets met so far masked wherever they stand as whole words.

        Looks at each word once: secrets are filed under their first word and their length.
        """
        if not self._spread:
            return text
        pieces: list[str] = []
        done = 0
        for match in _WORD.finditer(text):
            by_length = self._spread.get(match[0])
            if by_length is None or match.start() < done:
                continue
            found = self._longest(text, match.start(), by_length)
            if found is not None:
                start, end, mask = found
                if start >= done:
                    pieces += [text[done:start], mask]
                    done = end
        return "".join([*pieces, text[done:]]) if pieces else text

    def _longest(self, text: str, at: int, by_length: dict[int, dict[str, str]]) -> tuple[int, int, str] | None:
        for length in sorted(by_length, reverse=True):
            mask = by_length[length].get(text[at : at + length])
            end = at + length
            if mask is not None and not (text[end : end + 1].isalnum() and text[end - 1 : end].isalnum()):
                return at, end, mask
        return None

    def _note(self, secret: str, mask: str) -> None:
        first = _FIRST_WORD.search(secret)
        if first is None or not _is_telling(secret):
            return
        tail = secret[first.start() :]  # signs before the first word stay: they tell nothing
        by_length = self._spread.setdefault(first[0], {})
        self.spread_count += tail not in by_length.setdefault(len(tail), {})
        by_length[len(tail)].setdefault(tail, mask)


def _is_telling(secret: str) -> bool:
    """Whether a secret is no word that a report may hold for another reason."""
    if not 6 <= len(secret) <= LONGEST_SPREAD or secret.lower() in _COMMON:
        return False
    if secret.isdigit():
        return len(secret) >= 8
    if secret.isalpha() and (secret.islower() or secret.isupper() or secret.istitle()):
        return len(secret) >= 8
    return re.fullmatch(r"[\W_]*|0x[0-9a-fA-F]+", secret) is None


def decoded_pair(value: str) -> str | None:
    """The password in the base64 of ``user:password``; None if it is none."""
    try:
        pair = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, colon, password = pair.partition(":")
    return password if user and colon and password and pair.isprintable() else None
