"""Layers that lead nowhere, as the interpreter sees them: what holds them, and whether they were called."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerlint.semantics.interpreter import interpret
from kerlint.semantics.project import Project
from kerlint.source import parse, read

HEAD = "from tensorflow.keras import Input, Model, layers\nx = Input((3,))\n"


@pytest.mark.parametrize(
    ("code", "held"),
    [
        ("y = layers.Dense(2)(x)\nModel(x, x)\n", [("y", True)]),
        ("y = layers.Dense(2)(x)\nModel(x, y)\n", []),
        ("layers.Dense(2)(x)\nModel(x, x)\n", [("", True)]),
        ("layers.Dense(2)\nModel(x, x)\n", [("", False)]),
        ("layer = layers.Dense(2)\nModel(x, x)\n", [("layer", False)]),
        ("layer = layers.Dense(2)\nprint(layer)\n", []),
        ("_ = layers.Dense(2)(x)\nModel(x, x)\n", []),
        ("y, h, c = layers.LSTM(2, return_state=True)(layers.RepeatVector(3)(x))\nModel(x, y)\n", []),
        ("for n in open('sizes.txt'):\n    y = layers.Dense(int(n))(x)\nModel(x, x)\n", []),
        ("y = layers.Dense(2)(x)\nif False:\n    x = y\nModel(x, x)\n", []),
        ("if open('a'):\n    y = layers.Dense(2)(x)\nelse:\n    y = layers.Dense(3)(x)\nModel(x, y)\n", []),
        ("def build():\n    y = layers.Dense(2)(x)\n    return Model(x, x)\n", [("y", True)]),
        ("def later():\n    return Model(x, y)\ny = layers.Dense(2)(x)\nprint(later())\n", []),
        ("layers.Dense(2)\n", []),
    ],
)
def test_what_is_dropped(code: str, held: list[tuple[str, bool]]) -> None:
    source = read(Path("script.py"), (HEAD + code).encode())
    program = interpret(source, parse(source), Project(Path(".")))
    assert [(dropped.name, dropped.called) for dropped in program.dropped] == held
