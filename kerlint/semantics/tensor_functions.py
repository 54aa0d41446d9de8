"""The functions that the signatures of operations on tensors call: reductions, other arrangements, products (catalog/ops.toml)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerlint.semantics.shape_functions import Sizes, broadcast, known, places, shown
from kerlint.semantics.signatures import Call, ShapeError
from kerlint.semantics.values import MISSING


def spread(call: Call, inputs: Sequence[Any]) -> Any:
    """Tensors spread over each other from the last axis on."""
    result: Sizes = ()
    for shape in inputs:
        result = broadcast(call, result, _open(shape))
    return result


def reduced(call: Call, sizes: Sizes, axis: Any, keepdims: Any) -> Any:
    """What a reduction over some axes, or all, leaves."""
    gone = tuple(range(len(sizes))) if axis is None else places(call, sizes, axis)
    if gone is MISSING or not isinstance(keepdims, bool):
        return MISSING
    if keepdims:
        return tuple(1 if place in gone else size for place, size in enumerate(sizes))
    return tuple(size for place, size in enumerate(sizes) if place not in gone)


def transposed(call: Call, sizes: Sizes, order: Any) -> Any:
    """All axes in another order, counted from 0; reversed by default."""
    match order:
        case None:
            return sizes[::-1]
        case tuple() | list() if known(*order):
            if sorted(place % len(sizes) for place in order) != list(range(len(sizes))):
                raise ShapeError(f"{call.kind}: {shown(order)} is not an order of the axes of the input {shown(sizes)}")
            return tuple(sizes[place] for place in order)
        case _:
            return (MISSING,) * len(sizes)


def swapped(call: Call, sizes: Sizes, first: Any, second: Any) -> Any:
    """Two axes in each other's place."""
    pair = places(call, sizes, (first, second))
    if pair is MISSING:
        return (MISSING,) * len(sizes)
    order = list(range(len(sizes)))
    order[pair[0]], order[pair[1]] = pair[1], pair[0]
    return tuple(sizes[place] for place in order)


def expanded(call: Call, sizes: Sizes, axis: Any) -> Any:
    """A new axis of 1 at a place of the result."""
    if not known(axis):
        return MISSING if isinstance(axis, (tuple, list)) else (MISSING,) * (len(sizes) + 1)
    if not -len(sizes) - 1 <= axis <= len(sizes):
        raise ShapeError(f"{call.kind}: axis {axis} cannot be put into the input {shown(sizes)}")
    place = axis % (len(sizes) + 1)
    return (*sizes[:place], 1, *sizes[place:])


def squeezed(call: Call, sizes: Sizes, axis: Any) -> Any:
    """Axes of 1 taken out: those given, or all."""
    if axis is None:
        return tuple(size for size in sizes if size != 1) if known(*sizes[1:]) else MISSING
    gone = places(call, sizes, axis)
    if gone is MISSING:
        return MISSING
    for place in gone:
        if known(sizes[place]) and sizes[place] != 1:
            raise ShapeError(f"{call.kind}: axis {place} of the input {shown(sizes)} is not 1")
    return tuple(size for place, size in enumerate(sizes) if place not in gone)


def stacked(call: Call, inputs: Sequence[Any], axis: Any) -> Any:
    """Tensors of one shape along a new axis."""
    first = _open(inputs[0])
    for shape in inputs[1:]:
        differ = len(shape) != len(first) or any(known(a, b) and a != b for a, b in zip(first, shape, strict=True))
        if differ:
            raise ShapeError(f"{call.kind}: the shapes {shown(first)} and {shown(_open(shape))} differ")
    result = expanded(call, first, axis)
    if result is MISSING or not known(axis):
        return result
    return tuple(len(inputs) if place == axis % len(result) else size for place, size in enumerate(result))


def matrices(call: Call, inputs: Sequence[Any]) -> Any:
    """The product of two tensors by their last two axes."""
    if len(inputs) != 2 or any(call.args.get(flag) for flag in ("transpose_a", "transpose_b", "adjoint_a", "adjoint_b")):
        return MISSING
    left, right = map(_open, inputs)
    if min(len(left), len(right)) < 2:
        return MISSING
    if known(left[-1], right[-2]) and left[-1] != right[-2]:
        raise ShapeError(f"{call.kind}: the last axis of {shown(left)} and the last but one of {shown(right)} differ")
    return (*broadcast(call, left[:-2], right[:-2]), left[-2], right[-1])


def picked(call: Call, sizes: Sizes, key: Any) -> Any:
    """`x[key]`: an index takes its axis away, a slice shortens it, `None` is a new axis."""
    if type(key) is int:  # The first axis is the batch: this is one of several outputs.
        return MISSING
    keys = list(key) if isinstance(key, tuple) else [key]
    if not all(part is None or part is ... or type(part) in (int, slice) for part in keys) or keys.count(...) > 1:
        return MISSING
    used = sum(part is not None and part is not ... for part in keys)
    if used > len(sizes):
        raise ShapeError(f"{call.kind}: {used} indices into the input {shown(sizes)}")
    if ... not in keys:
        keys.append(...)
    place = keys.index(...)
    keys[place : place + 1] = [slice(None)] * (len(sizes) - used)
    rest = iter(sizes)
    parts = [(part, None if part is None else next(rest)) for part in keys]
    return tuple(1 if part is None else _cut(size, part) for part, size in parts if type(part) is not int)


def _cut(size: Any, part: slice) -> Any:
    """What a slice leaves of an axis."""
    if part == slice(None):
        return size
    if not known(size) or not all(bound is None or type(bound) is int for bound in (part.start, part.stop, part.step)) or part.step == 0:
        return MISSING
    return len(range(*part.indices(size)))


def _open(shape: Any) -> Sizes:
    return tuple(MISSING if size is None else size for size in shape)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function for function in (spread, reduced, transposed, swapped, expanded, squeezed, stacked, matrices, picked)
}
