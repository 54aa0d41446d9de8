"""Edits carried out: the text of a script or notebook in which nothing but what they replace has changed."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import msgspec

from kerlint import notebook
from kerlint.finding import Edit, Position
from kerlint.source import Cell, Source, written

_BREAK = re.compile(r"\r\n|\r|\n")
_CHARACTER = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL)
"""One character of a JSON string as it is written; two escapes of surrogates make one character (RFC 8259, section 7)."""

Change = tuple[int, int, str]
"""From where to where (offsets in a text) something is replaced, and by what."""


def rewritten(source: Source, edits: Iterable[Edit]) -> str:
    """The text of the file after edits that do not overlap; of edits at one place the first comes first."""
    return _changed(source.text, [change for _, change in changes(source, edits)])


def changes(source: Source, edits: Iterable[Edit]) -> Iterator[tuple[Edit, Change]]:
    """What edits change in the text of the file: of a notebook, in its JSON."""
    of_cell: dict[int | None, list[Edit]] = {}
    for edit in edits:
        if edit.range is not None:
            of_cell.setdefault(edit.range.cell, []).append(edit)
    for cell in source.cells:
        if cell.number in of_cell:
            several = of_cell[cell.number]
            found = _changes(written(source, cell), several)
            yield from zip(several, found if cell.number is None else _in_json(source, cell, found), strict=True)


def _changes(text: str, edits: Sequence[Edit]) -> list[Change]:
    """Edits as offsets in the text of a cell, with its own line breaks; a place behind the end of the text is its end."""
    starts = [0, *(match.end() for match in _BREAK.finditer(text))]
    first = _BREAK.search(text)
    newline = first.group() if first else "\n"

    def offset(position: Position) -> int:
        return min(starts[min(position.row, len(starts)) - 1] + position.column - 1, len(text))

    ranges = [(edit.range, edit.content) for edit in edits if edit.range is not None]
    return [(offset(place.start), offset(place.end), content.replace("\n", newline)) for place, content in ranges]


def _changed(text: str, changes: Iterable[Change]) -> str:
    pieces, at = [], 0
    for start, end, content in sorted(changes, key=lambda change: change[:2]):
        pieces += [text[at:start], content]
        at = end
    return "".join((*pieces, text[at:]))


# Notebooks


class _Literal(msgspec.Struct, frozen=True):
    """A string of the JSON: where it stands there, and how many characters of the cell come before it and are in it."""

    start: int
    end: int
    before: int
    widths: Sequence[int]
    """How much of the JSON each character takes, summed up from the start."""

    def raw(self, offset: int) -> int:
        """Where an offset of the cell is in the JSON."""
        return self.start + 1 + self.widths[offset - self.before]


def _in_json(source: Source, cell: Cell, changes: Iterable[Change]) -> list[Change]:
    """Changes of a cell's text as changes of the JSON that holds it."""
    text = source.text
    literals, between = _literals(text, cell.place)
    befores = [literal.before for literal in literals]

    def raw(offset: int) -> int:
        return literals[bisect_right(befores, offset) - 1].raw(offset)

    def quoted(content: str) -> str:
        # In a list of lines, each line is a string of its own.
        lines = [json.dumps(line, ensure_ascii=text.isascii())[1:-1] for line in re.split(r"(?<=\n)", content)]
        return between.join(lines)

    return [(raw(start), raw(end), quoted(content)) for start, end, content in changes]


def _literals(text: str, place: notebook.Place) -> tuple[list[_Literal], str]:
    """The strings that make up a cell, and what stands between two lines of it: nothing, where all of it is one string."""
    found: list[_Literal] = []
    between = ""
    for way, at, literal in notebook.strings(text):
        if way != place and way[:-1] != place:
            continue
        if way == place or way[-1] == 0:  # the last one counts where a key is there twice
            found = []
        before = found[-1].before + len(found[-1].widths) - 1 if found else 0
        widths = [0, *accumulate(map(len, _CHARACTER.findall(literal[1:-1])))]
        if way != place and len(found) < 2:
            start = found[0].end if found else text.rindex("[", 0, at) + 1
            between = f'"{text[start:at] if found else "," + text[start:at]}"'
        found.append(_Literal(at, at + len(literal), before, widths))
    return found, between
