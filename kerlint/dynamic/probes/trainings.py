"""P5 to P8: short trainings that a verdict compares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np

from kerlint.dynamic.measurements import Gap, Overfitted, Rates, Shuffled
from kerlint.dynamic.probes.bench import MOST_BUDGET, STEPS, Bench
from kerlint.dynamic.probes.course import MOST_JUDGED, Change, Rows, judged, parted
from kerlint.dynamic.probes.nesting import arrays, length, taken

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
    constant = commonest(pairs[0][1].y)
    yield Shuffled(fit=bench.subject.fit, steps=steps, arms=arms, constant_accuracy=constant, **bench.unit(arms))


def gap(bench: Bench) -> Iterator[Gap]:
    """P7: trained on some rows, judged on those and on others. All rows count: of a part of them a gap is wider than of all."""
    subject, course = bench.subject, bench.course
    steps = min(subject.budget.updates or GAP_STEPS, GAP_STEPS)
    learned, held = parted(bench.every(), steps * bench.batch)
    learned = replace(learned, most=max(1, length(learned.x) // learned.batch))
    course.warm(learned)
    steps = course.afforded(steps, 1, 0.5)
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
        passes=steps * learned.batch / length(learned.x),
        constant_loss=bench.compared(taken(held.y, slice(0, MOST_JUDGED))).scale or None,
        constant_accuracy=commonest(taken(held.y, slice(0, MOST_JUDGED))),
    )


def _run(bench: Bench, learned: Rows, held: Rows, steps: int, seed: int) -> dict[str, float | None]:
    course, batches = bench.course, bench.course.prepared(learned.batches(seed))
    course.start(seed)
    measured = {"first": course.loss(batches[:1])}
    course.start(seed)
    course.train(batches, course.rate, steps)
    for name, rows in (("train", learned), ("held", held)):
        measured[f"{name}_loss"], measured[f"{name}_accuracy"] = judged(bench.subject.model, rows)
    return measured


def commonest(y: Any) -> float | None:
    """The share of the commonest class, which is what the best constant prediction gets right; None for what are no classes."""
    labels = [np.asarray(array) for _, array in arrays(y)]
    if len(labels) != 1 or not labels[0].size or (labels[0] != np.round(labels[0])).any():
        return None
    classes = labels[0].argmax(axis=-1) if labels[0].ndim > 1 and labels[0].shape[-1] > 1 else labels[0]
    return float(np.unique(classes, return_counts=True)[1].max() / classes.size)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
