"""Shapes and parameter counts of layers, operations and applications: what layers.toml, ops.toml and applications.toml say, applied.

A shape has the batch first; None is an axis that is not fixed or not known, an unknown rank is None. Arguments are plain Python
objects by their Keras 3 names; one that is not given has the default of Keras, MISSING stands for one that is not known.
A wrapped layer or cell is a pair (name, arguments).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from kerlint.semantics import applications, catalog, shape_functions, tensor_functions
from kerlint.semantics.shape_functions import flat, known, product
from kerlint.semantics.signatures import Call, Shape, ShapeError, Signature, bind, chosen, expression, parsed, sizes, value
from kerlint.semantics.values import MISSING

__all__ = ["Shape", "ShapeError", "known_layers", "non_trainable", "output_shape", "output_shapes", "parameters"]

Arguments = Mapping[str, Any]
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def output_shape(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> Shape | None:
    """The shape that a layer, operation or application gives (the first where it gives several); None when its rank is not known.

    Raises ShapeError, with the reason in the user's terms, where Keras refuses the call.
    """
    if name.startswith("keras.applications."):
        return applications.output_shape(name, {**catalog.defaults(name), **args}, inputs)
    found = _bound(name, args, inputs)
    if found is None:
        return None
    call, signature = found
    _refuse(call)
    return _channels_back(call, signature, sizes(signature, call))


def output_shapes(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> tuple[Shape | None, ...]:
    """All that a layer gives: the states of a recurrent layer with `return_state=True` come after its output.

    Raises ShapeError like output_shape.
    """
    first = output_shape(name, args, inputs)
    if name == "keras.layers.Bidirectional":
        return _both_outputs(first, args, inputs)
    states = _row(name).get("states", 0)
    if not states or args.get("return_state", False) is not True:
        return (first,)
    return (first, *[output_shape(name, {**args, "return_sequences": False, "return_state": False}, inputs)] * states)


def parameters(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> int | None:
    """The number of parameters of a layer that is called on these shapes, trainable and not; None when it is not known."""
    if name.startswith("keras.applications."):
        return applications.parameters(name, {**catalog.defaults(name), **args}, inputs)
    return _count("params", name, args, inputs)


def non_trainable(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> int | None:
    """How many of the parameters no optimizer changes, such as the moving statistics of BatchNormalization; None when it is not known."""
    if name.startswith("keras.applications."):
        return applications.non_trainable(name, {**catalog.defaults(name), **args}, inputs)
    return _count("non_trainable", name, args, inputs)


@cache
def known_layers() -> frozenset[str]:
    """Canonical names of the layers and operations whose shapes are known."""
    return frozenset((*(f"keras.layers.{kind}" for kind in _table("layers")), *_table("ops")))


@cache
def _table(name: str) -> Mapping[str, Mapping[str, Any]]:
    """The rows of layers.toml by class, or of ops.toml by canonical name; the lists of what shares a signature spread out."""
    import tomli

    rows: dict[str, Any] = tomli.loads((catalog.HERE / f"{name}.toml").read_text(encoding="utf-8"))
    for kind in rows.pop("same"):
        rows[kind] = {"shape": "*s -> *s"}
    for group in rows.pop("groups", ()):
        for kind in group["names"]:
            rows[kind] = group
    return rows


def _row(name: str) -> Mapping[str, Any]:
    module, _, kind = name.rpartition(".")
    return (_table("layers").get(kind) if module == "keras.layers" else None) or _table("ops").get(name, _NOTHING)


def _bound(name: str, args: Arguments, inputs: Sequence[Shape | None]) -> tuple[Call, Signature] | None:
    """The call with its axes named by the alternative of the signature that holds."""
    row = _row(name)
    if not row:
        return None
    call = Call(name, {**catalog.defaults(name), **args}, tuple(inputs), _FUNCTIONS)
    signatures = parsed(row["shape"])
    call.inputs = tuple(_channels_last(call, signatures[0], shape) for shape in inputs)
    signature = chosen(signatures, call)
    if signature is None or not bind(signature, call):
        return None
    return call, signature


def _refuse(call: Call) -> None:
    for condition, message in _row(call.name).get("refuse", ()):
        if value(expression(condition), call) is True:
            raise ShapeError(f"{call.kind}: " + message.format_map({**call.args, **call.axes}))


def _count(what: str, name: str, args: Arguments, inputs: Sequence[Shape | None]) -> int | None:
    row = _row(name)
    if row and what not in row:
        return 0
    try:
        found = _bound(name, args, inputs)
        count = MISSING if found is None else value(expression(row[what]), found[0])
    except ShapeError:
        return None
    return int(count) if isinstance(count, int) else None


def _channels_first(call: Call, signature: Signature) -> bool:
    return bool(signature.spatial) and call.args.get("data_format") in ("channels_first", "th")


def _channels_last(call: Call, signature: Signature, shape: Shape | None) -> Shape | None:
    """The shape as signatures are written: with the channels last; of a format that is not known only batch and rank are."""
    place = signature.spatial + 1
    if shape and signature.spatial and call.args.get("data_format") is MISSING:
        return (shape[0], *[None] * (len(shape) - 1))
    if shape is None or not _channels_first(call, signature) or len(shape) < place:
        return shape
    return (*shape[:-place], *shape[len(shape) - place + 1 :], shape[-place])


def _channels_back(call: Call, signature: Signature, found: Shape | None) -> Shape | None:
    """The shape as the layer gives it, in its data format; with a format that is not known only the batch and the rank are."""
    if found is None or not signature.spatial:
        return found
    if call.args.get("data_format") is MISSING:
        return (found[0], *[None] * (len(found) - 1))
    place = signature.spatial + 1
    kept = len(found) >= min(place + 1, len(call.inputs[0] or ()))
    if not _channels_first(call, signature) or not kept:
        return found
    return (*found[: len(found) - place], found[-1], *found[len(found) - place : -1])


def _flat(parts: Any) -> Shape:
    """Axes and groups of axes as one shape."""
    return tuple(size if known(size) else None for size in flat(parts))


def _inside(found: Shape | None) -> Any:
    return MISSING if found is None else tuple(MISSING if size is None else size for size in found)


def _inner(call: Call, parts: Any, layer: Any) -> Any:
    """What a wrapped layer makes of a shape."""
    match layer:
        case (str() as name, args):
            return _inside(output_shape(name, args, (_flat(parts),)))
        case _:
            return MISSING


def _inner_count(what: str, parts: Any, layer: Any) -> Any:
    match layer:
        case (str() as name, args):
            count = _count(what, name, args, (_flat(parts),))
            return MISSING if count is None else count
        case _:
            return MISSING


def _after(call: Call, steps: Any, shape: Any) -> Any:
    """A shape with the steps put in after the batch."""
    return MISSING if shape is MISSING else (shape[0], steps, *shape[1:])


def _both(call: Call, shape: Any, layer: Any) -> Any:
    """What the two directions of a recurrent layer give together (one of the two when they are not merged)."""
    found, mode = _inner(call, shape, layer), call.arg("merge_mode")
    if found is MISSING or mode is MISSING:
        return found if found is MISSING else (*found[:-1], MISSING)
    return (*found[:-1], found[-1] * 2) if mode == "concat" and known(found[-1]) else found


def _both_outputs(first: Shape | None, args: Arguments, inputs: Sequence[Shape | None]) -> tuple[Shape | None, ...]:
    match args.get("layer"):
        case (str() as name, inner):
            states = output_shapes(name, inner, inputs)[1:]
        case _:
            states = ()
    outputs = (first, first) if args.get("merge_mode", "concat") is None else (first,)
    return (*outputs, *states, *states)


def _cells(cell: Any) -> list[tuple[str, Arguments]] | None:
    """The cells of a recurrent layer in order: one, a list of them, or StackedRNNCells."""
    match cell:
        case ("keras.layers.StackedRNNCells", {"cells": inner}):
            return _cells(inner)
        case (str() as name, args):
            return [(name, args)]
        case list() | tuple():
            several = [_cells(each) for each in cell]
            return None if None in several else [pair for pairs in several for pair in pairs or ()]
        case _:
            return None


def _celled(call: Call, parts: Any, cell: Any) -> Any:
    """What the cells of a recurrent layer make of one step, one after the other."""
    cells = _cells(cell)
    shape: Shape | None = _flat(parts)
    for name, args in cells or ():
        shape = output_shape(name, args, (shape,))
    return MISSING if cells is None else _inside(shape)


def _celled_params(call: Call, parts: Any, cell: Any) -> Any:
    cells = _cells(cell)
    shape: Shape | None = _flat(parts)
    total: Any = 0 if cells else MISSING
    for name, args in cells or ():
        count = parameters(name, args, (shape,))
        total = MISSING if count is None or total is MISSING else total + count
        shape = output_shape(name, args, (shape,))
    return total


def _spectral(call: Call, layer: Any) -> Any:
    """The length of the vector that SpectralNormalization keeps: the last axis of the kernel."""
    match layer:
        case (str() as name, args) if not name.endswith("Transpose"):
            every = {**catalog.defaults(name), **args}
            last = next((every[each] for each in ("units", "filters", "output_dim", "depth_multiplier") if each in every), MISSING)
            return MISSING if "Separable" in name else last
        case _:
            return MISSING


def _einsum_axes(call: Call, shape: Any) -> tuple[dict[str, Any], tuple[Any, ...], str, str] | None:
    """The letters of the equation of EinsumDense with their sizes, its output, and the letters of its weight and output."""
    equation, given = call.arg("equation"), call.arg("output_shape")
    if not isinstance(equation, str) or equation.count("->") != 1 or equation.count(",") != 1:
        return None
    left, output = equation.replace(" ", "").split("->")
    source, weight = left.split(",")
    spare = len(shape) - len(source.replace("...", ""))
    rest = "".join(chr(0x3B1 + place) for place in range(spare))  # Greek letters stand for the axes under the dots
    source, output = source.replace("...", rest), output.replace("...", rest)
    if len(source) != len(shape):
        return None
    axes = dict(zip(source, shape, strict=True))
    partial = [given] if known(given) else list(given) if isinstance(given, (tuple, list)) else None
    if partial is None:
        return None
    free = [letter for letter in output[1:] if letter not in rest]
    for letter, size in zip(free, partial, strict=False):
        if size is None and letter not in axes:
            return None
        axes[letter] = axes[letter] if size is None else size
    return axes, tuple(axes.get(letter, MISSING) for letter in output), weight, output


def _einsum(call: Call, shape: Any) -> Any:
    """The output of EinsumDense."""
    found, biased = _einsum_axes(call, shape), call.arg("bias_axes")
    if found is not None and isinstance(biased, str) and not set(biased) <= set(found[3]):
        raise ShapeError(f"EinsumDense: bias_axes {biased!r} are not all in the output of {call.arg('equation')}")
    return MISSING if found is None else found[1]


def _einsum_params(call: Call, shape: Any) -> Any:
    found, biased = _einsum_axes(call, shape), call.arg("bias_axes")
    if found is None or biased is MISSING:
        return MISSING
    kernel = product(call, [found[0].get(letter, MISSING) for letter in found[2]])
    bias = product(call, [found[0].get(letter, MISSING) for letter in biased]) if biased else 0
    return kernel + bias if known(kernel, bias) else MISSING


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **shape_functions.FUNCTIONS,
    **tensor_functions.FUNCTIONS,
    "inner": _inner,
    "inner_params": lambda call, parts, layer: _inner_count("params", parts, layer),
    "inner_non_trainable": lambda call, parts, layer: _inner_count("non_trainable", parts, layer),
    "after": _after,
    "both": _both,
    "celled": _celled,
    "celled_params": _celled_params,
    "spectral": _spectral,
    "einsum": _einsum,
    "einsum_params": _einsum_params,
}
