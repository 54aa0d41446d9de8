"""The fixes of a run's findings carried out, pass by pass until nothing changes; files are not written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from kerlint.finding import Edit, Finding, Position, Range
from kerlint.source import Source, SourceError, compiles, encoded, parse, read

if TYPE_CHECKING:
    from kerlint.run import Run

MOST_PASSES = 50
"""Fixes that change each other's work are met here; a file that people write is done after two or three passes."""


class Repairs(msgspec.Struct):
    """What became of the fixes of a run; files by their resolved paths."""

    unsafe: bool
    before: dict[Path, bytes] = msgspec.field(default_factory=dict)
    """What stood in the files that have changed."""
    contents: dict[Path, bytes] = msgspec.field(default_factory=dict)
    """What stands in them now."""
    fixed: Counter[str] = msgspec.field(default_factory=Counter)
    """How many findings of each rule were fixed, by code."""
    dropped: dict[str, None] = msgspec.field(default_factory=dict)
    """Why fixes were left out, one sentence each."""

    @property
    def changed(self) -> dict[Path, tuple[bytes, bytes]]:
        """The files that are not what they were, each before and after."""
        return {path: (data, self.contents[path]) for path, data in self.before.items() if data != self.contents[path]}


def repaired(run: Run, unsafe: bool) -> tuple[Run, Repairs]:
    """The run as it is with all fixes made (safe ones only, unless `unsafe`); nothing is written."""
    done = Repairs(unsafe, contents=dict(run.contents))
    partial = False
    for _ in range(MOST_PASSES):
        dirty = _pass(run, done)
        if not dirty and not partial:
            return run, done
        # Files that import what has changed are looked at again at the end, all at once.
        run, partial = run.renewed(done.contents, dirty or None), bool(dirty) and len(run.discovery.files) > 1
    ways = ", ".join(sorted({finding.code for finding in run.findings if _wanted(finding, run, unsafe)}))
    done.dropped[f"fixes of {ways} still change the code after {MOST_PASSES} passes; the rest is left as it is, please report"] = None
    return run, done


def available(run: Run) -> tuple[int, int]:
    """How many findings have a safe fix, and how many an unsafe one."""
    fixes = [finding.fix for finding in run.findings if finding.fix and _wanted(finding, run, unsafe=True)]
    safe = sum(fix.safe for fix in fixes)
    return safe, len(fixes) - safe


def _wanted(finding: Finding, run: Run, unsafe: bool) -> bool:
    """Whether its fix is to be made: only files of the run are changed, not those that they import."""
    fix = finding.fix
    if fix is None or not (fix.safe or unsafe):
        return False
    return all(edit.range is not None and edit.range.path.resolve() in run.known for edit in fix.edits)


def _pass(run: Run, done: Repairs) -> set[Path]:
    """Make the fixes that do not get in each other's way; the files that have changed."""
    of_file: dict[Path, list[Finding]] = {}
    for finding in run.findings:
        if _wanted(finding, run, done.unsafe) and (place := _place(finding)):
            of_file.setdefault(place.resolve(), []).append(finding)
    shown = {path.resolve(): path for path in run.quoted}
    changed = set()
    for path, findings in of_file.items():
        source = run.quoted.get(shown[path])
        if source is None:
            done.dropped[f"{shown[path]}: no fixes, the file has changed in the meantime"] = None
        elif mend(source, findings, done):
            changed.add(path)
    return changed


def _place(finding: Finding) -> Path | None:
    return next((edit.range.path for edit in (finding.fix.edits if finding.fix else ()) if edit.range), None)


def mend(source: Source, findings: Sequence[Finding], done: Repairs) -> bool:
    """Make fixes of one file. Whether anything changed."""
    path = source.path.resolve()
    data = done.contents[path] if path in done.contents else path.read_bytes()
    if encoded(source, data) != data:
        done.dropped[f"{source.path}: no fixes, the file cannot be written in its encoding byte for byte"] = None
        return False
    chosen = list(_apart(findings, done))
    made = _result(source, data, chosen)
    if made is None:  # find those that break the code
        kept: list[tuple[Finding, tuple[Edit, ...]]] = []
        for one in chosen:
            if _result(source, data, [*kept, one]) is None:
                _drop(one[0], "the result would not be valid Python", done)
            else:
                kept.append(one)
        chosen, made = kept, _result(source, data, kept)
    if made is None or made == data:
        return False
    done.before.setdefault(path, data)
    done.contents[path] = made
    done.fixed.update(finding.code for finding, _ in chosen)
    return True


def edits_of(source: Source, data: bytes, finding: Finding) -> tuple[Edit, ...] | None:
    """The edits of one fix, in order; None where there is none, or where it would not leave valid Python."""
    edits = joined(finding.fix.edits if finding.fix else ())
    apart = all(_span(last)[1] <= _span(edit)[0] for last, edit in pairwise(edits))
    return edits if edits and apart and encoded(source, data) == data and _result(source, data, [(finding, edits)]) is not None else None


def _drop(finding: Finding, why: str, done: Repairs) -> None:
    done.dropped[f"{finding.range}: the fix of {finding.code} is left out: {why}"] = None


def _result(source: Source, data: bytes, chosen: Iterable[tuple[Finding, tuple[Edit, ...]]]) -> bytes | None:
    """The file with these fixes, or None when it would not be valid Python any more."""
    from kerlint.rewriting import rewritten

    edits = list(dict.fromkeys(edit for _, several in chosen for edit in several))
    text = rewritten(source, edits)
    try:
        result = encoded(replace(source, text=text), data)
        new = read(source.path, result)
    except (UnicodeEncodeError, SourceError):
        return None
    cells = {edit.range.cell for edit in edits if edit.range}
    pairs = [(old, cell) for old, cell in zip(source.cells, new.cells, strict=True) if cell.number in cells]
    if parse(replace(new, cells=tuple(cell for _, cell in pairs))).problems:
        return None
    texts = [(old.text, cell.text) for old, cell in pairs] + [(source.written.get(name, ""), text) for name, text in new.written.items()]
    return result if all(compiles(text) or not compiles(before) for before, text in texts) else None


# Which fixes can be made at once


def _apart(findings: Iterable[Finding], done: Repairs) -> Iterator[tuple[Finding, tuple[Edit, ...]]]:
    """The first fixes that do not meet, with their edits in order; what several share (an import) does not count."""
    taken: list[Edit] = []
    for finding in findings:
        edits = joined(finding.fix.edits if finding.fix else ())
        if any(_span(edit)[0] < _span(last)[1] for last, edit in pairwise(edits)):
            _drop(finding, "its edits overlap", done)
        elif not any(_meet(edit, other) and edit != other for edit in edits for other in taken):
            taken += edits
            yield finding, edits


def joined(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits of one fix in order, those that only take away joined where they overlap."""
    joined: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: _span(edit)):
        last = joined[-1] if joined else None
        if last is not None and not last.content and not edit.content and _span(edit)[0] < _span(last)[1]:
            start, end = _range(last), _range(edit)
            joined[-1] = replace(last, range=replace(start, end=max(start.end, end.end)))
        else:
            joined.append(edit)
    return tuple(joined)


def _meet(one: Edit, other: Edit) -> bool:
    """Whether two edits change the same text, or the order of the two would count."""
    (start, end), (begin, stop) = _span(one), _span(other)
    if start == begin and (start == end or begin == stop) and (one.range, one.content) != (other.range, other.content):
        return True
    return start < stop and begin < end


def _span(edit: Edit) -> tuple[tuple[int, Position], tuple[int, Position]]:
    place = _range(edit)
    return (place.cell or 0, place.start), (place.cell or 0, place.end)


def _range(edit: Edit) -> Range:
    assert edit.range is not None
    return edit.range
