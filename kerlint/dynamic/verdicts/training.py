"""Verdicts on how a model is trained and regularized (KER5 and KER6)."""

from __future__ import annotations

from kerlint.dynamic.measurements import Gap
from kerlint.dynamic.verdicts.case import (
    Case,
    NotMeasuredError,
    confirmed,
    counted,
    either,
    inconclusive,
    refuted,
    short,
    would_learn,
)
from kerlint.dynamic.verdicts.overfitting import gap, gap_verdict
from kerlint.finding import Evidence


def refit_after_recompile(case: Case) -> Evidence:
    """The weights that an earlier fit has left."""
    found = case.statistics
    if not found.earlier:
        return refuted("no training of this model came before")
    before = f"{counted(found.earlier, 'training')} of this model came before"
    return either(found.carried, f"{before}, and it has {'the weights they left' if found.carried else 'other weights than they left'}")


def kfold_reuses_model(case: Case) -> Evidence:
    """The weights that the fold before has left."""
    return refit_after_recompile(case)


def no_validation_data(case: Case) -> Evidence:
    """No validation data reach the fit; what rows that are held out would show."""
    if case.exercise.begun.validated:
        return refuted("validation data reach the fit")
    case.real()
    width, detail = gap(case.find(Gap))
    return confirmed(f"no validation data reach the fit; {detail}", gap=width)


def trainable_after_compile(case: Case) -> Evidence:
    """What moves in a step, against what is said to be trainable."""
    moving, trainable = case.fact("weights that move"), case.fact("weights that are trainable")
    others = case.fact("weights that move and are not trainable")
    detail = f"of {trainable:.0f} weights that are trainable {moving:.0f} move, and {others:.0f} others"
    return either(others > 0 or moving < trainable, detail)


def fully_frozen_model(case: Case) -> Evidence:
    """The number of weights that can be trained."""
    trainable = case.statistics.trainable
    return either(trainable == 0, f"{trainable:,} of {case.statistics.parameters:,} parameters are trainable")


def training_flag_missing_in_custom_loop(case: Case) -> Evidence:
    """Outputs that differ with the flag."""
    apart = case.fact("difference of the modes")
    return either(apart > 0, f"the outputs of a batch differ by up to {short(apart)} with and without the flag")


def wide_layer_without_regularizer(case: Case) -> Evidence:
    """The gap alone; whether a regularizer would help is never claimed."""
    return gap_verdict(case)


def dropout_rate_too_high(case: Case) -> Evidence:
    """The usual rate learns better in the same steps."""
    return would_learn(case)


def l2_too_strong(case: Case) -> Evidence:
    """The penalty against what the data cost."""
    first = case.first
    if first.loss is None or first.penalty is None:
        raise NotMeasuredError("the first loss is not finite")
    data = first.loss - first.penalty
    detail = f"of the first loss of {short(first.loss)} the penalty is {short(first.penalty)}, the data {short(data)}"
    if first.penalty > case["run_penalty"] * data:
        return confirmed(detail, penalty=first.penalty, data=data)
    return refuted(detail) if first.penalty < case["run_slight"] * data else inconclusive(detail)


def batchnorm_too_few_steps(case: Case) -> Evidence:
    """The loss on training rows in prediction against that in training."""
    predicted, trained, updates = case.fact("loss in prediction"), case.fact("loss in training"), case.fact("updates")
    detail = f"after {updates:.0f} updates the loss of a batch is {short(predicted)} in prediction and {short(trained)} in training"
    if predicted > case["run_apart"] * trained:
        return confirmed(detail)
    return refuted(detail) if predicted < case["run_together"] * trained else inconclusive(detail)
