"""Pages for a terminal: headings, wrapped prose, lists, indented code; colours and links where a terminal takes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from kerlint.reports import BOLD, CYAN, FAINT, RED, Paint
from kerlint.reports.text import visible, width_of

WIDEST = 100
"""Columns of prose: longer lines are hard to read, however wide the terminal is."""
INDENT = "    "
UNDERLINE = 4
_FENCE = re.compile(r"^```(?P<words>[^\n]*)\n(?P<body>.*?)^```[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"\[(?P<link>(?:`[^`]*`|[^\]`])+)\]\((?P<url>[^)\s]+)\)|(?P<code>`[^`]+`)|\*\*(?P<strong>[^*]+)\*\*")
_ITEM = re.compile(r"\n(?=[*-] )")
_REMARK = re.compile(r"(?P<marker>#[ \t]*[A-Z]+\d{3}(?:[ \t,]+[A-Z]+\d{3})*)[ \t]*$|(?<!\S)#[^\"']*$")


class Word(msgspec.Struct, frozen=True):
    """A word of prose, how it is painted, and where it leads; `glued` says that nothing stands between it and the word before."""

    text: str
    codes: tuple[int, ...] = ()
    url: str = ""
    glued: bool = False


def rendered(text: str, paint: Paint, columns: int = WIDEST) -> Iterator[str]:
    """The lines of a page, in the kind of Markdown that pages are written in."""
    columns, at = min(columns, WIDEST), 0
    for fence in _FENCE.finditer(text):
        yield from _prose(text[at : fence.start()], paint, columns)
        yield from _code(fence["words"].split()[1:], fence["body"], paint)
        at = fence.end()
    yield from _prose(text[at:], paint, columns)


def heading(text: str, paint: Paint) -> Iterator[str]:
    """A heading and what sets it off."""
    yield paint(text, BOLD, UNDERLINE)
    yield "" if paint.on else "-" * width_of(text)


def _prose(text: str, paint: Paint, columns: int) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("#"):
            title, _, block = block.partition("\n")
            yield from heading(title.lstrip("# "), paint)
        for item in _ITEM.split(block) if block else ():
            bullet = "* " if item.startswith(("* ", "- ")) else ""
            for number, line in enumerate(wrapped(item[len(bullet) :], paint, columns - len(bullet))):
                yield f"{' ' * len(bullet) if number else bullet}{line}"
        if block:
            yield ""


def wrapped(text: str, paint: Paint, columns: int) -> Iterator[str]:
    """A paragraph in lines."""
    line, width = "", 0
    for word in _words(text, paint):
        size, gap = width_of(word.text), "" if word.glued or not width else " "
        if width and not word.glued and width + 1 + size > columns:
            yield line
            line, width, gap = "", 0, ""
        shown = paint(word.text, *word.codes) if word.codes else word.text
        line += gap + paint.link(shown, word.url)
        width += len(gap) + size
    if line:
        yield line


def _words(text: str, paint: Paint) -> Iterator[Word]:
    at = 0
    for match in _INLINE.finditer(text):
        yield from _split(text[at : match.start()], text, at)
        glued = match.start() > 0 and not text[match.start() - 1].isspace()
        yield from _styled(match, paint, glued)
        at = match.end()
    yield from _split(text[at:], text, at)


def _styled(match: re.Match[str], paint: Paint, glued: bool) -> Iterator[Word]:
    if match["code"]:
        yield Word(match["code"].strip("`") if paint.on else match["code"], (CYAN,), "", glued)
    elif match["strong"]:
        yield from _each(match["strong"], (BOLD,), "", glued)
    else:
        name = match["link"].replace("`", "") if paint.on else match["link"]
        yield from _each(name, (UNDERLINE,), match["url"], glued)
        if not paint.on:
            yield Word(f"({match['url']})")


def _split(part: str, text: str, at: int) -> Iterator[Word]:
    yield from _each(part, (), "", at > 0 and not part[:1].isspace())


def _each(text: str, codes: tuple[int, ...], url: str, glued: bool) -> Iterator[Word]:
    for number, word in enumerate(text.split()):
        yield Word(visible(word), codes, url, glued and not number)


def _code(words: Sequence[str], body: str, paint: Paint) -> Iterator[str]:
    """A block of code, indented; comments are faint and markers stand out."""
    for word in words:
        label = word.removeprefix("file=") if word.startswith("file=") else "fixed" if word == "fixed" else ""
        if label:
            yield paint(f"{INDENT}({label})", FAINT)
    for line in body.rstrip().split("\n"):
        yield f"{INDENT}{_remarked(visible(line), paint)}" if line else ""
    yield ""


def _remarked(line: str, paint: Paint) -> str:
    match = _REMARK.search(line) if paint.on else None
    if match is None:
        return line
    return line[: match.start()] + paint(match.group(), *((BOLD, RED) if match["marker"] else (FAINT,)))
