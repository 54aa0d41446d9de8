"""Files read again and again while they are edited: what has not changed since is not parsed again."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.config import Config, Configs
from kerlint.projects import Projects
from kerlint.semantics.project import Project
from kerlint.settings import Layer
from kerlint.source import Parsed, parse

if TYPE_CHECKING:
    from kerlint.editor.messages import Settings
    from kerlint.source import Problem, Source
    from kerlint.syntax.nodes import Module

    Tree = Module | Problem | None

NAMES = (".kerlint.toml", "kerlint.toml", "pyproject.toml")
Stamp = tuple[int, int] | bytes | None
"""What tells one state of a file from another: time and size on disk, or what an editor holds."""


def stamp(path: str | Path) -> Stamp:
    """The state of a file on disk; None when there is none."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    return found.st_mtime_ns, found.st_size


class Trees:
    """The trees of the files that are open, cell by cell: an edit changes one cell."""

    def __init__(self) -> None:
        self._known: dict[Path, dict[tuple[object, ...], Tree]] = {}

    def parsed(self, source: Source) -> Parsed:
        """The source parsed; a cell with the text of a cell before has its tree. Two equal cells have two trees: nodes tell places."""
        before = self._known.get(source.path, {})
        keys: list[tuple[object, ...]] = []
        counts: dict[tuple[object, ...], int] = {}
        for cell in source.cells:
            content = cell.text, cell.indents, cell.skipped
            counts[content] = counts.get(content, 0) + 1
            keys.append((*content, counts[content]))
        changed = [(key, cell) for key, cell in zip(keys, source.cells, strict=True) if key not in before]
        fresh = parse(replace(source, cells=tuple(cell for _, cell in changed)))
        problems = {problem.cell: problem for problem in fresh.problems}
        trees: dict[tuple[object, ...], Tree] = {
            key: module or problems.get(cell.number) for (key, cell), module in zip(changed, fresh.modules, strict=True)
        }
        known = {key: trees[key] if key in trees else before[key] for key in keys}
        self._known[source.path] = known
        return _joined(source, [known[key] for key in keys])

    def forget(self, path: Path) -> None:
        """Let go of a file that was closed."""
        self._known.pop(path, None)


def _joined(source: Source, trees: Iterable[Tree]) -> Parsed:
    from kerlint.syntax.nodes import Module

    modules: list[Module | None] = []
    problems: list[Problem] = []
    for cell, tree in zip(source.cells, trees, strict=True):
        match tree:
            case Module() | None:
                modules.append(tree)
            case problem:
                modules.append(None)
                problems.append(replace(problem, cell=cell.number))
    return Parsed(tuple(modules), tuple(problems))


class LastingProject(Project):
    """A project that outlives an edit: before each analysis it lets go of what has changed."""

    def __init__(self, root: Path, src: tuple[str, ...], keras: str, contents: Mapping[Path, bytes]) -> None:
        super().__init__(root, src, keras, contents)
        self._stamps: dict[Path, Stamp] = {}

    def _load(self, path: Path) -> tuple[Source, Parsed] | None:
        self._stamps[path] = self._stamp(path)
        return super()._load(path)

    def _stamp(self, path: Path) -> Stamp:
        held = self.contents.get(path)
        return stamp(path) if held is None else held

    def freshen(self) -> None:
        """Let go of what is cheap to look up, and of the trees of files that have changed."""
        for kept in (self.listed, self.folders, self.found, self.searched, self.digests):
            kept.clear()
        self.__dict__.pop("keras", None)
        for path in [path for path in self.parsed if self._stamp(path) != self._stamps.get(path)]:
            del self.parsed[path]


class LastingProjects(Projects):
    """The projects of the files that are open."""

    def _new(self, root: Path, src: tuple[str, ...], keras: str) -> LastingProject:
        return LastingProject(root, src, keras, self._contents)

    def fresh(self, path: Path, config: Config) -> Project:
        """The project of a file, as it is now."""
        self.tops.forget()
        match self.of(path, config):
            case LastingProject() as project:
                project.freshen()
                return project
            case project:
                return project


@dataclass(slots=True)
class Rulebook:
    """The configurations in force, read again when a file that may hold one has changed."""

    settings: Settings
    configs: Configs = field(init=False)
    _seen: dict[str, Stamp] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.configs = self._fresh()

    def _fresh(self) -> Configs:
        file = self.settings.file
        layers = (Layer("the settings of the editor", dict(self.settings.table)),) if self.settings.table else ()
        return Configs(layers, Path(file).absolute() if file else None, self.settings.isolated)

    def of(self, path: Path) -> Config:
        """The configuration of a file. Raises MistakeError."""
        folder = path.absolute().parent
        now = {str(place / name): stamp(place / name) for place in (folder, *folder.parents) for name in NAMES}
        if self.settings.file:
            now[self.settings.file] = stamp(self.settings.file)
        if any(self._seen.get(file, state) != state for file, state in now.items()):
            self._seen.clear()
            self.configs = self._fresh()
        self._seen.update(now)
        return self.configs.of(folder)
