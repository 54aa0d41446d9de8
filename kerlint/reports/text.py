"""Findings for people: what and where, the code with the place underlined, where it comes from, what to do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerlint.finding import Finding, Range
from kerlint.reports import BLUE, BOLD, CYAN, TINT, Batch, Paint, headed

if TYPE_CHECKING:
    from kerlint.source import Source

TAB = "    "
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
MOST_LINES = 4
"""Lines of code that are shown of one place; more are left out in its middle."""
WIDEST = 140
"""Columns of a line of code that are shown; a longer line is cut around the place."""


def report(batch: Batch) -> Iterator[str]:
    """A block of lines for each finding, with an empty line behind it."""
    for finding in batch.findings:
        yield from _block(finding, batch)
        yield ""


def _block(finding: Finding, batch: Batch) -> Iterator[str]:
    assert finding.range is not None
    paint, tint = batch.paint, TINT[finding.severity]
    related = [(other.range, other.message) for other in finding.related if other.range]
    frame = _Frame(batch.sources, paint, max(len(str(place.end.row)) for place in (finding.range, *(place for place, _ in related))))

    yield f"{paint(str(finding.range), CYAN)}: {headed(finding, paint)}"
    yield f"  {visible(finding.message)}"
    yield frame.edge("|")
    yield from frame.lines(finding.range, "", "^", tint)
    file = finding.range.path, finding.range.cell
    for place, label in related:
        same = (place.path, place.cell) == file
        yield frame.edge("|") if same else frame.edge(f"::: {place}")
        yield from frame.lines(place, label, "-", CYAN)
        file = place.path, place.cell
    if finding.hint:
        yield f"{frame.edge('=')} {visible(finding.hint)}"
    if finding.fix:
        yield f"{frame.edge('=')} {'fix' if finding.fix.safe else 'unsafe fix'}: {visible(finding.fix.message)}"
    if finding.evidence:
        yield f"{frame.edge('=')} {paint(finding.evidence.verdict, BOLD)}: {visible(finding.evidence.detail)}"


class _Frame(msgspec.Struct, frozen=True):
    """Lines of code beside their numbers; `gutter` is the width of the largest number."""

    sources: Mapping[Path, Source]
    paint: Paint
    gutter: int

    def edge(self, mark: str, number: str = "") -> str:
        return self.paint(f"{number:>{self.gutter}} {mark}", BLUE)

    def lines(self, place: Range, label: str, mark: str, color: int) -> Iterator[str]:
        """The lines of a place, each with its part underlined; the label stands behind the last one."""
        text = lines_of(place, self.sources)
        rows = rows_of(place, text)
        for row in rows:
            if not row:
                yield self.edge("...")
                continue
            line, before, width = _underlined(text[row - 1], place, row)
            said = f" {visible(label)}" if label and row == rows[-1] else ""
            yield f"{self.edge('|', str(row))} {line}".rstrip()
            yield f"{self.edge('|')} {' ' * before}{self.paint(mark * max(width, 1) + said, color)}"


def lines_of(place: Range, sources: Mapping[Path, Source]) -> list[str]:
    """The lines of the file or cell that a place is in, as its author sees them; none when the file is not at hand."""
    source = sources.get(place.path)
    cell = next((cell for cell in source.cells if cell.number == place.cell), None) if source else None
    if cell is None:
        return []
    if source and not cell.text.strip():  # it is no code of the notebook but what a file is written from
        from kerlint.source import written

        return _lines(written(source, cell))
    return [" " * (cell.shown(row, 1) - 1) + line for row, line in enumerate(_lines(cell.text), 1)]


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def rows_of(place: Range, text: Sequence[str]) -> list[int]:
    """The rows of a place that are shown, 0 for those that are left out in its middle."""
    rows = [row for row in range(place.start.row, place.end.row + 1) if row <= len(text)]
    if len(rows) > 1 and place.end.column == 1:
        rows.pop()
    return rows if len(rows) <= MOST_LINES else [*rows[: MOST_LINES - 2], 0, rows[-1]]


def marked(line: str, place: Range, row: int) -> tuple[int, int]:
    """The part of a line that belongs to a place, without the whitespace around it where the place goes on in other lines."""
    start = place.start.column - 1 if row == place.start.row else len(line) - len(line.lstrip())
    return start, place.end.column - 1 if row == place.end.row else len(line.rstrip())


def _underlined(line: str, place: Range, row: int) -> tuple[str, int, int]:
    """A line as a terminal shows it, the columns before the place, and the columns that it takes."""
    start, end = marked(line, place, row)
    cut = _cut(line, start)
    head, inner = visible(line[cut:start]), visible(line[start:end])
    dots = "…" if cut else ""
    shown = dots + visible(line[cut:])
    if width_of(shown) > WIDEST:
        shown = shown[:WIDEST] + "…"
    before = width_of(dots + head)
    return shown, before, min(width_of(inner), max(1, WIDEST - before))


def _cut(line: str, start: int) -> int:
    """Where a line begins to be shown: at its start, unless the place would then be out of sight."""
    return 0 if width_of(visible(line[:start])) < WIDEST - 40 else max(0, start - 40)


def visible(text: str) -> str:
    """Text that cannot move a terminal's cursor: tabs as spaces, control characters as their pictures (U+2400), which not all have."""
    return _CONTROL.sub(_picture, text.replace("\t", TAB))


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 32 else "\u2421" if code == 127 else "\ufffd"


def width_of(text: str) -> int:
    """The columns that a terminal gives to a text (UAX #11: wide and fullwidth characters take two, combining ones none)."""
    if text.isascii():
        return len(text)
    return sum(_columns(sign) for sign in text)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
