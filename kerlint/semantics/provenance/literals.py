"""Data that stands in the source: numbers, lists of numbers, texts and dicts of columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.call import LARGEST, Ask
from kerlint.semantics.provenance.facts import Facts, Origin, agreed, bounded, labelled, source_of, union, written
from kerlint.semantics.values import Choice, Const, Items, Symbol, Table, Term, Unknown, Value

DEEPEST = 8
"""Axes of a literal array; deeper nesting is no array anybody writes."""
NUMBERS = {"numpy.pi": math.pi, "math.pi": math.pi, "numpy.e": math.e, "math.e": math.e}


def scalar(value: Value) -> Facts:
    """A single number, text or truth value."""
    match value:
        case Const(bool() as found):
            return Facts(resolved=True, shape=(), low=int(found), high=int(found), scaled=False, form="binary", doubt=value.doubt)
        case Const(int() | float() as found) if -LARGEST < found < LARGEST:
            return _number(found, value.doubt)
        case Const(str() | bytes()):
            return _text(value.doubt)
        case Symbol(name) if name in NUMBERS:
            return Facts(resolved=True, shape=(), low=NUMBERS[name], high=NUMBERS[name], scaled=False, form="continuous")
        case _:
            return _unknown(value.doubt)


@lru_cache(maxsize=64)
def _unknown(doubt: str) -> Facts:
    return Facts(doubt=doubt)


@lru_cache(maxsize=64)
def _text(doubt: str) -> Facts:
    return Facts(resolved=True, shape=(), scaled=False, form="text", dtype="str", doubt=doubt)


@lru_cache(maxsize=1024, typed=True)
def _number(found: float, doubt: str) -> Facts:
    return Facts(resolved=True, shape=(), low=found, high=found, scaled=False, form=labelled(_is_whole(found), (found, found)), doubt=doubt)


def _is_whole(number: float) -> bool:
    return float(number).is_integer()


def listed(value: Items, ask: Ask) -> Facts:
    """A list: an array of numbers or texts, or several parts when its members are data themselves."""
    leaves, shape, even = _levels(value)
    if any(_is_data(leaf) for leaf in leaves):
        return grouped(enumerate(value.items), ask, value)
    doubt = next((leaf.doubt for leaf in leaves if leaf.doubt), value.doubt)
    if not leaves:
        return Facts(doubt=doubt)
    plain = [leaf.value for leaf in leaves if isinstance(leaf, Const) and type(leaf.value) in (int, float)]
    begun = Facts(
        origin=Origin("literal", "a literal", written(value)),
        resolved=True,
        scaled=False,
        shape=shape,
        rows=len(value.items),
        sources=source_of(value),
        doubt=doubt,
    )
    if len(plain) == len(leaves) > 0 and even and all(-LARGEST < number < LARGEST for number in plain):
        return replace(begun, **_numbers(plain, shape, all(map(_is_whole, plain)), leaves))
    known = list(map(scalar, leaves))
    changes: dict[str, Any] = {}
    if any(found.form == "text" for found in known):
        changes = {"form": "text" if all(found.form == "text" for found in known) else "object", "dtype": "object"}
    elif not even:
        changes = {"form": "tokens", "dtype": "object", "shape": (len(value.items),), **bounded(union(*(found.bounds for found in known)))}
    elif known and all(found.bounds is not None for found in known):
        changes = _numbers([found.low or 0 for found in known], shape, all(found.whole for found in known), leaves)
    elif known:
        changes = {"resolved": False, "scaled": None}
    return replace(begun, **changes)


def _levels(value: Items) -> tuple[list[Value], Shape, bool]:
    """The members of a nested list in order, its shape, and whether all its rows are equally long."""
    level: list[Value] = [value]
    shape: list[int] = []
    while level and len(shape) < DEEPEST and all(isinstance(item, Items) for item in level):
        lengths = {len(item.items) for item in level if isinstance(item, Items)}
        level = [member for item in level if isinstance(item, Items) for member in item.items]
        if len(lengths) != 1:
            return _flat(level), tuple(shape), False
        shape.append(lengths.pop())
    return _flat(level), tuple(shape), not any(isinstance(item, Items) for item in level)


def _flat(level: list[Value]) -> list[Value]:
    found: list[Value] = []
    waiting = level[::-1]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Items):
            waiting.extend(reversed(item.items))
        else:
            found.append(item)
    return found


def _is_data(leaf: Value) -> bool:
    return not isinstance(leaf, (Const, Symbol, Unknown))


def _numbers(numbers: list[float], shape: Shape, whole: bool, leaves: list[Value]) -> dict[str, Any]:
    """What the numbers of an array of this shape say."""
    bounds = (min(numbers), max(numbers))
    width = shape[1] or 0 if len(shape) == 2 else 0
    columns = tuple((min(numbers[place::width]), max(numbers[place::width])) for place in range(width)) or None
    fraction = any(isinstance(leaf, Const) and isinstance(leaf.value, float) or isinstance(leaf, Symbol) for leaf in leaves)
    form: str | None = labelled(whole, bounds)
    classes = None
    if form == "binary" and width > 1:
        sums = {sum(numbers[row : row + width]) for row in range(0, len(numbers), width)}
        form, classes = ("one-hot", width) if sums == {1} else ("multi-hot", None)
    elif form in ("binary", "integer") and (len(shape) == 1 or width == 1) and not fraction:
        classes = len(set(numbers)) if form == "integer" else 2
    elif form == "integer" and width > 1 or len(shape) > 2:
        form = None
    return {**bounded(bounds), "columns": columns, "form": form, "classes": classes, "dtype": "float64" if fraction else "int64"}


def tabled(value: Table, ask: Ask) -> Facts:
    """A dict of data by name."""
    return grouped(value.entries.items(), ask, value)


def grouped(parts: Iterable[tuple[Any, Value]], ask: Ask, value: Value) -> Facts:
    """Several pieces of data together: what all agree on, and each as a member."""
    members = {key: ask(part) for key, part in parts}
    return summary(members, value)


def summary(members: dict[Any, Facts], value: Value) -> Facts:
    """What holds for several pieces of data that go together."""
    found = list(members.values())
    if not found:
        return Facts(doubt=value.doubt)
    first = next((part for part in found if part.origin is not None), found[0])
    resolved = all(part.resolved for part in found)
    scaled = agreed(*(part.scaled for part in found))
    return Facts(
        origin=first.origin,
        path=first.path,
        resolved=resolved,
        rows=agreed(*(part.rows for part in found)),
        **bounded(union(*(part.bounds for part in found))),
        scaled=scaled if resolved or scaled else None,
        form=agreed(*(part.form for part in found)),
        random=all(part.random for part in found),
        split=agreed(*(part.split for part in found)),
        members=members,
        sources=frozenset().union(*(part.sources for part in found)),
        doubt=value.doubt or next((part.doubt for part in found if part.doubt), ""),
    )


def merged(value: Choice, ask: Ask) -> Facts:
    """One of several values: what is true of each."""
    return either([ask(option) for option in _ways(value)], value.doubt or "one of several branches")


def _ways(value: Choice) -> Iterator[Value]:
    """The options, without a buffer that another option has filled."""
    filled = [below for option in value.options for below in _stores(option)]
    for option in value.options:
        if not any(option is below for below in filled):
            yield option


def _stores(value: Value) -> Iterator[Value]:
    """What lies below the stores into an array."""
    while isinstance(value, Term) and value.name == "setitem" and "base" in value.args:
        value = value.args["base"]
        yield from value.options if isinstance(value, Choice) else (value,)


def either(found: list[Facts], doubt: str = "") -> Facts:
    """What holds whichever of these it is."""
    if len(found) == 1:
        return found[0]
    first = found[0]
    keys = set(first.members).intersection(*(part.members for part in found[1:]))
    shapes = [part.shape for part in found]
    shape: Shape | None = None
    if first.shape is not None and all(other is not None and len(other) == len(first.shape) for other in shapes):
        shape = tuple(agreed(*sizes) for sizes in zip(*(other for other in shapes if other is not None), strict=True))
    bounds = union(*(part.bounds for part in found))
    whole = all(part.whole for part in found) and not first.members
    form = agreed(*(part.form for part in found))
    columns = agreed(*(part.columns for part in found))
    return Facts(
        origin=first.origin if all(part.origin is not None for part in found) else None,
        path=first.path,
        resolved=all(part.resolved for part in found),
        shape=shape,
        rows=agreed(*(part.rows for part in found)),
        **bounded(bounds),
        columns=columns,
        scaled=agreed(*(part.scaled for part in found)),
        form=form if form or not whole or None in [part.form for part in found] else labelled(True, bounds),
        classes=agreed(*(part.classes for part in found)),
        dtype=agreed(*(part.dtype for part in found)),
        random=all(part.random for part in found),
        batch=agreed(*(part.batch for part in found)),
        labels=either([part.labels for part in found if part.labels is not None]) if all(part.labels for part in found) else None,
        yields=agreed(*(part.yields for part in found)),
        split=agreed(*(part.split for part in found)),
        statistic=agreed(*(part.statistic for part in found)) or "",
        members={key: either([part.members[key] for part in found]) for key in first.members if key in keys},
        sources=frozenset().union(*(part.sources for part in found)),
        doubt=doubt,
    )
