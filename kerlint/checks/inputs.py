"""Shapes of inputs that were arguments of the first layer and are an `Input` of their own now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks import repairs, rewrites
from kerlint.semantics.catalog import migration

if TYPE_CHECKING:
    from kerlint.finding import Fix
    from kerlint.semantics.catalog.migration import Row
    from kerlint.semantics.program import Model, Program, Use
    from kerlint.syntax.nodes import Node


def fix(program: Program, use: Use, row: Row) -> Fix | None:
    """An `Input` in front of the first layer of a sequential model, in its list or in an `add` of its own."""
    shape = _shape(use, row)
    edit = rewrites.without(use.node, row.old)
    root = migration.rooted(use.via)[0]
    made = rewrites.spelled(program, rewrites.function(use.node), use.via, f"{root}.Input")
    if shape is None or edit is None or made is None:
        return None
    text = f"{made[0]}({shape})"
    if (adding := _added_by(program, use.node)) is not None:
        front = repairs.statement_before(adding, f"{rewrites.inner(adding).code}.add({text})")  # type: ignore[union-attr]
    elif _listed_first(program, use.node):
        front = repairs.before(use.node, f"{text}, ")
    else:
        return None
    return repairs.fix("Begin the model with an `Input`", front, edit, safe=False, imports=made[1])


def _shape(use: Use, row: Row) -> str | None:
    text = rewrites.written(use.node, row.old)
    match row.old:
        case _ if text is None:
            return None
        case "batch_input_shape":
            return f"batch_shape={text}"
        case "input_dim" if use.name.rpartition(".")[2] not in ("Dense", "BatchNormalization", "Activation", "Dropout"):
            return None
        case "input_dim":
            return f"shape=({text},)"
        case _:
            return f"shape={text}"


def _added_by(program: Program, node: Node) -> Node | None:
    """The call `model.add(...)` of a sequential model whose argument is the node."""
    for use in program.used(".add"):
        if rewrites.first_argument(use.node) is node:
            return use.node
    return None


def _listed_first(program: Program, node: Node) -> bool:
    """Whether a layer is the first one in the list that a sequential model is made of."""
    return any(rewrites.first_listed(use.node) is node for use in program.used("keras.Sequential"))


def needs_length(program: Program, use: Use) -> bool:
    """Whether a model may need the length that an embedding was told: it flattens, and has no input of its own."""
    models = [model for model in program.models if any(layer.node is use.node for layer in model.layers)]
    return not models or any(model.has("Flatten") and not _opened(model) for model in models)


def _opened(model: Model) -> bool:
    return model.kind != "sequential" or any(layer.kind == "InputLayer" and layer.given for layer in model.layers)
