"""Starts a command with its Python made talkative, passes its output on, and says how it ended."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Notice
from loopdoctor.running.channels import Channel, open_channels
from loopdoctor.running.relay import Relay
from loopdoctor.running.spool import KEPT
from loopdoctor.settings import Settings
from loopdoctor.sources import Notify, Source, unpacked

NOT_FOUND = 127
NOT_EXECUTABLE = 126

FRAMES = 10
"""Frames that are kept of where each object was made, for a ResourceWarning to name the line: enough to reach through a
library into the program."""

WITHIN = "_LOOPDOCTOR_RUN"
"""Tells a ``run`` inside another which pipes the outer one reads."""


class Ended(Struct, frozen=True):
    """How a command ended: its exit status, or minus the number of the signal that killed it; and what it wrote."""

    status: int
    channels: tuple[Channel, ...]

    @property
    def signal(self) -> int:
        """The signal that killed it, 0 for none."""
        return max(-self.status, 0)


class NotStarted(LoopdoctorError):
    """The command could not be started; ``status`` is what a shell would say (127 not found, 126 not executable)."""

    def __init__(self, message: str, status: int, hint: str) -> None:
        super().__init__("command-not-started", message, hint=hint)
        self.status = status


def talkative(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which every Python below tells most of itself; what the user has set is never changed.

    That is what ``-X dev`` does for diagnosis, and reaches Pythons that are started by others. Of filters of warnings
    the later ones count first, so that ours stands before the user's. Source: https://docs.python.org/3/using/cmdline.html
    """
    ours = {
        "PYTHONASYNCIODEBUG": "1",
        "PYTHONTRACEMALLOC": str(FRAMES),
        "PYTHONUNBUFFERED": "1",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONWARNINGS": "default",
    }
    found = {**ours, **environment}
    if warnings := environment.get("PYTHONWARNINGS"):
        found["PYTHONWARNINGS"] = f"default,{warnings}"
    return found


def run_command(command: Sequence[str], *, debug: bool = True, terminals: bool = True, limit: int = KEPT) -> Ended:
    """Runs a command to its end, with its output passed on and signals handed on.

    Raises NotStarted if it cannot be started, LoopdoctorError where there is no POSIX.
    """
    if os.name != "posix":
        hint = "write its output into a file, and scan that: CMD > app.log 2>&1"
        raise LoopdoctorError("run-unsupported", "`run` needs POSIX pipes and signals", hint=hint)
    _open_standard()
    with Relay() as relay:
        channels = open_channels(terminals=terminals, limit=limit)
        environment = talkative(os.environ) if debug else dict(os.environ)
        environment[WITHIN] = ",".join(_identity(channel.theirs) for channel in channels)
        ends = {name: channel.theirs for channel in channels for name in channel.names}
        try:
            process = subprocess.Popen(command, stdout=ends[1], stderr=ends[2], env=environment)  # noqa: S603
        except (OSError, ValueError) as error:
            for channel in channels:
                channel.cancel()
            raise _not_started(command[0], error) from None
        running, ended = os.pipe()
        pumps = [channel.start(running) for channel in channels]

        def resize() -> None:
            for channel in channels:
                channel.resize()

        status = relay.until_ended(process, resize)
    os.close(ended)
    for pump in pumps:
        pump.join()
    os.close(running)
    return Ended(status, tuple(channels))


def nested() -> bool:
    """Whether all that this process prints is read by another ``run``, which will tell of it."""
    known = os.environ.get(WITHIN, "").split(",")
    try:
        return all(_identity(stream) in known for stream in (1, 2))
    except OSError:
        return False


def sources_of(ended: Ended, settings: Settings, notify: Notify) -> Iterator[Source]:
    """What the command wrote, as sources of a scan; and what happened to it on the way."""
    for channel in ended.channels:
        spool = channel.spool
        if spool.written:
            yield from unpacked(channel.name, spool.blocks(), settings, notify, guessed=True)
        if spool.error:
            message = f"the last {spool.lost} bytes could not be kept for the scan ({spool.error})"
            notify(Notice("output-not-kept", message, channel.name))
        elif spool.lost:
            message = f"{spool.lost} bytes in the middle were not kept; lines behind them are counted from there on"
            notify(Notice("output-dropped", message, channel.name))
        if channel.left_open:
            message = "a process that the command has left behind still holds it; what that writes from now on is lost"
            notify(Notice("output-left-open", message, channel.name))
        if channel.failed is not None:
            message = f"the command's output could not be passed on ({channel.failed.strerror or channel.failed})"
            notify(Notice("output-not-passed-on", message, channel.name))
        spool.close()


def _identity(descriptor: int) -> str:
    info = os.fstat(descriptor)
    return f"{info.st_dev}:{info.st_ino}"


def _open_standard() -> None:
    """Opens what was closed (``>&-``) of the standard streams, or else the next pipe would take its number."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _not_started(name: str, error: OSError | ValueError) -> NotStarted:
    if isinstance(error, FileNotFoundError):
        hint = "check the spelling and PATH; a command of a shell is run as: loopdoctor run -- sh -c '...'"
        return NotStarted(f"there is no command {name!r}", NOT_FOUND, hint)
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return NotStarted(f"{name!r} cannot be run: {reason}", NOT_EXECUTABLE, "")
