"""The code cells of a Jupyter notebook, read as plain JSON, and the rows of the .ipynb file where their lines stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

Place = tuple[str | int, ...]
"""The way to a cell's text in the JSON: ("cells", 3, "source")."""

_JSON = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},:]', re.DOTALL)
_BREAK = re.compile(r"\r\n|\r|\n")


class NotebookError(Exception):
    """The text is no notebook: what is wrong, and where in the .ipynb file."""

    def __init__(self, message: str, row: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.row = row
        self.column = column


class CodeCell(msgspec.Struct, frozen=True):
    """The text of a code cell as the author sees it, and where the JSON holds it."""

    text: str
    place: Place


@lru_cache(maxsize=1)
def code_cells(text: str) -> tuple[CodeCell, ...]:
    """The code cells in order; none when the notebook is in another language. Raises NotebookError.

    Those of the last notebook are kept: reading it asks for them, and so does every edit and every quoted line of one of its cells.
    """
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        raise NotebookError(f"is not a notebook: {error.msg}", error.lineno, error.colno) from error
    except (ValueError, RecursionError) as error:
        raise NotebookError("is not a notebook: its JSON is nested too deep or holds too large a number") from error
    if not isinstance(notebook, dict):
        raise NotebookError("is not a notebook: its JSON is not an object")
    return tuple(_cells(notebook)) if _language(notebook.get("metadata")) else ()


def _language(metadata: object) -> bool:
    """Whether the notebook runs Python, as far as it says."""
    match metadata:
        case {"kernelspec": {"language": str(language)}} | {"language_info": {"name": str(language)}}:
            return language.lower().startswith(("python", "ipython"))
        case _:
            return True


def _cells(notebook: dict[str, Any]) -> Iterator[CodeCell]:
    for place, cells in _lists(notebook):
        for index, cell in enumerate(cells):
            match cell:
                case {"cell_type": "code", "source": source}:
                    yield CodeCell(_joined(source, index), (*place, index, "source"))
                case {"cell_type": "code", "input": source}:  # nbformat 3
                    yield CodeCell(_joined(source, index), (*place, index, "input"))
                case {"cell_type": "code"}:
                    raise NotebookError(f"is not a notebook: cell {index + 1} has no source")
                case dict():
                    continue
                case _:
                    raise NotebookError(f"is not a notebook: cell {index + 1} is not an object")


def _lists(notebook: dict[str, Any]) -> Iterator[tuple[Place, list[Any]]]:
    match notebook:
        case {"cells": list(cells)}:
            yield ("cells",), cells
        case {"worksheets": list(sheets)}:  # nbformat 3
            for number, sheet in enumerate(sheets):
                match sheet:
                    case {"cells": list(cells)}:
                        yield ("worksheets", number, "cells"), cells
                    case _:
                        raise NotebookError(f"is not a notebook: worksheet {number + 1} has no list of cells")
        case _:
            raise NotebookError("is not a notebook: it has no list of cells")


def _joined(source: object, index: int) -> str:
    match source:
        case str():
            return source
        case list() if all(isinstance(line, str) for line in source):
            return "".join(source)
        case _:
            raise NotebookError(f"is not a notebook: the source of cell {index + 1} is not text")


def raw_rows(text: str, places: tuple[Place, ...]) -> dict[Place, tuple[int, ...]]:
    """For each of these places the 1-based row of the .ipynb text on which each line of the cell stands."""
    wanted = set(places)
    rows: dict[Place, list[int]] = {}
    row, seen = 1, 0
    for place, at, literal in strings(text):
        owner = place if place in wanted else place[:-1]
        if owner not in wanted:
            continue
        row, seen = row + len(_BREAK.findall(text, seen, at)), at
        if owner is place or place[-1] == 0:
            rows[owner] = []
        lines = rows.setdefault(owner, [])
        content = str(json.loads(literal, strict=False))
        if not lines or lines[-1] < 0:
            lines[-1:] = [row]
        lines.extend([row] * len(_BREAK.findall(content)))
        if content.endswith(("\n", "\r")):
            lines[-1] = -row  # the next item begins this line
    return {place: tuple(map(abs, lines)) or (row,) for place, lines in rows.items()}


def strings(text: str) -> Iterator[tuple[Place, int, str]]:
    """The strings of a valid JSON text that are values: the way to it, its offset, its literal."""
    path: list[str | int] = []
    key, expected = "", False  # the last string in an object, and whether the next one is a key
    for match in _JSON.finditer(text):
        token = match.group()
        match token[0]:
            case "{":
                path.append("")
                expected = True
            case "[":
                path.append(0)
                expected = False
            case "}" | "]":
                path.pop()
                expected = False
            case ",":
                match path[-1]:
                    case int(index):
                        path[-1] = index + 1
                    case _:
                        expected = True
            case ":":
                path[-1] = json.loads(key, strict=False)
                expected = False
            case _ if expected:
                key = token
            case _:
                yield tuple(path), match.start(), token
