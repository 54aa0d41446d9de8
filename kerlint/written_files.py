"""Where the lines of a file stand that a notebook writes (`%%writefile`): in its cells, the only place where its author can change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from kerlint import notebook
from kerlint.config import shown
from kerlint.finding import Finding, Position, Range
from kerlint.magics import neutral
from kerlint.source import Cell, Source, written


class Part(msgspec.Struct, frozen=True):
    """The lines of a written file from `first` on, and the cell that they come from."""

    first: int
    cell: int
    down: int
    """How many rows further down they stand in the cell."""


def parts(source: Source) -> Mapping[str, tuple[Part, ...]]:
    """The parts of each file that the cells of a notebook write, by its name."""
    found: dict[str, tuple[Part, ...]] = {}
    lengths: dict[str, int] = {}
    for number, cell in enumerate(notebook.code_cells(source.text), 1):
        made = neutral(cell.text.replace("\r\n", "\n").replace("\r", "\n"))
        for name, content in made.written.items():
            before = lengths.get(name, 0) if made.appended else 0
            part = Part(before + 1, number, made.body - before)
            found[name] = (*found.get(name, ()), part) if before else (part,)
            lengths[name] = before + content.count("\n")
    return found


def text_of(source: Source, cell: Cell) -> str:
    """The text that places in a cell are places of: its code, or, where it has none, what a file is written from."""
    return cell.text if cell.text.strip() else written(source, cell)


def at_home(findings: Iterable[Finding], source: Source, files: Iterable[Path]) -> list[Finding]:
    """The findings with what they say of these written files told as places of the notebook.

    An import of `models` or `nets.models` has read what the cells write into models.py or nets/models.py.
    """
    known = parts(source)
    homes = {Path(shown(path)): known.get(f"{path.stem.replace('.', '/')}.py", ()) for path in files}

    def home(place: Range) -> Range:
        start = place.start.row
        part = next((part for part in reversed(homes.get(place.path, ())) if part.first <= start), None)
        if part is None:
            return place
        cell = source.cells[part.cell - 1]

        def moved(position: Position) -> Position:
            row = position.row + part.down
            return Position(row, cell.shown(row, position.column))

        return Range(source.path, moved(place.start), moved(place.end), part.cell)

    return [finding.moved(home) for finding in findings]
