"""Layers that lead nowhere: made or called, and then out of the reach of everything that could use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerlint.semantics.graph import INPUT, KerasLayer, Tensor, lineage, upstream
from kerlint.semantics.members import class_member
from kerlint.semantics.program import Dropped, Layer
from kerlint.semantics.values import Choice, Class, Function, Instance, Value
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter


Objects = tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A layer or its output, and the statement that holds it: under a name, or not at all."""

    name: str
    value: KerasLayer | Tensor
    node: syntax.Node
    doubt: str
    entry: object
    cell: int | None
    """The number of the module that it stands in, None inside of a function."""


def hold(run: Interpreter, name: str, value: Value, node: syntax.Node) -> None:
    """Remember what a statement of the file or of a function makes; what a loop makes may be used by its next pass."""
    match value:
        case KerasLayer() | Tensor() if not run.rehearsing and not run.loops and (run.frame is run.main or run.calling):
            entry = run.entry.body if run.entry is not None else None
            cell = None if run.calling else len(run.cells) - 1
            run.held.setdefault(node, Held(name, value, node, run.doubt, entry, cell))
        case _:
            return


def read(run: Interpreter, value: Value) -> None:
    """Something looked a value up."""
    match value:
        case KerasLayer() | Tensor():
            run.seen.add(id(value))
        case Choice(options):
            run.seen.update(id(option) for option in options)
        case _:
            return


def found(run: Interpreter) -> Iterator[Dropped]:
    """Everything that is held by a statement and was never looked up."""
    for held in run.held.values():
        if id(held.value) in run.seen or held.name.startswith("_") or _mentioned(run, held.name):
            continue
        match held.value:
            case KerasLayer() as layer:
                yield _dropped(layer, held, False, beside=_beside(run, held))
            case Tensor(call=call) if isinstance(call.maker, KerasLayer) and call.cls != INPUT:
                yield _dropped(call.maker, held, True, near=tuple(other.maker or other for other in upstream([held.value])))
            case _:
                pass
    for this in run.objects.values():
        yield from _unused_parts(run, this)


def _dropped(layer: KerasLayer, held: Held, called: bool, near: Objects = (), beside: tuple[Objects, Objects] = ((), ())) -> Dropped:
    made = Layer(layer.cls, layer.args, layer.given, (), None, None, None, layer, layer.node)
    return Dropped(made, held.name, called, near, beside, held.node, held.doubt)


def _mentioned(run: Interpreter, name: str) -> bool:
    """Whether code that a constant switches off reads a name."""
    return bool(name) and any(isinstance(part, syntax.Name) and part.value == name for node in run.untaken for part in syntax.within(node))


def _beside(run: Interpreter, held: Held) -> tuple[Objects, Objects]:
    """The layers that the same cell, or the same function, made before a layer and those that it made after it."""
    first, end = 0, len(run.uses)
    if held.cell is not None:
        first, end = (*run.cells, end)[held.cell : held.cell + 2]
    entry = held.entry
    made = [use.value for use in run.uses[first:end] if (use.entry is entry) and isinstance(use.value, KerasLayer)]
    place = next((place for place, other in enumerate(made) if other is held.value), None)
    return ((), ()) if place is None else (tuple(made[:place]), tuple(made[place + 1 :]))


def _unused_parts(run: Interpreter, this: Instance) -> Iterator[Dropped]:
    """The layers that an object of the user's own model class keeps and whose names its class does not mention again."""
    call = class_member(this.cls, "call")
    if lineage(this.cls) != "keras.Model" or not isinstance(call, Function) or call.body not in run.called:
        return
    text = ""
    for name, value in this.fields.items():
        if isinstance(value, KerasLayer) and isinstance(name, str) and value.node is not None and id(value) not in run.seen:
            text = text or "".join(_code(base) for base in this.cls.lineage() if isinstance(base, Class))
            if len(re.findall(rf"\b{name}\b", text)) == 1 and ".layers" not in text and "getattr" not in text:
                yield _dropped(value, Held(f"self.{name}", value, value.node, "", None, None), False, near=(this,))


def _code(cls: Class) -> str:
    return cls.node.code if cls.node is not None else ""
