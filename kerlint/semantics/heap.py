"""The state of the interpreted program: scopes, objects and in-place changes, forked at branches and joined after them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from kerlint.semantics.values import MISSING, Choice, Items, Table, Term, Value, join

Fields = dict[Any, Value]
Change = tuple[Fields, Any, Any]
"""A place (a mapping and its key) and the value there."""
Delta = dict[tuple[int, Any], Change]
"""What one way through the code changed: the new value of each place."""


class Heap:
    """All mutable state is mappings; every write is journaled, so that a branch can be run, taken back and joined with its siblings."""

    def __init__(self) -> None:
        self.newest: Fields = {}
        self.journals: list[Delta] = []
        self.turns = 0
        """How often something was taken back that a model shows: what was computed from the state before may not hold after."""

    def write(self, fields: Fields, key: Any, value: Value) -> None:
        """Change one place, remembering what was there since the last fork."""
        if self.journals:
            self.journals[-1].setdefault((id(fields), key), (fields, key, fields.get(key, MISSING)))
        fields[key] = value

    def remove(self, fields: Fields, key: Any) -> None:
        """Delete one place (`del`), remembering what was there."""
        if self.journals:
            self.journals[-1].setdefault((id(fields), key), (fields, key, fields.get(key, MISSING)))
        fields.pop(key, None)

    def current(self, value: Value) -> Value:
        """The newest content of an object that may have been changed in place since `value` was taken."""
        if type(value) in MUTABLE:
            return self.newest.get(value.root or value, value)  # type: ignore[attr-defined]
        if type(value) is Choice and self.newest:
            found = tuple(map(self.current, value.options))
            return value if found == value.options else join(*found)
        return value

    def update(self, old: Value, new: Value) -> Value:
        """Change the object that `old` is a content of, so that everybody who holds it sees `new`."""
        root: Any = getattr(old, "root", None) or old
        match new if type(old) in MUTABLE else None:  # the constructors, not `replace`: lists grow item by item
            case Term(name, args):
                new = Term(name, args, root=root, node=new.node, origin=new.origin, doubt=new.doubt)
            case Items(items, kind):
                new = Items(items, kind, root=root, node=new.node, origin=new.origin, doubt=new.doubt)
            case Table(entries, unlisted):
                new = Table(entries, unlisted, root=root, node=new.node, origin=new.origin, doubt=new.doubt)
            case _:
                return new
        self.write(self.newest, root, new)
        return new

    def fork(self) -> None:
        """Begin to remember changes."""
        self.journals.append({})

    def undo(self) -> Delta:
        """Take back everything since the last fork and return it."""
        journal = self.journals.pop()
        delta: Delta = {}
        for cell, (fields, key, old) in journal.items():
            self.turns += key in SHOWN
            delta[cell] = (fields, key, fields.get(key, MISSING))
            if old is MISSING:
                fields.pop(key, None)
            else:
                fields[key] = old
        return delta

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Run something whose changes stay whatever comes of the present branch: a file that is imported is run only once."""
        outer, self.journals = self.journals, []
        try:
            yield
        finally:
            self.journals = outer

    def commit(self) -> None:
        """Keep everything since the last fork."""
        journal = self.journals.pop()
        if self.journals:
            outer = self.journals[-1]
            for cell, change in journal.items():
                outer.setdefault(cell, change)

    def since(self, depth: int) -> Delta:
        """The present value of each place changed since there were `depth` journals."""
        return {
            cell: (fields, key, fields.get(key, MISSING)) for journal in self.journals[depth:] for cell, (fields, key, _) in journal.items()
        }

    def merge(self, deltas: Iterable[Delta]) -> None:
        """Join the ways that lead on from here: a place holds what any of them left there."""
        ways = list(deltas)
        places = {cell: (fields, key) for delta in ways for cell, (fields, key, _) in delta.items()}
        for cell, (fields, key) in places.items():
            # What was never changed in place before is its own content.
            before: Any = fields.get(key, key if fields is self.newest else MISSING)
            found = [delta[cell][2] if cell in delta else before for delta in ways]
            known: list[Value] = [value for value in found if value is not MISSING]
            if known:
                self.write(fields, key, known[0] if len(known) == 1 else join(*known))
            else:
                self.remove(fields, key)

    def branch(self, ways: Iterable[Callable[[], bool]]) -> bool:
        """Run each way from the present state; join those that lead on. Returns whether any does."""
        deltas = []
        for way in ways:
            self.fork()
            leads_on = way()
            delta = self.undo()
            if leads_on:
                deltas.append(delta)
        self.merge(deltas)
        return bool(deltas)


MUTABLE = frozenset({Items, Table, Term})
SHOWN = frozenset({"trainable", "name", "call", "keras:layers", "keras:inputs", "keras:outputs", "keras:pretrained"})
"""The places that a model as checks see it is made from (see `snapshot` and `state`), beside what never changes."""
