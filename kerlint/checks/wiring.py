"""Architecture: whether layers suit what is fed to them, and whether they lead anywhere (KER2)."""

from __future__ import annotations

from collections.abc import Iterator

from kerlint.checks import certainty, graph, repairs
from kerlint.checks.places import origin_of
from kerlint.finding import Confidence, Finding, Fix, Related
from kerlint.rule import Rule
from kerlint.semantics.program import Layer, Model, Program
from kerlint.semantics.provenance import Facts, Origin, facts, inputs_of
from kerlint.semantics.values import Const, Items, Term, Value, number, text
from kerlint.semantics.wording import figure


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
