"""What makes a finding the same one after the code around it has changed: for baselines, and for services that compare two reports."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from kerlint.finding import Finding

_QUOTED = re.compile(r"`([^`]*)`")
_NAME = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")
_COUNTER = re.compile(r"_\d+\b")
_NUMBER = re.compile(r"(?<![\w#])[-+]?\d(?:[\d_.,]*\d)?(?:[eE][-+]?\d+)?")


class Identity(msgspec.Struct, frozen=True, order=True):
    """What stays of a finding when lines move and code is laid out anew; several findings may share it."""

    code: str
    path: str
    """With slashes, from the directory that the one who asks stands in."""
    enclosing: str
    """The function or class that it stands in, else the model that it is about, else ""."""
    shape: str


def identity(finding: Finding, root: Path) -> Identity:
    """The identity of a located finding, its path seen from a directory."""
    assert finding.range is not None
    return Identity(finding.code, seen_from(finding.range.path, root), finding.enclosing, shape_of(finding.message))


def seen_from(path: Path, root: Path) -> str:
    """A path as a file says it that others read on another machine: relative to the file's place, with slashes."""
    try:
        return Path(os.path.relpath(path, root)).as_posix()
    except ValueError:  # another drive of Windows
        return path.absolute().as_posix()


def shape_of(message: str) -> str:
    """A message without what moves in it.

    Numbers change whenever somebody tunes. Quoted code changes with its layout, so only the name that it begins with stays: who formats
    code changes no names, and a name tells a report about `x_train` from one about `x_test`. Names that count (`dense_1`) lose their count,
    which changes when a layer is added in front. Who renames the very thing that a report is about has a new report.
    """
    return " ".join(_NUMBER.sub("#", _QUOTED.sub(_named, message)).split())


def _named(quoted: re.Match[str]) -> str:
    code = quoted[1].strip()
    head = _NAME.match(code)
    if head is None:
        return "`…`"
    name = _COUNTER.sub("_#", re.sub(r"\s+", "", head.group()))
    return f"`{name}`" if head.end() == len(code) else f"`{name}…`"


def fingerprints(findings: Iterable[Finding], roots: Iterable[Path]) -> list[str]:
    """A fingerprint for each finding of a report, none twice; `roots` has for each one the directory that its path is seen from.

    Of equal findings each one has its number in the order of the report: a line that moves past an equal one swaps nothing that shows.
    """
    seen: Counter[Identity] = Counter()
    found = []
    for finding, root in zip(findings, roots, strict=True):
        one = identity(finding, root)
        found.append(_hashed(one, seen[one]))
        seen[one] += 1
    return found


def _hashed(one: Identity, number: int) -> str:
    """128 bits of SHA-256, which make two equal ones among all reports of a project as good as impossible."""
    import hashlib  # 2 ms that a report without fingerprints does not pay

    parts = "\0".join((one.code, one.path, one.enclosing, one.shape, str(number)))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:32]
