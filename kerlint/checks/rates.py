"""The learning rates that models are trained with: where each is written, and whether a callback or a sweep sets it instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerlint.checks import repairs
from kerlint.semantics import catalog
from kerlint.semantics.program import kept
from kerlint.semantics.values import Choice, Class, Const, Instance, Items, Symbol, Term, Value, number, options

if TYPE_CHECKING:
    from kerlint.finding import Fix
    from kerlint.semantics.program import Event, Program

SCHEDULES = "keras.optimizers.schedules."
SETTERS = frozenset({"keras.callbacks.LearningRateScheduler", "keras.callbacks.LambdaCallback"})
SETTING = ("lr", "clr", "rate", "sched", "warm", "find", "cycl", "anneal", "cosine", "sgdr")
"""How words begin in the names of callbacks of other libraries and of users that set the learning rate: LRFinder, CyclicLR, WarmUp."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """A known learning rate: the optimizer that has it, the value where it is written, and the events that train with it.

    A model that is only compiled (a builder linted alone) has its compile as the event. `scheduled` says that a schedule starts there.
    """

    optimizer: Term
    value: Value
    amount: float
    events: tuple[Event, ...]
    scheduled: bool
    branch: bool

    @property
    def kind(self) -> str:
        """The optimizer without its module: "Adam"."""
        return self.optimizer.name.rpartition(".")[2]

    @property
    def default(self) -> float | None:
        """The learning rate that the optimizer has by itself."""
        found = catalog.defaults(self.optimizer.name).get("learning_rate")
        return found if isinstance(found, float) else None

    @property
    def overridden(self) -> bool:
        """Whether a callback sets (or may set) another rate in every run."""
        return all(sets_rate(event) for event in self.events)


def rates(program: Program) -> Iterator[Rate]:
    """Every known learning rate that is written in the program, once for each place and amount; those of a sweep are left out.

    A loop that trains with one amount after the other tries rates on purpose.
    """
    found: dict[tuple[int, float], list[tuple[Event, Term, Value, bool]]] = {}
    places: dict[int, set[float]] = {}
    for event in _training(program):
        for optimizer, value, scheduled in _written(event):
            amount = number(value)
            if amount is not None and value.node is not None:
                found.setdefault((id(value.node), amount), []).append((event, optimizer, value, scheduled))
                places.setdefault(id(value.node), set()).add(amount)
    for (place, amount), uses in found.items():
        event, optimizer, value, scheduled = uses[0]
        if len(places[place]) > 1 and any(use[0].loops for use in uses):
            continue
        branch = event.compiled is not None and isinstance(event.compiled.optimizer, Choice)
        yield Rate(optimizer, value, amount, tuple(use[0] for use in uses), scheduled, branch)


def usual(rate: Rate) -> Fix | None:
    """The learning rate that the optimizer has by itself, where the rate is written."""
    if rate.default is None:
        return None
    return repairs.fix("use the default of the optimizer", repairs.replaced(repairs.written(rate.value), spelled(rate.default)), safe=False)


def swept(program: Program, event: Event) -> bool:
    """Whether the rate of an event is one of several that a loop tries at the same place."""
    node = event.compiled.learning_rate.node if event.compiled is not None else None
    return node is not None and len(_tried(program).get(id(node), ())) > 1


@kept()
def _tried(program: Program) -> dict[int, set[float | None]]:
    """The rates that were met in loops, by the place where they are written."""
    found: dict[int, set[float | None]] = {}
    for event in _training(program):
        if event.compiled is not None and event.loops:
            found.setdefault(id(event.compiled.learning_rate.node), set()).add(number(event.compiled.learning_rate))
    return found


def _training(program: Program) -> Iterator[Event]:
    """The events that train with a compiled optimizer, and the compiles that no such event follows."""
    trained = {id(event.compiled.node) for event in program.fits() if event.compiled is not None}
    for event in program.events:
        match event.kind:
            case "fit" | "train_on_batch" | "tape":
                yield event
            case "compile" if event.compiled is not None and id(event.compiled.node) not in trained:
                yield event


def _written(event: Event) -> Iterator[tuple[Term, Value, bool]]:
    if event.compiled is None or event.compiled.optimizer is None:
        return
    for optimizer in options(event.compiled.optimizer):
        match optimizer:
            case Term(args={"learning_rate": rate}):
                for option in options(rate):
                    start = starts_at(option)
                    if start is not None:
                        yield optimizer, start, start is not option


def starts_at(rate: Value) -> Value | None:
    """The first rate of a schedule without a warm-up, or the rate itself."""
    match rate:
        case Const():
            return rate
        case Term(name, args) if name.startswith(SCHEDULES) and not _warms_up(args.get("warmup_target")):
            match args.get("values"):
                case Items((first, *_)):
                    return first
                case _:
                    return args.get("initial_learning_rate")
        case _:
            return None


def _warms_up(target: Value | None) -> bool:
    match target:
        case None | Const(None):
            return False
        case _:
            return True


def spelled(amount: float) -> str:
    """A rate as it is written in a program: 1.0, 0.001, 1e-05."""
    return f"{amount:.4g}" + (".0" if float(amount).is_integer() else "")


def sets_rate(event: Event) -> bool:
    """Whether a callback of this run sets the learning rate, or may do so unseen."""
    return event.callbacks is None or any(_sets(callback) for callback in event.callbacks)


def _sets(callback: Value) -> bool:
    match callback:
        case Symbol(name) | Term(name):
            return name in SETTERS or not name.startswith("keras.") and _named_so(name)
        case Instance(cls=cls):
            return any(
                _sets(base) if isinstance(base, Symbol) else isinstance(base, Class) and _named_so(base.name) for base in cls.lineage()
            )
        case _:
            return True


def _named_so(name: str) -> bool:
    return any(word.lower().startswith(SETTING) for word in _WORD.findall(name.rpartition(".")[2]))
