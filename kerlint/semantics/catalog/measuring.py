"""Measures the models of keras.applications by building them without weights: channels, parameters, what they do to height and width."""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
from collections.abc import Iterator
from math import prod
from typing import Any

from kerlint.semantics.catalog import names

EVEN, ODD = 224, (225, 227)
"""Sizes of images: halved all the way the first stays even, the others odd (after a padded or a valid first window of 3).

That shows where a model pads by parity.
"""


def applications() -> dict[str, dict[str, Any]]:
    """A row for each model of the installed Keras 3, and for those that only the installed tf_keras has."""
    rows = {}
    for name in names("application"):
        kind = name.rpartition(".")[2]
        for root in ("keras", "tf_keras"):
            model = getattr(importlib.import_module(root).applications, kind, None) or _nested(root, kind)
            if model is not None and "Base" not in kind:
                rows[name] = _row(model, root)
                break
    return rows


def _nested(root: str, kind: str) -> Any:
    """The constructor of a model that is public only in a module of its own (keras.applications.regnet)."""
    package = importlib.import_module(root).applications
    for module in vars(package).values():
        if inspect.ismodule(module) and hasattr(module, kind):
            return getattr(module, kind)
    return None


def _row(model: Any, root: str) -> dict[str, Any]:
    with _unallocated(root):
        whole = model(weights=None)
        even, *odd = (model(weights=None, include_top=False, input_shape=(size, size, 3)) for size in (EVEN, *ODD))
        last = [layer for layer in whole.layers if layer.weights][-1]
        frozen = sum(prod(weight.shape) for weight in even.non_trainable_weights)
        importlib.import_module(root).backend.clear_session()
        return {
            "size": whole.input_shape[1],
            "least": _least_size(model),
            "steps": " ".join(_joined(list(_steps(even)), *(list(_steps(each)) for each in odd))),
            "channels": even.output_shape[-1],
            "params": even.count_params(),
            "frozen": frozen,
            "top": whole.count_params() - even.count_params(),
            "width": last.weights[0].shape[-2],
            "flat": any(type(layer).__name__ == "Flatten" and layer.output.shape[-1] != 1000 for layer in whole.layers),
            "stem": _stem(even),
        }


@contextlib.contextmanager
def _unallocated(root: str) -> Iterator[None]:
    """Keras 3 can count variables that it never fills."""
    if root != "keras":
        yield
        return
    scope = importlib.import_module("keras.src.backend.common.stateless_scope").StatelessScope
    with scope(initialize_variables=False):
        yield


def _stem(model: Any) -> int:
    """How many parameters one more channel of the image brings: those of the first convolution, and of a Normalization before it."""
    convolution = next(layer for layer in _flat(model) if "Conv" in type(layer).__name__)
    kernel = convolution.weights[0].shape
    normal = any(type(layer).__name__ == "Normalization" and layer.weights for layer in _flat(model))
    return int(kernel[0] * kernel[1] * kernel[3] + 2 * normal)


def _flat(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        yield from _flat(layer) if hasattr(layer, "layers") else (layer,)


def _least_size(model: Any) -> int:
    """The `min_size` that the constructor, or the one that it calls, gives to obtain_input_shape."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(model)))  # type: ignore[arg-type]
    sizes = [
        keyword.value.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "min_size" and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, int)
    ]
    return min(sizes, default=1)


def _steps(model: Any) -> Iterator[str]:
    """What the layers on one way from input to output do to height: p6 pads, c1 crops, v7/2 is a valid window, s2 a padded one."""
    way, tensor = [], model.outputs[0]
    while True:
        layer, before = _behind(tensor)
        way.append(layer)
        if not before:
            break
        tensor = before[0]
    for layer in reversed(way):
        for inner in _flat(layer) if hasattr(layer, "layers") else (layer,):
            yield from _step(inner)


def _behind(tensor: Any) -> tuple[Any, list[Any]]:
    history = tensor._keras_history
    layer = getattr(history, "operation", None) or history.layer
    node = layer._inbound_nodes[history.node_index]
    before = node.input_tensors if hasattr(node, "input_tensors") else node.keras_inputs
    return layer, [] if type(layer).__name__ == "InputLayer" else list(before) if isinstance(before, (list, tuple)) else [before]


def _step(layer: Any) -> Iterator[str]:
    kind = type(layer).__name__
    if kind == "ZeroPadding2D":
        yield f"p{sum(layer.padding[0])}"
    elif kind == "Cropping2D":
        yield f"c{sum(layer.cropping[0])}"
    elif "Conv2D" in kind or kind in ("MaxPooling2D", "AveragePooling2D"):
        window = (layer.kernel_size if "Conv2D" in kind else layer.pool_size)[0]
        stride = layer.strides[0]
        if layer.padding == "same" and stride > 1:
            yield f"s{stride}"
        if layer.padding == "valid" and (window > 1 or stride > 1):
            yield f"v{(window - 1) * getattr(layer, 'dilation_rate', (1,))[0] + 1}/{stride}"


def _joined(even: list[str], *odd: list[str]) -> Iterator[str]:
    """The steps at all sizes as one: a padding that goes by parity, with the window after it, is a padded window."""
    places = iter(range(len(even)))
    for place in places:
        if all(even[place] == each[place] for each in odd):
            yield even[place]
        else:
            yield "s" + even[next(places)].partition("/")[2]
