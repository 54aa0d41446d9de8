"""Custom training loops: what a GradientTape records, and the models that are called on data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics import snapshot
from kerlint.semantics.graph import KerasModel, Maker, is_model
from kerlint.semantics.members import class_member
from kerlint.semantics.program import Pass, Tape
from kerlint.semantics.values import Const, Function, Instance, Term, Value
from kerlint.syntax import nodes as syntax
from kerlint.syntax.nodes import parts

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter

DEFINITIONS = frozenset({syntax.FunctionDef, syntax.Lambda, syntax.ClassDef})
TAPES = frozenset({"tensorflow.GradientTape", "tensorflow.contrib.eager.GradientTape"})


def opened(run: Interpreter, value: Value, node: syntax.With) -> tuple[Tape, ...]:
    """The tape that a `with` opens, if it opens one."""
    match value:
        case Term(name) if name in TAPES:
            return (Tape(value, node, run.calling[-1][0] if run.calling else run.running),)
        case _:
            return ()


def missed(tape: Tape, place: syntax.Node | None) -> bool:
    """Whether a piece of code stands in the function, script or cell of a tape, but outside of what the tape records."""
    return not _holds(tape.node, place) and _holds(tape.scope, place)


def _holds(top: syntax.Node | None, wanted: syntax.Node | None) -> bool:
    """Whether a piece of code holds another one, the functions that are defined in it left out."""
    waiting = [] if top is None or wanted is None else [top]
    while waiting:
        node = waiting.pop()
        if node is wanted:
            return True
        waiting.extend(child for child in parts(node) if type(child) not in DEFINITIONS)
    return False


def passed(run: Interpreter, model: Maker, positional: list[Value], keywords: dict[str, Value], value: Value, node: syntax.Node) -> None:
    """A model was called on data: recorded where a tape sees it, or where its mode is given."""
    if run.rehearsing or not is_model(model):
        return
    moded = [value for name, value in keywords.items() if name not in ("inputs", "mask")]
    training = keywords.get("training", next(iter((*moded, *positional[1:])), None))  # a `call` may name its mode as it likes
    if training is None and not run.tapes:
        return
    seen = snapshot.snapshot(run, model, positional[0] if positional else None)
    entry = run.entry.body if run.entry is not None else None
    default = _default(model)
    place, loops = len(run.events), tuple(run.loops)
    run.forward.append(Pass(seen, model, node, training or default, training is not None, value, run.tapes, place, loops, run.doubt, entry))


def _default(model: Maker) -> Value | None:
    """What the user's `call` takes `training` for when it is not given."""
    match model:
        case Instance(cls=cls):
            method = class_member(cls, "call")
            if isinstance(method, Function):
                return method.defaults.get("training")
    return None


def fixed(run: Interpreter, maker: Maker, training: Value | None) -> None:
    """A layer or model is called on tensors with `training=` as it is written: what its model is called with has no say in it."""
    match training:
        case Const(bool(), origin=None):
            run.fixed[maker] = None
            if isinstance(maker, KerasModel):
                from kerlint.semantics.models import all_makers

                run.fixed.update(dict.fromkeys(all_makers(run, maker)))
        case _:
            return
