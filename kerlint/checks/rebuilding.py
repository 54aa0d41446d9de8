"""The fixes of layers: other arguments, and layers put in or swapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks import graph, repairs
from kerlint.semantics.values import Symbol
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kerlint.finding import Edit, Fix
    from kerlint.semantics.program import Layer, Model, Program
    from kerlint.semantics.values import Value
    from kerlint.syntax.nodes import Node

SHAPES = {"input_shape": "input_shape={}", "batch_input_shape": "batch_input_shape={}", "input_dim": "input_shape=({},)"}
"""Arguments of the first layer of a Sequential that stand for its input, and how any other layer takes them."""


def everywhere(program: Program, layer: Layer, holds: Callable[[Model, Layer], bool] | None = None) -> bool:
    """Whether something holds of all layers that the same code makes; without `holds`, whether it makes no other one."""
    return all(
        other.identity is layer.identity or holds is not None and holds(model, other)
        for model, other in graph.layers(program)
        if other.node is layer.node and other.kind not in graph.INPUTS  # an argument of the layer may have made its input, too
    )


def place_of(value: Value | None) -> Node | None:
    """Where the value of an argument is written: a literal, or the name of something of a library."""
    match value:
        case Symbol(origin=None):
            return value.node
        case _:
            return repairs.written(value)


def with_argument(layer: Layer, name: str, text: str) -> Edit | None:
    """A layer with another value of an argument, which is added where it was not given."""
    return repairs.replaced(place_of(layer.arg(name)), text) if name in layer.given else repairs.added(layer.node, f"{name}={text}")


def without_argument(layer: Layer, name: str) -> Edit | None:
    """A layer without an argument that is given by name, or with None where it is given by its place."""
    value, named = layer.arg(name), repairs.argument(layer.node, name)
    if named is not None:
        return repairs.removed(layer.node, named)
    return repairs.replaced(value.node, "None") if value is not None and name in layer.given and name == "activation" else None


def activated(program: Program, layers: Iterable[Layer], name: str) -> tuple[Edit | None, ...]:
    """These layers with another activation, if nothing else takes its own from the same places."""
    chosen = list(layers)
    nodes = dict.fromkeys(place_of(layer.arg("activation")) for layer in chosen)
    known = {layer.identity for layer in chosen}
    others = (layer for _, layer in graph.layers(program) if layer.identity not in known and "activation" in layer.given)
    if None in nodes or any(place_of(layer.arg("activation")) in nodes for layer in others):
        return (None,)
    return tuple(repairs.replaced(node, repairs.quoted(name, node)) for node in nodes)


def swapped(first: Layer, second: Layer) -> tuple[Edit | None, ...]:
    """Each of two layers in the place of the other."""
    if first.node is None or second.node is None:
        return (None,)
    return repairs.replaced(first.node, repairs.code(second.node)), repairs.replaced(second.node, repairs.code(first.node))


def put_before(program: Program, layer: Layer, text: str) -> tuple[Edit | None, ...]:
    """One more layer in front of another, however that comes into its model; the first one takes over the shape of the input."""
    if layer.node is None or not everywhere(program, layer):
        return (None,)
    moved: tuple[Edit | None, ...] = ()
    for name, form in SHAPES.items():
        shape = repairs.argument(layer.node, name)
        if shape is not None:
            given = form.format(repairs.code(shape.value))
            text = f"{text[:-1]}{', ' if text[-2] != '(' else ''}{given})"
            moved = (repairs.removed(layer.node, shape) if name != "input_dim" or layer.kind in graph.DENSE else None,)
    for use in program.uses:
        match use.node:
            case syntax.Call(func=syntax.Attribute(value=model, attr=syntax.Name(value="add")), args=[syntax.Arg(value=value)]) if (
                value is layer.node
            ):
                return (repairs.statement_before(use.node, f"{repairs.code(model)}.add({text})"), *moved)
            case syntax.Call() if use.name == "keras.Sequential" and repairs.member(use.node, layer.node):
                return (repairs.member_before(use.node, layer.node, text), *moved)
    return (None,) if moved else repairs.fed_through(layer.node, text)


# Whole fixes


def once(program: Program, model: Model, first: Layer, second: Layer, safe: bool) -> Fix | None:
    """The first of two activations left out, safe where it changes nothing; the second one where the first is the head of a model."""
    if any(first.identity is output.identity for other in program.models if other is not model for output in other.outputs):
        edit = repairs.member_removed(model.node, second.node) if second.call is None and everywhere(program, second) else None
        return repairs.fix("remove the second activation", edit, safe=False)
    if first.kind not in graph.WEIGHTED or not everywhere(program, first):
        return None
    return repairs.fix("remove the first activation", without_argument(first, "activation"), safe=safe)


def initialized(program: Program, layer: Layer) -> Fix | None:
    """A layer with the initializer that it has by itself."""
    if not everywhere(program, layer, lambda model, other: bool(graph.following(other, model))):
        return None
    return repairs.fix("use the initializer of the layer", without_argument(layer, "kernel_initializer"), safe=False)


def with_units(program: Program, layer: Layer, units: int | None) -> Fix | None:
    """A layer with another number of units."""
    name = next((name for name in ("units", "filters") if name in layer.given), None)
    if name is None or units is None or not everywhere(program, layer):
        return None
    return repairs.fix(f"use {units} units", with_argument(layer, name, str(units)), safe=False)


def flattened(program: Program, layer: Layer) -> Fix | None:
    """A layer that reads one row of numbers for each example."""
    spelling = repairs.reached(program, "keras.layers.Flatten")
    if spelling is None:
        return None
    name, imports = spelling
    return repairs.fix("flatten in front of it", *put_before(program, layer, f"{name}()"), safe=False, imports=imports)


def fitting(program: Program, layer: Layer, repair: str) -> Fix | None:
    """What makes shapes fit, where that is clear: sequences from a recurrent layer, an axis of one channel for images without one."""
    source = layer.inputs[0] if layer.inputs else layer
    if repair == "sequences" and everywhere(program, source):
        return repairs.fix("return sequences", with_argument(source, "return_sequences", "True"), safe=False)
    shape = source.arg("shape") or layer.arg("input_shape")
    match shape.node if shape is not None and repair == "channels" else None:
        case syntax.Tuple(elements=[*_, last]):
            return repairs.fix("add an axis of one channel", repairs.after(last.value, ", 1"), safe=False)
        case _:
            return None
