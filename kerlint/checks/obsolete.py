"""What a program uses that Keras 3 no longer has: found in one pass for all rules of the migration, then told rule by rule (KER8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kerlint.checks import certainty
from kerlint.finding import Finding, Fix, Severity
from kerlint.semantics.catalog import migration
from kerlint.semantics.catalog.migration import Row
from kerlint.semantics.program import kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from kerlint.rule import Rule
    from kerlint.semantics.program import Program, Use
    from kerlint.syntax.nodes import Node


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that is obsolete: the row of the table that says so, where it stands, and what replaces it."""

    row: Row
    node: Node | None
    old: str
    new: str = ""
    variant: str = ""
    fix: Fix | None = None
    doubt: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


def reported(program: Program, rule: Rule) -> Iterator[Finding]:
    """The findings of a rule that the table alone tells."""
    for hit in hits(program).get(rule.code, ()):
        facts: Mapping[str, Any] = hit.facts
        yield rule.finding(
            hit.node,
            hit.variant if hit.variant in rule.messages else "",
            severity=severity(program, hit.row, rule),
            confidence=certainty.of(hit),
            fix=hit.fix,
            old=hit.old,
            new=hit.new,
            since=since(hit.row),
            breaks=hit.row.breaks,
            instead=instead(hit),
            **facts,
        )


def severity(program: Program, row: Row, rule: Rule) -> Severity:
    """Advice as long as the Keras that the project asks for still takes it, or where Keras 3 only warns."""
    if row.severity:
        return Severity[row.severity]
    return rule.severity if program.keras >= row.broke else Severity.info


def since(row: Row) -> str:
    """The version that broke it: "Keras 2.13"."""
    return f"Keras {row.broke[0]}.{row.broke[1]}" if row.broke[1] or row.broke[0] < 3 else f"Keras {row.broke[0]}"


def instead(hit: Hit) -> str:
    """What to write, as a hint says it."""
    if hit.new:
        return f"write `{hit.new}`"
    return f"use {hit.row.instead}" if hit.row.instead else "nothing takes its place"


@kept()
def hits(program: Program) -> Mapping[str, list[Hit]]:
    """All that is obsolete, by the code of the rule that tells it; each place once."""
    from kerlint.checks import model_files, moved, outdated, refused, renamed

    found: dict[str, list[Hit]] = {}
    seen: set[tuple[str, int, str]] = set()
    if not _concerned(program):
        return found
    readers: tuple[Callable[[Program], Iterator[Hit]], ...] = (moved.hits, renamed.hits, outdated.hits, refused.hits, model_files.hits)
    for reader in readers:
        for hit in reader(program):
            key = hit.row.code, 0 if hit.row.once else id(hit.node), hit.old
            if key not in seen:
                seen.add(key)
                found.setdefault(hit.row.code, []).append(hit)
    return found


def _concerned(program: Program) -> bool:
    """Whether the file itself reaches for Keras as Keras 3 is reached; `tf_keras` stays what it was."""
    return not any(found.path.startswith("tf_keras") for found in program.imports)


@kept()
def calls(program: Program) -> list[Use]:
    """The calls of Keras and TensorFlow that are made whatever version there is, in order."""
    found = program.used_as(lambda name: name.startswith(("keras", "tensorflow")))
    return [use for use in found if use.via and not use.guarded]


def namespace(via: str) -> str:
    """The namespace that a path is reached by: "keras", "tf.keras", or "" when Keras 3 does not replace it."""
    return migration.rooted(via)[1]
