"""The catalog against the installed Keras 3 and tf_keras, and the tables written by hand."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tf_keras

from kerlint.semantics import catalog
from kerlint.semantics.catalog import introspection


def test_regenerating_equals_what_is_stored() -> None:
    third = introspection.keras3()
    for name, entries in (("keras3", third), ("keras2", introspection.keras2(third))):
        stored = (catalog.HERE / f"{name}.json").read_text(encoding="utf-8")
        differing = set(introspection.written(entries).splitlines()) ^ set(stored.splitlines())
        assert not differing, (
            f"{name}.json is not that of keras {keras.__version__} and tf_keras {tf_keras.__version__}: {sorted(differing)[:4]}"
        )


def test_regenerating_what_tf_keras_differs_in() -> None:
    assert introspection.by_line(introspection.tfkeras3()) == (catalog.HERE / "tfkeras3.json").read_text(encoding="utf-8")


CANONICAL = {
    "keras": "keras",
    "tensorflow.keras": "keras",
    "keras.layers": "keras.layers",
    "keras.layers.core": "keras.layers",
    "keras.layers.Dense": "keras.layers.Dense",
    "keras.layers.core.Dense": "keras.layers.Dense",
    "keras.src.layers.core.dense.Dense": "keras.layers.Dense",
    "tf_keras.layers.Dense": "keras.layers.Dense",
    "tensorflow.python.keras.layers.Dense": "keras.layers.Dense",
    "tensorflow.contrib.keras.layers.LSTM": "keras.layers.LSTM",
    "tensorflow.compat.v1.keras.layers.CuDNNLSTM": "keras.layers.CuDNNLSTM",
    "keras.layers.convolutional.Convolution2D": "keras.layers.Conv2D",
    "keras.layers.Deconvolution2D": "keras.layers.Conv2DTranspose",
    "keras.layers.MaxPool2D": "keras.layers.MaxPooling2D",
    "keras.layers.pooling.MaxPooling2D": "keras.layers.MaxPooling2D",
    "keras.layers.normalization.BatchNormalization": "keras.layers.BatchNormalization",
    "keras.layers.normalization.batch_normalization.BatchNormalization": "keras.layers.BatchNormalization",
    "keras.layers.advanced_activations.LeakyReLU": "keras.layers.LeakyReLU",
    "keras.layers.recurrent.LSTM": "keras.layers.LSTM",
    "keras.layers.embeddings.Embedding": "keras.layers.Embedding",
    "keras.layers.wrappers.TimeDistributed": "keras.layers.TimeDistributed",
    "keras.layers.merge.concatenate": "keras.layers.concatenate",
    "keras.layers.merge": "keras.layers.merge",
    "keras.layers.experimental.preprocessing.Rescaling": "keras.layers.Rescaling",
    "keras.layers.TimeDistributedDense": "keras.layers.Dense",
    "keras.engine.Layer": "keras.layers.Layer",
    "keras.engine.topology.Input": "keras.Input",
    "keras.engine.training.Model": "keras.Model",
    "keras.layers.Input": "keras.Input",
    "keras.models.Model": "keras.Model",
    "keras.models.Sequential": "keras.Sequential",
    "keras.Sequential.fit": "keras.Model.fit",
    "keras.optimizers.legacy.Adam": "keras.optimizers.Adam",
    "keras.optimizers.experimental.AdamW": "keras.optimizers.AdamW",
    "keras.optimizer_v2.adam.Adam": "keras.optimizers.Adam",
    "tensorflow.optimizers.Adam": "keras.optimizers.Adam",
    "tensorflow.train.AdamOptimizer": "keras.optimizers.Adam",
    "tensorflow.compat.v1.train.GradientDescentOptimizer": "keras.optimizers.SGD",
    "tensorflow.keras.experimental.CosineDecay": "keras.optimizers.schedules.CosineDecay",
    "tensorflow.losses.MeanSquaredError": "keras.losses.MeanSquaredError",
    "keras.objectives.mse": "keras.losses.mean_squared_error",
    "keras.metrics.mse": "keras.losses.mean_squared_error",
    "keras.regularizers.l2": "keras.regularizers.L2",
    "tensorflow.random_normal_initializer": "keras.initializers.RandomNormal",
    "keras.utils.np_utils.to_categorical": "keras.utils.to_categorical",
    "keras.utils.vis_utils.plot_model": "keras.utils.plot_model",
    "keras.utils.data_utils.Sequence": "keras.utils.PyDataset",
    "keras.preprocessing.sequence.pad_sequences": "keras.utils.pad_sequences",
    "keras.preprocessing.image_dataset_from_directory": "keras.utils.image_dataset_from_directory",
    "keras.preprocessing.image.ImageDataGenerator": "keras.preprocessing.image.ImageDataGenerator",
    "keras.applications.vgg16.VGG16": "keras.applications.VGG16",
    "keras.applications.vgg16.preprocess_input": "keras.applications.vgg16.preprocess_input",
    "keras.datasets.mnist.load_data": "keras.datasets.mnist.load_data",
    "tensorflow.compat.v1.reshape": "tensorflow.reshape",
    "tensorflow.nn.relu": "tensorflow.nn.relu",
    "tensorflow.data.Dataset": "tensorflow.data.Dataset",
    "keras.layers.NoSuch": "keras.layers.NoSuch",
    "tensorflow.keras.layers.NoSuch": "keras.layers.NoSuch",
    "numpy.array": "numpy.array",
}


@pytest.mark.parametrize("written", CANONICAL)
def test_canonical(written: str) -> None:
    assert catalog.canonical(written) == CANONICAL[written]


def test_canonical_names_stand_for_themselves() -> None:
    for name in catalog.names():
        assert catalog.canonical(name) == name


def test_every_public_layer_loss_metric_and_optimizer_is_there() -> None:
    for package in (keras, tf_keras):
        for kind, base in (("layers", "Layer"), ("losses", "Loss"), ("metrics", "Metric"), ("optimizers", "Optimizer")):
            module = getattr(package, kind)
            for name, thing in vars(module).items():
                if isinstance(thing, type) and issubclass(thing, getattr(module, base)):
                    assert catalog.entry(f"keras.{kind}.{name}") is not None, name


def pair(*values: Any) -> tuple[Any, ...]:
    return values


BOUND: list[tuple[str, list[Any], dict[str, Any], dict[str, Any]]] = [
    ("keras.layers.Dense", [64, "relu"], {}, {"units": 64, "activation": "relu"}),
    (
        "keras.layers.Dense",
        [],
        {"output_dim": 64, "init": "one", "bias": False},
        {"units": 64, "kernel_initializer": "one", "use_bias": False},
    ),
    ("keras.layers.Embedding", [9], {"output_dim": 64, "init": "one"}, {"input_dim": 9, "output_dim": 64, "embeddings_initializer": "one"}),
    ("keras.layers.Convolution2D", [32, 3, 3], {"border_mode": "same"}, {"filters": 32, "kernel_size": (3, 3), "padding": "same"}),
    ("keras.layers.Convolution2D", [], {"nb_filter": 8, "nb_row": 3, "nb_col": 5}, {"filters": 8, "kernel_size": (3, 5)}),
    ("keras.layers.Conv2D", [32, 3, 3], {"subsample": (2, 2)}, {"filters": 32, "kernel_size": (3, 3), "strides": (2, 2)}),
    ("keras.layers.Conv2D", [32, 3, 3], {}, {"filters": 32, "kernel_size": 3, "strides": 3}),
    ("tensorflow.keras.layers.Convolution2D", [32, 3, 3], {}, {"filters": 32, "kernel_size": 3, "strides": 3}),
    ("keras.layers.Dropout", [], {"p": 0.5}, {"rate": 0.5}),
    ("keras.layers.MaxPooling1D", [], {"pool_length": 2, "stride": 1}, {"pool_size": 2, "strides": 1}),
    (
        "keras.layers.LSTM",
        [5],
        {"inner_activation": "sigmoid", "dropout_W": 0.2},
        {"units": 5, "recurrent_activation": "sigmoid", "dropout": 0.2},
    ),
    ("keras.layers.LeakyReLU", [], {"alpha": 0.2}, {"negative_slope": 0.2}),
    ("keras.layers.ELU", [], {"alpha": 0.2}, {"alpha": 0.2}),
    ("keras.Model", [], {"input": 1, "output": 2}, {"inputs": 1, "outputs": 2}),
    ("keras.Model", [1, 2], {}, {"inputs": 1, "outputs": 2}),
    ("keras.optimizers.Adam", [], {"lr": 0.1, "clipnorm": 1.0}, {"learning_rate": 0.1, "clipnorm": 1.0}),
    ("tensorflow.train.AdamOptimizer", [0.1], {"beta1": 0.5}, {"learning_rate": 0.1, "beta_1": 0.5}),
    ("keras.Model.fit", [1, 2, 32], {"nb_epoch": 3}, {"x": 1, "y": 2, "batch_size": 32, "epochs": 3}),
    ("keras.Model.fit_generator", [1], {"samples_per_epoch": 100, "nb_epoch": 3}, {"generator": 1, "samples_per_epoch": 100, "epochs": 3}),
    ("keras.utils.to_categorical", [1], {"nb_classes": 10}, {"x": 1, "num_classes": 10}),
    ("tensorflow.reshape", [1, 2], {}, {"tensor": 1, "shape": 2}),
    ("numpy.array", [1], {"dtype": 2}, {"0": 1, "dtype": 2}),
]


@pytest.mark.parametrize(("name", "positional", "keywords", "expected"), BOUND)
def test_bind(name: str, positional: list[Any], keywords: dict[str, Any], expected: dict[str, Any]) -> None:
    assert catalog.bind(name, positional, keywords, pair) == expected


def test_without_a_pair_rows_and_columns_keep_their_names() -> None:
    assert catalog.bind("keras.layers.Convolution2D", [8, 3, 5], {}) == {"filters": 8, "nb_row": 3, "nb_col": 5}


def test_signatures_follow_keywords_to_the_bases() -> None:
    names = {parameter.name for parameter in catalog.entry("keras.layers.Conv2D").parameters}  # type: ignore[union-attr]
    assert {"filters", "kernel_size", "activity_regularizer", "name", "dtype", "trainable", "input_shape"} <= names
    assert not names & {"rank", "fn"}
    optimizer = catalog.entry("keras.optimizers.Adam")
    assert optimizer is not None
    assert {"clipnorm", "weight_decay", "learning_rate"} <= {parameter.name for parameter in optimizer.parameters}
    assert optimizer.versions == {"2", "3"}


def test_defaults_are_those_of_keras() -> None:
    assert catalog.defaults("keras.optimizers.SGD")["learning_rate"] == 0.01
    assert catalog.defaults("keras.layers.MaxPooling2D")["pool_size"] == (2, 2)
    assert catalog.defaults("keras.Model.fit")["epochs"] == 1
    assert "units" not in catalog.defaults("keras.layers.Dense")
    assert dict(catalog.defaults("numpy.array")) == {}


@pytest.mark.parametrize("kind", ["loss", "metric", "optimizer", "initializer", "regularizer"])
def test_strings_are_what_keras_makes_of_them(kind: str) -> None:
    """Every string that Keras 3 reads as a class, by its name or in snake case, is that class here."""
    table = {"loss": "losses"}.get(kind, f"{kind}s")
    strings = importlib.import_module(f"keras.src.{table}").ALL_OBJECTS_DICT
    checked = 0
    for text, thing in strings.items():
        if isinstance(thing, type) and text not in ("accuracy", "Accuracy") and catalog.entry(f"keras.{table}.{thing.__name__}"):
            assert catalog.from_string(kind, text) == f"keras.{table}.{thing.__name__}", text
            checked += 1
    assert checked > 3


STRINGS = [
    ("loss", "mse", "keras.losses.MeanSquaredError"),
    ("loss", "MSE", "keras.losses.MeanSquaredError"),
    ("loss", "sparse_categorical_crossentropy", "keras.losses.SparseCategoricalCrossentropy"),
    ("loss", "kullback_leibler_divergence", "keras.losses.KLDivergence"),
    ("loss", "nonsense", None),
    ("metric", "mae", "keras.metrics.MeanAbsoluteError"),
    ("metric", "accuracy", None),
    ("metric", "acc", None),
    ("metric", "crossentropy", None),
    ("optimizer", "adam", "keras.optimizers.Adam"),
    ("optimizer", "RMSprop", "keras.optimizers.RMSprop"),
    ("initializer", "normal", "keras.initializers.RandomNormal"),
    ("initializer", "glorot_uniform", "keras.initializers.GlorotUniform"),
    ("regularizer", "l2", "keras.regularizers.L2"),
    ("activation", "relu", "relu"),
    ("activation", "swish", "silu"),
    ("activation", "no_such", None),
]


@pytest.mark.parametrize(("kind", "text", "expected"), STRINGS)
def test_from_string(kind: str, text: str, expected: str | None) -> None:
    assert catalog.from_string(kind, text) == expected


CLASSES = {
    "keras.losses.binary_crossentropy": "keras.losses.BinaryCrossentropy",
    "keras.losses.BinaryCrossentropy": "keras.losses.BinaryCrossentropy",
    "keras.metrics.binary_accuracy": "keras.metrics.BinaryAccuracy",
    "keras.regularizers.l2": "keras.regularizers.L2",
    "keras.activations.relu": "relu",
    "tensorflow.nn.relu": "relu",
    "tensorflow.nn.swish": "silu",
    "keras.layers.LeakyReLU": "leaky_relu",
    "keras.layers.Softmax": "softmax",
    "keras.losses.get": None,
    "tensorflow.reshape": None,
}


@pytest.mark.parametrize("name", CLASSES)
def test_class_of_a_function(name: str) -> None:
    assert catalog.loss_class(name) == CLASSES[name]


def test_asking_imports_no_keras() -> None:
    ask = "import sys; from kerlint.semantics import catalog; catalog.entry('keras.layers.Dense')"
    code = f"{ask}; assert not {{'keras', 'tf_keras', 'tensorflow', 'numpy'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
