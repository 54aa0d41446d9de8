"""How sure a check may be, given the values its finding rests on."""

from __future__ import annotations

from typing import Protocol

from kerlint.finding import Confidence
from kerlint.semantics.values import Choice


class Doubted(Protocol):
    """Anything that may be different at run time: a value, a model, an event, facts about data."""

    @property
    def doubt(self) -> str:
        """Why it may be different, or ""."""


def of(*grounds: Doubted | None) -> Confidence:
    """High, or medium when one of the grounds is a default, one of several branches or otherwise in doubt; None is no ground."""
    for ground in grounds:
        match ground:
            case None:
                continue
            case Choice():
                return Confidence.medium
            case _ if ground.doubt:
                return Confidence.medium
    return Confidence.high
