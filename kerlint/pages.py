"""What `kerlint rule`, `kerlint rules` and `kerlint config` print: the pages of rules and the keys of a configuration, for a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kerlint.markdown import WIDEST as WIDEST
from kerlint.markdown import rendered, wrapped
from kerlint.mistake import MistakeError, meant
from kerlint.reports import BOLD, TINT, Paint
from kerlint.selection import begins, find, usual

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.selection import Known

FIXES = {"safe": "safe", "unsafe": "unsafe", "mixed": "safe or unsafe, as it says below", "none": "none"}
"""What a page may say of its fix, in words."""
_COLUMN = {"safe": "safe", "unsafe": "unsafe", "mixed": "mixed", "none": "-"}
_TOML = re.compile(r"^```toml\n.*?^```[ \t]*\n", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"\A\s*# .+\n+")


def page(rule: Rule, paint: Paint, columns: int = WIDEST) -> Iterator[str]:
    """A rule's page, its settings in words."""
    facts = [paint(rule.severity.name, TINT[rule.severity]), *_traits(rule)]
    yield f"{paint(rule.code, BOLD)} {rule.name} ({', '.join(facts)})"
    yield paint(rule.title, BOLD)
    yield ""
    before, _, after = _TOML.sub("\0", _TITLE.sub("", rule.text), count=1).partition("\0")
    lines = [*rendered(before, paint, columns), *_settings(rule, paint, columns), *rendered(after, paint, columns)]
    yield from lines[:-1] if lines[-1:] == [""] else lines


def markdown(rule: Rule) -> str:
    """A rule's page in Markdown, its settings as a list in the place of the block that says them."""
    values = ((name, json.dumps(option.default, ensure_ascii=False), option.source) for name, option in rule.documented.items())
    options = [f"* `{name} = {value}`: {source}" for name, value, source in values]
    listed = "\n".join((f"Options, set in `[tool.kerlint.rules.{rule.code}]`:", "", *options)) if options else ""
    return re.sub(r"\n{3,}", "\n\n", _TOML.sub(lambda _: listed + "\n", rule.text, count=1)).strip() + "\n"


def _traits(rule: Rule) -> Iterator[str]:
    if not rule.on:
        yield "off until selected"
    if rule.fix != "none":
        yield f"fix: {FIXES[rule.fix]}"


def chosen(names: Iterable[str], known: Known, other: Iterable[Rule] = ()) -> list[Rule]:
    """The rules of these codes, beginnings of codes and names, or other ones when there are none. Raises MistakeError."""
    found = {
        rule.code: rule for name in names for rule in [rule for rule in known.values() if begins(name, rule.code)] or [find(name, known)]
    }
    rules = list(found.values()) or list(other)
    if not rules:
        raise MistakeError("which rule? give a code or a name, or --all; `kerlint rules` lists them")
    return rules


def _settings(rule: Rule, paint: Paint, columns: int) -> Iterator[str]:
    if rule.documented:
        yield f"Options, set in [tool.kerlint.rules.{rule.code}]:"
    for name, option in rule.documented.items():
        value = json.dumps(option.default, ensure_ascii=False)
        for number, line in enumerate(wrapped(f"{name} = {value}: {option.source}", paint, min(columns, WIDEST) - 4)):
            yield f"{'    ' if number else '  '}{line}"
    if rule.documented:
        yield ""


def table(rules: Iterable[Rule], paint: Paint) -> Iterator[str]:
    """One line for each rule: code, name, severity, what its fix does, whether it runs when nothing is selected, title."""
    rules = list(rules)
    code, name = (max(len(word) for word in words) for words in ([rule.code for rule in rules], [rule.name for rule in rules]))
    for rule in rules:
        severity = paint(f"{rule.severity.name:<7}", TINT[rule.severity])
        runs = "on " if rule.code in usual({rule.code: rule}) else "off"
        yield f"{paint(f'{rule.code:<{code}}', BOLD)}  {rule.name:<{name}}  {severity}  {_COLUMN[rule.fix]:<6}  {runs}  {rule.title}"


def keys() -> Iterator[str]:
    """One line for each key of a configuration."""
    from kerlint.settings import KEYS

    width = max(map(len, KEYS))
    for name in KEYS:
        yield f"{name:<{width}}  {about(name)[0]}"


def key(name: str) -> Iterator[str]:
    """A key with its default. Raises MistakeError when there is none of that name."""
    from kerlint.settings import KEYS, choices_of

    if name not in KEYS:
        raise MistakeError(f'unknown key "{name}"{meant(name, KEYS)}')
    description, default = about(name)
    yield description
    yield ""
    if choices_of(name):
        yield f"One of: {', '.join(choice or json.dumps(choice) for choice in choices_of(name))}"
    yield f"Default: {default}"


def about(name: str) -> tuple[str, str]:
    """The description of a key and its default, as JSON."""
    from typing import get_type_hints

    from kerlint.settings import Settings, attribute

    meta = get_type_hints(Settings, include_extras=True)[attribute(name)].__metadata__[0]
    return meta.description, json.dumps(getattr(Settings(), attribute(name)), ensure_ascii=False)
