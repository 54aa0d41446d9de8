"""The events that a run sends to its parent: one JSON object a line, told apart by their `event`."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines of a file of the user's: `file` is relative to the copied folder, or absolute when it lies outside; `cell` counts from 1."""

    file: str
    line: int
    end: int
    cell: int | None = None


class Event(msgspec.Struct, frozen=True, tag_field="event", kw_only=True):
    """What all events have in common; `at` are the seconds since the child began."""

    at: float = 0.0


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

    `synthetic` says why its data are not the user's, or "".
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


class FitEnded(Event, frozen=True, tag="fit-ended"):
    """The training of this number is over, as far as this mode goes."""

    fit: int
    seconds: float


class Probed(Event, frozen=True, kw_only=True):
    """What a probe yields: an event about one fit."""

    fit: int
    seconds: float = 0.0


class Declined(Probed, frozen=True, tag="declined"):
    """A probe, or all of them ("probes"), did not measure: why."""

    probe: str
    reason: str


class Array(msgspec.Struct, frozen=True):
    """Statistics of one array; `role` is x, y, validation_x, validation_y or sample_weight, `name` the input or output it is for.

    Numbers that are not finite are None, as JSON has none. `features` are those of columns (last axis), of at most 100 of them.
    """

    role: str
    name: str
    dtype: str
    shape: tuple[int, ...]
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    std: float | None = None
    feature_low: tuple[float | None, ...] = ()
    feature_high: tuple[float | None, ...] = ()
    feature_mean: tuple[float | None, ...] = ()
    feature_std: tuple[float | None, ...] = ()
    nan: int = 0
    infinite: int = 0
    whole: bool = False
    """Every value is a whole number."""
    distinct: int | None = None
    """How many values it takes, None above 1,000."""
    counts: tuple[tuple[float, int], ...] = ()
    """The values and how often each occurs, when they are few."""
    one_hot: bool = False


class Statistics(Probed, frozen=True, tag="P1"):
    """P1: what the data are."""

    arrays: tuple[Array, ...]


class FirstLoss(Probed, frozen=True, tag="P2"):
    """P2: the loss before the first step, what an undecided model would have, and where that number comes from ("ln 10", "var(y)")."""

    loss: float | None
    expected: float | None
    basis: str
    low: float | None = None
    high: float | None = None
    """Smallest and largest prediction."""
    row_sum: tuple[float, float] | None = None


class LayerGradient(msgspec.Struct, frozen=True):
    """The norm of a layer's gradient, of its weights, and the variance within its kernel."""

    name: str
    norm: float | None
    weight_norm: float | None = None
    kernel_variance: float | None = None
    equal_units: bool = False


class Gradients(Probed, frozen=True, tag="P3"):
    """P3: one backward pass, layer by layer in the order of computation; `ratio` is that of the first to the last."""

    layers: tuple[LayerGradient, ...]
    ratio: float | None
    output_std: float | None = None
    without: tuple[str, ...] = ()
    """Trainable variables without any gradient."""


class LayerActivation(msgspec.Struct, frozen=True):
    """What a layer gives on a batch: the share of its units that are always 0 (`dead`), of values at a bound (`saturated`)."""

    name: str
    mean: float | None
    std: float | None
    dead: float | None = None
    saturated: float | None = None


class Activations(Probed, frozen=True, tag="P4"):
    """P4: activations, layer by layer."""

    layers: tuple[LayerActivation, ...]


class Arm(msgspec.Struct, frozen=True):
    """The same steps with something changed (`change`, "" for as it is written); one loss for each seed, None where it is not finite."""

    change: str
    first: tuple[float | None, ...]
    last: tuple[float | None, ...]
    learning_rate: float | None = None
    update_ratio: float | None = None
    """Size of a step relative to the weights."""
    accuracy: tuple[float | None, ...] = ()


class Overfitted(Probed, frozen=True, tag="P5"):
    """P5: training on a single batch."""

    steps: int
    arm: Arm


class Rates(Probed, frozen=True, tag="P6"):
    """P6: the learning rate as it is, a tenth and ten times it; `scale` is what losses were divided by (var(y), or 1)."""

    steps: int
    scale: float
    arms: tuple[Arm, ...]


class Gap(Probed, frozen=True, tag="P7"):
    """P7: a short run on some rows, judged on those and on others; no row is in both."""

    steps: int
    rows: int
    held_out: int
    train_loss: float | None
    held_loss: float | None
    train_accuracy: float | None = None
    held_accuracy: float | None = None
    parameters_per_row: float | None = None


class Shuffled(Probed, frozen=True, tag="P8"):
    """P8: the same steps on the labels as they are and on permuted ones."""

    steps: int
    arm: Arm
    shuffled: Arm
    entropy: float | None = None


class Counterfactual(Probed, frozen=True, tag="P9"):
    """P9: the same steps as it is written and with the change that a rule suggests."""

    rule: str
    steps: int
    scale: float
    as_is: Arm
    changed: Arm


class Fact(Probed, frozen=True, tag="fact"):
    """A single measurement of a rule that none of P1 to P9 has: a name, a number or text, and the layer or array it is about."""

    name: str
    value: float | str | bool | None
    about: str = ""


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
    | Declined
    | Statistics
    | FirstLoss
    | Gradients
    | Activations
    | Overfitted
    | Rates
    | Gap
    | Shuffled
    | Counterfactual
    | Fact
)

encode = msgspec.json.Encoder().encode
_DECODER: msgspec.json.Decoder[Known] = msgspec.json.Decoder(Known)


def decode(line: bytes) -> Known:
    """The event of a line. Raises msgspec.DecodeError."""
    return _DECODER.decode(line)


def lines(data: bytes) -> Iterator[Known]:
    """The events of a recording, one a line."""
    return (decode(line) for line in data.splitlines() if line.strip())
