"""The JSON schema of a configuration, made of the types of its keys and the options of all rules; `python -m kerlint.schema` prints it."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from typing import Any

import msgspec

from kerlint import PAGES
from kerlint.finding import Severity
from kerlint.rule import Option, Rule, rules
from kerlint.settings import FOLDERS, Settings

NAME = "kerlint.schema.json"
DRAFT = "http://json-schema.org/draft-07/schema#"
"""What editors' TOML plugins (Taplo, SchemaStore) read."""
SELECTING = ("select", "ignore", "extend-select")
_SEVERITIES = [severity.name for severity in reversed(Severity)]

Schema = dict[str, Any]


def schema() -> Schema:
    """The schema of `kerlint.toml`, and of the table [tool.kerlint] of a pyproject.toml."""
    made = msgspec.json.schema(Settings)["$defs"]["Settings"]
    keys: Schema = made["properties"]
    selector = _suggested([*_prefixes(), *rules(), *(rule.name for rule in rules().values()), "ALL"])
    for key in SELECTING:
        keys[key]["items"] = _said("selector")
    keys["per-file-ignores"]["additionalProperties"]["items"] = _said("selector")
    keys["per-file-ignores"]["default"] = msgspec.to_builtins(Settings().per_file_ignores)
    keys["fail-on"] = {**keys["fail-on"], **_suggested([*_SEVERITIES, *rules()])}
    keys["plugins"] = {"description": keys["plugins"]["description"], "type": "array", "items": {"type": "string"}}  # TOML has no null
    keys["rules"] = {"description": keys["rules"]["description"], "anyOf": [_folders(), _tables()]}
    about = "Keys of kerlint.toml, .kerlint.toml and [tool.kerlint] of pyproject.toml."
    definitions = {"selector": selector, **{code: _table(rule) for code, rule in rules().items()}}
    return {"$schema": DRAFT, "$id": f"{PAGES}{NAME}", **made, "title": "kerlint", "description": about, "definitions": definitions}


def text() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _said(name: str) -> Schema:
    """What the schema says once under `definitions`."""
    return {"$ref": f"#/definitions/{name}"}


def _suggested(words: Iterable[str]) -> Schema:
    """A string: words that an editor may offer, and any other, for a project has rules of its own."""
    return {"anyOf": [{"enum": list(words)}, {"type": "string"}]}


def _prefixes() -> list[str]:
    return sorted({code[:length] for code in rules() for length in (3, 4, 5)})


def _folders() -> Schema:
    return {"type": "array", "items": {"type": "string"}, "description": "The folders of your own rules."}


def _tables() -> Schema:
    """The table `rules`: shipped rules with their options, by code and by name, and any of a project's own."""
    shipped = {word: _said(rule.code) for rule in rules().values() for word in (rule.code, rule.name)}
    own = {"type": "object", "properties": {"severity": {"enum": _SEVERITIES}}}
    return {
        "type": "object",
        "properties": {FOLDERS: _folders(), **shipped},
        "patternProperties": {"^(?!KER)[A-Z]+[0-9]{3}$": own, f"^(?!{FOLDERS}$)[a-z0-9]+(-[a-z0-9]+)*$": own},
        "additionalProperties": False,
    }


def _table(rule: Rule) -> Schema:
    severity = {"enum": _SEVERITIES, "default": rule.severity.name, "description": "How bad it is if it is true."}
    options = {name: _option(option) for name, option in rule.documented.items()}
    return {
        "type": "object",
        "description": f"{rule.code} {rule.name}: {rule.title}",
        "properties": {"severity": severity, **options},
        "additionalProperties": False,
    }


def _option(option: Option) -> Schema:
    known = {"default": option.default} if _finite(option.default) else {}
    return {**_type(option.default), **known, "description": option.source}


def _type(value: object) -> Schema:
    match value:
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list() | tuple():
            return {"type": "array"}
        case _:
            return {"type": "object"}


def _finite(value: object) -> bool:
    """Whether JSON can say it, which has no infinity."""
    match value:
        case float():
            return math.isfinite(value)
        case list(items) | tuple(items):
            return all(map(_finite, items))
        case dict(table):
            return all(map(_finite, table.values()))
        case _:
            return True


if __name__ == "__main__":
    sys.stdout.write(text())
