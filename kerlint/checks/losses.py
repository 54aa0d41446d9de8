"""Losses of the user's own: what their functions do to the predictions (KER3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph, history, repairs, terms
from kerlint.checks.places import related
from kerlint.finding import Finding, Severity
from kerlint.semantics.binding import parameters
from kerlint.semantics.program import Compile, Event, Model, Program, Use
from kerlint.semantics.provenance import facts, inputs_of
from kerlint.semantics.values import Function, Term, Value
from kerlint.semantics.wording import figure, quoted, words

if TYPE_CHECKING:
    from kerlint.finding import Fix
    from kerlint.rule import Rule
    from kerlint.syntax.nodes import Node


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """A loss of the user's own: the value that was compiled, what it makes of labels and predictions, and the head that it reads."""

    loss: Value
    made: Value
    head: graph.Head | None
    model: Model
    event: Event
    compiled: Compile

    @property
    def place(self) -> Node | None:
        """Where the loss is handed over: a function is known by its definition, so the whole call."""
        return self.compiled.node if isinstance(self.loss, Function) else self.loss.node or self.compiled.node

    @property
    def scope(self) -> tuple[Node | None, ...]:
        """Where a suppression counts too."""
        return (self.place, self.compiled.node)


def _own(program: Program) -> Iterator[Own]:
    """Every loss of the user's own with each output that it is compiled for."""
    for event in program.events:
        compiled, model = event.compiled, event.model
        if event.kind != "compile" or compiled is None or model is None:
            continue
        heads = graph.heads(model)
        known = len(heads) == len(compiled.losses)
        for index, (loss, made) in enumerate(zip(compiled.losses, compiled.computed, strict=False)):
            if loss is not None and made is not None:
                yield Own(loss, made, heads[index] if known else None, model, event, compiled)


def unstable_log_in_loss(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for own in _own(program):
        activation = own.head.activation if own.head is not None else None
        if activation not in rule["activations"]:
            continue
        for term, risk in terms.risky(own.made, rule["logarithms"]):
            node = terms.place(term)
            if node is not None and id(node) not in seen:
                seen.add(id(node))
                yield rule.finding(
                    node,
                    "" if risk == "log" else "quotient",
                    confidence=certainty.of(own.event, own.model, own.made),
                    related=related(own.place, "the loss is compiled here"),
                    scope=own.scope,
                    fix=_shifted(node) if risk == "log" else None,
                    code=quoted(node),
                    activation=activation if activation != "linear" else "no activation",
                )
    for use in program.used_as(lambda name: name.startswith(terms.OURS) and terms.last(name) in rule["logarithms"]):
        applied = terms.activated(program, use)
        if applied in rule["activations"] and id(use.node) not in seen:
            seen.add(id(use.node))
            confidence = certainty.of(use)
            yield rule.finding(
                use.node, "applied", confidence=confidence, fix=_shifted(use.node), code=quoted(use.node), activation=applied
            )


def _shifted(log: Node | None) -> Fix | None:
    return repairs.fix("keep it off 0", repairs.after(repairs.positional(log, 0), " + 1e-7"), safe=False)


def non_differentiable_loss(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for own in _own(program):
        closing = terms.closing(own.made, rule["steps"], rule["libraries"])
        node = terms.place(closing) if closing is not None else None
        if closing is None or id(node) in seen:
            continue
        seen.add(id(node))
        yield rule.finding(
            node or own.place,
            confidence=certainty.of(own.event, own.loss),
            related=related(own.place, "the loss is compiled here"),
            scope=own.scope,
            code=quoted(node) or closing.name,
        )


def loss_argument_order(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for own in _own(program):
        match own.loss:
            case Function(params=params, node=node) if id(params) not in seen:
                names = [name for name, default, kind in parameters(params) if not kind and default is None]
            case _:
                continue
        if len(names) == len(("y_true", "y_pred")) and _reversed(rule, *names):
            seen.add(id(params))
            yield rule.finding(
                node,
                severity=Severity.info if terms.symmetric(own.made) else None,
                confidence=certainty.of(own.event, own.loss),
                related=related(own.place, "the loss is compiled here"),
                scope=own.scope,
                fix=repairs.fix("swap the parameters", *repairs.exchanged(*repairs.named(params)), safe=False),
                loss=own.loss.name,
                first=names[0],
                second=names[1],
            )
    for use in program.used_as(lambda name: name == ".__call__" or name.startswith("keras.losses.")):
        given = _given(use, rule)
        if given and _reversed(rule, *map(words, given)):
            yield rule.finding(
                use.node,
                "call",
                confidence=certainty.of(use),
                fix=repairs.fix("swap the arguments", *repairs.exchanged(*(value.node for value in given)), safe=False),
                loss=_loss_of(use).rpartition(".")[2],
                first=words(given[0]),
                second=words(given[1]),
            )


def loss_with_all_rows(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for own in _own(program):
        for event in (each for each in program.fits() if each.compiled is own.compiled):
            rows, batch = inputs_of(event).rows, history.batch_of(event, rule["batch_size"])
            if rows is None or batch is None or batch.size >= rows:
                continue
            for term, other in terms.beside(own.made):
                node, shape = terms.place(term), facts(other).shape
                if not shape or shape[0] != rows or len(shape) != _rank(own) or id(node) in seen:
                    continue
                seen.add(id(node))
                yield rule.finding(
                    node,
                    confidence=certainty.of(event, own.loss, facts(other), inputs_of(event)),
                    related=(*related(own.place, "the loss is compiled here"), *related(event.node, "it learns from batches here")),
                    scope=(*own.scope, event.node),
                    array=words(other),
                    rows=figure(rows),
                    size=figure(batch.size),
                )


def _rank(own: Own) -> int | None:
    """How many axes the output has that the loss reads."""
    shape = own.head.output.shape if own.head is not None else None
    return len(shape) if shape is not None else None


def _given(use: Use, rule: Rule) -> tuple[Value, ...]:
    """The two arguments of a call of a loss that tells one from the other."""
    asymmetric = _loss_of(use).rpartition(".")[2] in rule["asymmetric"]
    return use.positional if asymmetric and len(use.positional) == len(("y_true", "y_pred")) and not use.keywords else ()


def _loss_of(use: Use) -> str:
    """The loss that a call computes: a function of Keras, or an object that is called."""
    match use:
        case Use(name=".__call__", receiver=Term(name)):
            return name
        case _:
            return use.name if use.name.rpartition(".")[2].islower() else ""


def _reversed(rule: Rule, first: str, second: str) -> bool:
    """Whether names say that the predictions come first and the labels second."""
    first, second = _named(first), _named(second)
    return _told(first, rule["predictions"]) and (_told(second, rule["labels"]) or second in rule["exactly"])


def _named(code: str) -> str:
    return code.rpartition(".")[2].lower() if code.replace(".", "").replace("_", "").isalnum() else ""


def _told(name: str, hints: list[str]) -> bool:
    return any(name == hint or name.startswith(f"{hint}_") or name.endswith(f"_{hint}") or name == f"y{hint}" for hint in hints)
