"""How much of a program was understood: what is counted in the summary, and why a training call stayed unresolved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.outcome import Tally
from kerlint.semantics.program import TOO_LONG
from kerlint.semantics.values import Choice, Items, Table, Term, Unknown, Value

if TYPE_CHECKING:
    from kerlint.semantics.program import Event, Program


def tally(program: Program) -> Tally:
    """What a program holds; a call that was followed several times (a loop, a function called twice) counts once."""
    reasons: dict[object, str] = {}
    for event in program.fits():
        key = event.node or event
        reasons[key] = reasons.get(key) or next((reason.reason for reason in open_questions(event)), "")
    models = {model.node or model for model in program.models}
    ended = [TOO_LONG] if any(unknown.reason == TOO_LONG for unknown in program.unknown) else []
    return Tally(len(models), len(reasons), (*ended, *(reason for reason in reasons.values() if reason)))


def open_questions(event: Event) -> Iterator[Unknown]:
    """Why an event is not fully understood: its model, how that is compiled, where its data comes from. Nothing when it is resolved."""
    yield from event.unknown
    if event.model is not None:
        yield from event.model.unknown
    elif not event.unknown:
        yield Unknown("a model that is not known", node=event.node)
    if event.kind in ("fit", "train_on_batch"):
        if event.compiled is None:
            yield Unknown("the call of `compile` was not found", node=event.node)
        elif (rate := unknown_in(event.compiled.learning_rate)) is not None:
            yield Unknown(f"learning rate: {rate.reason}", node=rate.node)
        yield from _data(event)


def _data(event: Event) -> Iterator[Unknown]:
    from kerlint.semantics import provenance  # 20 ms that a run without Keras does not pay

    if provenance.inputs_of(event).origin is None:
        found = unknown_in(event.x)
        yield Unknown(f"data: {found.reason if found else 'where it comes from is not known'}", node=found.node if found else event.node)


def unknown_in(value: Value | None) -> Unknown | None:
    """The first unknown that a value rests on."""
    waiting: list[Value | None] = [value]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if found is None or id(found) in seen:
            continue
        seen.add(id(found))
        match found:
            case Unknown():
                return found
            case Term(args=parts) | Table(entries=parts):
                waiting.extend(reversed([*parts.values()]))
            case Items(items=parts) | Choice(options=parts):
                waiting.extend(reversed(parts))
            case _:
                pass
    return None
