"""Parts of data: what an index, a slice, a column name or a loop takes out, and what a store puts in."""

from __future__ import annotations

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.arrays import stacked
from kerlint.semantics.provenance.call import Call
from kerlint.semantics.provenance.facts import Facts, agreed, bounded, labelled, narrowed, stepped, union, written
from kerlint.semantics.provenance.tables import column, stored_column
from kerlint.semantics.values import Const, Items, Symbol, Term, Unknown, Value, python


def item(call: Call) -> Facts:
    """`x[key]`: a part of the data by index, slice, mask or name."""
    base, key = call.data, call.term.args.get("key", Unknown("no key"))
    name = python(key)
    if base.members and isinstance(name, (int, str)) and not isinstance(name, bool):
        place = name + len(base.members) if isinstance(name, int) and name < 0 else name
        if place in base.members:
            return _from_table(call, base.members[place]) if _is_table(base) else base.members[place]
    if base.members and isinstance(key, Term) and key.name == "slice" and 0 in base.members:
        kept = list(base.members.values())[_slice(call, key)]
        return replace(base, members=dict(enumerate(kept)), rows=None, shape=None)
    if _is_table(base) and (isinstance(name, str) or (isinstance(name, list) and name and all(isinstance(part, str) for part in name))):
        return column(call, name)
    if base.yields is not None:
        return element_of(base)
    if base.members and not _is_table(base):
        return replace(call.unknown(), members={})
    picked = call.ask(key)
    if _is_table(base) and picked.form == "text":
        return column(call, None)
    if _is_table(base) and isinstance(name, list) and not _by_place(call.term.args.get("base")):
        return call.result("select", "[…]", shape=None, rows=None, columns=None, members={})  # labels of columns, or rows of its array
    if _is_table(base) and picked.shape is None and not isinstance(key, (Items, Const)) and getattr(key, "name", "") != "slice":
        return call.result("select", "[…]", shape=None, rows=None, columns=None, members={})
    if (
        base.origin is not None
        and base.origin.name in ("np.eye()", "np.identity()", "tf.eye()")
        and picked.origin is not None
        and not base.path
    ):
        shape = None if picked.shape is None else (*picked.shape, *(base.shape or (None,))[-1:])
        classes = base.shape[-1] if base.shape else None
        found = replace(picked, shape=shape, form="one-hot", classes=classes, low=0, high=1, dtype=base.dtype, columns=None)
        return stepped(found, "encode", "np.eye()[…]", written(call.term))
    return _indexed(call, key)


def _is_table(found: Facts) -> bool:
    if found.members:
        return any(isinstance(key, str) for key in found.members)
    return found.origin is not None and found.origin.kind == "table"


def _by_place(base: Value | None) -> bool:
    """Whether an index goes to rows by their place or label: `df.iloc[…]`."""
    match base:
        case Term(".iloc" | ".loc" | ".ix"):
            return True
        case _:
            return False


def _from_table(call: Call, member: Facts) -> Facts:
    return stepped(member, "select", f"[{python(call.term.args['key'])!r}]", written(call.term))


def _slice(call: Call, key: Term) -> slice:
    bounds = [call.ask(key.args.get(name)).constant for name in ("start", "stop", "step")]
    start, stop, step = (None if bound is None else int(bound) for bound in bounds)
    return slice(start, stop, step or None)


def _indexed(call: Call, key: Value) -> Facts:
    """The axes that an index leaves, and with them rows, columns and range."""
    base = call.data
    parts = list(key.items) if isinstance(key, Items) and key.kind == "tuple" else [key]
    dots = [place for place, part in enumerate(parts) if isinstance(part, Const) and part.value is Ellipsis]
    if dots and base.shape is not None:
        taken = sum(1 for part in parts if not _is_new_axis(part)) - 1
        fill: list[Value] = [Term("slice", {}) for _ in range(max(0, len(base.shape) - taken))]
        parts[dots[0] : dots[0] + 1] = fill
    axes: Shape | None = base.shape if base.shape is not None else (base.rows,)
    open_ended = base.shape is None
    shape: list[int | None] = []
    place = 0
    known = True
    for part in parts:
        if _is_new_axis(part):
            shape.append(1)
            continue
        length = axes[place] if axes is not None and place < len(axes) else None
        left = _axis(call, part, length)
        place += 1
        known = known and left is not None
        shape.extend(left or ())
    rest = () if open_ended else (axes or ())[place:]
    if base.form == "tokens" and base.dtype == "object" and base.shape is not None and len(shape) + len(rest) < len(base.shape):
        rest = (*rest, None)  # the lists of words are of several lengths, and no axis of the array that holds them
    whole: Shape | None = None if not known or open_ended or place > len(axes or ()) else (*shape, *rest)
    rows = whole[0] if whole else shape[0] if known and shape and not dots else None
    columns = _columns_of(call, parts, base) if known else None
    bounds = union(*columns) if columns else base.bounds
    if base.form != "one-hot" and any(call.ask(part).dtype == "bool" for part in parts):
        base = replace(base, classes=None)  # a mask may leave some classes out
    found = replace(call, data=base).result(
        "select", _spelled(parts), shape=whole, rows=rows, columns=columns, **bounded(bounds), members={} if place > 1 else base.members
    )
    return found if len(parts) < 2 or all(map(_is_everything, parts[1:])) else narrowed(found, _spelled([EVERYTHING, *parts[1:]]))


EVERYTHING = Term("slice", {})
"""The key of all rows."""


def _is_new_axis(part: Value) -> bool:
    match part:
        case Const(None) | Symbol("numpy.newaxis" | "tensorflow.newaxis" | "keras.backend.newaxis"):
            return True
        case _:
            return False


def _axis(call: Call, part: Value, length: int | None) -> Shape | None:
    """The axes that one part of an index leaves of one axis: none for a number, one for a slice, None when that is not known."""
    match part:
        case Const(bool()):
            return None
        case Const(int() | str()):
            return ()
        case Term("slice"):
            return (sliced(call, part, length),)
        case Items(items) if all(isinstance(member, Const) for member in items):
            return (len(items) if not any(isinstance(member, Const) and isinstance(member.value, bool) for member in items) else None,)
    found = call.ask(part)
    if found.shape == ():
        return ()
    if found.dtype == "bool":
        return (None,)
    if found.shape is not None and len(found.shape) == 1:
        return found.shape
    return (found.rows,) if found.rows is not None else None


def sliced(call: Call, part: Term, length: int | None) -> int | None:
    """How many of `length` members a slice takes."""
    bounds: list[int | None] = []
    for name in ("start", "stop", "step"):
        value = part.args.get(name)
        if value is None or isinstance(value, Const) and value.value is None:
            bounds.append(None)
            continue
        number = call.ask(value).constant
        if number is None:
            return None
        bounds.append(int(number))
    start, stop, step = bounds
    if step == 0:
        return None
    if length is not None:
        return len(range(*slice(start, stop, step).indices(length)))
    return length


def _columns_of(call: Call, parts: list[Value], base: Facts) -> tuple[tuple[float, float], ...] | None:
    """The ranges of the columns that an index keeps."""
    if base.columns is None or any(map(_is_new_axis, parts)):
        return None
    if len(parts) == 1:
        return base.columns if isinstance(parts[0], Term) else None
    match parts[1]:
        case Const(int() as place) if -len(base.columns) <= place < len(base.columns):
            return (base.columns[place],)
        case Term("slice") as part:
            return base.columns[_slice(call, part)]
        case _:
            return None


def _spelled(parts: list[Value]) -> str:
    def one(part: Value) -> str:
        match part:
            case Const(found):
                return "..." if found is Ellipsis else repr(found)
            case Term("slice", bounds):
                ends = [bounds.get(name) for name in ("start", "stop")]
                return ":".join(
                    "" if end is None or python(end) is None and isinstance(end, Const) else str(python(end, "…")) for end in ends
                )
            case _:
                return "newaxis" if _is_new_axis(part) else "…"

    return f"[{', '.join(map(one, parts))}]"


def setitem(call: Call) -> Facts:
    """The array or table after `x[key] = value`."""
    key = call.term.args.get("key", Unknown("no key"))
    base, value = _unmasked(call.data, call.term.args.get("base"), key), call.ask(call.term.args.get("value"))
    if _is_table(base) and len(base.shape or (None, None)) > 1 and not _is_buffer(call):  # one column of it is no table any more
        return stored_column(call, python(key), value)
    if _is_everything(key):
        return replace(value, shape=base.shape, rows=base.rows if base.shape is None else value.rows or base.rows)
    steps = value.path[len(base.path) :] if value.path[: len(base.path)] == base.path else value.path
    bounds = union(base.bounds, value.bounds)
    if _is_buffer(call):
        return _filled(call, base, key, value)
    scaled = base.scaled if value.scaled is base.scaled else base.scaled or None
    resolved = base.resolved and value.resolved
    classes = base.classes if base.form == "one-hot" else None  # some of them may have been given another number
    scaled = scaled if resolved else scaled or None
    found = replace(base, **bounded(bounds), columns=None, scaled=scaled, resolved=resolved, classes=classes)
    return replace(found, path=(*base.path, *(step for step in steps if step.effect != "select")), sources=base.sources | value.sources)


def _unmasked(base: Facts, array: Value | None, key: Value) -> Facts:
    """What stays of an array where `x[x > limit] = value` gives all beyond the limit another value."""
    match key:
        case Term("compare", {"left": compared, "right": Const(int() | float() as limit), "operator": Const(str() as operator)}) if (
            compared is array and base.bounds is not None
        ):
            low, high = base.bounds
            if operator in (">", ">="):
                return replace(base, **bounded((min(low, limit), min(high, limit))))
            return replace(base, **bounded((max(low, limit), max(high, limit)))) if operator in ("<", "<=") else base
        case _:
            return base


def _is_buffer(call: Call) -> bool:
    """Whether it is an array of zeros at the bottom, whatever was written into it before."""
    below = call.term.args.get("base")
    while isinstance(below, Term) and below.name == "setitem":
        below = below.args.get("base")
    found = call.ask(below)
    return found.origin is not None and found.origin.kind == "filled"


def _is_everything(key: Value) -> bool:
    match key:
        case Const(found):
            return found is Ellipsis
        case Term("slice", bounds):
            return all(python(bound, bound) is None for bound in bounds.values())
        case Items(items, "tuple"):
            return bool(items) and all(map(_is_everything, items))
        case _:
            return False


def _filled(call: Call, base: Facts, key: Value, value: Facts) -> Facts:
    """A buffer of zeros after something was written into it: it holds what was written."""
    bounds = union(base.bounds, value.bounds)
    if value.origin is None:
        if not value.resolved:
            return replace(base, **bounded(None), resolved=False, scaled=None, form=None)
        form = base.form
        if value.whole and labelled(True, bounds) == "binary" and len(base.shape or ()) > 1:
            form = _mark(call, key)
        elif form is not None or len(base.shape or ()) == 1:
            form = labelled(value.whole and (base.whole or base.form is None), bounds)
        classes = base.shape[-1] if form == "one-hot" and base.shape else None
        return replace(base, **bounded(bounds), form=form, classes=classes)
    kept = replace(value, shape=base.shape, rows=base.rows, **bounded(bounds), columns=None, dtype=base.dtype, members={}, statistic="")
    return replace(kept, sources=base.sources | value.sources, form=value.form)


def _mark(call: Call, key: Value) -> str | None:
    """What writing ones at an index makes: one one a row, several, or not known."""
    parts = key.items if isinstance(key, Items) else (key,)
    last = call.ask(parts[-1])
    if len(parts) < 2:
        return None
    if last.shape == () or (last.shape is not None and len(last.shape) == 1 and call.ask(parts[0]).shape not in ((), None)):
        return "one-hot"
    return "multi-hot" if last.form == "tokens" or (last.shape is not None and len(last.shape) == 1) else None


def setattr(call: Call) -> Facts:  # noqa: A001
    """The data after `x.name = value`."""
    return call.data


def element_of(found: Facts) -> Facts:
    """One member of data that is looped over: a row, or what a dataset yields."""
    if found.yields is None:
        if found.members and 0 in found.members:
            parts = list(found.members.values())
            return parts[0] if len(parts) == 1 else replace(stacked(parts, found), shape=agreed(*(part.shape for part in parts)), rows=None)
        inner = found.shape[1:] if found.shape else None
        members = {key: element_of(member) for key, member in found.members.items()}
        return replace(found, shape=inner, rows=inner[0] if inner else None, columns=None, members=members)
    if found.yields == "windows":
        one = replace(found, yields="examples")
        return one if found.labels is None else replace(one, labels=replace(found.labels, yields="examples"))
    inner = found.shape[1:] if found.yields == "examples" and found.shape is not None else found.shape
    one = replace(found, shape=inner, rows=None, yields=None, labels=None, batch=None, columns=None)
    if found.labels is None and found.yields == "elements":
        return one
    if found.labels is None:
        return replace(one, members={key: element_of(replace(member, yields=found.yields)) for key, member in found.members.items()})
    marked = replace(found.labels, yields=found.yields, labels=None)
    return replace(one, members={0: replace(one, members={}), 1: element_of(marked)})


def element(call: Call) -> Facts:
    """One member of `of`."""
    return element_of(call.data)


def listed(call: Call) -> Facts:
    """`list(x)`: the same data; of what `fit` iterates over, a list of what it yields (pairs still come one by one)."""
    one = call.data if call.data.yields is None else element_of(call.data)
    return call.data if call.data.yields is None or call.data.yields == "elements" and one.members else rowed(one)


def many(call: Call) -> Facts:
    """A list of unknown length whose members look like `element`; one for each member of `over`, where that is known."""
    one, over = call.facts(0, "element"), call.facts(1, "over")
    rows = over.rows if over.yields is None and not over.members and not over.doubt else None
    if one.members:
        return replace(one, members={key: rowed(member, rows) for key, member in one.members.items()}, shape=None, rows=None, yields=None)
    return rowed(one, rows)


def rowed(one: Facts, rows: int | None = None) -> Facts:
    """Many of one kind under each other."""
    shape = None if one.shape is None else (rows, *one.shape)
    return replace(one, shape=shape, rows=rows, columns=None, statistic="")
