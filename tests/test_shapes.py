"""Shapes and parameter counts against the installed Keras, on seeded random configurations of every layer that has a signature."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from math import prod
from typing import Any

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tf_keras
from keras.src.backend.common.stateless_scope import StatelessScope

from kerlint.semantics import shapes
from kerlint.semantics.shapes import ShapeError, non_trainable, output_shape, output_shapes, parameters
from kerlint.semantics.values import MISSING

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
    if (
        images or "Adaptive" in kind or kind in ("RNN", "TimeDistributed", "GroupQueryAttention")
    ):  # Keras itself looks at the rank of these only when they run
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


SUBSCRIPT = "keras.ops.getitem"
"""`x[:, 0]` on a symbolic tensor: Keras has an operation for it, but no public name."""


def test_enough_layers_are_known() -> None:
    assert len(layers()) >= 60
    assert {name for name in shapes.known_layers() if name.startswith("keras.") and shapes.catalog.entry(name) is None} == {SUBSCRIPT}


EVERY = slice(None)
KEYS = [(EVERY, 0), (EVERY, slice(1, None)), (..., 0), (EVERY, slice(None, -1), 2), (EVERY, None), (..., slice(0, 2))]


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("shape", [(None, 5, 3), (None, 7, 4, 3)], ids=str)
def test_subscripts(key: Any, shape: tuple[int | None, ...]) -> None:
    assert shapes.output_shape(SUBSCRIPT, {"key": key}, [shape]) == tuple(keras.KerasTensor(shape)[key].shape)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN", "ConvLSTM2D", "Bidirectional"])
@pytest.mark.parametrize("sequences", [True, False])
def test_states(kind: str, sequences: bool) -> None:
    shape = (None, 5, 8, 8, 3) if kind == "ConvLSTM2D" else (None, 5, 3)
    args: dict[str, Any] = {"return_sequences": sequences, "return_state": True}
    args |= {"filters": 2, "kernel_size": 3} if kind == "ConvLSTM2D" else {"units": 4}
    if kind == "Bidirectional":
        args = {"layer": ("keras.layers.LSTM", args)}
    theirs = getattr(keras.layers, kind)(**made(args))(keras.KerasTensor(shape))
    assert [tuple(output.shape) for output in theirs] == list(output_shapes(f"keras.layers.{kind}", args, [shape]))


INPUT_FORMS = [
    ({"shape": (28, 28, 1)}, (None, 28, 28, 1)),
    ({"shape": (None, 3), "batch_size": 7}, (7, None, 3)),
    ({"batch_shape": (2, 5)}, (2, 5)),
    ({"shape": ()}, (None,)),
]


@pytest.mark.parametrize(("args", "shape"), INPUT_FORMS)
def test_input(args: dict[str, Any], shape: tuple[int | None, ...]) -> None:
    assert tuple(keras.Input(**args).shape) == shape == output_shape("keras.layers.InputLayer", args, [])


UNKNOWN_ARGUMENTS = [
    ("Dense", {"units": MISSING}, (None, 5), (None, None)),
    ("Conv2D", {"filters": 4, "kernel_size": MISSING}, (None, 8, 8, 3), (None, None, None, 4)),
    ("Conv2D", {"filters": 4, "kernel_size": MISSING, "padding": "same"}, (None, 8, 8, 3), (None, 8, 8, 4)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": MISSING}, (None, 8, 8, 3), (None, None, None, None)),
    ("LSTM", {"units": 4, "return_sequences": MISSING}, (None, 8, 3), None),
    ("Reshape", {"target_shape": MISSING}, (None, 8), None),
    ("Reshape", {"target_shape": (MISSING, 2)}, (None, 8), (None, None, 2)),
    ("Lambda", {"function": MISSING}, (None, 8), None),
    ("NoSuch", {}, (None, 8), None),
    ("Dense", {"units": 3}, None, None),
]


@pytest.mark.parametrize(("kind", "args", "shape", "expected"), UNKNOWN_ARGUMENTS)
def test_what_is_not_known_is_not_guessed(kind: str, args: dict[str, Any], shape: Any, expected: Any) -> None:
    assert output_shape(f"keras.layers.{kind}", args, [shape]) == expected
    assert parameters(f"keras.layers.{kind}", args, [shape]) in (None, 0)


REFUSED = [
    ("Conv2D", {"filters": 1, "kernel_size": 3}, [(None, 28, 28)], "rank 4 (batch, height, width, channels) but gets (None, 28, 28)"),
    ("MaxPooling2D", {"pool_size": 7}, [(None, 5, 5, 1)], "a window of 7x7 does not fit into 5x5"),
    ("Reshape", {"target_shape": (7, 7, 64)}, [(None, 1568)], "target (7, 7, 64) has 3136 elements but the input (1568,) has 1568"),
    ("Concatenate", {}, [(None, 4, 3), (None, 5, 3)], "axis 1 differs between the inputs (None, 4, 3), (None, 5, 3); only axis 2 may"),
    ("Add", {}, [(None, 4), (None, 5)], "the shapes (4,) and (5,) do not broadcast"),
]


@pytest.mark.parametrize(("kind", "args", "given", "words"), REFUSED)
def test_refusals_name_the_numbers(kind: str, args: dict[str, Any], given: Any, words: str) -> None:
    with pytest.raises(ShapeError) as refusal:
        output_shape(f"keras.layers.{kind}", args, given)
    assert words in str(refusal.value)


MERGES = [("sum", (None, 4)), ("mul", (None, 4)), ("concat", (None, 8)), ("max", (None, 4)), (MISSING, None), (None, None)]


@pytest.mark.parametrize("name", ["keras.layers.Merge", "keras.layers.merge"])
@pytest.mark.parametrize(("mode", "shape"), MERGES)
def test_merges_of_keras_1(name: str, mode: Any, shape: Any) -> None:
    assert output_shape(name, {"mode": mode}, [(None, 4), (None, 4)]) == shape


def test_lambda_with_an_output_shape() -> None:
    theirs = keras.layers.Lambda(lambda x: x, output_shape=(3, 2))(keras.KerasTensor((None, 6)))
    assert tuple(theirs.shape) == output_shape("keras.layers.Lambda", {"output_shape": (3, 2)}, [(None, 6)])


APPLICATIONS: list[tuple[str, dict[str, Any]]] = [
    ("VGG16", {}),
    ("VGG16", {"classes": 10}),
    ("VGG16", {"include_top": False, "input_shape": (50, 33, 3), "pooling": "max"}),
    ("ResNet50", {"include_top": False, "input_shape": (75, 64, 3)}),
    ("ResNet50", {"include_top": False, "input_shape": (64, 64, 1), "pooling": "avg"}),
    ("ResNet50V2", {"include_top": False, "input_shape": (75, 97, 3)}),
    ("MobileNet", {"include_top": False, "input_shape": (97, 130, 3)}),
    ("MobileNetV2", {"include_top": False, "input_shape": (97, 130, 3)}),
    ("MobileNetV2", {"classes": 5, "input_shape": (96, 96, 3)}),
    ("MobileNetV2", {"alpha": 0.5, "include_top": False, "input_shape": (96, 96, 3)}),
    ("MobileNetV3Small", {"include_top": False, "input_shape": (99, 224, 3)}),
    ("EfficientNetB0", {"include_top": False, "input_shape": (95, 97, 3)}),
    ("EfficientNetB0", {"classes": 7}),
    ("InceptionV3", {"include_top": False, "input_shape": (149, 150, 3)}),
    ("Xception", {"include_top": False, "input_shape": (120, 129, 3)}),
    ("DenseNet121", {"include_top": False, "input_shape": (65, 64, 3)}),
    ("NASNetMobile", {"include_top": False, "input_shape": (131, 96, 3)}),
    ("ConvNeXtTiny", {"include_top": False, "input_shape": (65, 64, 3)}),
    ("VGG16", {"include_top": False}),
    ("VGG16", {"include_top": False, "input_shape": (20, 20, 3)}),
]


@pytest.mark.parametrize(("kind", "args"), APPLICATIONS)
def test_application_agrees_with_keras(kind: str, args: dict[str, Any]) -> None:
    name = f"keras.applications.{kind}"
    try:
        with StatelessScope(initialize_variables=False):
            model = getattr(keras.applications, kind)(weights=None, **args)
    except ValueError:
        with pytest.raises(ShapeError):
            output_shape(name, args, [])
        return
    mine = output_shape(name, args, [])
    assert mine is not None
    assert agrees(mine, model.output_shape), f"Keras says {model.output_shape}, kerlint {mine}"
    assert ("alpha" in args) == (parameters(name, args, []) is None)
    assert parameters(name, args, []) in (None, model.count_params())
    frozen = sum(prod(weight.shape) for weight in model.non_trainable_weights)
    assert non_trainable(name, args, []) in (None, frozen)
    if "alpha" not in args and None not in model.output_shape[1:]:
        assert mine == model.output_shape


def test_the_least_size_is_that_of_input_shape() -> None:
    with pytest.raises(ShapeError, match="VGG16 needs images of at least 32x32 but gets 20x40"):
        output_shape("keras.applications.VGG16", {"include_top": False, "input_shape": (20, 40, 3)}, [])
    assert output_shape("keras.applications.VGG16", {"include_top": False}, [(None, 20, 40, 3)]) == (None, None, 1, 512)
    with pytest.raises(ShapeError, match="rank 4"):
        output_shape("keras.applications.VGG16", {"include_top": False}, [(None, 784)])


def test_every_application_was_measured() -> None:
    names = [name for name in shapes.catalog.names("application") if "Base" not in name]
    assert len(names) >= 70
    assert [name for name in names if output_shape(name, {}, []) is None or not parameters(name, {}, [])] == []


OPERATIONS: dict[str, list[tuple[dict[str, Any], list[tuple[int | None, ...]]]]] = {
    "add": [({}, [(None, 3), (3,)]), ({}, [(None, 1, 4), (2, 5, 1)]), ({}, [(2, 3), (4,)])],
    "matmul": [({}, [(None, 2, 3), (None, 3, 5)]), ({}, [(4, 2), (3, 5)])],
    "reshape": [({"newshape": (-1, 6)}, [(None, 2, 3)]), ({"newshape": (4, -1)}, [(2, 2, 3)]), ({"newshape": (5, -1)}, [(2, 2, 3)])],
    "transpose": [({}, [(2, 3, 4)]), ({"axes": (0, 2, 1)}, [(None, 3, 4)]), ({"axes": (0, 1)}, [(None, 3, 4)])],
    "concatenate": [({"axis": -1}, [(None, 3), (None, 4)]), ({"axis": 0}, [(2, 3), (2, 4)])],
    "stack": [({}, [(None, 3), (None, 3)]), ({"axis": -1}, [(2, 3), (2, 3)]), ({"axis": 1}, [(2, 3), (2, 4)])],
    "mean": [({}, [(None, 3)]), ({"axis": 1}, [(None, 3, 4)]), ({"axis": 3}, [(None, 3)])],
    "sum": [({"axis": (1, -1), "keepdims": True}, [(None, 3, 4)])],
    "argmax": [({"axis": -1}, [(None, 3)])],
    "expand_dims": [({"axis": -1}, [(None, 3)]), ({"axis": 1}, [(None, 3)]), ({"axis": 5}, [(None, 3)])],
    "squeeze": [({"axis": 1}, [(None, 1, 3)]), ({"axis": 1}, [(None, 2, 3)]), ({"axis": -1}, [(None, 2, 1)])],
    "swapaxes": [({"axis1": 1, "axis2": -1}, [(None, 2, 3, 4)])],
    "one_hot": [({"num_classes": 7}, [(None,)])],
    "image.resize": [({"size": (4, 5)}, [(None, 8, 8, 3)])],
    "softmax": [({}, [(None, 3)])],
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_agrees_with_keras(name: str) -> None:
    function: Any = keras.ops
    for part in name.split("."):
        function = getattr(function, part)
    for args, given in OPERATIONS[name]:
        tensors = [keras.KerasTensor(shape, dtype="int32" if name == "one_hot" else "float32") for shape in given]
        try:
            said = tuple((function(tensors, **args) if name in ("concatenate", "stack") else function(*tensors, **args)).shape)
        except (ValueError, IndexError):
            with pytest.raises(ShapeError):
                output_shape(f"keras.ops.{name}", args, given)
            continue
        assert agrees(output_shape(f"keras.ops.{name}", args, given), said), f"{name}({args}) on {given}: {said}"


def test_a_division_by_nothing_is_not_known() -> None:
    args = {"filters": 8, "kernel_size": 3, "groups": 0}
    assert parameters("keras.layers.Conv2D", args, [(None, 8, 8, 4)]) is None
