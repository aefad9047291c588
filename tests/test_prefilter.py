"""The prefilter: which stretches of a log are handed over, and that nothing of them depends on how the bytes came."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise

import pytest
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from loopdoctor.model import Window
from loopdoctor.prefilter import Prefilter, Tally, newlines
from loopdoctor.prefilter.cutting import PIECE, STRIDE
from loopdoctor.prefilter.search import FindSearch, make_search
from loopdoctor.prefilter.sniff import SNIFFERS, reason_for_full
from loopdoctor.settings import Settings
from loopdoctor.sources import Source

LITERALS = (b"the lantern went out", b"went out of oil", b"no wick in lamp")
SMALL = Settings(whole_below=0, margin=3, max_line=60, max_record=50)
ENGINES = ("find", "hyperscan")

ordinary = st.sampled_from([b"", b"lamp lit", b"rowing on, all is well", b"x" * 90, b"\0\0lamp", b"caf\xe9", b"a\rb"])
telling = st.sampled_from(
    [*LITERALS, b"at dusk the lantern went out of oil", b"RuntimeWarning: dim", b"y" * 70 + LITERALS[2]]
)
going_on = st.sampled_from([b'  File "lamp.py", line 3, in light', b"    burn(oil)", b"E   Dark: no wick in lamp"])
runs = st.tuples(ordinary, st.integers(1, 12)).map(lambda pair: [pair[0]] * pair[1])
lines = st.lists(st.one_of(runs, telling.map(lambda line: [line]), going_on.map(lambda line: [line])), max_size=25)
logs = st.tuples(lines, st.sampled_from([b"", b"\n"])).map(
    lambda pair: b"\n".join(chain.from_iterable(pair[0])) + pair[1]
)


def windows_of(
    chunks: Iterable[bytes], settings: Settings = SMALL, engine: str = "find", literals: Iterable[bytes] = LITERALS
) -> tuple[list[Window], Tally]:
    """The windows of a log that comes in these chunks, and what was counted."""
    tally = Tally()
    prefilter = Prefilter(literals, settings, engine=engine)
    return list(prefilter.windows(Source("lamps.log", None, iter(chunks)), tally)), tally


def in_chunks(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """The data in chunks of these sizes, over and over."""
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        yield data[at : at + size]
        at, turn = at + size, turn + 1


def physical_lines(data: bytes) -> list[bytes]:
    """The lines of a file with their line breaks; the last may have none."""
    return [line + b"\n" for line in data.split(b"\n")[:-1]] + [rest for rest in [data.rsplit(b"\n", 1)[-1]] if rest]


def cut(line: bytes, limit: int) -> bytes:
    """A line as a window shows it."""
    bare = line.removesuffix(b"\n")
    return bare[:limit] + line[len(bare) :]


@effort(max_examples=60, deadline=None)
@given(logs, st.lists(st.integers(1, 40), min_size=1, max_size=5), st.sampled_from(ENGINES))
@example(b"the lantern went out", [1, 19], "find")
def test_windows_do_not_depend_on_how_the_bytes_come(data: bytes, sizes: list[int], engine: str) -> None:
    """A log gives the same windows and the same counts in one block and in any others, with either engine."""
    expected, whole = windows_of([data])
    got, tally = windows_of(in_chunks(data, sizes), engine=engine)
    assert got == expected
    assert (tally.bytes, tally.lines, tally.cut_lines, tally.nul_lines) == (
        whole.bytes,
        whole.lines,
        whole.cut_lines,
        whole.nul_lines,
    )
    assert (tally.bytes, tally.lines) == (len(data), len(physical_lines(data)))


@effort(max_examples=100, deadline=None)
@given(logs, st.integers(0, 6))
def test_every_hit_is_handed_over_with_its_margin_under_its_own_number(data: bytes, margin: int) -> None:
    """Windows hold whole lines, in order, none twice, each hit and its neighbours among them."""
    settings = Settings(whole_below=0, margin=margin, max_line=60, max_record=50)
    windows, _ = windows_of([data], settings)
    all_lines = physical_lines(data)
    shown: dict[int, bytes] = {}
    for window in windows:
        for number, line in enumerate(physical_lines(window.data), window.first):
            assert number not in shown
            shown[number] = line
    assert list(shown) == sorted(shown)
    for number, line in shown.items():
        assert line == cut(all_lines[number - 1], 60)
    for number, line in enumerate(all_lines, 1):
        if any(literal in line for literal in (*LITERALS, b"RuntimeWarning")):
            wanted = range(max(1, number - margin), min(len(all_lines), number + margin) + 1)
            assert set(wanted) <= set(shown)
    runs = [list(windows[:1])]
    for before, after in pairwise(windows):
        if after.first == before.first + before.data.count(b"\n"):
            runs[-1].append(after)
        else:
            runs.append([after])
    for run in filter(None, runs):  # what touches is one window, but for pieces of what is too long for one
        lines = sum(window.data.count(b"\n") for window in run)
        assert len(run) == 1 or lines >= settings.max_record + 2 * margin


@effort(max_examples=60, deadline=None)
@given(logs, st.lists(st.integers(1, 200), min_size=1, max_size=3))
def test_a_source_handed_over_whole_loses_nothing(data: bytes, sizes: list[int]) -> None:
    """With ``full`` the windows are the log, its last one marked."""
    windows, tally = windows_of(in_chunks(data, sizes), Settings(full=True, max_line=1000))
    assert b"".join(window.data for window in windows) == data
    assert [window.last_of_source for window in windows] == [False] * (len(windows) - 1) + [True] * bool(data)
    assert tally.whole == "asked for"
    assert tally.lines == len(physical_lines(data))


@pytest.mark.parametrize("engine", ENGINES)
def test_hits_across_blocks_are_found(engine: str) -> None:
    """A literal is found wherever the border of two blocks, or of many, cuts it."""
    data = b"calm\n" * 9 + b"then the lantern went out.\n" + b"calm\n" * 9
    for size in range(1, 40):
        windows, _ = windows_of(in_chunks(data, [size]), engine=engine)
        assert [(window.first, window.data.count(b"\n")) for window in windows] == [(7, 7)]


@effort(max_examples=100, deadline=None)
@given(
    st.lists(st.text("ab ", min_size=1, max_size=8).map(str.encode), min_size=1, max_size=6),
    st.text("ab \n", max_size=60).map(str.encode),
)
def test_both_engines_find_the_same(literals: list[bytes], block: bytes) -> None:
    """Hyperscan and ``bytes.find`` report the same ends, overlapping ones too."""
    literals = list(dict.fromkeys(literals))
    expected = {at + len(literal) for literal in literals for at in range(len(block)) if block.startswith(literal, at)}
    for engine in ENGINES:
        assert set(make_search(literals, engine).ends(block)) == expected


def test_without_hyperscan_the_scan_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hyperscan has no wheel, ``bytes.find`` takes its place unless hyperscan was asked for."""
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert isinstance(make_search(LITERALS), FindSearch)
    with pytest.raises(ImportError):
        make_search(LITERALS, "hyperscan")


def test_an_empty_literal_is_refused() -> None:
    """An empty literal would make every byte a hit."""
    with pytest.raises(ValueError, match="empty"):
        make_search([b"lamp", b""])


def test_a_long_traceback_is_one_window() -> None:
    """Frames keep a window open although their margin holds no literal, also where other streams write in between."""
    frame = b'web |   File "/srv/quay/lamp.py", line 7, in light\n' + b"db | checkpoint complete\n" * (STRIDE - 2)
    record = b"web | Traceback (most recent call last):\n" + frame * 150 + b"web | Dark: no oil\n"
    calm = b"db | checkpoint starting\n" * 200
    settings = Settings(whole_below=0, margin=15)
    windows, _ = windows_of([calm + record + calm], settings)
    assert [window.first for window in windows] == [186]
    assert record in windows[0].data
    assert not windows[0].last_of_source


def test_a_record_without_end_is_handed_over_in_pieces_that_go_on() -> None:
    """A window is never longer than a record may be; the next one begins with the next line."""
    data = b"Traceback (most recent call last):\n" + b"    burn(oil)\n" * 1000
    windows, _ = windows_of([data])
    limit = SMALL.max_record + 2 * SMALL.margin
    assert max(window.data.count(b"\n") for window in windows) <= limit
    assert len(windows) <= 4 * 1001 // limit
    assert all(one.first + one.data.count(b"\n") == other.first for one, other in pairwise(windows))
    assert b"".join(window.data for window in windows) == data
    assert windows[-1].last_of_source


def test_a_storm_is_handed_over_in_pieces_of_whole_lines() -> None:
    """A log of nothing but hits costs pieces of about 1 MiB, the first of them smaller, not a window a hit."""
    data = b"17:03 the lantern went out, it is dark at the quay\n" * 90_000
    windows, _ = windows_of(in_chunks(data, [100_000]), Settings(whole_below=0, max_record=10**9))
    assert len(windows) <= len(data) // PIECE + 5
    assert all(window.data.endswith(b"\n") and len(window.data) < PIECE + 60 for window in windows)
    assert b"".join(window.data for window in windows) == data


def test_a_hit_at_the_end_marks_the_last_window() -> None:
    """Only a window that reaches the end of its source says that nothing follows."""
    calm = b"calm\n" * 50
    windows, _ = windows_of([calm, LITERALS[0] + b"\n", calm])
    assert [window.last_of_source for window in windows] == [False]
    windows, _ = windows_of([calm, LITERALS[0] + b"\n", calm, LITERALS[1]])
    assert [window.last_of_source for window in windows] == [False, True]
    assert windows[1].data == b"calm\n" * 3 + LITERALS[1]


def test_a_small_source_is_handed_over_whole() -> None:
    """Below ``whole_below`` the lines around a record are kept as well."""
    windows, tally = windows_of([b"calm\n" * 100], Settings(whole_below=501))
    assert [(window.first, window.last_of_source) for window in windows] == [(1, True)]
    assert tally.whole == "small"
    assert windows_of([b"calm\n" * 100], Settings(whole_below=500))[0] == []


def test_an_empty_source_has_no_windows() -> None:
    """Nothing in, nothing out."""
    windows, tally = windows_of([b"", b""], Settings())
    assert windows == []
    assert (tally.bytes, tally.lines) == (0, 0)


def peak_of(chunks: Iterable[bytes]) -> tuple[int, list[Window], Tally]:
    """The most memory that was in use while these chunks were read, and what came of them."""
    tracemalloc.start()
    try:
        windows, tally = windows_of(chunks, Settings())
        return tracemalloc.get_traced_memory()[1], windows, tally
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("filling", [b"x", b"\n", b"\0"], ids=["endless line", "empty lines", "zeros"])
def test_memory_is_bounded_whatever_the_lines(filling: bytes) -> None:
    """A line without end, or lines without content, do not pile up."""
    block = filling * (256 << 10)
    peak, windows, tally = peak_of([block] * 200)
    assert peak < 8 << 20
    assert windows == []
    assert tally.bytes == 200 * len(block)


def test_a_line_without_end_that_holds_a_hit_is_cut() -> None:
    """The head of an endless line is handed over, and counted as cut, when a literal stands far behind in it."""
    block = b"x" * (256 << 10)
    peak, windows, tally = peak_of([b"calm\nhead ", *[block] * 100, LITERALS[0], *[block] * 100, b"\ncalm\n"])
    assert peak < 8 << 20
    limit = Settings().max_line
    handed_over = b"".join(window.data for window in windows)
    assert [len(line) for line in handed_over.split(b"\n")] == [4, limit, 4, 0]
    assert windows[0].data.startswith(b"calm\nhead xxx")
    assert (tally.cut_lines, tally.lines) == (1, 3)


def test_windows_of_very_long_lines_take_bounded_memory() -> None:
    """Lines that fill blocks are kept cut while a window is open, and are not gone through again with each block."""
    line = b"x" * 500_000 + b"\n"
    hit = b"x" * 300_000 + LITERALS[0] + b"\n"
    log = b"".join([*[line] * 60, hit, *[line] * 100, hit, *[line] * 60])
    source = Source("lamps.log", None, in_chunks(log, [256 << 10]))
    tally = Tally()
    tracemalloc.start()
    try:
        firsts = [window.first for window in Prefilter(LITERALS, Settings()).windows(source, tally)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert firsts[0] == 21
    assert tally.cut_lines == 2 * 81
    assert peak < 100 << 20


def test_lines_with_zero_bytes_are_counted() -> None:
    """What logrotate's copytruncate leaves behind is handed over as it is, and counted."""
    windows, tally = windows_of([b"\0\0\0lamp\n", LITERALS[0] + b"\n", b"a\0b\nc\n"])
    assert windows[0].data.startswith(b"\0\0\0lamp\n")
    assert tally.nul_lines == 2


def test_a_watcher_sees_every_block() -> None:
    """Progress can be shown while no window comes."""
    seen: list[int] = []
    tally = Tally(watch=lambda so_far: seen.append(so_far.bytes))
    prefilter = Prefilter(LITERALS, SMALL)
    assert list(prefilter.windows(Source("lamps.log", None, iter([b"calm\n"] * 4)), tally)) == []
    assert seen == [5, 10, 15, 20]


def test_a_consumer_that_stops_leaves_no_thread() -> None:
    """Closing the windows early ends the threads that search ahead."""
    import threading

    prefilter = Prefilter(LITERALS, SMALL)
    windows = prefilter.windows(Source("lamps.log", None, iter([LITERALS[0] + b"\n" + b"calm\n" * 99] * 500)), Tally())
    next(windows)
    windows.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("loopdoctor-search")]


HEADS = {
    "XML": b'<?xml version="1.0"?>\n<testsuites><testsuite name="quay">',
    "journal export": b"__CURSOR=s=1f;i=2\n__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=lamp lit\n\n",
    "journal verbose": b"Tue 2025-03-04 05:06:07.000000 UTC [s=0badcafe;i=4;b=1]\n    MESSAGE=lamp lit\n",
    "JSON over several lines": b'{\n\t"MESSAGE" : "lamp lit",\n\t"_PID" : "7"\n}\n',
    "rich console": b"".join(
        b"\x1b[2m[05:06:0%d]\x1b[0m \x1b[34mINFO    \x1b[0m lamp lit      \x1b[2mquay.py\x1b[0m:\x1b[2m%d\x1b[0m\n"
        % (i, i)
        for i in range(5)
    ),
}


@pytest.mark.parametrize("name", [sniffer.name for sniffer in SNIFFERS])
def test_logs_whose_entries_span_lines_are_recognised(name: str) -> None:
    """Each kind of log in the table is known by its beginning, and parsed whole."""
    assert reason_for_full(HEADS[name]) == name
    _, tally = windows_of([HEADS[name]])
    assert tally.whole == name


@pytest.mark.parametrize(
    "head",
    [
        b"05:06:07 INFO quay lamp lit\n" * 20,
        b'{"level": "info", "message": "lamp lit"}\n' * 20,
        b"[2025-03-04 05:06:07] INFO quay: lamp lit by keeper.py at 7\n" * 20,
        b"2025-03-04 05:06:07 DEBUG reply: <testsuite> is a tag, <?xml too\n" * 20,
    ],
)
def test_ordinary_logs_are_not_taken_for_those(head: bytes) -> None:
    """A log of one entry a line is cut into windows."""
    assert reason_for_full(head) == ""


def test_line_breaks_are_counted_alike_without_stringzilla(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken or missing library costs time and nothing else."""
    block = b"one\ntwo\n\nthree" * 999
    fast = newlines.counter()(block)
    monkeypatch.setitem(sys.modules, "stringzilla", None)
    newlines.counter.cache_clear()
    assert newlines.counter()(block) == fast == block.count(b"\n")
    newlines.counter.cache_clear()
