"""What the commands share: where settings come from, colours, and how a mistake is said."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerlint.mistake import MistakeError

if TYPE_CHECKING:
    from kerlint.config import Configs
    from kerlint.reports import Paint
    from kerlint.settings import Layer

CLEAN, WRONG, INTERRUPTED = 0, 2, 130
"""Exit codes of commands that find nothing: all is well; wrong use; what a shell gives for Ctrl-C (128 + SIGINT)."""


def mistaken(message: str, code: int = WRONG) -> int:
    """Tell the user a mistake, and return the exit code."""
    print(f"kerlint: {message}", file=sys.stderr)
    return code


def print_lines(lines: Iterable[str]) -> int:
    """Print lines, and return the exit code."""
    for line in lines:
        print(line)
    return CLEAN


def configs_of(options: dict[str, Any]) -> Configs:
    """The configurations that a command line asks for. Raises MistakeError."""
    from kerlint.config import Configs
    from kerlint.settings import COMMAND_LINE, KEYS, Layer

    above, file = told(options["config"])
    table = {key: value for key, value in _settings(options) if key in KEYS}
    return Configs((*above, Layer(COMMAND_LINE, table)), file, options["isolated"])


def told(texts: Sequence[str]) -> tuple[list[Layer], Path | None]:
    """What `--config` gives: keys, and a file. Raises MistakeError."""
    from kerlint.config import inline
    from kerlint.settings import Layer

    files = [text for text in texts if "=" not in text or Path(text).exists()]
    if len(files) > 1:
        raise MistakeError(f"--config: one file at most, not {' and '.join(files)}")
    return [Layer("--config", inline(text)) for text in texts if text not in files], Path(files[0]).absolute() if files else None


def _settings(options: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The options that were given and that set a key of the configuration."""
    for name, value in options.items():
        match value:
            case tuple():
                if value:
                    yield name.replace("_", "-"), [part.strip() for text in value for part in text.split(",") if part.strip()]
            case str() | True:
                yield name.replace("_", "-"), value
            case None | False:
                pass
            case int() | float():
                yield name.replace("_", "-"), value


def paint_of(color: str) -> Paint:
    """The colours that `--color` and the environment ask for."""
    from kerlint.reports import Paint

    if color != "auto":
        return Paint(color == "always")
    if os.environ.get("NO_COLOR"):
        return Paint(False)
    return Paint(bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty() and os.environ.get("TERM") != "dumb")
