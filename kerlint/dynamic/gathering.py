"""Some rows of what is given to `fit`, whatever it is: arrays, several of them, a tf.data pipeline, a generator, a PyDataset."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerlint.dynamic.subject import ROWS

BATCHES = 64
"""Batches that are taken at most from what gives batches."""
SECONDS = 4.0
"""Time after which no more batches are taken."""
BATCH = 32
"""What Keras takes when no batch size is given."""


@dataclass(frozen=True)
class Data:
    """What `fit` is given, looked into.

    `x`, `y`, `weight` are numpy arrays, or lists or dicts of them, of at most ROWS rows. `batch` gives one batch as the same kind of thing
    as the user's own, as the arguments of `fit` that say what the data are. `whole` are the user's arrays where they are arrays.
    """

    kind: str
    x: Any
    y: Any
    weight: Any
    rows: int | None
    batch_size: int
    steps: int | None
    """Batches of an epoch, None when they cannot be counted."""
    batch: Callable[[], dict[str, Any]]
    whole: tuple[Any, Any] | None = None


class UnreadableError(Exception):
    """The data cannot be looked into: why."""


def gather(x: Any, y: Any, weight: Any, batch_size: int | None, steps: int | None, least: int = 0) -> Data:
    """Look into what is given. `least` are the rows that a single batch must have. Raises UnreadableError."""
    if _is_dataset(x):
        return _from_batches("tf.data", iter(x), _length(x), steps, lambda first: _dataset_of(first))
    if _is_sequence(x):
        return _from_batches("PyDataset", _items(x), _length(x), steps, _repeated)
    if not is_array(x) and (hasattr(x, "__next__") or _is_loader(x)):
        return _from_batches("generator", iter(x), None if hasattr(x, "__next__") else _length(x), steps, _repeated)
    return _from_arrays(x, y, weight, batch_size, steps, least)


# Arrays


def _from_arrays(x: Any, y: Any, weight: Any, batch_size: int | None, steps: int | None, least: int) -> Data:
    counts = {len(leaf) for leaf in (*leaves(x), *leaves(y), *leaves(weight)) if hasattr(leaf, "__len__")}
    if len(counts) != 1:
        raise UnreadableError("inputs and labels differ in their number of rows" if counts else "there are no rows")
    rows = counts.pop()
    size = min(batch_size or BATCH, rows)
    some = max(size, min(rows, least))

    def batch() -> dict[str, Any]:
        return {"x": head(x, some), "y": head(y, some), "sample_weight": head(weight, some)}

    first, labels, weights = (numpy(head(each, ROWS)) for each in (x, y, weight))
    return Data("arrays", first, labels, weights, rows, size, steps or math.ceil(rows / size), batch, (numpy(x), numpy(y)))


def leaves(data: Any) -> list[Any]:
    """The arrays of a structure."""
    match data:
        case None:
            return []
        case dict():
            return [leaf for value in data.values() for leaf in leaves(value)]
        case list() | tuple() if not _is_plain(data):
            return [leaf for value in data for leaf in leaves(value)]
        case _:
            return [data]


def mapped(data: Any, change: Callable[[Any], Any]) -> Any:
    """A structure with every array changed."""
    match data:
        case None:
            return None
        case dict():
            return {key: mapped(value, change) for key, value in data.items()}
        case list() | tuple() if not _is_plain(data):
            return type(data)(mapped(value, change) for value in data) if type(data) in (list, tuple) else [mapped(v, change) for v in data]
        case _:
            return change(data)


def head(data: Any, rows: int) -> Any:
    """The first rows, of the same kind."""
    return mapped(data, lambda leaf: leaf.iloc[:rows] if hasattr(leaf, "iloc") else leaf[:rows])


def numpy(data: Any) -> Any:
    """The same as arrays of numpy. Raises UnreadableError."""
    return mapped(data, array)


def array(leaf: Any) -> Any:
    """One array of numpy. Raises UnreadableError."""
    try:
        if hasattr(leaf, "toarray"):
            return np.asarray(leaf.toarray())
        if hasattr(leaf, "to_numpy"):
            return leaf.to_numpy()
        if hasattr(leaf, "to_tensor"):  # ragged
            return np.asarray(leaf.to_tensor())
        return np.asarray(leaf)
    except (TypeError, ValueError, RuntimeError, NotImplementedError) as error:
        raise UnreadableError(f"{type(leaf).__name__} is no array: {error}") from error


def _is_plain(data: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list holds numbers, texts or rows of them, and is itself an array."""
    first: Any = data
    while isinstance(first, (list, tuple)) and len(first):
        first = first[0]
    return isinstance(first, (int, float, str, bytes, np.generic))


def is_array(data: Any) -> bool:
    """Whether something is an array, or becomes one (a tensor, a table)."""
    return isinstance(data, np.ndarray) or hasattr(data, "__array__")


# What gives batches


def _is_dataset(data: Any) -> bool:
    return any(cls.__name__ in ("DatasetV2", "DistributedDatasetInterface") for cls in type(data).__mro__)


def _is_sequence(data: Any) -> bool:
    return any(cls.__name__ in ("PyDataset", "Sequence") and "keras" in cls.__module__ for cls in type(data).__mro__)


def _is_loader(data: Any) -> bool:
    return any(cls.__name__ == "DataLoader" for cls in type(data).__mro__)


def _items(sequence: Any) -> Iterator[Any]:
    length = _length(sequence)
    return (sequence[index] for index in (itertools.count() if length is None else range(length)))


def _length(data: Any) -> int | None:
    """The number of batches, None when it is not known or there is no end."""
    match getattr(data, "num_batches", None):
        case int(batches):
            return batches
        case _:
            pass
    try:
        return len(data)
    except TypeError:
        return None


def unpacked(batch: Any) -> tuple[Any, Any, Any]:
    """Inputs, labels and weights of a batch, as Keras takes it apart."""
    match batch:
        case tuple():
            return (*batch[:3], *(None,) * (3 - len(batch)))
        case list() if len(batch) in (2, 3) and not _is_plain(batch):
            return (*batch, *(None,) * (3 - len(batch)))
        case _:
            return batch, None, None


def _from_batches(kind: str, batches: Iterator[Any], length: int | None, steps: int | None, again: Callable[[Any], dict[str, Any]]) -> Data:
    taken = _taken(batches)
    if not taken:
        raise UnreadableError("it gives no batch")
    parts = [tuple(numpy(part) for part in unpacked(batch)) for batch in taken]
    size = _rows(parts[0][0])
    steps = steps or length
    x, y, weight = (_joined([part[index] for part in parts]) for index in range(3))
    return Data(kind, x, y, weight, steps * size if steps else None, size, steps, lambda: again(taken[0]))


def _taken(batches: Iterator[Any]) -> list[Any]:
    taken: list[Any] = []
    rows, end = 0, time.monotonic() + SECONDS
    for batch in itertools.islice(batches, BATCHES):
        taken.append(batch)
        rows += _rows(unpacked(batch)[0])
        if rows >= ROWS or time.monotonic() > end:
            break
    return taken


def _rows(data: Any) -> int:
    return next((int(leaf.shape[0]) for leaf in leaves(data) if len(getattr(leaf, "shape", ()))), 1)


def _joined(parts: list[Any]) -> Any:
    """The rows of several batches as one; only the first, where their shapes differ."""
    match parts[0]:
        case None:
            return None
        case dict():
            return {key: _joined([part[key] for part in parts]) for key in parts[0]}
        case list() | tuple():
            return [_joined([part[index] for part in parts]) for index in range(len(parts[0]))]
        case first if first.ndim and all(part.shape[1:] == first.shape[1:] for part in parts):
            return np.concatenate(parts)[:ROWS]
        case first:
            return first


def _dataset_of(element: Any) -> dict[str, Any]:
    import tensorflow as tf

    return {"x": tf.data.Dataset.from_tensors(element)}


def _repeated(batch: Any) -> dict[str, Any]:
    # A list of inputs and labels is taken apart by nothing but Keras 2; a tuple by all.
    whole = tuple(batch) if isinstance(batch, list) and len(batch) in (2, 3) else batch
    return {"x": (whole for _ in itertools.count())}


def shapes(data: Data) -> tuple[str, ...]:
    """What is given, for people: "x float64 (2048, 28, 28)", with the number of all rows where it is known."""

    def said(role: str, part: Any) -> Iterator[str]:
        named: Mapping[str, Any] = part if isinstance(part, dict) else {"": part}
        for name, value in named.items():
            for leaf in leaves(value):
                shape = (data.rows if data.rows is not None else None, *leaf.shape[1:])
                yield f"{role}{f'[{name!r}]' if name else ''} {leaf.dtype} {shape}"

    return (*said("x", data.x), *said("y", data.y))
