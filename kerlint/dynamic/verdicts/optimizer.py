"""Verdicts on learning rates and the number of steps (KER4)."""

from __future__ import annotations

import math

from kerlint.dynamic.measurements import Arm, Rates
from kerlint.dynamic.verdicts.case import (
    Case,
    NotMeasuredError,
    better,
    compared,
    confirmed,
    counted,
    either,
    falls,
    gain,
    held_out,
    inconclusive,
    losses,
    middle,
    numbers,
    rate,
    refuted,
    short,
)
from kerlint.finding import Evidence


def rates(case: Case, budget: bool = False) -> Rates:
    """P6: the one whose other rates are lower, or higher, as the rule asks. Raises NotMeasuredError."""
    higher = case.rule.code in ("KER402", "KER403", "KER406")
    found = [each for each in case.exercise.all(Rates) if _goes_up(each) == higher]
    wanted = [each for each in found if each.budget or case.rule.code != "KER403" or each.steps == (case.exercise.begun.updates or 0)]
    if not (wanted or found):
        raise NotMeasuredError(case.why("P6"))
    return (wanted or found)[-1]


def _goes_up(found: Rates) -> bool:
    written, other = found.arms[0].rate or 0.0, found.arms[1].rate or 0.0 if len(found.arms) > 1 else 0.0
    return other > written


def told(found: Rates, *others: Arm) -> str:
    """In words: "loss/var(y) after 40 steps 1.77 with learning_rate=1, 0.011 with 0.01 (3 seeds)"."""
    written = found.arms[0]
    return compared(found, ((written, f"with learning_rate={rate(written)}"), *((arm, f"with {rate(arm)}") for arm in others)))


def learning_rate_too_high(case: Case) -> Evidence:
    """A smaller rate ends lower, and this one above the best constant."""
    found = rates(case)
    written, *smaller = found.arms
    best = min(smaller, key=lambda arm: middle(found, arm))
    detail, data = told(found, best), {**numbers(found), "update_ratio": written.update_ratio}
    useless = middle(found, written) > case["run_constant"]
    if (useless and better(found, best, written, case["run_lower"])) or better(found, best, written, case["run_gain"]):
        return confirmed(detail, **data)
    rise = rises(written)
    if rise >= case["run_rise"] and better(found, best, written, case["run_as_good"]):
        return confirmed(f"{detail}; on the way it rises to {short(rise)} times the first loss", **data)
    if min(falls(found, written)) > 0 and gain(found, best, written) <= case["run_as_good"]:
        return refuted(detail, **data)
    return inconclusive(detail, **data)


def rises(arm: Arm) -> float:
    """To how many times the first loss it rises on the way, with the seed with which it rises least."""
    pairs = zip(arm.peak, arm.first, strict=False)
    return min((math.inf if peak is None else peak / first for peak, first in pairs if first), default=0.0)


def learning_rate_too_low(case: Case) -> Evidence:
    """Nothing moves at this rate, and a larger one learns."""
    found = rates(case)
    written, *larger = found.arms
    best = min(larger, key=lambda arm: middle(found, arm))
    detail, data = told(found, best), {**numbers(found), "update_ratio": written.update_ratio}
    still = max(map(abs, falls(found, written))) < case["run_still"] and (written.update_ratio or 0.0) < case["run_update"]
    learns = min(falls(found, best)) >= case["run_learns"]
    if still and learns:
        return confirmed(detail, **data)
    return refuted(detail, **data) if min(falls(found, written)) >= case["run_learns"] else inconclusive(detail, **data)


def update_budget_too_small(case: Case) -> Evidence:
    """The user's own steps hardly lower the loss, where a higher rate does."""
    found = rates(case)
    written, *others = found.arms
    larger = min(others, key=lambda arm: middle(found, arm))
    detail, data = told(found, larger), numbers(found)
    if not found.budget:
        detail = f"{detail}; the fit makes {case.exercise.begun.updates or 'more'} updates"
    below = case["run_constant"]
    learnable = any(max(held_out(found, arm), default=math.inf) < below for arm in found.arms)
    if not learnable:
        return inconclusive(f"{detail}; on rows held out no rate comes below the best constant, which may be the labels", **data)
    useless = min(held_out(found, written)) > 1 and min(losses(found, written)) > case["run_unlearned"]
    if found.budget and (useless or max(falls(found, written)) < case["run_still"]) and min(falls(found, larger)) >= case["run_learns"]:
        return confirmed(detail, **data)
    if min(falls(found, written)) >= case["run_learns"] and max(losses(found, written)) < below:
        return refuted(detail, **data)
    return inconclusive(detail, **data)


def batch_larger_than_data(case: Case) -> Evidence:
    """The updates of an epoch."""
    begun = case.exercise.begun
    if begun.updates is None:
        raise NotMeasuredError("the number of updates is not known")
    each = begun.updates / max(1, begun.epochs)
    detail = f"{counted(each, 'update')} in an epoch, {begun.updates:,} in {counted(begun.epochs, 'epoch')}"
    return either(each <= case["run_updates"], detail)


def batch_size_one(case: Case) -> Evidence:
    """The rows of a batch."""
    size = case.exercise.begun.batch_size
    if size is None:
        raise NotMeasuredError("the size of the batches is not known")
    return either(size == 1, f"a batch has {counted(size, 'row')}: {'its variance is 0' if size == 1 else 'it has a variance'}")


def extreme_batch_size(case: Case) -> Evidence:
    """A larger rate ends lower at this batch size."""
    found = rates(case)
    written, larger = found.arms[0], found.arms[1]
    detail = told(found, larger)
    if better(found, larger, written, case["run_gain"]):
        return confirmed(detail, **numbers(found))
    return refuted(detail, **numbers(found)) if gain(found, larger, written) <= 1 else inconclusive(detail, **numbers(found))


def gradient_clip_too_small(case: Case) -> Evidence:
    """The share of gradients that is cut."""
    share = case.fact("share clipped")
    detail = f"the limit cuts {share:.0%} of the gradients of a batch"
    if share >= 1:
        return confirmed(detail)
    return refuted(detail) if share < case["run_share"] else inconclusive(detail)
