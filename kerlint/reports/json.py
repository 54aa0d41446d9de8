"""Findings as JSON: ruff's shape (so that what reads ruff reads this), with severity, confidence, related places and evidence on top."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any

from kerlint.finding import Finding, Fix, Position, Range
from kerlint.reports import Batch


def report(batch: Batch) -> Iterator[str]:
    """One list, indented."""
    yield json.dumps([record(finding) for finding in batch.findings], indent=2, ensure_ascii=False)


def record(finding: Finding) -> dict[str, Any]:
    """One finding; every key is there in every record."""
    assert finding.range is not None
    return {
        "code": finding.code,
        "name": finding.name,
        "message": finding.message,
        "severity": finding.severity.name,
        "confidence": finding.confidence.name,
        **_place(finding.range),
        "url": finding.url,
        "noqa_row": finding.range.start.row,
        "hint": finding.hint or None,
        "fix": _fix(finding.fix),
        "related": [{**_place(other.range), "message": other.message} for other in finding.related if other.range],
        "evidence": evidence_of(finding),
    }


def _place(place: Range) -> dict[str, Any]:
    return {
        "filename": str(place.path.absolute()),
        "location": _position(place.start),
        "end_location": _position(place.end),
        "cell": place.cell,
    }


def _position(position: Position) -> dict[str, int]:
    return {"row": position.row, "column": position.column}


def _fix(fix: Fix | None) -> dict[str, Any] | None:
    if fix is None:
        return None
    edits = [_edit(edit.content, edit.range) for edit in fix.edits if edit.range is not None]
    return {"applicability": "safe" if fix.safe else "unsafe", "message": fix.message, "edits": edits}


def _edit(content: str, place: Range) -> dict[str, Any]:
    """An edit; in a notebook with its cell, which need not be that of the finding (an import)."""
    record = {"content": content, "location": _position(place.start), "end_location": _position(place.end)}
    return record if place.cell is None else {**record, "cell": place.cell}


def evidence_of(finding: Finding) -> dict[str, Any] | None:
    """What a run showed."""
    found = finding.evidence
    return None if found is None else {"verdict": found.verdict, "detail": found.detail, "data": _finite(found.data)}


def _finite(data: Any) -> Any:
    """Measurements for JSON, which has neither NaN nor infinity (RFC 8259, section 6): these become words."""
    match data:
        case float() if not isfinite(data):
            return str(data)
        case dict():
            return {key: _finite(value) for key, value in data.items()}
        case list() | tuple():
            return [_finite(value) for value in data]
        case _:
            return data
