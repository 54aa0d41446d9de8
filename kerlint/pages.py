"""What `kerlint rule`, `kerlint rules` and `kerlint config` print: the pages of rules and the keys of a configuration, for a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from kerlint.mistake import MistakeError, meant
from kerlint.rule import Rule
from kerlint.selection import Known, begins, find

_TOML = re.compile(r"^```toml\n.*?^```[ \t]*\n", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"\A\s*# .+\n+")


def page(rule: Rule) -> Iterator[str]:
    """A rule's page, its settings in words."""
    yield f"{rule.code} {rule.name} ({rule.severity.name}{'' if rule.on else ', off until selected'})"
    yield rule.title
    yield ""
    settings = "\n".join(_settings(rule))
    yield _TOML.sub(lambda match: f"{settings}\n" if settings else "", _TITLE.sub("", rule.text), count=1).strip()


def chosen(names: Iterable[str], known: Known, other: Iterable[Rule] = ()) -> list[Rule]:
    """The rules of these codes, beginnings of codes and names, or other ones when there are none. Raises MistakeError."""
    found = {
        rule.code: rule for name in names for rule in [rule for rule in known.values() if begins(name, rule.code)] or [find(name, known)]
    }
    rules = list(found.values()) or list(other)
    if not rules:
        raise MistakeError("which rule? give a code or a name, or --all; `kerlint rules` lists them")
    return rules


def _settings(rule: Rule) -> Iterator[str]:
    if rule.documented:
        yield f"Options, set in [tool.kerlint.rules.{rule.code}]:"
    for name, option in rule.documented.items():
        yield f"  {name} = {json.dumps(option.default, ensure_ascii=False)}: {option.source}"


def table(rules: Iterable[Rule]) -> Iterator[str]:
    """One line for each rule."""
    rules = list(rules)
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        yield f"{rule.code}  {rule.name:<{width}}  {rule.severity.name:<7}  {'' if rule.on else '(off) '}{rule.title}"


def keys() -> Iterator[str]:
    """One line for each key of a configuration."""
    from kerlint.config import KEYS

    width = max(map(len, KEYS))
    for name in KEYS:
        yield f"{name:<{width}}  {_about(name)[0]}"


def key(name: str) -> Iterator[str]:
    """A key with its default. Raises MistakeError when there is none of that name."""
    from kerlint.config import KEYS

    if name not in KEYS:
        raise MistakeError(f'unknown key "{name}"{meant(name, KEYS)}')
    description, default = _about(name)
    yield description
    yield ""
    yield f"Default: {default}"


def _about(name: str) -> tuple[str, str]:
    """The description of a key and its default, as JSON."""
    from typing import get_type_hints

    from kerlint.config import KEYS, Settings

    meta = get_type_hints(Settings, include_extras=True)[KEYS[name].name].__metadata__[0]
    return meta.description, json.dumps(getattr(Settings(), KEYS[name].name), ensure_ascii=False)
