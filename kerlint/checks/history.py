"""What happened to a model before and between its runs, and how many updates a run makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from kerlint.semantics.catalog.migration import THIRD
from kerlint.semantics.program import kept
from kerlint.semantics.provenance import inputs_of, labels_of
from kerlint.semantics.values import Const, Value, number
from kerlint.semantics.wording import figure

if TYPE_CHECKING:
    from kerlint.semantics.program import Event, Loop, Model, Program
    from kerlint.syntax.nodes import Node

RESTORES = frozenset({"set_weights", "load_weights"})
TRAINING = frozenset({"fit", "train_on_batch", "tape"})
HIDDEN = frozenset({"*", "**"})
"""How arguments of an unknown star are kept: anything may have been given."""


def on_keras_2(program: Program) -> bool:
    """Whether a program runs with Keras 2: its project asks for it, or the package that Keras 2 lives on in is imported."""
    return program.keras < THIRD or any(name.startswith("tf_keras") for name in program.names.values())


def repeats(event: Event) -> tuple[Loop, ...]:
    """The loops that run an event again and again on one model: those around it that were not around the making of the model."""
    made = {id(loop.node) for loop in event.model.loops} if event.model is not None else set()
    return tuple(loop for loop in event.loops if id(loop.node) not in made)


def before(program: Program, event: Event) -> tuple[Event, ...]:
    """Everything that certainly happened before an event: nothing of another function that is only analysed for itself."""
    return tuple(other for other in program.events[: program.place(event)] if other.entry in (None, event.entry))


def earlier(program: Program, event: Event) -> tuple[Event, ...]:
    """Of what certainly happened before an event, that which is about the same model."""
    place = program.place(event)
    return tuple(other for other in program.of(event.identity) if program.place(other) < place and other.entry in (None, event.entry))


def compile_of(program: Program, fit: Event) -> Event | None:
    """The event of the compile that is in force in a run, with the model as it stood then; None when it is not known."""
    last = next((event for event in reversed(earlier(program, fit)) if event.kind == "compile"), None)
    return last if last is not None and fit.compiled is not None and last.node is fit.compiled.node else None


def runs(program: Program) -> Iterator[tuple[Event, Event, tuple[Event, ...]]]:
    """Each two successive `fit` calls of one model, with all that happened between them."""
    for second in program.fits():
        past = earlier(program, second) if second.kind == "fit" and second.model is not None else ()
        first = next((event for event in reversed(past) if event.kind == "fit"), None)
        if first is not None:
            between = program.events[program.place(first) + 1 : program.place(second)]
            yield first, second, tuple(event for event in between if event.entry in (None, second.entry))


def restored(model: object, events: tuple[Event, ...]) -> bool:
    """Whether the weights of a model were set by hand in these events."""
    return any(event.kind in RESTORES and event.identity is model for event in events)


def unfrozen(first: Model, second: Model) -> bool:
    """Whether some layer learns in one of two states of a model and not in the other."""
    states = {id(layer.identity): layer.trainable for layer in first.layers}
    return any(states.get(id(layer.identity), layer.trainable) is not layer.trainable for layer in second.layers if layer.params != 0)


def known_elsewhere(program: Program, event: Event) -> bool:
    """Whether the model brings learned weights: loaded ones, frozen layers, or layers that another model trained before."""
    model = event.model
    if model is None or model.pretrained or not model.complete or any(layer.trainable is not True for layer in model.layers):
        return True
    trained, place = _trained(program), program.place(event)
    return any(
        identity != id(event.identity) and entry in (None, event.entry) and first < place
        for layer in model.layers
        for (identity, entry), first in trained.get(id(layer.identity), {}).items()
    )


@kept()
def _trained(program: Program) -> dict[int, dict[tuple[int, object], int]]:
    """For each layer, in which models and entries it was trained, and when first."""
    found: dict[int, dict[tuple[int, object], int]] = {}
    for place, event in enumerate(program.events):
        for layer in event.model.layers if event.kind in TRAINING and event.model is not None else ():
            found.setdefault(id(layer.identity), {}).setdefault((id(event.identity), event.entry), place)
    return found


def noise(event: Event) -> bool:
    """Whether the labels are random numbers, other ones than the inputs are made of."""
    inputs, labels = inputs_of(event), labels_of(event)
    read, drawn = ({source for source, _ in found.sources} for found in (inputs, labels))
    return labels.random and inputs.origin is not None and read.isdisjoint(drawn)


def hidden(event: Event) -> bool:
    """Whether arguments of the call are not known."""
    return not HIDDEN.isdisjoint(event.args)


def validated(event: Event) -> bool:
    """Whether a run is validated, or may be."""
    return event.validation is not None or hidden(event) or not _nothing(event.args.get("validation_split"))


def _nothing(value: Value | None) -> bool:
    match value:
        case None | Const(None | 0):
            return True
        case _:
            return False


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The batch size of a run, and where it is written: None for the default of Keras."""

    size: int
    value: Value | None
    node: Node | None


def batch_of(event: Event, default: int | None = None) -> Batch | None:
    """The batch size of a run: the argument, that of the dataset, or `default` for arrays; None when it is not known."""
    data = inputs_of(event)
    match event.args.get("batch_size"):
        case Const(int() as size) as value if size > 0:
            return Batch(size, value, value.node)
        case None | Const(None):
            if data.batch is not None:
                return Batch(data.batch, None, next((step.node for step in reversed(data.path) if step.effect == "batch"), None))
            return Batch(default, None, None) if default is not None and event.y is not None else None
        case _:
            return None


def counted(number: int, thing: str) -> str:
    """A number of things: "1 epoch", "1,200 updates"."""
    return f"{figure(number)} {thing}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True, eq=False)
class Updates:
    """How often a run changes the weights."""

    rows: int
    batch: Batch
    epochs: int

    @property
    def each(self) -> int:
        """Updates in one epoch."""
        return ceil(self.rows / self.batch.size)

    @property
    def total(self) -> int:
        """Updates in all epochs."""
        return self.each * self.epochs


def updates(event: Event, default: int | None = None) -> Updates | None:
    """The updates of a `fit`, when its rows, batch size and epochs are all known and nothing else sets the number of steps."""
    if event.kind != "fit" or hidden(event) or not {"steps_per_epoch", "initial_epoch"}.isdisjoint(event.given):
        return None
    rows, epochs, batch = inputs_of(event).rows, event.number("epochs"), batch_of(event, default)
    split = event.args.get("validation_split", Const(0))
    share = 0 if _nothing(split) else number(split)
    if rows is None or epochs is None or batch is None or share is None:
        return None
    learned = floor(rows * (1 - share))
    return Updates(learned, batch, int(epochs)) if learned > 0 else None
