"""Where findings are: nodes of trees become files, cells, rows and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.config import shown
from kerlint.finding import Finding, Position, Range, Related
from kerlint.placing import Code, Places

if TYPE_CHECKING:
    from kerlint.source import Parsed, Source
    from kerlint.syntax.nodes import Node

    Followed = Mapping[Path, tuple[Source, Parsed]]
    """The files that a file imports."""


class Ranges:
    """The places of nodes, in the file itself or in the files of the project that it imports: each is told by the text that it is in."""

    def __init__(self, source: Source, parsed: Parsed, followed: Followed) -> None:
        self._files = (source, parsed, followed)
        self.top = Range(source.path, Position(1, 1), Position(1, 1), source.cells[0].number if source.cells else None)
        """Where a finding is put that has no place."""

    @cached_property
    def codes(self) -> list[Code]:
        """All code that a node may be in."""
        return list(codes(*self._files))

    @cached_property
    def _codes(self) -> dict[int, Code]:
        return {id(code.module.text): code for code in self.codes}

    def get(self, node: Node | None) -> Range | None:
        """The place of a node, None where it is in none of the files."""
        return code.range(node) if node is not None and (code := self._code(node)) else None

    def around(self, node: Node | None) -> str:
        """The dotted name of the innermost function or class that holds a node, or ""."""
        return code.around(node) if node is not None and (code := self._code(node)) else ""

    def _code(self, node: Node) -> Code | None:
        return self._codes.get(id(node.text))


def located(findings: Iterable[Finding], ranges: Ranges, places: Places) -> list[Finding]:
    """The findings with their places, those of what is related to them and of their fixes, and what they stand in.

    One in an imported file names what led there.
    """
    return [_located(finding, ranges, places) for finding in findings]


def _located(finding: Finding, ranges: Ranges, places: Places) -> Finding:
    node, found = next(((node, place) for node in (finding.node, *finding.scope) if (place := ranges.get(node))), (None, ranges.top))
    related = _related(finding.related, ranges)
    if found.path != ranges.top.path and all(other.range and other.range.path == found.path for other in related):
        related += _related((Related(node, "reached from here") for node in finding.scope), ranges)
    enclosing = ranges.around(node) or finding.enclosing
    flow = _related(finding.flow, ranges)
    flow = flow if len(flow) > 1 else ()
    about = tuple(place for node in (*finding.scope, *finding.subject) if (place := ranges.get(node)))
    placed = places.placed(finding.fix)
    return replace(finding, range=found, related=related, flow=flow, fix=placed, enclosing=enclosing, about=about)


def _related(related: Iterable[Related], ranges: Ranges) -> tuple[Related, ...]:
    places = ((other, ranges.get(other.node)) for other in related)
    return tuple(replace(other, range=place) for other, place in places if place is not None)


def codes(source: Source, parsed: Parsed, followed: Followed) -> Iterator[Code]:
    """The trees of the file itself first, then of what it imports."""
    files = [(source, parsed)]
    files += [(replace(file, path=Path(shown(path))), trees) for path, (file, trees) in followed.items()]
    for file, trees in files:
        for cell, module in zip(file.cells, trees.modules, strict=True):
            if module is not None:
                yield Code(file, cell, module)
