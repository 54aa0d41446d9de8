"""What IPython adds to Python in a notebook cell (`%magic`, `!shell`, `name?`), replaced line by line by neutral Python."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import msgspec

from kerlint.depth import QUOTED

KEPT = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "heat", "snakeviz", "wandb", "debug", "pyinstrument", "scalene"})
"""Cell magics whose body is Python of the notebook itself; the body of every other one is dropped."""
_RUNNING = re.compile(r"%(?:time|timeit|prun|memit)(?:[ \t]+-\w+(?:[ \t]+\d+|[ \t]+(?=-))?)*[ \t]+(?=[A-Za-z_(])")
_COMPOUND = re.compile(r"(?:for|while|with|if|try|def|class|async|match)\b")
_BREAK = re.compile(r"\r\n|\r|\n")
_SUSPECT = re.compile(r"^[ \t]*[%!?]|\?[ \t]*;?[ \t]*\r?$|=[ \t]*[%!]", re.MULTILINE)
_CELL = re.compile(r"%%(\w*)[ \t]*([^\r\n]*)")
_ESCAPE = re.compile(r"[ \t]*[%!?]")
_HELP = re.compile(r"[ \t]*[%\w.*\[\]'\"]+\?{1,2}[ \t]*;?[ \t]*(?=[\r\n]|\Z)")
_ASSIGNED = re.compile(r"([ \t]*[A-Za-z_][^=#'\"()!\r\n]*=[ \t]*)[%!](?!=)")
_TOKEN = re.compile(QUOTED + r"|#[^\r\n]*|\\(?:\r\n|\r|\n)|[()\[\]{}]|\r\n|\r|\n", re.DOTALL)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_STRANGE_SPACE = re.compile(QUOTED + r"|#[^\r\n]*|\u00a0", re.DOTALL)


class Neutral(msgspec.Struct, frozen=True):
    """Python with as many lines as the cell; `written` are the files of `%%writefile`, `skipped` says that the body is not Python."""

    text: str
    written: Mapping[str, str] = msgspec.field(default_factory=dict)
    appended: bool = False
    skipped: bool = False
    body: int = 0
    """How many lines stand above what is written."""


def neutral(text: str) -> Neutral:
    """The cell without what only IPython understands. Columns of what remains are kept."""
    if "\u00a0" in text:
        text = _STRANGE_SPACE.sub(lambda match: " " if match.group() == "\u00a0" else match.group(), text)
    if not _SUSPECT.search(text):
        return Neutral(text)
    first = _first_line(text)
    if text.startswith("%%", first):
        return _cell_magic(text, first)
    return Neutral(_line_magics(text))


def _first_line(text: str) -> int:
    """Where the first line stands that is neither empty nor a comment: Colab allows `#@title` above a cell magic."""
    match = re.match(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))*[ \t]*", text)
    return match.end() if match else 0


def _cell_magic(text: str, first: int) -> Neutral:
    match = _CELL.match(text, first)
    name, rest = (match[1], match[2]) if match else ("", "")
    body = _LINE.match(text, first)
    start = body.end() if body else len(text)
    if name in KEPT:
        return Neutral(text[:first] + _ending(text[first:start]) + _line_magics(text[start:]))
    if name in ("writefile", "file"):
        words = _words(rest)
        names = [word for word in words if not word.startswith("-")]
        content = text[start:]
        whole = content if not content or content.endswith(("\r", "\n")) else f"{content}\n"  # as IPython hands it over
        written = {names[-1]: whole} if names else {}
        appended = "-a" in words or "--append" in words
        return Neutral(_blank(text), written, appended, body=len(_BREAK.findall(text[:start])))
    return Neutral(_blank(text), skipped=True)


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError:
        return rest.split()


def _blank(text: str) -> str:
    """As many empty lines."""
    return "".join(_BREAK.findall(text))


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _line_magics(text: str) -> str:
    pieces: list[str] = []
    at = 0
    while at < len(text):
        piece, end = _magic(text, at) or _statement(text, at)
        pieces.append(piece)
        at = end
    return "".join(pieces)


def _statement(text: str, start: int) -> tuple[str, int]:
    """A logical line of Python, whole: what starts a line inside brackets or a string is no magic."""
    depth = 0
    for match in _TOKEN.finditer(text, start):
        match match.group()[0]:
            case "(" | "[" | "{":
                depth += 1
            case ")" | "]" | "}":
                depth = max(0, depth - 1)
            case "\n" | "\r" if not depth:
                return text[start : match.end()], match.end()
            case _:
                pass
    return text[start:], len(text)


def _magic(text: str, start: int) -> tuple[str, int] | None:
    """What replaces the magic at the start of this logical line, and where the line ends; None when it is Python."""
    if assigned := _ASSIGNED.match(text, start):
        return _replaced(text, start, assigned[1] + "get_ipython()")
    if not (_ESCAPE.match(text, start) or _HELP.match(text, start)):
        return None
    line = _LINE.match(text, start)
    content = line.group() if line else ""
    indent = content[: len(content) - len(content.lstrip(" \t"))]
    running = _RUNNING.match(text, start + len(indent))
    if running and not _COMPOUND.match(text, running.end()):
        # `%time model.fit(...)` runs the statement: "if 1:" has room before it and keeps its columns
        statement, end = _statement(text, running.end())
        return indent + "if 1:".ljust(len(running.group())) + statement, end
    return _replaced(text, start, indent + "pass" if indent else "")


def _replaced(text: str, start: int, by: str) -> tuple[str, int]:
    """The line, with those it is continued on by a backslash, replaced; every line break stays."""
    end = start
    while line := _LINE.match(text, end):
        end = line.end()
        if not line.group().rstrip("\r\n").endswith("\\") or end >= len(text):
            break
    return by + _blank(text[start:end]), end
