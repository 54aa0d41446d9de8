"""Attributes: of modules, objects, classes, layers, models and data."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kerlint.semantics import catalog, provenance
from kerlint.semantics.graph import KerasLayer, KerasModel, Tensor, dims, is_model, repeated, tensors
from kerlint.semantics.values import (
    Choice,
    Class,
    Const,
    Function,
    Instance,
    Items,
    Namespace,
    Symbol,
    Table,
    Term,
    Unknown,
    Value,
    join,
    python,
)

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.syntax.nodes import Node


def attribute(run: Interpreter, base: Value, name: str, node: Node) -> Value:
    """The value of `base.name`."""
    match base:
        case Symbol(module):
            if module.endswith("flags.FLAGS"):
                return run.fetched(run.flags().fields.get(name, Unknown(f"the flag `{name}`", node=node)))
            return symbol_member(base, name, node)
        case Unknown(reason):
            return Unknown(reason, node=node)
        case Term("super", {"self": Instance() as this}):
            return Term("method", {"self": base, "name": Const(name)}, node=node) if this else base
        case Term():
            return _term_member(run, base, name, node)
        case Namespace(frame):
            found = frame.fields.get(name)
            return run.submodule(base, name, node) if found is None else run.fetched(found)
        case Choice(found):
            return join(*(attribute(run, option, name, node) for option in found))
        case Instance():
            return _instance_member(run, base, name, node)
        case Class():
            member = class_member(base, name)
            return run.bound(member, base) if member is not None else Unknown(f"`{base.name}` has no `{name}` in the source", node=node)
        case Table(entries) if name in entries:
            return run.heap.current(entries[name])
        case KerasModel():
            return run.model_member(base, name, node)
        case KerasLayer():
            return _layer_member(run, base, name, node)
        case Tensor():
            return _tensor_member(base, name, node)
        case _:
            return Term("method", {"self": base, "name": Const(name)}, node=node)


def _inside(run: Interpreter, model: KerasModel, node: Node) -> Value:
    """The output of a layer inside a model whose layers are not in the source (an application): something made of its inputs."""
    found = list(tensors(run.model_member(model, "input", node)))
    return repeated(found, "a layer inside a model that is not in the source", node) if found else Unknown("a layer of a model", node=node)


def symbol_member(base: Symbol, name: str, node: Node | None) -> Symbol:
    """A member of a library module or class, under its canonical name."""
    via = f"{base.via or base.name}.{name}"
    return Symbol(catalog.canonical(f"{base.name}.{name}"), via, node=node, doubt=base.doubt)


def class_member(cls: Class, name: str) -> Value | None:
    """What a class or the nearest of its bases in the source defines under a name."""
    for base in cls.lineage():
        match base:
            case Class(frame=frame) if name in frame.fields:
                return frame.fields[name]
            case _:
                pass
    return None


def _instance_member(run: Interpreter, this: Instance, name: str, node: Node) -> Value:
    if name in this.fields:
        return run.heap.current(this.fields[name])
    member = class_member(this.cls, name)
    match member:
        case None if is_model(this):
            return run.model_member(this, name, node)
        case None:
            if name == "trainable":
                return Const(True, node=node)
            return Unknown(f"`{this.cls.name}` sets no `{name}` in the source", node=node)
        case Function(decorators=decorators) if any(_is_property(mark) for mark in decorators):
            return run.invoke(member, [this], {}, node)
        case Function():
            return run.bound(member, this)
        case _:
            return run.heap.current(member)


def _is_property(mark: Value) -> bool:
    match mark:
        case Symbol("builtins.property" | "functools.cached_property"):
            return True
        case _:
            return False


def _layer_member(run: Interpreter, layer: KerasLayer, name: str, node: Node) -> Value:
    if name in layer.fields:
        return run.heap.current(layer.fields[name])
    if name in layer.args:
        return layer.args[name]
    if name == "trainable":
        return Const(True, node=node)
    if name in ("output", "input"):
        return run.layer_tensor(layer, name, node)
    return Term(f".{name}", {"self": layer}, node=node)


def _tensor_member(tensor: Tensor, name: str, node: Node) -> Value:
    if name == "shape" and tensor.shape is not None:
        return dims(tensor.shape, node)
    return Unknown(f"`{name}` of a symbolic tensor", node=node)


def _known_shape(term: Term, node: Node) -> Value | None:
    shape = provenance.facts(term).shape
    if shape is None:
        return None
    here = Term(".shape", {"self": term}, node=node)
    sizes = (
        Term("item", {"base": here, "key": Const(axis)}, node=node) if size is None else Const(size, node=node)
        for axis, size in enumerate(shape)
    )
    return Items(tuple(sizes), "tuple", node=node)


def _known_rank(term: Term, node: Node) -> Value | None:
    shape = provenance.facts(term).shape
    return None if shape is None else Const(len(shape), node=node)


ARRAY_MEMBERS: dict[str, Callable[[Term, Node], Value | None]] = {"shape": _known_shape, "ndim": _known_rank}
RATE = {"lr": "learning_rate"}
"""The names of an optimizer's attributes before Keras 2.3."""


def _term_member(run: Interpreter, term: Term, name: str, node: Node) -> Value:
    match term:
        case Term(".get_layer()", {"self": KerasModel() as model}) if name == "output":
            return _inside(run, model, node)
        case Term("item", {"base": Term(".layers", {"self": KerasModel() as model})}) if name == "output":
            return _inside(run, model, node)
    named = RATE.get(name, name)
    if named in term.args and catalog.entry(term.name) is not None:
        return term.args[named]
    if name in ARRAY_MEMBERS:
        known = ARRAY_MEMBERS[name](term, node)
        if known is not None:
            return known
    return Term(f".{name}", {"self": term}, node=node)


def _part_of_application(term: Value) -> tuple[KerasModel, bool] | None:
    """The application whose layers an object is one of, and whether it stands for all of them in turn (`for layer in base.layers`)."""
    whole = True
    while True:
        match term:
            case Term(".layers", {"self": KerasModel() as model}):
                return model, whole
            case Term(".get_layer()", {"self": KerasModel() as model}):
                return model, False
            case Term("element", {"of": inner}):
                term = inner
            case Term("item", {"base": Term("element", {"of": Term("builtins.enumerate", {"0": inner})}), "key": Const(1)}):
                term = inner
            case Term("item", {"base": inner}):
                term, whole = inner, False
            case _:
                return None


def set_attribute(run: Interpreter, base: Value, name: str, value: Value, node: Node) -> None:
    """`base.name = value`."""
    match base:
        case Choice(found):
            for option in found:
                set_attribute(run, option, name, run.maybe(option, name, value), node)
        case KerasLayer() | KerasModel() | Instance() if name == "trainable":
            run.set_trainable(base, value, node)
        case Instance(cls=cls) if isinstance(setter := class_member(cls, f"{name}.setter"), Function):
            run.invoke(setter, [base, value], {}, node)
        case Instance():
            run.track_attribute(base, name, value)
            run.heap.write(base.fields, name, value)
        case Namespace(frame):
            run.heap.write(frame.fields, name, value)
        case Class(frame=frame):
            run.heap.write(frame.fields, name, value)
        case KerasLayer() | KerasModel():
            run.heap.write(base.fields, name, value)
        case Term(args=args) if RATE.get(name, name) in args:
            run.heap.update(base, Term(base.name, {**args, RATE.get(name, name): value}, node=base.node))
        case Term() if name == "trainable" and (part := _part_of_application(base)) is not None:
            model, whole = part
            same = python(model.fields.get(name, Const(True))) is python(value, ...)
            known = same or whole and not run.doubt
            run.set_trainable(model, value if known else Unknown("some of its layers are frozen", node=node), node)
        case Term():
            run.heap.update(base, Term("setattr", {"base": base, "name": Const(name), "value": value}, node=node))
        case Table(entries):
            run.heap.update(base, Table({**entries, name: value}, base.open, node=base.node))
        case _:
            return
