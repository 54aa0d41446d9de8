"""P1: what the arrays hold that reach a fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerlint.dynamic.measurements import Array, Statistics
from kerlint.dynamic.probes.nesting import arrays, each
from kerlint.dynamic.probes.structure import normalizer
from kerlint.dynamic.subject import Subject

MOST_ROWS = 20_000
"""Rows that spreads are computed from, evenly spread over all."""
MOST_VALUES = 2_000_000
MOST_COLUMNS = 100
MOST_CLASSES = 1000
"""More distinct whole numbers than that are no classes."""
FEWEST_FOR_DRIFT = 50


def statistics(subject: Subject) -> Statistics:
    """Inputs, targets and validation data in numbers."""
    x, y = subject.whole or (subject.x, subject.y)
    held = subject.validation
    weights = subject.model.weights
    return Statistics(
        fit=subject.fit,
        arrays=(
            *described("x", x),
            *described("y", y),
            *described("sample weight", subject.sample_weight),
            *(described("validation x", held[0]) if held else ()),
            *(described("validation y", held[1]) if held else ()),
        ),
        parameters=sum(math.prod(weight.shape) for weight in weights),
        trainable=sum(math.prod(weight.shape) for weight in subject.model.trainable_weights),
        shared=shared(x, held[0]) if held else None,
        weighted=subject.class_weight is not None or subject.sample_weight is not None,
        validated=held is not None,
        earlier=subject.earlier,
        carried=subject.carried,
        normalizer=normalizer(subject.model),
    )


def described(role: str, data: Any) -> Iterator[Array]:
    """Statistics of every array of nested data."""
    return (describe(role, name, np.asarray(array)) for name, array in arrays(data))


def describe(role: str, name: str, array: Any) -> Array:
    """Range, spread, gaps and classes of one array; the last axis holds its features."""
    if array.dtype.kind not in "biuf":
        return Array(role, name, str(array.dtype), array.shape)
    numbers = sampled(array)
    if not numbers.size:
        return Array(role, name, str(array.dtype), array.shape, **gaps(array))
    whole = bool((numbers == np.round(numbers)).all())
    return Array(
        role,
        name,
        str(array.dtype),
        array.shape,
        low=float(numbers.min()),
        high=float(numbers.max()),
        mean=float(numbers.mean()),
        std=float(numbers.std()),
        typical=float(np.abs(numbers).mean()),
        deviation=float(np.abs(numbers - np.median(numbers)).mean()),
        whole=whole,
        **gaps(array),
        **(columns(numbers) if array.ndim == 2 else {}),
        **(labels(numbers, whole) if role.endswith("y") else {}),
    )


def sampled(array: Any) -> Any:
    """Finite rows that are evenly spread over an array, as float64."""
    most = max(min(MOST_ROWS, MOST_VALUES // max(1, math.prod(array.shape[1:]))), 64)
    numbers = array[:: max(1, math.ceil(len(array) / most))].astype("float64")
    return numbers[np.isfinite(numbers).reshape(len(numbers), -1).all(axis=1)]


def gaps(array: Any) -> dict[str, Any]:
    """How many numbers are not finite, and where the first of them is."""
    bad = ~np.isfinite(array) if array.dtype.kind == "f" else np.zeros(0, bool)
    if not bad.any():
        return {}
    first = np.argwhere(bad)[0]
    return {"missing": int(bad.sum()), "gap": (int(first[0]), int(first[-1]) if len(first) > 1 else 0)}


def columns(table: Any) -> dict[str, Any]:
    """Means and spreads of the columns of a table, and how far apart the spreads are."""
    spread, mean = table.std(axis=0), table.mean(axis=0)
    living = spread[spread > 0]
    return {
        "spread_ratio": float(living.max() / living.min()) if living.size > 1 else 1.0,
        "narrow": int(np.where(spread > 0, spread, np.inf).argmin()),
        "wide": int(spread.argmax()),
        "feature_mean": tuple(float(value) for value in mean[:MOST_COLUMNS]),
        "feature_std": tuple(float(value) for value in spread[:MOST_COLUMNS]),
    }


def labels(numbers: Any, whole: bool) -> dict[str, Any]:
    """What the labels of one output are: how many, one-hot or not, how often each class occurs, whether rows are sorted by them."""
    several = numbers.ndim > 1 and numbers.shape[-1] > 1
    totals: Any = numbers.sum(axis=-1) if several else None
    one_hot = bool(several and whole and numbers.min() == 0 and (totals == 1).all())
    classes = numbers.argmax(axis=-1) if one_hot else numbers
    values, counts = np.unique(classes, return_counts=True)
    few = len(values) <= MOST_CLASSES
    return {
        "distinct": len(values) if few else None,
        "one_hot": one_hot,
        "sums": (float(totals.min()), float(totals.max())) if totals is not None else None,
        "counts": tuple((float(value), int(count)) for value, count in zip(values, counts, strict=True)) if few and whole else (),
        "drift": drift(classes) if not several or one_hot else None,
    }


def drift(classes: Any) -> float | None:
    """By how many standard errors the mean of the last fifth of the rows differs from that of the rows before it."""
    flat = classes.reshape(len(classes), -1)[:, 0]
    if len(flat) < FEWEST_FOR_DRIFT:
        return None
    cut = len(flat) - len(flat) // 5
    error = flat.std() * math.sqrt(1 / cut + 1 / (len(flat) - cut))
    return float(abs(flat[:cut].mean() - flat[cut:].mean()) / error) if error > 0 else 0.0


def shared(one: Any, other: Any) -> int:
    """Rows of the first array of other data that are rows of the first array of one, too."""
    known = {row.tobytes() for row in _rows(one)}
    return sum(row.tobytes() in known for row in _rows(other))


def _rows(data: Any) -> Any:
    return next((np.ascontiguousarray(array[:MOST_ROWS]) for _, array in arrays(data)), ())


def standardized(data: Any) -> Any:
    """The same data with every feature at mean 0 and standard deviation 1; what is no number stays as it is."""
    return each(data, _standardized)


def _standardized(array: Any) -> Any:
    array = np.asarray(array)
    if array.dtype.kind not in "biuf" or not len(array):
        return array
    axes = tuple(range(max(1, array.ndim - 1)))
    numbers = array.astype("float64")
    spread = numbers.std(axis=axes, keepdims=True)
    return ((numbers - numbers.mean(axis=axes, keepdims=True)) / np.where(spread > 0, spread, 1.0)).astype("float32")
