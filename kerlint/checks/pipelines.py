"""What `fit` iterates over, and the arguments that go with it (KER504-KER507)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.checks import certainty, history, intake, repairs
from kerlint.checks.places import origin_of
from kerlint.finding import Finding, Fix, Related, Severity
from kerlint.semantics.program import kept
from kerlint.semantics.provenance import facts
from kerlint.semantics.values import Choice, Const, Items, Term, Value
from kerlint.semantics.wording import figure, words

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Program
    from kerlint.syntax.nodes import Node

_READING = ("fit", "evaluate", "predict")
_KINDS = {"batches": "batches", "examples": "examples", "elements": "its own elements"}
"""What the streams yield that go into a model; a dataset of windows does not."""


@kept()
def _readings(program: Program) -> tuple[Event, ...]:
    """Each place once at which a model reads data, newest methods only: `fit_generator` and its kin are of a Keras that is gone."""
    gone = {use.node for use in program.used_as(lambda name: name.endswith("_generator"))}
    found: dict[object, Event] = {}
    for event in program.events:
        if event.kind in _READING and event.node not in gone:
            found.setdefault(event.node, event)
    return tuple(found.values())


def dataset_with_array_arguments(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in _readings(program):
        if event.x is None or facts(event.x).yields not in _KINDS:
            continue
        for name in (*rule["refused"], *rule["ignored"]):
            value = event.args.get(name)
            if name not in event.given or value is None or _nothing(value):
                continue
            ignored = name in rule["ignored"]
            yield rule.finding(
                value.node or event.node,
                "ignored" if ignored else "",
                severity=Severity.warning if ignored else None,
                confidence=certainty.of(event, event.x, facts(event.x)),
                related=origin_of(event.x, "the dataset or generator is made here"),
                scope=(event.node,),
                fix=_without(event, name, ignored),
                argument=name,
                data=words(event.x),
                method=event.kind,
            )


def _nothing(value: Value) -> bool:
    match value:
        case Const(None | 0):
            return True
        case _:
            return False


def _without(event: Event, name: str, safe: bool) -> Fix | None:
    dropped = repairs.removed(event.node, repairs.argument(event.node, name, 1 if name == "y" else None))
    return repairs.fix(f"remove `{name}`", dropped, safe=safe)


def dataset_not_batched(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in _readings(program):
        for data in _given(event):
            place = data.origin or data.node
            if place in seen or not _unbatched(data, event):
                continue
            seen.add(place)
            yield rule.finding(
                data.node or event.node,
                confidence=certainty.of(event, event.model, data, facts(data)),
                related=origin_of(data, "the dataset is made here"),
                scope=(event.node,),
                fix=repairs.fix("batch the dataset", repairs.chained(data.node, f".batch({rule['batch']})"), safe=False),
                data=words(data),
                method=event.kind,
                batch=rule["batch"],
            )


def _given(event: Event) -> Iterator[Value]:
    """The data of an event, and that of its validation."""
    if event.x is not None:
        yield event.x
    if event.validation is not None and event.validation[0] is not None:
        yield event.validation[0]


def _unbatched(data: Value, event: Event) -> bool:
    """Whether single examples certainly reach the model: nothing on their way is unknown or could have given them a batch axis."""
    found = facts(data)
    if found.yields != "examples" or event.model is None or event.compiled is not None and event.compiled.own:
        return False
    entrance = intake.entrance(event.model)
    if entrance is not None and found.shape is not None:
        return len(found.shape) == len(entrance) and intake.enters(found.shape, entrance, strict=False)
    return not any(step.effect in ("unknown", "shape", "other") for step in found.path)


def infinite_dataset_without_steps(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in _readings(program):
        for data, argument in _unlimited(event):
            cause = _endless(data, rule)
            if cause is None or history.hidden(event):
                continue
            repeats = cause.name == ".repeat()"
            yield rule.finding(
                data.node or event.node,
                "" if repeats else "generator",
                confidence=certainty.of(event, data),
                related=_made(cause, data, "it is repeated without end here" if repeats else "it is made here"),
                scope=(event.node, cause.origin or cause.node),
                fix=repairs.fix("drop `.repeat()`", repairs.unchained(cause.origin or cause.node), safe=False) if repeats else None,
                data=words(data),
                argument=argument,
                method=event.kind,
            )


def _unlimited(event: Event) -> Iterator[tuple[Value, str]]:
    """The data of an event that is read to its end, each with the argument that would limit it."""
    counted = {"fit": "steps_per_epoch"}.get(event.kind, "steps")
    if event.x is not None and not _limited(event, counted):
        yield event.x, counted
    if event.validation is not None and event.validation[0] is not None and not _limited(event, "validation_steps"):
        yield event.validation[0], "validation_steps"


def _limited(event: Event, argument: str) -> bool:
    return argument in event.given and not _nothing(event.args[argument])


def _endless(data: Value, rule: Rule) -> Term | None:
    """What makes data endless: a `repeat()` without a count, a generator whose loop nothing leaves; None when it ends, or may end."""
    match data:
        case Term(".repeat()", args):
            count = args.get("0", args.get("count", Const(None)))
            return data if isinstance(count, Const) and count.value in (None, -1) else None
        case Term("generator", {"endless": Const(True)}):
            return data
        case Term("builtins.zip", args) | Term("tensorflow.data.Dataset.zip", args):
            return _shortest(tuple(args.values()), rule)
        case Term(name, {"self": inner}) if name in rule["passing"]:
            return _endless(inner, rule)
        case _:
            return None


def _shortest(parts: tuple[Value, ...], rule: Rule) -> Term | None:
    """Why several streams read side by side never end: none of them does."""
    match parts:
        case (Items(items),):
            parts = items
        case _:
            pass
    found = [_endless(part, rule) for part in parts]
    return found[0] if found and None not in found else None


def _made(cause: Term, data: Value, message: str) -> tuple[Related, ...]:
    node = cause.origin or cause.node
    return () if node is None or node is data.node else (Related(node, message),)


def float_steps(program: Program, rule: Rule) -> Iterator[Finding]:
    if history.on_keras_2(program):
        return
    for event in _readings(program):
        for name in rule["arguments"]:
            value = event.args.get(name)
            fraction = None if value is None or name not in event.given else _fraction(value, rule)
            if value is None or fraction is None or name.startswith("validation") and event.validation is None:
                continue
            yield rule.finding(
                value.node or event.node,
                confidence=certainty.of(event, value),
                related=origin_of(value),
                scope=(event.node,),
                fix=_whole(fraction),
                argument=name,
                value=_told(value),
                method=event.kind,
            )


def _fraction(value: Value, rule: Rule) -> Value | None:
    """What makes a number a float: a true division, a float, a function that gives one; None when it may be an integer."""
    match value:
        case Const(float()) | Term("divide"):
            return value
        case Term(name) if name in rule["functions"]:
            return value
        case Term("add" | "subtract" | "multiply", {"left": left, "right": right}):
            return _fraction(left, rule) or _fraction(right, rule)
        case Choice(options):
            found = [_fraction(option, rule) for option in options]
            return None if None in found else found[0]
        case _:
            return None


def _whole(fraction: Value) -> Fix | None:
    node: Node | None = fraction.origin or fraction.node
    divided = repairs.fix("divide with `//`", repairs.floored(node), safe=False)
    match fraction:
        case Term(name) if name != "divide":
            return repairs.fix("make it an integer", repairs.before(node, "int("), repairs.after(node, ")"), safe=False)
        case _:
            return divided


def _told(value: Value) -> str:
    """A value in the user's words, with what it comes to where that is known."""
    match value:
        case Const(float() as number) if words(value) != repr(number):
            return f"{words(value)}` = `{repr(number) if number.is_integer() else figure(number)}"
        case _:
            return words(value)
