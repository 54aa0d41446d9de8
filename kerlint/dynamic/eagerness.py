"""One step without a graph: tracing a step takes half a second, running it some milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from kerlint.dynamic import gathering
from kerlint.dynamic.describing import layers

FUNCTIONS = ("train_function", "test_function", "predict_function")
"""The steps that a model keeps once they are traced."""
LIBRARIES = ("keras.", "tf_keras.")


@contextmanager
def eager(model: Any, compiled: Mapping[str, Any], keras: ModuleType, backend: str) -> Iterator[None]:
    """Let steps of a model run without a graph, if that comes to the same."""
    if backend != "tensorflow" or model.run_eagerly or not _same(model, compiled, keras):
        yield
        return
    kept = {name: getattr(model, name, None) for name in FUNCTIONS}
    _set(model, True, dict.fromkeys(FUNCTIONS))
    try:
        yield
    finally:
        _set(model, False, kept)


def _set(model: Any, eagerly: bool, functions: Mapping[str, Any]) -> None:
    model.run_eagerly = eagerly
    for name, function in functions.items():
        setattr(model, name, function)


def _same(model: Any, compiled: Mapping[str, Any], keras: ModuleType) -> bool:
    """Whether a graph would do the same: code of the user's own may be refused there. Recurrent layers are slow without one."""
    parts = [model, *layers(model)]
    if any(isinstance(part, (keras.layers.RNN, keras.layers.Bidirectional, keras.layers.Lambda)) for part in parts):
        return False
    used = [part for name in ("loss", "metrics", "weighted_metrics") for part in gathering.leaves(compiled.get(name))]
    return all(_of_keras(part) for part in (*parts, *used, getattr(model, "optimizer", None)))


def _of_keras(part: Any) -> bool:
    match part:
        case None | str():
            return True
        case _:
            return str(getattr(part, "__module__", type(part).__module__)).startswith(LIBRARIES)
