"""What the methods of a model do in a run: `fit` takes evidence and one real step, and returns the history that was asked for."""

from __future__ import annotations

import functools
import inspect
import math
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from kerlint.dynamic import gathering, probes, synthetic
from kerlint.dynamic.gathering import Data, UnreadableError
from kerlint.dynamic.loops import COUNTER
from kerlint.dynamic.measurements import Declined
from kerlint.dynamic.protocol import Compiled, FitBegun, FitEnded, LayerMade, Place
from kerlint.dynamic.reporting import Reporter
from kerlint.dynamic.subject import Budget, Subject

PLACE = "_kerlint_place"
"""The attribute of a layer, model or optimizer that says where the script makes it."""
MOST = 3
"""Trainings at one place of the script that are looked into; those of further rounds of its loop only run."""
SHARE, LONGEST = 1 / 3, 10.0
"""Part of the time left, and seconds, that the probes of one training get."""
NEVER = "the script does not come to train it"
LONGEST_REASON = 300
"""Characters."""
FEW = 512
"""Rows that `predict` computes; the others repeat them."""


@dataclass
class Known:
    """A model of the run."""

    number: int
    model: Any
    compiled: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None
    trained: int = 0
    left: tuple[float, ...] = ()
    """What tells the weights that the last training has left."""
    optimizer: Any = None
    """The one that a tape uses; a compiled model has its own."""
    described: Compiled | None = None
    """What was told of it last."""


class Training:
    """The models of one Keras (keras or tf_keras) in this process, and what was learned of them."""

    def __init__(self, reporter: Reporter, keras: ModuleType) -> None:
        self.reporter = reporter
        self.keras = keras
        self.backend = str(keras.config.backend() if hasattr(keras, "config") else "tensorflow")
        self.busy = False
        self.known: dict[int, Known] = {}
        self._fits = 0
        self._models: list[weakref.ref[Any]] = []
        self._visits: Counter[tuple[Place | None, str]] = Counter()

    def patch(self) -> None:
        """Put this into the classes of Keras."""
        model, layer, optimizer = self.keras.Model, self.keras.layers.Layer, self.keras.optimizers.Optimizer
        self._patch_new(layer)
        self._patch_optimizer(optimizer)
        for name, method in (
            ("compile", self._compile),
            ("fit", self._fit),
            ("train_on_batch", self._train_on_batch),
            ("predict", self._predict),
            ("evaluate", self._evaluate),
        ):
            self._replace(model, name, method)

    def _replace(self, cls: type, name: str, method: Callable[..., Any]) -> None:
        original = getattr(cls, name)
        signature = inspect.signature(original)

        @functools.wraps(original)
        def replaced(model: Any, *args: Any, **kwargs: Any) -> Any:
            if self.busy:
                return original(model, *args, **kwargs)
            try:
                arguments = signature.bind(model, *args, **kwargs).arguments
            except TypeError:
                return original(model, *args, **kwargs)  # Keras says what is wrong
            given = {key: value for key, value in list(arguments.items())[1:] if key != "kwargs"}
            return method(functools.partial(original, model), model, {**given, **arguments.get("kwargs", {})})

        setattr(cls, name, replaced)

    def _patch_new(self, layer: type) -> None:
        original: Any = layer.__new__

        def made(cls: type, *args: Any, **kwargs: Any) -> Any:
            new = original(cls) if original is object.__new__ else original(cls, *args, **kwargs)
            if not self.busy and PLACE not in vars(new):
                vars(new)[PLACE] = self.reporter.here()
                if issubclass(cls, self.keras.Model):
                    self._models.append(weakref.ref(new))
            return new

        layer.__new__ = made  # type: ignore[assignment,method-assign]

    def _patch_optimizer(self, optimizer: Any) -> None:
        original = optimizer.__init__

        @functools.wraps(original)
        def begun(this: Any, *args: Any, **kwargs: Any) -> None:
            vars(this).setdefault(PLACE, None if self.busy else self.reporter.here())
            original(this, *args, **kwargs)

        optimizer.__init__ = begun

    @contextmanager
    def working(self) -> Iterator[None]:
        """While this is open, methods of models do what Keras does."""
        before, self.busy = self.busy, True
        try:
            yield
        finally:
            self.busy = before

    # The methods

    def _compile(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        place = self.reporter.here()
        with self.working():
            result = original(**given)
        known = self.of(model)
        known.compiled, known.place = given, place
        with self.apart():
            self.describe(known)
        return result

    def _fit(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        place = self.reporter.here()
        COUNTER.step()
        with self.working():
            data, reason = self._gathered(given)
            epochs = max(1, int(given.get("epochs", 1)) - int(given.get("initial_epoch", 0)))
            if self._visit(place, "fit"):
                self._look(model, "fit", place, data, reason, epochs, given)
            history = original(**self._short(given, data))
        known = self.of(model)
        known.trained, known.left = known.trained + 1, _told_by(model)
        return _padded(history, given, epochs, data)

    def _train_on_batch(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        place = self.reporter.here()
        COUNTER.step()
        with self.working():
            if self._visit(place, "train_on_batch", 1):
                rows = next((len(leaf) for leaf in gathering.leaves(given.get("x")) if gathering.is_array(leaf)), None)
                self._look(model, "train_on_batch", place, *self._gathered({**given, "batch_size": rows}), 1, given)
            self.of(model).trained += 1
            return original(**given)

    def _predict(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        x = given.get("x")
        rows = {len(leaf) for leaf in gathering.leaves(x) if gathering.is_array(leaf)}
        with self.working():
            if len(rows) != 1 or min(rows) <= FEW or given.get("steps"):
                return original(**given)
            few = original(**{**given, "x": gathering.head(x, FEW)})
        return gathering.mapped(few, lambda part: np.resize(part, (*rows, *part.shape[1:])))

    def _evaluate(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        with self.working():
            data, _ = self._gathered(given)
            return original(**{**given, **self._single(data), **_one_step(data, "steps")} if data else given)

    def finish(self) -> None:
        """Probe the models that were compiled and never came to be trained, on synthetic data."""
        with self.working():
            for known in list(self.known.values()):
                if known.compiled and not known.trained:
                    self._untrained(known)

    def _untrained(self, known: Known) -> None:
        data, reason = None, ""
        with self.apart():
            try:
                data = synthetic.data(known.model, known.compiled)
            except UnreadableError as error:
                reason = str(error)
        self._look(known.model, "none", None, data, reason, 1, {}, NEVER)

    # What they share

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What goes wrong in here is a fault of this tool, told as such; the script goes on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the script must not stop for what it has not done
            reason = f"internal error, {type(error).__name__}: {error}"[:LONGEST_REASON]
            self.reporter.send(Declined(probe="probes", reason=reason, fit=self._fits))

    def _look(
        self,
        model: Any,
        kind: str,
        place: Place | None,
        data: Data | None,
        reason: str,
        epochs: int,
        given: Mapping[str, Any],
        why: str = "",
    ) -> None:
        """Take evidence of a training before its first step; `reason` says why there are no `data`, `why` why they are synthetic."""
        started = time.monotonic()
        with self.apart():
            fit = self._begin(model, kind, place, data, epochs, given, why)
            if data is None:
                self.reporter.send(Declined(probe="probes", reason=reason, fit=fit))
            else:
                self._probe(self._subject(fit, model, data, epochs, given, why), place)
            self.reporter.send(FitEnded(fit, round(time.monotonic() - started, 3)))

    def models(self) -> list[Any]:
        """The models that the script has made and still holds."""
        return [model for each in self._models if (model := each()) is not None]

    def begin_tape(self, model: Any, optimizer: Any, place: Place | None) -> int:
        """Note a training by a tape: how it is compiled is told by its optimizer."""
        known = self.of(model)
        known.optimizer = optimizer
        known.trained += 1
        return self._begin(model, "tape", place, None, 1, {})

    def of(self, model: Any) -> Known:
        """What is known of a model."""
        return self.known.setdefault(id(model), Known(len(self.known) + 1, model))

    def _visit(self, place: Place | None, kind: str, most: int = MOST) -> bool:
        self._visits[place, kind] += 1
        return self._visits[place, kind] <= most

    def _gathered(self, given: Mapping[str, Any]) -> tuple[Data | None, str]:
        split = float(given.get("validation_split") or 0.0)
        least = math.ceil(2 / min(split, 1 - split)) if 0 < split < 1 else 0
        steps = given.get("steps_per_epoch") or given.get("steps")
        try:
            return (
                gathering.gather(given.get("x"), given.get("y"), given.get("sample_weight"), given.get("batch_size"), steps, least),
                "",
            )
        except UnreadableError as error:
            return None, str(error)

    def _begin(
        self, model: Any, kind: str, place: Place | None, data: Data | None, epochs: int, given: Mapping[str, Any], synthetic: str = ""
    ) -> int:
        self._fits += 1
        known = self.of(model)
        if data:
            self._build(model, data)
        self.describe(known)
        self.reporter.send(
            FitBegun(
                self._fits,
                known.number,
                kind,
                place,
                known.place,
                data.rows if data else None,
                data.batch_size if data else None,
                epochs,
                data.steps * epochs if data and data.steps else None,
                gathering.shapes(data) if data else (),
                tuple(type(callback).__name__ for callback in _callbacks(given)),
                given.get("validation_data") is not None or bool(given.get("validation_split")),
                synthetic or self.reporter.synthetic,
            )
        )
        return self._fits

    def describe(self, known: Known) -> None:
        """Send what a model is and how it is compiled."""
        model = known.model
        optimizer = known.optimizer or getattr(model, "optimizer", None)
        layers = list(model._flatten_layers(include_self=False, recursive=True))
        described = Compiled(
            known.number,
            str(model.name),
            type(model).__name__,
            known.place,
            vars(model).get(PLACE),
            type(optimizer).__name__ if optimizer is not None else "",
            (vars(optimizer).get(PLACE) if optimizer is not None else None) or known.place,
            rate(optimizer),
            _named(known.compiled.get("loss")),
            tuple(filter(None, _named(known.compiled.get("metrics")).split(", "))),
            tuple(LayerMade(str(layer.name), type(layer).__name__, vars(layer).get(PLACE)) for layer in layers),
            int(model.count_params()) if model.built else None,
        )
        if described != known.described:
            known.described = described
            self.reporter.send(described)

    def _subject(self, fit: int, model: Any, data: Data, epochs: int, given: Mapping[str, Any], synthetic: str = "") -> Subject:
        known = self.of(model)
        return Subject(
            fit,
            self.keras,
            self.backend,
            model,
            data.x,
            data.y,
            data.weight,
            given.get("class_weight"),
            known.compiled,
            Budget(data.rows, data.batch_size, epochs, data.steps * epochs if data.steps else None),
            self._validation(given),
            data.whole,
            _callbacks(given),
            synthetic or self.reporter.synthetic,
            {str(layer.name): vars(layer).get(PLACE) for layer in model._flatten_layers(include_self=False, recursive=True)},
            known.trained,
            known.trained > 0 and known.left == _told_by(model),
        )

    def _validation(self, given: Mapping[str, Any]) -> tuple[Any, Any] | None:
        validation = given.get("validation_data")
        if validation is None:
            return None
        x, y, weight = gathering.unpacked(validation) if isinstance(validation, (tuple, list)) else (validation, None, None)
        try:
            data = gathering.gather(x, y, weight, None, given.get("validation_steps"))
        except UnreadableError:
            return None
        return data.x, data.y

    def _build(self, model: Any, data: Data) -> None:
        """Make the weights of a model that learns its input shape from the data. What Keras refuses here, it refuses in `fit`."""
        if not model.built:
            try:
                model(gathering.head(data.x, 2))
            except Exception:  # noqa: BLE001 - the same call in `fit` raises it to the script
                return

    def _places(self, subject: Subject, place: Place | None) -> list[Place]:
        """Every place of the script that makes a training what it is."""
        known = self.of(subject.model)
        optimizer = known.optimizer or getattr(subject.model, "optimizer", None)
        found = [place, known.place, vars(subject.model).get(PLACE), vars(optimizer).get(PLACE) if optimizer else None]
        return [each for each in (*found, *subject.layers.values()) if each]

    def _probe(self, subject: Subject, place: Place | None) -> None:
        if not subject.model.built:
            self.reporter.send(Declined(probe="probes", reason="the model could not be built from its data", fit=subject.fit))
            return
        budget = min(LONGEST, self.reporter.left() * SHARE)
        end = time.monotonic() + budget
        measured = probes.run(subject, budget, self.reporter.order.seeds, self.reporter.asked(self._places(subject, place)))
        with closing(measured):  # whose end puts the model back
            for event in measured:
                self.reporter.send(event)
                if time.monotonic() > end:
                    reason = f"the {budget:.0f} s for this training were up"
                    self.reporter.send(Declined(probe="further probes", reason=reason, fit=subject.fit))
                    break

    def _short(self, given: dict[str, Any], data: Data | None) -> dict[str, Any]:
        """The arguments of `fit` for one step of one epoch."""
        first = int(given.get("initial_epoch", 0))
        short = {**given, "epochs": first + 1, "verbose": 0}
        if data is None:
            return {**short, "steps_per_epoch": 1} if "steps_per_epoch" in given else short
        short |= {**self._single(data), **_one_step(data, "steps_per_epoch")}
        validation = given.get("validation_data")
        if validation is not None and data is not None:
            short |= self._short_validation(validation, given)
        return short

    def _single(self, data: Data) -> dict[str, Any]:
        return data.batch()

    def _short_validation(self, validation: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        x, y, weight = gathering.unpacked(validation) if isinstance(validation, (tuple, list)) else (validation, None, None)
        try:
            data = gathering.gather(x, y, weight, None, given.get("validation_steps"))
        except UnreadableError:
            return {}
        batch = data.batch()
        if data.kind == "arrays":
            return {"validation_data": tuple(part for part in (batch["x"], batch["y"], batch["sample_weight"]) if part is not None)}
        return {"validation_data": batch["x"], "validation_steps": 1}


def _one_step(data: Data | None, name: str) -> dict[str, Any]:
    return {} if data is None or data.kind == "arrays" else {name: 1}


def _callbacks(given: Mapping[str, Any]) -> tuple[Any, ...]:
    match given.get("callbacks"):
        case None:
            return ()
        case list() | tuple() as callbacks:
            return tuple(callbacks)
        case one:
            return (one,)


def _told_by(model: Any) -> tuple[float, ...]:
    """Numbers that other weights would not give."""
    return tuple(float(np.sum(weight, dtype=float)) for weight in model.get_weights())


def _padded(history: Any, given: Mapping[str, Any], epochs: int, data: Data | None) -> Any:
    """A history with a value for every epoch that the script asked for."""
    first = int(given.get("initial_epoch", 0))
    for name, values in history.history.items():
        history.history[name] = list(values[:1]) * epochs
    history.epoch = list(range(first, first + epochs))
    history.params = {**(history.params or {}), "epochs": first + epochs, "verbose": given.get("verbose", "auto")}
    if data and data.steps:
        history.params["steps"] = data.steps
    return history


def rate(optimizer: Any) -> float | None:
    """The learning rate of an optimizer, None for a schedule."""
    if optimizer is None or hasattr(getattr(optimizer, "_learning_rate", None), "get_config"):
        return None
    try:
        return float(np.array(optimizer.learning_rate))
    except (AttributeError, TypeError, ValueError):
        return None


def _named(thing: Any) -> str:
    match thing:
        case None:
            return ""
        case str():
            return thing
        case dict():
            return ", ".join(f"{key}: {_named(value)}" for key, value in thing.items())
        case list() | tuple():
            return ", ".join(map(_named, thing))
        case _:
            return str(getattr(thing, "__name__", type(thing).__name__))
