"""What an exercise says of a finding, rule by rule, and what it shows that no finding says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from msgspec.structs import replace

from kerlint.dynamic.exercise import Exercise
from kerlint.dynamic.measurements import Failed
from kerlint.dynamic.protocol import Stopped
from kerlint.dynamic.verdicts.case import Case, NotMeasuredError, confirmed
from kerlint.dynamic.verdicts.noticing import Noticed, noticed
from kerlint.finding import Evidence, Finding
from kerlint.rule import Rule

__all__ = ["Noticed", "judge", "judged", "measurable", "noticed", "stopped"]

FAMILIES = {"1": "data", "2": "architecture", "3": "output", "4": "optimizer", "5": "training", "6": "training"}
"""The module of verdicts for each first digit of a code; a verdict is named as the page of its rule is."""
CRASHES: Mapping[str, str] = {
    "KER110": "string|object|dtype|Unsupported|convert|invalid",
    "KER116": "cardinal|length|size|same number|rows",
    "KER120": "list|Unrecognized|data",
    "KER122": "label|range|class|out of",
    "KER124": "shape|incompatible|dimension|rank",
    "KER208": "label|range|shape|class",
    "KER209": "shape|rank|incompatible|dimension",
    "KER210": "shape|incompatible|dimension|rank|negative|window|ndim|axis",
    "KER211": "shape|rank|incompatible|dimension",
    "KER212": "indices|out of|range",
    "KER302": "shape|label|class",
    "KER303": "shape|rank",
    "KER310": "shape|rank|label",
    "KER315": "KeyError",
    "KER317": "gradient",
    "KER319": "compile|loss",
    "KER320": "loss|output|key|structure|name",
    "KER323": "shape|rank|label|incompatible",
    "KER324": "shape|broadcast|incompatible|dimension",
    "KER409": "learning rate|schedule|settable|assign",
    "KER410": "unknown variable|optimizer|variable",
    "KER411": "",
    "KER504": "y|dataset|argument",
    "KER505": "shape|rank|incompatible|dimension",
    "KER507": "float|integer|int",
    "KER713": "import|module",
    "KER845": "",
}
"""The rules that an error of the first step, or of building the model, confirms, and what its message must speak of (a pattern)."""


def judge(finding: Finding, exercise: Exercise, rule: Rule, layer: str | None = None) -> Evidence | None:
    """The verdict on a finding: confirmed, refuted or inconclusive with the numbers, not exercised with the reason.

    `layer` is the name of the layer that the finding speaks of. None: nothing of its rule can be measured.
    """
    return judged(rule, exercise, layer or "")


def judged(rule: Rule, exercise: Exercise, layer: str = "") -> Evidence | None:
    """The verdict on a finding of a rule."""
    failed = exercise.find(Failed)
    if failed is not None and speaks(rule.code, failed.message):
        return confirmed(f"the first step raises {failed.exception}: {failed.message}")
    verdict = verdict_of(rule.code, rule.name)
    if verdict is None:
        return None
    try:
        return _sober(verdict(Case(exercise, rule, layer)), exercise)
    except NotMeasuredError as error:
        return Evidence("not exercised", str(error))


def _sober(evidence: Evidence, exercise: Exercise) -> Evidence:
    """How well a stand-in for data is learned may speak against a model, never for it: the real data may be harder.

    What a model without its trained weights learns speaks neither way.
    """
    if "arms" not in evidence.data:
        return evidence
    if exercise.begun.weights:
        return replace(evidence, verdict="inconclusive")
    if exercise.synthetic and evidence.verdict == "refuted":
        return replace(evidence, verdict="inconclusive", detail=f"{evidence.detail}, on a stand-in for the data")
    return evidence


def stopped(rule: Rule, event: Stopped) -> Evidence | None:
    """The verdict on a finding at the place where the script stopped; None when this does not speak of it."""
    if not speaks(rule.code, f"{event.exception} {event.message}"):
        return None
    return confirmed(f"the script stops there with {event.exception}: {event.message}")


def measurable(rule: Rule) -> bool:
    """Whether a run can say something of a rule."""
    return rule.code in CRASHES or verdict_of(rule.code, rule.name) is not None


def speaks(code: str, message: str) -> bool:
    """Whether an error is the one that a rule warns of."""
    return code in CRASHES and re.search(CRASHES[code], message, re.IGNORECASE) is not None


@cache
def verdict_of(code: str, name: str) -> Callable[[Case], Evidence] | None:
    """The function that judges the findings of a rule."""
    family = FAMILIES.get(code[3])
    module = import_module(f"kerlint.dynamic.verdicts.{family}") if family else None
    found: Callable[[Case], Evidence] | None = getattr(module, name.replace("-", "_"), None)
    return found
