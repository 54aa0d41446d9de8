"""Where fixes change a file: the anchors of edits become ranges, the imports that new code needs become edits."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from kerlint.finding import Anchor, Edge, Edit, Fix, Passage, Position, Range

if TYPE_CHECKING:
    from kerlint.locating import Ranges
    from kerlint.source import Cell, Source
    from kerlint.statements import Found
    from kerlint.syntax.nodes import Module, Node

_BREAK = re.compile(r"\r\n|\r|\n")
_INDENT = re.compile(r"[ \t\f]*")

Spot = tuple[Path, int | None]
"""A file and the number of its cell."""


class Statement(Struct, frozen=True):
    """Where a statement stands, and what is known of it (see `statements.Found`)."""

    start: Position
    end: Position
    found: Found


class Imports(Struct, frozen=True):
    """A line of the top level that imports: where it stands, the names that it binds, and whether the line in front is one, too."""

    start: Position
    end: Position
    names: frozenset[tuple[str, str]]
    follows: bool


class Code(Struct, frozen=True, eq=False, dict=True):
    """The tree of a script or of one cell, and what an edit has to know of it."""

    source: Source
    cell: Cell
    module: Module

    @cached_property
    def lines(self) -> list[str]:
        """The lines as their author sees them."""
        from kerlint.source import written

        return _BREAK.split(written(self.source, self.cell))

    @cached_property
    def statements(self) -> list[Statement]:
        """All statements in order."""
        from kerlint.statements import statements

        found = list(statements(self.module))
        return [Statement(self.shown(one.begin.start), self.shown(one.node.end), one) for one in found]

    @cached_property
    def imports(self) -> list[Imports]:
        """The lines of the top level that import, in order."""
        from kerlint.statements import top_imports

        found = top_imports(self.module)
        return [Imports(self.shown(begin.start), self.shown(last.end), names, follows) for begin, last, names, follows in found]

    @cached_property
    def opening(self) -> tuple[Position, bool] | None:
        """Where the first statement begins or, when it is a docstring (true), ends; None when there is none."""
        from kerlint.statements import first

        node, docstring = first(self.module)
        return None if node is None else (self.shown(node.end if docstring else node.start), docstring)

    def fed(self, layer: Node, place: Position) -> tuple[Position, Position] | None:
        """Where that stands which a layer is called with."""
        from kerlint.statements import fed

        number = bisect_right(self.statements, place, key=lambda statement: statement.start)
        found = self.statements[number - 1].found if number else None
        argument = fed(found.node, (layer,)).get(layer) if found else None
        return None if argument is None else (self.shown(argument.start), self.shown(argument.end))

    def shown(self, position: Position) -> Position:
        """A position of the tree as the author sees it."""
        return Position(position.row, self.cell.shown(position.row, position.column))

    def range(self, node: Node) -> Range:
        """Where one of its nodes stands, as the author sees it."""
        return Range(self.source.path, self.shown(node.start), self.shown(node.end), self.cell.number)

    @cached_property
    def definitions(self) -> list[tuple[int, int, str]]:
        """The functions and classes in order: the offsets of each and its dotted name."""
        from kerlint.statements import definitions

        return sorted((*node.span, name) for node, name in definitions(self.module).items())

    def around(self, node: Node) -> str:
        """The dotted name of the innermost function or class that holds a node, or ""."""
        start, end = node.span
        before = bisect_right(self.definitions, start, key=lambda one: one[0])
        return next((name for _, last, name in reversed(self.definitions[:before]) if end <= last), "")

    def line(self, statement: Statement, behind: bool) -> Position:
        """Where the lines of a statement begin or end; where a comment follows it, only the statement itself is meant."""
        last = statement.end.row
        rest = self.lines[last - 1][statement.end.column - 1 :]
        comment = len(rest) - len(rest.lstrip(" \t;"))
        if comment < len(rest) or last == len(self.lines):
            return Position(last, statement.end.column + comment) if behind else statement.start
        return Position(last + 1, 1) if behind else Position(statement.start.row, 1)

    def indent(self, row: int) -> str:
        """The whitespace that a line begins with (a form feed starts the count anew)."""
        match = _INDENT.match(self.lines[row - 1])
        return match.group().rpartition("\f")[2] if match else ""


class Places:
    """Turns fixes that speak of nodes into fixes that speak of ranges."""

    def __init__(self, ranges: Ranges, home: Path | None = None, names: Mapping[str, str] | None = None) -> None:
        self.ranges = ranges
        self.home = home
        """The file that was analysed, in which `names` stand for something of a library."""
        self.names = frozenset((names or {}).items())

    @cached_property
    def codes(self) -> Mapping[Spot, Code]:
        """All code that edits may be in; asked for only when there are fixes."""
        return {(code.source.path, code.cell.number): code for code in self.ranges.codes}

    def placed(self, fix: Fix | None) -> Fix | None:
        """The fix with its places and with the imports that it needs, or None when one of its edits has no place."""
        if fix is None:
            return None
        if len({self._scope(node) for node in fix.together}) > 1 or not self._free(fix.passage):
            return self.placed(fix.otherwise)
        edits = tuple(self._edit(edit) for edit in fix.edits)
        known = tuple(edit for edit in edits if edit is not None)
        if len(known) < len(edits) or (fix.unless and self._speaks(re.compile(fix.unless, re.IGNORECASE), known)):
            return self.placed(fix.otherwise)
        first = min((edit.range for edit in known if edit.range is not None), key=lambda place: (place.cell or 0, place.start))
        imports = self._imports(fix.imports, first)
        return None if imports is None else replace(fix, edits=(*imports, *known), imports=(), passage=None, unless="", otherwise=None)

    def _edit(self, edit: Edit) -> Edit | None:
        if edit.start is None or edit.end is None:
            return edit
        start, end = self._anchor(edit.start), self._anchor(edit.end)
        if start is None or end is None or start[0] != end[0] or end[1] < start[1]:
            return None
        code, content = self.codes[start[0]], edit.content
        if edit.start.edge is Edge.statement and not self._alone(edit.start.node):
            content = re.sub(r"\n$", "; ", content)
        if "\n" in content:
            content = content.replace("\n", "\n" + code.indent(start[1].row))
        return Edit(None, None, content, Range(start[0][0], start[1], end[1], start[0][1]))

    def _scope(self, node: Node) -> object:
        place = self.ranges.get(node)
        statement = self._statement(place) if place else None
        return (place.path, statement.found.scope) if place and statement else node

    def _speaks(self, pattern: re.Pattern[str], edits: Iterable[Edit]) -> bool:
        """Whether a pattern is found in any of the files, apart from what edits replace."""
        replaced = [edit.range for edit in edits if edit.range is not None]
        for code in self.codes.values():
            for row, line in enumerate(code.lines, 1):
                for place in replaced:
                    if (place.path, place.cell) == (code.source.path, code.cell.number) and place.start.row == place.end.row == row:
                        line = f"{line[: place.start.column - 1]} {line[place.end.column - 1 :]}"
                if pattern.search(line):
                    return True
        return False

    def _free(self, passage: Passage | None) -> bool:
        """Whether a statement can be taken to where it shall stand without that anything in between would miss it."""
        from kerlint.statements import chains

        if passage is None:
            return True
        start, end = (self.ranges.get(node) for node in (passage.node, passage.target))
        moved = self._held(start) if start else None
        if moved is None or start is None or end is None or (start.path, start.cell) != (end.path, end.cell):
            return False
        statements, target = self.codes[start.path, start.cell].statements, self._statement(end)
        if target is None:
            return False
        around = (one for one in statements if one.found.block is moved.block)
        if target.found.block is not moved.block and not (passage.inner and any(_holds(one, target) for one in around)):
            return False
        between = [one for one in statements if start.end < one.start and one.end <= target.start]
        names = {chain.partition(".")[0] for chain in chains(moved.node)} - {name for name, _ in self.names}
        read = {chain for one in between for chain in chains(one.found.node)}
        allowed = tuple(f"{passage.owner}.{name}." for name in passage.reads)
        return all(f"{chain}.".startswith(allowed) for chain in read if chain.partition(".")[0] in names)

    def _held(self, place: Range) -> Found | None:
        """The statement that a place is in, if it has its lines to itself and its block holds others."""
        statement = self._statement(place)
        found = statement.found if statement else None
        if found is None or found.block is None:
            return None
        others = (one.found for one in self.codes[place.path, place.cell].statements)
        return found if any(other is not found and other.block is found.block for other in others) else None

    def _anchor(self, anchor: Anchor) -> tuple[Spot, Position] | None:
        place = self.ranges.get(anchor.node)
        if place is None:
            return None
        spot = place.path, place.cell
        match anchor.edge:
            case Edge.start:
                return spot, place.start
            case Edge.end:
                return spot, place.end
            case Edge.inside:
                return spot, Position(place.end.row, place.end.column - 1)
            case Edge.fed | Edge.fed_end:
                found = self.codes[spot].fed(anchor.node, place.start)
                return None if found is None else (spot, found[anchor.edge is Edge.fed_end])
            case Edge.statement:
                statement = self._statement(place)
                return None if statement is None else (spot, statement.start)
            case Edge.line | Edge.next:
                statement = self._statement(place) if self._held(place) else None
                return None if statement is None else (spot, self.codes[spot].line(statement, anchor.edge is Edge.next))

    def _alone(self, node: Node) -> bool:
        place = self.ranges.get(node)
        statement = self._statement(place) if place else None
        return statement is not None and statement.found.alone

    def _statement(self, place: Range) -> Statement | None:
        """The statement that holds a place, if other code can stand in front of it."""
        statements = self.codes[place.path, place.cell].statements
        number = bisect_right(statements, place.start, key=lambda statement: statement.start)
        found = statements[number - 1] if number else None
        if found is None or found.end < place.end:
            return None
        return found if found.found.head or (found.start, found.end) == (place.start, place.end) else None

    def _imports(self, wanted: Sequence[str], place: Range) -> tuple[Edit, ...] | None:
        """An edit that adds those imports which nothing in front of the place has made; None when one of their names is taken."""
        from kerlint.statements import names_of

        if not wanted:
            return ()
        earlier = list(self._earlier(place))
        bound = {name for code, imports in earlier for line in imports for name in line.names}
        if place.path == self.home:
            bound |= self.names
        missing = [statement for statement in wanted if not names_of(statement) <= bound]
        if not missing:
            return ()
        if any(_taken(name, target, bound) for statement in missing for name, target in names_of(statement)):
            return None
        code, imports = next(((code, imports) for code, imports in earlier if imports), (self.codes[place.path, place.cell], []))
        return (_added(code, _block(imports), "\n".join(missing)),)

    def _earlier(self, place: Range) -> Iterator[tuple[Code, list[Imports]]]:
        """The cells up to a place, each with those of its imports that stand in front of the place."""
        cells = sorted((spot for spot in self.codes if spot[0] == place.path), key=lambda spot: spot[1] or 0)
        for spot in cells:
            if (spot[1] or 0) <= (place.cell or 0):
                code = self.codes[spot]
                yield code, [line for line in code.imports if spot[1] != place.cell or line.end < place.start]


def _holds(outer: Statement, inner: Statement) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _taken(name: str, target: str, bound: set[tuple[str, str]]) -> bool:
    """Whether a name stands for something else; `import a.b` and `import a.c` both bind the package `a`."""
    others = {other for known, other in bound if known == name} - {target}
    return any(name != target.split(".")[0] or name != other.split(".")[0] for other in others)


def _block(imports: list[Imports]) -> Position | None:
    """Where the first run of imports ends: no other statement stands between them."""
    last = None
    for line in imports:
        if last is not None and not line.follows:
            break
        last = line.end
    return last


def _added(code: Code, behind: Position | None, text: str) -> Edit:
    """Statements on lines of their own: behind a place, else behind the docstring, else in front of the first statement."""
    start, docstring = code.opening or (Position(1, 1), False)
    behind = start if behind is None and docstring else behind
    if behind is None:
        at, content = start, f"{text}\n"
        indent = code.indent(start.row)
        content = content.replace("\n", "\n" + indent)
    else:
        indent = code.indent(behind.row)
        last = behind.row >= len(code.lines)
        at = Position(behind.row, len(code.lines[behind.row - 1]) + 1) if last else Position(behind.row + 1, 1)
        lines = [indent + line for line in text.split("\n")]
        content = "".join(f"\n{line}" for line in lines) if last else "".join(f"{line}\n" for line in lines)
    return Edit(None, None, content, Range(code.source.path, at, at, code.cell.number))
