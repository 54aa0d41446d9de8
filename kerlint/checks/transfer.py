"""Transfer learning: what is frozen, how fast it is released, what pretrained layers are fed with (KER513-KER516)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph, history, rates, repairs
from kerlint.checks.graph import WEIGHTED
from kerlint.checks.intake import CARRYING
from kerlint.checks.places import origin_of, related
from kerlint.finding import Finding, Fix, Related, Severity
from kerlint.semantics import catalog
from kerlint.semantics.program import kept
from kerlint.semantics.provenance import Step, facts
from kerlint.semantics.values import Const, Value, number
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Layer, Model, Program
    from kerlint.syntax.nodes import Node


def fully_frozen_model(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    adapted = program.used(*rule["adapters"])
    for event in program.fits():
        compiled = history.compile_of(program, event)
        if event.node in seen or adapted or compiled is None or event.compiled is None or event.compiled.own:
            continue
        if event.model is None or compiled.model is None or not _frozen(event.model) or not _frozen(compiled.model):
            continue
        seen.add(event.node)
        yield rule.finding(
            event.node,
            confidence=certainty.of(event, event.model),
            related=_freezings(program, compiled),
            scope=(compiled.node,),
            model=event.model.name or "the model",
            method=event.kind,
        )


def _frozen(model: Model) -> bool:
    """Whether no layer that has, or may have, weights learns."""
    holding = [layer for layer in model.layers if layer.params != 0 and not _is_function(layer)]
    known = any(layer.params or layer.kind in WEIGHTED for layer in holding)
    return model.complete and known and all(layer.trainable is False for layer in holding)


def _is_function(layer: Layer) -> bool:
    """Whether it is a function on tensors, which has no weights: `preprocess_input`, `ops.reshape`."""
    return layer.kind[:1].islower() and not layer.cls.startswith("custom.")


def _freezings(program: Program, compiled: Event) -> tuple[Related, ...]:
    own = {compiled.identity, *(layer.identity for layer in compiled.model.layers)} if compiled.model is not None else set()
    nodes = [event.node for event in history.before(program, compiled) if event.kind == "trainable" and event.identity in own]
    return tuple(Related(node, "frozen here") for node in nodes[-1:] if node is not None)


def _pretrained(model: Model) -> Iterator[Layer]:
    """The applications in a model that come with the weights of ImageNet."""
    for layer in model.layers:
        match layer.arg("weights"):
            case Const("imagenet") if graph.is_application(layer):
                yield layer
            case _:
                continue


def _released(program: Program, event: Event) -> Layer | None:
    """The pretrained part of a model that learns now, or a part of it, and did not in an earlier run."""
    compiled = history.compile_of(program, event)
    if compiled is None or compiled.model is None or event.kind != "fit":
        return None
    held, place = _held(program), program.place(event)
    if not held:
        return None
    learning = (layer for layer in _pretrained(compiled.model) if layer.trainable is not False)

    def before(layer: Layer) -> bool:
        return any(entry in (None, event.entry) and first < place for entry, first in held.get(id(layer.identity), {}).items())

    return next(filter(before, learning), None)


@kept()
def _held(program: Program) -> dict[int, dict[object, int]]:
    """For each layer, in which entries a run left it as it was, and when first."""
    found: dict[int, dict[object, int]] = {}
    for place, event in enumerate(program.events):
        for layer in event.model.layers if event.kind == "fit" and event.model is not None else ():
            if layer.trainable is False:
                found.setdefault(id(layer.identity), {}).setdefault(event.entry, place)
    return found


def fine_tune_learning_rate(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        compiled, base = event.compiled, _released(program, event)
        if compiled is None or base is None or compiled.node in seen or rates.sets_rate(event):
            continue
        rate = compiled.learning_rate
        amount = number(rate)
        kind = (compiled.optimizer_class or "").rpartition(".")[2]
        if amount is None or kind not in rule["optimizers"] or amount < rule["from_rate"]:
            continue
        seen.add(compiled.node)
        slower = repairs.replaced(rate.node, rule["slower"])
        place = rate.node or (compiled.optimizer.node if compiled.optimizer is not None else None) or compiled.node
        yield rule.finding(
            place,
            confidence=certainty.of(event, event.model, compiled.optimizer, rate),
            related=(*origin_of(rate), *_freezings(program, event)),
            scope=(compiled.node, event.node),
            fix=repairs.fix(f"a rate of {rule['slower']}", slower, safe=False),
            optimizer=kind,
            rate=rates.spelled(amount),
            base=base.kind,
            slower=rule["slower"],
        )


def frozen_batchnorm_in_training_mode(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        base = _released(program, event)
        if base is None or base.trainable is not True or base.identity in program.fixed or base.kind in rule["without"]:
            continue
        places = _unfreezings(program, event, base)
        place = places[-1] if places else base.node
        if place not in seen:
            seen.add(place)
            fix = _inferring(base, place) or _kept_frozen(program, event, place)
            yield rule.finding(place, confidence=certainty.of(event, event.model), scope=(event.node,), fix=fix, base=base.kind)


def _inferring(base: Layer, release: Node | None) -> Fix | None:
    """The base called with `training=False`, where it is called by the name by which it is released."""
    match base.call, release:
        case syntax.Call(func=function, args=[syntax.Arg(keyword=None, star="")]), syntax.Attribute(value=owner):
            edit = repairs.added(base.call, "training=False") if repairs.code(function) == repairs.code(owner) else None
            return repairs.fix("call the base with `training=False`", edit, safe=False)
        case _:
            return None


def _kept_frozen(program: Program, event: Event, release: Node | None) -> Fix | None:
    """The normalization layers of the base frozen again before the model is compiled."""
    compiled, spelling = history.compile_of(program, event), repairs.reached(program, "keras.layers.BatchNormalization")
    match release:
        case syntax.Attribute(value=syntax.Name() as base, attr=syntax.Name(value="trainable")) if (
            compiled is not None and spelling is not None
        ):
            lines = f"for layer in {repairs.code(base)}.layers:\n    if isinstance(layer, {spelling[0]}):\n        layer.trainable = False"
            edit, together = repairs.statement_before(compiled.node, lines), (release, compiled.node)
            return repairs.fix("keep its normalization frozen", edit, safe=False, imports=spelling[1], together=together)
        case _:
            return None


def _unfreezings(program: Program, event: Event, base: Layer) -> list[Node | None]:
    past = (each for each in history.before(program, event) if each.kind == "trainable" and each.identity is base.identity)
    return [each.node for each in past]


def wrong_preprocess_function(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.events:
        if event.kind not in ("fit", "predict", "evaluate") or event.model is None or event.x is None:
            continue
        for base in _pretrained(event.model):
            wanted = _longest(base.kind, rule["applications"])
            found = _prepared(base, event.x, rule) or _divided(base, event.x)
            if found is None or wanted is None or found[1] in (None, wanted) or found[0].node in seen:
                continue
            step, given = found
            if given == UNIT and wanted == RAW:  # scaled twice: double-normalization tells
                continue
            seen.add(step.node)
            yield rule.finding(
                step.node,
                "divided" if given == UNIT else "",
                severity=Severity.info if given == UNIT and wanted not in rule["scaling"] else None,
                confidence=certainty.of(event, event.model, facts(event.x)),
                related=related(base.node, "the pretrained model"),
                scope=(event.node,),
                fix=None if given == UNIT else _prepared_for(program, base, step),
                function=step.name.removesuffix("()"),
                base=base.kind,
                given=rule["ranges"].get(given, ""),
                wanted=rule["ranges"][wanted],
            )


def _prepared_for(program: Program, base: Layer, step: Step) -> Fix | None:
    """The `preprocess_input` of the module that a pretrained model comes from."""
    match step.node:
        case syntax.Call(func=(syntax.Name() | syntax.Attribute()) as function, args=[syntax.Arg(keyword=None, star="")]):
            place: Node | None = function
        case syntax.Name() | syntax.Attribute():
            place = step.node
        case _:
            place = None
    module = catalog.module_of(base.cls)
    spelling = repairs.reached(program, module) if module else None
    if spelling is None:
        return None
    edit = repairs.replaced(place, f"{spelling[0]}.preprocess_input")
    return repairs.fix(f"use `{spelling[0]}.preprocess_input`", edit, safe=False, imports=spelling[1])


RAW = "none"
"""The mode of applications that want raw images and scale them by themselves."""
UNIT = "unit"
"""The mode of images that were divided to 0..1, which no application was trained on."""


def _longest(name: str, modes: dict[str, list[str]]) -> str | None:
    """The mode under which the longest beginning of a name is listed."""
    found = [(len(start), mode) for mode, starts in modes.items() for start in starts if name.startswith(start)]
    return max(found)[1] if found else None


def _prepared(base: Layer, x: Value, rule: Rule) -> tuple[Step, str | None] | None:
    """The `preprocess_input` that the images of a pretrained model go through, in the model or before it, with its mode."""
    layer = base
    step = next((step for step in reversed(facts(x).path) if step.name.endswith(".preprocess_input()")), None)
    while len(layer.inputs) == 1:
        (layer,) = layer.inputs
        if layer.kind == "preprocess_input":
            step = Step("scale", f"{layer.cls.split('.')[-2]}.preprocess_input()", layer.node)
    return None if step is None else (step, _longest(step.name.partition(".")[0], rule["modules"]))


def _divided(base: Layer, x: Value) -> tuple[Step, str] | None:
    """The step that divides images to 0..1 before a frozen base, or one that divides by itself, sees them."""
    layer, found = base, facts(x)
    while len(layer.inputs) == 1:
        (layer,) = layer.inputs
        if layer.kind not in CARRYING:
            return None
    step = next((step for step in reversed(found.path) if step.effect == "scale"), None)
    unit = found.low == 0 and found.high == 1
    return (step, UNIT) if step is not None and unit and base.trainable is False else None
