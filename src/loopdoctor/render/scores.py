"""How well the catalogue answers labelled logs, as a page for people and as a Markdown table for a README."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from loopdoctor.errors import LoopdoctorError
from loopdoctor.labels import Answer, Change, Outcome, Score
from loopdoctor.render.escape import visible

BEGIN, END = "<!-- accuracy: loopdoctor rules score -->", "<!-- end of accuracy -->"
_MOST_MISSES = 60


def render(pools: Mapping[str, Score], answers: Sequence[Answer]) -> Iterator[str]:
    """A line for each pool of cases (the last is that of all), a line for each cause, and every miss."""
    yield from totals(pools)
    yield "\n"
    yield from by_cause(answers)
    misses = [answer for answer in answers if not answer.first]
    if misses:
        yield "\nmissed:\n"
    for answer in misses[:_MOST_MISSES]:
        got = ", ".join(answer.ranked[:3]) or "nothing"
        wanted = " or ".join(answer.expectation.causes)
        yield visible(f"- {answer.case.folder}: wanted {wanted}; got {got}") + "\n"
    if len(misses) > _MOST_MISSES:
        yield f"- and {len(misses) - _MOST_MISSES} more\n"


def totals(pools: Mapping[str, Score]) -> Iterator[str]:
    """The totals as a Markdown table."""
    yield "| cases | logs | found | first | among three | misled | spurious | quiet | calibration error |\n"
    yield "|---|---|---|---|---|---|---|---|---|\n"
    for name, score in pools.items():
        cells = [
            visible(name),
            str(score.cases),
            _share(score.found, score.expected),
            _share(score.first, score.expected),
            _share(score.among_three, score.expected),
            str(score.misled),
            str(score.spurious),
            f"{score.quiet}/{score.negatives}",
            f"{score.error:.3f}",
        ]
        yield f"| {' | '.join(cells)} |\n"


def by_cause(answers: Sequence[Answer]) -> Iterator[str]:
    """How often each cause was expected and came first, as a Markdown table, the commonest first."""
    expected: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        expected[answer.expectation.causes[0]].append(answer)
    yield "| cause | expected | first | among three |\n|---|---|---|---|\n"
    for cause, given in sorted(expected.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        first = sum(answer.first for answer in given)
        three = sum(answer.among_three for answer in given)
        yield f"| `{visible(cause)}` | {len(given)} | {first} | {three} |\n"


def fitted(outcomes: Mapping[str, Outcome], changes: Sequence[tuple[Change, str]]) -> Iterator[str]:
    """What a fit gains, and every change for review: where, what it was, what it becomes."""
    yield "| values | incidents | first | among three | calibration error | loss |\n|---|---|---|---|---|---|\n"
    for name, outcome in outcomes.items():
        first, three = _share(outcome.first, outcome.examples), _share(outcome.among_three, outcome.examples)
        yield f"| {name} | {outcome.examples} | {first} | {three} | {outcome.error:.3f} | {outcome.loss:.4f} |\n"
    yield f"\n{len(changes)} changes\n"
    for change, place in changes:
        where = place or change.rule
        yield visible(f"- {where}: {change.before:g} -> {change.after:g}  ({change.rule} {change.path})") + "\n"


def put_into(file: str, pieces: Iterator[str]) -> None:
    """Replaces what stands between the markers of a file. Raises LoopdoctorError if it has none."""
    from loopdoctor.render.delivery import to_file

    text = Path(file).read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        hint = f"put the lines {BEGIN} and {END} where the table belongs"
        raise LoopdoctorError("no-markers", "there is no place for the table", context=file, hint=hint)
    to_file([before, BEGIN, "\n\n", *pieces, "\n", END, after], file)


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.1%}" if whole else "-"
