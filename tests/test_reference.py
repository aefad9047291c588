"""The pages of the catalogue: every rule has one, its links lead somewhere, and those in docs/ are up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from loopdoctor import cli
from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.render.explain import Choice
from loopdoctor.render.reference import FOLDERS, INDEX, pages
from loopdoctor.repro import load_pairs

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, str]]:
    """The pages as the command writes them."""
    reproduced = frozenset(pair.cause for pair in load_pairs().pairs.values())
    return pages(load_catalogue(), Choice(reproduced=reproduced))


def test_the_pages_in_docs_are_up_to_date(written: dict[str, dict[str, str]]) -> None:
    """What is committed is what the rules say; after a change: loopdoctor rules docs docs --force."""
    for folder, files in written.items():
        for name, text in files.items():
            assert (DOCS / folder / name).read_text() == text, f"{folder}/{name}: loopdoctor rules docs docs --force"
    for folder in FOLDERS:
        left = {file.name for file in (DOCS / folder).iterdir()} - set(written[folder])
        assert not left, "these rules are gone: delete their pages"


def test_every_link_leads_to_a_page(written: dict[str, dict[str, str]]) -> None:
    """Links between the pages are right, from wherever they stand."""
    there = {str(Path(folder, name)) for folder, files in written.items() for name in files}
    for folder, files in written.items():
        for name, text in files.items():
            for link in re.findall(r"\]\(((?!https?:)[^)]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
                target = str(Path(folder, link)) if not link.startswith("../") else link.removeprefix("../")
                assert target in there, f"{folder}/{name} -> {link}"


def test_the_index_names_every_rule(written: dict[str, dict[str, str]]) -> None:
    """Each page is linked from the index, and links back."""
    index = written[""][INDEX]
    for folder in FOLDERS:
        for name, text in written[folder].items():
            assert f"({folder}/{name})" in index
            assert f"(../{INDEX})" in text


def test_causes_and_symptoms_are_linked_to_one_another(written: dict[str, dict[str, str]]) -> None:
    """A symptom links to its causes, a cause to all of its symptoms, and no code is touched."""
    symptom = written["symptoms"]["task-destroyed-pending.md"]
    assert "[`task-not-referenced`](../causes/task-not-referenced.md)" in symptom
    cause = written["causes"]["task-not-referenced.md"]
    assert "[`task-destroyed-pending`](../symptoms/task-destroyed-pending.md)" in cause
    assert "[`abrupt-stop`](abrupt-stop.md)" in cause
    for code in re.findall(r"```.*?```", cause, flags=re.DOTALL):
        assert "](" not in code


def test_the_command_writes_them_and_replaces_only_if_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`rules docs DIR` writes every page once; a second time it needs --force."""
    target = tmp_path / "pages"
    monkeypatch.setattr("sys.argv", ["loopdoctor", "rules", "docs", str(target)])
    assert cli.main() == 0
    assert f"begin with {target / INDEX}" in capsys.readouterr().out
    assert (target / "causes" / "missing-await.md").exists()
    assert cli.main() == 2
    assert "--force" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["loopdoctor", "rules", "docs", str(target), "--force"])
    assert cli.main() == 0
