"""One line for each finding, as editors and other tools read it."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.reports import BOLD, CYAN, TINT, Batch


def report(batch: Batch) -> Iterator[str]:
    """`train.py:4:8: error KER301 softmax-single-unit: message`."""
    paint = batch.paint
    for finding in batch.findings:
        head = f"{paint(finding.severity.name, TINT[finding.severity])} {paint(finding.code, BOLD)} {finding.name}"
        yield f"{paint(str(finding.range), CYAN)}: {head}: {finding.message}"
