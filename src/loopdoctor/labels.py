"""The types that cross module borders when labelled logs are scored and weights are fitted."""

from __future__ import annotations

from msgspec import Struct


class Expectation(Struct, frozen=True):
    """One incident that must be found: the causes that are right, the best first, and words or symptoms it shows."""

    causes: tuple[str, ...]
    messages: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()


class Case(Struct, frozen=True):
    """One labelled log. ``scenario`` names what it is an instance of."""

    folder: str
    log: str
    scenario: str
    expectations: tuple[Expectation, ...] = ()
    wrong: tuple[str, ...] = ()

    @property
    def pool(self) -> str:
        """The folder that the case stands in: where it comes from."""
        return self.folder.replace("\\", "/").rstrip("/").rpartition("/")[0].rpartition("/")[2]


class Answer(Struct, frozen=True):
    """What was answered to one expectation. ``confidence`` is that of the first cause, None if nothing was found."""

    case: Case
    expectation: Expectation
    found: bool
    ranked: tuple[str, ...] = ()
    confidence: float | None = None

    @property
    def first(self) -> bool:
        """Whether the first cause is one that the label accepts."""
        return bool(self.ranked) and self.ranked[0] in self.expectation.causes

    @property
    def among_three(self) -> bool:
        """Whether an accepted cause is among the first three."""
        return any(cause in self.expectation.causes for cause in self.ranked[:3])

    @property
    def misled(self) -> bool:
        """Whether the first cause is one that the label calls wrong."""
        return bool(self.ranked) and self.ranked[0] in self.case.wrong


class Score(Struct, frozen=True):
    """Totals over many cases. Shares are of ``expected``; ``error`` is the expected calibration error (0 to 1)."""

    cases: int
    expected: int
    found: int
    first: int
    among_three: int
    misled: int
    spurious: int
    negatives: int
    quiet: int
    error: float


class Outcome(Struct, frozen=True):
    """How values answer examples: how many there are, how many are right first and among three, the ECE, the loss."""

    examples: int
    first: int
    among_three: int
    error: float
    loss: float


class Change(Struct, frozen=True):
    """One value to be written: where it stands in its rule, what it was and what it becomes, in the file's units."""

    kind: str
    rule: str
    path: str
    before: float
    after: float
