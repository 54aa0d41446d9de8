"""What is measured of a model on the point of being trained."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.dynamic.measurements import Probed
from kerlint.dynamic.subject import Subject


def run(subject: Subject, budget_seconds: float, seeds: int, asked: frozenset[str] = frozenset()) -> Iterator[Probed]:
    """Measure what can be measured in a time, the cheapest first; `asked` are the codes of rules that have something to ask.

    Whatever a probe raises is the caller's to report.
    """
    yield from ()
