"""Runs of scripts with Keras: every kind of data, model and loop, every backend; the scripts check themselves what they get."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from running import at, given, run, tree, written

from kerlint.dynamic.exercise import exercises
from kerlint.dynamic.measurements import Declined, FirstLoss, Gap, Gradients, Rates, Statistics
from kerlint.dynamic.protocol import Compiled, Died, FitBegun, Loaded, Place, Question, StandIn, Stopped


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_kind_of_data_and_model(project: Path) -> None:
    script = given(project, "kinds.py")
    before = tree(project)
    seen = run(script, "--epochs", "7", "--name", "a b")
    assert seen.ended()
    assert "reached the end Agg -1" in seen.output
    assert tree(project) == before
    assert not seen.all(Declined), seen.all(Declined)

    found = exercises(seen.events)
    assert [(one.begun.kind, one.begun.rows, one.begun.batch_size, one.begun.epochs, one.begun.updates) for one in found] == [
        ("fit", 1000, 64, 7, 112),
        ("fit", 1000, 32, 2, 64),
        ("fit", 1000, 32, 2, 64),
        ("fit", 1000, 32, 2, 64),
        ("fit", 1000, 50, 3, 60),
        ("fit", 250, 50, 3, 15),
        ("fit", 320, 32, 4, 40),
        ("fit", 1000, 50, 2, 40),
        ("fit", 500, 32, 2, 32),
        ("fit", 500, 32, 2, 32),
        ("fit", 500, 32, 2, 32),
        ("train_on_batch", 32, 32, 1, 1),
    ]
    lines = script.read_text().splitlines()
    for one in found:
        assert all(one.find(kind) for kind in (Statistics, FirstLoss, Gradients)), one.begun
        assert one.compiled is not None
        assert one.compiled.parameters
        for place, word in (
            (one.begun.place, ".fit("),
            (one.begun.compile_place, ".compile("),
            *((layer.place, f"{layer.kind}(") for layer in one.compiled.layers if layer.kind in ("Dense", "Concatenate")),
        ):
            text = "\n".join(lines[place.line - 1 : place.end])
            assert word in text or ".train_on_batch(" in text, (place, word)
    first, *_ = found
    assert first.begun.callbacks == ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint")
    assert first.compiled.optimizer == "Adam"
    assert first.compiled.learning_rate == pytest.approx(1e-3)
    assert found[3].begun.inputs[:2] == ("x['left'] float32 (1000, 8)", "x['right'] float32 (1000, 3)")
    assert len({one.begun.model for one in found[8:11]}) == 3


def test_tapes_eager_and_in_functions(project: Path) -> None:
    script = given(project, "tapes.py")
    seen = run(script)
    assert seen.ended()
    lines = script.read_text().splitlines()
    steps, made = (next(row for row, line in enumerate(lines, 1) if text in line) for text in ("optimizer.apply_gradients", "SGD("))
    assert "after the loops" in seen.output
    eager, graph = exercises(seen.events)
    assert (eager.begun.kind, eager.begun.place) == ("tape", at(steps, "tapes.py"))
    assert (eager.compiled.optimizer, eager.compiled.optimizer_place, eager.compiled.learning_rate) == ("SGD", at(made, "tapes.py"), 0.5)
    assert [layer.kind for layer in eager.find(Gradients).layers] == ["Dense", "Dense"]
    assert graph.declined["P3"] == "the gradients of a tf.function are not seen"
    assert graph.compiled.learning_rate == pytest.approx(1e-3)


def test_stand_ins_of_all_datasets(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(project / "no such folder"))
    seen = run(given(project, "datasets.py"))
    assert seen.ended()
    assert "a wrong argument stays wrong" in seen.output
    names = ("mnist", "fashion_mnist", "cifar10", "cifar100", "imdb", "reuters", "boston_housing", "california_housing")
    assert {f"keras.datasets.{name}" for name in names} <= {event.name for event in seen.all(StandIn)}


MISSING = """\
import numpy as np
import keras

model = keras.Sequential([
    keras.Input((None, 6)),
    keras.layers.LSTM(4),
    keras.layers.Dense(3, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy")
unbuilt = keras.Sequential([keras.layers.Dense(1)])
unbuilt.compile("adam", "mse")
data = np.load("data.npy")
model.fit(data["x"], data["y"])
"""


def test_without_its_data_a_model_is_probed_on_made_up_data(project: Path) -> None:
    seen = run(written(project, MISSING))
    assert seen.one(Stopped) == Stopped("FileNotFoundError", "'data.npy'", at(12), at=seen.one(Stopped).at)
    first, second = exercises(seen.events)
    assert (first.begun.kind, first.begun.place, first.begun.compile_place) == ("none", None, at(9))
    assert first.synthetic == "the script does not come to train it"
    assert first.find(Gradients)
    assert first.find(FirstLoss).loss
    assert first.compiled.made == Place("train.py", 4, 8)
    assert second.declined == {"probes": "its input shape is not known without its data"}


KILLED = """\
import os
import signal
import tensorflow as tf
from keras.datasets import mnist

(x, y), _ = mnist.load_data()
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
model.compile("sgd", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
try:
    model.fit(x, y[:100])
except ValueError as error:
    print("refused:", error)
model.fit(x / 255.0, y, epochs=5)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_loses_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(project / "no such folder"))
    seen = run(written(project, KILLED))
    assert "refused: Data cardinality is ambiguous" in seen.output.replace("\n", " ")
    assert seen.one(Died).code == -9
    wrong, right = exercises(seen.events)
    assert wrong.declined == {"probes": "inputs and labels differ in their number of rows"}
    assert right.synthetic == "keras.datasets.mnist"
    assert right.find(Statistics).arrays[0].high == 1.0


BACKENDS = """\
import os
{setting}
import numpy as np
import {module} as keras

x, y = np.random.rand(100, 10), np.random.rand(100, 1)
model = keras.Sequential([keras.layers.Dense(10, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(1.0), loss="mse")
history = model.fit(x, y, epochs=10, validation_data=(x, y), verbose=0)
assert len(history.history["val_loss"]) == 10 and history.epoch[-1] == 9
for step in range(1000):
    model.train_on_batch(x, y)
assert model.predict(x, verbose=0).shape == (100, 1)
"""


INSTALLED = [backend for backend in ("jax", "torch") if find_spec(backend)]


@pytest.mark.parametrize(
    ("setting", "module", "loaded"),
    [
        *((f'os.environ["KERAS_BACKEND"] = "{name}"', "keras", ("keras", name)) for name in INSTALLED),
        ("", "tf_keras", ("tf_keras", "tensorflow")),
    ],
    ids=[*INSTALLED, "tf_keras"],
)
def test_backends(project: Path, setting: str, module: str, loaded: tuple[str, str]) -> None:
    seen = run(written(project, BACKENDS.format(setting=setting, module=module)), asked=(Question("KER401"), Question("KER114")))
    assert seen.ended()
    assert loaded in [(event.module, event.backend) for event in seen.all(Loaded)]
    fit, steps = exercises(seen.events)
    assert (fit.begun.place, fit.begun.compile_place, fit.begun.updates) == (at(9), at(8), 40)
    assert (steps.begun.kind, steps.begun.place) == ("train_on_batch", at(12))
    assert fit.compiled.learning_rate == 1.0
    assert 0 < fit.find(Gradients).ratio < 100
    assert [arm.rate for arm in fit.find(Rates).arms] == pytest.approx([1.0, 0.1, 0.01])
    assert all(0 < loss < 100 for arm in fit.find(Rates).arms for loss in arm.first)
    assert fit.find(Gap).train_loss
    assert seen.all(Compiled)
    assert seen.all(FitBegun)


TWICE = """\
import numpy as np
import keras

keras.utils.set_random_seed(0)
rng = np.random.RandomState(0)
x = rng.rand(100, 10)
y = x @ rng.randn(10, 1)
model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile(keras.optimizers.Adam(0.02), "mse")
model.fit(x, y, epochs=40)
model.compile(keras.optimizers.Adam(1e-4), "mse")
model.fit(x, y, epochs=40)
"""


def test_a_second_training_begins_with_what_the_first_would_leave(project: Path) -> None:
    """Where a step is compiled for a probe anyway, and all of its own are done at once."""
    seen = run(written(project, TWICE), asked=(Question("KER401"),))
    assert seen.ended()
    first, second = exercises(seen.events)
    assert first.find(FirstLoss).loss > 0.5 * first.find(FirstLoss).expected
    assert second.find(FirstLoss).loss < 0.3 * second.find(FirstLoss).expected
    assert second.find(Statistics).carried


FAILING = """\
import numpy as np
import keras


class Stops(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        raise RuntimeError("no such server")


model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.random.rand(50, 4), np.random.rand(50, 1), callbacks=[Stops()])
"""


def test_a_training_that_fails_is_looked_into_once(project: Path) -> None:
    seen = run(written(project, FAILING))
    assert seen.one(Stopped).message == "no such server"
    (only,) = exercises(seen.events)
    assert (only.begun.kind, only.synthetic) == ("fit", "")


PRETRAINED = """\
import numpy as np
import keras

base = keras.applications.MobileNetV2(include_top=False, input_shape=(32, 32, 3), alpha=0.35, pooling="avg")
base.trainable = False
model = keras.Sequential([base, keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
labels = np.zeros(64)
model.fit(np.random.rand(64, 32, 32, 3), labels)
"""


def test_weights_that_are_not_at_hand_are_no_data(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(project / "no such folder"))
    seen = run(written(project, PRETRAINED))
    assert seen.ended()
    (only,) = exercises(seen.events)
    assert (only.synthetic, only.begun.weights) == ("", "weights of keras.applications.mobilenet_v2")
