"""What the methods of a model do in a run: `fit` takes evidence and one real step, and returns the history that was asked for."""

from __future__ import annotations

import functools
import inspect
import os
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from types import ModuleType
from typing import Any

import numpy as np

from kerlint.dynamic import gathering, probes, synthetic, weights
from kerlint.dynamic.calls import LONGEST_REASON, Call, call
from kerlint.dynamic.describing import PLACE, Known, layers, place_of, told_by
from kerlint.dynamic.eagerness import eager
from kerlint.dynamic.gathering import UnreadableError
from kerlint.dynamic.loops import COUNTER
from kerlint.dynamic.measurements import Declined, Trained
from kerlint.dynamic.probes.facts import settled
from kerlint.dynamic.probes.keeping import restore, values
from kerlint.dynamic.protocol import FitBegun, FitEnded, Place
from kerlint.dynamic.reporting import Reporter
from kerlint.dynamic.subject import Subject

MOST = 3
"""Trainings at one place of the script that are looked into; those of further rounds of its loop only run."""
SHARE, LONGEST = 1 / 3, 20.0
"""Part of the time left, and seconds, that the probes of one training get."""
NEVER = "the script does not come to train it"
FEW = 512
"""Rows that `predict` computes; the others repeat them."""


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
            ("save", self._save),
            ("save_weights", self._save),
            ("load_weights", weights.load_weights),
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
        early = model.built and str(self.keras.__version__).startswith("2.")  # Keras 2 settles here what the step changes, Keras 3 at fit
        known.learning = frozenset(map(id, model.trainable_weights)) if early else frozenset()
        with self.apart():
            self.describe(known)
        return result

    def _fit(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        place = self.reporter.here()
        COUNTER.step()
        with self.working():
            asked = call(given)
            visited = self._visit(place, "fit")
            if visited:
                self._look(model, "fit", place, asked)
            known = self.of(model)
            known.learning = known.learning or frozenset(map(id, model.trainable_weights))
            with self.eager(model), self.keeping(model) if known.ahead else nullcontext():
                history = original(**asked.short())
            for fact in settled(self._fits, model, known.learning) if visited else ():
                self.reporter.send(fact)
        known.trained, known.left, known.ahead = known.trained + 1, told_by(model), False
        return asked.padded(history)

    def _train_on_batch(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        place = self.reporter.here()
        COUNTER.step()
        with self.working():
            if self._visit(place, "train_on_batch", 1):
                rows = next((len(leaf) for leaf in gathering.leaves(given.get("x")) if gathering.is_array(leaf)), None)
                self._look(model, "train_on_batch", place, call({**given, "batch_size": rows}))
            self.of(model).trained += 1
            return original(**given)

    def _predict(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        x = given.get("x")
        rows = {len(leaf) for leaf in gathering.leaves(x) if gathering.is_array(leaf)}
        with self.working():
            if len(rows) != 1 or given.get("steps"):
                return original(**given)
            with self.eager(model):
                few = original(**{**given, "x": gathering.head(x, FEW)})
        if min(rows) <= FEW:
            return few
        return gathering.mapped(few, lambda part: np.resize(part, (*rows, *part.shape[1:])))

    def _evaluate(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        with self.working(), self.eager(model):
            asked = call(given)
            return original(**{**given, **asked.single("steps")} if asked.data else given)

    def _save(self, original: Callable[..., Any], model: Any, given: dict[str, Any]) -> Any:
        path = given.get("filepath")
        if isinstance(path, (str, os.PathLike)) and os.path.islink(path):
            os.unlink(path)  # a large file of the user's, which the copy links to: HDF5 would write through it, and be refused
        return original(**given)

    def finish(self) -> None:
        """Probe the models that were compiled and never came to be trained, on synthetic data."""
        with self.working():
            for known in list(self.known.values()):
                if known.compiled and not known.trained and not known.probed:
                    self._untrained(known)

    def _untrained(self, known: Known) -> None:
        asked = Call({}, None, "internal error")
        with self.apart():
            try:
                asked = Call({}, synthetic.data(known.model, known.compiled))
            except UnreadableError as error:
                asked = Call({}, None, str(error))
        self._look(known.model, "none", None, asked, NEVER)

    # What they share

    @contextmanager
    def apart(self) -> Iterator[None]:
        """What goes wrong in here is a fault of this tool, told as such; the script goes on."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the script must not stop for what it has not done
            reason = f"internal error, {type(error).__name__}: {error}"[:LONGEST_REASON]
            self.reporter.send(Declined(probe="probes", reason=reason, fit=self._fits))

    def _look(self, model: Any, kind: str, place: Place | None, asked: Call, why: str = "") -> None:
        """Take evidence of a training before its first step; `why` says why its data are not the user's own."""
        started = time.monotonic()
        with self.apart():
            fit = self._begin(model, kind, place, asked, why)
            if asked.data is None:
                self.reporter.send(Declined(probe="probes", reason=asked.reason, fit=fit))
            else:
                self._probe(model, fit, kind, place, asked, why)
            self.reporter.send(FitEnded(fit, round(time.monotonic() - started, 3)))

    def eager(self, model: Any) -> AbstractContextManager[None]:
        """While this is open, a step of a model is not traced, where that comes to the same."""
        return eager(model, self.of(model).compiled, self.keras, self.backend)

    def models(self) -> list[Any]:
        """The models that the script has made and still holds."""
        return [model for each in self._models if (model := each()) is not None]

    @contextmanager
    def keeping(self, model: Any) -> Iterator[None]:
        """For a model that has taken all of its steps: the one for the callbacks, by an optimizer that is new, is none of them."""
        left = values(model)
        yield
        restore(left)

    def begin_tape(self, model: Any, optimizer: Any, place: Place | None) -> int:
        """Note a training by a tape: how it is compiled is told by its optimizer."""
        known = self.of(model)
        known.applied = optimizer
        known.trained += 1
        return self._begin(model, "tape", place, Call({}, None))

    def of(self, model: Any) -> Known:
        """What is known of a model."""
        return self.known.setdefault(id(model), Known(len(self.known) + 1, model))

    def describe(self, known: Known) -> None:
        """Send what a model is and how it is compiled, if that is news."""
        described = known.describe()
        if described != known.described:
            known.described = described
            self.reporter.send(described)

    def _visit(self, place: Place | None, kind: str, most: int = MOST) -> bool:
        self._visits[place, kind] += 1
        return self._visits[place, kind] <= most

    def _begin(self, model: Any, kind: str, place: Place | None, asked: Call, why: str = "") -> int:
        self._fits += 1
        known, data = self.of(model), asked.data
        if data and not model.built:
            self._build(model, data.x)
        self.describe(known)
        self.reporter.send(
            FitBegun(
                self._fits,
                known.number,
                kind,
                place,
                known.place,
                asked.budget.rows,
                data.batch_size if data else None,
                asked.epochs,
                asked.budget.updates,
                gathering.shapes(data) if data else (),
                tuple(type(callback).__name__ for callback in asked.callbacks),
                asked.validated,
                why or self.reporter.synthetic,
                self.reporter.weights,
            )
        )
        return self._fits

    def _build(self, model: Any, x: Any) -> None:
        """Make the weights of a model that learns its input shape from the data. What Keras refuses here, it refuses in `fit`."""
        try:
            model(gathering.head(x, 2))
        except Exception:  # noqa: BLE001 - the same call in `fit` raises it to the script
            return

    def _probe(self, model: Any, fit: int, kind: str, place: Place | None, asked: Call, why: str) -> None:
        if not model.built:
            self.reporter.send(Declined(probe="probes", reason="the model could not be built from its data", fit=fit))
            return
        budget = min(LONGEST, self.reporter.left() * SHARE)
        end = time.monotonic() + budget
        known = self.of(model)
        known.probed, known.ahead = True, False
        codes = self.reporter.asked([*([place] if place else []), *known.events()], list(known.made()))
        measured = probes.run(self._subject(model, fit, kind, asked, why), budget, self.reporter.order.seeds, codes)
        with closing(measured):  # whose end puts the model back
            for event in measured:
                self.reporter.send(event)
                known.ahead |= isinstance(event, Trained)
                if time.monotonic() > end:
                    reason = f"the {budget:.0f} s for this training were up"
                    self.reporter.send(Declined(probe="further probes", reason=reason, fit=fit))
                    break

    def _subject(self, model: Any, fit: int, kind: str, asked: Call, why: str) -> Subject:
        known, data, validation = self.of(model), asked.data, asked.validation
        assert data is not None
        return Subject(
            fit,
            self.keras,
            self.backend,
            model,
            data.x,
            data.y,
            data.weight,
            asked.given.get("class_weight"),
            known.compiled,
            asked.budget,
            (validation.x, validation.y) if validation else None,
            data.whole,
            asked.callbacks,
            why or self.reporter.synthetic,
            {str(layer.name): place_of(layer) for layer in layers(model)},
            known.trained,
            known.carried,
            goes_on=kind == "fit",
        )
