"""The files of the user's project that a script imports: found by import name, parsed once, never executed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kerlint.semantics.dependencies import Version, target
from kerlint.source import Source, SourceError, may_mention, parse, read

if TYPE_CHECKING:
    from libcst import Module

    from kerlint.source import Parsed

MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "requirements.txt")
"""What tells the top folder of a project."""
MOST_FOLLOWED = 20
"""Files of the project that are searched for a mention of Keras on behalf of one that trains something and mentions none."""
_IMPORT = re.compile(rb"""^[ \t"]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import|import[ \t]+([\w.]+))""", re.MULTILINE)
LARGEST = 2_000_000
"""Bytes of a source file that is still followed into; generated tables are larger."""


def top_of(path: Path) -> Path:
    """The folder that holds the project of a file: the nearest one with a project's marks, else the file's own."""
    folder = path.resolve().parent
    return next((place for place in (folder, *folder.parents) if any((place / mark).exists() for mark in MARKS)), folder)


class Project:
    """Where imports are looked up: beside the importing file, in the project's top folder and in its import roots (`src`).

    `contents` are files that hold something else than what is on disk.
    """

    def __init__(self, root: Path, src: tuple[str, ...] = (), keras: str = "", contents: Mapping[Path, bytes] | None = None) -> None:
        self.root = root.resolve()
        self.target = keras
        self.src = tuple(self.root / folder for folder in src)
        self.contents = contents or {}
        self.found: dict[tuple[str, int, Path], Path | None] = {}
        self.parsed: dict[Path, tuple[Source, Parsed] | None] = {}
        self.searched: dict[Path, tuple[bool, tuple[Path, ...]]] = {}

    @cached_property
    def keras(self) -> Version:
        """The newest version of Keras that the project may run with: what its configuration says, else its dependencies."""
        return target(self.root, self.target)

    def find(self, name: str, level: int, importer: Path) -> Path | None:
        """The file of an import (`level` leading dots) seen from `importer`, or None when it is no file of this project."""
        key = (name, level, importer.parent)
        if key not in self.found:
            self.found[key] = self._find(name, level, importer)
        return self.found[key]

    def _find(self, name: str, level: int, importer: Path) -> Path | None:
        parts = [part for part in name.split(".") if part]
        folder = importer.resolve().parent
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            return self._file(folder, parts)
        places = dict.fromkeys((folder, self.root, *self.src, self.root / "src"))
        return next((found for place in places if (found := self._file(place, parts))), None)

    def _file(self, folder: Path, parts: list[str]) -> Path | None:
        target = folder.joinpath(*parts)
        for candidate in (target.with_name(target.name + ".py"), target / "__init__.py"):
            if self.root in (*candidate.parents, candidate) and candidate.is_file():
                return candidate
        return None

    def leads_to_keras(self, path: Path, data: bytes) -> bool:
        """Whether a file imports one of the project that mentions Keras, directly or through others: found out from the bytes alone."""
        waiting, seen = [tuple(self._imported(path, data))], {path}
        while waiting and len(seen) <= MOST_FOLLOWED:
            for found in waiting.pop():
                if found in seen:
                    continue
                seen.add(found)
                mentions, imported = self._searched(found)
                if mentions:
                    return True
                waiting.append(imported)
        return False

    def _searched(self, path: Path) -> tuple[bool, tuple[Path, ...]]:
        """Whether a file of the project mentions Keras, and the files that it imports; looked through once for all that import it."""
        if path not in self.searched:
            large = path.stat().st_size > LARGEST
            content = b"" if large else self.contents.get(path) or path.read_bytes()
            mentions = may_mention(content)
            self.searched[path] = mentions, () if mentions else tuple(self._imported(path, content))
        return self.searched[path]

    def _imported(self, importer: Path, data: bytes) -> Iterator[Path]:
        """The files of the project that a file imports, by what its lines begin with."""
        for match in _IMPORT.finditer(data):
            dots, name = (match[1] or b"").decode(), (match[2] or match[3] or b"").decode("utf-8", "replace")
            if (found := self.find(name, len(dots), importer)) is not None:
                yield found

    def load(self, path: Path) -> tuple[Source, Parsed] | None:
        """The parsed file, or None when it cannot be read (it is reported when it is linted itself)."""
        if path not in self.parsed:
            self.parsed[path] = self._load(path)
        return self.parsed[path]

    def load_text(self, path: Path, text: str) -> tuple[Source, Parsed]:
        """A file that a notebook writes (`%%writefile`), parsed from its text."""
        source = read(path, text.encode())
        self.parsed[path] = found = (source, parse(source))
        return found

    def _load(self, path: Path) -> tuple[Source, Parsed] | None:
        try:
            if path.stat().st_size > LARGEST:
                return None
            source = read(path, self.contents.get(path))
        except (SourceError, OSError):
            return None
        return source, parse(source)

    def modules(self) -> Iterator[tuple[Path, int | None, Module]]:
        """Every module parsed so far, with its file and cell."""
        for path, found in self.parsed.items():
            if found:
                for cell, module in zip(found[0].cells, found[1].modules, strict=False):
                    if module is not None:
                        yield path, cell.number, module

    def known(self) -> Mapping[Path, tuple[Source, Parsed] | None]:
        """The files that were followed into."""
        return self.parsed
