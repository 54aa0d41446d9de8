"""Comments that switch rules off: which lines each one covers, what it suppresses, and which of them are wrong or of no use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from kerlint.depth import QUOTED
from kerlint.finding import Edit, Finding, Fix, Position, Range
from kerlint.rule import Rule, rules
from kerlint.selection import begins, letters

if TYPE_CHECKING:
    from kerlint.selection import Known
    from kerlint.source import Cell, Source

UNUSED = "KER002"
ALL = "ALL"
AUTHORS = ("KER",)
"""The letters of the shipped rules."""
IDLE = "idle"
"""The variant of KER002 for an `enable` that ends nothing."""
_END = 1 << 30
_VERBS = ("ignore", "disable", "enable", "file-ignore", "cell-ignore")
_ANY = re.compile(r"#\s*(?:noqa\b|kerlint:)", re.IGNORECASE)
_NOQA = re.compile(r"#\s*noqa\b(?P<colon>\s*:)?", re.IGNORECASE)
_CODE = re.compile(r"[\s,]*([A-Z]+[0-9]*)(?=[\s,#]|$)", re.IGNORECASE)
_KERLINT = re.compile(r"#\s*kerlint:\s*(?P<verb>[\w-]+)(?P<open>\s*\[(?P<names>[^\[\]#]*)(?P<closed>\])?)?", re.IGNORECASE)
_NAME = re.compile(r"[^\s,]+")
TOKEN = re.compile(QUOTED + r"|#[^\r\n]*|\\(?:\r\n|\r|\n)|[()\[\]{}]|\r\n|\r|\n|[^\s#\"'()\[\]{}\\]+", re.DOTALL)
BREAK = re.compile(r"\r\n|\r|\n")

Spot = tuple[int, int]
"""Number of the cell (0 in a script) and row."""


class Suppression(msgspec.Struct, frozen=True):
    """One name in a comment, and the lines from `first` to `last` that it covers.

    `name` is a code, the start of codes, the name of a rule or ALL; it is empty where the comment names none.
    `place` is where the name stands (the comment, where it names none).
    """

    name: str
    first: Spot
    last: Spot
    place: Range
    comment: str
    noqa: bool = False
    wrong: str = ""
    """The variant of KER002 that says what is wrong with the comment; it suppresses nothing then."""
    gone: Range | None = None
    """What to take away to be rid of it: the name in a longer list, the comment, the whole line."""

    @property
    def path(self) -> Path:
        """The file it stands in."""
        return self.place.path

    @property
    def said(self) -> str:
        """What the comment says of this name."""
        return f"{self.comment} {self.name}".strip() if self.noqa else self.comment

    def names(self, rule: Rule) -> bool:
        """Whether it speaks of a rule."""
        return not self.name or self.name == ALL or self.name == rule.name or begins(self.name, rule.code)

    def covers(self, place: Range) -> bool:
        """Whether the line on which something starts is one of its lines."""
        return place.path == self.path and self.first <= (place.cell or 0, place.start.row) <= self.last


def suppressions(source: Source, authors: Collection[str] = AUTHORS) -> tuple[Suppression, ...]:
    """Every suppression of a file, in order; `authors` are the letters that the codes of known rules begin with."""
    found: list[Suppression] = []
    disabled: list[Suppression] = []
    for cell in source.cells:
        if not _ANY.search(cell.text):
            continue
        for comment in _comments(cell.text):
            for one in _directive(comment, cell, source.path, authors):
                if one.wrong == IDLE:
                    disabled = _enabled(disabled, one, found)
                else:
                    (disabled if one.last == (_END, _END) and one.first[1] else found).append(one)
    return tuple(sorted([*found, *disabled], key=lambda one: (one.place.cell or 0, one.place.start)))


def apply(
    findings: Iterable[Finding],
    suppressions: Sequence[Suppression],
    active: Known,
    path: Path | None = None,
    known: Known | None = None,
) -> list[Finding]:
    """The findings that no suppression covers, and a KER002 for each suppression that is wrong or of no use.

    A finding is covered where it starts, where something related to it starts, where a node of its scope starts (the fit that it is
    about), and where the model that it is about is built. `active` are the rules that ran, by
    code: a suppression of any other of the `known` ones (the shipped ones, if not given) is left alone. Suppressions outside `path`, if
    given, are applied but not reported: they belong to a file that was imported.
    """
    return [finding for finding in weighed(findings, suppressions, active, path, known) if not finding.suppressed]


def weighed(
    findings: Iterable[Finding],
    suppressions: Sequence[Suppression],
    active: Known,
    path: Path | None = None,
    known: Known | None = None,
) -> list[Finding]:
    """As `apply`, with the findings that are covered as well: these say by which comment."""
    used: set[Suppression] = set()
    known = rules() if known is None else known
    told = list(_told(findings, suppressions, known, used))
    if UNUSED not in active:
        return told
    complaints = [
        finding for one in suppressions if path in (None, one.path) and (finding := _complaint(one, one in used, active, known)) is not None
    ]
    return told + list(_told(complaints, [one for one in suppressions if one.name not in ("", ALL, *AUTHORS)], known, used))


def _told(findings: Iterable[Finding], suppressions: Sequence[Suppression], known: Known, used: set[Suppression]) -> Iterator[Finding]:
    for finding in findings:
        covering = [one for one in suppressions if not one.wrong and _suppresses(one, finding, known)]
        used.update(covering)
        yield replace(finding, suppressed=covering[0].said) if covering else finding


def _suppresses(one: Suppression, finding: Finding, known: Known) -> bool:
    rule = known.get(finding.code)
    if finding.range is None or rule is None or not one.names(rule):
        return False
    if finding.code == UNUSED and not begins(one.name, UNUSED) and one.name != rule.name:
        return False
    if one.covers(finding.range):
        return True
    if one.noqa and not one.name:  # a bare noqa is usually meant for another linter
        return False
    places = (*(related.range for related in finding.related), *finding.about)
    return any(place is not None and one.covers(place) for place in places)


def _complaint(one: Suppression, used: bool, active: Known, known: Known) -> Finding | None:
    """What is wrong with a suppression, if anything."""
    rule = active[UNUSED]
    if one.wrong:
        finding = rule.finding(None, one.wrong, comment=one.comment, meant=_meant(one.name, _VERBS), fix=_removal(one))
        return replace(finding, range=one.place)
    if not one.name:  # a noqa that hides nothing of ours is meant for another linter
        return None if one.noqa and not used else replace(rule.finding(None, "blanket", comment=one.comment), range=one.place)
    meant = {code for code, other in known.items() if one.names(other)}
    if not meant:
        words = [word for other in known.values() for word in (other.code, other.name)]
        return replace(rule.finding(None, "unknown", name=one.name, meant=_meant(one.name, words), fix=_removal(one)), range=one.place)
    if used or not meant <= active.keys() or meant == {UNUSED}:
        return None
    return replace(rule.finding(None, name=one.name, fix=_removal(one)), range=one.place)


def _removal(one: Suppression) -> Fix | None:
    return None if one.gone is None else Fix("remove the suppression", (Edit(None, None, "", one.gone),), safe=True)


def _meant(word: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word.upper(), [one for one in known if one.isupper()], 1) or get_close_matches(word.lower(), known, 1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _enabled(disabled: list[Suppression], enabling: Suppression, found: list[Suppression]) -> list[Suppression]:
    """What stays disabled after `enable[name]`; what it ends is added to what is found, or itself when it ends nothing."""
    ended = [one for one in disabled if enabling.name in ("", ALL, one.name)]
    found.extend(replace(one, last=enabling.last) for one in ended)
    if not ended:
        found.append(enabling)
    return [one for one in disabled if one not in ended]


# Reading comments


class _Comment(msgspec.Struct, frozen=True):
    """A comment, its row and column, and the rows that it covers."""

    text: str
    row: int
    column: int
    rows: tuple[int, int]
    alone: bool
    before: str
    """The line in front of it."""
    last: bool
    """Whether the text ends with it."""


def _comments(text: str) -> list[_Comment]:
    """The comments that may be directives. One on its own line covers the next statement, or within brackets the next argument."""
    found: list[_Comment] = []
    waiting: list[tuple[_Comment, int]] = []
    running: list[tuple[_Comment, int]] = []
    row, start, depth, code = 1, 0, 0, False
    for match in TOKEN.finditer(text):
        token = match.group()
        first = token[0]
        if first == "#":
            if _ANY.search(token):
                last = match.end() == len(text)
                comment = _Comment(token, row, match.start() - start + 1, (row, row), not code, text[start : match.start()], last)
                found.append(comment)
                if not code:
                    waiting.append((comment, depth))
            continue
        if first in "\r\n":
            if code or depth:
                running = _ended(running, depth, row, found)
            row, start, code = row + 1, match.end(), False
            continue
        if first != "\\":
            code = True
            running, waiting = [*running, *waiting], []
        depth = max(0, depth + (first in "([{") - (first in ")]}")) if len(token) == 1 else depth
        if breaks := list(BREAK.finditer(token)):
            row, start = row + len(breaks), match.start() + breaks[-1].end()
    _ended(running, 0, row, found)
    return found


def _ended(running: list[tuple[_Comment, int]], depth: int, row: int, found: list[_Comment]) -> list[tuple[_Comment, int]]:
    """Comments that still run after the line which ends here; those whose statement or argument is over get their last row."""
    going = []
    for comment, opened in running:
        if depth > opened:
            going.append((comment, opened))
        else:
            found[found.index(comment)] = replace(comment, rows=(comment.row, row))
    return going


def _directive(comment: _Comment, cell: Cell, path: Path, authors: Collection[str]) -> Iterator[Suppression]:
    """The suppressions of a comment; `enable` is one that suppresses nothing and says where others end."""
    if match := _KERLINT.search(comment.text):
        yield from _kerlint(comment, match, cell, path, authors)
    if match := _NOQA.search(comment.text):
        yield from _noqa(comment, match, cell, path, authors)


def _noqa(comment: _Comment, match: re.Match[str], cell: Cell, path: Path, authors: Collection[str]) -> Iterator[Suppression]:
    number = cell.number or 0
    if not match["colon"]:
        row = number, comment.row
        yield Suppression("", row, row, _place(comment, match.span(), cell, path), match.group(), noqa=True)
    names = list(_codes(comment.text, match, authors))
    at = names[-1].end() if names else match.end()
    spans = [name.span(1) for name in names]
    for rank, name in enumerate(names):
        if letters(name[1]) in authors:
            first, last = ((number, row) for row in comment.rows)
            gone = _gone(comment, (match.start(), at), spans, rank, cell, path)
            yield Suppression(name[1].upper(), first, last, _place(comment, name.span(1), cell, path), match.group(), noqa=True, gone=gone)


def _codes(comment: str, match: re.Match[str], authors: Collection[str]) -> Iterator[re.Match[str]]:
    """The codes behind `# noqa:`, up to the first word that is none."""
    at = match.end()
    while match["colon"] and (code := _CODE.match(comment, at)) and (code[1][-1].isdigit() or code[1].upper() in authors):
        at = code.end()
        yield code


def _kerlint(comment: _Comment, match: re.Match[str], cell: Cell, path: Path, authors: Collection[str]) -> Iterator[Suppression]:
    verb, number = match["verb"].lower(), cell.number or 0
    spans = {
        "ignore": ((number, comment.rows[0]), (number, comment.rows[1])),
        "disable": ((number, comment.row), (_END, _END)),
        "cell-ignore": ((number, 0), (number, _END)),
        "file-ignore": ((0, 0), (_END, _END)),
        "enable": ((0, 0), (number, comment.row)),
    }
    wrong = IDLE if verb == "enable" else ""
    whole = _place(comment, match.span(), cell, path)
    names = list(_NAME.finditer(comment.text, match.start("names"), match.end("names"))) if match["names"] else []
    if verb not in _VERBS:
        yield Suppression(verb, (0, 0), (0, 0), whole, match.group(), wrong="directive")
    elif match["open"] and not (match["closed"] and names):
        yield Suppression("", (0, 0), (0, 0), whole, match.group(), wrong="unclosed")
    elif not names:
        gone = _gone(comment, match.span(), [match.span()], 0, cell, path) if wrong else None
        yield Suppression("", *spans[verb], whole, match.group(), wrong=wrong, gone=gone)
    else:
        listed = [name.span() for name in names]
        for number, (name, span) in enumerate(zip(names, listed, strict=True)):
            gone = _gone(comment, match.span(), listed, number, cell, path)
            place = _place(comment, span, cell, path)
            yield Suppression(_canonical(name.group(), authors), *spans[verb], place, match.group(), wrong=wrong, gone=gone)


def _gone(comment: _Comment, directive: tuple[int, int], names: list[tuple[int, int]], number: int, cell: Cell, path: Path) -> Range:
    """What to take away to be rid of one of the names of a comment; a reason behind the names goes with the last of them."""
    if number + 1 < len(names):
        return _place(comment, (names[number][0], names[number + 1][0]), cell, path)
    if number:
        return _place(comment, (names[number - 1][1], names[number][1]), cell, path)
    start, end = directive
    next_comment = comment.text.find("#", end)
    head = comment.text[:start].rstrip()
    if next_comment >= 0:
        return _place(comment, (start, next_comment), cell, path)
    if head or comment.before.strip():
        blank = len(comment.before) - len(comment.before.rstrip())
        return _place(comment, (len(head) if head else -blank, len(comment.text)), cell, path)
    if comment.last:
        return _place(comment, (-len(comment.before), len(comment.text)), cell, path)
    return Range(path, Position(comment.row, 1), Position(comment.row + 1, 1), cell.number)


def room(comment: str) -> tuple[int, str] | None:
    """Where a comment that suppresses by name has room for more codes, and what stands in front of them there."""
    if match := _NOQA.search(comment):
        codes = list(_codes(comment, match, AUTHORS))
        return (codes[-1].end(), ", ") if codes else (match.end(), " ") if match["colon"] else None
    match = _KERLINT.search(comment)
    if match and match["verb"].lower() == "ignore" and match["closed"] and match["names"].strip():
        return match.start("names") + len(match["names"].rstrip()), ", "
    return None


def _canonical(name: str, authors: Collection[str]) -> str:
    """Codes and ALL in capitals, names of rules in small letters."""
    return name.upper() if letters(name) in (*authors, ALL) else name.lower()


def _place(comment: _Comment, span: tuple[int, int], cell: Cell, path: Path) -> Range:
    start, end = (Position(comment.row, cell.shown(comment.row, comment.column + at)) for at in span)
    return Range(path, start, end, cell.number)
