"""What probes measure: one event each, about one fit. Numbers that are not finite are None, as JSON has none."""

from __future__ import annotations

import msgspec

from kerlint.dynamic.events import Event

Number = float | None


class Probed(Event, frozen=True, kw_only=True):
    """What a probe yields: an event about one fit."""

    fit: int
    seconds: float = 0.0


class Declined(Probed, frozen=True, tag="declined", kw_only=True):
    """A probe ("P3", or "probes": all of them) did not measure, and why."""

    probe: str
    reason: str


class Array(msgspec.Struct, frozen=True, omit_defaults=True):
    """Statistics of one array; `role` is x, y, validation x, validation y or sample weight, `name` the input or output it is for."""

    role: str
    name: str
    dtype: str
    shape: tuple[int, ...]
    low: Number = None
    high: Number = None
    mean: Number = None
    std: Number = None
    typical: Number = None
    """The mean of the absolute values."""
    deviation: Number = None
    """The mean distance from the median."""
    whole: bool = False
    """Every value is a whole number."""
    missing: int = 0
    """Numbers that are not finite; the first of them stands at `gap` (row, column)."""
    gap: tuple[int, int] | None = None
    feature_mean: tuple[float, ...] = ()
    """Of the columns (last axis), at most 100 of them."""
    feature_std: tuple[float, ...] = ()
    spread_ratio: Number = None
    """The greatest standard deviation of a column over the smallest that is not 0."""
    narrow: int = 0
    wide: int = 0
    distinct: int | None = None
    """How many values it takes, None above 1,000."""
    one_hot: bool = False
    sums: tuple[float, float] | None = None
    """The least and the greatest sum of a row."""
    counts: tuple[tuple[float, int], ...] = ()
    """The classes and how often each occurs, where the values are classes."""
    drift: Number = None
    """By how many standard errors the mean of the last fifth differs from that of the rows before it."""


class Statistics(Probed, frozen=True, tag="P1", kw_only=True):
    """P1: what the data are. `shared` are validation rows that are training rows, too; `parameters` and `trainable` count weights."""

    arrays: tuple[Array, ...]
    parameters: int = 0
    trainable: int = 0
    shared: int | None = None
    weighted: bool = False
    """The fit gives rows or classes weights."""
    validated: bool = False
    earlier: int = 0
    """Trainings of this model before this one."""
    carried: bool = False
    """It has the weights that an earlier training has left."""
    normalizer: str = ""
    """The layer that normalizes in front of all weights, or ""."""


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """The predictions of one output for a batch."""

    name: str
    shape: tuple[int, ...]
    activation: str = ""
    low: Number = None
    high: Number = None
    std: Number = None
    """The greatest standard deviation of a unit over the rows."""
    sums: tuple[float, float] | None = None
    empty: float = 0.0
    """The share of rows that are 0 throughout."""


class FirstLoss(Probed, frozen=True, tag="P2", kw_only=True):
    """P2: the loss before the first step, and what the best constant prediction has: `expected`, with its origin ("ln 10", "var(y)")."""

    loss: Number
    expected: Number
    basis: str
    penalty: Number = None
    """The part of it that layers add: regularizers."""
    outputs: tuple[Output, ...] = ()


class Failed(Probed, frozen=True, tag="failed", kw_only=True):
    """The first step raises."""

    exception: str
    message: str


class LayerGradient(msgspec.Struct, frozen=True, omit_defaults=True):
    """The gradient of a layer's kernel and the kernel itself."""

    name: str
    kind: str
    activation: str = ""
    norm: Number = None
    weight_norm: Number = None
    weight_std: Number = None
    equal_units: bool = False
    """All units start with equal weights and get equal gradients."""
    parameters: int = 0


class Gradients(Probed, frozen=True, tag="P3", kw_only=True):
    """P3: one backward pass, layers with kernels in the order of computation; `ratio` is that of the first to the last norm."""

    layers: tuple[LayerGradient, ...]
    ratio: Number
    without: tuple[str, ...] = ()
    """Trainable variables without any gradient."""


class LayerActivation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a layer receives and gives on a batch."""

    name: str
    kind: str
    activation: str = ""
    shape: tuple[int, ...] = ()
    largest_input: Number = None
    typical_input: Number = None
    """The root of the mean square of what it receives."""
    mean: Number = None
    std: Number = None
    before: Number = None
    """The standard deviation in front of the activation."""
    unit_std: Number = None
    """The median over the units of the standard deviation over the rows."""
    dead: Number = None
    """The share of units that are 0 for every row."""
    saturated: Number = None
    """The share of values that lie at a bound of the activation."""


class Activations(Probed, frozen=True, tag="P4", kw_only=True):
    """P4: activations, layer by layer, in the order of computation."""

    layers: tuple[LayerActivation, ...]


class Arm(msgspec.Struct, frozen=True, omit_defaults=True):
    """The same steps with something changed (`change`, "" for as it is written); one loss for each seed, None where it is not finite.

    `last` is measured on the same batches as `first`, as training sees them (dropout and batch statistics on).
    """

    change: str
    first: tuple[Number, ...]
    last: tuple[Number, ...]
    rate: Number = None
    held: tuple[Number, ...] = ()
    """The loss in prediction of rows that were held out; no row is among those that were learned."""
    held_accuracy: tuple[Number, ...] = ()
    """The accuracy on them, where there are classes."""
    update_ratio: Number = None
    """The greatest size of a first step relative to its kernel, median over the seeds."""
    peak: tuple[Number, ...] = ()
    """The greatest loss on the way."""


class Arms(Probed, frozen=True, kw_only=True):
    """Arms on the same batches and seeds.

    To be divided by `scale`, the loss of the best constant prediction, and then called `unit` ("loss/var(y)").
    """

    steps: int
    unit: str
    scale: float
    arms: tuple[Arm, ...]


class Overfitted(Arms, frozen=True, tag="P5", kw_only=True):
    """P5: training on a single batch."""


class Rates(Arms, frozen=True, tag="P6", kw_only=True):
    """P6: the learning rate as it is written, other rates beside it. `budget`: the steps are all those that the script asks for."""

    budget: bool = False


class Gap(Probed, frozen=True, tag="P7", kw_only=True):
    """P7: a short run on some rows, judged on those and on others; no row is in both. Losses as in `Arms`, medians over the seeds."""

    steps: int
    rows: int
    held_out: int
    unit: str
    scale: float
    train_loss: Number
    held_loss: Number
    train_accuracy: Number = None
    held_accuracy: Number = None
    passes: float = 1.0
    """How often each row was learned."""
    constant_loss: Number = None
    """The loss of the best constant prediction for the rows that were held out, None where that is not known."""
    constant_accuracy: Number = None
    """Its accuracy."""


class Shuffled(Arms, frozen=True, tag="P8", kw_only=True):
    """P8: the same steps on the labels as they are and on permuted ones, with rows held out."""

    constant_accuracy: Number = None
    """The accuracy of the best constant prediction."""


class Counterfactual(Arms, frozen=True, tag="P9", kw_only=True):
    """P9: the same steps as written (first arm) and with the change that a rule suggests (`rule`), at `layer` where it is one layer's."""

    rule: str
    layer: str = ""


class Fact(Probed, frozen=True, tag="fact", kw_only=True):
    """A single measurement of a rule that none of P1 to P9 has: a name, a number or text, and the layer or array it is about."""

    name: str
    value: float | str | bool | None
    about: str = ""


class Trained(Probed, frozen=True, tag="trained", kw_only=True):
    """After the probes, the model has taken the steps of its own training, as that is done in no time."""

    steps: int


Measurement = (
    Declined
    | Statistics
    | FirstLoss
    | Failed
    | Gradients
    | Activations
    | Overfitted
    | Rates
    | Gap
    | Shuffled
    | Counterfactual
    | Fact
    | Trained
)
