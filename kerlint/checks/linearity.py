"""What has no bend: two weight layers with nothing between them, and a table of numbers that a plane fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kerlint.checks import graph
from kerlint.semantics.values import Items, Term, Value, python

if TYPE_CHECKING:
    from kerlint.semantics.program import Layer, Model, Program

Row = Sequence[float]


def table(value: Value | None) -> list[list[float]] | None:
    """The rows of a literal array of numbers, `np.array([[0, 1], [1, 1]])` or the bare list; a flat list has rows of one."""
    match value:
        case Items():
            content = python(value)
        case Term(name, {"0": Items() as items} | {"object": Items() as items}) if name in ("numpy.array", "numpy.asarray"):
            content = python(items)
        case _:
            return None
    rows = [list(row) if type(row) in (list, tuple) else [row] for row in content or ()]
    numeric = all(type(cell) in (int, float) for row in rows for cell in row)
    return rows if rows and numeric and len({len(row) for row in rows}) == 1 else None


def explained(inputs: Sequence[Row], targets: Sequence[Row]) -> float | None:
    """The share of the targets' variance that the best plane through the inputs explains (R squared), for one target column.

    None when the targets do not vary, or when there are not more rows than unknowns: then any plane would fit.
    """
    if len(inputs) != len(targets) or len(targets[0]) != 1 or len(inputs) <= len(inputs[0]) + 1:
        return None
    wanted = [row[0] for row in targets]
    mean = sum(wanted) / len(wanted)
    total = sum((target - mean) ** 2 for target in wanted)
    if not total:
        return None
    basis: list[list[float]] = []
    for column in ([1.0] * len(inputs), *map(list, zip(*inputs, strict=True))):
        rest = _without(column, basis)
        if _dot(rest, rest) > 1e-9 * (_dot(column, column) or 1.0):  # what is left of a dependent column is rounding
            basis.append(rest)
    rest = _without(wanted, basis)
    return 1 - _dot(rest, rest) / total


def _without(column: Row, basis: Sequence[Row]) -> list[float]:
    rest = list(column)
    for direction in basis:
        share = _dot(rest, direction) / _dot(direction, direction)
        rest = [left - share * part for left, part in zip(rest, direction, strict=True)]
    return rest


def _dot(left: Row, right: Row) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def multiplied(program: Program, model: Model, layer: Layer) -> Layer | None:
    """The weight layer that multiplies the output of another one again, with nothing between them."""
    if layer.kind not in graph.MIXING or model.pretrained or graph.activation(layer, model) != "linear":
        return None
    match graph.following(layer, model, keeps):
        case (reader,) if reader.kind in graph.MIXING and not projects(layer, reader, model, program):
            return reader
        case _:
            return None


def keeps(layer: Layer) -> bool:
    """Whether two weight layers are still one when this stands between them."""
    moving = graph.SHAPING - {"Reshape", "reshape"}  # a Dense before a Reshape makes a map of a latent vector: that is a projection
    return layer.kind in graph.DROPOUTS | graph.AVERAGING | moving | {"BatchNormalization"}


def projects(layer: Layer, reader: Layer, model: Model, program: Program) -> bool:
    """Whether a layer without activation is meant: a bottleneck, a factored convolution, or the code of another model."""
    read, given, next_given = graph.width(layer.inputs[0] if layer.inputs else None), graph.width(layer), graph.width(reader)
    narrows = given is not None and (read is None or given < read) and next_given is not None and given < next_given
    return narrows or _factored(layer) or _factored(reader) or layer.identity in graph.heads_elsewhere(program, model)


def _factored(layer: Layer) -> bool:
    """A pointwise, depthwise, separable or lopsided convolution: one factor of a larger one."""
    match layer.arg("kernel_size"):
        case None:
            return False
        case size:
            edges = graph.edges(size)
            return layer.kind.startswith(("Depthwise", "Separable")) or not edges or edges == {1} or len(edges) > 1
