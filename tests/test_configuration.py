"""``[tool.loopdoctor]`` and ``loopdoctor.toml``: a project's own defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from loopdoctor.configuration import Configuration, read_configuration
from loopdoctor.errors import LoopdoctorError


def test_rules_are_found_from_any_folder_of_the_project(tmp_path: Path) -> None:
    """The nearest pyproject.toml with the table counts, and its directories are relative to it."""
    (tmp_path / "pyproject.toml").write_text('[tool.loopdoctor]\nrules = ["ops/rules"]\n')
    below = tmp_path / "src" / "shop"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[tool.other]\nloopdoctor = 1\n")
    found = read_configuration(below)
    assert found == Configuration(str(tmp_path / "pyproject.toml"), (str(tmp_path / "ops/rules"),))


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
        ("speed = 3\n", "unknown key `speed`", "known: rules"),
        ("rules = 3\n", "`rules` must be a list", 'write rules = ["directory"]'),
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
