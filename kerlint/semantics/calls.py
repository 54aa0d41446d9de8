"""Calls: the user's functions are run, the library's are looked up in tables, everything else becomes a term."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from kerlint.semantics import assembly, binding, catalog, events, keras, library, methods, models
from kerlint.semantics.graph import KerasLayer, KerasModel, Tensor, is_layer, is_model, operation, repeated, tensors
from kerlint.semantics.members import attribute, class_member
from kerlint.semantics.state import HANDED
from kerlint.semantics.values import (
    Bound,
    Choice,
    Class,
    Const,
    Function,
    Instance,
    Items,
    Namespace,
    Symbol,
    Term,
    Unknown,
    Value,
    is_data_choice,
    join,
)

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.syntax.nodes import Node


def call(run: Interpreter, function: Value, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value:
    """The value of `function(*positional, **keywords)`, with what the call does to the program's state."""
    match function:
        case Choice(found):
            return each(run, found, lambda option: call(run, option, positional, keywords, node))
        case Function():
            return run.invoke(function, positional, keywords, node)
        case Bound(method, receiver):
            return run.invoke(method, [receiver, *positional], keywords, node)
        case Class():
            return instantiate(run, function, positional, keywords, node)
        case Symbol(name):
            return call_symbol(run, function, name, positional, keywords, node)
        case Term("functools.partial", args):
            return _partial(run, args, positional, keywords, node)
        case Term("keras.activations.get", {"identifier": inner}):
            return call(run, _activation(inner), positional, keywords, node)
        case Term("method", {"self": receiver, "name": Const(str() as name)}):
            return call_method(run, receiver, name, positional, keywords, node)
        case KerasLayer() | KerasModel() | Instance() if is_layer(function) or is_model(function):
            return assembly.apply(run, function, positional, keywords, node)
        case Instance():
            return call_method(run, function, "__call__", positional, keywords, node)
    return opaque(run, function, positional, keywords, node)


def _activation(value: Value) -> Value:
    """The function that `keras.activations.get` finds."""
    match value:
        case Const(None):
            return Symbol("keras.activations.linear", node=value.node)
        case Const(str() as name):
            return Symbol(f"keras.activations.{name}", node=value.node)
        case _:
            return value


def each(run: Interpreter, found: tuple[Value, ...], way: Callable[[Value], Value]) -> Value:
    """What a call on one of several values gives: each is tried from the same state, and the outcomes are joined."""
    outcomes: list[Value] = []

    def attempt(option: Value) -> bool:
        outcomes.append(way(option))
        return True

    with run.doubting("one of several branches"):
        run.heap.branch([lambda option=option: attempt(option) for option in found])  # type: ignore[misc]
    return join(*outcomes)


def call_symbol(run: Interpreter, symbol: Symbol, name: str, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value:
    """A call of something from a library."""
    runner = library.RUN.get(name)
    if runner is not None:
        outcome: Value | None = runner(run, positional, keywords, node)
        if outcome is not None:
            return outcome
    shuffled = methods.shuffled_in_place(run, symbol, positional, node)
    if shuffled is not None:
        return shuffled
    if name.startswith("keras."):
        return keras.call_keras(run, symbol, positional, keywords, node)
    found = tensors(*positional, *keywords.values())
    if found:
        known = catalog.entry(name) is not None and not {"*", "**"} & keywords.keys()
        args = keras.bound(symbol, positional, keywords) if known else numbered(positional, keywords)
        return operation(name, args, found, node, within=run.within)
    if not name.startswith(HARMLESS):
        _hand_over(run, (*positional, *keywords.values()))
    return Term(name, numbered(positional, keywords), node=node)


HARMLESS = ("builtins.", "numpy.", "matplotlib.", "tensorflow.")
"""Libraries whose functions leave a model as it is."""


def numbered(positional: list[Value], keywords: Mapping[str, Value]) -> dict[str, Value]:
    """Arguments of a function without a known signature: positions as "0", "1" …"""
    return {**{str(position): value for position, value in enumerate(positional)}, **keywords}


def opaque(run: Interpreter, function: Value, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value:
    """A call of something that is not understood: unknown layers when tensors go in, else a term or the reason."""
    _hand_over(run, (*positional, *keywords.values()))
    found = tensors(*positional, *keywords.values())
    if found or isinstance(function, Tensor):
        return repeated(found, why_opaque(function), node)
    match function:
        case Unknown(reason):
            if positional:
                return Term("unknown", {**numbered(positional, keywords), "reason": function}, node=node)
            return Unknown(reason, node=node)
        case _:
            return Term("call", {"function": function, **numbered(positional, keywords)}, node=node)


def _hand_over(run: Interpreter, given: Iterable[Value]) -> None:
    """Remember that code which is not known got hold of a model."""
    for value in given:
        match value:
            case KerasModel(fields=fields) | Instance(fields=fields):
                run.heap.write(fields, HANDED, Const(True))
            case Items(items):
                _hand_over(run, items)
            case _:
                continue


def why_opaque(value: Value) -> str:
    """Why calling a value on tensors is not understood."""
    for _ in range(DEEPEST_CHAIN):
        match value:
            case Unknown(reason):
                return reason
            case Term("unknown", {"reason": Unknown(reason)}):
                return reason
            case Term(args={"self": inner}) | Term(args={"base": inner}) | Term(args={"function": inner}):
                value = inner
            case Term(name) if "." in name:
                return f"a layer from {name.partition('.')[0]} (external)"
            case _:
                break
    return "a call that is not understood"


DEEPEST_CHAIN = 40
"""Attributes and calls in a row after which the beginning of a chain is no longer looked for."""


def _partial(run: Interpreter, args: Mapping[str, Value], positional: list[Value], keywords: dict[str, Value], node: Node) -> Value:
    first = [value for name, value in args.items() if name.isdigit()]
    named = {name: value for name, value in args.items() if not name.isdigit()}
    if not first:
        return Unknown("a partial of nothing", node=node)
    return call(run, first[0], [*first[1:], *positional], {**named, **keywords}, node)


def call_method(run: Interpreter, receiver: Value, name: str, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value:
    """The value of `receiver.name(...)`, with what it does to the receiver."""
    match receiver:
        case Choice() if is_data_choice(receiver) and name not in methods.EFFECTS and "inplace" not in keywords:
            return Term(f".{name}()", {"self": receiver, **numbered(positional, keywords)}, node=node)
        case Choice(found):
            return each(run, found, lambda option: call_method(run, option, name, positional, keywords, node))
        case Symbol() | Namespace() | Class():
            return call(run, attribute(run, receiver, name, node), positional, keywords, node)
        case Instance():
            return _instance_method(run, receiver, name, positional, keywords, node)
        case KerasModel():
            return models.model_method(run, receiver, name, positional, keywords, node)
        case KerasLayer() if name in ("__call__", "call"):
            return assembly.apply(run, receiver, positional, keywords, node)
        case Term("super", {"self": Instance() as this, "class": Class() as owner}):
            return _super_method(run, this, owner, name, positional, keywords, node)
    if isinstance(receiver, (Term, Unknown)):
        _hand_over(run, (*positional, *keywords.values()))
    outcome = methods.call(run, receiver, name, positional, keywords, node)
    if outcome is None and name in methods.TRAINERS:
        events.foreign_fit(run, receiver, numbered(positional, keywords), keywords, node)
    return opaque(run, receiver, positional, keywords, node) if outcome is None else outcome


def _instance_method(
    run: Interpreter, receiver: Instance, name: str, positional: list[Value], keywords: dict[str, Value], node: Node
) -> Value:
    member = receiver.fields.get(name) or class_member(receiver.cls, name)
    if member is not None:
        return call(run, run.bound(member, receiver), positional, keywords, node)
    if name == "__call__" and is_layer(receiver):
        return assembly.apply(run, receiver, positional, keywords, node)
    if is_model(receiver):
        return models.model_method(run, receiver, name, positional, keywords, node)
    if name in methods.TRAINERS:
        events.foreign_fit(run, receiver, numbered(positional, keywords), keywords, node)
    return Term(f".{name}()", {"self": receiver, **numbered(positional, keywords)}, node=node)


def _super_method(
    run: Interpreter, this: Instance, owner: Class, name: str, positional: list[Value], keywords: dict[str, Value], node: Node
) -> Value:
    after = False
    for base in this.cls.lineage():
        match base:
            case Class(frame=frame) if after and name in frame.fields:
                return call(run, run.bound(frame.fields[name], this), positional, keywords, node)
            case Symbol():
                if name == "__init__":
                    return keras.base_init(run, this, positional, keywords, node)
                if is_model(this):
                    return models.model_method(run, this, name, positional, keywords, node)
            case _:
                pass
        after = after or base is owner
    return Const(None, node=node)


def instantiate(run: Interpreter, cls: Class, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value:
    """A new object of a user's class, its `__init__` run."""
    this = Instance(cls, node)
    run.made(this, node)
    init = class_member(cls, "__init__")
    if isinstance(init, Function):
        run.invoke(init, [this, *positional], keywords, node)
    elif is_model(this):
        keras.base_init(run, this, positional, keywords, node)
    else:
        _dataclass_fields(run, this, positional, keywords, node)
    return this


def _dataclass_fields(run: Interpreter, this: Instance, positional: list[Value], keywords: dict[str, Value], node: Node) -> None:
    """The fields of an object whose class has no `__init__`: arguments in the order of annotations, defaults that are made anew."""
    names = binding.annotated(this.cls)
    for name in names:
        match class_member(this.cls, name):
            case Term("dataclasses.field" | "pydantic.Field" | "attr.ib" | "attrs.field", args) as made:
                factory = args.get("default_factory", args.get("factory"))
                unknown = Unknown(f"field `{name}` without a default", node=made.node)
                value = args.get("default", args.get("0", unknown)) if factory is None else call(run, factory, [], {}, node)
                run.heap.write(this.fields, name, value)
            case _:
                pass
    for name, value in (*zip(names, positional, strict=False), *keywords.items()):
        run.heap.write(this.fields, name, value)
