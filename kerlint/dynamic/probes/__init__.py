"""What is measured of a model on the point of being trained."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
import numpy as np

from kerlint.dynamic.measurements import Declined, Failed, Probed, Trained
from kerlint.dynamic.probes.bench import Bench
from kerlint.dynamic.probes.clock import Clock, DeclinedError
from kerlint.dynamic.probes.course import Course
from kerlint.dynamic.probes.facts import MEASURES, fact
from kerlint.dynamic.probes.keeping import kept, restore, values
from kerlint.dynamic.probes.nesting import length, taken
from kerlint.dynamic.probes.passes import backward, forward, gradients, told
from kerlint.dynamic.probes.statistics import statistics
from kerlint.dynamic.probes.trainings import gap, overfitted, rates, shuffled
from kerlint.dynamic.probes.variations import MODELS, STANDARDIZING, drawn_anew, inputs_changed, model_changed, targets_changed
from kerlint.dynamic.subject import Subject

LEAST_SECONDS = 0.2
"""With less time left no other probe is begun."""
SOON = 0.5
"""Seconds that a training may take to be done as a whole."""


def described(bench: Bench) -> Iterator[Probed]:
    """P1."""
    yield statistics(bench.subject)


def passed(bench: Bench) -> Iterator[Probed]:
    """P2, P3 and P4: one batch forward and backward. A step that raises is told, after what the pass forward has shown."""
    subject = bench.subject
    x, y, weights = bench.one
    one = forward(subject.model, x)
    try:
        bench.cost, bench.slopes = backward(subject, x, y, weights)
        yield gradients(subject, one.layers, bench.slopes)
    except Exception as error:  # noqa: BLE001 - whatever the user's model raises is what the first step of the training would raise
        yield Failed(fit=subject.fit, exception=type(error).__name__, message=first_line(error))
    yield from told(subject, one, bench.cost, bench.baseline)


Probe = tuple[str, frozenset[str] | None, Callable[[Bench], Iterator[Probed]]]
"""Its name, the codes of rules that it is run for (None: it is cheap, and always run), what it does."""

PROBES: tuple[Probe, ...] = (
    ("P1", None, described),
    ("P2", None, passed),
    *((f"fact {code}", frozenset({code}), partial(fact, code=code)) for code in MEASURES),
    ("P6", frozenset({"KER401", "KER402", "KER403", "KER406"}), rates),
    ("P9 standardized", frozenset(STANDARDIZING), inputs_changed),
    ("P9 KER103", frozenset({"KER103"}), targets_changed),
    ("P9 KER206", frozenset({"KER206"}), drawn_anew),
    *((f"P9 {code}", frozenset({code}), partial(model_changed, code=code)) for code in MODELS),
    ("P8", frozenset({"KER112"}), shuffled),
    ("P5", frozenset({"KER206", "KER513"}), overfitted),
    ("P7", frozenset({"KER114", "KER502", "KER601"}), gap),
)


def run(subject: Subject, budget_seconds: float, seeds: int, asked: frozenset[str] = frozenset()) -> Generator[Probed]:
    """Measure what can be measured in a time, the cheapest first; `asked` are the codes of rules that have something to ask.

    Afterwards the model is as it was, or as its own training leaves it, if that is done within SOON. What the user's model raises in a
    probe is told as `Declined`.
    """
    bench = Bench(spread(subject), Clock.of(budget_seconds), seeds, asked)
    left: list[tuple[Any, Any]] = []  # by its own training
    with kept(subject.model):
        for name, codes, probe in PROBES:
            if codes is None or codes & asked:
                yield from _tried(name, probe, bench)
        if subject.goes_on:
            left = trained(bench)
    if left:
        restore(left)
        yield Trained(fit=subject.fit, steps=subject.budget.updates or 0)


def trained(bench: Bench) -> list[tuple[Any, Any]]:
    """The weights that the training itself would leave, if it is done within SOON; else none.

    What the script does with the model afterwards, a second training for instance, begins with them. Only where a step is compiled anyway.
    """
    updates, course = bench.subject.budget.updates, vars(bench).get("course")
    if updates is None or not isinstance(course, Course) or not course.seconds or updates * course.seconds > min(SOON, bench.clock.left()):
        return []
    try:
        course.own(bench.every(), updates)
    except Exception:  # noqa: BLE001 - what it raises here, it raises in the fit that follows
        return []
    return values(bench.subject.model)


def spread(subject: Subject) -> Subject:
    """The same with as many rows from everywhere in the place of the first ones, where all are at hand: data may be sorted."""
    count = length(subject.x)
    if subject.whole is None or subject.sample_weight is not None or length(subject.whole[0]) <= count:
        return subject
    index = np.sort(np.random.RandomState(0).choice(length(subject.whole[0]), count, replace=False))
    x, y = (taken(data, index) for data in subject.whole)
    return replace(subject, x=x, y=y)


def _tried(name: str, probe: Callable[[Bench], Iterator[Probed]], bench: Bench) -> Iterator[Probed]:
    if bench.clock.left() < LEAST_SECONDS:
        yield Declined(fit=bench.subject.fit, probe=name, reason="no time was left for it")
        return
    began = time.monotonic()
    try:
        for event in probe(bench):
            yield msgspec.structs.replace(event, seconds=time.monotonic() - began)
    except DeclinedError as error:
        yield Declined(fit=bench.subject.fit, probe=name, reason=str(error))
    except Exception as error:  # noqa: BLE001 - one probe must not stop the others; the reason is told
        yield Declined(fit=bench.subject.fit, probe=name, reason=f"{type(error).__name__}: {first_line(error)}")


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "")[:300]
