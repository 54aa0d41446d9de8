"""Tables: pandas frames and series, their columns by name, and what changes them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.call import Call
from kerlint.semantics.provenance.facts import Facts, agreed, bounded, labelled, narrowed, stepped, union, written
from kerlint.semantics.provenance.knowledge import spoken
from kerlint.semantics.values import Const, Items, Table, python

WORDS = frozenset({"text", "object"})
"""Forms that a network cannot take in."""


def frame(call: Call) -> Facts:
    """`pd.DataFrame({...})`, `pd.DataFrame(array)`, `pd.Series([...])`: a table of what is given."""
    data = call.facts(0, "data")
    if data.origin is None:
        return call.origin("table") if data.resolved else replace(call.origin("table"), resolved=data.resolved, scaled=None)
    named = {key: part for key, part in data.members.items() if isinstance(key, str)}
    if not named:
        return data
    made = _of_columns(replace(data, doubt=data.doubt), named)
    kind = "literal" if data.origin.kind == "literal" else data.origin.kind
    return replace(made, origin=replace(data.origin, kind=kind, name=f"{spoken(call.term.name)[:-2]}({{...}})", node=written(call.term)))


def _of_columns(whole: Facts, columns: dict[str, Facts]) -> Facts:
    """A table made of these columns and no others."""
    parts = list(columns.values())
    ranges = [part.bounds for part in parts]
    known = tuple(bounds for bounds in ranges if bounds is not None)
    forms = {part.form for part in parts}
    rows = agreed(*(part.rows for part in parts))
    return replace(
        whole,
        shape=(rows, len(parts)),
        rows=rows,
        columns=known if len(known) == len(ranges) else None,
        **bounded(union(*ranges)),
        form="object" if forms & WORDS else None,
        dtype="object" if forms & WORDS else agreed(*(part.dtype for part in parts)),
        members=columns,
    )


def column(call: Call, name: Any) -> Facts:
    """`df["a"]` and `df[["a", "b"]]`; None stands for columns that are not known."""
    table = call.data
    if name is None:
        return call.result("select", "[columns]", shape=(table.rows, None), members={}, columns=None, **_vague(table))
    if isinstance(name, list):
        if name and all(part in table.members for part in name):
            return stepped(_of_columns(table, {part: table.members[part] for part in name}), "select", f"[{name!r}]", written(call.term))
        kept = {part: table.members[part] for part in name if part in table.members}
        return call.result("select", f"[{name!r}]", shape=(table.rows, len(name)), members=kept, columns=None, **_vague(table))
    found = call.result("select", f"[{name!r}]", shape=(table.rows,), members={}, columns=None, **_vague(table))
    return narrowed(found, f"[{name!r}]")


def _vague(table: Facts) -> dict[str, Any]:
    """What a choice of columns that are not known one by one leaves of range and form."""
    return {"form": None, "dtype": None, **bounded(table.bounds)}


def attribute(call: Call) -> Facts:
    """`df.a`, `bunch.data`: a column or a part by name."""
    name = call.term.name.lstrip(".")
    if name in call.data.members:
        return call.data.members[name]
    if call.data.origin is not None and call.data.origin.kind == "table":
        return column(call, name)
    return call.unknown()


def values(call: Call) -> Facts:
    """`df.values`, `df.to_numpy()`: the numbers as an array."""
    return replace(call.data, members={}) if call.data.yields is None else call.data


def stored_column(call: Call, name: Any, value: Facts) -> Facts:
    """The table after `df["a"] = value`: what was done to that column is part of its way."""
    table = call.data
    before = set(table.path)
    steps = tuple(step for step in value.path if step not in before and step.effect != "select")
    resolved = table.resolved and value.resolved
    scaled = table.scaled if value.scaled is table.scaled else table.scaled or None
    members = dict(table.members)
    names = [name] if isinstance(name, str) else name if isinstance(name, list) else []
    for part in names:
        if isinstance(part, str):
            members[part] = value if isinstance(name, str) else replace(value, shape=value.shape[:1] if value.shape else None, columns=None)
    width = table.shape[1] if table.shape is not None and len(table.shape) == 2 else None
    complete = width is not None and len(table.members) == width
    if complete and isinstance(name, str):
        made = _of_columns(table, members)
    else:
        shape: Shape | None = (
            table.shape
            if table.shape is not None and set(map(str, names)) <= set(map(str, table.members)) and names
            else (table.rows, None)
        )
        made = replace(table, shape=shape, columns=None, members=members, **bounded(None), form=None, dtype=None)
    return replace(
        made,
        path=(*table.path, *steps),
        resolved=resolved,
        scaled=scaled if resolved or scaled else None,
        sources=table.sources | value.sources,
        random=table.random and value.random,
        doubt=table.doubt or value.doubt,
    )


def drop(call: Call) -> Facts:
    """`df.drop(columns)`: without some of its columns, or rows."""
    table = call.data
    axis = call.integer(2, "axis", default=0)
    columns = call.value(3, "columns")
    if columns is None and (axis == 1 or call.text(2, "axis") == "columns"):
        columns = call.value(1, "labels")
    names = [python(columns)] if isinstance(columns, Const) else python(columns) if isinstance(columns, Items) else None
    if columns is None:
        return call.result("select", shape=None if table.shape is None else (None, *table.shape[1:]), rows=None)
    width = table.shape[1] if table.shape is not None and len(table.shape) == 2 else None
    if names is None:
        return call.result("select", shape=(table.rows, None), columns=None)
    kept = {key: part for key, part in table.members.items() if key not in names}
    if width is not None and len(table.members) == width:
        return (
            stepped(_of_columns(table, kept), "select", "drop()", written(call.term))
            if kept
            else call.result("select", shape=(table.rows, 0))
        )
    left = None if width is None else width - len(names)
    forms = {} if table.form is None else {"form": table.form}
    return call.result("select", shape=(table.rows, left), columns=None, members=kept, **forms)


def dummies(call: Call) -> Facts:
    """`pd.get_dummies(x)`: a column for each category."""
    x = call.data
    series = x.shape is not None and len(x.shape) == 1
    return call.result(
        shape=(x.rows, x.classes if series else None),
        rows=x.rows,
        **bounded((0, 1) if series else None),
        columns=None,
        form="one-hot" if series else None,
        classes=x.classes if series else None,
        dtype=None,
        members={},
    )


def codes(call: Call) -> Facts:
    """`.cat.codes`: the number of each category."""
    return call.result(form="integer", **bounded(None), columns=None, dtype="int8", members={})


def factorized(call: Call) -> Facts:
    """`pd.factorize(x)`: numbers of categories, and the categories."""
    coded = call.result(form="integer", **bounded(None), columns=None, dtype="int64", members={})
    return replace(coded, members={0: coded, 1: replace(call.data, rows=None, shape=(None,))})


def replaced(call: Call) -> Facts:
    """`series.map({...})`, `df.replace({...})`: categories by the numbers that a dict gives them."""
    table = call.value(1, "arg", "to_replace", "mapper", "func")
    if not isinstance(table, Table):
        return applied(call)
    new = [call.ask(value) for value in table.entries.values()]
    every = "map" in call.term.name and all(found.constant is not None for found in new)
    bounds = union(*(found.bounds for found in new)) if every else None
    form = labelled(all(found.whole for found in new), bounds) if every else None
    classes = len({found.constant for found in new}) if every and form != "continuous" else None
    return call.result("encode", **bounded(bounds), columns=None, form=form, classes=classes, dtype=None, members={})


def applied(call: Call) -> Facts:
    """`series.map(f)`, `df.apply(f)`: what f makes of one member."""
    result = call.term.args.get("result")
    if result is None:
        return call.unknown()
    found = call.ask(result)
    if found.origin is None:
        return (
            call.unknown()
            if not found.resolved
            else call.result("encode", **bounded(None), form=None, columns=None, classes=None, members={})
        )
    shape = None if found.shape is None else (call.data.rows, *found.shape)
    if "map" not in call.term.name and call.data.shape is not None and len(call.data.shape) > 1:
        shape = call.data.shape
    return replace(found, shape=shape, rows=call.data.rows, columns=None, members={}, yields=None, batch=None)


def rows_kept(call: Call) -> Facts:
    """What leaves out rows, and keeps the columns."""
    shape = call.data.shape
    return call.result(shape=None if shape is None else (None, *shape[1:]), rows=None, members=_rowless(call.data))


def _rowless(table: Facts) -> dict[Any, Facts]:
    return {
        key: replace(part, rows=None, shape=None if part.shape is None else (None, *part.shape[1:])) for key, part in table.members.items()
    }


def rows_taken(call: Call) -> Facts:
    """`df.head(n)`, `df.sample(n)`: a number of rows, or a share of them."""
    rows, known = call.data.rows, None
    count = call.count(1, "n", default=call.about.get("default"))
    share = call.number(2, "frac")
    if call.value(2, "frac") is not None:
        known = round(rows * share) if rows is not None and share is not None else None
    elif rows is not None and count is not None:
        known = min(rows, count) if count >= 0 else max(0, rows + count)
    shape = call.data.shape
    return call.result(shape=None if shape is None else (known, *shape[1:]), rows=known, members=_rowless(call.data))


def filled_in(call: Call) -> Facts:
    """`df.fillna(v)`: the same table without gaps."""
    return call.data


def texts(call: Call) -> Facts:
    """`series.str`: a column of words."""
    return call.result("text", form="text", dtype="object", **bounded(None), columns=None)


def assigned(call: Call) -> Facts:
    """`df.assign(a=...)`: the table with columns stored under these names."""
    made = call
    for name, value in call.term.args.items():
        if name != "self":
            made = replace(made, data=stored_column(made, name, call.ask(value)))
    return made.data


def names(call: Call) -> Facts:
    """`df.columns`, `df.index`: names, and not data."""
    return Facts(resolved=True, shape=(None,), form="text", dtype="str", scaled=False, sources=call.data.sources)


def aggregated(call: Call) -> Facts:
    """What makes another table of a table, with columns and rows that are not known."""
    return call.result(shape=None, rows=None, columns=None, **bounded(None), form=None, classes=None, members={}, dtype=None)
