"""How layers compute: recurrent layers without their fast kernels, heads in half precision (KER709, KER715)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph, repairs
from kerlint.checks.places import origin_of
from kerlint.finding import Finding, Related
from kerlint.semantics.values import Choice, Const, Symbol, Term, Unknown, Value, text
from kerlint.semantics.wording import words

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Layer, Model, Program, Use

POLICIES = frozenset({"keras.config.set_dtype_policy", "keras.mixed_precision.set_global_policy", "keras.mixed_precision.set_policy"})


def cudnn_fallback(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for model in program.models:
        for layer in model.layers:
            for name, value in _slow(layer, rule):
                node = value.node or layer.node
                if node not in seen:
                    seen.add(node)
                    yield rule.finding(
                        node,
                        confidence=certainty.of(model, value),
                        related=origin_of(value),
                        layer=layer.kind,
                        setting=f"{name}={words(value)}",
                    )


def _slow(layer: Layer, rule: Rule) -> Iterator[tuple[str, Value]]:
    """The arguments of a recurrent layer with which the fast kernels do not work."""
    for name, wanted in rule["needs"].items() if layer.kind in rule["layers"] else ():
        value = layer.arg(name) if name in layer.given else None
        match value:
            case None | Unknown() | Choice():
                continue
            case Const(found) if found == wanted or name == "reset_after" and layer.kind != "GRU":
                continue
            case Symbol(found) | Term(found) if found.rpartition(".")[2].lower() == wanted:
                continue
            case _:
                yield name, value


# Precision


def mixed_precision_output(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for model in program.models if program.used(*POLICIES) else ():
        for head in graph.heads(model):
            layer = head.place
            if layer.node in seen or head.activation not in rule["activations"] or "dtype" in layer.given:
                continue
            policy = _policy(program, layer)
            if policy is not None and _named(policy.arg(0, "policy", "name", "dtype_policy")) in rule["policies"]:
                seen.add(layer.node)
                yield _in_half(rule, model, head, policy)


def _policy(program: Program, layer: Layer) -> Use | None:
    """The policy that holds where a layer is made."""
    found: Use | None = None
    for use in program.uses:
        if use.node is layer.node:
            return found if use.entry is None else None  # when a function runs that nobody calls is not known
        if use.name in POLICIES:
            found = use
    return None


def _named(policy: Value | None) -> str | None:
    match policy:
        case Term():
            return text(policy.arg(0, "name"))
        case _:
            return text(policy)


def _in_half(rule: Rule, model: Model, head: graph.Head, policy: Use) -> Finding:
    return rule.finding(
        head.place.node,
        confidence=certainty.of(model, head.place.arg("activation")),
        related=(Related(policy.node, "from here on layers compute in float16"),),
        fix=repairs.fix("compute it in float32", repairs.added(head.place.node, 'dtype="float32"'), safe=True),
        activation=head.activation,
    )
