"""What the libraries that print tracebacks in their own way write is read as exactly as what CPython writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loopdoctor.pipeline import read_records
from loopdoctor.settings import Settings

PROGRAM = Path(__file__).parent / "programs" / "print_through.py"
ABSENT = 77
PRINTERS = (
    "rich", "rich-locals", "rich-suppressed", "rich-handler", "rich-handler-plain", "loguru", "loguru-full",
    "loguru-json", "structlog", "structlog-rich", "structlog-json", "structlog-dict", "better-exceptions",
    "stackprinter", "friendly", "billiard", "tblib", "concurrent", "concurrent-bare", "django-text", "trio",
    "hypercorn", "sqlalchemy", "unittest",
)  # fmt: skip


@pytest.mark.tools
@pytest.mark.parametrize("printer", PRINTERS)
def test_what_a_library_prints_is_read_exactly(printer: str, tmp_path: Path) -> None:
    """Start, end and exception of every failure, between ordinary lines."""
    log, expected = tmp_path / "app.log", tmp_path / "expected.json"
    command = [sys.executable, "-W", "ignore", str(PROGRAM), printer, "25", str(log), str(expected)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if done.returncode == ABSENT:
        pytest.skip(f"the library of {printer} is not installed")
    assert done.returncode == 0, done.stderr
    wanted = [(e["start"], e["end"], e["exception"]) for e in json.loads(expected.read_text())]
    assert [(r.start_line, r.end_line, r.exception) for r in read_records([str(log)], Settings())] == wanted


@pytest.mark.tools
@pytest.mark.parametrize("options", ["", "--tb=short", "--tb=native", "-vv --showlocals", "-rA", "-q"])
def test_a_run_of_pytest_has_one_record_a_failure(options: str, tmp_path: Path) -> None:
    """Also where a fixture fails, a test logs a traceback, and a warning of pytest's holds one."""
    (tmp_path / "test_mill.py").write_text(
        "import gc, logging, pytest\n"
        "class Torn(Exception): pass\n"
        "def test_torn():\n    raise Torn('sack:\\n  one')\n"
        "def test_why():\n    try:\n        {}['k']\n"
        "    except KeyError as error:\n        raise Torn('no key') from error\n"
        "@pytest.fixture\ndef wheel():\n    raise OSError(5, 'stuck')\n"
        "def test_wheel(wheel):\n    pass\n"
        "def test_logs():\n    try:\n        1 / 0\n    except ZeroDivisionError:\n"
        "        logging.getLogger('mill').exception('logged')\n    assert [] == [1]\n"
        "def test_dropped():\n    class Link:\n        def __del__(self):\n            raise RuntimeError('late')\n"
        "    Link()\n    gc.collect()\n"
        "def test_fine():\n    print('fine')\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options.split(), "test_mill.py"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    log = tmp_path / "pytest.log"
    log.write_text(done.stdout)
    records = list(read_records([str(log)], Settings()))
    tests = sorted((r.test or "", r.exception.rpartition(".")[2]) for r in records if r.kind == "pytest")
    last = "" if options == "--tb=short" else "AssertionError"  # that style does not name it
    assert tests == [
        ("ERROR at setup of test_wheel", "OSError"), ("test_logs", last), ("test_torn", "Torn"), ("test_why", "Torn"),
    ]  # fmt: skip
    others = [(r.kind, r.exception) for r in records if r.kind != "pytest"]
    assert others == [("traceback", "ZeroDivisionError"), ("unraisable", "RuntimeError")]
