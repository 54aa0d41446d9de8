"""Attributes and methods of models: what they are made of, and what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics import events
from kerlint.semantics.assembly import apply, sequence
from kerlint.semantics.graph import (
    Call,
    KerasLayer,
    KerasModel,
    Maker,
    Tensor,
    tensors,
    upstream,
)
from kerlint.semantics.keras import shape_of
from kerlint.semantics.library import constant
from kerlint.semantics.program import Event
from kerlint.semantics.state import CALLED, INPUTS, LAYERS, OUTPUTS, SHAPE, TRAINABLE
from kerlint.semantics.values import (
    Const,
    Instance,
    Items,
    Term,
    Unknown,
    Value,
    join,
    options,
    python,
    text,
)

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.syntax.nodes import Node

Args = dict[str, Value]


def model_member(run: Interpreter, model: Value, name: str, node: Node) -> Value:
    """An attribute of a model."""
    fields = model.fields  # type: ignore[attr-defined]
    if name in fields:
        return run.heap.current(fields[name])
    match name:
        case "layers":
            return _layers(run, model, node)
        case "input" | "inputs" | "output" | "outputs":
            return _ends(run, model, name, node)
        case "trainable":
            return Const(True, node=node)
        case "optimizer" | "loss":
            return events.compiled_part(model, name, node)
        case "input_shape" | "output_shape":
            from kerlint.semantics.graph import dims

            end = _ends(run, model, name.removesuffix("_shape"), node)
            shape = end.shape if isinstance(end, Tensor) else None
            shape = events.shape_in_use(run, model) if shape is None and name == "output_shape" else shape
            return Unknown("a shape that is not known", node=node) if shape is None else dims(shape, node)
        case _:
            return Term(f".{name}", {"self": model}, node=node)


def _layers(run: Interpreter, model: Value, node: Node) -> Value:
    fields = model.fields  # type: ignore[attr-defined]
    match fields.get(LAYERS), fields.get(OUTPUTS):
        case Items(items), _:
            layers = [item for item in items if not isinstance(item, Tensor)]
            return Items(tuple(layers), node=node)
        case None, outputs if outputs is not None and not isinstance(outputs, Unknown):
            calls = upstream(tensors(outputs))
            makers = [_owner(call, node) for call in calls]
            if isinstance(model, KerasModel) and model.kind == "application":
                return Term(".layers", {"self": model}, node=node)
            # A model on top of `base.output` has the layers of the application as its own; here one entry stands for them.
            kind = "layers" if any(isinstance(call.maker, KerasModel) and not call.within for call in calls) else "list"
            return Items(tuple({id(maker): maker for maker in makers}.values()), kind, node=node)
        case _:
            return Term(".layers", {"self": model}, node=node)


def _owner(call: Call, node: Node) -> Value:
    """What a model lists for a call: the nested model that it came in with, its layer, or the operation as a layer."""
    if call.within:
        return call.within[0]
    return call.maker if call.maker is not None else KerasLayer(call.cls, call.args, call.given, call.node or node)


def _ends(run: Interpreter, model: Value, name: str, node: Node) -> Value:
    inputs, outputs = graph_of(run, model)
    end = inputs if name.startswith("input") else outputs
    if name.endswith("s"):
        return Items(tuple(tensors(end)), node=node)
    match end:
        case Items((single,)):
            return single
        case _:
            return end


def graph_of(run: Interpreter, model: Value) -> tuple[Value, Value]:
    """The inputs and outputs of a model; what is not understood is a `repeat` call or Unknown."""
    fields = model.fields  # type: ignore[attr-defined]
    if LAYERS in fields:
        layers = run.heap.current(fields[LAYERS])
        cached = run.sequences.get(id(model))
        if cached is None or cached[0] is not layers:
            opened, made = sequence(run, layers, None, model.node)
            run.sequences[id(model)] = cached = (layers, opened, made)
        return cached[1], cached[2]
    if OUTPUTS in fields:
        return fields.get(INPUTS, Unknown("inputs that are not known")), fields[OUTPUTS]
    return Unknown("the inputs of a subclassed model"), Unknown("the outputs of a subclassed model")


def model_method(run: Interpreter, model: Maker, name: str, positional: list[Value], keywords: Args, node: Node) -> Value:
    """A method of a model that Keras defines."""
    match name:
        case "add" if LAYERS in model.fields:
            _add(run, model, positional[0] if positional else keywords.get("layer"), node)
            return Const(None, node=node)
        case "pop" if LAYERS in model.fields:
            layers = model.fields[LAYERS]
            if isinstance(layers, Items):
                run.heap.write(model.fields, LAYERS, Items(layers.items[:-1], node=layers.node))
            return Const(None, node=node)
        case "call" | "__call__":
            return apply(run, model, positional, keywords, node)
        case "build":
            shape = shape_of(positional[0] if positional else keywords.get("input_shape"))
            if shape is not None:
                run.heap.write(model.fields, SHAPE, constant(shape, node))
            return Const(None, node=node)
        case "get_layer":
            return _get_layer(run, model, positional, keywords, node)
        case _ if name in events.METHODS:
            return events.METHODS[name](run, model, name, positional, keywords, node)
        case _:
            numbered = {str(index): value for index, value in enumerate(positional)}
            return Term(f".{name}()", {"self": model, **numbered, **keywords}, node=node)


def _add(run: Interpreter, model: Maker, layer: Value | None, node: Node) -> None:
    added = layer if layer is not None else Unknown("`add` without a layer", node=node)
    before = model.fields[LAYERS]

    def longer(layers: Value) -> Value:
        match layers:
            case Items(items):
                return Items((*items, added), node=layers.node)
            case Term("many", {"element": element}):
                return Term("many", {"element": join(element, added)}, node=layers.node)
            case _:
                return layers

    run.heap.write(model.fields, LAYERS, join(*map(longer, options(before))))


def _get_layer(run: Interpreter, model: Maker, positional: list[Value], keywords: Args, node: Node) -> Value:
    wanted = text(positional[0] if positional else keywords.get("name"))
    listed = _layers(run, model, node)
    index = python(keywords.get("index"))
    match listed:
        case Items(items):
            if isinstance(index, int) and -len(items) <= index < len(items):
                return items[index]
            for item in items:
                if wanted is not None and _given_name(item) == wanted:
                    return item
    return Term(".get_layer()", {"self": model, "0": Const(wanted)}, node=node)


def _given_name(maker: Value) -> str | None:
    match maker:
        case KerasLayer(args=args):
            return text(args.get("name"))
        case KerasModel(fields=fields) | Instance(fields=fields):
            return text(fields.get("name"))
        case _:
            return None


def layer_tensor(run: Interpreter, layer: KerasLayer, name: str, node: Node) -> Value:
    """`layer.output` and `layer.input`: the tensors of its last call in a graph."""
    called = layer.fields.get(CALLED)
    match called:
        case Tensor(call=call):
            if name == "output":
                return called
            return call.inputs[0] if len(call.inputs) == 1 else Items(call.inputs, node=node)
        case _:
            return Unknown(f"the {name} of a layer that was not called", node=node)


def set_trainable(run: Interpreter, target: Value, value: Value, node: Node) -> None:
    """`layer.trainable = value`, for a model its layers too, as Keras does."""
    run.freezes += 1
    for maker in all_makers(run, target):
        run.heap.write(maker.fields, TRAINABLE, value)
    run.record(Event("trainable", node, None, target, args={"value": value}, loops=tuple(run.loops), doubt=run.doubt))


def all_makers(run: Interpreter, target: Value) -> list[Maker]:
    """A model with all that it is made of, each once."""
    found: dict[int, Maker] = {}
    waiting = [target]
    while waiting:
        maker = waiting.pop()
        if id(maker) in found or not isinstance(maker, (KerasLayer, KerasModel, Instance)):
            continue
        found[id(maker)] = maker
        match maker:
            case KerasModel():
                parts = _layers(run, maker, target.node)  # type: ignore[arg-type]
            case Instance():
                parts = _attributes(maker)
            case _:
                continue
        waiting += parts.items if isinstance(parts, Items) else ()
    return list(found.values())


def _attributes(this: Instance) -> Items:
    return Items(tuple(this.fields.values()))
