"""Which model a finding is about: what it is called, and where it is built and trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from kerlint.finding import Finding

if TYPE_CHECKING:
    from kerlint.semantics.program import Model, Program
    from kerlint.semantics.values import Value
    from kerlint.syntax.nodes import Node

Index = Mapping[int, tuple[object, ...]]
"""Identities of models by the `id` of a node."""
_LEARNING = ("fit", "train_on_batch", "tape")


class Subjects(msgspec.Struct, frozen=True, dict=True):
    """The models of a program by the code that speaks of them; nothing is looked up before a finding asks."""

    program: Program

    def of(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings with the name of the model that each is about, and with the places where that is built and trained."""
        return [self._of(finding) for finding in findings]

    def _of(self, finding: Finding) -> Finding:
        identities = self._identities(finding)
        if not identities:
            return finding
        models = [model for identity in identities for model in self._models.get(id(identity), ())[:1]]
        return replace(finding, subject=tuple(self._places(finding, identities)), enclosing=models[0].name if models else "")

    def _identities(self, finding: Finding) -> tuple[object, ...]:
        """What is about one run says so by its scope; what has none is about the model that the code at its place belongs to."""
        nodes = (*finding.scope, finding.node, *(related.node for related in finding.related))
        return next((found for node in nodes if (found := self._of_event.get(id(node)) or self._of_part.get(id(node)))), ())

    def _places(self, finding: Finding, identities: tuple[object, ...]) -> Iterator[Node]:
        """Where the model is built; and all its runs, for what is about no single one (of several models at one place, none is)."""
        built = [model.node for identity in identities for model in self._models.get(id(identity), ()) if model.node is not None]
        yield from dict.fromkeys(built)
        spoken = {id(node) for node in (finding.node, *finding.scope)}
        if len(identities) == 1 and spoken.isdisjoint(self._runs):
            yield from (event.node for event in self.program.of(identities[0]) if event.node is not None and event.kind in _LEARNING)

    @cached_property
    def _models(self) -> Mapping[int, list[Model]]:
        """The snapshots of each model, by its identity."""
        found: dict[int, list[Model]] = {}
        for model in dict.fromkeys((*self.program.models, *(event.model for event in self.program.events if event.model is not None))):
            found.setdefault(id(model.identity), []).append(model)
        return found

    @cached_property
    def _runs(self) -> frozenset[int]:
        return frozenset(id(event.node) for event in self.program.events if event.kind in _LEARNING)

    @cached_property
    def _of_event(self) -> Index:
        """Runs and compiles with what is given to them."""
        events = [event for event in self.program.events if event.model is not None]
        runs = ((node, event.identity) for event in events for node in (event.node, *_nodes(event.args, event.given)))
        compiles = {id(event.compiled): (event.compiled, event.identity) for event in events if event.compiled is not None}
        calls = ((node, identity) for call, identity in compiles.values() for node in (call.node, *_nodes(call.args, call.args)))
        return _indexed((*runs, *calls))

    @cached_property
    def _of_part(self) -> Index:
        """Models and their layers with what these are made of."""
        every = [model for models in self._models.values() for model in models]
        built = [(model.node, model.identity) for model in every]
        layers = {(id(model.identity), id(layer.identity)): (model.identity, layer) for model in every for layer in model.layers}
        parts = ((node, identity) for identity, layer in layers.values() for node in (layer.node, *_nodes(layer.args, layer.given)))
        return _indexed((*built, *parts))


def _nodes(args: Mapping[str, Value], given: Iterable[str]) -> Iterator[Node | None]:
    return (args[name].node for name in given if name in args)


def _indexed(pairs: Iterable[tuple[Node | None, object]]) -> Index:
    found: dict[int, dict[int, object]] = {}
    for node, identity in pairs:
        if node is not None:
            found.setdefault(id(node), {})[id(identity)] = identity
    return {node: tuple(identities.values()) for node, identities in found.items()}
