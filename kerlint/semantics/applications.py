"""Shapes and parameter counts of the models of keras.applications, from what was measured on them (catalog/applications.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from kerlint.semantics import catalog
from kerlint.semantics.signatures import Shape, ShapeError
from kerlint.semantics.values import MISSING

Arguments = Mapping[str, Any]
_CHANGING = ("alpha", "depth_multiplier", "minimalistic", "include_preprocessing", "blocks", "depths", "default_size")
"""Arguments that change the layers themselves: with another value than the default nothing but the rank is known."""


def output_shape(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> Shape | None:
    """The shape of what the model gives: classes with the top, pooled features or a map of features without it."""
    row, image = _row(name), input_shape(name, args, inputs)
    if row is None or image is None:
        return None
    if len(image) != 4:
        raise ShapeError(f"{name.rpartition('.')[2]} needs images of rank 4 (batch, height, width, channels) but gets {image}")
    if not inputs:  # Keras looks at the size of `input_shape` only
        _check_size(name, row["least"], _places(args, image))
    channels = row["channels"] if _usual(name, args) else None
    match args.get("include_top"), args.get("pooling"):
        case True, _:
            classes = args.get("classes", 1000)
            return (image[0], classes if isinstance(classes, int) else None)
        case False, "avg" | "max":
            return (image[0], channels)
        case False, None:
            height, width = (_after(row["steps"], size) for size in _places(args, image))
            return (image[0], channels, height, width) if _first(args) else (image[0], height, width, channels)
        case _:
            return None


def input_shape(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> Shape | None:
    """The shape of the images: of the tensor that is given, as `input_shape` says, or as the model has it by default."""
    row, given = _row(name), args.get("input_shape")
    if inputs:
        return inputs[0]
    if row is None or given is MISSING or args.get("input_tensor") is not None:
        return (None, None, None, None) if row else None
    if isinstance(given, (tuple, list)) and len(given) == 3:
        return (None, *(size if isinstance(size, int) else None for size in given))
    size = row["size"] if args.get("include_top") is True else None
    return (None, 3, size, size) if _first(args) else (None, size, size, 3)


def parameters(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> int | None:
    """The number of parameters; None where an argument changes the layers, or is not known."""
    row, image = _row(name), input_shape(name, args, inputs)
    if row is None or image is None or len(image) != 4 or not _usual(name, args):
        return None
    channels, top, classes = image[1 if _first(args) else 3], args.get("include_top"), args.get("classes", 1000)
    if channels is None or top not in (True, False) or not isinstance(classes, int):
        return None
    count: int = row["params"] + row["stem"] * (channels - 3)
    if not top:
        return count
    if row["flat"] and _places(args, image) != (row["size"], row["size"]):
        return None
    return count + int(row["top"]) + (int(row["width"]) + 1) * (classes - 1000)


def non_trainable(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> int | None:
    """How many parameters no optimizer changes: the moving statistics of normalization; None as with `parameters`."""
    row, image = _row(name), input_shape(name, args, inputs)
    if row is None or image is None or parameters(name, args, inputs) is None:
        return None
    return int(row["frozen"]) if image[1 if _first(args) else 3] == 3 else None


@cache
def _rows() -> Mapping[str, Mapping[str, Any]]:
    rows: Mapping[str, Mapping[str, Any]] = json.loads((catalog.HERE / "applications.json").read_text(encoding="utf-8"))
    return rows


def _row(name: str) -> Mapping[str, Any] | None:
    return _rows().get(name)


def _usual(name: str, args: Arguments) -> bool:
    usual = catalog.defaults(name)
    return all(args.get(each) == usual.get(each) for each in _CHANGING if each in args)


def _first(args: Arguments) -> bool:
    return args.get("data_format") == "channels_first"


def _places(args: Arguments, image: Shape) -> Shape:
    return (image[2], image[3]) if _first(args) else (image[1], image[2])


def _check_size(name: str, least: int, sizes: Shape) -> None:
    if any(size is not None and size < least for size in sizes):
        raise ShapeError(f"{name.rpartition('.')[2]} needs images of at least {least}x{least} but gets {sizes[0]}x{sizes[1]}")


def _after(steps: str, size: int | None) -> int | None:
    """What is left of a height or width after windows, paddings and croppings, in order."""
    for step in steps.split():
        if size is None or size < 1:
            return None
        kind, number = step[0], step[1:]
        match kind:
            case "p":
                size += int(number)
            case "c":
                size -= int(number)
            case "s":
                size = -(-size // int(number))
            case _:
                window, _, stride = number.partition("/")
                size = (size - int(window)) // int(stride) + 1
    return size if size is None or size > 0 else None
