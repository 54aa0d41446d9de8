"""Findings as issues of Azure Pipelines.

https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kerlint.finding import Severity
from kerlint.reports import Batch, sentence


def report(batch: Batch) -> Iterator[str]:
    """`##vso[task.logissue type=error;sourcepath=...;linenumber=4;...]message`; Azure knows errors and warnings."""
    for trouble in batch.troubles:
        yield _issue({"type": "error", "sourcepath": batch.path(trouble.path)}, trouble.message)
    for finding in batch.findings:
        assert finding.range is not None
        place = batch.on_disk(finding.range)
        about = {
            "type": "error" if finding.severity is Severity.error else "warning",
            "sourcepath": batch.path(place.path),
            "linenumber": place.start.row,
            "columnnumber": place.start.column,
            "code": finding.code,
        }
        yield _issue(about, f"{finding.name}: {sentence(finding)}")


def _issue(about: Mapping[str, Any], message: str) -> str:
    said = "".join(f"{name}={_property(str(value))};" for name, value in about.items())
    return f"##vso[task.logissue {said}]{_data(message)}"


def _data(text: str) -> str:
    """As the agent reads it: microsoft/azure-pipelines-agent, docs/preview/percentEncoding.md."""
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
