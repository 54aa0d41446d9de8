"""The way of the data, from where it comes from to the call that reads it, for the findings that are about that data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from kerlint.finding import Finding, Related

if TYPE_CHECKING:
    from kerlint.semantics.program import Event, Program
    from kerlint.semantics.provenance import Facts
    from kerlint.semantics.values import Value
    from kerlint.syntax.nodes import Node

LEARNING = ("fit", "train_on_batch", "tape")
READING = (*LEARNING, "evaluate", "predict")
DONE = {
    "scale": "scaled",
    "center": "centered",
    "encode": "encoded",
    "cast": "cast",
    "shape": "reshaped",
    "batch": "batched",
    "augment": "augmented",
    "text": "read as text",
    "unknown": "changed in a way that is not known",
}
"""What the effects of steps are called; those that are not listed (`shuffle()` and `[:100]` are one effect) have only a name."""


class Way(msgspec.Struct, frozen=True, dict=True):
    """How data comes to an event."""

    event: Event
    places: tuple[Related, ...]
    labels: bool = False

    @cached_property
    def nodes(self) -> frozenset[int]:
        """The `id`s of its nodes."""
        return frozenset(id(place.node) for place in self.places)


class Flows(msgspec.Struct, frozen=True, dict=True):
    """The ways of all data of a program; none is looked up before a finding asks."""

    program: Program

    def of(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings with the way of the data that each is about, if it is about data."""
        return [replace(finding, flow=way.places) if (way := self._of(finding)) else finding for finding in findings]

    def _of(self, finding: Finding) -> Way | None:
        """The way that shares most with what the finding names, one to the call that it speaks of and that learns going first."""
        spoken = {id(node) for node in (finding.node, *finding.scope)}
        named = dict.fromkeys(id(node) for node in (finding.node, *(related.node for related in finding.related)))
        labels = any(related.labels for related in finding.related)

        def rank(way: Way) -> tuple[bool, int, bool, bool]:
            return id(way.event.node) in spoken, len(way.nodes & named.keys()), way.labels is labels, way.event.kind in LEARNING

        others = (way for node in named for way in self._through.get(node, ()))
        return max(self._through.get(id(finding.node)) or others, key=rank, default=None)

    @cached_property
    def _through(self) -> dict[int, list[Way]]:
        """The ways that lead through each node, by its `id`."""
        found: dict[int, list[Way]] = {}
        for event in self.program.events:
            for way in _ways(event) if event.kind in READING else ():
                for node in way.nodes if len(way.places) > 1 else ():
                    found.setdefault(node, []).append(way)
        return found


def _ways(event: Event) -> Iterator[Way]:
    from kerlint.semantics.provenance import facts, labels_of, parts

    for value in parts(event.x):
        yield Way(event, tuple(_places(facts(value), value, event, "data")))
    for given in parts(event.y):
        yield Way(event, tuple(_places(facts(given), given, event, "labels")), labels=True)
    if event.y is None:
        yield Way(event, tuple(_places(labels_of(event), event.x, event, "labels")), labels=True)
    x, y = event.validation or (None, None)
    yield Way(event, tuple(_places(facts(x), x, event, "validation data")))
    yield Way(event, tuple(_places(facts(y), y, event, "validation labels")), labels=True)


def _places(found: Facts, value: Value | None, event: Event, what: str) -> Iterator[Related]:
    """From the origin over the steps to the argument, each place of the code once in a row."""
    last = value.node if value is not None and value.node is not None else event.node
    if found.origin is None or last is None:
        return
    many = what.endswith("labels")
    said = [(found.origin.node, f"the {what} {'come' if many else 'comes'} from `{found.origin.name}`")]
    said += [(step.node, f"{DONE[step.effect]}: `{step.name}`" if step.effect in DONE else f"`{step.name}`") for step in found.path]
    said.append((last, f"{'reach' if many else 'reaches'} `{event.kind}`"))
    yield from _once(said)


def _once(said: Iterable[tuple[Node | None, str]]) -> Iterator[Related]:
    """What is said of one node after another, in one place where it is said of the same."""
    before: Related | None = None
    for node, message in said:
        if node is None:
            continue
        if before is not None and before.node is node:
            before = Related(node, f"{before.message}; {message}")
            continue
        if before is not None:
            yield before
        before = Related(node, message)
    if before is not None:
        yield before
