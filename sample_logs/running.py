"""Runs the two programs of a pair: under which Python, with which libraries, and what they print."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from loopdoctor.repro import Pair, read_folder, short

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "loopdoctor-samples"
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
TIME_LIMIT = 60
MAX_LINES = 2_000
# What a repaired program must not print; its log lines are at level INFO and say none of these words.
UNCLEAN = re.compile(r"Traceback|Warning|Error|Exception|never|Unclosed|destroyed|\b[1-9]\d* (failed|skipped)")
HOST = "edge-2"
# How pip says that there is no wheel for this Python, and of what.
REFUSED = re.compile(
    r"No matching distribution found for (?P<name>\S+)"
    r"|ERROR: Package '(?P<other>[^']+)' requires a different Python|ResolutionImpossible"
)


def load_all(names: list[str] | None = None) -> list[Pair]:
    """The pairs called ``names``, or all, in the order of their names."""
    return [pair for name, pair in read_folder(HERE).pairs.items() if not names or name in names]


# --- where a program runs ---------------------------------------------------------------------


def find_python(version: str) -> Path | None:
    """The interpreter of this version (3.11 or 3.11.7): pyenv's newest, else ``pythonX.Y`` on PATH."""
    exact = PYENV / version / "bin" / "python"
    if exact.exists():
        return exact
    newest = sorted(PYENV.glob(f"{short(version)}.*/bin/python"), key=lambda path: _patch(path.parts[-3]))
    if newest and short(version) == version:
        return newest[-1]
    found = shutil.which("python" + short(version))
    return Path(found) if found else None


@functools.cache
def release(python: Path) -> str:
    """The version of an interpreter to the last number: ``3.11.7``."""
    code = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def _patch(version: str) -> int:
    number = version.split(".")[2]
    return int(number) if number.isdigit() else -1


@dataclass(frozen=True)
class Environment:
    """A virtual environment; ``newest`` if a pin has no wheel for its Python, and the newest release stands for it."""

    python: str
    newest: bool = False


def environment(pair: Pair, version: str | None = None, *, make: bool = True) -> Environment:
    """The environment with the pair's pins for a Python (default: the recording's); made once and kept in the cache.

    Raises LookupError if there is no such Python, if nothing that pip finds fits it, or if ``make`` is false and the
    environment has not been made yet.
    """
    version = version or pair.python
    python = find_python(version)
    if python is None:
        raise LookupError(f"Python {version} is not installed")
    exact = python.parts[-3] if python.is_relative_to(PYENV) else short(version)
    pins = sorted(pair.pins(version))
    requires = pins
    while True:
        key = hashlib.sha256("\n".join([exact, *requires]).encode()).hexdigest()[:12]
        venv = CACHE / f"{exact}-{key}"
        refused = venv.with_name(f"{venv.name}.refused")
        if (venv / ".complete").exists():
            return Environment(str(venv / "bin" / "python"), newest=requires != pins)
        if not make and not refused.exists():
            raise LookupError(f"its libraries are not there yet: python sample_logs/matrix.py {pair.name}")
        if not refused.exists() and _make(venv, python, requires, refused):
            continue
        looser = _without_what_is_missing(requires, refused.read_text())
        if looser == requires:
            raise LookupError(f"there are no wheels of {', '.join(requires)} for Python {short(version)}")
        requires = looser


def _without_what_is_missing(requires: list[str], said: str) -> list[str]:
    """The requirements without the pin that pip found no wheel for, or without any if it said of none."""
    missing = REFUSED.search(said)
    name = _name(missing["name"] or missing["other"] or "").lower() if missing else ""
    if any(_name(pin).lower() == name and _name(pin) != pin for pin in requires):
        return sorted(_name(pin) if _name(pin).lower() == name else pin for pin in requires)
    return sorted(_name(pin) for pin in requires)


def _name(requirement: str) -> str:
    return re.split(r"[=<>!~ ]", requirement)[0]


def _make(venv: Path, python: Path, requires: list[str], refused: Path) -> bool:
    """Makes the environment; false if pip cannot install what it requires, which it then leaves in ``refused``.

    One process at a time: another may be making the same.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with venv.with_name(f"{venv.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return (venv / ".complete").exists() or _install(venv, python, requires, refused)


def _install(venv: Path, python: Path, requires: list[str], refused: Path) -> bool:
    shutil.rmtree(venv, ignore_errors=True)
    # Without a pip of its own, which takes longer to unpack than most libraries: the interpreter's serves all.
    subprocess.run([python, "-m", "venv", "--without-pip", venv], check=True)
    if requires:
        pip = [python, "-m", "pip", "--python", venv / "bin" / "python", "install", "-q", "--disable-pip-version-check"]
        # Wheels only: a build from source fails late, or makes what nobody else has.
        done = subprocess.run(
            [*pip, "--only-binary", ":all:", *requires], check=False, stderr=subprocess.PIPE, text=True
        )
        if done.returncode:
            if not REFUSED.search(done.stderr):
                raise OSError(f"pip failed: {done.stderr.strip()[-500:]}")
            shutil.rmtree(venv)
            refused.write_text(done.stderr)
            return False
    (venv / ".complete").touch()
    return True


# --- one run ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What one program printed, and the status it ended with."""

    output: str
    status: int


def stamp(carrier: str, name: str, pid: int, line: str) -> str:
    """One line as the carrier would show it at this moment."""
    now = time.time()
    if carrier == "journald":
        return time.strftime("%b %d %H:%M:%S", time.gmtime(now)) + f" {HOST} {name}[{pid}]: {line}"
    if carrier == "compose":
        return f"{name}-1  | {line}"
    if carrier == "kubernetes":
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e9):09d}Z"
        return f"{moment} stderr F {line}"
    return line


@functools.cache
def base_prefix(python: str) -> str:
    """Where the standard library of an interpreter stands."""
    code = "import sys; print(sys.base_prefix)"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def neutral(text: str, name: str, folder: str, venv: Path | None, prefix: str) -> str:
    """Gives this machine's paths neutral names; the longest first, as one may stand inside another."""
    names = {folder: f"/srv/{name}", prefix: "/usr/local", str(HERE): "/srv"}
    if venv is not None:
        names[str(venv)] = f"/srv/{name}/.venv"
    for path in sorted(names, key=len, reverse=True):
        text = text.replace(path, names[path])
    return text


def run_program(
    pair: Pair, program: str, python: str, extra: dict[str, str] | None = None, *, carried: bool = False
) -> Run:
    """Runs ``broken.py`` or ``fixed.py`` in a folder of its own, until its end or TIME_LIMIT seconds.

    ``extra`` are variables beside the pair's own; ``carried`` wraps each line as the pair's carrier would.
    """
    prefix = base_prefix(python)
    venv = Path(python).parent.parent if (Path(python).parent.parent / "pyvenv.cfg").exists() else None
    env = {
        "PATH": f"{Path(python).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
    }
    env |= {"PYTHONDONTWRITEBYTECODE": "1", **pair.env, **(extra or {})}
    with tempfile.TemporaryDirectory() as folder:
        # Tracebacks show the name of the file: it is the service's own, not broken.py.
        shutil.copy(HERE / pair.name / program, Path(folder) / pair.file)
        command = pair.command.format(file=pair.file).split()
        command[0] = str(Path(python).parent / command[0]) if command[0] != "python" else python
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        # The group, so that a child which outlives the program cannot hold the pipe open.
        watchdog = later(TIME_LIMIT, lambda: os.killpg(process.pid, signal.SIGKILL))
        stop = later(pair.sigterm_after, process.terminate) if pair.sigterm_after else None
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            text = neutral(line.rstrip("\n"), pair.name, folder, venv, prefix)
            lines.append(stamp(pair.carrier, pair.name, process.pid, text) if carried else text)
            if len(lines) > MAX_LINES:  # a program that prints without end
                os.killpg(process.pid, signal.SIGKILL)
                break
        process.stdout.close()
        status = process.wait()
        for timer in (watchdog, stop):
            if timer is not None:
                timer.cancel()
    return Run("\n".join(lines) + "\n", status)


def later(seconds: float, call: Callable[[], object]) -> threading.Timer:
    """Calls ``call`` in so many seconds, unless the timer is cancelled before."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer


def complaint(run: Run) -> str:
    """What is wrong with a repaired program's run; "" if nothing."""
    if run.status:
        return f"ended with status {run.status}"
    found = UNCLEAN.search(run.output)
    return f"printed {found.group()!r}" if found else ""
