"""One training of a run with all that was measured of it, gathered from the events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from kerlint.dynamic.measurements import Declined, Probed
from kerlint.dynamic.protocol import Compiled, FitBegun, Known, Place, StandIn, overlap

Measured = TypeVar("Measured", bound=Probed)


@dataclass(frozen=True)
class Exercise:
    """A training that the run came to: what is trained, where the script says so, and what probes measured."""

    begun: FitBegun
    compiled: Compiled | None
    measured: tuple[Probed, ...] = ()

    def find(self, kind: type[Measured]) -> Measured | None:
        """What a probe measured: `exercise.find(FirstLoss)`."""
        return next((each for each in self.measured if isinstance(each, kind)), None)

    def all(self, kind: type[Measured]) -> Iterator[Measured]:
        """All measurements of one kind, as counterfactuals of several rules."""
        return (each for each in self.measured if isinstance(each, kind))

    @cached_property
    def declined(self) -> Mapping[str, str]:
        """Why a probe did not measure, by its name."""
        return {each.probe: each.reason for each in self.all(Declined)}

    @property
    def synthetic(self) -> str:
        """Why the data are not the user's own, or ""."""
        return self.begun.synthetic

    def layer(self, place: Place) -> str | None:
        """The name of the layer that the script makes at a place, the one that takes fewest lines of those that overlap it."""
        found = [
            (layer.place.end - layer.place.line, layer.name)
            for layer in (self.compiled.layers if self.compiled else ())
            if layer.place and overlap(layer.place, place)
        ]
        return min(found)[1] if found else None

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every place of the script that has made this training what it is."""
        compiled = self.compiled
        found = [self.begun.place, self.begun.compile_place]
        if compiled:
            found += [compiled.place, compiled.made, compiled.optimizer_place, *(layer.place for layer in compiled.layers)]
        return tuple(place for place in found if place)


def exercises(events: Iterable[Known]) -> tuple[Exercise, ...]:
    """The trainings of a run, in order."""
    compiled: dict[int, Compiled] = {}
    begun: dict[int, tuple[FitBegun, Compiled | None]] = {}
    measured: dict[int, list[Probed]] = {}
    for event in events:
        match event:
            case Compiled(model=model):
                compiled[model] = event
            case FitBegun(fit=fit, model=model):
                begun[fit] = event, compiled.get(model)
            case Probed(fit=fit):
                measured.setdefault(fit, []).append(event)
            case _:
                pass
    return tuple(Exercise(start, how, tuple(measured.get(fit, ()))) for fit, (start, how) in begun.items())


def stand_ins(events: Iterable[Known]) -> tuple[StandIn, ...]:
    """What was replaced by something synthetic."""
    return tuple(event for event in events if isinstance(event, StandIn))
