"""What an exercise says of a finding, rule by rule, and what it shows that no finding says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kerlint.dynamic.exercise import Exercise
from kerlint.dynamic.protocol import Place
from kerlint.finding import Evidence, Finding
from kerlint.rule import Rule


@dataclass(frozen=True)
class Noticed:
    """A finding that only a run can make: the rule, what fills the template of its message, where it stands, and the numbers."""

    code: str
    variant: str
    place: Place
    evidence: Evidence
    facts: Mapping[str, Any] = field(default_factory=dict)


def judge(finding: Finding, exercise: Exercise, rule: Rule) -> Evidence | None:
    """The verdict on a finding: confirmed, refuted or inconclusive with the numbers; None when its rule has nothing to measure."""
    return None


def noticed(exercise: Exercise, rules: Mapping[str, Rule]) -> Iterator[Noticed]:
    """What a run shows that no finding says."""
    yield from ()
