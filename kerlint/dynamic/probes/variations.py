"""P9: what rules suggest, made on the model for a while: the same steps as it is written and with the change."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from statistics import median
from typing import Any

from kerlint.dynamic.measurements import Counterfactual
from kerlint.dynamic.probes.baseline import loss_name
from kerlint.dynamic.probes.bench import MOST_BUDGET, STEPS, Bench
from kerlint.dynamic.probes.clock import DeclinedError
from kerlint.dynamic.probes.course import Change, Rows, parted
from kerlint.dynamic.probes.keeping import changed
from kerlint.dynamic.probes.passes import number
from kerlint.dynamic.probes.statistics import standardized
from kerlint.dynamic.probes.structure import activation, kernels, kind, leaves

USUAL_DROPOUT = 0.5
"""The greatest rate that KER602's hint suggests."""
HALF, FIRST, THEN = 0.5, 0.4, 0.9
"""The part of the time that is left that arms may take: both at once, or first one and then the other, which has to be compiled."""
BINARY = ("binary_crossentropy",)
CATEGORICAL = ("categorical_crossentropy", "sparse_categorical_crossentropy")

REGRESSION = ("loss/var(y)", "loss/mad(y)")
LEARNED, TENFOLD, TWICE = 0.1, 10, 2
"""Below that share of the best constant's loss a model has learned; one arm that ends so many times lower than the other decides. More
steps would change nothing of what pages ask for."""
STANDARDIZING = ("KER101", "KER102")

Changes = tuple[tuple[Any, str, Any], ...]
"""Attributes of layers: layer, name, value."""


def inputs_changed(bench: Bench) -> Iterator[Counterfactual]:
    """Standardized inputs; where few steps decide nothing, more of the user's own."""
    codes = tuple(code for code in STANDARDIZING if code in bench.asked)
    other, updates = standardized(bench.subject.x), bench.subject.budget.updates or 0
    undecided = False
    for event in data_changed(bench, codes, "standardized inputs", x=other):
        yield event
        undecided = not decided(event, TENFOLD)
    if undecided and updates > STEPS:
        yield from data_changed(bench, codes, "standardized inputs", min(updates, MOST_BUDGET), x=other)


def decided(event: Counterfactual, factor: float) -> bool:
    """Whether one arm is below the other by a factor, or both have learned."""
    first, second = (median(math.inf if value is None else value / event.scale for value in (arm.held or arm.last)) for arm in event.arms)
    return max(first, second) < LEARNED or min(first, second) * factor <= max(first, second)


def data_changed(bench: Bench, codes: Iterable[str], name: str, most: int = STEPS, **other: Any) -> Iterator[Counterfactual]:
    """The same model on other rows."""
    course = bench.course
    pairs = [held_out(bench.rows()), held_out(bench.rows(**other))] if "x" in other else [(bench.rows(),), (bench.rows(**other),)]
    changes = [Change(change, course.rate, *pair) for change, pair in zip(("", name), pairs, strict=True)]
    steps, arms = course.arms(changes, most, HALF)
    for code in codes:
        yield Counterfactual(fit=bench.subject.fit, rule=code, steps=steps, arms=arms, **bench.unit(arms))


def held_out(rows: Rows) -> tuple[Rows, ...]:
    """Rows to learn and rows to hold out, or all of them where they are few."""
    try:
        return parted(rows)
    except DeclinedError:
        return (rows,)


def targets_changed(bench: Bench) -> Iterator[Counterfactual]:
    """Standardized targets: the losses of that arm are brought to the scale of the others."""
    if bench.baseline.unit not in REGRESSION:
        raise DeclinedError("the loss is none of numbers")
    for event in data_changed(bench, ("KER103",), "standardized targets", y=standardized(bench.subject.y)):
        as_is, other = event.arms
        scaled = type(other)(
            other.change,
            tuple(None if value is None else value * event.scale for value in other.first),
            tuple(None if value is None else value * event.scale for value in other.last),
            other.rate,
        )
        yield Counterfactual(fit=event.fit, rule=event.rule, steps=event.steps, arms=(as_is, scaled), unit=event.unit, scale=event.scale)


def model_changed(bench: Bench, code: str) -> Iterator[Counterfactual]:
    """The same rows with another model: layers that have other attributes."""
    name, find = MODELS[code]
    changes = find(bench)
    if not changes:
        raise DeclinedError(f"no layer of the model can be given {name}")
    yield (event := _against(bench, code, name, changes, STEPS))
    updates = bench.subject.budget.updates or 0
    if updates > STEPS and not decided(event, TWICE):
        yield _against(bench, code, name, changes, min(updates, MOST_BUDGET))


def _against(bench: Bench, code: str, name: str, changes: Changes, most: int) -> Counterfactual:
    course, rows = bench.course, bench.rows()
    steps, (as_is,) = course.arms([Change("", course.rate, rows)], most, FIRST)
    with changed(*changes), course.compiled_anew():
        taken, (other,) = course.arms([Change(name, course.rate, rows)], steps, THEN)
    if taken != steps:
        raise DeclinedError(f"{steps} steps with {name} do not fit into the time")
    layers = ", ".join(dict.fromkeys(str(layer.name) for layer, _, _ in changes))
    return Counterfactual(fit=bench.subject.fit, rule=code, layer=layers, steps=steps, arms=(as_is, other), **bench.unit((as_is,)))


def drawn_anew(bench: Bench) -> Iterator[Counterfactual]:
    """KER206: the kernels that start with equal weights from the initializer of Keras."""
    model, course = bench.subject.model, bench.course
    equal = [layer for layer in leaves(model) if kernels(layer) and float(number(kernels(layer)[0]).std()) == 0]
    if not equal:
        raise DeclinedError("no layer starts with equal weights")
    steps, (as_is,) = course.arms([Change("", course.rate, bench.rows())], STEPS, HALF)
    with course.drawn(bench.subject.keras.initializers.GlorotUniform(), equal):
        _, (other,) = course.arms([Change("glorot_uniform", course.rate, bench.rows())], steps, HALF)
    layers = ", ".join(str(layer.name) for layer in equal)
    yield Counterfactual(fit=bench.subject.fit, rule="KER206", layer=layers, steps=steps, arms=(as_is, other), **bench.unit((as_is,)))


def activated(which: Callable[[list[Any]], list[Any]], name: str) -> Callable[[Bench], Changes]:
    """Layers with an activation of that name."""

    def changes(bench: Bench) -> Changes:
        function = bench.subject.keras.activations.get(name)
        return tuple((layer, "activation", function) for layer in which(leaves(bench.subject.model)))

    return changes


def hidden(*activations: str) -> Callable[[list[Any]], list[Any]]:
    """The layers with such an activation that are followed by one with a kernel; recurrent layers keep theirs."""

    def which(layers: list[Any]) -> list[Any]:
        last = max((at for at, layer in enumerate(layers) if kernels(layer)), default=0)
        return [
            layer
            for layer in layers[:last]
            if activation(layer) in activations and hasattr(layer, "activation") and not hasattr(layer, "return_sequences")
        ]

    return which


def linear(layers: list[Any]) -> list[Any]:
    """The layers with a kernel and no activation that the next layer with a kernel reads with nothing bent in between."""
    weighted = [at for at, layer in enumerate(layers) if kernels(layer) and hasattr(layer, "activation")]
    pairs = pairwise(weighted)
    return [layers[at] for at, then in pairs if activation(layers[at]) == "linear" and not any(map(bends, layers[at + 1 : then]))]


def bends(layer: Any) -> bool:
    """Whether a layer without a kernel is an activation or a pooling by the maximum."""
    return activation(layer) not in ("", "linear") or "Max" in kind(layer) or "ReLU" in kind(layer) or kind(layer) == "Activation"


def head(layers: list[Any]) -> list[Any]:
    """The last layer that can have an activation."""
    return [layer for layer in layers if hasattr(layer, "activation")][-1:]


def head_for_loss(bench: Bench) -> Changes:
    """The activation that the loss expects, at the head."""
    name = loss_name(bench.subject.compiled.get("loss"))
    wanted = "sigmoid" if name in BINARY else "softmax" if name in CATEGORICAL else ""
    return activated(head, wanted)(bench) if wanted else ()


def less_dropout(bench: Bench) -> Changes:
    """The usual rate in place of a higher one."""
    dropping = [layer for layer in leaves(bench.subject.model) if "Dropout" in kind(layer) and float(layer.rate) > USUAL_DROPOUT]
    return tuple((layer, "rate", USUAL_DROPOUT) for layer in dropping)


MODELS: dict[str, tuple[str, Callable[[Bench], Changes]]] = {
    "KER201": ("relu", activated(hidden("sigmoid", "hard_sigmoid"), "relu")),
    "KER202": ("relu", activated(linear, "relu")),
    "KER203": ("relu", activated(linear, "relu")),
    "KER204": ("relu", activated(hidden("softmax"), "relu")),
    "KER303": ("softmax", activated(head, "softmax")),
    "KER305": ("the activation that the loss expects", head_for_loss),
    "KER307": ("the activation that the loss expects", head_for_loss),
    "KER308": ("no activation", activated(head, "linear")),
    "KER602": ("a rate of 0.5", less_dropout),
}
"""By rule: what is changed, in words and at the model."""
