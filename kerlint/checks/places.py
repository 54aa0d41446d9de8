"""Where the values of a finding were first written, as related places: the finding itself stands where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.finding import Related
from kerlint.semantics.values import Value

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Node


def related(node: Node | None, message: str) -> tuple[Related, ...]:
    """A place beside a finding, where there is one."""
    return () if node is None else (Related(node, message),)


def origin_of(value: Value | None, message: str = "written here") -> tuple[Related, ...]:
    """The place where a value was first written, when it came through a name to where it is used."""
    return (Related(value.origin, message),) if value is not None and value.origin is not None else ()
