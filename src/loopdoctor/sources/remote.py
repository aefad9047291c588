"""Finds logs elsewhere: ``s3://``, ``gs://``, ``az://`` and ``https://``, objects, prefixes and patterns.

    s3://bucket/prefix/**/*.gz    ->    every object that matches, in the order of the names

Credentials come by the usual ways of s3fs, gcsfs, adlfs and aiohttp (environment, profiles, ``.netrc``, the machine's
role; ``FSSPEC_S3='{"anon": true}'`` and its like), never from here. Nothing is imported before an address is given.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, NamedTuple

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Notice
from loopdoctor.settings import Settings
from loopdoctor.sources.objects import Object, StoredObject, WebObject
from loopdoctor.sources.resuming import Reader, Unreadable, again
from loopdoctor.sources.stream import Source
from loopdoctor.sources.unpack import Input
from loopdoctor.sources.urls import masked, scheme_of
from loopdoctor.stopping import Stop

AHEAD = 4
"""Objects whose beginning is fetched while another is read: small ones cost the time of an answer, and little else."""

MAX_PAGES = 10_000
"""Index pages of a web server that are read: links may lead on without end."""

MAGIC = re.compile(r"[*?\[]")
WEB_MAGIC = re.compile(r"[*\[]")

Found = tuple[str, int | None]
"""An object's path as its file system has it, and its size where the listing tells."""


class Remote(NamedTuple):
    """What one address names. ``guessed``: the user named a directory, and not its files."""

    shown: str
    objects: tuple[Found, ...]
    make: Callable[[str, int | None], Object]
    guessed: bool

    def sources(
        self, settings: Settings, notify: Callable[[Notice], None], skipped: list[str], stop: Stop | None = None
    ) -> Iterator[Source]:
        """The logs within the objects. What cannot be read becomes a notice."""
        readers = _started(self.make(*found) for found in self.objects)
        try:
            for reader in readers:
                if stop is not None and stop.is_set():
                    return
                try:
                    yield from self._logs(reader, settings, notify, skipped, stop)
                finally:
                    reader.leave()
        finally:
            readers.close()

    def _logs(
        self,
        reader: Reader,
        settings: Settings,
        notify: Callable[[Notice], None],
        skipped: list[str],
        stop: Stop | None,
    ) -> Iterator[Source]:
        thing = reader.object
        origin = Input(
            thing.name, settings, notify, size=thing.size, reopen=reader.seekable, guessed=self.guessed, stop=stop
        )

        def blocks() -> Iterator[bytes]:
            yield from reader.blocks(stop)
            if reader.failure is not None:
                origin.report_about(thing.name)(*reader.failure)

        for source in origin.sources(blocks()):
            if reader.failure is not None and reader.failure.kind == "unreadable":
                return  # nothing came of it, and a log of nothing is none
            yield source
        skipped += origin.skipped


def find_remote(url: str) -> Remote:
    """The objects that an address names: the one itself, all below it, or all that match it as a pattern.

    Raises LoopdoctorError where the address names nothing, may not be listed, or its packages are not installed.
    """
    shown = masked(url)
    system, path = _system(url, shown)
    web = scheme_of(url).startswith("http")
    find = _find_on_web if web else _find_in_store
    try:
        objects, guessed = again(lambda: find(system, path))
    except Unreadable as error:
        if error.failure.words == "not found":
            raise _nothing(shown) from None
        hint = "see that credentials for it are where its library looks for them, and that the address is right"
        raise LoopdoctorError(
            "input-unreadable", f"cannot be read ({error.failure.words})", context=shown, hint=hint
        ) from None
    if not objects:
        raise _nothing(shown)

    def make(name: str, size: int | None) -> Object:
        if web:
            return WebObject(system, name, masked(name), size)
        return StoredObject(system, name, masked(f"{scheme_of(url)}://{name}"), size)

    return Remote(shown, tuple(objects), make, guessed)


def _nothing(shown: str) -> LoopdoctorError:
    hint = "check the spelling; a pattern needs quotes, and ** to look into what lies deeper"
    return LoopdoctorError("input-not-found", "there is no such object, and nothing below it", context=shown, hint=hint)


def _system(url: str, shown: str) -> tuple[Any, str]:
    """The file system of an address, and the address as that calls it."""
    scheme = scheme_of(url)
    url = f"{scheme}://{url.partition('://')[2]}"
    try:
        import fsspec

        made = fsspec.get_filesystem_class(scheme)
    except ImportError:
        message = f"reading {scheme}:// needs packages that are not installed"
        hint = "pip install 'loopdoctor[remote]'"
        raise LoopdoctorError("extra-missing", message, context=shown, hint=hint) from None
    options: dict[str, Any] = {"skip_instance_cache": True, "use_listings_cache": False}
    if scheme.startswith("http"):
        import aiohttp

        options["client_kwargs"] = {
            # Proxies and .netrc. What is compressed is unpacked here, where it is bounded and can be gone on with.
            "trust_env": True,
            "auto_decompress": False,
            "headers": {"Accept-Encoding": "identity"},
            "timeout": aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=30),
        }
    try:
        # Not by way of fsspec's own opening of an address: that would follow chains ("zip://a::https://b").
        return made(**made._get_kwargs_from_urls(url), **options), made._strip_protocol(url)
    except Exception as error:  # noqa: BLE001 - what is wrong with credentials comes in any class
        hint = "see that credentials for it are where its library looks for them"
        message = f"cannot be opened ({type(error).__name__})"
        raise LoopdoctorError("input-unreadable", message, context=shown, hint=hint) from None


def _find_in_store(system: Any, path: str) -> tuple[list[Found], bool]:
    if not path.strip("/"):
        return [], False
    if not MAGIC.search(path):
        try:
            info = system.info(path)
        except FileNotFoundError:
            info = {"type": "directory"}
        if info["type"] == "file" and not path.endswith("/"):
            return [(path, info.get("size"))], False
        return _files(system.find(path, detail=True)), True
    if system.isfile(path):  # its name only looks like a pattern
        return [(path, system.info(path).get("size"))], False
    matches = system.glob(path, detail=True)
    files = {name: info for name, info in matches.items() if info["type"] == "file"}
    for name, info in matches.items():
        if info["type"] == "directory" and "**" not in path:  # that has found what is below already
            files |= system.find(name, detail=True)
    return sorted(_files(files)), False


def _files(found: dict[str, Any]) -> list[Found]:
    """In the order in which a walk through directories comes upon them; without what only stands for a directory."""
    files = [
        (name, info.get("size")) for name, info in found.items() if info["type"] == "file" and not name.endswith("/")
    ]
    return sorted(files, key=lambda file: file[0].split("/"))


def _find_on_web(system: Any, url: str) -> tuple[list[Found], bool]:
    address, _, query = url.partition("?")
    scheme, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    if not WEB_MAGIC.search(path):
        if address.endswith("/") and not query and (found := list(_links_below(system, address, None))):
            return _in_order(found), True
        return [(url, system.info(url).get("size"))], False
    from fsspec.utils import glob_translate

    fixed = WEB_MAGIC.split(path)[0].rpartition("/")[0]
    root = f"{scheme}://{host}/{fixed}/" if fixed else f"{scheme}://{host}/"
    deep = None if "**" in path else path.count("/") - root.partition("://")[2].count("/") + 1
    pattern = re.compile(glob_translate(path))
    start = len(f"{scheme}://{host}/")
    return sorted((link, None) for link in _links_below(system, root, deep) if pattern.match(link[start:])), False


def _in_order(links: Iterable[str]) -> list[Found]:
    return [(link, None) for link in sorted(links, key=lambda link: link.split("/"))]


def _links_below(system: Any, root: str, deep: int | None) -> Iterator[str]:
    """What the index pages of a web server link to, as far as it stands below ``root``; links up and round are left."""
    waiting, seen = deque([(root, 0)]), {root}
    for _ in range(MAX_PAGES):
        if not waiting:
            return
        page, depth = waiting.popleft()
        for entry in system.ls(page, detail=True):
            link = entry["name"]
            if link in seen or not link.startswith(root) or "?" in link or "#" in link or "/../" in link:
                continue
            seen.add(link)
            if not link.endswith("/"):
                yield link
            elif deep is None or depth < deep:
                waiting.append((link, depth + 1))


def _started(objects: Iterable[Object]) -> Generator[Reader, None, None]:
    """Readers of the objects in their order, those of the next ``AHEAD`` at work already."""
    waiting: deque[Reader] = deque()
    try:
        for thing in objects:
            waiting.append(Reader(thing))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        for reader in waiting:
            reader.leave()
