"""The user's own file behind a path that a log names, and never another one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loopdoctor import checkout
from loopdoctor.checkout import Checkout, find_checkout

SHOP = ("src/shop/worker.py", "src/shop/__init__.py", "src/shop/queue/__init__.py", "tools/report.py", "run.py")


def tree(root: Path, *files: str, text: str = "") -> Path:
    """Files below ``root``, each with ``text`` or a line that names it."""
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or f"# {name}\nasync def work():\n    await job({name!r})\n", "utf-8")
    return root


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("/app/src/shop/worker.py", "src/shop/worker.py"),
        ("/srv/shop/worker.py", "src/shop/worker.py"),
        ("src/shop/worker.py", "src/shop/worker.py"),
        ("./src/shop/worker.py", "src/shop/worker.py"),
        ("worker.py", "src/shop/worker.py"),
        ("/app/worker.py", "src/shop/worker.py"),
        (r"C:\build\agent\src\shop\worker.py", "src/shop/worker.py"),
        ("C:/build/src/shop/worker.py", "src/shop/worker.py"),
        ("file:///app/src/shop/worker.py", "src/shop/worker.py"),
        ("/app/bin/../src/shop/worker.py", "src/shop/worker.py"),
        ("/app/run.py", "run.py"),
        ("/app/shop/queue/__init__.py", "src/shop/queue/__init__.py"),
        ("/app/other/__init__.py", None),
        ("/usr/lib/python3.11/site-packages/shop/worker.py", None),
        ("/usr/lib/python3.11/shop/worker.py", None),
        (r"C:\Python311\Lib\shop\worker.py", None),
        ("<frozen shop.worker>", None),
        ("/app/src/shop/absent.py", None),
        ("/app/src/shop/worker.so", None),
        ("", None),
        ("\0.py", None),
        ("a/" * 5000 + "worker.py", None),
    ],
)
def test_a_printed_path_leads_to_the_file(tmp_path: Path, printed: str, found: str | None) -> None:
    """The file is found by the end of its path, whatever root and separators the log's machine had."""
    assert Checkout(str(tree(tmp_path, *SHOP))).find(printed) == found


def test_a_path_inside_the_root_is_taken_as_it_is(tmp_path: Path) -> None:
    """A log of this very machine names the file itself, though others end alike."""
    tree(tmp_path, "a/worker.py", "b/a/worker.py", "b/worker.py")
    assert Checkout(str(tmp_path)).find(str(tmp_path / "b" / "worker.py")) == "b/worker.py"


def test_two_that_end_alike_are_no_answer(tmp_path: Path) -> None:
    """Where two files fit as well as each other, none is named."""
    tree(tmp_path, "one/jobs/run.py", "two/jobs/run.py")
    assert Checkout(str(tmp_path)).find("/app/jobs/run.py") is None
    assert Checkout(str(tmp_path)).find("/app/two/jobs/run.py") == "two/jobs/run.py"


def test_the_quoted_line_tells_two_apart(tmp_path: Path) -> None:
    """The source line in the traceback says which of two files was meant, or that it was neither."""
    tree(tmp_path, "one/jobs/run.py", "two/jobs/run.py")
    found = Checkout(str(tmp_path))
    assert found.find("/app/jobs/run.py", 3, "await job('two/jobs/run.py')") == "two/jobs/run.py"
    assert found.find("/app/jobs/run.py", 3, "await something_else()") is None


def test_a_name_alone_is_believed_only_if_nothing_speaks_against_it(tmp_path: Path) -> None:
    """Where only the name is alike, the quoted line must be there; a name of every project says nothing."""
    tree(tmp_path, "src/shop/worker.py", "src/shop/main.py")
    found = Checkout(str(tmp_path))
    assert found.find("/srv/billing/worker.py", 3, "await job('src/shop/worker.py')") == "src/shop/worker.py"
    assert found.find("/srv/billing/worker.py", 3, "await something_else()") is None
    assert found.find("/srv/billing/main.py") is None


def test_other_peoples_files_and_copies_are_not_found(tmp_path: Path) -> None:
    """A virtual environment, hidden directories, and what a build copied are not the user's sources."""
    tree(tmp_path, "env/shop/job.py", ".tox/shop/job.py", "build/lib/shop/job.py", "node_modules/shop/job.py")
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert Checkout(str(tmp_path)).find("/app/shop/job.py") is None
    tree(tmp_path, "src/shop/job.py")
    assert Checkout(str(tmp_path)).find("/app/shop/job.py") == "src/shop/job.py"


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    """A file or directory outside is not found through a link, nor read through one."""
    outside = tree(tmp_path / "outside", "shop/secret.py")
    root = tree(tmp_path / "root", "shop/job.py")
    (root / "linked").symlink_to(outside)
    (root / "shop" / "secret.py").symlink_to(outside / "shop" / "secret.py")
    found = Checkout(str(root))
    assert found.find("/app/shop/secret.py") is None
    assert found.find(str(root / "linked" / "shop" / "secret.py")) is None
    for path in (
        "shop/secret.py",
        "linked/shop/secret.py",
        "../outside/shop/secret.py",
        str(outside / "shop/secret.py"),
    ):
        assert found.lines(path, 1) == []


def test_only_sources_are_read(tmp_path: Path) -> None:
    """A frame may name any file; what is no Python source, or hidden, is neither found nor quoted."""
    tree(tmp_path, ".env", "keys.pem", ".secret/keys.py")
    found = Checkout(str(tmp_path))
    for name in (".env", "keys.pem", ".secret/keys.py"):
        assert found.find(f"/app/{name}") is None
        assert found.find(str(tmp_path / name)) is None
        assert found.lines(name, 1) == []


def test_paths_of_other_machines_are_not_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only paths below the root are asked of the file system: a log may name a share or a device."""
    tree(tmp_path, *SHOP)
    asked: list[str] = []
    true_path = os.path.realpath
    monkeypatch.setattr(os.path, "realpath", lambda path: asked.append(path) or true_path(path))
    found = Checkout(str(tmp_path))
    for path in ("/net/evil/share/x.py", r"\\evil\share\x.py", "//evil/share/x.py"):
        found.find(path)
    assert all(path.startswith(str(tmp_path)) for path in asked)


def test_source_lines_come_with_their_numbers(tmp_path: Path) -> None:
    """The line and those around it, cut at the ends of the file; nothing for a line that is not there."""
    tree(tmp_path, "job.py", text="a\nb\r\nc\nd\ne\n")
    found = Checkout(str(tmp_path))
    assert found.lines("job.py", 2, 1) == [(1, "a"), (2, "b"), (3, "c")]
    assert found.lines("job.py", 1, 1) == [(1, "a"), (2, "b")]
    assert found.lines("job.py", 99, 1) == []
    assert found.lines("job.py", 0, 1) == []
    assert found.lines("absent.py", 1, 1) == []


def test_odd_sources_are_read_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are no UTF-8 are replaced, long lines cut, and a file beyond the limit is not read."""
    (tmp_path / "odd.py").write_bytes(b"\xef\xbb\xbfx = '\xff'\n" + b"y" * 5000 + b"\n")
    found = Checkout(str(tmp_path))
    assert found.lines("odd.py", 1, 1)[0] == (1, "x = '\ufffd'")
    assert len(found.lines("odd.py", 2, 0)[0][1]) == 400
    monkeypatch.setattr(checkout, "MAX_SOURCE", 100)
    assert found.lines("odd.py", 1) == []


def test_a_huge_checkout_is_given_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit of entries only whole paths from the root are believed, since others may not have been seen."""
    tree(tmp_path, *(f"many/m{n}.py" for n in range(30)), "src/shop/job.py")
    monkeypatch.setattr(checkout, "MAX_ENTRIES", 20)
    found = Checkout(str(tmp_path))
    assert found.find("/app/src/shop/job.py") == "src/shop/job.py"
    assert found.find("/app/shop/job.py") is None


def test_the_checkout_is_that_of_the_working_directory(tmp_path: Path) -> None:
    """The nearest directory with .git or pyproject.toml; under a CI service what it says; else where one is."""
    tree(tmp_path, "repo/.git/HEAD", "repo/package/pyproject.toml", "repo/package/src/a.py", "plain/b.py")
    assert find_checkout(str(tmp_path / "repo/package/src"), {}).root == str(tmp_path / "repo/package")  # type: ignore[union-attr]
    assert find_checkout(str(tmp_path / "repo"), {}).root == str(tmp_path / "repo")  # type: ignore[union-attr]
    assert find_checkout(str(tmp_path / "plain"), {}).root == str(tmp_path / "plain")  # type: ignore[union-attr]
    given = {"GITHUB_WORKSPACE": str(tmp_path / "repo")}
    assert find_checkout(str(tmp_path / "repo/package/src"), given).root == str(tmp_path / "repo")  # type: ignore[union-attr]
    assert find_checkout(str(tmp_path / "plain"), {"GITHUB_WORKSPACE": "/absent"}).root == str(tmp_path / "plain")  # type: ignore[union-attr]


def test_a_logs_own_path_is_told_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path of the command line is made relative to the root; what lies outside, or is no file, is not."""
    root = tree(tmp_path / "root", "logs/app.log")
    tree(tmp_path, "else.log")
    monkeypatch.chdir(root / "logs")
    found = Checkout(str(root))
    assert found.relative("app.log") == "logs/app.log"
    assert found.relative(str(root / "logs" / "app.log")) == "logs/app.log"
    assert [found.relative(path) for path in ("../../else.log", "-", "absent.log", "\0")] == [None] * 4
