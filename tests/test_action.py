"""The GitHub action: its syntax by GitHub's own schema, and its steps as a runner runs them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import FAULT, ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")


@dataclass
class Runner:
    """A machine of GitHub, as far as the steps can tell: a workspace, a folder for what is temporary, files for what they say."""

    workspace: Path
    folder: Path
    inputs: dict[str, str]
    outputs: dict[str, str] = field(default_factory=dict)
    printed: str = ""

    def steps(self) -> int:
        """Run the steps that run something, and return the first exit code that is not 0. One installation serves all tests."""
        there = (self.folder / "kerlint").exists()
        for step in ACTION["runs"]["steps"][1 if there else 0 :]:
            if "run" in step and (code := self._step(step)):
                return code
        return 0

    def _step(self, step: dict[str, Any]) -> int:
        assert step["shell"] == "bash"
        program, said = self.folder / "step.sh", self.folder / "output"
        program.write_text(step["run"])
        said.write_text("")
        own = {name: self._valued(text) for name, text in step.get("env", {}).items()}
        outside = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", program],
            cwd=self.workspace,
            env={**outside, **own, "GITHUB_OUTPUT": str(said), "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md")},
            capture_output=True,
            text=True,
            check=False,
        )
        self.printed += done.stdout + done.stderr
        self.outputs |= {
            f"steps.{step.get('id')}.outputs.{line.split('=')[0]}": line.partition("=")[2] for line in said.read_text().splitlines()
        }
        return done.returncode

    def _valued(self, text: str) -> str:
        known = {
            "github.action_path": str(ROOT),
            "runner.temp": str(self.folder),
            **{f"inputs.{name}": self.inputs.get(name, about["default"]) for name, about in ACTION["inputs"].items()},
            **self.outputs,
        }
        return EXPRESSION.sub(lambda match: known[match[1]], text)

    @property
    def said(self) -> dict[str, str]:
        """What the action hands on."""
        return {name: self._valued(output["value"]) for name, output in ACTION["outputs"].items() if self._known(output["value"])}

    def _known(self, text: str) -> bool:
        return all(name in self.outputs for name in EXPRESSION.findall(text))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A project whose folder holds modules that are named like those of kerlint and of Python, which must not count."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    for name in ("kerlint", "json", "click"):
        (folder / f"{name}.py").write_text("raise SystemExit(77)\n")
    return folder


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runner")


def test_its_syntax() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", ROOT / "action.yml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_faulty_project(workspace: Path, temporary: Path) -> None:
    (workspace / "train.py").write_text(FAULT)
    runner = Runner(workspace, temporary, {})
    assert runner.steps() == 1, runner.printed
    assert runner.said == {"exit-code": "1", "sarif": "kerlint.sarif"}
    assert "::error " in runner.printed
    assert "file=train.py,line=3," in runner.printed
    assert "KER301" in (temporary / "summary.md").read_text()
    report = json.loads((workspace / "kerlint.sarif").read_text())
    assert [result["ruleId"] for result in report["runs"][0]["results"]] == ["KER301"]


def test_a_clean_project(workspace: Path, temporary: Path) -> None:
    (workspace / "train.py").write_text(FAULT.replace("softmax", "sigmoid"))
    runner = Runner(workspace, temporary, {})
    assert runner.steps() == 0, runner.printed
    assert runner.said == {"exit-code": "0", "sarif": "kerlint.sarif"}


def test_paths_and_options(workspace: Path, temporary: Path) -> None:
    for folder in ("src", "old"):
        (workspace / folder).mkdir()
        (workspace / folder / "train.py").write_text(FAULT)
    for paths, args, code in (
        ("src old", "--fail-on error --output-format concise", 1),
        ("src\nold\n", "--ignore KER301", 0),
        ("src", "--exit-zero", 0),
        ("sorce", "", 2),
        ("-f", "", 2),
    ):
        runner = Runner(workspace, temporary, {"paths": paths, "args": args, "sarif": "report/out.sarif" if code < 2 else "none.sarif"})
        (workspace / "report").mkdir(exist_ok=True)
        assert runner.steps() == code, (paths, args, runner.printed)


def test_the_report_is_uploaded_when_it_is_there() -> None:
    (upload,) = (step for step in ACTION["runs"]["steps"] if "uses" in step)
    assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
    assert upload["if"] == "inputs.upload == 'true' && steps.check.outputs.sarif != ''"
    assert upload["with"]["sarif_file"] == "${{ steps.check.outputs.sarif }}"
    steps = ACTION["runs"]["steps"]
    assert steps[0]["name"] == "Install kerlint"
    assert steps.index(upload) == len(steps) - 2  # what fails the job stands behind it
