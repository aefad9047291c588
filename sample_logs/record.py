"""Records the sample logs anew: runs every program and writes what it printed.

    python sample_logs/record.py [NAME ...]      record these samples (all without names)
    python sample_logs/record.py --table         write the table of README.md anew

Each sample is a folder with ``broken.py``, ``fixed.py``, ``sample.yaml`` and the recorded ``app.log``. ``broken.py``
runs under the Python and the libraries that ``sample.yaml`` pins; its stdout and stderr, merged as a terminal would
show them, become ``app.log`` once the paths of this machine have neutral names. ``fixed.py`` runs in the same way and
must end with status 0 and print neither a warning nor a traceback.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "loopdoctor-samples"
TIME_LIMIT = 60
MAX_LOG = 40_000
MAX_LINES = 2_000
# What a repaired program must not print; its log lines are at level INFO and say none of these words.
UNCLEAN = re.compile(r"Traceback|Warning|Error|Exception|never|Unclosed|destroyed|\b[1-9]\d* (failed|skipped)")
HOST = "edge-2"


@dataclass(frozen=True)
class Sample:
    """One folder: the words of ``sample.yaml``.

    ``symptoms`` and ``cause`` are ids of the rules; ``file`` is the name under which the programs run; ``requires`` are
    pins for pip, ``needs`` the servers to start; ``carrier`` wraps the recorded lines (see ``stamp``);
    ``sigterm_after`` is when, in seconds, the program is told to stop; ``until`` is the last Python that shows this.
    """

    folder: Path
    cause: str
    symptoms: list[str]
    python: str
    shows: str
    file: str
    requires: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    command: str = "python {file}"
    env: dict[str, str] = field(default_factory=dict)
    carrier: str = ""
    sigterm_after: float = 0.0
    until: str = ""

    @property
    def name(self) -> str:
        return self.folder.name


def load(folder: Path) -> Sample:
    """Reads one sample's description."""
    return Sample(folder=folder, **yaml.safe_load((folder / "sample.yaml").read_text()))


def load_all(names: list[str] | None = None) -> list[Sample]:
    """The samples called ``names``, or all, in the order of their names."""
    folders = sorted(path.parent for path in HERE.glob("*/sample.yaml"))
    return [load(folder) for folder in folders if not names or folder.name in names]


# --- where a program runs ---------------------------------------------------------------------


def find_python(version: str) -> Path | None:
    """The interpreter of this version: pyenv's, else ``pythonX.Y`` on PATH if it is the same X.Y."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions" / version / "bin" / "python"
    if pyenv.exists():
        return pyenv
    found = shutil.which("python" + ".".join(version.split(".")[:2]))
    return Path(found) if found else None


def environment(sample: Sample) -> Path:
    """A virtual environment with the sample's pins, made once and kept in the cache; returns its folder."""
    python = find_python(sample.python)
    if python is None:
        raise LookupError(f"{sample.name}: Python {sample.python} is not installed")
    key = hashlib.sha256("\n".join([sample.python, *sorted(sample.requires)]).encode()).hexdigest()[:12]
    venv = CACHE / f"{sample.python}-{key}"
    if (venv / ".complete").exists():
        return venv
    shutil.rmtree(venv, ignore_errors=True)
    subprocess.run([python, "-m", "venv", venv], check=True)
    if sample.requires:
        pip = [venv / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, *sample.requires], check=True)
    (venv / ".complete").touch()
    return venv


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int) -> None:
    """Returns once somebody listens on the port; TimeoutError after ten seconds."""
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


def find_binary(name: str) -> str | None:
    """A server's binary on PATH or where Debian puts PostgreSQL's."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(debian[-1]) if debian else None)


@contextlib.contextmanager
def postgresql() -> Iterator[dict[str, str]]:
    """A throw-away PostgreSQL server that trusts local users."""
    initdb, postgres = find_binary("initdb"), find_binary("postgres")
    if not initdb or not postgres:
        raise LookupError("PostgreSQL is not installed (apt-get install postgresql)")
    # PostgreSQL refuses to run as root.
    account = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if account:
            shutil.chown(folder, **account)
        data = f"{folder}/data"
        subprocess.run(
            [initdb, "-D", data, "-U", "shop", "-A", "trust", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=folder, **account,
        )  # fmt: skip
        options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", folder, "-p", str(port)]
        server = subprocess.Popen([postgres, "-D", data, *options], stderr=subprocess.DEVNULL, cwd=folder, **account)
        try:
            wait_for_port(port)
            yield {"DATABASE_URL": f"postgresql://shop@127.0.0.1:{port}/postgres"}
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)


@contextlib.contextmanager
def redis() -> Iterator[dict[str, str]]:
    """A throw-away Redis server."""
    binary = find_binary("redis-server")
    if not binary:
        raise LookupError("Redis is not installed (apt-get install redis-server)")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            yield {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        finally:
            server.terminate()
            server.wait(20)


SERVERS = {"postgresql": postgresql, "redis": redis}

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


def neutral(text: str, sample: Sample, folder: str, venv: Path | None, prefix: str) -> str:
    """Gives this machine's paths neutral names; the longest first, as one may stand inside another."""
    names = {folder: f"/srv/{sample.name}", prefix: "/usr/local", str(HERE): "/srv"}
    if venv is not None:
        names[str(venv)] = f"/srv/{sample.name}/.venv"
    for path in sorted(names, key=len, reverse=True):
        text = text.replace(path, names[path])
    return text


def run_program(
    sample: Sample, program: str, python: str, extra: dict[str, str] | None = None, *, carried: bool = False
) -> Run:
    """Runs one program of the sample in a folder of its own, until its end or TIME_LIMIT seconds."""
    prefix = subprocess.run(
        [python, "-c", "import sys; print(sys.base_prefix)"], check=True, capture_output=True, text=True
    ).stdout.strip()
    venv = Path(python).parent.parent if (Path(python).parent.parent / "pyvenv.cfg").exists() else None
    env = {
        "PATH": f"{Path(python).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
    }
    env |= {"PYTHONDONTWRITEBYTECODE": "1", **sample.env, **(extra or {})}
    with tempfile.TemporaryDirectory() as folder:
        # Tracebacks show the name of the file: it is the service's own, not broken.py.
        shutil.copy(sample.folder / program, Path(folder) / sample.file)
        command = sample.command.format(file=sample.file).split()
        command[0] = str(Path(python).parent / command[0]) if command[0] != "python" else python
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        # The group, so that a child which outlives the program cannot hold the pipe open.
        watchdog = later(TIME_LIMIT, lambda: os.killpg(process.pid, signal.SIGKILL))
        stop = later(sample.sigterm_after, process.terminate) if sample.sigterm_after else None
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            text = neutral(line.rstrip("\n"), sample, folder, venv, prefix)
            lines.append(stamp(sample.carrier, sample.name, process.pid, text) if carried else text)
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


def record(sample: Sample) -> list[str]:
    """Records one sample; returns what is wrong with it."""
    python = str(environment(sample) / "bin" / "python")
    with contextlib.ExitStack() as stack:
        extra: dict[str, str] = {}
        for server in sample.needs:
            extra |= stack.enter_context(SERVERS[server]())
        broken = run_program(sample, "broken.py", python, extra, carried=True)
        fixed = run_program(sample, "fixed.py", python, extra)
    (sample.folder / "app.log").write_text(broken.output)
    problems = []
    if len(broken.output) > MAX_LOG:
        problems.append(f"{sample.name}: app.log has {len(broken.output)} characters, more than {MAX_LOG}")
    left = re.search(r"(/root|/work|/home|/tmp)/\S*", broken.output)
    if left:
        problems.append(f"{sample.name}: app.log names a path of this machine: {left.group()}")
    wrong = complaint(fixed)
    if wrong:
        problems.append(f"{sample.name}: fixed.py {wrong}\n{fixed.output}")
    return problems


# --- the table --------------------------------------------------------------------------------

BEGIN, END = "<!-- table: record.py --table -->", "<!-- end of table -->"


def table(samples: list[Sample]) -> str:
    """The samples as a Markdown table."""
    rows = ["| sample | what it shows | symptoms | cause | Python | libraries |", "|---|---|---|---|---|---|"]
    for sample in samples:
        libraries = ", ".join([*sample.requires, *sample.needs]) or "none"
        symptoms = ", ".join(f"`{symptom}`" for symptom in sample.symptoms)
        rows.append(
            f"| [{sample.name}]({sample.name}) | {sample.shows} | {symptoms} | `{sample.cause}` "
            f"| {sample.python} | {libraries} |"
        )
    return "\n".join(rows)


def write_table() -> None:
    """Puts the table between its two marks in README.md."""
    readme = HERE / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n\n{table(load_all())}\n\n{END}{after}")


def main() -> int:
    """Records the samples that the command line names; 1 if something is wrong with one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="samples to record (default: all)")
    parser.add_argument("--table", action="store_true", help="only write the table of README.md anew")
    arguments = parser.parse_args()
    if arguments.table:
        write_table()
        return 0
    unknown = set(arguments.names) - {sample.name for sample in load_all()}
    if unknown:
        parser.error(f"no such sample: {', '.join(sorted(unknown))}")
    problems = []
    samples = load_all(arguments.names)
    for sample in samples:  # one after the other: two samples may share an environment that is still to be made
        with contextlib.suppress(LookupError):
            environment(sample)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for sample, future in [(sample, pool.submit(record, sample)) for sample in samples]:
            try:
                problems += future.result()
            except (LookupError, OSError, subprocess.SubprocessError) as error:
                problems.append(f"{sample.name}: not recorded: {error}")
    print("\n".join(problems) or f"{len(samples)} samples recorded", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
