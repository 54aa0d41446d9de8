"""What reaches fit: scale, encoding, shape and amount of the data (KER1)."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from kerlint.checks import certainty, history, intake, normalizing, rearranging, scale
from kerlint.checks.graph import heads, hidden
from kerlint.checks.restraints import reconstructs, restrained
from kerlint.finding import Related, Severity
from kerlint.semantics.provenance import Facts, facts, inputs_of, labels_of, same_origin, split_of
from kerlint.semantics.values import Const, Items, Table, Term, Value, number
from kerlint.semantics.wording import dimensions, figure, quoted, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kerlint.finding import Finding, Fix
    from kerlint.rule import Rule
    from kerlint.semantics.program import Assignment, Event, Model, Program, Shape
    from kerlint.semantics.provenance import Origin
    from kerlint.syntax.nodes import Node

TOUCHED = frozenset({"scale", "center", "encode", "text", "augment", "other", "unknown"})
"""Effects after which a table can no longer be said to hold what its file holds."""

CALLS = ("evaluate", "predict")


def unnormalized_input(program: Program, rule: Rule) -> Iterator[Finding]:
    for fed in scale.unscaled(program):
        band = _band(fed, rule)
        if band is None or fed.found.origin is None or _mixed(fed, rule) or _unused_copy(program, fed):
            continue
        variant, severity = band
        yield rule.finding(
            fed.node,
            variant,
            severity=severity,
            confidence=fed.confidence,
            related=_from(fed),
            scope=(fed.event.node,),
            subject=scale.subject(fed),
            call=fed.event.kind,
            application=scale.application(fed.model),
            fix=_rescaled(program, fed) if variant == "" else _normalized(program, fed) if variant in ("columns", "table") else None,
            **scale.extremes(fed.found),
        )


def mixed_feature_scales(program: Program, rule: Rule) -> Iterator[Finding]:
    for fed in scale.unscaled(program):
        if not _mixed(fed, rule) or _unused_copy(program, fed):
            continue
        yield rule.finding(
            fed.node,
            severity=scale.diverging(fed, rule) or rule.severity,
            confidence=fed.confidence,
            related=_from(fed),
            scope=(fed.event.node,),
            x=words(fed.value),
            call=fed.event.kind,
            fix=_normalized(program, fed),
            **scale.extremes(fed.found),
        )


def _rescaled(program: Program, fed: scale.Fed) -> Fix | None:
    """Pixels divided where they enter the model, if nothing else that it reads is scaled already."""
    if any(found.scaled for event, _, found in _entering(program) if event.identity is fed.event.identity):
        return None
    return normalizing.rescaled(program, fed.model) if (fed.found.low, fed.found.high) == normalizing.PIXELS else None


def _normalized(program: Program, fed: scale.Fed) -> Fix | None:
    """Columns brought to one scale where they enter the model, which first looks at the data of the fit."""
    return normalizing.normalized(program, fed.model, fed.event)


def train_test_scaling_mismatch(program: Program, rule: Rule) -> Iterator[Finding]:
    for fit, value, call, place in _compared(program):
        learned, found = inputs_of(fit), facts(value)
        if not intake.raw(fit.model) or not _kin(fit, value, found):
            continue
        match learned.scaled, found.scaled:
            case True, False if found.resolved:
                variant, done = "", learned
            case False, True if learned.resolved:
                variant, done = "learned", found
            case _:
                continue
        yield rule.finding(
            value.node,
            variant,
            confidence=certainty.of(learned, found, fit, fit.model, value),
            related=_steps(done),
            scope=(place,),
            fix=rearranging.scaled_alike(program, fit, value, learned) if not variant else None,
            learned=words(fit.x) if fit.x is not None else "the training data",
            other=words(value),
            call=call,
            step=_scaling(done),
        )


def unencoded_categorical(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        for value, found, variant in ((event.x, inputs_of(event), ""), (event.y, labels_of(event), "labels")):
            if value is None or found.form not in rule["forms"] or value.node in seen or not intake.raw(event.model):
                continue
            seen.add(value.node)
            column = _wordy(value)
            yield rule.finding(
                value.node,
                "column" if column and not variant else variant,
                confidence=certainty.of(found, event, event.model, value),
                related=_origin(found),
                scope=(event.node,),
                name=words(value),
                call=event.kind,
                **(column or {}),
            )


def random_labels(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        found = labels_of(event)
        origin = found.origin.node if found.origin else None
        epochs = event.number("epochs") or 1
        if event.kind != "fit" or epochs < rule["epochs"] or origin in seen or not history.noise(event):
            continue
        seen.add(origin)
        node = event.y.node if event.y is not None else event.node
        yield rule.finding(
            node,
            confidence=certainty.of(found, event),
            related=_origin(found),
            scope=(event.node,),
            labels=words(event.y) if event.y is not None else "the labels",
            origin=found.origin.name if found.origin else "a random number generator",
        )


def too_little_data_for_model(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        variant, numbers = _meagre(event, rule)
        if not variant or event.x is None or event.model is None or event.identity in seen:
            continue
        seen.add(event.identity)
        found = inputs_of(event)
        advice = variant == "features" or found.random or _of(found, rule["invented"]) or variant == "ratio" and _bordering(event, rule)
        yield rule.finding(
            event.x.node,
            variant,
            severity=Severity.info if advice else rule.severity,
            confidence=certainty.of(found, event, event.model),
            related=_origin(found),
            scope=(event.node, event.model.node),
            x=words(event.x),
            **numbers,
        )


def scaled_copy_unused(program: Program, rule: Rule) -> Iterator[Finding]:
    for fed in scale.unscaled(program):
        copy = _unused_copy(program, fed)
        if copy is not None:
            yield rule.finding(
                fed.node,
                confidence=certainty.of(fed.found, fed.event, fed.model, copy.value),
                related=(Related(copy.node, "the copy that nothing reads"),),
                scope=(fed.event.node, copy.node),
                x=words(fed.value),
                copy=copy.name,
                call=fed.event.kind,
            )


def data_does_not_fit_input(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event, value, found in _entering(program):
        wanted = intake.entrance(event.model) if event.model is not None else None
        if wanted is None or found.shape is None or value.node in seen:
            continue
        if event.model is None or any(intake.enters(shape, wanted, intake.strict(event.model)) for shape in _batches(found)):
            continue
        seen.add(value.node)
        variant = _misfit(found.shape, wanted)
        yield rule.finding(
            value.node,
            variant,
            confidence=certainty.of(found, event, event.model, value),
            related=(*_origin(found), *_place(event.model, "the input is declared here")),
            scope=(event.node,),
            x=words(value),
            call=event.kind,
            shape=dimensions(found.shape, "n"),
            wanted=dimensions(wanted, "n"),
            axes=", ".join("-1" if axis is None else str(axis) for axis in wanted[1:]),
        )


def _batches(found: Facts) -> Iterator[Shape]:
    """The shapes that go in at once; single examples that only lack their batch axis are told by dataset-not-batched."""
    if found.shape is not None:
        yield found.shape
        if found.yields == "examples":
            yield found.shape[1:]


def _band(fed: scale.Fed, rule: Rule) -> tuple[str, Severity] | None:
    """Which message and how severe: by the size of the numbers, or by what is known of their source."""
    found, size = fed.found, scale.magnitude(fed.found)
    if size is None:
        plain = found.origin is not None and found.origin.kind == "table" and not any(step.effect in TOUCHED for step in found.path)
        return ("table", Severity.info) if plain else None
    if size < rule["small"]:
        return None
    severity = scale.diverging(fed, rule) or (
        rule.severity if size >= rule["large"] or scale.ratio(found) >= rule["ratio"] else Severity.info
    )
    if scale.application(fed.model):
        return "application", severity
    return "" if scale.pictures(found) else "columns" if scale.ratio(found) >= rule["ratio"] else "numbers", severity


def _mixed(fed: scale.Fed, rule: Rule) -> bool:
    """Whether this is for mixed-feature-scales to tell: the columns of a literal lie far apart."""
    literal = fed.found.origin is not None and fed.found.origin.kind == "literal"
    return literal and scale.ratio(fed.found) >= rule["ratio"]


def _from(fed: scale.Fed) -> tuple[Related, ...]:
    return () if fed.found.origin is not None and fed.found.origin.node is fed.node else _origin(fed.found)


def _origin(found: Facts) -> tuple[Related, ...]:
    return _place(found.origin, "the data comes from here")


def _place(what: Origin | Model | None, message: str) -> tuple[Related, ...]:
    return (Related(what.node, message),) if what is not None and what.node is not None else ()


def _unused_copy(program: Program, fed: scale.Fed) -> Assignment | None:
    """A scaled or encoded copy of the very data that reaches this fit, which nothing reads; under the same name it came after the fit."""
    for assignment in program.assignments:
        if not assignment.read and assignment.name != words(fed.value) and _made_from(assignment.value, fed.value):
            return assignment
    return None


def _made_from(value: Value, data: Value) -> bool:
    path, way = facts(value).path, _selections(facts(data))
    changed = bool(path) and path[-1].effect in ("scale", "center", "encode")
    if _kind(value) != _kind(data):  # what a model makes of data is no copy of it
        return False
    chosen = _selections(facts(value))
    return changed and split_of(value) == split_of(data) and same_origin(value, data) and chosen == way[: len(chosen)]


def _kind(value: Value) -> str:
    origin = facts(value).origin
    return origin.kind if origin is not None else ""


def _selections(found: Facts) -> list[str]:
    """The steps that decide which rows, columns or features these are; a copy of them has gone the same way."""
    return [step.name for step in found.path if step.effect not in ("cast", "shape", "scale", "center", "encode")]


def _compared(program: Program) -> Iterator[tuple[Event, Value, str, Node | None]]:
    """Data that a model meets after it has learned: the fit, the other data, the call that reads it, and the place of that call."""
    latest: dict[int, Event] = {}
    for event in program.events:
        if event.kind in ("fit", "train_on_batch"):
            latest[id(event.identity)] = event
            if event.validation is not None and event.validation[0] is not None:
                yield event, event.validation[0], "validation_data", event.node
        elif event.kind in CALLS and event.x is not None and id(event.identity) in latest:
            yield latest[id(event.identity)], event.x, event.kind, event.node


def _kin(fit: Event, value: Value, found: Facts) -> bool:
    """Whether two arrays hold the same quantities: parts of one source, or pictures both."""
    return (fit.x is not None and same_origin(fit.x, value)) or (scale.pictures(inputs_of(fit)) and scale.pictures(found))


def _scaling(found: Facts) -> str:
    steps = [step for step in found.path if step.effect in ("scale", "center")]
    return (quoted(steps[-1].node) or steps[-1].name) if steps else "a scaling"


def _steps(found: Facts) -> tuple[Related, ...]:
    return tuple(Related(step.node, "scaled here") for step in found.path if step.effect in ("scale", "center") and step.node is not None)


def _wordy(value: Value) -> dict[str, Any] | None:
    """The first column of strings of a literal table, with one of its words; None when the data is no literal table."""
    match value:
        case Term("pandas.DataFrame", args):
            match args.get("data", args.get("0")):
                case Table(entries):
                    return _first_words(entries)
        case Term(args={"self": inner}) | Term(args={"base": inner, "key": Items()}):
            return _wordy(inner)
    return None


def _first_words(entries: Mapping[object, Value]) -> dict[str, Any] | None:
    for name, column in entries.items():
        match column:
            case Items((Const(str() as word), *_)):
                return {"column": str(name), "word": word}
    return None


def _meagre(event: Event, rule: Rule) -> tuple[str, dict[str, Any]]:
    """How the rows of a fit fall short of its model, with the numbers; "" when they do not, or when that is not known."""
    found, model = inputs_of(event), event.model
    params = model.trainable_params if model else None
    if event.kind != "fit" or model is None or found.rows is None or params is None or _excused(event, model, found, rule):
        return "", {}
    units = sum(head.units or 1 for head in heads(model))
    features = found.shape[-1] if found.shape and len(found.shape) == rule["tabular_rank"] and not _of(found, rule["toys"]) else None
    numbers = {"params": figure(params), "rows": figure(found.rows), "ratio": figure(params // max(1, found.rows))}
    if found.rows < rule["rows"] and params > rule["params_per_row"] * found.rows * max(1, units):
        return ("", {}) if _wide(model, found.rows, rule) else ("ratio", numbers)
    if found.rows < rule["few_rows"] and params > found.rows and hidden(model):
        return "few", numbers
    if features is not None and found.rows < min(rule["rows"], rule["rows_per_feature"] * features):
        return "features", {**numbers, "features": figure(features)}
    return "", {}


def _bordering(event: Event, rule: Rule) -> bool:
    """Whether the parameters for each row are few enough to be right if training stops in time."""
    params, rows = event.model.trainable_params if event.model else None, inputs_of(event).rows
    units = sum(head.units or 1 for head in heads(event.model)) if event.model else 1
    return params is not None and rows is not None and params < rule["border"] * rows * max(1, units)


def _wide(model: Model, rows: int, rule: Rule) -> bool:
    """Whether one wide layer is the cause, which wide-layer-without-regularizer (KER601) reports."""
    return any(
        layer.kind == "Dense" and (number(layer.arg("units")) or 0) >= rule["wide"] and (layer.params or 0) > rule["params_per_row"] * rows
        for layer in hidden(model)
    )


def _excused(event: Event, model: Model, found: Facts, rule: Rule) -> bool:
    """Whether few rows are no fault: something restrains the model, the rows are all there are, or learning them by heart is the test."""
    named = words(event.x).lower() if event.x is not None else ""
    return (
        restrained(event, model)
        or (model.pretrained and all(layer.trainable is not False for layer in model.layers))
        or any(word in named for word in rule["sanity_names"])
        or reconstructs(event)
        or _truth_table(found)
    )


def _of(found: Facts, kinds: Sequence[str]) -> bool:
    return found.origin is not None and found.origin.kind in kinds


def _truth_table(found: Facts) -> bool:
    """Whether these are all combinations of zeros and ones: the four rows of XOR."""
    columns = found.columns or ()
    return bool(columns) and set(columns) == {(0, 1)} and found.rows == 1 << len(columns)


def _entering(program: Program) -> Iterator[tuple[Event, Value, Facts]]:
    """All data that any call hands to a model; a training step of its own may take it apart before the layers see it."""
    for event in program.events:
        if event.kind != "predict" and event.compiled is not None and event.compiled.own == "train_step":
            continue
        if event.x is not None:
            yield event, event.x, inputs_of(event)
        if event.validation is not None and event.validation[0] is not None:
            yield event, event.validation[0], facts(event.validation[0])


def _misfit(shape: Shape, wanted: Shape) -> str:
    """Which repair suits: a batch of one, a reshape, or neither."""
    fixed = [axis for axis in wanted[1:] if axis is not None]
    if shape == wanted[1:]:
        return "single"
    known = [axis for axis in shape[1:] if axis is not None]
    whole = len(fixed) == len(wanted) - 1 and len(known) == len(shape) - 1
    return "reshape" if whole and prod(fixed) == prod(known) else ""
