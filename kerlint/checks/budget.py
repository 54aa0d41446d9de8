"""How far the weights of a model can move: the learning rate times the number of updates of all runs with that rate."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from kerlint.checks import history, rates
from kerlint.finding import Severity
from kerlint.semantics.values import Term, Value, number, options

if TYPE_CHECKING:
    from kerlint.checks.history import Updates
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Model, Program


@dataclass(frozen=True, slots=True, eq=False)
class Budget:
    """How far the weights of a model can move in all runs with one learning rate, when that is too little."""

    optimizer: str
    rate: Value
    last: Updates
    epochs: int
    updates: int
    moved: float
    size: float
    severity: Severity


def budget_of(program: Program, event: Event, rule: Rule) -> Budget | None:
    """The budget of the last run with a rate, when it is known and no other training counts; the severities are those of the rule."""
    runs = _same_rate(program, event)
    found = [history.updates(run, rule["default_batch"]) for run in runs]
    known = [updates for updates in found if updates is not None and updates.rows >= rule["least_rows"]]
    optimizer = event.compiled.optimizer if event.compiled is not None else None
    match optimizer:
        case Term(name, {"learning_rate": rate} as args) if event is runs[-1] and len(known) == len(found):
            amount = number(rate)
            if amount is None or amount < rule["least_rate"] or rates.swept(program, event) or _taught_otherwise(program, runs, rule):
                return None
            kind, total = name.rpartition(".")[2], sum(updates.total for updates in known)
            moved = amount * total / (1 - (number(args.get("momentum")) or 0))
            epochs = sum(updates.epochs for updates in known)
            size = _initial_size(event.model, rule)
            severity = _severity(kind, epochs, total, moved * rule["measured_size"] / size, history.noise(event), rule)
            if severity is None or "epochs" not in event.given and epochs <= rule["demo_epochs"]:
                return None
            return Budget(kind, rate, known[-1], epochs, total, moved, size, severity)
        case _:
            return None


def _initial_size(model: Model | None, rule: Rule) -> float:
    """The size of the fresh weights of the widest dense layer, sqrt(6 / (inputs + units)); that of the measured network at most.

    The wider a layer, the smaller its fresh weights, and the more of them push an output in one direction.
    """
    found: float = rule["measured_size"]
    for layer in model.layers if model is not None else ():
        before = layer.inputs[0].shape if layer.inputs else None
        units = layer.arg("units")
        for option in options(units) if layer.kind == "Dense" and units is not None else ():
            width = (before[-1] if before and before[-1] is not None else 0) + (number(option) or 0)
            found = min(found, sqrt(rule["glorot"] / width)) if width else found
    return found


def _severity(kind: str, epochs: int, total: int, moved: float, noise: bool, rule: Rule) -> Severity | None:
    """How bad a budget is, or None when it is enough."""
    if kind == "SGD":
        return Severity.info if total < rule["sgd_updates"] and moved < rule["sgd_below"] else None
    if kind not in rule["optimizers"] or moved >= rule["below"]:
        return None
    hopeless = moved < rule["error_below"]
    if epochs <= rule["demo_epochs"] or noise and not hopeless:
        return Severity.info
    return Severity.error if hopeless else rule.severity


def _same_rate(program: Program, event: Event) -> list[Event]:
    """All runs of the model with the same optimizer and rate, in order: their updates add up."""
    return [
        other
        for other in program.of(event.identity)
        if other.kind in ("fit", "train_on_batch") and other.entry is event.entry and _trained_by(other) == _trained_by(event)
    ] or [event]


def _trained_by(event: Event) -> tuple[str | None, float | None]:
    compiled = event.compiled
    return (compiled.optimizer_class, number(compiled.learning_rate)) if compiled is not None else (None, None)


def _taught_otherwise(program: Program, runs: list[Event], rule: Rule) -> bool:
    """Whether the model learns, or may have learned, by more than these runs."""
    first = runs[0]
    earlier = [event for event in history.earlier(program, first) if event.kind in history.TRAINING]
    return (
        history.known_elsewhere(program, first)
        or any(history.repeats(run) or rates.sets_rate(run) or _resumes(run) for run in runs)
        or any((_trained_by(event)[1] or 0) <= rule["destructive_above"] for event in earlier)
    )


def _resumes(event: Event) -> bool:
    return any(callback.name.endswith("BackupAndRestore") for callback in event.callbacks or () if isinstance(callback, Term))
