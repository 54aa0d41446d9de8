"""How findings are printed: one module for each format, named like it, with a function `report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from kerlint.finding import Finding, Severity

if TYPE_CHECKING:
    from kerlint.source import Source


@dataclass(frozen=True, slots=True)
class Paint:
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


@dataclass(frozen=True, slots=True)
class Batch:
    """What is reported: findings in order, and the files they are in."""

    findings: tuple[Finding, ...]
    sources: Mapping[Path, Source] = field(default_factory=dict)
    paint: Paint = field(default_factory=Paint)


def report(style: str, batch: Batch) -> Iterator[str]:
    """The lines of a report in one of the formats."""
    lines: Iterator[str] = import_module(f"kerlint.reports.{style.replace('-', '_')}").report(batch)
    return lines
