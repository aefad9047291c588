"""The pairs: for a cause, a program that fails of it and the same program repaired.

They are the folders of ``sample_logs/``. An installed loopdoctor has them in one JSON file; a source tree reads the
folders, so that a changed program counts at once.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from loopdoctor.catalogue.nearest import unknown_id
from loopdoctor.catalogue.schema import Catalogue, RuleId
from loopdoctor.errors import LoopdoctorError

COMPILED = Path(__file__).with_name("pairs.json")
SOURCE = Path(__file__).parents[2] / "sample_logs"

_Shape = TypeVar("_Shape", "Pair", "Pairs")

Minor = Annotated[str, Meta(pattern=r"^3\.\d{1,2}$")]
Release = Annotated[str, Meta(pattern=r"^3\.\d{1,2}\.\d{1,2}$")]


class Pair(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One folder: the words of its ``sample.yaml``, and the two programs.

    ``symptoms`` and ``cause`` are ids of the rules; ``file`` is the name that the programs have in the recorded log.
    ``python`` is the version that the log was recorded with. ``requires`` are pins for pip; ``requires_for`` has others
    for a Python that cannot install those. ``needs`` names servers (keys of ``Pairs.servers``).
    ``since`` and ``until`` bound the Pythons that show the failure, ``only`` names releases that alone do (a defect of
    CPython's own), and ``versions`` says why. ``sigterm_after`` is
    when, in seconds, the program is told to stop; ``carrier`` is what wraps the lines of the recording.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    cause: RuleId
    symptoms: Annotated[tuple[RuleId, ...], Meta(min_length=1)]
    python: Release
    shows: str
    file: Annotated[str, Meta(pattern=r"^[a-z_0-9]+\.py$")]
    broken: str
    fixed: str
    requires: tuple[str, ...] = ()
    requires_for: dict[Minor, tuple[str, ...]] = {}
    needs: tuple[str, ...] = ()
    command: str = "python {file}"
    env: dict[str, str] = {}
    carrier: str = ""
    sigterm_after: float = 0.0
    since: Minor | None = None
    until: Minor | None = None
    only: tuple[Release, ...] = ()
    versions: str = ""

    def shows_on(self, python: str) -> bool:
        """Whether this Python (``3.11.7``; for ``3.11`` some release of it) shows the failure."""
        if self.only and not any(python in {release, short(release)} for release in self.only):
            return False
        have = _minor(python)
        return (self.since is None or _minor(self.since) <= have) and (self.until is None or have <= _minor(self.until))

    def pins(self, python: str) -> tuple[str, ...]:
        """What pip must install on this Python."""
        return self.requires_for.get(short(python), self.requires)

    def wants(self, python: str) -> str:
        """All that it needs beside Python, in words."""
        servers = (f"a {name} server" for name in self.needs)
        return ", ".join((*self.pins(python), *servers)) or "the standard library"

    @property
    def libraries(self) -> tuple[str, ...]:
        """The names of what it requires, as pip spells them, in small letters."""
        return tuple(pin.partition("==")[0].partition("[")[0].strip().lower() for pin in self.requires)


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    """How to start a server that some pairs need, and the variables through which the programs find it."""

    docker: str
    apt: str
    env: dict[str, str]


class Pairs(Struct, frozen=True):
    """All pairs by name, the servers that they need, and why a cause has none."""

    pairs: dict[str, Pair]
    servers: dict[str, Server]
    without: dict[RuleId, str]


class Found(Struct, frozen=True):
    """The answer to an id: the cause it led to, its pairs (the best first), and a word on how they were found.

    ``note`` is "" where there is nothing to add. A cause that no pair shows has none, and the note says why.
    """

    cause: str
    pairs: tuple[Pair, ...]
    note: str = ""


# --- where they are read from ----------------------------------------------------------------------------------------


def load_pairs() -> Pairs:
    """All pairs. Raises LoopdoctorError if an installation has lost them."""
    if SOURCE.is_dir() and SOURCE.parent.joinpath("src", "loopdoctor") == COMPILED.parent:
        return read_folder(SOURCE)
    try:
        return from_json(COMPILED.read_bytes())
    except (OSError, msgspec.DecodeError):
        hint = "install loopdoctor anew: pip install --force-reinstall loopdoctor"
        raise LoopdoctorError("pairs-missing", "the pairs cannot be read", context=str(COMPILED), hint=hint) from None


def read_folder(folder: Path) -> Pairs:
    """The pairs below ``folder``, and its ``pairs.yaml``. Raises LoopdoctorError at the first that is not one."""
    shared = _yaml(folder / "pairs.yaml")
    pairs = {}
    for about in sorted(folder.glob("*/sample.yaml")):
        name = about.parent.name
        if not all(about.with_name(f"{part}.py").exists() for part in ("broken", "fixed")):
            continue  # a pair that somebody is still writing
        programs = {part: (about.parent / f"{part}.py").read_text("utf-8") for part in ("broken", "fixed")}
        pairs[name] = _convert(about, {"name": name, **programs, **_yaml(about)}, Pair)
    return _convert(folder / "pairs.yaml", {"pairs": pairs, **shared}, Pairs)


def to_json(pairs: Pairs) -> bytes:
    """The pairs as JSON, keys in a fixed order, so that the same pairs always make the same wheel."""
    return msgspec.json.encode(pairs, order="deterministic")


def from_json(data: bytes) -> Pairs:
    """The pairs that ``to_json`` wrote. Raises ``msgspec.DecodeError`` for anything else."""
    return msgspec.json.decode(data, type=Pairs)


def _yaml(file: Path) -> dict[str, Any]:
    from loopdoctor.catalogue.document import read_document

    value = read_document(file).value
    return value if isinstance(value, dict) else {}


def _convert(file: Path, value: Any, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise LoopdoctorError("pair-broken", str(error), context=str(file)) from None


# --- which one is meant ----------------------------------------------------------------------------------------------


def find(
    every: Pairs, catalogue: Catalogue, wanted: str | None, *, library: str | None = None, python: str | None = None
) -> Found:
    """The pairs for the id of a cause or a symptom, or the name of one pair, the best first; all pairs for None.

    ``library`` and ``python`` (``3.9``) leave out pairs of other libraries and pairs that this Python does not show.
    Raises LoopdoctorError: ``unknown-id``, or ``no-such-pair`` if none is left.
    """
    found = _by_id(every, catalogue, wanted)
    fit = tuple(pair for pair in found.pairs if pair.name == wanted or _fits(pair, library, python))
    if found.pairs and not fit:
        asked = [f"of {library}" if library else "", f"that Python {python} shows" if python else ""]
        what = f"`{wanted}` has no pair" if wanted else "there is no pair"
        hint = f"there are: {', '.join(_described(pair) for pair in found.pairs)}" if wanted else ""
        raise LoopdoctorError("no-such-pair", " ".join([what, *filter(None, asked)]), hint=hint)
    return msgspec.structs.replace(found, pairs=fit)


def _by_id(every: Pairs, catalogue: Catalogue, wanted: str | None) -> Found:
    if wanted is None:
        return Found("", tuple(sorted(every.pairs.values(), key=lambda pair: (pair.cause, _demands(pair)))))
    if wanted in every.pairs:
        pair = every.pairs[wanted]
        return Found(pair.cause, (pair, *(other for other in _of(every, pair.cause) if other is not pair)))
    if wanted in catalogue.causes:
        return Found(wanted, tuple(_of(every, wanted)), every.without.get(wanted, ""))
    if wanted in catalogue.symptoms:
        return _showing(every, wanted, catalogue.symptoms[wanted].causes)
    ids = [*catalogue.causes, *catalogue.symptoms, *every.pairs]
    raise unknown_id(wanted, ids, "cause, symptom or pair")


def _showing(every: Pairs, symptom: str, causes: dict[str, float]) -> Found:
    """Pairs that show the symptom, those of its likeliest causes first; else pairs of its likeliest cause."""
    likely = sorted(causes, key=lambda cause: -causes[cause])
    rank = {cause: place for place, cause in enumerate(likely)}
    showing = [pair for pair in every.pairs.values() if symptom in pair.symptoms]
    if showing:
        showing.sort(key=lambda pair: (rank.get(pair.cause, len(rank)), _demands(pair)))
        return Found(showing[0].cause, tuple(showing))
    for cause in likely:
        if pairs := tuple(_of(every, cause)):
            note = f"No pair shows `{symptom}` itself; this one has the cause that is likeliest to be behind it."
            return Found(cause, pairs, note)
    return Found(likely[0], (), every.without.get(likely[0], ""))


def _of(every: Pairs, cause: str) -> list[Pair]:
    return sorted((pair for pair in every.pairs.values() if pair.cause == cause), key=_demands)


def _demands(pair: Pair) -> tuple[int, int, bool, bool, bool, int, str]:
    """What a pair asks of whoever runs it, the least first: the standard library alone, any Python, a short program."""
    bounds = (bool(pair.only), pair.until is not None, pair.since is not None)
    return (len(pair.needs), len(pair.requires), *bounds, len(pair.broken), pair.name)


def _fits(pair: Pair, library: str | None, python: str | None) -> bool:
    if python is not None and not pair.shows_on(python):
        return False
    if library is None:
        return True
    if library.lower() in {"asyncio", "python"}:
        return not pair.requires
    return library.lower() in {*pair.libraries, *pair.needs}


def _described(pair: Pair) -> str:
    return f"{pair.name} ({', '.join(pair.libraries) or 'standard library'}, Python {bounds(pair)})"


def bounds(pair: Pair) -> str:
    """The Pythons that show the failure, in words: ``3.8 and later``, ``3.8 to 3.11``, ``3.11.7 and 3.12.1 only``."""
    if pair.only:
        return f"{' and '.join(pair.only)} only"
    return f"{pair.since or '3.8'} and later" if pair.until is None else f"{pair.since or '3.8'} to {pair.until}"


def short(python: str) -> str:
    """``3.11`` of ``3.11.7``."""
    return ".".join(python.split(".")[:2])


def _minor(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split(".")[:2])


# --- how it is run ---------------------------------------------------------------------------------------------------


def set_up(pair: Pair, servers: Mapping[str, Server], python: str | None = None) -> list[str]:
    """The shell commands that make ready what the two programs need."""
    version = short(python or pair.python)
    any_python = python is None and not (pair.requires or pair.since or pair.until or pair.only)
    lines = ["python3 -m venv .venv" if any_python else f"python{version} -m venv .venv"]
    pins = pair.pins(version)
    if pins:
        lines.append(f".venv/bin/pip install {shlex.join(pins)}")
    for name in pair.needs:
        server = servers[name]
        lines += [f"{server.docker}    # or a server of your own: {server.apt}"]
        lines += [f"export {key}={shlex.quote(value)}" for key, value in server.env.items()]
    return lines


def run(pair: Pair, program: str) -> str:
    """The shell command that runs ``broken.py`` or ``fixed.py``."""
    env = "".join(f"{key}={shlex.quote(value)} " for key, value in pair.env.items())
    stop = f"timeout --signal=TERM {pair.sigterm_after:g} " if pair.sigterm_after else ""
    return f"{env}{stop}.venv/bin/{pair.command.format(file=program)}"


def how_to_run(pair: Pair, servers: Mapping[str, Server], python: str | None = None) -> list[str]:
    """All shell commands, in order: what it needs, the failure and its diagnosis, the repaired program."""
    return [
        *set_up(pair, servers, python),
        f"{run(pair, 'broken.py')} 2>&1 | loopdoctor scan",
        run(pair, "fixed.py"),
    ]


def files(pair: Pair, servers: Mapping[str, Server], python: str | None = None) -> dict[str, str]:
    """What a folder of its own must hold to run the pair: name -> text."""
    pins = pair.pins(python or pair.python)
    return {
        "broken.py": pair.broken,
        "fixed.py": pair.fixed,
        "requirements.txt": "".join(f"{pin}\n" for pin in pins) or "# The standard library is enough.\n",
        "README.md": "\n".join(_readme(pair, servers, python)) + "\n",
    }


def _readme(pair: Pair, servers: Mapping[str, Server], python: str | None) -> Iterator[str]:
    pins = shlex.join(pair.pins(python or pair.python))
    yield f"# {pair.name}"
    yield from ("", pair.shows)
    yield from ("", f"- cause: `{pair.cause}` (`loopdoctor explain {pair.cause}`)")
    yield f"- symptoms: {', '.join(f'`{symptom}`' for symptom in pair.symptoms)}"
    yield f"- Python {bounds(pair)}{f': {pair.versions}' if pair.versions else ''}"
    yield from ("", "`broken.py` fails; `fixed.py` is the same program repaired, and ends with status 0.", "")
    yield from _fenced(
        line.replace(f"install {pins}", "install -r requirements.txt") if pins else line
        for line in how_to_run(pair, servers, python)
    )


def _fenced(lines: Iterable[str]) -> Iterator[str]:
    yield "```sh"
    yield from lines
    yield "```"
