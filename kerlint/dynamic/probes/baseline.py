"""What a loss is compared with: that of the best constant prediction, and that of a model that has not decided anything yet."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerlint.dynamic.probes.nesting import arrays
from kerlint.dynamic.probes.statistics import sampled

SHORT = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "bce": "binary_crossentropy"}


@dataclass(frozen=True, slots=True)
class Baseline:
    """`unit` is how a loss divided by `scale` is called ("loss/var(y)"); scale 0: to be divided by the first loss."""

    unit: str
    scale: float
    expected: float | None
    basis: str


UNKNOWN = Baseline("loss/first loss", 0.0, None, "")


def loss_name(loss: Any) -> str:
    """The name of the function that a loss is or wraps, in words of Keras ("mean_squared_error"); "" for several losses or none."""
    match loss:
        case None | dict() | list() | tuple():
            return ""
        case str():
            name = loss
        case _:
            name = str(getattr(loss, "__name__", "") or type(loss).__name__)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return SHORT.get(name, name)


def baseline(loss: Any, y: Any) -> Baseline:
    """What the losses of a model with one output are compared with."""
    targets = [np.asarray(array) for _, array in arrays(y)]
    if len(targets) != 1 or targets[0].dtype.kind not in "biuf" or not targets[0].size:
        return UNKNOWN
    found = _baseline(loss_name(loss), sampled(targets[0]))
    return found if found.scale > 0 and math.isfinite(found.scale) else UNKNOWN


def _baseline(name: str, y: Any) -> Baseline:
    match name:
        case "mean_squared_error":
            variance = float(y.var(axis=0).mean())
            return Baseline("loss/var(y)", variance, variance, "var(y)")
        case "mean_absolute_error":
            deviation = float(np.abs(y - np.median(y, axis=0)).mean())
            return Baseline("loss/mad(y)", deviation, deviation, "mad(y)")
        case "binary_crossentropy":
            share = np.clip(y.mean(axis=0), 0.0, 1.0)
            return Baseline("loss/H(y)", float(_entropy(np.stack([share, 1 - share])).mean()), math.log(2), "ln 2")
        case "categorical_crossentropy" if y.ndim > 1:
            units = y.shape[-1]
            shares = y.reshape(-1, units).mean(axis=0)
            return Baseline("loss/H(y)", float(_entropy(shares)), math.log(units), f"ln {units}")
        case "sparse_categorical_crossentropy":
            values, counts = np.unique(y, return_counts=True)
            classes = max(int(values.max()) + 1, 1)
            return Baseline("loss/H(y)", float(_entropy(counts / counts.sum())), math.log(classes), f"ln {classes}")
        case _:
            return UNKNOWN


def _entropy(shares: Any) -> Any:
    """In nats, over the first axis."""
    return -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=0)
