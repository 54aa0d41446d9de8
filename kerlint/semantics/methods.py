"""Methods of lists, dicts, texts and data: what changes its receiver is done, the rest becomes a term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics import events, library
from kerlint.semantics.graph import KerasLayer, Tensor, operation, tensors
from kerlint.semantics.values import (
    MISSING,
    Bound,
    Const,
    Function,
    Items,
    Symbol,
    Table,
    Term,
    Unknown,
    Value,
    join,
    python,
)

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.syntax.nodes import Node

Keywords = dict[str, Value]


def call(run: Interpreter, receiver: Value, name: str, positional: list[Value], keywords: Keywords, node: Node) -> Value | None:
    """The value of a method call, or None when the receiver is nothing that methods are known of."""
    match receiver:
        case Items():
            return _list_method(run, receiver, name, positional, node)
        case Table():
            return _dict_method(run, receiver, name, positional, keywords, node)
        case Const(str() as found):
            return _text_method(found, name, positional, node)
        case Tensor():
            return operation(f".{name}()", {}, [receiver, *tensors(*positional)], node, within=run.within)
        case Term():
            return _term_method(run, receiver, name, positional, keywords, node)
        case KerasLayer():
            return Term(f".{name}()", {"self": receiver, **_numbered(positional, keywords)}, node=node)
        case _:
            return None


def _numbered(positional: list[Value], keywords: Keywords) -> Keywords:
    return {**{str(position): value for position, value in enumerate(positional)}, **keywords}


def _list_method(run: Interpreter, receiver: Items, name: str, positional: list[Value], node: Node) -> Value | None:
    items = receiver.items
    changed: tuple[Value, ...] | None = None
    outcome: Value = Const(None, node=node)
    match name, positional:
        case "append" | "add", [value]:
            changed = (*items, value)
        case "extend", [value]:
            more = library.members(run, value)
            if more is None:
                run.heap.update(receiver, Term("many", {"element": join(*items, library.element(run, value, node))}, node=node))
                return outcome
            changed = (*items, *more)
        case "insert", [Const(int() as index), value]:
            changed = (*items[:index], value, *items[index:])
        case "pop", [] | [Const(-1)] if items:
            changed, outcome = items[:-1], items[-1]
        case "pop", [Const(int() as index)] if -len(items) <= index < len(items):
            changed, outcome = tuple(item for place, item in enumerate(items) if place != index % len(items)), items[index]
        case "clear", []:
            changed = ()
        case "reverse", []:
            changed = tuple(reversed(items))
        case "copy", []:
            return Items(items, receiver.kind, node=node)
        case "sort" | "remove" | "discard" | "update", _:
            element = join(*items, *positional) if items else Unknown("a list that was changed", node=node)
            run.heap.update(receiver, Term("many", {"element": element}, node=node))
            return outcome
        case "index", [value]:
            known = [python(item, MISSING) for item in items]
            wanted = python(value, MISSING)
            return Const(known.index(wanted), node=node) if wanted is not MISSING and wanted in known else None
        case _:
            return Term(f".{name}()", {"self": receiver, **_numbered(positional, {})}, node=node)
    if len(changed) > 100 * run.longest:
        run.heap.update(receiver, Term("many", {"element": join(*changed)}, node=node))
    else:
        run.heap.update(receiver, Items(changed, receiver.kind, node=receiver.node))
    return outcome


def _dict_method(run: Interpreter, receiver: Table, name: str, positional: list[Value], keywords: Keywords, node: Node) -> Value | None:
    entries = receiver.entries
    match name, positional:
        case "get" | "pop", [Const(key), *rest] if key in entries or not receiver.open:
            if name == "pop":
                left = {other: value for other, value in entries.items() if other != key}
                run.heap.update(receiver, Table(left, receiver.open, node=receiver.node))
            default = rest[0] if rest else Const(None, node=node)
            return run.heap.current(entries[key]) if key in entries else default
        case "items", [] if not receiver.open:
            pairs = (Items((Const(key, node=node), run.heap.current(value)), "tuple", node=node) for key, value in entries.items())
            return Items(tuple(pairs), node=node)
        case "keys", [] if not receiver.open:
            return Items(tuple(Const(key, node=node) for key in entries), node=node)
        case "values", [] if not receiver.open:
            return Items(tuple(map(run.heap.current, entries.values())), node=node)
        case "update", _:
            more, known = dict(keywords), True
            for value in positional:
                match value:
                    case Table(found, False):
                        more.update(found)
                    case _:
                        known = False
            run.heap.update(receiver, Table({**entries, **more}, receiver.open or not known, node=receiver.node))
            return Const(None, node=node)
        case "setdefault", [Const(key), value]:
            if key not in entries:
                run.heap.update(receiver, Table({**entries, key: value}, receiver.open, node=receiver.node))
            return entries.get(key, value)
        case "copy", []:
            return Table(entries, receiver.open, node=node)
        case _:
            return Term(f".{name}()", {"self": receiver, **_numbered(positional, keywords)}, node=node)


TEXT_METHODS = frozenset(
    {"lower", "upper", "strip", "split", "replace", "startswith", "endswith", "join", "title", "capitalize", "lstrip", "rstrip"}
)


def _text_method(found: str, name: str, positional: list[Value], node: Node) -> Value:
    known = [python(value, MISSING) for value in positional]
    data = next((value for value in positional if isinstance(value, Term)), None)
    if data is not None and name != "format":
        return Term(f"text.{name}", {"x": data}, node=node)
    if name in TEXT_METHODS and MISSING not in known:
        try:
            return library.constant(getattr(found, name)(*known), node)
        except (TypeError, ValueError):
            return Unknown(f"`{name}` fails on these texts", node=node)
    return Unknown("formatted text" if name == "format" else "a text that is not followed", node=node)


SHUFFLES_IN_PLACE = frozenset({"numpy.random.shuffle", "random.shuffle"})
MAPS = frozenset({"map", "apply", "applymap", "flat_map", "interleave", "filter"})
TRAINERS = frozenset({"fit", "fit_generator", "search"})


EFFECTS = (
    MAPS | TRAINERS | {"append", "extend", "pop", "apply_gradients", "minimize", "add_argument", "parse_args", "parse_known_args", "assign"}
)
"""Methods of data that do more than give a value."""


def _term_method(run: Interpreter, receiver: Term, name: str, positional: list[Value], keywords: Keywords, node: Node) -> Value | None:
    if not positional and name in MAPS and "map_func" in keywords:
        positional, keywords = [keywords["map_func"]], {key: value for key, value in keywords.items() if key != "map_func"}
    if name in MAPS and positional and isinstance(positional[0], (Function, Bound)):
        return _mapped(run, receiver, name, positional, keywords, node)
    term = Term(f".{name}()", {"self": receiver, **_numbered(positional, keywords)}, node=node)
    done = _parsed(run, receiver, name, positional, keywords, node) or _changed(run, receiver, name, positional, node)
    if done is not None:
        return done
    if python(keywords.get("inplace")) is True:
        run.heap.update(receiver, term)
        return Const(None, node=node)
    if name in ("apply_gradients", "minimize"):
        events.record_tape_step(run, receiver, positional, node)
        return term
    if name in TRAINERS:
        wrapped = events.wrapper_fit(run, receiver, name, positional, keywords, node)
        if wrapped is not None:
            return wrapped
    made = tensors(*positional, *keywords.values())
    return operation(term.name, {}, made, node, within=run.within) if made else term


def _parsed(run: Interpreter, receiver: Term, name: str, positional: list[Value], keywords: Keywords, node: Node) -> Value | None:
    """Methods of a command-line parser."""
    match receiver.name, name:
        case "argparse.ArgumentParser" | ".add_argument_group()" | ".add_mutually_exclusive_group()", "add_argument":
            return library.add_argument(run, _parser(run, receiver), positional, keywords, node)
        case "argparse.ArgumentParser", "parse_args":
            return library.parse_args(run, receiver, node)
        case "argparse.ArgumentParser", "parse_known_args":
            return Items((library.parse_args(run, receiver, node), Unknown("other options", node=node)), "tuple", node=node)
        case _:
            return None


def _changed(run: Interpreter, receiver: Term, name: str, positional: list[Value], node: Node) -> Value | None:
    """Methods that change a list of unknown length or a table."""
    match receiver.name, name:
        case "many", "append" | "extend":
            more = positional if name == "append" else [library.element(run, value, node) for value in positional]
            run.heap.update(receiver, Term("many", {"element": join(receiver.args["element"], *more)}, node=node))
            return Const(None, node=node)
        case _, "pop" if positional:
            run.heap.update(receiver, Term(".drop()", {"self": receiver, "columns": positional[0]}, node=node))
            return Term("item", {"base": receiver, "key": positional[0]}, node=node)
        case _:
            return None


def _parser(run: Interpreter, receiver: Term) -> Term:
    """The parser behind a group of arguments."""
    inner = receiver.args.get("self")
    if receiver.name == "argparse.ArgumentParser" or not isinstance(inner, Term):
        return receiver
    found = run.heap.current(inner)
    return _parser(run, found) if isinstance(found, Term) else receiver


def _mapped(run: Interpreter, receiver: Term, name: str, positional: list[Value], keywords: Keywords, node: Node) -> Value:
    """A function of the user applied to each member: it is run once, on a member that stands for all."""
    from kerlint.semantics.calls import call as call_value

    function = positional[0]
    element = Term("element", {"of": receiver}, node=node)
    count = _arity(function)
    given: list[Value] = [element]
    if count != 1:
        given = [Term("item", {"base": element, "key": Const(index)}, node=node) for index in range(count)]
    result = call_value(run, function, given, {}, node)
    return Term(f".{name}()", {"self": receiver, **_numbered(positional, keywords), "result": result}, node=node)


def _arity(function: Value) -> int:
    from kerlint.semantics.binding import parameters

    match function:
        case Bound(inner):
            return max(1, _arity(inner) - 1)
        case Function(params=params):
            return sum(1 for _, default, kind in parameters(params) if kind == "" and default is None)
        case _:
            return 1


def shuffled_in_place(run: Interpreter, symbol: Symbol, positional: list[Value], node: Node) -> Value | None:
    """`np.random.shuffle(x)` changes x."""
    if symbol.name in SHUFFLES_IN_PLACE and positional and isinstance(positional[0], Term) and positional[0].name != "many":
        run.heap.update(positional[0], Term(symbol.name, {"0": positional[0]}, node=node))
        return Const(None, node=node)
    return None
