"""What keeps a model from learning its few rows by heart: regularizers, dropout, normalization, noise, weight decay, early stopping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks.graph import DROPOUTS, NORMALIZATIONS
from kerlint.semantics.provenance import inputs_of, labels_of, same_origin
from kerlint.semantics.values import Const, Symbol, Term, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerlint.semantics.program import Event, Layer, Model

PENALTIES = tuple(
    f"{part}_{kind}"
    for kind in ("regularizer", "constraint")
    for part in ("kernel", "bias", "activity", "recurrent", "depthwise", "pointwise", "embeddings")
)
RESTRAINING = DROPOUTS | NORMALIZATIONS | {"GaussianNoise", "ActivityRegularization", "SpectralNormalization"}
DECAYING = frozenset({"AdamW", "Lion"})
"""Optimizers that decay weights unless told otherwise."""


def reconstructs(event: Event) -> bool:
    """Whether the model is to give back what it reads: what it learns is limited by its code, not by a penalty."""
    return event.x is not None and same_origin(event.x, event.y) and inputs_of(event).shape == labels_of(event).shape


def restrained(event: Event, model: Model) -> bool:
    """Whether anything restrains the model in this fit, or may do so unseen: a layer or a callback that kerlint does not know.

    A model without an output has a training step of its own (a GAN), and what its layers read are not the rows given to `fit`.
    """
    return (
        not model.complete
        or not model.outputs
        or any(map(_restrains, model.layers))
        or event.callbacks is None
        or any(map(_stops, event.callbacks))
        or _decays(event)
        or any(step.effect == "augment" for step in inputs_of(event).path)
    )


def _restrains(layer: Layer) -> bool:
    return (
        layer.kind in RESTRAINING
        or layer.kind.startswith("Random")
        or layer.cls.startswith("custom.")
        or any(map(_set, _given(layer, *PENALTIES)))
        or any(value for value in _given(layer, "dropout", "recurrent_dropout") if not _zero(value))
    )


def _given(layer: Layer, *names: str) -> Iterator[Value]:
    return (value for name in names if (value := layer.args.get(name)) is not None)


def _set(value: Value) -> bool:
    match value:
        case Const(None):
            return False
        case _:
            return True


def _zero(value: Value) -> bool:
    match value:
        case Const(None | 0 | 0.0):
            return True
        case _:
            return False


def _stops(callback: Value) -> bool:
    match callback:
        case Symbol(name) | Term(name):
            return name.endswith("EarlyStopping") or not name.startswith(("keras.", "tensorflow."))
        case _:
            return True


def _decays(event: Event) -> bool:
    if event.compiled is None:
        return True
    match event.compiled.optimizer:
        case Term(name, {"weight_decay": decay}):
            return not _zero(decay) or (name.rpartition(".")[2] in DECAYING and _set(decay))
        case Term(name):
            return name.rpartition(".")[2] in DECAYING
        case _:
            return True
