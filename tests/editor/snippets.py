"""The set-up snippets of docs/editors.md, as a user copies them."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

from editor.editing import ROOT

PAGE = ROOT / "docs" / "editors.md"
_FENCE = re.compile(r'^(?P<indent> *)```(?P<language>\w+) title="(?P<title>[^"]+)"\n(?P<body>.*?)^ *```$', re.MULTILINE | re.DOTALL)


def snippet(below: str, title: str) -> str:
    """The first snippet for a file of this name that stands below a line."""
    text = PAGE.read_text(encoding="utf-8")
    match = next(match for match in _FENCE.finditer(text, text.index(below)) if match["title"] == title)
    return textwrap.dedent(match["body"])


def command(folder: Path) -> Path:
    """A folder for PATH in which `kerlint` is this checkout."""
    binary = folder / "bin" / "kerlint"
    binary.parent.mkdir()
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from kerlint.__main__ import main; sys.exit(main())"
    binary.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n', encoding="utf-8")
    binary.chmod(0o755)
    return binary.parent
