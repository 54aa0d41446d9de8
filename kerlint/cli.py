"""The command line: a user's mistake becomes one sentence and exit code 2, whatever it is about."""

from __future__ import annotations

import gc
import io
import os
import sys

from kerlint.command import CLEAN, INTERRUPTED, WRONG, mistaken
from kerlint.completion import VARIABLE
from kerlint.mistake import MistakeError
from kerlint.options import plain

YOUNG = 100_000
"""Objects that are made before the newest ones are looked through for garbage. A command makes many that stay (findings, records) and
is soon over: with Python's own threshold of 700, a warm run spends half its time on looking for what is not there."""


def main(args: list[str]) -> int:
    """Run a command and return the exit code."""
    gc.set_threshold(YOUNG)
    for stream in (sys.stdout, sys.stderr):
        match stream:
            case io.TextIOWrapper():
                # A path or a line of code that the terminal's encoding lacks must not stop a report.
                stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(args or ["--help"])
        sys.stdout.flush()
    except MistakeError as error:
        return mistaken(str(error))
    except KeyboardInterrupt:
        print(file=sys.stderr)  # a terminal has written ^C
        return mistaken("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more must be written when the interpreter closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLEAN
    return code if args else WRONG


def _run(args: list[str]) -> int:
    """A plain check is run without click; whatever else is said needs it."""
    if VARIABLE not in os.environ and (call := plain(args)):
        from kerlint.check_command import check

        return check(*call)
    from kerlint.commands import run

    return run(args)
