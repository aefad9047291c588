"""What is masked in a report, what is left, and that neither depends on who wrote the log."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopdoctor import render, report_text, scan
from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.checkout import Checkout
from loopdoctor.cli import main
from loopdoctor.masks import mask_key_blocks, mask_text
from loopdoctor.model import Frame, Line, Notice, Owner, Report, Trace
from loopdoctor.redaction import Redaction, redact
from loopdoctor.secrets_seen import Secrets
from parcel_logs import Write
from sample_report import CLOSED, FAILED, diagnosis, member, report

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyaXZlciJ9.c2lnbmVkLWJ5LW1l"
KEY = "MIIEowIBAAKCAQEArwJ0n2Zx5uV8QyTq3mJd7LhSgPfKcEoYbXiWvUaRtNzMlHkB"


def masked(text: str) -> str:
    """``text`` as a report of nothing else would show it."""
    return Redaction().text(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://app:s3cr3t@10.0.0.7/shop", "postgres://<user-1>:<password-1>@<ip-1>/shop"),
        ("redis://:tide-9@cache:6379/0", "redis://:<password-1>@cache:6379/0"),
        ("amqp://bee:pa/ss@queue/v", "amqp://<user-1>:<password-1>@queue/v"),
        ("host=db user=app password=tide9 dbname=x", "host=db user=app password=<password-1> dbname=x"),
        ("Server=x;Uid=sa;Pwd=Str0ng!;", "Server=x;Uid=sa;Pwd=<password-1>;"),
        ("bee:tide-9@tcp(db:3306)/x", "<user-1>:<password-1>@tcp(db:3306)/x"),
        ("curl -u bee:tide-9 https://x", "curl -u <user-1>:<password-1> https://x"),
        ("--db-password tide9 -v", "--db-password <password-1> -v"),
        ("ALTER USER bee PASSWORD 'low tide'", "ALTER USER bee PASSWORD '<password-1>'"),
        ('{"password": "tide \\"9\\"", "n": 1}', '{"password": "<password-1>", "n": 1}'),
        ('{\\"password\\": \\"tide9\\", \\"n\\": 1}', '{\\"password\\": \\"<password-1>\\", \\"n\\": 1}'),
        ("{'api_key': 'k-77', 'n': 1}", "{'api_key': '<token-1>', 'n': 1}"),
        ("AWS_SECRET_ACCESS_KEY=ab/cd+9", "AWS_SECRET_ACCESS_KEY=<token-1>"),
        ("https://x/cb?access_token=ab77&n=1", "https://x/cb?access_token=<token-1>&n=1"),
        ("https://x/o?X-Amz-Signature=0f9e8d7c6b&n=1", "https://x/o?X-Amz-Signature=<token-1>&n=1"),
        ("Authorization: Bearer ab.cd-99", "Authorization: Bearer <token-1>"),
        ("('Authorization', 'Token ab99')", "('Authorization', 'Token <token-1>')"),
        ("sent Bearer 9f8e7d6c5b", "sent Bearer <token-1>"),
        ("X-Api-Key: k-77", "X-Api-Key: <token-1>"),
        ("Set-Cookie: sid=9f8e7d6c; Path=/; HttpOnly", "Set-Cookie: <cookie-1>"),
        ("{'cookie': 'sid=1; n=2', 'x': 1}", "{'cookie': '<cookie-1>', 'x': 1}"),
        ("ghp_" + "a1B2" * 9, "<token-1>"),
        ("glpat-" + "a1B2" * 5, "<token-1>"),
        ("xoxb-" + "123456-abcdef", "<token-1>"),
        ("AKIA" + "IOSFODNN7EXAMPLE", "<token-1>"),
        ("AIza" + "Sy" + "a1B2" * 9, "<token-1>"),
        ("sk_live_" + "a1B2" * 6, "<token-1>"),
        ("pypi-AgEIcHlwaS5vcmc" + "a1B2" * 6, "<token-1>"),
        ("npm_" + "a1B2" * 9, "<token-1>"),
        ("sk-proj-" + "a1B2" * 6, "<token-1>"),
        ("the task sk-proj-a1B2a1B2…", "the task <token-1>"),
        (f"token is {JWT}, it says", "token is <token-1>, it says"),
        ("from Jo.Doe+x@example.co.uk:", "from <email-1>:"),
        ("connect 192.168.1.20:5432.", "connect <ip-1>:5432."),
        ("ip-10-0-0-7.ec2.internal", "ip-<ip-1>.ec2.internal"),
        ("to [2001:db8::1]:443 and 2001:db8::2: refused", "to [<ip-1>]:443 and <ip-2>: refused"),
        ("peer ::ffff:10.1.2.3 is 10.1.2.3", "peer <ip-1> is <ip-1>"),
        ('File "/home/alice/shop/a.py", line 3, in f', 'File "/home/<user-1>/shop/a.py", line 3, in f'),
        ("/Users/alice/a.py and /tmp/pytest-of-alice/0", "/Users/<user-1>/a.py and /tmp/pytest-of-<user-1>/0"),
        (r"C:\Users\Al Lee\a.py", r"C:\Users\<user-1>\a.py"),
        (r"'C:\\Users\\alice\\a.py'", r"'C:\\Users\\<user-1>\\a.py'"),
        (
            f"-----BEGIN PRIVATE KEY-----\n{KEY}\n-----END PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----<private-key-1>-----END PRIVATE KEY-----",
        ),
    ],
)
def test_what_opens_a_door_or_names_a_person_is_masked(text: str, shown: str) -> None:
    """Each kind of secret, in the forms in which logs hold it; what stands around it stays."""
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "GET /home/products HTTP/1.1",
        "127.0.0.1:80 [::1]:80 0.0.0.0",
        "Python 3.11.7.1, foo==1.2.3.4, foo-1.2.3.4-py3-none-any.whl, v1.2.3.4, 1.2.3.4.5",
        "tests/test_a.py::test_b tests/test_a.py::f1 std::add 10:15:01 2025-01-02T10:15:01+00:00 ::",
        "password=settings.password, token=token, api_key=get_key(), secret=None, password='***', pwd=$PWD",
        "    token = request_token",
        "    password = os.environ['PASSWORD']",
        "PWD=/srv/app",
        "ValueError: <Token var=<ContextVar name='x' at 0x7f01>> was created in a different Context",
        "password: required, Bearer authentication failed, Basic authentication",
        "user@1000.service, git@github.com:a/b.git, @pytest.fixture, cookie_jar: x, passwordless: true",
        "/home/runner/work/shop/shop/a.py, C:\\Users\\Public\\a.py, ~/a.py, https://x/home/y",
        "<Task pending name='Task-12' coro=<serve() running at /srv/shop/a.py:12> wait_for=<Future pending cb=[f()]>>",
        "Unclosed connection client_connection: Connection<ConnectionKey(host='db', port=443, is_ssl=True, ssl=True)>",
        "password=<password-1> at <ip-3>, postgres://<user-1>:<password-2>@db, Authorization: Bearer <token-1>",
    ],
)
def test_what_tells_nobody_anything_stays(text: str) -> None:
    """Versions, times, loopback, test ids, names of C++, source code, machines' accounts, masks."""
    assert masked(text) == text


def test_the_rules_own_words_stay() -> None:
    """A report without secrets is the same report: no text and no code of the catalogue is taken for a secret."""
    texts = [text for cause in load_catalogue(()).causes.values() for text in _strings(msgspec.to_builtins(cause))]
    assert len(texts) > 500
    assert [text for text in texts if masked(text) != text] == []


def test_the_same_secret_has_the_same_mask_wherever_it_stands() -> None:
    """Also without the context that shows it to be one, before and after it, and percent-encoded in a URL."""
    first = _noticed(
        "auth with tide-99! failed", "password=tide-99!", "postgres://bee:tide%2D99!@db", "password=reef-42"
    )
    shown = [notice.message for notice in redact(first).notices]
    assert shown == [
        "auth with <password-1> failed",
        "password=<password-1>",
        "postgres://<user-1>:<password-1>@db",
        "password=<password-2>",
    ]


def test_a_password_that_is_an_ordinary_word_is_masked_only_where_it_is_one() -> None:
    """``postgres:postgres@`` must not take the library's name out of the report."""
    found = redact(_noticed("postgres://postgres:postgres@db/x", "postgres refused the connection"))
    assert [n.message for n in found.notices] == [
        "postgres://<user-1>:<user-1>@db/x",
        "postgres refused the connection",
    ]


def test_every_text_of_a_report_is_masked_and_nothing_else_changes() -> None:
    """Lines, words, frames, captures, steps, owners, places, inputs; fingerprints, ids, numbers and times stay."""
    text = msgspec.json.encode(FAILED).decode()
    leaky = text.replace("/srv/billing/", "/home/alice/billing/").replace("Event loop is closed", "token=tide99 closed")
    told = msgspec.json.decode(leaky, type=Report)
    assert redact(told) == msgspec.json.decode(
        leaky.replace("alice", "<user-1>").replace("tide99", "<token-1>"), type=Report
    )
    assert redact(FAILED) == FAILED


def test_the_lines_of_a_private_key_are_masked_even_where_its_begin_or_end_is_missing() -> None:
    """A key printed over several lines, cut at either end, or met as a single line between others."""
    begin, end = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
    whole = [begin, "Proc-Type: 4,ENCRYPTED", "", KEY, KEY[:40] + "==", end, "after"]
    for lines in (whole, whole[:5], whole[3:], [KEY, "other"], [begin, KEY[:30], "Traceback (most recent call last):"]):
        shown = mask_key_blocks(lines, Secrets())
        assert not any(KEY[:30] in text for text in shown)
        assert [text for text in shown if "private-key" not in text] == [text for text in lines if KEY[:20] not in text]


def test_masks_that_a_log_brings_along_keep_their_numbers() -> None:
    """A log that was redacted before: a new address does not pass for the one that was masked then."""
    assert [n.message for n in redact(_noticed("peer 10.9.8.7", "peer <ip-4>")).notices] == [
        "peer <ip-5>",
        "peer <ip-4>",
    ]


def test_a_chain_of_thousands_of_exceptions_is_no_depth() -> None:
    """Chains are rebuilt without recursion."""
    trace = Trace("E", "password=tide99", link="")
    for _ in range(5000):
        trace = Trace("E", "x", link="context", previous=trace)
    record = msgspec.structs.replace(CLOSED, trace=trace)
    found = redact(report(diagnosis(member("event-loop-closed", record))))
    shown = found.diagnoses[0].incident.members[0].symptom.record.trace
    assert shown is not None
    assert next(shown.walk()).message == "password=<password-1>"


def test_sources_that_a_report_quotes_are_masked_and_found_by_masked_paths(tmp_path: Any) -> None:
    """The renderer asks for ``/home/<user-1>/...``; it gets the right file, without the password in it."""
    home = tmp_path / "home" / "alice" / "shop"
    (home / "a").mkdir(parents=True)
    (home / "b").mkdir()
    for folder in ("a", "b"):
        (home / folder / "jobs.py").write_text("connect(password='tide99')\n")
    redaction = Redaction()
    name = redaction.text("/home/alice/shop/b/jobs.py")
    assert "alice" not in name
    checkout = redaction.look({"checkout": Checkout(str(home))})["checkout"]
    assert checkout.find(name, 1) == "b/jobs.py"
    assert checkout.lines("b/jobs.py", 1, 0) == [(1, "connect(password='<password-1>')")]


FRAGMENTS = st.sampled_from(
    [
        "password=",
        "token: ",
        "secret=",
        "\\",
        '"',
        "'",
        "://",
        "@",
        "bee",
        "tide99",
        "10.0.0.7",
        "2001:db8::1",
        "/home/",
        "alice",
        "<",
        ">",
        "<ip-1>",
        "<password-1>",
        "-",
        ":",
        "=",
        "Authorization: ",
        "Bearer ",
        "Basic ",
        "Cookie: ",
        ";",
        ",",
        "&",
        "?",
        "sig=",
        "a.b",
        "c@d.ef",
        "sk-",
        "eyJ",
        ".",
        "\n",
        " ",
        "-----BEGIN PRIVATE KEY-----",
        "PRIVATE KEY",
        "-----END PRIVATE KEY-----",
        "--",
        "ip-1-2-3-4",
        "%41",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(FRAGMENTS, max_size=14).map("".join), min_size=1, max_size=3))
def test_redacting_twice_is_redacting_once(texts: list[str]) -> None:
    """Whatever stands next to what: a mask is never masked again, nor makes a secret of what was none."""
    lines = tuple(Line(n, text) for n, text in enumerate(texts, 1))
    told = redact(report(diagnosis(member("event-loop-closed", msgspec.structs.replace(CLOSED, lines=lines)))))
    assert redact(told) == told


HOSTILE = (
    "password=",
    "password='",
    'password=\\"',
    "secret=abc%41",
    "key ",
    "x-a",
    "x-token:",
    "authorization: ",
    "Bearer ",
    "Basic a",
    "Cookie: ",
    "?sig=",
    "://",
    "://a:",
    "a:b@tcp(",
    "-u a:",
    "--",
    "--a-",
    "sk-",
    "sk-1",
    "-eyJaaaaaa",
    "AKIA",
    "-SG.aaaaaaaaaaaaaaaaaa",
    "hooks.slack.com/services/",
    "-----BEGIN PRIVATE KEY-----",
    "MIIE\n",
    "A" * 64,
    "a@",
    "a@a.",
    "1.",
    "a:",
    "f:",
    "ip-1-1-1-1",
    "/home/",
    "C:\\Users\\",
    "<password-1>",
    "password=<",
    "\\",
    "\t",
    "a",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_takes_linear_time(piece: str) -> None:
    """Eight times the text takes some eight times as long, whatever is repeated."""
    took = []
    for size in (20_000, 160_000):
        secrets, text = Secrets(), piece * (size // len(piece))
        start = time.process_time()
        secrets.mask_known(mask_text(text, secrets))
        mask_key_blocks(text.split("\n"), secrets)
        took.append(time.process_time() - start)
    assert took[1] < 24 * took[0] + 0.3


def test_many_secrets_take_linear_time() -> None:
    """As many secrets as a log can hold, alike in their first word, are looked for in one walk over the words."""
    secrets = Secrets()
    text = " ".join(f"password=deep-{n}-{'x' * (n % 90)}" for n in range(20_000))
    start = time.process_time()
    shown = secrets.mask_known(mask_text(text, secrets) + text)
    assert time.process_time() - start < 10
    assert "deep-" not in shown


def _noticed(*messages: str) -> Report:
    return report(notices=tuple(Notice("note", message) for message in messages))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for child in children for text in _strings(child)]


def test_a_report_holds_no_field_that_redaction_does_not_know() -> None:
    """Owners and frames are walked as all structs are: a new field of the model is masked without being listed."""
    told = msgspec.structs.replace(
        diagnosis(member("event-loop-closed", CLOSED)).incident,
        owner=Owner("the client of bee@example.org", Frame("/home/alice/a.py", 3, "f", "key='tide-99'")),
    )
    shown = Redaction().of(told).owner
    assert shown == Owner("the client of <email-1>", Frame("/home/<user-1>/a.py", 3, "f", "key='tide-99'"))


LEAKY = (
    "ERROR shop: postgres://bee:tide99@db failed\n"
    "Traceback (most recent call last):\n"
    '  File "/home/alice/shop/jobs.py", line 7, in close\n'
    "    await client.aclose()\n"
    '  File "/usr/lib/python3.12/asyncio/base_events.py", line 545, in _check_closed\n'
    "    raise RuntimeError('Event loop is closed')\n"
    "RuntimeError: Event loop is closed\n"
)


@pytest.mark.parametrize(("options", "masks"), [([], False), (["--redact"], True), (["--no-redact"], False)])
@pytest.mark.parametrize("format_", ["text", "json"])
def test_the_command_line_masks_what_it_is_asked_to(
    write: Write, capsysbinary: pytest.CaptureFixture[bytes], options: list[str], masks: bool, format_: str
) -> None:
    """``--redact`` in any format; without it a report that stays shows what the log does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["loopdoctor", "scan", write(LEAKY), "--format", format_, *options])
        assert main() == 0
    out, err = capsysbinary.readouterr()
    assert (b"tide99" not in out) is masks
    assert (b"alice" not in out + err) is masks
    assert b"jobs.py" in out


def test_what_follow_tells_on_the_way_is_masked_as_the_report_is() -> None:
    """A pipe that is followed: the page of the incident and the report at the end."""
    command = [sys.executable, "-m", "loopdoctor", "scan", "--follow", "--redact", "-"]
    out = subprocess.run(command, input=LEAKY, capture_output=True, text=True, check=True).stdout
    assert out.count("jobs.py") >= 2
    assert "alice" not in out


@pytest.mark.parametrize(("option", "shown"), [([], b"<user-1>"), (["--no-redact"], b"alice")])
def test_of_several_reports_those_that_leave_the_machine_are_masked(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: list[str], shown: bytes
) -> None:
    """One run, one report that stays and one that leaves, each by the rule of its format."""
    monkeypatch.setitem(render.FORMATS, "sarif", "loopdoctor.render.json_report")  # type: ignore[index]
    stays, leaves = tmp_path / "a.json", tmp_path / "b.sarif"
    reports = ["--report", f"json={stays}", "--report", f"sarif={leaves}"]
    monkeypatch.setattr(sys, "argv", ["loopdoctor", "scan", write(LEAKY), *reports, *option])
    assert main() == 0
    assert b"alice" in stays.read_bytes()
    assert shown in leaves.read_bytes()
    assert (b"tide99" in leaves.read_bytes()) is (shown == b"alice")


def test_the_library_masks_by_the_same_rule() -> None:
    """``report_text(..., redact=True)``."""
    found = scan(LEAKY.encode())
    assert "alice" in report_text(found, "json")
    assert "alice" not in report_text(found, "json", redact=True)
