"""Which files are linted: paths given by hand, and directories walked with excludes and .gitignore respected."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

INCLUDE = ("*.py", "*.ipynb")
EXCLUDE = (
    *(".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".kerlint_cache", ".mypy_cache", ".nox"),
    *(
        ".pants.d",
        ".pyenv",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        ".vscode",
        "__pypackages__",
        "_build",
        "buck-out",
    ),
    *("dist", "node_modules", "site-packages", "venv"),
)
"""What ruff leaves out (docs.astral.sh/ruff/settings/#exclude), which holds the checkpoints of notebooks as well; and the cache."""
EXCLUDED = "excluded by the configuration"
_GLOB = frozenset("*?[]!\\#")


class Skip(msgspec.Struct, frozen=True):
    """A file or directory that was left out, and why."""

    path: Path
    reason: str


class Trouble(msgspec.Struct, frozen=True):
    """A path that could not be linted at all: missing, unreadable, a loop of links."""

    path: Path
    message: str


class Discovery(msgspec.Struct):
    """The files to lint in a fixed order, what was skipped, and what could not be reached."""

    files: list[Path] = msgspec.field(default_factory=list)
    skipped: list[Skip] = msgspec.field(default_factory=list)
    troubles: list[Trouble] = msgspec.field(default_factory=list)


class Patterns(msgspec.Struct, frozen=True, dict=True):
    """Patterns of a configuration, written as in a .gitignore and relative to the directory `root`.

    Plain names and suffixes, which most patterns are, are compared without pathspec and its import.
    """

    root: str
    patterns: tuple[str, ...]

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(pattern for pattern in self.patterns if not _GLOB.intersection(pattern) and "/" not in pattern)

    @cached_property
    def _suffixes(self) -> tuple[str, ...]:
        return tuple(pattern[1:] for pattern in self.patterns if pattern.startswith("*.") and not (_GLOB | {"/"}).intersection(pattern[1:]))

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(
            pattern[:-1] for pattern in self.patterns if pattern.endswith("/") and not (_GLOB | {"/"}).intersection(pattern[:-1])
        )

    @cached_property
    def _spec(self) -> GitIgnoreSpec | None:
        plain = self._names | {f"{name}/" for name in self._folders} | {f"*{suffix}" for suffix in self._suffixes}
        rest = [pattern for pattern in self.patterns if pattern not in plain]
        return _spec_of(rest) if rest else None

    def match(self, path: str, folder: bool = False) -> bool:
        """Whether an absolute path, or a directory that it lies in, is meant by one of the patterns."""
        if self._suffixes and path.endswith(self._suffixes):
            return True
        parts = _below(path, self.root).split("/")
        if not self._names.isdisjoint(parts) or not self._folders.isdisjoint(parts if folder else parts[:-1]):
            return True
        if self._suffixes and any(part.endswith(self._suffixes) for part in parts):
            return True
        return self._spec is not None and self._spec.match_file("/".join(parts) + ("/" if folder else ""))

    def which(self, path: str, folder: bool = False) -> str:
        """The first pattern that means an absolute path, or ""."""
        return next((one for one in self.patterns if Patterns(self.root, (one,)).match(path, folder)), "")


class Matcher(Protocol):
    """Something that files and directories are compared with."""

    def match(self, path: str, folder: bool = False) -> bool:
        """Whether an absolute path, or a directory that it lies in, is meant."""

    def which(self, path: str, folder: bool = False) -> str:
        """The pattern that means it, or ""."""


class Either(msgspec.Struct, frozen=True):
    """Patterns that count from several directories."""

    parts: tuple[Patterns, ...]

    def match(self, path: str, folder: bool = False) -> bool:
        """Whether one of them means an absolute path, or a directory that it lies in."""
        return any(part.match(path, folder) for part in self.parts)

    def which(self, path: str, folder: bool = False) -> str:
        """The first pattern that means it, or ""."""
        return next(filter(None, (part.which(path, folder) for part in self.parts)), "")


def either(parts: Iterable[Patterns]) -> Matcher:
    """Patterns, those of one directory joined."""
    joined: dict[str, Patterns] = {}
    for part in parts:
        joined[part.root] = Patterns(part.root, (*joined[part.root].patterns, *part.patterns) if part.root in joined else part.patterns)
    return next(iter(joined.values())) if len(joined) == 1 else Either(tuple(joined.values()))


class Filter(Protocol):
    """What a configuration says about files."""

    @property
    def excluded(self) -> Matcher:
        """Files and directories that are left out."""

    @property
    def included(self) -> Matcher:
        """The files of a directory that are linted."""

    @property
    def respect_gitignore(self) -> bool:
        """Whether what git ignores is left out."""

    @property
    def force_exclude(self) -> bool:
        """Whether excludes count for paths given by hand as well."""


class _Ignored(msgspec.Struct, frozen=True):
    """The .gitignore files that are in force in a directory, innermost first."""

    specs: tuple[tuple[str, GitIgnoreSpec], ...] = ()

    def within(self, folder: str) -> _Ignored:
        lines = _lines(os.path.join(folder, ".gitignore"))
        return _Ignored(((folder, _spec_of(lines)), *self.specs)) if lines else self

    def match(self, path: str, folder: bool) -> bool:
        for base, spec in self.specs:
            verdict = spec.check_file(_below(path, base) + ("/" if folder else "")).include
            if verdict is not None:
                return bool(verdict)
        return False


def discover(paths: Sequence[Path], settings: Callable[[Path], Filter]) -> Discovery:
    """All files below the given paths, each once: in the order given, directories by name. `settings` is asked once per directory."""
    found = Discovery()
    for given in paths:
        found.files.extend(_below_given(given, settings, found))
    if len(paths) > 1:
        found.files = list({os.path.abspath(path): path for path in reversed(found.files)}.values())[::-1]
    return found


def _below_given(given: Path, settings: Callable[[Path], Filter], found: Discovery) -> Iterator[Path]:
    try:
        mode = os.stat(given).st_mode
    except OSError as error:
        found.troubles.append(Trouble(given, _said(error)))
        return
    place = os.path.abspath(given)
    folder = stat.S_ISDIR(mode)
    rules = settings(Path(place) if folder else Path(place).parent)
    if rules.force_exclude and rules.excluded.match(place, folder):
        found.skipped.append(Skip(given, EXCLUDED))
    elif folder:
        yield from _Walk(settings, found).folder(given, place, _ignored_above(place))
    elif stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode):
        yield given
    else:
        found.troubles.append(Trouble(given, "not a file or directory"))


class _Walk(msgspec.Struct, frozen=True):
    """A walk below one directory; links to directories are not followed, so that no loop can hold it."""

    settings: Callable[[Path], Filter]
    found: Discovery

    def folder(self, path: Path, place: str, ignored: _Ignored) -> Iterator[Path]:
        rules = self.settings(Path(place))
        try:
            with os.scandir(place) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.found.troubles.append(Trouble(path, _said(error)))
            return
        if rules.respect_gitignore and any(entry.name == ".gitignore" for entry in listed):
            ignored = ignored.within(place)
        for entry in listed:
            if entry.is_dir(follow_symlinks=False):
                if not self._skipped(path, entry, rules, ignored, folder=True):
                    yield from self.folder(path / entry.name, entry.path, ignored)
            elif self._wanted(path, entry, rules, ignored):
                yield path / entry.name

    def _wanted(self, path: Path, entry: os.DirEntry[str], rules: Filter, ignored: _Ignored) -> bool:
        if not rules.included.match(entry.path) or not self._is_file(path, entry):
            return False
        return not self._skipped(path, entry, rules, ignored, folder=False)

    def _is_file(self, path: Path, entry: os.DirEntry[str]) -> bool:
        try:
            if entry.is_file():
                return True
        except OSError as error:
            self.found.troubles.append(Trouble(path / entry.name, _said(error)))
            return False
        # A lock file of an editor, or data that was not fetched: nothing is lost by leaving it out.
        self.found.skipped.append(Skip(path / entry.name, "a link to a directory or to nothing" if entry.is_symlink() else "not a file"))
        return False

    def _skipped(self, path: Path, entry: os.DirEntry[str], rules: Filter, ignored: _Ignored, *, folder: bool) -> bool:
        if rules.excluded.match(entry.path, folder):
            self.found.skipped.append(Skip(path / entry.name, EXCLUDED))
        elif rules.respect_gitignore and ignored.match(entry.path, folder):
            self.found.skipped.append(Skip(path / entry.name, "ignored by git"))
        else:
            return False
        return True


def _ignored_above(place: str) -> _Ignored:
    """The .gitignore files above a directory, up to the top of its repository; none when it is in no repository."""
    above: list[str] = []
    for parent in (Path(place), *Path(place).parents):
        if str(parent) != place:
            above.append(str(parent))
        if (parent / ".git").exists():
            lines = _lines(str(parent / ".git" / "info" / "exclude"))
            ignored = _Ignored(((str(parent), _spec_of(lines)),)) if lines else _Ignored()
            for folder in reversed(above):
                ignored = ignored.within(folder)
            return ignored
    return _Ignored()


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
    except OSError:  # there is none, which is the usual case
        return []
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _spec_of(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # 20 ms that only a project with patterns pays

    return GitIgnoreSpec.from_lines(lines)


def _below(path: str, base: str) -> str:
    """A path seen from a directory, with slashes; a path that lies elsewhere without its root."""
    prefix = base if base.endswith(os.sep) else base + os.sep
    relative = path[len(prefix) :] if path.startswith(prefix) else path.lstrip(os.sep)
    return relative if os.sep == "/" else relative.replace(os.sep, "/")


def _said(error: OSError) -> str:
    match error:
        case FileNotFoundError():
            return "no such file or directory"
        case PermissionError():
            return "permission denied"
        case _:
            return (error.strerror or str(error)).lower()
