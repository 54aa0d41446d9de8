"""Architecture: whether layers suit what is fed to them, and whether they lead anywhere (KER2)."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.checks import certainty, graph, pairing, rebuilding, repairs
from kerlint.checks.places import origin_of, related
from kerlint.finding import Confidence, Finding, Fix, Related, Severity
from kerlint.rule import Rule
from kerlint.semantics.program import Dropped, Layer, Model, Program
from kerlint.semantics.provenance import Facts, Origin, facts, inputs_of
from kerlint.semantics.values import Const, Items, Term, Value, number, text
from kerlint.semantics.wording import dimensions, figure


def embedding_too_small(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, layer in graph.layers(program):
        size = layer.arg("input_dim") if layer.kind == "Embedding" else None
        if size is None:
            continue
        fed = tuple(_fed(program, model, layer))
        variant, over = _short(size, fed, rule)
        if variant is not None:
            exact = over is None or over.origin is not None and over.origin.kind in rule["exact"]
            yield rule.finding(
                size.node or layer.node,
                variant,
                confidence=min(certainty.of(model, size, over), Confidence.high if exact else Confidence.medium),
                related=(*origin_of(size), *_source(over)),
                scope=tuple(event.node for event in program.of(model.identity)),
                fix=_one_more(layer, size) if variant == "words" else None,
                rows=figure(number(size) or 0),
                last=figure((number(size) or 1) - 1),
                highest=figure(over.high or 0) if over else "",
                data=over.origin.name if over and over.origin else "the data",
            )


def _short(size: Value, fed: tuple[Facts, ...], rule: Rule) -> tuple[str | None, Facts | None]:
    """In which way an Embedding has too few rows, None for no way that is known, and the data that shows it."""
    rows = number(size)
    if rows is not None:
        over = next((data for data in fed if data.whole and data.high is not None and data.high >= rows), None)
        return (None, None) if over is None else ("", over)
    shifted = any(step.effect in rule["shifts"] for data in fed for step in data.path)
    return "words" if _counts_words(size, rule) and not shifted else None, None


def _counts_words(size: Value, rule: Rule) -> bool:
    """Whether a size is the number of words that a tokenizer without a limit has met."""
    match size:
        case Term("builtins.len", {"0": Term(name, {"self": Term("keras.preprocessing.text.Tokenizer", args)})}):
            return name in rule["tables"] and isinstance(args.get("num_words"), Const) and number(args["num_words"]) is None
        case _:
            return False


def _fed(program: Program, model: Model, layer: Layer) -> Iterator[Facts]:
    """What is known of the numbers that a layer looks up, from every event that hands them to the model, or from the layer before it."""
    entrance = layer.inputs[0] if len(layer.inputs) == 1 else layer
    if entrance not in model.inputs:
        yield from _numbered(entrance)
        return
    for event in program.of(model.identity):
        match event.x:
            case Items(items) if len(items) == len(model.inputs):
                yield facts(items[model.inputs.index(entrance)])
            case _ if len(model.inputs) == 1:
                yield inputs_of(event)


def _numbered(layer: Layer) -> Iterator[Facts]:
    """The numbers that a layer gives words: fewer than it has room for."""
    size = number(layer.arg("max_tokens") or layer.arg("num_bins"))
    if size is not None and text(layer.arg("output_mode")) in (None, "int"):
        yield Facts(low=0, high=size - 1, form="tokens", origin=Origin("text", layer.kind, layer.node))


def _source(data: Facts | None) -> tuple[Related, ...]:
    origin = data.origin if data else None
    return (Related(origin.node, "the numbers come from here"),) if origin and origin.node is not None else ()


def _one_more(layer: Layer, size: Value) -> Fix | None:
    """One row more, unless a matrix of the same size is given as its weights; what came through a name may be used elsewhere as well."""
    if not {"weights", "embeddings_initializer"}.isdisjoint(layer.given):
        return None
    return repairs.fix("add a row for the last word", repairs.incremented(size.node), safe=size.origin is None)


def rnn_returns_sequence_to_vector_head(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        found = graph.steps_of(pair.head)
        for event, labels in pair.labels() if found else ():
            layer, flag = found if found else (None, None)
            fault = pairing.misfit(pair, labels.shape)
            if layer is None or flag is None or not fault or not labels.shape or len(labels.shape) > graph.VECTORS:
                continue
            yield rule.finding(
                flag.node or layer.node,
                fault,
                severity=Severity.error if fault == "breaks" else None,
                confidence=pair.confidence(event, labels, flag),
                related=(*origin_of(flag), *pairing.source(labels), *pair.at_loss()),
                scope=(pair.compiled.node, event.node),
                fix=_last_step(flag),
                output=dimensions((None, *(pair.head.output.shape or ())[1:])),
                labels=dimensions((None, *labels.shape[1:])),
                loss=pair.called,
            )
            break


def _last_step(flag: Value) -> Fix | None:
    return repairs.fix("return the last step only", repairs.replaced(repairs.written(flag), "False"), safe=False)


def channels_first_input(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, entrance in graph.layers(program):
        if not _planes_first(entrance, rule) or model.pretrained or any(layer.mismatch for layer in model.layers):  # KER210 then tells why
            continue
        readers = tuple(_readers(entrance, model))
        if readers and all(reader.kind in rule["layers"] and _channels_last(reader) for reader in readers):
            _, first, height, width = entrance.shape or ()
            yield rule.finding(
                entrance.node,
                confidence=Confidence.medium,  # Keras may be set up for channels first outside of the source, in keras.json
                related=_reads(readers[0]),
                scope=tuple(event.node for event in program.of(model.identity)),
                shape=dimensions((first, height, width)),
                turned=dimensions((height, width, first)),
                channels=width,
                height=first,
                layer=graph.called(readers[0]),
            )


def _readers(layer: Layer, model: Model) -> Iterator[Layer]:
    """The layers that read an output, seen through dropout, noise and normalization."""
    for reader in model.readers(layer):
        if reader.kind in graph.PASSING:
            yield from _readers(reader, model)
        else:
            yield reader


def _planes_first(layer: Layer, rule: Rule) -> bool:
    """Whether an input is a square image behind an axis that is as short as an axis of channels."""
    match layer.shape:
        case (_, int() as first, int() as height, int() as width) if layer.kind in graph.INPUTS:
            return first in rule["channels"] and height == width and height > rule["most_channels"]
        case _:
            return False


def _channels_last(layer: Layer) -> bool:
    """Whether a layer certainly looks for the channels in the last axis, as Keras does by itself."""
    match layer.arg("data_format"):
        case None | Const(None) | Const("channels_last"):
            return True
        case _:
            return False


def _reads(layer: Layer) -> tuple[Related, ...]:
    return related(layer.node, f"{graph.called(layer)} takes the last axis for the channels")


def output_layer_followed_by_dropout(program: Program, rule: Rule) -> Iterator[Finding]:
    for model, head in pairing.final_heads(program):
        behind = list(_behind(head, rule))
        trained = any(event.kind in rule["events"] for event in program.of(model.identity))
        if not behind or not (trained or head.activation in rule["sure"]) or head.activation not in rule["activations"]:
            continue
        last = behind[0]
        yield rule.finding(
            last.node,
            "last" if head.activation == "linear" else "",
            confidence=certainty.of(model, head.layer.arg("activation")),
            related=related(head.place.node, f"the output of the model: {graph.called(head.place)}"),
            scope=tuple(event.node for event in program.of(model.identity)),
            fix=_moved(program, model, head, last),
            layer=graph.called(last),
            activation=head.activation,
            head=graph.called(head.layer),
        )


def _behind(head: graph.Head, rule: Rule) -> Iterator[Layer]:
    """The layers of the rule that stand behind the activation of a head, the last one first."""
    layer = head.output
    while layer is not head.place and len(layer.inputs) == 1:
        if layer.kind in rule["layers"] and (layer.kind not in graph.NORMALIZATIONS or head.activation != "linear"):
            yield layer
        (layer,) = layer.inputs


def _moved(program: Program, model: Model, head: graph.Head, last: Layer) -> Fix | None:
    """The layer in front of the output layer: where each is made on its own in a chain, their codes change places."""
    way = [last, *graph.between(head.layer, last), head.layer]
    once = all(rebuilding.everywhere(program, layer) for layer in way)
    plain = once and all(len(model.readers(layer)) <= 1 for layer in way) and graph.previous(head.layer) is not None
    if not plain or not {"input_shape", "input_dim", "name"}.isdisjoint(head.layer.given):
        return None
    return repairs.fix(f"put {last.kind} in front of the output layer", *repairs.rotated([layer.node for layer in way]), safe=False)


def unused_layer(program: Program, rule: Rule) -> Iterator[Finding]:
    used = {id(layer.identity) for model in program.models for layer in model.layers}
    for dropped in program.dropped:
        model = None if id(dropped.layer.identity) in used else _missed(program, dropped)
        if model is not None:
            yield rule.finding(
                dropped.node,
                _way(dropped),
                confidence=min(certainty.of(model, dropped), Confidence.medium if dropped.name else Confidence.high),
                related=related(model.node, "the model that goes on without it"),
                layer=graph.called(dropped.layer),
                name=dropped.name,
                model=f"`{model.name}`" if model.name else "the model",
            )


def _way(dropped: Dropped) -> str:
    """In which way a layer was lost: kept and not called, called for nothing, or neither."""
    if dropped.called:
        return "unread" if dropped.name else "called"
    return "attribute" if dropped.name.startswith("self.") else "uncalled" if dropped.name else ""


def _missed(program: Program, dropped: Dropped) -> Model | None:
    """The model that a layer was meant for: the one whose tensors it reads, whose object keeps it, or between whose layers it is made."""
    near = {id(identity) for identity in dropped.near}
    for model in program.models:
        if id(model.identity) in near and model.complete or any(id(layer.identity) in near for layer in model.layers):
            return model
    return None if near else _around(program, dropped)


def _around(program: Program, dropped: Dropped) -> Model | None:
    """The model of which the same piece of code makes one layer before a layer and another one after it."""
    before, after = ({id(identity) for identity in beside} for beside in dropped.beside)
    for model in program.models:
        parts = {id(layer.identity) for layer in model.layers}
        if parts & before and parts & after:
            return model
    return None
