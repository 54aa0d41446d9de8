"""`--timing`: how long a run spends in each of its phases and in each rule."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kerlint.finding import Finding
    from kerlint.rule import Rule

MOST_RULES = 20
"""Rules that are listed, the slowest ones; `-v` lists all."""
_NOTHING = nullcontext()


class Untimed:
    """Nobody asks how long anything takes."""

    def phase(self, name: str) -> AbstractContextManager[None]:
        """What is done within counts for a phase."""
        return _NOTHING

    def rule(self, rule: Rule, found: Iterable[Finding]) -> Iterable[Finding]:
        """What a check yields; looking for it counts for the rule."""
        return found


UNTIMED = Untimed()


class Clock(Untimed):
    """Seconds by phase and by rule. A phase within another one counts for itself only."""

    def __init__(self) -> None:
        self.phases: dict[str, float] = {}
        self.rules: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """What is done within counts for a phase."""
        self._count()
        self._open.append(name)
        try:
            yield
        finally:
            self._count()
            self._open.pop()

    def rule(self, rule: Rule, found: Iterable[Finding]) -> Iterable[Finding]:
        """What a check yields, at once; looking for it counts for the rule."""
        start = time.perf_counter()
        yielded = list(found)
        title = f"{rule.code} {rule.name}"
        self.rules[title] = self.rules.get(title, 0.0) + time.perf_counter() - start
        return yielded

    def _count(self) -> None:
        """Give the time since the last change of phase to the phase that was running."""
        now = time.perf_counter()
        if self._open:
            self.phases[self._open[-1]] = self.phases.get(self._open[-1], 0.0) + now - self._since
        self._since = now


def started() -> Clock:
    """A clock that knows what the start of Python has taken. The large libraries are loaded now, so that no phase pays for them."""
    with (clock := Clock()).phase("load libraries"):
        import kerlint.flows
        import kerlint.locating
        import kerlint.placing
        import kerlint.semantics.interpreter
        import kerlint.semantics.provenance
        import kerlint.suppression  # noqa: F401
        from kerlint.engine import check_of
        from kerlint.rule import rules

        for rule in rules().values():
            check_of(rule.code, rule.name)
    return clock


def lines(clock: Untimed, everything: bool) -> Iterator[str]:
    """Two tables: the phases in their order, the slowest rules first. Nothing, where nobody asked."""
    match clock:
        case Clock():
            yield from _tables(clock, everything)


def _tables(clock: Clock, everything: bool) -> Iterator[str]:
    yield from _table("phase", clock.phases.items(), sum(clock.phases.values()))
    ranked = sorted(clock.rules.items(), key=lambda pair: -pair[1])
    shown = ranked if everything else ranked[:MOST_RULES]
    rest = ranked[len(shown) :]
    more = [(f"{len(rest)} other rules", sum(seconds for _, seconds in rest))] if rest else []
    if ranked:
        yield ""
        yield from _table("rule", [*shown, *more], sum(clock.rules.values()))


def _table(title: str, rows: Iterable[tuple[str, float]], total: float) -> Iterator[str]:
    rows = [*rows, ("all", total)]
    width = max(len(name) for name, _ in (*rows, (title, 0.0)))
    yield f"{title:<{width}}  milliseconds  share"
    for name, seconds in rows:
        yield f"{name:<{width}}  {seconds * 1000:>12,.1f}  {seconds / total if total else 0:>5.0%}"
