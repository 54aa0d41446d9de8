"""The patterns of `match`: whether a value fits one, and the names that it binds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import libcst as cst

from kerlint.semantics.expressions import evaluate
from kerlint.semantics.values import MISSING, Items, Unknown, Value, hashed, python

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter


def matches(run: Interpreter, pattern: cst.MatchPattern, subject: Value) -> bool | None:
    """Whether the pattern fits, None when that is not known; its names are bound."""
    match pattern:
        case cst.MatchAs(pattern=inner, name=name):
            fits = True if inner is None else matches(run, inner, subject)
            if name is not None:
                run.assign(name, subject)
            return fits
        case cst.MatchValue(value=wanted) | cst.MatchSingleton(value=wanted):
            return _equal(subject, evaluate(run, wanted))
        case cst.MatchOr(patterns=alternatives):
            verdicts = [matches(run, alternative.pattern, subject) for alternative in alternatives]
            return True if True in verdicts else None if None in verdicts else False
        case cst.MatchList(patterns=parts) | cst.MatchTuple(patterns=parts):
            return _sequence(run, parts, subject)
        case _:
            _bind_unknown(run, pattern)
            return None


def _equal(subject: Value, wanted: Value) -> bool | None:
    left, right = python(subject, MISSING), python(wanted, MISSING)
    return None if left is MISSING or right is MISSING else bool(left == right)


def _sequence(run: Interpreter, parts: Sequence[Any], subject: Value) -> bool | None:
    starred = any(isinstance(part, cst.MatchStar) for part in parts)
    match subject:
        case Items(items) if not starred:
            if len(items) != len(parts):
                return False
            verdicts = [matches(run, part.value, item) for part, item in zip(parts, items, strict=True)]
            return False if False in verdicts else None if None in verdicts else True
        case _ if hashed(subject) is not MISSING and not isinstance(subject, Items):
            return False
        case _:
            for part in parts:
                _bind_unknown(run, part)
            return None


def _bind_unknown(run: Interpreter, node: cst.CSTNode) -> None:
    for name in _names(node):
        run.assign(name, Unknown("a part of a pattern", node=name))


def _names(node: cst.CSTNode) -> Iterator[cst.Name]:
    match node:
        case cst.MatchAs(name=cst.Name() as name) | cst.MatchStar(name=cst.Name() as name) | cst.MatchMapping(rest=cst.Name() as name):
            yield name
        case _:
            pass
    for child in node.children:
        yield from _names(child)
