"""Questions about what a loss makes of labels and predictions: the tree of terms over `y_true` and `y_pred`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from kerlint.checks import graph
from kerlint.semantics.graph import Tensor
from kerlint.semantics.program import Program, Use
from kerlint.semantics.values import Choice, Const, Items, Symbol, Table, Term, Unknown, Value, number, options, text

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Node

MOVING = frozenset(
    {
        *("reshape", "flatten", "batch_flatten", "squeeze", "expand_dims", "transpose", "permute_dimensions", "cast", "identity"),
        *("gather", "gather_nd", "boolean_mask", "stack", "unstack", "take", "take_along_axis", "convert_to_tensor"),
    }
)
"""Functions that hand numbers on as they are."""
EVEN = frozenset({"square", "abs", "absolute", "cosh", "squared_difference"})
"""Functions that do not tell a difference from its opposite."""
PAIRING = frozenset({"add", "subtract", "multiply", "divide", "maximum", "minimum", "squared_difference"})
"""Functions and operators of two arrays, number by number."""
UNARY = frozenset({*EVEN, "sqrt", "exp", "log", "log1p", "negative", "sign", "clip", "clip_by_value", "cast", "power", "pow"})
"""Functions of an array, number by number."""
COMMUTING = frozenset({"add", "multiply", "maximum", "minimum", "equal", "not_equal", "squared_difference"})


OURS = ("keras.", "tensorflow.")
"""Libraries that compute a logarithm as it is written; Theano makes a stable one of the logarithm of a softmax."""


def last(name: str) -> str:
    """A function without its module, a method without its brackets: "log", "numpy"."""
    return name.strip(".()").rpartition(".")[2]


def inside(value: Value) -> Iterator[Term]:
    """Every term of a tree, once."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        top = waiting.pop()
        if id(top) not in seen:
            seen.add(id(top))
            if isinstance(top, Term):
                yield top
            waiting.extend(parts(top))


def place(term: Term) -> Node | None:
    """Where the operation itself is written, also when its outcome came through a name."""
    return term.origin or term.node


def parts(value: Value) -> tuple[Value, ...]:
    """What a value is directly made of."""
    match value:
        case Term(args=args):
            return tuple(args.values())
        case Items(items):
            return items
        case Table(entries):
            return tuple(entries.values())
        case Choice(found):
            return found
        case _:
            return ()


def risky(made: Value, logarithms: Collection[str]) -> Iterator[tuple[Term, str]]:
    """The logarithms of bare predictions in a loss ("log"), and the divisions by them ("quotient")."""
    for term in inside(made):
        match term:
            case Term("divide", {"right": below}) if bare(below):
                yield term, "quotient"
            case Term(name, args) if last(name) in logarithms and name.startswith(OURS) and args and bare(next(iter(args.values()))):
                yield term, "log"


def bare(value: Value) -> bool:
    """Whether a value is the predictions themselves, moved or picked, or one minus them: nothing keeps it off 0."""
    match value:
        case Term("y_pred"):
            return True
        case Term("item", {"base": inner}) | Term("subtract", {"left": Const(), "right": inner}):
            return bare(inner)
        case Term(name, args) if last(name) in ("where", "switch"):
            return any(map(bare, list(args.values())[1:]))
        case Term(name, args) if args and last(name) in MOVING:
            return bare(next(iter(args.values())))
        case Choice(found):
            return all(map(bare, found))
        case _:
            return False


def activated(program: Program, use: Use) -> str:
    """The activation whose outcome a function is called on: a function applied on the spot, or the head of a model that was called."""
    match use.arg(0, "x"):
        case Term("predict", {"model": identity}):
            models = (model for model in program.models if model.identity is identity)
            heads = [head for model in models for head in graph.heads(model)]
            return (heads[0].activation or "") if len(heads) == 1 else ""
        case Term(name) if name.startswith(OURS) and last(name) in ("softmax", "sigmoid"):
            return last(name)
        case _:
            return ""


def closing(made: Value, steps: Collection[str], libraries: Collection[str]) -> Term | None:
    """The first step on the way of the predictions that has no gradient, when every one of their ways into the loss meets such a step.

    None when a way is open, when something on it is not known, and when there is no way at all.
    """
    found: list[Term | None] = []
    seen: set[tuple[int, bool]] = set()
    waiting: list[tuple[Value, Term | None]] = [(made, None)]
    while waiting:
        value, closed = waiting.pop()
        if (id(value), closed is not None) in seen:
            continue
        seen.add((id(value), closed is not None))
        match value:
            case Unknown() | Tensor() if closed is None:  # a tensor of a model is a way of its own
                return None
            case Term("y_pred"):
                found.append(closed)
            case Term(name) if last(name) in ("stop_gradient", "custom_gradient"):
                return None
            case Term() if closed is None and _stops(value, steps, libraries):
                closed = value
        waiting.extend((part, closed) for part in parts(value))
    return found[0] if found and None not in found else None


def _stops(term: Term, steps: Collection[str], libraries: Collection[str]) -> bool:
    if last(term.name) in ("cast", "astype"):
        return _type(term.arg(0 if term.name.startswith(".") else 1, "dtype")).startswith(("int", "uint", "bool"))
    return last(term.name) in steps or term.name.partition(".")[0] in libraries


def _type(value: Value | None) -> str:
    match value:
        case Symbol(name):
            return last(name)
        case _:
            return text(value) or ""


def beside(made: Value) -> Iterator[tuple[Term, Value]]:
    """The operations that go through labels or predictions number by number together with something else, and that other thing."""
    for term in inside(made):
        if last(term.name) in PAIRING and len(term.args) >= len(("left", "right")):
            first, second = list(term.args.values())[:2]
            if _is_whole(first) != _is_whole(second):
                yield term, second if _is_whole(first) else first


def _is_whole(value: Value) -> bool:
    """Whether a value has a number for each one of the labels or predictions."""
    match value:
        case Term("y_true" | "y_pred"):
            return True
        case Term(name, args) if last(name) in PAIRING:
            return any(map(_is_whole, args.values()))
        case Term(name, args) if args and last(name) in UNARY:
            return _is_whole(next(iter(args.values())))
        case _:
            return False


def symmetric(made: Value) -> bool:
    """Whether a loss is the same with labels and predictions in each other's place: their squared or absolute difference, say."""
    return all(_spelled(option, "p", "t") == _spelled(option, "t", "p") for option in options(made))


def _spelled(value: Value, true: str, predicted: str) -> str:
    """A term in a form in which the order of what commutes, and the sign below what is even, play no part."""
    match value:
        case Term("y_true"):
            return true
        case Term("y_pred"):
            return predicted
        case Term(name, args) if last(name) in EVEN or name == "power" and (number(args.get("right")) or 1) % 2 == 0:
            (first, *rest) = args.values()
            return f"{last(name)}({_unsigned(first, true, predicted)}, {', '.join(_spelled(part, true, predicted) for part in rest)})"
        case Term(name, args):
            spelled = [_spelled(part, true, predicted) for part in args.values()]
            return f"{last(name)}({', '.join(sorted(spelled) if last(name) in COMMUTING else spelled)})"
        case Items(items):
            return f"[{', '.join(_spelled(part, true, predicted) for part in items)}]"
        case Const(found):
            return repr(found)
        case _:
            return f"{id(value)}"


def _unsigned(value: Value, true: str, predicted: str) -> str:
    match value:
        case Term(name, args) if last(name) == "subtract":
            return "-".join(sorted(_spelled(part, true, predicted) for part in args.values()))
        case _:
            return _spelled(value, true, predicted)
