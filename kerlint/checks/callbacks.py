"""Callbacks that act on a metric: the direction they watch it in, how long they wait, which weights they keep (KER509-KER511)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.checks import certainty, history, repairs
from kerlint.checks.places import origin_of, related
from kerlint.finding import Finding
from kerlint.semantics.values import Const, Term, Value, text
from kerlint.semantics.wording import figure

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Program

CHECKPOINT = "keras.callbacks.ModelCheckpoint"
STOPPING = "keras.callbacks.EarlyStopping"


def monitor_mode_mismatch(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for use in program.used_as(lambda name: name.startswith("keras.callbacks.")):
        match use.value:
            case Term(name, {"monitor": Const(str() as monitor), "mode": Const(str() as mode) as given}) if (
                _kind(name) in rule["callbacks"]
            ):
                better = _direction(monitor, rule)
                if use.node in seen or better in ("", mode) or mode not in ("min", "max") or _saves_all(use.value):
                    continue
                seen.add(use.node)
                yield rule.finding(
                    given.node or use.node,
                    confidence=certainty.of(use, given, use.value.args["monitor"]),
                    related=origin_of(given),
                    fix=repairs.fix(f'say `mode="{better}"`', repairs.replaced(given.origin or given.node, f'"{better}"'), safe=True),
                    callback=_kind(name),
                    monitor=monitor,
                    mode=mode,
                    better=better,
                )
            case _:
                continue


def _kind(name: str) -> str:
    return name.rpartition(".")[2] if name.startswith("keras.callbacks.") else ""


def _saves_all(callback: Value) -> bool:
    match callback:
        case Term(name, {"save_best_only": Const(False)}) if name == CHECKPOINT:
            return True
        case _:
            return False


def _direction(monitor: str, rule: Rule) -> str:
    """How a metric gets better by its name, "min" or "max"; "" when the name does not say, or says that its sign is turned."""
    words = {*monitor.lower().split("_"), monitor.lower().removeprefix("val_")}
    if not words.isdisjoint(rule["turned"]):
        return ""
    return "min" if not words.isdisjoint(rule["lower"]) else "max" if not words.isdisjoint(rule["higher"]) else ""


def early_stopping_keeps_last_weights(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in _stopped(program):
        if any(
            isinstance(callback, Term) and callback.name == CHECKPOINT and not _saves_all(callback) for callback in event.callbacks or ()
        ):
            continue
        for callback in event.callbacks or ():
            match callback:
                case Term(name, {"restore_best_weights": Const(False)}) if name == STOPPING and _place(callback) not in seen:
                    seen.add(_place(callback))
                    fixed = repairs.added(callback.origin or callback.node, "restore_best_weights=True")
                    yield rule.finding(
                        callback.node,
                        confidence=certainty.of(event, callback),
                        related=origin_of(callback),
                        scope=(event.node,),
                        fix=None
                        if "restore_best_weights" in repairs.keywords(callback.origin or callback.node)
                        else repairs.fix("restore the best weights", fixed, safe=False),
                    )
                case _:
                    continue


def _stopped(program: Program) -> Iterator[Event]:
    return (event for event in program.fits() if event.kind == "fit" and event.callbacks)


def _place(callback: Value) -> object:
    return callback.origin or callback.node


def patience_exceeds_epochs(program: Program, rule: Rule) -> Iterator[Finding]:
    runs: dict[object, list[tuple[Event, Term]]] = {}
    for event in _stopped(program):
        for callback in event.callbacks or ():
            match callback:
                case Term(name) if _kind(name) in rule["callbacks"]:
                    runs.setdefault(_place(callback), []).append((event, callback))
                case _:
                    continue
    for found in runs.values():
        event, callback = found[-1]
        epochs = [_epochs(run) for run, _ in found]
        patience = callback.args.get("patience")
        match patience:
            case Const(int() as waits) if not _acts_anyway(callback) and all(each is not None and each <= waits for each in epochs):
                yield rule.finding(
                    patience.node or callback.node,
                    confidence=certainty.of(event, callback, patience, event.args.get("epochs")),
                    related=(*origin_of(patience), *(related(event.node, "the run"))),
                    scope=tuple(run.node for run, _ in found),
                    callback=_kind(callback.name),
                    patience=figure(waits),
                    epochs=history.counted(int(max(each or 0 for each in epochs)), "epoch"),
                )
            case _:
                continue


def _epochs(event: Event) -> float | None:
    """How many epochs a run makes, as far as it is written; None when that is not known."""
    if history.hidden(event) or "epochs" not in event.given or "initial_epoch" in event.given:
        return None
    return event.number("epochs")


def _acts_anyway(callback: Term) -> bool:
    """Whether a callback does something even if its patience is never used up: it restores the best weights, or waits from the start."""
    match callback:
        case Term(args={"restore_best_weights": restores}) if not (isinstance(restores, Const) and restores.value is False):
            return True
        case Term(args={"baseline": baseline}) if not (isinstance(baseline, Const) and baseline.value is None):
            return True
        case Term(args={"monitor": monitor}):
            return text(monitor) is None
        case _:
            return False
