"""In which order the rows of an array are: what shuffled them, whether labels lie in blocks, which rows two slices share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics.provenance import facts, lineage
from kerlint.semantics.provenance.facts import written
from kerlint.semantics.values import Choice, Const, Items, Term, Value, number, python, thing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from kerlint.semantics.program import Program

JOINS = frozenset({"concatenate", "vstack", "hstack", "append", "concat", "add", "r_"})
FRAMES = ".sample()"
SEEDS = frozenset({"numpy.random.seed", "random.seed", "tensorflow.random.set_seed", "keras.utils.set_random_seed"})


def shuffles(value: Value, names: Collection[str]) -> list[Term] | None:
    """The calls that shuffled the rows of an array, the last one first; None when not all of its way is understood."""
    found: list[Term] = []
    for term in lineage(value):
        if any(isinstance(arg, Choice) for arg in term.args.values()) or term.doubt:
            return None
        match term:
            case Term("item", {"key": key}) if not _ordered(key):
                return None
            case Term(name) if name in names and _of_rows(term):
                found.append(term)
            case _:
                pass
    return found


def _ordered(key: Value) -> bool:
    """Whether an index keeps the order of rows: a number, a name, a slice, or a tuple of them."""
    match key:
        case Const() | Term("slice"):
            return True
        case Items(items):
            return all(map(_ordered, items))
        case _:
            return False


def _of_rows(term: Term) -> bool:
    """Whether data is shuffled, and all of it: a permutation of numbers is an index, a sample of some rows is a selection."""
    if term.name == FRAMES:
        return number(term.args.get("frac")) == 1
    return True


def alike(program: Program, mine: Sequence[Term], theirs: Sequence[Term]) -> bool:
    """Whether both went through the same shuffles: the same calls, or calls that draw the same numbers."""
    if {id(thing(term)) for term in mine} == {id(thing(term)) for term in theirs}:
        return True
    if {*map(written, mine)} == {*map(written, theirs)}:
        return True  # one call in a function or loop that both went through: its seed may be set inside
    if len(mine) != len(theirs):
        return False
    pairs = [*zip(mine, theirs, strict=True)]
    return all(_same_state(one, other) or _seeded(program, one) and _seeded(program, other) for one, other in pairs)


def _same_state(one: Term, other: Term) -> bool:
    states = [term.args.get("random_state", term.args.get("seed")) for term in (one, other)]
    return None not in states and (thing(states[0]) is thing(states[1]) or python(states[0]) == python(states[1]) is not None)


def _seeded(program: Program, shuffled: Term) -> bool:
    """Whether a generator was seeded right before this shuffle: only a seed lies between it and the shuffle before."""
    seeded = False
    for use in program.uses:
        if use.name in SEEDS or use.name.endswith((".seed", ".set_state")):
            seeded = True
        elif use.node is written(shuffled):
            return seeded
        elif "shuffle" in use.name or "permutation" in use.name or use.name == ".sample":
            seeded = False
    return False


def blocks(labels: Value, names: Collection[str], least: int) -> str:
    """How labels lie class by class: "joined" of one array for each class, "sorted" by themselves, "written" so, or ""."""
    for term in lineage(labels):
        match term:
            case Term(name) if name in names or name.endswith("train_test_split"):
                return ""
            case Term("item", {"key": key}) if not _ordered(key):
                return ""
            case Term(".sort_values()", args) if _sorts_by(args, labels):
                return "sorted"
            case Term(name) if name.rpartition(".")[2] in JOINS:
                return "joined" if _classes(term, least) else "written" if _repeated(term) else ""
            case _:
                pass
    return "written" if _in_blocks(_literal(labels), least) else ""


def _sorts_by(args: object, labels: Value) -> bool:
    match args, labels:
        case {"0": Const(str() as column)} | {"by": Const(str() as column)}, Term():
            keys = {python(term.args["key"]) for term in lineage(labels) if term.name == "item" and isinstance(term.args.get("key"), Const)}
            return column in keys
        case _:
            return False


def _classes(term: Term, least: int) -> bool:
    """Whether arrays are joined of which each holds one label, not all the same."""
    parts = [part for value in term.args.values() for part in (value.items if isinstance(value, Items) else (value,))]
    known = [facts(part) for part in parts if not isinstance(part, Const)]
    values = [found.low for found in known if found.low is not None and found.low == found.high]
    rows = [found.rows for found in known]
    enough = None in rows or sum(row or 0 for row in rows) >= least
    return len(values) == len(known) > 1 and len(set(values)) == len(values) and enough


def _repeated(term: Term) -> bool:
    """Whether labels are `[0] * n + [1] * m`, each one once."""
    found = _labels_of(term)
    return len(found) > 1 and None not in found and len(set(found)) == len(found)


def _labels_of(value: Value) -> list[object]:
    """The labels that a sum of repeated lists of one label holds, in order; None for anything else."""
    match value:
        case Term("add", {"left": left, "right": right}):
            return [*_labels_of(left), *_labels_of(right)]
        case Term("multiply", {"left": Items([Const(label)], "list")}):
            return [label]
        case _:
            return [None]


def _literal(value: Value) -> Value:
    match value:
        case Term(name, {"0": Items() as items}) if name in ("numpy.array", "numpy.asarray"):
            return items
        case _:
            return value


def _in_blocks(value: Value, least: int) -> bool:
    """Whether a written list of labels runs from one class to the next without coming back, several times each."""
    found = python(value)
    if not isinstance(found, list) or len(found) < least or not all(type(label) is int for label in found):
        return False
    runs = [label for place, label in enumerate(found) if not place or found[place - 1] != label]
    return 1 < len(runs) == len(set(runs)) and len(found) >= 2 * len(runs) + 1


def overlap(one: Value, other: Value) -> int:
    """How many rows two slices of one array share; 0 when that is not known."""
    match one, other:
        case Term("item", {"base": first, "key": left}), Term("item", {"base": second, "key": right}) if thing(first) is thing(second):
            ranges = [_rows(key, facts(first).rows) for key in (left, right)]
            return max(0, min(ranges[0][1], ranges[1][1]) - max(ranges[0][0], ranges[1][0])) if None not in ranges else 0  # type: ignore[index]
        case _:
            return 0


def _rows(key: Value, total: int | None) -> tuple[int, int] | None:
    """The first row of a slice and the one behind its last."""
    match key:
        case Items((first, *rest), "tuple") if all(map(_whole, rest)):
            return _rows(first, total)
        case Term("slice", {"start": start, "stop": stop, "step": Const(None)}):
            bounds = [*_bounds(start, stop, total)]
            return None if None in bounds else (bounds[0] or 0, bounds[1] or 0)
        case _:
            return None


def _bounds(start: Value, stop: Value, total: int | None) -> Iterator[int | None]:
    for value, default in ((start, 0), (stop, total if total is not None else 1 << 60)):
        match value:
            case Const(None):
                yield default
            case Const(int() as place) if place >= 0:
                yield place if total is None else min(place, total)
            case Const(int() as place) if total is not None:
                yield max(0, total + place)
            case _:
                yield None


def _whole(key: Value) -> bool:
    match key:
        case Term("slice", {"start": Const(None), "stop": Const(None)}):
            return True
        case _:
            return False
