"""The code that a report quotes, as it was when it was examined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from kerlint.outcome import digest
from kerlint.source import Source, SourceError, read

MOST_KEPT = 16
"""Files that are kept while a report quotes them: it goes from file to file."""


class Quoted(Mapping[Path, Source]):
    """The files that findings are in, read when they are asked for; what has changed since it was examined is not there any more.

    `contents` are files by resolved path that hold something else than what is on disk.
    """

    def __init__(self, files: Mapping[Path, bytes], written: Mapping[Path, str], contents: Mapping[Path, bytes]) -> None:
        self._files = files
        self._written = written
        self._contents = contents
        self._read: dict[Path, Source] = {}

    def __getitem__(self, path: Path) -> Source:
        if path not in self._read:
            source = self._source(path)
            if len(self._read) >= MOST_KEPT:
                self._read.clear()
            self._read[path] = source
        return self._read[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def _source(self, path: Path) -> Source:
        for data in self._found(path):
            if digest(data) == self._files[path]:
                try:
                    return read(path, data)
                except SourceError as error:  # it is what the finding says
                    raise KeyError(path) from error
        raise KeyError(path)

    def _found(self, path: Path) -> Iterator[bytes]:
        if path in self._written:
            yield self._written[path].encode()
        try:
            data = self._contents.get(path.resolve())
            yield path.read_bytes() if data is None else data
        except OSError:  # it is gone meanwhile
            return
