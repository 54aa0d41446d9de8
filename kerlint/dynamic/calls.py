"""A call of `fit`, looked into: its data, what it asks for, and the same call cut down to one step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kerlint.dynamic import gathering
from kerlint.dynamic.gathering import Data, UnreadableError
from kerlint.dynamic.subject import Budget

LONGEST_REASON = 300
"""Characters."""


@dataclass(frozen=True)
class Call:
    """The arguments of a training by name, and the data among them; `reason` says why there are none to look at."""

    given: Mapping[str, Any]
    data: Data | None
    reason: str = ""
    validation: Data | None = None

    @property
    def first(self) -> int:
        """The number of the first epoch."""
        return int(self.given.get("initial_epoch") or 0)

    @property
    def epochs(self) -> int:
        """How many epochs it asks for."""
        return max(1, int(self.given.get("epochs") or 1) - self.first)

    @property
    def validated(self) -> bool:
        """Whether it validates."""
        return self.given.get("validation_data") is not None or bool(self.given.get("validation_split"))

    @property
    def callbacks(self) -> tuple[Any, ...]:
        """Its callbacks."""
        match self.given.get("callbacks"):
            case None:
                return ()
            case list() | tuple() as callbacks:
                return tuple(callbacks)
            case one:
                return (one,)

    @property
    def budget(self) -> Budget:
        """The training that it asks for."""
        data = self.data
        steps = data.steps * self.epochs if data and data.steps else None
        return Budget(data.rows if data else None, data.batch_size if data else gathering.BATCH, self.epochs, steps)

    def short(self) -> dict[str, Any]:
        """The arguments for one step of one epoch."""
        short = {**self.given, "epochs": self.first + 1, "verbose": 0, **self.single("steps_per_epoch")}
        if self.validation is None:
            return short
        batch = self.validation.batch()
        if self.validation.kind == "arrays":
            return {**short, "validation_data": tuple(part for part in batch.values() if part is not None)}
        return {**short, "validation_data": batch["x"], "validation_steps": 1}

    def single(self, steps: str) -> dict[str, Any]:
        """The arguments that make one batch of its data; `steps` is the name of the one that counts batches."""
        if self.data is None:
            return {steps: 1}
        return self.data.batch() if self.data.kind == "arrays" else {**self.data.batch(), steps: 1}

    def padded(self, history: Any) -> Any:
        """A history with a value for every epoch that is asked for."""
        values = getattr(history, "history", None)
        if not isinstance(values, dict):
            return history  # a model's own `fit`
        for name, numbers in values.items():
            values[name] = list(numbers[:1]) * self.epochs
        history.epoch = list(range(self.first, self.first + self.epochs))
        history.params = {**(history.params or {}), "epochs": self.first + self.epochs, "verbose": self.given.get("verbose", "auto")}
        if self.data and self.data.steps:
            history.params["steps"] = self.data.steps
        return history


def call(given: Mapping[str, Any]) -> Call:
    """Look into a call."""
    split = float(given.get("validation_split") or 0.0)
    least = math.ceil(2 / min(split, 1 - split)) if 0 < split < 1 else 0
    steps = given.get("steps_per_epoch") or given.get("steps")
    data, reason = _gathered(given.get("x"), given.get("y"), given.get("sample_weight"), given.get("batch_size"), steps, least)
    return Call(given, data, reason, _validation(given))


def _validation(given: Mapping[str, Any]) -> Data | None:
    validation = given.get("validation_data")
    if validation is None:
        return None
    x, y, weight = gathering.unpacked(validation) if isinstance(validation, (tuple, list)) else (validation, None, None)
    return _gathered(x, y, weight, None, given.get("validation_steps"))[0]


def _gathered(x: Any, y: Any, weight: Any, batch_size: Any, steps: Any, least: int = 0) -> tuple[Data | None, str]:
    try:
        return gathering.gather(x, y, weight, batch_size, steps, least), ""
    except UnreadableError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - what is wrong with the data, Keras tells the script when it reads them
        return None, f"{type(error).__name__}: {error}"[:LONGEST_REASON]
