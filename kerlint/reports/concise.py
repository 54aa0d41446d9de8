"""One line for each finding, as editors and other tools read it."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.reports import CYAN, Batch, headed
from kerlint.reports.text import visible


def report(batch: Batch) -> Iterator[str]:
    """`train.py:4:8: error KER301 softmax-single-unit: message`."""
    paint = batch.paint
    for finding in batch.findings:
        yield f"{paint(str(finding.range), CYAN)}: {headed(finding, paint)}: {visible(finding.message)}"
