"""Functions of data, element by element or along an axis: logarithms, roundings, statistics."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.arithmetic import Bounds, sane
from kerlint.semantics.provenance.call import LARGEST, Call
from kerlint.semantics.provenance.facts import Facts, bounded, labelled
from kerlint.semantics.provenance.knowledge import tables
from kerlint.semantics.values import Const, Value


def negate(call: Call) -> Facts:
    """`-a`."""
    return _mapped(call, lambda x: -x)


def statistic(call: Call) -> Facts:
    """`x.max()`, `np.mean(x, axis=0)`: a figure of the data along an axis."""
    x, name = call.data, str(tables()["statistics"].get(call.term.name.strip(".()").rpartition(".")[2], "statistic"))
    within = name in ("mean", "max", "min", "median", "percentile")
    whole = name in ("max", "min") and x.whole
    return call.result(
        shape=_reduced(call, x.shape),
        rows=x.rows if _keeps_rows(call) else None,
        **bounded(x.bounds if within else None),
        columns=None,
        statistic=name,
        form=labelled(whole, x.bounds) if x.form != "image" else x.form,
        classes=None,
        members={},
        labels=None,
    )


def logarithm(call: Call) -> Facts:
    """`np.log(x)`, `np.log1p(x)`: what brings large ranges down."""
    offset = 1 if call.term.name.endswith("1p") else 0
    base = {"log2": 2.0, "log10": 10.0}.get(call.term.name.rpartition(".")[2], math.e)
    return _mapped(call, lambda x: math.log(x + offset, base), least=-offset, scaled=True)


def root(call: Call) -> Facts:
    """`np.sqrt(x)`: smaller than x, but whether that is meant as a scaling is not known."""
    found = _mapped(call, math.sqrt, least=-1e-9, scaled=call.data.scaled or None)
    return replace(found, statistic=call.data.statistic and "std")


def exponential(call: Call) -> Facts:
    """`np.exp(x)`."""
    return _mapped(call, lambda x: math.exp(min(x, 600.0)), scaled=call.data.scaled or None)


def rounded(call: Call) -> Facts:
    """`np.round(x)`, `int(x)`: whole numbers in the same range."""
    found = _mapped(call, lambda x: float(math.floor(x)) if call.term.name != "numpy.ceil" else float(math.ceil(x)))
    exact = call.data.constant
    if exact is not None:
        found = replace(found, low=int(found.low or 0), high=int(found.high or 0))
    return replace(found, form=call.data.form if call.data.form == "image" else labelled(True, found.bounds))


def magnitude(call: Call) -> Facts:
    """`np.abs(x)`."""
    bounds = call.data.bounds
    if bounds is not None:
        bounds = (0.0 if bounds[0] <= 0 <= bounds[1] else min(map(abs, bounds)), max(map(abs, bounds)))
    return call.result(**bounded(bounds), columns=None)


def wave(call: Call) -> Facts:
    """Functions whose values lie in a fixed range, such as sin and sigmoid."""
    low, high = call.about["ranges"][call.term.name.strip(".()").rpartition(".")[2]]
    columns = call.data.columns and tuple((float(low), float(high)) for _ in call.data.columns)
    return call.result(low=low, high=high, columns=columns, form=None if call.data.form == "image" else "continuous", classes=None)


def clip(call: Call) -> Facts:
    """`np.clip(x, low, high)`."""
    low, high = (
        call.number(1, "a_min", "min", "clip_value_min", "x_min", "lower"),
        call.number(2, "a_max", "max", "clip_value_max", "x_max", "upper"),
    )
    known = call.data.bounds
    if low is None or high is None:
        return call.result(columns=None)
    kept = (low, high) if known is None else (min(max(known[0], low), high), max(min(known[1], high), low))
    return call.result(**bounded(kept), columns=None)


def _mapped(call: Call, function: Callable[[float], float], *, least: float | None = None, scaled: bool | str | None = "") -> Facts:
    """A function that keeps or turns round the order, on the range and on that of each column."""

    def over(bounds: Bounds) -> Bounds:
        if bounds is None or (least is not None and bounds[0] <= least):
            return None
        ends = [function(max(-LARGEST, min(LARGEST, end))) for end in bounds]
        return sane(min(ends), max(ends))

    found = [over(column) for column in call.data.columns or ()]
    known = tuple(bounds for bounds in found if bounds is not None)
    bounds = over(call.data.bounds)
    form = (
        call.data.form
        if call.data.form == "image" or not call.data.form
        else labelled(call.data.whole and call.term.name == "negate", bounds)
    )
    changes: dict[str, Any] = {} if scaled == "" else {"scaled": scaled}
    return call.result(
        **bounded(bounds), columns=known if known and len(known) == len(found) else None, form=form, classes=None, members={}, **changes
    )


def _axis(call: Call) -> tuple[Value | None, tuple[int, ...] | None]:
    value = call.value(1, "axis")
    if value is None or isinstance(value, Const) and value.value is None:
        return None, ()
    found = call.dims(value) if not isinstance(value, Const) else None
    number = call.ask(value).constant
    if number is not None:
        return value, (int(number),)
    return value, None if found is None or None in found else tuple(axis for axis in found if axis is not None)


def _keeps_rows(call: Call) -> bool:
    value, axes = _axis(call)
    return value is not None and axes is not None and 0 not in axes


def _reduced(call: Call, shape: Shape | None) -> Shape | None:
    """The shape after a reduction."""
    value, axes = _axis(call)
    keep = call.flag(-1, "keepdims", "keep_dims")
    if value is None and not keep:
        frame = call.data.origin is not None and call.data.origin.kind == "table" and call.term.name.startswith(".")
        return None if frame and shape is not None and len(shape) != 1 else ()
    if shape is None or axes is None or keep is None:
        return None
    dropped = {axis % len(shape) for axis in axes} if shape and axes else set(range(len(shape)))
    if keep:
        return tuple(1 if place in dropped else size for place, size in enumerate(shape))
    return tuple(size for place, size in enumerate(shape) if place not in dropped)
