"""What calls of Keras make: layers, tensors and models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.semantics import catalog
from kerlint.semantics.graph import (
    KerasLayer,
    KerasModel,
    Maker,
    Tensor,
    operation,
    source,
    tensors,
)
from kerlint.semantics.library import constant
from kerlint.semantics.state import INPUTS, LAYERS, OUTPUTS, PRETRAINED, SHAPE
from kerlint.semantics.values import (
    Choice,
    Const,
    Instance,
    Items,
    Symbol,
    Term,
    Unknown,
    Value,
    python,
    text,
)

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.semantics.program import Shape
    from kerlint.syntax.nodes import Node

CONFIGURED = frozenset({"optimizer", "schedule", "loss", "metric", "callback", "initializer", "regularizer", "constraint", "class"})
"""Kinds of objects whose defaults belong to what they are."""
MERGES = {
    f"keras.layers.{name.lower()}": f"keras.layers.{name}"
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
}
"""Functions that call a layer on the spot."""


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


def call_keras(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: Node) -> Value:
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
    found = tensors(*positional, *keywords.values())
    if found and kind not in CONFIGURED | {"model"}:
        target = MERGES.get(name, name)
        return operation(target, complete(target, given), found, node, given=frozenset(given), within=run.within)
    return Term(name, complete(name, given) if kind in CONFIGURED else given, node=node)


def _looks_like_layer(name: str) -> bool:
    module, _, last = name.rpartition(".")
    return module == "keras.layers" and last[:1].isupper()


def _input(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: Node) -> Value:
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


def _sequential(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: Node) -> Value:
    model = KerasModel("sequential", tuple(run.loops), node, run.doubt or symbol.doubt)
    _init_sequential(run, model, bound(symbol, positional, keywords), node)
    run.made(model, node)
    return model


def _init_sequential(run: Interpreter, model: Maker, given: Args, node: Node) -> None:
    layers = given.get("layers", Const(None))
    start: Value = layers if isinstance(layers, (Items, Term, Choice, Unknown)) else Items((), node=node)
    run.heap.write(model.fields, LAYERS, start)
    if "name" in given:
        run.heap.write(model.fields, "name", given["name"])


def _model(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: Node) -> Value:
    model = KerasModel("functional", tuple(run.loops), node, run.doubt or symbol.doubt)
    _init_functional(run, model, bound(symbol, positional, keywords))
    run.made(model, node)
    return model


def _init_functional(run: Interpreter, model: Maker, given: Args) -> None:
    for key, name in ((INPUTS, "inputs"), (OUTPUTS, "outputs")):
        run.heap.write(model.fields, key, given.get(name, Unknown(f"`{name}` of the model is not known")))
    if "name" in given:
        run.heap.write(model.fields, "name", given["name"])


def _application(run: Interpreter, name: str, given: Args, node: Node) -> KerasModel:
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


def _loaded(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: Node) -> Value:
    model = KerasModel("loaded", tuple(run.loops), node, run.doubt or symbol.doubt)
    run.heap.write(model.fields, OUTPUTS, Unknown("model loaded from file", node=node))
    run.heap.write(model.fields, PRETRAINED, Const(True))
    run.made(model, node)
    return model


def _clone(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: Node) -> Value:
    match bound(symbol, positional, keywords).get("model"):
        case KerasModel() as model:
            return cloned(run, model, node)
        case Instance() as model:
            return model
        case _:
            return _loaded(run, symbol, positional, keywords, node)


def cloned(run: Interpreter, model: Value, node: Node) -> Value:
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


def _image_format(run: Interpreter, symbol: Symbol, positional: list[Value], keywords: Args, node: Node) -> Value:
    """`K.set_image_data_format("channels_first")`, and "th" of Keras 1: the format of every layer made from here on."""
    given = text(next(iter((*positional, *keywords.values())), None))
    known = {"th": "channels_first", "tf": "channels_last"}.get(given or "", given)
    run.image_format = Unknown("an image format that is not known", node=node) if known is None else Const(known, node=node)
    return Const(None, node=node)


Makers = Callable[["Interpreter", Symbol, list[Value], Args, "Node"], Value]
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


def base_init(run: Interpreter, this: Instance, positional: list[Value], keywords: Args, node: Node) -> Value:
    """`super().__init__(...)` of a user's class that reaches Keras: a functional or sequential model, else nothing."""
    base = next((name.name for name in this.cls.lineage() if isinstance(name, Symbol)), "")
    if base == "keras.Sequential":
        _init_sequential(run, this, bound(Symbol(base), positional, keywords), node)
    elif base == "keras.Model" and (positional or "outputs" in keywords or "output" in keywords):
        _init_functional(run, this, bound(Symbol(base), positional, keywords))
    elif "name" in keywords:
        run.heap.write(this.fields, "name", keywords["name"])
    return Const(None, node=node)
