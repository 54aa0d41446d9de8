"""Arguments that no version of Keras takes: the call stops before anything is trained (KER845)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.checks import certainty, repairs
from kerlint.mistake import nearest
from kerlint.semantics import catalog
from kerlint.semantics.catalog import migration
from kerlint.semantics.graph import KerasModel

if TYPE_CHECKING:
    from kerlint.finding import Finding
    from kerlint.rule import Rule
    from kerlint.semantics.program import Program, Use

STARS = frozenset({"*", "**"})


def unknown_argument(program: Program, rule: Rule) -> Iterator[Finding]:
    for use in program.uses:
        entry = catalog.entry(_called(use) or "") if use.keywords else None
        if entry is None or entry.accepts_any or entry.kind not in rule["kinds"] or STARS & use.keywords.keys():
            continue
        known = _known(entry.name)
        if use.keywords.keys() <= known:
            continue
        for name, value in use.keywords.items():
            if name in known or _once_took(entry.name, name):
                continue
            meant = nearest(name, known - use.keywords.keys())
            yield rule.finding(
                repairs.argument(use.node, name) or use.node,
                "near" if meant else "",
                confidence=certainty.of(use, value, use.receiver),
                fix=repairs.fix(f"write `{meant}`", repairs.renamed(use.node, name, meant), safe=False) if meant else None,
                call=entry.name.rpartition(".")[2],
                argument=name,
                meant=meant,
            )


@lru_cache(maxsize=1024)
def _known(name: str) -> frozenset[str]:
    """The arguments that some version of Keras takes."""
    entry = catalog.entry(name)
    return frozenset(parameter.name for parameter in entry.parameters) if entry is not None else frozenset()


def _once_took(name: str, keyword: str) -> bool:
    """Whether an older Keras took an argument: the other rules of migration tell what became of it."""
    return catalog.once_took(name, keyword) or any(migration.argument(name, keyword, space) for space in migration.ROOTS.values())


def _called(use: Use) -> str | None:
    """The canonical name of what is called: a class or function of Keras, or a method of a model that is no class of the user."""
    match use.receiver:
        case None:
            return use.name if migration.rooted(use.via)[0] in migration.ROOTS else None
        case KerasModel(kind="sequential") if use.name == ".add":
            return "keras.Sequential.add"
        case KerasModel():
            return f"keras.Model{use.name}"
        case _:
            return None
