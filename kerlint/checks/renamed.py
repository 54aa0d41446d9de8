"""Arguments that Keras 3 calls otherwise or no longer takes, and strings that it does not know."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from kerlint.checks import inputs, obsolete, repairs, rewrites
from kerlint.checks.obsolete import Hit, namespace
from kerlint.semantics import catalog
from kerlint.semantics.catalog import migration
from kerlint.semantics.catalog.migration import Row, Word
from kerlint.semantics.graph import KerasModel, is_model
from kerlint.semantics.values import Choice, Const, Instance, Items, Table, Unknown, Value

if TYPE_CHECKING:
    from kerlint.finding import Fix
    from kerlint.semantics.program import Program, Use
    from kerlint.syntax.nodes import Node

UNLISTED = frozenset({"*", "**"})
"""How arguments of an unknown star are kept."""
NOTICED = frozenset({"KER817", "KER808"})
"""Rules whose arguments nothing but Keras has: they tell that a `fit` of something unknown is one of Keras."""


def hits(program: Program) -> Iterator[Hit]:
    """The obsolete arguments and strings of all calls."""
    for use in obsolete.calls(program):
        if place := namespace(use.via):
            yield from _arguments(program, use, use.name, place, use.doubt)
            yield from _strings(use, use.name)
    for use in program.used_as(_methods().__contains__):
        name, place, doubt = _method(use)
        if name and not use.guarded:
            yield from _arguments(program, use, name, place, doubt)
            yield from _strings(use, name)


@cache
def _methods() -> frozenset[str]:
    """The methods that some version of Keras gives a model, as calls of them are named: ".fit"."""
    names = (*catalog.lines("keras2"), *catalog.lines("keras3"), *catalog.table()["entries"])
    found = {name.removeprefix("keras.Model") for name in names if name.startswith("keras.Model.")}
    return frozenset({*found, *(f".{method}" for method in migration.METHODS)})


def _method(use: Use) -> tuple[str, str, str]:
    """The method of a model that a call calls by its canonical name, "keras.Model.fit", its namespace, and a doubt about that."""
    method = migration.METHODS.get(use.name[1:], use.name[1:])
    match use.receiver:
        case KerasModel() | Instance() | Choice() if is_model(use.receiver) and catalog.entry(f"keras.Model.{method}") is not None:
            return f"keras.Model.{method}", "keras", use.doubt or use.receiver.doubt
        case Unknown() if method in ("fit", "evaluate", "predict", "compile"):
            return f"keras.Model.{method}", "", "the object is not known"
        case _:
            return "", "", ""


def _arguments(program: Program, use: Use, name: str, place: str, doubt: str) -> Iterator[Hit]:
    if catalog.is_keras_1(use.via, use.positional, use.keywords):
        yield _positional_kernel(use, name, place)
    for keyword, value in use.keywords.items():
        row = migration.argument(name, keyword, place or "keras") if keyword not in UNLISTED else None
        if row is None or (not place and row.code not in NOTICED) or row.old != keyword:
            continue
        arg = repairs.argument(use.node, keyword)
        new = row.new
        node = arg if arg is not None else use.node
        variant = row.variant or ("" if new else "gone")
        yield Hit(
            row, node, keyword, new, variant, _fix(program, use, row, value), doubt or value.doubt, {"call": use.name.rpartition(".")[2]}
        )


def _positional_kernel(use: Use, name: str, place: str) -> Hit:
    from dataclasses import replace

    row = next(row for row in migration.rows("argument") if row.renamed)
    certain = catalog.speaks_keras_1(use.keywords)  # Keras 2 takes the old name of the class, and the third argument for the strides
    fix = repairs.fix("Put the size of the kernel in a tuple", rewrites.paired(use.node, 1, 2, "kernel_size"), safe=certain)
    row = replace(row, old="kernel", new="kernel_size")
    sizes = [rewrites.written(use.node, "", index) or "" for index in (1, 2)]
    return Hit(row, use.positional[1].node or use.node, ", ".join(sizes), f"({', '.join(sizes)})", "kernel", fix, use.doubt, {"call": ""})


def _fix(program: Program, use: Use, row: Row, value: Value) -> Fix | None:
    call, old = use.node, row.old
    safe = row.fix == "safe"
    match row.code, row.new:
        case "KER802", _:
            return _decay(program, use)
        case (("KER818" | "KER819"), ""):
            return inputs.fix(program, use, row)
        case "KER821", _:
            return repairs.fix(f"Remove `{old}`", rewrites.without(call, old), safe=not inputs.needs_length(program, use))
        case "KER817", ("nb_row" | "nb_col" | "kernel_size") if old in ("nb_row", "nb_col"):
            return repairs.fix("Write `kernel_size`", rewrites.paired(call, "nb_row", "nb_col", "kernel_size"), safe=True)
        case "KER817", new if row.variant == "samples":
            return _steps(use, old, new, value)
        case _, "":
            return repairs.fix(f"Remove `{old}`", rewrites.without(call, old), safe=safe) if row.fix != "none" else None
        case _, new if new not in use.keywords:
            edits = [repairs.renamed(call, old, new)]
            word = migration.word_of_value(new, value.value) if isinstance(value, Const) and isinstance(value.value, str) else ""
            if word:
                if not rewrites.is_string(value.node):
                    return None
                edits.append(repairs.replaced(value.node, repairs.quoted(word, value.node)))
            return repairs.fix(f"Rename `{old}` to `{new}`", *edits, safe=safe)
        case _:
            return None


def _steps(use: Use, old: str, new: str, value: Value) -> Fix | None:
    """Samples that became steps: what counts its own batches needs no number; else the size of a batch has to be known."""
    from kerlint.semantics.provenance import facts

    generator = use.arg(0, "generator", "x")
    known = facts(generator) if generator is not None else None
    batch = known.batch if known is not None else None
    text = rewrites.written(use.node, old)
    if batch is None or text is None:
        return None
    arg = repairs.argument(use.node, old)
    return repairs.fix(
        f"Write `{new}`",
        repairs.replaced(arg, f"{new}=max(1, {text if text.isidentifier() or text.isdigit() else f'({text})'} // {batch})"),
        safe=False,
    )


def _decay(program: Program, use: Use) -> Fix | None:
    """The schedule that does what `decay=` did: rate / (1 + decay * step); a decay of zero goes without one."""
    decay, rate = rewrites.written(use.node, "decay"), use.arg(0, "learning_rate", "lr")
    match use.keywords.get("decay"):
        case Const(0 | None):
            return repairs.fix("Remove `decay`", rewrites.without(use.node, "decay"), safe=True)
    if decay is None:
        return None
    path = f"{migration.rooted(use.via)[0]}.optimizers.schedules.InverseTimeDecay"
    schedule = rewrites.spelled(program, rewrites.function(use.node), use.via, path)
    if schedule is None:
        return None
    written = next(filter(None, (rewrites.written(use.node, name) for name in ("lr", "learning_rate"))), rewrites.written(use.node, "", 0))
    text = written or str(catalog.defaults(use.name).get("learning_rate", 0.001))
    made = f"{schedule[0]}({text}, decay_steps=1, decay_rate={decay})"
    edits = [rewrites.without(use.node, "decay")]
    match rate:
        case None:
            edits = [repairs.replaced(repairs.argument(use.node, "decay"), f"learning_rate={made}")]
        case _ if "lr" in use.keywords or "learning_rate" in use.keywords:
            name = "lr" if "lr" in use.keywords else "learning_rate"
            edits.append(repairs.replaced(repairs.argument(use.node, name), f"learning_rate={made}"))
        case _:
            edits.append(rewrites.value(use.node, "", 0, made))
    return repairs.fix("Use the schedule that does the same", *edits, safe=False, imports=schedule[1])


# Strings


def _strings(use: Use, name: str) -> Iterator[Hit]:
    if name == "keras.Model.compile":
        yield from _words(use, "loss", use.arg(1, "loss"))
        yield from _words(use, "metric", use.arg(2, "metrics"))
    elif "activation" in use.keywords:
        yield from _words(use, "activation", use.keywords["activation"])
    elif name == "keras.layers.Activation":
        yield from _words(use, "activation", use.arg(0, "activation"))
    if "reduction" in use.keywords and name.startswith("keras.losses."):
        yield from _words(use, "reduction", use.keywords["reduction"])


def _words(use: Use, kind: str, value: Value | None) -> Iterator[Hit]:
    for found in _texts(value):
        word = migration.words(kind).get(found.value)
        if word is not None:
            yield _word(use, found, word)


def _word(use: Use, found: Const, word: Word) -> Hit:
    row = word.row
    fix = None
    if word.new and rewrites.is_string(found.node):
        text = repairs.quoted(word.new, found.node)
        fix = repairs.fix(f"Write `{text}`", repairs.replaced(found.node, text), safe=row.fix == "safe")
    node: Node = found.node or use.node
    return Hit(row, node, f'"{word.old}"', f'"{word.new}"' if word.new else "", row.variant or "string", fix, use.doubt or found.doubt)


def _texts(value: Value | None) -> Iterator[Const]:
    match value:
        case Const(str()):
            yield value
        case Items(items):
            for item in items:
                yield from _texts(item)
        case Table(entries):
            for item in entries.values():
                yield from _texts(item)
        case _:
            return
