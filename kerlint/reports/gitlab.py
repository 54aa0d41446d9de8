"""Findings as GitLab shows them in a merge request: a report of code quality.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import repeat
from typing import Any

from kerlint.finding import Finding, Severity
from kerlint.fingerprint import fingerprints
from kerlint.reports import Batch, sentence

SEVERITIES = {Severity.error: "critical", Severity.warning: "major", Severity.info: "info"}


def report(batch: Batch) -> Iterator[str]:
    """One list, indented."""
    prints = fingerprints(batch.findings, repeat(batch.root, len(batch.findings)))
    records = [_record(finding, fingerprint, batch) for finding, fingerprint in zip(batch.findings, prints, strict=True)]
    yield json.dumps(records, indent=2, ensure_ascii=False)


def _record(finding: Finding, fingerprint: str, batch: Batch) -> dict[str, Any]:
    assert finding.range is not None
    place = batch.on_disk(finding.range)
    return {
        "description": f"{finding.code} {finding.name}: {sentence(finding)}",
        "check_name": finding.code,
        "fingerprint": fingerprint,  # GitLab drops all but one of equal ones
        "severity": SEVERITIES[finding.severity],
        "location": {
            "path": batch.path(place.path),
            "positions": {
                "begin": {"line": place.start.row, "column": place.start.column},
                "end": {"line": place.end.row, "column": place.end.column},
            },
        },
    }
