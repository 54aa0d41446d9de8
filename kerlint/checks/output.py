"""The output: which activation, loss, labels and metrics do not belong together (KER3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

from kerlint.checks import certainty, graph, pairing, remedies
from kerlint.checks.pairing import Pair
from kerlint.checks.places import origin_of, related
from kerlint.finding import Finding, Fix, Related, Severity
from kerlint.rule import Rule
from kerlint.semantics.program import Program, Shape
from kerlint.semantics.provenance import Facts
from kerlint.semantics.values import Value, number
from kerlint.semantics.wording import dimensions, figure, words

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Node


def softmax_single_unit(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, head in pairing.final_heads(program):
        if head.activation == "softmax" and pairing.width(head) == 1:
            yield rule.finding(
                head.activation_node,
                confidence=certainty.of(model, head.layer.arg("activation"), _size(head)),
                related=(*pairing.written(head), *_unit_layer(head)),
                scope=tuple(event.node for event in program.of(model.identity)),
                fix=remedies.use_sigmoid(program, head),
            )


def categorical_loss_single_unit(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        if pair.alone and pair.activation != "softmax":
            yield _at_loss(pair, rule, pair.kind, _size(pair.head), fix=remedies.use_binary_loss(program, pair))


def categorical_loss_with_sigmoid(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        if pair.kind in pairing.ONE_OF_MANY and pair.activation in rule["activations"] and not pair.alone:
            yield _at_loss(pair, rule, fix=remedies.use_softmax(program, pair))


def binary_loss_with_softmax(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        match pair.kind, pair.activation, pair.units:
            case "binary", "softmax", units if units != 1 and not _smoothed(pair):
                copies = _repeats_input(pair)
                integers = any(pairing.misfit(pair, labels.shape) for _, labels in pair.labels())
                tolerable = "two" if units == rule["tolerable_units"] else "" if units else "many"
                variant = "copy" if copies else "integer" if integers else tolerable
                severity = {"integer": Severity.error, "two": Severity.info, "many": Severity.info}.get(variant)
                yield _at_loss(pair, rule, variant, severity=severity, fix=remedies.use_loss_of_classes(program, pair, copies))


def logits_into_probability_loss(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        plain = pair.activation == "linear" and pair.head.layer.kind in graph.WEIGHTED
        if plain and pair.kind in pairing.CROSSENTROPIES and pair.from_logits is False and not pair.alone:
            yield _at_loss(pair, rule, pair.kind, fix=remedies.tell_logits(program, pair))


def from_logits_with_activation(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        repeated = rule["applies"].get(pair.kind) == pair.activation
        if repeated and pair.activation and pair.from_logits is True and not pair.alone:
            yield _at_loss(pair, rule, node=pair.loss.args["from_logits"].node, fix=remedies.drop_from_logits(program, pair))


def relu_or_tanh_classification_head(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        if pair.kind not in pairing.CROSSENTROPIES or pair.alone:
            continue
        if pair.from_logits is False and pair.activation in rule["activations"]:
            yield _at_head(pair, rule, pair.kind, fix=remedies.suit_the_loss(program, pair))
        elif pair.from_logits and pair.activation in rule["activations_of_logits"]:
            yield _at_head(pair, rule, "logits", severity=Severity.warning, fix=remedies.suit_the_loss(program, pair))


def bounded_regression_head(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        for event, labels in pair.labels():
            reach = _beyond(pair, labels, rule["ranges"])
            if reach is None:
                continue
            yield rule.finding(
                pair.head.activation_node,
                confidence=pair.confidence(event, labels),
                related=(*pairing.written(pair.head), *pairing.source(labels)),
                scope=(event.node,),
                activation=pair.activation,
                range=_range_words(*rule["ranges"][pair.activation]),
                reach=figure(reach),
                fix=remedies.unbind(program, pair),
            )
            break


def regression_loss_for_classification(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        if pair.kind != "regression":
            continue
        known = [labels for _, labels in pair.labels()]
        if any(map(_is_no_class, known)) or _repeats_input(pair):
            continue
        match pair.activation, pair.units:
            case "softmax", units if units != 1:
                yield _at_loss(pair, rule, fix=remedies.use_crossentropy(program, pair))
            case "sigmoid", 1 if pair.accuracy is not None and all(_beyond(pair, labels, rule["ranges"]) is None for labels in known):
                yield _at_loss(pair, rule, "sigmoid", fix=remedies.use_crossentropy(program, pair))
            case _ if any(labels.form == "one-hot" and not pairing.misfit(pair, labels.shape) for labels in known):
                yield _at_loss(pair, rule, "one-hot", fix=remedies.use_crossentropy(program, pair))


def label_encoding_loss_mismatch(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        for event, labels in pair.labels():
            if not pair.alone and _wrong_encoding(pair, labels):
                yield rule.finding(
                    pair.place,
                    pair.kind,
                    confidence=pair.confidence(event, labels),
                    related=(*origin_of(pair.loss), *pairing.source(labels)),
                    scope=(pair.compiled.node, event.node),
                    labels=_labels_words(labels),
                    loss=pair.called,
                    fix=remedies.read_labels(program, pair, pair.confidence(event, labels)),
                )
                break


def accuracy_on_regression(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        if pair.kind != "regression" or pair.activation is None or pair.activation in rule["activations_of_classes"]:
            continue
        if pair.accuracy is None or pairing.stands_in_another(program, pair) or pair.shares_metrics:
            continue
        if not any(_counts_classes(labels) for _, labels in pair.labels()):
            metric = words(pair.accuracy).strip("\"'")
            yield _at_loss(pair, rule, node=pair.accuracy.node, metric=metric, fix=remedies.measure_distance(program, pair))


def multi_label_with_softmax(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        for event, labels in pair.labels():
            if pair.kind != "categorical" or pair.activation != "softmax" or pair.alone or labels.random:
                continue
            if labels.form == "multi-hot":
                yield rule.finding(
                    pair.head.activation_node,
                    confidence=pair.confidence(event, labels),
                    related=(*pair.at_loss(), *pairing.source(labels)),
                    scope=(event.node, *pair.scope),
                    fix=remedies.use_independent_classes(program, pair),
                    labels=_labels_words(labels),
                    loss=pair.called,
                )
                break


def loss_in_wrong_range_for_labels(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        for event, labels in pair.labels():
            low, high = labels.low, labels.high
            if pair.kind != "binary" or low is None or high is None or labels.doubt:
                continue
            if low < -rule["slack"] or high > 1 + rule["slack"] and labels.resolved and labels.scaled is not None:
                signs = (low, high) == (-1, 1)
                yield rule.finding(
                    pair.place,
                    "signs" if signs else "wide" if low >= 0 else "",
                    confidence=pair.confidence(event, labels),
                    related=(*origin_of(pair.loss), *pairing.source(labels)),
                    scope=(event.node, *pair.scope),
                    labels=_labels_words(labels),
                    loss=pair.called,
                    low=figure(low),
                    high=figure(high),
                )
                break


def labels_do_not_fit_head(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        for event, labels in pair.labels():
            fault, output = _misfit(pair, labels), pair.head.output.shape
            if (
                not fault
                or not labels.shape
                or not output
                or _told_elsewhere(pair, labels)
                or _channels_first(labels.shape, rule["channels"])
            ):
                continue
            yield rule.finding(
                event.node,
                _variant_of(fault, pair, labels.shape, output),
                severity=Severity.warning if fault == "broadcasts" else rule.severity,
                confidence=pair.confidence(event, labels, _size(pair.head)),
                related=(*pairing.source(labels), *related(pair.head.layer.node, f"the head gives {_shape(output)}")),
                scope=(pair.compiled.node, event.node),
                labels=_shape(labels.shape),
                output=_shape(output),
                wanted=_amount(labels.shape[1:]),
                loss=pair.called,
            )
            break


def _at_loss(
    pair: Pair,
    rule: Rule,
    variant: str = "",
    *grounds: Value | None,
    node: Node | None = None,
    severity: Severity | None = None,
    fix: Fix | None = None,
    **facts: Any,
) -> Finding:
    """A report at the loss or at a part of it, with the head as the other half."""
    return rule.finding(
        node or pair.place,
        variant if variant in rule.messages else "",
        severity=severity,
        confidence=pair.confidence(*grounds),
        related=pair.at_head(),
        scope=pair.scope,
        loss=pair.called,
        activation=pair.activation,
        units=pair.units,
        fix=fix,
        **facts,
    )


def _at_head(pair: Pair, rule: Rule, variant: str, severity: Severity | None = None, fix: Fix | None = None) -> Finding:
    """A report at the activation of the head, with the loss as the other half."""
    return rule.finding(
        pair.head.activation_node,
        variant,
        severity=severity,
        confidence=pair.confidence(),
        related=pair.at_loss(),
        scope=pair.scope,
        loss=pair.called,
        activation=pair.activation,
        units=pair.units,
        fix=fix,
    )


def _unit_layer(head: graph.Head) -> tuple[Related, ...]:
    return related(head.layer.node, "the layer with one unit") if head.layer is not head.output else ()


def _size(head: graph.Head) -> Value | None:
    return head.layer.arg("units") or head.layer.arg("filters")


def _smoothed(pair: Pair) -> bool:
    return number(pair.loss.args.get("label_smoothing")) not in (None, 0)


def _beyond(pair: Pair, labels: Facts, ranges: Mapping[str, tuple[float, float]]) -> float | None:
    """The label that the head cannot reach, or None when it reaches all that are known."""
    least, most = ranges.get(pair.activation or "", (-inf, inf))
    if pair.kind != "regression":
        return None
    if labels.high is not None and labels.high > most:
        return labels.high
    return labels.low if labels.low is not None and labels.low < least else None


def _range_words(least: float, most: float) -> str:
    return f"from {figure(least)} to {figure(most)}" if most < inf else f"of at least {figure(least)}"


def _is_no_class(labels: Facts) -> bool:
    """Whether labels are shares or the soft targets of another model: distances between numbers, which a regression loss is for."""
    return labels.form == "continuous" or labels.origin is not None and labels.origin.kind == "model"


def _counts_classes(labels: Facts) -> bool:
    """Whether an accuracy means something for these labels although the loss is a regression: they are 0 and 1 (least-squares GANs)."""
    if labels.form == "continuous" or labels.low is None or labels.high is None:
        return labels.form in ("binary", "one-hot", "multi-hot")
    return {labels.low, labels.high} <= {0, 1}


def _repeats_input(pair: Pair) -> bool:
    """Whether the model learns to repeat its input, as an autoencoder does."""
    return any(event.x is not None and event.y is not None and words(event.x) == words(event.y) for event in pair.events)


def _wrong_encoding(pair: Pair, labels: Facts) -> bool:
    """Whether labels are integers where the loss reads one-hot rows, or the reverse."""
    match pair.kind, labels.form, labels.shape:
        case "sparse", "one-hot", _:
            return True
        case "categorical", "integer" | "binary", (*axes, last):
            return not axes or last == 1 or len(axes) + 1 < len(pair.head.output.shape or ())
        case _:
            return False


def _labels_words(labels: Facts) -> str:
    return f"the labels from `{labels.origin.name}`" if labels.origin else "the labels"


def _misfit(pair: Pair, labels: Facts) -> str:
    several = pair.kind == "sparse" and labels.form == "multi-hot"  # several columns, however many
    return "breaks" if several else pairing.misfit(pair, labels.shape)


def _told_elsewhere(pair: Pair, labels: Facts) -> bool:
    """Whether another rule names the cause: KER302, KER304, KER309, KER310 (the loss), KER208 (the classes), KER209, KER211 (the rank)."""
    loss = pair.alone or pair.activation == "softmax" and pair.kind in ("binary", "regression") or _wrong_encoding(pair, labels)
    classes = pair.kind == "categorical" and labels.form == "one-hot" and labels.classes is not None and pair.units != labels.classes
    steps = len(labels.shape or ()) <= graph.VECTORS and graph.steps_of(pair.head) is not None
    return loss or classes or steps or graph.unflattened(pair.model) is not None


def _channels_first(shape: Shape, channels: Collection[int]) -> bool:
    """Whether images seem to have their channels first: what the layers make of them then depends on a configuration file of Keras."""
    match shape:
        case (_, int() as first, int() as height, int() as width):
            return first in channels and min(height, width) > max(channels)
        case _:
            return False


def _variant_of(fault: str, pair: Pair, labels: Shape, output: Shape) -> str:
    """The message that suits: several columns for a sparse loss, an axis of steps too many, or another number of columns."""
    if pair.kind == "sparse" and len(labels) >= len(output):
        return "sparse"
    steps = len(output) > len(labels) and len(output) > len(("batch", "units"))
    return f"steps-{fault}" if steps else fault


def _shape(shape: Shape) -> str:
    return dimensions((None, *shape[1:]))


def _amount(axes: Shape) -> str:
    """What one example needs: "one number", "3 numbers", "an array of (10, 3)"."""
    match axes:
        case () | (1,):
            return "one number"
        case (int() as count,):
            return f"{count} numbers"
        case _:
            return f"an array of {dimensions(axes, rows='None')}"
