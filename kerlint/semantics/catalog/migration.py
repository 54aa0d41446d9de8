"""What Keras 3 no longer has, and what is written instead: migration.toml, held against what the catalogs say exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

from kerlint.semantics import catalog

Version = tuple[int, int]
THIRD: Version = (3, 0)
ROOTS = {"keras": "keras", "tensorflow.keras": "tf.keras"}
"""The roots that Keras 3 is reached by; below others (`tf_keras`, `tf.compat.v1.keras`) Keras 2 lives on."""
METHODS = {"fit_generator": "fit", "evaluate_generator": "evaluate", "predict_generator": "predict"}
"""Methods whose arguments are those of another one now."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table for one old name; the fields are as the table explains them."""

    code: str
    old: str
    broke: Version
    breaks: str
    fix: str
    of: tuple[str, ...] = ()
    new: str = ""
    kind: str = ""
    instead: str = ""
    variant: str = ""
    severity: str = ""
    adds: str = ""
    argument: str = ""
    suffix: str = ""
    namespaces: tuple[str, ...] = ("keras", "tf.keras")
    safe: tuple[str, ...] = ()
    members: Mapping[str, str] = field(default_factory=dict)
    but: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    once: bool = False
    renamed: bool = False
    removed: bool = False
    alike: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """A path of Keras that Keras 3 does not have: the shortest part of it that is missing, as written, and what stands for the whole."""

    missing: str
    path: str
    new: str
    row: Row
    namespace: str


@dataclass(frozen=True, slots=True)
class Word:
    """A string that stands for something, and what it is called now ("" when nothing is)."""

    old: str
    new: str
    row: Row


@cache
def rows(section: str) -> tuple[Row, ...]:
    """The rows of a section of the table, one for each old name."""
    return tuple(row for entry in _table()[section] for row in _rows(entry))


@cache
def _table() -> Mapping[str, Any]:
    import tomli

    return tomli.loads((catalog.HERE / "migration.toml").read_text(encoding="utf-8"))


def _rows(entry: Mapping[str, Any]) -> Iterator[Row]:
    plain = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items() if key not in ("old", "words")}
    major, _, minor = entry["broke"].partition(".")
    of = entry.get("of", ())
    whole: dict[str, Any] = {**plain, "broke": (int(major), int(minor)), "of": (of,) if isinstance(of, str) else tuple(of)}
    for old in _listed(entry.get("old", "")):
        yield Row(**{**whole, "old": old})


def _listed(found: str | list[str]) -> list[str]:
    return [found] if isinstance(found, str) else found


# Paths


@cache
def _public(namespace: str) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a namespace of Keras 3 has, and the modules that these are in."""
    differing = catalog.lines("tfkeras3") if namespace == "tf.keras" else {}
    names = {name for name in catalog.lines("keras3") if differing.get(name) != '"lacks"'}
    names |= {name for name, how in differing.items() if how == '"only"'}
    return frozenset(names), frozenset(module for name in names for module in _above(name))


def _above(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def exists(path: str, namespace: str) -> bool:
    """Whether Keras 3 has it: a name ("keras.layers.Dense"), a module, or a member of a class."""
    names, modules = _public(namespace)
    return path in names or path in modules


@cache
def _known() -> frozenset[str]:
    """Everything that some Keras had, by the catalogs and tables: other paths are not judged (a package may have grown them itself)."""
    table = catalog.table()
    names = {*catalog.lines("keras2"), *table["renamed"], *table["entries"], *table["modules"]}
    return frozenset({*names, *(module for name in names for module in _above(name))})


@lru_cache(maxsize=4096)
def rooted(via: str) -> tuple[str, str, str]:
    """A path as Keras is imported, under the root "keras": root as written, namespace, path; all empty outside of what Keras 3 replaces."""
    for root, namespace in ROOTS.items():
        if via == root or via.startswith(f"{root}."):
            return root, namespace, "keras" + via[len(root) :]
    return "", "", ""


@lru_cache(maxsize=4096)
def gone(via: str) -> Gone | None:
    """What a path as written says that Keras 3 does not have, or None."""
    root, namespace, path = rooted(via)
    if not root:
        return _tensorflow(via)
    missing = next((part for part in _prefixes(path, namespace) if not exists(part, namespace)), None)
    if missing is None or (row := _row(path, missing, namespace)) is None:
        return None
    new = _renewed(path, row, namespace)
    return Gone(root + missing[len("keras") :], path, root + new[len("keras") :] if new else "", row, namespace)


def _tensorflow(via: str) -> Gone | None:
    for row in rows("path"):
        if row.old.startswith("tensorflow.") and (via == row.old or via.startswith(f"{row.old}.")):
            return Gone(row.old, via, "", row, "tensorflow")
    return None


def _prefixes(path: str, namespace: str) -> Iterator[str]:
    """The path from its root on: "keras", "keras.layers", "keras.layers.Dense"; what stands below an existing name is a member of it."""
    parts = path.split(".")
    names = _public(namespace)[0]
    for length in range(1, len(parts) + 1):
        prefix = ".".join(parts[:length])
        yield prefix
        if prefix in names and prefix not in _known_modules():
            return


@cache
def _known_modules() -> frozenset[str]:
    return frozenset({*catalog.table()["modules"], *_public("keras")[1]})


def _row(path: str, missing: str, namespace: str) -> Row | None:
    """The row with the longest old path; a row that holds for whatever a module lost needs a path that once was."""
    table = catalog.table()
    kind = "module" if missing != path or (path in table["modules"] and path not in table["entries"]) else "name"
    fitting = [
        row
        for row in rows("path")
        if namespace in row.namespaces and row.kind in ("", kind) and (path == row.old or path.startswith(f"{row.old}."))
    ]
    second = catalog.lines("keras2").keys()
    best = max(fitting, key=lambda row: (row.old.count("."), row.kind == kind), default=None)
    if best is None or not best.code:
        return None
    if exists(best.old, namespace) and not (path in _known() or missing in _known()):
        return None
    # What the last Keras 2 has in public broke with Keras 3, whatever is said of internal modules.
    return replace(best, broke=max(best.broke, THIRD)) if path in second else best


def _renewed(path: str, row: Row, namespace: str) -> str:
    """What a path is called in Keras 3, or ""."""
    name = path.rpartition(".")[2]
    if row.members or row.fix == "none" or name in row.other:
        return ""
    candidates = [row.new + path[len(row.old) :]] if row.new else []
    canonical = catalog.canonical(path)
    candidates += [f"{canonical.rpartition('.')[0]}.{name}", canonical]  # the name that the file uses, where it still is one
    for candidate in list(candidates):
        last = candidate.rpartition(".")[2]
        candidates += [f"keras.losses.{last}", *(_twins(candidate) if row.code == "KER826" else ())]
    return next((found for found in candidates if found != path and exists(found, namespace)), "")


def _twins(name: str) -> Iterator[str]:
    """Other names of the same function."""
    for alias, line in catalog.lines("keras3").items():
        if line == f'"{name}"':
            yield alias
    module = name.rpartition(".")[0]
    for alias, target in catalog.table()["renamed"].items():
        if target == name and alias.startswith(module) and alias.rpartition(".")[2].isupper():
            yield alias


# Arguments


@lru_cache(maxsize=4096)
def argument(name: str, keyword: str, namespace: str) -> Row | None:
    """The row for an argument that is written in a call of something (by its canonical name), or None when Keras 3 takes it."""
    found = catalog.entry(name)
    kind = found.kind if found is not None else ""
    places = (name, kind)
    parameters = {parameter.name: parameter.versions for parameter in found.parameters} if found is not None else {}
    fitting = [row for row in rows("argument") if namespace in row.namespaces and not {*places}.isdisjoint(row.of) and name not in row.but]
    exact = [row for row in fitting if row.old == keyword]
    if exact:
        return max(exact, key=lambda row: name in row.of)
    if "3" in parameters.get(keyword, ()) or found is None or "3" not in found.versions:
        return None
    new = catalog.renamed_arguments(name, kind).get(keyword)
    if new is not None and "3" in parameters.get(new, ()):
        return next((_with(row, keyword, new) for row in fitting if row.renamed), None)
    if keyword in parameters and not found.accepts_any:
        return next((_with(row, keyword, "") for row in fitting if row.removed), None)
    return None


def _with(row: Row, old: str, new: str) -> Row:
    return replace(row, old=old, new=new)


def word_of_value(argument_name: str, value: str) -> str:
    """What a value of an argument is spelled like now ("channels_first" for "th"), or ""."""
    return next((str(entry["words"].get(value, "")) for entry in _table()["value"] if entry["argument"] == argument_name), "")


def merging(mode: str) -> str:
    """The function that does what `merge(mode=...)` of Keras 1 did, or ""."""
    return str(_table()["merging"][0]["words"].get(mode, ""))


def call(code: str, old: str) -> Row:
    """The row for a call that is refused for what it is given."""
    return next(row for row in rows("call") if row.code == code and row.old == old)


# Methods, attributes, strings


@cache
def methods() -> Mapping[str, tuple[Row, ...]]:
    """The rows for methods, by name."""
    return _by_name("method")


@cache
def attributes() -> Mapping[str, tuple[Row, ...]]:
    """The rows for attributes that are read or set, by name."""
    return _by_name("attribute")


def _by_name(section: str) -> Mapping[str, tuple[Row, ...]]:
    found: dict[str, tuple[Row, ...]] = {}
    for row in rows(section):
        found[row.old] = (*found.get(row.old, ()), row)
    return found


@cache
def words(kind: str) -> Mapping[str, Word]:
    """The strings of a kind ("loss", "metric", "activation", "reduction") that Keras 3 does not know."""
    return {
        old: Word(old, new, row)
        for entry in _table()["string"]
        for row in _rows(entry)
        if kind in row.of
        for old, new in entry["words"].items()
    }
