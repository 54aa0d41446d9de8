"""Which rules run: codes, prefixes of codes, names and ALL, the more specific selector winning over the more general one.

A rule that is off (`on = false` on its page) is only left out of what runs by itself. Whoever selects asks for all that the selector
covers, as with ruff and ESLint: `KER9` runs the opinions, `ALL` runs everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from kerlint.mistake import MistakeError, meant

if TYPE_CHECKING:
    from kerlint.rule import Rule

    Known = Mapping[str, Rule]
    """All rules there are to choose from, by code."""

EXACT = 100
"""The specificity of a whole code or a name; a prefix has its length, ALL has 0."""
_CODE = re.compile(r"([A-Za-z]+)\d*")
_PREFIX = re.compile(r"[A-Za-z]+\d{0,2}")


class Selection(msgspec.Struct, frozen=True):
    """What one place says about rules: a configuration file, or the command line. `select` starts afresh, None keeps what was there."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()


def find(name: str, known: Known) -> Rule:
    """The rule with this code or name. Raises MistakeError with the nearest ones."""
    rule = known.get(name.upper()) or next((rule for rule in known.values() if rule.name == name.lower()), None)
    if rule is None:
        raise MistakeError(f'unknown rule "{name}"{meant_rule(name, known)}')
    return rule


def meant_rule(name: str, known: Known) -> str:
    """What was probably meant by the wrong name of a rule."""
    return meant(name, [*known, *(rule.name for rule in known.values())])


def letters(code: str) -> str:
    """What the codes of one author begin with: the "KER" of "KER301", "" for what is no beginning of a code."""
    match = _CODE.fullmatch(code)
    return match[1].upper() if match else ""


def begins(selector: str, code: str) -> bool:
    """Whether a code begins with a selector: KER3 and KER with all of KER301's letters, K not."""
    return letters(selector) == letters(code) and code.startswith(selector.upper())


def covered(selector: str, known: Known) -> tuple[int, frozenset[str]]:
    """How specific a selector is, and the codes that it covers. Raises MistakeError when it covers none."""
    if selector.upper() == "ALL":
        return 0, frozenset(known)
    if _PREFIX.fullmatch(selector) and letters(selector) in map(letters, known):
        codes = frozenset(code for code in known if begins(selector, code))
        if not codes:
            raise MistakeError(f'no rule starts with "{selector}"; `kerlint rules` lists them')
        return len(selector), codes
    return EXACT, frozenset({find(selector, known).code})


def usual(known: Known) -> frozenset[str]:
    """The codes of the rules that run when nothing is configured."""
    return frozenset(code for code, rule in known.items() if rule.on)


def enabled(layers: Iterable[Selection], known: Known) -> frozenset[str]:
    """The codes that run after all layers, the later ones going before the earlier ones."""
    active = usual(known)
    for layer in layers:
        wanted = (*(layer.select or ()), *layer.extend)
        verdicts = _verdicts(wanted, layer.ignore, known)
        kept = frozenset() if layer.select is not None else active
        active = (kept - {code for code, on in verdicts.items() if not on}) | {code for code, on in verdicts.items() if on}
    return active


def _verdicts(wanted: Sequence[str], ignored: Sequence[str], known: Known) -> dict[str, bool]:
    ranked = sorted(
        (covered(selector, known)[0], not on, selector) for on, selectors in ((True, wanted), (False, ignored)) for selector in selectors
    )
    return {code: not off for _, off, selector in ranked for code in covered(selector, known)[1]}
