"""The files of the user's project that a script imports: found by import name, parsed once, never executed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kerlint.mentions import may_mention
from kerlint.outcome import Grounds, digest
from kerlint.semantics.dependencies import Version, target

if TYPE_CHECKING:
    from kerlint.source import Parsed, Source
    from kerlint.syntax.nodes import Module

MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", "requirements.txt")
"""What tells the top folder of a project."""
MOST_FOLLOWED = 20
"""Files of the project that are searched for a mention of Keras on behalf of one that trains something and mentions none."""
_IMPORT = re.compile(rb"""^(?:\xef\xbb\xbf)?[ \t"]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import|import[ \t]+([\w.]+))""", re.MULTILINE)
LARGEST = 2_000_000
"""Bytes of a source file that is still followed into; generated tables are larger."""
MOST_KEPT = 150_000
"""Characters of imported files whose trees are kept for the next file that imports them."""


class Tops:
    """The folders that hold the projects of files, each looked for once."""

    def __init__(self) -> None:
        self._tops: dict[str, str] = {}
        self._real: dict[str, str] = {}

    def forget(self) -> None:
        """Look again from now on."""
        self._tops.clear()
        self._real.clear()

    def of(self, path: str) -> str:
        """The folder that holds the project of a file: the nearest one with a project's marks, else the file's own."""
        folder = self.folder(path)
        return self._marked(folder) or folder

    def folder(self, path: str) -> str:
        """The folder that a file stands in, links followed."""
        if os.path.islink(path):
            return os.path.dirname(os.path.realpath(path))
        return self._resolved(os.path.dirname(path))

    def _resolved(self, folder: str) -> str:
        """As `os.path.realpath`, which looks at all folders above again and again."""
        if folder not in self._real:
            above, name = os.path.split(folder)
            alone = not name or name in (os.curdir, os.pardir) or os.path.islink(folder)
            self._real[folder] = os.path.realpath(folder) if alone else os.path.join(self._resolved(above), name)
        return self._real[folder]

    def _marked(self, folder: str) -> str:
        """The nearest folder with a project's marks, or ""."""
        if folder not in self._tops:
            above = os.path.dirname(folder)
            marked = any(os.path.exists(f"{folder}{os.sep}{mark}") for mark in MARKS)
            self._tops[folder] = folder if marked else self._marked(above) if above != folder else ""
        return self._tops[folder]


class Project:
    """Where imports are looked up: beside the importing file, in the project's top folder and in its import roots (`src`).

    `root` has no links in it; `contents` are files that hold something else than what is on disk.
    """

    def __init__(self, root: Path, src: tuple[str, ...] = (), keras: str = "", contents: Mapping[Path, bytes] | None = None) -> None:
        self.root = root if root.is_absolute() else root.resolve()
        self.target = keras
        self.src = tuple(self.root / folder for folder in src)
        self.contents = contents or {}
        self.places = tuple(map(str, (self.root, *self.src, self.root / "src")))
        self.inside = os.path.join(self.root, "")
        self.listed: dict[str, frozenset[str]] = {}
        self.folders: dict[Path, str] = {}
        self.found: dict[tuple[str, int, str], str] = {}
        self.parsed: dict[Path, tuple[Source, Parsed] | None] = {}
        self.searched: dict[Path, tuple[bool, tuple[Path, ...]]] = {}
        self.digests: dict[Path, bytes] = {}
        self.asked: dict[tuple[str, int, str], str] = {}
        self.followed: dict[Path, None] = {}
        self.written: dict[Path, tuple[Source, Parsed]] = {}

    def begin(self) -> None:
        """Start to note what the next file rests on, and let go of the trees that were not asked for lately if they are too many."""
        self.asked, self.followed, self.written = {}, {}, {}
        size = sum(map(_size, self.parsed.values()))
        for path in list(self.parsed):
            if size <= MOST_KEPT:
                break
            size -= _size(self.parsed.pop(path))

    def grounds(self) -> Grounds:
        """What the file that was begun last rests on."""
        asked = ((*question, answer) for question, answer in self.asked.items())
        return Grounds(tuple(asked), tuple((str(path), self.digest(path)) for path in self.followed))

    def holds(self, grounds: Grounds) -> bool:
        """Whether all that an outcome rests on is as it was."""
        return all(self.answer((name, level, folder)) == found for name, level, folder, found in grounds.asked) and all(
            self.digest(Path(path)) == before for path, before in grounds.followed
        )

    @cached_property
    def keras(self) -> Version:
        """The newest version of Keras that the project may run with: what its configuration says, else its dependencies."""
        return target(self.root, self.target)

    def find(self, name: str, level: int, importer: Path) -> Path | None:
        """The file of an import (`level` leading dots) seen from `importer`, or None when it is no file of this project."""
        if importer not in self.folders:
            self.folders[importer] = os.path.dirname(os.path.realpath(importer))
        question = name, level, self.folders[importer]
        self.asked[question] = found = self.answer(question)
        return Path(found) if found else None

    def answer(self, question: tuple[str, int, str]) -> str:
        """The file of an import seen from a folder, or ""."""
        if question not in self.found:
            self.found[question] = self._answer(*question)
        return self.found[question]

    def _answer(self, name: str, level: int, folder: str) -> str:
        parts = [part for part in name.split(".") if part]
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            return self._file(folder, parts)
        return next((found for place in dict.fromkeys((folder, *self.places)) if (found := self._file(place, parts))), "")

    def _file(self, folder: str, parts: list[str]) -> str:
        if parts and not {parts[0], f"{parts[0]}.py"} & self._names(folder):
            return ""
        target = os.path.join(folder, *parts)
        for candidate in (f"{target}.py", os.path.join(target, "__init__.py")):
            if candidate.startswith(self.inside) and self._is_file(candidate):
                return candidate
        return ""

    def _is_file(self, path: str) -> bool:
        folder, name = os.path.split(path)
        return name in self._names(folder) and os.path.isfile(path)

    def _names(self, folder: str) -> frozenset[str]:
        """What a folder holds: most imports are of libraries, and no file of theirs is looked for in vain."""
        if folder not in self.listed:
            try:
                self.listed[folder] = frozenset(os.listdir(folder))
            except OSError:  # there is no such folder
                self.listed[folder] = frozenset()
        return self.listed[folder]

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
            content = self._content(path) or b""
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
        self.followed[path] = None
        self.parsed[path] = found = self.parsed.pop(path) if path in self.parsed else self._load(path)
        return found

    def load_text(self, path: Path, text: str) -> tuple[Source, Parsed]:
        """A file that a notebook writes (`%%writefile`), parsed from its text: it is there for this notebook only."""
        from kerlint.source import parse, read

        source = read(path, text.encode())
        self.written[path] = found = (source, parse(source))
        return found

    def _load(self, path: Path) -> tuple[Source, Parsed] | None:
        from kerlint.source import SourceError, parse, read  # which a run that knows all its files does without

        data = self._content(path)
        self.digests[path] = _digest(data)
        if data is None:
            return None
        try:
            source = read(path, data)
        except SourceError:
            return None
        return source, parse(source)

    def digest(self, path: Path) -> bytes:
        """What tells one content of a file that may be followed into from another."""
        if path not in self.digests:
            self.digests[path] = _digest(self._content(path))
        return self.digests[path]

    def _content(self, path: Path) -> bytes | None:
        """The bytes of a file that may be followed into; none of one that is too large or cannot be read."""
        if (data := self.contents.get(path)) is not None:
            return data
        try:
            return None if path.stat().st_size > LARGEST else path.read_bytes()
        except OSError:  # it is reported when it is linted itself
            return None

    def modules(self) -> Iterator[tuple[Path, int | None, Module]]:
        """Every module parsed so far, with its file and cell."""
        for path, found in self.known().items():
            if found:
                for cell, module in zip(found[0].cells, found[1].modules, strict=False):
                    if module is not None:
                        yield path, cell.number, module

    def known(self) -> Mapping[Path, tuple[Source, Parsed] | None]:
        """The files that were followed into."""
        return {**self.parsed, **self.written}


def _size(found: tuple[Source, Parsed] | None) -> int:
    return len(found[0].text) if found else 0


def _digest(data: bytes | None) -> bytes:
    return b"" if data is None else digest(data)
