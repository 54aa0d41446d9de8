"""What a model is compiled with: nothing at all, no loss, or one for each of several outputs (KER3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kerlint.checks import certainty, history
from kerlint.checks.places import related
from kerlint.finding import Finding, Severity
from kerlint.semantics.graph import KerasModel
from kerlint.semantics.program import Event, Model, Program
from kerlint.semantics.values import Const, Items, Table, Term, Value

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.syntax.nodes import Node

COMPILED = frozenset({"fit", "evaluate", "train_on_batch", "test_on_batch"})
"""What a model can only do after it was compiled."""
NEW_METRICS = (3, 0)
"""Since this Keras a list of metrics has one entry for each of several outputs."""


def compile_without_loss_or_fit_without_compile(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for event in program.events:
        if event.kind not in COMPILED or not program.whole or id(event.node) in seen:
            continue
        if event.compiled is None and _never_compiled(program, event) and not _wrapped(program, rule):
            seen.add(id(event.node))
            model = event.model
            beside = related(model.node, "the model is made here") if model else ()
            yield rule.finding(event.node, confidence=certainty.of(event, model), related=beside, method=event.kind, **_called(model))
        elif event.compiled is not None and event.kind == "fit" and _without_loss(program, event) and not _wrapped(program, rule):
            place = event.compiled.node
            if id(place) not in seen:
                seen.add(id(place))
                beside = related(event.node, "it is trained here")
                confidence = certainty.of(event, event.model)
                yield rule.finding(place, "loss", confidence=confidence, related=beside, scope=(event.node,), **_called(event.model))


def _wrapped(program: Program, rule: Rule) -> bool:
    """Whether something that compiles models by itself may have got one."""
    return bool(program.used_as(lambda name: name.rpartition(".")[2] in rule["wrappers"]))


def _called(model: Model | None) -> dict[str, Any]:
    return {"model": model.name if model is not None and model.name else "the model"}


def _never_compiled(program: Program, event: Event) -> bool:
    """Whether nothing in the program compiles a model that it makes itself, and nobody else can have done so."""
    model = event.model
    if model is None or model.handed or model.kind == "loaded" or not isinstance(model.identity, KerasModel):
        return False
    if event.entry is not None and not any(use.value is event.identity and use.entry is event.entry for use in program.uses):
        return False  # it was made outside of the function, which nobody calls here: who does may have compiled it
    return not any(other.kind == "compile" for other in program.of(event.identity))


def _without_loss(program: Program, event: Event) -> bool:
    """Whether a model has nothing to learn from: no loss, none that a layer or a regularizer adds."""
    compiled, model = event.compiled, event.model
    if compiled is None or model is None or not model.complete or not isinstance(model.identity, KerasModel) or compiled.own:
        return False
    given = compiled.args.get("loss")
    if not (given is None or isinstance(given, Const) and given.value is None) or history.HIDDEN & compiled.args.keys():
        return False
    added = bool(program.used(".add_loss")) or any(layer.cls.startswith("custom.") for layer in model.layers)
    regularized = any(name.endswith("regularizer") for layer in model.layers for name in layer.given)
    return not added and not regularized and not model.has("ActivityRegularization")


def multi_output_loss_mismatch(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for event in program.events:
        model = event.model
        if event.kind not in ("compile", "fit") or model is None or not model.complete or not model.counted or id(event.node) in seen:
            continue
        for variant, node, facts in (*_lists(program, event, model), *_keys(event, model)):
            seen.add(id(event.node))
            yield rule.finding(
                node or event.node,
                variant,
                severity=Severity.warning if variant == "fewer" else None,
                confidence=certainty.of(event, model),
                related=related(model.node, "the model is made here"),
                scope=(event.node,),
                **_called(model),
                **facts,
            )


Mismatch = Iterator[tuple[str, "Node | None", dict[str, Any]]]
PER_OUTPUT = {"compile": ("loss", "loss_weights", "metrics", "weighted_metrics"), "fit": ("y",)}


def _given(event: Event) -> Iterator[tuple[str, Value]]:
    """The arguments of a call that have a part for each output."""
    for name in PER_OUTPUT[event.kind]:
        value = event.y if name == "y" else event.args.get(name)
        if value is not None:
            yield name, value


def _lists(program: Program, event: Event, model: Model) -> Mismatch:
    """Lists that are longer or shorter than the outputs are many."""
    outputs = len(model.outputs)
    for name, value in _given(event):
        match value:
            case Items(items) if outputs > 1 and len(items) not in (0, outputs):
                facts: dict[str, Any] = {"name": name, "given": len(items), "outputs": outputs}
                if name == "y" and not all(isinstance(item, Term) for item in items):
                    continue
                if name.endswith("metrics") and program.keras < NEW_METRICS:
                    continue
                variant = "fewer" if name == "loss" and len(items) < outputs else "metrics" if name.endswith("metrics") else "list"
                yield variant, value.node, facts


def _keys(event: Event, model: Model) -> Mismatch:
    """Keys of dicts that are no output."""
    names = _names(model)
    for name, value in _given(event):
        match value:
            case Table(entries, False) if names and (len(model.outputs) > 1 or name == "loss"):
                for key in entries:
                    if key not in names:
                        yield "", entries[key].node or value.node, {"name": name, "key": key, "names": ", ".join(names)}


def _names(model: Model) -> tuple[str, ...]:
    """The names of the outputs, when all of them were given by the user."""
    if model.keys:
        return ()  # Keras takes the keys and the names of the layers
    named = all("name" in output.given and not output.leaves for output in model.outputs)
    return tuple(output.name for output in model.outputs) if named else ()
