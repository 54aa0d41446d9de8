"""Names of files that models and weights are kept in: Keras 3 tells the format by their ending."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.checks import repairs, rewrites
from kerlint.checks.obsolete import Hit, namespace
from kerlint.semantics.catalog import migration
from kerlint.semantics.graph import is_model
from kerlint.semantics.values import Const, Value, text

if TYPE_CHECKING:
    from kerlint.finding import Edit, Fix
    from kerlint.semantics.program import Program, Use
    from kerlint.syntax.nodes import Node

WHOLE = (".keras", ".h5", ".hdf5")
"""Endings of files that `save` and `load_model` take."""
OLD = (".h5", ".hdf5")
WEIGHTS = ".weights.h5"
NAMING = (
    ".save",
    ".save_weights",
    ".load_weights",
    "keras.models.save_model",
    "keras.models.load_model",
    "keras.callbacks.ModelCheckpoint",
)
"""Calls that name a file."""
CHECKPOINT = (".keras", ".h5")
"""Endings that `ModelCheckpoint` takes for whole models."""


def hits(program: Program) -> Iterator[Hit]:
    """The names of files that Keras 3 refuses, or takes with a warning."""
    for use in program.used(*NAMING):
        if use.guarded:
            continue
        match use.name:
            case ".save" if use.receiver is not None and is_model(use.receiver):
                yield from _saved(program, use, use.arg(0, "filepath"))
            case "keras.models.save_model" | "keras.models.load_model" if namespace(use.via):
                loads = use.name.endswith("load_model")
                yield from _loaded(program, use) if loads else _saved(program, use, use.arg(1, "filepath"))
            case ".save_weights" | ".load_weights" if use.receiver is not None and is_model(use.receiver):
                yield from _weights(program, use)
            case "keras.callbacks.ModelCheckpoint" if namespace(use.via):
                yield from _checkpoint(program, use)


def _saved(program: Program, use: Use, path: Value | None) -> Iterator[Hit]:
    name, form = text(path), use.keywords.get("save_format")
    if form is not None and name is not None and not name.endswith(WHOLE):  # it is only warned of where the ending says the same
        new = _ended(name, ".h5" if text(form) == "h5" else ".keras")
        fix = repairs.fix(
            "Let the ending of the file say the format", rewrites.without(use.node, "save_format"), _edit(path, new), safe=False
        )
        node = repairs.argument(use.node, "save_format") or use.node
        yield Hit(migration.call("KER809", "save_format"), node, "save_format", new, "format", fix, use.doubt)
    elif name is not None and not name.endswith(WHOLE):
        new = _ended(name, ".keras")
        yield Hit(migration.call("KER809", "save"), _node(use, path), name, new, "save", _renamed(program, path, new), use.doubt)
    elif name is not None and name.endswith(OLD):
        new = _ended(name, ".keras")
        yield Hit(migration.call("KER810", "save"), _node(use, path), name, new, "", _renamed(program, path, new), use.doubt)


def _loaded(program: Program, use: Use) -> Iterator[Hit]:
    path = use.arg(0, "filepath")
    name = text(path)
    if name is not None and not name.endswith(WHOLE) and "://" not in name:
        new = _ended(name, ".keras")
        yield Hit(migration.call("KER809", "load_model"), _node(use, path), name, new, "load", _renamed(program, path, new), use.doubt)


def _weights(program: Program, use: Use) -> Iterator[Hit]:
    path = use.arg(0, "filepath")
    name = text(path)
    if name is None or name.endswith(WEIGHTS):
        return
    loads = use.name == ".load_weights"
    if loads and name.endswith((*WHOLE, ".json")):
        return
    new = _ended(name, WEIGHTS)
    row = migration.call("KER811", use.name[1:])
    yield Hit(row, _node(use, path), name, new, "load" if loads else "", _renamed_weights(program, path, new), use.doubt)


def _checkpoint(program: Program, use: Use) -> Iterator[Hit]:
    path, only = use.arg(0, "filepath"), use.arg(4, "save_weights_only")
    name = text(path)
    match use.keywords.get("save_freq"):
        case Const("batch"):
            node = repairs.argument(use.node, "save_freq") or use.node
            yield Hit(migration.call("KER812", "save_freq"), node, "batch", "", "batch", None, use.doubt)
    endings: tuple[str, ...]
    match only:
        case None | Const(False):
            endings, ending = CHECKPOINT, ".keras"
        case Const(True):
            endings, ending = (WEIGHTS,), WEIGHTS
        case _:
            return
    if name is not None and not name.endswith(endings):
        new = _ended(name, ending)
        row = migration.call("KER812", "filepath")
        yield Hit(row, _node(use, path), name, new, "weights" if ending == WEIGHTS else "", _renamed(program, path, new), use.doubt)


def _ended(name: str, ending: str) -> str:
    """The name of a file with another ending; a directory becomes a file."""
    name = name.rstrip("/")
    for known in (WEIGHTS, ".hdf5", ".hdf", ".h5", ".keras", ".ckpt", ".tf", ".pb"):
        if name.endswith(known):
            return name.removesuffix(known) + ending
    return name + ending


def _node(use: Use, path: Value | None) -> Node:
    return path.node if path is not None and path.node is not None else use.node


def _literal(path: Value | None) -> Node | None:
    """The string that a name is written as, here or where it was given to a variable."""
    nodes = () if path is None else (path.node, path.origin)
    return next((node for node in nodes if rewrites.is_string(node)), None)


def _edit(path: Value | None, new: str) -> Edit | None:
    literal = _literal(path)
    return None if literal is None else repairs.replaced(literal, repairs.quoted(new, literal))


def _renamed(program: Program, path: Value | None, new: str) -> Fix | None:
    """Another name, and the same wherever the file is read."""
    literals = {id(_literal(path)): _edit(path, new)}
    for read in _reading(program, path):
        if _literal(read) is not None:
            literals.setdefault(id(_literal(read)), _edit(read, new))
    return repairs.fix(f"Write `{new}`", *literals.values(), safe=False)


def _renamed_weights(program: Program, path: Value | None, new: str) -> Fix | None:
    """The same for a file of weights; safe where it is read here as well, and nothing else in the code speaks of it."""
    fix = _renamed(program, path, new)
    if fix is None or not any(_reading(program, path)):
        return fix
    return replace(fix, safe=True, unless=re.escape(text(path) or ""), otherwise=fix)


def _reading(program: Program, path: Value | None) -> Iterator[Value]:
    """The names by which a file is read."""
    for use in program.used(".load_weights", "keras.models.load_model"):
        read = use.arg(0, "filepath")
        if read is not None and text(read) == text(path):
            yield read
