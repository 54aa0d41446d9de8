"""What all probes of one fit share: the subject, the time, a batch, and the short trainings."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from kerlint.dynamic.measurements import Arm
from kerlint.dynamic.probes.baseline import UNKNOWN, Baseline, baseline
from kerlint.dynamic.probes.clock import Clock, DeclinedError
from kerlint.dynamic.probes.course import Course, Rows
from kerlint.dynamic.probes.nesting import each, length, taken
from kerlint.dynamic.probes.passes import tensor
from kerlint.dynamic.subject import Subject

STEPS = 40
"""Steps of an arm: the four epochs of some hundred rows after which the origin's examples differ."""
MOST_BUDGET = 400
"""Of a longer training only the first steps are taken, where the user's own count."""
PASS_SHARE = 0.2
"""The part of the time that one pass forward and backward may take."""
BACKWARD = 4
"""A pass forward and backward takes about so many passes forward."""
FEWEST_ROWS = 4


@dataclass
class Bench:
    """One fit with the time and the seeds for its probes; `asked` are the codes of rules that have something to ask."""

    subject: Subject
    clock: Clock
    seeds: int
    asked: frozenset[str]
    cost: Any = None
    """The loss of a batch before the first step, once it is known."""
    slopes: dict[int, Any] = field(default_factory=dict)
    """The gradient of every weight, by its id."""

    @cached_property
    def batch(self) -> int:
        """Rows of a batch: those of the fit, or fewer where a pass would take too long."""
        wanted = max(1, min(self.subject.budget.batch_size, length(self.subject.x)))
        few = min(wanted, FEWEST_ROWS)
        one, several = self._seconds(1), self._seconds(few)
        row = max(several - one, 0.0) / max(few - 1, 1)
        # A call has its own time, however few the rows are: a recurrent layer's steps, a first look at a large model.
        affordable = PASS_SHARE * self.clock.left() / BACKWARD - max(one - row, 0.0)
        if affordable < few * row:
            raise DeclinedError(f"{few} rows take {several:.1f} s, and {max(0.0, self.clock.left()):.0f} s are left for probes")
        return min(wanted, int(affordable / row)) if row else wanted

    def _seconds(self, rows: int) -> float:
        """The time of a second pass forward of so many rows."""
        some = each(taken(self.subject.x, slice(0, rows)), tensor)
        self.subject.model(some, training=False)
        began = time.monotonic()
        self.subject.model(some, training=False)
        return time.monotonic() - began

    @cached_property
    def one(self) -> tuple[Any, Any, Any]:
        """A batch of rows from everywhere, x, y and weights: the first rows may be all of one class, or the smallest."""
        subject = self.subject
        index = np.random.RandomState(0).permutation(length(subject.x))[: self.batch]
        x, y, weights = (taken(data, index) for data in (subject.x, subject.y, subject.sample_weight))
        return x, y, weights

    def rows(self, x: Any = None, y: Any = None) -> Rows:
        """What arms are run on; other inputs or targets in the place of the user's."""
        subject = self.subject
        return Rows(subject.x if x is None else x, subject.y if y is None else y, subject.sample_weight, self.batch)

    def every(self) -> Rows:
        """All rows that are at hand, unless rows have weights of their own."""
        subject = self.subject
        if subject.whole is None or subject.sample_weight is not None:
            return self.rows()
        return Rows(*subject.whole, None, self.batch)

    @cached_property
    def baseline(self) -> Baseline:
        """What losses are divided by."""
        return self.compared(self.subject.y)

    def compared(self, y: Any) -> Baseline:
        """What losses on some rows are compared with."""
        subject = self.subject
        weighted = subject.class_weight is not None or subject.sample_weight is not None
        return UNKNOWN if weighted else baseline(subject.compiled.get("loss"), y)

    def unit(self, arms: tuple[Arm, ...]) -> dict[str, Any]:
        """Scale and unit of the losses of arms."""
        first = next((value for value in arms[0].first if value), 1.0)
        return {"unit": self.baseline.unit, "scale": self.baseline.scale or abs(first)}

    @cached_property
    def course(self) -> Course:
        """The short trainings of this fit: their step is compiled once."""
        return Course(self.subject, self.clock, self.seeds)

    def permuted(self) -> Any:
        """The targets in an order of chance."""
        order = np.random.RandomState(1000).permutation(length(self.subject.y))
        return taken(self.subject.y, order)
