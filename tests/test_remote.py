"""Logs elsewhere: what comes over the network is what stands in the files, however often the connection breaks."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loopdoctor.api import scan, to_json
from loopdoctor.cluster import scan_on_cluster
from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Notice
from loopdoctor.settings import Settings
from loopdoctor.sources import find_sources, resuming
from loopdoctor.sources.objects import CHUNK
from loopdoctor.sources.urls import masked, scheme_of
from web import Site, serving

LOG = b"".join(
    b"2026-03-01 10:%02d:%02d,000 INFO ferry lock %d is full\n" % (i // 60 % 60, i % 60, i) for i in range(40_000)
)
FAILED = b"""Traceback (most recent call last):
  File "/srv/ferry/locks.py", line %d, in fill_lock
    await pump.start()
RuntimeError: Event loop is closed
"""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "PAUSE", 0.01)


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server; the test is skipped without aiohttp."""
    pytest.importorskip("aiohttp", reason="needs loopdoctor[remote-http]")
    pytest.importorskip("fsspec", reason="needs loopdoctor[remote-http]")
    with serving() as site:
        yield site


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of an S3 on the loopback."""
    pytest.importorskip("s3fs", reason="needs loopdoctor[remote-s3]")
    server_of = pytest.importorskip("moto.server", reason="needs moto[server]")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def bucket(store: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty bucket ``ferry`` of that S3, where the usual variables lead to it; gives boto's resource."""
    import boto3

    for name, value in {
        "AWS_ENDPOINT_URL": store,
        "AWS_ACCESS_KEY_ID": "AKIAFERRYFERRYFERRY1",
        "AWS_SECRET_ACCESS_KEY": "lock-keepers-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = boto3.resource("s3").Bucket("ferry")
    bucket.create()
    yield bucket
    bucket.objects.delete()
    bucket.delete()


def read(*urls: str) -> tuple[dict[str, bytes], list[Notice]]:
    """What every source holds, by name, and the notices."""
    notices: list[Notice] = []
    found = find_sources(urls, Settings(), notices.append)
    return {source.name: b"".join(source.blocks()) for source in found}, notices


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def lay_out(directory: Path) -> None:
    """Some hundred logs in several directories: plain, compressed, archived, and a picture among them."""
    for number in range(210):
        text = LOG[: 50 * number] + FAILED % (number % 7)
        path = directory / f"day-{number % 5}" / ("deep" if number % 2 else ".") / f"lock-{number}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % 3 == 0:
            path.with_suffix(".log.gz").write_bytes(gzip.compress(text))
        elif number % 10 == 1:
            path.with_suffix(".zip").write_bytes(zipped({"a.log": text, "b/c.log": LOG[:9000]}))
        else:
            path.write_bytes(text)
    (directory / "day-1.txt").write_bytes(FAILED % 9)
    (directory / "map.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 99)
    (directory / "large.log").write_bytes(LOG * 5)  # several ranges
    (directory / "large.zip").write_bytes(zipped({"noise.bin": os.urandom(3 * CHUNK), "a.log": FAILED % 3}))


def plain(report: Any, prefix: str) -> Any:
    """A report as values, with the place of its sources replaced."""
    values = json.loads(json.dumps(to_json(report)).replace(prefix, "@"))
    del values["stats"]["seconds"]
    return values


@pytest.mark.slow
def test_a_bucket_reads_as_a_directory_does(bucket: Any, tmp_path: Path) -> None:
    """The report on a few hundred objects below a prefix is that on the same files, order and notices included."""
    lay_out(tmp_path)
    for path in sorted(tmp_path.rglob("*")):
        if path.is_file():
            bucket.upload_file(str(path), f"logs/{path.relative_to(tmp_path)}")
    here, there = scan(tmp_path), scan("s3://ferry/logs/")
    assert len(here.inputs) > 200
    assert len(here.diagnoses) >= 1
    assert [notice.kind for notice in here.notices].count("binary") == 1
    expected = json.loads(json.dumps(plain(here, str(tmp_path))).replace('"@"', '"@/"'))
    assert plain(there, "s3://ferry/logs") == expected
    for pattern in ("/**/*.gz", "/day-*/*.log", "/day-[12]/deep/lock-?7.log", "/day-1/deep/*.zip"):
        here, there = scan(f"{tmp_path}{pattern}"), scan(f"s3://ferry/logs{pattern}")
        assert plain(there, "s3://ferry/logs") == plain(here, str(tmp_path))


def test_only_the_wanted_parts_of_an_archive_are_fetched(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip is read by ranges: a member that is no log costs its head and no copy on the disk."""
    from loopdoctor.sources import archives, objects

    def refuse(_: Any) -> Any:
        raise AssertionError("spooled")

    fetched: list[int] = []
    monkeypatch.setattr(archives, "_spooled", refuse)
    original = objects.StoredObject._read
    monkeypatch.setattr(
        objects.StoredObject,
        "_read",
        lambda self, file, start, end: (fetched.append(end - start), original(self, file, start, end))[1],
    )
    noise = b"\x7fELF" + os.urandom(8 * CHUNK)
    bucket.put_object(Key="a.zip", Body=zipped({"tool": noise, "a.log": LOG}))
    found, notices = read("s3://ferry/a.zip")
    assert found == {"s3://ferry/a.zip!/a.log": LOG}
    assert [notice.kind for notice in notices] == ["binary"]
    assert sum(fetched) < 5 * CHUNK


def test_a_name_that_looks_like_a_pattern_is_a_name(bucket: Any) -> None:
    """An object that is really called so is read, and nothing else that would match."""
    bucket.put_object(Key="a[1].log", Body=b"one\n")
    bucket.put_object(Key="a1.log", Body=b"two\n")
    assert read("s3://ferry/a[1].log")[0] == {"s3://ferry/a[1].log": b"one\n"}


@pytest.mark.parametrize("url", ["s3://ferry/none.log", "s3://ferry/x*.log", "s3://ferry/", "s3://nobody/", "s3://"])
def test_an_address_that_names_nothing_is_an_error(bucket: Any, url: str) -> None:
    """What is not there, or matches nothing, ends the scan before it begins."""
    with pytest.raises(LoopdoctorError, match="no such object") as raised:
        read(url)
    assert raised.value.reference == "input-not-found"


def test_an_object_gone_after_it_was_listed_is_a_notice(bucket: Any) -> None:
    """The others are read."""
    for number in range(9):
        bucket.put_object(Key=f"{number}.log", Body=b"one\n")
    notices: list[Notice] = []
    sources = find_sources(["s3://ferry/"], Settings(), notices.append)
    bucket.Object("7.log").delete()
    names = [source.name for source in sources if list(source.blocks())]
    assert names == [f"s3://ferry/{number}.log" for number in range(9) if number != 7]
    assert notices == [Notice("unreadable", "cannot be read (not found)", "s3://ferry/7.log")]


def test_an_object_that_changes_while_it_is_read_is_a_notice(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes of the new version is never joined to what came of the old one."""
    bucket.put_object(Key="a.log", Body=b"a" * (5 * CHUNK))
    notices: list[Notice] = []
    sources = find_sources(["s3://ferry/a.log"], Settings(), notices.append)
    blocks = next(sources).blocks()
    got = next(blocks)
    bucket.put_object(Key="a.log", Body=b"b" * (5 * CHUNK))
    got += b"".join(blocks)
    assert set(got) == {ord("a")}
    assert [notice.kind for notice in notices] == ["changed"]


def test_a_broken_connection_is_gone_on_with_where_it_broke(site: Site) -> None:
    """Each further request asks for what is missing, and the bytes are those of the page."""
    site.pages["/a.log"] = LOG
    site.cuts = [100_000, 1, 0, 70_000]
    assert read(f"{site.address}/a.log") == ({f"{site.address}/a.log": LOG}, [])
    scopes = [scope for method, _, scope in site.asked if method == "GET"]
    assert scopes == ["", "bytes=100000-", "bytes=100001-", "bytes=100001-", "bytes=170001-"]


def test_a_server_without_ranges_is_asked_again(site: Site) -> None:
    """What has been read already is passed over."""
    site.pages["/a.log.gz"] = gzip.compress(LOG)
    site.ranges = False
    site.cuts = [5_000, 9_000]
    assert read(f"{site.address}/a.log.gz")[0] == {f"{site.address}/a.log.gz": LOG}


def test_a_server_that_breaks_for_ever_is_given_up(site: Site) -> None:
    """What came before counts, a notice tells of the rest, and the next address is read."""
    site.pages |= {"/a.log": LOG, "/b.log": b"fine\n"}
    site.cuts = [100_000, *[0] * (resuming.ATTEMPTS - 1)]
    site.refused["/b.log"] = 200
    found, notices = read(f"{site.address}/a.log")
    assert found == {f"{site.address}/a.log": LOG[:100_000]}
    assert [notice.kind for notice in notices] == ["read-failed"]
    assert read(f"{site.address}/b.log")[0] == {f"{site.address}/b.log": b"fine\n"}


def test_a_page_that_changes_between_two_requests_is_a_notice(site: Site) -> None:
    """Its beginning is kept, and nothing of the new page is put behind it."""
    site.pages["/a.log"] = b"a" * 300_000
    site.cuts = [100_000]
    site.after_cut = lambda: site.pages.update({"/a.log": b"b" * 300_000})
    found, notices = read(f"{site.address}/a.log")
    assert found == {f"{site.address}/a.log": b"a" * 100_000}
    assert [notice.kind for notice in notices] == ["changed"]


def test_index_pages_are_walked_and_never_left(site: Site) -> None:
    """Links up, round and away are not followed; patterns choose among what is below."""
    site.pages |= {
        "/logs/": b'<a href="../">up</a><a href="/">top</a><a href="?C=N;O=D">sort</a>'
        b'<a href="b.log">b</a><a href="/logs/a/">a</a><a href="http://127.0.0.1:1/logs/x.log">x</a>',
        "/logs/a/": b'<a href="/logs/">up</a><a href="c.log">c</a><a href="d.txt">d</a>',
        "/logs/b.log": b"b\n",
        "/logs/a/c.log": b"c\n",
        "/logs/a/d.txt": b"d\n",
    }
    base = f"{site.address}/logs"
    assert list(read(f"{base}/")[0]) == [f"{base}/a/c.log", f"{base}/a/d.txt", f"{base}/b.log"]
    assert list(read(f"{base}/**/*.log")[0]) == [f"{base}/a/c.log", f"{base}/b.log"]
    assert list(read(f"{base}/*.log")[0]) == [f"{base}/b.log"]


def test_archives_are_read_through_ranges(site: Site) -> None:
    """A zip behind HTTP is gone about in, also where connections break."""
    site.pages["/a.zip"] = zipped({"noise.bin": os.urandom(3 << 20), "a.log": LOG})
    site.cuts = [50_000]
    assert read(f"{site.address}/a.zip")[0] == {f"{site.address}/a.zip!/a.log": LOG}


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 503])
def test_what_is_refused_after_it_was_listed_is_a_notice(site: Site, status: int) -> None:
    """Whatever the server answers, the other pages are read."""
    site.pages |= {"/": b'<a href="a.log">a</a><a href="b.log">b</a>', "/a.log": b"a\n", "/b.log": b"b\n"}
    site.refused["/a.log"] = status
    found, notices = read(f"{site.address}/")
    assert found == {f"{site.address}/b.log": b"b\n"}
    assert [(notice.kind, notice.source) for notice in notices] == [("unreadable", f"{site.address}/a.log")]


SECRETS = ("keeper", "h4rb0ur", "AKIAFERRY", "c0ffee5ec7e7", "t0ken")


@pytest.mark.parametrize("broken", [None, "refused", "cut", "archive"])
def test_no_secret_of_an_address_is_shown(site: Site, broken: str | None, capfd: pytest.CaptureFixture[str]) -> None:
    """User, password and query stand in no name, notice or error, whatever goes wrong."""
    site.pages["/a.log"] = zipped({"a.log": LOG})[:-30] if broken == "archive" else FAILED % 1
    if broken == "refused":
        site.refused["/a.log"] = 403
    elif broken == "cut":
        site.cuts = [3] * 2
    host = site.address.removeprefix("http://")
    url = f"http://keeper:h4rb0ur@{host}/a.log?X-Amz-Credential=AKIAFERRY%2Fx&X-Amz-Signature=c0ffee5ec7e7&t0ken"
    program = [sys.executable, "-c", "import sys; from loopdoctor.cli import main; sys.exit(main())", "scan"]
    done = subprocess.run(
        [*program, "--no-redact", url, "--format", "json"], capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == (2 if broken == "refused" else 0)
    assert f"***@{host}/a.log?X-Amz-Credential=***&X-Amz-Signature=***" in said
    assert not [secret for secret in SECRETS[:-1] if secret in said]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@host/a.log", "https://***@host/a.log"),
        ("HTTPS://token@host:80/a@b.log", "https://***@host:80/a@b.log"),
        ("https://host:8080/a@b.log", "https://host:8080/a@b.log"),
        ("https://host/a?sig=x%2By&b=1#c", "https://host/a?sig=***&b=***#c"),
        ("https://host/a?bare", "https://host/a?***"),
        ("s3://AKIA:se/cr+et@bucket/a", "s3://***@bucket/a"),
        ("s3://bucket/a-?.log", "s3://bucket/a-?.log"),
        ("az://logs/a?sv=2024&sig=abc", "az://logs/a?sv=***&sig=***"),
        ("abfs://logs@account.dfs.core.windows.net/a", "abfs://logs@account.dfs.core.windows.net/a"),
    ],
)
def test_addresses_are_masked(url: str, shown: str) -> None:
    """What may be a secret is left out, and what tells one log from another is kept."""
    assert masked(url) == shown


def test_what_is_no_address_is_a_path() -> None:
    """Only the schemes that can be read are addresses."""
    assert [scheme_of(path) for path in ("a.log", "C://a", "ftp://h/a", "zip://a::s3://b", "-")] == [""] * 5


def test_without_the_extra_the_command_to_install_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the packages is missing."""
    for module in ("s3fs", "fsspec.implementations.http", "fsspec"):
        monkeypatch.setitem(sys.modules, module, None)
    for url in ("s3://ferry/a.log", "https://ferry.invalid/a.log"):
        with pytest.raises(LoopdoctorError, match=r"pip install 'loopdoctor\[remote\]'"):
            read(url)


def test_a_scan_of_files_imports_nothing_for_the_network(tmp_path: Path) -> None:
    """Start-up is what it was."""
    (tmp_path / "a.log").write_bytes(LOG[:100])
    program = (
        "import sys; from loopdoctor import scan; scan(sys.argv[1]);"
        "sys.exit(str([name for name in ('fsspec', 'aiohttp', 'loopdoctor.sources.remote') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"


MEASURE = """
import resource, sys
from loopdoctor.settings import Settings
from loopdoctor.sources import find_sources
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
sum(len(block) for source in find_sources([sys.argv[1]], Settings(), print) for block in source.blocks())
before = peak()
size = sum(len(block) for source in find_sources([sys.argv[2]], Settings(), print) for block in source.blocks())
print(size, peak() - before)
"""


@pytest.mark.slow
def test_the_size_of_an_object_costs_no_memory(bucket: Any) -> None:
    """200 MiB are read within 60 MiB more than a small object takes: what is ahead, and no more."""
    pytest.importorskip("resource")
    size = 200 << 20
    bucket.put_object(Key="small.log", Body=b"one\n")
    bucket.put_object(Key="large.log", Body=(LOG * (size // len(LOG) + 1))[:size])
    command = [sys.executable, "-c", MEASURE, "s3://ferry/small.log", "s3://ferry/large.log"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    read_bytes, grown = map(int, done.stdout.split())
    assert read_bytes == size
    assert grown < 60


def test_a_cluster_refuses_an_address_without_showing_its_secrets() -> None:
    """What cannot be read on a cluster is said so; the signature in the address is masked."""
    with pytest.raises(LoopdoctorError, match="cannot be read on a cluster") as refused:
        scan_on_cluster("local", ["https://store/app.log?X-Amz-Signature=s3cr3t"], Settings())
    assert refused.value.context.startswith("https://store/app.log")
    assert "s3cr3t" not in str(refused.value)
