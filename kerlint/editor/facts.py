"""What is understood of a program, for the places where it stands: a line above each call that trains, a shape behind each layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kerlint.semantics import provenance
from kerlint.semantics.wording import dimensions, figure
from kerlint.understanding import open_questions

if TYPE_CHECKING:
    from kerlint.finding import Finding
    from kerlint.semantics.program import Event, Program
    from kerlint.syntax.nodes import Node

TRAINING = ("fit", "train_on_batch", "tape")
MOST_SHAPES = 2
"""Shapes that are shown behind a layer which a loop or function makes several times."""


def trainings(program: Program, findings: Iterable[Finding]) -> Iterator[tuple[Node, str]]:
    """Each call that trains a model with what is known of it; one that was followed several times as it was first."""
    findings = list(findings)
    seen: set[int] = set()
    for event in program.events:
        if event.kind in TRAINING and event.node is not None and id(event.node) not in seen:
            seen.add(id(event.node))
            yield event.node, ", ".join(_said(event, event.node, findings))


def _said(event: Event, node: Node, findings: list[Finding]) -> Iterator[str]:
    count = sum(any(place is node for place in (finding.node, *finding.scope, *finding.subject)) for finding in findings)
    yield f"{count or 'no'} finding{'s' if count != 1 else ''}"
    if event.model is not None and event.model.params is not None:
        yield f"{figure(event.model.params)} parameter{'s' if event.model.params != 1 else ''}"
    match provenance.inputs_of(event).scaled:
        case None:
            pass
        case scaled:
            yield "input scaled" if scaled else "input not scaled"
    reason = next((question.reason for question in open_questions(event)), "")
    if reason:
        yield f"not resolved: {reason}"


def shapes(program: Program) -> Iterator[tuple[Node, str]]:
    """Each call of a layer with the shapes of its outputs."""
    found: dict[int, tuple[Node, dict[str, None]]] = {}
    for model in program.models:
        for layer in model.layers:
            if layer.node is not None and layer.shape is not None:
                found.setdefault(id(layer.node), (layer.node, {}))[1][dimensions(layer.shape)] = None
    for node, several in found.values():
        known = list(several)
        more = ", …" if len(known) > MOST_SHAPES else ""
        yield node, ", ".join(known[:MOST_SHAPES]) + more
