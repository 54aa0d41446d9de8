"""Verdicts on what the data are (KER1)."""

from __future__ import annotations

import math
from statistics import median

from kerlint.dynamic.measurements import Activations, Array, Gradients, Shuffled
from kerlint.dynamic.verdicts.case import (
    Case,
    NotMeasuredError,
    better,
    changed,
    confirmed,
    counted,
    either,
    gain,
    held_out,
    inconclusive,
    judging,
    losses,
    numbers,
    refuted,
    seeds,
    short,
    updates,
)
from kerlint.dynamic.verdicts.overfitting import gap_verdict
from kerlint.finding import Evidence


def unnormalized_input(case: Case) -> Evidence:
    """The first layer with weights receives large numbers, and standardized ones would learn better."""
    largest = first_received(case)
    spread = max((array.spread_ratio or 1.0 for array in case.arrays("x")), default=1.0)
    received = f"the first layer with weights receives values up to {short(largest)}"
    if largest <= case["run_extreme"] and (spread <= case["run_spread"] or case.statistics.normalizer):
        return refuted(f"{received}, not more than {case['run_extreme']}", largest=largest)
    first, expected = case.first.loss, case.first.expected
    told = f"{received}; first loss {short(first)}" + (f", expected about {short(expected)} ({case.first.basis})" if expected else "")
    surprised = first is not None and bool(expected) and first >= case["run_first_loss"] * (expected or 0)
    if case.exercise.synthetic:  # how well a stand-in is learned says nothing of the real data
        return confirmed(told, largest=largest) if surprised else inconclusive(told, largest=largest)
    found = case.counterfactual()
    as_is, other = found.arms
    better_by, learned = gain(found, other, as_is, held=True), median(judging(found, as_is)) < case["run_learned"]
    data = {"largest": largest, "gain": better_by if math.isfinite(better_by) else None, **numbers(found)}
    arms = changed(found, held=True)
    if better_by >= case["run_gain"] and better(found, other, as_is, held=True) and not learned:
        return confirmed(f"{received}; {arms}", **data)
    if surprised and better(found, other, as_is, case["run_least_gain"], held=True) and not learned:
        return confirmed(f"{told}; {arms}", **data)
    if learned or (better_by < case["run_least_gain"] and found.steps == case.exercise.begun.updates):
        return refuted(f"{received}, but {arms}", **data)
    return inconclusive(f"{told}; {arms}; the fit makes {updates(case)} updates", **data)


def first_received(case: Case) -> float:
    """The greatest absolute value that the first layer with a kernel receives; embeddings look up, and count for nothing."""
    weighted = [layer.name for layer in case.find(Gradients).layers if layer.kind != "Embedding"] if case.exercise.find(Gradients) else []
    layers = {layer.name: layer for layer in case.find(Activations).layers}
    found = next((layers[name].largest_input for name in weighted if name in layers), None)
    if found is None:
        raise NotMeasuredError("no layer with weights was met")
    return found


def mixed_feature_scales(case: Case) -> Evidence:
    """Columns far apart, and standardized ones would learn better."""
    table = max(case.arrays("x"), key=lambda array: array.spread_ratio or 0.0)
    if table.spread_ratio is None:
        raise NotMeasuredError("the inputs are no table of numbers")
    spread = f"the spreads of columns {table.narrow} and {table.wide} are {short(table.spread_ratio)} times apart"
    if table.spread_ratio < case["run_near"]:
        return refuted(f"{spread}, less than {case['run_near']}", spread_ratio=table.spread_ratio)
    if case.statistics.normalizer:
        return refuted(f"{spread}, but `{case.statistics.normalizer}` normalizes in front of all weights", spread_ratio=table.spread_ratio)
    found = case.counterfactual()
    as_is, other = found.arms
    data = {"spread_ratio": table.spread_ratio, **numbers(found)}
    much = gain(found, other, as_is, held=True) >= case["run_gain"] and better(found, other, as_is, held=True)
    if table.spread_ratio >= case["ratio"] and much:
        return confirmed(f"{spread}; {changed(found, held=True)}", **data)
    return inconclusive(f"{spread}; {changed(found, held=True)}", **data)


def unscaled_regression_target(case: Case) -> Evidence:
    """Targets far from where the predictions start."""
    targets, output = case.labels, case.output
    distance = abs(targets.mean or 0.0) / output.std if output.std else math.inf
    found = case.counterfactual()
    as_is, other = found.arms
    detail = f"the targets have a mean of {short(targets.mean)}, the first predictions a spread of {short(output.std)}; {changed(found)}"
    if distance >= case["run_distance"] and gain(found, other, as_is) >= case["run_gain"] and better(found, other, as_is):
        return confirmed(detail, **numbers(found))
    if distance < case["run_distance"] or gain(found, other, as_is) < 1:
        return refuted(detail, **numbers(found))
    return inconclusive(detail, **numbers(found))


def train_test_scaling_mismatch(case: Case) -> Evidence:
    """Training and validation inputs on other scales."""
    trained, held = case.arrays("x")[0], case.arrays("validation x")[0]
    scales = (f"mean {short(array.mean)} and spread {short(array.std)}" for array in (trained, held))
    detail = "training inputs have {}, validation inputs {}".format(*scales)
    one, other = trained.std or 0.0, held.std or 0.0
    ratio = max(one, other) / min(one, other) if min(one, other) > 0 else math.inf
    moved = abs((trained.mean or 0.0) - (held.mean or 0.0)) / max(one, other, 1e-30)
    return either(ratio > case["run_ratio"] or moved > case["run_ratio"], detail)


def labels_scaled_like_inputs(case: Case) -> Evidence:
    """Labels that are no whole numbers under a loss that reads them as classes."""
    labels = case.labels
    detail = f"the labels run from {short(labels.low)} to {short(labels.high)}"
    return either(not labels.whole, f"{detail} and are {'' if labels.whole else 'not '}whole numbers")


def double_normalization(case: Case) -> Evidence:
    """Next to nothing is left of the inputs."""
    largest = first_received(case)
    detail = f"the first layer with weights receives values up to {short(largest)}"
    if largest < case["run_small"]:
        return confirmed(f"{detail}, less than {case['run_small']}")
    return refuted(detail) if largest > case["run_enough"] else inconclusive(detail)


def unencoded_categorical(case: Case) -> Evidence:
    """Words reach the fit."""
    found = case.statistics.arrays
    words = next((array.dtype for array in found if array.dtype.startswith(("<U", "|S", "object", "string", "str"))), None)
    numbers_only = f"all arrays that reach the fit hold numbers ({', '.join(dict.fromkeys(array.dtype for array in found))})"
    return either(words is not None, f"an array of type {words} reaches the fit" if words else numbers_only)


def random_labels(case: Case) -> Evidence:
    """Permuted labels are learned as well as those that are there, and neither better than a constant."""
    case.real()
    found = case.find(Shuffled)
    as_is, other = found.arms
    ours, chance = held_out(found, as_is), held_out(found, other)
    detail = (
        f"after {found.steps} steps {found.unit} of rows held out is {short(median(ours))} with the labels as they are, "
        f"{short(median(chance))} with permuted ones ({seeds(found)}); 1 is the best constant"
    )
    right, constant = [share for share in as_is.held_accuracy if share is not None], found.constant_accuracy
    if right and constant is not None:  # a model that is sure of itself pays much for the few rows that it gets wrong
        detail = f"{detail}; the accuracy on them is {median(right):.2f}, that of the best constant {constant:.2f}"
        if min(right) >= constant + case["run_better"]:
            return refuted(detail, **numbers(found))
        if max(right) >= constant + case["run_better"]:
            return inconclusive(detail, **numbers(found))
    if max(ours) < case["run_constant"] and max(ours) < min(chance):
        return refuted(detail, **numbers(found))
    learned = min(losses(found, as_is)) < case["run_constant"]  # a model that learns nothing at all does not tell what labels are
    alike = found.steps >= case["run_steps"] and not better(found, as_is, other, case["run_faster"])
    if learned and alike and min(ours) >= case["run_constant"]:
        return confirmed(detail, **numbers(found))
    return inconclusive(detail, **numbers(found))


def single_class_labels(case: Case) -> Evidence:
    """One label for all rows."""
    case.real()
    distinct = case.labels.distinct
    return either(distinct == 1, f"the labels take {counted(distinct, 'value') if distinct else 'more than 1,000 values'}")


def too_little_data_for_model(case: Case) -> Evidence:
    """The model learns its rows by heart."""
    return gap_verdict(case)


def class_imbalance_ignored(case: Case) -> Evidence:
    """One class has nearly all rows."""
    case.real()
    labels = case.labels
    if not labels.counts:
        raise NotMeasuredError("the labels are no classes")
    balance, share, rows = balance_of(labels)
    commonest = f"the commonest of {len(labels.counts)} classes has {share:.0%} of the {rows:,} rows"
    detail = f"{commonest}; their perplexity is {balance:.2f} of the greatest"
    if case.statistics.weighted:
        return refuted(f"{detail}, and the fit gives rows weights")
    return either(balance < case["run_balance"] or share >= case["share"], detail)


def balance_of(labels: Array) -> tuple[float, float, int]:
    """The perplexity of the shares of classes over their number, the greatest share and the number of rows."""
    total = sum(count for _, count in labels.counts)
    shares = [count / total for _, count in labels.counts if count]
    return math.exp(-sum(share * math.log(share) for share in shares)) / len(labels.counts), max(shares), total


def xy_length_mismatch(case: Case) -> Evidence:
    """Inputs and labels of other lengths."""
    x, y = (next(array for array in case.statistics.arrays if array.role == role) for role in ("x", "y"))
    return either(x.shape[:1] != y.shape[:1], f"x has {x.shape[0]:,} rows, y has {y.shape[0]:,}")


def sorted_data_with_validation_split(case: Case) -> Evidence:
    """The last rows have other labels than those before them."""
    case.real()
    drift = case.labels.drift
    if drift is None:
        raise NotMeasuredError("too few rows, or labels of several numbers")
    detail = f"the mean label of the last fifth of the rows is {drift:.1f} standard errors from that of the others"
    return either(drift > case["run_drift"], detail)


def validation_is_training_data(case: Case) -> Evidence:
    """Validation rows that are training rows."""
    case.real()
    shared, held = case.statistics.shared, case.arrays("validation x")[0].shape[0]
    share = (shared or 0) / max(1, min(held, 20_000))
    detail = f"{shared} of {held:,} validation rows are training rows as well"
    if share >= case["run_shared"]:
        return confirmed(detail)
    return refuted(detail) if not shared else inconclusive(detail)


def nan_in_data(case: Case) -> Evidence:
    """Numbers that are not finite."""
    case.real()
    bad = next((array for array in case.statistics.arrays if array.missing), None)
    return either(bad is not None, gaps(bad) if bad else "all inputs and labels are finite")


def gaps(array: Array) -> str:
    """How many numbers of an array are not finite, and the first of them."""
    row, column = array.gap or (0, 0)
    named = f"{array.role}{f' ({array.name})' if array.name else ''}"
    return f"{array.missing:,} numbers of {named} are not finite, the first in row {row}, column {column}"


def label_starts_at_one(case: Case) -> Evidence:
    """Labels without a unit."""
    labels = case.labels
    outside = (labels.high or 0) >= case.units or (labels.low or 0) < 0
    return either(outside, f"the labels run from {short(labels.low)} to {short(labels.high)}, the units from 0 to {case.units - 1}")


def scaled_copy_unused(case: Case) -> Evidence:
    """What reaches the fit has the scale of raw data."""
    largest = max(max(abs(array.low or 0), abs(array.high or 0)) for array in case.arrays("x"))
    return either(largest > case["run_extreme"], f"the inputs that reach the fit go up to {short(largest)}")


def data_does_not_fit_input(case: Case) -> Evidence:
    """A first step that raises would have been told; it ran."""
    return refuted(f"a batch passes the model: its output has the shape {case.output.shape}")
