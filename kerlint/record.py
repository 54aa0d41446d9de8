"""Outcomes as bytes, for the cache and on their way from another process: MessagePack, which cannot do anything when it is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from kerlint.config import shown
from kerlint.outcome import Outcome

OWN = ""
"""Stands for the file itself, which is named as the run names it; other files are told by their absolute paths."""


class RecordError(Exception):
    """Bytes that are no record of an outcome."""


class Writer:
    """Writes the outcomes of a process."""

    def __init__(self) -> None:
        self._own = Path()
        self._encoder = msgspec.msgpack.Encoder(enc_hook=self._string)

    def __call__(self, outcome: Outcome) -> bytes:
        """The record of an outcome."""
        self._own = outcome.path
        return self._encoder.encode(outcome)

    def _string(self, value: object) -> str:
        match value:
            case Path():
                return OWN if value == self._own else os.path.abspath(value)
            case _:
                raise NotImplementedError(f"a record cannot hold {value!r}")


class Reader:
    """Reads records, back or from another process."""

    def __init__(self) -> None:
        self._own = Path()
        self._paths: dict[str, Path] = {}
        self._decoder = msgspec.msgpack.Decoder(Outcome, dec_hook=self._path)

    def __call__(self, record: bytes, path: Path) -> Outcome:
        """The outcome of a file. Raises RecordError."""
        self._own = path
        try:
            return self._decoder.decode(record)
        except (msgspec.MsgspecError, NotImplementedError) as error:
            raise RecordError(str(error)) from error

    def _path(self, kind: type, value: Any) -> Path:
        if kind is not Path or not isinstance(value, str):
            raise NotImplementedError(f"a record holds no {kind.__name__}")
        if value == OWN:
            return self._own
        if value not in self._paths:
            self._paths[value] = Path(shown(Path(value)))
        return self._paths[value]
