"""What a script does to its models, in order: the facts that checks read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from msgspec import Struct
from msgspec.structs import force_setattr

from kerlint.semantics.values import Const, Term, Unknown, Value

if TYPE_CHECKING:
    from pathlib import Path

    from kerlint.syntax.nodes import Node

TOO_LONG = "the program is too long to be followed to its end"
"""Why what comes late in it is not known: the budget of steps was used up."""

Asked = TypeVar("Asked", bound=Callable[..., Any])
_FORGETTING: list[Callable[[], None]] = []
"""What drops answers that are kept: it grows when modules are imported, and never again."""


def kept(most: int = 1) -> Callable[[Asked], Asked]:
    """Keep the last answers to a question about a program or a model, which many rules ask, until the program is let go of."""

    def keep(function: Asked) -> Asked:
        answers = lru_cache(maxsize=most)(function)
        _FORGETTING.append(answers.cache_clear)
        return cast("Asked", answers)

    return keep


Shape = tuple[int | None, ...]
"""Batch axis first; None is an axis that is not fixed or not known. An unknown rank is no Shape but None."""


class Layer(Struct, frozen=True, eq=False):
    """One call of a layer (or operation) in a model's graph.

    `cls` is canonical: "keras.layers.Dense"; an operator or function on tensors is its name ("keras.ops.add", "tensorflow.reshape");
    a layer of the user that could not be looked into is "custom.Name"; `repeat` stands for an unknown number of layers.
    `inputs` are the layer calls whose outputs it reads, in order. A layer that is called twice appears twice, with one `identity`.
    `within` names the nested models it came in with, outermost first; `leaves` says that it is the output of such a nested model.
    """

    cls: str
    args: Mapping[str, Value]
    given: frozenset[str]
    inputs: tuple[Layer, ...]
    shape: Shape | None
    params: int | None
    trainable: bool | None
    identity: object
    node: Node | None
    name: str = ""
    within: tuple[str, ...] = ()
    leaves: bool = False
    mismatch: str = ""
    """Why Keras refuses this call (wrong rank, window larger than its input …), or ""."""
    call: Node | None = None
    """Where it is called on its inputs, `dense(x)`, or else the model that it came in with; None where a Sequential does that."""

    kind: str = ""
    """The class without its module: "Dense"."""

    def __post_init__(self) -> None:
        force_setattr(self, "kind", self.cls.rpartition(".")[2])

    def arg(self, name: str) -> Value | None:
        """One of its arguments, or None."""
        return self.args.get(name)


class Loop(Struct, frozen=True, eq=False):
    """A loop of the user's program; `iterable` is what it runs over (None for `while`)."""

    node: Node
    iterable: Value | None


class Model(Struct, frozen=True, eq=False):
    """A model as it stood at one moment: its layers in the order of computation, nested models flattened.

    Two snapshots of one model share their `identity`.
    """

    kind: str
    """sequential, functional, subclass, application or loaded."""
    name: str
    layers: tuple[Layer, ...]
    inputs: tuple[Layer, ...]
    outputs: tuple[Layer, ...]
    unknown: tuple[Unknown, ...]
    identity: object
    node: Node | None
    loops: tuple[Loop, ...] = ()
    """The loops that were running when the model was made, outermost first."""
    pretrained: bool = False
    """Weights were loaded or come with an application."""
    doubt: str = ""
    keys: tuple[str, ...] = ()
    """The names of its outputs, when they are given as a dict."""
    counted: bool = True
    """Whether it is known how many outputs it has: no branch gives it others."""
    handed: bool = False
    """It was given to code that is not known, which may have done anything to it (compiled it, say)."""
    title: str = ""
    """What its `name=` says; `name` is what messages call it."""

    @property
    def complete(self) -> bool:
        """Whether nothing about its layers is unknown: only then may a check speak of what is absent."""
        return not self.unknown

    @property
    def params(self) -> int | None:
        """The number of parameters, trainable and not; None when a layer's is not known."""
        return _total(self.layers, self.complete)

    @property
    def trainable_params(self) -> int | None:
        """The number of parameters of trainable layers; None when one is not known."""
        return _total([layer for layer in self.layers if layer.trainable is not False], self.complete)

    def readers(self, layer: Layer) -> tuple[Layer, ...]:
        """The layer calls that read the output of this one."""
        return _readers(self).get(id(layer), ())

    def has(self, *kinds: str) -> bool:
        """Whether a layer of one of these kinds ("Dropout", "BatchNormalization") is in it."""
        return any(layer.kind in kinds for layer in self.layers)


@kept(most=16)
def _readers(model: Model) -> dict[int, tuple[Layer, ...]]:
    """The readers of each layer call of a model, by its identity."""
    found: dict[int, dict[int, Layer]] = {}
    for layer in model.layers:
        for read in layer.inputs:
            found.setdefault(id(read), {})[id(layer)] = layer
    return {read: tuple(readers.values()) for read, readers in found.items()}


def _total(layers: tuple[Layer, ...] | list[Layer], complete: bool) -> int | None:
    if not complete:
        return None
    total = 0
    for layer in {id(layer.identity): layer for layer in layers}.values():
        if layer.params is None:
            return None
        total += layer.params
    return total


class Compile(Struct, frozen=True, eq=False):
    """How a model is compiled. Strings are resolved to the classes they stand for, defaults filled in.

    `losses` and `metrics` are per output of the model, in order; an entry is empty or None where that output has none.
    They are Terms named by class ("keras.losses.BinaryCrossentropy", "keras.metrics.MeanAbsoluteError"; the string "accuracy"
    stays Const("accuracy") because Keras picks its class from the loss), user functions, or Unknown.
    """

    optimizer: Value | None
    learning_rate: Value
    """Const, a schedule (Term), or Unknown."""
    losses: tuple[Value | None, ...]
    metrics: tuple[tuple[Value, ...], ...]
    args: Mapping[str, Value]
    node: Node | None
    computed: tuple[Value | None, ...] = ()
    """What the loss function of the user's own makes of labels and predictions, for each output: a term over Term("y_true") and
    Term("y_pred"); None for a loss of Keras, Unknown for one that cannot be looked into."""
    own: str = ""
    """The method with which the user's model decides itself what it reads and learns (`train_step`, `compute_loss`), or ""."""

    @property
    def optimizer_class(self) -> str | None:
        """Canonical class of the optimizer, "keras.optimizers.Adam", or None when it is not known."""
        match self.optimizer:
            case Term(name):
                return name
            case _:
                return None


class Event(Struct, frozen=True, eq=False):
    """Something done to or with a model, in program order.

    `kind`: fit, evaluate, predict, train_on_batch, tape (one step of a custom loop with GradientTape), compile,
    trainable (an assignment to it), load_weights, set_weights.
    `model` is the model as it stood then, or None with the reason in `unknown`. `args` are the call's arguments by name with
    Keras' defaults, the given ones listed in `given`. `x`, `y` are training data; for datasets `y` is None (see provenance).
    """

    kind: str
    node: Node | None
    model: Model | None
    identity: object
    compiled: Compile | None = None
    x: Value | None = None
    y: Value | None = None
    validation: tuple[Value | None, Value | None] | None = None
    """Data of `validation_data=`, as (x, y), or None when there is none; (Unknown, None) when it is not known."""
    callbacks: tuple[Value, ...] | None = ()
    """None when the list of callbacks is not known."""
    args: Mapping[str, Value] = {}
    given: frozenset[str] = frozenset()
    loops: tuple[Loop, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    doubt: str = ""
    entry: object = None
    """The function that nobody calls in which it happens (analysed from the end of the program, apart from all others), or None."""

    def number(self, name: str) -> float | None:
        """The known number given for an argument (batch_size, epochs), else None."""
        match self.args.get(name):
            case Const(int() | float() as found):
                return found
            case _:
                return None


class Assignment(Struct, frozen=True, eq=False):
    """A value bound to a name, and whether anything read that name while it held the value."""

    name: str
    value: Value
    node: Node
    read: bool
    place: int = 0
    """How many events of the program had happened by then."""


class Use(Struct, frozen=True, eq=False):
    """A call of a library, or of a method of something that is no object of the user's own, as it is written.

    `name` is canonical ("keras.layers.Dense", "numpy.random.seed"), `via` as the user reached it; a method is ".fit_transform" of
    `receiver`. A comparison of data is its special method (".__gt__"), and so is a measurement read from a history (".__getitem__").
    A call in a loop or function is there for each time that it was followed.
    """

    name: str
    via: str
    node: Node
    receiver: Value | None
    positional: tuple[Value, ...]
    keywords: Mapping[str, Value]
    value: Value
    """What it gave."""
    place: int
    """How many events of the program had happened by then."""
    loops: tuple[Loop, ...]
    doubt: str
    entry: object
    """As of an event."""
    guarded: bool = False
    """It stands in a branch that only some versions of Keras take (`if hasattr(...)`, `try … except ImportError`)."""
    inside: bool = False
    """It was followed into from a call of one of the user's layers or models on symbolic tensors."""

    def arg(self, position: int, *names: str) -> Value | None:
        """The argument at a position or under one of its names, or None when it was not given."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.positional[position] if position < len(self.positional) else None


class Import(Struct, frozen=True, eq=False):
    """A name of Keras or TensorFlow that a statement imports; `path` is as it is written: "keras.layers.core.Dense".

    `node` is the alias, or the statement of an `import *`; `module` is what stands behind `from`, or "".
    """

    path: str
    module: str
    node: Node
    statement: Node
    guarded: bool
    after: int = 0
    """How many calls of libraries (`uses`) had happened by then."""


class Reference(Struct, frozen=True, eq=False):
    """An attribute that is read or set: of something of Keras or TensorFlow (`via` as the user reached it), or of a value (`via` is "").

    `name` is canonical, or ".lr" of the value `base`. The parts of a longer chain (`tf.keras` of `tf.keras.layers`) are there as well.
    """

    name: str
    via: str
    node: Node
    base: Value
    guarded: bool
    assigned: Value | None = None
    """What it is set to."""


class Dropped(Struct, frozen=True, eq=False):
    """A layer that the program makes, or calls, and that nothing reads afterwards.

    `name` is what holds it: a variable, an attribute ("self.dense"), or "" for a statement that holds nothing. `called`: it is the output
    of the layer that is not read. `near` are the identities of all that it was computed from, or of the object that keeps it, `beside`
    those of the layers that the same cell or function makes before it and after it.
    """

    layer: Layer
    name: str
    called: bool
    near: tuple[object, ...]
    beside: tuple[tuple[object, ...], tuple[object, ...]]
    node: Node
    doubt: str


class Tape(Struct, frozen=True, eq=False):
    """A `with tf.GradientTape() as tape:`; `value` is the tape."""

    value: Value
    node: Node
    scope: Node | None
    """The body of the function, the script or the cell that it stands in."""


class Pass(Struct, frozen=True, eq=False):
    """A model that is called on data: `model(x, training=True)`.

    `training` is what it is called with, or else the default of the user's `call`; None when neither says anything.
    """

    model: Model
    identity: object
    node: Node
    training: Value | None
    given: bool
    """Whether `training` is given, or may be."""
    value: Value
    tapes: tuple[Tape, ...]
    """The tapes that record it."""
    place: int
    loops: tuple[Loop, ...]
    doubt: str
    entry: object
    """As of a use."""


class Program(Struct, frozen=True, eq=False):
    """One script or notebook, understood: the models it builds and what it does with them, in program order."""

    models: tuple[Model, ...]
    events: tuple[Event, ...]
    assignments: tuple[Assignment, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    """Everything that stayed unknown, for `kerlint show`."""
    uses: tuple[Use, ...] = ()
    """The calls of libraries, and what is set in `os.environ` (as calls of `os.environ.__setitem__`), in program order."""
    names: Mapping[str, str] = {}
    """What the names of the file itself stand for that are bound to something of a library: {"tf": "tensorflow"}, as imported."""
    files: tuple[Path, ...] = ()
    """The files of the project that were followed into."""
    whole: bool = True
    """Whether every cell of the source could be read."""
    imports: tuple[Import, ...] = ()
    """What is imported of Keras and TensorFlow, used or not, in program order."""
    references: tuple[Reference, ...] = ()
    """The attributes of Keras and TensorFlow that are not called, and those of values that Keras 3 has no longer."""
    branches: tuple[Node, ...] = ()
    """Conditions and loops of Python on symbolic tensors, in the `call` of the user's layers and models."""
    without_input: tuple[Node, ...] = ()
    """Calls of layers and models with a `None` in the list of their inputs."""
    passes: tuple[Pass, ...] = ()
    """The models called on data where a tape records it or the mode is given, in program order."""
    fixed: frozenset[object] = frozenset()
    """The layers and models that are called with `training=True` or `training=False` as it is written, whatever mode their model is in."""
    keras: tuple[int, int] = (3, 99)
    """The newest version of Keras that the project asks for."""

    dropped: tuple[Dropped, ...] = ()
    """The layers that lead nowhere."""
    namespaces: tuple[dict[str, Value], ...] = ()
    """The names of the scopes in which functions and classes are defined, and the attributes of objects: each leads back to itself."""

    def release(self) -> None:
        """Let go of the scopes, and of all answers, when nothing is asked any more.

        Then everything is freed at once, and not looked for as garbage.
        """
        for names in self.namespaces:
            names.clear()
        for forget in _FORGETTING:
            forget()

    def fits(self) -> Iterator[Event]:
        """The events in which weights are learned from data given to `fit` or `train_on_batch`."""
        return (event for event in self.events if event.kind in ("fit", "train_on_batch"))

    def of(self, identity: object) -> tuple[Event, ...]:
        """All events of one model, in order."""
        return _events_of(self).get(id(identity), ())

    def used(self, *names: str) -> list[Use]:
        """The calls of these names, in order."""
        calls = _calls(self)
        found = [calls[name] for name in {*names} if name in calls]
        if len(found) == 1:
            return list(found[0].values())
        return [use for _, use in sorted(pair for uses in found for pair in uses.items())] if found else []

    def used_as(self, wanted: Callable[[str], object]) -> list[Use]:
        """The calls of the names that are wanted, in order."""
        return self.used(*filter(wanted, _calls(self)))

    def place(self, event: Event) -> int:
        """The number of an event in the order of the program."""
        return _places(self)[id(event)]


# A generated script has thousands of events, and rules ask these things of each; each call of a library, some fifty rules would look at.


@kept()
def _events_of(program: Program) -> dict[int, tuple[Event, ...]]:
    found: dict[int, list[Event]] = {}
    for event in program.events:
        found.setdefault(id(event.identity), []).append(event)
    return {identity: tuple(events) for identity, events in found.items()}


@kept()
def _calls(program: Program) -> dict[str, dict[int, Use]]:
    """The calls of each name, each by its place among all calls."""
    found: defaultdict[str, dict[int, Use]] = defaultdict(dict)
    for place, use in enumerate(program.uses):
        found[use.name][place] = use
    return found


@kept()
def _places(program: Program) -> dict[int, int]:
    return {id(event): place for place, event in enumerate(program.events)}
