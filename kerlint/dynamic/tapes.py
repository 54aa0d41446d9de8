"""Training without `fit`: a GradientTape and an optimizer, eager or in a tf.function, seen where the gradients are applied."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from kerlint.dynamic.describing import layers
from kerlint.dynamic.loops import COUNTER
from kerlint.dynamic.measurements import Declined, Gradients, LayerGradient
from kerlint.dynamic.protocol import Place

if TYPE_CHECKING:
    from kerlint.dynamic.training import Training

_running: list[Any] = []
"""The tf.functions that are being called, outermost first."""
_training: set[int] = set()
"""Those in which gradients are applied."""


def patch_functions(function: Any) -> None:
    """Count the calls of tf.functions that train: what stands in them runs as a graph, where nothing else is seen of it."""
    original = function.__call__

    @functools.wraps(original)
    def called(this: Any, *args: Any, **kwargs: Any) -> Any:
        _running.append(this)
        try:
            return original(this, *args, **kwargs)
        finally:
            _running.pop()
            if not _running and id(this) in _training:
                COUNTER.step()

    function.__call__ = called


class Tapes:
    """Sees the gradients that a script applies itself."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._seen: set[Place | None] = set()

    def patch(self) -> None:
        """Put this into the optimizers of Keras."""
        optimizer = self._training.keras.optimizers.Optimizer
        original: Callable[..., Any] = optimizer.apply_gradients

        @functools.wraps(original)
        def applied(this: Any, grads_and_vars: Any, *args: Any, **kwargs: Any) -> Any:
            if self._training.busy:
                return original(this, grads_and_vars, *args, **kwargs)
            pairs = list(grads_and_vars)
            self._count()
            with self._training.apart(), _eagerly():
                self._applied(this, pairs)
            with self._training.working():
                return original(this, pairs, *args, **kwargs)

        optimizer.apply_gradients = applied

    def _count(self) -> None:
        """A step in a tf.function is counted when that is called, this is when it is traced."""
        if _running:
            _training.add(id(_running[0]))
        else:
            COUNTER.step()

    def _applied(self, optimizer: Any, pairs: list[tuple[Any, Any]]) -> None:
        place = self._training.reporter.here()
        if place in self._seen:
            return
        self._seen.add(place)
        model = self._model([variable for _, variable in pairs])
        if model is not None:
            fit = self._training.begin_tape(model, optimizer, place)
            if _running:
                self._training.reporter.send(Declined(probe="P3", reason="the gradients of a tf.function are not seen", fit=fit))
            else:
                self._training.reporter.send(_gradients(fit, model, pairs))

    def _model(self, variables: list[Any]) -> Any:
        """The smallest model that has all these variables."""
        wanted = {id(variable) for variable in variables}
        found = [
            model
            for model in self._training.models()
            if wanted <= {id(weight) for weight in model.trainable_weights} | {id(weight) for weight in _values(model)}
        ]
        return min(found, key=lambda model: len(model.trainable_weights), default=None)


def _eagerly() -> AbstractContextManager[None]:
    """Out of the graph that a tf.function is being traced into: what a model is like is asked of real numbers."""
    if not _running:
        return nullcontext()
    import tensorflow as tf

    scope: AbstractContextManager[None] = tf.init_scope()
    return scope


def _values(model: Any) -> list[Any]:
    return [getattr(weight, "value", weight) for weight in model.trainable_weights]


def _gradients(fit: int, model: Any, pairs: list[tuple[Any, Any]]) -> Gradients:
    norms = {id(variable): (None if gradient is None else float(np.linalg.norm(_dense(gradient)))) for gradient, variable in pairs}
    found = []
    for layer in layers(model):
        own = [norms[id(weight)] for weight in layer.trainable_weights if id(weight) in norms]
        if own and not getattr(layer, "layers", None):
            total = float(np.sqrt(sum((norm or 0.0) ** 2 for norm in own)))
            found.append(LayerGradient(str(layer.name), type(layer).__name__, norm=total if np.isfinite(total) else None))
    first, last = (found[0].norm, found[-1].norm) if found else (None, None)
    without = tuple(str(getattr(variable, "path", variable.name)) for gradient, variable in pairs if gradient is None)
    return Gradients(fit=fit, layers=tuple(found), ratio=first / last if first is not None and last else None, without=without)


def _dense(gradient: Any) -> Any:
    return np.array(getattr(gradient, "values", gradient))
