"""Architecture: activations of hidden layers, initial weights, units and shapes (KER2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph, linearity, rebuilding, repairs
from kerlint.checks.places import origin_of
from kerlint.finding import Confidence, Finding, Fix, Related, Severity
from kerlint.rule import Rule
from kerlint.semantics import catalog
from kerlint.semantics.program import Event, Layer, Model, Program, Shape
from kerlint.semantics.provenance import Facts, inputs_of, labels_of
from kerlint.semantics.values import Const, Symbol, Term, Value, number
from kerlint.semantics.wording import dimensions, figure

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Node


PLAIN = graph.INPUTS | graph.WEIGHTED | {"Normalization", "Rescaling", "Reshape"}
"""Layers that do not bend what goes through them."""


def sigmoid_deep_stack(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for model in graph.models(program):
        stack = graph.stack(model, rule["activations"])
        if len(stack) < rule["info_depth"] or stack[0].identity in seen:
            continue
        seen.add(stack[0].identity)
        normalized = _normalized(stack)
        yield rule.finding(
            graph.activation_node(stack[0]),
            "normalized" if normalized else "",
            severity=Severity.info if normalized else _by_depth(len(stack), rule),
            confidence=certainty.of(model, *(layer.arg("activation") for layer in stack)),
            related=(*_written(stack[0]), *_places(stack[1:], "and this one")),
            depth=len(stack),
            activation=graph.own(stack[0]),
            shrink=figure(round(rule["slope"] ** -len(stack))),
            fix=repairs.fix("use relu", *rebuilding.activated(program, stack, "relu"), safe=False),
        )


def _by_depth(depth: int, rule: Rule) -> Severity:
    return Severity.error if depth >= rule["error_depth"] else Severity.warning if depth >= rule["min_depth"] else Severity.info


def _normalized(stack: tuple[Layer, ...]) -> bool:
    """Whether a normalization stands between every two of the layers."""
    return all(any(layer.kind in graph.NORMALIZATIONS for layer in graph.between(*pair)) for pair in pairwise(stack))


def _places(layers: tuple[Layer, ...], message: str) -> tuple[Related, ...]:
    nodes = dict.fromkeys(graph.activation_node(layer) for layer in layers)
    return tuple(Related(node, message) for node in nodes if node is not None)


def _written(layer: Layer) -> tuple[Related, ...]:
    return origin_of(layer.arg("activation"))


def missing_hidden_activation(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        reader = linearity.multiplied(program, model, layer)
        if reader is not None:
            yield rule.finding(
                graph.activation_node(layer),
                confidence=certainty.of(model, layer.arg("activation")),
                related=(*_written(layer), *_places((reader,), "this layer multiplies it by weights again")),
                layer=graph.called(layer),
                reader=graph.called(reader),
                fix=_with_relu(program, layer),
            )


def _with_relu(program: Program, layer: Layer) -> Fix | None:
    if not rebuilding.everywhere(program, layer, lambda model, other: linearity.multiplied(program, model, other) is not None):
        return None
    return repairs.fix("use relu", rebuilding.with_argument(layer, "activation", '"relu"'), safe=False)


def linear_only_model(program: Program, rule: Rule) -> Iterator[Finding]:
    for model in graph.models(program):
        events = [event for event in program.of(model.identity) if event.kind in rule["events"]]
        if not events or not _is_linear(model, rule):
            continue
        weighted = _weighted(model)
        task = next((task for event in events if (task := _task(event, rule))), "")
        stacked = len(weighted) > 1
        if stacked and graph.heads(model)[0].activation == "linear" or not stacked and task in ("images", "curve"):
            yield rule.finding(
                model.node if stacked else graph.activation_node(weighted[-1]),
                task if stacked else f"single-{task}",
                severity=Severity.warning if task == "curve" or stacked and task else Severity.info,
                confidence=certainty.of(model, *(layer.arg("activation") for layer in weighted)),
                scope=tuple(event.node for event in events),
                count=len(weighted),
            )


def _weighted(model: Model) -> list[Layer]:
    return [layer for layer in model.layers if layer.kind in graph.WEIGHTED]


def _is_linear(model: Model, rule: Rule) -> bool:
    """Whether the whole model is known and has no bend before its last weight layer, and does not say that it means to be linear."""
    weighted = _weighted(model)
    rest = [layer for layer in model.layers if layer.kind not in PLAIN and not linearity.keeps(layer)]
    return (
        bool(weighted)
        and model.complete
        and not model.pretrained
        and len(model.outputs) == 1
        and all(graph.own(layer) == "linear" for layer in weighted[:-1])
        and all(graph.activates(layer) and layer in model.outputs for layer in rest)
        and not _compresses(model)
        and not any(word in f"{model.name} {model.title}".lower() for word in rule["names"])
    )


def _compresses(model: Model) -> bool:
    """Whether a layer is narrower than the output: a linear autoencoder, or a product of factors."""
    widths = [width for layer in _weighted(model) if (width := graph.width(layer)) is not None]
    return bool(widths) and min(widths) < widths[-1]


def _task(event: Event, rule: Rule) -> str:
    """What makes the task certainly not linear: images, text, a curve; "" when nothing does."""
    inputs, labels = inputs_of(event), labels_of(event)
    if inputs.form in ("image", "tokens", "text"):
        return "images" if inputs.form == "image" else "text"
    known, wanted = linearity.table(event.x), linearity.table(event.y)
    share = linearity.explained(known, wanted) if known and wanted else None
    return "curve" if share is not None and share < rule["explained"] or _curved(inputs, labels, rule) else ""


def _curved(inputs: Facts, labels: Facts, rule: Rule) -> bool:
    """Whether the labels are a curve over the only column of the inputs that is even around 0, and the inputs were not bent alike."""
    if inputs.origin is None or labels.origin is None or labels.origin.node is None or inputs.origin.node is not labels.origin.node:
        return False
    single = inputs.shape is not None and inputs.shape[1:] in ((), (1,))
    around_zero = inputs.bounds is None or inputs.bounds[0] < 0 < inputs.bounds[1]
    bends = [[step for step in facts.path if _bare(step.name) in rule["curves"]] for facts in (inputs, labels)]
    return single and around_zero and not bends[0] and bool(bends[1])


def _bare(name: str) -> str:
    """The name of a step without its module: "square" for `np.square()`; an operator is left as it is."""
    return name.removesuffix("()").rpartition(".")[2]


def softmax_hidden(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        if graph.own(layer) != "softmax" or layer.kind in graph.RECURRENT or model.pretrained:
            continue
        readers = graph.following(layer, model) or ()
        mixes = any(graph.gated(reader, model) for reader in readers)  # attention whose heads talk: weights that are mixed, then used
        if readers and not mixes and layer.identity not in graph.heads_elsewhere(program, model):
            yield rule.finding(
                graph.activation_node(layer),
                confidence=certainty.of(model, layer.arg("activation")),
                related=_written(layer),
                layer=graph.called(graph.previous(layer) or layer if graph.activates(layer) else layer),
                fix=repairs.fix("use relu", *rebuilding.activated(program, (layer,), "relu"), safe=False),
            )


def double_activation(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, second in graph.layers(program):
        first = _activated_before(second, model)
        if first is None or not graph.activates(second) or graph.own(second) in (None, "linear") or graph.gated(second, model):
            continue
        before, after = graph.own(first), graph.own(second)
        yield rule.finding(
            graph.activation_node(second),
            "useless" if after in rule["without_effect"].get(before, ()) else "",
            confidence=certainty.of(model, first.arg("activation"), second.arg("activation")),
            related=(*_written(second), *_places((first,), f"{before} is applied here")),
            first=before,
            second=after,
            fix=rebuilding.once(program, model, first, second, after in rule["without_effect"].get(before, ()) and before == after),
        )


def _activated_before(layer: Layer, model: Model) -> Layer | None:
    """The layer with an activation whose output goes to this one alone, through dropout at most."""
    source = layer
    while len(source.inputs) == 1 and len(model.readers(source.inputs[0])) == 1:
        (source,) = source.inputs
        if source.kind not in graph.DROPOUTS:
            # The tanh of a recurrent layer belongs to its cell; what follows the layer is the activation of its output.
            bends = source.kind not in graph.RECURRENT and graph.own(source) not in (None, "linear")
            if layer.within and layer.within != source.within:
                return None  # two models in a row: each is right by itself
            return source if bends and (source.kind in graph.WEIGHTED or graph.activates(source)) else None
    return None


def symmetric_init(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        initializer = layer.arg("kernel_initializer")
        name = _constant(initializer, rule)
        if name is None or not graph.following(layer, model) or layer.trainable is False or _overwritten(program, model):
            continue
        units = number(layer.arg("units") or layer.arg("filters"))
        if units is not None and units > rule["alone"]:
            yield rule.finding(
                initializer.node if initializer and "kernel_initializer" in layer.given else layer.node,
                "zeros" if name == "Zeros" else "",
                confidence=certainty.of(model, initializer, layer.arg("units") or layer.arg("filters")),
                related=origin_of(initializer),
                units=int(units),
                layer=graph.called(layer),
                initializer=name,
                fix=rebuilding.initialized(program, layer),
            )


def _constant(value: Value | None, rule: Rule) -> str | None:
    """The name of an initializer that gives every weight the same number, else None."""
    match value:
        case Const(str() as text):
            name = catalog.from_string("initializer", text)
        case Term(name, args) if name.endswith("onstant") and number(args.get("value")) is None:
            return None  # an array: a matrix of one's own
        case Symbol(name) | Term(name):
            pass
        case _:
            return None
    short = (name or "").rpartition(".")[2]
    return short if short in rule["initializers"] else None


def _overwritten(program: Program, model: Model) -> bool:
    return model.pretrained or any(event.kind in ("set_weights", "load_weights") for event in program.of(model.identity))


def softmax_axis_or_unit_mismatch(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        axis = layer.arg("axis")
        if layer.kind in ("Softmax", "softmax") and number(axis) == 0:
            yield rule.finding(
                axis.node if axis else layer.node,
                "axis",
                confidence=certainty.of(model, axis),
                related=origin_of(axis),
                fix=repairs.fix("use the last axis", repairs.replaced(repairs.written(axis), "-1"), safe=False),
            )
    for event in program.fits():
        for head in graph.heads(event.model) if event.model and event.compiled else ():
            labels = labels_of(event)
            loss = event.compiled.losses[head.index] if event.compiled and head.index < len(event.compiled.losses) else None
            if _too_few(head.units, labels, loss, rule):
                yield rule.finding(
                    _units_node(head.layer),
                    confidence=certainty.of(event.model, event, labels, head.layer.arg("units") or head.layer.arg("filters")),
                    related=(*origin_of(_units(head.layer)), *_from(labels)),
                    scope=(event.node,),
                    units=head.units,
                    classes=labels.classes,
                    source=labels.origin.name if labels.origin else "the labels",
                    fix=rebuilding.with_units(program, head.layer, labels.classes),
                )


def _too_few(units: int | None, labels: Facts, loss: Value | None, rule: Rule) -> bool:
    """Whether a head of several units has no unit for some class; of one-hot labels, whether it has another number of units."""
    match loss:
        case Term(name) if name in rule["losses"] and units is not None and units > rule["alone"] and labels.classes is not None:
            return units != labels.classes if labels.form == "one-hot" else labels.form == "integer" and units < labels.classes
        case _:
            return False


def _units(layer: Layer) -> Value | None:
    return next((layer.arg(name) for name in ("units", "filters") if name in layer.given), None)


def _units_node(layer: Layer) -> Node | None:
    value = _units(layer)
    return value.node if value is not None and value.node is not None else layer.node


def _from(facts: Facts) -> tuple[Related, ...]:
    origin = facts.origin
    return (Related(origin.node, f"the labels come from {origin.name}", labels=True),) if origin and origin.node is not None else ()


def missing_flatten(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        layer = graph.unflattened(event.model) if event.model else None
        labels = labels_of(event)
        output = event.model.outputs[0].shape if event.model and event.model.outputs else None
        if event.model is None or layer is None or output is None:
            continue
        blind = labels.shape is None
        if not (_shrunk(event.model, output) if labels.shape is None else not _aligned(labels.shape, output)):
            continue
        yield rule.finding(
            layer.node,
            "blind" if blind else "",
            severity=Severity.warning if blind else None,
            confidence=Confidence.medium if blind else certainty.of(event.model, event, labels),
            related=_from(labels),
            scope=(event.node,),
            layer=graph.called(layer),
            read=dimensions(layer.inputs[0].shape or ()),
            made=dimensions(output),
            labels=dimensions(labels.shape or ()),
            given=dimensions(event.model.inputs[0].shape or ()),
            fix=rebuilding.flattened(program, layer),
        )


def _shrunk(model: Model, output: Shape) -> bool:
    """Whether the places of the output are fewer than those of the only input: labels for each place would be as many as the input has."""
    match [source.shape for source in model.inputs]:
        case [(_, *places, _)] if model.complete and len(model.outputs) == 1 and len(places) == len(output[1:-1]):
            pairs = [*zip(places, output[1:-1], strict=True)]
            return None not in {size for pair in pairs for size in pair} and all(made < given for given, made in pairs)  # type: ignore[operator]
        case _:
            return False


def _aligned(labels: tuple[int | None, ...], output: tuple[int | None, ...]) -> bool:
    """Whether there may be one label, or one row of labels, for each place of the output."""
    places = zip(labels[1:], output[1:], strict=False)
    return len(labels) >= len(output) or len(output) - len(labels) == 1 and all(None in pair or pair[0] == pair[1] for pair in places)


def shape_inference_failure(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        if not layer.mismatch:
            continue
        read = [dimensions(source.shape) if source.shape else "an unknown shape" for source in layer.inputs]
        repair = _repair(layer, model, rule)
        certain = certainty.of(model, *(value for name, value in layer.args.items() if name in layer.given))
        yield rule.finding(
            layer.node,
            repair,
            # Keras may be set up for channels first outside of the source, in keras.json.
            confidence=min(certain, Confidence.medium) if repair == "transposed" else certain,
            related=_trail(layer, rule["shown"]),
            layer=graph.called(layer),
            read=" and ".join(read) or "nothing",
            reason=layer.mismatch.removeprefix(f"{layer.kind}: "),
            fix=rebuilding.fitting(program, layer, repair),
        )


def _repair(layer: Layer, model: Model, rule: Rule) -> str:
    """The variant of the message that suits the layers on both sides of the break."""
    source = layer.inputs[0] if layer.inputs else layer
    if layer.kind in graph.RECURRENT and source.kind in graph.RECURRENT:
        return "sequences"
    match source.shape:
        case [_, _, _] if layer.kind in graph.CONVOLUTIONS and layer.kind.endswith("2D") and source.kind in graph.INPUTS:
            return "channels"
    for entrance in model.inputs:
        match entrance.shape:
            case [_, channels, int(height), int(width)] if channels in rule["channels"] and height == width > max(rule["channels"]):
                return "transposed"
    return ""


def _trail(layer: Layer, most: int) -> tuple[Related, ...]:
    """The shapes on the way to a layer in the order of computation; where several ways meet, the last shape of each."""
    found = list(layer.inputs[:1])
    while len(layer.inputs) == 1 and len(found) < most and len(found[0].inputs) == 1:
        found.insert(0, found[0].inputs[0])
    shown = found if len(layer.inputs) == 1 else layer.inputs[:most]
    return tuple(Related(at.node, f"{graph.called(at)} gives {dimensions(at.shape)}") for at in shown if at.node is not None and at.shape)
