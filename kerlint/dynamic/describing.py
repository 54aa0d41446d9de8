"""What a model is and how it is compiled, as events tell it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerlint.dynamic.protocol import Compiled, LayerMade, Place

PLACE = "_kerlint_place"
"""The attribute of a layer, model or optimizer that says where the script makes it."""


@dataclass
class Known:
    """A model of the run."""

    number: int
    model: Any
    compiled: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None
    trained: int = 0
    probed: bool = False
    """A training of it was looked into, whether it came to an end or not."""
    ahead: bool = False
    """The training that was looked into last was done as a whole."""
    learning: frozenset[int] = frozenset()
    """The ids of the weights that the compiled step changes; empty before that is settled."""
    left: tuple[float, ...] = ()
    """What tells the weights that the last training has left."""
    applied: Any = None
    """The optimizer that a tape uses; a compiled model has its own."""
    described: Compiled | None = None
    """What was told of it last."""

    @property
    def optimizer(self) -> Any:
        """What changes its weights, or None."""
        return self.applied if self.applied is not None else getattr(self.model, "optimizer", None)

    @property
    def carried(self) -> bool:
        """Whether it has the weights that an earlier training has left."""
        return self.trained > 0 and self.left == told_by(self.model)

    def describe(self) -> Compiled:
        """The event about it."""
        model, optimizer = self.model, self.optimizer
        return Compiled(
            self.number,
            str(model.name),
            type(model).__name__,
            self.place,
            place_of(model),
            type(optimizer).__name__ if optimizer is not None else "",
            place_of(optimizer) or self.place,
            rate(optimizer),
            named(self.compiled.get("loss")),
            tuple(filter(None, named(self.compiled.get("metrics")).split(", "))),
            tuple(LayerMade(str(layer.name), type(layer).__name__, place_of(layer)) for layer in layers(model)),
            int(model.count_params()) if model.built else None,
        )

    def events(self) -> Iterator[Place]:
        """Where the script says how it is trained."""
        return (place for place in (self.place, place_of(self.optimizer)) if place)

    def made(self) -> Iterator[Place]:
        """Where the script makes it and its layers."""
        return (place for place in map(place_of, (self.model, *layers(self.model))) if place)


def layers(model: Any) -> list[Any]:
    """All layers of a model, those of nested models as well."""
    return list(model._flatten_layers(include_self=False, recursive=True))


def place_of(thing: Any) -> Place | None:
    """Where the script makes a layer, model or optimizer."""
    return None if thing is None else vars(thing).get(PLACE)


def told_by(model: Any) -> tuple[float, ...]:
    """Numbers that other weights would not give."""
    return tuple(float(np.sum(weight, dtype=float)) for weight in model.get_weights())


def rate(optimizer: Any) -> float | None:
    """The learning rate of an optimizer, None for a schedule."""
    if optimizer is None or hasattr(getattr(optimizer, "_learning_rate", None), "get_config"):
        return None
    try:
        return float(np.array(optimizer.learning_rate))
    except (AttributeError, TypeError, ValueError):
        return None


def named(thing: Any) -> str:
    """A loss or metric by its name; several with commas between them."""
    match thing:
        case None:
            return ""
        case str():
            return thing
        case dict():
            return ", ".join(f"{key}: {named(value)}" for key, value in thing.items())
        case list() | tuple():
            return ", ".join(map(named, thing))
        case _:
            return str(getattr(thing, "__name__", type(thing).__name__))
