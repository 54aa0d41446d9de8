"""The fixes of data: rows that are shuffled together, parts that are unpacked in their order, scaling that is done once and to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks import graph, repairs
from kerlint.semantics.provenance import lineage
from kerlint.semantics.provenance.facts import written
from kerlint.semantics.values import Const, Term, Value, thing
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kerlint.finding import Edit, Fix
    from kerlint.semantics.program import Event, Layer, Model, Program
    from kerlint.semantics.provenance import Facts, Step
    from kerlint.syntax.nodes import Node

ORDER = "order"
"""What a permutation is called in new code."""
STATES = frozenset({"sklearn.utils.shuffle", ".sample()"})
"""Shuffles whose order a `random_state` decides."""
IN_PLACE = "numpy.random.shuffle"
PERMUTED = "numpy.random.permutation"
FITTED = ".fit_transform"


# Order


def unpacked_in_order(program: Program, halves: Value | None) -> Fix | None:
    """Both parts of the first array first, as `train_test_split` gives them: the names in the middle change places."""
    parts = {key: name for name, base, key in _parts(program) if thing(base) is thing(halves)} if halves is not None else {}
    if set(parts) != {0, 1, 2, 3}:
        return None
    return repairs.fix("unpack in the order of the parts", *repairs.exchanged(parts[1], parts[2]), safe=False)


def _parts(program: Program) -> list[tuple[Node, Value, int]]:
    """The names that parts of something are unpacked to: the node of the name, what it is a part of, the number of the part."""
    found: list[tuple[Node, Value, int]] = []
    for each in program.assignments:
        match each.value:
            case Term("item", {"base": base, "key": Const(int() as key)}):
                found.append((each.node, base, key))
    return found


def shuffled_together(program: Program, event: Event, mine: Sequence[Term], theirs: Sequence[Term]) -> Fix | None:
    """One order for inputs and labels, where each is shuffled once, or the inputs alone."""
    terms, calls = [*mine, *theirs], [written(term) for term in (*mine, *theirs)]
    if len(mine) != 1 or len(theirs) > 1 or not all(isinstance(call, syntax.Call) for call in calls) or _framed(event.x, event.y):
        return None
    if theirs and all(term.name in STATES for term in terms):
        return repairs.fix("shuffle both alike", *map(_in_state, calls), safe=False)
    x, y = (_named(value) for value in (event.x, event.y))
    if not theirs and (y is None or x is None or not _bound_once(program, y)):
        return None
    if any(term.name not in (IN_PLACE, PERMUTED) and (theirs or term.name != "sklearn.utils.shuffle") for term in terms):
        return None
    arrays = [repairs.positional(call, 0) for call in calls]
    names = [array.value if isinstance(array, syntax.Name) else None for array in arrays]
    if None in names:
        return None
    edits = [repairs.replaced(call, _ordered(term, name or "")) for call, term, name in zip(calls, terms, names, strict=True)]
    others = "" if theirs else f"\n{y} = {y}[{ORDER}]"
    return _with_order(program, calls[0], names[0] or "", others, *edits, together=calls)


def _ordered(shuffled: Term, name: str) -> str:
    """An array in the new order, in the place of a call that shuffles it where it is, or gives it back shuffled."""
    return f"{name} = {name}[{ORDER}]" if shuffled.name == IN_PLACE else f"{name}[{ORDER}]"


def _with_order(
    program: Program, place: Node | None, rows: str, others: str, *edits: Edit | None, together: Sequence[Node | None] = ()
) -> Fix | None:
    """Edits that need an order, and in front of a place the statement that draws it."""
    if any(each.name == ORDER for each in program.assignments):
        return None
    numpy = repairs.bound(program, "numpy")
    drawn = repairs.statement_before(place, f"{ORDER} = {numpy or 'np'}.random.permutation(len({rows})){others}")
    imports = () if numpy else ("import numpy as np",)
    return repairs.fix("shuffle both with one order", drawn, *edits, safe=False, imports=imports, together=together)


def _in_state(call: Node | None) -> Edit | None:
    state = repairs.argument(call, "random_state")
    return repairs.added(call, "random_state=0") if state is None else repairs.replaced(state.value, "0")


def shuffled_before(program: Program, event: Event) -> Fix | None:
    """Inputs and labels in one random order, right in front of the run that splits them."""
    x, y = (_named(value) for value in (event.x, event.y))
    if x is None or y is None or event.x is None or event.y is None or event.loops:
        return None
    edits = [repairs.after(value.node, f".iloc[{ORDER}]" if _framed(value) else f"[{ORDER}]") for value in (event.x, event.y)]
    return _with_order(program, event.node, x, "", *edits)


def _named(value: Value | None) -> str | None:
    """The name that a value is given by."""
    match value.node if value is not None else None:
        case syntax.Name(value=name):
            return name
        case _:
            return None


def _bound_once(program: Program, name: str) -> bool:
    return sum(each.name == name for each in program.assignments) == 1


def _framed(*values: Value | None) -> bool:
    """Whether one of some arrays may be a table of pandas, of which an index picks columns or labels."""
    for value in values:
        for term in lineage(value):
            if term.name in (".to_numpy()", ".values") or term.name.startswith(("numpy.", "sklearn.")) or term.name == ".fit_transform()":
                break
            if term.name.startswith("pandas."):
                return True
    return False


# Scale


def scaled_alike(program: Program, event: Event, value: Value, learned: Facts) -> Fix | None:
    """What was done to the training data done to other data; safe where it is an operation with numbers that are written out."""
    step = next((step for step in reversed(learned.path) if step.effect in ("scale", "center")), None)
    one, other = _named(event.x), _named(value)
    if step is None or sum(known.effect in ("scale", "center") for known in learned.path) > 1:
        return None
    if step.name.startswith("ImageDataGenerator("):
        return _generated_alike(step, value)
    if one is None or other is None or not _bound_at_once(program, one, other):
        return None
    match step.node:
        case syntax.AugAssign(target=syntax.Name(value=name), operator=syntax.Divide(), value=number) if name == one and _literal(number):
            text = f"{other} = {other} / {repairs.code(number)}"
        case syntax.BinaryOperation(left=syntax.Name(value=name), operator=syntax.Divide(), right=number) if name == one and _literal(
            number
        ):
            text = f"{other} = {other} / {repairs.code(number)}"
        case syntax.Call(
            func=syntax.Attribute(value=scaler, attr=syntax.Name(value="fit_transform")), args=[syntax.Arg(value=syntax.Name(value=name))]
        ):
            alone = name == one and any(each.value.node is step.node and each.name == one for each in program.assignments)
            edit = repairs.after(step.node, f"\n{other} = {repairs.code(scaler)}.transform({other})") if alone else None
            return repairs.fix(f"scale `{other}` as well", edit, safe=False, together=(step.node, value.node))
        case _:
            return None
    edit = repairs.statement_before(step.node, text)
    return repairs.fix(f"scale `{other}` as well", edit, safe=True, together=(step.node, value.node))


def _bound_at_once(program: Program, one: str, other: str) -> bool:
    """Whether two names are first bound in one statement, and the second one never again but to its own numbers in another type."""
    parts = [(each.name, each.value) for each in program.assignments if each.name in (one, other)]
    firsts = [next((value for name, value in parts if name == wanted), None) for wanted in (one, other)]
    again = [value for name, value in parts if name == other][1:]
    casts = all(isinstance(value, Term) and value.name == ".astype()" for value in again)
    return casts and all(isinstance(value, Term) and value.name == "item" for value in firsts) and _one_whole(*firsts)


def _one_whole(one: Value | None, other: Value | None) -> bool:
    """Whether two values are parts of one thing: of a split, or of the pairs that `load_data` gives."""
    match one, other:
        case Term("item", {"base": Term("item", {"base": first})}), Term("item", {"base": Term("item", {"base": second})}):
            return thing(first) is thing(second)
        case Term("item", {"base": first}), Term("item", {"base": second}):
            return thing(first) is thing(second)
        case _:
            return False


def _literal(node: Node) -> bool:
    return isinstance(node, (syntax.Integer, syntax.Float))


def _generated_alike(step: Step, value: Value) -> Fix | None:
    """The same `rescale` for another generator, which changes its pictures in no other way."""
    maker = next((term for term in lineage(value) if term.name.endswith(".ImageDataGenerator")), None)
    given = repairs.argument(step.node, "rescale")
    call = None if maker is None else maker.origin or maker.node
    if given is None or repairs.keywords(call) & {"", "*", "**", "rescale", "preprocessing_function"}:
        return None
    edit = repairs.added(call, f"rescale={repairs.code(given.value)}")
    return repairs.fix("rescale these pictures, too", edit, safe=False)


def scaled_once(model: Model | None, layer: Layer | None, inner: Layer | None) -> Fix | None:
    """The model without a second scaling: its `Rescaling` layer left out, or an application told to leave out its own."""
    if inner is not None:
        own = "include_preprocessing" in inner.args and "include_preprocessing" not in inner.given
        edit = repairs.added(inner.node, "include_preprocessing=False") if own else None
        return repairs.fix("pass `include_preprocessing=False`", edit, safe=False)
    if layer is None or model is None or layer.node is None or not layer.given <= {"scale", "offset", "name"}:
        return None
    match layer.call:
        case syntax.Call(func=function, args=[syntax.Arg(value=fed, keyword=None, star="")]) if function is layer.node:
            return repairs.fix("leave the layer out", repairs.replaced(layer.call, repairs.code(fed)), safe=False)
        case None if model.kind == "sequential" and model.layers[0] is not layer and model.layers[0].kind in graph.INPUTS:
            return repairs.fix("leave the layer out", repairs.member_removed(model.node, layer.node), safe=False)
        case _:
            return None
