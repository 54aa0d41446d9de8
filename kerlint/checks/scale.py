"""How large the numbers are that enter a model, as they came, before its first weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kerlint.checks import certainty, intake
from kerlint.checks.graph import NORMALIZATIONS
from kerlint.finding import Severity
from kerlint.semantics.provenance import Facts, inputs_of
from kerlint.semantics.values import Term, number
from kerlint.semantics.wording import figure, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kerlint.finding import Confidence
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Model, Program
    from kerlint.semantics.values import Value
    from kerlint.syntax.nodes import Node

ENCODED = frozenset({"text", "object", "tokens", "one-hot", "multi-hot", "binary"})
"""Forms of inputs whose numbers are no quantities, or are 0 and 1."""

PICTURES = frozenset({"images", "directory"})


@dataclass(frozen=True, slots=True)
class Fed:
    """Data that enters a model at the scale it came with, in one fit."""

    event: Event
    model: Model
    value: Value
    found: Facts

    @property
    def node(self) -> Node | None:
        """The argument that holds it."""
        return self.value.node

    @property
    def confidence(self) -> Confidence:
        """How sure all of this is."""
        return certainty.of(self.found, self.event, self.model, self.value)


def unscaled(program: Program) -> Iterator[Fed]:
    """Every fit in which quantities reach the first weights unscaled; the same data of the same model is told once."""
    seen: set[tuple[object, object]] = set()
    for event in program.fits():
        found = inputs_of(event)
        key = (event.identity, found.origin.node if found.origin else event.x)
        if (
            event.x is None
            or event.model is None
            or found.scaled is not False
            or not found.resolved
            or key in seen
            or _absorbed(event.model)
        ):
            continue
        if found.form not in ENCODED and not any(step.effect in ("encode", "text") for step in found.path) and intake.raw(event.model):
            seen.add(key)
            yield Fed(event, event.model, event.x, found)


def _absorbed(model: Model) -> bool:
    """Whether each first layer with weights is normalized at once: what comes out is then the same at every scale of the inputs."""
    readers = [model.readers(layer) for layer in intake.first(model) or ()]
    return bool(readers) and all(found and all(reader.kind in NORMALIZATIONS for reader in found) for found in readers)


def diverging(fed: Fed, rule: Rule) -> Severity | None:
    """Error where plain gradient descent meets numbers this large at a rate that is not tiny and a loss as steep as the error is large."""
    compiled, most = fed.event.compiled, magnitude(fed.found) or 0
    if compiled is None or all(
        isinstance(loss, Term) and loss.name.rpartition(".")[2] in rule["steady_losses"] for loss in compiled.losses
    ):
        return None
    rate = number(compiled.learning_rate) if compiled.optimizer_class == "keras.optimizers.SGD" else None
    return Severity.error if rate is not None and most >= rule["large"] and rate * most >= rule["reach"] else None


def magnitude(found: Facts) -> float | None:
    """The greatest absolute value, or None when it is not known."""
    return None if found.low is None or found.high is None else max(abs(found.low), abs(found.high))


def pictures(found: Facts) -> bool:
    """Whether the numbers are pixels."""
    return found.form == "image" or (found.origin is not None and found.origin.kind in PICTURES)


def application(model: Model) -> str:
    """The application that reads the input first and does not scale it, or ""."""
    return next((layer.kind for layer in intake.first(model) or () if layer.kind in intake.APPLICATIONS), "")


def magnitudes(found: Facts) -> list[tuple[float, int]]:
    """The greatest absolute value of each column with its number from one; constant columns and those of 0 and 1 are left out."""
    columns = enumerate(found.columns or (), 1)
    sizes = [(max(abs(low), abs(high)), place) for place, (low, high) in columns if low != high and (low, high) != (0, 1)]
    return [pair for pair in sizes if pair[0]]


def ratio(found: Facts) -> float:
    """How many times larger the numbers of one column are than those of another; 1 when there are no two to compare."""
    sizes = [size for size, _ in magnitudes(found)]
    return max(sizes) / min(sizes) if sizes else 1


def extremes(found: Facts) -> dict[str, Any]:
    """The two columns that lie farthest apart, as facts for a message."""
    (least, narrow), (most, wide) = min(sizes := magnitudes(found) or [(1, 1)]), max(sizes)
    return {"narrow": narrow, "least": figure(least), "wide": wide, "most": figure(most), "ratio": figure(round(most / least))}


def subject(fed: Fed) -> str:
    """The data with its source and range: "`x_train` comes from `cifar10.load_data()` (0-255) and"."""
    found, name = fed.found, words(fed.value)
    span = "" if found.low is None or found.high is None else f" ({_span(found.low, found.high)})"
    if found.origin is None or found.origin.name == name:
        return f"`{name}`{span}"
    return f"`{name}` comes from `{found.origin.name}`{span} and"


def _span(low: float, high: float) -> str:
    return f"{figure(low)}-{figure(high)}" if low >= 0 else f"{figure(low)} to {figure(high)}"
