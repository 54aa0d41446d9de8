"""Where findings are: nodes of trees become files, cells, rows and columns, once, and only for files with findings."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.config import shown
from kerlint.finding import Finding, Position, Range, Related

if TYPE_CHECKING:
    from libcst import CSTNode

    from kerlint.placing import Code, Places
    from kerlint.source import Parsed, Source

    Ranges = Mapping[CSTNode, Range]
    Followed = Mapping[Path, tuple[Source, Parsed]]
    """The files that a file imports."""


@dataclass(frozen=True)
class Definitions:
    """The functions and classes around what was located, in order for each file and cell."""

    named: dict[tuple[Path, int | None], list[tuple[Position, Position, str]]] = field(default_factory=dict)

    def around(self, place: Range) -> str:
        """The dotted name of the innermost one that holds a place, or ""."""
        known = self.named.get((place.path, place.cell), [])
        before = bisect_right(known, place.start, key=lambda one: one[0])
        return next((name for _, end, name in reversed(known[:before]) if place.end <= end), "")


NOTHING_AROUND = Definitions()


def ranges_of(nodes: Iterable[CSTNode | None], source: Source, parsed: Parsed, followed: Followed) -> Ranges:
    """The places of nodes, in the file itself or in the files of the project that it imports."""
    return surroundings(nodes, source, parsed, followed)[0]


def surroundings(nodes: Iterable[CSTNode | None], source: Source, parsed: Parsed, followed: Followed) -> tuple[Ranges, Definitions]:
    """The places of nodes, and what is defined around them."""
    from kerlint.positions import beginning, positions
    from kerlint.statements import definitions

    wanted = {node for node in nodes if node is not None}
    found: dict[CSTNode, Range] = {}
    around = Definitions()
    cells = list(codes(source, parsed, followed)) if wanted else []
    if len(cells) > 1:  # Most cells of a notebook hold none of them: those that have the text of one are looked at first.
        starts = {beginning(node) for node in wanted}
        cells.sort(key=lambda code: not any(start in code.cell.text for start in starts))
    for code in cells:
        if not wanted:
            break
        names = definitions(code.module)
        for node, (start, end) in positions(code.module, wanted | names.keys()).items():
            found[node] = Range(code.source.path, code.shown(start), code.shown(end), code.cell.number)
            wanted.discard(node)
        spans = ((found[node].start, found[node].end, name) for node, name in names.items())
        around.named[code.source.path, code.cell.number] = sorted(spans)
    return found, around


def located(
    findings: Sequence[Finding], ranges: Ranges, source: Source, places: Places, around: Definitions = NOTHING_AROUND
) -> list[Finding]:
    """The findings with their places, those of what is related to them and of their fixes, and what they stand in.

    One in an imported file names what led there.
    """
    top = Range(source.path, Position(1, 1), Position(1, 1), source.cells[0].number if source.cells else None)

    def place(finding: Finding) -> Finding:
        nodes = (finding.node, *finding.scope)
        found = next((ranges[node] for node in nodes if node is not None and node in ranges), top)
        related = _related(finding.related, ranges)
        if found.path != source.path and all(other.range and other.range.path == found.path for other in related):
            related += _related((Related(node, "reached from here") for node in finding.scope), ranges)
        enclosing = around.around(found) or finding.enclosing
        flow = _related(finding.flow, ranges)
        flow = flow if len(flow) > 1 else ()
        about = tuple(ranges[node] for node in (*finding.scope, *finding.subject) if node in ranges)
        placed = places.placed(finding.fix)
        return replace(finding, range=found, related=related, flow=flow, fix=placed, enclosing=enclosing, about=about)

    return [place(finding) for finding in findings]


def nodes_of(findings: Iterable[Finding]) -> Iterator[CSTNode | None]:
    """Every node that a finding speaks of."""
    for finding in findings:
        yield finding.node
        yield from (related.node for related in (*finding.related, *finding.flow))
        yield from finding.scope
        yield from finding.subject
        fix = finding.fix
        while fix is not None:
            for edit in fix.edits:
                yield from (anchor.node for anchor in (edit.start, edit.end) if anchor is not None)
            yield from fix.together
            yield from (fix.passage.node, fix.passage.target) if fix.passage is not None else ()
            fix = fix.otherwise


def _related(related: Iterable[Related], ranges: Ranges) -> tuple[Related, ...]:
    places = ((other, ranges.get(other.node) if other.node is not None else None) for other in related)
    return tuple(replace(other, range=place) for other, place in places if place is not None)


def codes(source: Source, parsed: Parsed, followed: Followed) -> Iterator[Code]:
    """The trees of the file itself first, then of what it imports."""
    from kerlint.placing import Code

    files = [(source, parsed)]
    files += [(replace(file, path=Path(shown(path))), trees) for path, (file, trees) in followed.items()]
    for file, trees in files:
        for cell, module in zip(file.cells, trees.modules, strict=True):
            if module is not None:
                yield Code(file, cell, module)
