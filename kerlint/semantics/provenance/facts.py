"""What is known of a data value: its origin, the steps of its way, its shape, range, form and labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from kerlint.semantics.values import Value, thing

if TYPE_CHECKING:
    from kerlint.semantics.program import Shape
    from kerlint.syntax.nodes import Node

LONGEST = 200
"""Steps that a path remembers; a longer way (an accidental chain of thousands) counts as not understood."""


Sources = frozenset[tuple[object, str]]
"""Identities of values, each with a part of it."""


class Origin(Struct, frozen=True):
    """Where data comes from: `kind` is dataset, literal, random, filled, table, images, text, file, generator, directory or model."""

    kind: str
    name: str
    """As the user would say it: "cifar10.load_data()", "np.array([...])", "pd.read_csv()"."""
    node: Node | None


class Step(Struct, frozen=True):
    """One operation on the way of the data.

    `effect` is scale, center, encode, cast, shape, select, batch, augment, text, other or unknown.
    """

    effect: str
    name: str
    node: Node | None


class Facts(Struct, frozen=True):
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
    """Every value was drawn by one random number generator call; whether other data was made of the same draw, `same_origin` says."""
    batch: int | None = None
    """Batch size of a batched dataset or generator."""
    labels: Facts | None = None
    """For datasets and generators that carry labels: the facts of the labels."""
    doubt: str = ""
    yields: str | None = None
    """For what `fit` iterates over: "examples" (not batched), "batches", "elements" (either) or "windows"; None for an array."""
    split: str | None = None
    """The half of a split that this is, by its makings and not by its name: train or test."""
    statistic: str = ""
    """What was computed over other data to give this ("max", "mean", "std" …), or "" for data itself."""
    members: Mapping[Any, Facts] = {}
    """The parts of a tuple or dict of data, or the known columns of a table, by key."""
    sources: Sources = frozenset()
    """What everything in it was made from: the values that load, list or draw it, each with the part of them ("x", "[:, 0:8]")."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Least and greatest value, when both are known."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def constant(self) -> float | None:
        """The number that this is when it is a single, known one."""
        return self.low if self.shape == () and self.low == self.high else None

    @property
    def whole(self) -> bool:
        """Whether all values are integers."""
        return self.form in ("integer", "binary", "multi-hot", "tokens") or (self.form == "one-hot" and self.high == 1)


def written(value: Value) -> Node | None:
    """Where a value was first written, also when it came through a name."""
    return value.origin or value.node


def source_of(value: Value, part: str = "") -> Sources:
    """A value as a source; what is one object to the program is one source."""
    return frozenset({(thing(value), part)})


def stepped(found: Facts, effect: str, name: str, node: Node | None) -> Facts:
    """The facts after one more step; a step that leaves the data as it is ("same") is none."""
    if effect == "same":
        return found
    if len(found.path) >= LONGEST:
        return replace(found, resolved=False, scaled=found.scaled or None)
    path = (*found.path, Step(effect, name, node))
    match effect:
        case "unknown":
            return replace(found, path=path, resolved=False, scaled=found.scaled or None)
        case _:
            return replace(found, path=path)


def narrowed(found: Facts, part: str) -> Facts:
    """The same facts of one part of the sources (a column, the labels of a dataset)."""
    return replace(found, sources=frozenset((value, before or part) for value, before in found.sources))


def bounded(bounds: tuple[float, float] | None) -> dict[str, Any]:
    """A range as the two fields that hold it."""
    return {"low": None, "high": None} if bounds is None else {"low": bounds[0], "high": bounds[1]}


def labelled(whole: bool, bounds: tuple[float, float] | None) -> str:
    """The form of labels whose values are integers or not, within bounds."""
    if not whole:
        return "continuous"
    return "binary" if bounds is not None and bounds[0] >= 0 and bounds[1] <= 1 else "integer"


def agreed(*found: Any) -> Any:
    """The common value of all, or None."""
    first = found[0] if found else None
    return first if all(other == first for other in found[1:]) else None


def union(*found: tuple[float, float] | None) -> tuple[float, float] | None:
    """The range around several ranges; None when one is not known."""
    known = [bounds for bounds in found if bounds is not None]
    if not found or len(known) < len(found):
        return None
    return min(low for low, _ in known), max(high for _, high in known)
