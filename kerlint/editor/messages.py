"""What the server asks the process that reads code, and what that answers: plain data, positions as the editor counts them."""

from __future__ import annotations

from typing import BinaryIO

import msgspec

from kerlint.editor.positions import Encoding, Spot

MARK = b"\xef\xbb\xbf"
"""In front of what an editor holds, which is text and no longer in the encoding that a comment of it may name."""
Part = int | None
"""The number of a notebook's cell; None in a script."""


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A piece of a file; the path is absolute."""

    path: str
    part: Part
    start: Spot
    end: Spot


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A text in the place of another."""

    place: Place
    content: str


class Remark(msgspec.Struct, frozen=True, array_like=True):
    """A second place that explains a note."""

    place: Place
    message: str


class Note(msgspec.Struct, frozen=True):
    """A finding."""

    place: Place
    code: str
    name: str
    message: str
    hint: str
    severity: str
    url: str | None = None
    related: tuple[Remark, ...] = ()
    fix: str = ""
    """What its fix does; empty where it has none."""
    safe: bool = False


class Training(msgspec.Struct, frozen=True, array_like=True):
    """What is understood of a call that trains a model, in one line."""

    place: Place
    text: str


class Shape(msgspec.Struct, frozen=True, array_like=True):
    """The output shape of a layer, for the end of its call."""

    place: Place
    text: str


# What is asked


class Settings(msgspec.Struct, frozen=True):
    """What the editor has set that changes findings: keys of a configuration, and where that is."""

    table: dict[str, object] = {}
    file: str | None = None
    isolated: bool = False
    generation: int = 0
    """How often configurations are to be read anew, whatever their files look like."""


class Hold(msgspec.Struct, frozen=True, tag=True):
    """A file holds this while it is open, whatever is on disk; None: what is on disk counts again."""

    path: str
    data: bytes | None


class Analyse(msgspec.Struct, frozen=True, tag=True):
    """Look at a file; what is open counts as it was told last."""

    path: str
    encoding: Encoding
    settings: Settings
    keep: bool = True
    """Whether it is open, so that it will be looked at again soon."""


class Describe(msgspec.Struct, frozen=True, tag=True):
    """What is understood of a file that was looked at: calls that train, and the shapes behind layers."""

    path: str
    encoding: Encoding
    state: int
    shapes: bool


class Repair(msgspec.Struct, frozen=True, tag=True):
    """What the fixes of notes (by number, as they were answered) would change, and comments that silence them."""

    path: str
    encoding: Encoding
    state: int
    notes: tuple[int, ...]


class RepairAll(msgspec.Struct, frozen=True, tag=True):
    """What all safe fixes of a file would change."""

    path: str
    encoding: Encoding
    settings: Settings


class Find(msgspec.Struct, frozen=True, tag=True):
    """The files below folders that are linted."""

    folders: tuple[str, ...]
    settings: Settings


class Explain(msgspec.Struct, frozen=True, tag=True):
    """The page of a rule that counts for a file."""

    path: str
    code: str
    settings: Settings


Question = Hold | Analyse | Describe | Repair | RepairAll | Find | Explain


# What is answered


class Analysis(msgspec.Struct, frozen=True, tag=True):
    """What is known of a file; `followed` are the files of its project that it rests on.

    `state` is what further questions about it refer to; 0 where there is nothing to ask.
    """

    notes: tuple[Note, ...] = ()
    followed: tuple[str, ...] = ()
    state: int = 0


class Gone(msgspec.Struct, frozen=True, tag=True):
    """A question referred to a state of a file that is not known any more."""


class Facts(msgspec.Struct, frozen=True, tag=True):
    """What is understood of a file."""

    fits: tuple[Training, ...] = ()
    shapes: tuple[Shape, ...] = ()


class Remedy(msgspec.Struct, frozen=True):
    """The changes that fix a note (None: they would not leave valid code) and those that silence it."""

    fix: tuple[Change, ...] | None
    line: tuple[Change, ...]
    file: tuple[Change, ...]


class Remedies(msgspec.Struct, frozen=True, tag=True):
    """One remedy for each note that was asked for."""

    remedies: tuple[Remedy, ...]


class Changes(msgspec.Struct, frozen=True, tag=True):
    """What all fixes change."""

    changes: tuple[Change, ...]


class Files(msgspec.Struct, frozen=True, tag=True):
    """The files that were found."""

    paths: tuple[str, ...]


class Page(msgspec.Struct, frozen=True, tag=True):
    """A page: its Markdown, the file that it stands in, its address on the web."""

    text: str
    file: str
    url: str | None


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Why there is no answer: a mistake of the user's, or (with a traceback) an error of our own."""

    message: str
    traceback: str = ""


Answer = Analysis | Gone | Facts | Remedies | Changes | Files | Page | Failed


# On the way

_QUESTIONS = msgspec.msgpack.Decoder(Question)
_ANSWERS = msgspec.msgpack.Decoder(Answer)
SIZE = 8
"""Bytes in front of a message that hold its length."""


def packed(message: Question | Answer) -> bytes:
    """A message with its length in front."""
    data = msgspec.msgpack.encode(message)
    return len(data).to_bytes(SIZE, "big") + data


def received(stream: BinaryIO) -> Question | None:
    """The next question, or None when the other side is gone."""
    head = stream.read(SIZE)
    if len(head) < SIZE:
        return None
    data = stream.read(int.from_bytes(head, "big"))
    question: Question = _QUESTIONS.decode(data)
    return question


def answer(data: bytes) -> Answer:
    """An answer from its bytes."""
    found: Answer = _ANSWERS.decode(data)
    return found
