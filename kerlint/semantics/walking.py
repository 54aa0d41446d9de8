"""The parts of a piece of code: what libcst's `children` gives but for whitespace, in a tenth of the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from libcst import CSTNode
from libcst._nodes.whitespace import BaseParenthesizableWhitespace, EmptyLine, Newline, TrailingWhitespace

BLANK = (BaseParenthesizableWhitespace, EmptyLine, Newline, TrailingWhitespace)


@cache
def _fields(kind: type) -> tuple[str, ...]:
    names: Any = fields(kind)
    return tuple(field.name for field in names)


@cache
def _is_code(kind: type) -> bool:
    return issubclass(kind, CSTNode) and not issubclass(kind, BLANK)


def parts(node: CSTNode) -> Iterator[CSTNode]:
    """The nodes right below a node."""
    for name in _fields(type(node)):
        part = getattr(node, name)
        kind: type = type(part)
        if kind is tuple or kind is list:
            for one in part:
                if _is_code(one.__class__):
                    yield one
        elif _is_code(kind):
            yield part
