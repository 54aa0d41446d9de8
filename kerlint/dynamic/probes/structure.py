"""The layers of a running model, and what each was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LINEAR = "linear"


def leaves(owner: Any) -> list[Any]:
    """The layers of a model in order, each once: models and layers of the user's own are looked into, layers of Keras are not."""
    return list({id(layer): layer for layer in _leaves(owner)}.values())


def _leaves(owner: Any) -> Iterator[Any]:
    for part in owner._flatten_layers(include_self=False, recursive=False):
        if _looked_into(part) and list(part._flatten_layers(include_self=False, recursive=False)):
            yield from _leaves(part)
        else:
            yield part


def _looked_into(layer: Any) -> bool:
    own = type(layer).__module__.partition(".")[0] not in ("keras", "tf_keras", "tensorflow")
    return own or callable(getattr(layer, "fit", None))


def weighted(owner: Any) -> list[Any]:
    """The layers that multiply by a matrix of weights, in order."""
    return [layer for layer in leaves(owner) if kernels(layer)]


def kernels(layer: Any) -> list[Any]:
    """The weights of a layer that are matrices or more; biases and scales are vectors."""
    return [weight for weight in layer.weights if len(weight.shape) > 1]


def kind(layer: Any) -> str:
    """The name of its class."""
    return str(type(layer).__name__)


def activation(layer: Any) -> str:
    """The name of the activation that it applies itself, or ""."""
    function = getattr(layer, "activation", None)
    if function is None:
        return {"Softmax": "softmax", "ReLU": "relu", "LeakyReLU": "leaky_relu"}.get(kind(layer), "")
    return str(getattr(function, "__name__", "") or type(function).__name__)


def named(weight: Any) -> str:
    """The last part of its name: "kernel" of "dense/kernel" and of "dense/kernel:0"."""
    return str(weight.name).rpartition("/")[2].partition(":")[0]


def backend() -> str:
    """tensorflow, jax or torch."""
    import sys

    keras = sys.modules.get("keras")
    return str(keras.backend.backend()) if keras else "tensorflow"


NORMALIZERS = ("Normalization", "BatchNormalization", "LayerNormalization", "GroupNormalization", "UnitNormalization", "Rescaling")


def normalizer(owner: Any) -> str:
    """The name of a layer that normalizes in front of every kernel, or ""."""
    for layer in leaves(owner):
        if kind(layer) in NORMALIZERS:
            return str(layer.name)
        if kernels(layer):
            return ""
    return ""
