"""Numbers and objects given to optimizers, schedules and callbacks that do not work, or not together (KER4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from kerlint.checks import certainty, graph, history, rates, reordering, repairs
from kerlint.checks.places import origin_of, related
from kerlint.finding import Edit, Finding, Severity
from kerlint.semantics.graph import KerasLayer
from kerlint.semantics.program import Compile, Event, Layer, Loop, Program, Use, kept
from kerlint.semantics.values import Const, Items, Table, Term, Value, number
from kerlint.semantics.wording import figure

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.syntax.nodes import Node

PLATEAU = "keras.callbacks.ReduceLROnPlateau"
SCHEDULER = "keras.callbacks.LearningRateScheduler"
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


def lr_callback_cannot_fire(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for event, callback in _callbacks(program):
        for variant, value, facts in (*_idle(event, callback), *_flat(event, callback, rule)):
            if value.node is not None and id(value.node) not in seen:
                seen.add(id(value.node))
                yield rule.finding(
                    value.node,
                    variant,
                    severity=Severity.error if variant == "factor" else None,
                    confidence=certainty.of(event, callback, value, event.args.get("epochs")),
                    related=origin_of(value),
                    scope=(event.node, callback.node),
                    callback=callback.name.rpartition(".")[2],
                    value=figure(number(value) or 0),
                    **facts,
                )


def _callbacks(program: Program) -> Iterator[tuple[Event, Term]]:
    """The callbacks of Keras of every run, and the schedules that its optimizer learns by."""
    for event in program.fits():
        for callback in event.callbacks or ():
            if isinstance(callback, Term) and callback.name.startswith("keras.callbacks."):
                yield event, callback
        schedule = event.compiled.learning_rate if event.compiled is not None else None
        if isinstance(schedule, Term) and schedule.name.startswith(rates.SCHEDULES):
            yield event, schedule


Idle = Iterator[tuple[str, Value, dict[str, Any]]]


def _idle(event: Event, callback: Term) -> Idle:
    """What keeps a callback from doing anything: the variant of the message, the argument and the figures."""
    least, factor = callback.args.get("min_lr"), callback.args.get("factor")
    if callback.name == PLATEAU:
        rate = number(event.compiled.learning_rate) if event.compiled is not None else None
        floor = number(least)
        if least is not None and rate is not None and floor is not None and floor >= rate:
            yield "floor", least, {"rate": rates.spelled(rate)}
        if factor is not None and (number(factor) or 0) >= 1:
            yield "factor", factor, {}


def _flat(event: Event, schedule: Term, rule: Rule) -> Idle:
    """A staircase whose first step is longer than the run."""
    match schedule.args:
        case {"staircase": Const(True), "decay_steps": steps}:
            updates, first = history.updates(event, rule["default_batch"]), number(steps)
            if updates is not None and first is not None and first > updates.total and not history.repeats(event):
                yield "staircase", steps, {"updates": history.counted(updates.total, "update")}
        case _:
            return


def schedule_with_lr_callback(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for event, callback in _callbacks(program):
        rate = event.compiled.learning_rate if event.compiled is not None else None
        if callback.name not in (PLATEAU, SCHEDULER) or callback.node is None or id(callback.node) in seen:
            continue
        match rate:
            case Term(name) if name.startswith(rates.SCHEDULES):
                seen.add(id(callback.node))
                yield rule.finding(
                    callback.node,
                    confidence=certainty.of(event, callback, rate, event.compiled.optimizer if event.compiled else None),
                    related=related(rate.node, "the schedule"),
                    scope=(event.node, event.compiled.node if event.compiled else None),
                    callback=callback.name.rpartition(".")[2],
                    schedule=name.rpartition(".")[2],
                )


def optimizer_shared_between_models(program: Program, rule: Rule) -> Iterator[Finding]:
    built: dict[int, tuple[Event, set[object]]] = {}
    told: set[int] = set()
    for event in program.events:
        optimizer = event.compiled.optimizer if event.compiled is not None else None
        if event.kind not in history.TRAINING or not isinstance(optimizer, Term) or ".legacy." in optimizer.name or not _known(event):
            continue
        original = optimizer.root if isinstance(optimizer.root, Term) else optimizer
        shared = id(original)
        learned = _learned(program, event)
        first, variables = built.setdefault(shared, (event, learned))
        anew = _remade(program, event, original)
        same = first.identity is event.identity and not anew
        if shared in told or first.entry is not event.entry or learned <= variables and not anew:
            continue
        if same and not _compiled_anew(first, event) or first.node is event.node and event.doubt and not anew:
            continue  # one of several models is trained, not both
        told.add(shared)
        yield rule.finding(
            optimizer.node or event.node,
            "loop" if anew else "thawed" if same else "",
            confidence=certainty.of(event, event.model, optimizer, first),
            related=(*origin_of(optimizer, "the optimizer is made here"), *related(first.node, "it learns the first weights here")),
            scope=(event.node, event.compiled.node if event.compiled else None),
            fix=reordering.own_optimizer(program, optimizer, anew),
            model=(event.model.name if event.model else "") or "this model",
            first=(first.model.name if first.model else "") or "the first one",
        )


def _known(event: Event) -> bool:
    """Whether all that learns in an event is known."""
    return event.model is not None and event.model.complete and all(layer.trainable is not None for layer in event.model.layers)


def _learned(program: Program, event: Event) -> set[object]:
    """The layers whose weights an event changes, of every model that the same step of a loop of the user's own is for."""
    together = _steps(program).get(id(event.node)) or [event]
    return {id(layer.identity) for other in together if other.model is not None for layer in other.model.layers if _learns(layer)}


@kept()
def _steps(program: Program) -> dict[int, list[Event]]:
    """The events of the steps of loops of the user's own, by the step."""
    found: dict[int, list[Event]] = {}
    for event in program.events:
        if event.kind == "tape":
            found.setdefault(id(event.node), []).append(event)
    return found


def _learns(layer: Layer) -> bool:
    return layer.trainable is True and layer.params != 0


def _remade(program: Program, event: Event, optimizer: Term) -> bool:
    """Whether a loop makes the model anew in each pass and the optimizer once before."""
    rebuilt = [loop for loop in (event.model.loops if event.model is not None else ()) if loop in event.loops and not _listed(loop)]
    if not rebuilt:
        return False
    makings = _makings(program).get(id(optimizer), ())
    around = {id(loop.node) for use in makings for loop in use.loops}
    return bool(makings) and any(id(loop.node) not in around for loop in rebuilt)


@kept()
def _makings(program: Program) -> dict[int, list[Use]]:
    """The calls that make each value."""
    found: dict[int, list[Use]] = {}
    for use in program.uses:
        found.setdefault(id(use.value), []).append(use)
    return found


def _compiled_anew(first: Event, second: Event) -> bool:
    """Whether a model was compiled between two of its runs: until then Keras trains what it trained before."""
    return first.compiled is not None and second.compiled is not None and first.compiled.node is not second.compiled.node


def _listed(loop: Loop) -> bool:
    """Whether each pass of a loop is followed for itself: what it shares with others is then seen by its identity."""
    return isinstance(loop.iterable, (Items, Table))


def invalid_hyperparameter(program: Program, rule: Rule) -> Iterator[Finding]:
    ranges, seen = _ranges(rule["ranges"]), set[tuple[int, str]]()
    for family, cls, args, node in _given(program):
        for name, bounds in ranges.get(family, {}).items():
            value = args.get(name)
            if value is None or value.node is None or (amount := number(value)) is None:
                continue
            if _within(amount, bounds) or (id(value.node), name) in seen:
                continue
            seen.add((id(value.node), name))
            confidence, related = certainty.of(value), origin_of(value)
            facts: dict[str, Any] = {"name": name, "value": figure(amount), "cls": cls, "bounds": bounds}
            yield rule.finding(value.node, "", confidence=confidence, related=related, scope=(node,), **facts)
        if family != "optimizers":
            continue
        clips = [args[name] for name in CLIPS if number(args.get(name)) is not None and args[name].node]
        if len(clips) > 1 and (id(node), "clips") not in seen:
            seen.add((id(node), "clips"))
            yield rule.finding(clips[1].node, "clips", confidence=certainty.of(*clips), scope=(node,), cls=cls)


def _ranges(ranges: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The intervals of "optimizers.momentum" and others by family and argument."""
    found: dict[str, dict[str, str]] = {}
    for place, bounds in ranges.items():
        family, _, name = place.partition(".")
        found.setdefault(family, {})[name] = bounds
    return found


def _given(program: Program) -> Iterator[tuple[str, str, Mapping[str, Value], Node | None]]:
    """The arguments of everything of Keras that is made, and of every run: family ("optimizers"), name, arguments, place."""
    for use in program.used_as(lambda name: name.startswith("keras.")):
        match use.value:
            case Term(name, args) | KerasLayer(cls=name, args=args) if use.name == name:
                family, _, cls = name.removeprefix("keras.").partition(".")
                yield family, cls.rpartition(".")[2], args, use.node
    for event in program.fits():
        yield "fit", "fit", {name: event.args[name] for name in event.given if name in event.args}, event.node


def _within(amount: float, bounds: str) -> bool:
    """Whether a number lies in an interval as mathematics writes it: "[0, 1)"."""
    least, most = (inf if end.strip() == "inf" else float(end) for end in bounds[1:-1].split(","))
    above = amount >= least if bounds[0] == "[" else amount > least
    return above and (amount <= most if bounds[-1] == "]" else amount < most)


def adam_epsilon_extreme(program: Program, rule: Rule) -> Iterator[Finding]:
    for optimizer, compiled in _optimizers(program):
        epsilon = optimizer.args.get("epsilon")
        amount = number(epsilon)
        if epsilon is None or epsilon.node is None or amount is None or optimizer.name.rpartition(".")[2] not in rule["optimizers"]:
            continue
        if 0 < amount < rule["least"] or amount > rule["most"]:
            yield rule.finding(
                epsilon.node,
                "small" if amount < rule["least"] else "",
                confidence=certainty.of(epsilon),
                related=origin_of(epsilon),
                scope=(compiled,),
                fix=repairs.fix("take the default", repairs.replaced(repairs.written(epsilon), "1e-7"), safe=False),
                epsilon=rates.spelled(amount),
                optimizer=optimizer.name.rpartition(".")[2],
            )


def gradient_clip_too_small(program: Program, rule: Rule) -> Iterator[Finding]:
    for optimizer, compiled in _optimizers(program):
        for name in CLIPS:
            limit = optimizer.args.get(name)
            amount = number(limit)
            if limit is None or limit.node is None or amount is None or not 0 < amount <= rule["most"]:
                continue
            yield rule.finding(
                limit.node,
                confidence=certainty.of(limit),
                related=origin_of(limit),
                scope=(compiled,),
                fix=repairs.fix("clip at 1.0", repairs.replaced(repairs.written(limit), "1.0"), safe=False),
                name=name,
                value=rates.spelled(amount),
            )


def _optimizers(program: Program) -> Iterator[tuple[Term, Node | None]]:
    """Every optimizer that is made, once, and where it is made."""
    seen: set[int] = set()
    for use in program.used_as(lambda name: name.startswith("keras.optimizers.")):
        match use.value:
            case Term(name) as made if use.name == name and id(use.node) not in seen:
                seen.add(id(use.node))
                yield made, use.node


def default_sgd_deep(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        epochs, compiled = event.number("epochs"), event.compiled
        if compiled is None or event.model is None or epochs is None or epochs >= rule["enough_epochs"] or not _plain(compiled):
            continue
        layers = graph.hidden(event.model)
        if len(layers) >= rule["least_hidden"] and compiled.optimizer is not None:
            yield rule.finding(
                compiled.optimizer.node or compiled.node,
                confidence=certainty.of(event, event.model, compiled.optimizer),
                scope=(event.node, compiled.node),
                fix=repairs.fix("use adam", _adam(compiled.optimizer), safe=False),
                hidden=len(layers),
                epochs=history.counted(int(epochs), "epoch"),
            )


def _plain(compiled: Compile) -> bool:
    """Whether the optimizer is plain SGD as the string or the class makes it by default."""
    match compiled.optimizer:
        case Term("keras.optimizers.SGD", {"learning_rate": rate, "momentum": momentum}):
            return rate.node is None and momentum.node is None
        case _:
            return False


def _adam(optimizer: Value) -> Edit | None:
    literal = repairs.written(optimizer)
    return repairs.replaced(literal, repairs.quoted("adam", literal))
