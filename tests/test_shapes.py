"""Shapes and parameter counts against the installed Keras, on seeded random configurations of every layer that has a signature."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tf_keras

from kerlint.semantics import shapes
from kerlint.semantics.shapes import ShapeError, non_trainable, output_shape, parameters

CONFIGURATIONS = 20
"""For each layer; the seed is its name, so that a failure can be repeated."""

RANKS = {"1D": 3, "2D": 4, "3D": 5}
NOT_BUILT = {"InputLayer", "Lambda", "Merge"}
"""Not called on tensors, or gone from both packages: they have tests of their own."""
OF_KERAS_2 = {"LocallyConnected1D", "LocallyConnected2D", "ThresholdedReLU", "RandomHeight", "RandomWidth", "CuDNNLSTM", "CuDNNGRU"}

DTYPES = {"StringLookup": "string", "TextVectorization": "string", "IntegerLookup": "int64", "Hashing": "int64", "Embedding": "int32"}

Draw = Callable[[random.Random, int], Any]


def one_or_each(low: int, high: int) -> Draw:
    """A number for all spatial axes, or one for each."""
    return lambda r, n: r.randint(low, high) if r.random() < 0.5 else tuple(r.randint(low, high) for _ in range(n))


def margins(r: random.Random, n: int) -> Any:
    if n == 1:
        return r.choice([r.randint(0, 3), (r.randint(0, 3), r.randint(0, 3))])
    return r.choice(
        [r.randint(0, 3), tuple(r.randint(0, 3) for _ in range(n)), tuple((r.randint(0, 2), r.randint(0, 3)) for _ in range(n))]
    )


def of(*options: Any) -> Draw:
    return lambda r, n: r.choice(options)


ARGUMENTS: dict[str, Draw] = {
    "units": of(1, 2, 5, 8),
    "filters": of(1, 2, 4, 6),
    "kernel_size": one_or_each(1, 4),
    "pool_size": one_or_each(1, 4),
    "strides": one_or_each(1, 3),
    "dilation_rate": one_or_each(1, 2),
    "output_padding": lambda r, n: r.choice([None, None, r.randint(0, 2)]),
    "padding": of("valid", "same", "Same"),
    "data_format": of(None, "channels_last", "channels_first"),
    "groups": of(1, 1, 2, 3),
    "depth_multiplier": of(1, 2, 3),
    "use_bias": of(True, False),
    "keepdims": of(True, False),
    "output_size": one_or_each(1, 3),
    "size": one_or_each(1, 3),
    "cropping": margins,
    "input_dim": of(5, 10),
    "output_dim": of(1, 4),
    "n": of(1, 3),
    "return_sequences": of(True, False),
    "reset_after": of(True, False),
    "axis": of(-1, -1, 1, 2),
    "scale": of(True, False),
    "center": of(True, False),
    "renorm": of(False, False, True),
    "rms_scaling": of(False, True),
    "use_scale": of(True, False),
    "score_mode": of("dot", "concat"),
    "num_heads": of(1, 2, 3),
    "num_query_heads": of(2, 4),
    "num_key_value_heads": of(1, 2),
    "head_dim": of(1, 3),
    "key_dim": of(1, 4),
    "value_dim": of(None, 5),
    "use_gate": of(False, True),
    "height": of(2, 7),
    "width": of(3, 5),
    "num_tokens": of(4, 6),
    "num_bins": of(4, 6),
    "shared_axes": lambda r, n: r.choice([None, [1], [1, 2]]),
}
"""What is varied, wherever a layer has a parameter of the name."""

SPECIAL: dict[str, dict[str, Draw]] = {
    "Activation": {"activation": of("relu", "softmax")},
    "ActivityRegularization": {},
    "Bidirectional": {
        "layer": lambda r, n: (
            "keras.layers." + r.choice(["LSTM", "GRU", "SimpleRNN"]),
            {"units": r.randint(1, 5), "return_sequences": r.random() < 0.5, "use_bias": r.random() < 0.8},
        ),
        "merge_mode": of("concat", "sum", "ave"),
    },
    "CategoryEncoding": {"num_tokens": of(4, 6), "output_mode": of("one_hot", "multi_hot", "count")},
    "Discretization": {"bin_boundaries": of([0.0, 1.0], [1.0]), "output_mode": of("int", "one_hot")},
    "Dot": {"axes": of(1, 2, -1, (1, 2), (2, 1), (1, 1)), "normalize": of(False, True)},
    "EinsumDense": {
        "equation": of("abc,cd->abd", "ab,bc->ac", "...x,xy->...y", "abc,cde->abde", "abc,bcd->ad"),
        "output_shape": of(4, (None, 4), (None, 3, 2), (3,)),
        "bias_axes": of(None, "d", "y", "de", "c"),
    },
    "Hashing": {"num_bins": of(3, 5), "output_mode": of("int", "multi_hot", "count")},
    "IntegerLookup": {
        "max_tokens": of(5),
        "vocabulary": of([1, 2, 3]),
        "pad_to_max_tokens": of(True),
        "output_mode": of("int", "one_hot", "multi_hot"),
    },
    "StringLookup": {
        "max_tokens": of(5),
        "vocabulary": of(["a", "b"]),
        "pad_to_max_tokens": of(True),
        "output_mode": of("int", "one_hot", "multi_hot"),
    },
    "TextVectorization": {"vocabulary": of(["a", "b"]), "output_mode": of("int"), "output_sequence_length": of(4, None)},
    "MultiHeadAttention": {"output_shape": of(None, 4, (2, 3))},
    "Permute": {"dims": of((1, 2), (2, 1), (1,), (3, 1, 2), (2, 3, 1), (1, 1))},
    "RNN": {
        "cell": lambda r, n: r.choice(
            [
                ("keras.layers.LSTMCell", {"units": 3}),
                [("keras.layers.GRUCell", {"units": 2}), ("keras.layers.SimpleRNNCell", {"units": 5})],
                (
                    "keras.layers.StackedRNNCells",
                    {"cells": [("keras.layers.LSTMCell", {"units": 2}), ("keras.layers.LSTMCell", {"units": 4})]},
                ),
            ]
        )
    },
    "Reshape": {"target_shape": of((-1,), (6,), (2, 3), (3, -1), (-1, 2, 2), (4, 9), (-1, 5), (12, -1, -1))},
    "SpectralNormalization": {
        "layer": lambda r, n: r.choice(
            [("keras.layers.Dense", {"units": r.randint(1, 5)}), ("keras.layers.Conv2D", {"filters": 3, "kernel_size": 2})]
        )
    },
    "StackedRNNCells": {
        "cells": of(
            [("keras.layers.LSTMCell", {"units": 3})], [("keras.layers.GRUCell", {"units": 2}), ("keras.layers.LSTMCell", {"units": 5})]
        )
    },
    "TimeDistributed": {
        "layer": lambda r, n: r.choice(
            [
                ("keras.layers.Dense", {"units": 3}),
                ("keras.layers.Conv2D", {"filters": 2, "kernel_size": 3}),
                ("keras.layers.Flatten", {}),
                ("keras.layers.BatchNormalization", {}),
                ("keras.layers.MaxPooling2D", {}),
            ]
        )
    },
    "Normalization": {"axis": of(-1, None, (1, -1))},
    "LayerNormalization": {"axis": of(-1, [1, 2], 1)},
    "GroupNormalization": {"groups": of(-1, 1, 2, 3)},
}
MERGING = {"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"}
SEVERAL = MERGING | {"Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"}


def layers() -> list[str]:
    return sorted(name.rpartition(".")[2] for name in shapes.known_layers() if name.startswith("keras.layers.") and name[13:14].isupper())


def rank_of(kind: str, r: random.Random) -> int:
    for ending, rank in RANKS.items():
        if ending in kind:
            return rank + (kind.startswith("ConvLSTM"))
    if kind.endswith("Cell") or kind in ("StackedRNNCells", "RepeatVector", "TextVectorization"):
        return 2
    if kind in ("GroupQueryAttention", "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "CuDNNLSTM", "CuDNNGRU"):
        return 3
    if kind in ("Resizing", "CenterCrop", "RandomCrop", "RandomHeight", "RandomWidth", "AugMix", "RandAugment") or kind.startswith(
        "Random"
    ):
        return 4
    if kind == "TimeDistributed":
        return r.choice([3, 5])
    return r.choice([2, 3, 4])


def sizes(r: random.Random, rank: int, free: float) -> tuple[int | None, ...]:
    """A shape: the batch mostly open, some axes open, sizes small enough for windows not to fit at times."""
    axes = [None if r.random() < free else r.choice([1, 2, 3, 4, 6, 8, 12]) for _ in range(rank - 1)]
    return (r.choice([None, None, 4]), *axes)


def inputs(kind: str, r: random.Random) -> list[tuple[int | None, ...]]:
    rank = rank_of(kind, r)
    images = kind.startswith("Random") or kind in ("Resizing", "CenterCrop")
    if images or "Adaptive" in kind or kind in ("RNN", "TimeDistributed", "GroupQueryAttention"):  # Keras itself looks at the rank of these only when they run
        rank -= images and r.random() < 0.2
    elif r.random() < 0.08 and rank > 2:
        rank += r.choice([-1, 1])
    first = sizes(r, rank, 0.12)
    first = (*first[:-1], 3) if kind.startswith("Random") else first
    if kind not in SEVERAL:
        return [first]
    others = []
    for _ in range(1 if kind in ("Dot", "Subtract") or "Attention" in kind else r.choice([1, 2])):
        changed = [size if r.random() < 0.8 else r.choice([1, 2, 3, None]) for size in first]
        others.append(tuple(changed if r.random() < 0.9 or kind == "GroupQueryAttention" else changed[:-1]))
    return [first, *others]


def configuration(kind: str, r: random.Random) -> dict[str, Any]:
    """Arguments: each required one, and each of the others half of the time."""
    given = {}
    for parameter in shapes.catalog.entry(f"keras.layers.{kind}").parameters:
        if "23"[kind not in OF_KERAS_2] not in parameter.versions or (parameter.name == "input_dim" and not parameter.required):
            continue
        draw = SPECIAL.get(kind, {}).get(parameter.name) or ARGUMENTS.get(parameter.name)
        if parameter.name == "padding" and ("ZeroPadding" in kind or "Pooling" in kind):
            draw = margins if "Zero" in kind else of("valid", "same")  # only convolutions read "Same"
        if kind.startswith(("Random", "AugMix", "Rand", "Solar", "Auto", "Equal", "MixUp", "CutMix")) and parameter.name not in (
            "height",
            "width",
        ):
            draw = None
        if kind == "Discretization" and parameter.name == "num_bins":
            draw = None
        if draw is not None and (parameter.required or parameter.name in SPECIAL.get(kind, {}) or r.random() < 0.5):
            given[parameter.name] = draw(r, {"1D": 1, "2D": 2, "3D": 3}.get(kind.replace("Transpose", "")[-2:], 2))
    if kind in ("UpSampling1D",) and "size" in given:
        given["size"] = 2
    return given


def required_by_keras(kind: str) -> dict[str, Any]:
    """What a layer needs besides what is varied."""
    factor = {"factor": 0.1}
    if kind in ("RandomHeight", "RandomWidth", "RandomBrightness", "RandomContrast", "RandomRotation"):
        return factor
    if kind in ("RandomColorDegeneration", "RandomHue", "RandomSaturation", "RandomSharpness"):
        return factor
    if kind.endswith(("Dropout", "Dropout1D", "Dropout2D", "Dropout3D")):
        return {"rate": 0.5}
    return {
        "GaussianNoise": {"stddev": 1.0},
        "Rescaling": {"scale": 2.0},
        "RandomPosterization": {"factor": 4},
        "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
        "RandomZoom": {"height_factor": 0.1},
    }.get(kind, {})


def made(value: Any) -> Any:
    """A configuration with pairs (name, arguments) made into layers."""
    match value:
        case (str() as name, dict() as args) if name.startswith("keras.layers."):
            return getattr(keras.layers, name.rpartition(".")[2])(**made(args))
        case list():
            return [made(each) for each in value]
        case dict():
            return {key: made(each) for key, each in value.items()}
        case _:
            return value


def asked(kind: str, args: dict[str, Any], shapes_in: list[tuple[int | None, ...]]) -> tuple[Any, int, int] | str:
    """What Keras says: output shape, parameters and non-trainable parameters, or its refusal."""
    try:
        layer = older(kind)(**args) if kind in OF_KERAS_2 else getattr(keras.layers, kind)(**made(args))
        dtype = DTYPES.get(kind, "float32")
        if kind in OF_KERAS_2:
            output = layer(tf_keras.Input(batch_shape=shapes_in[0]))
        elif kind.endswith("Cell") or kind == "StackedRNNCells":
            layer.build(shapes_in[0])
            output = keras.KerasTensor((shapes_in[0][0], layer.output_size))
        else:
            tensors = [keras.KerasTensor(shape, dtype=dtype) for shape in shapes_in]
            apart = kind in ("MultiHeadAttention", "GroupQueryAttention") or kind not in SEVERAL
            output = layer(*tensors) if apart else layer(tensors)
        frozen = sum(keras.src.utils.summary_utils.count_params([weight]) for weight in layer.non_trainable_weights)
        return tuple(output.shape), layer.count_params(), frozen
    except Exception as refusal:  # noqa: BLE001 - whatever Keras raises is its refusal
        return f"{type(refusal).__name__}: {refusal}"


def older(kind: str) -> Any:
    if kind.startswith("CuDNN"):
        from tf_keras.src.layers.rnn import cudnn_gru, cudnn_lstm

        return cudnn_lstm.CuDNNLSTM if kind == "CuDNNLSTM" else cudnn_gru.CuDNNGRU
    return getattr(tf_keras.layers, kind)


def agrees(mine: Any, theirs: Any) -> bool:
    """Whether what is known here is what Keras says: an axis that Keras leaves open must be open."""
    return mine is None or (len(mine) == len(theirs) and all(a is None or a == b for a, b in zip(mine, theirs, strict=True)))


@pytest.mark.parametrize("kind", sorted(set(layers()) - NOT_BUILT))
def test_layer_agrees_with_keras(kind: str) -> None:
    r = random.Random(kind)
    right = 0
    for _ in range(CONFIGURATIONS):
        args, given = {**required_by_keras(kind), **configuration(kind, r)}, inputs(kind, r)
        said = asked(kind, args, given)
        what = f"{kind}({args}) on {given}: Keras says {said}"
        try:
            shape = output_shape(f"keras.layers.{kind}", args, given)
        except ShapeError as error:
            if not isinstance(said, str):
                pytest.fail(f"{what}, kerlint refuses: {error}")
            continue
        if isinstance(said, str):
            open_axes = any(None in shape_in[1:] for shape_in in given)
            assert shape is None or open_axes, f"{what}, kerlint says {shape}"
            continue
        assert agrees(shape, said[0]), f"{what}, kerlint says {shape}"
        count, frozen = parameters(f"keras.layers.{kind}", args, given), non_trainable(f"keras.layers.{kind}", args, given)
        assert count in (None, said[1]), f"{what}, kerlint says {count} parameters"
        assert frozen in (None, said[2]), f"{what}, kerlint says {frozen} non-trainable"
        right += shape is not None and count is not None and frozen is not None
    assert right, f"{kind}: nothing of {CONFIGURATIONS} configurations was known"
