"""The fixes of inputs at the wrong scale: a layer that scales them, behind the input of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks import graph, rebuilding, repairs
from kerlint.semantics.values import Term
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.finding import Fix
    from kerlint.semantics.program import Event, Layer, Model, Program

PIXELS = (0, 255)


def rescaled(program: Program, model: Model) -> Fix | None:
    """`Rescaling(1 / 255)` in front of the first layer."""
    spelling, layer = repairs.reached(program, "keras.layers.Rescaling"), _entrance(model)
    if spelling is None or layer is None:
        return None
    name, imports = spelling
    edits = rebuilding.put_before(program, layer, f"{name}(1.0 / 255)")
    return repairs.fix("rescale behind the input", *edits, safe=False, imports=imports)


def normalized(program: Program, model: Model, event: Event) -> Fix | None:
    """`Normalization` in front of the first layer, adapted to the data right before the fit."""
    spelling, layer = repairs.reached(program, "keras.layers.Normalization"), _entrance(model)
    data = event.x.node if isinstance(event.x, Term) and event.y is not None else None
    match event.node:
        case syntax.Call(func=syntax.Attribute(value=owner, attr=syntax.Name(value="fit"))) if data is not None and spelling and layer:
            first = 0 if model.kind == "sequential" else 1  # a functional model counts its input among its layers
            adapt = f"{repairs.code(owner)}.layers[{first}].adapt({repairs.code(data)})"
            edits = rebuilding.put_before(program, layer, f"{spelling[0]}()")
            before = repairs.statement_before(event.node, adapt)
            places = (model.node, event.node)  # elsewhere, the fit may be of other models, too
            return repairs.fix("normalize behind the input", *edits, before, safe=False, imports=spelling[1], together=places)
        case _:
            return None


def _entrance(model: Model) -> Layer | None:
    """The only layer that reads the only input of a model whose layers are its own."""
    readers = model.readers(model.inputs[0]) if len(model.inputs) == 1 and model.kind in ("sequential", "functional") else ()
    return readers[0] if len(readers) == 1 and not readers[0].within and readers[0].kind not in graph.INPUTS else None
