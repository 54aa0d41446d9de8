"""The walk over the tree of terms: what is known of a value from what is known of the values it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.semantics.provenance import arithmetic, arrays, axes, functions, indexing, literals, preparation, sources, streams, tables
from kerlint.semantics.provenance.call import Call, argument, data_names
from kerlint.semantics.provenance.facts import Facts, written
from kerlint.semantics.provenance.knowledge import Operation, operation
from kerlint.semantics.provenance.knowledge import tables as knowledge
from kerlint.semantics.values import Choice, Const, Items, Symbol, Table, Term, Value, thing

if TYPE_CHECKING:
    from types import ModuleType

MODULES: dict[str, ModuleType] = {
    "arithmetic": arithmetic,
    "arrays": arrays,
    "axes": axes,
    "functions": functions,
    "indexing": indexing,
    "preparation": preparation,
    "sources": sources,
    "streams": streams,
    "tables": tables,
}
"""Where the operations that data.toml names are defined."""
MOST = 4096
"""Values whose facts are kept; a program has some hundreds, and more would only hold old programs in memory."""
MADE = (Term, Items, Table, Choice)
"""What is made of other values; of everything else, a look tells all that is known."""
NOTHING = TOO_LONG = Facts()


class Provenance:
    """The facts of values by identity. Values do not change, so what was found of one stays true."""

    def __init__(self) -> None:
        self.memo: dict[Value, Facts] = {}
        self.depth = 0

    def facts(self, value: Value | None) -> Facts:
        """What is known of a value; its makings are looked at first, without recursion, however long their chain is.

        Values that an operation makes up on its way (rows of a list) are looked at on the spot.
        """
        if value is None:
            return NOTHING
        known = self.memo.get(value)
        if known is not None:
            return known
        if not isinstance(value, MADE):
            return literals.scalar(value)
        if self.depth > literals.DEEPEST:
            return TOO_LONG
        if self.depth == 0 and len(self.memo) > MOST:
            self.forget()
        self.depth += 1
        try:
            return self._look(value)
        finally:
            self.depth -= 1

    def forget(self) -> None:
        """Drop what was found, and with it the programs it was found in."""
        self.memo = {}

    def _look(self, value: Value) -> Facts:
        memo = self.memo
        waiting = [value]
        entered: set[Value] = set()
        while waiting:
            top = waiting[-1]
            if top in memo:
                waiting.pop()
            elif top not in entered and (parts := [part for part in _parts(top) if part not in memo and part not in entered]):
                entered.add(top)
                waiting += parts
            else:
                waiting.pop()
                memo[top] = self._made(top)
        return memo[value]

    def _made(self, value: Value) -> Facts:
        match value:
            case Term(root=Term() as first) if _is_mention(value, first):
                return self.memo.get(first) or self.memo.setdefault(first, self._done(first))
            case Term():
                return self._done(value)
            case Items():
                return literals.listed(value, self.facts)
            case Table():
                return literals.tabled(value, self.facts)
            case Choice():
                return literals.merged(value, self.facts)
            case _:
                return literals.scalar(value)

    def _done(self, term: Term) -> Facts:
        term = _of_generator(term)
        call, known = self._call(term)
        if known is None:
            column = term.name.startswith(".") and not term.name.endswith("()")
            found = tables.attribute(call) if column else call.unknown()
        else:
            found = getattr(MODULES[known.module], known.function)(call)
        doubt = found.doubt or term.doubt or self._doubt(term)
        hidden = found.scaled is False and not found.resolved
        return replace(found, doubt=doubt, scaled=None if hidden else found.scaled) if doubt != found.doubt or hidden else found

    def _doubt(self, term: Term) -> str:
        """The first doubt of an argument."""
        for value in term.args.values():
            if value.doubt or type(value) is not Const:
                found = self.facts(value).doubt
                if found:
                    return found
        return ""

    def _call(self, term: Term) -> tuple[Call, Operation | None]:
        """The operation that a term is, with the facts of the data it works on."""
        known = operation(term.name)
        receiver = self.facts(term.args.get("self"))
        if receiver.yields is not None:
            known = operation(f"~{term.name}") or known
        data = self.facts(main_operand(term, known))
        if known is None and data.origin is None:
            data = next((found for found in map(self.facts, term.args.values()) if found.origin is not None), data)
        return Call(term, data, known.effect if known else "unknown", known.about if known else {}, self.facts), known


def _is_mention(value: Term, first: Term) -> bool:
    """Whether a value is nothing but another one that came through a name: there is one for each place where the name stands."""
    alike = value.name == first.name and value.args is first.args and value.doubt == first.doubt
    return alike and first.root is None and written(value) is written(first)


def main_operand(term: Term, known: Operation | None) -> Value | None:
    """The argument that is the data of a term."""
    position = known.about.get("operand", 0) if known else 0
    found = argument(term, position, *data_names())
    if found is None and known is not None and known.module != "sources" and "self" not in term.args:
        found = next(iter(term.args.values()), None)
    return found


def _of_generator(term: Term) -> Term:
    """`rng.normal(...)` as the function of the library that the generator comes from."""
    match term.args.get("self") if term.name.endswith("()") else None:
        case Term(maker) | Symbol(maker):
            library = knowledge()["libraries"]["generators"].get(maker)
            if library is not None:
                args = {key: value for key, value in term.args.items() if key != "self"}
                return Term(f"{library}{term.name[:-2]}", args, root=thing(term), node=term.node)
        case _:
            pass
    return term


def _parts(value: Value) -> list[Value]:
    """The values that one is made of, as far as they have facts worth keeping."""
    match value:
        case Term(args=named) | Table(entries=named):
            return [part for part in named.values() if isinstance(part, MADE)]
        case Items():
            return _inside(value)
        case Choice(found):
            return [part for part in found if isinstance(part, MADE)]
        case _:
            return []


def _inside(value: Items) -> list[Value]:
    """The data in a nested list; its rows are not data of their own."""
    found: list[Value] = []
    waiting: list[Value] = [value]
    while waiting:
        match waiting.pop():
            case Items(items):
                waiting += [item for item in items if not isinstance(item, Const)]
            case (Term() | Table() | Choice()) as part:
                found.append(part)
            case _:
                pass
    return found
