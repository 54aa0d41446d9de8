"""One operation on data while it is looked at: its term, what is known of its operands, and what the knowledge says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.facts import Facts, Origin, source_of, stepped, written
from kerlint.semantics.provenance.knowledge import spoken, tables
from kerlint.semantics.values import Const, Items, Symbol, Term, Value

Ask = Callable[[Value | None], Facts]
LARGEST = 1e300
"""Greatest size of a number that is computed with; beyond it floats overflow."""


@cache
def data_names() -> tuple[str, ...]:
    """The names under which libraries take the data itself."""
    return tuple(tables()["libraries"]["data"].split())


class Call(Struct, frozen=True, eq=False):
    """A term with the facts of what it works on (`data`), and a way to ask for those of its other arguments."""

    term: Term
    data: Facts
    effect: str
    about: Mapping[str, Any]
    ask: Ask

    def value(self, position: int, *names: str) -> Value | None:
        """An argument by position or name; position 0 of a method is the object it is called on."""
        return argument(self.term, position, *names)

    def facts(self, position: int, *names: str) -> Facts:
        """What is known of an argument."""
        return self.ask(self.value(position, *names))

    def number(self, position: int, *names: str, default: float | None = None) -> float | None:
        """The number that an argument is known to be, `default` when it is not given, None when it is not known."""
        value = self.value(position, *names)
        match value:
            case None | Const(None):
                return default
            case _:
                return self.ask(value).constant

    def integer(self, position: int, *names: str, default: int | None = None) -> int | None:
        """Like `number`, for whole numbers."""
        found = self.number(position, *names, default=default)
        return int(found) if found is not None and float(found).is_integer() else None

    def count(self, position: int, *names: str, default: int | None = None) -> int | None:
        """Like `integer`, for numbers of things."""
        found = self.integer(position, *names, default=default)
        return found if found is not None and found >= 0 else None

    def text(self, position: int, *names: str, default: str | None = None) -> str | None:
        """The text that an argument is known to be, `default` when it is not given, None when it is not known."""
        match self.value(position, *names):
            case None:
                return default
            case Const(str() as found):
                return found
            case _:
                return None

    def flag(self, position: int, *names: str, default: bool = False) -> bool | None:
        """The truth value of an argument, `default` when it is not given, None when it is not known."""
        match self.value(position, *names):
            case None:
                return default
            case Const(None | bool() | int() as found):
                return bool(found)
            case _:
                return None

    def dims(self, *values: Value | None) -> Shape | None:
        """Sizes of axes from numbers, or from one list of them; an unknown size is None, an unknown number of axes gives None."""
        match values:
            case ():
                return None
            case (Items(items),):
                values = items
            case (Const(None) | None,):
                return ()
            case (Term() as term,) if self.ask(term).members:
                return tuple(map(size, self.ask(term).members.values()))
            case (Term() as term,) if self.ask(term).shape != ():
                return None
        sizes = [size(self.ask(value)) for value in values]
        unknown = any(known is None and self.ask(value).shape != () for known, value in zip(sizes, values, strict=True))
        return None if unknown and len(values) == 1 else tuple(sizes)

    def positional(self) -> list[Value]:
        """The arguments given by position, in order (without the object of a method)."""
        found: list[Value] = []
        while (value := self.term.args.get(str(len(found)))) is not None:
            found.append(value)
        return found

    def result(self, effect: str | None = None, name: str = "", /, **changes: Any) -> Facts:
        """The facts of the data after this step."""
        done = self.effect if effect is None else effect
        if done == "scale":
            changes.setdefault("scaled", True)
        return stepped(replace(self.data, **changes), done, name or spoken(self.term.name), written(self.term))

    def origin(self, kind: str, name: str = "", /, **known: Any) -> Facts:
        """The facts of data that begins here."""
        begun = Origin(kind, name or spoken(self.term.name), written(self.term))
        return replace(Facts(origin=begun, resolved=True, scaled=False, sources=source_of(self.term)), **known)

    def with_origin(self, kind: str) -> Call:
        """The same call on data that begins here, when nothing is known of where it comes from but what it is."""
        if self.data.origin is not None or not self.data.resolved:
            return self
        begun = self.origin(kind)
        return replace(self, data=replace(self.data, origin=begun.origin, sources=begun.sources))

    def unknown(self) -> Facts:
        """The data after a step that is not understood: only its origin is left."""
        kept = Facts(self.data.origin, self.data.path, self.data.resolved, scaled=self.data.scaled, split=self.data.split)
        name = "an unknown function" if self.term.name in ("unknown", "call") else spoken(self.term.name)
        return stepped(replace(kept, sources=self.data.sources, doubt=self.data.doubt), "unknown", name, written(self.term))


def argument(term: Term, position: int, *names: str) -> Value | None:
    """An argument of a term by position or name; position 0 of a method is the object it is called on."""
    if "self" in term.args:
        if position == 0:
            return term.args["self"]
        position -= 1
    return term.arg(position, *names)


def size(found: Facts) -> int | None:
    """The size of an axis that a scalar gives; -1 and None stand for sizes to be worked out."""
    number = found.constant
    return int(number) if number is not None and number >= 0 and float(number).is_integer() else None


def dtype_of(value: Value | None) -> str | None:
    """The name of a dtype: "float32" of "float32", np.float32 and tf.float32, "int" of int."""
    match value:
        case Const(str() as found):
            return found
        case Symbol(name):
            return name.rpartition(".")[2]
        case _:
            return None


def is_whole(dtype: str | None) -> bool:
    """Whether a dtype holds integers or truth values."""
    return dtype is not None and dtype.lstrip("<>=|").startswith(("int", "uint", "bool", "i", "u"))


def is_float(dtype: str | None) -> bool:
    """Whether a dtype holds fractions."""
    return dtype is not None and dtype.lstrip("<>=|").startswith(("float", "double", "half", "bfloat", "f", "single"))
