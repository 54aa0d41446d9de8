"""Verdicts on head, loss, labels and metrics (KER3)."""

from __future__ import annotations

import math

from kerlint.dynamic.measurements import Failed, Gradients
from kerlint.dynamic.verdicts.architecture import ranks, softmax_axis_or_unit_mismatch
from kerlint.dynamic.verdicts.case import (
    Case,
    NotMeasuredError,
    better,
    changed,
    confirmed,
    counted,
    either,
    inconclusive,
    numbers,
    refuted,
    short,
)
from kerlint.finding import Evidence

TINY = 1e-6


def softmax_single_unit(case: Case) -> Evidence:
    """Every prediction is 1."""
    output = case.output
    if output.low is None:
        raise NotMeasuredError("the predictions of a batch are not finite")
    constant = output.low == output.high == 1.0
    return either(constant, "every prediction is exactly 1" if constant else spoken(case))


def spoken(case: Case) -> str:
    """In words: "the predictions of a batch lie between -0.5 and 0.9"."""
    return f"the predictions of a batch lie between {short(case.output.low)} and {short(case.output.high)}"


def categorical_loss_single_unit(case: Case) -> Evidence:
    """The loss is 0 whatever is predicted, or the step fails."""
    failed = case.exercise.find(Failed)
    if failed is not None:
        return confirmed(f"the first step raises {failed.exception}: {failed.message}")
    loss = case.first.loss
    detail = f"the first loss is {short(loss)} for {counted(case.units, 'unit')}"
    return either(loss is not None and abs(loss) < TINY, detail)


def categorical_loss_with_sigmoid(case: Case) -> Evidence:
    """Rows of predictions that are no distribution, where each row has one class."""
    sums, labels = case.output.sums, case.labels
    if sums is None:
        raise NotMeasuredError("the head has one unit")
    several = labels.sums is not None and not labels.one_hot
    detail = f"the predictions of a row add up to {short(sums[0])} to {short(sums[1])}"
    if several and labels.sums:
        return refuted(f"{detail}, and rows have {short(labels.sums[0])} to {short(labels.sums[1])} classes")
    return either(max(abs(total - 1) for total in sums) > case["run_off_one"], f"{detail}, and each row has one class")


def binary_loss_with_softmax(case: Case) -> Evidence:
    """The labels decide: one class for each row, or several."""
    labels = case.labels
    if labels.sums is None:
        return either(labels.whole, f"the labels are {'' if labels.whole else 'no '}whole numbers, one for each row")
    detail = f"rows of the labels have {short(labels.sums[0])} to {short(labels.sums[1])} classes"
    return either(labels.one_hot, detail)


def logits_into_probability_loss(case: Case) -> Evidence:
    """Scores outside of 0 to 1, and a first loss far above that of an undecided head."""
    return unlike_probabilities(case)


def relu_or_tanh_classification_head(case: Case) -> Evidence:
    """Scores outside of 0 to 1 or rows of nothing but 0, and a first loss far above that of an undecided head."""
    return unlike_probabilities(case)


def unlike_probabilities(case: Case) -> Evidence:
    """What a cross-entropy of probabilities is given, what it says to it, and what the right activation would do."""
    output, first = case.output, case.first
    low, high = output.low, output.high
    outside = low is None or high is None or low < -TINY or high > 1 + TINY or output.empty > 0 or not adding_up(case)
    expected = f", expected about {short(first.expected)} ({first.basis})" if first.expected else ""
    detail = f"{spoken(case)}; first loss {short(first.loss)}{expected}"
    costly = first.loss is None or (first.expected is not None and first.loss >= case["run_first_loss"] * first.expected)
    if outside and costly:
        return confirmed(detail)
    found = case.counterfactual()
    as_is, other = found.arms
    if outside and better(found, other, as_is, case["run_gain"]):
        return confirmed(f"{detail}; {changed(found)}", **numbers(found))
    near = first.loss is not None and first.expected is not None and abs(first.loss / first.expected - 1) <= case["run_near"]
    if near and not better(found, other, as_is):
        return refuted(f"{detail}; {changed(found)}", **numbers(found))
    return inconclusive(f"{detail}; {changed(found)}", **numbers(found))


def adding_up(case: Case) -> bool:
    """Whether the rows of the predictions are distributions, where the loss needs them."""
    sums, loss = case.output.sums, case.exercise.compiled.loss if case.exercise.compiled else ""
    return sums is None or "categorical" not in loss.lower() or max(abs(total - 1) for total in sums) <= case["run_off_one"]


def from_logits_with_activation(case: Case) -> Evidence:
    """Probabilities where the loss was told to expect scores."""
    output = case.output
    within = output.low is not None and output.high is not None and output.low >= 0 and output.high <= 1 + TINY
    sums = output.sums
    adding = sums is None or output.activation != "softmax" or max(abs(total - 1) for total in sums) < case["run_off_one"]
    return either(within and adding, f"{spoken(case)}{f', rows add up to {short(sums[1])}' if sums else ''}")


def bounded_regression_head(case: Case) -> Evidence:
    """Targets that the activation cannot reach."""
    labels, output = case.labels, case.output
    low, high = case["run_ranges"].get(output.activation, [-math.inf, math.inf])
    detail = f"the targets run from {short(labels.low)} to {short(labels.high)}, {output.activation or 'the head'} from {low:g} to {high:g}"
    return either((labels.low or 0) < low - TINY or (labels.high or 0) > high + TINY, detail)


def regression_loss_for_classification(case: Case) -> Evidence:
    """Targets that are classes."""
    labels = case.labels
    classes = labels.one_hot or bool(labels.whole and labels.distinct and labels.distinct <= case["run_classes"])
    return either(classes, targets(case))


def targets(case: Case) -> str:
    """In words: "the targets take 10 values, all whole numbers"."""
    labels = case.labels
    if labels.one_hot:
        return f"the targets are one-hot rows of {labels.shape[-1]} classes"
    count = f"{labels.distinct:,}" if labels.distinct is not None else "more than 1,000"
    return f"the targets take {count} values, {'all' if labels.whole else 'not all'} whole numbers"


def label_encoding_loss_mismatch(case: Case) -> Evidence:
    """One-hot rows for a loss of class numbers, or the other way round."""
    labels, loss = case.labels, case.exercise.compiled.loss if case.exercise.compiled else ""
    rows = len(labels.shape) > 1 and labels.shape[-1] > 1 and labels.shape[-1] == case.units
    detail = f"the labels have the shape {labels.shape} and the loss is `{loss}`"
    sparse = "sparse" in loss.lower()
    return either(rows if sparse else not rows, detail)


def accuracy_on_regression(case: Case) -> Evidence:
    """Targets that are no classes."""
    labels = case.labels
    return either(not labels.whole or labels.distinct is None or labels.distinct > case["run_classes"], targets(case))


def accuracy_threshold_on_logits(case: Case) -> Evidence:
    """What the threshold makes of the accuracy of a batch."""
    half, zero = case.fact("accuracy at 0.5"), case.fact("accuracy at 0")
    return either(abs(half - zero) >= case["run_difference"], f"the accuracy of a batch is {half:.2f} at 0.5 and {zero:.2f} at 0")


def argmax_on_single_sigmoid(case: Case) -> Evidence:
    """One number for each row."""
    single = case.units == 1
    largest = f"its largest is {'always' if single else 'not always'} at 0"
    return either(single, f"the model gives {counted(case.units, 'number')} for each row: {largest}")


def unstable_log_in_loss(case: Case) -> Evidence:
    """What the loss says to predictions of exactly 0 and 1."""
    try:
        value = case.fact("loss of certain predictions")
    except NotMeasuredError:
        if f"fact {case.rule.code}" in case.exercise.declined or case.exercise.declined.get("probes"):
            raise
        return confirmed("the loss of predictions that are exactly 0 or 1 is not finite")
    return refuted(f"the loss of predictions that are exactly 0 or 1 is {short(value)}")


def non_differentiable_loss(case: Case) -> Evidence:
    """No gradient at all."""
    found = case.find(Gradients)
    norms = [layer.norm for layer in found.layers]
    none = all(not norm for norm in norms)
    return either(none, "no weight gets a gradient" if none else f"the gradient of the last layer has the norm {short(norms[-1])}")


def loss_argument_order(case: Case) -> Evidence:
    """The same loss both ways round does no harm."""
    one, other = case.fact("loss"), case.fact("loss the other way round")
    detail = f"the loss of a batch is {short(one)}, with its arguments the other way round {short(other)}"
    return either(abs(one - other) > TINY * max(abs(one), abs(other)), detail)


def multi_label_with_softmax(case: Case) -> Evidence:
    """Rows with several classes."""
    sums = case.labels.sums
    if sums is None:
        raise NotMeasuredError("the labels are one number for each row")
    return either(sums != (1.0, 1.0), f"rows of the labels have {short(sums[0])} to {short(sums[1])} classes")


def loss_in_wrong_range_for_labels(case: Case) -> Evidence:
    """Labels outside of 0 to 1."""
    labels = case.labels
    return either((labels.low or 0) < 0 or (labels.high or 0) > 1, f"the labels run from {short(labels.low)} to {short(labels.high)}")


def labels_do_not_fit_head(case: Case) -> Evidence:
    """Labels of another form than the output."""
    labels, output = case.labels, case.output
    if len(labels.shape) == len(output.shape):
        return either(labels.shape[1:] != output.shape[1:], f"the labels have the shape {labels.shape}, the output {output.shape}")
    return softmax_axis_or_unit_mismatch(case) if len(output.shape) == 2 else ranks(case)
