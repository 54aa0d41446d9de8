"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import tomli
from conftest import ROOT

from kerlint.cli import main
from kerlint.config import configure
from kerlint.settings import Layer

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_the_report_is_the_real_one(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    (block,) = blocks("console")
    command, _, shown = block.partition("\n")
    main([*shlex.split(command.removeprefix("$ kerlint ")), "--color=never"])
    assert capsys.readouterr().out.rstrip() == shown.rstrip()


def test_ci_runs_the_test_command() -> None:
    (command,) = [line.rpartition("&& ")[2] for block in blocks("sh") for line in block.splitlines() if "pytest" in line]
    assert command.removeprefix(".venv/bin/") == "python -m pytest"
    assert f"\nstep {command.removeprefix('.venv/bin/')}\n" in (ROOT / ".ci" / "run").read_text()


def test_commands_are_understood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each option and command of the usage block exists; the paths of the examples do not, which is exit code 2 at most for them."""
    (tmp_path / "train.py").write_text("import keras\n")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path)
    lines = [line.partition("  #")[0].strip() for line in blocks("sh")[2].splitlines()]
    assert lines
    for line in lines:
        if line.startswith("kerlint "):
            assert main(shlex.split(line)[1:]) == 0, line


def test_configuration_is_valid() -> None:
    settings, own = (tomli.loads(block)["tool"]["kerlint"] for block in blocks("toml"))
    assert configure([Layer("README.md", settings)], ROOT).settings.fail_on == "error"
    assert configure([Layer("README.md", own, ROOT / "examples" / "own_rules")], ROOT).active["ACME001"]["most_epochs"] == 20


def test_examples_have_the_faults_they_are_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["examples", "--output-format=concise", "-q"]) == 1
    found = {
        tuple(line.split(": ")[index].split()[position] for index, position in ((0, 0), (1, 1)))
        for line in capsys.readouterr().out.splitlines()
    }
    assert {(place.split(":")[0], code) for place, code in found} == {
        ("examples/churn/models.py", "KER301"),
        ("examples/cifar10_cnn.py", "KER101"),
        ("examples/cifar10_cnn.py", "KER305"),
        ("examples/cifar10_cnn.py", "KER401"),
        ("examples/imdb_lstm.ipynb", "KER304"),
        ("examples/own_rules/train.py", "ACME001"),
    }
