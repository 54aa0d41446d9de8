"""The time that probes may take."""

from __future__ import annotations

import time
from dataclasses import dataclass


class DeclinedError(Exception):
    """A probe that was not run, and why."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Runs out at a moment of the monotonic clock."""

    end: float

    @classmethod
    def of(cls, seconds: float) -> Clock:
        """A clock that runs out in so many seconds."""
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that are left; below 0 when it has run out."""
        return self.end - time.monotonic()

    def share(self, part: float) -> Clock:
        """A clock for a part of what is left."""
        return Clock.of(self.left() * part)
