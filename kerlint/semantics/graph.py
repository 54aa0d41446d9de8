"""Layers, tensors and models as values: calling a layer on tensors makes a graph, calling a model copies its graph in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kerlint.semantics import shapes
from kerlint.semantics.values import MISSING, Choice, Const, Instance, Items, Symbol, Table, Term, Unknown, Value, options, python

if TYPE_CHECKING:
    from kerlint.semantics.program import Loop, Shape
    from kerlint.semantics.values import Class
    from kerlint.syntax.nodes import Node

INPUT = "keras.layers.InputLayer"
REPEAT = "repeat"
"""The class of a call that stands for an unknown number of layers, or for one that is not known."""


class KerasLayer(Value):
    """One layer object; it has identity, and `fields` ("trainable", "name") change as the program runs."""

    __slots__ = ("_plain", "args", "cls", "fields", "given")

    cls: str
    args: Mapping[str, Value]
    given: frozenset[str]
    fields: dict[Any, Value]
    _plain: dict[str, Any] | None

    def __init__(self, cls: str, args: Mapping[str, Value], given: frozenset[str], node: Node | None) -> None:
        super().__init__(node=node)
        self.cls = cls
        self.args = args
        self.given = given
        self.fields = {}
        self._plain = None

    @property
    def plain(self) -> dict[str, Any]:
        """The arguments as the shape rules read them; made once, every call of the layer asks."""
        if self._plain is None:
            self._plain = {name: plain(arg) for name, arg in self.args.items()}
        return self._plain


class KerasModel(Value):
    """One model object; `fields` hold its parts: "layers" (sequential), "inputs" and "outputs" (functional), "compiled", "trainable" …"""

    __slots__ = ("fields", "kind", "loops")

    kind: str
    fields: dict[Any, Value]
    loops: tuple[Loop, ...]

    def __init__(self, kind: str, loops: tuple[Loop, ...], node: Node | None, doubt: str = "") -> None:
        super().__init__(node=node, doubt=doubt)
        self.kind = kind
        self.fields = {}
        self.loops = loops


Maker = KerasLayer | KerasModel | Instance


@dataclass(slots=True, eq=False)
class Call:
    """One call of a layer, operation or custom layer on tensors: a node of the graph."""

    cls: str
    args: Mapping[str, Value]
    given: frozenset[str]
    inputs: tuple[Tensor, ...]
    shape: Shape | None
    node: Node | None
    maker: Maker | None = None
    within: tuple[Value, ...] = ()
    leaves: bool = False
    mismatch: str = ""
    primary: int = 0
    """How many of `inputs` the shape depends on; the others came by keyword."""
    called: Node | None = None
    """Where the model that it is a part of was called."""


@dataclass(slots=True, eq=False)
class Tensor(Value):
    """A symbolic tensor: the output of a call."""

    call: Call = field(kw_only=True)

    @property
    def shape(self) -> Shape | None:
        """The batch axis first; None when the rank is not known."""
        return self.call.shape


def tensors(*values: Value | None) -> list[Tensor]:
    """Every tensor in some values, through lists and dicts, in order."""
    found: list[Tensor] = []
    for value in values:
        if type(value) not in PLAIN:
            _gather(value, found)
    return found


PLAIN = frozenset({Const, Symbol, Unknown, type(None)})
"""What holds no tensors: nearly all arguments, which every call is looked through for."""


def _gather(value: Value | None, found: list[Tensor]) -> None:
    inner: Iterable[Value] = ()
    match value:
        case Tensor():
            found.append(value)
        case Items(items):
            inner = items
        case Table(entries):
            inner = entries.values()
        case Term("many", {"element": element}):
            inner = (element,)
        case Choice(options):
            inner = options
        case _:
            return
    for one in inner:
        if type(one) not in PLAIN:
            _gather(one, found)


def plain(value: Value) -> Any:
    """An argument as the shape rules read it: a Python object, a pair (class, arguments) for a wrapped layer, or MISSING."""
    match value:
        case KerasLayer():
            return (value.cls, value.plain)
        case Items(items, kind):
            found = [plain(item) for item in items]
            return tuple(found) if kind == "tuple" else found
        case Symbol(name):
            return name
        case Term("slice", {"start": start, "stop": stop, "step": step}):
            return slice(plain(start), plain(stop), plain(step))
        case _:
            return python(value, MISSING)


def arguments(maker: Maker | None, args: Mapping[str, Value]) -> Mapping[str, Any]:
    """The arguments of a call as the shape rules read them."""
    match maker:
        case KerasLayer():
            return maker.plain
        case _:
            return {name: plain(arg) for name, arg in args.items()}


def operation(
    cls: str,
    args: Mapping[str, Value],
    inputs: Sequence[Tensor],
    node: Node | None,
    *,
    given: frozenset[str] = frozenset(),
    maker: Maker | None = None,
    within: tuple[Value, ...] = (),
    primary: int | None = None,
) -> Tensor:
    """The tensor that a layer or function makes of tensors, with its shape or with the reason why Keras refuses."""
    first = len(inputs) if primary is None else primary
    mismatch, shape = "", None
    try:
        shape = shapes.output_shape(cls, arguments(maker, args), [tensor.shape for tensor in inputs[:first]])
    except shapes.ShapeError as error:
        mismatch = str(error)
    except (TypeError, ValueError, ArithmeticError):  # arguments of another kind than the layer takes
        shape = None
    return Tensor(call=Call(cls, args, given, tuple(inputs), shape, node, maker, within, False, mismatch, first), node=node)


def source(shape: Shape | None, node: Node | None, args: Mapping[str, Value] | None = None, maker: Maker | None = None) -> Tensor:
    """An input of a model."""
    return Tensor(call=Call(INPUT, args or {}, frozenset(args or ()), (), shape, node, maker), node=node)


def repeated(inputs: Sequence[Tensor], reason: str, node: Node | None, shape: Shape | None = None) -> Tensor:
    """A tensor behind layers that are not known: their number, or what they are."""
    args = {"reason": Unknown(reason, node=node)}
    return Tensor(call=Call(REPEAT, args, frozenset(), tuple(inputs), shape, node), node=node)


def upstream(outputs: Sequence[Tensor]) -> list[Call]:
    """Every call that the outputs depend on, each once, inputs first."""
    order: dict[int, Call] = {}
    visiting: set[int] = set()
    stack: list[tuple[Call, bool]] = [(tensor.call, False) for tensor in reversed(outputs)]
    while stack:
        call, ready = stack.pop()
        if ready:
            order.setdefault(id(call), call)
        elif id(call) not in visiting:
            visiting.add(id(call))
            stack.append((call, True))
            stack.extend((tensor.call, False) for tensor in reversed(call.inputs))
    return list(order.values())


def copied(inputs: Sequence[Tensor], outputs: Value, given: Sequence[Tensor], within: tuple[Value, ...], node: Node | None = None) -> Value:
    """The graph between `inputs` and `outputs` once more, fed with `given` tensors: what calling a model on tensors makes."""
    made: dict[int, Tensor] = {id(old.call): new for old, new in zip(inputs, given, strict=False)}
    last = {id(tensor.call) for tensor in tensors(outputs)}
    for call in upstream(tensors(outputs)):
        if id(call) not in made:
            made[id(call)] = _again(call, [made[id(tensor.call)] for tensor in call.inputs], within, id(call) in last, node)
    return _replaced(outputs, made)


def _again(call: Call, inputs: list[Tensor], within: tuple[Value, ...], leaves: bool, node: Node | None) -> Tensor:
    path = (*within, *call.within)
    if call.cls in (INPUT, REPEAT):
        return Tensor(call=replace(call, inputs=tuple(inputs), within=path, leaves=leaves), node=call.node)
    new = operation(call.cls, call.args, inputs, call.node, given=call.given, maker=call.maker, within=path, primary=call.primary).call
    if new.shape is None and not new.mismatch:
        new = replace(new, shape=call.shape)
    return Tensor(call=replace(new, leaves=leaves, called=node), node=call.node)


def _replaced(value: Value, made: Mapping[int, Tensor]) -> Value:
    match value:
        case Tensor():
            return made[id(value.call)]
        case Items(items):
            return replace(value, items=tuple(_replaced(item, made) for item in items), root=None)
        case Table(entries):
            return replace(value, entries={key: _replaced(item, made) for key, item in entries.items()}, root=None)
        case Choice(found):
            return Choice(tuple(_replaced(item, made) for item in found), node=value.node)
        case _:
            return value


def dims(shape: Shape, node: Node | None) -> Items:
    """A shape as the tuple that `x.shape` gives."""
    batch = Const(None, node=node) if shape and shape[0] is None else None
    members = tuple(Unknown("an axis of unknown size", node=node) if size is None else Const(size, node=node) for size in shape)
    return Items((batch, *members[1:]) if batch else members, "tuple", node=node)


def lineage(cls: Class) -> str | None:
    """The Keras class that a user's class descends from ("keras.Model", "keras.layers.Layer"), or None."""
    for base in cls.lineage():
        match base:
            case Symbol(name) if name.startswith("keras."):
                return name
            case _:
                pass
    return None


def is_model(value: Value) -> bool:
    """Whether it is a model: built, or an instance of a user's subclass of one."""
    match value:
        case KerasModel():
            return True
        case Instance():
            return lineage(value.cls) in ("keras.Model", "keras.Sequential")
        case Choice():
            return all(map(is_model, options(value)))
        case _:
            return False


def is_layer(value: Value) -> bool:
    """Whether calling it on a tensor makes a layer of a graph."""
    match value:
        case KerasLayer() | KerasModel():
            return True
        case Instance():
            name = lineage(value.cls) or ""
            return name.startswith("keras.layers.") or name in ("keras.Model", "keras.Sequential", "keras.Layer")
        case _:
            return False
