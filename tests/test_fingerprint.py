"""A finding stays the same one when code moves, is formatted or tuned, and is another one when it is about something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kerlint import lint
from kerlint.config import Config
from kerlint.finding import Finding
from kerlint.fingerprint import fingerprints, identity, seen_from, shape_of

HERE = Path("/project")
SCRIPT = """\
import keras

(x_train, y_train), _ = keras.datasets.cifar10.load_data()


def build(units):
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.5), loss='sparse_categorical_crossentropy')
    return model


cnn = build(3)
cnn.fit(x_train, y_train)
"""
MOVED = """\
\"\"\"A docstring.\"\"\"
import os

import keras

rows = 5
(x_train, y_train), other_data = keras.datasets.cifar10.load_data()


class Nothing:
    def build(self):
        return None


def build(width):
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(
            learning_rate=0.75,
        ),
        loss="sparse_categorical_crossentropy",
    )
    return model


cnn = build(rows)
if True:
    cnn.fit(x_train,
            y_train)
"""


def found(text: str, name: str = "train.py") -> list[Finding]:
    return lint(HERE / name, text, Config(root=HERE))


def prints(text: str, name: str = "train.py") -> list[str]:
    findings = found(text, name)
    return sorted(fingerprints(findings, [HERE] * len(findings)))


def test_moved_formatted_and_tuned_code_keeps_its_fingerprints() -> None:
    before, after = found(SCRIPT), found(MOVED)
    assert {finding.code for finding in before} >= {"KER101", "KER305", "KER401"}
    assert {finding.range.start.row for finding in before if finding.range} != {
        finding.range.start.row for finding in after if finding.range
    }
    assert sorted(identity(one, HERE) for one in before) == sorted(identity(one, HERE) for one in after)
    assert prints(SCRIPT) == prints(MOVED)


def test_what_a_finding_stands_in() -> None:
    trainer = "class Trainer:\n    def run(self, model):\n        net = build(2)\n        net.fit(x_train, y_train)\n"
    places = [(one.enclosing, one.code) for one in found(f"{SCRIPT}\n\n{trainer}\n\nmlp = build(1)\nmlp.fit(x_train, y_train)\n")]
    assert [name for name, code in places if code == "KER101"] == ["model", "Trainer.run", "model"]
    assert {name for name, code in places if code in ("KER305", "KER401")} == {"build"}


def test_two_models_of_one_script_are_two_things() -> None:
    def model(name: str) -> str:
        return f'{name} = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])\n'

    first, second = found("import keras\n" + model("cnn") + model("mlp"))
    assert [first.enclosing, second.enclosing] == ["cnn", "mlp"]
    assert identity(first, HERE) != identity(second, HERE)


def test_equal_findings_are_numbered() -> None:
    line = 'keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])\n'
    one, two = prints("import keras\n" + line), prints("import keras\n" + line * 2)
    assert len(set(two)) == 2
    assert set(one) < set(two)


def test_path_rule_and_place_count() -> None:
    assert set(prints(SCRIPT)).isdisjoint(prints(SCRIPT, "other.py"))
    assert set(prints(SCRIPT)) != set(prints(SCRIPT.replace("def build", "def make").replace(" build(", " make(")))


def test_cells_of_a_notebook_may_move() -> None:
    def notebook(*cells: str) -> str:
        return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells], "metadata": {}, "nbformat": 4})

    top, rest = SCRIPT.split("\n\n\n", 1)
    assert prints(notebook(top, rest), "n.ipynb") == prints(notebook("%matplotlib inline", f"{top}\n", "x = 1", f"\n{rest}"), "n.ipynb")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("`Adam(learning_rate=0.5)` is 500 times", "`Adam( learning_rate = 0.75 )` is 750 times", True),
        ("`x_train` is unscaled", "`x_test` is unscaled", False),
        ("`dense_1` has 1,024 units", "`dense_12` has 12 units", True),
        ("`conv2d` has no bias", "`conv3d` has no bias", False),
        ("`model . fit (x)`", "`model.fit(x,)`", True),
        ("`'mse'` here", '`"mse"` here', True),
        ("a rate of 1e-07 (0-255)", "a rate of 0.1 (0-1)", True),
        ("a  b", "a b", True),
        ("one layer", "two layers", False),
    ],
)
def test_what_moves_in_a_message(one: str, other: str, same: bool) -> None:
    assert (shape_of(one) == shape_of(other)) == same


def test_paths_are_written_with_slashes_from_the_root() -> None:
    assert seen_from(HERE / "a" / "b.py", HERE) == "a/b.py"
    assert seen_from(HERE / "b.py", HERE / "ci") == "../b.py"
