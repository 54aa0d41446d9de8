"""Models in files: what runs the code of a file that is loaded, what cannot be loaded again (KER714, KER716)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph
from kerlint.finding import Finding, Related
from kerlint.semantics.graph import is_model
from kerlint.semantics.values import Const, Function, Term, Value
from kerlint.semantics.wording import words

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Program, Use
    from kerlint.syntax.nodes import Node

UNSAFE = "keras.config.enable_unsafe_deserialization"


def unsafe_deserialization(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    pickles = rule["pickles"]
    for use in program.used_as(lambda name: name.startswith("keras.") or name.endswith("load_model") or name in pickles):
        variant, value = _opened(use, pickles)
        node = (value.node if value is not None and not variant else None) or use.node
        if variant is None or node in seen:
            continue
        seen.add(node)
        yield rule.finding(node, variant, confidence=certainty.of(value), model=words(value) if value is not None else "")


def _opened(use: Use, pickles: Collection[str]) -> tuple[str | None, Value | None]:
    """How a call runs code out of a file, as a variant of the message, or None; and the value that says so."""
    match use.name, use.keywords.get("safe_mode"), use.positional:
        case name, Const(False) as mode, _ if name.startswith("keras.") or name.endswith("load_model"):
            return "", mode
        case name, _, _ if name == UNSAFE:
            return "switch", None
        case name, _, (model, *_) if name in pickles and is_model(model):
            return "pickle", model
        case _:
            return None, None


def lambda_layer_state(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for model, layer in graph.layers(program):
        function = layer.arg("function") if layer.kind == "Lambda" else None
        saved = _saved(program, model.identity, rule) if function is not None and layer.node not in seen else None
        if saved is None or function is None or not _is_lambda(function):
            continue
        seen.add(layer.node)
        yield rule.finding(
            function.node or layer.node,
            confidence=certainty.of(model, function),
            related=(Related(saved, "the model is saved here"),),
        )


def _is_lambda(function: Value) -> bool:
    """Whether a function has no name that a file could hold instead of its code."""
    match function:
        case Function(name="<lambda>"):
            return True
        case _:
            return False


def _saved(program: Program, identity: object, rule: Rule) -> Node | None:
    """What writes a whole model to a file: a call, or the callback of a run."""
    for use in program.used(*rule["savers"]):
        if (use.receiver or use.arg(0, "model")) is identity:
            return use.node
    for event in program.of(identity):
        for callback in event.callbacks or ():
            match callback:
                case Term("keras.callbacks.ModelCheckpoint", args) if not _only_weights(args.get("save_weights_only")):
                    return callback.origin or callback.node or event.node
                case _:
                    continue
    return None


def _only_weights(value: Value | None) -> bool:
    match value:
        case None | Const(False):
            return False
        case _:
            return True
