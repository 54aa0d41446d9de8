"""Which rules run: codes, prefixes of codes, names and ALL, the more specific selector winning over the more general one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from kerlint.mistake import MistakeError, meant
from kerlint.rule import Rule, rules

OPINION = "KER9"
"""The family that is off until it is selected."""
EXACT = 100
"""The specificity of a whole code or a name; a prefix has its length, ALL has 0."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What one place says about rules: a configuration file, or the command line. `select` starts afresh, None keeps what was there."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()


def find(name: str) -> Rule:
    """The rule with this code or name. Raises MistakeError with the nearest ones."""
    known = rules()
    rule = known.get(name.upper()) or next((rule for rule in known.values() if rule.name == name.lower()), None)
    if rule is None:
        raise MistakeError(f'unknown rule "{name}"{meant_rule(name)}')
    return rule


def meant_rule(name: str) -> str:
    """What was probably meant by the wrong name of a rule."""
    return meant(name, [*rules(), *(rule.name for rule in rules().values())])


@cache
def covered(selector: str) -> tuple[int, frozenset[str]]:
    """How specific a selector is, and the codes that it covers. Raises MistakeError when it covers none."""
    if selector.upper() == "ALL":
        return 0, frozenset(code for code, rule in rules().items() if rule.on)
    if re.fullmatch(r"(?i)KER\d{0,2}", selector):
        prefix = selector.upper()
        codes = frozenset(code for code, rule in rules().items() if code.startswith(prefix) and rule.on)
        if not codes:
            raise MistakeError(f'no rule starts with "{selector}"; `kerlint rules` lists them')
        return len(prefix), codes
    return EXACT, frozenset({find(selector).code})


def usual() -> frozenset[str]:
    """The codes of the rules that run when nothing is configured."""
    return frozenset(code for code, rule in rules().items() if rule.on and not code.startswith(OPINION))


def enabled(layers: Iterable[Selection]) -> frozenset[str]:
    """The codes that run after all layers, the later ones going before the earlier ones."""
    active = usual()
    for layer in layers:
        wanted = (*(layer.select or ()), *layer.extend)
        verdicts = _verdicts(wanted, layer.ignore)
        kept = frozenset() if layer.select is not None else active
        active = (kept - {code for code, on in verdicts.items() if not on}) | {code for code, on in verdicts.items() if on}
    return active


def _verdicts(wanted: Sequence[str], ignored: Sequence[str]) -> dict[str, bool]:
    ranked = sorted(
        (covered(selector)[0], not on, selector) for on, selectors in ((True, wanted), (False, ignored)) for selector in selectors
    )
    return {code: not off for _, off, selector in ranked for code in covered(selector)[1]}
