"""Findings that only a run can make: the same codes, with the numbers that show them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerlint.dynamic.exercise import Exercise
from kerlint.dynamic.measurements import Activations, Array, FirstLoss, Gradients, LayerActivation, Statistics
from kerlint.dynamic.protocol import Place
from kerlint.dynamic.verdicts.case import Case, NotMeasuredError, confirmed, short
from kerlint.dynamic.verdicts.data import balance_of, first_received, gaps
from kerlint.finding import Evidence
from kerlint.rule import Rule

RELU = ("relu", "relu6")
BOUNDED = ("sigmoid", "hard_sigmoid", "tanh")


@dataclass(frozen=True)
class Noticed:
    """A finding that only a run can make: the rule, what fills the template of its message, where it stands, and the numbers."""

    code: str
    variant: str
    place: Place
    evidence: Evidence
    facts: Mapping[str, Any] = field(default_factory=dict)


Told = tuple[str, str, Mapping[str, Any]]
"""The variant of a message, the detail of the evidence and what fills the template."""


def noticed(exercise: Exercise, rules: Mapping[str, Rule]) -> Iterator[Noticed]:
    """What a run shows that no finding says; reported at the fit, or where the layer is made."""
    for code, notice in NOTICES.items():
        rule, place = rules.get(code), exercise.begun.place
        if rule is None or place is None:
            continue
        try:
            for variant, detail, facts in notice(Case(exercise, rule)):
                at = made(exercise, str(facts.get("layer", ""))) or place
                yield Noticed(code, variant, at, confirmed(detail, **facts), facts)
        except NotMeasuredError:
            continue


def made(exercise: Exercise, layer: str) -> Place | None:
    """Where the script makes a layer."""
    layers = exercise.compiled.layers if exercise.compiled else ()
    return next((each.place for each in layers if each.name == layer), None)


def saturated_input(case: Case) -> Iterator[Told]:
    """The first layer with weights is saturated by large values."""
    largest = first_received(case)
    if largest <= case["run_extreme"]:
        return
    for layer in saturated(case, case["run_saturated"]):
        if layer.largest_input == largest:
            facts = {"largest": short(largest), "layer": layer.name, "share": f"{layer.saturated:.0%}", "activation": layer.activation}
            yield "measured", f"{facts['share']} of what `{layer.name}` gives lies at the ends of {layer.activation}", facts
            return


def by_chance(units: int, dead: int) -> float:
    """How likely it is that so many of the units are 0 for all inputs of one sign, as each of them is with a probability of a half."""
    return float(sum(math.comb(units, count) for count in range(dead, units + 1)) / 2**units)


def saturated(case: Case, share: float) -> Iterator[LayerActivation]:
    """Hidden layers with most of their values at an end of their activation."""
    for layer in case.find(Activations).layers[:-1]:
        if layer.activation in BOUNDED and (layer.saturated or 0.0) >= share:
            yield layer


def flat_layers(case: Case) -> Iterator[Told]:
    """Hidden layers that are dead or saturated before the first step, though their input is of a usual size."""
    if case.statistics.earlier:  # then a training has made them so
        return
    equal = {layer.name for layer in case.find(Gradients).layers if layer.weight_std == 0}  # KER206 says that better
    for layer in case.find(Activations).layers[:-1]:
        units, share = layer.shape[-1] if layer.shape else 0, layer.dead or 0.0
        dead = share >= case["run_dead"] and by_chance(units, round(share * units)) < case["run_chance"]
        if dead and layer.name not in equal and layer.activation in RELU:
            facts = {"layer": layer.name, "share": f"{share:.0%}", "units": units}
            yield "dead", f"{share:.0%} of the {units} units of `{layer.name}` are 0 for every row of a batch", facts
    for layer in saturated(case, case["run_saturated"]):
        if (layer.largest_input or 0.0) <= case["run_large"]:
            facts = {"layer": layer.name, "share": f"{layer.saturated:.0%}", "activation": layer.activation}
            yield "saturated", f"{layer.saturated:.0%} of what `{layer.name}` gives lies at the ends of {layer.activation}", facts


def gaps_in_data(case: Case) -> Iterator[Told]:
    """Numbers that are not finite."""
    case.real()
    for array in case.statistics.arrays:
        if array.missing:
            row, column = array.gap or (0, 0)
            yield "measured", gaps(array), {"missing": array.missing, "data": named(array), "row": row, "column": column}
            return


def named(array: Array) -> str:
    """An array as a message names it."""
    return array.name or array.role


def imbalance(case: Case) -> Iterator[Told]:
    """One class has nearly all rows, and nothing gives the others weight."""
    case.real()
    labels = case.labels
    if not labels.counts or case.statistics.weighted or len(labels.counts) < 2:
        return
    balance, share, rows = balance_of(labels)
    if (balance < case["run_balance"] or share >= case["share"]) and rows >= case["least_rows"]:
        label = max(labels.counts, key=lambda each: each[1])[0]
        facts = {"share": f"{share:.0%}", "rows": f"{rows:,}", "y": named(labels), "label": f"{label:g}"}
        yield "", f"the perplexity of the labels is {balance:.2f} of the greatest", facts


def labels_outside(case: Case) -> Iterator[Told]:
    """Class numbers without a unit, under a loss that reads them as such."""
    loss = case.exercise.compiled.loss if case.exercise.compiled else ""
    labels, units = case.labels, case.units
    low, high = labels.low or 0.0, labels.high or 0.0
    if "sparse" in loss.lower() and units > 1 and labels.whole and (low < 0 or high >= units):
        facts = {"y": named(labels), "low": f"{low:g}", "high": f"{high:g}", "units": units, "last": units - 1}
        yield "outside", f"the labels run from {low:g} to {high:g}, the units from 0 to {units - 1}", facts


def loss_not_finite(case: Case) -> Iterator[Told]:
    """A first loss that is not finite, though the data are."""
    first, arrays = case.find(FirstLoss), case.statistics.arrays
    known = any(array.missing for array in arrays) or any(without_unit(array, first) for array in arrays if array.role == "y")
    if first.loss is None and case.exercise.find(Gradients) is not None and not known:
        yield "measured", "the first loss is not finite", {}


def without_unit(labels: Array, first: FirstLoss) -> bool:
    """Whether labels lie outside of what units stand for, which Keras' cross-entropy answers with NaN."""
    units = first.outputs[0].shape[-1] if first.outputs and len(first.outputs[0].shape) > 1 else 0
    return units > 1 and labels.whole and ((labels.low or 0.0) < 0 or (labels.high or 0.0) >= units)


def no_gradient(case: Case) -> Iterator[Told]:
    """Weights that no gradient comes back to."""
    without = case.find(Gradients).without
    if not without:
        return
    every = sum(1 for layer in case.find(Gradients).layers if layer.norm is not None) == 0
    count = f"{len(without)} of the trainable weights get no gradient: {', '.join(without[:5])}"
    if every:
        yield "measured", count, {"weights": len(without)}
    else:
        yield "some", count, {"weights": "`" + "`, `".join(without[:3]) + "`"}


def frozen(case: Case) -> Iterator[Told]:
    """Nothing can be trained."""
    found: Statistics = case.statistics
    if found.parameters and not found.trainable:
        yield "measured", f"0 of {found.parameters:,} parameters are trainable", {"parameters": f"{found.parameters:,}"}


NOTICES: Mapping[str, Callable[[Case], Iterator[Told]]] = {
    "KER101": saturated_input,
    "KER115": imbalance,
    "KER121": gaps_in_data,
    "KER122": labels_outside,
    "KER207": flat_layers,
    "KER316": loss_not_finite,
    "KER317": no_gradient,
    "KER513": frozen,
}
"""By the code that is reported."""
