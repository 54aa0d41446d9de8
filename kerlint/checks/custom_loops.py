"""Custom training loops: what a GradientTape records, what its gradients are applied to, in which mode models run (KER517-KER519)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph, repairs
from kerlint.checks.history import TRAINING
from kerlint.checks.places import related
from kerlint.finding import Finding, Fix
from kerlint.semantics.program import Loop
from kerlint.semantics.provenance import facts, lineage
from kerlint.semantics.tapes import missed
from kerlint.semantics.values import Choice, Const, Instance, Items, Term, Value, options, thing
from kerlint.semantics.wording import words

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Assignment, Layer, Pass, Program, Tape, Use
    from kerlint.syntax.nodes import Node

VARIABLES = frozenset({".trainable_variables", ".trainable_weights", ".variables", ".weights"})


def training_flag_missing_in_custom_loop(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    if program.used(*rule["phases"]):
        return
    for call in program.passes:
        layer = next(_moded(program, call, rule), None)
        if layer is None or call.node in seen or not _inferring(call) or not _teaches(program, call):
            continue
        seen.add(call.node)
        yield rule.finding(
            call.node,
            confidence=certainty.of(call, call.model),
            related=related(layer.node, "it does something else in training"),
            fix=repairs.fix("pass `training=True`", repairs.added(call.node, "training=True"), safe=True),
            call=words(call.value),
            layer=graph.called(layer),
        )


def training_true_at_inference(program: Program, rule: Rule) -> Iterator[Finding]:
    places = [call.node for call in program.passes]
    for call in program.passes:
        again = (places.count(call.node) > 1 or bool(call.loops)) and not _goes_through_data(call)
        if again or call.tapes or call.entry is not None or not _always(call) or _named(call.model.name, rule["names"]):
            continue
        origin = facts(call.value.args.get("x") if isinstance(call.value, Term) else None).origin
        made_up = origin is not None and origin.kind in rule["made_up"]
        layer = next(_moded(program, call, rule), None)
        if layer is None or made_up or not _trained(program, call):
            continue
        yield rule.finding(
            call.node,
            confidence=certainty.of(call, call.model),
            related=related(layer.node, "it does something else in training"),
            call=words(call.value),
            layer=graph.called(layer),
        )


def _goes_through_data(call: Pass) -> bool:
    """Whether each pass of the loop around a call asks about other data: then it is no sampling of many answers to one question."""
    match call.value, call.loops:
        case Term(args={"x": x}), (*_, Loop(iterable=Term() as iterable)):
            return any(term.name == "element" and thing(term.args.get("of")) is thing(iterable) for term in lineage(x))
        case _:
            return False


def _always(call: Pass) -> bool:
    match call.training:
        case Const(True):
            return call.given
        case _:
            return False


def _named(name: str, words: list[str]) -> bool:
    return any(word in name.lower() for word in words)


def _trained(program: Program, call: Pass) -> bool:
    """Whether the model has learned before it is called."""
    return any(event.identity is call.identity and event.kind in TRAINING for event in program.events[: call.place])


def _inferring(call: Pass) -> bool:
    """Whether a model is called without a word about training, and does not take it for granted."""
    match call.training:
        case None | Const(None | False):
            return not call.given
        case _:
            return False


def _moded(program: Program, call: Pass, rule: Rule) -> Iterator[Layer]:
    """The layers of a model that act otherwise in training, unless they are called in one mode always, or frozen."""
    for layer in call.model.layers:
        if layer.kind in rule["layers"] and layer.identity not in program.fixed and layer.trainable is not False:
            yield layer


def _teaches(program: Program, call: Pass) -> bool:
    """Whether a tape that records the call gives gradients of the model's own weights."""
    for use in _gradients(program):
        if any(thing(use.receiver) is thing(tape.value) for tape in call.tapes):
            owners = _owners(use.arg(1, "sources"))
            if any(owner is call.identity or _holds(owner, call.identity) for owner in owners):
                return True
    return False


def _gradients(program: Program) -> Iterator[Use]:
    return (use for use in program.used(".gradient") if isinstance(use.receiver, Term))


def _owners(sources: Value | None) -> tuple[Value, ...]:
    """The models and layers whose variables a value lists; () where there may be others."""
    match sources:
        case Term(name, {"self": owner}) if name in VARIABLES:
            return (owner,)
        case Term("add", {"left": left, "right": right}):
            parts: tuple[Value, ...] = (left, right)
        case Items(items):
            parts = items
        case Choice(found):
            parts = found
        case _:
            return ()
    owners = [_owners(part) for part in parts]
    return tuple(owner for each in owners for owner in each) if all(owners) else ()


def _holds(owner: Value, part: object) -> bool:
    """Whether an object of a user's class keeps a model in one of its attributes."""
    match owner:
        case Instance(fields=fields):
            return any(option is part for value in fields.values() for option in options(value))
        case _:
            return False


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with a step: the variant of the message, where, and what it speaks of."""

    variant: str
    node: Node | None
    this: str
    other: str = ""
    fix: Fix | None = None


def gradients_not_applied(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    tapes = {thing(tape.value): tape for call in program.passes for tape in call.tapes}
    faults = [(use, use.node, _fault(use, tapes, rule)) for use in program.used(".apply_gradients", ".gradient")]
    faults += [(each.value, each.value.node, _unused(each, tapes)) for each in program.assignments if tapes]  # type: ignore[misc]
    for ground, node, fault in faults:
        if fault is not None and node not in seen:
            seen.add(node)
            yield rule.finding(
                fault.node or node,
                fault.variant,
                confidence=certainty.of(ground),
                scope=(node,),
                fix=fault.fix,
                this=fault.this,
                other=fault.other,
            )


def _fault(use: Use, tapes: dict[object, Tape], rule: Rule) -> _Fault | None:
    match use.name:
        case ".apply_gradients":
            return _applied(use)
        case ".gradient":
            return _recorded(use, tapes, rule)
        case _:
            return None


def _unused(assignment: Assignment, tapes: dict[object, Tape]) -> _Fault | None:
    """Gradients of weights that nothing reads."""
    match assignment.value:
        case Term(".gradient()", {"self": tape}) as taken if (
            not assignment.read and thing(tape) in tapes and not assignment.name.startswith("_")
        ):
            sources = taken.arg(1, "sources")
            return _Fault("unused", taken.node, assignment.name, words(sources)) if sources is not None and _owners(sources) else None
        case _:
            return None


def _applied(use: Use) -> _Fault | None:
    """What is wrong with the pairs that an optimizer is given."""
    pairs = use.arg(0, "grads_and_vars")
    match pairs:
        case Term("builtins.zip", {"0": variables, "1": Term(".gradient()")}) if _owners(variables):
            fix = repairs.fix("pair each gradient with its variable", *repairs.turned_round(pairs.origin or pairs.node), safe=True)
            return _Fault("", pairs.node, words(pairs), fix=fix)
        case Term("builtins.zip", {"0": Term(".gradient()") as gradient, "1": variables}):
            sources = gradient.arg(1, "sources") or gradient
            taken, given = _owners(sources), _owners(variables)
            if len(taken) == len(given) == 1 and not _related(taken[0], given[0]):
                return _Fault("other", variables.node, words(variables), words(sources))
        case _:
            pass
    return None


def _related(first: Value, second: Value) -> bool:
    return first is second or _holds(first, second) or _holds(second, first)


def _recorded(use: Use, tapes: dict[object, Tape], rule: Rule) -> _Fault | None:
    """What is wrong with what a gradient is asked of: it was computed when the tape did not record."""
    tape, target = tapes.get(thing(use.receiver)), use.arg(0, "target")
    match target:
        case Term(name) if name in rule["operations"] or name.startswith(tuple(rule["libraries"])):
            place = target.origin or target.node
            if tape is not None and _owners(use.arg(1, "sources")) and missed(tape, place):
                return _Fault("outside", place, words(target))
        case _:
            pass
    return None
