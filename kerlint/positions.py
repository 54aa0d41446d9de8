"""Where nodes stand in the text of their module: one pass of code generation that looks only at the wanted ones."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import accumulate
from types import TracebackType
from typing import Any

from libcst import BaseCompoundStatement, BaseExpression, BaseSuite, CSTNode, Module
from libcst._nodes.internal import CodegenState  # the only way to see where tokens go: metadata providers cost five times as much

from kerlint.finding import Position

_BREAK = re.compile(r"\r\n|\r|\n")
_NOWHERE = nullcontext()
_PLAIN = Module([])
_DEEPEST = 10_000
"""Frames that a pass may use: up to ten for each link of the longest chain that the parser is given (see `depth`)."""


def positions(module: Module, nodes: Collection[CSTNode]) -> dict[CSTNode, tuple[Position, Position]]:
    """Start and end (exclusive) of those of the nodes that are in the module: without their own parentheses, comments and whitespace.

    Rows and columns are 1-based, columns count characters.
    """
    if not nodes:
        return {}
    state = _State(module, {id(node) for node in nodes})
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEPEST))
    try:
        module._codegen(state)
    except _FoundError:
        pass
    finally:
        sys.setrecursionlimit(limit)
    place = _Places(state.tokens)
    return {node: (place(start), place(end)) for node in nodes if (span := state.spans.get(id(node))) for start, end in (span,)}


def beginning(node: CSTNode) -> str:
    """The first line of an expression as it stands in the text; "" for what is made of lines of its own."""
    match node:
        case BaseCompoundStatement() | BaseSuite() | Module():
            return ""
        case _:
            return _BREAK.split(_PLAIN.code_for_node(node), maxsplit=1)[0]


class _Places:
    """Turns the number of tokens in front of a place into its position."""

    def __init__(self, tokens: list[str]) -> None:
        text = "".join(tokens)
        self.offsets = [0, *accumulate(map(len, tokens))]
        self.rows = [0, *(match.end() for match in _BREAK.finditer(text))]

    def __call__(self, token: int) -> Position:
        offset = self.offsets[min(token, len(self.offsets) - 1)]
        row = bisect_right(self.rows, offset)
        return Position(row, offset - self.rows[row - 1] + 1)


@contextmanager
def plainly() -> Iterator[None]:
    """Passes that ask their state only about wanted nodes, and make a generator only for an expression in parentheses.

    libcst does both for every node, which is a third of a pass. Once for all passes over a file: after each change of the class Python
    forgets what it knows of all its subclasses.
    """
    node, expression = CSTNode._codegen, BaseExpression._parenthesize

    def codegen(self: CSTNode, state: CodegenState, **kwargs: Any) -> None:
        if isinstance(state, _State) and id(self) not in state.wanted:
            self._codegen_impl(state, **kwargs)
        else:
            node(self, state, **kwargs)

    def parenthesize(self: BaseExpression, state: CodegenState) -> AbstractContextManager[None]:
        return expression(self, state) if self.lpar or not isinstance(state, _State) or id(self) in state.wanted else _NOWHERE

    CSTNode._codegen, BaseExpression._parenthesize = codegen, parenthesize  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        CSTNode._codegen, BaseExpression._parenthesize = node, expression  # type: ignore[method-assign]


class _FoundError(Exception):
    """The last wanted node has been passed: the rest of the module need not be written."""


class _State(CodegenState):
    """Code generation that notes, for wanted nodes, between which tokens they stand.

    Nodes are told by `id`: their own hash is a function in Python, which every node of the module would be asked for.
    """

    __slots__ = ("left", "open", "spans", "wanted")

    def __init__(self, module: Module, wanted: set[int]) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.wanted = wanted
        self.left = len(wanted)
        self.spans: dict[int, tuple[int, int]] = {}
        self.open: dict[int, int] = {}

    def pop_trailing_newline(self) -> None:
        """Keep it: the positions of the last nodes count it."""

    def before_codegen(self, node: CSTNode) -> None:
        if id(node) in self.wanted:
            self.open[id(node)] = len(self.tokens)

    def after_codegen(self, node: CSTNode) -> None:
        if id(node) in self.wanted:
            self.spans.setdefault(id(node), (self.open[id(node)], len(self.tokens)))
            self.left -= 1
            if not self.left:
                raise _FoundError

    def record_syntactic_position(
        self, node: CSTNode, *, start_node: CSTNode | None = None, end_node: CSTNode | None = None
    ) -> Any:  # libcst declares the class of its own context manager
        if id(node) not in self.wanted:
            return _NOWHERE
        for hoisted in (start_node, end_node):
            if hoisted is not None and id(hoisted) not in self.wanted:
                self.wanted.add(id(hoisted))
                self.left += 1
        return _Syntactic(self, node, start_node, end_node)


class _Syntactic:
    """The part of a node that counts as its place; libcst may take the start or the end from a child."""

    __slots__ = ("end_node", "node", "start", "start_node", "state")

    def __init__(self, state: _State, node: CSTNode, start_node: CSTNode | None, end_node: CSTNode | None) -> None:
        self.state, self.node, self.start_node, self.end_node = state, node, start_node, end_node

    def __enter__(self) -> None:
        self.start = len(self.state.tokens)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is not None:
            return
        spans = self.state.spans
        start = spans[id(self.start_node)][0] if self.start_node is not None else self.start
        end = spans[id(self.end_node)][1] if self.end_node is not None else len(self.state.tokens)
        spans[id(self.node)] = start, end
