"""Labels: their scale, range and balance under the loss that reads them (KER103, KER105, KER113, KER115, KER122)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from kerlint.checks import certainty, pairing, repairs
from kerlint.checks.places import related
from kerlint.finding import Severity
from kerlint.semantics.program import kept
from kerlint.semantics.provenance import inputs_of, lineage, same_origin
from kerlint.semantics.values import Items, Term, Value, python, thing
from kerlint.semantics.wording import figure, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerlint.checks.pairing import Pair
    from kerlint.finding import Finding
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Program
    from kerlint.semantics.provenance import Facts, Step
    from kerlint.syntax.nodes import Node


def unscaled_regression_target(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair, event, found in _labelled(program):
        bounds = found.bounds
        if pair.kind != "regression" or _loss(pair) in rule["relative"] or pair.activation != "linear" or bounds is None:
            continue
        most = max(map(abs, bounds))
        if most < rule["large"] or not found.resolved or found.scaled or _rescaled(pair, rule):
            continue
        literal = found.origin is not None and found.origin.kind == "literal"
        yield rule.finding(
            _place(event),
            severity=Severity.warning if literal else None,
            confidence=pair.confidence(found, event),
            related=(*pairing.source(found), *pair.at_head()),
            scope=pair.scope,
            y=_said(event),
            most=figure(most),
            loss=pair.called,
        )


def labels_scaled_like_inputs(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair, event, found in _labelled(program):
        step = _scaling(found)
        if pair.kind not in pairing.CROSSENTROPIES or step is None or not _classes(pair, event, found):
            continue
        yield rule.finding(
            step.node,
            confidence=pair.confidence(found, event),
            related=(*related(_place(event), "the labels of this fit"), *related(pair.place, "the loss that reads them")),
            scope=pair.scope,
            y=_said(event),
            step=step.name,
            loss=pair.called,
        )


def single_class_labels(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair, event, found in _labelled(program):
        constant = found.low if found.low is not None and found.low == found.high else None
        if pair.kind not in pairing.CROSSENTROPIES or constant is None or event.kind != "fit":
            continue
        inputs = inputs_of(event)
        made_up = inputs.origin is not None and inputs.origin.kind in rule["invented"]
        few = found.rows is not None and found.rows < rule["rows"]
        if few or len(pair.model.outputs) > 1 or pairing.stands_in_another(program, pair) or made_up or not found.resolved:
            continue
        yield rule.finding(
            _place(event),
            confidence=pair.confidence(found, event),
            related=pairing.source(found),
            scope=pair.scope,
            y=_said(event),
            constant=figure(constant),
        )


def class_imbalance_ignored(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        counts = _counts(event.y)
        total = sum(counts.values())
        if event.kind != "fit" or total < rule["least_rows"] or not {"class_weight", "sample_weight", "*", "**"}.isdisjoint(event.given):
            continue
        (label, most), *others = counts.most_common()
        if others and most / total >= rule["share"]:
            yield rule.finding(
                _place(event),
                confidence=certainty.of(event, event.y),
                scope=(event.node,),
                y=_said(event),
                label=label,
                share=f"{most / total:.0%}",
                rows=figure(total),
            )


def label_starts_at_one(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair, event, found in _labelled(program):
        bounds = found.bounds
        if pair.kind != "sparse" or bounds is None or not pair.units or pair.units == 1 or found.form in ("one-hot", "multi-hot"):
            continue
        low, high = bounds
        too_many = found.classes is not None and found.classes > pair.units  # that is KER208
        if too_many or not _exact(event.y, found, rule) or low >= 0 and high < pair.units:
            continue
        starts = low >= 1 and high == pair.units
        yield rule.finding(
            _place(event),
            "" if starts else "outside",
            confidence=pair.confidence(found, event),
            related=(
                *pairing.source(found),
                *related(pair.head.layer.node, f"{pair.units} units: the labels 0 to {pair.units - 1}"),
            ),
            scope=pair.scope,
            fix=repairs.fix("count from 0", repairs.after(_place(event), " - 1"), safe=False) if starts and _name(event.y) else None,
            y=_said(event),
            low=figure(low),
            high=figure(high),
            units=pair.units,
            last=pair.units - 1,
        )


def _exact(labels: Value | None, found: Facts, rule: Rule) -> bool:
    """Whether the least and the greatest label are certainly there: written or drawn numbers that only constants have moved."""
    known = found.resolved and (found.origin is None or found.origin.kind in rule["exact"])  # a long written list has no origin of its own
    return known and not any(term.name in rule["partial"] for term in lineage(labels))


@kept()
def _labelled(program: Program) -> tuple[tuple[Pair, Event, Facts], ...]:
    """Each head with its loss and the labels of a training call, once for each place of the labels."""
    found: dict[tuple[object, object], tuple[Pair, Event]] = {}
    for pair in pairing.pairs(program):
        for event in pair.events:
            if event.kind in pairing.LEARNING:
                found.setdefault((pair.compiled.node, _place(event)), (pair, event))
    return tuple((pair, event, pair.labels_of(event)) for pair, event in found.values())


def _place(event: Event) -> Node | None:
    return event.y.node if event.y is not None and event.y.node is not None else event.node


def _said(event: Event) -> str:
    return words(event.y) if event.y is not None else "the labels"


def _name(value: Value | None) -> bool:
    return value is not None and words(value).isidentifier()


def _loss(pair: Pair) -> str:
    return pair.loss.name.rpartition(".")[2]


def _rescaled(pair: Pair, rule: Rule) -> bool:
    """Whether something behind the last weights brings the outputs to the scale of the targets, or starts them there."""
    start = pair.head.layer.arg("bias_initializer")
    behind = pair.head.output is not pair.head.layer and pair.head.output.kind in rule["rescaling"]
    return behind or isinstance(start, Term) and start.name == "keras.initializers.Constant"


def _scaling(found: Facts) -> Step | None:
    return next((step for step in found.path if step.effect == "scale" and step.node is not None), None)


def _classes(pair: Pair, event: Event, found: Facts) -> bool:
    """Whether the labels are numbers of classes: neither pictures nor the inputs again nor soft shares between 0 and 1."""
    if event.x is not None and (same_origin(event.x, event.y) or thing(event.x) is thing(event.y)):
        return False
    if found.form == "image" or found.shape is None or len(found.shape) > len(("rows", "classes")):
        return False
    return pair.kind == "sparse" or pair.kind == "categorical" and any(step.effect == "encode" for step in found.path)


def _counts(value: Value | None) -> Counter[int]:
    """How often each label of a written list stands there."""
    match value:
        case Term(name, {"0": Items() as items}) if name in ("numpy.array", "numpy.asarray"):
            found = python(items)
        case Items():
            found = python(value)
        case _:
            found = None
    return Counter(found) if isinstance(found, list) and all(type(label) is int for label in found) else Counter()
