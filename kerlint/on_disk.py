"""Where findings stand in the file as it is on disk: those of a notebook in its JSON, which is what other tools show."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from kerlint.finding import Edit, Finding, Fix, Position, Range

if TYPE_CHECKING:
    from kerlint.source import Source

_BREAK = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")

Replacement = tuple[Range, str]
"""A place of a file, and what is to stand there."""


class OnDisk(msgspec.Struct, frozen=True):
    """The files of some findings, and the places in them, found once for all."""

    sources: Mapping[Path, Source]
    found: Mapping[Edit, Replacement]
    _lines: dict[Path, list[str]] = msgspec.field(default_factory=dict)

    def __call__(self, place: Range) -> Range:
        """A place with the rows and columns of its file; the cell stays named."""
        return self.found[_at(place)][0] if _at(place) in self.found else place

    def replacements(self, fix: Fix) -> list[Replacement]:
        """What a fix replaces, in order."""
        edits = [self.found.get(edit, (edit.range, edit.content)) for edit in _edits(fix)]
        return [(place, content) for place, content in edits if place is not None]

    def lines(self, path: Path) -> list[str]:
        """The lines of a file, with their ends; none when it is not at hand."""
        if path not in self._lines:
            self._lines.clear()  # reports go from file to file
            self._lines[path] = _LINE.findall(self.sources[path].text) if path in self.sources else []
        return self._lines[path]

    def before(self, path: Path, position: Position) -> str:
        """What stands in front of a position in its line; "" when the file is not at hand."""
        return "".join(self.lines(path)[position.row - 1 : position.row])[: position.column - 1]

    def between(self, path: Path, start: Position, end: Position) -> str:
        """What stands from one position to another."""
        several = self.lines(path)[start.row - 1 : end.row]
        head = len(self.before(path, start))
        tail = sum(map(len, several[:-1])) + end.column - 1
        return "".join(several)[head:tail]


def on_disk(findings: Iterable[Finding], sources: Mapping[Path, Source]) -> OnDisk:
    """The places of findings, of what is related to them and of their fixes. A notebook is searched once, and only when it has some."""
    asked: dict[Path, dict[Edit, None]] = {}
    for finding in findings:
        for edit in _asked(finding):
            if edit.range is not None and edit.range.path in sources:
                asked.setdefault(edit.range.path, {})[edit] = None
    return OnDisk(sources, {edit: change for path, edits in asked.items() for edit, change in _found(sources[path], edits)})


def _asked(finding: Finding) -> Iterator[Edit]:
    """What a report has to find: edits, because what they change in a file is known already, and in notebooks every place as one."""
    for place in (finding.range, *(other.range for other in (*finding.related, *finding.flow))):
        if place is not None and place.cell is not None:
            yield _at(place)
    yield from _edits(finding.fix) if finding.fix else ()


def _at(place: Range) -> Edit:
    return Edit(None, None, "", place)


def _edits(fix: Fix) -> tuple[Edit, ...]:
    from kerlint.fix import joined

    return joined(fix.edits)


def _found(source: Source, edits: Iterable[Edit]) -> Iterator[tuple[Edit, Replacement]]:
    from kerlint.rewriting import changes

    starts = [0, *(match.end() for match in _BREAK.finditer(source.text))]

    def position(offset: int) -> Position:
        row = bisect_right(starts, offset)
        return Position(row, offset - starts[row - 1] + 1)

    for edit, (start, end, content) in changes(source, edits):
        if edit.range is not None:
            yield edit, (replace(edit.range, start=position(start), end=position(end)), content)
