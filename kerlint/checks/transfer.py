"""Transfer learning: what is frozen, how fast it is released, what pretrained layers are fed with (KER513-KER516)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.checks import certainty, history
from kerlint.checks.graph import WEIGHTED
from kerlint.finding import Finding, Related

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Layer, Model, Program


def fully_frozen_model(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    adapted = any(use.name in rule["adapters"] for use in program.uses)
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
