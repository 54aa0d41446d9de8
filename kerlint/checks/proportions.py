"""Architecture: initial weights, widths and sizes that are out of proportion, and activations that want other company (KER2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod, sqrt

from kerlint.checks import certainty, graph, rebuilding, repairs
from kerlint.checks.places import origin_of, related
from kerlint.finding import Finding, Fix, Related
from kerlint.rule import Rule
from kerlint.semantics import catalog
from kerlint.semantics.program import Compile, Layer, Model, Program
from kerlint.semantics.values import Const, Symbol, Term, Value, number, python
from kerlint.semantics.wording import figure


def init_too_large(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        initializer = layer.arg("kernel_initializer")
        spread = _spread(initializer, rule)
        if initializer is None or spread is None or layer.kind not in rule["layers"] or _harmless(layer, model):
            continue
        inputs = _fan_in(layer)
        sums = spread * sqrt(inputs) if inputs else None
        if sums > rule["most_sums"] if sums is not None else spread >= rule["most_blind"]:
            yield rule.finding(
                initializer.node or layer.node,
                "" if sums is not None else "blind",
                confidence=certainty.of(model, initializer, *_numbers(initializer)),
                related=origin_of(initializer),
                fix=repairs.fix(
                    "start from the weights that Keras chooses", rebuilding.without_argument(layer, "kernel_initializer"), safe=False
                ),
                spread=figure(spread),
                inputs=figure(inputs or 0),
                sums=figure(round(sums or 0, 1)),
                layer=graph.called(layer),
            )


def _spread(initializer: Value | None, rule: Rule) -> float | None:
    """The standard deviation of the weights that an initializer with fixed numbers draws."""
    match initializer:
        case Term(name, args) if name in rule["normal"]:
            return number(args.get("stddev"))
        case Term(name, args) if name in rule["uniform"]:
            low, high = number(args.get("minval")), number(args.get("maxval"))
            return None if low is None or high is None else (high - low) / sqrt(rule["variance_of_uniform"])
        case _:
            return None


def _numbers(initializer: Value) -> tuple[Value, ...]:
    match initializer:
        case Term(args=args):
            return tuple(args.values())
        case _:
            return ()


def _harmless(layer: Layer, model: Model) -> bool:
    """Whether the size of the weights does not matter: nothing else is learned, it is normalized away, or a sine is meant to be fast."""
    readers = model.readers(layer)
    normalized = bool(readers) and all(reader.kind in graph.NORMALIZATIONS for reader in readers)
    alone = graph.previous(layer) is None and not graph.following(layer, model)
    return alone or normalized or graph.activation(layer, model) is None or model.pretrained or layer.trainable is False


def _fan_in(layer: Layer) -> int | None:
    """How many inputs each unit adds up; None when that is not known."""
    channels = layer.inputs[0].shape[-1] if layer.inputs and layer.inputs[0].shape else None
    if channels is None or layer.kind == "Dense":
        return channels
    match python(layer.arg("kernel_size")):
        case int() as edge:
            return int(channels * edge ** len(layer.inputs[0].shape[1:-1]))  # type: ignore[index]
        case [*edges] if edges and all(type(edge) is int for edge in edges):
            return int(channels * prod(edges))
        case _:
            return None


def narrow_bottleneck(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        heads = graph.heads(model) if layer.kind == "Dense" else ()
        classes = heads[0].units if len(heads) == 1 and heads[0].activation in rule["activations"] else None
        units, read = graph.width(layer), graph.width(layer.inputs[0]) if layer.inputs else None
        if classes is None or units is None or read is None or not _on_the_way(layer, heads[0]):
            continue
        meant = any(word in layer.name.lower() for word in rule["names"])
        if classes >= rule["classes"] and units < min(rule["units"], classes) and units < read and not meant:
            yield rule.finding(
                layer.node,
                confidence=certainty.of(model, layer.arg("units")),
                related=_at(heads[0].layer, f"{classes} classes"),
                layer=graph.called(layer),
                units=units,
                classes=classes,
                read=read,
            )


def _on_the_way(layer: Layer, head: graph.Head) -> bool:
    """Whether everything that reaches a head goes through a layer before it."""
    source = head.layer
    while source is not layer and len(source.inputs) == 1:
        (source,) = source.inputs
    return source is layer is not head.layer


def _at(layer: Layer, message: str) -> tuple[Related, ...]:
    return related(layer.node, message)


def selu_needs_lecun(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for model in graph.models(program):
        selu = [layer for layer in model.layers if layer.kind in rule["layers"] and graph.activation(layer, model) == "selu"]
        wrong = [layer for layer in selu if not _suits(layer.arg("kernel_initializer"), rule)]
        drops = [layer for layer in model.layers if layer.kind == "Dropout" and graph.previous(layer) in selu]
        for found, variant in ((wrong, ""), (drops, "dropout")):
            if not found or model.has(*graph.NORMALIZATIONS) or model.pretrained or found[0].identity in seen:
                continue
            seen |= {layer.identity for layer in found}
            yield rule.finding(
                found[0].node,
                variant,
                confidence=certainty.of(model, *(layer.arg("activation") for layer in selu)),
                related=_also(found[1:]),
                fix=_alpha(program, found) if variant else _lecun(found),
                layer=graph.called(found[0]),
                count=len(found),
            )


def _suits(initializer: Value | None, rule: Rule) -> bool:
    """Whether an initializer is one of those that keep selu normalized, or is not known."""
    match initializer:
        case Const(str() as name):
            return (catalog.from_string("initializer", name) or "").rpartition(".")[2] not in rule["initializers"]
        case Term(name) | Symbol(name):
            return name.rpartition(".")[2] not in rule["initializers"]
        case _:
            return True


def _also(layers: list[Layer]) -> tuple[Related, ...]:
    nodes = dict.fromkeys(layer.node for layer in layers)
    return tuple(Related(node, "and here") for node in nodes if node is not None)


def _lecun(layers: list[Layer]) -> Fix | None:
    """The initializer that suits, in all these layers."""
    edits = {layer.node: rebuilding.with_argument(layer, "kernel_initializer", '"lecun_normal"') for layer in layers}
    return repairs.fix("start from weights that suit selu", *edits.values(), safe=False)


def _alpha(program: Program, layers: list[Layer]) -> Fix | None:
    name = repairs.spelled(program, "keras.layers.AlphaDropout")
    edits = {layer.node: repairs.replaced(repairs.called(layer.node), name) if name else None for layer in layers}
    return repairs.fix("use AlphaDropout", *edits.values(), safe=False)


def relu_recurrent(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        args = graph.recurrent(layer)
        activation = args.get("activation") if args is not None else None
        if (
            args is None
            or activation is None
            or graph.named(activation) not in rule["activations"]
            or _tamed(program, model, layer, args, rule)
        ):
            continue
        yield rule.finding(
            activation.node or layer.node,
            confidence=certainty.of(model, activation),
            related=origin_of(activation),
            scope=tuple(event.node for event in program.of(model.identity)),
            activation=graph.named(activation),
            layer=graph.called(layer),
        )


def _tamed(program: Program, model: Model, layer: Layer, args: Mapping[str, Value], rule: Rule) -> bool:
    """Whether the state cannot run away: a recurrence that starts as the identity, clipped gradients, a few or unknown steps."""
    match args.get("recurrent_initializer"):
        case Const(str() as name) | Symbol(name) | Term(name) if name.rpartition(".")[2].lower() == "identity":
            return True
    match layer.inputs[0].shape if layer.inputs else None:
        case (_, steps, *_) if steps is None or steps > rule["steps"]:
            return any(_clips(event.compiled, rule) for event in program.of(model.identity))
        case _:
            return True


def _clips(compiled: Compile | None, rule: Rule) -> bool:
    """Whether the optimizer limits the gradients."""
    match compiled.optimizer if compiled is not None else None:
        case Term(args=args):
            return any(number(args.get(name)) is not None for name in rule["limits"])
        case _:
            return compiled is not None


def oversized_flatten_dense(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        flat = layer.inputs[0] if layer.kind == "Dense" and layer.inputs and layer.inputs[0].kind == "Flatten" else None
        if flat is None or layer.params is None or not model.params or model.pretrained:
            continue
        if layer.params > rule["params"] and layer.params > rule["share"] * model.params:
            yield rule.finding(
                layer.node,
                confidence=certainty.of(model, layer.arg("units")),
                related=_at(flat, f"gives {figure(graph.width(flat) or 0)} numbers"),
                layer=graph.called(layer),
                params=figure(layer.params),
                total=figure(model.params),
                share=f"{layer.params / model.params:.0%}",
                given=figure(graph.width(flat) or 0),
            )
