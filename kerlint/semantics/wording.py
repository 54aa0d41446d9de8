"""How values, numbers and shapes are put into the messages of findings: in the user's own words where there is source text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kerlint.semantics.values import Bound, Choice, Class, Const, Function, Instance, Items, Namespace, Symbol, Table, Term, Unknown, Value
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Node

LONGEST = 60
"""Characters of source text that a message quotes: one line of a terminal leaves that much beside the sentence around it."""

OPERATORS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "floordivide": "//",
    "modulo": "%",
    "power": "**",
    "matmul": "@",
}


def words(value: Value) -> str:
    """A value as the user wrote it, on one line of at most 60 characters: "x_train", "cifar10.load_data()", "Adam(learning_rate=1.0)".

    A value that has no source text (a default, a number that was computed) is spelled from what is known of it.
    """
    match value:
        case Function(name=name) | Class(name=name) | Bound(function=Function(name=name)) | Instance(cls=Class(name=name)) if (
            value.node is None
        ):
            return name
        case Value(node=None):
            return shortened(_spelled(value))
        case _:
            return quoted(value.node)


def quoted(node: Node | None) -> str:
    """The source text of a node on one line of at most 60 characters, or "" without a node; a definition is quoted by its name."""
    match node:
        case None:
            return ""
        case syntax.FunctionDef(name=name) | syntax.ClassDef(name=name):
            return name.value
        case syntax.Arg(value=inner):
            return quoted(inner)
    code = _source(node)
    match node:
        case syntax.Call(func=callee) if len(code) > LONGEST or "#" in code:
            return shortened(f"{_source(callee)}(…)")
        case _:
            return shortened(code)


def shortened(code: str) -> str:
    """A text cut to 60 characters, with an ellipsis where something is left out."""
    return code if len(code) <= LONGEST else f"{code[: LONGEST - 1].rstrip()}…"


def figure(number: float) -> str:
    """A number as a reader wants it: 12,801, 0.5, 1e-07, 255 and not 255.0."""
    if float(number).is_integer() and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:.4g}"


def dimensions(shape: Sequence[int | None], rows: str = "n") -> str:
    """A shape as a tuple, an open first axis as `n` and any other open axis as `None`: "(n, 28, 28, 1)"."""
    axes = [str(axis) if axis is not None else rows if place == 0 else "None" for place, axis in enumerate(shape)]
    return f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"


def _source(node: Node) -> str:
    code = node.code
    if "\n" not in code:
        return code.strip()
    return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", " ".join(code.split()))


def _spelled(value: Value) -> str:
    match value:
        case Const(found):
            return "..." if found is Ellipsis else repr(found)
        case Symbol(name, via):
            return via or name
        case Items(items, "tuple"):
            return f"({', '.join(map(_spelled, items))}{',' if len(items) == 1 else ''})"
        case Items(items, "set"):
            return f"{{{', '.join(map(_spelled, items))}}}"
        case Items(items):
            return f"[{', '.join(map(_spelled, items))}]"
        case Table(entries):
            return f"{{{', '.join(f'{key!r}: {_spelled(item)}' for key, item in entries.items())}}}"
        case Choice(options):
            return " or ".join(map(words, options))
        case Term() as term:
            return _term(term)
        case Unknown(reason):
            return reason
        case Namespace():
            return "a module"
        case _:
            return type(value).__name__.lower()


def _term(term: Term) -> str:
    args = term.args
    match term:
        case Term(name, {"left": left, "right": right}) if name in OPERATORS:
            return f"{words(left)} {OPERATORS[name]} {words(right)}"
        case Term("item", {"base": base, "key": key}):
            return f"{words(base)}[{words(key)}]"
        case Term(name, {"self": receiver}) if name.startswith("."):
            return f"{words(receiver)}{name.removesuffix('()')}{f'({_arguments(args)})' if name.endswith('()') else ''}"
        case Term(name):
            return f"{name.rpartition('.')[2]}({_arguments(args)})"


def _arguments(args: Mapping[str, Value]) -> str:
    return ", ".join(words(item) if name.isdigit() else f"{name}={words(item)}" for name, item in args.items() if name != "self")
