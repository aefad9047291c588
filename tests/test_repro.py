"""`loopdoctor repro`: the pair that is meant, how it is run, and the folder that it is written to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from loopdoctor import cli, repro
from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.errors import LoopdoctorError
from loopdoctor.render import View
from loopdoctor.render import repro as page
from loopdoctor.render.delivery import to_folder
from loopdoctor.repro import Pair, Pairs, Server, find, from_json, load_pairs, read_folder, to_json

ROOT = Path(__file__).parents[1]
RULES = load_catalogue()
OURS = load_pairs()


def pair(name: str, **more: Any) -> Pair:
    """A pair made by hand; of the standard library, of `missing-await`, unless told otherwise."""
    given: dict[str, Any] = {
        "cause": "missing-await",
        "symptoms": ("coroutine-never-awaited",),
        "python": "3.11.7",
        "shows": f"{name} forgets an `await`.",
        "file": "bell.py",
        "broken": "print('broken')\n",
        "fixed": "print('fixed')\n",
    }
    return Pair(name=name, **(given | more))


MADE = Pairs(
    pairs={
        made.name: made
        for made in (
            pair("by-redis", requires=("redis==5.0.4",), needs=("bus",), requires_for={"3.8": ("redis==5.0.1",)}),
            pair("by-hand"),
            pair("by-hand-at-length", broken="print('broken')\n" * 9),
            pair("long-ago", until="3.9", versions="later ones say nothing."),
            pair("elsewhere", cause="wrong-thread", symptoms=("no-running-event-loop",)),
        )
    },
    servers={"bus": Server("docker run bus", "apt-get install bus", {"BUS_URL": "bus://127.0.0.1"})},
    without={"windows-proactor-finaliser": "Only Windows has it."},
)


def names(wanted: str | None, **asked: Any) -> list[str]:
    """The names of the pairs found, the best first."""
    return [found.name for found in find(MADE, RULES, wanted, **asked).pairs]


# --- where they are read from --------------------------------------------------------------------


def test_the_compiled_pairs_equal_the_folders() -> None:
    """An installed loopdoctor (JSON in the wheel) and a source tree (sample_logs/) have the same pairs."""
    folders = read_folder(ROOT / "sample_logs")
    assert from_json(to_json(folders)) == folders
    assert folders == OURS
    assert len(folders.pairs) == len(list(ROOT.glob("sample_logs/*/sample.yaml")))


def test_the_build_hook_compiles_the_pairs_of_its_own_tree() -> None:
    """What the wheel gets is what the folders hold."""
    pytest.importorskip("hatchling", reason="hatchling is there only where wheels are built")
    code = (
        "import sys, hatch_build, pathlib; made = hatch_build.compile_data(pathlib.Path('.'))\n"
        "sys.stdout.buffer.write(made['loopdoctor/pairs.json'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert from_json(done.stdout) == OURS


def test_an_installation_that_has_lost_its_pairs_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing or broken pairs are an error with a remedy, not a traceback."""
    monkeypatch.setattr(repro, "SOURCE", tmp_path / "nowhere")
    for content in (None, b"{"):
        monkeypatch.setattr(repro, "COMPILED", tmp_path / "pairs.json")
        if content is not None:
            tmp_path.joinpath("pairs.json").write_bytes(content)
        with pytest.raises(LoopdoctorError, match="the pairs cannot be read"):
            load_pairs()


def test_a_misspelt_key_of_a_pair_is_told_with_its_file(tmp_path: Path) -> None:
    """What sample.yaml may hold is fixed."""
    folder = tmp_path / "bell"
    folder.mkdir()
    tmp_path.joinpath("pairs.yaml").write_text("servers: {}\nwithout: {}\n")
    for name in ("broken.py", "fixed.py"):
        folder.joinpath(name).write_text("pass\n")
    folder.joinpath("sample.yaml").write_text("cause: missing-await\nsymptom: [x]\n")
    with pytest.raises(LoopdoctorError, match=r"(?s)bell/sample\.yaml: .*`symptom`"):
        read_folder(tmp_path)


def test_what_pairs_name_exists() -> None:
    """Causes and symptoms are ids of the rules, servers are known, and bounds have their reason."""
    for made in OURS.pairs.values():
        assert made.cause in RULES.causes, made.name
        assert set(made.symptoms) <= RULES.symptoms.keys(), made.name
        assert set(made.needs) <= OURS.servers.keys(), made.name
        assert bool(made.since or made.until or made.only) == bool(made.versions), made.name
        assert made.shows_on(made.python), made.name
    assert OURS.without.keys() <= RULES.causes.keys()


# --- which one is meant --------------------------------------------------------------------------


def test_the_pair_that_asks_least_comes_first() -> None:
    """The standard library before a library and its server, any Python before old ones, the shorter program first."""
    assert names("missing-await") == ["by-hand", "by-hand-at-length", "long-ago", "by-redis"]


def test_a_name_a_symptom_and_nothing_find_pairs_too() -> None:
    """A pair's own name puts it first; a symptom finds the pairs that show it; all pairs come without an id."""
    assert names("by-redis")[:2] == ["by-redis", "by-hand"]
    assert names("no-running-event-loop") == ["elsewhere"]
    assert len(names(None)) == len(MADE.pairs)


def test_a_symptom_without_a_pair_gets_its_likeliest_cause_s() -> None:
    """What is shown then is another failure of the same mistake, and that is said."""
    symptom = next(
        rule.id for rule in RULES.symptoms.values() if max(rule.causes, key=rule.causes.__getitem__) == "wrong-thread"
        and rule.id != "no-running-event-loop"
    )  # fmt: skip
    found = find(MADE, RULES, symptom)
    assert (found.cause, found.pairs[0].name) == ("wrong-thread", "elsewhere")
    assert f"No pair shows `{symptom}` itself" in found.note


def test_a_library_and_a_python_leave_pairs_out() -> None:
    """--library and --python choose; asyncio stands for the standard library alone."""
    assert names("missing-await", library="Redis") == ["by-redis"]
    assert names("missing-await", library="bus") == ["by-redis"]
    assert "by-redis" not in names("missing-await", library="asyncio")
    assert names("missing-await", python="3.9") == ["by-hand", "by-hand-at-length", "long-ago", "by-redis"]
    assert "long-ago" not in names("missing-await", python="3.10")


def test_a_defect_of_single_releases_shows_on_those_alone() -> None:
    """A patch release that is not named does not show it; a minor version does if one of its releases is."""
    made = pair("patched", only=("3.11.7", "3.12.1"), versions="others are mended.")
    shown_on = [made.shows_on(python) for python in ("3.11.7", "3.11.8", "3.12.1", "3.11", "3.10")]
    assert shown_on == [True, False, True, True, False]
    assert repro.bounds(made) == "3.11.7 and 3.12.1 only"


def test_a_choice_that_leaves_none_names_what_there_is() -> None:
    """The error of a wish that no pair meets lists the pairs of that cause."""
    with pytest.raises(LoopdoctorError, match=r"(?s)no pair of trio.*by-redis \(redis, Python 3\.8 and later\)"):
        find(MADE, RULES, "missing-await", library="trio")


def test_an_unknown_id_names_the_nearest() -> None:
    """A misspelt cause is told the right one."""
    with pytest.raises(LoopdoctorError, match=r"(?s)no cause, symptom or pair.*`missing-await`"):
        find(MADE, RULES, "mising-await")


# --- how it is run -------------------------------------------------------------------------------


def test_the_commands_set_up_all_that_the_programs_need() -> None:
    """A virtual environment, the pins, the server and its variables, the failure with its diagnosis, the repair."""
    assert repro.how_to_run(MADE.pairs["by-redis"], MADE.servers) == [
        "python3.11 -m venv .venv",
        ".venv/bin/pip install redis==5.0.4",
        "docker run bus    # or a server of your own: apt-get install bus",
        "export BUS_URL=bus://127.0.0.1",
        ".venv/bin/python broken.py 2>&1 | loopdoctor scan",
        ".venv/bin/python fixed.py",
    ]


def test_the_commands_fit_the_python_asked_for() -> None:
    """Another Python may need other pins; where any will do, none is named."""
    assert repro.set_up(MADE.pairs["by-redis"], MADE.servers, "3.8")[:2] == [
        "python3.8 -m venv .venv",
        ".venv/bin/pip install redis==5.0.1",
    ]
    assert repro.set_up(MADE.pairs["by-hand"], {}) == ["python3 -m venv .venv"]


def test_a_program_that_must_be_told_to_stop_is() -> None:
    """Variables stand before the command, and `timeout` sends what the recording sent."""
    stopped = pair("stopped", sigterm_after=1.0, env={"PYTHONASYNCIODEBUG": "1"}, command="pytest -q {file}")
    assert (
        repro.run(stopped, "broken.py") == "PYTHONASYNCIODEBUG=1 timeout --signal=TERM 1 .venv/bin/pytest -q broken.py"
    )


# --- how it is shown -----------------------------------------------------------------------------


def shown(wanted: str, format: str = "text", **more: Any) -> str:  # noqa: A002
    """What `repro` prints of a pair made by hand."""
    return "".join(page.render(page.Shown(find(MADE, RULES, wanted), MADE.servers, **more), format, View()))


def test_the_text_can_be_copied_as_it_is() -> None:
    """Commands and programs stand in the first column, unchanged, and the other pairs are named."""
    out = shown("missing-await")
    assert "\npython3 -m venv .venv\n.venv/bin/python broken.py 2>&1 | loopdoctor scan\n" in out
    assert "\nprint('broken')\n" in out
    assert "\nprint('fixed')\n" in out
    assert "`by-redis` (redis, bus): by-redis forgets an `await`." in out
    assert "\x1b" not in out


def test_every_program_of_ours_is_printed_unchanged() -> None:
    """No pair of ours is folded, stripped or escaped on its way to a pipe."""
    for made in OURS.pairs.values():
        out = "".join(page.render(page.Shown(find(OURS, RULES, made.name), OURS.servers), "text", View()))
        assert f"\n{made.broken}" in out, made.name
        assert f"\n{made.fixed}" in out, made.name


def test_all_prints_every_pair_in_full() -> None:
    """With --all none is only named."""
    out = shown("missing-await", everything=True)
    assert out.count("print('fixed')") == 4
    assert "Other pairs" not in out


def test_json_has_the_commands_and_the_files() -> None:
    """--format json is for programs: one document with the pair shown and the names of the others."""
    told = json.loads(shown("missing-await", "json"))
    assert (told["cause"], told["others"]) == ("missing-await", ["by-hand-at-length", "long-ago", "by-redis"])
    assert told["pairs"][0]["commands"][-1] == ".venv/bin/python fixed.py"
    assert sorted(told["pairs"][0]["files"]) == ["README.md", "broken.py", "fixed.py", "requirements.txt"]


def test_a_cause_that_no_program_can_show_says_why() -> None:
    """The reason stands in the place of the pair."""
    assert shown("windows-proactor-finaliser").strip() == "Only Windows has it."
    assert json.loads(shown("windows-proactor-finaliser", "json"))["pairs"] == []


# --- the command ---------------------------------------------------------------------------------


def listing(folder: Path) -> list[str]:
    """The names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Runs `loopdoctor repro` in this process; its exit status."""
    monkeypatch.setattr(sys, "argv", ["loopdoctor", "repro", *arguments])
    return cli.main()


def test_repro_writes_files_that_show_the_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """--write makes a folder in which the two programs run as they are."""
    folder = tmp_path / "new" / "folder"
    assert run(monkeypatch, "missing-await", "--write", str(folder)) == 0
    assert "README.md has the commands" in capsys.readouterr().out
    done = {
        name: subprocess.run([sys.executable, name], cwd=folder, capture_output=True, text=True, check=False)
        for name in ("broken.py", "fixed.py")
    }
    assert "never awaited" in done["broken.py"].stderr
    assert (done["fixed.py"].returncode, "never awaited" in done["fixed.py"].stderr) == (0, False)
    assert "broken.py 2>&1 | loopdoctor scan" in folder.joinpath("README.md").read_text()
    assert listing(folder) == ["README.md", "broken.py", "fixed.py", "requirements.txt"]


def test_repro_writes_all_pairs_each_into_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--all --write does not let one pair overwrite another."""
    assert run(monkeypatch, "wrong-thread", "--all", "--write", str(tmp_path)) == 0
    assert {folder.name for folder in tmp_path.iterdir()} == {
        made.name for made in OURS.pairs.values() if made.cause == "wrong-thread"
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a cause"),
        (("resource-not-closd",), "`resource-not-closed`"),
        (("missing-await", "--python", "2.7"), "is not a version of Python"),
        (("missing-await", "--format", "yaml"), "is not one of text, json"),
    ],
)
def test_wrong_usage_of_repro_exits_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    """A mistake is one message with a hint."""
    assert run(monkeypatch, *arguments) == 2
    assert said in capsys.readouterr().err


def test_repro_of_what_linux_cannot_show_exits_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is no error to ask for it."""
    assert run(monkeypatch, "windows-proactor-finaliser") == 0
    assert "Only Windows" in capsys.readouterr().out


# --- the folder ----------------------------------------------------------------------------------


def test_nothing_is_replaced_without_force(tmp_path: Path) -> None:
    """A file that is there stops the writing before anything is written; force replaces it."""
    tmp_path.joinpath("b.txt").write_text("mine")
    files = {"a.txt": "new", "b.txt": "new"}
    with pytest.raises(LoopdoctorError, match=r"there already: b\.txt"):
        to_folder(files, str(tmp_path))
    assert listing(tmp_path) == ["b.txt"]
    to_folder(files, str(tmp_path), force=True)
    assert {name: tmp_path.joinpath(name).read_text() for name in listing(tmp_path)} == files


def test_a_link_is_replaced_and_never_followed(tmp_path: Path) -> None:
    """A symbolic link with the name of a file cannot lead the writing elsewhere."""
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.joinpath("a.txt").symlink_to(precious)
    with pytest.raises(LoopdoctorError, match="there already"):
        to_folder({"a.txt": "new"}, str(folder))
    to_folder({"a.txt": "new"}, str(folder), force=True)
    assert (precious.read_text(), folder.joinpath("a.txt").read_text()) == ("mine", "new")


def test_a_place_that_is_no_folder_is_an_error(tmp_path: Path) -> None:
    """A file where the folder should be is told, not a traceback."""
    tmp_path.joinpath("file").write_text("mine")
    with pytest.raises(LoopdoctorError, match="the files cannot be written"):
        to_folder({"a.txt": "new"}, str(tmp_path / "file"))
