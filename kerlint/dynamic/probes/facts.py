"""Single measurements of rules that none of the other probes has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerlint.dynamic.measurements import Fact
from kerlint.dynamic.probes.bench import Bench
from kerlint.dynamic.probes.clock import DeclinedError
from kerlint.dynamic.probes.course import accuracy
from kerlint.dynamic.probes.nesting import arrays, each
from kerlint.dynamic.probes.passes import cost, finite, number, tensor
from kerlint.dynamic.probes.structure import kind, leaves

MOST_UPDATES = 200


def fact(bench: Bench, code: str) -> Iterator[Fact]:
    """What a rule gets to know that asks for something of its own."""
    for name, value, about in MEASURES[code](bench):
        yield Fact(fit=bench.subject.fit, name=name, value=value, about=about)


Measured = Iterator[tuple[str, float | str | bool | None, str]]


def vocabulary(bench: Bench) -> Measured:
    """The numbers that each embedding has rows for."""
    return (("input_dim", float(layer.input_dim), str(layer.name)) for layer in leaves(bench.subject.model) if kind(layer) == "Embedding")


def thresholds(bench: Bench) -> Measured:
    """The accuracy of scores at 0.5 and at 0."""
    x, y, _ = bench.one
    predictions = bench.subject.model(each(x, tensor), training=False)
    yield "accuracy at 0.5", accuracy(predictions, y), ""
    yield "accuracy at 0", accuracy(predictions, y, 0.0), ""


def settled(fit: int, model: Any, learning: frozenset[int]) -> Iterator[Fact]:
    """Which weights the compiled step changes, by their ids, against those that are trainable now."""
    trainable = {id(weight) for weight in model.trainable_weights}
    yield Fact(fit=fit, name="weights that move", value=float(len(learning & trainable)))
    yield Fact(fit=fit, name="weights that are trainable", value=float(len(trainable)))
    yield Fact(fit=fit, name="weights that move and are not trainable", value=float(len(learning - trainable)))


def ways_round(bench: Bench) -> Measured:
    """The loss of one batch with labels and predictions both ways round."""
    x, y, _ = bench.one
    predictions = number(bench.subject.model(each(x, tensor), training=False))
    loss = bench.subject.compiled.get("loss")
    if not callable(loss):
        raise DeclinedError("the loss is no function")
    labels = np.asarray(next(arrays(y))[1]).astype("float32").reshape(predictions.shape)
    yield "loss", finite(number(loss(tensor(labels), tensor(predictions))).mean()), ""
    yield "loss the other way round", finite(number(loss(tensor(predictions), tensor(labels))).mean()), ""


def certain(bench: Bench) -> Measured:
    """The loss of labels 0 and 1 where the predictions are exactly the opposite."""
    loss = bench.subject.compiled.get("loss")
    if not callable(loss):
        raise DeclinedError("the loss is no function")
    labels = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")
    yield "loss of certain predictions", finite(number(loss(labels, 1 - labels)).mean()), ""


def clipped(bench: Bench) -> Measured:
    """The share of gradients of one batch that the limit of the optimizer cuts."""
    optimizer = bench.subject.model.optimizer
    for name in ("clipnorm", "global_clipnorm", "clipvalue"):
        limit = getattr(optimizer, name, None)
        if limit is None:
            continue
        sizes = [
            np.abs(slope).max() if name == "clipvalue" else np.linalg.norm(slope) for slope in bench.slopes.values() if slope is not None
        ]
        if name == "global_clipnorm":
            sizes = [np.linalg.norm(sizes)]
        yield "share clipped", float(np.mean([size > limit for size in sizes])), name


def moving_statistics(bench: Bench) -> Measured:
    """How far training and prediction are apart after the user's own updates (at most MOST_UPDATES)."""
    course, rows = bench.course, bench.rows()
    course.warm(rows)
    steps = course.afforded(min(bench.subject.budget.updates or MOST_UPDATES, MOST_UPDATES), 1, 0.5)
    batches = rows.batches(0)
    course.start(0)
    course.train(batches, course.rate, steps)
    x, y = (each(data, tensor) for data in batches[0][:2])
    model = bench.subject.model
    predicted, trained = (number(cost(model, x, y, model(x, training=training), None)) for training in (False, True))
    yield "loss in prediction", finite(predicted), ""
    yield "loss in training", finite(trained), ""
    yield "updates", float(steps), ""


def dropped(bench: Bench) -> Measured:
    """The share of outputs that are exactly 0 in training."""
    x = bench.one[0]
    given = next(arrays(bench.subject.model(each(x, tensor), training=True)))[1]
    yield "outputs of 0 in training", float((number(given) == 0).mean()), ""


def modes(bench: Bench) -> Measured:
    """How far the outputs in training are from those in prediction."""
    x = each(bench.one[0], tensor)
    one, other = (number(next(arrays(bench.subject.model(x, training=training)))[1]) for training in (True, False))
    yield "difference of the modes", finite(np.abs(one - other).max()), ""


MEASURES: dict[str, Callable[[Bench], Measured]] = {
    "KER212": vocabulary,
    "KER215": dropped,
    "KER312": thresholds,
    "KER316": certain,
    "KER318": ways_round,
    "KER413": clipped,
    "KER517": modes,
    "KER605": moving_statistics,
}
