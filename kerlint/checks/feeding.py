"""How data is handed over: as lists, scaled twice, augmented where it is judged, with codes or gaps in it (KER106, 111, 119-121)."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph, intake, rearranging, repairs
from kerlint.checks.places import related
from kerlint.semantics.provenance import facts, inputs_of, lineage
from kerlint.semantics.provenance.facts import written
from kerlint.semantics.values import Const, Items, Symbol, Table, Term, Value, number
from kerlint.semantics.wording import figure, quoted, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kerlint.finding import Finding, Fix
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Layer, Model, Program
    from kerlint.semantics.provenance import Facts
    from kerlint.syntax.nodes import Node


RESCALE = "ImageDataGenerator(rescale=...)"


def double_normalization(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        found = inputs_of(event)
        for variant, second, first, what, fix in _twice(event, found, rule):
            if second is None or second in seen:
                continue
            seen.add(second)
            yield rule.finding(
                second,
                variant,
                confidence=certainty.of(event, event.model, found, event.x),
                related=related(first, "scaled here already"),
                scope=(event.node,),
                fix=fix,
                first=quoted(first) or "the first scaling",
                second=quoted(second) or "the second scaling",
                what=what,
                most=figure(max(map(abs, found.bounds))) if found.bounds else "small numbers",
            )


def _twice(event: Event, found: Facts, rule: Rule) -> Iterator[tuple[str, Node | None, Node | None, str, Fix | None]]:
    """Each way in which inputs are scaled twice: the message, the second and the first place, what scales, how it is mended."""
    scalings = [step for step in found.path if step.effect == "scale"]
    for first, second in pairwise(scalings):
        if second.name.endswith("preprocess_input()") and not first.name.endswith("preprocess_input()"):
            yield "preprocess", second.node, first.node, second.name, None
        elif first.name.endswith("preprocess_input()") and second.name == RESCALE:
            yield "again", second.node, first.node, second.name, None
        elif found.bounds is not None and 0 < max(map(abs, found.bounds)) < rule["tiny"] and _pixels(found):
            yield "", second.node, first.node, second.name, None
    small = bool(scalings) and found.bounds is not None and max(map(abs, found.bounds)) <= rule["scaled_to"]
    for layer in _entered(event.model) if event.model is not None else ():
        shrinks = layer.kind == "Rescaling" and 0 < abs(number(layer.arg("scale")) or 1) <= rule["factor"]
        if shrinks and small:
            yield "", layer.node, scalings[-1].node, "Rescaling", rearranging.scaled_once(event.model, layer, None)
        elif shrinks and event.model is not None and (inner := _application(event.model.readers(layer), rule)):
            yield "application", inner.node, layer.node, inner.kind, rearranging.scaled_once(event.model, layer, None)
        elif small and (inner := _application((layer,), rule)):
            yield "application", inner.node, scalings[-1].node, inner.kind, rearranging.scaled_once(event.model, None, inner)


def _pixels(found: Facts) -> bool:
    return found.form == "image" or found.origin is not None and found.origin.kind in ("images", "directory")


def _entered(model: Model) -> Iterator[Layer]:
    """The first layers behind the inputs that do more than carry the numbers on."""
    waiting = [reader for layer in model.layers if layer.kind in graph.INPUTS for reader in model.readers(layer)]
    while waiting:
        layer = waiting.pop()
        if layer.kind in intake.CARRYING:
            waiting.extend(model.readers(layer))
        else:
            yield layer


def _application(layers: Collection[Layer], rule: Rule) -> Layer | None:
    """The application that scales its inputs itself, unless it was told not to."""
    for layer in layers:
        told = layer.arg("include_preprocessing")
        if graph.is_application(layer) and layer.kind.startswith(tuple(rule["self_scaling"])):
            return layer if told is None or isinstance(told, Const) and told.value is True else None
    return None


def label_encoded_feature(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        if event.x is None or event.model is None or not intake.raw(event.model):
            continue
        for term in _inside(event.x):
            place = written(term)
            if place is None or place in seen or not _codes(term, rule["encoders"]):
                continue
            seen.add(place)
            yield rule.finding(
                place,
                confidence=certainty.of(event, event.model, event.x, term),
                related=related(event.x.node, "the codes enter the model as numbers"),
                scope=(event.node,),
                code=quoted(place),
            )


def _inside(value: Value) -> Iterator[Term]:
    """The terms that an array was made of, the values stored into it among them."""
    for term in lineage(value):
        yield term
        if term.name == "setitem":
            yield from lineage(term.args.get("value"))


def _codes(term: Term, encoders: Collection[str]) -> bool:
    match term:
        case Term(".fit_transform()" | ".transform()", {"self": Term(name)}):
            return name.rpartition(".")[2] in encoders
        case Term(".codes"):
            return True
        case _:
            return False


def augmented_validation(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.events:
        for value, call in _judged(event):
            step = next((step for step in facts(value).path if step.effect == "augment"), None)
            if step is None or value.node is None or value.node in seen:
                continue
            seen.add(value.node)
            yield rule.finding(
                value.node,
                "subset" if _subset(value) else "",
                confidence=certainty.of(event, value, facts(value)),
                related=related(step.node, "changes every picture at random"),
                scope=(event.node,),
                data=words(value),
                call=call,
                step=step.name,
            )


def _judged(event: Event) -> Iterator[tuple[Value, str]]:
    """Data that a model is judged on."""
    if event.kind == "fit" and event.validation is not None and event.validation[0] is not None:
        yield event.validation[0], "validation_data"
    elif event.kind == "evaluate" and event.x is not None:
        yield event.x, "evaluate"


def _subset(value: Value) -> bool:
    return any("subset" in term.args for term in lineage(value))


def python_list_to_fit(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.events:
        for value in _handed(event):
            old = program.keras[0] < rule["since"]
            if value.node in seen or not _listed(value) or old and not (_lists_are_inputs(program, rule) and _nested(value)):
                continue
            seen.add(value.node)
            name = repairs.bound(program, "numpy") or "np"
            fix = repairs.fix(
                "make it an array",
                repairs.before(value.node, f"{name}.array("),
                repairs.after(value.node, ")"),
                safe=_numeric(value),
                imports=() if repairs.bound(program, "numpy") else ("import numpy as np",),
            )
            yield rule.finding(
                value.node,
                "inputs" if old else "",
                confidence=certainty.of(event, value),
                related=related(value.origin, "a list"),
                scope=(event.node,),
                fix=fix,
                data=words(value),
                call=event.kind,
                numpy=name,
            )


def _handed(event: Event) -> Iterator[Value]:
    """The arguments of a call that Keras takes for arrays."""
    for value in (event.x, event.y, *(event.validation or ()), event.args.get("sample_weight")):
        if value is not None and event.kind in ("fit", "evaluate", "predict", "train_on_batch"):
            yield value


def _listed(value: Value) -> bool:
    """Whether it is a Python list of numbers, or of lists of numbers."""
    match value:
        case Term(".tolist()"):
            return True
        case Items((_, *_) as items, "list"):
            return all(_number(item) or _listed(item) for item in items)
        case _:
            return False


def _lists_are_inputs(program: Program, rule: Rule) -> bool:
    """Whether the Keras of the project, by itself and not that of TensorFlow, takes a list of lists for an array for each input."""
    kinds = {found.path.split(".")[0] for found in program.imports if "keras" in found.path}
    return program.keras < tuple(rule["lists_until"]) and kinds == {"keras"}


def _nested(value: Value) -> bool:
    """Whether it is a list of lists; of `x.tolist()`, whether the array has rows."""
    match value:
        case Term(".tolist()", {"self": array}):
            return len(facts(array).shape or ()) > 1
        case Items(items):
            return not all(map(_number, items))
        case _:
            return False


def _number(value: Value) -> bool:
    match value:
        case Const(bool() | int() | float()):
            return True
        case _:
            return False


def _numeric(value: Value) -> bool:
    return isinstance(value, Items)


def nan_in_data(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.events:
        for value in (event.x, event.y):
            if value is None or event.kind not in rule["calls"]:
                continue
            gap = _gap(value, rule)
            if gap is None or gap[1] is None or gap[1] in seen:
                continue
            seen.add(gap[1])
            variant, node, low = gap
            yield rule.finding(
                node,
                variant,
                confidence=certainty.of(event, value, facts(value)),
                related=related(value.node, f"it reaches `{event.kind}` here"),
                scope=(event.node,),
                data=words(value),
                call=event.kind,
                code=quoted(node),
                low=low,
            )


def _gap(value: Value, rule: Rule) -> tuple[str, Node | None, str] | None:
    """What certainly puts a NaN or an infinity into data, when nothing on the way takes it out again."""
    for term in lineage(value):
        if term.name.rpartition(".")[2].removesuffix("()") in rule["fills"] or _imputed(term):
            return None
        if term.name in rule["logarithms"]:
            bounds = facts(next((term.args[key] for key in ("0", "x") if key in term.args), None)).bounds
            if bounds is not None and bounds[0] <= 0 and _attained(term):
                return "log", written(term), figure(bounds[0])
        for part in term.args.values():
            if (node := _hole(part)) is not None:
                return "", node, ""
    node = _hole(value)
    return None if node is None else ("", node, "")


def _imputed(term: Term) -> bool:
    match term:
        case Term(args={"self": Term(name)}):
            return "Imputer" in name
        case _:
            return False


def _attained(term: Term) -> bool:
    """Whether the least value is certainly there: written numbers, pixels, counters, and not the bound of a random draw."""
    found = facts(next((term.args[key] for key in ("0", "x") if key in term.args), None))
    return found.resolved and not found.random and found.origin is not None and found.origin.kind in ("literal", "dataset", "filled")


def _hole(value: Value) -> Node | None:
    """The first NaN or infinity that is written in a list of numbers."""
    match value:
        case Items(items):
            return next((found for item in items if (found := _hole(item)) is not None), None)
        case Table(entries):
            return next((found for item in entries.values() if (found := _hole(item)) is not None), None)
        case Symbol("numpy.nan" | "math.nan" | "numpy.inf" | "math.inf" | "numpy.NaN" | "numpy.NAN"):
            return value.node
        case Term("builtins.float", {"0": Const(str() as text)}) if text.lower().strip("+-") in ("nan", "inf", "infinity"):
            return value.node
        case Const(float() as found) if not isfinite(found):
            return value.node
        case _:
            return None
