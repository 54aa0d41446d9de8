"""The fixes of callbacks that watch what is not measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks import repairs
from kerlint.semantics.values import Term, text

if TYPE_CHECKING:
    from kerlint.finding import Fix

VALIDATION = "val_"
"""How the names of validation metrics begin."""


def training_instead(callback: Term) -> Fix | None:
    """A callback that watches what is measured in training, under the same name without `val_`."""
    call = callback.origin or callback.node
    monitor, path = callback.args.get("monitor"), callback.args.get("filepath")
    watched = (text(monitor) or "").removeprefix(VALIDATION)
    literal, named = repairs.written(monitor), repairs.written(path)
    if f"{{{VALIDATION}" in (text(path) or ""):
        edit = repairs.replaced(named, repairs.code(named).replace(f"{{{VALIDATION}", "{")) if named is not None else None
    elif literal is not None:
        edit = repairs.replaced(literal, repairs.quoted(watched, literal))
    else:
        edit = repairs.added(call, f'monitor="{watched}"') if repairs.argument(call, "monitor") is None else None
    return repairs.fix("watch the training", edit, safe=False)
