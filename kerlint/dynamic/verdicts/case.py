"""A finding before the court: what was measured of the training that it is about, and the thresholds of its rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

from kerlint.dynamic.exercise import Exercise
from kerlint.dynamic.measurements import (
    Activations,
    Arm,
    Arms,
    Array,
    Counterfactual,
    Fact,
    Failed,
    FirstLoss,
    Gap,
    Gradients,
    LayerActivation,
    LayerGradient,
    Output,
    Probed,
    Shuffled,
    Statistics,
)
from kerlint.finding import Evidence
from kerlint.rule import Rule

Measured = TypeVar("Measured", bound=Probed)
Layered = TypeVar("Layered", LayerActivation, LayerGradient)
Told = TypeVar("Told")
PROBES = {Statistics: "P1", FirstLoss: "P2", Gradients: "P2", Activations: "P2", Gap: "P7", Shuffled: "P8"}
"""The probe that says why a measurement is missing."""


class NotMeasuredError(Exception):
    """What a verdict would rest on is missing, and why."""


@dataclass(frozen=True)
class Case:
    """One finding with its rule and the exercise of the training that it is about; `layer` is the one that it names, if any."""

    exercise: Exercise
    rule: Rule
    layer: str = ""

    def __getitem__(self, option: str) -> Any:
        """A threshold of the rule."""
        return self.rule[option]

    # What was measured

    def find(self, kind: type[Measured]) -> Measured:
        """What a probe measured. Raises NotMeasuredError with the reason."""
        found = self.exercise.find(kind)
        if found is None:
            raise NotMeasuredError(self.why(PROBES.get(kind, "")))
        return found

    def why(self, probe: str) -> str:
        """Why a probe has no measurement."""
        failed = self.exercise.find(Failed)
        declined = self.exercise.declined
        if failed is not None and probe not in declined:
            return f"the first step raises {failed.exception}: {failed.message}"
        return declined.get(probe) or declined.get("probes") or "it was not measured"

    @property
    def statistics(self) -> Statistics:
        """P1."""
        return self.find(Statistics)

    @property
    def first(self) -> FirstLoss:
        """P2."""
        return self.find(FirstLoss)

    def arrays(self, role: str) -> tuple[Array, ...]:
        """The arrays of a role that hold numbers."""
        found = tuple(array for array in self.statistics.arrays if array.role == role and array.low is not None)
        if not found:
            raise NotMeasuredError("the run saw no such numbers")
        return found

    @property
    def labels(self) -> Array:
        """The labels of a model with one output."""
        return only(self.arrays("y"), "outputs")

    @property
    def output(self) -> Output:
        """The predictions of a model with one output."""
        return only(self.first.outputs, "outputs")

    @property
    def units(self) -> int:
        """Numbers that the output has for each row (or step, or pixel)."""
        return self.output.shape[-1] if len(self.output.shape) > 1 else 1

    def counterfactual(self, code: str = "") -> Counterfactual:
        """P9 of this rule."""
        code = code or self.rule.code
        all_of_it = [each for each in self.exercise.all(Counterfactual) if each.rule == code]
        found = all_of_it[-1] if all_of_it else None  # with most steps
        if found is None:
            declined = self.exercise.declined
            raise NotMeasuredError(declined.get(f"P9 {code}") or declined.get("P9 standardized") or self.why(""))
        return found

    def fact(self, name: str) -> float:
        """A measurement of this rule's own."""
        found = next((each.value for each in self.exercise.all(Fact) if each.name == name), None)
        if not isinstance(found, (int, float)):
            raise NotMeasuredError(self.exercise.declined.get(f"fact {self.rule.code}") or self.why(""))
        return float(found)

    def activation(self) -> LayerActivation:
        """P4 of the layer that the finding names."""
        return self._of_layer({layer.name: layer for layer in self.find(Activations).layers})

    def gradient(self) -> LayerGradient:
        """P3 of the layer that the finding names."""
        return self._of_layer({layer.name: layer for layer in self.find(Gradients).layers})

    def _of_layer(self, layers: Mapping[str, Layered]) -> Layered:
        if self.layer not in layers:
            raise NotMeasuredError("the run did not meet this layer")
        return layers[self.layer]

    def real(self) -> None:
        """A claim about the data themselves. Raises NotMeasuredError when they are not the user's own."""
        if self.exercise.synthetic:
            raise NotMeasuredError(f"the data are not the real ones: {self.exercise.synthetic}")


def only(parts: tuple[Told, ...], what: str) -> Told:
    """The single one. Raises NotMeasuredError for several: which of them a finding is about is not known."""
    if len(parts) != 1:
        raise NotMeasuredError(f"the model has {len(parts)} {what}")
    return parts[0]


def confirmed(detail: str, **data: Any) -> Evidence:
    """The run shows that it is so."""
    return Evidence("confirmed", detail, data)


def refuted(detail: str, **data: Any) -> Evidence:
    """The run shows that it does no harm here."""
    return Evidence("refuted", detail, data)


def inconclusive(detail: str, **data: Any) -> Evidence:
    """The run shows neither."""
    return Evidence("inconclusive", detail, data)


def either(so: bool, detail: str, **data: Any) -> Evidence:
    """Confirmed or refuted, with the same numbers."""
    return Evidence("confirmed" if so else "refuted", detail, data)


# Arms


def losses(arms: Arms, arm: Arm) -> tuple[float, ...]:
    """The losses at the end, one for each seed, in units of the best constant prediction; not finite is infinity."""
    return tuple(math.inf if value is None else value / arms.scale for value in arm.last)


def held_out(arms: Arms, arm: Arm) -> tuple[float, ...]:
    """The losses of rows that were held out."""
    return tuple(math.inf if value is None else value / arms.scale for value in arm.held)


def judging(arms: Arms, arm: Arm) -> tuple[float, ...]:
    """The losses of rows that were held out, of those that were learned where none were."""
    return held_out(arms, arm) if arm.held else losses(arms, arm)


def middle(arms: Arms, arm: Arm) -> float:
    """Their median."""
    return median(losses(arms, arm))


def starts(arms: Arms, arm: Arm) -> tuple[float, ...]:
    """The losses at the start."""
    return tuple(math.inf if value is None else value / arms.scale for value in arm.first)


def falls(arms: Arms, arm: Arm) -> tuple[float, ...]:
    """The share of the loss that the steps took away, for each seed."""
    pairs = zip(starts(arms, arm), losses(arms, arm), strict=True)
    return tuple(1 - last / first if math.isfinite(last) and 0 < first < math.inf else -math.inf for first, last in pairs)


def better(arms: Arms, arm: Arm, than: Arm, factor: float = 1.0, held: bool = False) -> bool:
    """Whether one arm ends lower than another by a factor with every seed; `held`: on rows that were held out, where there are such."""
    judge = judging if held else losses
    pairs = zip(judge(arms, arm), judge(arms, than), strict=True)
    return all(math.isfinite(one) and one * factor < other for one, other in pairs)


def gain(arms: Arms, arm: Arm, than: Arm, held: bool = False) -> float:
    """How many times lower one arm ends than another, by their medians; not a number when neither stays finite."""
    judge = judging if held else losses
    low, high = median(judge(arms, arm)), median(judge(arms, than))
    if math.isinf(low):
        return math.nan if math.isinf(high) else 0.0
    return math.inf if math.isinf(high) or low <= 0 else high / low


def compared(arms: Arms, told: Iterable[tuple[Arm, str]], held: bool = False) -> str:
    """In words: "loss/var(y) after 40 steps 1.77 with learning_rate=1.0, 0.011 with 0.01 (3 seeds)"."""
    parts = ", ".join(f"{short(median((judging if held else losses)(arms, arm)))} {name}" for arm, name in told)
    of = " of rows held out" if held and all(arm.held for arm in arms.arms) else ""
    return f"{arms.unit}{of} after {arms.steps} steps {parts} ({seeds(arms)})"


def changed(case: Counterfactual, held: bool = False) -> str:
    """The two arms of a counterfactual."""
    as_is, other = case.arms
    return compared(case, ((as_is, "as written"), (other, f"with {other.change}")), held)


def seeds(arms: Arms) -> str:
    """How many they are, in words."""
    return counted(len(arms.arms[0].last), "seed")


def counted(number: float, thing: str) -> str:
    """A number of things: "1 seed", "3 seeds"."""
    return f"{number:,g} {thing}{'' if number == 1 else 's'}"


def numbers(arms: Arms) -> dict[str, Any]:
    """The losses of every arm, for tools."""
    return {
        "unit": arms.unit,
        "steps": arms.steps,
        "arms": [
            {
                "change": arm.change,
                "rate": arm.rate,
                "losses": [finite(value) for value in losses(arms, arm)],
                "held_out": [finite(value) for value in held_out(arms, arm)],
            }
            for arm in arms.arms
        ],
    }


def finite(value: float) -> float | None:
    """None for what JSON cannot say."""
    return value if math.isfinite(value) else None


def short(value: float | None) -> str:
    """A number with three digits: "1.77", "0.0113", "1,000", "8.39e+06"; not finite: "not finite"."""
    if value is None or not math.isfinite(value):
        return "not finite"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"


def rate(arm: Arm) -> str:
    """A learning rate as a program writes it: "1.0", "0.001", "1e-05"."""
    text = f"{arm.rate or 0.0:.3g}"
    return text if "." in text or "e" in text else f"{text}.0"


def would_learn(case: Case) -> Evidence:
    """What is suggested ends lower by a factor with every seed, or not at all."""
    found = case.counterfactual()
    as_is, other = found.arms
    if better(found, other, as_is, case["run_gain"]):
        return confirmed(changed(found), **numbers(found))
    done = found.steps == case.exercise.begun.updates or middle(found, as_is) < case["run_learned"]
    if done and gain(found, other, as_is) <= 1:
        return refuted(changed(found), **numbers(found))
    more = "" if done else f"; the fit makes {updates(case)} updates"
    return inconclusive(f"{changed(found)}{more}", **numbers(found))


def updates(case: Case) -> str:
    """How many steps the script asks for, in words."""
    return f"{case.exercise.begun.updates:,}" if case.exercise.begun.updates else "more"
