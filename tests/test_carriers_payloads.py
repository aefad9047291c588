"""What a program wrote before anything wraps it: the payloads that the carrier tests wrap, and checks of the way back.

Every payload is a list of the program's own lines as CPython, asyncio, warnings and pytest print them. ``own_lines``
gives what ``unwrap`` makes of a wrapped log, and ``whole`` asserts that the payload came out of it in one lane,
line for line.
"""

from __future__ import annotations

from loopdoctor.carriers import unwrap
from loopdoctor.model import Line, Notice, Window
from loopdoctor.settings import Settings

CHAINED = """\
Traceback (most recent call last):
  File "/opt/kitchen/oven.py", line 41, in preheat
    await self.relay.close()
          ^^^^^^^^^^^^^^^^^^
  File "/opt/kitchen/relay.py", line 9, in close
    raise OSError("relay stuck")
OSError: relay stuck

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/opt/kitchen/menu.py", line 77, in <module>
    asyncio.run(dinner())
  File "/opt/kitchen/menu.py", line 70, in dinner
    raise MenuError("no dinner today") from error
kitchen.errors.MenuError: no dinner today"""

REPORT = """\
Task exception was never retrieved
future: <Task finished name='stir-3' coro=<stir() done, defined at /opt/kitchen/pot.py:5> exception=KeyError('salt')>
Traceback (most recent call last):
  File "/opt/kitchen/pot.py", line 8, in stir
    return shelf["salt"]
           ~~~~~^^^^^^^^
KeyError: 'salt'"""

WARNED = """\
/opt/kitchen/serve.py:12: RuntimeWarning: coroutine 'ring_bell' was never awaited
  ring_bell(table)
RuntimeWarning: Enable tracemalloc to get the object allocation traceback"""

GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/opt/kitchen/brigade.py", line 30, in service
  |     async with asyncio.TaskGroup() as brigade:
  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/opt/kitchen/brigade.py", line 11, in chop
    |     knife.lift()
    | ValueError: dull knife
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/opt/kitchen/brigade.py", line 19, in fry
    |     pan.heat()
    | RuntimeError: Event loop is closed
    +------------------------------------"""

PYTEST = """\
============================= test session starts ==============================
platform linux -- Python 3.12.1, pytest-8.3.1, pluggy-1.5.0
collected 1 item

tests/test_soup.py F                                                     [100%]

=================================== FAILURES ===================================
________________________________ test_soup_boils _______________________________

    async def test_soup_boils():
>       await pot.boil()

tests/test_soup.py:6:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _

    async def boil(self):
>       raise RuntimeError("Event loop is closed")
E       RuntimeError: Event loop is closed

kitchen/pot.py:22: RuntimeError
=========================== short test summary info ============================
FAILED tests/test_soup.py::test_soup_boils - RuntimeError: Event loop is closed
============================== 1 failed in 0.12s ==============================="""

PAYLOADS = {
    name: text.split("\n")
    for name, text in (
        ("chained", CHAINED),
        ("report", REPORT),
        ("warned", WARNED),
        ("group", GROUP),
        ("pytest", PYTEST),
    )
}


def own_lines(log: str | bytes, *, settings: Settings | None = None) -> list[Line]:
    """The lines that ``unwrap`` gives for a log read as one window."""
    data = log if isinstance(log, bytes) else log.encode()
    notices: list[Notice] = []
    return list(unwrap([Window("log", 1, data, last_of_source=True)], settings or Settings(), notices.append))


def lanes(lines: list[Line]) -> dict[str, list[str]]:
    """The texts of each stream, in order."""
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line.stream, []).append(line.text)
    return found


def lane_with(lines: list[Line], text: str) -> list[str]:
    """The lane in which a text stands, from its first occurrence on."""
    for texts in lanes(lines).values():
        if text in texts:
            return texts[texts.index(text) :]
    raise AssertionError(f"{text!r} in none of {lanes(lines)}")


def whole(lines: list[Line], payload: list[str]) -> None:
    """Asserts that a payload came out in one lane, each line as the program wrote it and nothing between."""
    expected = [text.rstrip() for text in payload]
    found = [text.rstrip() for text in lane_with(lines, payload[0])][: len(payload)]
    assert found == expected


def starts_within(lines: list[Line], payload: list[str]) -> list[str]:
    """The payload's lines behind its first that were said to begin a new entry: there must be none."""
    first = next(index for index, line in enumerate(lines) if line.text == payload[0])
    inside = {text for text in payload if text.strip()}
    return [line.text for line in lines[first + 1 :] if line.start and line.text in inside]


def test_payloads_pass_untouched_when_nothing_wraps_them() -> None:
    """A log without any wrapping comes out line for line, with its line numbers."""
    for payload in PAYLOADS.values():
        lines = own_lines("\n".join(payload) + "\n")
        assert [line.text for line in lines] == payload
        assert [line.number for line in lines] == list(range(1, len(payload) + 1))
        assert {line.stream for line in lines} == {""}
        assert {line.carrier for line in lines} == {"plain"}
