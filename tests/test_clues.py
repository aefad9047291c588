"""Each predicate that a cause file may ask holds where it should, and does not where it should not."""

from __future__ import annotations

from typing import Any

import pytest

from catalogues import TILL, catalogue, incidents, symptom, traceback
from loopdoctor.catalogue.schema import Ask, FrameAsk, MarkAsk, MarkRule, NearAsk, ObjectAsk, VersionAsk
from loopdoctor.clues import MAX_QUOTES, PREDICATES, Scene, ask, version_fits
from loopdoctor.matching import Matcher

RUNNERS = ("/usr/lib/python3.12/asyncio/runners.py", 194, "run", "return runner.run(main)")
RUNNER = ("/usr/lib/python3.12/asyncio/runners.py", 118, "run", "return self._loop.run_until_complete(task)")
UNTIL = ("/usr/lib/python3.12/asyncio/base_events.py", 687, "run_until_complete", "return future.result()")
START = ("/srv/till/main.py", 5, "<module>", "asyncio.run(main())")
MAIN = ("/srv/till/main.py", 3, "main", "await ring_up(cart)")
SALE = ("/srv/till/sale.py", 31, "ring_up", "till.open()")
PACK = ("/srv/venv/lib/python3.12/site-packages/tillpack/core.py", 7, "_open", "raise RuntimeError(reason)")
THREAD = ("/usr/lib/python3.12/threading.py", 1075, "_bootstrap_inner", "self.run()")
POOL = ("/usr/lib/python3.12/concurrent/futures/thread.py", 58, "run", "result = self.fn()")
DEL = ("/srv/till/drawer.py", 9, "__del__", "self.close()")
IGNORED = "Exception ignored in: <function Drawer.__del__ at 0x7f00aa55>\n"
SHUT = "RuntimeError: the till is shut"
TASK = (
    "<Task pending name='Task-7' coro=<Shop.serve() running at /srv/till/shop.py:9> wait_for=<Future pending cb=[g()]>>"
)
OBJECT = f"@ERROR the till is shut\ntask: {TASK}\n"

RULES = catalogue(
    TILL.symptoms.values(),
    TILL.causes.values(),
    [
        MarkRule("lights-out", "the power failed", ("lights went out",)),
        MarkRule("banner", "the till's banner", ("till version",), r"Python (?P<python>\S+), till (?P<till_pack>\S+)"),
    ],
)


def shut(*frames: tuple[str, int, str, str]) -> str:
    """The till is shut, with these frames."""
    return traceback(SHUT, *frames)


def scene_of(text: str) -> Scene:
    """The first incident of a log, ready to be asked."""
    return Scene(incidents(text, RULES)[0], Matcher(RULES))


def frame(**keys: Any) -> Ask:
    """A question about a frame."""
    return Ask(frame=FrameAsk(**keys))


def object_(**keys: str) -> Ask:
    """A question about a printed object."""
    return Ask(object=ObjectAsk(**keys))


FRAMES = shut(RUNNERS, RUNNER, UNTIL, MAIN, SALE, PACK)
NEAR = "@INFO opening\n" + shut(SALE) + "@INFO closing\n"
MARKS = "@INFO lights went out\n" + shut(SALE)
VERSIONS = "@INFO Python 3.11.4, till 2.10.1 is till version\n" + "@ERROR the till is shut\n"
BOTH = "@ERROR coins were lost\n" + shut(SALE)
ELSEWHERE = shut(SALE) + traceback("OSError: paper roll is empty", ("/srv/till/printer.py", 5, "feed", "go()"))
YES, NO = Ask(message="shut"), Ask(message="open")

CASES = [
    ("frame", FRAMES, frame(file=r"sale\.py$", function="^ring_up$", source="open"), True),
    ("frame", FRAMES, frame(file=r"sale\.py$", function="^main$"), False),
    ("frame", FRAMES, frame(function="^_open$", at="innermost"), True),
    ("frame", FRAMES, frame(function="^ring_up$", at="innermost"), False),
    ("frame", FRAMES, frame(file=r"runners\.py$", at="outermost"), True),
    ("frame", FRAMES, frame(function="^main$", at="outermost"), False),
    ("frame", FRAMES, frame(function="^ring_up$", at="innermost-user"), True),
    ("frame", FRAMES, frame(function="^main$", at="innermost-user"), False),
    ("frame", FRAMES, frame(function="^main$", at="user"), True),
    ("frame", FRAMES, frame(function="^_open$", at="user"), False),
    ("frame", FRAMES, frame(file=r"runners\.py$", least=2), True),
    ("frame", FRAMES, frame(file=r"runners\.py$", least=3), False),
    ("frame", "@ERROR the till is shut\n", frame(file="."), False),
    ("frame", shut((r"C:\till\sale.py", 1, "f", "g()")), frame(file="/till/sale"), True),
    ("message", FRAMES, Ask(message="^RuntimeError: .* shut$"), True),
    ("message", FRAMES, Ask(message=r"till\.open"), False),  # a source line does not speak
    ("object", OBJECT, object_(kind="^Task$", state="pending", coro="serve", wait_for="Future", name="^Task-7$"), True),
    ("object", OBJECT, object_(kind="^Task$", coro="refund"), False),
    ("object", OBJECT, object_(kind="^Handle$"), False),
    ("near", NEAR, Ask(near=NearAsk("^opening", "before")), True),
    ("near", NEAR, Ask(near=NearAsk("^opening", "after")), False),
    ("near", NEAR, Ask(near=NearAsk("^closing", "after")), True),
    ("near", NEAR, Ask(near=NearAsk("^closing")), True),
    ("near", NEAR, Ask(near=NearAsk("the till is shut")), False),  # the record itself is not near
    ("mark", MARKS, Ask(mark=MarkAsk("lights-out")), True),
    ("mark", MARKS, Ask(mark=MarkAsk("lights-out", "before")), True),
    ("mark", MARKS, Ask(mark=MarkAsk("lights-out", "after")), False),
    ("mark", shut(SALE) + "@INFO lights went out\n", Ask(mark=MarkAsk("lights-out", "after")), True),
    ("mark", shut(SALE), Ask(mark=MarkAsk("lights-out")), False),
    ("symptom", BOTH, Ask(symptom=("drawer-open", "coins-lost")), True),
    ("symptom", BOTH, Ask(symptom=("drawer-open",)), False),
    ("elsewhere", ELSEWHERE, Ask(elsewhere=("roll-empty",)), True),
    ("elsewhere", ELSEWHERE, Ask(elsewhere=("till-shut",)), False),  # its own
    ("kind", FRAMES, Ask(kind=("warning", "traceback")), True),
    ("kind", FRAMES, Ask(kind=("warning",)), False),
    ("thread", shut(THREAD, POOL, SALE), Ask(thread="other"), True),
    ("thread", shut(THREAD, POOL, SALE), Ask(thread="main"), False),
    ("thread", shut(POOL, SALE), Ask(thread="other"), True),
    ("thread", "Exception in thread Thread-2 (serve):\n" + shut(SALE), Ask(thread="other"), True),
    ("thread", traceback(f"{SHUT} in thread 'Thread-2'", SALE), Ask(thread="other"), True),
    ("thread", traceback(f"{SHUT} in thread 'MainThread'", SALE), Ask(thread="other"), False),
    ("thread", FRAMES, Ask(thread="main"), True),
    ("thread", FRAMES, Ask(thread="other"), False),
    ("position", shut(START), Ask(position="import"), True),
    ("position", shut(START, MAIN), Ask(position="import"), False),
    ("position", IGNORED + shut(DEL), Ask(position="finaliser"), True),
    ("position", shut(SALE, DEL), Ask(position="finaliser"), True),
    ("position", FRAMES, Ask(position="finaliser"), False),
    ("position", "@INFO opening\n" + shut(SALE), Ask(position="exit"), True),
    ("position", NEAR, Ask(position="exit"), False),
    ("position", NEAR, Ask(position="mid-run"), True),
    ("position", "@INFO opening\n" + shut(SALE), Ask(position="mid-run"), False),
    ("library", FRAMES, Ask(library=("aiohttp", "tillpack")), True),
    ("library", FRAMES, Ask(library=("aiohttp",)), False),
    ("library", traceback("tillpack.errors.Shut: the till is shut", SALE), Ask(library=("tillpack",)), True),
    ("version", VERSIONS, Ask(version=VersionAsk("python", ">=3.10,<3.12")), True),
    ("version", VERSIONS, Ask(version=VersionAsk("python", "<3.11")), False),
    ("version", VERSIONS, Ask(version=VersionAsk("till-pack", ">=2.9")), True),
    ("version", VERSIONS, Ask(version=VersionAsk("aiohttp", ">=1")), False),  # not shown
    ("version", FRAMES, Ask(version=VersionAsk("python", "==3.12")), True),  # shown by the paths
    ("least", shut(SALE) * 3, Ask(least=3), True),
    ("least", shut(SALE) * 3, Ask(least=4), False),
    ("loops", FRAMES, Ask(loops=1), True),
    ("loops", FRAMES, Ask(loops=2), False),  # three frames of one run
    ("loops", shut(RUNNERS, RUNNER, UNTIL, MAIN, RUNNERS, SALE), Ask(loops=2), True),
    ("loops", shut(SALE), Ask(loops=1), False),
    ("loops", shut(("/srv/till/jobs.py", 3, "run", "go()")), Ask(loops=1), False),  # somebody's own run()
    ("all", FRAMES, Ask(all=(YES, Ask(kind=("traceback",)))), True),
    ("all", FRAMES, Ask(all=(YES, NO)), False),
    ("any", FRAMES, Ask(any=(NO, YES)), True),
    ("any", FRAMES, Ask(any=(NO, NO)), False),
    ("not_", FRAMES, Ask(not_=NO), True),
    ("not_", FRAMES, Ask(not_=YES), False),
]


@pytest.mark.parametrize(
    ("text", "question", "held"), [case[1:] for case in CASES], ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)]
)
def test_a_predicate_holds_or_does_not(text: str, question: Ask, held: bool) -> None:
    """The answer to one question about one small incident."""
    assert ask(scene_of(text), question).held is held


@pytest.mark.parametrize("name", PREDICATES)
def test_each_predicate_is_tried_both_ways(name: str) -> None:
    """The table above knows every predicate, holding and not."""
    asked = [case for case in CASES if case[0] == name]
    assert {case[3] for case in asked} == {True, False}
    assert all(getattr(case[2], name) is not None for case in asked)


def test_there_is_a_predicate_for_every_key_of_a_question() -> None:
    """A key of the schema without predicate would hold everywhere, silently."""
    assert set(PREDICATES) == set(Ask.__struct_fields__)


def test_a_question_of_several_keys_holds_if_each_does() -> None:
    """Lint forbids it in rule files; the answer is still the strict one."""
    scene = scene_of(FRAMES)
    assert ask(scene, Ask(message="shut", kind=("traceback",))).held
    assert not ask(scene, Ask(message="shut", kind=("warning",))).held


def test_an_answer_quotes_what_it_saw() -> None:
    """The words of the log, a few of them, each once and not endless."""
    scene = scene_of(FRAMES)
    assert ask(scene, frame(function="ring_up")).quotes == ("/srv/till/sale.py:31 in ring_up",)
    assert ask(scene_of(NEAR), Ask(near=NearAsk("^opening"))).quotes == ("opening",)
    assert ask(scene_of(VERSIONS), Ask(version=VersionAsk("python", ">=3"))).quotes == ("python 3.11.4",)
    assert len(ask(scene, frame(file=".")).quotes) == MAX_QUOTES
    assert ask(scene, frame(function="refund")).quotes == ()
    assert len(ask(scene_of(f"@ERROR the till is shut {'x' * 5000}\n"), YES).quotes[0]) < 200


def test_all_quotes_every_part_and_any_the_one_that_held() -> None:
    """So that a reader sees why a combination held."""
    scene = scene_of(FRAMES)
    both = ask(scene, Ask(all=(YES, frame(function="ring_up"))))
    assert both.quotes == (SHUT, "/srv/till/sale.py:31 in ring_up")
    assert ask(scene, Ask(any=(NO, frame(function="ring_up"), YES))).quotes == ("/srv/till/sale.py:31 in ring_up",)


def test_frames_of_two_records_do_not_add_up() -> None:
    """``least`` counts within one traceback chain: two failures with one frame each have not two in one."""
    once = shut(SALE)
    (found,) = incidents(once + once, RULES)
    assert not ask(Scene(found, Matcher(RULES)), frame(function="ring_up", least=2)).held


@pytest.mark.parametrize(
    ("version", "fits", "held"),
    [
        ("3.11.7", ">=3.10,<3.12", True),
        ("3.9", ">=3.10", False),
        ("3.10", ">=3.9", True),
        ("3.11.7", "==3.11", True),
        ("3.11", "!=3.11", False),
        ("1.2.3", "<=1.2", True),
        ("1.2.3", ">1.2", False),
        ("0.23.5a1", ">=0.23", True),
        ("3.11", "3.11", False),
    ],
)
def test_versions_are_compared_by_numbers(version: str, fits: str, held: bool) -> None:
    """Part by part, to the length of what was asked; a range without a sign holds never."""
    assert version_fits(version, fits) is held


def test_a_rule_of_another_team_may_ask_of_its_own_symptom() -> None:
    """Predicates know no ids of the built-in catalogue."""
    rules = catalogue([symptom("kettle-cold", "kettle is cold", {"plug-pulled": 1.0})], [])
    (found,) = incidents("@ERROR kettle is cold\n", rules)
    assert ask(Scene(found, Matcher(rules)), Ask(symptom=("kettle-cold",))).held
