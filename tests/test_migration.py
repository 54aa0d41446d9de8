"""Every row of the table of the migration, against the installed Keras 3 and tf_keras: what is gone is gone, what replaces it is there."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from kerlint.rule import rules
from kerlint.semantics import catalog
from kerlint.semantics.catalog import migration
from kerlint.semantics.catalog.migration import Row
from kerlint.semantics.catalog.operations import operations

pytestmark = pytest.mark.filterwarnings("ignore")
ROOTS = {"keras": "keras", "tf.keras": "tensorflow.keras", "tensorflow": ""}
TRIED: dict[str, Any] = {
    "units": 2,
    "filters": 2,
    "kernel_size": 1,
    "rate": 0.5,
    "size": 2,
    "cropping": 1,
    "padding": 1,
    "pool_size": 2,
    "target_shape": (1,),
    "dims": (1,),
    "n": 2,
    "input_dim": 3,
    "output_dim": 2,
    "stddev": 0.1,
    "num_heads": 1,
    "key_dim": 2,
    "function": abs,
    "axes": 1,
    "scale": 1.0,
    "height": 2,
    "width": 2,
    "factor": 0.1,
    "num_bins": 3,
    "equation": "ab,bc->ac",
    "output_shape": (None, 2),
    "activation": "relu",
    "theta": 1.0,
    "height_factor": 0.1,
    "width_factor": 0.1,
    "num_query_heads": 1,
    "num_key_value_heads": 1,
    "head_dim": 2,
    "depth": 2,
    "mask": None,
    "layer": lambda: keras.layers.LSTM(2),
    "cell": lambda: keras.layers.LSTMCell(2),
    "learning_rate": 0.1,
    "filepath": "a.keras",
    "schedule": abs,
    "filename": "a.csv",
    "backup_dir": "b",
    "swap_on_epoch": True,
    "layers": lambda: [keras.layers.Dense(2)],
    "inner_optimizer": lambda: keras.optimizers.SGD(),
    "strides": 1,
    "dilation_rate": 1,
    "data_format": "channels_last",
    "use_bias": True,
    "negative_slope": 0.1,
    "batch_shape": (None, 3),
    "epochs": 1,
    "num_words": 3,
    "dropout": 0.1,
    "recurrent_dropout": 0.1,
    "noise_shape": None,
    "freq": 1,
    "step": 1,
    "monitor": "loss",
    "max_tokens": 4,
    "feature_dim": 2,
    "features": lambda: {"a": "float"},
    "loc": 0,
    "num_tokens": 4,
    "value_range": (0, 255),
}
"""A value for an argument of a name, wherever it occurs."""


def resolved(path: str) -> Any:
    """What a dotted path leads to; raises what Python raises."""
    parts = path.split(".")
    found: Any = tf.keras if path.startswith("tensorflow.keras") else importlib.import_module(parts[0])
    done = 2 if path.startswith("tensorflow.keras") else 1
    for place, name in enumerate(parts[done:], done + 1):
        if not hasattr(found, name) and not path.startswith("tensorflow.keras"):
            importlib.import_module(".".join(parts[:place]))
        found = getattr(found, name)
    return found


def exists(path: str) -> bool:
    try:
        resolved(path)
    except (ImportError, AttributeError):
        return False
    return True


# Paths


@cache
def known_paths() -> tuple[str, ...]:
    """Every path that some Keras had, and every old path of the table."""
    return tuple(sorted({*migration._known(), *(row.old for row in migration.rows("path"))}))


@cache
def told() -> dict[tuple[str, str], list[migration.Gone]]:
    """What the table says of all these paths, by the row that says it."""
    found: dict[tuple[str, str], list[migration.Gone]] = {}
    for root in ("keras", "tensorflow.keras"):
        for path in known_paths():
            gone = migration.gone(root + path[len("keras") :]) if path.startswith("keras") else migration.gone(path)
            if gone is not None:
                found.setdefault((gone.row.code, gone.row.old), []).append(gone)
    return found


@pytest.mark.parametrize("row", migration.rows("path"), ids=lambda row: f"{row.code}-{row.old}-{row.kind}")
def test_path(row: Row) -> None:
    cases = told().get((row.code, row.old), [])
    assert cases or not row.code, "no path is reported by this row"
    for gone in cases:
        path = gone.path if gone.namespace == "tensorflow" else ROOTS[gone.namespace] + gone.path[len("keras") :]
        if row.code == "KER803" and exists(path):  # the names are there, and raise when they are called
            with pytest.raises(ImportError):
                resolved(path)() if not gone.path.endswith(("legacy", "Optimizer")) else resolved("keras.optimizers.legacy.Adam")()
        else:
            assert not exists(path), f"{path} is there"
            assert not exists(gone.missing), f"{gone.missing} is there"
        assert not gone.new or exists(gone.new), f"{gone.new}, for {path}, is not there"
        if row.adds:
            resolved(gone.new)(**eval(f"dict({row.adds})"))


def test_what_keras_3_has_is_not_reported() -> None:
    for root in ("keras", "tensorflow.keras"):
        for path in known_paths():
            if path.startswith("keras.") and migration.gone(root + path[len("keras") :]) is None:
                row = migration._row(path, path, "keras" if root == "keras" else "tf.keras")
                assert row is None or exists(root + path[len("keras") :]), path


def test_members_are_the_values_of_the_enumeration() -> None:
    row = next(row for row in migration.rows("path") if row.members)
    assert {name: getattr(tf_keras.losses.Reduction, name) for name in row.members} == {**row.members, "AUTO": "auto"}


# Arguments


def made(name: str, **more: Any) -> Any:
    """An object of a class, with values for the arguments that it needs."""
    entry = catalog.entry(name)
    assert entry is not None
    needed = {parameter.name for parameter in entry.parameters if parameter.required and "3" in parameter.versions} - more.keys()
    values = {argument: TRIED[argument] for argument in needed}
    values = {argument: value() if callable(value) and value is not abs else value for argument, value in values.items()}
    return resolved(name)(**values, **more)


@cache
def constructed() -> tuple[str, ...]:
    """The classes of Keras 3 whose arguments are judged and that can be made with what `TRIED` has."""
    found = []
    for kind in ("layer", "optimizer", "callback"):
        for name in catalog.names(kind):
            entry = catalog.entry(name)
            needed = [parameter.name for parameter in entry.parameters if parameter.required] if entry else []
            if entry is None or not entry.is_class or "3" not in entry.versions or not TRIED.keys() >= set(needed):
                continue
            if not refused(lambda name=name: made(name)):  # type: ignore[misc]  # some are abstract
                found.append(name)
    return tuple(found)


def keywords(name: str) -> Iterator[tuple[str, Row]]:
    """Every argument of a class that the table reports."""
    entry = catalog.entry(name)
    assert entry is not None
    candidates = {parameter.name for parameter in entry.parameters} | catalog.renamed_arguments(entry.name, entry.kind).keys()
    candidates |= {row.old for row in migration.rows("argument")}
    for keyword in sorted(candidates - {""}):
        if (row := migration.argument(name, keyword, "keras")) is not None:
            yield keyword, row


def refused(way: Callable[[], Any]) -> bool:
    try:
        way()
    except (TypeError, ValueError, NotImplementedError, ImportError, AttributeError, OSError):
        return True
    return False


def warned(way: Callable[[], Any]) -> bool:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        way()
    return bool(seen)


@pytest.mark.parametrize("name", constructed())
def test_arguments_of(name: str) -> None:
    for keyword, row in keywords(name):
        value = (2, 3) if keyword in ("input_shape", "batch_input_shape") else 3 if keyword.endswith(("dim", "length")) else 0.5

        def way(keyword: str = keyword, value: Any = value) -> Any:
            return made(name, **{keyword: value})

        # A few layers refuse what the others only warn of.
        assert refused(way) or ((row.severity or row.code == "KER802") and warned(way)), f"{name}({keyword}=)"
        if row.new and row.variant != "pair":
            entry = catalog.entry(name)
            assert entry is not None
            assert row.new in {parameter.name for parameter in entry.parameters if "3" in parameter.versions}, f"{name}({row.new}=)"


def test_enough_classes_are_tried() -> None:
    assert len(constructed()) > 140
    assert sum(1 for name in constructed() for _ in keywords(name)) > 600


def network() -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


X, Y = np.zeros((8, 3), "float32"), np.zeros((8, 1), "float32")
CALLS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "fit": lambda more: network().fit(X, Y, verbose=0, **more),
    "evaluate": lambda more: network().evaluate(X, Y, verbose=0, **more),
    "predict": lambda more: network().predict(X, verbose=0, **more),
    "compile": lambda more: network().compile("sgd", "mse", **more),
    "train_on_batch": lambda more: network().train_on_batch(X, Y, **more),
    "test_on_batch": lambda more: network().test_on_batch(X, Y, **more),
}


@pytest.mark.parametrize("method", CALLS)
def test_arguments_of_methods(method: str) -> None:
    found = list(keywords(f"keras.Model.{method}"))
    assert found
    for keyword, row in found:
        assert refused(lambda keyword=keyword: CALLS[method]({keyword: 1})), keyword  # type: ignore[misc]
        if row.new:
            assert not refused(lambda row=row: CALLS[method]({row.new: 1})), row.new  # type: ignore[misc]


def test_arguments_of_functions() -> None:
    a, b = keras.Input((3,)), keras.Input((3,))
    assert refused(lambda: keras.Model(input=a, output=a))
    assert keras.Model(inputs=a, outputs=keras.layers.Dense(1)(a)) is not None
    assert {row.new for _, row in keywords("keras.Model") if row.code == "KER817"} == {"inputs", "outputs"}
    assert refused(lambda: keras.Input(batch_input_shape=(None, 3)))
    assert keras.Input(batch_shape=(None, 3)).shape == b.shape
    assert refused(lambda: keras.utils.to_categorical([1], nb_classes=3))
    assert keras.utils.to_categorical([1], num_classes=3).shape == (1, 3)


def test_values() -> None:
    assert refused(lambda: keras.layers.Flatten(data_format="th"))
    for word in ("th", "tf"):
        assert keras.layers.Flatten(data_format=migration.word_of_value("data_format", word)) is not None


# Methods, attributes, strings

OWNERS: dict[str, Callable[[], Any]] = {
    "model": network,
    "sequential": network,
    "layer": lambda: network().layers[0],
    "optimizer": lambda: keras.optimizers.SGD(),
}


@pytest.mark.parametrize("row", migration.rows("method"), ids=lambda row: f"{row.code}-{row.old}")
def test_method(row: Row) -> None:
    owner = OWNERS[row.of[0]]()
    if row.old in ("add_metric", "set_weights"):  # there, to say that they are gone
        with pytest.raises((NotImplementedError, ValueError)):
            getattr(owner, row.old)([])
    else:
        assert not hasattr(owner, row.old)
    new = row.new or (row.old.removesuffix(row.suffix) if row.suffix else "")
    assert not new or hasattr(owner, new)


def test_generator_methods_are_methods_that_take_generators() -> None:
    def batches() -> Iterator[Any]:
        while True:
            yield X, Y

    model = network()
    model.fit(batches(), steps_per_epoch=2, epochs=1, verbose=0)
    model.evaluate(batches(), steps=1, verbose=0)
    assert model.predict(((x,) for x, _ in batches()), steps=1, verbose=0).shape == (8, 1)


@pytest.mark.parametrize("row", migration.rows("attribute"), ids=lambda row: f"{row.code}-{row.old}")
def test_attribute(row: Row) -> None:
    owner = OWNERS[row.of[0]]()
    assert not hasattr(owner, row.old)
    for name in row.new.split("."):
        owner = getattr(owner, name) if name else owner


def test_a_rate_that_is_set_by_its_old_name_changes_nothing() -> None:
    sgd = keras.optimizers.SGD(0.25)
    sgd.lr = 0.5
    assert float(sgd.learning_rate) == 0.25
    sgd.learning_rate = 0.5
    assert float(sgd.learning_rate) == 0.5


GETTERS: dict[str, Callable[[str], Any]] = {
    "loss": keras.losses.get,
    "metric": keras.metrics.get,
    "activation": keras.activations.get,
    "reduction": lambda word: keras.losses.MeanSquaredError(reduction=word),
}


@pytest.mark.parametrize("kind", GETTERS)
def test_strings(kind: str) -> None:
    words = migration.words(kind)
    assert words
    for word in words.values():
        assert refused(lambda word=word: GETTERS[kind](word.old)), word.old  # type: ignore[misc]
        assert not word.new or GETTERS[kind](word.new) is not None


def test_merging() -> None:
    a, b = keras.Input((3,)), keras.Input((3,))
    for mode in ("sum", "mul", "concat", "ave", "max"):
        assert getattr(keras.layers, migration.merging(mode))([a, b]) is not None
    assert keras.layers.dot([a, b], axes=1) is not None
    assert migration.merging("dot") == "dot"


# Calls


def _symbolic() -> Any:
    return keras.Input((3, 4))


class _Variable(keras.layers.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(tf.ones((3,)))

    def call(self, inputs: Any) -> Any:
        return inputs * self.w


class _Deciding(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs if tf.reduce_sum(inputs) > 0 else -inputs


class _Foreign(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return tf.ensure_shape(tf.py_function(lambda value: value, [inputs], tf.float32), inputs.shape)


def _with_none() -> Any:
    a, b = keras.Input((3,)), keras.Input((3,))
    return keras.Model([a, b], keras.layers.Add()([a, b]))([a, None])


def _untrained() -> None:
    layer = _Variable()
    layer(X)
    assert not layer.trainable_variables
    raise ValueError


def _compiled_by_xla() -> Any:
    model = keras.Sequential([keras.Input((3,)), _Foreign(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=True)
    model.fit(X, Y, verbose=0)


FAILING: dict[tuple[str, str], Callable[[Path], Any]] = {
    ("KER809", "save"): lambda folder: network().save(str(folder / "model")),
    ("KER809", "save_format"): lambda folder: network().save(str(folder / "model"), save_format="tf"),
    ("KER809", "load_model"): lambda folder: keras.models.load_model(str(folder)),
    ("KER811", "save_weights"): lambda folder: network().save_weights(str(folder / "model.h5")),
    ("KER811", "load_weights"): lambda folder: network().load_weights(str(folder / "model")),
    ("KER812", "filepath"): lambda folder: keras.callbacks.ModelCheckpoint("a.hdf5"),
    ("KER812", "save_freq"): lambda folder: keras.callbacks.ModelCheckpoint("a.keras", save_freq="batch"),
    ("KER817", "merge"): lambda folder: keras.layers.merge([_symbolic(), _symbolic()], mode="sum"),
    ("KER820", "shape"): lambda folder: keras.Input(shape=10),
    ("KER828", "add_weight"): lambda folder: keras.layers.Layer().add_weight("kernel", shape=(3,)),
    ("KER829", "tf.Variable"): lambda folder: _untrained(),
    ("KER830", "tensorflow"): lambda folder: tf.reduce_mean(_symbolic()),
    ("KER840", "name"): lambda folder: keras.layers.Dense(1, name="a/b"),
    ("KER842", "if"): lambda folder: _Deciding()(keras.Input((3,))),
    ("KER843", "None"): lambda folder: _with_none(),
    ("KER846", "metrics"): lambda folder: network().compile("sgd", "mse", metrics="mae"),
    ("KER846", "weighted_metrics"): lambda folder: network().compile("sgd", "mse", weighted_metrics=keras.metrics.MeanAbsoluteError()),
    ("KER844", "tensorflow.py_function"): lambda folder: _compiled_by_xla(),
}
WORKING: dict[tuple[str, str], Callable[[Path], Any]] = {
    ("KER809", "save"): lambda folder: network().save(str(folder / "model.keras")),
    ("KER811", "save_weights"): lambda folder: network().save_weights(str(folder / "model.weights.h5")),
    ("KER812", "filepath"): lambda folder: keras.callbacks.ModelCheckpoint("a.weights.h5", save_weights_only=True),
    ("KER820", "shape"): lambda folder: keras.Input(shape=(10,)),
    ("KER828", "add_weight"): lambda folder: keras.layers.Layer().add_weight(name="kernel", shape=(3,)),
    ("KER830", "tensorflow"): lambda folder: keras.ops.mean(_symbolic()),
    ("KER840", "name"): lambda folder: keras.metrics.Mean(name="a/b"),
    ("KER846", "metrics"): lambda folder: network().compile("sgd", "mse", metrics=["mae"]),
}


@pytest.mark.parametrize("row", migration.rows("call"), ids=lambda row: f"{row.code}-{row.old}")
def test_call(row: Row, tmp_path: Path) -> None:
    key = row.code, row.old
    if row.code == "KER810":
        network().save(str(tmp_path / "model.h5"))
        return
    if key not in FAILING:
        assert row.code == "KER844"
        return
    with pytest.raises((ValueError, TypeError, AttributeError, tf.errors.OpError)):
        FAILING[key](tmp_path)
    if key in WORKING:
        WORKING[key](tmp_path)


@pytest.mark.parametrize("name", ["mean", "sum", "square", "reshape", "concatenate", "l2_normalize"])
def test_the_backend_of_tf_keras_refuses_symbolic_tensors(name: str) -> None:
    arguments = {"reshape": (_symbolic(), (12,)), "concatenate": ([_symbolic(), _symbolic()],)}.get(name, (_symbolic(),))
    with pytest.raises((ValueError, AttributeError)):
        getattr(tf.keras.backend, name)(*arguments)


def test_keras_2_took_it() -> None:
    """What is said to have worked before 3.0 works with tf_keras."""
    layers = tf_keras.layers
    assert layers.Dense(1, batch_input_shape=(None, 3)) is not None
    assert layers.Embedding(3, 2, input_length=3) is not None
    assert layers.LeakyReLU(alpha=0.1) is not None
    assert layers.BatchNormalization(fused=True) is not None
    assert layers.Dense(1, activation="LeakyReLU") is not None
    assert layers.Dense(1, name="a/b") is not None
    assert tuple(tf_keras.Input(shape=10).shape) == (None, 10)
    assert all(tf_keras.metrics.get(word) is not None for word in ("cosine_proximity", "logcosh", "kld"))
    assert all(tf_keras.losses.get(word) is not None for word in ("kullback_leibler_divergence", "logcosh", "huber_loss"))
    model = tf_keras.Sequential([tf_keras.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", sample_weight_mode=None)
    model.compile("sgd", "mse", metrics="mae", weighted_metrics="mae")
    assert model.layers[0].output_shape == (None, 1)
    assert all(hasattr(model, row.old) for row in migration.rows("method") if row.code == "KER806")


def test_every_rule_of_the_migration_is_in_the_table() -> None:
    told_of = {row.code for section in ("path", "argument", "method", "attribute", "call") for row in migration.rows(section)}
    told_of |= {word.row.code for kind in GETTERS for word in migration.words(kind).values()}
    by_catalog = {"KER845"}  # what no version of Keras has, the catalogs alone tell
    assert told_of - {""} == {code for code in rules() if code.startswith("KER8")} - by_catalog


REFUSING: list[Callable[[], object]] = [
    lambda: keras.layers.Dense(4, unit_norm=True),
    lambda: keras.layers.LSTM(4, montior=1),
    lambda: keras.optimizers.Adam(leaning_rate=1e-3),
    lambda: keras.callbacks.ModelCheckpoint("best.keras", montior="val_loss"),
    lambda: keras.losses.Huber(from_logits=True),
    lambda: keras.metrics.AUC(threshold=0.5),
    lambda: keras.initializers.RandomNormal(std=1.0),
    lambda: keras.Sequential().add(keras.layers.Dense(1), input_shape=(3,)),
    lambda: network().fit(X, Y, epoch=1),
]


@pytest.mark.parametrize("call", REFUSING)
def test_an_argument_that_no_version_has_is_refused(call: Callable[[], object]) -> None:
    """What KER845 says of an argument is what Keras does with it."""
    with pytest.raises((TypeError, ValueError)):
        call()


@pytest.mark.parametrize("name", [*operations()])
def test_operations(name: str) -> None:
    """What the table says of the functions of TensorFlow and of `keras.ops`: arguments in the same places, with the same defaults."""
    module, _, last = name.removeprefix("tensorflow.").rpartition(".")
    old: Any = {"": tf, "tensorflow": tf, "keras.backend": tf.keras.backend}.get(module) or getattr(tf, module)
    if not hasattr(old, last):
        assert any(hasattr(each, last) for each in (tf, tf.math, tf.nn, tf.linalg))
        return
    row = operations()[name]
    before, after = (inspect.signature(function).parameters for function in (getattr(old, last), getattr(keras.ops, row.name[10:])))
    for place, (mine, theirs) in enumerate(row.arguments.items()):
        assert (list(before)[place], list(after)[place]) == (mine, theirs)
        defaults = before[mine].default, after[theirs].default
        assert defaults[0] in (inspect.Parameter.empty, defaults[1]) or mine in row.needed or defaults == (None, -1)
