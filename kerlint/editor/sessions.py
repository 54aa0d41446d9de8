"""The files that are open and what is known of them: changes wait for the next one, then the file is looked at again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from kerlint.editor import messages
from kerlint.editor.asking import Analysts
from kerlint.editor.documents import Document, Documents, path_of, uri_of
from kerlint.editor.messages import Analyse, Analysis, Answer, Failed, Gone, Note, Place, Question
from kerlint.editor.positions import Encoding
from kerlint.editor.settings import Settings

TRIES = 3
"""How often a question is asked again about what has changed meanwhile."""
AT_ONCE, BACKGROUND = 0, 2
"""The ranks of questions that the user waits for, and of files that nobody has opened; those of open files are between."""


@dataclass(slots=True, eq=False)
class Session:
    """An open file."""

    document: Document
    path: str
    analysis: Analysis = field(default_factory=Analysis)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while what is known of it is what it holds."""
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Sessions:
    """All open files, and those that were looked at in the background."""

    documents: Documents
    analysts: Analysts
    publish: Callable[[set[str]], None]
    """Called with the files of which other things are known now."""
    complain: Callable[[Failed, str], None]
    given: messages.Settings
    """What counts where the editor sets nothing."""
    settings: Settings = field(default_factory=Settings)
    encoding: Encoding = "utf-16"
    generation: int = 0
    open: dict[str, Session] = field(default_factory=dict)
    background: dict[str, Analysis] = field(default_factory=dict)

    @property
    def asked(self) -> messages.Settings:
        """The settings that go with a question."""
        own, given = self.settings.analysis(), self.given
        return messages.Settings({**given.table, **own.table}, own.file or given.file, own.isolated or given.isolated, self.generation)

    def of(self, uri: str) -> Session | None:
        """The session of a script, or of the notebook of a cell."""
        document = self.documents.owner(uri)
        return self.open.get(document.uri) if document is not None else None

    def begin(self, document: Document) -> None:
        """Look at a file that was opened, at once."""
        self.open[document.uri] = session = Session(document, path_of(document))
        self.background.pop(session.path, None)
        self.look(session, 0)

    def changed(self, session: Session) -> None:
        """Look at a file that has changed, when it has been left alone for a moment."""
        self.look(session, self.settings.debounce / 1000, spread=True)

    def end(self, uri: str) -> None:
        """Let go of a file that was closed."""
        session = self.open.pop(uri, None)
        if session is None:
            return
        if session.task is not None:
            session.task.cancel()
        session.settled.set()
        self.analysts.hold(session.path, None)
        self.publish({session.path, *_mentioned(session.analysis)})
        self._spread(session)

    def look(self, session: Session, delay: float, spread: bool = False) -> None:
        """Look at a file after so many seconds, unless it changes again; `spread`: and then at those that import it."""
        if session.task is not None:
            session.task.cancel()
        session.settled.clear()
        session.task = asyncio.ensure_future(self._look(session, delay, spread))

    def look_at_all(self, paths: Iterable[str] | None = None) -> None:
        """Look again at all open files, or at those that rest on one of these."""
        wanted = None if paths is None else frozenset(paths)
        for session in list(self.open.values()):
            if wanted is None or not wanted.isdisjoint(session.analysis.followed):
                self.look(session, 0)

    async def _look(self, session: Session, delay: float, spread: bool) -> None:
        await asyncio.sleep(delay)
        if not self.settings.enable:
            self._know(session, Analysis())
            return
        self.analysts.hold(session.path, session.document.content())
        match await self.analysts.ask(self.question(session.path)):
            case Analysis() as found:
                self._know(session, found)
            case Failed() as failed:
                self.complain(failed, session.path)
                self._know(session, Analysis(followed=session.analysis.followed))
            case _:
                self._know(session, Analysis())
        if spread:
            self._spread(session)

    def question(self, path: str, keep: bool = True) -> Analyse:
        """What is asked of a file."""
        return Analyse(path, self.encoding, self.asked, keep)

    def _know(self, session: Session, analysis: Analysis) -> None:
        before, session.analysis = session.analysis, analysis
        session.settled.set()
        self.publish({session.path, *_mentioned(before), *_mentioned(analysis)})

    def learn(self, path: str, analysis: Analysis | None) -> None:
        """What a file is that nobody has opened; None when it is not known any more."""
        before = self.background.pop(path, Analysis())
        if analysis is not None and analysis.notes:
            self.background[path] = analysis
        self.publish({path, *_mentioned(before), *_mentioned(analysis or Analysis())})

    def _spread(self, session: Session) -> None:
        self.look_at_all([os.path.realpath(session.path)])

    async def fresh(self, uri: str) -> Session | None:
        """The session of a document when what is known of it is what it holds; None when it is not open (any more)."""
        while (session := self.of(uri)) is not None and not session.settled.is_set():
            await session.settled.wait()
        return session

    async def ask(self, uri: str, question: Callable[[Session], Question]) -> tuple[Session, Answer] | None:
        """What is answered to a question about what is known of a file; None when it is closed, or changes all the time."""
        for _ in range(TRIES):
            session = await self.fresh(uri)
            if session is None or not session.analysis.state:
                return None
            state = session.analysis.state
            match await self.analysts.ask(question(session), AT_ONCE):
                case Gone():
                    if session.settled.is_set() and session.analysis.state == state:  # the process is another one
                        self.look(session, 0)
                case found:
                    return session, found
        return None

    def notes(self, path: str) -> Iterator[Note]:
        """What is known of a file from wherever it was looked at, each once."""
        analyses = [session.analysis for session in self.open.values()] + list(self.background.values())
        seen: set[tuple[str, Place, str]] = set()
        for note in (note for analysis in analyses for note in analysis.notes if note.place.path == path):
            key = note.code, note.place, note.message
            if key not in seen:
                seen.add(key)
                yield note

    def address(self, place: Place) -> str:
        """The document of a place: a cell, an open script, else the file."""
        document = self.documents.at(place.path)
        if document is None:
            return uri_of(place.path)
        return document.uris.get(place.part) or next(iter(document.uris.values()), document.uri)


def _mentioned(analysis: Analysis) -> set[str]:
    return {note.place.path for note in analysis.notes}
