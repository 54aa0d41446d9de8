"""Findings in the Static Analysis Results Interchange Format: SARIF 2.1.0, which GitHub code scanning and many viewers read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; the numbers of sections below are of that text. Nothing in it depends on
when or by whom the tool was run: the same findings give the same file.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from kerlint import PAGES, __version__
from kerlint.finding import Finding, Fix, Position, Range, Related, Severity
from kerlint.fingerprint import fingerprints
from kerlint.reports import Batch, Paint, sentence
from kerlint.reports.json import evidence_of
from kerlint.rule import Rule

Object = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""The name by which files are relative to the root of the repository; GitHub knows it by this one."""
PRINT = "kerlint/v1"
"""The version of fingerprints (3.27.16). GitHub finds a fingerprint of its own beside it, which survives moved lines as well."""
LEVELS = {Severity.error: "error", Severity.warning: "warning", Severity.info: "note"}
CODES = {0: "nothing to fail on", 1: "findings to fail on", 2: "wrong use, or something that could not be analysed"}
UNREADABLE = "KER001"
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")


def report(batch: Batch) -> Iterator[str]:
    """One log with one run, indented."""
    yield json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(batch)]}, indent=2, ensure_ascii=False)


def _run(batch: Batch) -> Object:
    findings = (*batch.findings, *(batch.suppressed or ()))
    rules = {finding.code: batch.rule_of(finding) for finding in findings}
    codes = sorted(rules)
    prints = fingerprints(findings, [batch.root] * len(findings))
    return {
        "tool": {
            "driver": {
                "name": "kerlint",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": PAGES,
                "rules": [_rule(rules[code]) for code in codes],
            }
        },
        "invocations": [_invocation(batch)],
        "originalUriBaseIds": {ROOT: {"uri": f"{batch.root.as_uri().rstrip('/')}/"}},
        "defaultEncoding": "utf-8",
        "defaultSourceLanguage": "python",
        "columnKind": "unicodeCodePoints",
        "results": [
            {"ruleId": finding.code, "ruleIndex": codes.index(finding.code), **_result(finding, number, batch)}
            for finding, number in zip(findings, prints, strict=True)
        ],
    }


def _rule(rule: Rule) -> Object:
    from kerlint import pages

    about: Object = {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": _first_paragraph(rule)},
        "help": {"text": "\n".join(pages.page(rule, Paint())), "markdown": pages.markdown(rule)},
        "defaultConfiguration": {"enabled": rule.on, "level": LEVELS[rule.severity]},
        "properties": {"tags": ["keras", rule.name], "problem.severity": LEVELS[rule.severity].replace("note", "recommendation")},
    }
    return {**about, "helpUri": rule.url} if rule.url else about


def _first_paragraph(rule: Rule) -> str:
    paragraphs = [part for part in re.split(r"\n\s*\n", rule.text.strip()) if not part.startswith(("#", "```"))]
    return " ".join(paragraphs[0].split()) if paragraphs else rule.title


def _invocation(batch: Batch) -> Object:
    """How the run went, with a notification for all that could not be analysed (3.20)."""
    failed: list[Object] = [
        {
            "level": "error",
            "message": {"text": trouble.message},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(trouble.path, batch)}}],
        }
        for trouble in batch.troubles
    ]
    unread = [finding for finding in batch.findings if finding.code == UNREADABLE]
    failed += [
        {"level": "error", "message": {"text": finding.message}, "locations": [_location(finding.range, batch)]}
        for finding in unread
        if finding.range
    ]
    return {
        "executionSuccessful": batch.exit_code != 2,
        "exitCode": batch.exit_code,
        "exitCodeDescription": CODES[batch.exit_code],
        "toolExecutionNotifications": failed,
    }


def _result(finding: Finding, fingerprint: str, batch: Batch) -> Object:
    assert finding.range is not None
    evidence = evidence_of(finding)
    result: Object = {
        "level": LEVELS[finding.severity],
        "message": {"text": _message(sentence(finding))},
        "locations": [_location(finding.range, batch, finding.enclosing)],
        "partialFingerprints": {PRINT: fingerprint},
        "relatedLocations": [{"id": number, **location} for number, location in enumerate(_locations(finding.related, batch), 1)],
        "codeFlows": list(_flows(finding, batch)),
        "fixes": [_fix(finding.fix, batch)] if finding.fix else [],
        "properties": {"confidence": finding.confidence.name, **({"evidence": evidence} if evidence else {})},
    }
    suppressions = {} if batch.suppressed is None else {"suppressions": _suppressions(finding)}
    return {**{key: value for key, value in result.items() if value}, **suppressions}


def _suppressions(finding: Finding) -> list[Object]:
    """Where one result has them, all have: an empty list says that a result is not suppressed (3.27.23)."""
    if not finding.suppressed:
        return []
    kind = "inSource" if finding.suppressed.startswith("#") else "external"
    return [{"kind": kind, "status": "accepted", "justification": finding.suppressed}]


def _message(text: str) -> str:
    """Text in which nothing is a link (3.11.6): code like `x[0](y)` looks like one."""
    return _LINK.sub(r"\\[", text)


def _location(place: Range, batch: Batch, enclosing: str = "") -> Object:
    disk = batch.on_disk(place)
    snippet = batch.on_disk.between(disk.path, disk.start, disk.end)
    region = {**_region(disk.start, disk.end), **({"snippet": {"text": snippet}} if snippet else {})}
    where: Object = {"physicalLocation": {"artifactLocation": _artifact(place.path, batch), "region": region}}
    logical: list[Object] = [{"fullyQualifiedName": enclosing}] if enclosing else []
    if place.cell is not None:
        logical.append({"name": f"cell {place.cell}", "kind": "cell"})
    return {**where, "logicalLocations": logical} if logical else where


def _locations(related: Iterable[Related], batch: Batch) -> list[Object]:
    return [{**_location(other.range, batch), "message": {"text": _message(other.message)}} for other in related if other.range]


def _artifact(path: Path, batch: Batch) -> Object:
    """A file by its URI, below the root of the repository where it lies there (3.4)."""
    name = batch.path(path)
    if Path(name).is_absolute():
        return {"uri": Path(name).as_uri()}
    return {"uri": quote(os.fsencode(name)), "uriBaseId": ROOT}


def _region(start: Position, end: Position) -> Object:
    return {"startLine": start.row, "startColumn": start.column, "endLine": end.row, "endColumn": end.column}


def _flows(finding: Finding, batch: Batch) -> Iterator[Object]:
    """The way of the data from where it comes from to the call that learns of it (3.36)."""
    places = _locations(finding.flow, batch)
    if places:
        yield {"threadFlows": [{"locations": [{"location": place} for place in places]}]}


def _fix(fix: Fix, batch: Batch) -> Object:
    """What is to be replaced, file by file (3.55)."""
    edits = sorted(batch.on_disk.replacements(fix), key=lambda edit: str(edit[0].path))
    changes: list[Object] = []
    for path, several in groupby(edits, lambda edit: edit[0].path):
        replacements = [
            {"deletedRegion": _region(place.start, place.end), "insertedContent": {"text": content}} for place, content in several
        ]
        changes.append({"artifactLocation": _artifact(path, batch), "replacements": replacements})
    return {"description": {"text": fix.message if fix.safe else f"{fix.message} (changes the training)"}, "artifactChanges": changes}
