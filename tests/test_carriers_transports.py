"""Transports that put something before each line a program wrote: every payload comes back whole from every one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from test_carriers_payloads import PAYLOADS, lanes, own_lines, starts_within, whole

Writer = Callable[[list[str]], str]
HEAD = "2031-03-04 05:06:07,089 ERROR kitchen.chef: service stopped"
AFTER = "2031-03-04 05:06:09,000 INFO kitchen.chef: lights out"


def each(prefix: str | Callable[[int], str], *, trim: bool = False, end: str = "\n") -> Writer:
    """A writer that puts the same prefix, or one made of the line's index, before each line."""

    def write(lines: list[str]) -> str:
        made = [(prefix if isinstance(prefix, str) else prefix(index)) + line for index, line in enumerate(lines)]
        return "".join((line.rstrip() if trim else line) + end for line in made)

    return write


def as_json(make: Callable[[str], object]) -> Writer:
    """A writer that packs each line into a JSON object of its own."""
    return lambda lines: "".join(json.dumps(make(line)) + "\n" for line in lines)


def journal_multiline(lines: list[str]) -> str:
    """journalctl's short output of one entry of several lines."""
    head = "Mar 04 05:06:07 galley chef[311]: "
    return f"{head}{lines[0]}\n" + "".join(f"{' ' * len(head)}{line}\n" for line in lines[1:])


def journal_export(lines: list[str]) -> str:
    """journalctl's export output of one entry of several lines, its length in eight bytes."""
    text = "\n".join(lines)
    size = len(text.encode()).to_bytes(8, "little").decode("latin-1")
    return f"__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=19\n_HOSTNAME=galley\nMESSAGE\n{size}{text}\n_PID=311\n\n"


def journal_verbose(lines: list[str]) -> str:
    """journalctl's verbose output of one entry of several lines."""
    fields = "    _HOSTNAME=galley\n    MESSAGE=" + f"\n{' ' * 12}".join(lines) + "\n    _PID=311\n"
    return f"Tue 2031-03-04 05:06:07.089000 UTC [s=0a1b;i=1;b=2c;m=3d;t=4e;x=5f]\n{fields}"


def journal_pretty(lines: list[str]) -> str:
    """journalctl's json-pretty output, one entry a line."""
    pairs = ({"_PID": "311", "MESSAGE": line, "__REALTIME_TIMESTAMP": "19", "_HOSTNAME": "galley"} for line in lines)
    return "".join(
        "{\n" + ",\n".join(f"\t{json.dumps(k)} : {json.dumps(v)}" for k, v in entry.items()) + "\n}\n"
        for entry in pairs
    )


def supervisord(lines: list[str]) -> str:
    """supervisord's debug log, a chunk of three lines at a time, each ended by a blank line."""
    head = "2031-03-04 05:06:07,089 DEBG 'chef' stderr output:\n"
    chunks = (lines[at : at + 3] for at in range(0, len(lines), 3))
    return "".join(head + "\n".join(chunk) + "\n\n" for chunk in chunks)


def cri_partial(lines: list[str]) -> str:
    """A CRI log whose runtime cuts lines after sixteen characters."""
    made = []
    for line in lines:
        pieces = [line[at : at + 16] for at in range(0, len(line), 16)] or [""]
        made += [f"2031-03-04T05:06:07.089Z stderr P {piece}\n" for piece in pieces[:-1]]
        made.append(f"2031-03-04T05:06:07.089Z stderr F {pieces[-1]}\n")
    return "".join(made)


def events(lines: list[str]) -> str:
    """The answer of ``aws logs filter-log-events``."""
    made = [
        {"logStreamName": "kitchen/1", "timestamp": 19, "message": line, "eventId": str(n)}
        for n, line in enumerate(lines)
    ]
    return json.dumps({"events": made, "searchedLogStreams": []}, indent=4) + "\n"


def gcloud(lines: list[str]) -> str:
    """The answer of ``gcloud logging read --format json``."""
    made = [
        {"insertId": str(n), "severity": "ERROR", "textPayload": line, "timestamp": "2031"}
        for n, line in enumerate(lines)
    ]
    return json.dumps(made, indent=2) + "\n"


def loki_query(lines: list[str]) -> str:
    """The answer of Loki's query_range."""
    values = [[str(n), line] for n, line in enumerate(lines)]
    return json.dumps({"status": "success", "data": {"result": [{"stream": {"app": "chef"}, "values": values}]}}) + "\n"


WRITERS: dict[str, Writer] = {
    "bare": each(""),
    "crlf": each("", end="\r\n"),
    "coloured": lambda lines: "".join(f"\x1b[31m{line}\x1b[0m\x1b[K\n" for line in lines),
    "osc-link": lambda lines: "".join(f"\x1b]8;;https://x.example/\x1b\\{line}\x1b]8;;\x1b\\\n" for line in lines),
    "nul-padded": lambda lines: "".join(f"\0\0{line}\0\n" for line in lines),
    "docker-logs-t": each("2031-03-04T05:06:07.089123456Z "),
    "moreutils-ts": each("Mar 04 05:06:07 "),
    "jenkins": each("[2031-03-04T05:06:07.089Z] "),
    "cri": each("2031-03-04T05:06:07.089123456Z stderr F ", trim=True),
    "cri-partial": cri_partial,
    "compose": each("galley-1  | ", trim=True),
    "compose-t": each("galley-1  | 2031-03-04T05:06:07.089123456Z "),
    "compose-colour": each("\x1b[36mgalley-1  |\x1b[0m "),
    "kubectl-prefix": each("[pod/chef-6d4b75cb6d-hx2zj/main] "),
    "stern": each("chef-6d4b75cb6d-hx2zj main "),
    "procfile": each("05:06:07 chef.1  | "),
    "pm2": each("3|chef   | "),
    "pm2-time": each("3|chef   | 2031-03-04T05:06:07: "),
    "heroku": each("2031-03-04T05:06:07.089123+00:00 app[chef.1]: "),
    "heroku-drain": each("212 <190>1 2031-03-04T05:06:07.089123+00:00 host app chef.1 - "),
    "syslog": each("Mar  4 05:06:07 galley chef[311]: "),
    "syslog-wire": each("<27>Mar  4 05:06:07 galley chef[311]: "),
    "syslog-5424": each('<27>1 2031-03-04T05:06:07.089Z galley chef 311 - [meta sequenceId="7"] '),
    "journal-iso": each("2031-03-04T05:06:07+0000 galley chef[311]: "),
    "journal-full": each("Tue 2031-03-04 05:06:07 UTC galley chef[311]: "),
    "journal-precise": each("Mar 04 05:06:07.089123 galley chef[311]: "),
    "journal-monotonic": each("[  311.089123] galley chef[311]: "),
    "journal-unix": each("1931000000.089123 galley chef[311]: "),
    "journal-multiline": journal_multiline,
    "journal-export": journal_export,
    "journal-verbose": journal_verbose,
    "journal-pretty": journal_pretty,
    "journal-json": as_json(lambda line: {"MESSAGE": line, "_PID": "311", "__REALTIME_TIMESTAMP": "19"}),
    "journal-bytes": as_json(lambda line: {"MESSAGE": list(line.encode()) or "", "__REALTIME_TIMESTAMP": "19"}),
    "journal-sse": lambda lines: "".join(
        f"data: {json.dumps({'MESSAGE': line, '__REALTIME_TIMESTAMP': '19'})}\n\n" for line in lines
    ),
    "rsyslog-escapes": lambda lines: "Mar  4 05:06:07 galley chef[311]: " + "#012".join(lines) + "\n",
    "docker-json": as_json(lambda line: {"log": line + "\n", "stream": "stderr", "time": "2031-03-04T05:06:07.089Z"}),
    "fluent-bit": as_json(lambda line: {"date": 19.5, "log": line, "kubernetes": {"pod_name": "chef-1"}}),
    "filebeat": as_json(
        lambda line: {"@timestamp": "2031", "message": line, "container": {"id": "c0ffee"}, "host": {"name": "g"}}
    ),
    "stern-json": as_json(lambda line: {"message": line, "podName": "chef-1", "containerName": "main"}),
    "loki-lines": as_json(lambda line: {"labels": {"app": "chef"}, "line": line, "timestamp": "2031"}),
    "loki-query": loki_query,
    "aws-events": events,
    "gcloud": gcloud,
    "aws-tail": each("2031-03-04T05:06:07.089123+00:00 ecs/chef/9b0c "),
    "logcli": each('2031-03-04T05:06:07Z {app="chef", pod="chef-1"} '),
    "cloudwatch-cr": lambda lines: "2031-03-04T05:06:07.089Z " + "\r".join(lines) + "\n",
    "github": each("2031-03-04T05:06:07.0891234Z "),
    "gh-run": each("test (3.12)\tRun tests\t2031-03-04T05:06:07.0891234Z "),
    "gitlab": each("2031-03-04T05:06:07.089123Z 01E "),
    "supervisord": supervisord,
    "quoted-mail": each("> ", trim=True),
    "indented": each("      ", trim=True),
    "named": each("[chef] "),
    "buildkit": each(lambda index: f"#12 {index}.512 "),
    "teamcity": each("[05:06:07]W:\t [Step 1/2] "),
    "buildkite": each("\x1b_bk;t=1931000000123\x07"),
    "fly": each("2031-03-04T05:06:07Z app[1a2b3c] ams [info] "),
    "app-engine": each("2031-03-04 05:06:07 default[20310304t050607]  "),
    "apache": each("[Tue Mar 04 05:06:07.089123 2031] [wsgi:error] [pid 311:tid 140] [client 10.0.0.1:5] "),
    "journal-delta": each("[  311.089123 <    0.000815 >] galley chef[311]: "),
    "service-logs": each("galley_chef.1.x7k2@node-2    | "),
    "swarm-of-tasks": each("galley:dev: "),
    "render": each("Mar 04 05:06:07 AM  "),
    "jenkins-default": each("05:06:07  "),
    "splunk": as_json(lambda line: {"preview": False, "result": {"_raw": line, "host": "galley"}}),
    "elastic": as_json(lambda line: {"_index": "logs", "_source": {"message": line, "host": {"name": "galley"}}}),
    "circle-json": lambda lines: (
        json.dumps([{"message": "\r\n".join(lines) + "\r\n", "time": "2031", "type": "out"}]) + "\n"
    ),
    "unknown-arrow": each("stove 4 >> "),
    "unknown-words": each(lambda index: f"(05h06m{index:02d} chef) "),
}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("writer", WRITERS)
def test_every_payload_comes_whole_out_of_every_transport(writer: str, payload: str) -> None:
    """Behind a logging head, each payload comes back line for line in one lane; none of its lines begins an entry."""
    body = PAYLOADS[payload]
    lines = own_lines(WRITERS[writer]([HEAD, *body, AFTER]))
    whole(lines, body)
    assert not starts_within(lines, body)
    head = next(line for line in lines if line.text == "service stopped")
    assert (head.level, head.logger, head.start) == ("ERROR", "kitchen.chef", True)
    assert any(line.text == "lights out" and line.start for line in lines)


def test_two_containers_line_by_line_come_out_in_two_lanes() -> None:
    """Two tracebacks that alternate line by line are told apart by what stands before each line."""
    left, right = PAYLOADS["chained"], PAYLOADS["group"]
    log = ""
    for index in range(max(len(left), len(right))):
        log += "".join(
            f"{name}  | {body[index]}\n" for name, body in (("left-1", left), ("right-1", right)) if index < len(body)
        )
    lines = own_lines(log)
    whole(lines, left)
    whole(lines, right)
    assert set(lanes(lines)) == {"left-1", "right-1"}


def test_a_transport_inside_another_is_taken_off_too() -> None:
    """Compose's prefix around docker's JSON around a logging head is undone in that order."""
    inner = WRITERS["docker-json"]([HEAD, *PAYLOADS["report"]])
    lines = own_lines("".join(f"galley-1  | {line}\n" for line in inner.splitlines()))
    whole(lines, PAYLOADS["report"])
    assert lines[0].carrier == "compose+docker-json+python-logging"
    assert lines[0].stream == "galley-1/stderr"


def test_a_chunk_cut_within_a_line_is_joined_again() -> None:
    """supervisord may quote half a line and the rest under its next head."""
    head = "2031-03-04 05:06:07,089 DEBG 'chef' stderr output:\n"
    lines = own_lines(
        f'{head}Traceback (most recent call last):\n  File "/opt/kit\n{head}chen.py", line 3, in f\n    g()\n\n'
    )
    assert [line.text for line in lines][:2] == [
        "Traceback (most recent call last):",
        '  File "/opt/kitchen.py", line 3, in f',
    ]


def test_marks_of_problem_matchers_are_taken_off() -> None:
    """GitHub's runner writes "Error: " and ##[error] before lines of a traceback; the lines come out as printed."""
    stamp = "2031-03-04T05:06:07.0891234Z "
    marked = ["##[error]Traceback (most recent call last):", "Error:     raise OSError(1)", "Error: OSError: 1"]
    log = "".join(f"{stamp}{line}\n" for line in marked)
    assert [line.text for line in own_lines(log)] == [
        "Traceback (most recent call last):",
        "    raise OSError(1)",
        "OSError: 1",
    ]


def test_lambda_gets_its_last_line_back() -> None:
    """Lambda tells the exception first and leaves it out at the end: the traceback is made whole."""
    wide = "\xa0" * 2
    parts = [
        "[ERROR] KeyError: 'salt'",
        "Traceback (most recent call last):",
        f'{wide}File "/var/task/a.py", line 2, in f',
        f"{wide}{wide}g()",
    ]
    log = "\r".join(parts) + "\n"
    assert [line.text for line in own_lines(log)][1:] == [
        "Traceback (most recent call last):",
        '  File "/var/task/a.py", line 2, in f',
        "    g()",
        "KeyError: 'salt'",
    ]
