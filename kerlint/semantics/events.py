"""What a program does with a model: compile, fit and their kin, recorded with everything known at that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from kerlint.semantics import catalog, snapshot
from kerlint.semantics.graph import KerasModel, Maker, dims, is_model
from kerlint.semantics.keras import complete
from kerlint.semantics.members import class_member
from kerlint.semantics.program import Compile, Event
from kerlint.semantics.state import COMPILED, FED, PRETRAINED
from kerlint.semantics.values import (
    Bound,
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
)

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.semantics.program import Layer, Model, Shape
    from kerlint.syntax.nodes import Node

Args = dict[str, Value]
RENAMED = {"fit_generator": "fit", "evaluate_generator": "evaluate", "predict_generator": "predict"}
FITS = ("fit", "fit_generator", "train_on_batch")
EXTERNAL = frozenset(
    {
        "tensorflow_hub",
        "transformers",
        "keras_tuner",
        "kerastuner",
        "autokeras",
        "keras_nlp",
        "keras_hub",
        "keras_cv",
        "segmentation_models",
    }
)
"""Libraries whose models are not in the source."""
KERAS_WORDS = frozenset({"epochs", "nb_epoch", "batch_size", "validation_data", "validation_split", "steps_per_epoch", "callbacks"})
"""Arguments that tell a `fit` of Keras from one of another library."""


def normalized(kind: str, value: Value | None) -> Value | None:
    """An optimizer, loss or metric as Keras resolves it: the class with its arguments, for strings, functions and classes too."""
    match value:
        case Const(str() as name):
            cls = catalog.from_string(kind, name)
            return value if cls is None else _configured(cls, value)
        case Symbol(name) if name.startswith(("keras.", "tensorflow.")):
            cls = catalog.loss_class(name) if kind != "optimizer" else name
            return value if cls is None or catalog.entry(cls) is None else _configured(cls, value)
        case Term("keras.optimizers.LossScaleOptimizer" | "keras.mixed_precision.LossScaleOptimizer", args):
            inner = args.get("inner_optimizer")
            return normalized(kind, inner) if inner is not None else value
        case Const(None):
            return None
        case _:
            return value


def _configured(cls: str, value: Value) -> Term:
    return Term(cls, complete(cls, {}), node=value.node, origin=value.origin, doubt=value.doubt)


def rate_of(optimizer: Value | None) -> Value:
    """The learning rate of an optimizer."""
    match optimizer:
        case Term(args=args) if "learning_rate" in args:
            return args["learning_rate"]
        case Unknown():
            return optimizer
        case Choice():
            return Unknown("one of several optimizers", node=optimizer.node)
        case None:
            return Unknown("no optimizer")
        case _:
            return Unknown("an optimizer that is not understood", node=optimizer.node)


def per_output(value: Value | None, model: Model) -> list[Value | None]:
    """A loss, or list or dict of them, for each output of the model in order."""
    count = max(1, len(model.outputs))
    match value:
        case Table(entries, unlisted):
            return [_named(entries, unlisted, layer, value) for layer in model.outputs] or [None]
        case Items(items) if len(items) == count:
            return list(items)
        case Items(items):
            return [Unknown("losses that do not match the outputs", node=value.node)] * count
        case _:
            return [value] * count


def _named(entries: Mapping[Any, Value], unlisted: bool, output: Layer, value: Value) -> Value | None:
    if output.name in entries:
        return entries[output.name]
    if unlisted or "name" not in output.given:
        return Unknown("the output that a loss is for", node=value.node)
    return None


def metrics_per_output(value: Value | None, model: Model) -> tuple[tuple[Value, ...], ...]:
    """The metrics of each output; a plain list holds for a single output, and for every output of several."""
    count = max(1, len(model.outputs))
    match value:
        case None | Const(None):
            return ((),) * count
        case Items(items) if count > 1 and len(items) == count and all(isinstance(item, (Items, Const)) for item in items):
            return tuple(_several(item) for item in items)
        case Items():
            return (_several(value),) * count
        case Table(entries, unlisted):
            named = [_named(entries, unlisted, layer, value) for layer in model.outputs]
            return tuple(() if item is None else _several(item) for item in named) or ((),)
        case _:
            return ((value,),) * count


def _several(value: Value) -> tuple[Value, ...]:
    items = value.items if isinstance(value, Items) else (value,)
    return tuple(found for found in (normalized("metric", item) for item in items) if found is not None)


def _compile(run: Interpreter, model: Maker, name: str, positional: list[Value], keywords: Args, node: Node) -> Value:
    args = _arguments("compile", positional, keywords)
    given = frozenset(args)
    seen = snapshot.snapshot(run, model)
    filled = complete("keras.Model.compile", args)
    optimizer = (
        normalized("optimizer", filled.get("optimizer")) if not _hidden(args) else Unknown("arguments that are not known", node=node)
    )
    own = _own_training(model)
    loss = filled.get("loss") if own is None else Unknown(f"`{own}` of its own", node=node)
    losses = tuple(normalized("loss", each) for each in per_output(loss, seen))
    metrics = metrics_per_output(filled.get("metrics"), seen)
    computed = tuple(_computed(run, each, node) for each in losses) if own is None else ()
    compiled = Compile(optimizer, rate_of(optimizer), losses, metrics, filled, node, computed, own or "")
    run.heap.write(model.fields, COMPILED, Const(compiled))
    run.record(Event("compile", node, seen, model, compiled, None, None, None, (), filled, given, tuple(run.loops), (), _doubt(run, model)))
    return Const(None, node=node)


def _computed(run: Interpreter, loss: Value | None, node: Node) -> Value | None:
    """What a loss of the user's own makes of labels and predictions: its function is run on terms that stand for them."""
    y_true, y_pred = Term("y_true", node=node), Term("y_pred", node=node)
    match loss:
        case Function():
            return _rehearsed(run, loss, [y_true, y_pred], node)
        case Bound(function, receiver):
            return _rehearsed(run, function, [receiver, y_true, y_pred], node)
        case Instance(cls=cls):
            method = class_member(cls, "call") or class_member(cls, "__call__")
            return _rehearsed(run, method, [loss, y_true, y_pred], node) if isinstance(method, Function) else None
        case Term(name) if name.startswith("keras.losses."):
            return None
        case None:
            return None
        case _:
            return Unknown("a loss that cannot be looked into", node=loss.node)


def _own_training(model: Maker) -> str | None:
    """The method with which a user's model decides itself what its loss is, if it has one."""
    if not isinstance(model, Instance):
        return None
    return next((name for name in ("train_step", "compute_loss") if class_member(model.cls, name) is not None), None)


def _doubt(run: Interpreter, model: Value) -> str:
    return run.doubt or model.doubt


def _hidden(args: Args) -> bool:
    return "*" in args or "**" in args


def _arguments(method: str, positional: list[Value], keywords: Args) -> Args:
    return catalog.bind(f"keras.Model.{method}", positional, keywords)


def compiled_of(model: Value) -> Compile | None:
    """The compile in force, when it is known which one is."""
    match getattr(model, "fields", {}).get(COMPILED):
        case Const(Compile() as found):
            return found
        case _:
            return None


def compiled_part(model: Value, name: str, node: Node) -> Value:
    """`model.optimizer`, `model.loss`."""
    found = compiled_of(model)
    part = None if found is None else found.optimizer if name == "optimizer" else found.args.get("loss")
    return part if part is not None else Unknown(f"`{name}` of a model that is not compiled here", node=node)


def _use(run: Interpreter, model: Maker, name: str, positional: list[Value], keywords: Args, node: Node) -> Value:
    args = _arguments(name, positional, keywords)
    event = _event(run, model, RENAMED.get(name, name), args, node)
    run.record(event)
    if event.kind == "predict":
        return _prediction(run, model, event, node)
    return Term(f".{name}()", {"self": model, **args}, node=node)


def shape_in_use(run: Interpreter, model: Value) -> Shape | None:
    """The shape of the output in the last use whose data told what the model leaves open."""
    uses = (event.model for event in reversed(run.events) if event.identity is model)
    return next((seen.outputs[0].shape for seen in uses if seen is not None and len(seen.outputs) == 1 and seen.outputs[0].shape), None)


def _prediction(run: Interpreter, model: Maker, event: Event, node: Node) -> Term:
    outputs = event.model.outputs if event.model is not None else ()
    shape = (outputs[0].shape or shape_in_use(run, model)) if len(outputs) == 1 else None
    known = {} if shape is None else {"shape": dims(shape, node)}
    return Term("predict", {"model": model, "x": event.x or Unknown("no input", node=node), **known}, node=node)


def _event(run: Interpreter, model: Maker, kind: str, args: Args, node: Node) -> Event:
    x = _batches(run, args.get("x") or args.get("generator"), node)
    y = args.get("y")
    filled = complete(f"keras.Model.{kind}", args)
    seen = snapshot.snapshot(run, model, x)
    hidden = (Unknown("arguments that are not known", node=node),) if _hidden(args) else ()
    return Event(
        kind=kind,
        node=node,
        model=seen,
        identity=model,
        compiled=_in_force(run, model),
        x=x,
        y=None if isinstance(y, Const) and y.value is None else y,
        validation=_validation(args.get("validation_data")),
        callbacks=_callbacks(run, args),
        args=filled,
        given=frozenset(args),
        loops=tuple(run.loops),
        unknown=(*seen.unknown, *hidden),
        doubt=_doubt(run, model),
    )


def _batches(run: Interpreter, x: Value | None, node: Node) -> Value | None:
    """The data of a user's generator object (a keras.utils.Sequence, an iterator): what one batch of it looks like."""
    match x:
        case Instance(cls=cls) if not is_model(x):
            for name, arguments in (("__getitem__", [Unknown("the number of a batch", node=node)]), ("__next__", []), ("__iter__", [])):
                member = class_member(cls, name)
                if isinstance(member, Function):
                    batch = _rehearsed(run, member, [x, *arguments], node)
                    return (
                        batch if isinstance(batch, Term) and batch.name == "generator" else Term("generator", {"element": batch}, node=node)
                    )
    return x


def _rehearsed(run: Interpreter, function: Function, arguments: list[Value], node: Node) -> Value:
    run.heap.fork()
    try:
        with run.rehearsal():
            return run.invoke(function, arguments, {}, node)
    finally:
        run.heap.undo()


def _in_force(run: Interpreter, model: Value) -> Compile | None:
    """The compile in force, with what was changed of its optimizer since."""
    found = compiled_of(model)
    if found is None or not isinstance(found.optimizer, Term):
        return found
    now = run.heap.current(found.optimizer)
    if now is found.optimizer:
        return found
    return replace(found, optimizer=now, learning_rate=rate_of(now))


def _validation(value: Value | None) -> tuple[Value | None, Value | None] | None:
    match value:
        case None | Const(None):
            return None
        case Items((x, y, *_)):
            return x, y
        case _:
            return value, None


def _callbacks(run: Interpreter, args: Args) -> tuple[Value, ...] | None:
    value = args.get("callbacks")
    match value:
        case None if _hidden(args):
            return None
        case None | Const(None):
            return ()
        case Items(items):
            found: list[Value] = []
            for item in items:
                now = run.heap.current(item)
                found.extend(now.items if isinstance(now, Items) else (now,))
            return tuple(found)
        case Term() if value.name.startswith("keras.callbacks."):
            return (value,)
        case Instance():
            return (value,)
        case _:
            return None


def _weights(run: Interpreter, model: Maker, name: str, positional: list[Value], keywords: Args, node: Node) -> Value:
    run.heap.write(model.fields, PRETRAINED, Const(True))
    seen = snapshot.snapshot(run, model)
    run.record(Event(name, node, seen, model, compiled_of(model), loops=tuple(run.loops), doubt=_doubt(run, model)))
    return Const(None, node=node)


Method = Callable[["Interpreter", Maker, str, list[Value], Args, "Node"], Value]
METHODS: dict[str, Method] = {
    "compile": _compile,
    **dict.fromkeys((*FITS, "evaluate", "evaluate_generator", "predict", "predict_generator", "test_on_batch", "predict_on_batch"), _use),
    **dict.fromkeys(("load_weights", "set_weights"), _weights),
}


def foreign_fit(run: Interpreter, receiver: Value, args: Args, keywords: Args, node: Node) -> None:
    """`fit` of something that is no model of the source: recorded with the reason, when it is certainly one of Keras."""
    match receiver:
        case Term() if (library := _library(receiver)) in EXTERNAL:
            reason = Unknown(f"a model from {library} (external)", node=node)
        case Unknown(why) if KERAS_WORDS & set(keywords):
            reason = Unknown(why, node=node)
        case Instance(cls=cls) if KERAS_WORDS & set(keywords) and cls.rests_on is not None:
            reason = Unknown(f"a base of `{cls.name}` is not known", node=node)
        case _:
            return
    bound = _arguments("fit", [value for key, value in args.items() if key.isdigit()], keywords)
    y = bound.get("y")
    filled = complete("keras.Model.fit", bound)
    run.record(
        Event(
            "fit", node, None, receiver, None, bound.get("x"), y, _validation(bound.get("validation_data")), _callbacks(run, bound),
            filled, frozenset(bound), tuple(run.loops), (reason,), run.doubt,
        )
    )  # fmt: skip


def _library(term: Value) -> str:
    """The library that the outermost object of a chain of calls comes from."""
    for _ in range(20):
        match term:
            case Term(args={"self": inner}):
                term = inner
            case Term(name) | Symbol(name):
                return name.partition(".")[0]
            case _:
                return ""
    return ""


WRAPPERS = ("KerasClassifier", "KerasRegressor")


def wrapper_fit(run: Interpreter, receiver: Term, name: str, positional: list[Value], keywords: Args, node: Node) -> Value | None:
    """`KerasClassifier(build_fn=...).fit(X, y)` of the scikit-learn wrappers: the builder is run, its model is what is fitted."""
    from kerlint.semantics.calls import call

    if receiver.name.rpartition(".")[2] not in WRAPPERS:
        foreign_fit(run, receiver, {str(index): value for index, value in enumerate(positional)}, keywords, node)
        return None
    builder = receiver.arg(0, "build_fn", "model")
    if builder is None:
        return None
    model = call(run, builder, [], {}, node) if isinstance(builder, (Function, Bound)) else builder
    if not isinstance(model, (KerasModel, Instance)):
        return None
    known = {key: value for key, value in receiver.args.items() if key in KERAS_WORDS}
    run.record(_event(run, model, "fit", _arguments("fit", positional, {**known, **keywords}), node))
    return Term(".fit()", {"self": receiver}, node=node)


def record_tape_step(run: Interpreter, optimizer: Value, positional: list[Value], node: Node) -> None:
    """`optimizer.apply_gradients(zip(gradients, model.trainable_variables))`: one step of a custom training loop."""
    models = {id(model): model for value in positional for model in _models_in(run, value, 0)}
    for model in models.values():
        compiled = Compile(normalized("optimizer", optimizer), rate_of(optimizer), (None,), ((),), {}, node)
        fed = model.fields.get(FED)
        seen = snapshot.snapshot(run, model, fed)
        run.record(Event("tape", node, seen, model, compiled, fed, loops=tuple(run.loops), unknown=seen.unknown, doubt=_doubt(run, model)))


def _models_in(run: Interpreter, value: Value, depth: int) -> Iterator[Any]:
    match value:
        case KerasModel() | Instance():
            yield value
        case Term(args=args) if depth < 6:
            for inner in args.values():
                yield from _models_in(run, inner, depth + 1)
        case Items(items) if depth < 6:
            for inner in items:
                yield from _models_in(run, inner, depth + 1)
        case _:
            return
