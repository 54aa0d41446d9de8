"""Which head meets which loss, labels and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kerlint.checks import certainty, graph
from kerlint.checks.places import origin_of, related
from kerlint.finding import Confidence, Related
from kerlint.semantics.program import Compile, Event, Layer, Model, Program, Shape, kept
from kerlint.semantics.provenance import Facts, facts, labels_of
from kerlint.semantics.values import Const, Items, Table, Term, Value, number
from kerlint.semantics.wording import words

if TYPE_CHECKING:
    from kerlint.checks.certainty import Doubted
    from kerlint.syntax.nodes import Node

KINDS = {
    "BinaryCrossentropy": "binary",
    "BinaryFocalCrossentropy": "binary",
    "CategoricalCrossentropy": "categorical",
    "CategoricalFocalCrossentropy": "categorical",
    "SparseCategoricalCrossentropy": "sparse",
    "MeanSquaredError": "regression",
    "MeanAbsoluteError": "regression",
    "MeanAbsolutePercentageError": "regression",
    "MeanSquaredLogarithmicError": "regression",
    "Huber": "regression",
    "LogCosh": "regression",
}
"""What the losses of Keras are for; a loss that is not listed, or that is computed over another axis, is for nothing known."""

CROSSENTROPIES = frozenset({"binary", "categorical", "sparse"})
ONE_OF_MANY = frozenset({"categorical", "sparse"})
ACCURACIES = frozenset(
    f"{kind}Accuracy" for kind in ("", "Binary", "Categorical", "SparseCategorical", "TopKCategorical", "SparseTopKCategorical")
)
LEARNING = ("fit", "train_on_batch")
_FED = (*LEARNING, "evaluate")
_USING = frozenset({"predict", "load_weights", "set_weights"})


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """One output of a compiled model: its head, the loss and the metrics that read it, and the events in which they meet."""

    model: Model
    head: graph.Head
    loss: Term
    metrics: tuple[Value, ...]
    compiled: Compile
    events: tuple[Event, ...]

    @property
    def kind(self) -> str:
        """What the loss is for: binary, categorical, sparse, regression, or "" when that is not known."""
        along = self.loss.args.get("axis")
        return KINDS.get(self.loss.name.rpartition(".")[2], "") if along is None or number(along) == -1 else ""

    @property
    def from_logits(self) -> bool | None:
        """Whether the loss applies softmax or sigmoid itself; None when that is not known."""
        match self.loss.args.get("from_logits"):
            case Const(bool() as flag):
                return flag
            case _:
                return None

    @property
    def activation(self) -> str | None:
        """The outermost activation of the head; "linear" for none, None when it is not known."""
        return self.head.activation

    @property
    def units(self) -> int | None:
        """The length of the last axis of the output."""
        return self.head.units

    @property
    def alone(self) -> bool:
        """Whether a loss for one class of many reads one unit: that fault is told by KER301 and KER302, and by no other rule."""
        return self.kind in ONE_OF_MANY and self.units == 1

    @property
    def accuracy(self) -> Value | None:
        """The first metric that counts right answers, or None."""
        return next((metric for metric in self.metrics if _counts(metric)), None)

    @property
    def shares_metrics(self) -> bool:
        """Whether one list of metrics was given for several outputs, so that some of them may be meant for another output."""
        return len(self.compiled.metrics) > 1 and self.compiled.metrics.count(self.metrics) > 1

    @property
    def place(self) -> Node | None:
        """Where the loss is written."""
        return self.loss.node or self.compiled.node

    @property
    def called(self) -> str:
        """The loss in the user's words, where they say which one it is (a variable does not)."""
        written = words(self.loss)
        return self.loss.name.rpartition(".")[2] if written.isidentifier() else written.strip("\"'")

    @property
    def scope(self) -> tuple[Node | None, ...]:
        """Where a suppression counts too: the compile and the events that it is in force for."""
        return (self.compiled.node, *(event.node for event in self.events))

    def at_head(self) -> tuple[Related, ...]:
        """The head as the other half of a finding at the loss."""
        head = related(self.head.activation_node, f"the head of the model: {self.activation or 'activation not known'}")
        return (*origin_of(self.loss), *head)

    def at_loss(self) -> tuple[Related, ...]:
        """The loss as the other half of a finding at the head."""
        return (*written(self.head), *related(self.place, "the loss that reads this head"))

    def confidence(self, *grounds: Doubted | None) -> Confidence:
        """How sure a finding about activation and loss is; `grounds` are what else it rests on."""
        acting = (layer.arg("activation") for layer in _behind(self.head))
        return certainty.of(self.model, self.events[0], self.loss, self.loss.args.get("from_logits"), *acting, *grounds)

    def labels(self) -> Iterator[tuple[Event, Facts]]:
        """What is known of the labels that each event hands to this output."""
        for event in self.events:
            if event.kind in _FED:
                yield event, self.labels_of(event)

    def labels_of(self, event: Event) -> Facts:
        """What is known of the labels that one event hands to this output."""
        return labels_of(event) if len(self.model.outputs) == 1 else facts(self._share(event.y))

    def _share(self, labels: Value | None) -> Value | None:
        match labels:
            case Items(items) if len(items) == len(self.model.outputs):
                return items[self.head.index]
            case Table(entries):
                return entries.get(self.head.output.name)
            case _:
                return None


def written(head: graph.Head) -> tuple[Related, ...]:
    """Where the activation of a head was first written, if elsewhere."""
    return origin_of(head.place.arg("activation"))


def source(labels: Facts) -> tuple[Related, ...]:
    """Where labels come from, as the other half of a finding."""
    node = labels.origin.node if labels.origin else None
    return () if node is None else (Related(node, "the labels come from here", labels=True),)


def _counts(metric: Value) -> bool:
    match metric:
        case Const(str() as name):
            return name.lower() in ("accuracy", "acc")
        case Term(name):
            return name.startswith("keras.metrics.") and name.rpartition(".")[2] in ACCURACIES
        case _:
            return False


def _behind(head: graph.Head) -> Iterator[Layer]:
    """The layers from the output back to the weight layer of a head."""
    layer = head.output
    while layer is not head.layer and len(layer.inputs) == 1:
        yield layer
        (layer,) = layer.inputs
    yield layer


def width(head: graph.Head) -> int | None:
    """Over how many numbers the activation of a head runs: the last axis where it is applied, which need not be that of the output."""
    for layer in _behind(head):
        if graph.own(layer) != "linear":
            return layer.shape[-1] if layer.shape else head.units if layer is head.output else None
    return None


@kept(most=2)
def pairs(program: Program, formal: bool = False) -> tuple[Pair, ...]:
    """Every output of every compiled model with its loss, each combination of places in the code once, in program order.

    `formal`: those too whose loss is a formality, because the model only predicts.
    """
    found: dict[tuple[object, ...], Pair] = {}
    for compiled, events in _uses(program):
        model = next((event.model for event in events if event.kind in LEARNING and event.model), events[0].model)
        heads = graph.heads(model) if model else ()
        if model is None or not formal and _only_used(program, events) or not len(heads) == len(compiled.losses) == len(compiled.metrics):
            continue
        for head, loss, metrics in zip(heads, compiled.losses, compiled.metrics, strict=True):
            match loss:
                case Term():
                    pair = Pair(model, head, loss, metrics, compiled, tuple(events))
                    key = (compiled.node, head.layer.node, head.index, pair.activation, pair.units, loss.name, pair.from_logits)
                    found[key] = replace(found[key], events=(*found[key].events, *events)) if key in found else pair
    return tuple(found.values())


def _uses(program: Program) -> Iterator[tuple[Compile, list[Event]]]:
    """Each compile with the events in which it is in force and the model is known, its own among them."""
    uses: dict[int, tuple[Compile, list[Event]]] = {}
    for event in program.events:
        if event.compiled is not None and event.model is not None:
            uses.setdefault(id(event.compiled), (event.compiled, []))[1].append(event)
    yield from uses.values()


def _only_used(program: Program, events: list[Event]) -> bool:
    """Whether a model is compiled but never fed labels, and predicts or takes its weights from elsewhere: its loss is a formality."""
    if any(event.kind in _FED for event in events):
        return False
    return any(event.kind in _USING for event in program.of(events[0].identity))


def stands_in_another(program: Program, pair: Pair) -> bool:
    """Whether the model is a part of a larger one, as the judge of an adversarial pair is."""
    others = (model for model in program.models if model.identity is not pair.model.identity and len(model.layers) > len(pair.model.layers))
    return any(layer.identity is pair.head.output.identity for model in others for layer in model.layers)


def final_heads(program: Program) -> Iterator[tuple[Model, graph.Head]]:
    """Every head that no model goes on computing with, compiled or not, once."""
    read = {layer.identity for model in program.models for layer in model.layers if layer not in model.outputs}
    seen: set[object] = set()
    for model in graph.models(program):
        for head in graph.heads(model):
            key = (head.activation_node, head.activation, head.units)
            if head.output.identity not in read and key not in seen:
                seen.add(key)
                yield model, head


def misfit(pair: Pair, labels: Shape | None) -> str:
    """How labels contradict the output that the loss compares them with: "breaks" (Keras stops), "broadcasts" (it goes on), or "".

    Measured with Keras 3.15: a cross-entropy refuses every other shape; the regression losses broadcast as numpy does, after a last
    axis of length 1 was dropped from the side with the higher rank.
    """
    output = pair.head.output.shape
    if not labels or not output or not pair.kind:
        return ""
    if pair.kind == "sparse":
        labels, output = _without_unit(labels, len(output)), output[:-1]
    else:
        labels, output = _without_unit(labels, len(output) + 1), _without_unit(output, len(labels) + 1)
    if len(labels) == len(output):
        differing = [axes for axes in zip(labels[1:], output[1:], strict=True) if None not in axes and axes[0] != axes[1]]
        if not differing:
            return ""
        return "broadcasts" if pair.kind == "regression" and all(1 in axes for axes in differing) else "breaks"
    if abs(len(labels) - len(output)) == 1 and max(labels, output, key=len)[-1] is None:
        return ""  # the open axis may have length 1 and be dropped
    return "broadcasts" if pair.kind == "regression" and _broadcast(labels, output) else "breaks"


def _without_unit(shape: Shape, rank: int) -> Shape:
    """A shape without its last axis, where it has this rank and that axis has length 1."""
    return shape[:-1] if len(shape) == rank > 1 and shape[-1] == 1 else shape


def _broadcast(labels: Shape, output: Shape) -> bool:
    """Whether shapes of different ranks broadcast; the batch axis then meets an inner one, where only 1 helps."""
    batch = 0  # no axis is that long
    axes = zip(reversed((batch, *labels[1:])), reversed((batch, *output[1:])), strict=False)
    return all(one == other or 1 in (one, other) or None in (one, other) for one, other in axes)
