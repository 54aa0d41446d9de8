"""P2, P3 and P4: one batch forward and backward, before the first step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerlint.dynamic.measurements import Activations, FirstLoss, Gradients, LayerActivation, LayerGradient, Output
from kerlint.dynamic.probes.baseline import Baseline
from kerlint.dynamic.probes.clock import DeclinedError
from kerlint.dynamic.probes.keeping import kept
from kerlint.dynamic.probes.nesting import arrays, each
from kerlint.dynamic.probes.structure import activation, backend, kernels, kind, leaves
from kerlint.dynamic.subject import Subject

BOUNDS = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softmax": (0.0, 1.0)}
NEAR = 0.01
"""An activation is saturated within this share of its range from a bound: the slope of a sigmoid is 0.01 there, 1/25 of its greatest."""
HUGE_RATE = 2.0**20
"""The gradient is read off a step of SGD at this rate; a power of two divides without an error."""


@dataclass
class Recorder:
    """What layers received and gave in one forward pass."""

    received: dict[int, Any] = field(default_factory=dict)
    given: dict[int, Any] = field(default_factory=dict)
    before: dict[int, Any] = field(default_factory=dict)

    @contextmanager
    def listening(self, layers: list[Any]) -> Iterator[None]:
        """Layers tell this recorder what passes them."""
        with ExitStack() as stack:
            for layer in layers:
                stack.enter_context(_wrapped(layer, "call", lambda call, layer=layer: self._called(layer, call)))
                if callable(getattr(layer, "activation", None)) and kernels(layer):
                    stack.enter_context(_wrapped(layer, "activation", lambda function, layer=layer: self._activated(layer, function)))
            yield

    def _called(self, layer: Any, call: Any) -> Any:
        def listened(*args: Any, **kwargs: Any) -> Any:
            given = call(*args, **kwargs)
            self.received.setdefault(id(layer), args[0] if args else next(iter(kwargs.values()), None))
            self.given.setdefault(id(layer), given)
            return given

        return listened

    def _activated(self, layer: Any, function: Any) -> Any:
        def listened(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            self.before.setdefault(id(layer), inputs)
            return function(inputs, *args, **kwargs)

        return listened


@contextmanager
def _wrapped(layer: Any, name: str, wrap: Any) -> Iterator[None]:
    """An attribute that is replaced past the tracking of Keras, and taken away again."""
    attributes = vars(layer)
    own = name in attributes
    before = getattr(layer, name)
    attributes[name] = wrap(before)
    try:
        yield
    finally:
        if own:
            attributes[name] = before
        else:
            del attributes[name]


@dataclass(frozen=True, slots=True)
class Pass:
    """One batch forward: the predictions, and the layers in the order of computation with what passed them."""

    predictions: Any
    layers: tuple[Any, ...]
    recorder: Recorder
    penalty: float


def forward(model: Any, x: Any) -> Pass:
    """The batch through the model in prediction."""
    recorder = Recorder()
    layers = leaves(model)
    with recorder.listening(layers):
        predictions = model(each(x, tensor), training=False)
    found = {id(layer): layer for layer in layers}
    return Pass(predictions, tuple(found[name] for name in recorder.given), recorder, sum(float(number(part)) for part in model.losses))


def told(subject: Subject, passed: Pass, loss: Any, compared: Baseline) -> Iterator[FirstLoss | Activations]:
    """P2 and P4; `loss` is what the batch costs before the first step, None if that is not known."""
    yield FirstLoss(
        fit=subject.fit,
        loss=finite(loss),
        expected=compared.expected,
        basis=compared.basis,
        penalty=finite(passed.penalty),
        outputs=tuple(_output(name, number(array), head(passed, array)) for name, array in arrays(passed.predictions)),
    )
    yield Activations(fit=subject.fit, layers=tuple(_activation(layer, passed.recorder) for layer in passed.layers))


def head(passed: Pass, output: Any) -> str:
    """The activation of the layer that gives an output."""
    return next((activation(layer) for layer in reversed(passed.layers) if passed.recorder.given[id(layer)] is output), "")


def tensor(array: Any) -> Any:
    """An array as Keras takes it in a call: float64 as float32."""
    array = np.asarray(array)
    return array.astype("float32") if array.dtype == np.float64 else array


def number(value: Any) -> Any:
    """A tensor or variable of any backend as an array."""
    detached = value.detach() if callable(getattr(value, "detach", None)) else value
    array = np.asarray(detached.numpy() if callable(getattr(detached, "numpy", None)) else detached)
    return array.astype("float32") if array.dtype.kind not in "biufOUS" else array  # bfloat16


def finite(value: Any) -> float | None:
    """A number as JSON can say it."""
    return float(value) if value is not None and math.isfinite(float(value)) else None


def _output(name: str, array: Any, activation: str) -> Output:
    rows = array.reshape(len(array), -1).astype("float64") if array.ndim else array.reshape(1, 1)
    several = array.ndim > 1 and array.shape[-1] > 1
    sums = array.sum(axis=-1) if several else None
    return Output(
        name,
        array.shape,
        activation,
        low=finite(rows.min()),
        high=finite(rows.max()),
        std=finite(rows.std(axis=0).max()),
        sums=(float(sums.min()), float(sums.max())) if sums is not None and np.isfinite(sums).all() else None,
        empty=float((rows == 0).all(axis=1).mean()),
    )


def _activation(layer: Any, recorder: Recorder) -> LayerActivation:
    given = _flat(recorder.given[id(layer)])
    received, before = _flat(recorder.received.get(id(layer))), _flat(recorder.before.get(id(layer)))
    name = activation(layer)
    return LayerActivation(
        str(layer.name),
        kind(layer),
        name,
        shape=given.shape if given is not None else (),
        largest_input=finite(np.abs(received).max()) if received is not None and received.size else None,
        typical_input=finite(np.sqrt(np.square(received).mean())) if received is not None and received.size else None,
        **(_spread(given, name) if given is not None and given.size else {}),
        before=finite(before.std()) if before is not None and before.size else None,
    )


def _spread(given: Any, name: str) -> dict[str, Any]:
    units = given.reshape(-1, given.shape[-1]) if given.ndim > 1 else given.reshape(-1, 1)
    told: dict[str, Any] = {"mean": finite(given.mean()), "std": finite(given.std()), "unit_std": finite(np.median(units.std(axis=0)))}
    told["dead"] = float((units == 0).all(axis=0).mean())
    if name in BOUNDS:
        low, high = BOUNDS[name]
        near = NEAR * (high - low)
        told["saturated"] = float(((given < low + near) | (given > high - near)).mean())
    return told


def _flat(value: Any) -> Any:
    """The first array of nested data with numbers in it, None where there is none."""
    first = next((array for _, array in arrays(value)), None)
    if first is None:
        return None
    array = number(first)
    return array.astype("float64") if array.dtype.kind in "biuf" else None


def gradients(subject: Subject, layers_in_order: tuple[Any, ...], found: Mapping[int, Any]) -> Gradients:
    """P3: the gradients of one backward pass (by the id of the variable; None: it has none), layer by layer."""
    layers = tuple(_gradient(layer, found) for layer in layers_in_order if kernels(layer))
    learning = [layer for layer in layers if layer.norm is not None]
    first, last = (learning[0].norm, learning[-1].norm) if len(learning) > 1 else (None, None)
    return Gradients(
        fit=subject.fit,
        layers=layers,
        ratio=first / last if first is not None and last else None,
        without=tuple(_path(weight) for weight in subject.model.trainable_weights if found.get(id(weight), 0) is None),
    )


def _path(weight: Any) -> str:
    return str(getattr(weight, "path", weight.name))


def _gradient(layer: Any, found: Mapping[int, Any]) -> LayerGradient:
    kernel = kernels(layer)[0]
    values, slope = number(kernel), found.get(id(kernel))
    norm = finite(np.linalg.norm(slope)) if slope is not None else None
    return LayerGradient(
        str(layer.name),
        kind(layer),
        activation(layer),
        norm=norm,
        weight_norm=finite(np.linalg.norm(values)),
        weight_std=finite(values.std()),
        equal_units=slope is not None and values.shape[-1] > 1 and _equal(values) and _equal(slope),
        parameters=sum(math.prod(weight.shape) for weight in layer.weights),
    )


def _equal(values: Any) -> bool:
    """Whether all units (last axis) have the same numbers."""
    units = values.reshape(-1, values.shape[-1])
    return bool(np.abs(units - units[:, :1]).max() <= 1e-6 * max(float(np.abs(units).max()), 1e-30))


def backward(subject: Subject, x: Any, y: Any, weights: Any) -> tuple[Any, dict[int, Any]]:
    """The loss of a batch and the gradient of every trainable weight, by its id: by a tape with TensorFlow, else by one step of SGD."""
    return taped(subject, x, y, weights) if backend() == "tensorflow" else stepped(subject, x, y, weights)


def taped(subject: Subject, x: Any, y: Any, weights: Any) -> tuple[Any, dict[int, Any]]:
    """With a gradient tape, which needs no compiled step (0.03 s against 0.5 s for a small model)."""
    import tensorflow as tf

    model, inputs = subject.model, each(x, tensor)
    # Keras 2 asks labels for a shape that only tensors have.
    labels, weights = (each(part, lambda array: tf.convert_to_tensor(tensor(array))) for part in (y, weights))
    with tf.GradientTape() as tape:
        loss = cost(model, inputs, labels, model(inputs, training=True), weights)
    variables = [
        getattr(weight, "value", weight) if not callable(getattr(weight, "value", None)) else weight for weight in model.trainable_weights
    ]
    found = tape.gradient(loss, variables)
    dense = (None if slope is None else number(tf.convert_to_tensor(slope)) for slope in found)
    return number(loss), dict(zip(map(id, model.trainable_weights), dense, strict=True))


def cost(model: Any, x: Any, y: Any, predictions: Any, weights: Any) -> Any:
    """The loss of predictions, with the penalties of layers."""
    labels = each(y, _as_tensor) if backend() == "tensorflow" else y  # Keras 2 takes no arrays
    return model.compute_loss(x=x, y=labels, y_pred=predictions, sample_weight=weights)


def _as_tensor(array: Any) -> Any:
    import tensorflow as tf

    return tf.convert_to_tensor(array)


def stepped(subject: Subject, x: Any, y: Any, weights: Any) -> tuple[Any, dict[int, Any]]:
    """With one step of SGD at a huge rate: gradient = (weights before - weights after) / rate, on every backend."""
    model = subject.model
    with kept(model):
        model.optimizer = subject.keras.optimizers.SGD(learning_rate=HUGE_RATE)
        model.train_function = None
        before = [number(weight).copy() for weight in model.trainable_weights]
        logs = model.train_on_batch(x, y, sample_weight=weights, return_dict=True)
        after = [number(weight).copy() for weight in model.trainable_weights]
    slopes = [(old - new) / HUGE_RATE for old, new in zip(before, after, strict=True)]
    if "loss" not in logs:
        raise DeclinedError("the steps of this model tell no loss")
    return logs["loss"], dict(zip(map(id, model.trainable_weights), slopes, strict=True))
