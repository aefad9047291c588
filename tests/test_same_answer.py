"""However a log is read, the answer is the same: in windows or whole, with hyperscan or without, in any blocks."""

from __future__ import annotations

import json
from functools import cache, partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopdoctor import pipeline
from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.pipeline import scan_sources
from loopdoctor.prefilter import Prefilter
from loopdoctor.render import View, renderer
from loopdoctor.settings import Settings
from loopdoctor.sources import Source

RECORDED = sorted(Path(__file__).parents[1].joinpath("sample_logs").glob("*/*.log"))
QUIET = "2026-05-04 09:{minute:02d}:{second:02d},120 INFO bakery.oven: loaf {number} baked in {number} s\n"
WINDOWED = Settings(whole_below=0)


@cache
def catalogue() -> Catalogue:
    """The built-in rules, read once."""
    return load_catalogue()


def answer(data: bytes, asked: Settings, block: int = 0) -> dict[str, object]:
    """The report on a log that comes in blocks of so many bytes, without what only the way of reading decides."""
    blocks = (data[at : at + block] for at in range(0, len(data), block)) if block else iter([data])
    source = Source("app.log", len(data), blocks)
    report = scan_sources(lambda notify: [source], asked, catalogue=catalogue())
    found: dict[str, object] = json.loads("".join(renderer("json")(report, {}, View())))
    found.pop("stats")
    found["inputs"] = [(item["bytes"], item["lines"]) for item in found["inputs"]]  # type: ignore[attr-defined]
    return found


def quiet(lines: int) -> str:
    """So many lines of a program that is well."""
    return "".join(QUIET.format(minute=at // 60 % 60, second=at % 60, number=at) for at in range(lines))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_each_sample_is_answered_alike_in_windows_and_whole(path: Path) -> None:
    """What stands far from any known word changes nothing."""
    data = quiet(150).encode() + path.read_bytes() + quiet(150).encode()
    assert answer(data, WINDOWED) == answer(data, Settings(full=True))


mixtures = st.lists(
    st.tuples(st.sampled_from(RECORDED), st.integers(1, 3), st.sampled_from([0, 1, 30, 90])), max_size=5
)


@given(mixtures, st.sampled_from([0, 700, 5000]))
@settings(max_examples=25, deadline=None)
def test_mixtures_of_samples_are_answered_alike(parts: list[tuple[Path, int, int]], block: int) -> None:
    """Logs one behind the other, some several times, with quiet stretches between them."""
    data = b"".join((path.read_bytes() + quiet(gap).encode()) * times for path, times, gap in parts)
    assert answer(data, WINDOWED, block) == answer(data, Settings(full=True))


def test_without_hyperscan_the_answer_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other search finds the same windows, only later."""
    data = b"".join(path.read_bytes() + quiet(100).encode() for path in RECORDED[::5])
    fast = answer(data, WINDOWED, 100_000)
    monkeypatch.setattr(pipeline, "Prefilter", partial(Prefilter, engine="find"))
    assert answer(data, WINDOWED, 100_000) == fast
