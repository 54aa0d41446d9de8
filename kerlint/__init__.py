"""kerlint: a linter that understands Keras training code."""

from __future__ import annotations

__version__ = "0.1.0"
PAGES = "https://kerlint.readthedocs.io/en/stable/"
"""Where the documentation stands; the page of a rule is `rules/KER301-softmax-single-unit/` below it."""
__all__ = ["Finding", "Rule", "Severity", "lint"]

TYPE_CHECKING = False  # as type checkers read it; to import typing takes as long as Python does to start
if TYPE_CHECKING:
    from kerlint.engine import lint
    from kerlint.finding import Finding, Severity
    from kerlint.rule import Rule

_HOMES = {"lint": "engine", "Finding": "finding", "Severity": "finding", "Rule": "rule"}


def __getattr__(name: str) -> object:
    """The public names, imported when they are asked for: `kerlint --version` needs none of them."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'kerlint' has no attribute {name!r}")
    return getattr(import_module(f"kerlint.{_HOMES[name]}"), name)
