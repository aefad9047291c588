"""JSON that a program logs itself: any maker's names, tracebacks as text or taken apart, JSON inside JSON."""

from __future__ import annotations

import json

import pytest

from test_carriers_payloads import CHAINED, GROUP, PAYLOADS, own_lines, whole

TRACE = [
    "Traceback (most recent call last):",
    '  File "/opt/kitchen/pot.py", line 8, in stir',
    '    return shelf["salt"]',
    "KeyError: 'salt'",
]
TEXT = "\n".join(TRACE)
SAYS = "stirring failed"

MAKERS = {
    "python-json-logger": {"asctime": "2031", "levelname": "ERROR", "name": "chef", "message": SAYS, "exc_info": TEXT},
    "structlog": {"event": SAYS, "level": "error", "logger": "chef", "timestamp": "2031", "exception": TEXT},
    "loguru": {
        "text": f"2031-03-04 05:06:07.089 | ERROR    | chef:stir:8 - {SAYS}\n{TEXT}\n",
        "record": {
            "message": SAYS,
            "level": {"name": "ERROR", "no": 40},
            "name": "chef",
            "exception": {"type": "KeyError", "value": "'salt'", "traceback": True},
        },
    },
    "ecs": {
        "@timestamp": "2031",
        "log.level": "error",
        "message": SAYS,
        "log": {"logger": "chef", "original": SAYS},
        "error": {"type": "KeyError", "message": "'salt'", "stack_trace": TEXT},
    },
    "gcp": {
        "severity": "ERROR",
        "message": f"{SAYS}\n{TEXT}",
        "logging.googleapis.com/labels": {"python_logger": "chef"},
    },
    "lambda": {
        "level": "ERROR",
        "message": SAYS,
        "logger": "chef",
        "errorType": "KeyError",
        "errorMessage": "'salt'",
        "stackTrace": ["\n".join(TRACE[1:3]) + "\n"],
    },
    "otel": {
        "body": SAYS,
        "severity_text": "ERROR",
        "logger": "chef",
        "attributes": {"exception.type": "KeyError", "exception.message": "'salt'", "exception.stacktrace": TEXT},
    },
    "nobody-known": {
        "lvl": "error",
        "what": SAYS + " at the stove",
        "logger": "chef",
        "deep": {"er": {"details": TEXT}},
    },
    "dict-traceback": {
        "event": SAYS,
        "level": "error",
        "logger": "chef",
        "exception": [
            {
                "exc_type": "KeyError",
                "exc_value": "'salt'",
                "is_cause": False,
                "frames": [
                    {
                        "filename": "/opt/kitchen/pot.py",
                        "lineno": 8,
                        "name": "stir",
                        "line": 'return shelf["salt"]',
                        "locals": {},
                    }
                ],
            }
        ],
    },
    "sentry": {
        "level": "error",
        "logger": "chef",
        "logentry": {"message": "%s failed", "formatted": SAYS},
        "breadcrumbs": {"values": [{"message": "before", "level": "info"}]},
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "value": "'salt'",
                    "stacktrace": {
                        "frames": [
                            {
                                "abs_path": "/opt/kitchen/pot.py",
                                "lineno": 8,
                                "function": "stir",
                                "context_line": '        return shelf["salt"]',
                            }
                        ]
                    },
                }
            ]
        },
    },
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("maker", MAKERS)
def test_an_entry_gives_its_message_and_then_its_traceback(maker: str, indent: int | None) -> None:
    """Whatever a maker calls its fields, message and traceback come in the order in which logging prints them."""
    lines = own_lines(json.dumps(MAKERS[maker], indent=indent) + "\n")
    assert lines[0].text.removesuffix(" at the stove") == SAYS
    assert (lines[0].start, lines[0].level, lines[0].logger) == (True, "ERROR", "chef")
    assert [line.text for line in lines[1:]] == TRACE
    assert not any(line.start for line in lines[1:])


def test_a_chain_taken_apart_is_told_again_with_its_links() -> None:
    """structlog lists the last exception first and says which one is a cause; CPython prints the root first."""
    frames = [{"filename": "a.py", "lineno": 1, "name": "f"}]
    value = {
        "event": "x",
        "level": "error",
        "exception": [
            {"exc_type": "B", "exc_value": "2", "is_cause": False, "frames": frames},
            {"exc_type": "A", "exc_value": "1", "is_cause": True, "frames": frames},
        ],
    }
    texts = [line.text for line in own_lines(json.dumps(value))]
    assert texts.index("A: 1") < texts.index("The above exception was the direct cause of the following exception:")
    assert texts.index("The above exception was the direct cause of the following exception:") < texts.index("B: 2")


def test_a_group_of_sentrys_has_rails() -> None:
    """The members of an exception group are found by their ids and drawn as CPython draws them."""
    frame = {"frames": [{"abs_path": "a.py", "lineno": 1, "function": "f"}]}
    value = {
        "level": "error",
        "message": "x",
        "exception": {
            "values": [
                {
                    "type": "ValueError",
                    "value": "v",
                    "stacktrace": frame,
                    "mechanism": {"exception_id": 1, "parent_id": 0},
                },
                {
                    "type": "ExceptionGroup",
                    "value": "many",
                    "stacktrace": frame,
                    "mechanism": {"exception_id": 0, "is_exception_group": True},
                },
            ]
        },
    }
    assert [line.text for line in own_lines(json.dumps(value))][1:] == [
        "  + Exception Group Traceback (most recent call last):",
        '  |   File "a.py", line 1, in f',
        "  | ExceptionGroup: many (1 sub-exception)",
        "  +-+---------------- 1 ----------------",
        "    | Traceback (most recent call last):",
        '    |   File "a.py", line 1, in f',
        "    | ValueError: v",
        "    +------------------------------------",
    ]


def test_bare_lines_between_json_entries_stay_whole() -> None:
    """Under a JSON formatter warnings and unraisable exceptions come raw: they are left as they are."""
    entry = json.dumps({"levelname": "INFO", "message": "serving", "name": "chef"})
    for name in ("warned", "chained", "group"):
        lines = own_lines("\n".join([entry, *PAYLOADS[name], entry]) + "\n")
        whole(lines, PAYLOADS[name])
        assert sum(line.start for line in lines) == 2


def test_json_in_a_string_of_json_is_read_too() -> None:
    """A collector that packs a JSON line into a field gives the inner entry's message and traceback."""
    inner = json.dumps({"level": "ERROR", "logger": "chef", "message": SAYS, "exception": CHAINED})
    outer = json.dumps({"log": inner + "\n", "stream": "stderr", "time": "2031"})
    lines = own_lines(outer + "\n")
    assert (lines[0].text, lines[0].level, lines[0].start) == (SAYS, "ERROR", True)
    assert [line.text for line in lines[1:]] == CHAINED.split("\n")


def test_a_json_line_that_was_cut_off_gives_what_can_be_read() -> None:
    """The message and the frames before the cut are not lost."""
    text = json.dumps({"level": "ERROR", "message": SAYS, "exception": GROUP + "x" * 300})[:-40]
    texts = [line.text for line in own_lines(text)]
    assert SAYS in texts
    assert GROUP.split("\n")[0] in texts


def test_json_that_is_no_log_entry_is_left_alone() -> None:
    """A value without words passes as the line that it is."""
    assert [line.text for line in own_lines('{"a": 1, "b": [2]}\n[1, 2, 3]\n')] == ['{"a": 1, "b": [2]}', "[1, 2, 3]"]


def test_the_process_and_thread_of_an_entry_are_its_lane() -> None:
    """Names of processes and threads part the lanes of JSON entries."""
    value = {"level": "INFO", "message": "x", "process": {"name": "MainProcess"}, "thread": {"name": "Thread-7"}}
    assert own_lines(json.dumps(value))[0].stream == "MainProcess/Thread-7"


def test_entries_of_a_long_list_keep_the_numbers_of_their_lines() -> None:
    """Each element of an exported list stands at the line where its object begins."""
    log = json.dumps([{"severity": "ERROR", "textPayload": f"line {n}"} for n in range(3)], indent=2)
    assert [(line.number, line.text) for line in own_lines(log)] == [(2, "line 0"), (6, "line 1"), (10, "line 2")]
