"""The plugin, in the real flake8: silent until it is asked for, then at the same places as kerlint itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FAULT, ROOT, Done, Kerlint

Flake8 = Callable[..., Done]


@pytest.fixture
def flake8(tmp_path: Path, unpacked: Path) -> Flake8:
    """Runs `flake8 ARGS` in the test's directory, with this checkout installed beside it; what is not kerlint's is put with the errors."""
    (tmp_path / "train.py").write_text(FAULT)

    def run(*args: str, stdin: str = "") -> Done:
        command = [sys.executable, "-m", "flake8", *args]
        env = {**os.environ, "PYTHONPATH": str(unpacked)}
        done = subprocess.run(command, cwd=tmp_path, env=env, input=stdin, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        ours = [line for line in lines if ": KER" in line]
        return Done(done.returncode, "\n".join(ours), "\n".join([*(line for line in lines if line not in ours), done.stderr]))

    return run


def test_silent_until_it_is_asked_for(flake8: Flake8) -> None:
    for options in ([], ["--select=E,W,F"], ["--ignore=E501"], ["--extend-ignore=E501"]):
        done = flake8(*options, "train.py")
        assert "KER" not in done.stdout + done.stderr, options
        assert done.returncode == ("E501" in done.stderr)


@pytest.mark.parametrize("option", ["--extend-select=KER", "--select=KER", "--select=KER3,E", "--select=KER301"])
def test_on_where_it_is_asked_for(option: str, flake8: Flake8) -> None:
    done = flake8(option, "train.py")
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("train.py:3:79: KER301 softmax over one unit is 1 for every input")


def test_in_its_configuration(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / ".flake8").write_text("[flake8]\nextend-select = KER\nper-file-ignores =\n    train.py: KER3\n")
    (tmp_path / "other.py").write_text(FAULT)
    assert [line.split(":")[0] for line in flake8(".").stdout.splitlines()] == ["./other.py"]


def test_the_same_places_as_kerlint(flake8: Flake8, kerlint: Kerlint, tmp_path: Path) -> None:
    """Columns count characters, also behind letters that take several bytes."""
    (tmp_path / "wide.py").write_text(FAULT.replace("model =", 'größe = "äöü"; model ='), encoding="utf-8")
    (tmp_path / "cifar10.py").write_bytes((ROOT / "examples" / "cifar10_cnn.py").read_bytes())
    for name in ("wide.py", "cifar10.py"):
        told = {tuple(line.split()[:2]) for line in flake8("--select=KER", name).stdout.splitlines()}
        lines = kerlint(name, "--output-format=concise", "-q").stdout.splitlines()
        assert told == {(line.split()[0], line.split()[2]) for line in lines}
        assert told


def test_standard_input(flake8: Flake8) -> None:
    done = flake8("--select=KER", "--stdin-display-name=net/train.py", "-", stdin=FAULT)
    assert done.stdout.startswith("net/train.py:3:79: KER301 ")


def test_both_kinds_of_suppression(flake8: Flake8, tmp_path: Path) -> None:
    for comment in ("# noqa", "# noqa: KER301", "# kerlint: ignore[softmax-single-unit] for the test"):
        (tmp_path / "train.py").write_text(FAULT.rstrip() + f"  {comment}\n")
        assert flake8("--select=KER3", "train.py").stdout == "", comment


def test_the_baseline_counts(flake8: Flake8, kerlint: Kerlint, tmp_path: Path) -> None:
    assert kerlint("baseline", "create", "train.py").returncode == 0
    assert "train.py:3:" in flake8("--select=KER3", "train.py").stdout
    (tmp_path / "kerlint.toml").write_text('baseline = "kerlint-baseline.json"\n')
    assert flake8("--select=KER3", "train.py").stdout == ""
    (tmp_path / "train.py").write_text(FAULT + FAULT)
    assert [line.split(":")[1] for line in flake8("--select=KER3", "train.py").stdout.splitlines()] == ["6"]
    (tmp_path / "kerlint-baseline.json").unlink()
    assert "kerlint: kerlint-baseline.json: no such baseline" in flake8("--select=KER3", "train.py").stderr


def test_configurations_of_both_count(flake8: Flake8, tmp_path: Path) -> None:
    """What kerlint leaves out stays out; what flake8 selects more closely than by KER runs although it is off there."""
    assert "KER911" not in flake8("--select=KER", "train.py").stdout
    (tmp_path / "train.py").write_text("import tensorflow as flow\n\nprint(flow.version)\n")
    assert "KER911" not in flake8("--select=KER", "train.py").stdout
    assert "KER911" in flake8("--select=KER,KER9", "train.py").stdout
    (tmp_path / "kerlint.toml").write_text('ignore = ["KER301"]\n')
    (tmp_path / "train.py").write_text(FAULT)
    assert flake8("--select=KER", "train.py").stdout == ""


def test_a_fault_in_an_imported_file(flake8: Flake8, tmp_path: Path) -> None:
    """flake8 knows one file at a time: what is wrong in another one is told at the line that leads there."""
    for name in ("train.py", "models.py"):
        (tmp_path / name).write_bytes((ROOT / "examples" / "churn" / name).read_bytes())
    (line,) = flake8("--select=KER301", "train.py").stdout.splitlines()
    assert line.startswith("train.py:19:1: KER301 ")
    assert line.endswith("(models.py:13:53)")


def test_a_wrong_configuration_is_told(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text('selct = ["KER301"]\n')
    done = flake8("--select=KER", "train.py")
    assert done.returncode == 1
    assert 'unknown key "selct"; did you mean "select"?' in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_many_files_in_several_processes(flake8: Flake8, tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"copy{number}.py").write_text(FAULT)
    assert len(flake8("--select=KER301", "-j2", ".").stdout.splitlines()) == 5
