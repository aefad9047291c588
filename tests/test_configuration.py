"""``[tool.loopdoctor]`` and ``loopdoctor.toml``: a project's own defaults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from loopdoctor import cli
from loopdoctor.configuration import read_configuration, settings_of, unknown_variables
from loopdoctor.errors import LoopdoctorError
from loopdoctor.gate import Ignore
from loopdoctor.option_table import LIMITS, OPTIONS, Option
from loopdoctor.settings import Settings
from test_cli import Run, run

__all__ = ["run"]


IGNORE = 'write ignore = [{id = "...", reason = "..."}]'


def test_rules_are_found_from_any_folder_of_the_project(tmp_path: Path) -> None:
    """The nearest pyproject.toml with the table counts, and its directories are relative to it."""
    (tmp_path / "pyproject.toml").write_text('[tool.loopdoctor]\nrules = ["ops/rules"]\n')
    below = tmp_path / "src" / "shop"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[tool.other]\nloopdoctor = 1\n")
    found = read_configuration(below)
    assert (found.path, found.rules) == (str(tmp_path / "pyproject.toml"), (str(tmp_path / "ops/rules"),))


def test_a_file_of_its_own_counts_before_the_shared_one(tmp_path: Path) -> None:
    """loopdoctor.toml needs no table, and hides the pyproject.toml beside it."""
    (tmp_path / "pyproject.toml").write_text('[tool.loopdoctor]\nrules = ["old"]\n')
    (tmp_path / "loopdoctor.toml").write_text('rules = "new"\n')
    assert read_configuration(tmp_path).rules == (str(tmp_path / "new"),)


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    """No table, no file, a directory of that name: all the same."""
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    (tmp_path / "loopdoctor.toml").mkdir()
    assert read_configuration(tmp_path).rules == ()


def test_a_broken_pyproject_is_left_to_others(tmp_path: Path) -> None:
    """A scan must not fail because of a file that other tools own."""
    (tmp_path / "pyproject.toml").write_text("[tool.loopdoctor\n")
    assert read_configuration(tmp_path).rules == ()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("rule = []\n", "unknown key `rule`", "did you mean `rules`?"),
        ("rules = 3\n", "`rules` must be a list", 'write rules = ["directory"]'),
        ("fail_on = 'any'\n", "unknown key `fail_on`", "did you mean `fail-on`?"),
        ("[limits]\nmargins = 3\n", "unknown key `margins`", "did you mean `margin`?"),
        ("[limits]\nmargin = -1\n", "`margin` must be a whole number, 0 or more, not -1", "write margin = 40"),
        ("[limits]\npattern-timeout = 'x'\n", "`pattern-timeout` must be a number", "write pattern-timeout = 0.1"),
        ("limits = 3\n", "`limits` must be a table", "write [limits] and the limits below it"),
        ("top = true\n", "`top` must be a whole number, 1 or more, not True", "write top = 3"),
        ("width = 3\n", "`width` must be a whole number from 40 to 400, not 3", "write width = 40"),
        ("why = 'yes'\n", "`why` must be true or false, not 'yes'", "write why = true"),
        ("ignore = ['missing-await']\n", "`ignore` must be a list of ids with their reasons", IGNORE),
        ("ignore = [{id = 'missing-await'}]\n", "`ignore`: an entry has no `reason`: missing-await", IGNORE),
        ("ignore = [{id = 'x', reason = ' '}]\n", "`ignore`: an entry has no `reason`: x", IGNORE),
        ("[[ignore]]\nreason = 'x'\n", "`ignore`: an entry has no `id`", IGNORE),
        ("ignore = {id = 'x', reason = 'y', why = 'z'}\n", "`ignore` has an unknown key `why`", IGNORE),
        ("since = 3\n", "`since` must be text, not 3", 'write since = "2h"'),
        ("output = []\n", "`output` must be a path, not a list", 'write output = "file"'),
        ("format = 'yaml'\n", "`format` must be one of text", 'write format = "text"'),
        ("rules = [\n", "this is no TOML", ""),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_nearest_right_word(
    tmp_path: Path, text: str, message: str, hint: str
) -> None:
    """What is wrong, where, and what to write."""
    (tmp_path / "loopdoctor.toml").write_text(text)
    with pytest.raises(LoopdoctorError, match=message) as caught:
        read_configuration(tmp_path)
    assert str(tmp_path / "loopdoctor.toml") in caught.value.context
    assert caught.value.hint == hint


# --- every option ----------------------------------------------------------------------------------------------------


def scan_options() -> dict[str, Any]:
    """What the command line itself says of the options of ``scan``."""
    command = typer.main.get_command(cli.app).commands["scan"]  # type: ignore[attr-defined]
    return {one.name: one for one in command.params if one.param_type_name == "option" and one.name != "help"}


def test_every_option_of_scan_can_be_configured() -> None:
    """An option without a row in the table, or a row without an option, fails here."""
    assert {row.parameter for row in OPTIONS.values()} == set(scan_options())


@pytest.mark.parametrize("row", OPTIONS.values(), ids=lambda row: row.name)
def test_the_table_and_the_command_line_say_the_same(row: Option) -> None:
    """Help and default of an option are those of its row."""
    option = scan_options()[row.parameter]
    assert option.help.partition("  [")[0] == row.meaning
    assert f"--{row.name}" in option.opts
    assert (option.default or None) == (row.default or None)


def test_every_limit_has_a_key_and_a_meaning() -> None:
    """The keys of the limits are the fields of Settings, each with its sentence."""
    assert {name.replace("-", "_") for name in LIMITS} == set(Settings.__struct_fields__) - {
        "rules",
        "full",
        "span",
        "jobs",
    }
    assert [row.name for row in LIMITS.values() if len(row.meaning) < 20] == []


VALUES: dict[str, tuple[str, str, Any]] = {
    # takes: as TOML writes it, as a variable writes it, what both mean
    "switch": ("true", "yes", True),
    "number": ("77", "77", 77),
    "fraction": ("0.5", "0.5", 0.5),
    "text": ("'x'", "x", "x"),
    "file": ("'/x'", "/x", "/x"),
    "reports": ("['json=/x', 'text=/y']", "json=/x, text=/y", ("json=/x", "text=/y")),
    "ignores": ("[{id = 'x', reason = 'y'}]", "x", None),
    "directories": ("['/x', '/y']", "/x,/y", ("/x", "/y")),
}


@pytest.mark.parametrize("row", [*OPTIONS.values(), *LIMITS.values()], ids=lambda row: row.name)
def test_every_option_is_read_from_file_and_variable(tmp_path: Path, row: Option) -> None:
    """Each key and each variable sets its option, and the variable counts before the file."""
    toml, text, value = VALUES.get(row.takes, ("", "", None))
    if row.takes == "word":
        value = text = row.choices[-1]
        toml = repr(value)
    if row.takes == "ignores":
        value, of_variable = (Ignore("x", "y"),), (Ignore("x"),)
    else:
        of_variable = value
    table, _, key = row.name.rpartition(".")
    (tmp_path / "loopdoctor.toml").write_text(f"[{table}]\n{key} = {toml}\n" if table else f"{key} = {toml}\n")
    of_file = read_configuration(tmp_path, {}).of(row.name)
    assert [(one.value, one.origin) for one in of_file] == [
        (value, f"{tmp_path / 'loopdoctor.toml'}:{2 if table else 1}")
    ]
    both = read_configuration(tmp_path, {row.variable: text}).of(row.name)
    assert (both[-1].value, both[-1].origin) == (of_variable, row.variable)
    assert len(both) == (2 if row.joins else 1)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("LOOPDOCTOR_WHY", "perhaps", "`LOOPDOCTOR_WHY` must be true or false, not 'perhaps'"),
        ("LOOPDOCTOR_TOP", "many", "`LOOPDOCTOR_TOP` must be a whole number, 1 or more"),
        ("LOOPDOCTOR_WIDTH", "7", "`LOOPDOCTOR_WIDTH` must be a whole number from 40 to 400"),
        ("LOOPDOCTOR_FAIL_ON", "maybe", "`LOOPDOCTOR_FAIL_ON` must be one of any, likely, certain, never"),
        ("LOOPDOCTOR_LIMITS_PATTERN_TIMEOUT", "nan", "`LOOPDOCTOR_LIMITS_PATTERN_TIMEOUT` must be a number"),
    ],
)
def test_a_wrong_variable_exits_2(run: Run, monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str) -> None:
    """A variable with a value that cannot be is an error that names it."""
    monkeypatch.setenv(name, text)
    status, out, err = run("scan", "a.log")
    assert (status, out) == (2, "")
    assert said in err


def test_a_time_of_toml_is_a_time(tmp_path: Path) -> None:
    """TOML has dates and times of its own: without quotes they mean the same."""
    (tmp_path / "loopdoctor.toml").write_text("since = 2026-03-01T10:00:00\nuntil = 2026-03-02\n")
    assert [one.value for one in read_configuration(tmp_path, {}).settings] == ["2026-03-01T10:00:00", "2026-03-02"]


def test_an_empty_variable_sets_nothing(tmp_path: Path) -> None:
    """``LOOPDOCTOR_TOP=`` is how a shell takes a variable back."""
    assert read_configuration(tmp_path, {"LOOPDOCTOR_TOP": ""}).settings == ()


def test_variables_that_set_nothing_are_told() -> None:
    """A misspelt variable is seen by who asks `loopdoctor config`."""
    assert unknown_variables({"LOOPDOCTOR_FAIL": "1", "LOOPDOCTOR_DEBUG": "1", "LOOPDOCTOR_TOP": "1"}) == [
        "LOOPDOCTOR_FAIL"
    ]


def test_a_mistake_in_a_shared_file_has_its_line(tmp_path: Path) -> None:
    """The key is looked for below its own table: others may have one of that name."""
    text = "[tool.other]\ntop = 'x'\n\n[tool.loopdoctor]\nwhy = true\n  top = 'x'\n"
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(LoopdoctorError) as caught:
        read_configuration(tmp_path, {})
    assert caught.value.context == f"{tmp_path / 'pyproject.toml'}:6:3"


def test_limits_reach_the_settings(tmp_path: Path) -> None:
    """The limits of the file and its rule directories are those of the scan."""
    (tmp_path / "loopdoctor.toml").write_text("rules = 'a'\n[limits]\nmax-line = 99\n")
    assert settings_of(read_configuration(tmp_path, {}), ("b",), full=True) == Settings(
        rules=(str(tmp_path / "a"), "b"), full=True, max_line=99
    )


# --- on the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_takes_the_place_of_the_defaults(run: Run, project: Path) -> None:
    """Format, gate and further reports of the project hold where the command line is silent."""
    (project / "pyproject.toml").write_text(
        '[tool.loopdoctor]\nformat = "json"\nfail-on = "any"\nreport = "text=b.txt"\nfull = true\nquiet = true\n'
    )
    status, out, err = run("scan", "a.log")
    assert (status, err) == (1, "")
    assert json.loads(out)["schema_version"] == 1
    assert (project / "b.txt").exists()
    assert run.seen[0][1].full  # type: ignore[attr-defined]


def test_variable_before_file_and_command_line_before_both(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said nearer to the run counts."""
    (project / "loopdoctor.toml").write_text('format = "json"\nfail-on = "any"\nfull = true\n')
    monkeypatch.setenv("LOOPDOCTOR_FAIL_ON", "never")
    monkeypatch.setenv("LOOPDOCTOR_FULL", "0")
    assert run("scan", "a.log")[0] == 0
    assert not run.seen[0][1].full  # type: ignore[attr-defined]
    status, out, _ = run("scan", "a.log", "--format", "text", "--fail-on", "any", "--full")
    assert (status, out[:9]) == (1, "1 asyncio")
    assert run.seen[1][1].full  # type: ignore[attr-defined]


def test_rule_directories_add_up(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of the project, the environment and the command line all count."""
    (project / "loopdoctor.toml").write_text('rules = ["ours"]\n')
    monkeypatch.setenv("LOOPDOCTOR_RULES", "theirs")
    run("scan", "a.log", "--rules", "mine")
    assert run.seen[0][1].rules == (str(project / "ours"), "theirs", "mine")  # type: ignore[attr-defined]


def test_the_format_of_scans_is_not_that_of_other_commands(run: Run, project: Path) -> None:
    """What only a scan can write, or fail on, must not break `explain`; colour and width hold everywhere."""
    (project / "loopdoctor.toml").write_text('format = "json"\nwidth = 60\n')
    out = run("explain", "kept-client")[1]
    assert not out.startswith("{")
    assert max(len(line) for line in out.split("\n") if "http" not in line) <= 60


def test_a_broken_file_stops_the_scan_but_not_the_help(run: Run, project: Path) -> None:
    """The mistake is told with its place; help comes all the same."""
    (project / "loopdoctor.toml").write_text("\nfail-on = 3\n")
    status, _, err = run("scan", "a.log")
    assert status == 2
    assert f"--> {project / 'loopdoctor.toml'}:2:1" in err
    assert run("scan", "--help")[0] == 0


def test_config_shows_values_and_where_they_were_set(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Text for people, JSON for programs: each option with its value and its origin."""
    (project / "loopdoctor.toml").write_text("top = 5\n[limits]\nmargin = 9\n")
    monkeypatch.setenv("LOOPDOCTOR_QUIET", "1")
    status, out, _ = run("config")
    shown = {line.split()[0]: line.split()[1:] for line in out.split("\n")[2:] if line}
    assert status == 0
    assert shown["top"] == ["5", f"{project / 'loopdoctor.toml'}:1"]
    assert shown["limits.margin"] == ["9", f"{project / 'loopdoctor.toml'}:3"]
    assert shown["quiet"] == ["true", "LOOPDOCTOR_QUIET"]
    assert shown["fail-on"] == ["never", "default"]
    told = json.loads(run("config", "-f", "json")[1])
    assert told["path"] == str(project / "loopdoctor.toml")
    top = next(option for option in told["options"] if option["name"] == "top")
    assert (top["value"], top["default"], top["origins"]) == (5, 3, [f"{project / 'loopdoctor.toml'}:1"])


def test_config_path_names_the_file(run: Run, project: Path) -> None:
    """A script asks which file is used; without one the status says so."""
    assert run("config", "--path") == (1, "", "")
    (project / "loopdoctor.toml").write_text("")
    assert run("config", "--path") == (0, f"{project / 'loopdoctor.toml'}\n", "")
