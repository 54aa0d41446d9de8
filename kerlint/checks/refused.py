"""Calls that Keras 3 refuses for what they are given: names of files, shapes, names, tensors of TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.checks import obsolete, repairs, rewrites
from kerlint.checks.obsolete import Hit, namespace
from kerlint.semantics import catalog
from kerlint.semantics.catalog import migration, operations
from kerlint.semantics.catalog.operations import Operation
from kerlint.semantics.graph import is_layer, tensors
from kerlint.semantics.values import Const, Function, Instance, Symbol, Term, Unknown, Value, text
from kerlint.semantics.wording import quoted
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.finding import Fix
    from kerlint.semantics.program import Program, Use

NAMED = frozenset({"layer", "model", "optimizer", "application"})
"""Kinds of objects whose name may hold no slash."""
LISTED = ("metrics", "weighted_metrics")
"""Arguments of `compile` that take several metrics, and nothing but several."""
VARIABLE = frozenset({"initial_value", "trainable", "dtype", "name"})
"""Arguments of `tf.Variable` that `keras.Variable` has, too."""
APART = (
    "tensorflow.python.",
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.contrib.",
    "tensorflow.saved_model.",
)
"""Where TensorFlow has what is no function on tensors, or has it in another Keras."""
SYMBOLIC = frozenset({"keras.backend.int_shape", "keras.backend.is_keras_tensor"})
"""Functions that ask a symbolic tensor only for what it knows."""


def hits(program: Program) -> Iterator[Hit]:
    """The calls that are refused."""
    for use in program.used("keras.layers.merge", ".add_weight", "keras.Input"):
        if not use.guarded:
            yield from _merge(program, use) if use.name == "keras.layers.merge" else _input(use) if use.via else _weight(use)
    for use in obsolete.calls(program):
        if "name" in use.keywords:
            yield from _name(use)
        yield from _compiled(use) if use.inside else _operation(program, use)
    yield from _variables(program)
    yield from _metrics(program)
    yield from (Hit(migration.call("KER842", "if"), node, node.code) for node in program.branches)
    yield from (Hit(migration.call("KER843", "None"), node, "None") for node in program.without_input)


def _merge(program: Program, use: Use) -> Iterator[Hit]:
    """`merge([...], mode=...)` of Keras 1."""
    mode = use.arg(1, "mode")
    new = migration.merging(text(mode) or "sum") if mode is None or text(mode) is not None else ""
    fix = None
    if new and use.keywords.keys() <= {"mode", "concat_axis", "name"} and len(use.positional) <= 2:
        edits = [repairs.replaced(repairs.called(use.node), new)]
        if mode is not None:
            edits.append(repairs.removed(use.node, repairs.argument(use.node, "mode", 1)))
        if "concat_axis" in use.keywords:
            edits.append(repairs.renamed(use.node, "concat_axis", "axis"))
        module = f"{migration.rooted(use.via)[0] or 'keras'}.layers"
        fix = repairs.fix(f"Call `{new}`", *edits, safe=False, imports=(f"from {module} import {new}",))
    yield Hit(migration.call("KER817", "merge"), repairs.called(use.node), "merge", new, "merge", fix, use.doubt)


def _weight(use: Use) -> Iterator[Hit]:
    """`add_weight("kernel", shape=...)`: the first argument is the shape now."""
    match use.receiver, use.value:
        case Instance(), Term(".add_weight()") if use.positional and text(use.positional[0]) is not None:
            name = use.positional[0]
            edits = [repairs.before(repairs.argument(use.node, "", place), f"{word}=") for place, word in enumerate(("name", "shape"))]
            known = len(use.positional) == 1 or (len(use.positional) == 2 and "shape" not in use.keywords)
            fix = repairs.fix("Name the name", *edits[: len(use.positional)], safe=True) if known else None
            yield Hit(migration.call("KER828", "add_weight"), name.node, f'"{text(name)}"', "", "", fix, use.doubt)


def _input(use: Use) -> Iterator[Hit]:
    """`Input(shape=10)`: a shape is a tuple."""
    shape = use.arg(0, "shape") if namespace(use.via) else None
    match shape:
        case Const(int() as size) if not isinstance(size, bool):
            arg = repairs.argument(use.node, "shape", 0)
            node = arg.value if arg is not None else use.node
            fix = repairs.fix("Make it a tuple", rewrites.tupled(node), safe=True) if arg is not None else None
            yield Hit(migration.call("KER820", "shape"), node, str(size), f"({size},)", "", fix, use.doubt or shape.doubt)
        case _:
            return


def _name(use: Use) -> Iterator[Hit]:
    entry = catalog.entry(use.name) if "name" in use.keywords and namespace(use.via) else None
    if entry is None or not (entry.kind in NAMED or entry.name == "keras.Input"):
        return
    name = use.keywords["name"]
    found = text(name)
    if found is not None and "/" in found:
        fix = None
        if rewrites.is_string(name.node):
            fix = repairs.fix(
                "Write `_` for `/`", repairs.replaced(name.node, repairs.quoted(found.replace("/", "_"), name.node)), safe=False
            )
        node = repairs.argument(use.node, "name") or use.node
        yield Hit(migration.call("KER840", "name"), node, found, found.replace("/", "_"), "", fix, use.doubt or name.doubt)


def _operation(program: Program, use: Use) -> Iterator[Hit]:
    """A function of TensorFlow on a symbolic tensor of the functional interface."""
    path = _computing(use.via)
    if not path or not tensors(*use.positional, *use.keywords.values()):
        return
    found = operations.operations().get(path)
    yield Hit(
        migration.call("KER830", "tensorflow"), use.node, use.via, found.name if found else "",
        "" if found else "layer", _by_keras(program, use, found) if found else None, use.doubt,
    )  # fmt: skip


@lru_cache(maxsize=2048)
def _computing(via: str) -> str:
    """The path of a function of TensorFlow, or of the backend as far as Keras 3 still has it, that computes with tensors, or ""."""
    path = migration.rooted(via)[2]
    if path:
        kept = path.startswith("keras.backend.") and path not in SYMBOLIC and migration.gone(via) is None
        return path if kept else ""
    return via if via.startswith("tensorflow.") and not via.startswith(APART) else ""


def _by_keras(program: Program, use: Use, found: Operation) -> Fix | None:
    """The same call of `keras.ops`, which has other keywords and takes no name."""
    spelling = repairs.reached(program, "keras.ops")
    if spelling is None or not found.takes(len(use.positional), use.keywords):
        return None
    name = f"{spelling[0]}.{found.name.rpartition('.')[2]}"
    old = [key for key in use.keywords if key in found.arguments and found.arguments[key] != key]
    edits = [repairs.replaced(repairs.called(use.node), name), *(repairs.renamed(use.node, key, found.arguments[key]) for key in old)]
    if "name" in use.keywords:
        edits.append(rewrites.without(use.node, "name"))
    return repairs.fix(f"Call `{name}`", *edits, safe=False, imports=spelling[1])


def _compiled(use: Use) -> Iterator[Hit]:
    """Operations that XLA has not, in the `call` of a layer or model."""
    for row in migration.rows("call"):
        if row.code == "KER844" and use.inside and (use.via == row.old or use.via.startswith(f"{row.old}.")):
            yield Hit(row, use.node, use.via, "", "", None, use.doubt)


def _metrics(program: Program) -> Iterator[Hit]:
    """`metrics="accuracy"`: what is measured is a list."""
    for event in program.events:
        for name in LISTED if event.kind == "compile" else ():
            value, given = event.args.get(name) if name in event.given else None, repairs.argument(event.node, name)
            match value:
                case Const(str()) | Term() | Symbol() | Function() if given is not None and _is_metric(value):
                    edits = repairs.before(given.value, "["), repairs.after(given.value, "]")
                    code, fix = quoted(given.value), repairs.fix("Make it a list", *edits, safe=True)
                    doubt = event.doubt or value.doubt
                    yield Hit(migration.call("KER846", name), given.value, f"{name}={code}", f"[{code}]", "", fix, doubt)
                case _:
                    continue


def _is_metric(value: Value) -> bool:
    """Whether it is one metric: a string, a class or function of Keras, a function of the user."""
    match value:
        case Term(name) | Symbol(name):
            return name.startswith(("keras.metrics.", "keras.losses."))
        case _:
            return True


def _variables(program: Program) -> Iterator[Hit]:
    row = migration.call("KER829", "tf.Variable")
    for found in program.references:
        match found.base, found.assigned:
            case Instance() as owner, Term("tensorflow.Variable", args) if is_layer(owner) and not found.guarded:
                if not _is_false(args.get("trainable")):
                    fix = _of_keras(program, found.assigned)
                    yield Hit(row, found.node, f"self{found.name}", "", "", fix, found.assigned.doubt)
            case _:
                continue


def _of_keras(program: Program, made: Term) -> Fix | None:
    """The same variable of Keras; a function that makes the first value would need a shape there."""
    spelling = repairs.reached(program, "keras.Variable")
    call = made.origin or made.node
    match call:
        case syntax.Call(func=function, args=[syntax.Arg(star=""), *others]) if all(arg.keyword is not None for arg in others):
            known = repairs.keywords(call) <= {None, "", *VARIABLE}
            edits = [repairs.replaced(function, spelling[0]) if spelling else None]
            if "initial_value" in repairs.keywords(call):
                edits.append(repairs.renamed(call, "initial_value", "initializer"))
            match made.args.get("0", made.args.get("initial_value")):
                case None | Function() | Unknown():
                    known = False
            return repairs.fix(f"Call `{spelling[0]}`", *edits, safe=False, imports=spelling[1]) if known and spelling else None
        case _:
            return None


def _is_false(value: object) -> bool:
    match value:
        case Const(False):
            return True
        case _:
            return False
