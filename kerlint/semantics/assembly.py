"""Calling layers and models on tensors, and running through the list of a sequential model: both make pieces of a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics import tapes
from kerlint.semantics.graph import (
    INPUT,
    KerasLayer,
    KerasModel,
    Maker,
    Tensor,
    copied,
    operation,
    repeated,
    source,
    tensors,
)
from kerlint.semantics.keras import shape_of
from kerlint.semantics.members import class_member
from kerlint.semantics.state import CALLED, FED, INPUTS, LAYERS, OUTPUTS
from kerlint.semantics.values import (
    Choice,
    Const,
    Function,
    Instance,
    Items,
    Symbol,
    Table,
    Term,
    Unknown,
    Value,
    python,
)

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.semantics.program import Shape
    from kerlint.syntax.nodes import Node

Args = dict[str, Value]
STEPPED = frozenset({"LSTM", "GRU", "SimpleRNN", "RNN", "CuDNNLSTM", "CuDNNGRU", "Bidirectional", "TimeDistributed"})
"""Layers that read sequences: of these, `input_dim` is the size of one step."""
DEEPEST = 24
"""Models within models whose first layer is looked for."""


def apply(run: Interpreter, maker: Maker, positional: list[Value], keywords: Args, node: Node) -> Value:
    """`layer(x)` or `model(x)`: a piece of a graph on symbolic tensors, a term on data."""
    if positional and isinstance(maker, (KerasModel, KerasLayer)) and _lacks_one(positional[0]):
        run.without_input[node] = None
    first = tensors(*positional)
    later = tensors(*keywords.values())
    if not first and not later:
        if positional:
            run.heap.write(maker.fields, FED, positional[0])
        x = positional[0] if positional else keywords.get("inputs", Unknown("no input", node=node))
        made_of_data = Term("predict", {"model": maker, "x": x, **keywords}, node=node)
        tapes.passed(run, maker, positional, keywords, made_of_data, node)
        return made_of_data
    tapes.fixed(run, maker, keywords.get("training"))
    run.made_objects += 1
    match maker:
        case KerasLayer(cls=cls, args=args, given=given):
            found = [*first, *later]
            made = operation(cls, args, found, node, given=given, maker=maker, within=run.within, primary=len(first) or len(found))
            run.heap.write(maker.fields, CALLED, made)
            run.namespaces[id(maker.fields)] = maker.fields
            return made
        case _:
            return _apply_model(run, maker, positional, keywords, [*first, *later], node)


def _lacks_one(inputs: Value) -> bool:
    return isinstance(inputs, Items) and any(isinstance(item, Const) and item.value is None for item in inputs.items)


def _apply_model(
    run: Interpreter, maker: KerasModel | Instance, positional: list[Value], keywords: Args, found: list[Tensor], node: Node
) -> Value:
    if run.applying.count(maker) >= 2:  # Its own `call` through `super()` is no cycle yet.
        return repeated(found, "a model that holds itself", node)
    within, run.within = run.within, (*run.within, maker)
    run.applying.append(maker)
    try:
        if LAYERS in maker.fields:
            made: Value = sequence(run, run.heap.current(maker.fields[LAYERS]), found[0], node)[1]
        elif OUTPUTS in maker.fields:
            made = _functional_call(run, maker, positional, found, node)
        else:
            made = _user_call(run, maker, positional, keywords, found, node)
    finally:
        run.within = within
        run.applying.pop()
    return _leaving(made)


def _functional_call(run: Interpreter, maker: KerasModel | Instance, positional: list[Value], found: list[Tensor], node: Node) -> Value:
    inputs, outputs = tensors(maker.fields[INPUTS]) if INPUTS in maker.fields else [], maker.fields[OUTPUTS]
    match outputs:
        case Unknown(reason):
            return repeated(found, reason, node)
    fed = _fed(run, positional, found, len(inputs), node)
    if fed is None:
        return repeated(found, "a model called on another number of inputs", node)
    return copied(inputs, outputs, fed, run.within, node)


def _fed(run: Interpreter, positional: list[Value], found: list[Tensor], count: int, node: Node) -> list[Tensor] | None:
    """A tensor for each input of a model: what is given, a part of the one tensor that stands for all, an open one for data."""
    if len(found) == count:
        return found
    match positional:
        case [Tensor() as whole]:
            return [operation("keras.ops.getitem", {"key": Const(index)}, [whole], node, within=run.within) for index in range(count)]
        case [Items(items)] if len(items) == count:
            return [item if isinstance(item, Tensor) else source(None, node) for item in items]
        case _:
            return None


def _user_call(
    run: Interpreter, maker: KerasModel | Instance, positional: list[Value], keywords: Args, found: list[Tensor], node: Node
) -> Value:
    method = class_member(maker.cls, "call") if isinstance(maker, Instance) else None
    if not isinstance(method, Function):
        name = maker.cls.name if isinstance(maker, Instance) else "model"
        return repeated(found, f"`{name}` has no `call` in the source", node)
    named = {key: value for key, value in keywords.items() if key not in ("training", "mask") or key in _names(method)}
    made = run.invoke(method, [maker, *positional], named, node)
    if not tensors(made):
        name = maker.cls.name if isinstance(maker, Instance) else "model"
        reason = made.reason if isinstance(made, Unknown) else f"what `{name}.call` returns is not understood"
        return repeated(found, reason, node)
    return made


def _names(function: Function) -> list[str]:
    from kerlint.semantics.binding import parameters

    return [name for name, _, _ in parameters(function.params)]


def _leaving(made: Value) -> Value:
    """The outputs of a nested model, marked as such."""
    from dataclasses import replace

    match made:
        case Tensor(call=call) if call.cls != INPUT:
            return Tensor(call=replace(call, leaves=True), node=made.node)
        case Items(items, kind):
            return Items(tuple(map(_leaving, items)), kind, node=made.node)
        case Table(entries):
            return Table({key: _leaving(value) for key, value in entries.items()}, made.open, node=made.node)
        case _:
            return made


def sequence(run: Interpreter, layers: Value, start: Tensor | None, node: Node | None) -> tuple[Tensor, Value]:
    """The graph of a sequential model: its input and its output. The input is `start`, or made from what the first layer says."""
    match layers:
        case Items(items):
            members: list[Value] = [run.heap.current(item) for item in items]
        case Choice():
            members = [Unknown("one of several lists of layers", node=layers.node)]
        case Unknown():
            members = [layers]
        case _:
            members = [Unknown("layers added in a loop of unknown length", node=layers.node)]
    opened = start or _opening(run, members, node)
    made: Value = opened
    for member in members:
        if isinstance(member, Tensor) or (isinstance(member, KerasLayer) and member.cls == INPUT):
            continue
        made = _feed(run, member, made, member.node or node)
    return opened, made


def _opening(run: Interpreter, members: list[Value], node: Node | None) -> Tensor:
    if not members:
        return source(None, node)
    match members[0]:
        case Tensor() as tensor:
            return tensor
        case first:
            return source(_input_shape(first), first.node or node)


def _input_shape(layer: Value, depth: int = 0) -> Shape | None:
    """The shape that a first layer asks for: `input_shape=`, `input_dim=`, `batch_input_shape=`, or that of a nested model."""
    match layer:
        case KerasLayer(cls=cls, args=args):
            for name in ("batch_input_shape", "batch_shape"):
                whole = shape_of(args.get(name))
                if whole is not None:
                    return whole
            rest = shape_of(args.get("input_shape") or (args.get("shape") if cls == INPUT else None))
            if rest is not None:
                return (None, *rest)
            if "layer" in args and "input_dim" not in args:
                return _input_shape(args["layer"])
            return _old_input_shape(layer)
        case KerasModel(fields=fields) if LAYERS in fields:
            inner = fields[LAYERS]
            nested = inner.items[:1] if isinstance(inner, Items) and depth < DEEPEST else ()
            return _input_shape(nested[0], depth + 1) if nested else None
        case KerasModel(fields=fields):
            return next((tensor.shape for tensor in tensors(fields.get(INPUTS))), None)
        case Tensor(call=call):
            return call.shape
        case _:
            return None


def _old_input_shape(layer: KerasLayer) -> Shape | None:
    """`input_dim=` and `input_length=` of Keras 1 and 2."""
    kind = layer.cls.rpartition(".")[2]
    length = python(layer.args.get("input_length"))
    steps = length if isinstance(length, int) else None
    size = python(layer.args.get("input_dim"))
    if kind == "Embedding":
        return (None, steps)
    if not isinstance(size, int):
        return None
    return (None, steps, size) if "input_length" in layer.given or kind in STEPPED or kind.endswith("1D") else (None, size)


def _feed(run: Interpreter, member: Value, made: Value, node: Node | None) -> Value:
    found = tensors(made)
    match member:
        case KerasLayer() | KerasModel() | Instance():
            return apply(run, member, [made], {}, node)  # type: ignore[arg-type]
        case Function():
            return run.invoke(member, [made], {}, node)  # type: ignore[arg-type]
        case Unknown(reason):
            return repeated(found, reason, node)
        case Choice():
            return repeated(found, "one of several layers", node)
        case Term(name):
            return repeated(found, f"a layer from {name.partition('.')[0]} (external)", node)
        case Symbol(name):
            return operation(name, {}, found, node, within=run.within)
        case _:
            return repeated(found, "something that is not a layer", node)
