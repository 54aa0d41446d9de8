"""The knowledge of catalog/data.toml: which library call does what to data, and what the well-known datasets hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import tomli

FILE = Path(__file__).parent.parent / "catalog" / "data.toml"
OPERATIONS = ("arithmetic", "functions", "arrays", "indexing", "axes", "tables", "sources", "streams", "preparation")
"""The sections of the file whose entries are functions of the module of that name."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What a call does: the function that computes its facts, its effect, and what else the table says."""

    module: str
    function: str
    about: Mapping[str, Any]

    @property
    def effect(self) -> str:
        """The effect of the step that it adds to a path."""
        return str(self.about.get("effect", "other"))


@cache
def tables() -> dict[str, Any]:
    """The whole file."""
    return tomli.loads(FILE.read_text(encoding="utf-8"))


@cache
def words(section: str, key: str) -> frozenset[str]:
    """A list of names."""
    return frozenset(tables()[section][key].split())


@cache
def _operations() -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    for module in OPERATIONS:
        for function, about in tables()[module].items():
            operation = Operation(module, about.get("does", function), about)
            found.update(dict.fromkeys(about["names"].split(), operation))
    return found


@lru_cache(maxsize=2048)
def operation(name: str) -> Operation | None:
    """What a term of this name does, or None.

    The file names a function in full ("tensorflow.random.normal"), anywhere in a library ("keras.*.to_categorical") or, for the
    array libraries that agree on it, by its last word ("reshape"); methods are ".reshape()", attributes ".values".
    """
    known = _operations()
    if name in known:
        return known[name]
    if name.startswith(".") or "." not in name:
        return None
    library, _, last = name.partition(".")[0], "", name.rpartition(".")[2]
    anywhere = known.get(f"{library}.*.{last}")
    if anywhere is not None or library not in words("libraries", "arrays"):
        return anywhere
    return known.get(last)


@lru_cache(maxsize=2048)
def entry(section: str, name: str) -> Mapping[str, Any] | None:
    """A table of a section by full name or by the last word of it."""
    found: Mapping[str, Mapping[str, Any]] = tables()[section]
    return found.get(name) or found.get(name.rpartition(".")[2])


@cache
def _short() -> dict[str, str]:
    return dict(tables()["libraries"]["short"])


@lru_cache(maxsize=2048)
def spoken(name: str) -> str:
    """A call as a user would say it: "cifar10.load_data()", "np.array()", "astype()", "StandardScaler()"."""
    if name.startswith("."):
        return name[1:]
    if "." not in name:
        return name
    library, _, rest = name.partition(".")
    module, _, last = rest.rpartition(".")
    short = _short().get(library)
    if short is not None:
        return f"{short}.{last}()" if not module or last[:1].isupper() else f"{short}.{module}.{last}()"
    near = module.rpartition(".")[2]
    return f"{near}.{last}()" if last in words("libraries", "vague") and near else f"{last}()"
