"""Findings as annotations of GitHub Actions, and as a table for the summary of a job.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kerlint.finding import Finding, Severity
from kerlint.reports import Batch, sentence

KINDS = {Severity.error: "error", Severity.warning: "warning", Severity.info: "notice"}
MOST = 500_000
"""Bytes of the table in a summary: of more than 1 MiB for all of a step, GitHub shows nothing."""
LONGEST = 500
"""Characters of a cell of that table."""
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~#&]")


def report(batch: Batch) -> Iterator[str]:
    """`::error title=...,file=...,line=4,col=8,...::message`; what could not be analysed is an error without a line."""
    for trouble in batch.troubles:
        yield _command("error", {"title": "kerlint", "file": batch.path(trouble.path)}, trouble.message)
    for finding in batch.findings:
        assert finding.range is not None
        place = batch.on_disk(finding.range)
        about: dict[str, Any] = {
            "title": f"kerlint: {finding.code} {finding.name}",
            "file": batch.path(place.path),
            "line": place.start.row,
            "endLine": place.end.row,
        }
        if place.start.row == place.end.row:  # GitHub refuses columns of a place of several lines
            about |= {"col": place.start.column, "endColumn": place.end.column}
        yield _command(KINDS[finding.severity], about, sentence(finding))


def _command(kind: str, about: Mapping[str, Any], message: str) -> str:
    said = ",".join(f"{name}={_property(str(value))}" for name, value in about.items())
    return f"::{kind} {said}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(batch: Batch) -> Iterator[str]:
    """The lines of a table in Markdown for the summary of a job."""
    yield "## kerlint"
    yield ""
    for trouble in batch.troubles:
        yield f"* not analysed: {_cell(batch.path(trouble.path))}: {_cell(trouble.message)}"
    if not batch.findings:
        yield "" if batch.troubles else "Nothing found."
        return
    yield "| Place | Severity | Rule | Message |"
    yield "| --- | --- | --- | --- |"
    size = 0
    for number, finding in enumerate(batch.findings):
        row = _row(finding, batch)
        size += len(row.encode("utf-8", "backslashreplace"))
        if size > MOST:
            yield ""
            yield f"and {len(batch.findings) - number:,} more."
            break
        yield row
    yield ""


def _row(finding: Finding, batch: Batch) -> str:
    assert finding.range is not None
    place = f"{batch.path(finding.range.path)}{str(finding.range).removeprefix(str(finding.range.path))}"
    rule = f"[{finding.code}]({finding.url})" if finding.url else finding.code
    return f"| {_cell(place)} | {finding.severity.name} | {rule} {finding.name} | {_cell(sentence(finding))} |"


def _cell(text: str) -> str:
    """Text that is only text in a table of Markdown."""
    short = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return " ".join(_SPECIAL.sub(lambda sign: f"&#{ord(sign.group())};", short).split())
