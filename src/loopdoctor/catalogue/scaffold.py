"""``rules new``: the first draft of a rule file, which loads, and passes lint and test when its words were given."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from loopdoctor.catalogue.nearest import unknown_id
from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.errors import LoopdoctorError

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")
_SAFE = re.compile(r"""[ !#-&(-/:-\[\]-~]{6,80}""")
"""What a literal may hold: ASCII without quotes, backslashes and digits."""

MAX_ID = 64

SYMPTOM = """\
# What was written, and which mistakes may have made a program write it. Keys: loopdoctor rules schema symptom
id: {id}
title: {title}
library: {library}
means: {means}
rank: 2                      # 0 wreckage, 1 vague, 2 telling, 3 names the mistake
wreckage_of: []              # symptoms whose presence nearby makes this one a mere consequence
signatures:
  - literal: {literal}       # ASCII, 6 bytes or more, no quote, backslash or digit: no escaping can hide it
    pattern: {pattern}
    kinds: {kinds}
causes:                      # each cause that it may come from, with its share before anything else is known
{causes}
match:                       # texts that this rule must find, written by you from a program that you ran
  - {match}
no_match:                    # texts that hold the words and are no failure
  - {no_match}
references: []
"""

TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/app/main.py", line 12, in handle
    work()
"""

CAUSE = """\
# A mistake in the program: how it is recognised, mended, checked and prevented. Keys: loopdoctor rules schema cause
id: {id}
title: {title}
means: >-
  Say in one or two plain sentences what the program does wrong.
happens: >-
  Say what goes on inside the event loop, and why the failure shows itself where it does.
clues:                       # weights are log-odds: 0.7 mild, 1.5 strong, 2.5 decisive; negative speaks against
  - id: own-code-at-fault
    ask: {{frame: {{function: '.', at: innermost-user}}}}
    weight: 0.7
    says: the failing call stands in the program's own code
  - id: seen-again
    ask: {{least: 2}}
    weight: 0.7
    says: it happened more than once
  - id: from-a-finaliser
    ask: {{position: finaliser}}
    weight: -1.5
    says: the complaint comes from a finaliser, which runs after the mistake
verdicts:
  - is: lost-work            # or resource-leak, exit-noise
    reason: the call that failed did not do its work.
settle: >-
  Name the one observation that decides, with the exact command or setting, such as `PYTHONASYNCIODEBUG=1`.
steps:
  - title: Find the place
    text: >-
      Look at `${{function:-the failing function}}` in `${{file:-your own file}}`.
  - title: Mend it
    text: Say what to write instead.
    variants:
      - right: |
          async def main():
              ...
check:
  - Run it again; the message is gone.
prevention:
  - Say which lint rule, test setting or CI step finds it early.
references:
  - https://docs.python.org/3/library/asyncio-dev.html
avoid: []
neighbours: []
"""


def new_symptom(
    id: str,  # noqa: A002
    catalogue: Catalogue,
    *,
    words: str = "",
    library: str = "asyncio",
    causes: Sequence[str] = (),
) -> str:
    """The YAML of a symptom whose failure says ``words`` (a line of a log, without its time and level).

    Raises LoopdoctorError for an id that no rule can have, words that hold no literal, and causes that are not there.
    """
    _check_id(id)
    for cause in causes:
        if cause not in catalogue.causes:
            raise unknown_id(cause, catalogue.causes, "cause")
    plain = "".join(char if char.isprintable() else " " for char in words)  # YAML has no place for the others
    said = " ".join(plain.split()) or "mylibrary.Gone: the thing is gone"
    literal = literal_of(said)
    traceback = re.match(r"(?:\w+\.)*[A-Z]\w*(?:: |$)", said) is not None
    shares = causes or ("resource-not-closed",)
    return SYMPTOM.format(
        id=id,
        title=_quoted(re.sub(r"^(?:\w+\.)*[A-Z]\w*: ", "", said)[:90] or id),
        library=_quoted(library),
        means=_quoted("Say what the library found when it wrote this."),
        literal=_quoted(literal),
        pattern=_single(f"^{_pattern(said)}"),
        kinds="[traceback, exception, pytest]" if traceback else "[]",
        causes="\n".join(f"  {cause}: {round(0.9 / len(shares), 2)}" for cause in shares),
        match=_quoted(f"{TRACEBACK}{said}" if traceback else said),
        no_match=_quoted(f"The manual has a page on what to do when {literal.strip()}."),
    )


def new_cause(id: str) -> str:  # noqa: A002
    """The YAML of a cause, with a sentence in each place that says what belongs there. Raises LoopdoctorError."""
    _check_id(id)
    return CAUSE.format(id=id, title=_quoted(id.replace("-", " ").capitalize()))


def literal_of(words: str) -> str:
    """The longest run of words that no escaping can hide; behind an exception's name if there is enough.

    Raises LoopdoctorError if there is none of six bytes: the prefilter could not find such a rule.
    """
    message = re.sub(r"^(?:\w+\.)*[A-Z]\w*: ", "", words)
    for text in (message, words):
        runs = [found.strip(" ") for found in _SAFE.findall(text)]
        best = max(runs, key=len, default="")
        if len(best) >= 6:
            return best
    hint = "give a piece of the message of at least 6 letters without quotes, backslashes and digits"
    raise LoopdoctorError("no-literal", f"nothing in {words[:60]!r} can be searched for", hint=hint)


def _pattern(words: str) -> str:
    """The words as a pattern: numbers and addresses may be any."""
    return "".join(_any(part) for part in re.split(r"(0x[0-9a-fA-F]+|\d+)", words))


def _any(part: str) -> str:
    if part.isdigit():
        return r"\d+"
    return r"\w+" if part.startswith("0x") else _SPECIAL.sub(r"\\\g<0>", part)


def _check_id(id: str) -> None:  # noqa: A002
    if not _ID.fullmatch(id) or len(id) > MAX_ID:
        hint = "use small letters and digits with single hyphens, such as pool-is-gone"
        raise LoopdoctorError("bad-id", f"{id[:80]!r} cannot be the id of a rule", hint=hint)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
