"""action.yml, the workflows of docs/ci and the pre-commit hooks: valid, and doing what they say when run here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the steps are bash")

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
LOG = "Task was destroyed but it is pending!\ntask: <Task pending name='Task-7' coro=<dim() running at /a.py:3>>\n"
CALM = "09:00 lamp on\n"


class Runner:
    """As much of a GitHub runner as the action needs, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.temp = folder / "runner"
        self.work = folder / "work"
        self.output = folder / "output"
        self.summary = folder / "summary"
        for made in (self.temp, self.work):
            made.mkdir(parents=True)
        self.output.touch()

    def stand_in(self) -> None:
        """Puts our own interpreter where the first step would have installed loopdoctor."""
        tools = self.temp / "loopdoctor" / "venv" / "bin"
        tools.mkdir(parents=True)
        for name, words in (("python", ""), ("loopdoctor", " -m loopdoctor")):
            (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable}{words} "$@"\n')
            (tools / name).chmod(0o755)

    def step(self, number: int, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Runs a step's script with what the runner would put into its environment."""
        step = ACTION["runs"]["steps"][number]
        given = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        values = {f"inputs.{name}": value for name, value in given.items()} | {"github.action_path": str(ROOT)}
        own = {
            name: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: values[found[1]], text)
            for name, text in step["env"].items()
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LOOPDOCTOR", "GITHUB"))}
        environment = {
            **kept,
            **own,
            "PYTHONPATH": str(ROOT / "src"),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_ACTIONS": "true",
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        return subprocess.run(command, capture_output=True, text=True, cwd=self.work, env=environment, timeout=180)

    @property
    def outputs(self) -> dict[str, str]:
        """What the step has put out."""
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner on which loopdoctor is installed, with two logs."""
    made = Runner(tmp_path)
    made.stand_in()
    (made.work / "bad.log").write_text(LOG)
    (made.work / "calm.log").write_text(CALM)
    return made


def test_no_input_stands_in_a_script() -> None:
    """What a workflow passes on reaches the scripts through their environment only."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert set(step) <= {"name", "id", "shell", "env", "run"}
    used = {
        name
        for step in ACTION["runs"]["steps"]
        for text in step["env"].values()
        for name in re.findall(r"inputs\.(\S+)", text)
    }
    assert used == set(ACTION["inputs"])


def test_a_failure_fails_the_step_and_is_annotated(runner: Runner) -> None:
    """The outputs are set, the report is in the summary, the annotation names the failure, and the status is 1."""
    done = runner.step(1, paths="bad.log\ncalm.log")
    assert done.returncode == 1, done.stderr
    assert runner.outputs["incidents"] == "1"
    assert "::warning" in done.stdout or "::error" in done.stdout
    assert json.loads(Path(runner.outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert len(json.loads(Path(runner.outputs["json"]).read_text())["incidents"]) == 1
    assert "Task was destroyed" in runner.summary.read_text()


def test_a_calm_log_passes(runner: Runner) -> None:
    """Nothing found is status 0, with outputs all the same."""
    done = runner.step(1, paths="calm.log")
    assert (done.returncode, runner.outputs["incidents"]) == (0, "0"), done.stderr


def test_every_input_reaches_the_scan(runner: Runner) -> None:
    """Reports, a baseline and further options are passed on, one a line."""
    done = runner.step(
        1, paths="*.log", fail_on="never", report="junit=out.xml\nmarkdown=out.md\n", args="--why\n--top=1\n"
    )
    assert done.returncode == 0, done.stderr
    assert (runner.work / "out.xml").exists()
    assert "Task was destroyed" in (runner.work / "out.md").read_text()
    known = Path(runner.outputs["json"]).rename(runner.work / "known.json")
    assert runner.step(1, paths="bad.log").returncode == 1
    assert runner.step(1, paths="bad.log", baseline=str(known)).returncode == 0


@pytest.mark.parametrize("hostile", ["$(touch pwned)", '"; touch pwned; "', "--output=pwned"])
def test_a_hostile_path_is_a_path(hostile: str, runner: Runner) -> None:
    """A name that looks like a command or an option is looked for as a file, and nothing else happens."""
    done = runner.step(1, paths=hostile)
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert not (runner.work / "pwned").exists()
    assert runner.output.read_text() == ""
    assert runner.step(0, paths="x", version=f"1.0 {hostile}").returncode == 2


def test_a_name_with_spaces_is_one_name(runner: Runner) -> None:
    """Only line ends part paths."""
    (runner.work / "my app.log").write_text(LOG)
    assert runner.step(1, paths="my app.log").returncode == 1


def test_nothing_to_scan_is_said(runner: Runner) -> None:
    """An empty list of paths is an error, and standard input is not waited for."""
    done = runner.step(1, paths="\n")
    assert (done.returncode, "names nothing to scan" in done.stdout) == (2, True)


@pytest.mark.slow
@pytest.mark.tools
def test_the_action_installs_itself_and_scans(tmp_path: Path) -> None:
    """Both steps, with pip and a real environment."""
    runner = Runner(tmp_path)
    (runner.work / "bad.log").write_text(LOG)
    installed = runner.step(0, python=sys.executable)
    if "No matching distribution" in installed.stderr or "Connection" in installed.stderr:
        pytest.skip("needs a package index")
    assert installed.returncode == 0, installed.stderr
    done = runner.step(1, paths="bad.log")
    assert (done.returncode, runner.outputs["incidents"]) == (1, "1"), done.stderr


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.github-workflows", "docs/ci/github.yml"),
        ("vendor.gitlab-ci", "docs/ci/gitlab.yml"),
    ],
)
def test_the_files_fit_their_schemas(schema: str, file: str) -> None:
    """The schemas that check-jsonschema brings along accept them."""
    pytest.importorskip("check_jsonschema", reason="pip install check-jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def every_step() -> list[dict[str, Any]]:
    """The steps of the workflow in docs/ci."""
    jobs = yaml.safe_load((ROOT / "docs/ci/github.yml").read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def test_the_workflow_pins_what_it_uses() -> None:
    """Every action is named by a full commit id, and every input of ours exists."""
    for step in every_step():
        if uses := step.get("uses"):
            assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}|OWNER/loopdoctor@COMMIT", uses), uses
            if uses.startswith("OWNER/"):
                assert set(step["with"]) <= set(ACTION["inputs"])


def test_the_commands_of_the_pages_are_ours() -> None:
    """What docs/ci shows of the command line is accepted by it."""
    from loopdoctor.render import FORMATS

    text = (ROOT / "docs/ci/gitlab.yml").read_text() + (ROOT / "docs/ci/github.yml").read_text()
    named = re.findall(r"--report (\w+)=|^ +(\w+)=loopdoctor", text, re.MULTILINE)
    assert len(named) >= 4
    assert {first or second for first, second in named} <= set(FORMATS)


def hooks() -> dict[str, dict[str, Any]]:
    """The pre-commit hooks by id."""
    return {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


@pytest.mark.parametrize(("text", "status"), [(LOG, 1), (CALM, 0)], ids=["failure", "calm"])
def test_the_hook_scans_the_files_it_is_given(text: str, status: int, tmp_path: Path) -> None:
    """The entry of loopdoctor-scan with a file behind it fails on a failure only."""
    log = tmp_path / "run.log"
    log.write_text(text)
    hook = hooks()["loopdoctor-scan"]
    assert re.search(hook["files"], "examples/run.log")
    words = hook["entry"].split()
    command = [sys.executable, "-m", *words, str(log)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    assert subprocess.run(command, capture_output=True, env=environment, timeout=60).returncode == status


@pytest.mark.slow
@pytest.mark.tools
def test_pre_commit_runs_the_hooks(tmp_path: Path) -> None:
    """pre-commit installs them from this repository and runs them on a project's files."""
    pytest.importorskip("pre_commit", reason="pip install pre-commit")
    if not (ROOT / ".git").exists():
        pytest.skip("needs the repository")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "bad.log").write_text(LOG)
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "odd.yaml").write_text("id: odd\n")
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / ".cache")}
    environment.pop("PYTHONPATH", None)
    for hook, words, rules in (("loopdoctor-scan", "bad.log", "[]"), ("loopdoctor-rules", "odd.yaml", '["ours"]')):
        (tmp_path / "loopdoctor.toml").write_text(f"rules = {rules}\n")
        subprocess.run([*git, "-C", str(tmp_path), "add", "."], check=True)
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(ROOT), hook, "--all-files", "--verbose"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=300)
        if "No matching distribution" in done.stdout or "Connection" in done.stdout:
            pytest.skip("needs a package index")
        assert done.returncode == 1, done.stdout
        assert words in done.stdout
        assert "Failed" in done.stdout
