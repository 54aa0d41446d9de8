"""Places as editors count them: lines and columns from 0, columns in units of UTF-8, UTF-16 or UTF-32."""

from __future__ import annotations

import re
from typing import Literal

BREAK = re.compile(r"\r\n|\r|\n")
Encoding = Literal["utf-8", "utf-16", "utf-32"]
Spot = tuple[int, int]
"""Line and column."""
_WIDE = re.compile(r"[^\x00-\uffff]")


def units(text: str, encoding: Encoding) -> int:
    """How many units a text takes."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-16":
        return len(text) + len(_WIDE.findall(text))
    return len(text.encode("utf-8", "surrogatepass"))


def characters(text: str, count: int, encoding: Encoding) -> int:
    """How many characters the first so many units are: those that begin in them, at most all."""
    if encoding == "utf-32" or text.isascii():
        return min(count, len(text))
    taken = 0
    for number, character in enumerate(text):
        if taken >= count:
            return number
        taken += units(character, encoding)
    return len(text)


class Lines:
    """A text by lines, which end as Python's and the protocol's do (not at form feeds, as `splitlines` has it)."""

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.text = text
        self.encoding = encoding
        self.starts = [0, *(match.end() for match in BREAK.finditer(text))]

    def line(self, number: int) -> str:
        """A line, counted from 0, without its end; "" behind the last one."""
        if number >= len(self.starts):
            return ""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[number] : end].rstrip("\r\n")

    def spot(self, row: int, column: int) -> Spot:
        """A row and a column in characters, both from 1, as the editor counts them."""
        return row - 1, units(self.line(row - 1)[: column - 1], self.encoding)

    def offset(self, line: int, column: int) -> int:
        """Where a place is in the text; one behind the end of its line is at that end, one behind the last line at the end of the text."""
        if line >= len(self.starts):
            return len(self.text)
        return self.starts[line] + characters(self.line(line), column, self.encoding)
