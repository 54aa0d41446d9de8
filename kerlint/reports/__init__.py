"""How findings are printed: one module for each format, named like it, with a function `report`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerlint.finding import Finding, Severity

if TYPE_CHECKING:
    from kerlint.files import Trouble
    from kerlint.on_disk import OnDisk
    from kerlint.rule import Rule
    from kerlint.source import Source


class Paint(msgspec.Struct, frozen=True):
    """Colours of a terminal (ECMA-48 SGR codes), or none."""

    on: bool = False

    def __call__(self, text: str, *codes: int) -> str:
        """The text in a colour."""
        return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m" if self.on and text else text

    def link(self, text: str, url: str | None) -> str:
        """A text that leads somewhere (OSC 8, as terminals have it), where there are colours."""
        return f"\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\" if self.on and url else text


BOLD, FAINT, RED, YELLOW, BLUE, CYAN = 1, 2, 31, 33, 34, 36
TINT = {Severity.error: RED, Severity.warning: YELLOW, Severity.info: BLUE}


def headed(finding: Finding, paint: Paint) -> str:
    """What stands in front of every message: `error KER301 softmax-single-unit`, its code a link to its page."""
    code = paint.link(paint(finding.code, BOLD), finding.url)
    return f"{paint(finding.severity.name, TINT[finding.severity])} {code} {finding.name}"


def sentence(finding: Finding) -> str:
    """What is wrong, what to do and what a run showed, for formats that have one text for all of it.

    A cell is named, because the lines of these formats are those of the file.
    """
    place = finding.range
    cell = "" if place is None or place.cell is None else f" (cell {place.cell}, line {place.start.row})"
    shown = f"{finding.evidence.verdict}: {finding.evidence.detail}" if finding.evidence else ""
    return "; ".join(filter(None, (f"{finding.message}{cell}", finding.hint, shown)))


def top() -> Path:
    """The working tree of git that the command runs in: what forges take paths from. Elsewhere the working directory."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def shipped(finding: Finding) -> Rule:
    """The rule of a finding, by its code."""
    from kerlint.rule import rules

    return rules()[finding.code]


class Batch(msgspec.Struct, frozen=True, dict=True):
    """What is reported: findings in order, and the files they are in."""

    findings: tuple[Finding, ...]
    sources: Mapping[Path, Source] = msgspec.field(default_factory=dict)
    paint: Paint = msgspec.field(default_factory=Paint)
    troubles: tuple[Trouble, ...] = ()
    """What could not be analysed, and why."""
    exit_code: int = 0
    rule_of: Callable[[Finding], Rule] = shipped
    suppressed: tuple[Finding, ...] | None = None
    """What is not reported because a comment or a baseline says so; None when nobody asks."""
    root: Path = msgspec.field(default_factory=top)
    """What paths are relative to in formats that forges read."""

    @cached_property
    def on_disk(self) -> OnDisk:
        """Where the findings are in their files: notebooks are read as the JSON that they are."""
        from kerlint.on_disk import on_disk

        return on_disk((*self.findings, *(self.suppressed or ())), self.sources)

    def path(self, path: Path) -> str:
        """A path as a forge writes it: relative to the root of the repository, with forward slashes; whole where it lies elsewhere."""
        whole = Path(os.path.abspath(path))
        return (whole.relative_to(self.root) if whole.is_relative_to(self.root) else whole).as_posix()


def report(style: str, batch: Batch) -> Iterator[str]:
    """The lines of a report in one of the formats."""
    lines: Iterator[str] = import_module(f"kerlint.reports.{style.replace('-', '_')}").report(batch)
    return lines
