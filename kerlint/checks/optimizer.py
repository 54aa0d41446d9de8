"""Optimizers and their hyper-parameters: learning rate, number of updates, batch size (KER4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kerlint.checks import certainty, graph, history, rates, repairs
from kerlint.checks.budget import budget_of
from kerlint.checks.places import origin_of, related
from kerlint.finding import Confidence, Finding, Fix, Related, Severity
from kerlint.semantics.provenance import inputs_of
from kerlint.semantics.values import Const, Term, Value, number
from kerlint.semantics.wording import figure, quoted, words

if TYPE_CHECKING:
    from kerlint.checks.budget import Budget
    from kerlint.checks.history import Batch, Updates
    from kerlint.checks.rates import Rate
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Layer, Model, Program
    from kerlint.syntax.nodes import Node


def learning_rate_too_high(program: Program, rule: Rule) -> Iterator[Finding]:
    for rate in rates.rates(program):
        severity, momentum = _too_high(rate, rule), number(rate.optimizer.args.get("momentum"))
        if rate.overridden or severity is None:
            continue
        single = all(_single(event.model) for event in rate.events)
        if single and severity is Severity.info:
            continue
        yield rule.finding(
            rate.value.node,
            _wording(rate, severity, single, rule),
            severity=Severity.info if single else severity,
            confidence=_certainty(rate),
            related=_source(rate),
            scope=_places(rate),
            **_words(rate),
            momentum=momentum,
            effective=figure(rate.amount / (1 - momentum)) if momentum is not None and momentum < 1 else "",
            fix=rates.usual(rate),
        )


def _wording(rate: Rate, severity: Severity, single: bool, rule: Rule) -> str:
    """The variant of the message: what makes the rate too high, and for whom."""
    if _band(rate, rule) is None:
        return "momentum"
    return "single" if single else "" if severity is Severity.error else severity.name


def _too_high(rate: Rate, rule: Rule) -> Severity | None:
    """How much too high a rate is: by the bands of its optimizer, or by what momentum makes of it."""
    momentum = number(rate.optimizer.args.get("momentum"))
    band = _band(rate, rule)
    if band is None and rate.kind == "SGD" and momentum is not None and rule["high_momentum"] <= momentum < 1:
        return Severity.warning if rate.amount / (1 - momentum) > rule["effective_above"] else None
    return band


def _band(rate: Rate, rule: Rule) -> Severity | None:
    never, epsilon = float("inf"), number(rate.optimizer.args.get("epsilon"))
    if epsilon is not None and epsilon >= rule["large_epsilon"]:
        return None
    if rate.amount >= rule["error_at"].get(rate.kind, never):
        return Severity.error
    if rate.amount >= rule["warning_at"].get(rate.kind, never) or rate.amount > rule["warning_above"].get(rate.kind, never):
        return Severity.warning
    return Severity.info if rate.amount > rule["info_above"].get(rate.kind, never) else None


def _single(model: Model | None) -> bool:
    """Whether at most one known layer of a model learns: the loss of one layer has one valley, in which large steps may still do.

    So it is for a head on a backbone from a library, of which nothing is known; a model of `keras.applications` that learns is deep.
    """
    learning = [layer for layer in model.layers if layer.trainable is not False] if model is not None else []
    deep = any(map(graph.is_application, learning))
    weighted = {id(layer.identity) for layer in learning if layer.kind in graph.WEIGHTED}
    return model is not None and not deep and len(weighted) < len(("one", "more"))


def learning_rate_too_low(program: Program, rule: Rule) -> Iterator[Finding]:
    for rate in rates.rates(program):
        if rate.overridden or rate.scheduled or rate.kind not in rule["below"] or rate.amount < 0:
            continue
        if rate.amount >= max(rule["fine_tuning_below"], rule["below"][rate.kind]):
            continue
        tuned = any(_tunes(program, event) for event in rate.events)
        if rate.amount >= (rule["fine_tuning_below"] if tuned else rule["below"][rate.kind]):
            continue
        zero = rate.amount == 0
        yield rule.finding(
            rate.value.node,
            "zero" if zero else "",
            severity=Severity.error if zero else None,
            confidence=_certainty(rate),
            related=_source(rate),
            scope=_places(rate),
            **_words(rate),
            fix=rates.usual(rate),
        )


def _tunes(program: Program, event: Event) -> bool:
    """Whether an event trains weights that were learned before, here or elsewhere: then small steps are what is wanted."""
    return history.known_elsewhere(program, event) or any(
        other.kind in ("fit", "train_on_batch") for other in history.earlier(program, event)
    )


def _certainty(rate: Rate) -> Confidence:
    if rate.branch:
        return Confidence.medium
    grounds = (ground for event in rate.events for ground in (event, event.model))
    return certainty.of(rate.value, rate.optimizer, *grounds)


def _source(rate: Rate) -> tuple[Related, ...]:
    """Where the rate was first written, when that is not where the optimizer takes it."""
    return origin_of(rate.value, "the learning rate is set here")


def _places(rate: Rate) -> tuple[Node | None, ...]:
    return tuple(node for event in rate.events for node in (event.node, event.compiled.node if event.compiled else None))


def _words(rate: Rate) -> dict[str, Any]:
    default = rate.default or 1.0
    subject = "the schedule of {}, which starts at {}," if rate.scheduled else "`{}(learning_rate={})`"
    return {
        "subject": subject.format(rate.kind, rates.spelled(rate.amount)),
        "optimizer": rate.kind,
        "rate": rates.spelled(rate.amount),
        "default": figure(default),
        "times": figure(float(f"{rate.amount / default:.3g}")),
    }


def update_budget_too_small(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        budget = budget_of(program, event, rule)
        if budget is None:
            continue
        yield rule.finding(
            event.node,
            "sgd" if budget.optimizer == "SGD" else "",
            severity=budget.severity,
            confidence=certainty.of(event, event.model, budget.rate, inputs_of(event), budget.last.batch.value, event.args.get("epochs")),
            related=_budget_related(event, budget),
            scope=(event.compiled.node if event.compiled else None,),
            rows=figure(budget.last.rows),
            batch=budget.last.batch.size,
            epochs=history.counted(budget.epochs, "epoch"),
            updates=history.counted(budget.updates, "update"),
            optimizer=budget.optimizer,
            rate=rates.spelled(number(budget.rate) or 0),
            budget=figure(float(f"{budget.moved:.4g}")),
            size=f"{budget.size:.1g}",
            enough=figure(rule["enough"]),
        )


def _budget_related(event: Event, budget: Budget) -> tuple[Related, ...]:
    written = budget.rate.node or (event.compiled.node if event.compiled is not None else None)
    amount = rates.spelled(number(budget.rate) or 0)
    return related(written, f"{budget.optimizer} learns with rate {amount}")


def batch_larger_than_data(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        updates = history.updates(event)
        if updates is None or updates.batch.node is None or _learns_on(program, event) or _whole(updates.batch) or _tried(updates, rule):
            continue
        whole = updates.batch.size >= updates.rows and updates.epochs < rule["enough_epochs"]
        if not whole and (updates.batch.size * rule["least_each"] <= updates.rows or updates.total >= rule["enough_updates"]):
            continue
        yield rule.finding(
            updates.batch.node,
            "" if whole else "few",
            confidence=certainty.of(event, event.model, inputs_of(event), updates.batch.value, event.args.get("epochs")),
            related=(*origin_of(updates.batch.value), *_rows_related(event, updates.rows)),
            scope=(event.node,),
            batch=figure(updates.batch.size),
            rows=figure(updates.rows),
            each=history.counted(updates.each, "update"),
            updates=history.counted(updates.total, "update"),
            epochs=history.counted(updates.epochs, "epoch"),
        )


def _learns_on(program: Program, event: Event) -> bool:
    """Whether this run is only a part of the training: it is repeated, or the weights were learned before."""
    runs = [other for other in program.of(event.identity) if other.kind == "fit"]
    return len(runs) > 1 or bool(history.repeats(event)) or history.known_elsewhere(program, event)


def _tried(updates: Updates, rule: Rule) -> bool:
    """Whether the run only shows that the code works."""
    return bool(updates.epochs <= rule["demo_epochs"] or updates.rows < rule["least_rows"])


def _whole(batch: Batch) -> bool:
    """Whether the batch is the whole data on purpose: `batch_size=len(x)`."""
    value = batch.value
    written = quoted(value.origin or value.node) if value is not None else ""
    return "len(" in written or "shape" in written


def _rows_related(event: Event, rows: int) -> tuple[Related, ...]:
    origin = inputs_of(event).origin
    return (Related(origin.node, f"{figure(rows)} rows to learn from"),) if origin is not None and origin.node is not None else ()


def batch_size_one(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        model, batch = event.model, history.batch_of(event)
        rows = inputs_of(event).rows
        single = rows == 1 if event.kind == "train_on_batch" else batch is not None and batch.size == 1
        if model is None or not single or _remembers(model):
            continue
        normalization = next(filter(_flat_normalization, model.layers), None)
        if normalization is None and (event.kind != "fit" or rows is None or rows <= rule["many_rows"] or _accumulates(event)):
            continue
        yield rule.finding(
            batch.node if batch is not None and batch.node is not None else event.node,
            "" if normalization is None else "normalization",
            severity=None if normalization is None else Severity.error,
            confidence=certainty.of(event, model, inputs_of(event), batch.value if batch is not None else None),
            related=(*origin_of(batch.value if batch is not None else None), *_normalization_related(normalization)),
            scope=(event.node,),
            rows=figure(rows or 0),
        )


def _remembers(model: Model) -> bool:
    """Whether a recurrent layer carries its state from one batch to the next: such models are fed one sequence at a time."""
    return any(isinstance(layer.arg("stateful"), Const) and layer.args["stateful"].value for layer in model.layers)  # type: ignore[attr-defined]


def _flat_normalization(layer: Layer) -> bool:
    """Whether a layer normalizes over the batch alone: on feature maps the places of the map are averaged, too."""
    shape = layer.inputs[0].shape if layer.inputs else layer.shape
    return layer.kind == "BatchNormalization" and layer.trainable is True and shape is not None and len(shape) == len(("batch", "features"))


def _accumulates(event: Event) -> bool:
    match event.compiled.optimizer if event.compiled is not None else None:
        case Term(args={"gradient_accumulation_steps": Const(None)}):
            return False
        case Term(args=args):
            return "gradient_accumulation_steps" in args
        case _:
            return True


def _normalization_related(layer: Layer | None) -> tuple[Related, ...]:
    if layer is None or layer.node is None:
        return ()
    return (Related(layer.node, "normalizes each feature over the batch: one value minus itself is 0"),)


def extreme_batch_size(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        batch = history.batch_of(event)
        if event.kind != "fit" or batch is None or batch.node is None or batch.size < rule["least"] or inputs_of(event).rows is not None:
            continue
        match event.compiled.optimizer if event.compiled is not None else None:
            case Term(name, {"learning_rate": Const(node=None, value=rate)}):
                yield rule.finding(
                    batch.node,
                    confidence=certainty.of(event, batch.value),
                    related=origin_of(batch.value),
                    scope=(event.node,),
                    batch=figure(batch.size),
                    optimizer=name.rpartition(".")[2],
                    rate=figure(rate),
                )


def unused_optimizer_object(program: Program, rule: Rule) -> Iterator[Finding]:
    used = {assignment.name for assignment in program.assignments if assignment.read}
    for name, value, node, events in _forgotten(program, used):
        kind = value.name.rpartition(".")[2]
        event = _compiled_without(program, value, events)
        if event is None or event.compiled is None or event.compiled.optimizer is None:
            continue
        instead = event.compiled.optimizer
        place = instead.node or event.node
        alike = event.compiled.optimizer_class == value.name
        yield rule.finding(
            node,
            confidence=Confidence.high if alike else Confidence.medium,
            related=related(place, "the model is compiled with this one"),
            scope=(event.node, value.node),
            name=name,
            optimizer=kind,
            instead=words(instead) if instead.node is not None else "the default optimizer",
            fix=_compiled_with(program, name, node, event, alike),
        )


def _compiled_with(program: Program, name: str, node: Node, event: Event, alike: bool) -> Fix | None:
    """The forgotten optimizer given to `compile`; safe where it is of the class that is meant, and the only one for the only compile."""
    given = event.compiled.optimizer.node if event.compiled is not None and event.compiled.optimizer is not None else None
    edit = repairs.replaced(given, name) if given is not None else repairs.added(event.node, f"optimizer={name}")
    several = len({id(other.node) for other in program.events if other.kind == "compile"}) > 1
    made = len({assignment.node for assignment in program.assignments if _is_optimizer(assignment.value)}) > 1
    return repairs.fix(f"compile with `{name}`", edit, safe=alike and not several and not made, together=(node, event.node))


def _is_optimizer(value: Value) -> bool:
    match value:
        case Term(name):
            return name.startswith("keras.optimizers.") and not name.startswith(rates.SCHEDULES)
        case _:
            return False


def _forgotten(program: Program, used: set[str]) -> Iterator[tuple[str, Term, Node, int]]:
    """The optimizers that a name holds and nobody reads, neither this one nor another of the same name."""
    for assignment in program.assignments:
        match assignment.value:
            case Term() as value if _is_optimizer(value):
                if assignment.name not in used:
                    yield assignment.name, value, assignment.node, assignment.place


def _compiled_without(program: Program, forgotten: Term, place: int) -> Event | None:
    """The first compile after that place which makes an optimizer of its own, by a string, by default or on the spot."""
    named = {id(assignment.value) for assignment in program.assignments}
    for event in program.events[place:]:
        if event.kind == "compile" and event.compiled is not None:
            match event.compiled.optimizer:
                case Term() as other if id(other) not in named and other.origin is None and other.node is not forgotten.node:
                    return event
    return None
