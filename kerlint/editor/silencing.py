"""The comment that silences a rule in a whole file, as an edit; that of a single line is what `--add-noqa` writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kerlint.editor.positions import BREAK
from kerlint.finding import Edit, Position, Range
from kerlint.source import written

if TYPE_CHECKING:
    from kerlint.source import Source

_OPENING = re.compile(r"#!|#.*coding[:=]|%%")
"""First lines that nothing may stand in front of: they are read by the shell, by Python and by IPython."""


def in_file(source: Source, place: Range, code: str) -> Edit:
    """A comment at the top of the file; of a notebook, at the top of the cell of the finding."""
    lines = BREAK.split(_text(source, place))
    row = 1
    while row < len(lines) and _OPENING.match(lines[row - 1]):
        row += 1
    return _inserted(place, row, 1, f"# kerlint: file-ignore[{code}]\n")


def _text(source: Source, place: Range) -> str:
    return next(written(source, cell) for cell in source.cells if cell.number == place.cell)


def _inserted(place: Range, row: int, column: int, content: str) -> Edit:
    at = Position(row, column)
    return Edit(None, None, content, Range(place.path, at, at, place.cell))
