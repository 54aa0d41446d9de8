"""The process that reads code for the server: one question after the other, on standard input, answered on standard output."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from itertools import count
from pathlib import Path
from typing import BinaryIO

from msgspec.structs import replace

from kerlint.editor.messages import (
    Analyse,
    Analysis,
    Answer,
    Changes,
    Describe,
    Explain,
    Failed,
    Find,
    Gone,
    Hold,
    Note,
    Page,
    Place,
    Question,
    Remedies,
    Repair,
    RepairAll,
    Settings,
    packed,
    received,
)
from kerlint.editor.messages import (
    Files as Found,
)
from kerlint.editor.reading import LastingProjects, Rulebook, Trees
from kerlint.editor.remedies import Looked, differences
from kerlint.engine import check_of, examine, judge, opened, understand
from kerlint.files import Discovery, discover
from kerlint.finding import Finding
from kerlint.garbage import without_garbage_collection
from kerlint.mistake import MistakeError
from kerlint.outcome import Outcome
from kerlint.rule import rules
from kerlint.semantics import interpreter as interpreter
from kerlint.semantics import provenance

LARGEST = 2_000_000
"""Bytes of a file that is looked at while it is edited, as of one that is followed into (`semantics.project`)."""
TOO_LARGE = "is too large to be analysed in an editor; run `kerlint check`"


class Analyst:
    """What is kept from question to question: texts that are open, trees, projects, configurations."""

    def __init__(self) -> None:
        self.contents: dict[Path, bytes] = {}
        self.trees = Trees()
        self.projects = LastingProjects(self.contents)
        self.rulebook = Rulebook(Settings())
        self.looked: dict[str, Looked] = {}
        self.states = count(1)

    def answer(self, question: Question) -> Answer | None:
        """The answer to a question; None where none is expected."""
        try:
            match question:
                case Hold(path, data):
                    self._hold(Path(path), data)
                    return None
                case Analyse():
                    return self._analyse(question)
                case Describe(path, encoding, state, shapes):
                    looked = self._looked(path, state)
                    return looked.facts(encoding, shapes) if looked else Gone()
                case Repair(path, encoding, state, notes):
                    looked = self._looked(path, state)
                    return Remedies(tuple(looked.remedy(number, encoding, self._content) for number in notes)) if looked else Gone()
                case RepairAll():
                    return self._repair_all(question)
                case Find():
                    return self._find(question)
                case Explain(path, code, settings):
                    rule = self._book(settings).of(Path(path)).known[code]
                    return Page(rule.text, str(rule.page), rule.url)
        except MistakeError as error:
            return Failed(str(error))
        except Exception as error:  # noqa: BLE001 - one file must not stop the others; the server tells what happened
            return Failed(f"{type(error).__name__}: {error}", traceback.format_exc())

    def _hold(self, path: Path, data: bytes | None) -> None:
        where = path.resolve()
        if data is None:
            self.contents.pop(where, None)
            self.trees.forget(path)
            self.looked.pop(str(path), None)
        else:
            self.contents[where] = data

    def _looked(self, path: str, state: int) -> Looked | None:
        found = self.looked.get(path)
        return found if found is not None and found.state == state else None

    def _content(self, path: Path) -> bytes:
        held = self.contents.get(path.resolve())
        return path.read_bytes() if held is None else held

    def _book(self, settings: Settings) -> Rulebook:
        if settings != self.rulebook.settings:
            self.rulebook = Rulebook(settings)
        return self.rulebook

    def _analyse(self, question: Analyse) -> Answer:
        path = Path(question.path)
        try:
            data = self._content(path)
        except OSError:  # it was closed and removed
            return Analysis()
        if len(data) > LARGEST:
            return Analysis((_note(_said(path, TOO_LARGE)),))
        config = self._book(question.settings).of(path)
        if config.excluded.match(str(path)):
            return Analysis()
        project = self.projects.fresh(path, config)
        match opened(path, data, lambda: project):
            case Outcome(findings=findings):
                return Analysis(tuple(_note(finding) for finding in findings))
            case source:
                with without_garbage_collection():
                    understood = understand(source, project, self.trees.parsed(source) if question.keep else None)
                    looked = Looked(understood, self._new(judge(understood, config)), next(self.states))
                    provenance.forget()
                if question.keep:
                    self.looked[question.path] = looked
                return looked.analysis(question.encoding)

    def _new(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Without those that a baseline holds."""
        configs = self.rulebook.configs
        if not any(config.baseline for config in configs.known()):
            return findings
        from kerlint.baseline import new

        return new(findings, lambda path: configs.of(path.absolute().parent))

    def _repair_all(self, question: RepairAll) -> Answer:
        from kerlint.fix import repaired
        from kerlint.run import Run

        path, book = Path(question.path), self._book(question.settings)
        before = self._content(path)
        book.of(path)
        outcome = examine(path, lambda where: book.of(where), LastingProjects(self.contents), before)
        run = Run(book.configs, Discovery([path]), [outcome], dict(self.contents))
        after = repaired(run, unsafe=False)[1].contents.get(path.resolve(), before)
        return Changes(tuple(differences(path, before, after, question.encoding)))

    def _find(self, question: Find) -> Answer:
        book = self._book(question.settings)
        folders = [Path(folder) for folder in question.folders]
        return Found(tuple(str(path.absolute()) for path in discover(folders, book.configs.of).files))


def _said(path: Path, message: str) -> Finding:
    from kerlint.engine import UNREADABLE
    from kerlint.finding import Position, Range

    start = Position(1, 1)
    return replace(rules()[UNREADABLE].finding(None, message=message), range=Range(path, start, Position(1, 2)))


def _note(finding: Finding) -> Note:
    """A finding in a file that could not be read: its columns are those of ASCII."""
    assert finding.range is not None
    place = finding.range
    start, end = ((spot.row - 1, spot.column - 1) for spot in (place.start, place.end))
    where = Place(os.path.abspath(place.path), place.cell, start, end)
    return Note(where, finding.code, finding.name, finding.message, finding.hint, finding.severity.name, finding.url)


def serve(questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the other side is gone.

    Garbage is looked for when an answer is on its way: what a program leaves behind is cyclic, and nobody waits then. What was imported
    until then stays for ever and is looked at no more.
    """
    gc.disable()
    analyst = Analyst()
    for rule in rules().values():  # what every analysis needs is there before the first
        check_of(rule.code, rule.name)
    gc.collect()
    gc.freeze()
    while (question := received(questions)) is not None:
        reply = analyst.answer(question)
        if reply is not None:
            answers.write(packed(reply))
            answers.flush()
            gc.collect()


def main() -> None:
    """Keep standard output for answers: what rules of the user's own print goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)
