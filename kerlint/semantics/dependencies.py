"""The version of Keras that a project asks for: in its configuration, else in the dependencies that it declares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

Version = tuple[int, int]
NEWEST: Version = (3, 99)
LAST: dict[str, Version] = {"2": (2, 15), "3": NEWEST}
"""The last version of each generation: Keras 2 ended with 2.15 (tf_keras goes on with its interface)."""
FIRST_WITH_KERAS_3: Version = (2, 16)
"""The first TensorFlow whose `tf.keras` is Keras 3; those before bring the Keras of their own number."""
FILES = ("pyproject.toml", "setup.cfg", "setup.py")
LARGEST = 200_000
"""Bytes of a file of dependencies that are read."""
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)
_NEED = re.compile(
    r"(?<![\w./-])(?P<name>keras|tensorflow|tensorflow[-_]gpu|tensorflow[-_]cpu|tf[-_]keras)(?![\w./-])(?:\[[^\]]*\])?"
    r"""(?:["']?\s*=\s*["'])?\s*\(?(?P<limits>(?:(?:==|~=|<=|<|>=|>|!=|\^)\s*[\d.*]+\w*\s*,?\s*)*)""",
    re.IGNORECASE,
)
"""`tensorflow>=2.4,<2.16` of a requirement, `tensorflow = "^2.4"` of Poetry."""
_LIMIT = re.compile(r"(==|~=|<=|<|\^)\s*(\d+)(?:\.(\d+))?(\.\d+)?")


def target(root: Path, wanted: str) -> Version:
    """The newest version of Keras that may be meant: what the configuration says ("2", "3"), what `root` declares, else the newest."""
    if wanted:
        return LAST[wanted]
    return min((version for text in _declarations(root) for version in _allowed(text)), default=NEWEST)


def _declarations(root: Path) -> Iterator[str]:
    try:
        names = sorted(os.listdir(root))
    except OSError:  # there is no such folder
        return
    required = [name for name in names if name.startswith("requirements") and name.endswith(".txt")]
    for name in (*(name for name in FILES if name in names), *required):
        file = root / name
        if file.is_file() and file.stat().st_size <= LARGEST:
            yield file.read_text(encoding="utf-8", errors="replace")


def _allowed(text: str) -> Iterator[Version]:
    for need in _NEED.finditer(_COMMENT.sub("", text)):
        name = need["name"].lower()
        if name.startswith("tf"):
            yield LAST["2"]
            continue
        for sign, major, minor, patch in _LIMIT.findall(need["limits"]):
            exact = bool(minor) and sign in ("==", "<=") or bool(patch) and sign == "~="
            yield _keras(name, _upper(sign, int(major), int(minor or 0), exact=exact))


def _upper(sign: str, major: int, minor: int, *, exact: bool) -> Version:
    """The newest version (major, minor) within a limit; `exact` when the limit names the minor one."""
    if sign == "<":
        return (major, minor - 1) if minor else (major - 1, NEWEST[1])
    return (major, minor) if exact else (major, NEWEST[1])


def _keras(name: str, version: Version) -> Version:
    """The Keras that comes with a version of a package."""
    if name != "keras":
        version = NEWEST if version >= FIRST_WITH_KERAS_3 else (2, 2) if version < (2, 0) else version
    return min(version, LAST["2"]) if version < (3, 0) else version
