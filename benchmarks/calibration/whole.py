"""Runs a script with its trainings whole, and again with what rules suggest: `python -m benchmarks.calibration.whole SCRIPT NOTES WANTED`.

WANTED is JSON: for each line of a `fit` the codes of rules that are tried, and those that are tried if the training is a bad one. One line
of JSON for each training is added to NOTES. A training ends after SECONDS, those to compare it with after as many steps.
"""

from __future__ import annotations

import inspect
import json
import math
import runpy
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from kerlint.dynamic import gathering
from kerlint.dynamic.probes.baseline import UNKNOWN, baseline
from kerlint.dynamic.probes.course import Rows, accuracy, fresh, parted, rate_of
from kerlint.dynamic.probes.keeping import changed, restore, values
from kerlint.dynamic.probes.nesting import length, taken
from kerlint.dynamic.probes.passes import cost, number
from kerlint.dynamic.probes.statistics import standardized
from kerlint.dynamic.probes.structure import kernels, leaves
from kerlint.dynamic.probes.trainings import USUAL_RATES
from kerlint.dynamic.probes.variations import MODELS

SECONDS, OTHERS = 4.0, 0.5
"""What a training may take, and one that is not looked into."""
MOST = 3
JUDGED = 2000
"""Rows that a trained model is judged on."""
GAPS = ("KER112", "KER114", "KER502", "KER601")
ALIKE = {code: group for group in (GAPS, ("KER101", "KER102"), ("KER402", "KER403", "KER406")) for code in group}
"""Rules that are tried by the same trainings."""
LEARNED = 0.5
"""A training is a bad one unless it comes below this share of the best constant prediction's loss."""


class Whole:
    """The trainings of a script."""

    def __init__(self, keras: Any, script: str, notes: Path, wanted: dict[str, list[list[str]]]) -> None:
        self.keras, self.script, self.notes, self.wanted = keras, script, notes, wanted
        self.original = keras.Model.fit
        self.signature = inspect.signature(self.original)
        self.visits: Counter[int] = Counter()
        self.busy = False

    def fit(self, model: Any, *args: Any, **kwargs: Any) -> Any:
        """What `fit` does instead."""
        if self.busy:
            return self.original(model, *args, **kwargs)
        line = self._line()
        self.visits[line] += 1
        given = dict(list(self.signature.bind(model, *args, **kwargs).arguments.items())[1:])
        if self.visits[line] > 1 or len(self.visits) > MOST:
            return self.train(model, given, Limit(self.keras, seconds=OTHERS))
        self.busy = True
        try:
            return self._looked_into(model, line, given)
        finally:
            self.busy = False

    def _line(self) -> int:
        frame = inspect.currentframe()
        while frame is not None and frame.f_code.co_filename != self.script:
            frame = frame.f_back
        return frame.f_lineno if frame else 0

    def train(self, model: Any, given: dict[str, Any], limit: Any) -> Any:
        """A training that ends with a limit."""
        callbacks = given.get("callbacks") or []
        listed = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
        return self.original(model, **{**given, "verbose": 0, "callbacks": [*listed, limit]})

    def _looked_into(self, model: Any, line: int, given: dict[str, Any]) -> Any:
        x, y = given.get("x"), given.get("y")
        plain = y is not None and all(gathering.is_array(leaf) for leaf in (*gathering.leaves(x), *gathering.leaves(y)))
        data = (gathering.numpy(x), gathering.numpy(y)) if plain else None
        if data and not model.built:
            model(gathering.head(data[0], 2))
        start = values(model) if model.built else None
        optimizer, limit = model.optimizer, Limit(self.keras, seconds=SECONDS)
        note: dict[str, Any] = {"line": line, "rows": length(data[0]) if data else None}
        try:
            history = self.train(model, given, limit)
        except Exception as error:
            self._write({**note, "raises": f"{type(error).__name__}: {str(error)[:200]}"})
            raise
        compared = baseline(model.loss, data[1]) if data and not given.get("class_weight") else UNKNOWN
        losses = [float(loss) for loss in history.history.get("loss", [])]
        note |= {"unit": compared.unit, "scale": compared.scale or (abs(losses[0]) if losses and math.isfinite(losses[0]) else 1.0)}
        note |= {"epochs": len(losses), "steps": limit.taken, "stopped": limit.stopped}
        note["written"] = {**self._ending(model, data, history), "held": _last(history, "val_loss")}
        note["arms"] = {}
        if start is not None:
            end = values(model)
            always, otherwise = self.wanted.get(str(line), ([], []))
            loss = note["written"]["loss"]
            learned = loss is not None and loss / note["scale"] < LEARNED
            known: dict[tuple[str, ...], Any] = {}
            for code in always if learned else {*always, *otherwise}:
                group = ALIKE.get(code, (code,))
                try:
                    known[group] = known.get(group) or list(self._arms(code, model, start, optimizer, given, data, limit.taken))
                except Exception as error:  # noqa: BLE001 - told in the notes
                    known[group] = f"{type(error).__name__}: {str(error)[:200]}"
                note["arms"][code] = known[group]
            model.optimizer = optimizer
            model.train_function = model.test_function = model.predict_function = None
            restore(end)
        self._write(note)
        return history

    def _write(self, note: dict[str, Any]) -> None:
        with self.notes.open("a") as out:
            out.write(json.dumps(note) + "\n")

    def _ending(self, model: Any, data: Any, history: Any) -> dict[str, Any]:
        """The loss of training rows in prediction, and the accuracy."""
        told: dict[str, Any] = {"history": _last(history, "loss"), "first": _number((history.history.get("loss") or [math.nan])[0])}
        if data is None:
            return {**told, "loss": told["history"]}
        return {**told, **_judged(model, *data)}

    def _arms(
        self, code: str, model: Any, start: Any, optimizer: Any, given: dict[str, Any], data: Any, steps: int
    ) -> Iterator[dict[str, Any]]:
        rate = rate_of(optimizer, None)
        usual = USUAL_RATES.get(type(optimizer).__name__, 0.001)

        def again(name: str, at: float = rate, x: Any = None, y: Any = None, held: Any = None, scale: float = 1.0) -> dict[str, Any]:
            restore(start)
            model.optimizer = fresh(optimizer, rate)
            model.train_function = model.test_function = model.predict_function = None  # they have the model as it was
            model.optimizer.learning_rate = at
            other = {key: value for key, value in given.items() if not key.startswith("validation")}
            schedules = [each for each in self._callbacks(given) if isinstance(each, self.keras.callbacks.LearningRateScheduler)]
            epochs = 10_000 if held else given.get("epochs", 1)  # of fewer rows it takes more epochs
            told = {**other, "x": given.get("x") if x is None else x, "y": given.get("y") if y is None else y, "epochs": epochs}
            history = self.train(model, {**told, "callbacks": schedules if at == rate else []}, Limit(self.keras, steps=steps))
            ending = self._ending(model, (told["x"], told["y"]) if data else None, history)
            ending["loss"] = ending["loss"] * scale if ending["loss"] is not None else None
            return {"change": name, "held": _last(history, "val_loss"), **ending, **({"other": _judged(model, *held)} if held else {})}

        match code:
            case "KER101" | "KER102" if data:
                yield again("standardized inputs", x=standardized(data[0]))
            case "KER103" if data and baseline(model.loss, data[1]).unit in ("loss/var(y)", "loss/mad(y)"):
                yield again("standardized targets", y=standardized(data[1]), scale=float(np.var(data[1])))
            case "KER401":
                yield again(f"{rate / 10:.2g}", rate / 10)
                yield again(f"{rate / 100:.2g}", rate / 100)
            case "KER402" | "KER403" | "KER406":
                yield again(f"{rate * 10:.2g}", rate * 10)
                yield again(f"{usual:.2g}", usual)
            case _ if code in GAPS and data:
                learned, held = parted(Rows(data[0], data[1], None, 32))
                yield again("rows held out", x=learned.x, y=learned.y, held=(held.x, held.y))
            case "KER605" if data:
                yield again("the same")
                x, y = (taken(part, slice(0, 256)) for part in data)
                apart = [float(number(cost(model, x, y, model(x, training=training), None))) for training in (True, False)]
                yield {"change": "training mode", "loss": apart[0]} | {"prediction": apart[1]}
            case "KER206":
                start = self._drawn_anew(model, start)
                yield again("glorot_uniform")
            case "KER604":
                with changed(*((weight, "regularizer", None) for weight in model.weights if getattr(weight, "regularizer", None))):
                    yield again("no penalty")
            case _ if code in MODELS:
                name, find = MODELS[code]
                bench: Any = SimpleNamespace(subject=SimpleNamespace(model=model, keras=self.keras, compiled={"loss": model.loss}))
                changes = find(bench)
                if changes:
                    with ExitStack() as stack:
                        stack.enter_context(changed(*changes))
                        yield again(name)

    def _drawn_anew(self, model: Any, start: Any) -> Any:
        """The weights of a start, those that are equal drawn anew."""
        restore(start)
        for layer in leaves(model):
            for weight in kernels(layer)[:1]:
                if float(number(weight).std()) == 0:
                    weight.assign(self.keras.initializers.GlorotUniform(seed=1)(tuple(weight.shape)))
        return values(model)

    def _callbacks(self, given: dict[str, Any]) -> list[Any]:
        callbacks = given.get("callbacks") or []
        return list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]


def _judged(model: Any, x: Any, y: Any) -> dict[str, Any]:
    index = np.random.RandomState(1).permutation(length(x))[:JUDGED]
    some, labels = taken(gathering.numpy(x), index), taken(gathering.numpy(y), index)
    loss = model.evaluate(some, labels, verbose=0, return_dict=True)["loss"]
    return {"loss": _number(loss), "accuracy": accuracy(model.predict(some, verbose=0), labels)}


def _last(history: Any, name: str) -> float | None:
    found = history.history.get(name)
    return _number(found[-1]) if found else None


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(float(value)) else None


def Limit(keras: Any, seconds: float = math.inf, steps: float = math.inf) -> Any:  # noqa: N802 - a class, once Keras is there
    """A callback that ends a training."""

    class Ending(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.taken, self.stopped, self.end = 0, False, time.monotonic() + seconds

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.taken += 1
            if self.taken >= steps or time.monotonic() > self.end:
                self.model.stop_training, self.stopped = True, True

    return Ending()


def main(script: str, notes: str, wanted: str) -> None:
    """Run a script."""
    import keras

    whole = Whole(keras, script, Path(notes), json.loads(wanted))
    replaced: Callable[..., Any] = lambda model, *args, **kwargs: whole.fit(model, *args, **kwargs)  # noqa: E731
    keras.Model.fit = replaced
    sys.argv = [script]
    sys.path[0] = str(Path(script).parent)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:4])
