"""The text that a tree was read from: where its nodes stand in it, and what stands around them."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import Protocol

from kerlint.depth import QUOTED
from kerlint.finding import Position

BREAK = re.compile(r"\r\n|\r|\n")
_MARK = re.compile(QUOTED + r"|#[^\r\n]*", re.DOTALL)
_COMMENT = re.compile(r"#[^\r\n]*")
_ENDED = re.compile(r"(?<!\\)[\r\n]")
_BLANK = frozenset(" \t\f\r\n\\")
_WORD = re.compile(r"\w+$")
_STRING = re.compile(rf"[a-zA-Z]{{0,2}}(?:{QUOTED})", re.DOTALL)
_GROUPING = frozenset(
    [
        "and",
        "as",
        "assert",
        "async",
        "await",
        "del",
        "elif",
        "else",
        "except",
        "for",
        "from",
        "if",
        "import",
        "in",
        "is",
        "lambda",
        "not",
        "or",
        "raise",
        "return",
        "while",
        "with",
        "yield",
    ]
)
"""The words in front of a parenthesis that opens a group; behind any other one it opens a call."""


class Span(Protocol):
    """A place as CPython's own tree tells it: rows from 1, columns in bytes of UTF-8 from 0."""

    @property
    def lineno(self) -> int:
        """The first row."""

    @property
    def col_offset(self) -> int:
        """The column where it begins."""

    @property
    def end_lineno(self) -> int | None:
        """The last row."""

    @property
    def end_col_offset(self) -> int | None:
        """The column right behind it."""


class Text:
    """The text of a script or of a cell. Offsets count its characters."""

    def __init__(self, content: str) -> None:
        self.content = content

    @cached_property
    def rows(self) -> list[int]:
        """Where each row begins."""
        return [0, *(match.end() for match in BREAK.finditer(self.content))]

    @cached_property
    def _comments(self) -> list[tuple[int, int]]:
        return [match.span() for match in _MARK.finditer(self.content) if match[0][0] == "#"] if "#" in self.content else []

    @cached_property
    def _plain(self) -> bool:
        return self.content.isascii()

    def offset(self, row: int, column: int) -> int:
        """The offset of a row and a column as CPython counts them."""
        start = self.rows[row - 1]
        if self._plain or not column:
            return start + column
        return start + len(self.content[start : start + column].encode()[:column].decode())

    def span(self, at: Span) -> tuple[int, int]:
        """The offsets of a place."""
        return self.offset(at.lineno, at.col_offset), self.offset(at.end_lineno or at.lineno, at.end_col_offset or at.col_offset)

    def position(self, offset: int) -> Position:
        """Row and column of an offset, both from 1."""
        row = bisect_right(self.rows, offset)
        return Position(row, offset - self.rows[row - 1] + 1)

    def after(self, offset: int) -> int:
        """The first offset from this one on at which there is code."""
        content, end = self.content, len(self.content)
        while offset < end:
            if content[offset] == "#":
                offset = self._comments[bisect_right(self._comments, (offset, end)) - 1][1]
            elif content[offset] in _BLANK:
                offset += 1
            else:
                break
        return offset

    def before(self, offset: int) -> int:
        """The last offset in front of this one at which there is code, or -1."""
        offset -= 1
        while offset >= 0:
            if self.content[offset] in _BLANK:
                offset -= 1
                continue
            place = bisect_right(self._comments, (offset, len(self.content))) - 1
            if place < 0 or self._comments[place][1] <= offset:
                break
            offset = self._comments[place][0] - 1
        return offset

    def cut(self, start: int, end: int) -> str:
        """A part of the text, its lines ended by line feeds."""
        return BREAK.sub("\n", self.content[start:end])

    def commented(self, offset: int) -> bool:
        """Whether the line of the comma that comes next ends with a comment right behind it."""
        comma = self.after(offset)
        return self.content[comma + 1 :].lstrip(" \t").startswith("#")

    def begins_row(self, offset: int) -> bool:
        """Whether nothing stands in front of this offset on its line, that being what Python counts as one."""
        if self.content[offset - 1 : offset] == "\n" and self.content[offset - 2 : offset - 1] != "\\":
            return True  # as nearly all do
        before = self.before(offset)
        return before < 0 or _ENDED.search(_COMMENT.sub("", self.content[before + 1 : offset])) is not None

    def grouped(self, start: int, end: int) -> tuple[int, int]:
        """A part of the text with the parentheses that are its own: those that stand around it alone and call nothing."""
        content = self.content
        while True:
            first, last = self.before(start), self.after(end)
            if first < 0 or content[first] != "(" or content[last : last + 1] != ")" or self._calls(first):
                return start, end
            start, end = first, last + 1

    def is_one_string(self, start: int, end: int) -> bool:
        """Whether the string literal at these offsets is one and not several behind each other."""
        content = self.content
        quote = content[start]
        if quote in "\"'" and content.find(quote, start + 1) == end - 1:
            return True
        return _STRING.fullmatch(content, start, end) is not None

    def _calls(self, offset: int) -> bool:
        """Whether a parenthesis follows what can be called."""
        last = self.before(offset)
        if last < 0:
            return False
        if self.content[last] in ")]}\"'":
            return True
        word = _WORD.search(self.content, max(0, last - 20), last + 1)
        return word is not None and word[0] not in _GROUPING
