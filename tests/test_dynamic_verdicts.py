"""Verdicts from measurements alone: nothing here needs Keras."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kerlint.dynamic import verdicts
from kerlint.dynamic.exercise import Exercise
from kerlint.dynamic.measurements import (
    Activations,
    Arm,
    Array,
    Counterfactual,
    Declined,
    Fact,
    Failed,
    FirstLoss,
    Gap,
    Gradients,
    LayerActivation,
    LayerGradient,
    Output,
    Probed,
    Rates,
    Shuffled,
    Statistics,
)
from kerlint.dynamic.protocol import Compiled, FitBegun, LayerMade, Place, Stopped, decode, encode
from kerlint.dynamic.verdicts import CRASHES, judged, measurable, noticed, stopped, verdict_of
from kerlint.rule import rules

FIT = Place("train.py", 9, 9)


def exercise(*measured: Probed, loss: str = "mse", updates: int | None = 40, batch: int | None = 32, **more: Any) -> Exercise:
    """A training with what was measured of it, as it comes out of the events of a run."""
    begun = FitBegun(1, 1, "fit", FIT, FIT, 100, batch, 10, updates, **more)
    made = (LayerMade("hidden", "Dense", Place("train.py", 5, 5)),)
    compiled = Compiled(1, "model", "Sequential", FIT, FIT, "Adam", FIT, 0.001, loss, (), made, 100)
    return Exercise(begun, compiled, tuple(decode(encode(event)) for event in measured))  # type: ignore[misc]


def data(*arrays: Array, **more: Any) -> Statistics:
    return Statistics(fit=1, arrays=arrays, **{"parameters": 200, "trainable": 200, **more})


def x(low: float = -2.0, high: float = 2.0, **more: Any) -> Array:
    return Array("x", "", "float64", more.pop("shape", (100, 4)), low=low, high=high, **more)


def y(low: float, high: float, **more: Any) -> Array:
    return Array("y", "", "int64", more.pop("shape", (100,)), low=low, high=high, **more)


def first(loss: float | None = 2.3, shape: tuple[int, ...] = (32, 10), **more: Any) -> FirstLoss:
    expected, penalty = more.pop("expected", 2.3), more.pop("penalty", 0.0)
    return FirstLoss(fit=1, loss=loss, expected=expected, basis="ln 10", penalty=penalty, outputs=(Output("", shape, **more),))


def layers(*received: LayerActivation) -> Activations:
    return Activations(fit=1, layers=received)


def slopes(ratio: float | None = 1.0, **more: Any) -> Gradients:
    layer = LayerGradient(
        "hidden",
        "Dense",
        norm=more.pop("norm", 1.0),
        weight_std=more.pop("spread", 0.1),
        equal_units=more.pop("equal", False),
        parameters=160,
    )
    return Gradients(fit=1, layers=(layer,), ratio=ratio, **more)


def against(
    code: str, written: tuple[float | None, ...], changed: tuple[float | None, ...], held: tuple[tuple[float, ...], ...] = ((), ())
) -> Counterfactual:
    arms = (Arm("", (3.0,) * len(written), written, held=held[0]), Arm("relu", (3.0,) * len(changed), changed, held=held[1]))
    return Counterfactual(fit=1, rule=code, steps=40, unit="loss/var(y)", scale=1.0, arms=arms)


def at_rates(
    *rates: tuple[float, tuple[float | None, ...]], held: tuple[tuple[float, ...], ...] = (), peaks: tuple[float, ...] = (), **more: Any
) -> Rates:
    """`peaks` are those of the first rate."""
    helds, tops = held or ((),) * len(rates), (peaks, *((),) * len(rates))
    arms = tuple(
        Arm("", (2.0,) * len(last), last, rate=rate, update_ratio=1e-6, held=one, peak=peak)
        for (rate, last), one, peak in zip(rates, helds, tops, strict=False)
    )
    return Rates(fit=1, steps=40, unit="loss/var(y)", scale=1.0, arms=arms, **more)


def permuted(
    written: tuple[float, ...],
    chance: tuple[float, ...],
    learned: tuple[float, ...] = (0.9, 0.9, 0.9),
    right: tuple[float, ...] = (),
    steps: int = 80,
) -> Shuffled:
    arms = (
        Arm("", (2.0,) * 3, learned, held=written, held_accuracy=right),
        Arm("permuted labels", (2.0,) * 3, (0.9,) * 3, held=chance),
    )
    return Shuffled(fit=1, steps=steps, unit="loss/var(y)", scale=1.0, arms=arms, constant_accuracy=0.1 if right else None)


def losses_apart(train: float, held: float, **more: Any) -> Gap:
    told: dict[str, Any] = {"fit": 1, "steps": 40, "rows": 70, "held_out": 30, "unit": "loss/var(y)", "scale": 1.0, "constant_loss": 1.0}
    return Gap(train_loss=train, held_loss=held, **{**told, **more})


def apart(train: float, held: float, **more: Any) -> Gap:
    return Gap(
        fit=1,
        steps=more.pop("steps", 200),
        rows=more.pop("rows", 70),
        held_out=30,
        unit="loss/H(y)",
        scale=1.0,
        train_loss=0.1,
        held_loss=0.3,
        train_accuracy=train,
        held_accuracy=held,
        constant_accuracy=0.5,
        **more,
    )


def fact(name: str, value: float | None) -> Fact:
    return Fact(fit=1, name=name, value=value)


@dataclass(frozen=True)
class Case:
    code: str
    verdict: str
    measured: tuple[Probed, ...]
    says: str = ""
    fit: dict[str, Any] = field(default_factory=dict)


HUGE = (x(0, 3000), (layers(LayerActivation("hidden", "Dense", largest_input=3000.0)), slopes()))
WORDS = Array("x", "", "<U5", (100, 4))
ONE_HOT = {"shape": (100, 10), "one_hot": True, "whole": True, "sums": (1.0, 1.0)}
SEVERAL = {"shape": (100, 10), "whole": True, "sums": (0.0, 4.0)}


def received(largest: float, x_array: Array | None = None, **more: Any) -> tuple[Probed, ...]:
    return data(x_array or x()), layers(LayerActivation("hidden", "Dense", largest_input=largest)), slopes(), first(**more)


CASES = [
    Case(
        "KER101", "confirmed", (*received(255.0), against("KER101", (None, None, None), (1.2, 1.3, 1.4))), "not finite as written, 1.3 with"
    ),
    Case("KER101", "confirmed", (*received(255.0, loss=130.0), against("KER101", (1.0, 1.1, 1.2), (0.2, 0.2, 0.2))), "first loss 130"),
    Case("KER101", "confirmed", received(255.0, loss=130.0), "first loss 130", {"synthetic": "mnist"}),
    Case("KER101", "inconclusive", received(255.0), fit={"synthetic": "mnist"}),
    Case("KER101", "inconclusive", (*received(255.0), against("KER101", (1.0, 1.1, 1.2), (0.5, 0.5, 0.5)))),
    Case("KER101", "refuted", (*received(255.0), against("KER101", (1.0, 1.1, 1.2), (1.0, 1.1, 1.2)))),
    Case("KER101", "refuted", (*received(255.0), against("KER101", (0.05, 0.05, 0.05), (1e-4, 1e-4, 1e-4)))),
    Case(
        "KER101",
        "confirmed",
        (*received(255.0), against("KER101", (1e-6,) * 3, (1e-2,) * 3, ((6.5, 7.0, 6.0), (0.4, 0.5, 0.4)))),
        "loss/var(y) of rows held out after 40 steps 6.5 as written",
    ),
    Case("KER101", "refuted", (*received(255.0), against("KER101", (0.5,) * 3, (1e-2,) * 3, ((0.5, 0.5, 0.5), (0.6, 0.5, 0.4))))),
    Case("KER101", "refuted", received(1.0), "up to 1, not more than 10"),
    Case("KER101", "not exercised", received(255.0), "it was not measured"),
    Case("KER102", "confirmed", (data(x(spread_ratio=1000.0, wide=1)), against("KER102", (None, None), (1.3, 1.2))), "1,000 times apart"),
    Case("KER102", "inconclusive", (data(x(spread_ratio=1000.0)), against("KER102", (2.0, 2.0), (1.3, 1.2)))),
    Case("KER102", "inconclusive", (data(x(spread_ratio=2e3)), against("KER102", (0.1, 0.1), (9e-3, 9e-3), ((0.5, 0.5), (0.4, 0.4))))),
    Case("KER102", "refuted", (data(x(spread_ratio=2.0)),), "2 times apart"),
    Case("KER102", "refuted", (data(x(spread_ratio=1000.0), normalizer="norm"),), "`norm` normalizes"),
    Case("KER103", "confirmed", (data(y(0, 900, mean=500.0)), first(std=0.5, shape=(32, 1)), against("KER103", (9.0, 9.0), (0.2, 0.3)))),
    Case("KER103", "inconclusive", (data(y(0, 900, mean=500.0)), first(std=0.5, shape=(32, 1)), against("KER103", (9.0, 9.0), (7.0, 7.0)))),
    Case(
        "KER103", "inconclusive", (data(y(0, 900, mean=500.0)), first(std=0.5, shape=(32, 1)), against("KER103", (None,) * 2, (None,) * 2))
    ),
    Case("KER103", "refuted", (data(y(0, 5, mean=2.1)), first(std=0.4, shape=(32, 1)), against("KER103", (3.1, 3.1), (1.2, 1.2)))),
    Case("KER103", "refuted", (data(y(0, 9, mean=0.1)), first(std=0.5, shape=(32, 1)), against("KER103", (1.0, 1.0), (0.9, 0.9)))),
    Case(
        "KER104",
        "confirmed",
        (data(x(mean=0.5, std=0.3), Array("validation x", "", "uint8", (20, 4), low=0, high=255, mean=127.0, std=70.0)),),
    ),
    Case("KER104", "refuted", (data(x(mean=0.5, std=0.3), Array("validation x", "", "f", (20, 4), low=0, high=1, mean=0.5, std=0.3)),)),
    Case("KER105", "confirmed", (data(y(0, 0.04, whole=False)),), "not whole numbers"),
    Case("KER105", "refuted", (data(y(0, 9, whole=True)),)),
    Case("KER106", "confirmed", received(0.004), "less than 0.02"),
    Case("KER106", "inconclusive", received(0.05)),
    Case("KER106", "refuted", received(1.0)),
    Case("KER110", "confirmed", (data(WORDS),), "type <U5"),
    Case("KER110", "refuted", (data(x()),)),
    Case("KER112", "confirmed", (data(y(0, 1)), permuted((1.1, 1.0, 1.2), (1.2, 1.0, 1.1))), "1.1 with the labels as they are"),
    Case("KER112", "refuted", (data(y(0, 1)), permuted((0.1, 0.2, 0.1), (1.2, 1.0, 1.1)))),
    Case("KER112", "refuted", (data(y(0, 9)), permuted((6.5, 6.0, 7.0), (9.0, 9.0, 9.0), right=(0.8, 0.7, 0.8))), "constant 0.10"),
    Case("KER112", "confirmed", (data(y(0, 9)), permuted((6.5, 6.0, 7.0), (9.0, 9.0, 9.0), right=(0.1, 0.12, 0.1)))),
    Case("KER112", "inconclusive", (data(y(0, 9)), permuted((6.5, 6.0, 7.0), (9.0, 9.0, 9.0), right=(0.1, 0.3, 0.1)))),
    Case("KER112", "inconclusive", (data(y(0, 1)), permuted((9.0, 8.0, 9.0), (9.0, 9.0, 9.0), learned=(8.0, 8.0, 8.0)))),
    Case("KER112", "inconclusive", (data(y(0, 1)), permuted((1.01, 1.0, 1.0), (1.0, 1.0, 1.0), learned=(1.0, 1.0, 0.99)))),
    Case("KER112", "inconclusive", (data(y(0, 1)), permuted((1.1, 1.0, 1.2), (1.2, 1.0, 1.1), steps=7))),
    Case("KER112", "inconclusive", (data(y(0, 1)), permuted((1.1, 1.0, 1.2), (1.2, 1.0, 1.1), learned=(0.4, 0.5, 0.5)))),
    Case("KER112", "not exercised", (data(y(0, 1)), permuted((1.1, 1.0, 1.2), (1.2, 1.0, 1.1))), "mnist", {"synthetic": "mnist"}),
    Case("KER113", "confirmed", (data(y(1, 1, distinct=1)),)),
    Case("KER113", "refuted", (data(y(0, 1, distinct=2)),)),
    Case("KER114", "confirmed", (data(), apart(0.95, 0.80)), "2.0 trainable parameters for each row"),
    Case("KER114", "inconclusive", (data(), apart(0.95, 0.90))),
    Case("KER114", "refuted", (data(), apart(0.8, 0.79)), fit={"updates": 200}),
    Case("KER115", "confirmed", (data(y(0, 2, counts=((0.0, 980), (1.0, 10), (2.0, 10)))),), "98% of the 1,000 rows"),
    Case("KER115", "refuted", (data(y(0, 1, counts=((0.0, 60), (1.0, 40)))),)),
    Case("KER115", "refuted", (data(y(0, 2, counts=((0.0, 980), (1.0, 10), (2.0, 10))), weighted=True),)),
    Case("KER116", "confirmed", (data(x(shape=(10, 2)), y(0, 1, shape=(9,))),)),
    Case("KER116", "refuted", (data(x(shape=(10, 2)), y(0, 1, shape=(10,))),)),
    Case("KER117", "confirmed", (data(y(0, 1, drift=20.0)),)),
    Case("KER117", "refuted", (data(y(0, 1, drift=1.0)),)),
    Case("KER118", "confirmed", (data(x(), Array("validation x", "", "f", (20, 4), low=0, high=1), shared=20),), "20 of 20"),
    Case("KER118", "inconclusive", (data(x(), Array("validation x", "", "f", (20, 4), low=0, high=1), shared=1),)),
    Case("KER118", "refuted", (data(x(), Array("validation x", "", "f", (20, 4), low=0, high=1), shared=0),)),
    Case("KER121", "confirmed", (data(x(missing=3, gap=(7, 2))),), "the first in row 7, column 2"),
    Case("KER121", "refuted", (data(x()),)),
    Case("KER122", "confirmed", (data(y(1, 10)), first()), "from 1 to 10"),
    Case("KER122", "refuted", (data(y(0, 9)), first())),
    Case("KER123", "confirmed", (data(x(0, 255)),)),
    Case("KER123", "refuted", (data(x(0, 1)),)),
    Case(
        "KER124",
        "confirmed",
        (Failed(fit=1, exception="ValueError", message="incompatible with the layer: expected shape"),),
        "expected shape",
    ),
    Case("KER124", "refuted", (data(x()), first())),
    Case("KER201", "confirmed", (slopes(3.8e-5), against("KER201", (1.0, 1.0, 1.0), (0.6, 0.6, 0.6))), "3.8e-05 of the gradient"),
    Case(
        "KER201",
        "confirmed",
        (slopes(0.36), layers(LayerActivation("hidden", "Dense", typical_input=80.0)), against("KER201", (1.0, 1.0), (0.6, 0.6))),
        "0.0045 of the gradient",
    ),
    Case("KER201", "inconclusive", (slopes(0.05), against("KER201", (1.0, 1.0, 1.0), (0.6, 0.6, 0.6)))),
    Case("KER201", "refuted", (slopes(0.5),)),
    *(Case(code, "confirmed", (against(code, (1.0, 1.0), (0.5, 0.6)),)) for code in ("KER202", "KER203", "KER204")),
    *(Case(code, "inconclusive", (against(code, (1.0, 1.0), (0.99, 0.6)),)) for code in ("KER202", "KER203", "KER204")),
    *(Case(code, "refuted", (against(code, (0.5, 0.5), (1.0, 1.0)),)) for code in ("KER202", "KER203", "KER204")),
    Case("KER206", "confirmed", (slopes(equal=True),)),
    Case("KER206", "refuted", (slopes(),)),
    Case("KER206", "confirmed", (slopes(spread=0.0), against("KER206", (1.0, 1.0), (0.5, 0.5))), "0.5 with relu"),
    Case("KER206", "refuted", (slopes(spread=0.0), against("KER206", (1.0, 1.0), (1.0, 1.1)))),
    Case("KER206", "inconclusive", (slopes(spread=0.0), against("KER206", (1.0, 1.0), (0.99, 0.98)))),
    Case("KER202", "inconclusive", (against("KER202", (0.5, 0.5), (1.0, 1.0)),), "on a stand-in for the data", {"synthetic": "mnist"}),
    Case("KER207", "confirmed", (layers(LayerActivation("hidden", "Dense", before=28.0)),)),
    Case("KER207", "inconclusive", (layers(LayerActivation("hidden", "Dense", before=5.0)),)),
    Case("KER207", "refuted", (layers(LayerActivation("hidden", "Dense", before=0.7)),)),
    Case("KER208", "confirmed", (data(y(0, 12)), first())),
    Case("KER208", "confirmed", (data(y(0, 1, **{**ONE_HOT, "shape": (100, 3)})), first())),
    Case("KER208", "refuted", (data(y(0, 9)), first())),
    *(Case(code, "confirmed", (data(y(0, 9)), first(shape=(32, 28, 10)))) for code in ("KER209", "KER211")),
    *(Case(code, "refuted", (data(y(0, 9)), first())) for code in ("KER209", "KER211")),
    Case("KER212", "confirmed", (layers(LayerActivation("hidden", "Embedding", largest_input=50.0)), fact("input_dim", 50.0))),
    Case("KER212", "refuted", (layers(LayerActivation("hidden", "Embedding", largest_input=49.0)), fact("input_dim", 50.0))),
    Case("KER213", "confirmed", (data(x(shape=(9, 3, 32, 32))),)),
    Case("KER213", "refuted", (data(x(shape=(9, 32, 32, 3))),)),
    Case("KER215", "confirmed", (fact("outputs of 0 in training", 0.5),)),
    Case("KER215", "refuted", (fact("outputs of 0 in training", 0.0),)),
    Case("KER217", "confirmed", (layers(LayerActivation("hidden", "Dense", std=0.2)),)),
    Case("KER217", "refuted", (layers(LayerActivation("hidden", "Dense", std=0.9)),)),
    Case("KER219", "confirmed", (data(parameters=170), slopes())),
    Case("KER219", "refuted", (data(parameters=1000), slopes())),
    Case("KER301", "confirmed", (first(shape=(32, 1), low=1.0, high=1.0),)),
    Case("KER301", "refuted", (first(shape=(32, 1), low=0.2, high=0.9),)),
    Case("KER302", "confirmed", (first(0.0, shape=(32, 1)),)),
    Case("KER302", "refuted", (first(0.7, shape=(32, 1)),)),
    Case("KER303", "confirmed", (data(y(0, 9)), first(sums=(4.1, 5.6)))),
    Case("KER303", "refuted", (data(y(0, 9)), first(sums=(1.0, 1.0)))),
    Case("KER303", "refuted", (data(y(0, 1, **SEVERAL)), first(sums=(4.1, 5.6)))),
    Case("KER304", "confirmed", (data(y(0, 1, **ONE_HOT)),)),
    Case("KER304", "refuted", (data(y(0, 1, **SEVERAL)),)),
    *(
        Case(code, "confirmed", (first(23.9, low=-0.5, high=0.8),), "first loss 23.9, expected about 2.3 (ln 10)")
        for code in ("KER305", "KER307")
    ),
    *(Case(code, "refuted", (first(2.3, low=0.1, high=0.8), against(code, (0.9, 0.9), (1.0, 1.0)))) for code in ("KER305", "KER307")),
    *(Case(code, "inconclusive", (first(3.9, low=-0.1, high=0.8), against(code, (0.9, 0.9), (0.9, 1.0)))) for code in ("KER305", "KER307")),
    Case("KER307", "confirmed", (first(9.1, low=0.0, high=0.65, sums=(0.2, 1.9)),), "first loss 9.1", {"loss": "categorical_crossentropy"}),
    Case(
        "KER307",
        "inconclusive",
        (first(9.1, low=0.0, high=0.65, sums=(0.2, 1.9)), against("KER307", (0.9, 0.9), (0.9, 1.0))),
        fit={"loss": "binary_crossentropy"},
    ),
    Case("KER306", "confirmed", (first(low=0.01, high=0.3, sums=(1.0, 1.0), activation="softmax"),)),
    Case("KER306", "refuted", (first(low=-1.0, high=0.3, sums=(0.4, 0.6)),)),
    Case("KER308", "confirmed", (data(y(5, 50)), first(shape=(32, 1), activation="sigmoid"))),
    Case("KER308", "refuted", (data(y(0, 1)), first(shape=(32, 1), activation="sigmoid"))),
    *(
        Case("KER309", verdict, (data(labels),))
        for verdict, labels in (("confirmed", y(0, 2, whole=True, distinct=3)), ("refuted", y(0, 2)))
    ),
    *(
        Case("KER311", verdict, (data(labels),))
        for verdict, labels in (("refuted", y(0, 2, whole=True, distinct=3)), ("confirmed", y(0, 2)))
    ),
    Case("KER310", "confirmed", (data(y(0, 1, **ONE_HOT)), first()), fit={"loss": "sparse_categorical_crossentropy"}),
    Case("KER310", "confirmed", (data(y(0, 9)), first()), fit={"loss": "categorical_crossentropy"}),
    Case("KER310", "refuted", (data(y(0, 9)), first()), fit={"loss": "sparse_categorical_crossentropy"}),
    Case("KER312", "confirmed", (fact("accuracy at 0.5", 0.8), fact("accuracy at 0", 0.9))),
    Case("KER312", "refuted", (fact("accuracy at 0.5", 0.9), fact("accuracy at 0", 0.9))),
    Case("KER313", "confirmed", (first(shape=(32, 1)),)),
    Case("KER313", "refuted", (first(),)),
    Case("KER316", "confirmed", (fact("loss of certain predictions", None),)),
    Case("KER316", "refuted", (fact("loss of certain predictions", 16.1),)),
    Case("KER317", "confirmed", (slopes(norm=0.0),)),
    Case("KER317", "refuted", (slopes(),)),
    Case("KER318", "confirmed", (fact("loss", 0.4), fact("loss the other way round", 0.9))),
    Case("KER318", "refuted", (fact("loss", 0.4), fact("loss the other way round", 0.4))),
    Case("KER321", "confirmed", (data(y(0, 1, **SEVERAL)),)),
    Case("KER321", "refuted", (data(y(0, 1, **ONE_HOT)),)),
    Case("KER322", "confirmed", (data(y(-1, 1)),)),
    Case("KER322", "refuted", (data(y(0, 1)),)),
    Case("KER323", "confirmed", (data(y(0, 1, shape=(100, 4))), first())),
    Case("KER323", "refuted", (data(y(0, 1, shape=(32, 10))), first())),
    Case(
        "KER401",
        "confirmed",
        (at_rates((1.0, (1.77, 1.5, 1.9)), (0.1, (0.1, 0.1, 0.1)), (0.01, (0.011, 0.012, 0.01))),),
        "loss/var(y) after 40 steps 1.77 with learning_rate=1.0, 0.011 with 0.01 (3 seeds)",
    ),
    Case("KER401", "confirmed", (at_rates((1.0, (None, None)), (0.1, (0.1, 0.1))),), "not finite with learning_rate=1.0"),
    Case("KER401", "inconclusive", (at_rates((1.0, (0.5, 0.5)), (0.1, (0.2, 0.1))),)),
    Case("KER401", "refuted", (at_rates((1.0, (1.0034, 1.0033)), (0.1, (1.0029, 1.003))),)),
    Case("KER401", "confirmed", (at_rates((1.0, (0.5, 0.5)), (0.1, (0.2, 0.1)), peaks=(900.0, 60.0)),), "rises to 30 times the first loss"),
    Case("KER401", "inconclusive", (at_rates((1.0, (0.5, 0.5)), (0.1, (0.2, 0.1)), peaks=(900.0, 3.0)),)),
    Case("KER401", "refuted", (at_rates((0.05, (0.2, 0.2)), (0.005, (0.9, 0.9))),)),
    Case("KER402", "confirmed", (at_rates((1e-8, (2.0, 2.0)), (1e-7, (2.0, 2.0)), (1e-3, (0.9, 0.9))),)),
    Case("KER402", "inconclusive", (at_rates((1e-8, (2.0, 2.0)), (1e-7, (2.0, 2.0))),)),
    Case("KER402", "refuted", (at_rates((1e-4, (1.2, 1.2)), (1e-3, (0.9, 0.9))),)),
    Case("KER403", "confirmed", (at_rates((1e-4, (1.95, 1.96)), (1e-3, (0.8, 0.8)), held=((1.9, 1.9), (0.9, 0.9)), budget=True),)),
    Case("KER403", "confirmed", (at_rates((1e-4, (1.3, 1.2)), (1e-3, (0.8, 0.8)), held=((1.9, 1.9), (0.9, 0.9)), budget=True),)),
    Case("KER403", "refuted", (at_rates((1e-3, (0.5, 0.4)), (1e-2, (0.1, 0.1)), held=((0.5, 0.5), (0.2, 0.2)), budget=True),)),
    Case(
        "KER403",
        "inconclusive",
        (at_rates((1e-4, (1.95, 1.96)), (1e-3, (0.8, 0.8)), held=((1.9, 1.9), (1.1, 0.9)), budget=True),),
        "labels",
    ),
    Case("KER404", "confirmed", (), "1 update in an epoch, 10 in 10 epochs", {"updates": 10}),
    Case("KER404", "refuted", (), fit={"updates": 40}),
    Case("KER404", "not exercised", (), fit={"updates": None}),
    Case("KER405", "confirmed", (), "a batch has 1 row", {"batch": 1}),
    Case("KER405", "refuted", (), fit={"batch": 32}),
    Case("KER406", "confirmed", (at_rates((1e-3, (1.9, 1.9)), (1e-2, (0.5, 0.5))),)),
    Case("KER406", "inconclusive", (at_rates((1e-3, (1.9, 1.9)), (1e-2, (1.8, 1.8))),)),
    Case("KER406", "refuted", (at_rates((1e-3, (1.9, 1.9)), (1e-2, (2.9, 2.9))),)),
    Case("KER413", "confirmed", (fact("share clipped", 1.0),)),
    Case("KER413", "inconclusive", (fact("share clipped", 0.7),)),
    Case("KER413", "refuted", (fact("share clipped", 0.2),)),
    *(Case(code, "confirmed", (data(earlier=1, carried=True),)) for code in ("KER501", "KER503")),
    *(Case(code, "refuted", (data(earlier=1),)) for code in ("KER501", "KER503")),
    Case("KER502", "confirmed", (data(), apart(0.95, 0.80)), "0.95 on them and 0.80 on 30 others"),
    Case("KER502", "refuted", (data(),), fit={"validated": True}),
    *(
        Case(
            "KER512",
            verdict,
            tuple(map(fact, ("weights that move", "weights that are trainable", "weights that move and are not trainable"), n)),
        )
        for verdict, n in (("confirmed", (2.0, 2.0, 4.0)), ("refuted", (2.0, 2.0, 0.0)))
    ),
    Case("KER513", "confirmed", (data(trainable=0),)),
    Case("KER513", "refuted", (data(),)),
    Case("KER517", "confirmed", (fact("difference of the modes", 0.3),)),
    Case("KER517", "refuted", (fact("difference of the modes", 0.0),)),
    Case("KER601", "confirmed", (data(), apart(0.8, 0.65))),
    Case("KER601", "refuted", (data(), apart(0.8, 0.78)), fit={"updates": 200}),
    Case("KER601", "refuted", (data(), apart(0.99, 0.98)), fit={"updates": 1000}),
    Case("KER601", "inconclusive", (data(), apart(0.8, 0.78)), "the fit makes 1,000 updates", {"updates": 1000}),
    Case("KER601", "inconclusive", (data(), apart(0.96, 0.53)), "no better than the best constant"),
    Case("KER601", "inconclusive", (data(), apart(0.9, 0.7, rows=20, passes=9.0)), "of all 100 rows the gap may be narrower"),
    Case("KER601", "confirmed", (data(), apart(0.9, 0.7, rows=20, passes=0.9))),
    Case("KER601", "inconclusive", (data(), losses_apart(0.7, 1.6)), "no better than the best constant"),
    Case("KER601", "inconclusive", (data(), losses_apart(1.1, 0.83, constant_loss=0.84)), "no better than the best constant"),
    Case("KER601", "confirmed", (data(), losses_apart(0.1, 0.4))),
    Case("KER601", "refuted", (data(), losses_apart(0.4, 0.41))),
    Case("KER602", "confirmed", (against("KER602", (1.0, 1.0), (0.5, 0.6)),)),
    Case("KER602", "inconclusive", (against("KER602", (1.0, 1.0), (0.99, 0.9)),)),
    Case("KER602", "refuted", (against("KER602", (0.5, 0.5), (0.6, 0.6)),)),
    Case("KER604", "confirmed", (first(9.0, penalty=8.0),), "of the first loss of 9 the penalty is 8"),
    Case("KER604", "inconclusive", (first(3.0, penalty=1.0),)),
    Case("KER604", "refuted", (first(3.0, penalty=0.01),)),
    *(
        Case("KER605", verdict, (fact("loss in prediction", loss), fact("loss in training", 1.0), fact("updates", 40.0)))
        for verdict, loss in (("confirmed", 3.0), ("inconclusive", 1.3), ("refuted", 1.0))
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}-{case.verdict}")
def test_verdict(case: Case) -> None:
    evidence = judged(rules()[case.code], exercise(*case.measured, **case.fit), "hidden")
    assert evidence is not None
    assert (evidence.verdict, case.says in evidence.detail) == (case.verdict, True), evidence


def test_every_verdict_can_confirm_and_refute() -> None:
    tested = {(case.code, case.verdict) for case in CASES}
    judges = {code for code, rule in rules().items() if verdict_of(code, rule.name)}
    assert judges == {code for code, _ in tested}
    assert {(code, verdict) for code in judges for verdict in ("confirmed", "refuted")} <= tested


def measures() -> Iterator[tuple[str, str]]:
    heading = "## What the dynamic mode measures\n"
    for code, rule in rules().items():
        if heading in rule.text:
            yield code, rule.text.partition(heading)[2].strip()


def test_pages_say_what_is_measured() -> None:
    said = {code for code, text in measures() if not text.startswith("Nothing")}
    assert said == {code for code, rule in rules().items() if measurable(rule)}


def test_every_threshold_of_a_run_is_used() -> None:
    """An option that no verdict reads would promise something that does not happen."""
    code = "".join(path.read_text(encoding="utf-8") for path in Path(verdicts.__path__[0]).glob("*.py"))
    options = {name for rule in rules().values() for name in rule.options if name.startswith("run_")}
    assert {name for name in options if f'"{name}"' not in code} == set()


@pytest.mark.parametrize("code", sorted(CRASHES))
def test_an_error_confirms_what_warned_of_it(code: str) -> None:
    words = CRASHES[code].split("|")[0]
    event = Stopped(exception="ValueError", message=f"something about {words}", place=FIT)
    evidence = stopped(rules()[code], event)
    assert evidence is not None
    assert (evidence.verdict, "ValueError" in evidence.detail) == ("confirmed", True)


def test_another_error_says_nothing() -> None:
    assert stopped(rules()["KER310"], Stopped(exception="FileNotFoundError", message="'nope.csv'", place=FIT)) is None


def test_what_was_declined_is_told() -> None:
    run = exercise(Declined(fit=1, probe="P6", reason="a step takes 9 s"))
    evidence = judged(rules()["KER401"], run)
    assert evidence is not None
    assert (evidence.verdict, evidence.detail) == ("not exercised", "a step takes 9 s")


NOTICED = [
    ("KER121", "measured", (data(x(missing=3, gap=(7, 2))),), {}),
    ("KER115", "", (data(y(0, 2, counts=((0.0, 980), (1.0, 10), (2.0, 10)))),), {}),
    ("KER122", "outside", (data(y(1, 10, whole=True)), first()), {"loss": "sparse_categorical_crossentropy"}),
    (
        "KER207",
        "dead",
        (data(x()), layers(LayerActivation("hidden", "Dense", "relu", (32, 64), dead=0.9), LayerActivation("last", "Dense")), slopes()),
        {},
    ),
    (
        "KER207",
        "saturated",
        (
            data(x()),
            layers(
                LayerActivation("hidden", "Dense", "tanh", (32, 64), largest_input=2.0, saturated=0.9), LayerActivation("last", "Dense")
            ),
            slopes(),
        ),
        {},
    ),
    (
        "KER101",
        "measured",
        (
            data(x(0, 255)),
            layers(
                LayerActivation("hidden", "Dense", "sigmoid", (32, 64), largest_input=255.0, saturated=0.9),
                LayerActivation("last", "Dense"),
            ),
            slopes(),
        ),
        {},
    ),
    ("KER316", "measured", (data(x()), first(None), slopes()), {}),
    ("KER317", "measured", (data(x()), slopes(norm=None, without=("hidden/kernel",))), {}),
    ("KER317", "some", (data(x()), slopes(without=("other/kernel",))), {}),
    ("KER513", "measured", (data(x(), trainable=0),), {}),
]


@pytest.mark.parametrize(("code", "variant", "measured", "fit"), NOTICED, ids=[f"{code}-{variant}" for code, variant, _, _ in NOTICED])
def test_what_only_a_run_shows(code: str, variant: str, measured: tuple[Probed, ...], fit: dict[str, Any]) -> None:
    (found,) = noticed(exercise(*measured, **fit), rules())
    assert (found.code, found.variant, found.evidence.verdict) == (code, variant, "confirmed")
    assert rules()[code].finding(None, variant, **found.facts).message
    assert found.place == (Place("train.py", 5, 5) if "layer" in found.facts else FIT)


@pytest.mark.parametrize(("units", "dead"), [(10, 0.9), (16, 0.75), (32, 0.75)])
def test_units_that_may_be_dead_by_chance_are_not_noticed(units: int, dead: float) -> None:
    hidden = LayerActivation("hidden", "Dense", "relu", (32, units), dead=dead), LayerActivation("last", "Dense")
    assert list(noticed(exercise(data(x()), layers(*hidden), slopes()), rules())) == []


def test_a_layer_without_a_living_unit_is_noticed() -> None:
    hidden = LayerActivation("hidden", "Dense", "relu", (32, 16), dead=1.0), LayerActivation("last", "Dense")
    assert [one.code for one in noticed(exercise(data(x()), layers(*hidden), slopes()), rules())] == ["KER207"]


def test_what_a_model_learns_without_its_trained_weights_speaks_neither_way() -> None:
    for last, first in ((1.0, 0.1), (0.1, 1.0)):
        evidence = judged(rules()["KER202"], exercise(against("KER202", (last,) * 3, (first,) * 3), weights="weights of resnet"))
        assert evidence is not None
        assert evidence.verdict == "inconclusive"
    assert judged(rules()["KER113"], exercise(data(y(1, 1, distinct=1)), weights="weights of resnet")).verdict == "confirmed"  # type: ignore[union-attr]


def test_nothing_is_noticed_of_a_healthy_training() -> None:
    sound = LayerActivation("hidden", "Dense", "relu", (32, 64), largest_input=2.0, dead=0.1), LayerActivation("last", "Dense")
    healthy = (data(x(), y(0, 9, whole=True, counts=((0.0, 50), (1.0, 50)))), layers(*sound), slopes(), first())
    assert list(noticed(exercise(*healthy, loss="sparse_categorical_crossentropy"), rules())) == []


def test_data_that_stand_in_are_not_blamed() -> None:
    bad = data(x(missing=3, gap=(7, 2)), y(0, 2, counts=((0.0, 980), (1.0, 10), (2.0, 10))))
    assert list(noticed(exercise(bad, synthetic="mnist"), rules())) == []


def test_verdicts_need_no_keras() -> None:
    code = "import sys, kerlint.dynamic.confirm; sys.exit(bool({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
