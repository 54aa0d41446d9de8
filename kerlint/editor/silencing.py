"""Comments that silence a finding, as edits: on its line, or in the whole file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kerlint.depth import QUOTED
from kerlint.editor.positions import BREAK
from kerlint.finding import Edit, Position, Range
from kerlint.source import written

if TYPE_CHECKING:
    from kerlint.source import Source

_IGNORED = re.compile(r"#\s*kerlint:\s*ignore\s*\[[^\[\]#]*(?=\])", re.IGNORECASE)
_OPENING = re.compile(r"#!|#.*coding[:=]|%%")
"""First lines that nothing may stand in front of: they are read by the shell, by Python and by IPython."""
_TOKEN = re.compile(QUOTED + r"|#[^\r\n]*|\\(?:\r\n|\r|\n)|\r\n|\r|\n", re.DOTALL)


def on_line(source: Source, place: Range, code: str) -> Edit:
    """A comment on the line of a finding; above it, where its line cannot end with one."""
    text = _text(source, place)
    lines, row = BREAK.split(text), place.start.row
    line = lines[row - 1]
    running = _running(text)
    if row in running:
        while row - 1 in running:
            row -= 1
        indent = lines[row - 1][: len(lines[row - 1]) - len(lines[row - 1].lstrip())]
        return _inserted(place, row, 1, f"{indent}# kerlint: ignore[{code}]\n")
    if found := _IGNORED.search(line):
        return _inserted(place, row, found.end() + 1, f", {code}")
    return _inserted(place, row, len(line.rstrip()) + 1, f"  # kerlint: ignore[{code}]")


def in_file(source: Source, place: Range, code: str) -> Edit:
    """A comment at the top of the file; of a notebook, at the top of the cell of the finding."""
    lines = BREAK.split(_text(source, place))
    row = 1
    while row < len(lines) and _OPENING.match(lines[row - 1]):
        row += 1
    return _inserted(place, row, 1, f"# kerlint: file-ignore[{code}]\n")


def _text(source: Source, place: Range) -> str:
    return next(written(source, cell) for cell in source.cells if cell.number == place.cell)


def _running(text: str) -> frozenset[int]:
    """The rows that end within a string or with a backslash: a comment cannot stand there."""
    found: set[int] = set()
    row = 1
    for match in _TOKEN.finditer(text):
        token = match.group()
        breaks = len(BREAK.findall(token))
        if token[0] not in "\r\n":
            found.update(range(row, row + breaks))
        row += breaks
    return frozenset(found)


def _inserted(place: Range, row: int, column: int, content: str) -> Edit:
    at = Position(row, column)
    return Edit(None, None, content, Range(place.path, at, at, place.cell))
