"""Models of `keras.applications` whose weights are not at hand: they stay as they were initialized, and that is told."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from kerlint.dynamic.protocol import StandIn
from kerlint.dynamic.reporting import Reporter

MISSING = "weights that are not at hand.h5"
"""The path of weights that could not be loaded; loading it does nothing."""
FILES = ("file_utils", "data_utils")
"""What the applications of Keras 3 and of Keras 2 get their files with."""


class _Files:
    """A module of Keras that gets files, except that weights which cannot be downloaded are none."""

    def __init__(self, files: Any, name: str, reporter: Reporter) -> None:
        self._files, self._name, self._reporter = files, name, reporter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def get_file(self, *args: Any, **kwargs: Any) -> Any:
        """The file, or MISSING."""
        try:
            return self._files.get_file(*args, **kwargs)
        except Exception:
            file = str(kwargs.get("fname") or (args[0] if args else ""))
            if not file.endswith((".h5", ".keras")):
                raise
            self._reporter.stand_in(StandIn(f"weights of {self._name}", self._reporter.here(), "no network is reached"), weights=True)
            return MISSING


def patch(module: ModuleType, reporter: Reporter) -> None:
    """Let a module of Keras's applications do without weights that cannot be had."""
    for name in FILES:
        if name in vars(module):
            vars(module)[name] = _Files(vars(module)[name], f"keras.applications.{module.__name__.rpartition('.')[2]}", reporter)


def load_weights(original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
    """What `load_weights` of a model does."""
    return None if given.get("filepath") == MISSING else original(**given)
