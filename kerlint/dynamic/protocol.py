"""The events that a run sends to its parent: one JSON object a line, told apart by their `event`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from kerlint.dynamic.events import Event
from kerlint.dynamic.measurements import Measurement


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines of a file of the user's: `file` is relative to the copied folder, or absolute when it lies outside; `cell` counts from 1."""

    file: str
    line: int
    end: int
    cell: int | None = None


# What happens to the process


class Started(Event, frozen=True, tag="started"):
    """The child runs, behind this guard: "landlock" (kernel) and "audit hook", or the audit hook alone."""

    guard: tuple[str, ...]
    python: str


class Loaded(Event, frozen=True, tag="loaded"):
    """The script has imported Keras: "keras" or "tf_keras"."""

    module: str
    version: str
    backend: str


class StandIn(Event, frozen=True, tag="stand-in"):
    """Something that is not at hand was replaced by a synthetic one: a dataset, the weights of an application."""

    name: str
    place: Place | None
    reason: str


class Refused(Event, frozen=True, tag="refused"):
    """The guard stopped something: "network", "write", "process"; `target` is the address, file or command."""

    kind: str
    target: str
    place: Place | None


class Stopped(Event, frozen=True, tag="stopped"):
    """The script ended by an exception that it did not catch."""

    exception: str
    message: str
    place: Place | None


class Exited(Event, frozen=True, tag="exited"):
    """The script ended itself by `sys.exit`, `os._exit` or the like."""

    how: str
    code: int
    place: Place | None


class Interrupted(Event, frozen=True, tag="interrupted"):
    """Where the script was when its time was up."""

    place: Place | None


class Ended(Event, frozen=True, tag="ended"):
    """The script ran to its end."""


# What the parent notes about it


class TimedOut(Event, frozen=True, tag="timed-out"):
    """The child was killed at the limit."""

    limit: float


class Died(Event, frozen=True, tag="died"):
    """The child ended without saying why: killed by a signal (negative), or by C code that called `exit`."""

    code: int


class Output(Event, frozen=True, tag="output"):
    """What the script printed; `written` bytes in all, of which `text` keeps the end."""

    written: int
    text: str
    truncated: bool


# What happens to models


class LayerMade(msgspec.Struct, frozen=True):
    """A layer of a model: its name in Keras, its class, and where the script made it."""

    name: str
    kind: str
    place: Place | None


class Compiled(Event, frozen=True, tag="compiled"):
    """A model was compiled, or is trained by a tape without being compiled. `model` numbers the models of a run."""

    model: int
    name: str
    kind: str
    place: Place | None
    made: Place | None
    optimizer: str
    optimizer_place: Place | None
    learning_rate: float | None
    """None for a schedule."""
    loss: str
    metrics: tuple[str, ...]
    layers: tuple[LayerMade, ...]
    parameters: int | None


class FitBegun(Event, frozen=True, tag="fit"):
    """A training began: `kind` is fit, train_on_batch, tape, or none for a compiled model that the script never came to train.

    `synthetic` says why its data are not the user's, or "", `weights` which trained weights it should have begun with and has not.
    """

    fit: int
    model: int
    kind: str
    place: Place | None
    compile_place: Place | None
    rows: int | None
    batch_size: int | None
    epochs: int
    updates: int | None
    """Steps of the optimizer that the script asks for in all."""
    inputs: tuple[str, ...] = ()
    """Names, dtypes and shapes of what is given, for people: "x float64 (60000, 28, 28)"."""
    callbacks: tuple[str, ...] = ()
    validated: bool = False
    synthetic: str = ""
    weights: str = ""


class FitEnded(Event, frozen=True, tag="fit-ended"):
    """The training of this number is over, as far as this mode goes."""

    fit: int
    seconds: float


# What the parent asks for


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rule that has a finding, and the places by which a training is known that it asks of."""

    code: str
    own: tuple[Place, ...] = ()
    """Where the finding stands."""
    about: tuple[Place, ...] = ()
    """The model, compile and fit that it is about."""
    related: tuple[Place, ...] = ()
    anywhere: bool = True
    """It asks of a training as well that none of these places is one of."""

    def concerns(self, events: Sequence[Place], model: Sequence[Place]) -> bool:
        """Whether it asks of the training at these places: those of its fit, compile and optimizer, those of its model and layers.

        Of several trainings of one model, a finding that names a fit or compile asks of that one alone.
        """
        if _meet(self.own, (*events, *model)) or _meet(self.about, events):
            return True
        if _meet(self.about, model):
            return all(_meet((place,), model) for place in self.about)
        return self.anywhere or _meet(self.related, (*events, *model))


def _meet(some: Sequence[Place], others: Sequence[Place]) -> bool:
    return any(overlap(one, other) for one in some for other in others)


class Order(msgspec.Struct, frozen=True):
    """What the parent tells the child: what to run, how long, and where its events go."""

    script: str
    """The script in the scratch copy."""
    cells: tuple[str, ...]
    """The cells of a notebook, each a file of the scratch copy; empty for a script."""
    numbers: tuple[int, ...]
    written: dict[str, tuple[tuple[int, int, int], ...]]
    """Files of the scratch copy that cells write: from which line on they come from which cell, and how many rows further down there."""
    name: str
    """How a place in the script is named: its path relative to `folder`."""
    folder: str
    scratch: str
    arguments: tuple[str, ...]
    pipe: int
    limit: float
    seeds: int
    memory: int
    asked: int
    """The pipe on which the questions come, a JSON list, once they are known."""


Known = (
    Started
    | Loaded
    | StandIn
    | Refused
    | Stopped
    | Exited
    | Interrupted
    | Ended
    | TimedOut
    | Died
    | Output
    | Compiled
    | FitBegun
    | FitEnded
    | Measurement
)

encode = msgspec.json.Encoder().encode
_DECODER: msgspec.json.Decoder[Known] = msgspec.json.Decoder(Known)


def decode(line: bytes) -> Known:
    """The event of a line. Raises msgspec.DecodeError."""
    return _DECODER.decode(line)


def lines(data: bytes) -> Iterator[Known]:
    """The events of a recording, one a line."""
    return (decode(line) for line in data.splitlines() if line.strip())


def overlap(one: Place, other: Place) -> bool:
    """Whether two places share a line."""
    return (one.file, one.cell) == (other.file, other.cell) and one.line <= other.end and other.line <= one.end


def order_of(text: bytes) -> Order:
    """The order that the child was started with. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Order)
