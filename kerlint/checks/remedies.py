"""The fixes of heads and losses that do not belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks import graph, pairing, repairs
from kerlint.finding import Edit, Fix
from kerlint.semantics.values import Symbol

if TYPE_CHECKING:
    from kerlint.semantics.program import Program


def for_single_unit(program: Program, head: graph.Head) -> Fix | None:
    """Sigmoid in the place of a softmax over one unit; safe where a binary loss reads it."""
    others = [other for _, other in pairing.final_heads(program) if other.activation_node is head.activation_node]
    if any(pairing.width(other) != 1 for other in others):
        return None  # the same code makes heads of several units
    losses = [pair.kind for pair in pairing.pairs(program) if pair.head.activation_node is head.activation_node]
    return repairs.fix("use sigmoid", activation(head, "sigmoid"), safe=bool(losses) and set(losses) == {"binary"})


def activation(head: graph.Head, name: str) -> Edit | None:
    """Another activation where that of a head is written as an argument."""
    value = head.place.arg("activation")
    if value is None or "activation" not in head.place.given:
        return None
    match value:
        case Symbol(origin=None):  # `activation=tf.nn.softmax`
            node = value.node
        case _:
            node = repairs.written(value)
    return None if node is None else repairs.replaced(node, repairs.quoted(name, node))
