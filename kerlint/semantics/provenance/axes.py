"""Shapes: what reshapes, joins and resizes arrays."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.call import Call
from kerlint.semantics.provenance.facts import Facts, agreed, bounded, labelled, union
from kerlint.semantics.values import Const, Items, Value


def _changed(call: Call, shape: Shape | None, rows: int | None = None) -> Facts:
    """The data under a new shape; its columns stay only when their axis does."""
    x = call.data
    kept = x.columns if shape is not None and len(shape) == 2 and shape[-1] == len(x.columns or ()) else None
    return call.result(shape=shape, rows=shape[0] if shape else rows, columns=kept, members={})


def reshape(call: Call) -> Facts:
    """`x.reshape(...)` with one size to be worked out."""
    named = call.value(1, "shape", "newshape", "target_shape", "new_shape")
    values: Sequence[Value | None] = (named,)
    if "self" in call.term.args and not isinstance(named, Items):
        values = call.positional() or (named,)
    wanted = call.dims(*values)
    if wanted is None:
        return _changed(call, None)
    return _changed(call, _worked_out(call.data.shape, wanted))


def _worked_out(shape: Shape | None, wanted: Shape) -> Shape:
    """A wanted shape with its open sizes filled in from the whole, where that is possible."""
    open_axes = [place for place, size in enumerate(wanted) if size is None]
    if shape is None or len(open_axes) != 1:
        return wanted
    given = prod(size for size in wanted if size is not None)
    if None not in shape:
        total = prod(size or 0 for size in shape)
        if given and total % given == 0:
            return tuple(total // given if size is None else size for size in wanted)
    return wanted


def flatten(call: Call) -> Facts:
    """`x.ravel()`: one axis."""
    shape = call.data.shape
    total = None if shape is None or None in shape else prod(size or 0 for size in shape)
    return _changed(call, (total,))


def expand(call: Call) -> Facts:
    """`np.expand_dims(x, axis)`: an axis of size one more."""
    axis, shape = call.integer(1, "axis"), call.data.shape
    if axis is None or shape is None or not -len(shape) - 1 <= axis <= len(shape):
        return _changed(call, None)
    place = axis if axis >= 0 else len(shape) + 1 + axis
    return _changed(call, (*shape[:place], 1, *shape[place:]))


def squeeze(call: Call) -> Facts:
    """`np.squeeze(x)`: without its axes of size one."""
    axis, shape = call.integer(1, "axis"), call.data.shape
    if shape is None or (axis is None and (None in shape or call.value(1, "axis") is not None)):
        return _changed(call, None, call.data.rows)
    if axis is not None and -len(shape) <= axis < len(shape):
        return _changed(call, tuple(size for place, size in enumerate(shape) if place != axis % len(shape)))
    return _changed(call, tuple(size for size in shape if size != 1))


def transpose(call: Call) -> Facts:
    """`x.T`, `np.transpose(x, axes)`: the axes in another order."""
    shape = call.data.shape
    values = call.positional()[0 if "self" in call.term.args else 1 :]
    order = call.term.args.get(
        "axes", call.term.args.get("perm", values[0] if len(values) == 1 else Items(tuple(values)) if values else None)
    )
    if shape is None:
        return _changed(call, None)
    if order is None or (isinstance(order, Const) and order.value is None):
        return _changed(call, shape[::-1])
    axes = call.dims(order)
    if axes is None or sorted(axis if axis is not None else -1 for axis in axes) != list(range(len(shape))):
        return _changed(call, None)
    return _changed(call, tuple(shape[axis] for axis in axes if axis is not None))


def moved(call: Call) -> Facts:
    """`np.swapaxes`, `np.moveaxis`."""
    source, target, shape = call.integer(1, "axis1", "source"), call.integer(2, "axis2", "destination"), call.data.shape
    if source is None or target is None or shape is None or not all(-len(shape) <= axis < len(shape) for axis in (source, target)):
        return _changed(call, None)
    sizes = list(shape)
    source, target = source % len(shape), target % len(shape)
    if "moveaxis" in call.term.name:
        sizes.insert(target, sizes.pop(source))
    else:
        sizes[source], sizes[target] = sizes[target], sizes[source]
    return _changed(call, tuple(sizes))


def _parts(call: Call) -> list[Facts]:
    """The arrays that are joined: a list of them, or all that are given."""
    value = call.value(0, "arrays", "values", "objs", "tup", "seq", "a", "inputs")
    if call.about.get("pair"):
        return [call.facts(0, "arr", "a"), call.facts(1, "values", "other")]
    match value:
        case Items(items):
            return [call.ask(item) for item in items]
        case _:
            return []


def _joined(call: Call, parts: list[Facts], shape: Shape | None) -> Facts:
    """Several arrays as one: what holds for all of them."""
    data = [part for part in parts if part.origin is not None] or parts
    if not data:
        return call.result(shape=None, rows=None, columns=None, members={})
    bounds = union(*(part.bounds for part in parts))
    resolved = all(part.resolved for part in parts)
    scaled = agreed(*(part.scaled for part in parts))
    form = agreed(*(part.form for part in parts))
    whole = all(part.whole for part in parts)
    joined = replace(
        data[0],
        resolved=resolved,
        scaled=scaled if resolved or scaled else None,
        form=form or (labelled(True, bounds) if whole else None),
        classes=max((part.classes or 0 for part in parts), default=0) or None,
        random=all(part.random for part in parts),
        split=agreed(*(part.split for part in parts)),
        dtype=agreed(*(part.dtype for part in parts)),
        sources=frozenset().union(*(part.sources for part in parts)),
        **bounded(bounds),
    )
    return replace(call, data=joined).result(shape=shape, rows=shape[0] if shape else None, columns=None, members={})


def concatenate(call: Call) -> Facts:
    """`np.concatenate([a, b], axis)`."""
    parts = _parts(call)
    axis = call.integer(2 if call.about.get("pair") else 1, "axis", default=call.about.get("axis", 0))
    if not parts:
        return _one_less(call, axis)
    return _joined(call, parts, _along([part.shape for part in parts], axis))


def _one_less(call: Call, axis: int | None = 0) -> Facts:
    """A list of arrays of unknown length, joined along one of their axes."""
    shape: Shape | None = None
    inner = None if call.data.shape is None else call.data.shape[1:]
    if inner and axis is not None and -len(inner) <= axis < len(inner):
        shape = tuple(None if place == axis % len(inner) else length for place, length in enumerate(inner))
    return call.result(shape=shape, rows=None, columns=None, members={})


def _along(shapes: list[Shape | None], axis: int | None) -> Shape | None:
    """The shape of arrays joined along an axis."""
    known = [shape for shape in shapes if shape is not None]
    if axis is None or not known or len(known) < len(shapes) or len({len(shape) for shape in known}) > 1:
        return None
    rank = len(known[0])
    if not -rank <= axis < rank:
        return None
    sizes = list(zip(*known, strict=True))
    joined: list[int | None] = []
    for place, lengths in enumerate(sizes):
        numbers = [length for length in lengths if length is not None]
        if place == axis % rank:
            joined.append(sum(numbers) if len(numbers) == len(lengths) else None)
        else:
            joined.append(numbers[0] if numbers else None)
    return tuple(joined)


def columns_joined(call: Call) -> Facts:
    """`np.hstack`, `np.column_stack`, `np.c_[a, b]`: side by side."""
    parts = _parts(call)
    if not parts:
        return call.result(shape=None, rows=None, columns=None, members={})
    shapes = [part.shape for part in parts]
    flat = all(shape is not None and len(shape) == 1 for shape in shapes)
    if "hstack" in call.term.name and flat:
        return _joined(call, parts, _along(shapes, 0))
    wide = [None if shape is None else (shape[0], 1) if len(shape) == 1 else shape for shape in shapes]
    return _joined(call, parts, _along(wide, 1))


def stack(call: Call) -> Facts:
    """`np.stack([a, b], axis)`: with a new axis; `np.vstack` of vectors."""
    parts = _parts(call)
    axis = call.integer(1, "axis", default=0)
    if not parts:
        return call.data if axis == 0 else call.result(shape=None, rows=None)
    inner = agreed(*(part.shape for part in parts))
    if inner is None or axis is None or not -len(inner) - 1 <= axis <= len(inner):
        return _joined(call, parts, None)
    place = axis if axis >= 0 else len(inner) + 1 + axis
    return _joined(call, parts, (*inner[:place], len(parts), *inner[place:]))


def rows_joined(call: Call) -> Facts:
    """`np.vstack`: under each other."""
    parts = _parts(call)
    if not parts:
        return _one_less(call)
    shapes = [part.shape if part.shape is None or len(part.shape) > 1 else (1, *part.shape) for part in parts]
    return _joined(call, parts, _along(shapes, 0))


def resized(call: Call) -> Facts:
    """Images at another size; the order of the two numbers is the library's."""
    wanted = call.value(1, "size", "dsize", "target_size", "output_shape", "image_size", "target_height")
    sides = call.dims(wanted) if wanted is not None else None
    if "target_height" in call.term.args or (sides is not None and len(sides) == 1):
        sides = (call.count(1, "target_height"), call.count(2, "target_width"))
    sides = sides[:2] if sides is not None and len(sides) >= 2 else None
    if call.about.get("order") == "width height" and sides is not None:
        sides = sides[::-1]
    shape = call.data.shape
    result = None
    if shape is not None and len(shape) in (2, 3, 4) and sides is not None:
        lead = shape[: len(shape) - 3] if len(shape) > 2 else ()
        result = (*lead, *sides, *(shape[-1:] if len(shape) > 2 else ()))
    found = call.result(shape=result, columns=None, dtype="float32" if call.term.name.startswith("tensorflow") else call.data.dtype)
    if call.about.get("scales") and call.data.high == 255 and not call.flag(-1, "preserve_range"):
        return replace(call, data=replace(call.data, shape=result)).result("scale", low=0.0, high=1.0, columns=None, dtype="float64")
    return found


def channels(call: Call) -> Facts:
    """Colors as another number of channels."""
    shape, count = call.data.shape, call.about.get("count")
    if call.term.name == "cv2.cvtColor":
        return call.result(shape=None if shape is None else (*shape[:2], None))
    return call.result(shape=None if shape is None else (*shape[:-1], count))


def padded(call: Call) -> Facts:
    """`pad_sequences(x, maxlen)`: token lists of one length, zeros where they end."""
    longest = call.count(1, "maxlen")
    low, high = call.data.low, call.data.high
    bounds = (None, None) if high is None else (min(low or 0, 0), max(high, 0))
    return call.result(
        shape=(call.data.rows, longest), rows=call.data.rows, low=bounds[0], high=bounds[1], columns=None,
        form="tokens" if call.data.form in ("tokens", None, "integer") else call.data.form, dtype="int32",
    )  # fmt: skip


def tiled(call: Call) -> Facts:
    """`np.repeat(x, n, axis)`."""
    times, axis, shape = call.count(1, "repeats"), call.integer(2, "axis"), call.data.shape
    if times is None or axis is None or shape is None or not -len(shape) <= axis < len(shape):
        return call.result(shape=None, rows=None, columns=None)
    place = axis % len(shape)
    length = shape[place]
    return _changed(call, (*shape[:place], None if length is None else length * times, *shape[place + 1 :]))
