"""Data as Keras takes it: an array, or lists, tuples or dicts of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


def arrays(data: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The arrays of nested data in order, each with its name ("", "0", "title", …)."""
    match data:
        case None:
            return
        case Mapping():
            for key, value in data.items():
                yield from arrays(value, f"{name}.{key}" if name else str(key))
        case list() | tuple():
            for key, value in enumerate(data):
                yield from arrays(value, f"{name}.{key}" if name else str(key))
        case _:
            yield name, data


def each(data: Any, change: Callable[[Any], Any]) -> Any:
    """The same nesting with `change` of every array."""
    match data:
        case None:
            return None
        case Mapping():
            return {key: each(value, change) for key, value in data.items()}
        case list():
            return [each(value, change) for value in data]
        case tuple():
            return tuple(each(value, change) for value in data)
        case _:
            return change(data)


def length(data: Any) -> int:
    """The number of rows."""
    return next((len(array) for _, array in arrays(data)), 0)


def taken(data: Any, index: Any) -> Any:
    """Some rows."""
    return each(data, lambda array: array[index])
