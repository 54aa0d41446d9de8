"""Questions about a data value: where it comes from, what was done to it in order, its shape, range and labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerlint.semantics.values import Value

if TYPE_CHECKING:
    from libcst import CSTNode

    from kerlint.semantics.program import Event, Shape


@dataclass(frozen=True, slots=True)
class Origin:
    """Where data comes from: `kind` is dataset, literal, random, filled, table, images, text, file, generator, directory or model."""

    kind: str
    name: str
    """As the user would say it: "cifar10.load_data()", "np.array([...])", "pd.read_csv()"."""
    node: CSTNode | None


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on the way of the data: `effect` is scale, center, encode, cast, shape, select, batch, augment, text, other or unknown."""

    effect: str
    name: str
    node: CSTNode | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an array, table or dataset. Whatever is None is not known."""

    origin: Origin | None = None
    path: tuple[Step, ...] = ()
    """From the origin to the value, in order."""
    resolved: bool = False
    """Whether the origin and every step are understood: only then may a check speak of what is absent from the path."""
    shape: Shape | None = None
    """All axes, rows first; for a batched dataset the first axis is the batch (None)."""
    rows: int | None = None
    """Number of examples, also where the shape has lost it (batched datasets)."""
    low: float | None = None
    high: float | None = None
    columns: tuple[tuple[float, float], ...] | None = None
    """Least and greatest value of each column, for 2-D literals and known tables."""
    scaled: bool | None = None
    """True: some scaling lies on the path; False: none does and the path is resolved; None: not known."""
    form: str | None = None
    """As labels: one-hot, integer, binary (0/1 in one column), multi-hot, continuous; as inputs also text, object, tokens, image."""
    classes: int | None = None
    """Number of classes of labels."""
    dtype: str | None = None
    random: bool = False
    """Every value comes from a random number generator, independent of anything else."""
    batch: int | None = None
    """Batch size of a batched dataset or generator."""
    labels: Facts | None = None
    """For datasets and generators that carry labels: the facts of the labels."""
    doubt: str = ""


def facts(value: Value | None) -> Facts:
    """What is known of a data value; memoised by identity, it never fails and never guesses."""
    raise NotImplementedError


def inputs_of(event: Event) -> Facts:
    """The facts of what an event feeds to the model (the x of a dataset, too)."""
    raise NotImplementedError


def labels_of(event: Event) -> Facts:
    """The facts of the labels of an event: `y`, or the labels that a dataset carries."""
    raise NotImplementedError
