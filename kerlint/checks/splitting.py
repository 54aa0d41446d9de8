"""Rows: how they are split, shuffled and paired on their way to fit (KER107-109, KER116-118)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks import certainty, orders, rearranging, repairs
from kerlint.checks.places import related
from kerlint.finding import Confidence, Related
from kerlint.semantics.graph import KerasLayer
from kerlint.semantics.provenance import facts, inputs_of, labels_of, lineage, same_origin, split_of
from kerlint.semantics.provenance.facts import written
from kerlint.semantics.values import Const, Items, Term, Value, thing
from kerlint.semantics.wording import figure, words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from kerlint.finding import Finding
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Program, Use
    from kerlint.syntax.nodes import Node

LEARNS = (".fit", ".fit_transform", ".adapt")
SPLIT = "train_test_split"


def scaler_fit_on_test_data(program: Program, rule: Rule) -> Iterator[Finding]:
    learned: dict[int, list[Value]] = {}
    for use, data in _learning(program, rule["fitted"]):
        receiver = use.receiver
        before = learned.setdefault(id(thing(receiver)), [])
        first = next((other for other in before if _other_half(other, data, rule)), None)
        before.append(data)
        if first is None or receiver is None:
            continue
        again = use.name == ".fit_transform"
        yield rule.finding(
            use.node,
            "" if again else "fit",
            confidence=certainty.of(use, data) if split_of(data) == "test" else min(certainty.of(use, data), Confidence.medium),
            related=_at(first, "it has learned from this data before"),
            fix=repairs.fix("only transform it", repairs.method(use.node, "transform"), safe=True) if again else None,
            scaler=words(receiver),
            test=words(data),
            train=words(first),
        )


def scaler_fit_before_split(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for data, split, ground in (*_split_at_random(program), *_split_by_place(program, rule)):
        scaled = next((term for term in lineage(data) if _scales(term, rule["fitted"])), None)
        place = None if scaled is None else written(scaled)
        if scaled is None or place is None or place in seen or split_of(scaled) is not None:
            continue
        seen.add(place)
        yield rule.finding(
            place,
            confidence=certainty.of(ground, data, scaled),
            related=(Related(split, "split only here"),),
            scaler=words(scaled.args["self"]),
            data=words(data),
        )


def _split_at_random(program: Program) -> Iterator[tuple[Value, Node, Use | Value]]:
    """Data that `train_test_split` splits, and where."""
    for use in program.used_as(lambda name: name.startswith("sklearn.") and name.endswith(f".{SPLIT}")):
        for data in use.positional[:1]:
            yield data, use.node, use


def _split_by_place(program: Program, rule: Rule) -> Iterator[tuple[Value, Node, Use | Value]]:
    """Data of which the rows up to a place get the name of training data, and those behind it that of other data."""
    slices = list(_slices(program))
    first = {id(thing(term.args["base"])): (term, node) for name, term, node in slices if any(word in name for word in rule["first"])}
    for name, term, node in slices:
        start = first.get(id(thing(term.args["base"])))
        if start is not None and start[0] is not term and any(word in name for word in rule["rest"]):
            yield term.args["base"], node, term


def _slices(program: Program) -> Iterator[tuple[str, Term, Node]]:
    """The names that are given to slices of rows, in small letters."""
    for each in program.assignments:
        match each.value:
            case Term("item", {"key": Term("slice") | Items([Term("slice"), *_])}) as part:
                yield each.name.lower(), part, each.node
            case _:
                continue


def separate_shuffles(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        if event.kind != "fit" or event.x is None or event.y is None:
            continue
        mine, theirs = (orders.shuffles(value, rule["shuffles"]) for value in (event.x, event.y))
        if mine is None or theirs is None or orders.alike(program, mine, theirs) or _meant(event, rule["meant"]):
            continue
        place = written((theirs or mine)[0])
        if place is None or place in seen or not (mine and theirs or _paired(event)):
            continue
        seen.add(place)
        yield rule.finding(
            place,
            "" if mine and theirs else "one",
            confidence=certainty.of(event, event.x, event.y, *mine, *theirs),
            related=(*(_at(mine[0], "shuffled by itself here") if theirs and mine else ()), *related(event.node, "they meet here")),
            scope=(event.node,),
            fix=rearranging.shuffled_together(program, event, mine, theirs) if mine else None,
            shuffled=words(event.y if theirs else event.x),
            other=words(event.x if theirs else event.y),
        )


def xy_length_mismatch(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.events:
        if event.x is None or event.y is None or event.kind not in rule["calls"]:
            continue
        x, y = inputs_of(event), labels_of(event)
        halves = _halves(event)
        known = None not in (x.rows, y.rows) and x.yields is None and x.resolved and y.resolved and x.rows != y.rows
        if halves is None and not known:
            continue
        yield rule.finding(
            event.y.node,
            "" if halves is None else "unpacked",
            confidence=certainty.of(event, x, y, event.x, event.y),
            related=_at(event.x, "the inputs") if halves is None else _at(halves, "the parts are unpacked in another order"),
            scope=(event.node,),
            fix=rearranging.unpacked_in_order(program, halves),
            call=event.kind,
            x=words(event.x),
            y=words(event.y),
            rows=figure(x.rows or 0),
            labels=figure(y.rows or 0),
        )


def sorted_data_with_validation_split(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        match event.args.get("validation_split"):
            case Const(float() as share) as split if 0 < share < 1 and event.y is not None:
                blocks = orders.blocks(event.y, rule["shuffles"], rule["least_rows"])
            case _:
                continue
        if not blocks or event.x is None:
            continue
        yield rule.finding(
            split.node or event.node,
            blocks,
            confidence=certainty.of(event, event.y, labels_of(event)),
            related=_at(event.y, "the labels"),
            scope=(event.node,),
            fix=rearranging.shuffled_before(program, event),
            y=words(event.y),
            share=f"{share:.0%}",
        )


def validation_is_training_data(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        x = event.validation[0] if event.validation is not None else None
        if x is None or event.x is None or facts(x).yields is not None and event.y is not None:
            continue
        same = thing(x) is thing(event.x)
        shared = 0 if same else orders.overlap(event.x, x)
        if not same and not shared:
            continue
        yield rule.finding(
            x.node,
            "" if same else "overlap",
            confidence=certainty.of(event, x, event.x),
            related=_at(event.x, "the training data"),
            scope=(event.node,),
            validation=words(x),
            training=words(event.x),
            rows=figure(shared),
        )


def _learning(program: Program, scalers: Collection[str]) -> Iterator[tuple[Use, Value]]:
    """Each call in which a scaler or encoder learns from data."""
    for use in program.used(*LEARNS):
        data = use.arg(0, "X", "y", "data", "raw_documents")
        if data is not None and _kind(use.receiver) in scalers:
            yield use, data


def _kind(value: Value | None) -> str:
    """The class of a scaler: "StandardScaler"."""
    match value:
        case Term(name) | KerasLayer(cls=name):
            return name.rpartition(".")[2]
        case _:
            return ""


def _scales(term: Term, scalers: Collection[str]) -> bool:
    """Whether a term is what a scaler made of the data that it learned from, or of other data."""
    return term.name in (".fit_transform()", ".transform()") and _kind(term.args.get("self")) in scalers


def _other_half(first: Value, second: Value, rule: Rule) -> bool:
    """Whether the second is held-out data of the first: by how they were made, or by its name where both come from one source."""
    if split_of(second) == "test":
        return split_of(first) == "train" or same_origin(first, second)
    named = words(second).lower()
    return (
        split_of(second) is None
        and any(word in named for word in rule["names"])
        and not any(word in words(first).lower() for word in rule["names"])
    )


def _paired(event: Event) -> bool:
    """Whether inputs and labels certainly began as rows of one order: both are understood down to where they come from."""
    x, y = inputs_of(event), labels_of(event)
    return x.resolved and y.resolved and x.rows is not None and x.rows == y.rows


def _halves(event: Event) -> Value | None:
    """The split, when x and y are two parts of one and the same array."""
    match event.x, event.y:
        case (
            Term("item", {"base": Term(name) as one, "key": Const(int() as first)}),
            Term("item", {"base": Term() as other, "key": Const(int() as second)}),
        ) if name.endswith(SPLIT) and thing(one) is thing(other):
            return one if first != second and first // 2 == second // 2 and "1" in one.args else None
        case _:
            return None


def _meant(event: Event, names: Collection[str]) -> bool:
    """Whether the labels are called random: then it is shown what a model makes of such."""
    return event.y is not None and any(name in words(event.y).lower() for name in names)


def _at(value: Value | None, message: str) -> tuple[Related, ...]:
    return () if value is None else related(written(value), message)
