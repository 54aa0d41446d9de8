"""A model is left as it was found: weights, optimizer, states of random generators, attributes that a probe changes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

FUNCTIONS = ("train_function", "test_function", "predict_function")
"""Compiled steps that a model caches; a probe makes its own."""


@contextmanager
def kept(model: Any) -> Iterator[None]:
    """Whatever happens inside, the model, its optimizer and the random generators are afterwards as they were before."""
    state = values(model)
    optimizer = model.optimizer
    slots = values(optimizer)
    functions = {name: getattr(model, name, None) for name in FUNCTIONS}
    eager = model.run_eagerly
    with generators():
        try:
            yield
        finally:
            model.optimizer = optimizer
            model.run_eagerly = eager
            for name, function in functions.items():
                setattr(model, name, function)
            restore(state)
            restore(slots)
            model.reset_metrics()


def values(owner: Any) -> list[tuple[Any, Any]]:
    """Every variable of a model or optimizer with a copy of what it holds."""
    variables = getattr(owner, "variables", None) or ()
    listed = variables() if callable(variables) else variables  # Keras 2.10 and earlier: a method of the optimizer
    return [(variable, _content(variable)) for variable in listed]


def restore(state: list[tuple[Any, Any]]) -> None:
    """Give variables back what they held."""
    for variable, content in state:
        variable.assign(content)


def _content(variable: Any) -> Any:
    return np.array(variable.numpy() if callable(getattr(variable, "numpy", None)) else variable)


@contextmanager
def generators() -> Iterator[None]:
    """The random generators of Python, NumPy and TensorFlow's eager mode are afterwards where they were."""
    python, numpy = random.getstate(), np.random.get_state()
    eager = _eager_generator()
    state = eager.getstate() if eager else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        if eager:
            eager.setstate(state)


def _eager_generator() -> Any:
    """What `tf.random.set_seed` seeds, None where there is none. TensorFlow has no public name for it."""
    import sys

    module = sys.modules.get("tensorflow.python.eager.context")
    return getattr(module.context(), "_rng", None) if module else None


@contextmanager
def changed(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    """Attributes of layers that have another value for a while."""
    with ExitStack() as stack:
        for owner, name, value in changes:
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        yield
