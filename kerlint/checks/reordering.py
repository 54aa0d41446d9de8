"""The fixes that do again, or later, what a script does once and too early: compiling, making an optimizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.checks import repairs
from kerlint.finding import Passage
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerlint.finding import Fix
    from kerlint.semantics.program import Event, Program
    from kerlint.semantics.values import Value
    from kerlint.syntax.nodes import Node

UNCOMPILED = frozenset({"trainable", "layers", "summary", "get_layer", "name", "inputs", "outputs", "input_shape", "output_shape"})
"""What a model has before it is compiled, and has unchanged afterwards."""
HARMLESS = frozenset({"trainable", "compile", "load_weights"})
"""Events that do not ask how a model is compiled."""


def compiled_later(compiled: Event, run: Event, between: Sequence[Event]) -> Fix | None:
    """The compile right in front of the run that it was too early for: moved there, or done once more where that cannot be."""
    if compiled.node is None or run.node is None:
        return None
    before = repairs.statement_before(run.node, repairs.code(compiled.node))
    again = repairs.fix("compile again", before, safe=False, together=(compiled.node, run.node))
    owner = repairs.receiver(compiled.node)
    match owner:
        case syntax.Name() | syntax.Attribute() if all(event.kind in HARMLESS or event.identity is not run.identity for event in between):
            moved = repairs.fix("compile afterwards", repairs.statement_removed(compiled.node), before, safe=False)
            passage = Passage(compiled.node, run.node, repairs.code(owner), UNCOMPILED)
            return None if moved is None else replace(moved, passage=passage, otherwise=again)
        case _:
            return again


def own_optimizer(program: Program, optimizer: Value, looped: bool) -> Fix | None:
    """An optimizer that is made where the model is compiled: another one like the first, or the only one, made in each pass of the loop."""
    place, making = optimizer.node, optimizer.origin
    match place, making:
        case syntax.Name(value=name), syntax.Call() if looped:
            once = repairs.statement_before(place, f"{name} = {repairs.code(making)}")
            moved = repairs.fix(
                "make the optimizer in the loop", repairs.statement_removed(making), once, safe=False, together=(making, place)
            )
            passage = Passage(making, place, name, inner=True)
            return replace(moved, passage=passage) if moved is not None and _bound_once(program, name) else None
        case ((syntax.Name() | syntax.Attribute()), syntax.Call()) if not looped and _steady(program, making):
            copied = repairs.replaced(place, repairs.code(making))
            return repairs.fix("make an optimizer of its own", copied, safe=False, together=(making, place))
        case _:
            return None


def _steady(program: Program, call: Node) -> bool:
    """Whether a call gives the same wherever it is made: of the names in it, those that are no library's are bound once."""
    names = {chain.partition(".")[0] for chain in repairs.chains(call)}
    return all(name in program.names or _bound_once(program, name) for name in names)


def _bound_once(program: Program, name: str) -> bool:
    return sum(each.name == name for each in program.assignments) == 1
