"""Errors that are shown to the user: what is wrong, where, and what to do about it."""

from __future__ import annotations

from typing import Any


class LoopdoctorError(Exception):
    """A mistake in the input or in how the tool was called; ends the command with exit status 2.

    ``reference`` is a stable short name (``input-not-found``), ``message`` says what is wrong, ``context`` where
    (file:line:column or a path), ``hint`` what to do.
    """

    def __init__(self, reference: str, message: str, *, context: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.reference = reference
        self.message = message
        self.context = context
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """It goes from one process to another as it is."""
        return type(self).__new__, (type(self), *self.args), self.__dict__

    def __str__(self) -> str:
        place = f"{self.context}: " if self.context else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.message} [{self.reference}]{hint}"


class RuleErrors(LoopdoctorError):
    """Every broken rule file of one run, so that all can be mended before the next."""

    def __init__(self, problems: list[LoopdoctorError]) -> None:
        self.problems = tuple(problems)
        count = len(problems)
        super().__init__("rules-broken", f"{count} problem{'s' if count != 1 else ''} in the rules")

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
