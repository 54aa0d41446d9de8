"""What makes, types, indexes, fills and encodes arrays."""

from __future__ import annotations

from math import ceil
from typing import Any

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.call import Call, data_names, dtype_of, is_float, is_whole, size
from kerlint.semantics.provenance.facts import Facts, agreed, bounded, labelled, stepped, union, written
from kerlint.semantics.provenance.knowledge import spoken
from kerlint.semantics.values import Items, Term, Value, options


def array(call: Call) -> Facts:
    """`np.array(x, dtype)`, `tf.constant(x)`: the same values as an array; a list of arrays gets an axis more."""
    made = call.data
    if made.members and list(made.members) == list(range(len(made.members))):
        made = _of_parts(call.value(0, *data_names()), made)
    if made.origin is not None and made.origin.kind == "literal" and not made.path:
        made = replace(made, origin=replace(made.origin, name=f"{spoken(call.term.name)[:-2]}([...])", node=written(call.term)))
    dtype = dtype_of(call.value(1, "dtype", "dtype_hint", "Tout"))
    return replace(made, dtype=dtype or made.dtype) if dtype else made


def _of_parts(value: Value | None, parts: Facts) -> Facts:
    """The array of a list of arrays, or of many such lists: there the axes of the many come first."""
    whole = stacked(list(parts.members.values()), parts)
    many = 0
    while isinstance(value, Term) and value.name == "many":
        many, value = many + 1, value.args.get("element")
    lists = value is not None and all(isinstance(option, Items) for option in options(value))
    if not lists or whole.shape is None or len(whole.shape) <= many:
        return replace(whole, shape=None, rows=None)
    shape = (*whole.shape[1 : many + 1], whole.shape[0], *whole.shape[many + 1 :])
    return replace(whole, shape=shape, rows=shape[0])


def stacked(parts: list[Facts], whole: Facts) -> Facts:
    """Arrays of one shape under each other, with a new first axis."""
    shapes = {part.shape for part in parts}
    inner = shapes.pop() if len(shapes) == 1 else None
    shape = None if inner is None else (len(parts), *inner)
    bounds = union(*(part.bounds for part in parts))
    form = agreed(*(part.form for part in parts))
    if form is None and all(part.whole for part in parts):
        form = labelled(True, bounds)
    return replace(
        whole,
        members={},
        shape=shape,
        rows=len(parts),
        form=form,
        **bounded(bounds),
        columns=None,
        dtype=agreed(*(part.dtype for part in parts)),
    )


def same(call: Call) -> Facts:
    """What copies or wraps data and leaves it as it is."""
    return call.data


def cast(call: Call) -> Facts:
    """`x.astype("float32")`, `tf.cast(x, tf.float32)`, `np.float32(x)`: the same values as another type."""
    named = call.term.name.strip(".()").rpartition(".")[2]
    dtype = dtype_of(call.value(1, "dtype")) or (named if is_whole(named) or is_float(named) else None)
    x = call.data
    if dtype in WORDY:
        return call.result("cast", f"astype('{dtype}')", dtype="object", form="text", **bounded(None), columns=None)
    if dtype in ("object", "category"):
        return x
    form, bounds, columns = x.form, x.bounds, x.columns
    if x.form == "text" and dtype is not None:
        form, bounds = labelled(is_whole(dtype), None), None
    elif is_whole(dtype) and x.form in ("continuous", None):
        form, columns = labelled(True, bounds), None
    if is_whole(dtype) and bounds is not None:
        bounds = (int(bounds[0]), int(bounds[1]))
    return call.result("cast", f"astype('{dtype}')" if dtype else "", dtype=dtype, form=form, columns=columns, **bounded(bounds))


WORDY = ("str", "string", "unicode", "str_", "U")
"""The types of texts."""


def converted(call: Call) -> Facts:
    """`tf.image.convert_image_dtype(x, tf.float32)`: integers become fractions of their greatest value."""
    dtype = dtype_of(call.value(1, "dtype"))
    if dtype is None or not is_float(dtype):
        return call.result("cast", dtype=dtype, **bounded(None))
    if is_float(call.data.dtype):
        return call.result("cast", dtype=dtype)
    return call.result("scale", dtype=dtype, low=0.0, high=1.0, columns=None)


def one_hot(call: Call) -> Facts:
    """`to_categorical(y, n)`, `tf.one_hot(y, n)`: a column for each class."""
    y = call.data
    classes = call.count(1, "num_classes", "depth", "nb_classes")
    if classes is None and call.value(1, "num_classes", "depth", "nb_classes") is None:
        classes = y.classes if y.high is None or y.classes is None else max(y.classes, int(y.high) + 1)
    shape = y.shape
    if shape is not None and "to_categorical" in call.term.name and len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return call.result(
        shape=None if shape is None else (*shape, classes),
        low=0, high=1, columns=None, form="one-hot", classes=classes, dtype="float32",
    )  # fmt: skip


def argmax(call: Call) -> Facts:
    """`np.argmax(y, axis=1)`: the number of the class."""
    axis = call.integer(1, "axis")
    shape, classes = call.data.shape, call.data.classes
    inner = None
    if shape is not None and axis is not None and -len(shape) <= axis < len(shape):
        classes = shape[axis] if shape[axis] is not None else classes
        inner = tuple(length for place, length in enumerate(shape) if place != axis % len(shape))
    bounds = None if classes is None else (0, classes - 1)
    return call.result(shape=inner, **bounded(bounds), columns=None, form="integer", classes=classes, dtype="int64")


def length(call: Call) -> Facts:
    """`len(x)`: the rows of an array, the batches of a dataset."""
    x = call.data
    rows = x.rows
    if x.yields == "batches":
        rows = ceil(rows / x.batch) if rows is not None and x.batch else None
    counted = getattr(call.value(0), "name", "") != "many"  # the members of each of an unknown number are not those that are counted
    if counted and x.members and x.rows is None and 0 in x.members:
        rows = len(x.members)
    return number(call, rows)


def number(call: Call, found: float | None) -> Facts:
    """A single whole number, known or not."""
    return Facts(resolved=True, shape=(), low=found, high=found, scaled=False, form="integer", doubt=call.data.doubt)


def shape(call: Call) -> Facts:
    """`x.shape`: a tuple of sizes."""
    axes = call.data.shape
    if axes is None:
        rows = number(call, call.data.rows)
        return Facts(resolved=True, members={0: rows} if call.data.rows is not None else {})
    return Facts(resolved=True, shape=(len(axes),), members={place: number(call, length) for place, length in enumerate(axes)})


def axis_size(call: Call) -> Facts:
    """`x.shape[i]` through `tf.shape(x)` and `x.size`."""
    axes = call.data.shape
    if axes is None or None in axes:
        return number(call, None)
    total = 1
    for length in axes:
        total *= length or 0
    return number(call, total)


def repeated(call: Call) -> Facts:
    """What keeps the values but not the shape, in a way that is not followed."""
    return call.result(shape=None, rows=None, columns=None, members={})


def drawn(call: Call) -> Facts:
    """`img_to_array(image)`: the pixels as fractions; the array has rows, columns and channels whatever is known of the image."""
    match call.data.shape:
        case (height, width):
            shape: Shape = (height, width, 1)
        case (_, _, _) as known:
            shape = known
        case _:
            shape = (None, None, None)
    return call.result(shape=shape, rows=shape[0], dtype="float32")


def ragged(call: Call) -> Facts:
    """`tf.ragged.constant(rows)`: rows of several lengths, of which no shape is known."""
    return replace(array(call), shape=None)


def fallback(call: Call) -> Facts:
    """What changes values in a way that is understood to be no scaling, and whose outcome is not followed."""
    changes: dict[str, Any] = {"shape": None, "rows": None, "columns": None, "members": {}, "form": None, "classes": None, "dtype": None}
    return call.result(**changes, **bounded(None), scaled=call.data.scaled or None)


def taken(call: Call) -> Facts:
    """A choice of rows whose number is not known, or is given."""
    rows = call.count(1, "n", "size", "n_samples") if "n" in call.about else None
    x = call.data
    if rows is not None and x.rows is not None:
        rows = min(rows, x.rows)
    return call.result(shape=None if x.shape is None else (rows, *x.shape[1:]), rows=rows)


def reordered(call: Call) -> Facts:
    """The same rows in another order."""
    if call.term.name.endswith("permutation") and (call.data.shape == () or call.data.origin is None):
        rows = size(call.data)
        return Facts(resolved=True, shape=(rows,), rows=rows, form="integer", dtype="int64", scaled=False, random=True)
    return call.result()


def shuffled(call: Call) -> Facts:
    """`sklearn.utils.shuffle(x, y)`: the arrays in one new order."""
    arrays = [call.ask(value) for value in call.positional()]
    if len(arrays) == 1:
        return call.result()
    moved = [stepped(found, call.effect, "shuffle()", written(call.term)) for found in arrays]
    return Facts(resolved=True, members=dict(enumerate(moved)), sources=frozenset().union(*(found.sources for found in arrays)))


def parted(call: Call) -> Facts:
    """`np.split(x, [a, b])`: parts one after the other."""
    cuts = call.value(1, "indices_or_sections", "num_or_size_splits")
    count = call.ask(cuts).constant
    parts = len(cuts.items) + 1 if isinstance(cuts, Items) else int(count) if count is not None and 0 < count < 100 else 0
    shape = call.data.shape
    axis = call.integer(2, "axis", default=0)
    inner = None if shape is None or axis is None else (None, *shape[1:]) if axis == 0 else None
    part = call.result(shape=inner, rows=None, members={})
    return replace(part, members=dict.fromkeys(range(parts), part), shape=None)


def unique(call: Call) -> Facts:
    """`np.unique(y, return_inverse=True)`: the values, and for each row the number of its value."""
    values = replace(call.result("select", shape=(None,), rows=None, columns=None))
    if call.flag(-1, "return_inverse") and not call.flag(-1, "return_index"):
        codes = call.result("encode", **bounded(None), form="integer", dtype="int64", columns=None)
        return replace(values, members={0: values, 1: codes})
    return values if call.flag(-1, "return_counts") is False else replace(values, members={0: values})
