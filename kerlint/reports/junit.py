"""Findings as failed tests in the XML of JUnit, which Jenkins and most other servers show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from kerlint.files import Trouble
from kerlint.finding import Finding
from kerlint.reports import Batch, sentence

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a document of XML 1.0 cannot hold, in whatever form (section 2.2)."""


def report(batch: Batch) -> Iterator[str]:
    """A suite for each file, a failed case for each finding, an error for what could not be analysed; one that passes when all is well."""
    suites = Element("testsuites", name="kerlint")
    for path, findings in groupby(batch.findings, _path):
        several = list(findings)
        cases = [_case(finding, name, batch) for finding, name in zip(several, _names(several), strict=True)]
        _suite(suites, batch.path(path), cases)
    for trouble in batch.troubles:
        _suite(suites, batch.path(trouble.path), [_error(trouble, batch)])
    if not len(suites):
        _suite(suites, "kerlint", [Element("testcase", name="nothing found", classname="kerlint")])
    for count in ("tests", "failures", "errors"):
        suites.set(count, str(sum(int(suite.get(count, 0)) for suite in suites)))
    indent(suites)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield tostring(suites, encoding="unicode")


def _path(finding: Finding) -> Path:
    assert finding.range is not None
    return finding.range.path


def _suite(suites: Element, name: str, cases: Iterable[Element]) -> None:
    suite = SubElement(suites, "testsuite", name=_text(name), package="kerlint")
    suite.extend(cases)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))


def _names(findings: Iterable[Finding]) -> Iterator[str]:
    """A name for each finding of a file: by its name a server knows a case again in the next run, when lines have moved."""
    seen: Counter[tuple[str, str]] = Counter()
    for finding in findings:
        one = finding.code, finding.enclosing
        seen[one] += 1
        more = [finding.enclosing, str(seen[one])] if seen[one] > 1 else [finding.enclosing]
        where = ", ".join(filter(None, more))
        yield f"{finding.code} {finding.name}{f' ({where})' if where else ''}"


def _case(finding: Finding, name: str, batch: Batch) -> Element:
    assert finding.range is not None
    place = batch.on_disk(finding.range)
    path, line, column = batch.path(place.path), str(place.start.row), str(place.start.column)
    case = Element("testcase", name=_text(name), classname=_text(path), file=_text(path), line=line, column=column)
    failure = SubElement(case, "failure", type=finding.severity.name, message=_text(finding.message))
    page = f"\n{finding.url}" if finding.url else ""
    failure.text = _text(f"{path}:{line}:{column}: {finding.severity.name}: {sentence(finding)}{page}")
    return case


def _error(trouble: Trouble, batch: Batch) -> Element:
    path = _text(batch.path(trouble.path))
    case = Element("testcase", name="analysed", classname=path, file=path)
    SubElement(case, "error", type="error", message=_text(trouble.message))
    return case


def _text(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
