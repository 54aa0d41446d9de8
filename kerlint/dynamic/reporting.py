"""The child's voice: events on the pipe to the parent, and the places in the user's files that they name."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from itertools import islice
from types import CodeType, FrameType, TracebackType

import msgspec

from kerlint.dynamic.events import Event
from kerlint.dynamic.protocol import Order, Place, Question, StandIn, encode

File = tuple[str, int | None, tuple[tuple[int, int, int], ...]]
"""A file of the user's: its name and cell in places; for one that cells write that of the notebook, and where its lines come from."""


class Reporter:
    """Sends events, each at once; knows which files are the user's and how much time is left."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._stand_ins: list[str] = []
        self._weights: list[str] = []
        self.began = time.monotonic()
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._cells = {cell: (order.name, number, ()) for cell, number in zip(order.cells, order.numbers, strict=True)}
        self._files: dict[str, File | None] = {}

    def left(self) -> float:
        """Seconds until the parent kills this process."""
        return self.began + self.order.limit - time.monotonic()

    @cached_property
    def _questions(self) -> list[Question]:
        """Waits until the parent knows them."""
        with open(self.order.asked, "rb") as pipe:
            return msgspec.json.decode(pipe.readline() or b"[]", type=list[Question])

    def asked(self, events: Sequence[Place], model: Sequence[Place]) -> frozenset[str]:
        """The codes of rules that have something to ask of a training: the places of its fit, compile and optimizer, those of its model."""
        return frozenset(question.code for question in self._questions if question.concerns(events, model))

    @property
    def synthetic(self) -> str:
        """Why data may not be the user's own: what stands in for what is not at hand."""
        return ", ".join(self._stand_ins)

    @property
    def weights(self) -> str:
        """Which trained weights are not at hand."""
        return ", ".join(self._weights)

    def stand_in(self, event: StandIn, weights: bool = False) -> None:
        """Tell that something was replaced, data or weights; trainings from now on may rest on it."""
        known = self._weights if weights else self._stand_ins
        known += [event.name] if event.name not in known else []
        self.send(event)

    def place(self, file: File, line: int) -> Place:
        """A line of a file of the user's."""
        return _there(file, line, line)

    def send(self, event: Event) -> None:
        """Write an event; what a forked copy of the process does is not told."""
        if os.getpid() != self._process:
            return
        line = encode(msgspec.structs.replace(event, at=round(time.monotonic() - self.began, 3))) + b"\n"
        with self._lock, suppress(OSError):  # the parent is gone, or the script has closed the pipe
            while line:
                line = line[os.write(self.order.pipe, line) :]

    def here(self, frame: FrameType | None = None) -> Place | None:
        """The innermost place of the user's files that is being executed."""
        frame = frame or sys._getframe(1)
        while frame is not None:
            if file := self.file(frame.f_code.co_filename):
                return _place(file, frame.f_code, frame.f_lasti, frame.f_lineno)
            frame = frame.f_back
        return None

    def last(self, traceback: TracebackType | None) -> Place | None:
        """The innermost place of the user's files that an exception went through."""
        found = None
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if file := self.file(code.co_filename):
                found = _place(file, code, traceback.tb_lasti, traceback.tb_lineno)
            traceback = traceback.tb_next
        return found

    def file(self, name: str) -> File | None:
        """How a file of the user's is named in places, with its cell or those that it is written from; None for any other file."""
        if name not in self._files:
            path, folder = os.path.abspath(name), self.order.folder + os.sep
            inside = path.startswith(folder) and not name.startswith("<")
            self._files[name] = self._cells.get(path) or ((path[len(folder) :], None, ()) if inside else None)
            if path in self.order.written:
                self._files[name] = self.order.name, None, self.order.written[path]
        return self._files[name]


def _place(file: File, code: CodeType, instruction: int, line: int | None) -> Place:
    """The lines of the expression that an instruction belongs to (Python 3.10 knows its first line alone)."""
    start, end = line or 1, line or 1
    if sys.version_info >= (3, 11) and instruction >= 0:
        first, last, _, _ = next(islice(code.co_positions(), instruction // 2, None), (None, None, None, None))
        start, end = first or start, last or end
    return _there(file, start, max(start, end))


def _there(file: File, start: int, end: int) -> Place:
    name, cell, parts = file
    for first, number, down in reversed(parts):
        if first <= start:
            return Place(name, start + down, end + down, number)
    return Place(name, start, end, cell)
