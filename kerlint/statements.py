"""The statements of a tree: all of them with the places in front of them, and the imports of its top level."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from kerlint.syntax import nodes as syntax
from kerlint.syntax.nodes import Node, parts, within
from kerlint.syntax.reading import tree


@dataclass(frozen=True, slots=True)
class Found:
    """A statement, the node that it begins with, and what is known of a place in front of it."""

    node: Node
    begin: Node
    block: Node | None
    """What holds it and those around it; None for one of several on one line."""
    scope: Node | None
    """The function or class that it is in."""
    alone: bool = True
    """Whether other code in front of it stands on a line of its own, not on the same one behind `if x:` or a semicolon."""
    head: bool = True
    """Whether other code in front of it runs whenever the head of the statement does, as it does not for `while`."""


def statements(module: syntax.Module) -> Iterator[Found]:
    """Every statement of a module, in order. An `elif` is no statement here: nothing can stand in front of it."""
    return _within(module.body, None, module)


def _within(nodes: Sequence[Node | None], scope: Node | None, block: Node | None = None) -> Iterator[Found]:
    begun = [isinstance(node, syntax.Statement) and node.text.begins_row(node.outer[0]) for node in nodes]
    for node, alone, last in zip(nodes, begun, (*begun[1:], True), strict=True):
        match node:
            case syntax.Definition(decorators=decorators):
                yield Found(node, (*decorators, node)[0], block, scope)
            case syntax.While() | syntax.Try() | syntax.Match():
                yield Found(node, node, block, scope, head=False)
            case syntax.Compound():
                yield Found(node, node, block, scope)
            case syntax.Statement():
                yield Found(node, node, block if alone and last else None, scope, alone)
            case _:
                pass
        yield from _inner(node, scope)


def _inner(node: Node | None, scope: Node | None) -> Iterator[Found]:
    match node:
        case syntax.FunctionDef(body=body) | syntax.ClassDef(body=body):
            yield from _within((body,), node)
        case syntax.IndentedBlock(body=body):
            yield from _within(body, scope, node)
        case syntax.If(body=body, orelse=syntax.If() as other):
            yield from _within((body,), scope)
            yield from _inner(other, scope)
        case syntax.If(body=body, orelse=other) | syntax.For(body=body, orelse=other) | syntax.While(body=body, orelse=other):
            yield from _within((body, other), scope)
        case syntax.Try(body=body, handlers=handlers, orelse=other, finalbody=final):
            yield from _within((body, *handlers, other, final), scope)
        case syntax.Match(cases=cases):
            yield from _within(cases, scope)
        case syntax.With(body=body) | syntax.Branch(body=body) | syntax.ExceptHandler(body=body) | syntax.MatchCase(body=body):
            yield from _within((body,), scope)
        case _:
            pass


def definitions(module: syntax.Module) -> dict[Node, str]:
    """The functions and classes of a module with their dotted names, those within others behind them."""
    found: dict[Node, str] = {}
    waiting: list[tuple[Node, str]] = [(module, "")]
    while waiting:
        node, around = waiting.pop()
        match node:
            case syntax.FunctionDef(name=syntax.Name(value=name), body=body) | syntax.ClassDef(name=syntax.Name(value=name), body=body):
                found[node] = around + name
                waiting.append((body, f"{around}{name}."))
            case (
                syntax.Compound() | syntax.IndentedBlock() | syntax.Branch() | syntax.ExceptHandler() | syntax.MatchCase() | syntax.Module()
            ):
                waiting += [(part, around) for part in parts(node)]
            case _:
                pass
    return found


def chains(node: Node) -> set[str]:
    """The names that a piece of code speaks of, each with the attributes behind it: "model", "self.model.layers"."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        node = waiting.pop()
        match node:
            case syntax.Name() | syntax.Attribute() if dotted := _dotted(node):
                found.add(dotted)
            case syntax.Attribute(value=value) | syntax.Arg(value=value):  # and not the keyword
                waiting.append(value)
            case _:
                waiting.extend(parts(node))
    return found


def fed(code: Node, layers: Collection[Node]) -> dict[Node, Node]:
    """The first argument of each call whose function is one of these nodes: `x` for the `Dense(1)` of `Dense(1)(x)`."""
    found: dict[Node, Node] = {}
    for node in within(code):
        match node:
            case syntax.Call(func=function, args=[syntax.Arg(star="", keyword=None) as arg, *_]) if any(
                each is function for each in layers
            ):
                found[function] = arg  # with its parentheses
            case _:
                pass
    return found


Names = frozenset[tuple[str, str]]
"""What imports bind: a name and what it stands for, ("np", "numpy"), ("Dense", "keras.layers.Dense")."""


def top_imports(module: syntax.Module) -> list[tuple[Node, Node, Names, bool]]:
    """The lines of the top level that begin with an import: their first and their last statement, the names that they bind, and
    whether the line in front is one, too.
    """
    found: list[tuple[Node, Node, Names, bool]] = []
    follows = False
    for line in _lines(module):
        match line:
            case [syntax.Import() | syntax.ImportFrom(), *_]:
                found.append((line[0], line[-1], frozenset(name for small in line for name in _names(small)), follows))
                follows = True
            case _:
                follows = False
    return found


def _lines(module: syntax.Module) -> Iterator[list[Node]]:
    line: list[Node] = []
    for node in module.body:
        if line and node.text.begins_row(node.outer[0]):
            yield line
            line = []
        line.append(node)
    if line:
        yield line


def first(module: syntax.Module) -> tuple[Node | None, bool]:
    """What the first statement begins with, and whether it is a docstring."""
    match next(_lines(module), []):
        case [syntax.Expr(value=syntax.SimpleString() | syntax.ConcatenatedString()) as line]:
            return line, True
        case [syntax.Definition(decorators=[decorator, *_])]:
            return decorator, False
        case [node, *_]:
            return node, False
        case _:
            return None, False


@cache
def names_of(statement: str) -> Names:
    """The names that the text of an import statement binds."""
    return frozenset(name for small in tree(statement).body for name in _names(small))


def _names(statement: Node) -> Iterator[tuple[str, str]]:
    match statement:
        case syntax.Import(names=names):
            for alias in names:
                target = _dotted(alias.name)
                yield (alias.evaluated_alias or target.split(".")[0]), target
        case syntax.ImportFrom(names=[*names], module=module, relative=relative):
            start = "." * relative + (f"{_dotted(module)}." if module else "")
            for alias in names:
                yield alias.evaluated_alias or alias.evaluated_name, start + alias.evaluated_name
        case _:
            pass


def _dotted(node: Node) -> str:
    match node:
        case syntax.Attribute(value=value, attr=syntax.Name(value=name)):
            base = _dotted(value)
            return f"{base}.{name}" if base else ""
        case syntax.Name(value=name):
            return name
        case _:
            return ""
