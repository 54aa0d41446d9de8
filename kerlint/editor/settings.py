"""What the editor sets: in initializationOptions, or as the section `kerlint` of its configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kerlint.editor import messages
from kerlint.mistake import MistakeError, meant

SECTION = "kerlint"
CLIENTS = ("path", "args", "importStrategy", "trace", "interpreter")
"""Settings that concern the client alone."""


class Settings(msgspec.Struct, frozen=True, rename="camel"):
    """The settings, with their defaults."""

    enable: bool = True
    select: tuple[str, ...] = ()
    """As the keys of a configuration of these names; empty: what the configuration says."""
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    min_confidence: str = ""
    configuration: str = ""
    """A configuration file that counts for all files."""
    isolated: bool = False
    """Read no configuration file, and load no rules that are not kerlint's own."""
    code_lens: bool = True
    inlay_hints: bool = False
    lint_workspace: bool = False
    debounce: int = 300
    """Milliseconds that a change waits for the next one."""

    def analysis(self) -> messages.Settings:
        """Those that change findings."""
        lists = {"select": self.select, "ignore": self.ignore, "extend-select": self.extend_select}
        table: dict[str, object] = {key: list(names) for key, names in lists.items() if names}
        if self.min_confidence:
            table["min-confidence"] = self.min_confidence
        return messages.Settings(table, self.configuration or None, self.isolated)


_KEYS = Settings.__struct_encode_fields__


def settings(found: object) -> Settings:
    """The settings of an object that the editor has sent; null stands for a default. Raises MistakeError."""
    table = dict(_table(found))
    for key in table:
        if key not in _KEYS:
            raise MistakeError(f'the editor sets an unknown key "{SECTION}.{key}"{meant(key, _KEYS)}')
    try:
        return msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `$.")
        raise MistakeError(f"the editor's {SECTION}.{place.rstrip('`')}: {reason[0].lower()}{reason[1:]}") from error


def _table(found: object) -> Iterator[tuple[str, Any]]:
    match found:
        case {"settings": dict() as inner} | {"kerlint": dict() as inner}:
            yield from _table(inner)
        case dict():
            yield from ((key, value) for key, value in found.items() if key not in CLIENTS and value is not None)
        case _:
            return
