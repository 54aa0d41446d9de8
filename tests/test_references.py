"""How a file reaches a library: what it imports and reads, as it is written, and what stands under a question about the version."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerlint.semantics.interpreter import interpret
from kerlint.semantics.program import Program
from kerlint.semantics.project import Project
from kerlint.source import parse, read


def program(text: str, folder: Path) -> Program:
    script = folder / "script.py"
    script.write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").touch()
    source = read(script)
    return interpret(source, parse(source), Project(folder))


IMPORTS = {
    "import keras.layers.core": ["keras.layers.core"],
    "import keras.layers.core as core, numpy": ["keras.layers.core"],
    "from keras.layers.core import Dense as D, Flatten": ["keras.layers.core.Dense", "keras.layers.core.Flatten"],
    "from keras.layers import *": ["keras.layers.*"],
    "import tensorflow as tf\nfrom tensorflow.keras import backend as K": ["tensorflow", "tensorflow.keras.backend"],
    "def late():\n    from tf_keras.utils import np_utils": ["tf_keras.utils.np_utils"],
    "from sklearn.utils import shuffle\nfrom .models import net": [],
}


@pytest.mark.parametrize("text", IMPORTS)
def test_imports_are_kept_as_they_are_written_used_or_not(text: str, tmp_path: Path) -> None:
    assert [found.path for found in program(f"# keras\n{text}\n", tmp_path).imports] == IMPORTS[text]


def test_a_file_of_the_project_is_no_library(tmp_path: Path) -> None:
    (tmp_path / "keras_models.py").write_text("x = 1\n", encoding="utf-8")
    assert program("import keras\nfrom keras_models import x\n", tmp_path).imports[1:] == ()


REFERENCES = {
    "print(keras.losses.Reduction.NONE)": ["keras.losses", "keras.losses.Reduction", "keras.losses.Reduction.NONE"],
    "from keras import backend as K\nloss = K.mean": ["keras.backend.mean"],
    "sgd = keras.optimizers.SGD(0.1)\nprint(sgd.lr)": ["keras.optimizers", ".lr"],
    "sgd = keras.optimizers.SGD(0.1)\nsgd.lr = 0.2\nsgd.lr /= 2": ["keras.optimizers", ".lr", ".lr"],
    "def rate(model):\n    return model.optimizer.lr": [".lr"],
    "dense = keras.layers.Dense(2)\nprint(dense.output_shape, dense.units)": ["keras.layers", ".output_shape"],
    "import numpy as np\nprint(np.float32)": [],
}


@pytest.mark.parametrize("text", REFERENCES)
def test_attributes_that_are_read_or_set(text: str, tmp_path: Path) -> None:
    found = [reference.via or reference.name for reference in program(f"import keras\n{text}\n", tmp_path).references]
    assert found == REFERENCES[text]


GUARDED = {
    "if tf.__version__ < '2':\n    keras.a()\nelse:\n    keras.b()": True,
    "if int(keras.__version__.split('.')[0]) >= 3 and flag:\n    keras.a()": True,
    "old = tf.__version__.startswith('1.')\nif old:\n    keras.a()": True,
    "x = keras.a() if hasattr(keras, 'a') else keras.b()": True,
    "try:\n    keras.a()\nexcept (AttributeError, ImportError):\n    keras.b()": True,
    "def f():\n    keras.a()\nif hasattr(keras, 'a'):\n    f()": True,
    "try:\n    keras.a()\nexcept Exception:\n    pass": False,
    "try:\n    keras.a()\nfinally:\n    print()": False,
    "if flag:\n    keras.a()": False,
}


@pytest.mark.parametrize("text", GUARDED)
def test_what_stands_under_a_question_about_the_version(text: str, tmp_path: Path) -> None:
    found = program(f"import keras\nimport tensorflow as tf\nfrom settings import flag\n{text}\n", tmp_path)
    calls = [use for use in found.uses if use.name in ("keras.a", "keras.b")]
    assert calls
    assert {use.guarded for use in calls} == {GUARDED[text]}


@pytest.mark.parametrize(("caught", "guarded"), [("ImportError", True), ("Exception", True), ("", True), ("ValueError", False)])
def test_imports_that_may_fail(caught: str, guarded: bool, tmp_path: Path) -> None:
    text = f"try:\n    from keras.layers.core import Dense\nexcept {caught}:\n    from keras.layers import Dense\n".replace(" :", ":")
    assert [found.guarded for found in program(text, tmp_path).imports] == [guarded]


DECISIONS = {
    "if ops.mean(x) > 0:\n            x = x + 1": 1,
    "while not ops.any(x):\n            x = x + 1": 1,
    "for row in x:\n            print(row)": 1,
    "if x.shape[-1] == 3 and training is not None and ops.is_tensor(x):\n            x = x + 1": 0,
    "for layer in self.inner:\n            x = layer(x)": 0,
}


@pytest.mark.parametrize("body", DECISIONS)
def test_decisions_on_the_content_of_tensors(body: str, tmp_path: Path) -> None:
    text = f"""
import keras
from keras import ops


class Own(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = [keras.layers.Dense(3), keras.layers.Dense(3)]

    def call(self, x, training=None):
        {body}
        return x


inputs = keras.Input((3,))
model = keras.Model(inputs, Own()(inputs))
"""
    assert len(program(text, tmp_path).branches) == DECISIONS[body]


def test_inputs_that_are_left_out(tmp_path: Path) -> None:
    text = "import keras\na = keras.Input((3,))\nkeras.layers.Add()([a, None])\nkeras.layers.Add()([a, a])\n"
    assert len(program(text, tmp_path).without_input) == 1
