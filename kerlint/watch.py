"""`--watch`: lint again whenever a file of the project changes, until Ctrl-C."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from kerlint.config import NAMES
from kerlint.files import EXCLUDE
from kerlint.mistake import MistakeError

if TYPE_CHECKING:
    from kerlint.run import Run

TICK = 200
"""Milliseconds after which a watch that has just begun says so."""
SUFFIXES = frozenset((".py", ".ipynb", ".toml"))
"""What code and configurations end with."""
_PAGE = re.compile(r"[A-Z]+\d{3}-.*\.md")
_EXCLUDED = frozenset(EXCLUDE)
CLEAR = "\x1b[2J\x1b[3J\x1b[H"
"""Clears a terminal and what was scrolled out of it (ECMA-48 ED and CUP, xterm's ED 3)."""


class Places(msgspec.Struct, frozen=True, dict=True):
    """The directories that are watched; with all that is below them, unless only files were given."""

    folders: tuple[Path, ...]
    below: bool
    baselines: frozenset[Path] = frozenset()

    def count(self, path: Path) -> bool:
        """Whether a change of a file may change what is reported; what is left out by default never does."""
        inner = next((path.relative_to(folder) for folder in self.folders if folder in path.parents), path)
        if not _EXCLUDED.isdisjoint(inner.parts[:-1]):
            return False
        named = path.name in (*NAMES, ".gitignore") or path in self.baselines
        return named or path.suffix in SUFFIXES or bool(_PAGE.fullmatch(path.name))

    def wider(self, run: Run) -> Places:
        """With the directories of what the run has read besides: imported files, configurations, a baseline."""
        read = [Path(name) for outcome in run.outcomes for name, _ in outcome.grounds.followed]
        baselines = frozenset(config.baseline for config in run.configs.known() if config.baseline)
        read += [*baselines, *(config.file for config in run.configs.known() if config.file)]
        folders = dict.fromkeys((*self.folders, *(path.absolute().parent for path in read)))
        kept = [folder for folder in folders if not (self.below and any(top in folder.parents for top in self.folders))]
        return Places(tuple(folder for folder in kept if folder.is_dir()), self.below, baselines)


def places(paths: Sequence[Path]) -> Places:
    """Where what is given stands."""
    folders = dict.fromkeys(path.absolute() if path.is_dir() else path.absolute().parent for path in paths)
    return Places(tuple(folders), any(path.is_dir() for path in paths))


def watch(paths: Sequence[Path], lint: Callable[[], Run], out: IO[str], complain: Callable[[str], object]) -> None:
    """Lint at once and after every change, until Ctrl-C. Raises MistakeError when watchfiles is missing or a path is."""
    try:
        from watchfiles import watch as changes
    except ImportError as error:
        raise MistakeError('--watch needs the package watchfiles: pip install "kerlint[watch]"') from error
    for path in paths:
        if not path.exists():
            raise MistakeError(f"{path}: no such file or directory")

    def rounds(where: Places) -> Iterator[bool]:
        """Whether something has changed, again and again; the first time as soon as nothing can be missed any more."""

        def wanted(_: object, path: str) -> bool:
            return watcher.places.count(Path(path))

        return map(bool, changes(*where.folders, watch_filter=wanted, rust_timeout=TICK, yield_on_timeout=True, recursive=where.below))

    watcher = _Watcher(places(paths), lint, out, complain)
    try:
        while True:
            watcher.follow(rounds(watcher.places))
    except KeyboardInterrupt:  # how a watch ends
        return


class _Watcher(msgspec.Struct, dict=True):
    """What is watched, and when it was linted."""

    places: Places
    lint: Callable[[], Run]
    out: IO[str]
    complain: Callable[[str], object]
    read: tuple[Path, ...] = ()
    since: float = 0.0

    def follow(self, rounds: Iterator[bool]) -> None:
        """Lint after every change until that leads to places which are not watched yet."""
        for number, changed in enumerate(rounds):
            due = changed or not number and self._missed()
            if due and self._again():
                return
            if due or not number:
                self.complain("watching for changes, Ctrl-C ends it")

    def _missed(self) -> bool:
        """Whether something has changed before it was watched, or nothing has been linted yet. Clocks of files tick in steps of 10 ms."""
        return not self.since or any(path.exists() and path.stat().st_mtime > self.since - 0.01 for path in self.read)

    def _again(self) -> bool:
        """Lint on a clean screen; a mistake in a configuration can be mended while the watch goes on. Whether there is more to watch."""
        self.since = time.time()
        if self.out.isatty():
            self.out.write(CLEAR)
        try:
            run = self.lint()
        except MistakeError as error:
            self.complain(str(error))
            return False
        finally:
            self.out.flush()
        wider = self.places.wider(run)
        self.read = (*run.discovery.files, *(Path(name) for outcome in run.outcomes for name, _ in outcome.grounds.followed))
        more, self.places = wider.folders != self.places.folders, wider
        return more
