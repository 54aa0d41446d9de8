"""The projects of a run, and which of its files are looked at."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kerlint.mentions import may_mention, trains
from kerlint.timing import UNTIMED, Untimed

if TYPE_CHECKING:
    from kerlint.config import Config
    from kerlint.semantics.project import Project, Tops


class Projects:
    """The projects of a run: each file that is imported from one is parsed once.

    `contents` are files by resolved path that hold something else than what is on disk; `clock` is told how long everything takes.
    """

    def __init__(self, contents: Mapping[Path, bytes] | None = None, clock: Untimed = UNTIMED) -> None:
        self.clock = clock
        self._known: dict[tuple[str, tuple[str, ...], str], Project] = {}
        self._contents = contents or {}

    def of(self, path: Path | str, config: Config) -> Project:
        """The project that a file belongs to."""
        root = os.path.realpath(config.root) if config.file and config.settings.src else self.tops.of(str(path))
        key = root, config.settings.src, config.settings.target_keras
        if key not in self._known:
            self._known[key] = self._new(Path(root), *key[1:])
        return self._known[key]

    @cached_property
    def tops(self) -> Tops:
        """Where the projects of files begin."""
        from kerlint.semantics.project import Tops

        return Tops()

    def _new(self, root: Path, src: tuple[str, ...], keras: str) -> Project:
        from kerlint.semantics.project import Project

        return Project(root, src, keras, self._contents)


def concerns(path: Path, data: bytes, project: Callable[[], Project]) -> bool:
    """Whether a file is looked at: it mentions Keras, or trains something that it imports from a file of its project that does."""
    return may_mention(data) or (trains(data) and project().leads_to_keras(path, data))
