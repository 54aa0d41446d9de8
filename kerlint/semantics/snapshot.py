"""A model as it stands at one moment, as the checks see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kerlint.semantics import provenance, shapes
from kerlint.semantics.graph import INPUT, REPEAT, Call, KerasLayer, KerasModel, Tensor, arguments, is_layer, source, tensors, upstream
from kerlint.semantics.program import Layer, Model
from kerlint.semantics.state import HANDED, LAYERS, OUTPUTS, PRETRAINED, SHAPE, TRAINABLE, name_of
from kerlint.semantics.values import Const, Function, Instance, Items, Table, Unknown, Value, python, text

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.semantics.program import Shape

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snapshot(run: Interpreter, model: Value, data: Value | None = None) -> Model:
    """The model now. Where it leaves its input open (no `Input`, no `input_shape`), the shape of the data it is given fills it."""
    made = run.made_objects
    inputs, outputs = _ends(run, model, data)
    run.made_objects = made  # Looking at a model makes no layer: a loop that only trains is no loop that builds.
    key = (id(model), id(inputs), id(outputs), run.freezes, run.heap.turns, *_marks(model), name_of(run, model))
    if key not in run.snapshots:
        run.snapshots[key] = _taken(run, model, inputs, outputs), (inputs, outputs)
    return run.snapshots[key][0]


def _marks(model: Value) -> tuple[bool, bool]:
    fields = getattr(model, "fields", {})
    return PRETRAINED in fields, HANDED in fields


def _taken(run: Interpreter, model: Value, inputs: Value, outputs: Value) -> Model:
    unknown: list[Unknown] = []
    unknown += [end for end in (outputs.items if isinstance(outputs, Items) else (outputs,)) if isinstance(end, Unknown)]
    headless = isinstance(model, Instance) and OUTPUTS not in model.fields and LAYERS not in model.fields and _has_no_call(model)
    made = _layers(run, outputs)
    unknown += [call.args["reason"] for call in made if call.cls == REPEAT]  # type: ignore[misc]
    layers = {id(call): layer for call, layer in made.items()}
    for reason in unknown:
        run.note(reason)
    starts = tensors(inputs) or [Tensor(call=call) for call in made if call.cls == INPUT]
    fields = getattr(model, "fields", {})
    return Model(
        kind=model.kind if isinstance(model, KerasModel) else "subclass",
        name=name_of(run, model),
        layers=tuple(made.values()),
        inputs=tuple(layers[id(tensor.call)] for tensor in starts if id(tensor.call) in layers),
        outputs=() if headless else tuple(layers[id(tensor.call)] for tensor in tensors(outputs)),
        unknown=tuple(unknown),
        identity=model,
        node=model.node,
        loops=model.loops if isinstance(model, KerasModel) else run.made_in.get(id(model), ()),
        pretrained=PRETRAINED in fields or any(_pretrained(call) for call in made),
        doubt=model.doubt,
        keys=tuple(map(str, outputs.entries)) if isinstance(outputs, Table) else (),
        counted=_counted(outputs),
        handed=HANDED in fields,
        title=text(fields.get("name")) or "",
    )


def _counted(outputs: Value) -> bool:
    match outputs:
        case Tensor():
            return True
        case Items(items):
            return all(map(_counted, items))
        case Table(entries):
            return all(map(_counted, entries.values()))
        case _:
            return False


def _has_no_call(model: Instance) -> bool:
    from kerlint.semantics.members import class_member

    return class_member(model.cls, "call") is None


def _pretrained(call: Call) -> bool:
    return isinstance(call.maker, KerasModel) and PRETRAINED in call.maker.fields


def _ends(run: Interpreter, model: Value, data: Value | None) -> tuple[Value, Value]:
    from kerlint.semantics.assembly import sequence
    from kerlint.semantics.models import graph_of

    fields = getattr(model, "fields", {})
    if LAYERS in fields:
        inputs, outputs = graph_of(run, model)
        if not isinstance(inputs, Tensor) or inputs.shape is not None:
            return inputs, outputs
        shape = data_shape(data) or _built(fields.get(SHAPE))
        if shape is not None:
            start = source(shape, inputs.node)
            with run.rehearsal():
                return sequence(run, run.heap.current(fields[LAYERS]), start, model.node)
        return inputs, outputs
    if OUTPUTS in fields or not isinstance(model, Instance):
        return graph_of(run, model)
    return _called(run, model, data_shape(data) or _built(fields.get(SHAPE)))


def _called(run: Interpreter, model: Instance, shape: Shape | None) -> tuple[Value, Value]:
    """The graph of a subclassed model: its `call` run on a symbolic input."""
    from kerlint.semantics.members import class_member

    method = class_member(model.cls, "call")
    start = source(shape, model.node)
    if not isinstance(method, Function):
        return start, _parts(run, model)
    run.heap.fork()
    depth = len(run.heap.journals)
    try:
        with run.rehearsal():
            made = run.invoke(method, [model, start], {}, model.node)  # type: ignore[arg-type]
    finally:
        while len(run.heap.journals) >= depth:
            run.heap.undo()
    if not tensors(made):
        why = made.reason if isinstance(made, Unknown) else f"what `{model.cls.name}.call` returns is not understood"
        return start, Unknown(why, node=made.node or method.node)
    return start, made


def _parts(run: Interpreter, model: Instance) -> Value:
    """A model without `call` (a GAN with a `train_step` of its own, say): the models and layers it keeps, which have no common output."""
    from kerlint.semantics.assembly import apply
    from kerlint.semantics.models import graph_of

    outputs: list[Value] = []
    for part in model.fields.values():
        match run.heap.current(part):
            case KerasModel() as inner:
                outputs.append(graph_of(run, inner)[1])
            case (KerasLayer() | Instance()) as inner if is_layer(inner):
                with run.rehearsal():
                    outputs.append(apply(run, inner, [source(None, inner.node)], {}, inner.node))  # type: ignore[arg-type]
            case _:
                pass
    if not outputs:
        return Unknown(f"`{model.cls.name}` has no `call` in the source", node=model.cls.node)
    return Items(tuple(outputs), node=model.cls.node)


def _built(value: Value | None) -> Shape | None:
    from kerlint.semantics.keras import shape_of

    return shape_of(value)


def data_shape(data: Value | None) -> Shape | None:
    """The shape that data brings to an input: the batch axis open."""
    if data is None:
        return None
    shape = provenance.facts(data).shape
    return None if not shape else (None, *shape[1:])


def _layers(run: Interpreter, outputs: Value) -> dict[Call, Layer]:
    """The layer calls behind the outputs, inputs first, named as Keras names them."""
    made: dict[int, Layer] = {}
    found: dict[Call, Layer] = {}
    counts: dict[str, int] = {}
    names: dict[int, str] = {}
    for call in upstream(tensors(outputs)):
        inputs = tuple(made[id(tensor.call)] for tensor in call.inputs)
        key = id(call.maker) if call.maker is not None else id(call)
        made_at = call.maker.node if isinstance(call.maker, KerasLayer) else None
        if key not in names:
            names[key] = _name(call, counts)
        layer = Layer(
            cls=call.cls,
            args=call.args,
            given=call.given,
            inputs=inputs,
            shape=call.shape,
            params=_parameters(run, call),
            trainable=_trainable(call),
            identity=call.maker if call.maker is not None else call,
            node=made_at or call.node,
            name=names[key],
            within=tuple(name_of(run, outer) or "model" for outer in call.within),
            leaves=call.leaves,
            mismatch=call.mismatch,
            call=call.called or (call.node if call.node is not made_at else None),
        )
        made[id(call)] = found[call] = layer
    return found


def _name(call: Call, counts: dict[str, int]) -> str:
    given = text(call.args.get("name"))
    if given:
        return given
    stem = _HUMP.sub("_", call.cls.rpartition(".")[2]).lower()
    counts[stem] = counts.get(stem, -1) + 1
    return f"{stem}_{counts[stem]}" if counts[stem] else stem


def _parameters(run: Interpreter, call: Call) -> int | None:
    """The parameters of a layer call; remembered, because many snapshots hold the same call."""
    if id(call) not in run.counted:
        first = [tensor.shape for tensor in call.inputs[: call.primary]]
        count = None if call.cls == REPEAT else shapes.parameters(call.cls, arguments(call.maker, call.args), first)
        run.counted[id(call)] = (call, count)
    return run.counted[id(call)][1]


def _trainable(call: Call) -> bool | None:
    match call.maker:
        case KerasLayer(fields=fields, args=args):
            value = fields.get(TRAINABLE, args.get("trainable", Const(True)))
        case KerasModel(fields=fields) | Instance(fields=fields):
            value = fields.get(TRAINABLE, Const(True))
        case _:
            return True
    known = python(value)
    return known if isinstance(known, bool) else None if not isinstance(known, int) else bool(known)
