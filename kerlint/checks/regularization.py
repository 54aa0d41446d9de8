"""Regularization: wide layers, dropout, its place before batch normalization, weight penalties (KER6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kerlint.checks import certainty, graph, history, rebuilding, repairs
from kerlint.checks.places import origin_of, related
from kerlint.checks.restraints import reconstructs, restrained
from kerlint.finding import Finding, Fix, Related, Severity
from kerlint.rule import Rule
from kerlint.semantics.program import Event, Layer, Model, Program
from kerlint.semantics.provenance import Facts, inputs_of
from kerlint.semantics.values import Const, Term, Value, number
from kerlint.semantics.wording import figure


def wide_layer_without_regularizer(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        model, data = event.model, inputs_of(event)
        if event.kind != "fit" or model is None or model.pretrained or reconstructs(event) or restrained(event, model):
            continue
        wide = [(layer, variant) for layer in graph.hidden(model) if (variant := _wide(layer, data.rows, rule)) is not None]
        if wide:
            layer, variant = max(wide, key=lambda found: found[0].params or 0)
            yield rule.finding(
                layer.node,
                variant,
                severity=Severity.info if variant else None,
                confidence=certainty.of(model, event, data, layer.arg("units")),
                related=(*_also([other for other, _ in wide if other is not layer]), *_rows(data, variant)),
                scope=(event.node,),
                layer=graph.called(layer),
                params=figure(layer.params or 0),
                rows=figure(data.rows or 0),
                ratio=figure((layer.params or 0) // (data.rows or 1)),
                fix=_penalized(program, layer, rule),
            )


def _penalized(program: Program, layer: Layer, rule: Rule) -> Fix | None:
    spelling = repairs.reached(program, "keras.regularizers.L2")
    if spelling is None:
        return None
    edit = rebuilding.with_argument(layer, "kernel_regularizer", f"{spelling[0]}({rule['strength']:g})")
    return repairs.fix("add an L2 penalty", edit, safe=False, imports=spelling[1])


def _also(layers: list[Layer]) -> tuple[Related, ...]:
    return tuple(Related(layer.node, f"{graph.called(layer)} is as free") for layer in layers if layer.node is not None)


def _rows(data: Facts, variant: str) -> tuple[Related, ...]:
    origin = data.origin.node if data.origin else None
    return (Related(origin, f"{data.rows} rows"),) if origin is not None and not variant else ()


def _wide(layer: Layer, rows: int | None, rule: Rule) -> str | None:
    """The variant of the message: "" for many parameters on few rows, "rows-unknown" for a very wide layer, None for no report."""
    units = number(layer.arg("units")) if layer.kind == "Dense" and layer.trainable is not False else None
    if units is None:
        return None
    if rows is None:
        return "rows-unknown" if units >= rule["units_rows_unknown"] else None
    crowded = rows < rule["rows_enough"] and layer.params is not None and layer.params > rule["params_per_row"] * rows
    return "" if units >= rule["units"] and crowded else None


def dropout_rate_too_high(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        rate = number(layer.arg("rate")) if layer.kind in rule["layers"] else None
        if rate is None or rate <= rule["most"]:
            continue
        on_input = all(source.kind in graph.INPUTS for source in layer.inputs)
        variant = "impossible" if rate > rule["valid"] else "nearly-all" if rate >= rule["nearly_all"] else ""
        if on_input and variant != "impossible":
            continue
        value = layer.arg("rate")
        usual = Severity.info if rate <= rule["advice"] else None
        yield rule.finding(
            value.node if value is not None and value.node is not None else layer.node,
            variant,
            severity=Severity.error if variant else usual,
            confidence=certainty.of(model, value),
            related=origin_of(value),
            layer=layer.kind,
            rate=rate,
            share=f"{rate:.0%}",
            percent=f"{rate / rule['percent']:g}",
            fix=_milder(value, rate, rule),
        )


def _milder(value: Value | None, rate: float, rule: Rule) -> Fix | None:
    """The share that a percentage stands for, if that is not too much, else the largest usual rate."""
    share = rate / rule["percent"] if rate > rule["valid"] else rate
    usual = min(share, rule["most"])
    return repairs.fix(f"drop {usual:.0%}", repairs.replaced(repairs.written(value), f"{usual:g}"), safe=False)


def dropout_before_batchnorm(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        dropout = _dropout_before(layer) if layer.kind == "BatchNormalization" else None
        rate = number(dropout.arg("rate")) if dropout is not None else None
        if dropout is not None and rate is not None and rate > rule["harmless"]:
            yield rule.finding(
                layer.node,
                confidence=certainty.of(model, dropout.arg("rate")),
                related=(Related(dropout.node, f"drops {rate:.0%} of what the normalization measures"),) if dropout.node else (),
                rate=rate,
                fix=_exchanged(program, dropout, layer),
            )


def _exchanged(program: Program, dropout: Layer, normalization: Layer) -> Fix | None:
    if not rebuilding.everywhere(program, normalization, lambda _, layer: _dropout_before(layer) is not None):
        return None
    if not rebuilding.everywhere(program, dropout, lambda model, layer: _normalized(model, layer)):
        return None
    return repairs.fix("normalize first", *rebuilding.swapped(dropout, normalization), safe=False)


def _normalized(model: Model, dropout: Layer) -> bool:
    return any(layer.kind == "BatchNormalization" and _dropout_before(layer) is dropout for layer in model.layers)


def _dropout_before(layer: Layer) -> Layer | None:
    """The plain dropout whose output a layer reads, directly or through an activation."""
    while len(layer.inputs) == 1:
        (layer,) = layer.inputs
        if not graph.activates(layer):
            return layer if layer.kind == "Dropout" else None
    return None


def l2_too_strong(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        for name, penalizing in _given(layer, rule["arguments"]):
            for penalty, factor, value in _factors(penalizing):
                amount = number(factor)
                if amount is None or amount < rule["most"] or not (graph.previous(layer) or graph.following(layer, model)):
                    continue
                yield rule.finding(
                    factor.node or value.node or layer.node,
                    "" if name in rule["kernels"] else "other",
                    severity=None if name in rule["kernels"] else Severity.info,
                    confidence=certainty.of(model, value, factor),
                    related=origin_of(factor if factor.node is not None else value),
                    argument=name,
                    penalty=penalty,
                    factor=figure(amount),
                    fix=repairs.fix("use a weaker penalty", repairs.replaced(repairs.written(factor), f"{rule['usual']:g}"), safe=False),
                )


def _given(layer: Layer, names: Sequence[str]) -> list[tuple[str, Value]]:
    return [(name, value) for name in names if (value := layer.args.get(name)) is not None and not _nothing(value)]


def _factors(value: Value) -> Iterator[tuple[str, Value, Value]]:
    """The strengths of a regularizer given as an object: ("L2", 0.5, the regularizer)."""
    match value:
        case Term(name, args) if name.startswith("keras.regularizers."):
            kind = name.rpartition(".")[2].upper().replace("_", "")
            for penalty in ("l1", "l2"):
                factor = args.get(penalty)
                if factor is not None:
                    yield kind, factor, value
            if kind in ("L1", "L2") and "0" in args:
                yield kind, args["0"], value
        case _:
            return


def batchnorm_too_few_steps(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.fits():
        model, updates = event.model, history.updates(event, rule["default_batch"])
        if (
            model is None
            or updates is None
            or history.repeats(event)
            or history.known_elsewhere(program, event)
            or _trained(program, event)
        ):
            continue
        slow = [layer for layer in model.layers if layer.kind == "BatchNormalization" and updates.total < _needed(layer, rule)]
        if slow:
            momentum = number(slow[0].arg("momentum"))
            yield rule.finding(
                slow[0].node,
                confidence=certainty.of(model, event, inputs_of(event), slow[0].arg("momentum")),
                related=(*_also(slow[1:]), *_node(event, f"the model is trained for {history.counted(updates.total, 'update')}")),
                scope=(event.node,),
                fix=_faster(slow, updates.total, rule),
                updates=history.counted(updates.total, "update"),
                momentum=figure(momentum or 0),
                needed=figure(_needed(slow[0], rule)),
                left=f"{(momentum or 0) ** updates.total:.0%}",
            )


def _trained(program: Program, event: Event) -> bool:
    """Whether the same model has learned before, or learns again."""
    return any(other is not event and other.kind in history.TRAINING for other in program.of(event.identity))


def _needed(layer: Layer, rule: Rule) -> int:
    """The updates after which the statistics of a normalization have forgotten where they began; 0 when that is not known."""
    momentum = number(layer.arg("momentum"))
    return 0 if momentum is None or not 0 < momentum < 1 else round(rule["memories"] / (1 - momentum))


def _node(event: Event, message: str) -> tuple[Related, ...]:
    return related(event.node, message)


def _faster(layers: list[Layer], updates: int, rule: Rule) -> Fix | None:
    """A smaller momentum, where the updates are enough for that."""
    if updates < round(rule["memories"] / (1 - rule["faster"])):
        return None
    edits = {layer.node: rebuilding.with_argument(layer, "momentum", figure(rule["faster"])) for layer in layers}
    return repairs.fix(f"set momentum={figure(rule['faster'])}", *edits.values(), safe=False)


def activity_regularizer_confusion(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        penalty = layer.arg("activity_regularizer")
        if penalty is None or layer.kind not in rule["layers"] or "kernel_regularizer" in layer.given or not _is_l2(penalty):
            continue
        if not any(reconstructs(event) for event in program.of(model.identity)):
            edit = repairs.renamed(layer.node, "activity_regularizer", "kernel_regularizer")
            yield rule.finding(
                penalty.node or layer.node,
                confidence=certainty.of(model, penalty),
                related=origin_of(penalty),
                fix=repairs.fix("penalize the weights", edit, safe=False),
                layer=graph.called(layer),
            )


def _is_l2(penalty: Value) -> bool:
    """Whether a regularizer adds up squares and nothing else."""
    match penalty:
        case Const(str() as name):
            return name.lower() in ("l2", "keras.regularizers.l2")
        case Term("keras.regularizers.L2"):
            return True
        case Term("keras.regularizers.L1L2", args):
            return not number(args.get("l1"))
        case _:
            return False


def regularizer_on_frozen_or_output_bias(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        for name, penalty in _given(layer, rule["arguments"]):
            if name not in layer.given:
                continue
            frozen = layer.trainable is False
            if frozen or name == "bias_regularizer" and any(layer.identity is head.layer.identity for head in graph.heads(model)):
                yield rule.finding(
                    penalty.node or layer.node,
                    "frozen" if frozen else "",
                    confidence=certainty.of(model, penalty),
                    related=origin_of(penalty),
                    layer=graph.called(layer),
                    argument=name,
                )


def _nothing(value: Value) -> bool:
    match value:
        case Const(None):
            return True
        case _:
            return False
