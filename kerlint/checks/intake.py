"""What a model does to its numbers before the first layers with weights see them, and which shapes it lets in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.checks.graph import AVERAGING, DROPOUTS, INPUTS, MAXIMA, SHAPING, WEIGHTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerlint.semantics.program import Layer, Model, Shape

WRAPPERS = frozenset({"TimeDistributed", "Bidirectional"})
AUGMENTING = frozenset(
    {
        *(f"Random{kind}" for kind in ("Flip", "Rotation", "Zoom", "Translation", "Crop", "Height", "Width", "Shear", "Perspective")),
        *("CenterCrop", "Resizing"),
    }
)
"""Layers that move pixels about and leave their scale as it is."""

CARRYING = (
    INPUTS | SHAPING | DROPOUTS | AVERAGING | MAXIMA | AUGMENTING | {"Concatenate", "concatenate", "GaussianNoise", "Masking", "Identity"}
)
"""Layers behind which numbers are still as large as before them."""

APPLICATIONS = frozenset(
    {
        *("MobileNet", "MobileNetV2", "InceptionV3", "InceptionResNetV2", "Xception", "NASNetMobile", "NASNetLarge"),
        *("ResNet50V2", "ResNet101V2", "ResNet152V2", "DenseNet121", "DenseNet169", "DenseNet201"),
    }
)
"""Applications that expect inputs around [-1, 1] (their `preprocess_input` has mode "tf" or "torch") and do not scale by themselves.

VGG and ResNet are not among them: their mode "caffe" only subtracts a mean, so that raw pixels are nearly what they expect.
Source: keras/src/applications/imagenet_utils.py and the `preprocess_input` of each application.
"""


def first(model: Model) -> tuple[Layer, ...] | None:
    """The first layers with weights, or None unless the numbers reach all of them at the scale in which they enter the model.

    It is None as soon as a layer scales (Normalization, Rescaling, BatchNormalization …), encodes (Embedding …) or cannot be looked into.
    """
    if not model.complete or not model.layers:
        return None
    found: list[Layer] = []
    for layer in model.layers:
        if not layer.inputs:
            met = list(_met(layer, model))
            if not met or any(other is None for other in met):
                return None
            found += [other for other in met if other is not None]
    return tuple(found)


def _met(layer: Layer, model: Model) -> Iterator[Layer | None]:
    if layer.kind in WEIGHTED or layer.kind in APPLICATIONS or (layer.kind in WRAPPERS and _wraps_weights(layer)):
        yield layer
    elif layer.kind in CARRYING and layer not in model.outputs:
        for reader in model.readers(layer):
            yield from _met(reader, model)
    else:
        yield None


def _wraps_weights(layer: Layer) -> bool:
    inner = layer.arg("layer")
    return getattr(inner, "cls", getattr(inner, "name", "")).rpartition(".")[2] in WEIGHTED


def raw(model: Model | None) -> bool:
    """Whether the first layers with weights certainly see the numbers at the scale in which they enter the model."""
    return model is not None and first(model) is not None


def entrance(model: Model) -> Shape | None:
    """The shape that a model with one input declares for it, batch axis first; None when it has several or none is known."""
    inputs = [layer for layer in model.layers if layer.kind in INPUTS]
    return inputs[0].shape if len(inputs) == 1 and model.complete else None


def enters(data: Shape, entrance: Shape, strict: bool = True) -> bool:
    """Whether Keras lets data of one shape (all axes, rows first) into an input of another.

    Keras adds or drops a last axis of length one by itself, so (n, 28, 28) enters (n, 28, 28, 1): keras/src/models/functional.py,
    `_adjust_input_rank`, and run with Keras 3.15. A Sequential is not `strict`: it only fails where one of its layers needs the length.
    """
    if len(data) == len(entrance) + 1 and data[-1] == 1:
        data = data[:-1]
    elif len(data) == len(entrance) - 1 and entrance[-1] == 1:
        entrance = entrance[:-1]
    if len(data) != len(entrance):
        return False
    axes = list(zip(data, entrance, strict=True))[1 if strict else -1 :]
    return all(found is None or wanted is None or found == wanted for found, wanted in axes)


def strict(model: Model) -> bool:
    """Whether a length other than the declared one certainly fails, on any axis but the batch."""
    return model.kind != "sequential" or model.has("Flatten", "Reshape")
