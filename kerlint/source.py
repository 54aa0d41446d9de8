"""Reads a script, a notebook or standard input into cells of Python text, and parses them one by one."""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerlint import notebook
from kerlint.depth import too_deep
from kerlint.garbage import without_garbage_collection
from kerlint.magics import KEPT, neutral
from kerlint.mentions import mentioned

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Module

_BREAK = re.compile(r"\r\n|\r|\n")
_BYTES_BREAK = re.compile(rb"\r\n|\r|\n")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_LEADING = re.compile(r"^[ \t]*\f[ \t\f]*(?=[^\s#])", re.MULTILINE)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_PRINT = re.compile(r"[ \t]*(?:.*[:;][ \t]*)?print[ \t]+[^\s=.,\[(]|[ \t]*(?:.*[:;][ \t]*)?print[ \t]*>>")
_PYTHON_2 = (
    (_PRINT, "print statement"),
    (re.compile(r"[ \t]*exec[ \t]+[^=(\s]"), "exec statement"),
    (re.compile(r"[ \t]*raise[ \t]+[\w.]+[ \t]*,"), "`raise Error, value`"),
)


class SourceError(Exception):
    """A file that cannot be read as Python or as a notebook: which file, where (1-based) and why."""

    def __init__(self, path: Path, message: str, row: int = 1, column: int = 1) -> None:
        super().__init__(f"{path}:{row}:{column}: {message}")
        self.path = path
        self.message = message
        self.row = row
        self.column = column


class Cell(msgspec.Struct, frozen=True):
    """Python text with as many lines as the author sees; a script is one cell without a number.

    `number` counts the code cells of a notebook from 1. `indents` has, where anything was taken from the start of lines
    (the indentation of a wholly indented cell, a form feed), the number of characters for each line.
    """

    number: int | None
    text: str
    indents: tuple[int, ...] = ()
    place: notebook.Place = ()
    skipped: bool = False
    """The cell is not Python (`%%bash`); its text is blank."""

    @property
    def indent(self) -> int:
        """How many characters were taken from the start of its first line that has text."""
        return next(filter(None, self.indents), 0)

    def shown(self, row: int, column: int) -> int:
        """The column, as the author sees it, of a column of `text`."""
        return column + self.indents[row - 1] if 0 < row <= len(self.indents) else column


class Source(msgspec.Struct, frozen=True):
    """A file: its decoded text, its cells, and the files that its `%%writefile` cells write."""

    path: Path
    text: str
    notebook: bool = False
    cells: tuple[Cell, ...] = ()
    written: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def mentions_keras(self) -> bool:
        """Whether any code names Keras or TensorFlow, or looks like a piece of such code; all other files are left alone."""
        return mentioned(*(cell.text for cell in self.cells), *self.written.values())


class Problem(msgspec.Struct, frozen=True):
    """Why a cell could not be parsed, in one sentence, and where (1-based, as the author sees it)."""

    message: str
    row: int
    column: int
    cell: int | None = None


class Parsed(msgspec.Struct, frozen=True):
    """One module for each cell, None where the cell has a problem."""

    modules: tuple[Module | None, ...]
    problems: tuple[Problem, ...]


def read(path: Path, data: bytes | None = None) -> Source:
    """Read a file, or `data` as if it stood in it. Raises SourceError."""
    if data is None:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SourceError(path, f"cannot be read: {error.strerror or error}") from error
    if path.suffix == ".ipynb":
        return _read_notebook(path, _decoded(path, data, "utf-8"))
    text = _decoded(path, data, _encoding(path, data))
    return Source(path, text, cells=(Cell(None, *_without_form_feeds(text)),))


def encoded(source: Source, data: bytes) -> bytes:
    """The text of a source as the file holds it whose bytes are `data`: in its encoding, with its byte order mark."""
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    return mark + source.text.encode("utf-8" if source.notebook else _encoding(source.path, data))


def compiles(text: str) -> bool:
    """Whether CPython takes a text as code of this version (a cell may await)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "<cell>", "exec", flags=0x2000, dont_inherit=True)  # 0x2000: ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
            return False
    return True


def written(source: Source, cell: Cell) -> str:
    """The text of a cell as its author wrote it, with its magics and its indentation."""
    return source.text if cell.number is None else notebook.code_cells(source.text)[cell.number - 1].text


def raw_rows(source: Source) -> dict[int, tuple[int, ...]]:
    """For each code cell of a notebook, by number, the row of the .ipynb file on which each of its lines stands."""
    rows = notebook.raw_rows(source.text, tuple(cell.place for cell in source.cells))
    return {cell.number: rows.get(cell.place) or (1,) for cell in source.cells if cell.number is not None}


def parse(source: Source) -> Parsed:
    """Parse every cell; one that is broken becomes a problem and the others are parsed all the same."""
    from kerlint.syntax.reading import tree, undisturbed

    with without_garbage_collection(), undisturbed():
        results = [_parse_cell(cell, tree) for cell in source.cells]
    modules = tuple(result if not isinstance(result, Problem) else None for result in results)
    return Parsed(modules, tuple(result for result in results if isinstance(result, Problem)))


# Reading


def _encoding(path: Path, data: bytes) -> str:
    """The encoding of a script by its first two lines (PEP 263); UTF-8 unless they say otherwise."""
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    for row, line in enumerate(_BYTES_BREAK.split(data[:1000], maxsplit=2)[:2], 1):
        if found := _COOKIE.match(line):
            name = found[1].decode("ascii", "replace")
            try:
                return codecs.lookup(name).name
            except LookupError as error:
                raise SourceError(path, f"names an unknown encoding, {name!r}", row, found.start(1) + 1) from error
        if not _BLANK.match(line):
            break
    return "utf-8"


def _decoded(path: Path, data: bytes, encoding: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise SourceError(path, "is not text in UTF-8 but in UTF-16; Python cannot read it either")
    if (zero := data.find(b"\0")) >= 0:
        raise SourceError(path, "is not text: it holds a NUL byte", *_place(data[:zero].decode("utf-8", "replace")))
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, "replace")
        byte = error.object[error.start]
        raise SourceError(path, f"is not text in {encoding}: byte 0x{byte:02x} cannot be decoded", *_place(before)) from error
    except (LookupError, UnicodeError) as error:
        raise SourceError(path, f"is not text in {encoding}") from error


def _place(before: str) -> tuple[int, int]:
    """Row and column right after this text."""
    lines = _BREAK.split(before)
    return len(lines), len(lines[-1]) + 1


def _without_form_feeds(text: str) -> tuple[str, tuple[int, ...]]:
    """The text without form feeds in front of code (Python ignores them, and nobody sees them in a column), and what was taken."""
    if "\f" not in text or not _LEADING.search(text):
        return text, ()
    taken = [0] * (len(_BREAK.findall(text)) + 1)

    def strip(match: re.Match[str]) -> str:
        indent = match.group().rpartition("\f")[2]
        taken[_place(text[: match.start()])[0] - 1] = len(match.group()) - len(indent)
        return indent

    return _LEADING.sub(strip, text), tuple(taken)


def _read_notebook(path: Path, text: str) -> Source:
    if not mentioned(text) and text.lstrip().startswith("{") and text.rstrip().endswith("}"):
        return Source(path, text, notebook=True)
    try:
        found = notebook.code_cells(text)
    except notebook.NotebookError as error:
        raise SourceError(path, error.message, error.row, error.column) from error
    cells: list[Cell] = []
    written: dict[str, str] = {}
    for number, cell in enumerate(found, 1):
        plain, indents = _dedented(_BREAK.sub("\n", cell.text))
        result = neutral(plain)
        cells.append(Cell(number, result.text, indents, cell.place, result.skipped))
        for name, content in result.written.items():
            written[name] = written.get(name, "") + content if result.appended else content
    return Source(path, text, True, tuple(cells), written)


_EMPTY = r"(?:[ \t]*(?:#[^\n]*)?\n)*"
_FIRST = re.compile(rf"{_EMPTY}(?:%%(?:{'|'.join(sorted(KEPT))})\b[^\n]*\n{_EMPTY})?([ \t]+)(?=[^\s#])")
"""The indentation of the first line of code."""


def _dedented(text: str) -> tuple[str, tuple[int, ...]]:
    """A cell whose first line of code is indented, below a magic like `%%time` as well, moved to the left as IPython does."""
    text, taken = _without_form_feeds(text)
    first = _FIRST.match(text)
    if not first:
        return text, taken
    indent = first[1]
    ends = [0, *(match.end() for match in _BREAK.finditer(text)), len(text)]
    lines = [text[start:end] for start, end in pairwise(ends)]
    moved = [len(indent) if line.startswith(indent) else 0 for line in lines]
    taken = taken or (0,) * len(lines)
    return "".join(line[count:] for line, count in zip(lines, moved, strict=True)), tuple(map(sum, zip(taken, moved, strict=True)))


# Parsing


def _parse_cell(cell: Cell, tree: Callable[[str], Module]) -> Module | Problem:
    if deep := too_deep(cell.text):
        message, offset = deep
        return _problem(f"cannot be analysed: {message}", *_place(cell.text[:offset]), cell)
    try:
        return tree(cell.text if cell.text.isascii() else _SURROGATE.sub("\ufffd", cell.text))
    except SyntaxError as error:
        return _syntax_problem(error, cell)
    except (RecursionError, MemoryError, OverflowError):
        return _problem("cannot be analysed: it is nested too deep", 1, 1, cell)


def _problem(message: str, row: int, column: int, cell: Cell) -> Problem:
    return Problem(message, row, cell.shown(row, column), cell.number)


def _syntax_problem(error: SyntaxError, cell: Cell) -> Problem:
    """The error in CPython's words, which are written for people."""
    lines = _BREAK.split(cell.text)
    row, column = min(max(error.lineno or 1, 1), len(lines)), error.offset or 1
    if old := _python_2(lines[row - 1]):
        return _problem(f"Python 2 code: {old}", row, len(lines[row - 1]) - len(lines[row - 1].lstrip()) + 1, cell)
    return _problem(f"syntax error: {error.msg}", row, max(column, 1), cell)


def _python_2(line: str) -> str:
    return next((what for pattern, what in _PYTHON_2 if pattern.match(line)), "")
