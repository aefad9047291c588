"""Sources: whatever a log comes in, its bytes come out, in bounded memory, and nothing is lost without a notice."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import subprocess
import sys
import tarfile
import threading
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Notice
from loopdoctor.settings import Settings
from loopdoctor.sources import find_sources
from loopdoctor.sources.decompress import decompress, decompression_of
from loopdoctor.sources.encodings import encoding_of, to_utf8
from loopdoctor.sources.stream import Stream

LOG = b"".join(b"17:%02d keeper %d lit the lamp at the quay\n" % (i % 60, i) for i in range(20_000))


def read(*paths: str | Path, settings: Settings | None = None) -> tuple[dict[str, bytes], list[Notice]]:
    """What every source holds, by name, and the notices."""
    notices: list[Notice] = []
    found = find_sources([str(path) for path in paths], settings or Settings(), notices.append)
    return {source.name: b"".join(source.blocks()) for source in found}, notices


def kinds(notices: list[Notice]) -> list[str]:
    """What the notices are about."""
    return [notice.kind for notice in notices]


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive of these members."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}


@pytest.mark.parametrize("name", COMPRESSORS)
def test_compressed_files_are_told_by_content(name: str, tmp_path: Path) -> None:
    """Every compression round-trips, in several members with padding behind them, whatever the file is called."""
    pack = COMPRESSORS[name]
    path = tmp_path / "app.log"
    path.write_bytes(pack(LOG) + pack(b"") + pack(b"one more\n") + b"\0" * 700)
    assert read(path) == ({str(path): LOG + b"one more\n"}, [])


@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_cut_off_file_gives_what_is_there(name: str, tmp_path: Path) -> None:
    """A truncated file gives its beginning and a notice."""
    path = tmp_path / "app.log"
    noise = b"%s\n" % os.urandom(1 << 20).hex().encode()
    packed = COMPRESSORS[name](noise)
    path.write_bytes(packed[: len(packed) // 2])
    found, notices = read(path)
    assert kinds(notices) == ["truncated"]
    assert len(found[str(path)]) > len(noise) // 10 or name == "bzip2"
    assert noise.startswith(found[str(path)])


@pytest.mark.parametrize("name", COMPRESSORS)
def test_garbage_behind_the_data_is_skipped_with_a_notice(name: str, tmp_path: Path) -> None:
    """What is appended to a compressed file, and is not compressed, is not taken for a log."""
    path = tmp_path / "app.log"
    path.write_bytes(COMPRESSORS[name](LOG) + b"#### appended by hand ####")
    found, notices = read(path)
    assert found == {str(path): LOG}
    assert kinds(notices) == ["trailing-garbage"]


@pytest.mark.parametrize("name", COMPRESSORS)
def test_damaged_data_ends_with_a_notice(name: str, tmp_path: Path) -> None:
    """A flipped byte stops the source, never the scan."""
    noise = os.urandom(1 << 20).hex().encode()
    packed = bytearray(COMPRESSORS[name](noise))
    for at in range(len(packed) // 2, len(packed) // 2 + 64):
        packed[at] ^= 0x5A
    (tmp_path / "a.log").write_bytes(packed)
    (tmp_path / "b.log").write_bytes(LOG)
    found, notices = read(tmp_path / "a.log", tmp_path / "b.log")
    assert kinds(notices) == ["damaged"]
    assert found[str(tmp_path / "b.log")] == LOG


def test_gzip_is_read_without_isal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where isal has no wheel, zlib does the same."""
    monkeypatch.setitem(sys.modules, "isal", None)
    path = tmp_path / "app.log"
    path.write_bytes(gzip.compress(LOG * 5) + gzip.compress(b"one more\n") + b"\0\0")
    assert read(path) == ({str(path): LOG * 5 + b"one more\n"}, [])
    path.write_bytes(gzip.compress(LOG)[:-4])
    assert kinds(read(path)[1]) == ["truncated"]


@effort(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(COMPRESSORS)), st.lists(st.binary(max_size=400), min_size=1, max_size=3), st.integers(1, 90)
)
def test_compressed_data_may_come_in_any_blocks(name: str, members: list[bytes], size: int) -> None:
    """Borders of blocks may fall anywhere, between members too."""
    packed = b"".join(COMPRESSORS[name](member) for member in members)
    stream = Stream(packed[at : at + size] for at in range(0, len(packed), size))
    kind = decompression_of(stream.peek(16))
    assert kind is not None
    assert b"".join(decompress(kind, stream, pytest.fail)) == b"".join(members)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_tar_members_are_sources(form: int, tmp_path: Path) -> None:
    """Each file of a tar archive is a source, long and foreign names included."""
    members = {"logs/app.log": LOG, "empty.log": b"", "logs/lämp.log": b"dark\n"}
    if form != tarfile.USTAR_FORMAT:
        members["deep/" * 40 + "quay.log"] = b"calm\n"
    path = tmp_path / "bundle"
    path.write_bytes(gzip.compress(tarred(members, form)))
    found, notices = read(path)
    assert found == {f"{path}!/{name}": content for name, content in members.items()}
    assert notices == []


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_members_are_sources(method: int, tmp_path: Path) -> None:
    """Each file of a zip archive is a source."""
    members = {"logs/app.log": LOG, "empty.log": b""}
    path = tmp_path / "artifact.bin"
    path.write_bytes(zipped(members, method))
    assert read(path) == ({f"{path}!/{name}": content for name, content in members.items()}, [])


def test_members_that_nobody_reads_are_passed_over(tmp_path: Path) -> None:
    """The next member is right although the one before was left half-read."""
    path = tmp_path / "a.tar"
    path.write_bytes(tarred({"a": LOG, "b": LOG[::-1], "c": b"calm\n"}))
    heads = [next(source.blocks())[:5] for source in find_sources([str(path)], Settings(), pytest.fail)]
    assert heads == [LOG[:5], LOG[::-1][:5], b"calm\n"]


def test_names_and_links_in_archives_reach_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A member's name is a label only; links, directories and devices are passed over; nothing is written."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, kind, target in (
            ("link.log", tarfile.SYMTYPE, "/etc/passwd"),
            ("hard.log", tarfile.LNKTYPE, "../../etc/passwd"),
            ("null", tarfile.CHRTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
            ("logs", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
        info = tarfile.TarInfo("../../etc/lamp.log")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"dark\n"))
    path = tmp_path / "in" / "a.tar"
    path.parent.mkdir()
    path.write_bytes(file.getvalue())
    (tmp_path / "in" / "b.zip").write_bytes(zipped({"../../lamp.log": b"calm\n"}))
    monkeypatch.chdir(tmp_path / "in")
    before = sorted(tmp_path.rglob("*"))
    found, notices = read("a.tar", "b.zip")
    assert found == {"a.tar!/../../etc/lamp.log": b"dark\n", "b.zip!/../../lamp.log": b"calm\n"}
    assert notices == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("cut", [700, 512 + 3000, 100])
def test_a_cut_off_tar_gives_what_is_there(cut: int, tmp_path: Path) -> None:
    """A tar archive that ends within a member, or between two, gives the beginning and a notice."""
    path = tmp_path / "a.tar"
    path.write_bytes(
        tarred({"a": LOG[:2048], "b": LOG})[:cut] if cut > 512 else tarred({"a": b"x"})[: 512 + 512] + b"ju"
    )
    found, notices = read(path)
    assert kinds(notices) == ["truncated"]
    assert LOG.startswith(found[f"{path}!/a"]) or found[f"{path}!/a"] == b"x"


def test_a_tar_header_of_any_size_takes_no_memory(tmp_path: Path) -> None:
    """A pax header that claims to be huge is read past, not kept."""
    file = io.BytesIO()
    info = tarfile.TarInfo("huge")
    info.type, info.size = tarfile.XHDTYPE, 64 << 20
    file.write(info.tobuf(tarfile.USTAR_FORMAT))
    file.write(b"9" * (64 << 20))
    file.write(tarred({"a.log": b"calm\n"}))
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(file.getvalue(), 1))
    del file
    tracemalloc.start()
    found, _ = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == {f"{path}!/a.log": b"calm\n"}
    assert peak < 8 << 20


def test_archives_within_archives(tmp_path: Path) -> None:
    """Archives are unpacked three deep; a fourth is left with a notice."""
    inner = {"app.log.gz": gzip.compress(LOG)}
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"b.tar": tarred({"c.zip": zipped(inner)})}))
    assert read(path) == ({f"{path}!/b.tar!/c.zip!/app.log.gz": LOG}, [])
    path.write_bytes(zipped({"b.tar": tarred({"c.zip": zipped({"d.zip": zipped(inner)})})}))
    found, notices = read(path)
    assert found == {}
    assert kinds(notices) == ["nested-too-deep"]


@pytest.mark.parametrize("name", COMPRESSORS)
def test_a_bomb_is_stopped_in_little_memory(name: str, tmp_path: Path) -> None:
    """An input that grows beyond the limit ends there with a notice."""
    path = tmp_path / "a.log"
    path.write_bytes(COMPRESSORS[name](b"\n" * (48 << 20)))
    settings = Settings(max_unpacked=40 << 20)
    notices: list[Notice] = []
    found = find_sources([str(path)], settings, notices.append)
    source = next(found)
    tracemalloc.start()
    size = sum(map(len, source.blocks()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size <= settings.max_unpacked
    assert kinds(notices) == ["too-large"]
    assert peak < 40 << 20


def test_a_ratio_beyond_reason_is_stopped(tmp_path: Path) -> None:
    """Data that grows to many times its size is stopped; 64 MiB are always allowed."""
    path = tmp_path / "a.zip"
    path.write_bytes(zipped({"a.log": b"\n" * (70 << 20), "b.log": b"\n" * (70 << 20)}))
    notices: list[Notice] = []
    sizes = [
        sum(map(len, source.blocks())) for source in find_sources([str(path)], Settings(max_ratio=10), notices.append)
    ]
    assert sizes == [64 << 20]
    assert kinds(notices) == ["too-large"]


def test_damaged_and_encrypted_zips_are_told(tmp_path: Path) -> None:
    """A zip that cannot be read gives a notice, and its readable members all the same."""
    data = zipped({"a.log": LOG, "b.log": b"calm\n"})
    spoilt = bytearray(data)
    spoilt[60:100] = bytes(40)
    path = tmp_path / "a.zip"
    path.write_bytes(spoilt)
    found, notices = read(path)
    assert found[f"{path}!/b.log"] == b"calm\n"
    assert kinds(notices) == ["damaged"]
    path.write_bytes(data[: len(data) // 2])
    assert kinds(read(path)[1]) == ["damaged"]
    locked = bytearray(data)
    locked[6] |= 1
    at = data.find(b"PK\x01\x02")
    locked[at + 8] |= 1
    path.write_bytes(locked)
    found, notices = read(path)
    assert kinds(notices) == ["encrypted"]
    assert found[f"{path}!/b.log"] == b"calm\n"


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", b"\xff\xfe\0\0"),
        ("utf-32-be", b"\0\0\xfe\xff"),
    ],
)
def test_unicode_encodings_become_utf8(encoding: str, mark: bytes) -> None:
    """Marks are dropped and UTF-16 and UTF-32 transcoded, wherever a block cuts a character."""
    text = "17:03 keeper Åsa lit the lamp 🏮 at the quay\n" * 40
    data = mark + text.encode(encoding)
    for size in (1, 3, 7, 4096):
        stream = Stream(data[at : at + size] for at in range(0, len(data), size))
        assert b"".join(to_utf8(stream)).decode() == text


@pytest.mark.parametrize("data", [b"\0" * 4096 + LOG, b"caf\xe9 \xff\xfe\n" + LOG, b"a\0b\n" + LOG, b"", b"\0"])
def test_other_bytes_stay_as_they_are(data: bytes, tmp_path: Path) -> None:
    """Latin-1, zeros left by a log rotation and broken UTF-8 are no other encoding, and no binary file."""
    assert encoding_of(data[:1024]) == ("", 0)
    (tmp_path / "app.log").write_bytes(data)
    assert read(tmp_path) == ({str(tmp_path / "app.log"): data}, [])


def test_half_a_character_at_the_end_is_replaced() -> None:
    """A UTF-16 log that was cut off keeps all but its last character."""
    stream = Stream([b"\xff\xfe", "lamp".encode("utf-16-le")[:-1]])
    assert b"".join(to_utf8(stream)).decode() == "lam�"


def test_directories_are_read_in_order_without_what_is_no_log(tmp_path: Path) -> None:
    """Every regular file below, once, sorted; pipes, sockets, link circles and binary files are passed over."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "z.log").write_bytes(b"z\n")
    (tmp_path / "a.log").write_bytes(b"a\n")
    (tmp_path / "c.log").symlink_to(tmp_path / "b" / "z.log")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "gone.log").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (tmp_path / "lamp.pyc").write_bytes(b"\xa7\r\r\n" + bytes(12) + b"\xe3" + b"was never lit")
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 8)
    found, notices = read(tmp_path)
    assert list(found) == [str(tmp_path / "a.log"), str(tmp_path / "b" / "z.log")]
    assert kinds(notices) == ["binary"]
    assert re.search(r"3 files .*an image.*compiled Python|3 files .*compiled Python.*an image", notices[0].message)


def test_a_binary_file_that_was_named_is_told(tmp_path: Path) -> None:
    """What is certainly no log is skipped with a notice; what only looks strange is scanned with one."""
    (tmp_path / "lamp.db").write_bytes(b"SQLite format 3\0" + LOG)
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 8)
    found, notices = read(tmp_path / "lamp.db", tmp_path / "noise")
    assert list(found) == [str(tmp_path / "noise")]
    assert kinds(notices) == ["binary", "binary"]


def test_patterns_are_expanded_unless_a_file_is_called_so(tmp_path: Path) -> None:
    """A quoted pattern works as in a shell, and a real name with brackets wins."""
    for name in ("b.log", "a.log", "[ab].log"):
        (tmp_path / name).write_bytes(name.encode())
    assert list(read(tmp_path / "?.log")[0]) == [str(tmp_path / "a.log"), str(tmp_path / "b.log")]
    assert list(read(tmp_path / "[ab].log")[0]) == [str(tmp_path / "[ab].log")]


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("nowhere.log", "input-not-found"),
        ("*.none", "input-not-found"),
        ("dangling", "input-not-found"),
        ("empty", "input-empty"),
    ],
)
def test_what_cannot_be_read_is_refused_before_anything_is(name: str, reference: str, tmp_path: Path) -> None:
    """A wrong path is an error at once, even behind right ones, and says what to do."""
    (tmp_path / "a.log").write_bytes(LOG)
    (tmp_path / "empty" / "below").mkdir(parents=True)
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    with pytest.raises(LoopdoctorError) as caught:
        find_sources([str(tmp_path / "a.log"), str(tmp_path / name)], Settings(), pytest.fail)
    assert caught.value.reference == reference
    assert caught.value.context == str(tmp_path / name)
    assert caught.value.hint


def test_unreadable_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named file that may not be read is an error; one inside a directory is a notice."""
    (tmp_path / "a.log").write_bytes(b"a\n")
    (tmp_path / "b.log").write_bytes(b"b\n")
    real = os.open

    def guarded(path: str, flags: int) -> int:
        if str(path).endswith("a.log"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags)

    monkeypatch.setattr("loopdoctor.sources.files.os.open", guarded)
    found, notices = read(tmp_path)
    assert list(found) == [str(tmp_path / "b.log")]
    assert [(notice.kind, notice.source) for notice in notices] == [("unreadable", str(tmp_path / "a.log"))]
    with pytest.raises(LoopdoctorError, match="permission denied") as caught:
        read(tmp_path / "a.log")
    assert caught.value.reference == "input-unreadable"


READ_ALL = """
import sys
from loopdoctor.settings import Settings
from loopdoctor.sources import find_sources
for source in find_sources(sys.argv[1:], Settings(), print):
    print(source.name, source.size, sum(map(len, source.blocks())))
"""


@pytest.mark.parametrize("path", ["-", "/dev/stdin", "/dev/fd/0"])
@pytest.mark.parametrize(
    ("data", "suffix"),
    [(LOG, ""), (gzip.compress(LOG), ""), (zipped({"a.log": LOG}), "!/a.log"), (tarred({"a.log": LOG}), "!/a.log")],
    ids=["plain", "gzip", "zip", "tar"],
)
def test_standard_input_is_read_under_any_name(path: str, data: bytes, suffix: str) -> None:
    """A pipe may hold whatever a file may, a zip archive too."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, path], input=data, capture_output=True, env=environment, check=True
    )
    assert done.stdout.decode() == f"{path}{suffix} None {len(LOG)}\n"


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    """A FIFO that was named (so is a shell's ``<(...)``) is read to its end."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(LOG,))
    writer.start()
    found, notices = read(path)
    writer.join()
    assert (found, notices) == ({str(path): LOG}, [])


def test_progress_is_told_in_bytes_on_disk(tmp_path: Path) -> None:
    """A compressed file's progress is that of the file, so that it ends at its size."""
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(os.urandom(2 << 20).hex().encode()))
    found = find_sources([str(path)], Settings(), pytest.fail)
    source = next(found)
    blocks = source.blocks()
    next(blocks)
    assert 0 < source.on_disk < path.stat().st_size
    for _ in blocks:
        pass
    assert source.on_disk == source.size == path.stat().st_size


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    """Files are closed when read, and when their reader gives up."""
    for name in "abc":
        (tmp_path / name).write_bytes(zipped({"x": LOG}))
    before = len(list(Path("/proc/self/fd").iterdir()))
    read(tmp_path)
    sources = find_sources([str(tmp_path)], Settings(), pytest.fail)
    next(next(sources).blocks())
    del sources
    assert len(list(Path("/proc/self/fd").iterdir())) == before
