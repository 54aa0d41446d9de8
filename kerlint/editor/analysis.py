"""A file looked at on behalf of an editor: its findings, what is understood of it, and where all of that is in the editor's columns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kerlint.editor.messages import Facts, Note, Place, Remark, Shape, Training
from kerlint.editor.positions import Encoding, Lines
from kerlint.finding import Position, Range
from kerlint.notebook import NotebookError, code_cells

if TYPE_CHECKING:
    from kerlint.engine import Understood
    from kerlint.finding import Finding
    from kerlint.source import Source


@dataclass(frozen=True)
class Cells:
    """The texts of a file by the numbers of its cells, as their author sees them."""

    source: Source
    encoding: Encoding

    @cached_property
    def lines(self) -> Mapping[int | None, Lines]:
        """The lines of each cell."""
        return {number: Lines(text, self.encoding) for number, text in texts(self.source).items()}

    def place(self, found: Range) -> Place:
        """A range in the editor's columns."""
        lines = self.lines.get(found.cell) or next(iter(self.lines.values()), Lines("", self.encoding))
        path = os.path.abspath(found.path)
        return Place(path, found.cell, lines.spot(*_pair(found.start)), lines.spot(*_pair(found.end)))


def texts(source: Source) -> dict[int | None, str]:
    """The cells of a file as their author sees them."""
    if not source.notebook:
        return {None: source.text}
    try:
        return {number: cell.text for number, cell in enumerate(code_cells(source.text), 1)}
    except NotebookError:  # a notebook that mentions nothing of Keras is not read
        return {}


def _pair(position: Position) -> tuple[int, int]:
    return position.row, position.column


@dataclass(frozen=True)
class Files:
    """The files that findings are in, and the places in them."""

    sources: Mapping[Path, Source]
    encoding: Encoding

    @cached_property
    def _cells(self) -> dict[Path, Cells]:
        return {path: Cells(source, self.encoding) for path, source in self.sources.items()}

    def place(self, found: Range) -> Place:
        """A range in the editor's columns; the end of a line is not passed."""
        return self._cells[found.path].place(found)

    def note(self, finding: Finding) -> Note:
        """A finding as the server tells it."""
        assert finding.range is not None
        related = [Remark(self.place(other.range), other.message) for other in finding.related if other.range is not None]
        fix = finding.fix
        return Note(
            self.place(finding.range),
            finding.code,
            finding.name,
            finding.message,
            finding.hint,
            finding.severity.name,
            finding.url,
            tuple(related),
            fix.message if fix else "",
            bool(fix and fix.safe),
        )


def described(understood: Understood, findings: Iterable[Finding], encoding: Encoding, with_shapes: bool) -> Facts:
    """What is understood of a file, where it stands; `findings` are counted for the calls that they are about."""
    from kerlint.editor.facts import shapes, trainings
    from kerlint.locating import Ranges

    files = Files(understood.files, encoding)
    fits = list(trainings(understood.program, findings))
    known = list(shapes(understood.program)) if with_shapes else []
    ranges = Ranges(understood.source, understood.parsed, understood.followed)
    return Facts(
        tuple(Training(files.place(place), text) for node, text in fits if (place := ranges.get(node))),
        tuple(Shape(files.place(place), text) for node, text in known if (place := ranges.get(node))),
    )
