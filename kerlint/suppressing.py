"""`--add-noqa`: every finding gets a comment that suppresses it, where a comment can stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from kerlint.engine import UNREADABLE
from kerlint.finding import Edit, Finding, Fix, Position, Range
from kerlint.fix import Repairs, mend
from kerlint.mistake import MistakeError
from kerlint.run import Run
from kerlint.source import Cell, Source, written
from kerlint.suppression import BREAK, TOKEN, room
from kerlint.written_files import text_of

MOST_PASSES = 3
"""One is enough but for what an imported file is reported for."""
_CODE = re.compile(r"[A-Za-z]+[0-9]+\b|KER\b")


class Line(msgspec.Struct, frozen=True):
    """A line of a script or cell: `first` is the row on which its logical line begins.

    `open`: its end lies in a string or is a backslash, so that no comment can stand there. `comment` is its comment with the column,
    `alone` says that there is nothing else.
    """

    first: int
    open: bool = False
    comment: tuple[str, int] | None = None
    alone: bool = False


def checked(reason: str) -> str:
    """A reason that can stand behind the codes. Raises MistakeError."""
    if re.search(r"[\r\n#]", reason):
        raise MistakeError("--add-noqa: the reason is one line without #")
    if _CODE.match(reason.strip()):
        raise MistakeError(f'--add-noqa: "{reason.split()[0]}" would be read as the code of a rule; begin the reason with a word')
    return reason.strip()


def suppressed(run: Run, reason: str) -> tuple[Run, Repairs]:
    """The run with a suppression for every finding in its files; nothing is written."""
    done = Repairs(unsafe=False, contents=dict(run.contents))
    before = len(run.findings)
    for _ in range(MOST_PASSES):
        of_file: dict[Path, list[Finding]] = {}
        for finding in run.findings:
            if finding.range and finding.code != UNREADABLE and finding.range.path.resolve() in run.known:
                of_file.setdefault(finding.range.path, []).append(finding)
        dirty = {path.resolve() for path, findings in of_file.items() if _suppress(run.quoted.get(path), findings, reason, done)}
        if not dirty:
            break
        run = run.renewed(done.contents, dirty)
    done.fixed.clear()
    done.fixed["noqa"] = before - len(run.findings)
    return run, done


def comment(source: Source, finding: Finding) -> Edit | None:
    """The comment that suppresses one finding, as an edit of its file; None where it has no place."""
    cells = (found for cell in source.cells for found in _of_cell(source, cell, [finding], ""))
    return next((edit for found in cells for edit in (found.fix.edits if found.fix else ())), None)


def _suppress(source: Source | None, findings: Sequence[Finding], reason: str, done: Repairs) -> bool:
    """Write suppressions into one file. Whether anything changed."""
    if source is None:
        done.dropped[f"{findings[0].range}: no suppression, the file has changed in the meantime"] = None
        return False
    return mend(source, [finding for cell in source.cells for finding in _of_cell(source, cell, findings, reason)], done)


def _of_cell(source: Source, cell: Cell, findings: Iterable[Finding], reason: str) -> Iterator[Finding]:
    """One finding for each comment that is to be written, with the edit as its fix."""
    mine = [(finding, finding.range.start.row) for finding in findings if finding.range and finding.range.cell == cell.number]
    if not mine:
        return
    lines, texts = lines_of(text_of(source, cell)), BREAK.split(written(source, cell))
    of_place: dict[tuple[int, bool], list[Finding]] = {}
    for finding, row in mine:
        line = lines[row - 1]
        of_place.setdefault((line.first, True) if line.open else (row, False), []).append(finding)
    for (row, above), several in of_place.items():
        codes = sorted({finding.code for finding in several})
        edit = _edit(lines, texts, row, above, codes, reason)
        start, end, content = edit
        place = Range(source.path, Position(*start), Position(*end), cell.number)
        yield replace(several[0], fix=Fix("suppress it", (Edit(None, None, content, place),), safe=True))


Insertion = tuple[tuple[int, int], tuple[int, int], str]
"""From where to where (row and column) something is replaced, and by what."""


def _edit(lines: Sequence[Line], texts: Sequence[str], row: int, above: bool, codes: Sequence[str], reason: str) -> Insertion:
    known = _known(lines, row, above)
    if known is not None:
        at, (text, column) = known
        behind, separator = room(text) or (0, "")
        # A form feed or an indentation that was taken from the line is there for its author.
        shift = texts[at - 1].find(text.rstrip()) - (column - 1)
        place = at, column + shift + behind
        return place, place, f"{separator}{', '.join(codes)}"
    comment = " ".join(filter(None, (f"# noqa: {', '.join(codes)}", reason)))
    if above:
        indent = texts[row - 1][: len(texts[row - 1]) - len(texts[row - 1].lstrip(" \t\f"))]
        return (row, 1), (row, 1), f"{indent}{comment}\n"
    whole = texts[row - 1]
    bare = whole.rstrip(" \t\f")
    return (row, len(bare) + 1), (row, len(whole) + 1), f"  {comment}"


def _known(lines: Sequence[Line], row: int, above: bool) -> tuple[int, tuple[str, int]] | None:
    """The comment that has room for more codes: on the line itself, or among those that stand alone above the statement."""
    if not above:
        comment = lines[row - 1].comment
        return (row, comment) if comment and room(comment[0]) else None
    for at in range(row - 1, 0, -1):
        line = lines[at - 1]
        if not line.alone or line.comment is None:
            return None
        if room(line.comment[0]):
            return at, line.comment
    return None


def lines_of(text: str) -> list[Line]:
    """The lines of a script or cell."""
    found: list[Line] = []
    row, start, first, depth, code = 1, 0, 1, 0, False
    comment: tuple[str, int] | None = None

    def end(is_open: bool) -> None:
        nonlocal row, comment
        found.append(Line(first, is_open, comment, comment is not None and not code and not depth))
        row, comment = row + 1, None

    for match in TOKEN.finditer(text):
        token = match.group()
        if token[0] == "#":
            comment = token, match.start() - start + 1
        elif token[0] in "\r\n":
            end(is_open=False)
            start = match.end()
            if not depth:
                first, code = row, False
        else:
            code = code or token[0] != "\\"
            depth = max(0, depth + (token in "([{") - (token in ")]}"))
            for line_break in BREAK.finditer(token):
                end(is_open=True)
                start = match.start() + line_break.end()
    end(is_open=False)
    return found
