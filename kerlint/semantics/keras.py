"""What calls of Keras make: layers, tensors and models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.semantics import catalog, events
from kerlint.semantics.graph import (
    INPUT,
    Call,
    KerasLayer,
    KerasModel,
    Maker,
    Tensor,
    copied,
    operation,
    repeated,
    source,
    tensors,
    upstream,
)
from kerlint.semantics.library import constant
from kerlint.semantics.members import class_member
from kerlint.semantics.program import Event
from kerlint.semantics.state import CALLED, FED, INPUTS, LAYERS, OUTPUTS, PRETRAINED, SHAPE, TRAINABLE
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
    join,
    options,
    python,
    text,
)

if TYPE_CHECKING:
    from libcst import CSTNode

    from kerlint.semantics.interpreter import Interpreter
    from kerlint.semantics.program import Shape

CONFIGURED = frozenset({"optimizer", "schedule", "loss", "metric", "callback", "initializer", "regularizer", "constraint", "class"})
"""Kinds of objects whose defaults belong to what they are."""
MERGES = {
    f"keras.layers.{name.lower()}": f"keras.layers.{name}"
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
}
"""Functions that call a layer on the spot."""
DEEPEST = 24
"""Models within models whose first layer is looked for."""
Args = dict[str, Value]


@lru_cache(maxsize=1024)
def _defaults(name: str) -> Mapping[str, Value]:
    return {key: constant(value, None) for key, value in catalog.defaults(name).items()}


def bound(symbol: Symbol, positional: list[Value], keywords: Args) -> Args:
    """The arguments of a call by name."""

    def pair(*values: Value) -> Value:
        return Items(values, "tuple", node=values[0].node)

    return catalog.bind(symbol.via or symbol.name, positional, keywords, pair)


def complete(name: str, given: Args) -> Args:
    """The arguments with the defaults that Keras fills in; none when a star hides what was given."""
    return given if "*" in given or "**" in given else {**_defaults(name), **given}


def call_keras(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    """A call of a class or function of Keras."""
    run.made_objects += symbol.name.startswith(("keras.layers.", "keras.Sequential", "keras.Model", "keras.Input", "keras.models."))
    maker = MAKERS.get(symbol.name)
    if maker is not None:
        return maker(run, symbol, positional, keywords, node)
    name = symbol.name
    entry = catalog.entry(name)
    kind = entry.kind if entry else ""
    given = bound(symbol, positional, keywords)
    if kind == "layer" or (entry is None and _looks_like_layer(name)):
        args = complete(name, given)
        if "data_format" in args and "data_format" not in given:
            args = {**args, "data_format": run.image_format}
        return KerasLayer(name, args, frozenset(given), node)
    if kind == "application":
        return _application(run, name, given, node)
    found = [*tensors(Items(tuple(positional))), *tensors(Table(keywords))]
    if found and kind not in CONFIGURED | {"model"}:
        target = MERGES.get(name, name)
        return operation(target, complete(target, given), found, node, given=frozenset(given), within=run.within)
    return Term(name, complete(name, given) if kind in CONFIGURED else given, node=node)


def _looks_like_layer(name: str) -> bool:
    module, _, last = name.rpartition(".")
    return module == "keras.layers" and last[:1].isupper()


def _input(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    given = bound(symbol, positional, keywords)
    whole = shape_of(given.get("batch_shape"))
    rest = shape_of(given.get("shape"))
    if whole is None and rest is not None:
        batch = python(given.get("batch_size"))
        whole = (batch if isinstance(batch, int) else None, *rest)
    return source(whole, node, given)


def shape_of(value: Value | None) -> Shape | None:
    """A shape given as an argument: sizes that are not known are None; None when the rank is not known."""
    match value:
        case Items(items):
            sizes = [python(item) for item in items]
            return tuple(size if isinstance(size, int) else None for size in sizes)
        case Const(int() as size):
            return (size,)
        case _:
            return None


def _sequential(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    model = KerasModel("sequential", tuple(run.loops), node, run.doubt)
    _init_sequential(run, model, bound(symbol, positional, keywords), node)
    run.made(model, node)
    return model


def _init_sequential(run: Interpreter, model: Maker, given: Args, node: CSTNode) -> None:
    layers = given.get("layers", Const(None))
    start: Value = layers if isinstance(layers, (Items, Term, Choice, Unknown)) else Items((), node=node)
    run.heap.write(model.fields, LAYERS, start)
    if "name" in given:
        run.heap.write(model.fields, "name", given["name"])


def _model(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    model = KerasModel("functional", tuple(run.loops), node, run.doubt)
    _init_functional(run, model, bound(symbol, positional, keywords))
    run.made(model, node)
    return model


def _init_functional(run: Interpreter, model: Maker, given: Args) -> None:
    for key, name in ((INPUTS, "inputs"), (OUTPUTS, "outputs")):
        run.heap.write(model.fields, key, given.get(name, Unknown(f"`{name}` of the model is not known")))
    if "name" in given:
        run.heap.write(model.fields, "name", given["name"])


def _application(run: Interpreter, name: str, given: Args, node: CSTNode) -> KerasModel:
    model = KerasModel("application", tuple(run.loops), node, run.doubt)
    args = complete(name, given)
    for key, value in args.items():
        run.heap.write(model.fields, f"keras:argument {key}", value)
    shape = shape_of(args.get("input_shape"))
    given_tensor = args.get("input_tensor")
    start = given_tensor if isinstance(given_tensor, Tensor) else source(None if shape is None else (None, *shape), node)
    whole = operation(name, args, [start], node, given=frozenset(given), maker=model, within=run.within)
    run.heap.write(model.fields, INPUTS, start)
    run.heap.write(model.fields, OUTPUTS, whole)
    weights = args.get("weights")
    if not (isinstance(weights, Const) and weights.value is None):
        run.heap.write(model.fields, PRETRAINED, Const(True))
    run.made(model, node)
    return model


def _loaded(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    model = KerasModel("loaded", tuple(run.loops), node, run.doubt)
    run.heap.write(model.fields, OUTPUTS, Unknown("model loaded from file", node=node))
    run.heap.write(model.fields, PRETRAINED, Const(True))
    run.made(model, node)
    return model


def _clone(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    match bound(symbol, positional, keywords).get("model"):
        case KerasModel() as model:
            return cloned(run, model, node)
        case Instance() as model:
            return model
        case _:
            return _loaded(run, symbol, positional, keywords, node)


def cloned(run: Interpreter, model: Value, node: CSTNode) -> Value:
    """A copy of a model: the same layers, weights of its own, not compiled."""
    match model:
        case KerasModel(kind=kind):
            copy = KerasModel(kind, tuple(run.loops), node, model.doubt or run.doubt)
            for key, value in model.fields.items():
                if key in (LAYERS, INPUTS, OUTPUTS, SHAPE):
                    run.heap.write(copy.fields, key, _fresh(value) if key == LAYERS else value)
            run.made(copy, node)
            return copy
        case _:
            return model


def _fresh(value: Value) -> Value:
    match value:
        case Items(items):
            return Items(tuple(map(_fresh, items)), node=value.node)
        case KerasLayer(cls=cls, args=args, given=given):
            return KerasLayer(cls, args, given, value.node)
        case _:
            return value


def _image_format(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    """`K.set_image_data_format("channels_first")`, and "th" of Keras 1: the format of every layer made from here on."""
    given = text(next(iter((*positional, *keywords.values())), None))
    known = {"th": "channels_first", "tf": "channels_last"}.get(given or "", given)
    run.image_format = Unknown("an image format that is not known", node=node) if known is None else Const(known, node=node)
    return Const(None, node=node)


Makers = Callable[["Interpreter", Symbol, list[Value], Args, "CSTNode"], Value]
MAKERS: dict[str, Makers] = {
    "keras.Input": _input,
    "keras.Sequential": _sequential,
    "keras.Model": _model,
    "keras.models.load_model": _loaded,
    "keras.saving.load_model": _loaded,
    "keras.models.model_from_json": _loaded,
    "keras.models.model_from_yaml": _loaded,
    "keras.models.model_from_config": _loaded,
    "keras.models.clone_model": _clone,
    **{
        f"keras.{name}": _image_format
        for name in ("backend.set_image_data_format", "config.set_image_data_format", "backend.set_image_dim_ordering")
    },
}


def base_init(run: Interpreter, this: Instance, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    """`super().__init__(...)` of a user's class that reaches Keras: a functional or sequential model, else nothing."""
    base = next((name.name for name in this.cls.lineage() if isinstance(name, Symbol)), "")
    if base == "keras.Sequential":
        _init_sequential(run, this, bound(Symbol(base), positional, keywords), node)
    elif base == "keras.Model" and (positional or "outputs" in keywords or "output" in keywords):
        _init_functional(run, this, bound(Symbol(base), positional, keywords))
    elif "name" in keywords:
        run.heap.write(this.fields, "name", keywords["name"])
    return Const(None, node=node)


# Calling layers and models


def apply(run: Interpreter, maker: Maker, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
    """`layer(x)` or `model(x)`: a piece of a graph on symbolic tensors, a term on data."""
    first = [tensor for value in positional for tensor in tensors(value)]
    later = list(tensors(Table(keywords)))
    if not first and not later:
        if positional:
            run.heap.write(maker.fields, FED, positional[0])
        x = positional[0] if positional else keywords.get("inputs", Unknown("no input", node=node))
        return Term("predict", {"model": maker, "x": x, **keywords}, node=node)
    run.made_objects += 1
    match maker:
        case KerasLayer(cls=cls, args=args, given=given):
            found = [*first, *later]
            made = operation(cls, args, found, node, given=given, maker=maker, within=run.within, primary=len(first) or len(found))
            run.heap.write(maker.fields, CALLED, made)
            return made
        case _:
            return _apply_model(run, maker, positional, keywords, [*first, *later], node)


def _apply_model(
    run: Interpreter, maker: KerasModel | Instance, positional: list[Value], keywords: Args, found: list[Tensor], node: CSTNode
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


def _functional_call(run: Interpreter, maker: KerasModel | Instance, positional: list[Value], found: list[Tensor], node: CSTNode) -> Value:
    inputs, outputs = list(tensors(maker.fields[INPUTS])) if INPUTS in maker.fields else [], maker.fields[OUTPUTS]
    match outputs:
        case Unknown(reason):
            return repeated(found, reason, node)
    fed = _fed(run, positional, found, len(inputs), node)
    if fed is None:
        return repeated(found, "a model called on another number of inputs", node)
    return copied(inputs, outputs, fed, run.within)


def _fed(run: Interpreter, positional: list[Value], found: list[Tensor], count: int, node: CSTNode) -> list[Tensor] | None:
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
    run: Interpreter, maker: KerasModel | Instance, positional: list[Value], keywords: Args, found: list[Tensor], node: CSTNode
) -> Value:
    method = class_member(maker.cls, "call") if isinstance(maker, Instance) else None
    if not isinstance(method, Function):
        name = maker.cls.name if isinstance(maker, Instance) else "model"
        return repeated(found, f"`{name}` has no `call` in the source", node)
    named = {key: value for key, value in keywords.items() if key not in ("training", "mask") or key in _names(method)}
    made = run.invoke(method, [maker, *positional], named, node)
    if not any(tensors(made)):
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


def sequence(run: Interpreter, layers: Value, start: Tensor | None, node: CSTNode | None) -> tuple[Tensor, Value]:
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


def _opening(run: Interpreter, members: list[Value], node: CSTNode | None) -> Tensor:
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
    return (
        (None, size) if kind in ("Dense", "BatchNormalization", "Activation", "Dropout", "Highway", "MaxoutDense") else (None, steps, size)
    )


def _feed(run: Interpreter, member: Value, made: Value, node: CSTNode | None) -> Value:
    found = list(tensors(made))
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


# Members and methods of models


def model_member(run: Interpreter, model: Value, name: str, node: CSTNode) -> Value:
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
            return Unknown("a shape that is not known", node=node) if shape is None else dims(shape, node)
        case _:
            return Term(f".{name}", {"self": model}, node=node)


def _layers(run: Interpreter, model: Value, node: CSTNode) -> Value:
    fields = model.fields  # type: ignore[attr-defined]
    match fields.get(LAYERS), fields.get(OUTPUTS):
        case Items(items), _:
            layers = [item for item in items if not isinstance(item, Tensor)]
            return Items(tuple(layers), node=node)
        case None, outputs if outputs is not None and not isinstance(outputs, Unknown):
            makers = [_owner(call, node) for call in upstream(list(tensors(outputs)))]
            if isinstance(model, KerasModel) and model.kind == "application":
                return Term(".layers", {"self": model}, node=node)
            return Items(tuple({id(maker): maker for maker in makers}.values()), node=node)
        case _:
            return Term(".layers", {"self": model}, node=node)


def _owner(call: Call, node: CSTNode) -> Value:
    """What a model lists for a call: the nested model that it came in with, its layer, or the operation as a layer."""
    if call.within:
        return call.within[0]
    return call.maker if call.maker is not None else KerasLayer(call.cls, call.args, call.given, call.node or node)


def _ends(run: Interpreter, model: Value, name: str, node: CSTNode) -> Value:
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


def model_method(run: Interpreter, model: Maker, name: str, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
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


def _add(run: Interpreter, model: Maker, layer: Value | None, node: CSTNode) -> None:
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


def _get_layer(run: Interpreter, model: Maker, positional: list[Value], keywords: Args, node: CSTNode) -> Value:
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


def layer_tensor(run: Interpreter, layer: KerasLayer, name: str, node: CSTNode) -> Value:
    """`layer.output` and `layer.input`: the tensors of its last call in a graph."""
    called = layer.fields.get(CALLED)
    match called:
        case Tensor(call=call):
            if name == "output":
                return called
            return call.inputs[0] if len(call.inputs) == 1 else Items(call.inputs, node=node)
        case _:
            return Unknown(f"the {name} of a layer that was not called", node=node)


def set_trainable(run: Interpreter, target: Value, value: Value, node: CSTNode) -> None:
    """`layer.trainable = value`, for a model its layers too, as Keras does."""
    run.freezes += 1
    for maker in _all_makers(run, target):
        run.heap.write(maker.fields, TRAINABLE, value)
    run.record(Event("trainable", node, None, target, args={"value": value}, loops=tuple(run.loops), doubt=run.doubt))


def _all_makers(run: Interpreter, target: Value) -> list[Maker]:
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
