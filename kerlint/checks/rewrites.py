"""Edits that give imports and calls the form of Keras 3: another module, another name, arguments that are put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kerlint.checks import repairs
from kerlint.finding import Anchor, Edge, Edit
from kerlint.semantics import catalog
from kerlint.semantics.catalog import migration
from kerlint.semantics.imports import dotted
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.program import Import, Program
    from kerlint.syntax.nodes import Node


def module_of(statement: Node) -> Node:
    """The module that a `from` import names; of another import the statement itself."""
    match statement:
        case syntax.ImportFrom(module=syntax.Node() as module):
            return module
        case _:
            return statement


def aliases(statement: Node) -> Sequence[syntax.ImportAlias]:
    """What an import lists; nothing for `import *`."""
    match statement:
        case syntax.Import(names=names) | syntax.ImportFrom(names=[*names]):
            return list(names)
        case _:
            return ()


def bound(alias: Node) -> str:
    """The name that an alias of a `from` import binds."""
    match alias:
        case syntax.ImportAlias(asname=syntax.AsName(name=syntax.Name(value=name))):
            return name
        case syntax.ImportAlias(name=name):
            return dotted(name)
        case _:
            return ""


def imported_from(statement: Node, paths: Mapping[Node, str]) -> Edit | None:
    """A `from` import whose names come from the modules that `paths` (one path for each alias) say."""
    listed = aliases(statement)
    if not listed or any(not paths.get(alias) for alias in listed):
        return None
    places = [(*_split(paths[alias]), bound(alias)) for alias in listed]
    modules = list(dict.fromkeys(module for module, _, _ in places))
    if len(modules) == 1 and all(name == dotted(alias.name) for alias, (_, name, _) in zip(listed, places, strict=True)):
        return repairs.replaced(module_of(statement), modules[0])
    lines = []
    for module in modules:
        names = ", ".join(name if name == as_name else f"{name} as {as_name}" for place, name, as_name in places if place == module)
        lines.append(f"from {module} import {names}")
    return repairs.replaced(statement, "\n".join(lines))


def _split(path: str) -> tuple[str, str]:
    module, _, name = path.rpartition(".")
    return module, name


def imported_as(statement: Node, alias: Node, path: str) -> Edit | None:
    """One alias of an import, found under another path; the name that it binds stays."""
    match statement, alias:
        case syntax.Import(), syntax.ImportAlias(asname=None, name=name):
            return repairs.replaced(name, path) if "." in path else None
        case syntax.Import(), syntax.ImportAlias(name=name):
            return repairs.replaced(name, path)
        case syntax.ImportFrom(module=syntax.Node() as module), syntax.ImportAlias(name=name):
            own = dotted(module)
            place, last = _split(path)
            if place == own:
                text = last if last == bound(alias) else f"{last} as {bound(alias)}"
                return repairs.replaced(alias, text)
            others: dict[Node, str] = {other: f"{own}.{dotted(other.name)}" for other in aliases(statement)}
            return imported_from(statement, {**others, alias: path})
        case _:
            return None


def not_imported(statement: Node, alias: Node) -> Edit | None:
    """An import without one of its names."""
    listed = list(aliases(statement))
    if alias not in listed:
        return None
    if len(listed) == 1:
        return repairs.replaced(statement, "pass")
    place = listed.index(alias)
    if place + 1 < len(listed):
        return Edit(Anchor(alias, Edge.start), Anchor(listed[place + 1], Edge.start), "")
    before = listed[place - 1]
    return Edit(Anchor(before.asname or before.name, Edge.end), Anchor(alias, Edge.end), "")


def chain(node: Node | None) -> tuple[str, int]:
    """The name that a chain of attributes begins with, and how many follow; ("", 0) when it begins otherwise."""
    links = 0
    while True:
        match node:
            case syntax.Attribute(value=inner):
                node, links = inner, links + 1
            case syntax.Name(value=name):
                return name, links
            case _:
                return "", 0


def inner(node: Node | None) -> Node | None:
    """What stands in front of the last dot of an attribute, or of the function that a call calls."""
    match node:
        case syntax.Call(func=syntax.Attribute(value=value)) | syntax.Attribute(value=value):
            return value
        case _:
            return None


def member(node: Node | None) -> Node | None:
    """The name behind the last dot of an attribute, or of the function that a call calls."""
    match node:
        case syntax.Call(func=syntax.Attribute(attr=attr)) | syntax.Attribute(attr=attr):
            return attr
        case _:
            return None


def function(node: Node | None) -> Node | None:
    """The function that a call calls, when it is reached by attributes."""
    match node:
        case syntax.Call(func=syntax.Attribute() as found):
            return found
        case _:
            return None


def spelled(program: Program, node: Node | None, via: str, new: str) -> tuple[str, tuple[str, ...]] | None:
    """How a path is written in the place of an attribute that is reached as `via`, and what has to be imported for it."""
    name, links = chain(node)
    base = via.rsplit(".", links)[0] if links else via
    if name and new.startswith(f"{base}."):
        return name + new[len(base) :], ()
    for known, path in program.names.items():
        if _alike(path, new):
            return known, ()
    for known, path in program.names.items():
        if new.startswith(f"{path}.") and path.startswith(("keras", "tensorflow.keras")):
            return known + new[len(path) :], ()
    module, _, last = new.rpartition(".")
    parent, _, leaf = module.rpartition(".")
    if program.names.get(leaf or module, module) != module:
        return None
    if not parent:
        return new, (f"import {module}",)
    return f"{leaf}.{last}", (f"from {parent} import {leaf}",)


def _alike(path: str, new: str) -> bool:
    """Whether two paths lead to one thing in one namespace: `keras.layers.Input` and `keras.Input`."""
    root, other = migration.rooted(path)[1], migration.rooted(new)[1]
    return bool(root) and root == other and catalog.canonical(path) == catalog.canonical(new) and catalog.entry(path) is not None


def written(call: Node | None, name: str, position: int | None = None) -> str | None:
    """The text of an argument."""
    arg = repairs.argument(call, name, position)
    return None if arg is None else arg.value.code


def value(call: Node | None, name: str, position: int | None, text: str) -> Edit | None:
    """Another value for an argument."""
    arg = repairs.argument(call, name, position)
    return None if arg is None else repairs.replaced(arg.value, text)


def without(call: Node | None, name: str) -> Edit | None:
    """The call without the argument that is written with a keyword."""
    return repairs.removed(call, repairs.argument(call, name))


def paired(call: Node | None, first: str | int, second: str | int, name: str) -> Edit | None:
    """Two neighbouring arguments made one: `3, 3` becomes `(3, 3)`, `nb_row=3, nb_col=3` becomes `kernel_size=(3, 3)`."""
    one, two = (_argument(call, key) for key in (first, second))
    match call:
        case syntax.Call(args=args) if one is not None and two is not None and args.index(two) - args.index(one) == 1:
            text = f"({one.value.code}, {two.value.code})"
            start = Anchor(one, Edge.start)
            return Edit(start, Anchor(two.value, Edge.end), f"{name}={text}" if one.keyword is not None else text)
        case _:
            return None


def _argument(call: Node | None, key: str | int) -> syntax.Arg | None:
    return repairs.argument(call, "", key) if isinstance(key, int) else repairs.argument(call, key)


def tupled(node: Node | None) -> Edit | None:
    """An expression as a tuple of one; its own parentheses become those of the tuple."""
    match node:
        case None:
            return None
        case _ if node.outer != node.span:
            return repairs.after(node, ",")
        case _:
            return repairs.replaced(node, f"({node.code},)")


def is_string(node: Node | None) -> bool:
    """Whether a node is a string literal, so that it can be replaced by another one."""
    return isinstance(node, syntax.SimpleString) and node.prefix == ""


def names_in(statement: Node, imports: Sequence[Import]) -> Mapping[Node, Import]:
    """What is known of each alias of a statement."""
    return {found.node: found for found in imports if found.statement is statement}


def first_argument(call: Node | None) -> Node | None:
    """The first argument of a call."""
    match call:
        case syntax.Call(args=[syntax.Arg(value=found), *_]):
            return found
        case _:
            return None


def first_listed(call: Node | None) -> Node | None:
    """The first element of the list that is a call's first argument."""
    match first_argument(call):
        case syntax.List(elements=[element, *_]) | syntax.Tuple(elements=[element, *_]):
            return element.value
        case _:
            return None
