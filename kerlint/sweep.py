"""A sweep over many files: what earlier runs know is taken from the cache, the rest is examined, by several processes if it is worth it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerlint.config import Config, Configs
from kerlint.garbage import without_garbage_collection
from kerlint.mistake import MistakeError
from kerlint.outcome import Outcome, digest
from kerlint.projects import Projects, concerns

if TYPE_CHECKING:
    from kerlint.cache import Cache
    from kerlint.keys import Keys
    from kerlint.semantics.project import Project

    View = tuple[Config, Project, str]
    """How a file is seen: with which configuration, as part of which project, and the folder that its imports are looked up from."""
    Asked = tuple["Task", bytes, View | None]
    """A file, the key by which its outcome is kept, and how it is seen."""

WORTH = {"fork": 30_000, "spawn": 200_000}
"""Bytes of code that one more process is started for. A forked one costs 0.03 s, one that is started afresh as much as the start of a run
(0.5 s); a second of work is 150,000 bytes. Each is worth five times its cost then, so that a slow disk or a busy machine loses nothing."""
AT_ONCE = 200
"""Outcomes that are kept together: what a run has found out is there for the next one although it is stopped."""

Progress = Callable[[int, int], object]
"""Told how many files are done, and of how many."""


class Task(msgspec.Struct, frozen=True):
    """A file to examine: its place in the order of the run, and its size in bytes."""

    number: int
    path: Path
    size: int


class Sweep(msgspec.Struct, dict=True):
    """The files of a run, and what is known of them."""

    paths: Sequence[Path]
    configs: Configs
    cache: Cache | None = None
    jobs: int = 0
    """Processes; 0: as many as are worth it."""
    progress: Progress = lambda done, total: None
    projects: Projects = msgspec.field(default_factory=Projects)

    def outcomes(self) -> list[Outcome]:
        """What comes of each file, in their order."""
        found: dict[int, Outcome] = {}
        with without_garbage_collection():  # there is none, and looking for it takes as long as all the rest
            tasks = list(self._tasks(found))
        for done, (task, outcome) in enumerate(self._kept(self._examined(tasks)), 1):
            found[task.number] = outcome
            self.progress(done, len(tasks))
        return [found[number] for number in range(len(self.paths))]

    def _tasks(self, found: dict[int, Outcome]) -> Iterator[Task]:
        """What has to be examined; `found` gets the outcomes of all other files."""
        asked: list[Asked] = []
        for number, path in enumerate(self.paths):
            name = str(path)
            try:
                with open(name, "rb", 0) as file:
                    data = file.read()
                if b"\0" not in data and not concerns(path, data, partial(self._views.project, name)):
                    found[number] = Outcome(path)
                    continue
                view = self._views.of(name) if self.cache else None
                asked.append((Task(number, path, len(data)), self._views.key(name, digest(data), view) if view else b"", view))
            except (OSError, MistakeError):  # the outcome says it
                asked.append((Task(number, path, 0), b"", None))
        yield from self._unknown(asked, found)

    def _unknown(self, asked: Sequence[Asked], found: dict[int, Outcome]) -> Iterator[Task]:
        """The files whose outcomes are not in the cache, or rest on something that has changed."""
        keys = [key for _, key, _ in asked if key]
        records = self.cache.records(keys) if self.cache and keys else {}
        known = _known(records) if records else lambda task, key, view: None
        for task, key, view in asked:
            outcome = known(task, key, view)
            if outcome is None:
                yield task
            else:
                found[task.number] = outcome

    def _examined(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Outcome, bytes, bytes]]:
        """Each file with its outcome, the key by which that is kept, and its record (none without a cache)."""
        if not tasks:
            return
        import threading  # which a run that knows all its files does without

        # A fork is safe as long as no thread is running; on macOS it never is (libraries of the system start some), Windows has none.
        method = "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"
        jobs = self.jobs or min(_processors(), len(tasks), sum(task.size for task in tasks) // WORTH[method])
        # A file that kills the process which examines it must not take what is known of others along.
        apart = method == "fork" and not self.jobs and len(self.paths) > 1
        if jobs > 1 or apart:
            from kerlint.pool import Pool

            yield from Pool(tasks, self.configs, max(jobs, 1), method, keyed=self.cache is not None).outcomes()
        else:
            from kerlint.record import Writer

            write = Writer()
            recorded = Recorder(self.configs, self.projects, keyed=self.cache is not None)
            for task, (key, outcome) in zip(tasks, recorded([task.path for task in tasks]), strict=True):
                yield task, outcome, key, write(outcome) if key else b""

    def _kept(self, examined: Iterable[tuple[Task, Outcome, bytes, bytes]]) -> Iterator[tuple[Task, Outcome]]:
        """Each file with its outcome, which is in the cache then or will be: also when the run is stopped."""
        records: dict[bytes, bytes] = {}
        try:
            for task, outcome, key, record in examined:
                if key:
                    records[key] = record
                yield task, outcome
                if len(records) >= AT_ONCE and self.cache:
                    self.cache.keep(records)
                    records = {}
        finally:
            if self.cache:
                self.cache.keep(records)

    @cached_property
    def _views(self) -> Views:
        return Views(self.configs, self.projects)


def _known(records: Mapping[bytes, bytes]) -> Callable[[Task, bytes, View | None], Outcome | None]:
    """What these records say of a file, unless it rests on something that has changed."""
    from kerlint.record import Reader, RecordError

    read = Reader()

    def known(task: Task, key: bytes, view: View | None) -> Outcome | None:
        try:
            outcome = read(records[key], task.path)
        except (KeyError, RecordError):
            return None
        return outcome if view and view[1].holds(outcome.grounds) else None

    return known


class Views:
    """How the files of a run are seen: with which configuration and as part of which project, by folder."""

    def __init__(self, configs: Configs, projects: Projects) -> None:
        self._configs = configs
        self._projects = projects
        self._known: dict[str, View] = {}

    def project(self, path: str) -> Project:
        """The project of a file."""
        return self.of(path)[1]

    def key(self, path: str, content: bytes, view: View) -> bytes:
        """The key of a file with this content (its digest)."""
        return self._keys.of(path, content, *view)

    def of(self, path: str) -> View:
        """The view of a file."""
        if os.path.islink(path):
            return self._found(path)
        folder = os.path.dirname(path)
        if folder not in self._known:
            self._known[folder] = self._found(path)
        return self._known[folder]

    def _found(self, path: str) -> View:
        config = self._configs.of(Path(path).absolute().parent)
        return config, self._projects.of(path, config), self._projects.tops.folder(path)

    @cached_property
    def _keys(self) -> Keys:
        from kerlint.keys import Keys

        return Keys()


class Recorder:
    """Examines files, and says by which key what comes of each is kept: by what was read when it was examined, not before."""

    def __init__(self, configs: Configs, projects: Projects, *, keyed: bool) -> None:
        self._configs = configs
        self._projects = projects
        self._views = Views(configs, projects) if keyed else None

    def __call__(self, paths: Iterable[Path]) -> Iterator[tuple[bytes, Outcome]]:
        """The key of each file, empty when its outcome is not to be kept, and the outcome."""
        from kerlint.engine import examined  # which a run that knows all its files does without

        for outcome in examined(paths, self._config, self._projects, lambda path: None):
            yield self._key(str(outcome.path), outcome.content) if outcome.content else b"", outcome

    def _key(self, path: str, content: bytes) -> bytes:
        return self._views.key(path, content, self._views.of(path)) if self._views else b""

    def _config(self, path: Path) -> Config:
        return self._configs.of(path.absolute().parent)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
