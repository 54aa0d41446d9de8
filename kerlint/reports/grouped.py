"""Findings for people, file by file, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from kerlint.finding import Finding
from kerlint.reports import BOLD, CYAN, Batch, headed
from kerlint.reports.text import visible


def report(batch: Batch) -> Iterator[str]:
    """The name of each file, below it `  4:8  error KER301 softmax-single-unit: message`, with an empty line behind it."""
    paint = batch.paint
    for path, findings in groupby(batch.findings, _path):
        placed = [(_place(finding), finding) for finding in findings]
        width = max(len(place) for place, _ in placed)
        yield f"{paint(str(path), BOLD)}:"
        for place, finding in placed:
            yield f"  {paint(f'{place:<{width}}', CYAN)}  {headed(finding, paint)}: {visible(finding.message)}"
        yield ""


def _path(finding: Finding) -> Path:
    assert finding.range is not None
    return finding.range.path


def _place(finding: Finding) -> str:
    """The place within its file: "4:8", "cell 2:4:8"."""
    return str(finding.range).removeprefix(f"{_path(finding)}:")
