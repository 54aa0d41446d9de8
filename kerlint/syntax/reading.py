"""Text to tree: by CPython's own parser, and by LibCST what this Python is too old for."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from kerlint.syntax import from_ast
from kerlint.syntax.nodes import Module
from kerlint.syntax.text import Text

NEWEST = (3, 14)
"""The newest Python whose code LibCST 1.9 reads."""
_DEEPEST = 10_000
"""Frames that reading may use: up to four for each link of the longest chain that the parser is given (see `depth`)."""


def tree(content: str) -> Module:
    """The tree of a text. Raises SyntaxError, RecursionError and MemoryError as CPython's parser does."""
    try:
        parsed = ast.parse(content)
    except SyntaxError:
        newer = _by_libcst(content) if sys.version_info < NEWEST else None
        if newer is None:
            raise
        return newer
    except ValueError as error:  # what Python 3.10 says of a NUL character
        raise SyntaxError(str(error)) from error
    return from_ast.module(parsed, Text(content))


def _by_libcst(content: str) -> Module | None:
    from libcst import ParserSyntaxError, parse_module

    try:
        found = parse_module(content)
    except (ParserSyntaxError, SyntaxError):  # SyntaxError: a name in letters that this Python does not know yet
        return None
    from kerlint.syntax import from_libcst  # 180 ms

    return from_libcst.module(found, Text(content))


@contextmanager
def undisturbed() -> Iterator[None]:
    """For reading several texts: without the warnings of the parser, and with room for long chains."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _DEEPEST))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.setrecursionlimit(limit)
