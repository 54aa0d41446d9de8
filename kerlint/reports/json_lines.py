"""Findings as JSON, one object a line, so that a reader need not wait for the end."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kerlint.reports import Batch
from kerlint.reports.json import record


def report(batch: Batch) -> Iterator[str]:
    """The records of `--output-format json`, one a line."""
    for finding in batch.findings:
        yield json.dumps(record(finding), ensure_ascii=False)
