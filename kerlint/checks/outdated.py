"""Methods and attributes of models, layers and optimizers that are gone, and calls that Keras 3 reads otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kerlint.checks import pairing, repairs, rewrites
from kerlint.checks.obsolete import Hit, namespace
from kerlint.semantics import catalog
from kerlint.semantics.catalog import migration
from kerlint.semantics.catalog.migration import Row
from kerlint.semantics.graph import KerasLayer, KerasModel, is_layer, is_model, lineage
from kerlint.semantics.members import class_member
from kerlint.semantics.values import Choice, Const, Instance, Term, Unknown, Value

if TYPE_CHECKING:
    from kerlint.finding import Edit, Fix
    from kerlint.semantics.program import Program, Reference, Use

TOLD_BY_NAME = frozenset({"fit_generator", "evaluate_generator", "predict_generator", "predict_classes"})
"""Methods that nothing but a Keras model ever had."""
PLAIN = frozenset(
    {
        "generator",
        "x",
        "steps_per_epoch",
        "epochs",
        "verbose",
        "callbacks",
        "validation_data",
        "validation_steps",
        "class_weight",
        "shuffle",
        "initial_epoch",
        "steps",
        "nb_epoch",
    }
)
"""Arguments that `fit` takes as `fit_generator` did."""
VALUES = ("keras.backend.get_value", "keras.backend.set_value")
"""What reads or sets a variable: `K.get_value(optimizer.lr)`."""
COUNTS = ("steps_per_epoch", "validation_steps", "steps")
"""Arguments that say how many batches are drawn."""


def hits(program: Program) -> Iterator[Hit]:
    """The obsolete methods and attributes."""
    made = {id(use.node): use.via for use in program.used_as(lambda name: name.startswith("keras."))}
    for use in program.used_as(lambda name: name[1:] in migration.methods()):
        for row in migration.methods()[use.name[1:]] if not use.via and not use.guarded else ():
            doubt = _has(use.receiver, row, use.name[1:], made)
            if doubt is not None:
                new = row.new or use.name[1:].removesuffix(row.suffix) if row.new or row.suffix else ""
                yield Hit(
                    row, rewrites.member(use.node), use.name[1:], new, row.variant or ("" if new else "gone"), _fix(program, use, row),
                    doubt or use.doubt, {"method": use.name[1:]},
                )  # fmt: skip
    for found in program.references:
        for row in migration.attributes().get(found.name[1:], ()) if not found.via and not found.guarded else ():
            if _is_read(found, row, made):
                yield _attribute(program, found, row)


def _has(receiver: Value | None, row: Row, name: str, made: Mapping[int, str]) -> str | None:
    """Whether the receiver of a call is what lost the method: "" when it is, a doubt when only the name tells, else None."""
    match receiver, row.of[0]:
        case Instance(), _ if class_member(receiver.cls, name) is not None:
            return None
        case ((KerasModel() | Instance() | Choice()), "model") if is_model(receiver):
            return receiver.doubt
        case KerasModel(kind="sequential"), "sequential":
            return receiver.doubt
        case Instance(cls=cls), "sequential" if lineage(cls) == "keras.Sequential":
            return ""
        case KerasLayer(), "layer":
            return receiver.doubt
        case Instance(), "layer" if is_layer(receiver) and not is_model(receiver):
            return ""
        case Term(), "optimizer" if _is_optimizer(receiver, made):
            return receiver.doubt
        case ((Unknown() | Term()), "model") if name in TOLD_BY_NAME and _may_be_model(receiver):
            return "the object is not known"
        case _:
            return None


def _may_be_model(value: Value | None) -> bool:
    match value:
        case Term("call" | "unknown" | "item") | Unknown():
            return True
        case Term(name):
            return name.startswith(".")
        case _:
            return False


def _fix(program: Program, use: Use, row: Row) -> Fix | None:
    name = rewrites.member(use.node)
    match row.code:
        case "KER806":
            new = use.name[1:].removesuffix(row.suffix)
            edits = [repairs.replaced(name, new)]
            if "generator" in use.keywords:
                edits.append(repairs.renamed(use.node, "generator", "x"))
            whole = [repairs.floored(value.origin or value.node) for value in map(use.keywords.get, COUNTS) if value and _is_divided(value)]
            edits += [*_named(use), *whole]
            plain = new != "predict" and use.keywords.keys() <= PLAIN and len(use.positional) <= 1 and not whole
            return repairs.fix(f"Call `{new}`", *edits, safe=plain)
        case "KER807" if row.new:
            return repairs.fix(f"Call `{row.new}`", repairs.replaced(name, row.new), safe=True)
        case "KER807":
            return _classes(program, use)
        case _:
            return None


def _is_divided(value: Value) -> bool:
    """Whether a number of steps is a float, which generator methods took and `fit` refuses."""
    match value:
        case Term("divide") | Const(float()):
            return True
        case _:
            return False


def _named(use: Use) -> list[Edit | None]:
    """Names for what a generator method was given by position behind the generator: `fit` has other arguments in those places."""
    entry = catalog.entry(f"keras.Model.{use.name[1:]}")
    names = [parameter.name for parameter in entry.parameters] if entry is not None else []
    places = range(1, min(len(use.positional), len(names)))
    return [repairs.before(repairs.argument(use.node, "", place), f"{names[place]}=") for place in places]


def _classes(program: Program, use: Use) -> Fix | None:
    """`predict_classes` in terms of `predict`, as its head asks."""
    head = next((head for model, head in pairing.final_heads(program) if model.identity is use.receiver), None)
    single = head is not None and (head.activation == "sigmoid" or pairing.width(head) == 1)
    known = head is not None and head.activation in ("softmax", "sigmoid") and pairing.width(head) is not None
    call = repairs.replaced(rewrites.member(use.node), "predict")
    if single:
        edits = (repairs.before(use.node, "("), call, repairs.after(use.node, ' > 0.5).astype("int32")'))
        return repairs.fix("Compare the predictions with 0.5", *edits, safe=known)
    numpy = next((name for name, via in program.names.items() if via == "numpy"), None)
    edits = (repairs.before(use.node, f"{numpy or 'np'}.argmax("), call, repairs.after(use.node, ", axis=-1)"))
    return repairs.fix("Take the class with the highest score", *edits, safe=known, imports=() if numpy else ("import numpy as np",))


def _is_optimizer(value: Term, made: Mapping[int, str]) -> bool:
    """Whether it is an optimizer that was made as one of Keras: `tf.train.AdamOptimizer` is another thing, though it does the same."""
    via = made.get(id(value.node)) or made.get(id(value.origin)) or ""
    return value.name.startswith("keras.optimizers.") and ".schedules." not in value.name and bool(namespace(via))


def _is_read(found: Reference, row: Row, made: Mapping[int, str]) -> bool:
    match row.of[0], found.base:
        case "optimizer", Term() as owner:
            return _is_optimizer(owner, made) or _is_optimizer_of(found)
        case "optimizer", Unknown():
            return _is_optimizer_of(found)
        case "layer", KerasLayer(fields=fields, args=args):
            return found.name[1:] not in fields and found.name[1:] not in args and found.assigned is None
        case "layer", Choice(options):
            return found.assigned is None and all(isinstance(option, KerasLayer) for option in options)
        case _:
            return False


def _is_optimizer_of(found: Reference) -> bool:
    """Whether it is `model.optimizer.lr` of a model that is not known here."""
    name = rewrites.member(rewrites.inner(found.node))
    return found.name == ".lr" and name is not None and name.code == "optimizer"


def _attribute(program: Program, found: Reference, row: Row) -> Hit:
    safe = row.fix == "safe"
    fix = repairs.fix(f"Write `{row.new}`", repairs.replaced(rewrites.member(found.node), row.new), safe=safe) if row.new else None
    getter = next((use for use in program.used(*VALUES) if rewrites.first_argument(use.node) is found.node), None)
    return Hit(
        row,
        found.node,
        found.name[1:],
        row.new,
        row.variant or ("" if row.new else "gone"),
        fix if getter is None else _gotten(getter, row, found) or fix,
    )


def _gotten(use: Use, row: Row, found: Reference) -> Fix | None:
    """`K.get_value(opt.lr)` is `float(opt.learning_rate)`, `K.set_value(opt.lr, rate)` an assignment."""
    owner = rewrites.inner(found.node)
    if row.code != "KER805" or owner is None:
        return None
    place = f"{owner.code}.{row.new}"
    if use.name.endswith("get_value"):
        return repairs.fix("Read the rate", repairs.replaced(use.node, f"float({place})"), safe=True)
    rate = rewrites.written(use.node, "value", 1)
    if rate is None:
        return None
    return repairs.fix("Assign the rate", repairs.replaced(use.node, f"{place} = {rate}"), safe=True)
