"""How far a long run is, on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

PATIENCE = 2.0
"""Seconds in which nobody asks how far it is."""
PAUSE = 0.1
"""Seconds between two messages."""


def progress(stream: TextIO, *, silent: bool) -> Callable[[int, int], None]:
    """Says on a terminal how many files are done; what it says is gone at the end."""
    if silent or not stream.isatty():
        return lambda done, total: None
    due = time.monotonic() + PATIENCE
    shown = 0

    def say(done: int, total: int) -> None:
        nonlocal due, shown
        now = time.monotonic()
        if done == total and shown:
            stream.write("\r" + " " * shown + "\r")
            stream.flush()
        elif done < total and now >= due:
            line = f"{done:,} of {total:,} files"
            stream.write("\r" + line)
            stream.flush()
            due, shown = now + PAUSE, len(line)

    return say
