"""What is made of predictions: classes that the head cannot tell (KER3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph, pairing, repairs
from kerlint.checks.places import related
from kerlint.finding import Finding
from kerlint.semantics.program import Model, Program, Use
from kerlint.semantics.provenance import facts
from kerlint.semantics.values import Const, Term, Value, number

if TYPE_CHECKING:
    from kerlint.finding import Fix
    from kerlint.rule import Rule

LARGEST = {"numpy.argmax": None, "keras.ops.argmax": None, "keras.backend.argmax": -1, ".argmax": None}
"""Functions that tell the place of the largest number, with the axis that they search by default (None is all of them)."""
FROM_THE_FIRST = frozenset({"tensorflow.argmax", "tensorflow.math.argmax"})
"""Those that search the batch by default."""
ROUND = frozenset(
    {
        *("numpy.round", "numpy.rint", "numpy.around", "numpy.round_", "builtins.round", ".round"),
        *("tensorflow.round", "tensorflow.math.round", "keras.ops.round", "keras.backend.round"),
    }
)
OVER = frozenset({".__gt__", ".__ge__", ".__lt__", ".__le__"})


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What a model predicted; `row` says that it is that of one example."""

    term: Term
    model: Model
    row: bool

    @property
    def head(self) -> graph.Head | None:
        """The head that gave it, when the model has only one."""
        found = graph.heads(self.model)
        return found[0] if len(found) == 1 else None


def _predicted(program: Program, value: Value | None) -> Predicted | None:
    """The prediction that a value is, whole or for one example, and of which model."""
    row = False
    while True:
        match value:
            case Term("predict", {"model": identity}):
                model = next((model for model in program.models if model.identity is identity), None)
                return None if model is None else Predicted(value, model, row)
            case Term("element", {"of": inner}) | Term("item", {"base": inner, "key": Const(int())}) if not row:
                value, row = inner, True
            case Term("item", {"base": inner, "key": Term("slice")}) | Term(".numpy()", {"self": inner}) if not row:
                value = inner
            case _:
                return None


def argmax_on_single_sigmoid(program: Program, rule: Rule) -> Iterator[Finding]:
    for use in program.used(*LARGEST, *FROM_THE_FIRST):
        found = _predicted(program, _searched(use))
        if found is None or found.head is None or found.head.units != 1 or not _across_units(use, found):
            continue
        yield rule.finding(
            use.node,
            confidence=certainty.of(found.model, found.head.layer.arg("units")),
            related=related(found.head.layer.node, "the head has one unit"),
            fix=_threshold(program, use, found),
            model=found.model.name or "the model",
        )


def _searched(use: Use) -> Value | None:
    return use.receiver if use.name == ".argmax" else use.arg(0, "a", "x", "input")


def _across_units(use: Use, found: Predicted) -> bool:
    """Whether the one unit of an example is all that is searched."""
    axis = use.arg(0 if use.name == ".argmax" else 1, "axis")
    if axis is None or isinstance(axis, Const) and axis.value is None:
        everything = use.name not in FROM_THE_FIRST and LARGEST[use.name] is None
        return everything and (found.row or facts(found.term.args.get("x")).rows == 1) or use.name == "keras.backend.argmax"
    rank = len(found.head.output.shape or ()) - found.row if found.head else 0
    return number(axis) in (-1, rank - 1) and rank > 0


def _threshold(program: Program, use: Use, found: Predicted) -> Fix | None:
    """A threshold in the place of the search, where `predict` gave probabilities."""
    head = found.head
    given = any(event.kind == "predict" and event.node in (found.term.node, found.term.origin) for event in program.events)
    if head is None or head.activation != "sigmoid" or not given:
        return None
    searched = repairs.receiver(use.node) if use.name == ".argmax" else repairs.positional(use.node, 0)
    text = ' > 0.5).astype("int32")[:, 0]' if not found.row else "[0] > 0.5)"
    return repairs.fix("compare with 0.5", *repairs.wrapped(use.node, searched, "(" if not found.row else "int(", text), safe=True)


def probability_threshold_on_logits(program: Program, rule: Rule) -> Iterator[Finding]:
    for use in program.used(*OVER, *ROUND):
        for value, limit in _thresholds(use):
            found = _predicted(program, value)
            if found is None or limit is not None and not 0 < (number(limit) or 0) < 1:
                continue
            pair = next((pair for pair in pairing.pairs(program, formal=True) if pair.model.identity is found.model.identity), None)
            if pair is None or pair.kind != "binary" or not pair.from_logits or pair.activation != "linear":
                continue
            place = limit if limit is not None and limit.node is not None else None
            yield rule.finding(
                place.node if place is not None else use.node,
                "" if limit is not None else "round",
                confidence=pair.confidence(limit),
                related=pair.at_loss(),
                scope=(use.node,),
                fix=repairs.fix("compare with 0", repairs.replaced(repairs.written(limit), "0"), safe=False),
                loss=pair.called,
                limit=number(limit),
            )


def _thresholds(use: Use) -> Iterator[tuple[Value | None, Value | None]]:
    """What is compared with which number, on either side, or rounded."""
    if use.name in OVER:
        yield use.receiver, use.arg(0)
        yield use.arg(0), use.receiver
    else:
        yield use.receiver if use.name == ".round" else use.arg(0), None
