"""Short trainings of one model that can be compared: the same weights, the same batches, one compiled step."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np

from kerlint.dynamic.measurements import Arm
from kerlint.dynamic.probes.clock import Clock, DeclinedError
from kerlint.dynamic.probes.keeping import FUNCTIONS, restore, values
from kerlint.dynamic.probes.nesting import arrays, each, length, taken
from kerlint.dynamic.probes.passes import cost, finite, number, tensor
from kerlint.dynamic.probes.structure import backend, kernels, leaves, named
from kerlint.dynamic.subject import Subject

LEAST_STEPS = 10
"""Fewer steps tell nothing of a course."""
STANDING = 1e-12
"""A rate at which nothing moves: the loss of a batch is then measured as training sees it, by the step that is compiled anyway."""
COMPILING = 0.02
"""Seconds that compiling takes for each layer on a slow machine (0.45 s for 5 layers at least, 12 s for the 177 of a ResNet50)."""
SAME = 1.5
"""A kernel is fresh when its spread is within this factor of a new draw's; learned weights stay as they are for every seed."""
FEWEST_TO_TELL = 64
TIMED = 3
"""Steps of which the fastest counts: others may have been held up by something else."""
HELD_OUT = 0.3
FEWEST_HELD = 5
MOST_JUDGED = 256
"""Rows of each kind that a model is judged on."""


Batch = tuple[Any, Any, Any]
"""x, y and sample weights."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What arms are run on: x, y, sample weights, cut into batches of one size."""

    x: Any
    y: Any
    weights: Any
    batch: int
    most: int = 4

    @property
    def count(self) -> int:
        """The number of whole batches."""
        return max(1, min(self.most, length(self.x) // self.batch))

    def batches(self, seed: int) -> list[Batch]:
        """The batches in an order of the seed's own."""
        order = np.random.RandomState(seed).permutation(length(self.x))
        parts = [order[part * self.batch : (part + 1) * self.batch] for part in range(self.count)]
        return [(taken(self.x, part), taken(self.y, part), taken(self.weights, part)) for part in parts]


@dataclass(frozen=True, slots=True)
class Change:
    """What one arm does differently: a rate, or other rows. `held` are rows that it does not learn, and is judged on as well."""

    name: str
    rate: float
    rows: Rows
    held: Rows | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The loss before and after some steps, the greatest size of the first one relative to a kernel, the loss of rows held out."""

    first: float | None
    last: float | None
    ratio: float | None
    held: float | None
    held_accuracy: float | None = None
    peak: float | None = None


class Course:
    """One compiled training step of a model with an optimizer of its own kind, made anew. To be used within `kept(model)`."""

    def __init__(self, subject: Subject, clock: Clock, seeds: int) -> None:
        model = subject.model
        estimate = COMPILING * len(leaves(model))
        if estimate > clock.left() / 2:
            raise DeclinedError(
                f"compiling a step of {len(leaves(model))} layers takes about {estimate:.0f} s, and {clock.left():.0f} s are left"
            )
        self.model, self.clock, self.seeds = model, clock, seeds
        self.learned = subject.carried
        """Its weights are those that a training has left, which no seed draws anew."""
        self.class_weight = subject.class_weight
        self.rate = rate_of(model.optimizer, subject.budget.updates)
        model.optimizer = fresh(model.optimizer, self.rate)
        model.run_eagerly = False
        model.train_function = None
        if callable(getattr(model.optimizer, "build", None)):
            model.optimizer.build(model.trainable_variables)
        self.weights, self.slots = values(model), values(model.optimizer)
        self.starts: dict[int, list[tuple[Any, Any]]] = {}
        self.firsts: list[tuple[Rows, int, float | None]] = []
        """The losses before the first step that are known, by rows and seed."""
        plain = type(model).train_on_batch is subject.keras.Model.train_on_batch and subject.class_weight is None
        self.direct = plain and backend() == "tensorflow" and str(subject.keras.__version__).startswith("3.")
        """Whether the compiled step is called past `train_on_batch`, which takes as long again."""
        self.drawing: Any = None
        """The initializer that replaces those of layers in `anew`, while they are tried."""
        self.anew: frozenset[int] = frozenset()
        self.seconds = 0.0

    def arms(self, changes: list[Change], steps: int, part: float) -> tuple[int, tuple[Arm, ...]]:
        """The same steps for every change, from the same weights for each seed; how many steps a part of the time was enough for."""
        self.warm(changes[0].rows)
        steps = self.afforded(steps * len(changes), 2 * changes[0].rows.count * len(changes), part) // len(changes)
        return steps, tuple(self.arm(change, steps) for change in changes)

    def arm(self, change: Change, steps: int) -> Arm:
        """One arm, with every seed."""
        runs = [self.run(change, steps, seed) for seed in range(self.seeds)]
        ratios = [run.ratio for run in runs if run.ratio is not None]
        return Arm(
            change.name,
            tuple(run.first for run in runs),
            tuple(run.last for run in runs),
            rate=change.rate,
            update_ratio=median(ratios) if ratios else None,
            peak=tuple(run.peak for run in runs),
            held=tuple(run.held for run in runs) if change.held else (),
            held_accuracy=tuple(run.held_accuracy for run in runs) if change.held else (),
        )

    def run(self, change: Change, steps: int, seed: int) -> Run:
        """So many steps from the weights of a seed."""
        batches = self.prepared(change.rows.batches(seed))
        first = self.first(change.rows, batches, seed)
        self.start(seed)
        ratio, peak = self.train(batches, change.rate, steps)
        if not self.living():
            return Run(first, None, ratio, None)
        held, right = judged(self.model, change.held) if change.held else (None, None)
        return Run(first, self.loss(batches), ratio, held, right, peak)

    def first(self, rows: Rows, batches: list[Batch], seed: int) -> float | None:
        """The loss before the first step, which is the same for every arm on these rows."""
        for known, one, loss in self.firsts:
            if known is rows and one == seed:
                return loss
        self.start(seed)
        self.firsts.append((rows, seed, self.loss(batches)))
        return self.firsts[-1][2]

    def prepared(self, batches: list[Batch]) -> list[Batch]:
        """Batches in the form that a step takes with least ado."""
        if not self.direct:
            return batches
        import tensorflow as tf

        x, y, weights = (slice(part, None, 3) for part in range(3))
        parts = [each(part, tf.constant) for batch in batches for part in batch]
        return list(zip(parts[x], parts[y], parts[weights], strict=True))

    def train(self, batches: list[Batch], rate: float, steps: int) -> tuple[float | None, float | None]:
        """Take the steps; the size of the first one relative to the kernel that it changes most, and the greatest loss on the way."""
        self.model.optimizer.learning_rate = rate
        before = self.kernels()
        ratio, peak = None, -math.inf
        for step in range(steps):
            loss = self.step(batches[step % len(batches)])
            if step == 0:
                ratio = moved(before, self.kernels())
            if not math.isfinite(loss):
                return ratio, None
            peak = max(peak, loss)
        return ratio, finite(peak)

    def own(self, rows: Rows, updates: int) -> None:
        """The training that the script asks for, from the weights that the model has."""
        restore(self.weights)
        restore(self.slots)
        most = max(1, min(updates, length(rows.x) // rows.batch))
        self.train(self.prepared(replace(rows, most=most).batches(0)), self.rate, updates)

    def loss(self, batches: list[Batch]) -> float | None:
        """The mean loss of the batches, with nothing moving."""
        self.model.optimizer.learning_rate = STANDING
        mean = float(np.mean([self.step(batch) for batch in batches]))
        return mean if math.isfinite(mean) else None

    def step(self, batch: Batch) -> float:
        """One step; the loss that the batch had before it."""
        x, y, weights = batch
        if self.direct and self.model.train_function is not None:
            self.model.reset_metrics()
            return self.told(self.model.train_function(part for part in (batch,)))
        given = {"sample_weight": weights} if self.class_weight is None else {"class_weight": self.class_weight}
        return self.told(self.model.train_on_batch(x, y, return_dict=True, **given))

    def told(self, logs: Any) -> float:
        """The loss among what a step tells."""
        if "loss" not in logs:
            raise DeclinedError("the steps of this model tell no loss")
        return float(number(logs["loss"]))

    def start(self, seed: int) -> None:
        """Weights of the seed's own, and the optimizer as it begins."""
        if seed not in self.starts:
            restore(self.weights)
            drawn = {id(weight): draw for weight, draw in redrawn(self.model, seed, self.anew, self.drawing, self.learned)}
            self.starts[seed] = [(weight, drawn.get(id(weight), content)) for weight, content in self.weights]
        restore(self.starts[seed])
        restore(self.slots)

    def warm(self, rows: Rows) -> None:
        """Compile the step, if it is not compiled for such batches yet, and time it."""
        (batch,) = self.prepared(rows.batches(0)[:1])
        self.model.optimizer.learning_rate = STANDING
        self.step(batch)
        self.seconds = min(self.timed(batch) for _ in range(TIMED))
        known = {id(variable) for variable, _ in self.slots}
        made = [(variable, np.zeros_like(content)) for variable, content in values(self.model.optimizer) if id(variable) not in known]
        self.slots += made  # what an optimizer makes only at its first step begins at 0

    def timed(self, batch: Batch) -> float:
        """The seconds of one step."""
        began = time.monotonic()
        self.step(batch)
        return time.monotonic() - began

    def afforded(self, steps: int, more: int, part: float) -> int:
        """As many steps with every seed as there is time for, when so many more are needed to measure them."""
        most = int(part * self.clock.left() / (self.seconds * self.seeds)) - more
        least = min(steps, LEAST_STEPS)
        if most < least:
            total, left = self.seeds * (least + more), part * self.clock.left()
            raise DeclinedError(
                f"a step takes {self.seconds:.2g} s, and {total} of them do not fit into the {left:.0f} s that are left for them"
            )
        return min(steps, most)

    @contextmanager
    def compiled_anew(self) -> Iterator[None]:
        """For a model that is changed for a while: its steps are compiled for what it is now, and the others kept."""
        model = self.model
        functions = {name: getattr(model, name, None) for name in FUNCTIONS}
        firsts, self.firsts = self.firsts, []
        try:
            for name in FUNCTIONS:
                setattr(model, name, None)
            yield
        finally:
            self.firsts = firsts
            for name, function in functions.items():
                setattr(model, name, function)

    @contextmanager
    def drawn(self, initializer: Any, layers: list[Any]) -> Iterator[None]:
        """Kernels of some layers come from another initializer for a while."""
        starts, firsts = self.starts, self.firsts
        self.starts, self.firsts, self.drawing, self.anew = {}, [], initializer, frozenset(map(id, layers))
        try:
            yield
        finally:
            self.starts, self.firsts, self.drawing, self.anew = starts, firsts, None, frozenset()

    def living(self) -> bool:
        """Whether every weight is finite."""
        return all(np.isfinite(values).all() for values in self.kernels())

    def kernels(self) -> list[Any]:
        """A copy of every kernel."""
        return [number(weight).copy() for layer in leaves(self.model) for weight in kernels(layer)]


def judged(model: Any, rows: Rows) -> tuple[float | None, float | None]:
    """The loss of some rows in prediction, and the accuracy."""
    x, y = (each(taken(data, slice(0, MOST_JUDGED)), tensor) for data in (rows.x, rows.y))
    predictions = model(x, training=False)
    return finite(number(cost(model, x, y, predictions, None))), accuracy(predictions, y)


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


def parted(rows: Rows, most: int | None = None) -> tuple[Rows, Rows]:
    """Rows to learn from and rows to hold out, none in both; of the first at most so many."""
    count = length(rows.x)
    order = np.random.RandomState(7).permutation(count)
    cut = max(1, int(count * (1 - HELD_OUT)))
    learned, held = order[: min(cut, most or cut)], order[cut:][: most or count]
    if len(held) < FEWEST_HELD:
        raise DeclinedError(f"{count} rows are too few to hold some out")
    assert not set(learned.tolist()) & set(held.tolist())
    parts = (tuple(taken(data, index) for data in (rows.x, rows.y, rows.weights)) for index in (learned, held))
    one, other = (Rows(x, y, weights, min(rows.batch, len(learned)), rows.most) for x, y, weights in parts)
    return one, other


def moved(before: list[Any], after: list[Any]) -> float | None:
    """The greatest size of a change relative to what was changed."""
    sizes = [(np.linalg.norm(old), np.linalg.norm(new - old)) for old, new in zip(before, after, strict=True)]
    ratios = [float(change / size) for size, change in sizes if size > 0 and np.isfinite(change)]
    return max(ratios, default=None)


def rate_of(optimizer: Any, updates: int | None) -> float:
    """The learning rate as it is written; of a schedule the greatest in the steps that are asked for."""
    if optimizer is None:
        raise DeclinedError("the model has no optimizer of its own")
    rate = getattr(optimizer, "_learning_rate", None)
    schedule = rate if callable(rate) and callable(getattr(rate, "get_config", None)) else None
    if schedule is None:
        return float(number(optimizer.learning_rate))
    most = updates or 1000
    return max(float(number(schedule(step))) for step in {0, most // 10, most // 2, most - 1})


def fresh(optimizer: Any, rate: float) -> Any:
    """An optimizer of the same kind and settings at a fixed rate, with no state."""
    config = optimizer.get_config()
    if isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = rate
    return type(optimizer).from_config(config)


def redrawn(
    model: Any, seed: int, anew: frozenset[int] = frozenset(), initializer: Any = None, learned: bool = False
) -> Iterator[tuple[Any, Any]]:
    """New values for every kernel that is as its initializer left it, and from another initializer for those of layers in `anew`."""
    for place, layer in enumerate(model._flatten_layers(include_self=False, recursive=True)):
        for weight in kernels(layer):
            other = id(layer) in anew
            draw = _draw(initializer if other else _initializer(layer, weight), place, weight, seed)
            if draw is not None and (other or not learned and _as_fresh(number(weight), draw)):
                yield weight, draw


def _initializer(layer: Any, weight: Any) -> Any:
    name = named(weight)
    return getattr(layer, f"{name}_initializer", None) or getattr(layer, f"{name.removesuffix('_kernel')}_initializer", None)


def _draw(made: Any, place: int, weight: Any, seed: int) -> Any:
    if not callable(getattr(made, "get_config", None)):
        return None
    config = made.get_config()
    if "seed" not in config:
        return None
    mixed = int.from_bytes(f"{weight.shape}{place}".encode(), "big") % 99991  # no name, which counts the models of the run
    return number(type(made).from_config({**config, "seed": 100003 * seed + mixed})(tuple(weight.shape)))


def _as_fresh(weight: Any, draw: Any) -> bool:
    if weight.size < FEWEST_TO_TELL:
        return True
    one, other = float(weight.std()), float(draw.std())
    return other > 0 and 1 / SAME < one / other < SAME
