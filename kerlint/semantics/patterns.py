"""The patterns of `match`: whether a value fits one, and the names that it binds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kerlint.semantics.expressions import evaluate
from kerlint.semantics.values import MISSING, Items, Unknown, Value, hashed, python
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter


def matches(run: Interpreter, pattern: syntax.MatchPattern, subject: Value) -> bool | None:
    """Whether the pattern fits, None when that is not known; its names are bound."""
    match pattern:
        case syntax.MatchAs(pattern=inner, name=name):
            fits = True if inner is None else matches(run, inner, subject)
            if name is not None:
                run.assign(name, subject)
            return fits
        case syntax.MatchValue(value=wanted):
            return _equal(subject, evaluate(run, wanted))
        case syntax.MatchOr(patterns=alternatives):
            verdicts = [matches(run, alternative, subject) for alternative in alternatives]
            return True if True in verdicts else None if None in verdicts else False
        case syntax.MatchSequence(patterns=parts):
            return _sequence(run, parts, subject)
        case _:
            _bind_unknown(run, pattern)
            return None


def _equal(subject: Value, wanted: Value) -> bool | None:
    left, right = python(subject, MISSING), python(wanted, MISSING)
    return None if left is MISSING or right is MISSING else bool(left == right)


def _sequence(run: Interpreter, parts: Sequence[Any], subject: Value) -> bool | None:
    starred = any(isinstance(part, syntax.MatchStar) for part in parts)
    match subject:
        case Items(items) if not starred:
            if len(items) != len(parts):
                return False
            verdicts = [matches(run, part, item) for part, item in zip(parts, items, strict=True)]
            return False if False in verdicts else None if None in verdicts else True
        case _ if hashed(subject) is not MISSING and not isinstance(subject, Items):
            return False
        case _:
            for part in parts:
                _bind_unknown(run, part)
            return None


def _bind_unknown(run: Interpreter, node: syntax.Node) -> None:
    for name in _names(node):
        run.assign(name, Unknown("a part of a pattern", node=name))


def _names(node: syntax.Node) -> Iterator[syntax.Name]:
    match node:
        case (
            syntax.MatchAs(name=syntax.Name() as name)
            | syntax.MatchStar(name=syntax.Name() as name)
            | syntax.MatchMapping(rest=syntax.Name() as name)
        ):
            yield name
        case _:
            pass
    for child in syntax.parts(node):
        yield from _names(child)
