"""Inputs and labels for a model whose own data are not at hand: of the shape it takes, of the kind its loss needs, and learnable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerlint.dynamic import gathering
from kerlint.dynamic.describing import layers
from kerlint.dynamic.gathering import Data, UnreadableError

ROWS = 256
OPEN = 16
"""Length of an axis that the model leaves open: a sentence, a series."""
WIDEST = 64
"""Length of an open axis of a picture."""
MOST_VALUES = 1 << 24
"""Numbers of the inputs in all; of larger inputs there are fewer rows."""
BATCH = 32


def data(model: Any, compiled: Mapping[str, Any]) -> Data:
    """Rows for a compiled model that knows its input shape. Raises UnreadableError."""
    inputs = getattr(model, "inputs", None)
    if not model.built or not inputs:
        raise UnreadableError("its input shape is not known without its data")
    generator = np.random.default_rng(0)
    shapes = [_filled(each.shape) for each in inputs]
    rows = int(max(2, min(ROWS, MOST_VALUES // max(1, sum(int(np.prod(shape)) for shape in shapes)))))
    # A model with a vocabulary looks numbers up; what it takes is below the smallest one.
    words = min([layer.input_dim for layer in layers(model) if type(layer).__name__ == "Embedding"], default=0)
    arrays = [_values(generator, (rows, *shape), str(each.dtype), words) for shape, each in zip(shapes, inputs, strict=True)]
    x = arrays[0] if len(arrays) == 1 else arrays
    losses = compiled.get("loss")
    outputs = list(model.outputs)
    direction = _direction(arrays[0])
    each = list(losses.values()) if isinstance(losses, dict) else losses if isinstance(losses, (list, tuple)) else [losses] * len(outputs)
    labels = [_labels(generator, direction, tuple(output.shape), loss) for output, loss in zip(outputs, each, strict=False)]
    y = labels[0] if len(labels) == 1 else labels

    def batch() -> dict[str, Any]:
        return {"x": gathering.head(x, BATCH), "y": gathering.head(y, BATCH)}

    return Data("arrays", x, y, None, rows, BATCH, -(-rows // BATCH), batch)


def _filled(shape: Any) -> tuple[int, ...]:
    inner = tuple(shape)[1:]
    return tuple(WIDEST if axis is None and len(inner) == 3 else OPEN if axis is None else int(axis) for axis in inner)


def _values(generator: Any, shape: tuple[int, ...], dtype: str, words: int) -> Any:
    if words or "int" in dtype:
        return generator.integers(0, words or 2, shape).astype("int32")
    return generator.normal(size=shape).astype("float32")


def _direction(inputs: Any) -> Any:
    """One number for each row that depends on its inputs, so that there is something to learn; its mean is 0 and its spread 1."""
    flat = inputs.reshape(len(inputs), -1).astype("float64")
    score = flat[:, : min(8, flat.shape[1])].sum(1)
    return (score - score.mean()) / (score.std() or 1.0)


def _labels(generator: Any, score: Any, shape: tuple[Any, ...], loss: Any) -> Any:
    """Labels for one output, of the form that its loss takes."""
    name = loss if isinstance(loss, str) else str(getattr(loss, "name", None) or getattr(loss, "__name__", "") or "")
    inner = tuple(OPEN if axis is None else int(axis) for axis in shape[1:])
    classes = inner[-1] if inner else 1
    rank = np.clip(((score.argsort().argsort() / len(score)) * max(classes, 2)).astype(int), 0, max(classes, 2) - 1)
    spread = rank.reshape(-1, *[1] * (len(inner) - 1)) * np.ones((1, *inner[:-1]), int)
    if "sparse" in name:
        return spread.astype("int32")
    if "categorical" in name:
        return np.eye(classes, dtype="float32")[np.clip(spread, 0, classes - 1)]
    if "binary" in name or "bce" in name or "hinge" in name:
        return np.broadcast_to((score > 0).astype("float32").reshape(-1, *[1] * len(inner)), (len(score), *inner)).copy()
    return np.broadcast_to(score.astype("float32").reshape(-1, *[1] * len(inner)), (len(score), *inner)).copy()
