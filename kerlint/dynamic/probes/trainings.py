"""P5 to P8: short trainings that a verdict compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from kerlint.dynamic.measurements import Gap, Overfitted, Rates, Shuffled
from kerlint.dynamic.probes.bench import STEPS, Bench
from kerlint.dynamic.probes.course import MOST_JUDGED, Change, Rows, judged, parted
from kerlint.dynamic.probes.nesting import arrays, length, taken
from kerlint.dynamic.probes.passes import number

MOST_BUDGET = 400
"""Of a longer training only the first steps are taken."""
GAP_STEPS = 200
USUAL_RATES = {"SGD": 0.01, "RMSprop": 0.001, "Adagrad": 0.001}
FAST = 10
"""Times the usual rate: what can be learned of labels at all is learned in 80 steps."""
LOWER = frozenset({"KER401"})
HIGHER = frozenset({"KER402", "KER406"})
BUDGET = frozenset({"KER403"})
"""The rules that ask for lower rates, higher ones, and for the user's own number of steps."""


def rates(bench: Bench) -> Iterator[Rates]:
    """P6: the rate as it is written, a tenth and a hundredth of it, or ten times and a hundred times it over the user's own steps."""
    updates, rate = bench.subject.budget.updates, bench.course.rate
    if bench.asked & LOWER:
        yield _rates(bench, (rate, rate / 10, rate / 100), STEPS, False)
    if bench.asked & HIGHER:
        yield _rates(bench, (rate, rate * 10, usual_rate(bench)), STEPS, False)
    if bench.asked & BUDGET and updates:
        yield _rates(bench, (rate, rate * 10, FAST * usual_rate(bench)), min(updates, MOST_BUDGET), True)


def usual_rate(bench: Bench) -> float:
    """The rate that optimizers of this kind are used with."""
    return USUAL_RATES.get(type(bench.subject.model.optimizer).__name__, 0.001)


def _rates(bench: Bench, at: tuple[float, ...], steps: int, budget: bool) -> Rates:
    rows: tuple[Rows, ...] = parted(bench.rows()) if budget else (bench.rows(),)
    changes = [Change("" if rate == at[0] else f"learning_rate={rate:.2g}", rate, *rows) for rate in dict.fromkeys(at)]
    taken, arms = bench.course.arms(changes, steps, 0.5)
    whole = budget and taken == bench.subject.budget.updates
    return Rates(fit=bench.subject.fit, steps=taken, arms=arms, budget=whole, **bench.unit(arms))


def overfitted(bench: Bench) -> Iterator[Overfitted]:
    """P5: one batch, again and again."""
    steps, arms = bench.course.arms([Change("", bench.course.rate, replace(bench.rows(), most=1))], STEPS, 0.3)
    yield Overfitted(fit=bench.subject.fit, steps=steps, arms=arms, **bench.unit(arms))


def shuffled(bench: Bench) -> Iterator[Shuffled]:
    """P8: labels as they are and in an order of chance, at a rate at which something is learned in so few steps."""
    rate = FAST * usual_rate(bench)
    pairs = parted(bench.rows()), parted(bench.rows(y=bench.permuted()))
    changes = [Change(name, rate, *pair) for name, pair in zip(("", "permuted labels"), pairs, strict=True)]
    steps, arms = bench.course.arms(changes, 2 * STEPS, 0.5)
    yield Shuffled(fit=bench.subject.fit, steps=steps, arms=arms, **bench.unit(arms))


def gap(bench: Bench) -> Iterator[Gap]:
    """P7: trained on some rows, judged on those and on others."""
    subject, course = bench.subject, bench.course
    learned, held = parted(bench.rows())
    learned = replace(learned, most=length(learned.x) // learned.batch)
    course.warm(learned)
    steps = course.afforded(min(subject.budget.updates or GAP_STEPS, GAP_STEPS), 1, 0.5)
    runs = [_run(bench, learned, held, steps, seed) for seed in range(bench.seeds)]
    train, other = ({name: _median(run[f"{part}_{name}"] for run in runs) for name in ("loss", "accuracy")} for part in ("train", "held"))
    first = _median(run["first"] for run in runs)
    yield Gap(
        fit=subject.fit,
        steps=steps,
        rows=length(learned.x),
        held_out=length(held.x),
        unit=bench.baseline.unit,
        scale=bench.baseline.scale or abs(first or 1.0),
        train_loss=train["loss"],
        held_loss=other["loss"],
        train_accuracy=train["accuracy"],
        held_accuracy=other["accuracy"],
    )


def _run(bench: Bench, learned: Rows, held: Rows, steps: int, seed: int) -> dict[str, float | None]:
    course, batches = bench.course, learned.batches(seed)
    course.start(seed)
    measured = {"first": course.loss(batches[:1])}
    course.start(seed)
    course.train(batches, course.rate, steps)
    for name, rows in (("train", learned), ("held", held)):
        loss, predictions = judged(bench.subject.model, rows)
        measured |= {f"{name}_loss": loss, f"{name}_accuracy": accuracy(predictions, taken(rows.y, slice(0, MOST_JUDGED)))}
    return measured


def accuracy(predictions: Any, y: Any, threshold: float = 0.5) -> float | None:
    """The share of rows whose class is predicted, for one output of classes; None for what is no classification."""
    given, labels = ([number(array) for _, array in arrays(data)] for data in (predictions, y))
    if len(given) != 1 or len(labels) != 1 or (labels[0] != np.round(labels[0])).any():
        return None
    guess, truth = given[0], labels[0]
    if guess.ndim < 2 or guess.shape[-1] == 1:
        both = {0.0, 1.0}.issuperset(np.unique(truth).tolist())
        return float(((guess.reshape(-1) > threshold) == (truth.reshape(-1) > 0.5)).mean()) if both else None
    if truth.shape == guess.shape:
        truth = truth.argmax(axis=-1)
    return float((guess.argmax(axis=-1).reshape(-1) == truth.reshape(-1)).mean()) if guess[..., 0].size == truth.size else None


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
