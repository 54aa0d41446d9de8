"""The library calls that are run: builtins, arithmetic, argparse, copies; everything else of a library stays a term."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kerlint.semantics import provenance
from kerlint.semantics.graph import KerasModel, Tensor
from kerlint.semantics.values import (
    MISSING,
    Bound,
    Choice,
    Class,
    Const,
    Frame,
    Function,
    Instance,
    Items,
    Namespace,
    Symbol,
    Table,
    Term,
    Unknown,
    Value,
    doubtful,
    join,
    python,
    text,
)

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter
    from kerlint.syntax.nodes import Node

Runner = Callable[["Interpreter", list[Value], dict[str, Value], "Node"], "Value | None"]
"""Runs a call; None says that it stays a term."""

BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")) | {
    "unicode",
    "xrange",
    "raw_input",
    "__file__",
    "__import__",
}


def members(run: Interpreter, value: Value) -> list[Value] | None:
    """What an iteration runs over, when all of it is known."""
    match value:
        case Items(items):
            return list(items)
        case Table(entries, False):
            return [Const(key, node=value.node) for key in entries]
        case Const(str() as found):
            return [Const(letter, node=value.node) for letter in found]
        case Term("generator", {"element": Items()}):
            return None
        case _:
            return None


def element(run: Interpreter, value: Value, node: Node) -> Value:
    """One member of something of unknown length."""
    match value:
        case Items(items) if items:
            return join(*map(run.heap.current, items))
        case Term("many" | "generator", {"element": found}):
            return run.heap.current(found)
        case Term("builtins.enumerate", {"0": inner}):
            return Items((Unknown("a running number", node=node), element(run, inner, node)), "tuple", node=node)
        case Term("builtins.zip", args):
            return Items(tuple(element(run, part, node) for part in args.values()), "tuple", node=node)
        case Term("builtins.range"):
            return Unknown("a running number", node=node)
        case Choice(found):
            return join(*(element(run, option, node) for option in found))
        case Unknown(reason):
            return Unknown(reason, node=node)
        case Table(entries):
            return join(*(Const(key) for key in entries)) if entries else Unknown("a key", node=node)
        case Instance():
            return run.subscripted(value, Unknown("a running number", node=node), node)
        case _:
            return Term("element", {"of": value}, node=node)


def entered(run: Interpreter, value: Value, node: Node) -> Value:
    """What `with value as name` binds."""
    match value:
        case Unknown() | Instance():
            return value
        case _:
            return Term(".__enter__()", {"self": value}, node=node)


def _length(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    match positional:
        case [Items(items)]:
            return Const(len(items), node=node)
        case [Table(entries, False)]:
            return Const(len(entries), node=node)
        case [Const(str() | bytes() as found)]:
            return Const(len(found), node=node)
        case [Choice(found)] if all(isinstance(option, (Items, Table)) for option in found):
            lengths = [length for option in found if (length := _length(run, [option], {}, node)) is not None]
            return join(*lengths) if len(lengths) == len(found) else None
        case [Term() as term]:
            rows = provenance.facts(term).rows
            return None if rows is None else Const(rows, node=node)
        case [Instance() as this]:
            return run.invoke_member(this, "__len__", node)
        case _:
            return None


def _range(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    bounds = [python(value, MISSING) for value in positional]
    if not all(type(bound) is int for bound in bounds) or not bounds or len(bounds) > 3 or bounds[2:] == [0]:
        return None
    numbers = range(*bounds)
    if len(numbers) > run.longest:
        return None
    doubt = next((value.doubt for value in positional if value.doubt), "")
    return Items(tuple(Const(number, node=node, doubt=doubt) for number in numbers), "tuple", node=node, doubt=doubt)


def _zip(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    match keywords.get("*"):
        case Term("many", {"element": Items(parts)}) if not positional:  # zip(*pairs) turns rows into columns
            return Items(tuple(Term("many", {"element": part}, node=node) for part in parts), "tuple", node=node)
    columns = [column for column in (members(run, value) for value in positional) if column is not None]
    if not columns or len(columns) < len(positional):
        return None
    return Items(tuple(Items(row, "tuple", node=node) for row in zip(*columns, strict=False)), node=node)


def _enumerate(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    found = members(run, positional[0]) if positional else None
    first = python(positional[1] if len(positional) > 1 else keywords.get("start", Const(0)))
    if found is None or type(first) is not int:
        return None
    pairs = (Items((Const(first + index, node=node), member), "tuple", node=node) for index, member in enumerate(found))
    return Items(tuple(pairs), node=node)


def _collection(kind: str) -> Runner:
    def run_it(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
        match positional:
            case []:
                return Items((), kind, node=node)
            case [Term("many" | "generator" as name, args)]:
                return Term("many", {"element": args["element"]}, node=node) if name else None
            case [value]:
                found = members(run, value)
                return None if found is None else Items(tuple(found), kind, node=node)
            case _:
                return None

    return run_it


def _dict(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    entries: dict[Any, Value] = {}
    for value in positional:
        match value:
            case Term() if len(positional) == 1 and not keywords:
                return None
            case Table(found, False):
                entries.update(found)
            case Items(pairs):
                for pair in pairs:
                    match pair:
                        case Items((Const(key), item)):
                            entries[key] = item
                        case _:
                            return Table(entries, True, node=node)
            case _:
                return Table(entries, True, node=node)
    unlisted = keywords.pop("**", None) is not None
    return Table({**entries, **keywords}, unlisted, node=node)


def _folded(function: Callable[..., Any], *, allowed: tuple[type, ...] = (int, float, str, bool, list, tuple)) -> Runner:
    """A pure function of Python, run on known arguments."""

    def run_it(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
        found = [python(value, MISSING) for value in positional]
        if keywords or not found or not all(isinstance(value, allowed) and value is not MISSING for value in found):
            return None
        try:
            outcome = function(*found)
        except (TypeError, ValueError, ArithmeticError):
            return Unknown("a call that fails on these values", node=node)
        doubt = next((value.doubt for value in positional if value.doubt), "")
        return constant(outcome, node, doubt)

    return run_it


def constant(found: Any, node: Node | None, doubt: str = "") -> Value:
    """A Python object as a value."""
    match found:
        case list() | tuple():
            kind = "tuple" if isinstance(found, tuple) else "list"
            return Items(tuple(constant(item, node, doubt) for item in found), kind, node=node, doubt=doubt)
        case dict():
            return Table({key: constant(item, node, doubt) for key, item in found.items()}, node=node, doubt=doubt)
        case None | bool() | int() | float() | complex() | str() | bytes():
            return Const(found, node=node, doubt=doubt)
        case _:
            return Unknown("a value that is not followed", node=node)


def _number(kind: Callable[[Any], Any]) -> Runner:
    fold = _folded(kind, allowed=(int, float, str, bool))

    def run_it(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
        match positional:
            case [Tensor() as tensor]:
                return tensor
            case _:
                return fold(run, positional, keywords, node)

    return run_it


def _super(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    match positional:
        case [Class() as owner, this]:
            return Term("super", {"self": this, "class": owner}, node=node)
    for region in reversed(run.regions):
        if region.owner is not None and region.this is not None:
            return Term("super", {"self": region.this, "class": region.owner}, node=node)
    return None


def _is_instance(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    kinds = {"builtins.str": str, "builtins.int": int, "builtins.float": float, "builtins.bool": bool}
    match positional:
        case [Const(found), Symbol(name)] if name in kinds:
            return Const(isinstance(found, kinds[name]), node=node)
        case [Items(kind=kind), Symbol("builtins.list" | "builtins.tuple" as name)]:
            return Const(name == f"builtins.{kind}", node=node)
        case [Table(), Symbol("builtins.dict")]:
            return Const(True, node=node)
        case [Instance(cls=cls), Class() as wanted]:
            return Const(wanted in list(cls.lineage()), node=node)
        case _:
            return Unknown("the type of a value", node=node)


def _getattr(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    from kerlint.semantics.members import attribute

    match positional:
        case [base, Const(str() as name), *_]:
            return attribute(run, base, name, node)
        case _:
            return Unknown("an attribute whose name is not known", node=node)


def _map(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    from kerlint.semantics.calls import call

    match positional:
        case [function, over]:
            found = members(run, over)
            if found is not None and len(found) <= run.longest:
                return Items(tuple(call(run, function, [member], {}, node) for member in found), node=node)
            return Term("many", {"element": call(run, function, [element(run, over, node)], {}, node)}, node=node)
        case _:
            return None


def _reduce(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    from kerlint.semantics.calls import call

    found = members(run, positional[1]) if len(positional) > 1 else None
    if not found or len(found) > run.longest:
        return Unknown("a reduction over something of unknown length", node=node)
    start, *rest = [*positional[2:3], *found]
    for member in rest:
        start = call(run, positional[0], [start, member], {}, node)
    return start


def _sorted(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    found = python(positional[0], MISSING) if positional else MISSING
    if keywords or not isinstance(found, (list, tuple)):
        return Term("many", {"element": element(run, positional[0], node)}, node=node) if positional else None
    try:
        return constant(sorted(found), node)
    except TypeError:
        return None


def _reversed(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    found = members(run, positional[0]) if positional else None
    return None if found is None else Items(tuple(reversed(found)), node=node)


def _next(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    return element(run, positional[0], node) if positional else None


def _product(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    found = python(positional[0], MISSING) if len(positional) == 1 and not keywords else MISSING
    if isinstance(found, (list, tuple)) and all(isinstance(item, (int, float)) for item in found):
        return Const(math.prod(found), node=node)
    return None


def _same(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    match positional:
        case [Items() | Table() as value, *_]:
            return replace(value, root=None, node=node)
        case [Const() | Function() | Bound() as value, *_]:
            return value
        case [KerasModel() as model, *_]:
            return run.cloned(model, node)
        case _:
            return None


def add_argument(run: Interpreter, parser: Term, positional: list[Value], keywords: Mapping[str, Value], node: Node) -> Value:
    """`parser.add_argument("--rate", default=0.1)`: the parser remembers the option and its default."""
    names = [name for name in map(text, positional) if name]
    long = next((name for name in names if name.startswith("--")), names[0] if names else "")
    target = text(keywords.get("dest")) or long.lstrip("-").replace("-", "_")
    if target:
        default = keywords.get("default", Unknown(f"command-line option `{long}` without a default", node=node))
        if "default" not in keywords and text(keywords.get("action")) in ("store_true", "store_false"):
            default = Const(text(keywords["action"]) == "store_false", node=node)
        marked = doubtful(default, f"default of the option `{long}`")
        run.heap.update(parser, Term(parser.name, {**parser.args, f"option {target}": marked}, node=parser.node))
    return Const(None, node=node)


def parse_args(run: Interpreter, parser: Term, node: Node) -> Value:
    """`parser.parse_args()`: a namespace of the defaults."""
    frame = Frame(None, "command line")
    for name, value in parser.args.items():
        if name.startswith("option "):
            frame.fields[name.removeprefix("option ")] = value
    return Namespace(frame, node=node)


def command_options(decorators: tuple[Value, ...]) -> dict[str, Value]:
    """`@click.option("--rate", default=0.1)`: the defaults that decorators give to the parameters of a command."""
    found: dict[str, Value] = {}
    for mark in decorators:
        match mark:
            case Term("click.option" | "click.argument" | "rich_click.option", args):
                names = [name for key, value in args.items() if key.isdigit() and (name := text(value))]
                long = next((name for name in names if name.startswith("--")), names[0] if names else "")
                target = next((name for name in names if not name.startswith("-")), long).lstrip("-").partition("/")[0].replace("-", "_")
                default = args.get("default", Const(False) if python(args.get("is_flag")) is True else None)
                if default is not None:
                    found[target] = doubtful(default, f"default of the option `{long}`")
            case _:
                pass
    return found


def option_default(value: Value, name: str) -> Value:
    """`rate: float = typer.Option(0.1)`: the default of a parameter, which a command line may replace."""
    match value:
        case Term("typer.Option" | "typer.Argument", args):
            default = args.get("0", args.get("default", Unknown(f"command-line option `{name}` without a default", node=value.node)))
            return doubtful(default, f"default of the option `{name}`")
        case _:
            return value


def _attributes(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    """`SimpleNamespace(rate=0.1)`."""
    frame = Frame(None, "namespace")
    frame.fields.update(keywords)
    return Namespace(frame, node=node)


def _vars(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    match positional:
        case [Namespace(frame)]:
            return Table(dict(frame.fields), node=node)
        case [Instance() as this]:
            return Table(dict(this.fields), True, node=node)
        case _:
            return None


def _named_tuple(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    """`namedtuple("Size", ["height", "width"])`: a class with these fields."""
    match [python(value) for value in positional]:
        case [str() as name, str() as listed]:
            names = listed.replace(",", " ").split()
        case [str() as name, list() | tuple() as found]:
            names = [*map(str, found)]
        case _:
            return None
    frame = Frame(None, name)
    frame.fields["_fields"] = constant(tuple(names), node)
    return Class(name, (), frame, node=node)


def _flag(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    """`flags.DEFINE_float("rate", 0.1, "help")` of absl: FLAGS.rate is the default."""
    match positional:
        case [Const(str() as name), default, *_]:
            marked = doubtful(default, f"default of the flag `{name}`")
            run.heap.write(run.flags().fields, name, marked)
            holder = Frame(None, name)
            holder.fields["value"] = marked
            return Namespace(holder, node=node)
        case _:
            return None


def _environment(run: Interpreter, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value | None:
    return Unknown("an environment variable", node=node)


RUN: dict[str, Runner] = {
    "builtins.len": _length,
    "builtins.range": _range,
    "builtins.xrange": _range,
    "builtins.zip": _zip,
    "builtins.enumerate": _enumerate,
    "builtins.list": _collection("list"),
    "builtins.tuple": _collection("tuple"),
    "builtins.set": _collection("set"),
    "builtins.frozenset": _collection("set"),
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    **dict.fromkeys(("easydict.EasyDict", "ml_collections.ConfigDict", "addict.Dict", "munch.Munch", "box.Box"), _dict),
    **dict.fromkeys(("types.SimpleNamespace", "argparse.Namespace"), _attributes),
    "builtins.vars": _vars,
    "collections.namedtuple": _named_tuple,
    "builtins.int": _number(int),
    "builtins.float": _number(float),
    "builtins.str": _folded(str, allowed=(int, str, bool)),
    "builtins.bool": _folded(bool),
    "builtins.abs": _folded(abs, allowed=(int, float)),
    "builtins.min": _folded(min, allowed=(int, float, list, tuple)),
    "builtins.max": _folded(max, allowed=(int, float, list, tuple)),
    "builtins.sum": _folded(sum, allowed=(list, tuple)),
    "builtins.round": _folded(round, allowed=(int, float)),
    "builtins.sorted": _sorted,
    "builtins.reversed": _reversed,
    "builtins.map": _map,
    "builtins.next": _next,
    "builtins.iter": lambda run, positional, keywords, node: positional[0] if positional else None,
    "builtins.super": _super,
    "builtins.isinstance": _is_instance,
    "builtins.getattr": _getattr,
    "functools.reduce": _reduce,
    "copy.copy": _same,
    "copy.deepcopy": _same,
    "math.prod": _product,
    "numpy.prod": _product,
    **{
        f"{module}.{name}": _folded(compare, allowed=(int, float, str))
        for module in ("tensorflow", "tensorflow.math", "numpy")
        for name, compare in {
            "equal": operator.eq,
            "not_equal": operator.ne,
            "less": operator.lt,
            "less_equal": operator.le,
            "greater": operator.gt,
            "greater_equal": operator.ge,
        }.items()
    },
    "os.getenv": _environment,
    "os.environ.get": _environment,
    **{
        f"math.{name}": _folded(getattr(math, name), allowed=(int, float))
        for name in ("ceil", "floor", "sqrt", "log", "log2", "log10", "exp", "pow")
    },
    **{
        f"numpy.{name}": _folded(getattr(math, name), allowed=(int, float))
        for name in ("ceil", "floor", "sqrt", "log", "log2", "log10", "exp")
    },
    **{
        f"{module}.DEFINE_{kind}": _flag
        for module in (
            "absl.flags",
            "tensorflow.app.flags",
            "tensorflow.compat.v1.flags",
            "tensorflow.flags",
            "tensorflow.compat.v1.app.flags",
        )
        for kind in ("string", "integer", "float", "bool", "boolean", "enum", "list")
    },
}
"""The calls that are run, by canonical name."""
