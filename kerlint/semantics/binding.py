"""Binding: values to the targets of an assignment, arguments to the parameters of a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerlint.semantics import library
from kerlint.semantics.graph import Tensor, operation
from kerlint.semantics.members import set_attribute
from kerlint.semantics.values import (
    MISSING,
    Choice,
    Class,
    Const,
    Frame,
    Function,
    Items,
    Symbol,
    Table,
    Term,
    Unknown,
    Value,
    doubtful,
    hashed,
    join,
    python,
)
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter


def assign(run: Interpreter, target: Any, value: Value) -> None:
    """Bind a value to a name, an attribute, a subscript, or a pattern of them."""
    match target:
        case syntax.Name(value=name):
            run.bind(name, value, target)
        case syntax.Tuple(elements=elements) | syntax.List(elements=elements):
            _unpack(run, elements, value, target)
        case syntax.Attribute(value=base, attr=attr):
            owner = run.evaluate(base)
            run.attributed(owner, attr.value, value, target)
            set_attribute(run, owner, attr.value, value, target)
        case syntax.Subscript():
            _store(run, target, value)
        case syntax.StarredElement(value=inner):
            assign(run, inner, value)
        case _:
            run.evaluate(target)


def _unpack(run: Interpreter, elements: Any, value: Value, node: syntax.Node) -> None:
    targets = [element.value for element in elements]
    starred = next((index for index, element in enumerate(elements) if isinstance(element, syntax.StarredElement)), None)
    for target, member in zip(targets, _members(run, value, len(targets), starred, node), strict=False):
        assign(run, target, member)


def _members(run: Interpreter, value: Value, count: int, starred: int | None, node: syntax.Node) -> Iterator[Value]:
    match value:
        case Items(items) if starred is None and len(items) == count:
            yield from map(run.heap.current, items)
        case Items(items) if starred is not None and len(items) >= count - 1:
            after = count - 1 - starred
            middle = items[starred : len(items) - after]
            yield from items[:starred]
            yield Items(middle, node=node)
            yield from items[len(items) - after :]
        case Choice(found):
            columns = [list(_members(run, option, count, starred, node)) for option in found]
            for column in zip(*columns, strict=False):
                yield join(*column)
        case Tensor():
            yield value
            for index in range(1, count):
                yield operation("keras.ops.getitem", {"key": Const(index)}, [value], node, within=run.within)
        case Term("many", {"element": element}):
            for _ in range(count):
                yield element
        case Term("element", {"of": Term("many", {"element": element})}):
            yield from _members(run, element, count, starred, node)
        case Term():
            for index in range(count):
                yield run.heap.current(Term("item", {"base": value, "key": Const(index)}, node=node))
        case Unknown(reason):
            for _ in range(count):
                yield Unknown(reason, node=value.node or node)
        case _:
            for _ in range(count):
                yield Unknown("unpacked from something of another length", node=node)


def _store(run: Interpreter, target: syntax.Subscript, value: Value) -> None:
    from kerlint.semantics.expressions import key_of

    base, key = run.evaluate(target.value), key_of(run, target)
    match base:
        case Symbol("os.environ"):
            run.used("os.environ.__setitem__", "", target, None, ([key, value], {}), value)
            return
    for option in base.options if isinstance(base, Choice) else (base,):
        stored = run.heap.update(option, _stored(option, key, value, target))
        if isinstance(target.value, syntax.Subscript) and isinstance(option, Term) and option.name == "item":
            _store(run, target.value, stored)  # x[i][j] = v changes x


def _stored(base: Value, key: Value, value: Value, node: syntax.Node) -> Value:
    known = hashed(key)
    match base:
        case Table(entries, unlisted):
            if known is MISSING:
                return Table(entries, True, node=base.node)
            return Table({**entries, known: value}, unlisted, node=base.node)
        case Items(items, kind):
            if type(known) is int and -len(items) <= known < len(items):
                changed = list(items)
                changed[known] = value
                return Items(tuple(changed), kind, node=base.node)
            return Term("many", {"element": join(*items, value)}, node=node)
        case Term("many", {"element": element}):
            return Term("many", {"element": join(element, value)}, node=base.node)
        case _:
            return Term("setitem", {"base": base, "key": key, "value": value}, node=node)


def parameters(params: Any) -> Iterator[tuple[str, Any, str]]:
    """The parameters of a function in order: name, default expression (or None), kind ("", "*", "**", "keyword")."""
    for param in (*params.posonly_params, *params.params):
        yield param.name.value, param.default, ""
    if isinstance(params.star_arg, syntax.Param):
        yield params.star_arg.name.value, None, "*"
    for param in params.kwonly_params:
        yield param.name.value, param.default, "keyword"
    if params.star_kwarg is not None:
        yield params.star_kwarg.name.value, None, "**"


def defaults(run: Interpreter, params: Any) -> dict[str, Value]:
    """The default values of a function's parameters, evaluated where the function is defined."""
    given = ((name, default) for name, default, _ in parameters(params) if default is not None)
    return {name: library.option_default(run.evaluate(default), name) for name, default in given}


def bind_parameters(
    run: Interpreter, function: Function, frame: Frame, positional: list[Value], keywords: Mapping[str, Value], node: syntax.Node
) -> None:
    """Fill a function's scope with its arguments; what is missing is its default, or unknown."""
    rest = list(positional)
    named = dict(keywords)
    unlisted = "*" in named or "**" in named
    named.pop("*", None)
    named.pop("**", None)
    for name, _, kind in parameters(function.params):
        if kind == "*":
            frame.fields[name] = _rest(rest, keywords.get("*"), node)
            rest = []
        elif kind == "**":
            frame.fields[name] = Table(named, unlisted, node=node)
        elif rest and kind == "":
            frame.fields[name] = rest.pop(0)
        elif name in named:
            frame.fields[name] = named.pop(name)
        elif unlisted or name not in function.defaults:
            frame.fields[name] = Unknown(f"parameter `{name}` has no known value", node=node)
        else:
            frame.fields[name] = function.defaults[name]


def _rest(values: list[Value], unlisted: Value | None, node: syntax.Node) -> Value:
    if unlisted is None:
        return Items(tuple(values), "tuple", node=node)
    return Term("many", {"element": join(*values, unlisted)}, node=node)


def entry_arguments(function: Function, receiver: Value | None) -> dict[str, Value]:
    """Arguments for a function that nobody calls: its defaults, which may be other values at run time, and unknowns."""
    found: dict[str, Value] = {}
    for index, (name, _, kind) in enumerate(parameters(function.params)):
        if index == 0 and receiver is not None:
            found[name] = receiver
        elif kind in ("*", "**"):
            found[kind] = Unknown(f"parameter `{name}` of `{function.name}`", node=function.node)
        elif name in function.defaults:
            default = function.defaults[name]
            found[name] = default if default.doubt else doubtful(default, f"default of the parameter `{name}`")
        else:
            found[name] = Unknown(f"parameter `{name}` of `{function.name}`", node=function.node)
    return found


def annotated(cls: Class) -> list[str]:
    """The fields of a data class or named tuple, those of its bases first."""
    names: dict[str, None] = {}
    for base in reversed([base for base in cls.lineage() if isinstance(base, Class)]):
        listed = python(base.frame.fields.get("_fields"), ())
        names.update(dict.fromkeys(listed))
        body = base.node.body.body if isinstance(base.node, syntax.ClassDef) else ()
        fields = (line.target for line in body if isinstance(line, syntax.AnnAssign))
        names.update({field.value: None for field in fields if isinstance(field, syntax.Name)})
    return list(names)


def is_marked(function: Function, mark: str) -> bool:
    """Whether a method is a `staticmethod` or `classmethod`, as `mark` says."""
    return any(isinstance(found, Symbol) and found.name == f"builtins.{mark}" for found in function.decorators)


def located(value: Value, node: syntax.Node) -> Value:
    """A value with a place, when it has none."""
    return replace(value, node=node) if value.node is None else value
