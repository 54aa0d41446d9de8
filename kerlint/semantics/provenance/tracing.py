"""The walk over the tree of terms: what is known of a value from what is known of the values it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.semantics.provenance import arithmetic, arrays, axes, functions, indexing, literals, preparation, sources, streams, tables
from kerlint.semantics.provenance.call import Call, argument, data_names
from kerlint.semantics.provenance.facts import Facts, replace
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
NOTHING = TOO_LONG = Facts()


class Provenance:
    """The facts of values by identity. Values do not change, so what was found of one stays true."""

    def __init__(self) -> None:
        self.memo: dict[Value, Facts] = {}
        self.depth = 0

    def facts(self, value: Value | None) -> Facts:
        """What is known of a value; its makings are looked at first, without recursion, however long their chain is."""
        if value is None:
            return NOTHING
        known = self.memo.get(value)
        if known is not None:
            return known
        if not isinstance(value, (Term, Items, Table, Choice)):
            return literals.scalar(value)
        if self.depth == 0 and len(self.memo) > MOST:
            self.memo.clear()
        self.depth += 1
        try:
            self._look(value)
        finally:
            self.depth -= 1
        return self.memo[value]

    def _look(self, value: Value) -> None:
        waiting = [value]
        entered: set[Value] = set()
        while waiting:
            top = waiting[-1]
            if top in self.memo:
                waiting.pop()
            elif top in entered:
                waiting.pop()
                self.memo[top] = self._made(top)
            else:
                entered.add(top)
                waiting.extend(part for part in _parts(top) if part not in self.memo and part not in entered)

    def _made(self, value: Value) -> Facts:
        match value:
            case Term():
                return self._done(value)
            case Items():
                return literals.listed(value, self._ask)
            case Table():
                return literals.tabled(value, self._ask)
            case Choice():
                return literals.merged(value, self._ask)
            case _:
                return literals.scalar(value)

    def _ask(self, value: Value | None) -> Facts:
        """The facts of a part; values that an operation makes up on its way (rows of a list) are looked at on the spot."""
        if (
            value is not None
            and value not in self.memo
            and self.depth > literals.DEEPEST
            and isinstance(value, (Term, Items, Table, Choice))
        ):
            return TOO_LONG
        return self.facts(value)

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
                found = self._ask(value).doubt
                if found:
                    return found
        return ""

    def _call(self, term: Term) -> tuple[Call, Operation | None]:
        """The operation that a term is, with the facts of the data it works on."""
        known = operation(term.name)
        receiver = self._ask(term.args.get("self"))
        if receiver.yields is not None:
            known = operation(f"~{term.name}") or known
        data = self._ask(main_operand(term, known))
        if known is None and data.origin is None:
            data = next((found for found in map(self._ask, term.args.values()) if found.origin is not None), data)
        return Call(term, data, known.effect if known else "unknown", known.about if known else {}, self._ask), known


def main_operand(term: Term, known: Operation | None) -> Value | None:
    """The argument that is the data of a term."""
    position = known.about.get("operand", 0) if known else 0
    found = argument(term, position, *data_names())
    if found is None and known is not None and known.module != "sources" and "self" not in term.args:
        found = next(iter(term.args.values()), None)
    return found


def _of_generator(term: Term) -> Term:
    """`rng.normal(...)` as the function of the library that the generator comes from."""
    match term:
        case Term(name, {"self": Term(maker) | Symbol(maker)}) if name.endswith("()"):
            library = knowledge()["libraries"]["generators"].get(maker)
            if library is not None:
                args = {key: value for key, value in term.args.items() if key != "self"}
                return Term(f"{library}{name[:-2]}", args, root=thing(term), node=term.node)
    return term


def _parts(value: Value) -> Iterator[Value]:
    """The values that one is made of, as far as they have facts worth keeping."""
    match value:
        case Term(args=args):
            yield from (part for part in args.values() if isinstance(part, (Term, Items, Table, Choice)))
        case Items():
            yield from _inside(value)
        case Table(entries):
            yield from (part for part in entries.values() if isinstance(part, (Term, Items, Table, Choice)))
        case Choice(found):
            yield from (part for part in found if isinstance(part, (Term, Items, Table, Choice)))
        case _:
            return


def _inside(value: Items) -> Iterator[Value]:
    """The data in a nested list; its rows are not data of their own."""
    waiting: list[Value] = [value]
    while waiting:
        match waiting.pop():
            case Items(items):
                waiting.extend(item for item in items if not isinstance(item, Const))
            case (Term() | Table() | Choice()) as part:
                yield part
            case _:
                pass
