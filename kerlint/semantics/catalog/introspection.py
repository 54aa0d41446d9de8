"""Reads the public interface of an installed Keras: names, kinds, parameters with defaults, aliases."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

Entries = dict[str, dict[str, Any]]

BASES = {
    "Model": "model",
    "Layer": "layer",
    "LearningRateSchedule": "schedule",
    "Optimizer": "optimizer",
    "BaseOptimizer": "optimizer",
    "Loss": "loss",
    "Metric": "metric",
    "Callback": "callback",
    "Initializer": "initializer",
    "Regularizer": "regularizer",
    "Constraint": "constraint",
}
"""Class in the MRO that makes a class of a kind; the first one met decides, so Model comes before its base Layer."""

NATURAL = {
    "layer": "keras.layers",
    "schedule": "keras.optimizers.schedules",
    "optimizer": "keras.optimizers",
    "loss": "keras.losses",
    "metric": "keras.metrics",
    "callback": "keras.callbacks",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "activation": "keras.activations",
    "model": "keras",
}
"""The module under which things of a kind have their canonical name."""

WITH_METHODS = (
    "keras.Model",
    "keras.Sequential",
    "keras.layers.Layer",
    "keras.layers.Normalization",
    "keras.layers.TextVectorization",
    "keras.layers.StringLookup",
    "keras.layers.IntegerLookup",
    "keras.layers.Discretization",
    "keras.preprocessing.image.ImageDataGenerator",
    "keras.preprocessing.text.Tokenizer",
)
"""Classes whose public methods are entries too ("keras.Model.fit")."""

TF_KERAS = "keras._tf_keras.keras"
"""The module that TensorFlow shows as `tf.keras`."""
NOT_READ = ("keras.src", "keras.optimizers.legacy")
"""Modules that are not read: the implementation, and the optimizers that names.toml maps to those of today."""
FUNCTIONAL = {"keras": "keras.src.models.functional", "tf_keras": "tf_keras.src.engine.functional"}
"""Where the class is that `Model(inputs, outputs)` makes: the constructor of Model itself takes anything."""

LAYER_KEYWORDS = ("input_shape", "input_dim")
"""What Layer takes out of its **kwargs (keras/src/layers/layer.py, Layer.__init__)."""
LAYER_KEYWORDS_2 = (
    "input_shape",
    "input_dim",
    "batch_input_shape",
    "batch_size",
    "weights",
    "autocast",
    "activity_regularizer",
    "implementation",
)
"""`allowed_kwargs` of Keras 2 (tf_keras/src/engine/base_layer.py, Layer.__init__)."""
ENDS = {"Layer": "layer", "BaseOptimizer": "optimizer", "_BaseOptimizer": "optimizer"}
"""Classes that take **kwargs only to refuse or to read known ones."""


def keras3() -> Entries:
    """The entries of the installed Keras 3."""
    return _entries("keras", LAYER_KEYWORDS, {})


def keras2(third: Entries) -> Entries:
    """The entries of the installed tf_keras, under the same canonical names as Keras 3 where both have the thing."""
    known = {alias: name for name, entry in third.items() for alias in (name, *entry.get("aliases", ()))}
    return _entries("tf_keras", LAYER_KEYWORDS_2, known)


def tfkeras3() -> dict[str, str]:
    """How `tf.keras` differs from the Keras 3 that it is: names that it has beside those of `keras` ("only"), and has not ("lacks")."""
    own = {name for name, _ in _public(importlib.import_module("keras"), "keras", "keras", set())}
    inner = {name for name, _ in _public(importlib.import_module(TF_KERAS), "keras", "keras", set())}
    return {**dict.fromkeys(own - inner, "lacks"), **dict.fromkeys(inner - own, "only")}


def written(entries: Entries) -> str:
    """JSON with one line for each entry and alias: what differs between two releases is readable, and one line can be read alone."""
    shown: dict[str, Any] = {}
    for name, entry in entries.items():
        shown[name] = {key: value for key, value in entry.items() if key != "aliases"}
        shown |= dict.fromkeys(entry.get("aliases", ()), name)
    return by_line(shown)


def by_line(rows: Mapping[str, Any]) -> str:
    """JSON with one line for each key, sorted."""
    lines = [f"{json.dumps(name)}: {json.dumps(row, separators=(',', ':'))}" for name, row in sorted(rows.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _entries(root: str, layer_keywords: tuple[str, ...], known: Mapping[str, str]) -> Entries:
    groups: dict[int, tuple[Any, list[str]]] = {}
    for name, thing in _public(importlib.import_module(root), root, "keras", set()):
        groups.setdefault(id(thing), (thing, []))[1].append(name)
    found: Entries = {}
    for thing, names in groups.values():
        name = _canonical(thing, names, known)
        entry = found.setdefault(name, {"kind": _kind(thing, names), **_signature(thing, layer_keywords)})
        entry["aliases"] = sorted({*entry.get("aliases", ()), *names} - {name})
    found["keras.Model"] |= _function_signature(importlib.import_module(FUNCTIONAL[root]).Functional.__init__, skip_self=True)
    for name in WITH_METHODS:
        thing = next((thing for thing, names in groups.values() if name in names), None)
        if thing is not None:
            found.update(_methods(name, thing, found))
    return {name: {key: value for key, value in entry.items() if value not in ([], False)} for name, entry in found.items()}


def _public(module: ModuleType, root: str, name: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Every public class and function under a module, by dotted name; modules that are not part of the API are left out."""
    seen.add(id(module))
    for attribute in sorted(vars(module)):
        thing = vars(module)[attribute]
        if attribute.startswith("_") or f"{name}.{attribute}" in NOT_READ:
            continue
        if inspect.ismodule(thing):
            if thing.__name__.startswith(root + ".") and id(thing) not in seen:
                yield from _public(thing, root, f"{name}.{attribute}", seen)
        elif callable(thing) and not inspect.isbuiltin(thing):
            yield f"{name}.{attribute}", thing


def _kind(thing: Any, names: list[str]) -> str:
    if inspect.isclass(thing):
        for base in thing.__mro__:
            if base.__name__ in BASES and "keras" in base.__module__:
                return BASES[base.__name__]
        return "class"
    modules = {name.rpartition(".")[0] for name in names}
    last = thing.__name__
    if last == "load_data":
        return "dataset"
    if any(module.startswith("keras.applications") for module in modules) and last[:1].isupper():
        return "application"
    for module, kind in (("keras.losses", "loss"), ("keras.metrics", "metric"), ("keras.activations", "activation")):
        if module in modules and last not in ("get", "serialize", "deserialize"):
            return kind
    return "function"


def _canonical(thing: Any, names: list[str], known: Mapping[str, str]) -> str:
    """The name that stands for a group of names of one thing: in its natural module, under its own name, short."""
    shared = {known[name] for name in names if name in known}
    natural = NATURAL.get(_kind(thing, names), "")
    own = getattr(thing, "__name__", "")

    def rank(name: str) -> tuple[bool, bool, bool, int, int, str]:
        module, _, last = name.rpartition(".")
        return (name not in shared, module != natural, last != own, name.count("."), len(name), name)

    return min({*names, *shared}, key=rank)


def _methods(name: str, cls: Any, found: Entries) -> Entries:
    """The public methods of a class that it has not from a class whose methods are listed already."""
    methods: Entries = {}
    for attribute in sorted(dir(cls)):
        method = inspect.getattr_static(cls, attribute)
        if attribute.startswith("_") or not inspect.isfunction(method):
            continue
        inherited = f"keras.Model.{attribute}"
        if name == "keras.Sequential" and inherited in found and not method.__qualname__.startswith("Sequential"):
            found[inherited].setdefault("aliases", []).append(f"{name}.{attribute}")
            continue
        methods[f"{name}.{attribute}"] = {"kind": "method", **_function_signature(method, skip_self=True)}
    return methods


def _signature(thing: Any, layer_keywords: tuple[str, ...]) -> dict[str, Any]:
    if not inspect.isclass(thing):
        return _function_signature(thing)
    parameters, any_more = _class_parameters(thing, layer_keywords)
    return {"parameters": parameters, "any": any_more}


def _class_parameters(cls: Any, layer_keywords: tuple[str, ...]) -> tuple[list[list[Any]], bool]:
    """Parameters of the constructors along the MRO, as far as each hands its **kwargs on, and whether it takes any others as well."""
    parameters: dict[str, list[Any]] = {}
    fixed: set[str] = set()
    any_more = False
    for base in inspect.getmro(cls):
        init = vars(base).get("__init__")
        if init is None or base is object:
            continue
        found = _function_signature(init, skip_self=True)
        for parameter in found["parameters"]:
            if parameter[0] not in fixed:
                parameters.setdefault(parameter[0], parameter)
        if base.__name__ in ENDS:
            extra = layer_keywords if ENDS[base.__name__] == "layer" else ()
            return [*parameters.values(), *([name, None] for name in extra if name not in parameters)], False
        if not found["any"]:
            return list(parameters.values()), False
        fixed |= _fixed(init) - {parameter[0] for parameter in found["parameters"]}
        any_more = True
    return list(parameters.values()), any_more


def _fixed(init: Callable[..., Any]) -> set[str]:
    """Keywords that a constructor itself gives to the constructor of its base: its caller cannot give them."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError):  # no source: made by a decorator or at run time
        return set()
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return {keyword.arg for call in calls if call.func.attr == "__init__" for keyword in call.keywords if keyword.arg}  # type: ignore[attr-defined]


def _function_signature(function: Callable[..., Any], skip_self: bool = False) -> dict[str, Any]:
    """Parameters as [name] (required), [name, default] or [name, null, 1] (a default that JSON has no word for)."""
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # written in C, or not introspectable
        return {"parameters": [], "any": True}
    listed, more = [], False
    for position, parameter in enumerate(signature.parameters.values()):
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            more = True
        elif not (skip_self and position == 0):
            listed.append(_parameter(parameter))
    return {"parameters": listed, "any": more}


def _parameter(parameter: inspect.Parameter) -> list[Any]:
    if parameter.default is parameter.empty:
        return [parameter.name]
    if _plain(parameter.default):
        return [parameter.name, parameter.default]
    return [parameter.name, None, 1]


def _plain(default: Any) -> bool:
    match default:
        case None | bool() | int() | str():
            return True
        case float():
            return default == default and abs(default) != float("inf")
        case tuple() | list():
            return all(map(_plain, default))
        case _:
            return False
