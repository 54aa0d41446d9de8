"""The statements of a tree: all of them with the places in front of them, and the imports of its top level."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import libcst as cst
from libcst import CSTNode


@dataclass(frozen=True, slots=True)
class Found:
    """A statement, the node that it begins with, and what is known of a place in front of it."""

    node: CSTNode
    begin: CSTNode
    block: CSTNode | None
    """What holds it and those around it; None for one of several on one line."""
    scope: CSTNode | None
    """The function or class that it is in."""
    alone: bool = True
    """Whether other code in front of it stands on a line of its own, not on the same one behind `if x:` or a semicolon."""
    head: bool = True
    """Whether other code in front of it runs whenever the head of the statement does, as it does not for `while`."""


def statements(module: cst.Module) -> Iterator[Found]:
    """Every statement of a module, in order. An `elif` is no statement here: nothing can stand in front of it."""
    return _within(module.body, None, module)


def _within(nodes: Sequence[CSTNode | None], scope: CSTNode | None, block: CSTNode | None = None) -> Iterator[Found]:
    for node in nodes:
        match node:
            case cst.SimpleStatementLine(body=[only]):
                yield Found(only, only, block, scope)
            case cst.SimpleStatementLine(body=[first, *others]):
                yield Found(first, first, None, scope)
                yield from (Found(other, other, None, scope, alone=False) for other in others)
            case cst.SimpleStatementSuite(body=body):
                yield from (Found(small, small, None, scope, alone=False) for small in body)
            case cst.FunctionDef(decorators=decorators) | cst.ClassDef(decorators=decorators):
                yield Found(node, (*decorators, node)[0], block, scope)
            case cst.If() | cst.For() | cst.With():
                yield Found(node, node, block, scope)
            case cst.While() | cst.Try() | cst.TryStar() | cst.Match():
                yield Found(node, node, block, scope, head=False)
            case _:
                pass
        yield from _inner(node, scope)


def _inner(node: CSTNode | None, scope: CSTNode | None) -> Iterator[Found]:
    match node:
        case cst.FunctionDef(body=body) | cst.ClassDef(body=body):
            yield from _within((body,), node)
        case cst.IndentedBlock(body=body):
            yield from _within(body, scope, node)
        case cst.If(body=body, orelse=cst.If() as other):
            yield from _within((body,), scope)
            yield from _inner(other, scope)
        case cst.If(body=body, orelse=other) | cst.For(body=body, orelse=other) | cst.While(body=body, orelse=other):
            yield from _within((body, other), scope)
        case (
            cst.Try(body=body, handlers=handlers, orelse=other, finalbody=final)
            | cst.TryStar(body=body, handlers=handlers, orelse=other, finalbody=final)
        ):
            yield from _within((body, *handlers, other, final), scope)
        case cst.Match(cases=cases):
            yield from _within(cases, scope)
        case (
            cst.With(body=body)
            | cst.Else(body=body)
            | cst.Finally(body=body)
            | cst.ExceptHandler(body=body)
            | cst.ExceptStarHandler(body=body)
            | cst.MatchCase(body=body)
        ):
            yield from _within((body,), scope)
        case _:
            pass


def definitions(module: cst.Module) -> dict[CSTNode, str]:
    """The functions and classes of a module with their dotted names, those within others behind them."""
    found: dict[CSTNode, str] = {}
    for one in statements(module):
        match one.node:
            case cst.FunctionDef(name=cst.Name(value=name)) | cst.ClassDef(name=cst.Name(value=name)):
                found[one.node] = f"{found[one.scope]}.{name}" if one.scope is not None else name
            case _:
                pass
    return found


def chains(node: CSTNode) -> set[str]:
    """The names that a piece of code speaks of, each with the attributes behind it: "model", "self.model.layers"."""
    search = _Chains()
    node.visit(search)
    return search.found


class _Chains(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_Arg(self, node: cst.Arg) -> bool:  # noqa: N802 - named by libcst
        node.value.visit(self)  # and not the keyword
        return False

    def visit_Attribute(self, node: cst.Attribute) -> bool:  # noqa: N802 - named by libcst
        dotted = _dotted(node)
        if dotted:
            self.found.add(dotted)
        else:
            node.value.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - named by libcst
        self.found.add(node.value)


def fed(code: CSTNode, layers: Collection[CSTNode]) -> dict[CSTNode, CSTNode]:
    """The first argument of each call whose function is one of these nodes: `x` for the `Dense(1)` of `Dense(1)(x)`."""
    search = _Fed(layers)
    code.visit(search)
    return search.found


class _Fed(cst.CSTVisitor):
    def __init__(self, layers: Collection[CSTNode]) -> None:
        self.layers = layers
        self.found: dict[CSTNode, CSTNode] = {}

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - named by libcst
        match node.args:
            case [cst.Arg(star="", keyword=None) as arg, *_] if any(node.func is layer for layer in self.layers):
                self.found[node.func] = arg  # with its parentheses
            case _:
                pass


Names = frozenset[tuple[str, str]]
"""What imports bind: a name and what it stands for, ("np", "numpy"), ("Dense", "keras.layers.Dense")."""


def top_imports(module: cst.Module) -> list[tuple[CSTNode, Names]]:
    """The import statements of the top level that begin a line, with the names that they bind."""
    found: list[tuple[CSTNode, Names]] = []
    for line in module.body:
        match line:
            case cst.SimpleStatementLine(body=[cst.Import() | cst.ImportFrom(), *_] as body):
                names = frozenset(name for small in body for name in _names(small))
                found.append((line, names))
            case _:
                pass
    return found


def first(module: cst.Module) -> tuple[CSTNode | None, bool]:
    """What the first statement begins with, and whether it is a docstring."""
    match module.body:
        case [cst.SimpleStatementLine(body=[cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString())]) as line, *_]:
            return line, True
        case [cst.FunctionDef(decorators=[decorator, *_]) | cst.ClassDef(decorators=[decorator, *_]), *_]:
            return decorator, False
        case [node, *_]:
            return node, False
        case _:
            return None, False


@cache
def names_of(statement: str) -> Names:
    """The names that the text of an import statement binds."""
    match cst.parse_statement(statement):
        case cst.SimpleStatementLine(body=body):
            return frozenset(name for small in body for name in _names(small))
        case _:
            return frozenset()


def _names(statement: CSTNode) -> Iterator[tuple[str, str]]:
    match statement:
        case cst.Import(names=names):
            for alias in names:
                target = _dotted(alias.name)
                yield (alias.evaluated_alias or target.split(".")[0]), target
        case cst.ImportFrom(names=[*names], module=module, relative=relative):
            start = "." * len(relative) + (f"{_dotted(module)}." if module else "")
            for alias in names:
                yield alias.evaluated_alias or alias.evaluated_name, start + alias.evaluated_name
        case _:
            pass


def _dotted(node: CSTNode) -> str:
    match node:
        case cst.Attribute(value=value, attr=cst.Name(value=name)):
            base = _dotted(value)
            return f"{base}.{name}" if base else ""
        case cst.Name(value=name):
            return name
        case _:
            return ""
