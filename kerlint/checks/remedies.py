"""The fixes of heads, losses, labels and metrics that do not belong together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.checks import graph, pairing, rebuilding, repairs
from kerlint.finding import Confidence, Edit, Fix
from kerlint.semantics.values import Symbol
from kerlint.semantics.wording import words
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerlint.checks.pairing import Pair
    from kerlint.semantics.program import Program
    from kerlint.syntax.nodes import Node

CLASSES = {"binary": "BinaryCrossentropy", "categorical": "CategoricalCrossentropy", "sparse": "SparseCategoricalCrossentropy"}
ACTIVATIONS = {"binary": "sigmoid", "categorical": "softmax", "sparse": "softmax"}
"""What makes probabilities of the scores of a head, by what its loss is for."""
KEPT = frozenset({"from_logits", "name", "reduction"})
"""Arguments that all cross-entropies have."""

Change = tuple[tuple[Edit | None, ...], tuple[str, ...]]
"""Edits and the imports that they need; an edit that cannot be made is None."""
MEASURED = r"acc|evaluate|_on_batch|metrics_names|\bkeys\b|\bitems\b"
"""What the code holds that may read a measurement: its key, or all of them in order."""
NOTHING: Change = ((None,), ())


def use_sigmoid(program: Program, head: graph.Head) -> Fix | None:
    """Sigmoid in the place of a softmax over one unit; safe where a binary loss reads it."""
    others = [other for _, other in pairing.final_heads(program) if other.activation_node is head.activation_node]
    if any(pairing.width(other) != 1 for other in others):
        return None  # the same code makes heads of several units
    own = [pair for pair in pairing.pairs(program) if pair.head.activation_node is head.activation_node]
    if any(map(_beyond_two, own)):
        return rebuilding.with_units(program, head.layer, _classes(own))
    losses = [pair.kind for pair in own]
    return repairs.fix("use sigmoid", activation(head, "sigmoid"), safe=bool(losses) and set(losses) == {"binary"})


def use_binary_loss(program: Program, pair: Pair) -> Fix | None:
    """A binary loss for one unit, which sigmoid makes a probability: an accuracy counts what lies above one half."""
    if pair.activation is None:
        return None
    if _beyond_two(pair):
        units = rebuilding.with_units(program, pair.head.layer, _classes([pair]))
        edits = (*units.edits, activation(pair.head, "softmax")) if units is not None else (None,)
        return repairs.fix("give each class a unit", *edits, safe=False)
    head = (activation(pair.head, "sigmoid"),) if pair.activation != "sigmoid" else ()
    call = _source(pair)
    flag = (repairs.removed(call, repairs.argument(call, "from_logits")),) if pair.from_logits else ()
    return _loss_fix(program, pair, "binary", *head, *flag)


def _beyond_two(pair: Pair) -> bool:
    """Whether the labels are known to name more classes than two."""
    return any(labels.high is not None and labels.high > 1 or (labels.classes or 0) > 2 for _, labels in pair.labels())


def _classes(pairs: Sequence[Pair]) -> int | None:
    """How many classes the labels of a head name, where all that is known agrees."""
    known = {labels.classes for pair in pairs for _, labels in pair.labels() if labels.classes is not None}
    return known.pop() if len(known) == 1 else None


def use_softmax(program: Program, pair: Pair) -> Fix | None:
    """Softmax in the place of another activation of the head."""
    return _head_fix(program, pair, "use softmax", activation(pair.head, "softmax"))


def use_loss_of_classes(program: Program, pair: Pair, copies: bool) -> Fix | None:
    """The categorical cross-entropy that reads the labels as they are; where a model copies its inputs, sigmoid instead of softmax."""
    if copies:
        return _head_fix(program, pair, "use sigmoid", activation(pair.head, "sigmoid"))
    return _loss_fix(program, pair, _kind_of_labels(pair))


def use_independent_classes(program: Program, pair: Pair) -> Fix | None:
    """Sigmoid and a binary cross-entropy for classes that may hold together, where both are written as strings."""
    literal = repairs.written(pair.loss)
    loss = repairs.replaced(literal, repairs.quoted("binary_crossentropy", literal))
    return repairs.fix("judge each class for itself", activation(pair.head, "sigmoid"), loss, safe=False)


def tell_logits(program: Program, pair: Pair) -> Fix | None:
    """`from_logits=True` for a loss that is an object (safe: nothing else may be meant), else the activation that the head lacks.

    An accuracy of yes or no wants the activation, too: it counts what lies above one half.
    """
    if not _alike(program, pair):
        return None
    call = _source(pair) if pair.kind != "binary" or pair.accuracy is None else None
    match call:
        case syntax.Call():
            flag = repairs.argument(call, "from_logits", 0)
            edit = repairs.added(call, "from_logits=True") if flag is None else repairs.replaced(flag.value, "True")
            return repairs.fix("tell the loss that it gets raw scores", edit, safe=True)
        case _:
            name = ACTIVATIONS[pair.kind]
            return _head_fix(program, pair, f"give the head {name}", activation(pair.head, name))


def drop_from_logits(program: Program, pair: Pair) -> Fix | None:
    """The loss without `from_logits=True`."""
    call = _source(pair)
    flag = repairs.argument(call, "from_logits", 0)
    if flag is None or not _alike(program, pair):
        return None
    edit = repairs.removed(call, flag) if flag.keyword is not None else repairs.replaced(flag.value, "False")
    return repairs.fix("remove `from_logits=True`", edit, safe=False)


def suit_the_loss(program: Program, pair: Pair) -> Fix | None:
    """The activation that a cross-entropy reads; none where it applies its own."""
    if pair.from_logits:
        return _head_fix(program, pair, "remove the activation", without_activation(pair.head))
    name = ACTIVATIONS[pair.kind]
    return _head_fix(program, pair, f"use {name}", activation(pair.head, name))


def unbind(program: Program, pair: Pair) -> Fix | None:
    """A head without activation, whose outputs reach every number."""
    return _head_fix(program, pair, "remove the activation", without_activation(pair.head))


def use_crossentropy(program: Program, pair: Pair) -> Fix | None:
    """A cross-entropy in the place of a regression loss: that of the head's activation, or of raw scores."""
    match pair.activation:
        case "sigmoid" if pair.units == 1:
            return _loss_fix(program, pair, "binary")
        case "softmax":
            return _loss_fix(program, pair, _kind_of_labels(pair))
        case "linear":
            return _loss_fix(program, pair, "categorical", activation(pair.head, "softmax"))
        case _:
            return None


def read_labels(program: Program, pair: Pair, confidence: Confidence) -> Fix | None:
    """The other categorical cross-entropy; safe when the form of the labels is certain."""
    return _loss_fix(program, pair, "categorical" if pair.kind == "sparse" else "sparse", safe=confidence is Confidence.high)


def measure_distance(program: Program, pair: Pair) -> Fix | None:
    """The mean absolute error in the place of an accuracy; safe where no code speaks of what is measured."""
    metric = pair.accuracy
    if metric is None or not _alike(program, pair):
        return None
    measured = {words(other).strip("\"'").lower() for other in pair.metrics}
    match metric.origin or metric.node:
        case syntax.SimpleString() as node if measured & {"mae", "mean_absolute_error"}:
            edit = repairs.member_removed(pair.compiled.node, node)
        case syntax.SimpleString() as node:
            edit = repairs.replaced(node, repairs.quoted("mae", node))
        case syntax.Call(func=syntax.Attribute(attr=name), args=[]):
            edit = repairs.replaced(name, "MeanAbsoluteError")
        case _:
            return None
    changed = repairs.fix("measure the mean absolute error", edit, safe=False)
    return None if changed is None else replace(changed, safe=True, unless=MEASURED, otherwise=changed)


# Heads


def activation(head: graph.Head, name: str) -> Edit | None:
    """Another activation where that of a head is written as an argument, or as a further argument of its weight layer."""
    value = head.place.arg("activation")
    if value is None or "activation" not in head.place.given:
        plain = head.place.kind in graph.WEIGHTED and head.place is head.layer
        return repairs.added(head.layer.node, f'activation="{name}"') if plain and head.activation == "linear" else None
    match value:
        case Symbol(origin=None):  # `activation=tf.nn.softmax`
            node = value.node
        case _:
            node = repairs.written(value)
    return repairs.replaced(node, repairs.quoted(name, node))


def without_activation(head: graph.Head) -> Edit | None:
    """A weight layer without the activation that is its argument."""
    if head.place.kind not in graph.WEIGHTED or "activation" not in head.place.given:
        return None
    call = head.place.node
    named = repairs.argument(call, "activation")
    if named is not None:
        return repairs.removed(call, named)
    value = head.place.arg("activation")
    return repairs.replaced(value.node if value is not None else None, "None")


def _head_fix(program: Program, pair: Pair, message: str, edit: Edit | None) -> Fix | None:
    """A fix at the head, if every head that the same code makes is of this kind."""
    others = [other for other in pairing.pairs(program) if other.head.place.node is pair.head.place.node]
    others_agree = all(
        (other.kind, other.activation, other.from_logits) == (pair.kind, pair.activation, pair.from_logits) for other in others
    )
    inner = any(
        layer.node is pair.head.place.node and layer.identity not in {other.head.place.identity for other in others}
        for model in program.models
        for layer in model.layers
    )
    return repairs.fix(message, edit, safe=False) if others_agree and not inner else None


# Losses


def _source(pair: Pair) -> Node | None:
    """Where the loss is written."""
    return pair.loss.origin or pair.loss.node


def _alike(program: Program, pair: Pair) -> bool:
    """Whether the loss is written for heads of this kind only."""
    others = (other for other in pairing.pairs(program) if _source(other) is _source(pair))
    return all((other.activation, other.alone) == (pair.activation, pair.alone) for other in others)


def _loss_fix(program: Program, pair: Pair, kind: str, *edits: Edit | None, safe: bool = False) -> Fix | None:
    """Another loss, with what else has to change."""
    changes, imports = _loss(program, _source(pair), CLASSES[kind])
    return repairs.fix(f"use {_snake(CLASSES[kind])}", *changes, *edits, safe=safe, imports=imports) if _alike(program, pair) else None


def _loss(program: Program, node: Node | None, cls: str) -> Change:
    """Another class of loss in the form in which the loss is written: a string, a class, a function."""
    match node:
        case syntax.SimpleString():
            return (repairs.replaced(node, repairs.quoted(_snake(cls), node)),), ()
        case syntax.Call(func=function, args=args) if all(arg.keyword is not None and arg.keyword.value in KEPT for arg in args):
            return _renamed(program, function, cls)
        case syntax.Attribute(attr=syntax.Name(value=name)) | syntax.Name(value=name):
            return _renamed(program, node, cls if name[:1].isupper() else _snake(cls))
        case _:
            return NOTHING


def _renamed(program: Program, node: Node, name: str) -> Change:
    match node:
        case syntax.Attribute(attr=attr):
            return (repairs.replaced(attr, name),), ()
        case _:
            found = repairs.reached(program, f"keras.losses.{name}")
            return NOTHING if found is None else ((repairs.replaced(node, found[0]),), found[1])


def _kind_of_labels(pair: Pair) -> str:
    """Which categorical loss reads the labels: one-hot rows, unless they are known to be integers."""
    forms = {labels.form for _, labels in pair.labels()}
    integers = any(pairing.misfit(pair, labels.shape) for _, labels in pair.labels()) or not forms.isdisjoint({"integer", "binary"})
    return "sparse" if integers and "one-hot" not in forms else "categorical"


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
