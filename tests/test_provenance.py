"""What is known of data: scripts and their facts, terms built by hand, and the table of knowledge against the libraries it speaks of."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerlint.semantics.interpreter import interpret
from kerlint.semantics.program import Event
from kerlint.semantics.project import Project
from kerlint.semantics.provenance import Facts, facts, forget, inputs_of, knowledge, labels_of, lineage, parts, same_origin, split_of
from kerlint.semantics.provenance.tracing import MODULES
from kerlint.semantics.values import Choice, Const, Function, Items, Symbol, Table, Term, Unknown, Value
from kerlint.source import parse, read

PREAMBLE = """
import cv2, numpy as np, pandas as pd, tensorflow as tf, tensorflow_datasets as tfds
from scipy.stats import zscore
from sklearn import datasets
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import KFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MinMaxScaler, OneHotEncoder, StandardScaler
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.preprocessing.image import ImageDataGenerator, img_to_array, load_img
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.utils import to_categorical
model = keras.Sequential([layers.Dense(1)])
model.compile("adam", "mse")
"""


def fits(code: str) -> list[Event]:
    """The fit calls of a script."""
    source = read(Path("script.py"), (PREAMBLE + dedent(code)).encode())
    return list(interpret(source, parse(source), Project(Path.cwd())).fits())


def said(found: Facts, **expected: Any) -> dict[str, Any]:
    """The facts that a test names; `path` is said by its effects, `origin` by its kind."""
    return {name: one(found, name) for name in expected}


def one(found: Facts, name: str) -> Any:
    match name:
        case "path":
            return [step.effect for step in found.path]
        case "origin":
            return found.origin and found.origin.kind
        case "name":
            return found.origin and found.origin.name
        case "columns":
            return found.columns and [tuple(column) for column in found.columns]
        case _:
            return getattr(found, name)


PAGE = Path(__file__).with_name("provenance.md")
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^# (?P<role>[xy]): (?P<facts>[^\n]+)\n```", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(found["code"], found["role"], found["facts"], id=f"line {PAGE.read_text().count(chr(10), 0, found.start()) + 2}")
    for found in BLOCK.finditer(PAGE.read_text())
]


def test_every_block_of_the_page_is_read() -> None:
    assert len(BLOCKS) == PAGE.read_text().count("```python") > 150


@pytest.mark.parametrize(("code", "role", "said_there"), BLOCKS)
def test_facts_of_the_page(code: str, role: str, said_there: str) -> None:
    expected = eval(f"dict({said_there})", {})
    event = fits(code)[-1]
    assert said(inputs_of(event) if role == "x" else labels_of(event), **expected) == expected


def test_scaling_after_the_fit_does_not_count() -> None:
    before, after = fits("(x, y), _ = keras.datasets.mnist.load_data()\nmodel.fit(x, y)\nx = x / 255\nmodel.fit(x, y)")
    assert (inputs_of(before).scaled, inputs_of(after).scaled) == (False, True)


def test_several_inputs_are_told_apart() -> None:
    (event,) = fits("(a, y), _ = keras.datasets.mnist.load_data()\nmodel.fit([a / 255, a], y)")
    found = inputs_of(event)
    assert found.scaled is None
    assert [part.scaled for part in found.members.values()] == [True, False]
    assert [facts(part).rows for part in parts(event.x)] == [60000, 60000]


def test_splits_and_origins() -> None:
    (event,) = fits(
        """
        (x, y), (xt, yt) = keras.datasets.mnist.load_data()
        model.fit(x / 255, to_categorical(y), validation_data=(xt, yt))
        """
    )
    assert event.validation is not None
    held, marks = event.validation
    assert (split_of(event.x), split_of(held), split_of(Const(1))) == ("train", "test", None)
    assert same_origin(event.x, held)
    assert not same_origin(event.x, event.y)
    assert same_origin(event.y, marks)
    assert [term.name for term in lineage(event.x)] == ["divide", "item", "item", "keras.datasets.mnist.load_data"]


def test_labels_made_of_the_inputs_share_their_origin() -> None:
    (event,) = fits("x = np.random.rand(100, 2)\ny = x.sum(axis=1) > 1\nmodel.fit(x, y)")
    assert facts(event.y).random
    assert same_origin(event.x, event.y)
    assert not labels_of(event).random


def test_columns_of_one_table_are_different_data() -> None:
    (event,) = fits("d = np.loadtxt('a.csv')\nmodel.fit(d[:, :8], d[:, 8])")
    assert not same_origin(event.x, event.y)


def test_a_default_of_the_command_line_leaves_a_doubt() -> None:
    (event,) = fits(
        """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--rows", default=50)
        model.fit(np.random.rand(parser.parse_args().rows, 4))
        """
    )
    found = inputs_of(event)
    assert found.rows == 50
    assert "--rows" in found.doubt


# Terms built by hand


def term(name: str, *args: Value, **named: Value) -> Term:
    return Term(name, {**{str(place): value for place, value in enumerate(args)}, **named})


MNIST = term("item", base=term("item", base=term("keras.datasets.mnist.load_data"), key=Const(0)), key=Const(0))


def test_names_of_either_keras_and_bare_positions() -> None:
    y = term("item", base=MNIST.args["base"], key=Const(1))
    for name in ("keras.utils.to_categorical", "keras.utils.np_utils.to_categorical"):
        assert facts(term(name, y, Const(10))).shape == (60000, 10)
        assert facts(term(name, x=y, num_classes=Const(10))).shape == (60000, 10)


def test_a_chain_of_thousands_is_walked_and_not_trusted() -> None:
    value: Value = MNIST
    for _ in range(20_000):
        value = term("add", left=value, right=Const(0))
    assert sys.getrecursionlimit() < 20_000
    found = facts(value)
    assert (found.shape, found.resolved, found.scaled) == ((60000, 28, 28), False, None)


def test_nesting_of_thousands_is_walked() -> None:
    value: Value = Const(1)
    for _ in range(5_000):
        value = Items((value,))
    assert facts(value).origin is not None
    for _ in range(5_000):
        value = Choice((value, MNIST))
    assert facts(value).scaled is False


def test_facts_are_found_once_and_forgotten_on_demand() -> None:
    forget()
    found = facts(MNIST)
    assert facts(MNIST) is found
    forget()
    assert facts(MNIST) is not found
    assert facts(MNIST) == found


def test_huge_numbers_are_no_range() -> None:
    assert facts(Const(10**400)).bounds is None
    assert facts(Const(float("nan"))).bounds is None
    assert facts(term("multiply", left=MNIST, right=Const(1e299))).bounds is None
    assert facts(term("power", left=MNIST, right=Const(10**9))).bounds is None


def test_padding_is_in_the_range() -> None:
    assert facts(term("keras.utils.pad_sequences", self=Const(-1.0))).bounds == (-1.0, 0)


ATOMS = st.one_of(
    st.builds(
        Const, st.one_of(st.integers(-3, 300), st.floats(allow_nan=True), st.booleans(), st.none(), st.sampled_from(["a", "train", ...]))
    ),
    st.builds(Unknown, st.just("not known")),
    st.builds(Symbol, st.sampled_from(["numpy.float32", "numpy.pi", "numpy.newaxis", "builtins.int"])),
    st.just(MNIST),
    st.just(Function("f", None, None, None)),  # type: ignore[arg-type]
)
NAMES = [*sorted(knowledge._operations()), "unknown", "call", ".nothing()", ".column", "library.nothing", "slice"]
ARGUMENTS = [
    "self",
    "0",
    "1",
    "2",
    "left",
    "right",
    "base",
    "key",
    "value",
    "of",
    "element",
    "axis",
    "shape",
    "result",
    "model",
    "x",
    "size",
]


def nested(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    several = st.lists(inner, max_size=4).map(tuple)
    return st.one_of(
        st.builds(
            Term,
            st.sampled_from([name.removeprefix("~") for name in NAMES]),
            st.dictionaries(st.sampled_from(ARGUMENTS), inner, max_size=4),
        ),
        st.builds(Items, several, st.sampled_from(["list", "tuple"])),
        st.builds(Table, st.dictionaries(st.sampled_from(["a", "b", 0, 1]), inner, max_size=3)),
        st.builds(Choice, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    )


@settings(max_examples=600, deadline=None)
@given(st.recursive(ATOMS, nested, max_leaves=12))
def test_no_term_makes_it_fail_or_claim_what_it_cannot(value: Value) -> None:
    found = facts(value)
    assert found.resolved or found.scaled is not False
    assert found.low is None or found.high is None or found.low <= found.high
    assert found.shape is None or all(size is None or size >= 0 for size in found.shape)
    forget()


# The table


def test_every_operation_has_its_function_and_every_name_one_operation() -> None:
    seen: dict[str, str] = {}
    for module in knowledge.OPERATIONS:
        for key, about in knowledge.tables()[module].items():
            assert callable(getattr(MODULES[module], about.get("does", key))), key
            for name in about["names"].split():
                assert seen.setdefault(name, key) == key, f"{name} is listed twice"


def test_the_table_names_what_scikit_learn_holds() -> None:
    sets = pytest.importorskip("sklearn.datasets")
    for name, about in knowledge.tables()["bunches"].items():
        loader = name.rpartition(".")[2]
        if not loader.startswith("load_") or loader == "load_boston":  # the latter was taken out of scikit-learn
            continue
        bunch = getattr(sets, loader)()
        assert bunch.data.shape[0] == about["rows"], name
        assert str(bunch.data.dtype) == about["x"]["dtype"], name
        for axis, (low, high) in enumerate(about["x"].get("columns", ())):
            assert (bunch.data[:, axis].min(), bunch.data[:, axis].max()) == pytest.approx((low, high), rel=1e-4), (name, axis)
        if "range" in about["y"]:
            assert [bunch.target.min(), bunch.target.max()] == about["y"]["range"], name
        if "classes" in about["y"]:
            assert len(set(bunch.target.tolist())) == about["y"]["classes"], name
