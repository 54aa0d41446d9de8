"""What a training is, gathered at the call of `fit` before its first step: all that a probe gets to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from kerlint.dynamic.protocol import Place

ROWS = 2048
"""Rows of the user's data that are kept for probes; enough for a train/validation gap, little enough for any machine."""


@dataclass(frozen=True)
class Budget:
    """The training that the script asks for; None is what cannot be known (a generator without steps)."""

    rows: int | None
    batch_size: int
    epochs: int
    updates: int | None


@dataclass(frozen=True)
class Subject:
    """A model on the point of being trained.

    `x`, `y` and `sample_weight` are numpy arrays, or lists or dicts of them (several inputs or outputs), of at most ROWS rows; `y` is None
    where the model makes its own. They are the first rows in the order in which `fit` would get them. `whole` are the arrays that the user
    gave as they are, where they were arrays, for statistics that take all rows: (x, y), else None.
    """

    fit: int
    keras: ModuleType
    """keras or tf_keras."""
    backend: str
    model: Any
    """The user's own model, built and compiled."""
    x: Any
    y: Any
    sample_weight: Any
    class_weight: Mapping[int, float] | None
    compiled: Mapping[str, Any]
    """The arguments of `compile` by name: optimizer (the object), loss, metrics, loss_weights ..."""
    budget: Budget
    validation: tuple[Any, Any] | None = None
    whole: tuple[Any, Any] | None = None
    callbacks: tuple[Any, ...] = ()
    synthetic: str = ""
    """Why the data are not the user's own, or ""."""
    layers: Mapping[str, Place | None] = field(default_factory=dict)
    """Where the script made each layer, by the layer's name."""
    earlier: int = 0
    """Trainings of this model before this one."""
    carried: bool = False
    """It has the weights that an earlier training has left."""
    goes_on: bool = False
    """The training is to be done: where its steps cost little, the model has taken them when the probes are through."""
