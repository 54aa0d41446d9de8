"""Arithmetic on data: which operation scales or centers, and the range of what comes out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.call import LARGEST, Call, is_float
from kerlint.semantics.provenance.facts import Facts, bounded, labelled, stepped, union, written
from kerlint.semantics.provenance.knowledge import tables
from kerlint.semantics.wording import figure

Bounds = tuple[float, float] | None
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "floordivide": "//", "power": "**", "mod": "%", "matmul": "@"}


def add(call: Call) -> Facts:
    """`a + b`."""
    a, b = _sides(call)
    return _binary(call, a, b, "add", "other", _agreement(a, b))


def subtract(call: Call) -> Facts:
    """`a - b`: centering when a statistic or a number is taken from data."""
    a, b = _sides(call)
    bounds = _interval("subtract", a.bounds, b.bounds)
    if b.statistic and not a.statistic:
        if b.statistic == "min" and bounds is not None and a.bounds is not None:
            bounds = (0.0, a.bounds[1] - a.bounds[0])
        return _binary(call, a, b, "subtract", "center", a.scaled or None, bounds if b.statistic == "min" else None)
    if a.statistic and not b.statistic and b.origin:
        return _binary(call, a, b, "subtract", "center", None)
    if not _is_constant(b):
        return _binary(call, a, b, "subtract", "other", _agreement(a, b))
    return _binary(call, a, b, "subtract", "center", a.scaled if b.shape == () else a.scaled or None)


def multiply(call: Call) -> Facts:
    """`a * b`: scaling when one is a small number."""
    a, b = _sides(call)
    for data, factor in ((a, b), (b, a)):
        if factor.constant is not None and not _is_constant(data):
            small = 0 < abs(factor.constant) <= 1 / tables()["limits"]["divisor"]
            return _shrunk(call, a, b, data, "multiply") if small else _binary(call, a, b, "multiply", "other", data.scaled)
    if a.statistic or b.statistic:
        return _binary(call, a, b, "multiply", "scale", True, None)
    return _binary(call, a, b, "multiply", "other", _agreement(a, b))


def divide(call: Call) -> Facts:
    """`a / b`: scaling when data is divided by a statistic or by a number that brings it down."""
    a, b = _sides(call)
    if a.origin is None:
        return _binary(call, a, b, "divide", "other", b.scaled or None)
    if b.statistic and not a.statistic:
        return _binary(call, a, b, "divide", "scale", True, _standard(a, b))
    if b.constant is not None:
        if abs(b.constant) >= tables()["limits"]["divisor"]:
            return _shrunk(call, a, b, a, "divide")
        return _binary(call, a, b, "divide", "other", a.scaled)
    if _is_constant(b) and b.shape != ():
        return _binary(call, a, b, "divide", "scale", True)
    return _binary(call, a, b, "divide", "other", a.scaled or None)


def floordivide(call: Call) -> Facts:
    """`a // b`."""
    a, b = _sides(call)
    found = _binary(call, a, b, "floordivide", "other", a.scaled or None)
    bounds = None if found.bounds is None else (float(math.floor(found.bounds[0])), float(math.floor(found.bounds[1])))
    return replace(found, **bounded(bounds), form=labelled(True, bounds) if a.form != "image" else a.form)


def mod(call: Call) -> Facts:
    """`a % b`: below b."""
    a, b = _sides(call)
    period = b.constant
    found = _binary(call, a, b, "mod", "other", a.scaled)
    if period is None or period <= 0:
        return replace(found, **bounded(None))
    whole = a.whole and float(period).is_integer()
    bounds = (0.0, period - 1 if whole else period)
    return replace(found, **bounded(bounds), form=labelled(whole, bounds), classes=int(period) if whole else None)


def power(call: Call) -> Facts:
    """`a ** b`."""
    a, b = _sides(call)
    return _binary(call, a, b, "power", "other", a.scaled or None)


def matmul(call: Call) -> Facts:
    """`a @ b`: a new quantity with the rows of a."""
    a, b = _sides(call)
    shape: Shape | None = None
    if a.shape is not None and b.shape is not None and a.shape and b.shape:
        shape = (*a.shape[:-1], *(b.shape[-1:] if len(b.shape) > 1 else ()))
    found = _binary(call, a, b, "matmul", "other", None, None)
    return replace(found, shape=shape, rows=a.rows, form="continuous", columns=None)


def compare(call: Call) -> Facts:
    """`a == b` and the like: truth values."""
    a, b = _sides(call)
    found = _binary(call, a, b, "compare", "encode", a.scaled)
    return replace(found, low=0, high=1, form="binary", classes=2, dtype="bool", columns=None, statistic="")


def logical(call: Call) -> Facts:
    """`&`, `|`, `~`: of truth values a truth value."""
    a, b = _sides(call)
    if "bool" in (a.dtype, b.dtype):
        return compare(call)
    return _binary(call, a, b, "logical", "other", a.scaled or None, None)


def chosen(call: Call) -> Facts:
    """`np.where(condition, a, b)`: values of either."""
    a, b = call.facts(1, "x", "x1"), call.facts(2, "y", "x2")
    if call.value(1, "x", "x1") is None:
        return call.result("select", members={}, shape=None, rows=None, **bounded(None))
    bounds = union(a.bounds, b.bounds)
    data = [side for side in (a, b) if not _is_constant(side)]
    if data:
        kept = data[0]
        scaled = _agreement(a, b)
        joined = replace(call, data=kept)
        return joined.result("other", **bounded(bounds), columns=None, scaled=scaled, resolved=a.resolved and b.resolved, members={})
    whole = a.whole and b.whole
    return call.result(
        "encode", **bounded(bounds), columns=None, form=labelled(whole, bounds), classes=2 if whole else None, dtype=None, members={}
    )


def _sides(call: Call) -> tuple[Facts, Facts]:
    return call.facts(0, "left", "operand", "x1", "x", "a"), call.facts(1, "right", "x2", "y", "b", "other")


def _is_constant(side: Facts) -> bool:
    """Whether one side is a number, or a list of numbers that was written down, and not data."""
    return side.resolved and not side.path and (side.origin is None or (side.origin.kind == "literal" and (side.rows or 0) < 16))


def _agreement(a: Facts, b: Facts) -> bool | None:
    if _is_constant(a) or _is_constant(b):
        return b.scaled if _is_constant(a) else a.scaled
    return a.scaled if a.scaled is b.scaled else None


def _main(a: Facts, b: Facts) -> Facts:
    """The side that is the data."""
    return b if _weight(b) > _weight(a) else a


def _weight(side: Facts) -> int:
    if side.origin is None:
        return 0
    return 1 if side.statistic else 2 if _is_constant(side) else 3


def _binary(call: Call, a: Facts, b: Facts, name: str, effect: str, scaled: bool | None, bounds: Bounds | bool = True) -> Facts:
    """What holds for every operator. `bounds` True stands for those that interval arithmetic gives."""
    data = _main(a, b)
    other = b if data is a else a
    known = _interval(name, a.bounds, b.bounds) if isinstance(bounds, bool) else bounds
    shape = broadcast(a.shape, b.shape)
    resolved = a.resolved and b.resolved
    changes: dict[str, Any] = {
        "shape": shape,
        "rows": shape[0] if shape else data.rows if shape is None and (data.rows == other.rows or other.rows is None) else None,
        **bounded(known),
        "columns": _columns(name, a, b, len(shape or ())) if bounds is True else None,
        "scaled": scaled if resolved or scaled else None,
        "resolved": resolved,
        "form": _form(data, other, name, known),
        "classes": data.classes if name in ("add", "subtract", "multiply") and _is_constant(other) else None,
        "dtype": _dtype(a, b, name),
        "random": data.random and (_is_constant(other) or other.sources <= data.sources),
        "statistic": _statistic(a, b, name),
        "members": {},
        "sources": a.sources | b.sources,
    }
    if not resolved:
        effect = "unknown" if not other.resolved and other.origin is None else effect
    return stepped(replace(data, **changes), effect, _sign(name, data is a, other), written(call.term))


def _shrunk(call: Call, a: Facts, b: Facts, data: Facts, name: str) -> Facts:
    """Data made smaller by a number: scaled, unless what comes out is known to be large still."""
    bounds = _interval(name, a.bounds, b.bounds)
    small = tables()["limits"]["small"]
    large = bounds is not None and max(map(abs, bounds)) >= small
    return _binary(call, a, b, name, "scale", (data.scaled or None) if large else True)


def _standard(a: Facts, b: Facts) -> Bounds:
    """The range after a division by a statistic: 0..1 when it is the greatest of what is not negative."""
    return (0.0, 1.0) if a.low is not None and a.low >= 0 and b.statistic in ("max", "ptp") else None


def _sign(name: str, left: bool, other: Facts) -> str:
    sign = SIGNS.get(name, name)
    number = other.constant
    right = figure(number) if number is not None else other.statistic or "…"
    return f"{sign} {right}" if left else f"{right} {sign}"


def _form(data: Facts, other: Facts, name: str, bounds: Bounds) -> str | None:
    if data.form in ("image", "text", "object", "tokens"):
        return data.form
    if data.form == "one-hot" and _is_constant(other) and name in ("add", "subtract", "multiply"):
        return "one-hot"
    whole = data.whole and other.whole and name in ("add", "subtract", "multiply", "power", "mod", "floordivide")
    if whole:
        return labelled(True, bounds) if data.form != "multi-hot" else "multi-hot"
    return "continuous" if data.form is not None and (other.form is not None or other.statistic) else None


def _statistic(a: Facts, b: Facts, name: str) -> str:
    if a.statistic and b.statistic:
        return "ptp" if name == "subtract" and (a.statistic, b.statistic) == ("max", "min") else "statistic"
    if a.statistic or b.statistic:
        figure_of, other = (a, b) if a.statistic else (b, a)
        return figure_of.statistic if _is_constant(other) and other.shape == () else ""
    return ""


def _dtype(a: Facts, b: Facts, name: str) -> str | None:
    if name == "divide":
        return a.dtype if is_float(a.dtype) else "float64"
    if is_float(a.dtype) and (is_float(b.dtype) or b.dtype is None or _is_constant(b)):
        return a.dtype
    if _is_constant(b) and b.whole:
        return a.dtype
    return a.dtype if a.dtype == b.dtype else None


def broadcast(a: Shape | None, b: Shape | None) -> Shape | None:
    """The shape of an operation on two arrays, as numpy matches their axes; None when it is not known or fails."""
    if a is None or b is None:
        return a if b == () else b if a == () else None
    long, short = (a, b) if len(a) >= len(b) else (b, a)
    sizes: list[int | None] = list(long[: len(long) - len(short)])
    for left, right in zip(long[len(long) - len(short) :], short, strict=True):
        if left == 1 or right == 1:
            sizes.append(right if left == 1 else left)
        elif left is None or right is None or left == right:
            sizes.append(left if right is None else right)
        else:
            return None
    return tuple(sizes)


def _interval(name: str, a: Bounds, b: Bounds) -> Bounds:
    """The range of an operator on two ranges, or None."""
    if a is None or b is None:
        return None
    if name == "power":
        return _powers(a, b)
    operator = INTERVALS.get(name)
    if operator is None or (name in ("divide", "floordivide") and b[0] <= 0 <= b[1]):
        return None
    corners = [operator(x, y) for x in a for y in b]
    return sane(min(corners), max(corners))


INTERVALS: dict[str, Callable[[float, float], float]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "floordivide": lambda x, y: x // y,
}


def _powers(a: Bounds, b: Bounds) -> Bounds:
    if a is None or b is None or b[0] != b[1] or not 0 < b[0] <= 8 or max(map(abs, a)) > 1e30:
        return None
    exponent = b[0]
    if a[0] >= 0:
        return sane(a[0] ** exponent, a[1] ** exponent)
    if not float(exponent).is_integer():
        return None
    corners = [x**exponent for x in a]
    return sane(0.0 if exponent % 2 == 0 and a[1] >= 0 else min(corners), max(corners))


def sane(low: float, high: float) -> Bounds:
    """A range, if its ends are numbers that can be computed with."""
    return (low, high) if -LARGEST < low <= high < LARGEST else None


def _columns(name: str, a: Facts, b: Facts, rank: int) -> tuple[tuple[float, float], ...] | None:
    """The range of each column after an operator with a number, or with a list of one number per column."""
    left, right = a.columns or _spread(a, b), b.columns or _spread(b, a)
    if left is None or right is None or len(left) != len(right) or rank != 2:
        return None
    found = [_interval(name, x, y) for x, y in zip(left, right, strict=True)]
    known = tuple(bounds for bounds in found if bounds is not None)
    return known if len(known) == len(found) else None


def _spread(side: Facts, other: Facts) -> tuple[tuple[float, float], ...] | None:
    if side.constant is None or other.columns is None:
        return None
    return ((side.constant, side.constant),) * len(other.columns)
