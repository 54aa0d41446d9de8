"""The functions that shape signatures call: windows, margins, reshaping, merging, attention, wrapped layers.

Each takes the call and the values of its arguments and gives a size, several sizes, or MISSING; it raises ShapeError where Keras refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from kerlint.semantics.signatures import SPATIAL, Call, ShapeError
from kerlint.semantics.values import MISSING

Sizes = tuple[Any, ...]


def shown(sizes: Sequence[Any]) -> str:
    """Sizes as a user writes a shape: what is not fixed is None."""
    inner = ", ".join("None" if size is MISSING else str(size) for size in sizes)
    return f"({inner},)" if len(sizes) == 1 else f"({inner})"


def known(*values: Any) -> bool:
    """Whether all the values are integers."""
    return all(isinstance(value, int) for value in values)


def flat(parts: Any) -> Sizes:
    """Sizes and groups of sizes as one row of sizes."""
    return tuple(size for part in parts for size in (part if isinstance(part, tuple) else (part,)))


def nth(value: Any, place: int) -> Any:
    """The part of an argument for one spatial axis: `3` is 3 for all, `(3, 5)` one for each."""
    if isinstance(value, int):
        return value
    if isinstance(value, (tuple, list)) and place < len(value) and isinstance(value[place], int):
        return value[place]
    return MISSING


def _word(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _strides_and_dilation(call: Call) -> tuple[Any, Any]:
    strides, dilation = call.arg("strides"), call.arg("dilation_rate")
    both = _above_one(strides) and _above_one(dilation)
    if both and "Depthwise" not in call.kind and "Separable" not in call.kind:
        raise ShapeError(f"{call.kind}: strides {strides} and dilation_rate {dilation} cannot both be above 1")
    return nth(strides, call.place), nth(1 if dilation is MISSING else dilation, call.place)


def _above_one(value: Any) -> bool:
    sizes = value if isinstance(value, (tuple, list)) else (value,)
    return any(isinstance(size, int) and size > 1 for size in sizes)


def conv(call: Call, size: Any) -> Any:
    """The size that a convolution leaves of one spatial axis."""
    stride, dilation = _strides_and_dilation(call)
    kernel = nth(call.arg("kernel_size"), call.place)
    return _windowed(call, size, kernel, stride, dilation, "kernel_size")


def pool(call: Call, size: Any) -> Any:
    """The size that pooling leaves of one spatial axis."""
    strides = call.arg("strides")
    window = nth(call.arg("pool_size"), call.place)
    return _windowed(call, size, window, window if strides is None else nth(strides, call.place), 1, "pool_size")


def _windowed(call: Call, size: Any, window: Any, stride: Any, dilation: Any, argument: str) -> Any:
    padding = _word(call.arg("padding"))
    if padding in ("same", "causal") and known(size, stride) and stride > 0:
        return -(-size // stride)
    if padding != "valid" or not known(size, window, stride, dilation) or stride < 1:
        return MISSING
    span = (window - 1) * dilation + 1
    if span > size:
        raise ShapeError(f"{call.kind}: a window of {_extent(call, argument)} does not fit into {_spatial(call)}")
    return (size - span) // stride + 1


def _extent(call: Call, argument: str) -> str:
    sizes = [nth(call.arg(argument), place) for place in range(_rank(call))]
    dilations = [nth(call.args.get("dilation_rate", 1), place) for place in range(_rank(call))]
    spans = [(size - 1) * dilation + 1 if known(size, dilation) else "?" for size, dilation in zip(sizes, dilations, strict=True)]
    return "x".join(map(str, spans))


def _spatial(call: Call) -> str:
    sizes = [size for axis, size in call.axes.items() if axis in SPATIAL]
    return "x".join("None" if size is MISSING else str(size) for size in sizes)


def _rank(call: Call) -> int:
    return sum(axis in SPATIAL for axis in call.axes)


def deconv(call: Call, size: Any) -> Any:
    """The size that a transposed convolution makes of one spatial axis."""
    stride, dilation = _strides_and_dilation(call)
    kernel, more = nth(call.arg("kernel_size"), call.place), call.arg("output_padding")
    padding = _word(call.arg("padding"))
    extra = None if more is None else nth(more, call.place)
    if known(extra, stride) and extra >= stride:
        raise ShapeError(f"{call.kind}: output_padding {more} must be less than strides {call.arg('strides')}")
    if padding == "same" and extra is None and known(size, stride):
        return size * stride
    if not known(size, kernel, stride, dilation) or extra is MISSING:
        return MISSING
    span = (kernel - 1) * dilation + 1
    match padding:
        case "valid":
            return (size - 1) * stride + span + (max(stride - span, 0) if extra is None else extra)
        case "same":
            return (size - 1) * stride + span - 2 * (span // 2) + extra
        case _:
            return MISSING


def window(call: Call, rank: int) -> Any:
    """The number of positions in a kernel."""
    sizes = [nth(call.arg("kernel_size"), place) for place in range(rank)]
    return prod(sizes) if known(*sizes) else MISSING


def positions(call: Call, *sizes: Any) -> Any:
    """The number of places that a window takes: each has weights of its own in a locally connected layer."""
    counts = []
    for call.place, size in enumerate(sizes):
        counts.append(conv(call, size))
    return product(call, counts)


def each(call: Call, argument: Any) -> Any:
    """The part of an argument for the spatial axis at hand."""
    return nth(argument, call.place)


def scaled(call: Call, size: Any, factor: Any) -> Any:
    """A spatial axis times its part of an argument."""
    times = nth(factor, call.place)
    return size * times if known(size, times) else MISSING


def _margins(call: Call, argument: str) -> Any:
    """What an argument adds or takes on both sides of the spatial axis at hand: 1, (1, 2) or ((1, 1), (2, 2))."""
    given = call.arg(argument)
    match given:
        case int():
            return 2 * given
        case (int() as before, int() as after) if _rank(call) == 1:
            return before + after
        case tuple() | list() if call.place < len(given):
            match given[call.place]:
                case int() as both:
                    return 2 * both
                case (int() as before, int() as after):
                    return before + after
    return MISSING


def padded(call: Call, size: Any) -> Any:
    """A spatial axis with zeros around it."""
    margins = _margins(call, "padding")
    return size + margins if known(size, margins) else MISSING


def cropped(call: Call, size: Any) -> Any:
    """A spatial axis with its ends cut off."""
    margins = _margins(call, "cropping")
    if not known(size, margins):
        return MISSING
    if margins >= size:
        raise ShapeError(f"{call.kind}: cropping {call.arg('cropping')} leaves nothing of {_spatial(call)}")
    return size - margins


def product(call: Call, sizes: Any) -> Any:
    """The number of elements in some axes."""
    return prod(sizes) if sizes is not MISSING and known(*sizes) else MISSING


def listed(call: Call, sizes: Any) -> Any:
    """An argument that is itself some sizes."""
    return tuple(sizes) if isinstance(sizes, (tuple, list)) else MISSING


def entered(call: Call) -> Any:
    """The shape of an input layer."""
    if call.args.get("tensor") is not None or call.args.get("input_tensor") is not None:
        return MISSING
    whole, shape, size = (call.arg(name) for name in ("batch_shape", "shape", "batch_size"))
    if isinstance(whole, (tuple, list)):
        return tuple(whole)
    if isinstance(shape, (tuple, list)):
        return (size, *shape)
    return MISSING


def reshaped(call: Call, sizes: Sizes, target: Any) -> Any:
    """Axes in another arrangement of as many elements; one -1 is what is left."""
    if isinstance(target, int):
        target = (target,)
    if not isinstance(target, (tuple, list)):
        return MISSING
    free = [place for place, size in enumerate(target) if size == -1]
    if len(free) > 1:
        raise ShapeError(f"{call.kind}: target {shown(target)} has more than one -1")
    rest = [size for size in target if size != -1]
    if not known(*sizes, *rest):
        return tuple(MISSING if size == -1 else size for size in target)
    elements, fixed = prod(sizes), prod(rest)
    if elements != fixed if not free else fixed == 0 or elements % fixed:
        each = " for each part of -1" if free else ""
        raise ShapeError(f"{call.kind}: target {shown(target)} has {fixed} elements{each} but the input {shown(sizes)} has {elements}")
    return tuple(elements // fixed if size == -1 else size for size in target)


def permuted(call: Call, sizes: Sizes, order: Any) -> Any:
    """Axes after the batch in another order, counted from 1."""
    if not isinstance(order, (tuple, list)):
        return MISSING
    if len(order) != len(sizes):
        raise ShapeError(f"{call.kind}: dims {shown(order)} needs an input of rank {len(order) + 1} but gets rank {len(sizes) + 1}")
    if not known(*order):
        return (MISSING,) * len(order)
    if sorted(order) != list(range(1, len(order) + 1)):
        raise ShapeError(f"{call.kind}: dims {shown(order)} is not an order of the axes 1 to {len(order)}")
    return tuple(sizes[axis - 1] for axis in order)


def shared(call: Call, sizes: Sizes, axes: Any) -> Any:
    """Axes after the batch, those listed (from 1) taken as 1."""
    match axes:
        case None:
            return sizes
        case int():
            return shared(call, sizes, [axes])
        case list() | tuple():
            return tuple(1 if place + 1 in axes else size for place, size in enumerate(sizes))
        case _:
            return MISSING


def places(call: Call, sizes: Sizes, axis: Any) -> Any:
    """Axes given as one number or several, counted from either end, as places; MISSING when one is not known."""
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    if not known(*axes):
        return MISSING
    for each in axes:
        if not -len(sizes) <= each < len(sizes):
            raise ShapeError(f"{call.kind}: axis {each} is not in the input {shown(sizes)}")
    return tuple(each % len(sizes) for each in axes)


def along(call: Call, sizes: Sizes, axis: Any) -> Any:
    """The same sizes, after a look whether the axis is there."""
    sizes = flat(sizes)
    if axis is not None:
        places(call, sizes, axis)
    return sizes


def extent(call: Call, sizes: Sizes, axis: Any) -> Any:
    """The number of elements along one axis or several; 1 for none."""
    if axis is None:
        return 1
    along_axes = places(call, sizes, axis)
    return MISSING if along_axes is MISSING else product(call, [sizes[place] for place in along_axes])


def broadcast(call: Call, left: Sizes, right: Sizes) -> Sizes:
    """Two shapes spread over each other from the last axis on."""
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    pairs = zip(longer[len(longer) - len(shorter) :], shorter, strict=True)
    return (*longer[: len(longer) - len(shorter)], *(_spread(call, a, b, left, right) for a, b in pairs))


def _spread(call: Call, a: Any, b: Any, left: Sizes, right: Sizes) -> Any:
    if 1 in (a, b):
        return b if a == 1 else a
    if not known(a, b):
        return MISSING
    if a != b:
        raise ShapeError(f"{call.kind}: the shapes {shown(left)} and {shown(right)} do not broadcast")
    return a


def merged(call: Call, inputs: Sequence[Any]) -> Any:
    """Inputs taken element by element; their batches are one, the other axes spread."""
    batches = {shape[0] for shape in inputs if shape and known(shape[0])}
    if len(batches) > 1:
        raise ShapeError(f"{call.kind}: the inputs have different batch sizes: {', '.join(map(shown, inputs))}")
    result: Sizes = tuple(inputs[0][1:])
    for shape in inputs[1:]:
        result = broadcast(call, result, tuple(shape[1:]))
    return (next(iter(batches), MISSING), *result)


def joined(call: Call, inputs: Sequence[Any], axis: Any) -> Any:
    """Inputs one after the other along an axis; their other axes are equal."""
    first = inputs[0]
    if any(len(shape) != len(first) for shape in inputs):
        raise ShapeError(f"{call.kind}: the inputs have different ranks: {', '.join(map(shown, inputs))}")
    if not known(axis):
        return (MISSING,) * len(first)
    (place,) = places(call, first, axis)
    for other in range(len(first)):
        sizes = {shape[other] for shape in inputs if known(shape[other])}
        if other != place and len(sizes) > 1:
            raise ShapeError(f"{call.kind}: axis {other} differs between the inputs {', '.join(map(shown, inputs))}; only axis {place} may")
    total = [shape[place] for shape in inputs]
    return (*first[:place], sum(total) if known(*total) else MISSING, *first[place + 1 :])


def dotted(call: Call, inputs: Sequence[Any], axes: Any) -> Any:
    """Two inputs multiplied and summed over one axis of each, example by example."""
    if len(inputs) != 2:
        raise ShapeError(f"{call.kind} takes two inputs but gets {len(inputs)}")
    left, right = inputs
    match axes:
        case int():
            first, second = (axes % len(left), axes % len(right)) if axes < 0 else (axes, axes)
        case (int() as a, int() as b):
            first, second = a % len(left) if a < 0 else a, b % len(right) if b < 0 else b
        case _:
            return MISSING
    if first >= len(left) or second >= len(right):
        raise ShapeError(f"{call.kind}: axes {axes} are not in the inputs {shown(left)} and {shown(right)}")
    if known(left[first], right[second]) and left[first] != right[second]:
        raise ShapeError(f"{call.kind}: axis {first} of {shown(left)} and axis {second} of {shown(right)} differ")
    rest = (*left[:first], *left[first + 1 :], *[size for place, size in enumerate(right) if place not in (0, second)])
    return rest if len(rest) > 1 else (*rest, 1)


def projected(call: Call, features: Any, output_shape: Any) -> Any:
    """The axes that attention puts in place of the features of the query."""
    match output_shape:
        case None:
            return (features,)
        case int():
            return (output_shape,)
        case tuple() | list():
            return tuple(output_shape)
        case _:
            return MISSING


def heads_params(call: Call, query: Any, value: Any, heads: Any, shared_heads: Any, key_size: Any, value_size: Any, out: Any) -> Any:
    """Weights of the projections of attention: query, key, value, output, and the gate where there is one."""
    key = call.inputs[2][-1] if len(call.inputs) > 2 and call.inputs[2] else value
    biased, gated = call.arg("use_bias"), call.args.get("use_gate", False)
    if not known(query, value, key, heads, shared_heads, key_size, value_size, out, biased, gated):
        return MISSING
    projections = [(query, heads * key_size), (key, shared_heads * key_size), (value, shared_heads * value_size), (heads * value_size, out)]
    projections += [(query, heads * value_size)] * gated
    return sum((inward + biased) * outward for inward, outward in projections)


def one_hot(call: Call, sizes: Sizes, depth: Any) -> Any:
    """A last axis of 1 becomes the categories; otherwise they come after it."""
    if len(sizes) > 1 and sizes[-1] == 1:
        return (*sizes[:-1], depth)
    return (*sizes, depth) if len(sizes) < 2 or known(sizes[-1]) else MISSING


def multi_hot(call: Call, sizes: Sizes, depth: Any) -> Any:
    """The last axis becomes the categories."""
    return (*sizes[:-1], depth)


def bins(call: Call, boundaries: Any, count: Any) -> Any:
    """The number of bins: between boundaries, or as given."""
    if isinstance(boundaries, (tuple, list)):
        return len(boundaries) + 1
    return count if boundaries is None else MISSING


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        *(conv, pool, deconv, window, positions, each, scaled, padded, cropped),
        *(product, listed, entered, reshaped, permuted, shared, along, extent),
        *(merged, joined, dotted, projected, heads_params, one_hot, multi_hot, bins),
    )
}
