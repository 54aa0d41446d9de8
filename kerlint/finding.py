"""What a check reports: a finding with its place, its confidence and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from kerlint import PAGES

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Node
else:
    Node = type(None)  # what a finding that is kept has in the place of code (see `record`)


class Severity(IntEnum):
    """How bad it is if it is true: error (crashes, cannot learn or is certainly wrong), warning (likely harms), info (advice)."""

    info = 1
    warning = 2
    error = 3


class Confidence(IntEnum):
    """How sure kerlint is: medium rests on a default or on one of several branches, low on a reading of names."""

    low = 1
    medium = 2
    high = 3


class Position(msgspec.Struct, frozen=True, order=True):
    """1-based row and column, columns in characters."""

    row: int
    column: int


class Range(msgspec.Struct, frozen=True):
    """A piece of a file, end exclusive; `cell` is the 1-based number of a notebook's cell, rows are then relative to it."""

    path: Path
    start: Position
    end: Position
    cell: int | None = None

    def __str__(self) -> str:
        """As a user reads it: "train.py:4:8", "train.ipynb:cell 2:4:8"."""
        cell = f"cell {self.cell}:" if self.cell is not None else ""
        return f"{self.path}:{cell}{self.start.row}:{self.start.column}"


class Related(msgspec.Struct, frozen=True):
    """A second place that explains a finding: usually where a value came from."""

    node: Node | None
    message: str
    range: Range | None = None
    labels: bool = False
    """It is where labels come from, which may be the very call that the inputs come from."""


class Edge(Enum):
    """The place at a node that an edit begins or ends at."""

    start = "in front of it"
    end = "right behind it"
    inside = "in front of its closing bracket"
    fed = "in front of what it is called with: of `x` in `Dense(1)(x)`, at `Dense(1)`"
    fed_end = "right behind what it is called with"
    statement = "in front of the statement that it stands in"
    line = "in front of that statement, if it can be taken away: it has its lines to itself, and its block holds others"
    next = "behind the lines of that statement (in front of a comment that follows it)"


class Anchor(msgspec.Struct, frozen=True):
    """A place of the code, told by a node."""

    node: Node
    edge: Edge


class Edit(msgspec.Struct, frozen=True):
    """What stands between two places is replaced by a text; `range` is known once the finding is located.

    A line break in the text is followed by the indentation of the line that the edit begins in. An edit of something that is no
    node (a comment) has a range from the start and no anchors.
    """

    start: Anchor | None
    end: Anchor | None
    content: str
    range: Range | None = None


class Passage(msgspec.Struct, frozen=True):
    """The way of a statement within its block, or into another statement of it: to in front of the one that `target` stands in.

    It is free if the statements in between are known to need nothing of it: of the names that it holds, they read only those attributes
    of `owner` (as it is written: "self.model") that `reads` lists.
    """

    node: Node
    target: Node
    owner: str
    reads: frozenset[str] = frozenset()
    inner: bool = False
    """Whether it may end within another statement of the block."""


class Fix(msgspec.Struct, frozen=True):
    """A repair; safe keeps the meaning of the program, unsafe changes the training.

    `imports` are the statements ("import numpy as np") that the new code needs; those that the file has already are not added.
    `together` are nodes that must stand in one function (or outside of all), because the new code brings a name from one to the other.
    `passage` must be free, and `unless` (a pattern, in either case) must not be found in the code apart from what is replaced;
    `otherwise` is done where this cannot be.
    """

    message: str
    edits: tuple[Edit, ...]
    safe: bool
    imports: tuple[str, ...] = ()
    together: tuple[Node, ...] = ()
    passage: Passage | None = None
    unless: str = ""
    otherwise: Fix | None = None


class Evidence(msgspec.Struct, frozen=True):
    """What a run showed: confirmed, refuted, inconclusive or not exercised, with the numbers."""

    verdict: str
    detail: str
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class Finding(msgspec.Struct, frozen=True):
    """One report of a rule; `node` becomes `range` only when the file has findings (positions cost a pass over the code)."""

    code: str
    name: str
    message: str
    hint: str
    severity: Severity
    confidence: Confidence
    node: Node | None
    related: tuple[Related, ...] = ()
    scope: tuple[Node, ...] = ()
    range: Range | None = None
    fix: Fix | None = None
    evidence: Evidence | None = None
    subject: tuple[Node, ...] = ()
    """Where the model that it is about is built and, when it is about no single run, trained: suppressions there count as well."""
    about: tuple[Range, ...] = ()
    """The places of scope and subject."""
    flow: tuple[Related, ...] = ()
    """The way of the data that it is about: where that comes from, each step, and the call that reads it."""
    suppressed: str = ""
    """Why it is not reported: the comment that switches it off, or the baseline that knows it."""
    enclosing: str = ""
    """What it stands in: "Trainer.fit", or, outside of functions and classes, the name of the model that it is about."""

    @property
    def url(self) -> str | None:
        """The page of its rule on the web."""
        return url_of(self.code, self.name)

    def named(self, names: Mapping[Path, Path]) -> Finding:
        """The finding with other names for files."""
        return self.moved(lambda place: replace(place, path=names.get(place.path, place.path)))

    def moved(self, to: Callable[[Range], Range]) -> Finding:
        """The finding with other places."""

        def there(place: Range | None) -> Range | None:
            return place and to(place)

        related, flow = (tuple(replace(other, range=there(other.range)) for other in places) for places in (self.related, self.flow))
        fix = self.fix and replace(self.fix, edits=tuple(replace(edit, range=there(edit.range)) for edit in self.fix.edits))
        return replace(self, range=there(self.range), related=related, flow=flow, fix=fix, about=tuple(map(to, self.about)))

    def settled(self) -> Finding:
        """The finding without the code that its places were told by: all that is reported, kept, or sent to another process."""
        related, flow = (tuple(replace(other, node=None) for other in places) for places in (self.related, self.flow))
        fix = replace(self.fix, together=(), passage=None, unless="", otherwise=None) if self.fix else None
        return replace(self, node=None, scope=(), subject=(), related=related, flow=flow, fix=fix)


def url_of(code: str, name: str) -> str | None:
    """The page of a rule on the web; None for a project's own rules, whose codes begin with other letters."""
    return f"{PAGES}rules/{code}-{name}/" if code.startswith("KER") else None


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By position; of several reports of one rule at one place, the surest stays, and of equally sure ones the gravest."""
    best: dict[tuple[str, Range | None], Finding] = {}
    for finding in findings:
        key = finding.code, finding.range
        rank = finding.confidence, finding.severity
        if key not in best or rank > (best[key].confidence, best[key].severity):
            best[key] = finding
    return tuple(sorted(best.values(), key=_position))


def _position(finding: Finding) -> tuple[str, int, Position, str]:
    place = finding.range
    assert place is not None
    return str(place.path), place.cell or 0, place.start, finding.code
