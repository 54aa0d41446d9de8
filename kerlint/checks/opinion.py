"""Opinions on style and design, which run when they are selected (KER9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kerlint.checks import certainty, graph, history, rebuilding, repairs
from kerlint.checks.places import origin_of
from kerlint.finding import Finding, Related
from kerlint.rule import Rule
from kerlint.semantics import catalog
from kerlint.semantics.program import Layer, Model, Program
from kerlint.semantics.values import Const, Symbol, Term, Value, number

CONVOLUTIONS = frozenset({"Conv1D", "Conv2D", "Conv3D", "SeparableConv1D", "SeparableConv2D"})
"""Convolutions that choose their number of filters; those that enlarge (transposed ones) are meant to go the other way."""
ENLARGING = frozenset(f"UpSampling{rank}D" for rank in "123")
LOCAL_POOLING = frozenset(f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in "123")
POOLING = graph.AVERAGING | graph.MAXIMA


def bias_before_batchnorm(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        readers = model.readers(layer)
        if layer.kind not in graph.MIXING or not _true(layer.arg("use_bias")) or graph.own(layer) != "linear" or layer in model.outputs:
            continue
        if readers and all(reader.kind == "BatchNormalization" and _true(reader.arg("center")) for reader in readers):
            edit = rebuilding.with_argument(layer, "use_bias", "False") if not model.pretrained else None
            yield rule.finding(
                layer.node,
                confidence=certainty.of(model, layer.arg("use_bias")),
                related=_places(readers, "subtracts the mean, and the bias with it"),
                fix=repairs.fix("leave the bias out", edit, safe=True),
                layer=graph.called(layer),
            )


def _true(value: Value | None) -> bool:
    match value:
        case Const(True):
            return True
        case _:
            return False


def _places(layers: tuple[Layer, ...], message: str) -> tuple[Related, ...]:
    return tuple(Related(layer.node, message) for layer in layers if layer.node is not None)


def _successive(model: Model) -> Iterator[tuple[Layer, Layer]]:
    """Each two convolutions in a row on a plain way, nothing between them that enlarges, the second no output of the model."""
    for layer in model.layers:
        before = graph.previous(layer) if layer.kind in CONVOLUTIONS else None
        if before is None or before.kind not in CONVOLUTIONS or not graph.following(layer, model):
            continue
        if not any(other.kind in ENLARGING for other in graph.between(before, layer)):
            yield before, layer


def shrinking_filter_count(program: Program, rule: Rule) -> Iterator[Finding]:
    for model in graph.models(program):
        for before, layer in _successive(model):
            many, few = number(before.arg("filters")), number(layer.arg("filters"))
            if many is not None and few is not None and few < many and graph.edges(layer.args["kernel_size"]) != {1}:
                yield _second(model, before, layer, rule, "filters", many=many, few=few)


def shrinking_kernel_size(program: Program, rule: Rule) -> Iterator[Finding]:
    for model in graph.models(program):
        for before, layer in _successive(model):
            large, small = graph.edges(before.args["kernel_size"]), graph.edges(layer.args["kernel_size"])
            if large and small and max(small) < max(large) and small != {1}:
                yield _second(model, before, layer, rule, "kernel_size", large=max(large), small=max(small))


def growing_dense_width(program: Program, rule: Rule) -> Iterator[Finding]:
    for model in graph.models(program):
        for layer in model.layers:
            before = graph.previous(layer) if layer.kind == "Dense" and graph.following(layer, model) else None
            few, many = (number(one.arg("units")) if one is not None and one.kind == "Dense" else None for one in (before, layer))
            if before is not None and few is not None and many is not None and few < many:
                yield _second(model, before, layer, rule, "units", few=few, many=many)


def _second(model: Model, before: Layer, layer: Layer, rule: Rule, argument: str, **facts: Any) -> Finding:
    """A report at an argument of the second of two layers."""
    value = layer.arg(argument)
    return rule.finding(
        value.node if value is not None and value.node is not None else layer.node,
        confidence=certainty.of(model, value, before.arg(argument)),
        related=(*origin_of(value), *_places((before,), f"{graph.called(before)} comes before it")),
        layer=graph.called(layer),
        before=graph.called(before),
        **facts,
    )


def _blocks(model: Model) -> list[list[Layer]]:
    """The convolutions of a model in the order of computation, parted by the pooling layers between them."""
    blocks: list[list[Layer]] = [[]]
    for layer in model.layers:
        if layer.kind in CONVOLUTIONS:
            blocks[-1].append(layer)
        elif layer.kind in LOCAL_POOLING:
            blocks.append([])
    return [block for block in blocks if block]


def _deep(model: Model, rule: Rule) -> bool:
    """Whether a model without forks has many convolutions and poolings."""
    parts = [layer for layer in model.layers if layer.kind in CONVOLUTIONS | LOCAL_POOLING]
    straight = all(len(model.readers(layer)) <= 1 and len(layer.inputs) <= 1 for layer in model.layers)
    return model.complete and straight and len(parts) >= rule["layers"]


def pool_after_every_conv(program: Program, rule: Rule) -> Iterator[Finding]:
    for model in graph.models(program):
        blocks = _blocks(model)
        pools = sum(layer.kind in LOCAL_POOLING for layer in model.layers)
        if _deep(model, rule) and pools >= len(blocks) and all(len(block) == 1 for block in blocks):
            yield rule.finding(blocks[0][0].node, confidence=certainty.of(model), count=len(blocks))


def asymmetric_conv_blocks(program: Program, rule: Rule) -> Iterator[Finding]:
    for model in graph.models(program):
        for block in _blocks(model) if _deep(model, rule) else ():
            alike = len({number(layer.arg("filters")) for layer in block}) == 1
            if not (rule["least"] <= len(block) <= rule["most"] and alike):
                yield rule.finding(
                    block[0].node,
                    "" if alike else "mixed",
                    confidence=certainty.of(model),
                    related=_places(tuple(block[1:]), "in the same block"),
                    count=len(block),
                )
                break


def no_pooling(program: Program, rule: Rule) -> Iterator[Finding]:
    for model in graph.models(program):
        convolutions = [layer for layer in model.layers if layer.kind in CONVOLUTIONS]
        smaller = any(layer.kind in POOLING or _strided(layer) for layer in model.layers)
        if model.complete and len(convolutions) >= rule["convolutions"] and not smaller and model.has("Flatten"):
            yield rule.finding(convolutions[0].node, confidence=certainty.of(model), count=len(convolutions))


def _strided(layer: Layer) -> bool:
    strides = layer.arg("strides")
    return strides is not None and graph.edges(strides) != {1}


def dropout_before_pooling(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        match model.readers(layer):
            case (reader,) if layer.kind == "Dropout" and reader.kind in LOCAL_POOLING:
                yield rule.finding(
                    layer.node,
                    confidence=certainty.of(model),
                    related=_places((reader,), "pools what is left"),
                    fix=repairs.fix("swap the two", *rebuilding.swapped(layer, reader), safe=False),
                    pooling=reader.kind,
                )


def non_zero_bias_init(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        initializer = layer.arg("bias_initializer")
        name = _initializer(initializer) if "bias_initializer" in layer.given else None
        if initializer is not None and name is not None and name not in rule["zeros"] and layer.kind in graph.WEIGHTED:
            yield rule.finding(
                initializer.node or layer.node,
                confidence=certainty.of(model, initializer),
                related=origin_of(initializer),
                layer=graph.called(layer),
                initializer=name,
            )


def _initializer(value: Value | None) -> str | None:
    match value:
        case Const(str() as text):
            return (catalog.from_string("initializer", text) or "").rpartition(".")[2] or None
        case Symbol(name) | Term(name) if name.startswith("keras.initializers."):
            return name.rpartition(".")[2]
        case _:
            return None


def implicit_hyperparameters(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        compiled = event.compiled
        if compiled is not None and compiled.optimizer is not None and compiled not in seen and _implicit(compiled.learning_rate):
            seen.add(compiled)
            yield rule.finding(
                compiled.optimizer.node or compiled.node,
                confidence=certainty.of(event),
                scope=(event.node,),
                optimizer=(compiled.optimizer_class or "the optimizer").rpartition(".")[2],
            )
        sized = history.hidden(event) or not {"batch_size", "steps_per_epoch"}.isdisjoint(event.given)
        if event.kind == "fit" and event.y is not None and not sized:
            yield rule.finding(event.node, "batch", confidence=certainty.of(event))


def _implicit(rate: Value) -> bool:
    """Whether a learning rate is the default of the optimizer."""
    match rate:
        case Const(float()):
            return rate.node is None and rate.origin is None
        case _:
            return False


def import_alias(program: Program, rule: Rule) -> Iterator[Finding]:
    bound = {via: name for name, via in program.names.items()}
    for imported in program.imports:
        usual, name = rule["names"].get(imported.path), bound.get(imported.path)
        plain = bool(imported.module) and name == imported.path.rpartition(".")[2]
        if usual is not None and name is not None and name != usual and not plain:
            yield rule.finding(imported.node, path=imported.path, usual=usual, name=name)
