"""The baseline: what it hides, what it lets through, and how it is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Kerlint

FILE = "known.json"
SCRIPT = """\
import keras

(x_train, y_train), _ = keras.datasets.cifar10.load_data()


def build():
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.5), loss='sparse_categorical_crossentropy')
    return model


cnn = build()
cnn.fit(x_train, y_train)
"""
MOVED = '''\
"""Words."""
import os
import keras

def other(a):
    return a

def build():
    model = keras.Sequential([
        keras.Input((32, 32, 3)), keras.layers.Flatten(),
        keras.layers.Dense( 10 ) ])
    model.compile(
        optimizer = keras.optimizers.Adam( learning_rate = 0.9 ),
        loss = "sparse_categorical_crossentropy",
    )
    return model

(x_train, y_train), nobody = keras.datasets.cifar10.load_data()
if os.environ:
    cnn = build()
    cnn.fit(x_train,
            y_train)
'''
ONE_MORE = "\nmlp = build()\nmlp.fit(x_train, y_train)\n"
FAULT = 'keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "kerlint.toml").write_text(f"baseline = '{FILE}'\nselect = ['KER1', 'KER3', 'KER4']\n")
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path


def entries(project: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((project / FILE).read_text())["findings"]
    return found


def codes(kerlint: Kerlint, *args: str) -> list[str]:
    return [finding["code"] for finding in json.loads(kerlint("check", "--output-format=json", *args).stdout)]


def test_create_hides_all_that_is_there(kerlint: Kerlint, project: Path) -> None:
    before = codes(kerlint, "--config", 'baseline=""')
    assert {"KER101", "KER305", "KER401"} <= set(before)
    done = kerlint("baseline", "create")
    assert (done.returncode, done.stdout) == (0, f"{FILE}: {len(before)} findings.\n")
    assert sorted(entry["rule"] for entry in entries(project)) == sorted(before)
    done = kerlint("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == ["Nothing found.", f"{len(before)} findings hidden by {FILE}."]
    assert sum(line.startswith('    {"rule": "KER') for line in (project / FILE).read_text().splitlines()) == len(before)


def test_moved_renamed_and_formatted_code_stays_hidden(kerlint: Kerlint, project: Path) -> None:
    kerlint("baseline", "create")
    (project / "train.py").write_text(MOVED)
    done = kerlint("check")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Nothing found.")
    assert "stale" not in done.stdout


def test_a_second_equal_finding_is_reported(kerlint: Kerlint, project: Path) -> None:
    (project / "train.py").write_text("import keras\n" + FAULT)
    kerlint("baseline", "create")
    (project / "train.py").write_text("import keras\n" + FAULT * 2)
    done = kerlint("check", "--output-format=concise")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("train.py:3:")
    assert "1 finding hidden by known.json." in done.stdout
    kerlint("baseline", "update")
    assert [entry["count"] for entry in entries(project)] == [2]
    assert kerlint("check").returncode == 0


def test_a_new_finding_of_another_kind_or_place_is_reported(kerlint: Kerlint, project: Path) -> None:
    kerlint("baseline", "create")
    (project / "train.py").write_text(f"{SCRIPT}\n\ndef more():\n    return {FAULT}")
    assert codes(kerlint) == ["KER301"]
    (project / "train.py").write_text(SCRIPT)
    (project / "again.py").write_text(SCRIPT)
    assert set(codes(kerlint)) == {entry["rule"] for entry in entries(project)}


def test_cells_of_a_notebook_may_move(kerlint: Kerlint, project: Path) -> None:
    def write(*cells: str) -> None:
        content = {"cells": [{"cell_type": "code", "source": cell} for cell in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (project / "n.ipynb").write_text(json.dumps(content))

    top, build, fit = SCRIPT.split("\n\n\n")
    (project / "train.py").unlink()
    write(top, build, fit)
    kerlint("baseline", "create")
    assert {entry["path"] for entry in entries(project)} == {"n.ipynb"}
    write("%matplotlib inline", top, "import os", f"# words\n{build}", fit)
    assert codes(kerlint) == []
    write(top, build, fit, FAULT)
    assert codes(kerlint) == ["KER301"]


def test_create_refuses_to_overwrite(kerlint: Kerlint, project: Path) -> None:
    kerlint("baseline", "create")
    done = kerlint("baseline", "create")
    assert done.returncode == 2
    assert done.stderr == f"kerlint: {FILE}: is there already; `kerlint baseline update` renews it, --force overwrites it\n"
    (project / "train.py").write_text(f"import keras\n{FAULT}")
    assert kerlint("baseline", "create", "--force").stdout == f"{FILE}: 1 finding.\n"


def test_prune_removes_what_is_gone_and_adds_nothing(kerlint: Kerlint, project: Path) -> None:
    (project / "old.py").write_text(f"import keras\n{FAULT * 3}")
    kerlint("baseline", "create")
    total = sum(entry["count"] for entry in entries(project))
    (project / "old.py").write_text(f"import keras\n{FAULT}")
    (project / "train.py").write_text(SCRIPT.replace("learning_rate=0.5", "learning_rate=0.001") + f"\n\ndef more():\n    return {FAULT}")
    assert "; 2 stale entries in it, see `kerlint baseline prune`.\n" in kerlint("check").stdout
    done = kerlint("baseline", "prune")
    assert done.stdout == f"{FILE}: {total - 3} findings, 3 removed.\n"
    assert codes(kerlint) == ["KER301"]
    assert kerlint("baseline", "update").stdout == f"{FILE}: {total - 2} findings, 1 added, 0 removed.\n"
    assert codes(kerlint) == []
    (project / "old.py").unlink()
    assert "; 1 stale entry in it" in kerlint("check").stdout
    kerlint("baseline", "prune")
    assert "old.py" not in (project / FILE).read_text()


def test_what_a_run_does_not_look_at_stays(kerlint: Kerlint, project: Path) -> None:
    (project / "old.py").write_text(f"import keras\n{FAULT}")
    kerlint("baseline", "create")
    before = (project / FILE).read_text()
    for command in ("update", "prune"):
        assert kerlint("baseline", command, "train.py").returncode == 0
        kerlint("baseline", command, "--config", "select=['KER4']")
        assert (project / FILE).read_text() == before
    for args in (["train.py"], ["--select=KER4"], ["--min-confidence=high"], ["--ignore=KER3"]):
        assert "stale" not in kerlint("check", *args).stdout


def test_a_file_that_cannot_be_analysed_is_never_hidden(kerlint: Kerlint, project: Path) -> None:
    kerlint("baseline", "create")
    before = (project / FILE).read_text()
    (project / "train.py").write_text("import keras\nx = (\n")
    for command in (["baseline", "update"], ["baseline", "prune"]):
        assert kerlint(*command).returncode == 2
        assert (project / FILE).read_text() == before
    assert codes(kerlint) == ["KER001"]


def test_option_and_usual_name(kerlint: Kerlint, project: Path) -> None:
    (project / "kerlint.toml").unlink()
    done = kerlint("baseline", "create")
    said = '; `baseline = "kerlint-baseline.json"` in the configuration makes it count.\n'
    assert done.stdout.endswith(said)
    assert kerlint("check").returncode == 1
    assert kerlint("check", "--baseline", "kerlint-baseline.json").returncode == 0
    (project / "ci").mkdir()
    assert kerlint("baseline", "create", "--baseline", "ci/b.json", "train.py").returncode == 0
    assert {entry["path"] for entry in json.loads((project / "ci" / "b.json").read_text())["findings"]} == {"../train.py"}
    assert kerlint("check", "--baseline=ci/b.json").returncode == 0


def test_paths_count_from_the_baseline_wherever_the_command_runs(kerlint: Kerlint, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "a").mkdir()
    (project / "a" / "train.py").write_text(SCRIPT)
    kerlint("baseline", "create")
    monkeypatch.chdir(project / "a")
    assert (kerlint("check").returncode, kerlint("check", "../train.py").returncode) == (0, 0)
    assert kerlint("baseline", "update").stdout.endswith(" 0 added, 0 removed.\n")


def test_fixes_leave_alone_what_is_hidden(kerlint: Kerlint, project: Path) -> None:
    (project / "train.py").write_text(SCRIPT)
    kerlint("baseline", "create")
    assert kerlint("check", "--fix", "--unsafe-fixes").returncode == 0
    assert (project / "train.py").read_text() == SCRIPT


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "known.json: is no baseline: input data was truncated"),
        (b"\xff\xfe{}", "known.json: is no baseline: "),
        (b"[]", "known.json: is no baseline: expected object, got array"),
        (b'{"version": 2, "findings": []}', "known.json: is no baseline: invalid enum value 2 - at $.version"),
        (b'{"version": 1}', "known.json: is no baseline: object missing required field findings"),
        (b'{"version": 1, "findings": [{"rule": "KER301"}]}', "object missing required field path - at $.findings[0]"),
        (b'{"version": 1, "findings": [3]}', "expected object, got int - at $.findings[0]"),
        (b'<<<<<<< HEAD\n{"version": 1, "findings": []}', "known.json: is no baseline: JSON is malformed"),
    ],
)
@pytest.mark.parametrize("args", [["check"], ["baseline", "update"], ["baseline", "prune"]])
def test_damaged_is_one_sentence_and_2(kerlint: Kerlint, project: Path, args: list[str], content: bytes, said: str) -> None:
    (project / FILE).write_bytes(content)
    done = kerlint(*args)
    assert done.returncode == 2
    assert said.lower() in done.stderr.lower()
    assert done.stderr.count("\n") == 1
    assert (project / FILE).read_bytes() == content
    assert kerlint("baseline", "create", "--force").returncode == 0
    assert kerlint("check").returncode == 0


def test_missing_is_one_sentence_and_2(kerlint: Kerlint, project: Path) -> None:
    for args in (["check"], ["baseline", "update"], ["baseline", "prune"]):
        done = kerlint(*args)
        assert (done.returncode, done.stderr) == (2, f"kerlint: {FILE}: no such baseline; `kerlint baseline create` writes one\n")
