"""What is wrong with the keys that a file or the command line sets, said in one sentence with what was probably meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from kerlint.finding import Severity
from kerlint.mistake import MistakeError, meant
from kerlint.selection import covered, find, meant_rule
from kerlint.settings import FOLDERS, KEYS, Layer, Settings, Table, choices_of, tables_of

if TYPE_CHECKING:
    from kerlint.selection import Known


def typed(layer: Layer) -> Settings:
    """The keys that a layer sets, of the types that they must have."""
    if not layer.table:
        return Settings()
    for key in layer.table:
        if key not in KEYS:
            raise MistakeError(f'{layer.origin}: unknown key "{key}"{meant(key, KEYS)}')
    try:
        settings = msgspec.convert(layer.table, Settings)
    except msgspec.ValidationError as error:
        raise MistakeError(_reason(str(error), layer)) from error
    match settings.rules:
        case dict(tables):
            for name, table in tables.items():
                if isinstance(table, dict) == (name == FOLDERS):
                    expected = "a list of folders" if name == FOLDERS else "a table"
                    raise MistakeError(f"{layer.where(f'rules.{name}')}: expected {expected}, got {_kind(table)}")
    return settings


def checked(layer: Layer, settings: Settings, known: Callable[[], Known]) -> None:
    """Whether all rules and options that a layer names are known; pages are only read for a layer that names some."""
    for key, names in _selectors(settings, layer.table):
        for name in names:
            _check_rule(layer.where(key), name, known())
    if settings.fail_on not in Severity.__members__:
        _check_rule(layer.where("fail-on"), settings.fail_on, known(), tuple(Severity.__members__))
    for name, table in tables_of(settings):
        _check_options(layer.where(f"rules.{name}"), name, table, known())


def _selectors(settings: Settings, table: Table) -> Iterable[tuple[str, tuple[str, ...]]]:
    """What a table says of rules; the default of a key that it does not set is no affair of its author."""
    every = {"select": settings.select, "ignore": settings.ignore, "extend-select": settings.extend_select}
    yield from ((key, names) for key, names in every.items() if key in table)
    if "per-file-ignores" in table:
        yield from ((f'per-file-ignores."{pattern}"', names) for pattern, names in settings.per_file_ignores.items())


def _check_rule(where: str, name: str, known: Known, severities: tuple[str, ...] = ()) -> None:
    try:
        covered(name, known) if not severities else find(name, known)
    except MistakeError as error:
        reason = (
            f'"{name}" is neither a severity ({", ".join(severities)}) nor a rule{meant(name, severities)}' if severities else str(error)
        )
        raise MistakeError(f"{where}: {reason}") from error


def _reason(message: str, layer: Layer) -> str:
    """The reason that msgspec gives, in the words of the file: `fail-on: expected str, got int`."""
    reason, _, place = message.partition(" - at `$")
    key = place.rstrip("`").lstrip(".").replace("[...]", "")
    if key in layer.table and "enum value" in reason:
        choices = choices_of(key)
        return f'{layer.where(key)}: "{layer.table[key]}" is none of {", ".join(choices)}{meant(str(layer.table[key]), choices)}'
    return f"{layer.where(key)}: {reason[0].lower()}{reason[1:]}".replace("`", "").replace(" | null", "")  # which TOML does not have


def _check_options(where: str, name: str, table: Table, known: Known) -> None:
    try:
        rule = find(name, known)
    except MistakeError as error:
        raise MistakeError(f"{where}: unknown rule{meant_rule(name, known)}") from error
    for key, value in table.items():
        if key == "severity":
            if value not in Severity.__members__:
                raise MistakeError(f'{where}.severity: "{value}" is none of error, warning, info{meant(str(value), Severity.__members__)}')
        elif key not in rule.options:
            options = ("severity", *rule.options)
            raise MistakeError(f'{where}: unknown option "{key}"{meant(key, options) or "; it has " + ", ".join(options)}')
        elif not _like(value, rule.options[key]):
            raise MistakeError(f"{where}.{key}: expected {_kind(rule.options[key])}, got {_kind(value)}")


def _like(value: object, default: object) -> bool:
    return _kind(value) == _kind(default)


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list() | tuple():
            return "a list"
        case _:
            return "a table"
