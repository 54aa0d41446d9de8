"""What fixes are made of: edits at nodes, which leave every other byte of the code as it is.

Nodes are those that values and events carry; a builder answers None when the code is not of the form that it can change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.finding import Anchor, Edge, Edit, Fix

if TYPE_CHECKING:
    from libcst import CSTNode

    from kerlint.semantics.program import Program


def fix(message: str, *edits: Edit | None, safe: bool, imports: Iterable[str] = ()) -> Fix | None:
    """A repair of all these edits, or None when one of them cannot be made."""
    made = tuple(edit for edit in edits if edit is not None)
    return Fix(message, made, safe, tuple(imports)) if made and len(made) == len(edits) else None


def replaced(node: CSTNode | None, text: str) -> Edit | None:
    """Other code in the place of a node (its own parentheses stay)."""
    return None if node is None else Edit(Anchor(node, Edge.start), Anchor(node, Edge.end), text)


def before(node: CSTNode | None, text: str) -> Edit | None:
    """Code right in front of a node."""
    return None if node is None else Edit(Anchor(node, Edge.start), Anchor(node, Edge.start), text)


def after(node: CSTNode | None, text: str) -> Edit | None:
    """Code right behind a node."""
    return None if node is None else Edit(Anchor(node, Edge.end), Anchor(node, Edge.end), text)


def statement_before(node: CSTNode | None, text: str) -> Edit | None:
    """A statement on a line of its own in front of the one that holds the node."""
    return None if node is None else Edit(Anchor(node, Edge.statement), Anchor(node, Edge.statement), f"{text}\n")


def argument(call: CSTNode | None, name: str, position: int | None = None) -> cst.Arg | None:
    """The argument of a call that is written with this keyword, or at this position without one."""
    match call:
        case cst.Call(args=args):
            for place, arg in enumerate(args):
                if arg.keyword is not None and arg.keyword.value == name or arg.keyword is None and not arg.star and place == position:
                    return arg
    return None


def renamed(call: CSTNode | None, old: str, new: str) -> Edit | None:
    """Another keyword for an argument."""
    arg = argument(call, old)
    return None if arg is None else replaced(arg.keyword, new)


def added(call: CSTNode | None, text: str) -> Edit | None:
    """One more argument behind the last one."""
    match call:
        case cst.Call(args=[*_, last]):
            return after(last.value, f", {text}")
        case cst.Call():
            return Edit(Anchor(call, Edge.inside), Anchor(call, Edge.inside), text)
        case _:
            return None


def removed(call: CSTNode | None, arg: cst.Arg | None) -> Edit | None:
    """The call without one of its arguments, and without the comma that goes with it."""
    match call:
        case cst.Call(args=args) if arg is not None and arg in args:
            place = list(args).index(arg)
            if place + 1 < len(args):
                return Edit(Anchor(arg, Edge.start), Anchor(args[place + 1], Edge.start), "")
            start = Anchor(args[place - 1].value, Edge.end) if place else Anchor(arg, Edge.start)
            return Edit(start, Anchor(arg, Edge.end), "")
        case _:
            return None


def called(call: CSTNode | None) -> CSTNode | None:
    """The function that a call calls: `optimizers.Adam` of `optimizers.Adam(lr=1)`."""
    match call:
        case cst.Call(func=function):
            return function
        case _:
            return None


def spelled(program: Program, name: str) -> str | None:
    """How the file writes something of Keras ("keras.losses.Huber") with the names that it has imported, or None when it has none."""
    best: str | None = None
    for bound, via in program.names.items():
        root = f"{via}." if via.startswith(("keras", "tensorflow", "tf_keras")) else ""
        for prefix in ("keras.", "tensorflow.keras.", "tf_keras."):
            full = prefix + name.removeprefix("keras.")
            if root and (full == via or full.startswith(root)):
                made = bound + full[len(via) :]
                best = made if best is None or len(made) < len(best) else best
    return best
