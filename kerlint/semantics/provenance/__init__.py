"""Questions about a data value: where it comes from, what was done to it in order, its shape, range and labels.

Facts are found by walking up the tree of terms from the origin: `knowledge` reads which call does what from catalog/data.toml,
the modules named there compute what comes out, `tracing` keeps what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.semantics.provenance.facts import Facts, Origin, Step
from kerlint.semantics.provenance.knowledge import operation
from kerlint.semantics.provenance.tracing import Provenance, main_operand
from kerlint.semantics.values import Const, Items, Table, Term, Value, options

if TYPE_CHECKING:
    from kerlint.semantics.program import Event

__all__ = ["Facts", "Origin", "Step", "facts", "forget", "inputs_of", "labels_of", "lineage", "parts", "same_origin", "split_of"]

_KEPT = Provenance()


facts = _KEPT.facts
"""What is known of a data value; memoised by identity, it never fails and never guesses."""
forget = _KEPT.forget
"""Drop what was found, and with it the programs it was found in."""


def inputs_of(event: Event) -> Facts:
    """The facts of what an event feeds to the model (the x of a dataset, too)."""
    return facts(event.x)


def labels_of(event: Event) -> Facts:
    """The facts of the labels of an event: `y`, or the labels that a dataset carries; `random` only if they owe nothing to the inputs."""
    inputs = facts(event.x)
    match event.y:
        case None | Const(None):
            found = inputs.labels or Facts()
        case given:
            found = facts(given)
    return replace(found, random=False) if found.random and found.sources & inputs.sources else found


def parts(value: Value | None) -> tuple[Value, ...]:
    """The separate inputs of a model that takes several, or the one value."""
    match value:
        case None:
            return ()
        case Items(items) if facts(value).members:
            return items
        case Table(entries):
            return tuple(entries.values())
        case _:
            return (value,)


def split_of(value: Value | None) -> str | None:
    """Which half of a split a value is by its makings (`load_data()`, `train_test_split`): "train", "test" or None."""
    return facts(value).split


def same_origin(left: Value | None, right: Value | None) -> bool:
    """Whether two values hold the same part of one source: x_train and x_test do, x_train and y_train do not."""
    return bool(facts(left).sources & facts(right).sources)


def lineage(value: Value | None) -> Iterator[Term]:
    """The terms from a value down to its origin, through the data operand of each; one way where branches meet."""
    seen: set[Value] = set()
    while value is not None and value not in seen:
        seen.add(value)
        for option in options(value)[-1:]:
            value = option
        if not isinstance(value, Term):
            return
        yield value
        value = _below(value)


def _below(term: Term) -> Value | None:
    match term:
        case Term("item", {"base": Term("sklearn.model_selection.train_test_split", args), "key": Const(int() as place)}):
            return args.get(str(place // 2))
        case Term(args={"result": result}):
            return result
        case _:
            return main_operand(term, operation(term.name))
