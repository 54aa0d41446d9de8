"""The code that a report quotes, as it was when it was examined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kerlint.outcome import digest

if TYPE_CHECKING:
    from kerlint.source import Source

MOST_KEPT = 16
"""Files that are kept while a report quotes them: it goes from file to file."""


class Quoted(Mapping[Path, "Source"]):
    """The files that findings are in, read when they are asked for; what has changed since it was examined is not there any more.

    `contents` are files by resolved path that hold something else than what is on disk.
    """

    def __init__(self, files: Mapping[Path, bytes], contents: Mapping[Path, bytes]) -> None:
        self._files = files
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
        from kerlint.source import SourceError, read  # which a run without findings does without

        try:
            data = self._contents.get(path.resolve())
            data = path.read_bytes() if data is None else data
            if digest(data) == self._files[path]:
                return read(path, data)
        except (OSError, SourceError) as error:  # it is gone meanwhile, or cannot be read, which is what the finding says
            raise KeyError(path) from error
        raise KeyError(path)
