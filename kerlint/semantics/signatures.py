"""The language of shape signatures: "b h w c -> b conv(h) conv(w) {filters}".

The left side names the axes of each input: inputs are separated by commas, `*s` is any number of axes, `...` any number of inputs,
then bound as `inputs`. The right side has one word for each axis of the output: an axis, `{expression}` over the arguments of the call,
a call of a function, or `*` and something that is several axes. `condition: left -> right` after a bar holds instead where the
condition over the arguments is true. Expressions are a small part of Python. What depends on something unknown is MISSING.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from kerlint.semantics.values import MISSING

Shape = tuple[int | None, ...]

AXES = {
    "b": "batch",
    "h": "height",
    "w": "width",
    "d": "depth",
    "l": "length",
    "t": "steps",
    "c": "channels",
    "f": "features",
}
"""The letters of signatures in messages."""
SPATIAL = frozenset("dhwl")

_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


class ShapeError(ValueError):
    """Keras refuses this call; the message says why, in the user's terms."""


@dataclass(slots=True)
class Call:
    """A layer or operation with its arguments, defaults filled in, and the shapes that it is called on."""

    name: str
    args: Mapping[str, Any]
    inputs: tuple[Shape | None, ...]
    functions: Mapping[str, Callable[..., Any]]
    axes: dict[str, Any] = field(default_factory=dict)
    place: int = 0
    """Which function call of the right side is being read: the first spatial axis is 0."""

    @property
    def kind(self) -> str:
        """The name without its module: "Conv2D"."""
        return self.name.rpartition(".")[2]

    def arg(self, name: str) -> Any:
        """The value of an argument, MISSING when it is not known."""
        return self.args.get(name, MISSING)


@dataclass(frozen=True, slots=True)
class Signature:
    """One alternative: the axes of each input (None for any number of inputs), and the words for the axes of the output."""

    condition: ast.expr | None
    left: tuple[tuple[str, ...], ...] | None
    right: tuple[ast.expr, ...]

    @property
    def spatial(self) -> int:
        """The number of spatial axes: with `data_format="channels_first"` the channels stand before so many axes."""
        return sum(axis in SPATIAL for axis in self.left[0]) if self.left else 0


@lru_cache(maxsize=512)
def parsed(text: str) -> tuple[Signature, ...]:
    """The alternatives of a signature, the conditional ones first."""
    found = [_signature(part.strip()) for part in text.split("|")]
    return tuple(sorted(found, key=lambda signature: signature.condition is None))


@lru_cache(maxsize=1024)
def expression(text: str) -> ast.expr:
    """An expression over axes and arguments."""
    return ast.parse(text.strip(), mode="eval").body


def value(node: ast.expr, call: Call) -> Any:
    """The value of an expression; MISSING where something that it needs is not known."""
    match node:
        case ast.Name(name):
            return call.axes[name] if name in call.axes else call.arg(name)
        case ast.Constant(found):
            return found
        case ast.Set([inner]):
            return _argument(inner, call)
        case ast.Tuple(members):
            return tuple(value(member, call) for member in members)
        case ast.Call(ast.Name(name), arguments):
            return call.functions[name](call, *(value(argument, call) for argument in arguments))
        case ast.BoolOp(kind, parts):
            return _either(kind, parts, call)
        case ast.IfExp(test, body, otherwise):
            decided = value(test, call)
            return MISSING if decided is MISSING else value(body if decided else otherwise, call)
        case ast.UnaryOp(kind, operand):
            return _unary(kind, value(operand, call))
        case ast.BinOp(left, kind, right) | ast.Compare(left, [kind], [right]):
            return _binary(kind, value(left, call), value(right, call))
        case _:
            raise ValueError(f"signature of {call.name}: cannot read {ast.unparse(node)}")


def chosen(signatures: Sequence[Signature], call: Call) -> Signature | None:
    """The alternative whose condition holds; None when that is not known."""
    for signature in signatures:
        decided = signature.condition is None or value(signature.condition, call)
        if decided is MISSING:
            return None
        if decided:
            return signature
    return None


def bind(signature: Signature, call: Call) -> bool:
    """Names the axes of the inputs in `call.axes`; False when an input's shape is not known. A wrong rank raises ShapeError."""
    if signature.left is None:
        call.axes["inputs"] = call.inputs
        return bool(call.inputs) and None not in call.inputs
    for axes, shape in zip(signature.left, (*call.inputs, *[None] * len(signature.left)), strict=False):
        if shape is None:
            return False
        _bind_axes(axes, shape, call)
    return True


def sizes(signature: Signature, call: Call) -> Shape | None:
    """The right side as a shape; None when not even its rank is known."""
    found: list[int | None] = []
    call.place = 0
    for word in signature.right:
        several = isinstance(word, ast.Starred)
        result = value(word.value if isinstance(word, ast.Starred) else word, call)
        if several and result is MISSING:
            return None
        found.extend(map(_size, result if several else (result,)))
        call.place += isinstance(word, ast.Call)
    return tuple(found)


def _size(result: Any) -> int | None:
    match result:
        case bool():
            return None
        case int() if result >= 0:
            return result
        case _:
            return None


def _signature(text: str) -> Signature:
    condition, _, rest = text.rpartition(":")
    left, _, right = rest.partition("->")
    inputs = None if left.strip() == "..." else tuple(tuple(part.split()) for part in left.split(",") if part.strip())
    return Signature(expression(condition) if condition else None, inputs, tuple(map(_word, _words(right))))


def _words(text: str) -> Iterator[str]:
    """The words of a right side: blanks inside brackets do not part them."""
    word, depth = "", 0
    for letter in text.strip() + " ":
        depth += (letter in "([{") - (letter in ")]}")
        if letter == " " and depth == 0:
            if word:
                yield word
            word = ""
        else:
            word += letter


def _word(text: str) -> ast.expr:
    if text.startswith("*"):
        return ast.Starred(expression(text[1:]), ast.Load())
    return expression(text)


def _argument(node: ast.expr, call: Call) -> Any:
    """Inside braces names are arguments, also where an axis has the same letter."""
    axes, call.axes = call.axes, {}
    try:
        return value(node, call)
    finally:
        call.axes = axes


def _either(kind: ast.boolop, parts: Sequence[ast.expr], call: Call) -> Any:
    found: Any = MISSING
    for part in parts:
        found = value(part, call)
        if found is MISSING or bool(found) is isinstance(kind, ast.Or):
            return found
    return found


def _unary(kind: ast.unaryop, operand: Any) -> Any:
    if operand is MISSING:
        return MISSING
    return not operand if isinstance(kind, ast.Not) else -operand


def _binary(kind: ast.AST, left: Any, right: Any) -> Any:
    if left is MISSING or right is MISSING:
        return MISSING
    if (left is None or right is None) and isinstance(kind, ast.operator):
        return MISSING
    if right == 0 and isinstance(kind, (ast.Div, ast.FloorDiv, ast.Mod)):  # `groups=0`: Keras refuses it before it divides
        return MISSING
    return _OPERATORS[type(kind)](left, right)


def _bind_axes(axes: tuple[str, ...], shape: Shape, call: Call) -> None:
    splat = next((place for place, axis in enumerate(axes) if axis.startswith("*")), None)
    fixed = len(axes) - (splat is not None)
    if len(shape) < fixed or (splat is None and len(shape) > fixed):
        raise ShapeError(_rank_message(call, axes, fixed, splat, shape))
    known = tuple(MISSING if size is None else size for size in shape)
    if splat is None:
        call.axes.update(zip(axes, known, strict=True))
        return
    after = len(axes) - splat - 1
    call.axes.update(zip(axes[:splat], known, strict=False))
    call.axes[axes[splat][1:]] = known[splat : len(known) - after]
    call.axes.update(zip(axes[splat + 1 :], known[len(known) - after :], strict=True))


def _rank_message(call: Call, axes: tuple[str, ...], fixed: int, splat: int | None, shape: Shape) -> str:
    legend = ", ".join("…" if axis.startswith("*") else AXES.get(axis, axis) for axis in axes)
    more = "" if splat is None else " or more"
    return f"{call.kind} needs an input of rank {fixed}{more} ({legend}) but gets {shape}"
