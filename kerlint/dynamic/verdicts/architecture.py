"""Verdicts on how a model is built (KER2)."""

from __future__ import annotations

from kerlint.dynamic.measurements import Activations, Gradients
from kerlint.dynamic.verdicts.case import (
    Case,
    NotMeasuredError,
    better,
    changed,
    confirmed,
    either,
    gain,
    inconclusive,
    numbers,
    refuted,
    short,
    would_learn,
)
from kerlint.dynamic.verdicts.data import label_starts_at_one
from kerlint.finding import Evidence


def sigmoid_deep_stack(case: Case) -> Evidence:
    """The gradient does not reach the first layer, and relu would learn better."""
    found = case.find(Gradients)
    if found.ratio is None:
        raise NotMeasuredError("the first or the last layer gets no gradient")
    ratio = found.ratio / max(1.0, first_typical(case, found))
    detail = f"the first layer gets {short(ratio)} of the gradient that the last one gets"
    if ratio > case["run_reaching"]:
        return refuted(detail, ratio=ratio)
    arms = case.counterfactual()
    as_is, other = arms.arms
    data = {"ratio": ratio, **numbers(arms)}
    if ratio < case["run_vanished"] and better(arms, other, as_is, case["run_gain"]):
        return confirmed(f"{detail}; {changed(arms)}", **data)
    return inconclusive(f"{detail}; {changed(arms)}", **data)


def first_typical(case: Case, found: Gradients) -> float:
    """The size of what the first layer with a gradient receives: large inputs make its gradient large, however little comes back to it."""
    passed = case.exercise.find(Activations)
    first = next(layer.name for layer in found.layers if layer.norm is not None)
    return max((layer.typical_input or 0.0 for layer in (passed.layers if passed else ()) if layer.name == first), default=0.0)


def missing_hidden_activation(case: Case) -> Evidence:
    """The same steps end lower with a relu in between."""
    return would_learn(case)


def linear_only_model(case: Case) -> Evidence:
    """The same steps end lower with hidden relu layers."""
    return would_learn(case)


def softmax_hidden(case: Case) -> Evidence:
    """Units of a hidden softmax share one, and relu would learn better."""
    return would_learn(case)


def symmetric_init(case: Case) -> Evidence:
    """All units are one and stay one."""
    layer = case.gradient()
    if layer.weight_std == 0 and not layer.equal_units:
        found = case.counterfactual()
        as_is, other = found.arms
        detail = f"the units of `{layer.name}` start with the same weights; {changed(found)}"
        if better(found, other, as_is, case["run_gain"]):
            return confirmed(detail, **numbers(found))
        return refuted(detail, **numbers(found)) if gain(found, other, as_is) <= 1 else inconclusive(detail, **numbers(found))
    same = "start with the same weights and get the same gradient" if layer.equal_units else "differ in their weights or gradients"
    return either(layer.equal_units, f"the units of `{layer.name}` {same} (spread of the weights {short(layer.weight_std)})")


def init_too_large(case: Case) -> Evidence:
    """What the layer gives in front of its activation."""
    layer = case.activation()
    value = layer.before if layer.before is not None else layer.std
    if value is None:
        raise NotMeasuredError("what the layer gives is not finite")
    detail = f"`{layer.name}` gives a spread of {short(value)} in front of its activation"
    if value > case["run_large"]:
        return confirmed(f"{detail}, more than {case['run_large']}", before=value)
    return refuted(detail, before=value) if value < case["run_usual"] else inconclusive(detail, before=value)


def softmax_axis_or_unit_mismatch(case: Case) -> Evidence:
    """Labels without a unit."""
    labels = case.labels
    if labels.one_hot or len(labels.shape) > 1 and labels.shape[-1] > 1:
        return either(labels.shape[-1] != case.units, f"the labels have {labels.shape[-1]} columns, the head {case.units} units")
    return label_starts_at_one(case)


def ranks(case: Case) -> Evidence:
    """The rank of the output against that of the labels."""
    output, labels = case.output.shape, case.labels.shape
    flat = output[:-1] if output[-1] == 1 else output
    fits = len(labels) in (len(output), len(output) - 1) and labels[1 : len(flat)] == flat[1 : len(labels)] if len(output) > 2 else True
    return either(not fits, f"the output has the shape {output}, the labels {('rows', *labels[1:])}")


def missing_flatten(case: Case) -> Evidence:
    """An output of another rank than the labels."""
    return ranks(case)


def rnn_returns_sequence_to_vector_head(case: Case) -> Evidence:
    """An output of another rank than the labels."""
    return ranks(case)


def embedding_too_small(case: Case) -> Evidence:
    """A number beyond the vocabulary."""
    highest, size = case.activation().largest_input or 0.0, case.fact("input_dim")
    return either(highest >= size, f"the numbers of a batch go up to {highest:.0f}, the layer has rows for 0 to {size - 1:.0f}")


def channels_first_input(case: Case) -> Evidence:
    """Which axis of the images is as short as channels are."""
    shape = case.arrays("x")[0].shape
    if len(shape) != 4:
        raise NotMeasuredError(f"the inputs have the shape {shape}, and are no images")
    return either(shape[1] < shape[3], f"the images have the shape {shape[1:]}")


def output_layer_followed_by_dropout(case: Case) -> Evidence:
    """Outputs that are dropped in training."""
    share = case.fact("outputs of 0 in training")
    return either(share > 0, f"{share:.0%} of the outputs of a batch are exactly 0 in training")


def selu_needs_lecun(case: Case) -> Evidence:
    """The spread that selu is to keep at 1."""
    layer = case.activation()
    if layer.std is None:
        raise NotMeasuredError("what the layer gives is not finite")
    low, high = case["run_steady"]
    return either(not low <= layer.std <= high, f"`{layer.name}` gives a spread of {short(layer.std)}, where {low} to {high} is steady")


def oversized_flatten_dense(case: Case) -> Evidence:
    """The share of the parameters."""
    layer = case.gradient()
    total = case.statistics.parameters
    share = layer.parameters / max(1, total)
    return either(share > case["run_share"], f"`{layer.name}` has {layer.parameters:,} of all {total:,} parameters ({share:.0%})")
