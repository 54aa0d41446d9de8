"""The child process: guard up, Keras intercepted, the script run as it is, and how it ended told."""

from __future__ import annotations

import asyncio
import builtins
import ctypes
import inspect
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, NoReturn

from kerlint.dynamic import guard, intercept, loops
from kerlint.dynamic.protocol import Ended, Exited, Interrupted, Order, Place, Refused, Started, Stopped, order_of
from kerlint.dynamic.reporting import Reporter

DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG (linux/uapi/linux/prctl.h)."""
LONGEST = 300
"""Characters of the message of an exception that are kept."""
BODIES = 0x2000
"""ast.PyCF_ALLOW_TOP_LEVEL_AWAIT: a cell of a notebook may await."""

_BOLD = re.compile(r"\x1b\[1m(.+?)\x1b\[0m")
_os_exit = os._exit


def main(order_text: str) -> None:
    """Run what an order says. Nothing that the script prints or raises leaves this process but through its pipes."""
    order = order_of(order_text.encode())
    reporter = Reporter(order)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    guards = guard.raise_guard([Path(order.scratch)], order.memory, lambda kind, target: _refused(reporter, kind, target))
    reporter.send(Started(guards, sys.version.split()[0]))
    signal.signal(signal.SIGUSR1, lambda number, frame: _interrupted(reporter, frame))
    os._exit = _exit_told(reporter)  # type: ignore[assignment]
    hooks = intercept.install(reporter)
    try:
        _run(order)
    except SystemExit as error:
        reporter.send(Exited("sys.exit", _code(error), reporter.last(error.__traceback__)))
        _say(error)
        hooks.finish()
    except loops.EnoughError:
        hooks.finish()
        reporter.send(Ended())
    except BaseException as error:  # noqa: BLE001 - whatever the script raises is what is told
        reporter.send(_stopped(reporter, error))
        sys.excepthook(type(error), error, error.__traceback__)
        hooks.finish()
    else:
        hooks.finish()
        reporter.send(Ended())
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the script, and what it has registered for the end, are of no interest any more.
    _os_exit(0)


def _run(order: Order) -> None:
    module = ModuleType("__main__")
    module.__file__ = order.script
    module.__builtins__ = builtins  # type: ignore[attr-defined]
    sys.modules["__main__"] = module
    sys.argv = [order.script, *order.arguments]
    sys.path[0] = str(Path(order.script).parent)
    if order.cells:
        del module.__file__
        vars(module).update(get_ipython=_Shell, display=lambda *things, **options: print(*things))
        for code in _cells(order.cells):
            _execute(code, vars(module))
    else:
        _execute(loops.compiled(Path(order.script).read_bytes(), order.script), vars(module))


def _cells(files: tuple[str, ...]) -> Iterator[CodeType]:
    return (loops.compiled(Path(file).read_bytes(), file, BODIES) for file in files)


def _execute(code: CodeType, names: dict[str, Any]) -> None:
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)


class _Shell:
    """What `get_ipython()` gives in a notebook: it takes everything and does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **options: None


# How it ended


def _stopped(reporter: Reporter, error: BaseException) -> Stopped:
    place: Place | None
    match error:
        case SyntaxError(filename=str(name), lineno=int(line)) if file := reporter.file(name):
            place = reporter.place(file, line)
        case _:
            place = reporter.last(error.__traceback__)
    return Stopped(type(error).__name__, _message(error), place)


def _message(error: BaseException) -> str:
    match error:
        case OSError(filename=str(name), errno=int()) if not isinstance(error, PermissionError):
            return repr(name)
        case OSError(strerror=str(message), filename=str(name)):
            return f"{message}: {name!r}"
        case _:
            text = str(error)
            lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
            # TensorFlow tells the way through a tf.function first and what is wrong last; Keras prints what is wrong in bold.
            bold = _BOLD.search(text)
            return (bold[1] if bold else lines[-1 if lines[0] == "in user code:" else 0])[:LONGEST]


def _code(error: SystemExit) -> int:
    match error.code:
        case None:
            return 0
        case int(code):
            return code
        case _:
            return 1


def _say(error: SystemExit) -> None:
    if isinstance(error.code, str):
        print(error.code, file=sys.stderr)


def _exit_told(reporter: Reporter) -> Callable[[int], NoReturn]:
    def leave(status: int) -> NoReturn:
        reporter.send(Exited("os._exit", status, reporter.here()))
        _os_exit(status)

    return leave


def _refused(reporter: Reporter, kind: str, target: str) -> None:
    reporter.send(Refused(kind, target[:LONGEST], reporter.here()))


def _interrupted(reporter: Reporter, frame: FrameType | None) -> None:
    reporter.send(Interrupted(reporter.here(frame)))
