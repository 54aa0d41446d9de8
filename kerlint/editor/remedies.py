"""What an editor can do about findings: their fixes as changes of texts, and comments that silence them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from kerlint.editor.analysis import Files, described, texts
from kerlint.editor.messages import Analysis, Change, Facts, Place, Remedy
from kerlint.editor.positions import Encoding, Lines
from kerlint.editor.silencing import in_file
from kerlint.fix import edits_of
from kerlint.semantics import provenance
from kerlint.source import read
from kerlint.suppressing import comment

if TYPE_CHECKING:
    from kerlint.engine import Understood
    from kerlint.finding import Edit, Finding
    from kerlint.source import Source


@dataclass(frozen=True)
class Looked:
    """A file as it was looked at last: what is asked of it afterwards starts from there."""

    understood: Understood
    findings: tuple[Finding, ...]
    state: int

    @property
    def sources(self) -> Mapping[Path, Source]:
        """The files that findings are in."""
        return self.understood.files

    def analysis(self, encoding: Encoding) -> Analysis:
        """What is known of it."""
        files = Files(self.sources, encoding)
        followed = tuple(os.path.abspath(path) for path in self.understood.project.followed)
        return Analysis(tuple(files.note(finding) for finding in self.findings), followed, self.state)

    def facts(self, encoding: Encoding, shapes: bool) -> Facts:
        """What is understood of it."""
        found = described(self.understood, self.findings, encoding, shapes)
        provenance.forget()
        return found

    def remedy(self, number: int, encoding: Encoding, content: Callable[[Path], bytes]) -> Remedy:
        """What can be done about one of its findings."""
        finding = self.findings[number]
        files = Files(self.sources, encoding)
        place = finding.range
        assert place is not None
        source = self.sources[place.path]
        edit = comment(source, finding)
        return Remedy(
            self._fix(finding, files, content),
            _changes([edit] if edit else [], files),
            _changes([in_file(source, place, finding.code)], files),
        )

    def _fix(self, finding: Finding, files: Files, content: Callable[[Path], bytes]) -> tuple[Change, ...] | None:
        path = next((edit.range.path for edit in (finding.fix.edits if finding.fix else ()) if edit.range), None)
        if path is None:
            return None
        source = self.sources[path]
        edits = edits_of(source, content(path), finding)
        return None if edits is None else _changes(edits, files)


def _changes(edits: Iterable[Edit], files: Files) -> tuple[Change, ...]:
    return tuple(Change(files.place(edit.range), edit.content) for edit in edits if edit.range is not None)


def differences(path: Path, before: bytes, after: bytes, encoding: Encoding) -> Iterator[Change]:
    """What has changed in a file, by lines of its cells."""
    old, new = texts(read(path, before)), texts(read(path, after))
    for number, text in old.items():
        for start, end, content in _replaced(Lines(text, encoding), Lines(new[number], encoding)):
            yield Change(Place(os.path.abspath(path), number, (start, 0), _end(Lines(text, encoding), end)), content)


def _replaced(old: Lines, new: Lines) -> Iterator[tuple[int, int, str]]:
    """From which line to which one the old text is replaced, and by what."""
    before, after = _split(old), _split(new)
    for tag, start, end, begin, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            yield start, end, "".join(after[begin:stop])


def _split(lines: Lines) -> list[str]:
    return [lines.text[start:end] for start, end in zip(lines.starts, [*lines.starts[1:], len(lines.text)], strict=True)]


def _end(lines: Lines, number: int) -> tuple[int, int]:
    """The start of a line, or the end of the text where there is no such line."""
    last = len(lines.starts)
    return (number, 0) if number < last else lines.spot(last, len(lines.line(last - 1)) + 1)
