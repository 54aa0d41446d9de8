"""Questions about the graph of a model: heads, hidden layers, activations folded from the layers that follow, what comes next.

A layer that is not understood (a layer of the user, a Lambda, a merge) ends every walk, and the answer is None: unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.semantics import catalog
from kerlint.semantics.graph import KerasLayer
from kerlint.semantics.program import Layer, Model, Program, kept
from kerlint.semantics.values import Const, Symbol, Term, Value, number, python

if TYPE_CHECKING:
    from kerlint.syntax.nodes import Node

DENSE = frozenset({"Dense", "EinsumDense"})
CONVOLUTIONS = frozenset(
    {
        *(f"{kind}{rank}" for kind in ("Conv1D", "Conv2D", "Conv3D") for rank in ("", "Transpose")),
        *("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D", "LocallyConnected1D", "LocallyConnected2D"),
    }
)
RECURRENT = frozenset({"SimpleRNN", "LSTM", "GRU", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"})
WEIGHTED = DENSE | CONVOLUTIONS | RECURRENT
"""Layers that multiply what they read by learned weights and carry an activation of their own."""
VECTORS = 2
"""The rank of (batch, units)."""
STEPS = 3
"""The rank of (batch, steps, units)."""
MIXING = (DENSE | CONVOLUTIONS) - {"EinsumDense"}
"""Weight layers of which two in a row with nothing between them are one."""

WRAPPERS = frozenset({"TimeDistributed", "Bidirectional"})
INPUTS = frozenset({"Input", "InputLayer"})
DROPOUTS = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout"})
NORMALIZATIONS = frozenset({"BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization"})
PASSING = DROPOUTS | NORMALIZATIONS | {"GaussianNoise", "ActivityRegularization", "Masking", "Identity"}
"""Layers behind which an activation still belongs to the layer before them."""

AVERAGING = frozenset(f"{scope}AveragePooling{rank}D" for scope in ("", "Global") for rank in "123")
MAXIMA = frozenset(f"{scope}MaxPooling{rank}D" for scope in ("", "Global") for rank in "123")
SHAPING = frozenset(
    {
        *("Flatten", "Reshape", "Permute", "RepeatVector", "reshape", "expand_dims", "squeeze", "transpose", "cast"),
        *(f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping", "UpSampling") for rank in "123"),
    }
)
"""Layers and functions that move or repeat numbers and leave them as they are."""

ACTIVATION_LAYERS = frozenset({"Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "ThresholdedReLU", "Softmax"})


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What makes one output of a model.

    `layer` is the weight layer behind it (the output's own layer call when no weight layer can be seen), `activation` the outermost
    activation up to the output ("linear" when there is none, None when it is not known), `units` the length of the output's last axis.
    """

    layer: Layer
    activation: str | None
    units: int | None
    place: Layer
    """The layer that has the activation."""
    index: int
    output: Layer

    @property
    def activation_node(self) -> Node | None:
        """Where the activation is written."""
        return activation_node(self.place)


@kept()  # as for everything that many rules ask of one program after the other
def models(program: Program) -> tuple[Model, ...]:
    """The models of a program, the largest first: what stands in a combined model is judged there."""
    return tuple(sorted(program.models, key=lambda model: -len(model.layers)))


@kept()
def layers(program: Program) -> tuple[tuple[Model, Layer], ...]:
    """Every layer once, with the largest model that it is in."""
    found: dict[object, tuple[Model, Layer]] = {}
    for model in models(program):
        for layer in model.layers:
            found.setdefault(layer.identity, (model, layer))
    return tuple(found.values())


@kept(most=32)
def heads(model: Model) -> tuple[Head, ...]:
    """One head for each output of the model, in order."""
    return tuple(_head(output, index) for index, output in enumerate(model.outputs))


def _head(output: Layer, index: int) -> Head:
    name: str | None = "linear"
    place, layer = output, output
    while True:
        if name == "linear":
            name, place = own(layer), layer
        if not transparent(layer) or len(layer.inputs) != 1:
            break
        layer = layer.inputs[0]
    return Head(layer, name, _units(output, layer), place, index, output)


def _units(output: Layer, layer: Layer) -> int | None:
    if output.shape:
        return output.shape[-1]
    # Without a shape the number of units is only sure where nothing stands between the weight layer and the output.
    units = number(layer.arg("units") or layer.arg("filters")) if output is layer or layer in output.inputs else None
    return int(units) if units is not None and output.kind not in SHAPING else None


def activation_node(layer: Layer) -> Node | None:
    """Where the activation of a layer is written: the argument if it was given, else the layer."""
    value = layer.arg("activation")
    return value.node if value is not None and "activation" in layer.given and value.node is not None else layer.node


def named(value: Value | None) -> str | None:
    """The activation that an argument names, in snake case; "linear" for None, None when it is not known."""
    match value:
        case Const(None):
            return "linear"
        case Const(str() as name):
            return catalog.from_string("activation", name)
        case Symbol(name):
            return _function(name)
        case Term(name, args) | KerasLayer(cls=name, args=args) if name.startswith("keras.layers."):
            return _of_layer(name, args)
        case _:
            return None


@lru_cache(maxsize=1024)
def _function(name: str) -> str | None:
    """The activation that a function or a layer class stands for."""
    found = catalog.loss_class(name)
    return found if found and "." not in found else None


def _of_layer(cls: str, args: Mapping[str, Value]) -> str | None:
    if cls == "keras.layers.Activation":
        return named(args.get("activation"))
    return _function(cls) if _along_last(args.get("axis")) else None


def _along_last(axis: Value | None) -> bool:
    match axis:
        case None | Const(None) | Const(-1):
            return True
        case _:
            return False


def own(layer: Layer) -> str | None:
    """The activation that this very layer call applies: "linear" when it applies none, None when it is not known."""
    kind = layer.kind
    if activates(layer):
        return _of_layer(layer.cls, layer.args)
    if kind in WEIGHTED:
        return named(layer.arg("activation"))
    if kind in WRAPPERS:
        return _of_wrapped(layer.arg("layer"))
    return "linear" if kind in PASSING or kind in SHAPING or kind in AVERAGING or kind in MAXIMA or kind in INPUTS else None


def _of_wrapped(value: Value | None) -> str | None:
    match value:
        case Term(name, args) | KerasLayer(cls=name, args=args) if name.rpartition(".")[2] in WEIGHTED:
            return named(args.get("activation"))
        case _:
            return None


def called(layer: Layer) -> str:
    """A layer as a reader knows it: "Dense(64)", "LSTM(32)", "Flatten"."""
    units = number(layer.arg("units") or layer.arg("filters"))
    return f"{layer.kind}({units})" if units is not None else layer.kind


def width(layer: Layer | None) -> int | None:
    """The length of the last axis of what a layer gives, from its shape or its units; None when it is not known."""
    if layer is None or layer.shape:
        return layer.shape[-1] if layer and layer.shape else None
    units = number(layer.arg("units") or layer.arg("filters"))
    return None if units is None else int(units)


def activates(layer: Layer) -> bool:
    """Whether this is a layer or function whose whole work is an activation: `Activation`, `ReLU`, `tf.nn.relu`."""
    return layer.kind in ACTIVATION_LAYERS or layer.kind not in SHAPING and _function(layer.cls) is not None


def activation(layer: Layer, model: Model) -> str | None:
    """What a weight layer's output goes through: its own activation, or the one that follows it.

    Normalization, dropout and reshaping are looked through. "linear" when the next weight layer, a pooling or the output comes first;
    None when that is not known or when several layers read the output and disagree.
    """
    name = own(layer)
    if name != "linear":
        return name
    readers = model.readers(layer)
    if not readers or layer in model.outputs:
        return "linear"
    found = {_following(reader, model) for reader in readers}
    return found.pop() if len(found) == 1 else None


def _following(reader: Layer, model: Model) -> str | None:
    if activates(reader):
        return own(reader)
    if reader.kind in PASSING or reader.kind in SHAPING:
        return activation(reader, model)
    return "linear" if reader.kind in WEIGHTED or reader.kind in AVERAGING or reader.kind in MAXIMA else None


def transparent(layer: Layer) -> bool:
    """Whether the layer has no learned weights that mix its input: activation, normalization, dropout, reshaping, pooling."""
    kind = layer.kind
    return activates(layer) or kind in PASSING or kind in SHAPING or kind in AVERAGING or kind in MAXIMA


def following(layer: Layer, model: Model, through: Callable[[Layer], bool] = transparent) -> tuple[Layer, ...] | None:
    """The next layers behind one, looking through `through`; () at an output.

    None when the value also leaves a nested model or is read by anything that is not a weight layer: a gate, a residual sum, a layer
    of the user. So a tuple means that the value is used plainly.
    """
    if layer.leaves and layer not in model.outputs:
        return None
    found: list[Layer] = []
    for reader in model.readers(layer):
        if through(reader):
            further = following(reader, model, through)
            if further is None:
                return None
            found += further
        elif reader.kind in WEIGHTED:
            found.append(reader)
        else:
            return None
    return tuple(found)


def previous(layer: Layer, through: Callable[[Layer], bool] = transparent) -> Layer | None:
    """The weight layer whose output a layer reads, looking through `through`; None at an input, a merge or anything not understood."""
    while len(layer.inputs) == 1:
        (layer,) = layer.inputs
        if layer.kind in WEIGHTED:
            return layer
        if not through(layer):
            return None
    return None


def hidden(model: Model) -> list[Layer]:
    """The weight layers whose output is plainly read by other weight layers and is no output, in the order of computation."""
    return [layer for layer in model.layers if layer.kind in WEIGHTED and layer not in model.outputs and following(layer, model)]


def stack(model: Model, names: Collection[str]) -> tuple[Layer, ...]:
    """The longest way through the model on which hidden layers apply one of these activations: the layers that apply it, in order.

    A residual sum, a gate or anything that is not understood begins a new way; the gates inside recurrent layers do not count.
    """
    ways: dict[Layer, tuple[Layer, ...]] = {}
    for layer in model.layers:
        before = max((ways.get(source, ()) for source in layer.inputs), key=len, default=())
        applies = layer.kind not in RECURRENT and own(layer) in names and bool(following(layer, model))
        ways[layer] = (*before, layer) if applies else before if transparent(layer) or layer.kind in WEIGHTED else ()
    return max(ways.values(), key=len, default=())


def between(first: Layer, last: Layer) -> Iterator[Layer]:
    """The layers on the way from one layer back from another, as long as it does not fork."""
    while last is not first and len(last.inputs) == 1:
        (last,) = last.inputs
        if last is not first:
            yield last


def unflattened(model: Model) -> Layer | None:
    """The first Dense that reads feature maps or an image (rank above 2) and hands that rank on to the output, else None."""
    for layer in model.layers:
        if layer.kind == "Dense" and layer.shape and len(layer.shape) > VECTORS and _spatial(layer):
            return layer if all(head.output.shape and len(head.output.shape) == len(layer.shape) for head in heads(model)) else None
    return None


def _spatial(layer: Layer) -> bool:
    """Whether only convolutions, pooling, Dense and layers without weights lie between the inputs and a layer."""
    return all(
        source.kind in INPUTS or (source.kind in WEIGHTED - RECURRENT or transparent(source)) and _spatial(source)
        for source in layer.inputs
    )


def steps_of(head: Head) -> tuple[Layer, Value] | None:
    """The recurrent layer whose steps all come out at a head, each by itself, with the `return_sequences` that lets them; else None."""
    layer = head.output
    while layer.shape and len(layer.shape) == STEPS and len(layer.inputs) == 1:
        args = recurrent(layer)
        flag = args.get("return_sequences") if args is not None else None
        if flag is not None:
            return layer, flag
        if args is not None or layer.kind not in DENSE and not transparent(layer):
            return None
        (layer,) = layer.inputs
    return None


def recurrent(layer: Layer) -> Mapping[str, Value] | None:
    """The arguments of a recurrent layer, or of the one that `Bidirectional` wraps."""
    match layer.arg("layer") if layer.kind == "Bidirectional" else None:
        case KerasLayer(cls=name, args=args) if name.rpartition(".")[2] in RECURRENT:
            return args
        case _:
            return layer.args if layer.kind in RECURRENT else None


def gated(layer: Layer, model: Model) -> bool:
    """Whether the output of a layer is multiplied with something (attention, squeeze and excitation), directly or reshaped before."""
    return any(reader.kind.lower() in _PRODUCTS or transparent(reader) and gated(reader, model) for reader in model.readers(layer))


_PRODUCTS = frozenset(
    {
        *("multiply", "mul", "dot", "batch_dot", "matmul", "einsum", "tensordot"),
        *("attention", "additiveattention", "multiheadattention", "groupqueryattention"),
    }
)


def heads_elsewhere(program: Program, model: Model) -> set[object]:
    """The identities of the layers that make an output of another model of the program: an encoder's code is no hidden layer of it."""
    others = (other for other in program.models if other.identity is not model.identity)
    return {part.identity for other in others for head in heads(other) for part in (head.layer, head.output)}


def edges(size: Value) -> set[int | float]:
    """The different edge lengths of a window: {3} for 3 and (3, 3), {1, 7} for (1, 7), empty when one is not known."""
    match python(size):
        case int() as edge:
            return {edge}
        case [*found] if all(type(edge) is int for edge in found):
            return set(found)
        case _:
            return set()


def is_application(layer: Layer) -> bool:
    """Whether it is one of the networks of `keras.applications`, not a function beside them."""
    return layer.cls.startswith("keras.applications.") and layer.kind[:1].isupper()
