"""Findings as reviewdog reads them, with their fixes as suggestions.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from kerlint import PAGES
from kerlint.finding import Finding, Position, Range, Severity
from kerlint.on_disk import Replacement
from kerlint.reports import Batch, sentence

SEVERITIES = {Severity.error: "ERROR", Severity.warning: "WARNING", Severity.info: "INFO"}


def report(batch: Batch) -> Iterator[str]:
    """One object, indented."""
    diagnostics = [_record(finding, batch) for finding in batch.findings]
    yield json.dumps({"source": {"name": "kerlint", "url": PAGES}, "diagnostics": diagnostics}, indent=2, ensure_ascii=False)


def _record(finding: Finding, batch: Batch) -> dict[str, Any]:
    assert finding.range is not None
    code = {"value": finding.code, "url": finding.url} if finding.url else {"value": finding.code}
    related = [
        {"message": other.message, "location": _location(batch.on_disk(other.range), batch)} for other in finding.related if other.range
    ]
    record = {
        "message": sentence(finding),
        "location": _location(batch.on_disk(finding.range), batch),
        "severity": SEVERITIES[finding.severity],
        "code": code,
        "suggestions": list(_suggestions(finding, batch)),
        "related_locations": related,
    }
    return {key: value for key, value in record.items() if value}


def _location(place: Range, batch: Batch) -> dict[str, Any]:
    """Reviewdog takes a path from the working directory."""
    return {"path": Path(os.path.relpath(place.path)).as_posix(), "range": _range(place, batch)}


def _range(place: Range, batch: Batch) -> dict[str, Any]:
    return {"start": _position(place, place.start, batch), "end": _position(place, place.end, batch)}


def _position(place: Range, position: Position, batch: Batch) -> dict[str, int]:
    """Columns count the bytes of UTF-8."""
    before = batch.on_disk.before(place.path, position)
    return {"line": position.row, "column": position.column + len(before.encode("utf-8", "surrogatepass")) - len(before)}


def _suggestions(finding: Finding, batch: Batch) -> Iterator[dict[str, Any]]:
    """The fix as one replacement, since each suggestion is one that can be taken alone; those of another file are no part of it."""
    edits = batch.on_disk.replacements(finding.fix) if finding.fix else []
    if edits and finding.range and all(place.path == finding.range.path for place, _ in edits):
        place = replace(edits[0][0], end=max(place.end for place, _ in edits))
        yield {"range": _range(place, batch), "text": "".join(_filled(edits, batch))}


def _filled(edits: list[Replacement], batch: Batch) -> Iterator[str]:
    """New texts and what stands between the places where they go."""
    at = edits[0][0].start
    for place, content in edits:
        yield batch.on_disk.between(place.path, at, place.start)
        yield content
        at = place.end
