"""The training loop: runs that build on each other, validation, callbacks, freezing (KER5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kerlint.checks import certainty, history, reordering, repairs, watching
from kerlint.checks.places import origin_of, related
from kerlint.checks.rates import spelled
from kerlint.finding import Finding, Fix, Related, Severity
from kerlint.semantics.provenance import inputs_of, lineage
from kerlint.semantics.values import Const, Items, Table, Term, Value, number, same, text, thing
from kerlint.semantics.wording import figure, words

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Compile, Event, Model, Program
    from kerlint.syntax.nodes import Node


def refit_after_recompile(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for first, second, between in history.runs(program):
        if second.node in seen or not _compared(first, second, between, rule):
            continue
        rescaled = _rescaled(first, second)
        changes = _changes(first.compiled, second.compiled)
        if not rescaled and (not changes or _tuned(first, second)):
            continue
        seen.add(second.node)
        yield rule.finding(
            second.node,
            "" if changes else "scaling",
            confidence=certainty.of(first, second, second.model, *(run.args.get("epochs") for run in (first, second))),
            related=_continued(first, second, bool(changes)),
            scope=(first.node,),
            epochs=figure(first.number("epochs") or 0),
            model=second.model.name if second.model is not None and second.model.name else "the model",
            changes=" and ".join(changes.values()),
            first=words(first.x) if first.x is not None else "the first data",
            second=words(second.x) if second.x is not None else "the second data",
        )


def _compared(first: Event, second: Event, between: tuple[Event, ...], rule: Rule) -> bool:
    """Whether two runs of one model are long enough to be two experiments, and nothing says that the second is to go on from the first."""
    if first.model is None or second.model is None or history.repeats(second) or "initial_epoch" in second.given:
        return False
    long = all((run.number("epochs") or 0) >= rule["least_epochs"] for run in (first, second))
    frozen = any(event.kind == "trainable" for event in between) or history.unfrozen(first.model, second.model)
    staged = any(word in second.model.name.lower() for word in rule["staged_names"])
    return long and not frozen and not staged and not history.restored(second.identity, between)


def _changes(first: Compile | None, second: Compile | None) -> dict[str, Any]:
    """What a second compile does otherwise, each with its details; nothing that is not known of both."""
    if first is None or second is None or first.node is second.node and first.learning_rate is second.learning_rate:
        return {}
    found: dict[str, str] = {}
    if None not in (first.optimizer_class, second.optimizer_class) and first.optimizer_class != second.optimizer_class:
        found["optimizer"] = f"the optimizer {_last(second.optimizer_class)} instead of {_last(first.optimizer_class)}"
    before, now = number(first.learning_rate), number(second.learning_rate)
    written = first.learning_rate.node is not None or second.learning_rate.node is not None
    if before is not None and now is not None and before != now and written:
        found["learning rate"] = f"the learning rate {spelled(now)} instead of {spelled(before)}"
    for old, new in zip(first.losses, second.losses, strict=False):
        match old, new:
            case Term(one), Term(other) if one != other:
                found["loss"] = f"the loss {_last(other)} instead of {_last(one)}"
    return found


def _last(name: str | None) -> str:
    return (name or "").rpartition(".")[2]


def _tuned(first: Event, second: Event) -> bool:
    """Whether a model that may have pretrained weights goes on with smaller steps: the last stage of a fine-tuning."""
    if first.compiled is None or second.compiled is None or second.model is None or second.model.complete and not second.model.pretrained:
        return False
    before, now = number(first.compiled.learning_rate), number(second.compiled.learning_rate)
    return before is None or now is None or now < before


def _rescaled(first: Event, second: Event) -> bool:
    """Whether the second run reads the data of the first at another scale."""
    one, other = inputs_of(first), inputs_of(second)
    if one.origin is None or other.origin is None or one.origin.node is None or one.origin.node is not other.origin.node:
        return False
    rows = one.rows is None or other.rows is None or one.rows == other.rows
    return rows and {one.scaled, other.scaled} == {True, False}


def _continued(first: Event, second: Event, recompiled: bool) -> tuple[Related, ...]:
    compiled = second.compiled.node if recompiled and second.compiled is not None else None
    places = ((first.node, "the weights it starts from were learned here"), (compiled, "compiling again keeps the weights"))
    return tuple(Related(node, message) for node, message in places if node is not None)


def no_validation_data(program: Program, rule: Rule) -> Iterator[Finding]:
    checked = {
        id(event.model.node) for event in program.events if event.model is not None and event.kind == "fit" and history.validated(event)
    }
    seen: set[object] = set()
    for event in program.fits():
        rows = inputs_of(event).rows
        if event.node in seen or event.model is None or id(event.model.node) in checked or not _learns_long(event, rule):
            continue
        if _unsupervised(event) or history.noise(event) or (rows is not None and rows < rule["least_rows"]) or _measured(program, event):
            continue
        seen.add(event.node)
        yield rule.finding(
            event.node,
            "" if event.y is not None else "dataset",
            confidence=certainty.of(event, event.args.get("epochs")),
            epochs=figure(event.number("epochs") or 0),
            fix=_split_off(event, rule),
        )


def _split_off(event: Event, rule: Rule) -> Fix | None:
    """A part of arrays kept for validation; of a dataset, `fit` cannot split one off."""
    if event.y is None:
        return None
    none, share = repairs.argument(event.node, "validation_split"), str(rule["share"])
    edit = repairs.replaced(none.value, share) if none is not None else repairs.added(event.node, f"validation_split={share}")
    return repairs.fix("validate on a part of the data", edit, safe=False)


def _learns_long(event: Event, rule: Rule) -> bool:
    return event.kind == "fit" and not history.hidden(event) and (event.number("epochs") or 0) >= rule["least_epochs"]


def _unsupervised(event: Event) -> bool:
    """Whether there is nothing to be right about: the model gives back what it reads, or makes up its own loss (GAN, VAE)."""
    compiled = event.compiled
    if compiled is None or all(loss is None for loss in compiled.losses):
        return True
    return event.x is not None and event.y is not None and _same_data(event.x, event.y)


def _measured(program: Program, fit: Event) -> bool:
    """Whether the model, or another one under its name, is tried on other data later on."""
    name, place = fit.model.name if fit.model is not None else "", program.events.index(fit)
    later = [each for each in program.events[place:] if each.kind in ("evaluate", "predict")]
    calls = [each for each in program.passes if each.place > place and not each.tapes]
    tried = [(each.identity, each.model, each.x) for each in later] + [(each.identity, each.model, _fed(each.value)) for each in calls]
    alike = [x for identity, model, x in tried if identity is fit.identity or model is not None and name and model.name == name]
    return any(x is None or fit.x is None or not _same_data(x, fit.x) for x in alike)


def _fed(answer: Value) -> Value | None:
    """What a model was called on."""
    match answer:
        case Term("predict", {"x": x}):
            return x
        case _:
            return None


def _same_data(left: Value, right: Value) -> bool:
    """Whether two values are one object, at whatever time and under whatever name."""
    match left, right:
        case ((Term() | Items() | Table()), (Term() | Items() | Table())):
            return thing(left) is thing(right)
        case _:
            return same(left, right)


def kfold_reuses_model(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        if event.node in seen or event.model is None or _reset(program, event):
            continue
        folds = any(loop.iterable is not None and _splits(loop.iterable, rule) for loop in history.repeats(event))
        change = "" if folds else _swept(program, event)
        if not folds and not change:
            continue
        seen.add(event.node)
        yield rule.finding(
            event.node,
            "" if folds else "sweep",
            severity=None if folds else Severity.warning,
            confidence=certainty.of(event, event.model),
            related=related(event.model.node, "the model is made once, outside the loop"),
            model=event.model.name or "the model",
            change=change,
        )


def _splits(value: Value, rule: Rule, depth: int = 0) -> bool:
    """Whether a loop runs over the folds of a splitter of scikit-learn, plainly or through `enumerate`, `zip`, `list`."""
    match value:
        case Term(".split()", {"self": Term(name)}):
            return name.rpartition(".")[2] in rule["splitters"]
        case Term(args=args) if depth < rule["nesting"]:
            return any(_splits(inner, rule, depth + 1) for inner in args.values())
        case Items(items) if depth < rule["nesting"]:
            return any(_splits(inner, rule, depth + 1) for inner in items)
        case _:
            return False


def _reset(program: Program, fit: Event) -> bool:
    """Whether the weights are set back somewhere in the loop."""
    return any(event.kind in history.RESTORES and event.loops for event in program.of(fit.identity))


def _swept(program: Program, fit: Event) -> str:
    """What changes from one pass of a loop to the next: a hyper-parameter that is tried out."""
    passes = [event for event in program.of(fit.identity) if event.node is fit.node and event.kind == "fit" and history.repeats(event)]
    for first, second in pairwise(passes):
        changes = _changes(first.compiled, second.compiled)
        sizes = first.number("batch_size"), second.number("batch_size")
        if changes and not _annealed(passes):
            return " and the ".join(changes)
        if None not in sizes and sizes[0] != sizes[1]:
            return "batch size"
    return ""


def _annealed(passes: list[Event]) -> bool:
    """Whether the passes of one optimizer have ever smaller rates: a schedule by hand."""
    compiled = [event.compiled for event in passes if event.compiled is not None]
    rates = [number(each.learning_rate) for each in compiled]
    return len({each.optimizer_class for each in compiled}) == 1 and all(
        old is not None and new is not None and new < old for old, new in pairwise(rates)
    )


def monitor_without_validation(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        if event.kind != "fit" or event.model is None or history.validated(event):
            continue
        for callback in event.callbacks or ():
            watched = _watched(callback, rule)
            if watched is None or (callback.origin or callback.node) in seen:
                continue
            seen.add(callback.origin or callback.node)
            node, monitor, variant = watched
            yield rule.finding(
                node,
                variant,
                severity=Severity.error if variant == "path" else None,
                confidence=certainty.of(event, callback),
                related=(*origin_of(callback), *_unvalidated(event)),
                scope=(event.node, callback.node),
                callback=_last(callback.name) if isinstance(callback, Term) else "",
                monitor=monitor,
                fix=_watching(program, callback),
            )


def _watching(program: Program, callback: Value) -> Fix | None:
    """A callback that watches the training instead, unless another run with validation data has it too."""
    shared = any(
        history.validated(event)
        and any((other.origin or other.node) is (callback.origin or callback.node) for other in event.callbacks or ())
        for event in program.fits()
    )
    return None if shared or not isinstance(callback, Term) else watching.training_instead(callback)


def _unvalidated(event: Event) -> tuple[Related, ...]:
    return related(event.node, "this run has no validation data")


def _watched(callback: Value, rule: Rule) -> tuple[Node | None, str, str] | None:
    """The monitor of a callback that is a validation metric: where it is written, what it is, and the variant of the message."""
    match callback:
        case Term(name, {"filepath": path}) if name == CHECKPOINT and "{val_" in (text(path) or ""):
            return path.node or callback.node, text(path) or "", "path"
        case Term(name, {"save_best_only": Const(False)}) if name == CHECKPOINT:
            return None
        case Term(name, {"monitor": Const(str() as monitor) as value}) if _last(name) in rule["callbacks"] and monitor.startswith("val_"):
            return value.node or callback.node, monitor, "checkpoint" if name == CHECKPOINT else ""
        case _:
            return None


CHECKPOINT = "keras.callbacks.ModelCheckpoint"


def trainable_after_compile(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for fit in program.fits():
        compiled = history.compile_of(program, fit) if fit.kind == "fit" else None
        if compiled is None or compiled.model is None or fit.model is None or not history.unfrozen(compiled.model, fit.model):
            continue
        events = program.events[program.events.index(compiled) : program.events.index(fit)]
        changed = _change(events, fit.model)
        if changed is None or changed.node in seen:
            continue
        seen.add(changed.node)
        settled = _settled(program, events[: events.index(changed)], fit)
        yield rule.finding(
            changed.node,
            "" if settled else "early",
            severity=None if settled else Severity.info,
            confidence=certainty.of(fit, fit.model, changed, changed.args.get("value")),
            related=_too_late(compiled, fit) if settled else (),
            scope=(fit.node,),
            value=words(changed.args["value"]),
            model=fit.model.name or "the model",
            fix=reordering.compiled_later(compiled, fit, events),
        )


def _change(events: tuple[Event, ...], model: Model) -> Event | None:
    """The assignment that came too late; None when another model was compiled since, for which it was meant (the two models of a GAN)."""
    own = {model.identity, *(layer.identity for layer in model.layers)}
    changes = [event for event in events if event.kind == "trainable"]
    chosen = next((event for event in changes if event.identity in own), changes[0] if changes else None)
    if chosen is None:
        return None
    later = events[events.index(chosen) :]
    return None if any(event.kind == "compile" for event in later) else chosen


def _settled(program: Program, earlier: tuple[Event, ...], fit: Event) -> bool:
    """Whether what learns was settled by the events since `compile`: Keras 2 does so there, Keras 3 when the model is first trained."""
    return history.on_keras_2(program) or any(event.kind in history.TRAINING and event.identity is fit.identity for event in earlier)


def _too_late(compiled: Event, fit: Event) -> tuple[Related, ...]:
    places = ((compiled.node, "what learns was settled here"), (fit.node, "and holds in this run"))
    return tuple(Related(node, message) for node, message in places if node is not None)


def epoch_loop_around_fit(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    kept = program.used(*rule["states"])
    for event in program.fits():
        loop = next((loop for loop in history.repeats(event) if _counts(loop.iterable)), None)
        if loop is None or event.node in seen or kept or event.kind != "fit" or history.hidden(event) or event.number("epochs") != 1:
            continue
        if "initial_epoch" in event.given or _changing(program, event):
            continue
        seen.add(event.node)
        related = (Related(loop.node, "this loop counts the epochs"),)
        yield rule.finding(event.node, confidence=certainty.of(event, event.model), related=related)


def _counts(iterable: Value | None) -> bool:
    """Whether a loop only counts: it runs over a `range`, whose members are numbers."""
    match iterable:
        case Term("builtins.range"):
            return True
        case Items(items):
            return len(items) > 1 and all(number(item) is not None for item in items)
        case _:
            return False


def _changing(program: Program, event: Event) -> bool:
    """Whether the passes of a loop differ in their data or settings, so that they are no epochs of one run."""
    passes = [other for other in program.of(event.identity) if other.node is event.node]
    compiled = {id(other.compiled) for other in passes}
    return (
        len(compiled) > 1
        or any(one.x is not None and other.x is not None and not _same_data(one.x, other.x) for one, other in pairwise(passes))
        or any(
            isinstance(step, Term) and step.name in ("element", "item") and _of_loop(step) for step in (lineage(event.x) if event.x else ())
        )
    )


def _of_loop(step: Term) -> bool:
    """Whether a part of the data is chosen by a value that the loop changes."""
    match step:
        case Term("element"):
            return True
        case Term("item", {"key": Const() | Items()}):
            return False
        case _:
            return True


def random_split_of_time_series(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for use in program.used_as(lambda name: name.endswith(".train_test_split")):
        if use.node in seen or not use.positional or not _shuffles(use.keywords):
            continue
        cause = next(filter(None, map(_serial, use.positional)), None)
        if cause is None:
            continue
        seen.add(use.node)
        shuffled = "shuffle" in use.keywords or "stratify" in use.keywords or "**" in use.keywords
        fix = None if shuffled else repairs.fix("pass `shuffle=False`", repairs.added(use.node, "shuffle=False"), safe=False)
        beside = related(cause.node, "made of neighbouring rows here")
        yield rule.finding(use.node, confidence=certainty.of(use), related=beside, fix=fix, data=words(use.positional[0]))


def _shuffles(keywords: Mapping[str, Value]) -> bool:
    match keywords.get("shuffle"):
        case None | Const(True):
            return True
        case _:
            return False


def _serial(data: Value) -> Term | None:
    """The step that makes each row of its neighbours: windows that slide over a series, a column that is shifted."""
    steps = list(lineage(data))
    for outer, step in pairwise(steps):
        match outer, step:
            case Term("many"), Term("item", {"key": key}) if _slides(key):
                return step
            case _:
                continue
    for step in steps:
        match step:
            case Term("setitem", {"value": Term(".shift()") as value}):
                return value
            case _:
                continue
    return None


def _slides(key: Value) -> bool:
    match key:
        case Term("slice", {"start": start, "stop": stop}):
            return not isinstance(start, Const) and not isinstance(stop, Const)
        case Items(items) if items:
            return _slides(items[0])
        case _:
            return False
