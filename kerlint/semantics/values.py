"""The abstract domain: what is known about a value of the user's program, joined and widened.

A value is immutable. What the program changes in place (a list, a dict, an array) keeps its identity in `root`:
the interpreter's heap maps a root to the newest content, so that two names for one object both see the change,
while a term that was built from the older content still holds the older content (that is provenance in order).

Nothing assigns to a field of a value. The dataclasses are not frozen all the same: a frozen one takes three times as long to make
(0.74 against 0.25 us with Python 3.11), and the interpreter makes little else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Expression, IndentedBlock, Node, Parameters

MOST_OPTIONS = 4
"""How many alternatives a choice keeps before it becomes unknown (design.md, section 3)."""
MOST_DATA = 12
"""How many alternatives are kept when all of them are data, whose making is only asked, never run again."""

DEEPEST_ALIKE = 6
"""Terms within terms that are compared; beyond, they count as different."""


@dataclass(slots=True, eq=False)
class Value:
    """Something the program computes.

    `node` is the expression that gave it where it is used (the argument of the call, say), `origin` where it was first written when
    it came through a name, `doubt` why it may be another value at run time.
    """

    node: Node | None = field(default=None, kw_only=True, repr=False)
    origin: Node | None = field(default=None, kw_only=True, repr=False)
    doubt: str = field(default="", kw_only=True, repr=False)


@dataclass(slots=True, eq=False)
class Const(Value):
    """A number, string, bytes, bool, None or Ellipsis that is known."""

    value: Any


@dataclass(slots=True, eq=False)
class Items(Value):
    """A list, tuple or set whose members are all listed."""

    items: tuple[Value, ...]
    kind: str = "list"
    root: object = field(default=None, kw_only=True, repr=False)


@dataclass(slots=True, eq=False)
class Table(Value):
    """A dict by constant keys; `open` when it may hold further keys."""

    entries: Mapping[Any, Value]
    open: bool = False
    root: object = field(default=None, kw_only=True, repr=False)


@dataclass(slots=True, eq=False)
class Symbol(Value):
    """A name of a library: canonical ("keras.layers.Dense"), and `via` as the user reached it ("tensorflow.keras.layers.Dense")."""

    name: str
    via: str = ""


@dataclass(slots=True, eq=False)
class Term(Value):
    """A call or operator that is not run: the tree of terms is the provenance of data.

    Names: "numpy.array" (a call of that symbol), ".astype()" (a method of `self`), ".values" (an attribute of `self`),
    "add" "divide" … (operators on `left` and `right`), "item" (`base`, `key`), "setitem" (`base`, `key`, `value`),
    "slice" (`start`, `stop`, `step`), "element" (one member of `of`), "many" (unknown number of `element`, one for each
    member of `over` if that is given), "generator" (`element`).
    Positional arguments that no signature names are "0", "1", …
    """

    name: str
    args: Mapping[str, Value] = field(default_factory=dict)
    root: object = field(default=None, kw_only=True, repr=False)

    def arg(self, position: int, *names: str) -> Value | None:
        """The argument at a position or under one of its names, or None when it was not given."""
        for name in (str(position), *names):
            if name in self.args:
                return self.args[name]
        return None


@dataclass(slots=True, eq=False)
class Unknown(Value):
    """A value that kerlint does not know, and why."""

    reason: str


@dataclass(slots=True, eq=False)
class Choice(Value):
    """One of several values, as branches left them."""

    options: tuple[Value, ...]


class Frame:
    """A scope: the names of a module, function or class, and the scope around it."""

    __slots__ = ("fields", "globals", "outer", "where")

    def __init__(self, outer: Frame | None, where: str) -> None:
        self.fields: dict[str, Value] = {}
        self.globals: frozenset[str] = frozenset()
        self.outer = outer
        self.where = where


@dataclass(slots=True, eq=False)
class Function(Value):
    """A function, method or lambda of the user, with the scope it closes over."""

    name: str
    params: Parameters
    body: IndentedBlock | Expression
    frame: Frame
    defaults: Mapping[str, Value] = field(default_factory=dict)
    decorators: tuple[Value, ...] = ()
    owner: Class | None = None


@dataclass(slots=True, eq=False)
class Bound(Value):
    """A method together with the object it was taken from."""

    function: Function
    receiver: Value


@dataclass(slots=True, eq=False)
class Class(Value):
    """A class of the user: its bases and the scope of its body."""

    name: str
    bases: tuple[Value, ...]
    frame: Frame

    @property
    def rests_on(self) -> Value | None:
        """A base, its own or inherited, that is no class of the source, or None."""
        bases = [base for cls in self.lineage() if isinstance(cls, Class) for base in cls.bases if not isinstance(base, Class)]
        return next((base for base in bases if not (isinstance(base, Symbol) and base.name == "builtins.object")), None)

    def lineage(self, seen: tuple[Class, ...] = ()) -> Iterator[Value]:
        """This class and its bases, depth first, each once: the user's classes and the symbols they end in."""
        yield self
        for base in self.bases:
            match base:
                case Class() if base not in seen:
                    yield from base.lineage((*seen, self))
                case Symbol():
                    yield base
                case _:
                    pass


@dataclass(slots=True, eq=False)
class Namespace(Value):
    """A module of the user's project."""

    frame: Frame


@dataclass(slots=True, eq=False)
class Deferred(Value):
    """What an imported file of the project imports in turn: followed only when it is looked at (a package may import hundreds of files)."""

    importer: Path
    module: str
    level: int
    member: str | None


class Instance(Value):
    """An object of one of the user's classes; it has identity, and `fields` change as the program runs."""

    __slots__ = ("cls", "fields")

    cls: Class
    fields: dict[str, Value]

    def __init__(self, cls: Class, node: Node | None = None, doubt: str = "") -> None:
        super().__init__(node=node, doubt=doubt)
        self.cls = cls
        self.fields = {}


def thing(value: Value | None) -> object:
    """The object that a value is a content of: it stays the same under another name, at another place and after a change."""
    return getattr(value, "root", None) or value


def python(value: Value | None, default: Any = None) -> Any:
    """The Python object that a fully known value stands for (numbers, strings, lists, tuples, dicts of them), else `default`."""
    match value:
        case Const(found):
            return found
        case Items(items, kind):
            found = [python(item, MISSING) for item in items]
            if any(item is MISSING for item in found):
                return default
            return tuple(found) if kind == "tuple" else found
        case Table(entries, False):
            pairs = {key: python(item, MISSING) for key, item in entries.items()}
            return default if MISSING in pairs.values() else pairs
        case _:
            return default


def hashed(value: Value) -> Any:
    """The Python object that a value stands for, when it can be the key of a dict, else MISSING."""
    found = python(value, MISSING)
    try:
        hash(found)
    except TypeError:
        return MISSING
    return found


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


def number(value: Value | None) -> float | int | None:
    """The number that a value is known to be, else None; a bool is not a number here."""
    match value:
        case Const(bool()):
            return None
        case Const(int() | float() as found):
            return found
        case _:
            return None


def text(value: Value | None) -> str | None:
    """The string that a value is known to be, else None."""
    match value:
        case Const(str() as found):
            return found
        case _:
            return None


def options(value: Value) -> tuple[Value, ...]:
    """The alternatives of a choice, or the one value."""
    return value.options if isinstance(value, Choice) else (value,)


def is_data_choice(value: Value) -> bool:
    """Whether it is one of several data values: it stays one operand of a term, because trying all combinations grows without bound."""
    match value:
        case Choice(found):
            return all(
                isinstance(option, (Term, Unknown)) and not getattr(option, "name", "").startswith(("keras.", "many")) for option in found
            )
        case _:
            return False


def same(left: Value, right: Value, depth: int = 0) -> bool:
    """Whether two values are certainly alike: equal constants, or what the same code made of alike values."""
    if left is right:
        return True
    if type(left) is not type(right):  # most pairs that are asked for, so this comes before the patterns
        return False
    match left, right:
        case Term(a), Term(b):
            if a != b or left.node is not right.node or left.node is None or depth >= DEEPEST_ALIKE:
                return False
            args, others = left.args, right.args
            return args.keys() == others.keys() and all(same(arg, others[name], depth + 1) for name, arg in args.items())
        case Const(a), Const(b):
            return type(a) is type(b) and bool(a == b)
        case (Symbol(a), Symbol(b)) | (Unknown(a), Unknown(b)):
            return a == b
        case Items(a, kind), Items(b, other):
            return kind == other and len(a) == len(b) and all(map(same, a, b))
        case _:
            return False


def join(*values: Value) -> Value:
    """What is known where several ways meet: the common value, a choice of at most four, or unknown."""
    kept: list[Value] = []
    for value in values:
        for option in options(value):
            for other in kept:
                if same(option, other) or _alike(option, other):
                    break
            else:
                kept.append(option)
                if len(kept) > (MOST_DATA if all(isinstance(one, Term) for one in kept) else MOST_OPTIONS):
                    return Unknown("more alternatives than are followed", node=kept[-1].node)
    if len(kept) == 1:
        return kept[0]
    return Choice(tuple(kept), node=kept[-1].node)


def _alike(left: Value, right: Value) -> bool:
    """Whether two contents of one list of unknown length hold the same members."""
    match left, right:
        case Term("many", {"element": one}), Term("many", {"element": other}):
            first, second = options(one), options(other)
            alike = len(first) == len(second) and all(map(same, first, second))
            return alike and _root(left) is _root(right) and left.args.get("over") is right.args.get("over")
        case _:
            return False


def widen(before: Value | None, after: Value, reason: str) -> Value:
    """What is known of something that a loop of unknown length changes: a counter nothing, a collection its members, data its makings."""
    if before is None or same(before, after):
        return after
    listed, longer = _members(before), _members(after)
    if listed is not None and longer is not None:
        element = join(*listed, *longer) if listed or longer else Unknown(reason)
        return Term("many", {"element": element}, node=after.node, root=_root(after) or _root(before))
    match before, after:
        case Table(), Table(entries):
            return replace(after, entries=entries, open=True)
        case Const(None), Term():
            return after
        case (Const() | Unknown(), _):
            return Unknown(reason, node=after.node)
        case Choice(found), _ if not all(isinstance(option, Term) for option in found):
            return Unknown(reason, node=after.node)
        case _:
            return join(before, after)


def _root(value: Value) -> object:
    """What a collection is a content of: alternatives of one object are contents of the same."""
    return next((root for option in options(value) if (root := getattr(option, "root", None)) is not None), None)


def _members(value: Value) -> tuple[Value, ...] | None:
    """What a list, or one of several lists, may hold; None when it is not a list."""
    match value:
        case Items(items):
            return items
        case Term("many", {"element": element}):
            return options(element)
        case Choice(found):
            parts = [_members(option) for option in found]
            return None if None in parts else tuple(item for part in parts for item in part or ())
        case _:
            return None


def doubtful(value: Value, doubt: str) -> Value:
    """The same value, marked with why it may be another one at run time; constants, lists and tables only (others have identity)."""
    match value:
        case Const() | Symbol():
            return replace(value, doubt=doubt)
        case Items(items):
            return replace(value, items=tuple(doubtful(item, doubt) for item in items), doubt=doubt)
        case Table(entries):
            return replace(value, entries={key: doubtful(item, doubt) for key, item in entries.items()}, doubt=doubt)
        case _:
            return value
