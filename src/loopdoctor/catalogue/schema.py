"""The types of rule files.

The same types decode the YAML, are compiled into the wheel as JSON, and give editors their JSON Schema. Every struct
refuses unknown keys, so a misspelt key is an error and never silently ignored. A ``Pattern`` is a regular expression
of the ``regex`` package, run with a time limit; it is searched for, not anchored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from loopdoctor.model import RecordKind

RuleId = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Pattern = Annotated[str, Meta(min_length=1, max_length=600)]
Prior = Annotated[float, Meta(gt=0, le=1)]


class _Rule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Signature(_Rule, frozen=True):
    """How a symptom's words are known.

    ``literal`` must stand in the words: plain ASCII of at least 6 bytes without quote, backslash or digit, so that no
    escaping can hide it from the prefilter. ``pattern`` is then searched for in the same piece of words (default: the
    literal is enough); its named groups become captures. ``kinds`` limits the kinds of record, ``exception`` (a
    pattern) the exception's type. ``frame`` (a pattern) must match ``file:function`` of a frame of the same record.
    """

    literal: Annotated[str, Meta(min_length=6, max_length=80)]
    pattern: Pattern | None = None
    kinds: tuple[RecordKind, ...] = ()
    exception: Pattern | None = None
    frame: Pattern | None = None


class Symptom(_Rule, frozen=True):
    """What was written, and which mistakes may have made a program write it.

    ``causes`` gives each cause's share before anything else is known (they need not add up to 1). ``wreckage_of``
    names symptoms whose presence nearby makes this one a mere consequence. ``rank`` says how telling the symptom is
    when several stand in one incident: the highest is the root (0 wreckage, 1 vague, 2 telling, 3 names the mistake).
    """

    id: RuleId
    title: Annotated[str, Meta(min_length=1, max_length=90)]
    library: str
    means: str
    signatures: Annotated[tuple[Signature, ...], Meta(min_length=1)]
    causes: dict[RuleId, Prior]
    match: Annotated[tuple[str, ...], Meta(min_length=1)]
    no_match: Annotated[tuple[str, ...], Meta(min_length=1)]
    rank: Annotated[int, Meta(ge=0, le=3)] = 1
    wreckage_of: tuple[RuleId, ...] = ()
    versions: str = ""
    references: tuple[str, ...] = ()


class FrameAsk(_Rule, frozen=True):
    """Holds if one frame fits every pattern given. ``at`` narrows which frames are looked at.

    ``user`` are frames of the user's own code (no standard library, no site-packages); ``innermost`` is the last
    frame of an exception, ``outermost`` its first, ``innermost-user`` the last of the user's own.
    """

    file: Pattern | None = None
    function: Pattern | None = None
    source: Pattern | None = None
    at: Literal["any", "user", "innermost", "outermost", "innermost-user"] = "any"
    least: Annotated[int, Meta(ge=1)] = 1


class ObjectAsk(_Rule, frozen=True):
    """Holds if one object shown by its repr (``<Task pending name=... coro=<...>>``) fits every pattern given."""

    kind: Pattern | None = None
    state: Pattern | None = None
    coro: Pattern | None = None
    wait_for: Pattern | None = None
    name: Pattern | None = None


class NearAsk(_Rule, frozen=True):
    """Holds if an ordinary line just before or after the incident fits the pattern, or the thread named in its head."""

    pattern: Pattern
    side: Literal["before", "after", "either"] = "either"


class MarkAsk(_Rule, frozen=True):
    """Holds if a mark stands in the same source: anywhere, or before / after the incident's first record."""

    id: RuleId
    side: Literal["before", "after", "anywhere"] = "anywhere"


class VersionAsk(_Rule, frozen=True):
    """Holds if the log shows the version of ``of`` (``python`` or a library) and it fits, such as ``>=3.12``."""

    of: str
    fits: Annotated[str, Meta(pattern=r"^(<|<=|>|>=|==|!=)\d+(\.\d+)*(,(<|<=|>|>=|==|!=)\d+(\.\d+)*)*$")]


class Ask(_Rule, frozen=True, rename={"not_": "not"}):
    """A question that the incident answers yes or no. Exactly one key is given.

    The closed set of predicates; ``loopdoctor.clues`` holds one function for each:

    frame      a frame of the incident's tracebacks
    message    pattern over the incident's speaking words
    object     an object shown by its repr
    near       an ordinary line just before or after
    mark       a fact elsewhere in the log (rules/marks.yaml)
    symptom    one of these symptoms is in the incident too
    elsewhere  one of these symptoms is in the same source, in another incident
    kind       the root's record kind is one of these
    thread     ``main`` or ``other``: where the failing code ran, as far as frames and names tell
    position   ``import``, ``finaliser``, ``exit`` (no ordinary line of the stream follows) or ``mid-run``
    library    one of these libraries stands in the frames or words
    version    a version that the log shows
    least      the incident was seen at least so many times
    loops      at least so many event-loop runners (run, run_until_complete) stand in one traceback chain
    all, any, not   combinations
    """

    frame: FrameAsk | None = None
    message: Pattern | None = None
    object: ObjectAsk | None = None
    near: NearAsk | None = None
    mark: MarkAsk | None = None
    symptom: tuple[RuleId, ...] | None = None
    elsewhere: tuple[RuleId, ...] | None = None
    kind: tuple[RecordKind, ...] | None = None
    thread: Literal["main", "other"] | None = None
    position: Literal["import", "finaliser", "exit", "mid-run"] | None = None
    library: tuple[str, ...] | None = None
    version: VersionAsk | None = None
    least: Annotated[int, Meta(ge=2)] | None = None
    loops: Annotated[int, Meta(ge=1)] | None = None
    all: tuple[Ask, ...] | None = None
    any: tuple[Ask, ...] | None = None
    not_: Ask | None = None


class Clue(_Rule, frozen=True):
    """A piece of evidence. ``weight`` (log-odds; negative speaks against the cause) is added if ``ask`` holds,
    ``absent`` if it does not. ``says`` tells the reader what was seen; it may hold ``${name:-default}``.
    """

    id: RuleId
    ask: Ask
    weight: Annotated[float, Meta(ge=-6, le=6)]
    says: Annotated[str, Meta(min_length=1, max_length=240)]
    absent: Annotated[float, Meta(ge=-3, le=3)] = 0.0


class Variant(_Rule, frozen=True):
    """The code of a step for one library (``asyncio`` if for none in particular) and the Pythons it holds for."""

    right: Annotated[str, Meta(min_length=1)]
    wrong: str = ""
    library: str = "asyncio"
    python: str = ""
    note: str = ""


class Step(_Rule, frozen=True):
    """One step of a fix. The variant that fits the incident's libraries is shown, else the one for asyncio."""

    title: Annotated[str, Meta(min_length=1, max_length=100)]
    text: str
    variants: tuple[Variant, ...] = ()


class Avoid(_Rule, frozen=True):
    """A folk fix that only moves the error, and why."""

    what: str
    why: str


class Neighbour(_Rule, frozen=True):
    """A cause that is easily taken for this one, and how to tell them apart."""

    id: RuleId
    tell: str


class Verdict(_Rule, frozen=True, rename={"is_": "is"}):
    """What the failure costs: ``exit-noise``, ``resource-leak`` or ``lost-work``, and why. ``when`` narrows it."""

    is_: Literal["exit-noise", "resource-leak", "lost-work"]
    reason: str
    when: Ask | None = None


class Cause(_Rule, frozen=True):
    """A root cause: the mistake in the program, how it is recognised, mended, checked and prevented.

    ``means`` is one or two plain sentences; ``happens`` what goes on inside the loop. ``verdicts`` are tried in
    order. ``settle`` is the one observation that would decide, with the exact command or setting.
    """

    id: RuleId
    title: Annotated[str, Meta(min_length=1, max_length=100)]
    means: str
    happens: str
    clues: tuple[Clue, ...]
    verdicts: Annotated[tuple[Verdict, ...], Meta(min_length=1)]
    settle: str
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    check: Annotated[tuple[str, ...], Meta(min_length=1)]
    prevention: Annotated[tuple[str, ...], Meta(min_length=1)]
    references: Annotated[tuple[str, ...], Meta(min_length=1)]
    avoid: tuple[Avoid, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()


class MarkRule(_Rule, frozen=True):
    """A fact that matters far from a failure: any of ``literals`` in a line that fits ``pattern``.

    Read from any line; the pattern's named groups become names (``python`` and ``<library>`` are versions). ``parts``
    says that the same failure before and after it is two: what a program loses at work, and what it leaves at its end.
    """

    id: RuleId
    means: str
    literals: Annotated[tuple[Annotated[str, Meta(min_length=6, max_length=80)], ...], Meta(min_length=1)]
    pattern: Pattern | None = None
    parts: bool = False


class Catalogue(Struct, frozen=True):
    """All rules, by id."""

    symptoms: dict[str, Symptom]
    causes: dict[str, Cause]
    marks: dict[str, MarkRule]
