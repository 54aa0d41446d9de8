"""Canonical names, signatures and argument binding of the public interface of Keras, read from data.

keras3.json and keras2.json are generated (`python -m kerlint.semantics.catalog`); names.toml is written by hand.
Nothing is read before the first question, and of the JSON files only the lines that are asked for are decoded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

T = TypeVar("T")

HERE = Path(__file__).parent
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_KERAS_1 = frozenset(("border_mode", "subsample", "init", "dim_ordering", "bias", "W_regularizer", "b_regularizer"))
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a class or function.

    `plain` is False when its default is an object that the catalog cannot hold; `default` is None then.
    """

    name: str
    default: Any = None
    required: bool = False
    plain: bool = True
    versions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """A public class, function or method of Keras under its canonical name.

    `kind`: layer, model, optimizer, schedule, loss, metric, callback, initializer, regularizer, constraint (classes), activation,
    application, dataset, function, method, class; functions of keras.losses and keras.metrics are loss and metric too (see `is_class`).
    `parameters` in the order of Keras 3, then those that only Keras 2 has.
    """

    name: str
    kind: str
    parameters: tuple[Parameter, ...]
    versions: frozenset[str]
    accepts_any: bool

    @property
    def is_class(self) -> bool:
        """Whether it is a class, by the spelling of its name."""
        return self.name.rpartition(".")[2][:1].isupper()


@lru_cache(maxsize=4096)
def canonical(dotted: str) -> str:
    """The canonical name for a dotted path, as imports spell it: "tensorflow.keras.layers.Convolution2D" is "keras.layers.Conv2D".

    What is not in the catalog comes back as it is, but for the root ("tf_keras.layers.Own" is "keras.layers.Own").
    """
    rooted = _rooted(dotted)
    for name in _spellings(rooted):
        known = _known(name)
        if known is not None:
            return known
    modules = table()["modules"].get(rooted, ())
    return modules[0] if len(modules) == 1 else rooted


@lru_cache(maxsize=2048)
def entry(name: str) -> Entry | None:
    """What the catalog holds under a name (canonical or not), or None."""
    name = canonical(name)
    third, second = (_decoded(lines(version).get(name)) for version in ("keras3", "keras2"))
    second = second or table()["entries"].get(name)
    if name in table()["functions"]:
        second = {"kind": "function", "parameters": table()["functions"][name], "any": True}
    first = third or second
    if first is None:
        return None
    return Entry(
        name,
        first["kind"],
        tuple(_parameters(third, second)),
        frozenset(version for version, found in (("3", third), ("2", second)) if found),
        any(found is not None and found.get("any", False) for found in (third, second)),
    )


def bind(
    name: str,
    positional: Sequence[T],
    keywords: Mapping[str, T],
    pair: Callable[..., T] | None = None,
) -> dict[str, T]:
    """Arguments of a call by their Keras 3 parameter name.

    Give `name` as the user wrote it where that is known: `keras.layers.Convolution2D(32, 3, 3)` is a call of Keras 1, whose second
    and third arguments are the rows and columns of the kernel, but `Conv2D(32, 3, 3)` has strides 3. `pair(rows, columns)` makes the
    one value of two. Positional arguments that no parameter takes are "0", "1" …; keywords that no parameter takes keep their name.
    """
    canonic = canonical(name)
    found = entry(canonic)
    parameters = found.parameters if found else ()
    renamed = renamed_arguments(canonic, found.kind if found else "")
    if is_keras_1(name, positional, keywords):
        keywords = {**dict(zip(("nb_row", "nb_col"), positional[1:3], strict=True)), **keywords}
        positional = positional[:1]
    bound = {parameters[place].name if place < len(parameters) else str(place): value for place, value in enumerate(positional)}
    for keyword, value in keywords.items():
        bound[renamed.get(keyword, keyword)] = value
    for target, parts in table()["pairs"].items():
        if pair is not None and all(part in bound for part in parts):
            bound[target] = pair(*(bound.pop(part) for part in parts))
    return bound


@lru_cache(maxsize=1024)
def conventional(name: str) -> str | None:
    """What a name stands for by convention where nothing binds it (a piece of a script without its imports), or None.

    The names of modules are those of names.toml; a class of Keras is known by its name alone.
    """
    usual = table()["conventions"]
    if name in usual["names"]:
        return str(usual["names"][name])
    if not name[:1].isupper():
        return None
    return next((path for module in usual["modules"] if entry(path := f"{module}.{name}") is not None), None)


def once_took(name: str, keyword: str) -> bool:
    """Whether an older Keras had this argument: under another name now, or as a part of another one."""
    found = entry(name)
    return keyword in renamed_arguments(canonical(name), found.kind if found else "") or any(
        keyword in parts for parts in table()["pairs"].values()
    )


@lru_cache(maxsize=1024)
def defaults(name: str) -> Mapping[str, Any]:
    """The default of each parameter that has one, as Python objects; what the catalog cannot hold is left out."""
    found = entry(name)
    if found is None:
        return _NOTHING
    return MappingProxyType({each.name: each.default for each in found.parameters if not each.required and each.plain})


@lru_cache(maxsize=1024)
def from_string(kind: str, text: str) -> str | None:
    """What Keras makes of a string where it wants an object of a kind: "adam" is "keras.optimizers.Adam"; of activations the name, "relu".

    None for strings that Keras does not know and for "accuracy" and "crossentropy", whose class depends on the loss.
    """
    wanted = text.strip()
    if kind == "activation":
        return _activation(wanted)
    known = table()["strings"].get(kind, _NOTHING)
    if wanted in ("accuracy", "acc", "crossentropy", "ce"):
        return None
    return known.get(wanted.lower()) or _strings(kind).get(wanted) or _strings(kind).get(wanted.lower())


@lru_cache(maxsize=1024)
def loss_class(name: str) -> str | None:
    """The class that does what a function does: a loss, metric or regularizer class by its name, an activation as "relu".

    Classes come back as they are, but layers that apply an activation are its name: "keras.layers.LeakyReLU" is "leaky_relu".
    Functions of TensorFlow are as those of Keras: "tensorflow.nn.relu" is "relu".
    """
    name = canonical(name)
    layers = table()["activations"]
    if name in layers:
        return str(layers[name])
    module, _, last = name.rpartition(".")
    if module in layers["modules"] and _activation(last):
        return _activation(last)
    found = entry(name)
    if found is None or found.is_class:
        return name if found else None
    return from_string(found.kind, last)


def names(kind: str = "") -> Iterator[str]:
    """The canonical names of a kind, or all."""
    for name in dict.fromkeys((*lines("keras3"), *lines("keras2"))):
        found = _known(name) == name and entry(name)
        if found and kind in ("", found.kind):
            yield name


@cache
def module_of(name: str) -> str:
    """The module that a name is also found in, apart from where everybody takes it: "keras.applications.vgg16"; "" for none."""
    aliases = (alias for alias, line in lines("keras3").items() if line == f'"{name}"' and alias.endswith(name[name.rindex(".") :]))
    return next((alias.rpartition(".")[0] for alias in aliases), "")


@cache
def lines(catalog: str) -> dict[str, str]:
    """The lines of a JSON file by name, not decoded: an object is an entry, a string the canonical name of an alias."""
    text = (HERE / f"{catalog}.json").read_text(encoding="utf-8").split("\n")
    parts = (line.partition('": ') for line in text if line.startswith('"'))
    return {name[1:]: value.rstrip(",") for name, _, value in parts}


@cache
def table() -> Mapping[str, Any]:
    """What names.toml holds."""
    import tomli

    return tomli.loads((HERE / "names.toml").read_text(encoding="utf-8"))


def _decoded(line: str | None) -> dict[str, Any] | None:
    if line is None or line.startswith('"'):
        return None
    found: dict[str, Any] = json.loads(line)
    return found


def _rooted(dotted: str) -> str:
    """The path with its root replaced: the longest that the table knows, as often as one is found."""
    roots = table()["roots"]
    parts = dotted.split(".")
    for length in range(min(len(parts), 6), 0, -1):
        root = roots.get(".".join(parts[:length]))
        if root is not None:
            return _rooted(".".join((root, *parts[length:])))
    return dotted


def _spellings(name: str) -> Iterator[str]:
    """A name, then what it may be called now: its module is looked up with and without what follows the modules that the table knows."""
    yield name
    parts = name.split(".")
    modules = table()["modules"]
    for length in range(len(parts) - 1, 1, -1):
        for module in modules.get(".".join(parts[:length]), ()):
            yield ".".join((module, *parts[length:]))
            yield f"{module}.{parts[-1]}"


def _known(name: str) -> str | None:
    """The canonical name, when a table or a generated file has this one."""
    renamed: str | None = table()["renamed"].get(name)
    if renamed is not None:
        return renamed
    if name in table()["entries"]:
        return name
    for catalog in ("keras3", "keras2"):
        line = lines(catalog).get(name)
        if line is not None:
            return name if line.startswith("{") else line[1:-1]
    return None


def _parameters(third: dict[str, Any] | None, second: dict[str, Any] | None) -> Iterator[Parameter]:
    versions: dict[str, set[str]] = {}
    rows: dict[str, list[Any]] = {}
    for version, found in (("3", third), ("2", second)):
        for row in found.get("parameters", ()) if found else ():
            rows.setdefault(row[0], row)
            versions.setdefault(row[0], set()).add(version)
    for name, row in rows.items():
        yield Parameter(name, _default(row), required=len(row) == 1, plain=len(row) < 3, versions=frozenset(versions[name]))


def _default(row: list[Any]) -> Any:
    match row:
        case [_, list() as several, *_]:
            return tuple(several)
        case [_, "None"] | [_]:
            return None
        case _:
            return row[1]


@lru_cache(maxsize=512)
def renamed_arguments(name: str, kind: str) -> Mapping[str, str]:
    """What the arguments of something, of a kind, were called before: old = the argument of Keras 3."""
    arguments = table()["arguments"]
    return {**arguments.get(kind, _NOTHING), **arguments.get(name, _NOTHING)}


def is_keras_1(name: str, positional: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    """Whether the second and third positional arguments of a two-dimensional convolution are rows and columns.

    TensorFlow never had that signature; elsewhere the old class name or another argument of Keras 1 tells.
    """
    last = name.rpartition(".")[2]
    if len(positional) < 3 or not last.endswith(("Convolution2D", "Deconvolution2D", "Conv2D")) or name.startswith("tensorflow"):
        return False
    return last.endswith("onvolution2D") or speaks_keras_1(keywords)


def speaks_keras_1(keywords: Iterable[str]) -> bool:
    """Whether some of these arguments are of Keras 1 only."""
    return not _KERAS_1.isdisjoint(keywords)


@cache
def _strings(kind: str) -> Mapping[str, str]:
    """Class names of a kind as Keras reads them in strings: as they are, in snake case, in small letters, and their aliases."""
    module = f"keras.{kind}{'es' if kind.endswith('s') else 's'}"
    found: dict[str, str] = {}
    for version in ("keras2", "keras3"):
        for name, line in lines(version).items():
            target = name if line.startswith("{") else line[1:-1]
            last = target.rpartition(".")[2]
            if target.startswith(module + ".") and last[:1].isupper() and target.count(".") == 2:
                words = (name.rpartition(".")[2], last, last.lower(), _HUMP.sub("_", last).lower())
                found |= dict.fromkeys(words, target)
    return found


def _activation(text: str) -> str | None:
    text = table()["strings"]["activation"].get(text.lower(), text.lower())
    target = _known(f"keras.activations.{text}")
    last = (target or "").rpartition(".")[2]
    return None if last in ("", "get", "serialize", "deserialize") else last
