"""Probes on small models: what they measure, and that they leave nothing behind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerlint.dynamic import probes
from kerlint.dynamic.exercise import Exercise
from kerlint.dynamic.measurements import (
    Activations,
    Counterfactual,
    Declined,
    FirstLoss,
    Gap,
    Gradients,
    Probed,
    Rates,
    Shuffled,
    Statistics,
)
from kerlint.dynamic.probes.bench import Bench
from kerlint.dynamic.probes.clock import Clock
from kerlint.dynamic.probes.course import Rows, parted
from kerlint.dynamic.probes.nesting import arrays, length
from kerlint.dynamic.probes.passes import stepped, taped
from kerlint.dynamic.protocol import Compiled, FitBegun, decode, encode
from kerlint.dynamic.subject import Budget, Subject
from kerlint.dynamic.verdicts import judged
from kerlint.finding import Evidence
from kerlint.rule import rules

ROOMY = 600.0
EVERYTHING = frozenset(rules())


def subject(model: Any, x: Any, y: Any, batch: int = 32, epochs: int = 10, **more: Any) -> Subject:
    rows = length(x)
    batch = min(batch, rows)
    budget = Budget(rows, batch, epochs, epochs * -(-rows // batch))
    compiled = {"loss": model.loss, "optimizer": model.optimizer}
    given = Subject(1, keras, "tensorflow", model, x, y, None, None, compiled, budget, whole=(x, y))
    return replace(given, **more)


def measure(of: Subject, *asked: str, seeds: int = 3, seconds: float = ROOMY) -> tuple[Probed, ...]:
    """What is measured, as it comes through the pipe."""
    found = list(probes.run(of, seconds, seeds, frozenset(asked)))
    return tuple(decode(encode(event)) for event in found)  # type: ignore[misc]


def exercise(of: Subject, measured: tuple[Probed, ...]) -> Exercise:
    begun = FitBegun(1, 1, "fit", None, None, of.budget.rows, of.budget.batch_size, of.budget.epochs, of.budget.updates)
    compiled = Compiled(1, "model", "", None, None, "", None, None, str(of.compiled["loss"]), (), (), None)
    return Exercise(begun, compiled, measured)


def verdict(code: str, of: Subject, layer: str = "", seeds: int = 3) -> Evidence:
    evidence = judged(rules()[code], exercise(of, measure(of, code, seeds=seeds)), layer)
    assert evidence is not None
    return evidence


def table(rows: int = 100, columns: int = 10, seed: int = 0) -> Any:
    return np.random.RandomState(seed).rand(rows, columns)


def linear(x: Any, seed: int = 1) -> Any:
    return x @ np.random.RandomState(seed).randn(x.shape[1], 1)


def dense(columns: int, *hidden: int, units: int = 1, activation: str = "relu", head: str = "linear", **compiled: Any) -> Any:
    model = keras.Sequential(
        [keras.Input((columns,)), *(keras.layers.Dense(width, activation) for width in hidden), keras.layers.Dense(units, head)]
    )
    model.compile(**{"optimizer": "adam", "loss": "mse", **compiled})
    return model


def classes(rows: int = 200, columns: int = 20, count: int = 10) -> tuple[Any, Any]:
    random_state = np.random.RandomState(0)
    x = random_state.randn(rows, columns)
    return x, (x @ random_state.randn(columns, count)).argmax(axis=1)


def everything_of(model: Any) -> list[Any]:
    optimizer = model.optimizer
    return [variable.numpy().copy() for variable in (*model.variables, *optimizer.variables)]


# Nothing is left behind


def test_the_model_and_the_generators_are_as_before() -> None:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(16, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.GaussianNoise(0.1),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), "mse", metrics=["mae"])
    x = table()
    model.fit(x, linear(x), epochs=1, verbose=0)
    tf.random.set_seed(5)
    np.random.seed(5)
    random.seed(5)
    before, optimizer, function = everything_of(model), model.optimizer, model.train_function
    states = random.getstate(), np.random.get_state()[1].copy()
    measured = measure(subject(model, x, linear(x)), *EVERYTHING)
    assert {type(event) for event in measured} >= {Rates, Counterfactual, Shuffled, Gap, Gradients}
    assert (model.optimizer is optimizer, model.train_function is function) == (True, True)
    assert all((one == other).all() for one, other in zip(before, everything_of(model), strict=True))
    assert states[0] == random.getstate()
    assert (states[1] == np.random.get_state()[1]).all()
    drawn = tf.random.uniform((3,)).numpy()
    tf.random.set_seed(5)
    assert (drawn == tf.random.uniform((3,)).numpy()).all()


def test_a_training_goes_on_as_if_nothing_had_been_measured() -> None:
    def trained(probed: bool) -> Any:
        keras.utils.set_random_seed(3)
        model = dense(10, 8, metrics=["mae"])
        x = table()
        if probed:
            measure(subject(model, x, linear(x)), "KER401", "KER201", "KER114")
        return model.fit(x, linear(x), epochs=3, shuffle=False, verbose=0).history["loss"]

    assert trained(True) == trained(False)


def test_abandoned_probes_put_the_model_back() -> None:
    model = dense(10, 8)
    x = table()
    before = everything_of(model)
    running = probes.run(subject(model, x, linear(x)), ROOMY, 3, frozenset({"KER401"}))
    while not isinstance(next(running), Rates):
        pass
    running.close()
    assert all((one == other).all() for one, other in zip(before, [*everything_of(model)][: len(before)], strict=True))


def test_activations_of_layers_come_back() -> None:
    model = dense(20, 8, 8, 8, units=10, activation="sigmoid", head="softmax", loss="sparse_categorical_crossentropy")
    measure(subject(model, *classes()), "KER201", "KER303", "KER305")
    assert [layer.activation.__name__ for layer in model.layers] == ["sigmoid"] * 3 + ["softmax"]
    assert not any("call" in vars(layer) for layer in model.layers)


# The numbers of the design


def test_unscaled_columns_are_not_finite_and_standardized_ones_are() -> None:
    x, y = np.array([[1, 1000], [2, 2000], [3, 3000]]), np.array([1, 2, 3])
    model = dense(2, optimizer="sgd")
    (found,) = (event for event in measure(subject(model, x, y, epochs=100), "KER102", seeds=5) if isinstance(event, Counterfactual))
    written, standardized = found.arms
    assert written.last == (None,) * 5
    assert 1.0 < np.median([value / found.scale for value in standardized.last if value is not None]) < 1.6
    assert verdict("KER102", subject(model, x, y, epochs=100)).verdict == "confirmed"


def test_where_few_steps_decide_nothing_more_of_the_users_are_taken() -> None:
    def steps(x: Any, y: Any, **compiled: Any) -> list[int]:
        found = measure(subject(dense(x.shape[1], **compiled), x, y, epochs=25), "KER101", seeds=1)
        return [event.steps for event in found if isinstance(event, Counterfactual)]

    x = table()
    assert steps(x, linear(x), optimizer=keras.optimizers.SGD(1e-4)) == [40, 100]
    assert steps(1000 * x, linear(x), optimizer="sgd") == [40]


def test_inputs_are_judged_on_rows_that_are_not_learned() -> None:
    """What is learned by heart is learned at any scale."""
    x, y = classes()
    model = dense(20, 64, units=10, head="softmax", loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01))
    found = verdict("KER101", subject(model, 255 * x, y))
    assert found.verdict == "confirmed", found
    assert "of rows held out" in found.detail
    written, _ = found.data["arms"]
    assert max(written["losses"]) < 0.1 < min(written["held_out"])


@pytest.mark.parametrize(("rate", "expected"), [(1.0, "confirmed"), (0.01, "refuted")])
def test_high_rate(rate: float, expected: str) -> None:
    x = table()
    found = verdict("KER401", subject(dense(10, 10, optimizer=keras.optimizers.Adam(rate)), x, linear(x)))
    assert found.verdict == expected, found
    assert f"with learning_rate={rate}" in found.detail


@pytest.mark.parametrize("width", [10, 100])
def test_low_rate_on_random_labels_is_left_open(width: int) -> None:
    x, y = table(), table(100, 1, seed=9)
    found = verdict("KER403", subject(dense(10, width, optimizer=keras.optimizers.Adam(1e-4)), x, y))
    assert found.verdict == "inconclusive", found
    assert "which may be the labels" in found.detail


def test_low_rate_on_labels_that_can_be_learned() -> None:
    x = table()
    y = linear(x, seed=1)
    assert verdict("KER403", subject(dense(10, 100, optimizer=keras.optimizers.Adam(1e-5)), x, y)).verdict == "confirmed"
    assert verdict("KER403", subject(dense(10, 100, optimizer=keras.optimizers.Adam(1e-4)), x, y)).verdict == "confirmed"
    assert verdict("KER403", subject(dense(10, 100, optimizer=keras.optimizers.Adam(1e-2)), x, y)).verdict == "refuted"


def test_random_labels() -> None:
    x = table()
    assert verdict("KER112", subject(dense(10, 10), x, table(100, 1, seed=9))).verdict == "confirmed"
    assert verdict("KER112", subject(dense(10, 10), x, linear(x))).verdict == "refuted"


def test_eight_sigmoid_layers() -> None:
    x, y = classes()
    deep = dense(20, *(64,) * 8, units=10, activation="sigmoid", head="softmax", loss="sparse_categorical_crossentropy")
    measured = measure(subject(deep, x, y), "KER201")
    (slopes,) = (event for event in measured if isinstance(event, Gradients))
    assert slopes.ratio is not None
    assert slopes.ratio < 1e-4
    assert verdict("KER201", subject(deep, x, y)).verdict == "confirmed"
    shallow = dense(20, 64, 64, units=10, activation="tanh", head="softmax", loss="sparse_categorical_crossentropy")
    assert verdict("KER201", subject(shallow, x, y)).verdict == "refuted"


def test_random_classes_that_are_learned_by_a_model_that_is_sure_of_itself() -> None:
    x, y = classes()
    model = dense(20, 64, units=10, head="softmax", loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01))
    found = verdict("KER112", subject(model, 255 * x, y))
    assert found.verdict == "refuted", found
    assert "the accuracy on them is" in found.detail


def yes_or_no(columns: int, rate: float) -> Any:
    return dense(columns, 100, 100, head="sigmoid", loss="binary_crossentropy", optimizer=keras.optimizers.Adam(rate))


def test_a_gap_is_all_that_is_claimed_of_a_wide_layer() -> None:
    x = table(120, 40)
    y = (x[:, 0] + x[:, 1] + 0.5 * x[:, 2] + 0.5 * np.random.RandomState(3).rand(120) > 1.5).astype(int)
    found = verdict("KER601", subject(yes_or_no(40, 0.01), x, y, epochs=100))
    assert found.verdict == "confirmed", found
    assert "regulariz" not in found.detail
    assert "L2" not in found.detail


def test_no_gap_where_there_are_rows_enough() -> None:
    x = table(4000, 4)
    found = verdict("KER601", subject(yes_or_no(4, 0.01), x, (x[:, 0] > 0.5).astype(int), epochs=100))
    assert found.verdict == "refuted", found


def test_of_random_labels_no_gap_is_claimed() -> None:
    """No regularizer makes anything better of them."""
    x = table()
    learned = verdict("KER601", subject(yes_or_no(10, 0.02), x, (table(100, 1, seed=9) > 0.5).astype(int), epochs=100))
    hardly = [verdict("KER601", subject(dense(10, 100), x, table(100, 1, seed=seed))) for seed in range(10)]
    assert {found.verdict for found in (learned, *hardly)} == {"inconclusive"}
    assert all("no better than the best constant, which may be the labels" in found.detail for found in (learned, *hardly))


def test_a_gap_is_one_of_all_rows() -> None:
    """Of a part of the rows, which the model learns by heart, it would be wider."""
    x = np.random.RandomState(0).randn(6000, 20)
    y = (x @ np.random.RandomState(1).randn(20, 10)).argmax(axis=1)
    model = dense(20, 64, units=10, head="softmax", loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01))
    given = replace(subject(model, x, y, epochs=5), x=x[:500], y=y[:500])
    (found,) = (event for event in measure(given, "KER114") if isinstance(event, Gap))
    assert (found.rows, found.held_out) == (4200, 1800)
    assert found.train_accuracy is not None
    assert found.held_accuracy is not None
    assert found.train_accuracy - found.held_accuracy < 0.05


# Probes


def test_gradients_are_the_same_with_and_without_a_tape() -> None:
    x = table().astype("float32")
    model = dense(10, 8, 8)
    given = subject(model, x, linear(x).astype("float32"))
    loss, one = taped(given, given.x, given.y, None)
    before, optimizer = everything_of(model), model.optimizer
    other_loss, other = stepped(given, given.x, given.y, None)
    assert model.optimizer is optimizer
    assert all((old == new).all() for old, new in zip(before, everything_of(model), strict=True))
    assert loss == pytest.approx(other_loss, rel=1e-4)
    for weight in model.trainable_weights:
        np.testing.assert_allclose(one[id(weight)], other[id(weight)], rtol=1e-3, atol=1e-6)


def test_rows_that_are_held_out_are_not_learned() -> None:
    x = np.arange(57).reshape(57, 1)
    learned, held = parted(Rows(x, x, None, 8))
    assert set(learned.x.ravel()) | set(held.x.ravel()) == set(range(57))
    assert set(learned.x.ravel()) & set(held.x.ravel()) == set()


def test_arms_start_alike_and_seeds_do_not() -> None:
    x = table()
    (found,) = (event for event in measure(subject(dense(10, 10), x, linear(x)), "KER401") if isinstance(event, Rates))
    assert len({arm.first for arm in found.arms}) == 1
    assert len(set(found.arms[0].first)) == 3


def test_a_step_that_raises_is_told() -> None:
    x, y = classes()
    model = dense(20, 8, units=10, head="softmax", loss="categorical_crossentropy")
    found = verdict("KER310", subject(model, x, y))
    assert (found.verdict, "the first step raises ValueError" in found.detail) == ("confirmed", True)


def test_a_model_that_is_too_slow_is_declined_with_a_reason() -> None:
    x = table()
    stack = dense(10, *(4,) * 200)
    reasons = [event.reason for event in measure(subject(stack, x, linear(x)), "KER401", seconds=3.0) if isinstance(event, Declined)]
    assert any("compiling a step of 202 layers takes about 4 s" in reason for reason in reasons), reasons


def test_no_time_is_told() -> None:
    x = table()
    told = [event for event in measure(subject(dense(10, 4), x, linear(x)), "KER401", seconds=0.0) if isinstance(event, Declined)]
    assert {event.reason for event in told} == {"no time was left for it"}


def test_a_batch_is_of_rows_from_everywhere() -> None:
    x = np.linspace(0, 100, 1000).reshape(-1, 1)
    model = dense(1, 4)
    (passed,) = (event for event in measure(subject(model, x, x)) if isinstance(event, Activations))
    assert passed.layers[0].largest_input is not None
    assert passed.layers[0].largest_input > 50


def test_rows_that_are_sorted_are_taken_from_everywhere() -> None:
    x, y = table(5000), np.repeat([0, 1], 2500)
    sorted_rows = replace(subject(dense(10, 4), x, y), x=x[:2048], y=y[:2048], whole=(x, y))
    assert set(probes.spread(sorted_rows).y.tolist()) == {0, 1}


# Every kind of model


class Sub(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.head = keras.layers.Dense(3, "softmax")
        self.hidden = keras.layers.LSTM(8)
        self.words = keras.layers.Embedding(20, 4)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return self.head(self.hidden(self.words(inputs)))


def several() -> Subject:
    one, other = keras.Input((5,), name="one"), keras.Input((3,), name="other")
    hidden = keras.layers.Dense(8, "relu")(keras.layers.Concatenate()([one, other]))
    outputs = {"yes": keras.layers.Dense(1, "sigmoid", name="yes")(hidden), "much": keras.layers.Dense(1, name="much")(hidden)}
    model = keras.Model({"one": one, "other": other}, outputs)
    model.compile(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 100)), {"yes": "binary_crossentropy", "much": "mse"})
    y = {"yes": (table(64, 1) > 0.5).astype(int), "much": table(64, 1)}
    return subject(model, {"one": table(64, 5), "other": table(64, 3)}, y)


def weighted() -> Subject:
    x = table()
    return subject(dense(10, 8), x, linear(x), sample_weight=np.ones(100))


def balanced() -> Subject:
    x = table()
    y = (x[:, 0] > 0.8).astype(int)
    model = dense(10, 8, head="sigmoid", loss="binary_crossentropy", metrics=["accuracy"])
    return subject(model, x, y, class_weight={0: 1.0, 1: 4.0})


def own_loss() -> Subject:
    x = table()
    return subject(dense(10, 8, loss=lambda truth, guess: keras.ops.mean((truth - guess) ** 4, axis=-1)), x, linear(x))


def eager() -> Subject:
    x = table()
    return subject(dense(10, 8, run_eagerly=True), x, linear(x))


def half() -> Subject:
    x = table()
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        return subject(dense(10, 8), x, linear(x))
    finally:
        keras.mixed_precision.set_global_policy("float32")


def words() -> Subject:
    x = np.random.RandomState(0).randint(0, 20, (64, 6))
    model = Sub()
    model.compile("rmsprop", keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    model(x[:1])
    return subject(model, x, x[:, 0] % 3)


def pictures() -> Subject:
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(2, "softmax")])
    model.compile("adam", "categorical_crossentropy")
    y = np.random.RandomState(0).randint(0, 2, 64)
    return subject(model, table(64, 64).reshape(64, 8, 8, 1), np.eye(2)[y])


@pytest.mark.parametrize("make", [several, weighted, balanced, own_loss, eager, half, words, pictures])
def test_every_kind_of_model_is_probed(make: Any) -> None:
    given = make()
    codes = ("KER401", "KER112", "KER513", "KER114")
    measured = measure(given, *codes, seeds=2)
    assert [event for event in measured if isinstance(event, Declined)] == []
    assert {Statistics, FirstLoss, Gradients, Rates, Shuffled, Gap} <= {type(event) for event in measured}
    (rates,) = (event for event in measured if isinstance(event, Rates))
    assert all(value is not None for arm in rates.arms[1:] for value in arm.first)


def test_layers_are_told_in_the_order_of_computation() -> None:
    (slopes,) = (event for event in measure(words()) if isinstance(event, Gradients))
    assert [layer.kind for layer in slopes.layers] == ["Embedding", "LSTM", "Dense"]


def test_learned_weights_stay_for_every_seed() -> None:
    """Only what is as its initializer left it is drawn anew."""
    x = table()
    model = dense(10, 64)
    model.layers[0].kernel.assign(model.layers[0].kernel * 30)
    bench = Bench(subject(model, x, linear(x)), Clock.of(ROOMY), 3, frozenset())
    assert {id(weight) for weight, _ in _fresh(bench)} == {id(model.layers[1].kernel)}


def test_of_a_model_that_was_trained_nothing_is_drawn_anew() -> None:
    x = table()
    model = dense(10, 4)
    for carried, alike in ((True, True), (False, False)):
        (found,) = (event for event in measure(subject(model, x, linear(x), carried=carried), "KER401") if isinstance(event, Rates))
        first = [loss for loss in found.arms[0].first if loss is not None]
        assert (max(first) < 1.1 * min(first)) == alike  # the batches are not quite the same


def _fresh(bench: Bench) -> Iterator[Any]:
    from kerlint.dynamic.probes.course import redrawn

    return redrawn(bench.subject.model, 1)


def test_names_of_nested_arrays() -> None:
    assert [name for name, _ in arrays({"a": np.zeros(2), "b": [np.zeros(2), np.zeros(2)]})] == ["a", "b.0", "b.1"]


def test_keras_2() -> None:
    import tf_keras

    x = table()
    layers = tf_keras.layers
    hidden = [layers.Dense(16, "relu"), layers.BatchNormalization(), layers.Dropout(0.2)]
    model = tf_keras.Sequential([layers.Input((10,)), *hidden, layers.Dense(1)])
    model.compile(tf_keras.optimizers.Adam(1.0), "mse", metrics=["mae"])
    before = [np.array(weight) for weight in model.get_weights()]
    given = subject(model, x, linear(x), keras=tf_keras, compiled={"loss": "mse"})
    measured = measure(given, "KER401", "KER112", "KER605", "KER202", "KER114")
    assert [event.reason for event in measured if isinstance(event, Declined)] == ["no layer of the model can be given relu"]
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))
    found = judged(rules()["KER401"], exercise(given, measured))
    assert found is not None
    assert found.verdict == "confirmed"
