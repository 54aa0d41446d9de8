"""Programs that nobody would write: the interpreter ends, within its budget, and always gives a Program."""

# ruff: noqa: E501  (programs on one line)

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerlint.semantics import interpreter
from kerlint.semantics.interpreter import STEPS, Interpreter, interpret
from kerlint.semantics.program import Program
from kerlint.semantics.project import Project
from kerlint.source import parse, read

HEAD = "from tensorflow import keras\nfrom keras.layers import *\nimport numpy as np\nimport pandas as pd\n"


class Counting(Interpreter):
    """An interpreter that is remembered, so that its steps can be counted."""

    last: Interpreter

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        Counting.last = self


def understood(text: str) -> Program:
    source = read(Path("fuzz.py"), text.encode())
    parsed = parse(source)
    assert not parsed.problems, text
    kept, interpreter.Interpreter = interpreter.Interpreter, Counting  # type: ignore[misc]
    try:
        program = interpret(source, parsed, Project(Path("nowhere")))
    finally:
        interpreter.Interpreter = kept  # type: ignore[misc]
    assert isinstance(program, Program)
    assert Counting.last.steps <= STEPS + 100
    assert not Counting.last.heap.journals, "every fork is undone or committed"
    return program


# A grammar

NAMES = st.sampled_from(["a", "b", "c", "f", "g", "model", "x", "cls", "self", "data"])
ATOMS = st.one_of(
    NAMES,
    st.sampled_from(
        [
            "0",
            "1",
            "-1",
            "2.5",
            "10**9",
            "None",
            "True",
            "''",
            "'relu'",
            "[]",
            "{}",
            "()",
            "...",
            "unknown",
            "np.load('x')",
            "pd.read_csv('a')",
        ]
    ),
)
OPERATORS = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "@", "&", "<<", "==", "<", "in", "is", "and", "or", "not in"])
METHODS = st.sampled_from(
    [
        "append",
        "extend",
        "pop",
        "fit",
        "compile",
        "add",
        "update",
        "get",
        "items",
        "map",
        "batch",
        "astype",
        "layers",
        "output",
        "trainable",
        "shape",
    ]
)
CALLABLES = st.sampled_from(
    ["len", "range", "zip", "enumerate", "list", "dict", "tuple", "sum", "max", "map", "next", "sorted", "getattr", "super", "isinstance", "f", "g",
     "cls", "Dense", "Input", "Conv2D", "LSTM", "Dropout", "Flatten", "Lambda", "concatenate", "keras.Sequential", "keras.Model",
     "keras.models.clone_model", "keras.optimizers.Adam", "np.array", "a", "model", "vars", "type", "print"]
)  # fmt: skip


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    listed = st.lists(inner, max_size=3).map(", ".join)
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(CALLABLES, listed).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(CALLABLES, inner, inner).map(lambda t: f"{t[0]}(*{t[1]}, **{t[2]})"),
        st.tuples(CALLABLES, NAMES, inner).map(lambda t: f"{t[0]}({t[1]}={t[2]})"),
        st.tuples(inner, METHODS, listed).map(lambda t: f"({t[0]}).{t[1]}({t[2]})"),
        st.tuples(inner, METHODS).map(lambda t: f"({t[0]}).{t[1]}"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]})[{t[1]}:{t[2]}]"),
        listed.map(lambda t: f"[{t}]"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]}, {t[1]})"),
        st.tuples(inner, inner).map(lambda t: f"{{{t[0]}: {t[1]}}}"),
        st.tuples(inner, NAMES, inner, inner).map(lambda t: f"[{t[0]} for {t[1]} in {t[2]} if {t[3]}]"),
        st.tuples(inner, NAMES, inner).map(lambda t: f"{{{t[1]}: {t[0]} for {t[1]} in {t[2]}}}"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(NAMES, inner).map(lambda t: f"(lambda {t[0]}: {t[1]})"),
        st.tuples(NAMES, inner).map(lambda t: f"({t[0]} := {t[1]})"),
        inner.map(lambda t: f"(not {t})"),
        inner.map(lambda t: f"(-{t})"),
    )


EXPRESSIONS = st.recursive(ATOMS, _grown, max_leaves=6)
TARGETS = st.one_of(
    NAMES,
    st.tuples(NAMES, NAMES).map(lambda t: f"{t[0]}, {t[1]}"),
    st.tuples(NAMES, NAMES).map(lambda t: f"{t[0]}, *{t[1]}"),
    st.tuples(NAMES, METHODS).map(lambda t: f"{t[0]}.{t[1]}"),
    st.tuples(NAMES, ATOMS).map(lambda t: f"{t[0]}[{t[1]}]"),
)
AUGMENTABLE = st.one_of(NAMES, st.tuples(NAMES, ATOMS).map(lambda t: f"{t[0]}[{t[1]}]"))
SIMPLE = st.one_of(
    st.tuples(TARGETS, EXPRESSIONS).map(lambda t: f"{t[0]} = {t[1]}"),
    st.tuples(TARGETS, EXPRESSIONS).map(lambda t: f"{t[0]} = {t[1]}"),
    st.tuples(AUGMENTABLE, st.sampled_from(["+=", "*=", "/=", "**="]), EXPRESSIONS).map(lambda t: f"{t[0]} {t[1]} {t[2]}"),
    EXPRESSIONS,
    st.tuples(NAMES, ATOMS).map(lambda t: f"del {t[0]}[{t[1]}]"),
    NAMES.map(lambda t: f"del {t}"),
    st.just("pass"),
)


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    block = st.lists(inner, min_size=1, max_size=3).map(lambda lines: _indented("\n".join(lines)))
    ending = st.sampled_from(["return a", "return", "yield b", "raise ValueError", "return f(a)", "global c; c = 1", "pass"]).map(_indented)
    leaving = st.sampled_from(["break", "continue", "if unknown: break", "if a: continue", "pass"]).map(_indented)
    return st.one_of(
        st.tuples(EXPRESSIONS, block, block).map(lambda t: f"if {t[0]}:\n{t[1]}\nelse:\n{t[2]}"),
        st.tuples(TARGETS, EXPRESSIONS, block, leaving, block).map(lambda t: f"for {t[0]} in {t[1]}:\n{t[2]}\n{t[3]}\nelse:\n{t[4]}"),
        st.tuples(EXPRESSIONS, block, leaving).map(lambda t: f"while {t[0]}:\n{t[1]}\n{t[2]}"),
        st.tuples(block, block, block).map(lambda t: f"try:\n{t[0]}\nexcept ValueError as error:\n{t[1]}\nfinally:\n{t[2]}"),
        st.tuples(EXPRESSIONS, NAMES, block).map(lambda t: f"with {t[0]} as {t[1]}:\n{t[2]}"),
        st.tuples(EXPRESSIONS, EXPRESSIONS, block, block).map(
            lambda t: (
                f"match {t[0]}:\n    case 1 | 'relu':\n{_indented(t[2])}\n    case [a, *b] if {t[1]}:\n{_indented(t[3])}\n    case {{'k': c}}:\n        pass"
            )
        ),
        st.tuples(st.sampled_from(["f", "g"]), block, ending).map(lambda t: f"def {t[0]}(a, b=1, *c, **d):\n{t[1]}\n{t[2]}"),
        st.tuples(st.sampled_from(["f", "g"]), st.sampled_from(["f", "property", "unknown"]), block, ending).map(
            lambda t: f"@{t[1]}\ndef {t[0]}(x=None):\n{t[2]}\n{t[3]}"
        ),
        st.tuples(st.sampled_from(["", "(keras.Model)", "(keras.layers.Layer)", "(cls)"]), block, ending, block).map(
            lambda t: (
                f"class cls{t[0]}:\n{t[1]}\n    def __init__(self, *a, **b):\n        super().__init__(*a, **b)\n{_indented(t[3])}\n"
                f"    def call(self, x):\n{_indented(t[2])}"
            )
        ),
    )


STATEMENTS = st.recursive(SIMPLE, _nested, max_leaves=8)
PROGRAMS = st.lists(STATEMENTS, min_size=1, max_size=8).map(lambda parts: HEAD + "\n".join(parts) + "\n")


@settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck])
@given(PROGRAMS)
def test_any_program(text: str) -> None:
    try:
        compile(text, "fuzz", "exec")
    except (SyntaxError, ValueError):
        return
    understood(text)


# What is known to be hard

HARD = {
    "mutual recursion": "def f(n):\n    return g(n) + g(n)\ndef g(n):\n    return f(n) + f(n)\nf(3)\n",
    "recursion over layers": "def f(x):\n    return Dense(1)(f(Dense(2)(x)))\nkeras.Model(i := Input((3,)), f(i))\n",
    "a generator of itself": "def f(n):\n    yield n\n    yield from f(n - 1)\nfor x in f(9):\n    for y in f(x):\n        a = list(f(y))\n",
    "a call that calls itself": "class A:\n    def __call__(self, x):\n        return self(x)\n    def __getitem__(self, i):\n        return self[i]\n"
    "    def __len__(self):\n        return len(self)\na = A()\na(1), a[2], len(a)\nfor x in a:\n    x(a)\n",
    "an attribute of itself": "class A:\n    def __getattr__(self, name):\n        return self.other\n    @property\n    def p(self):\n"
    "        return self.p\na = A()\na.x.y.p\n",
    "a layer that calls itself": "class L(Layer):\n    def call(self, x):\n        return self(x)\ny = L()(Input((3,)))\nm = keras.Model(Input((3,)), y)\n",
    "a model that holds itself": "class M(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.me = self\n    def call(self, x):\n"
    "        return self.me(x)\nm = M()\nm.trainable = False\nm.compile('adam', 'mse')\nm.fit(a, b)\n",
    "a sequence that holds itself": "m = keras.Sequential()\nm.add(m)\nm.add(Dense(1))\nm.trainable = False\nm.compile('adam', 'mse')\nm.summary()\n",
    "a list of itself": "a = []\na.append(a)\nb = [a, a]\na.append(b)\na += a\nfor x in a:\n    a.append(x)\na == a\nlen(a)\nm = keras.Sequential(a)\nm.fit(a)\n",
    "a dict of itself": "d = {}\nd['d'] = d\nd['e'] = [d]\nf(**d)\nd['d']['d']['e'][0]['x'] = 1\nd.update(d)\nd == d\nstr(d)\nd[d] = d\n",
    "long texts": "a = 'x' * 10**9\nb = [1] * 10**9\nc = 'ab' * 1000\nfor i in range(50):\n    c = c + c\n    d = c * 10**6\nb = b * 10**9\n",
    "long numbers": "a = 2\nfor i in range(100):\n    a = a * a\n    b = a ** a\n    c = 1 << a\n    d = a + a\ne = 10 ** 10 ** 10\nfloat(a)\n",
    "a long range": "for i in range(10**9):\n    for j in range(10**9):\n        for k in range(10**9):\n            a = [i, j, k]\nlist(range(10**12))\n",
    "nested loops": "".join(f"{'    ' * n}for a{n} in range(100):\n" for n in range(12)) + "    " * 12 + "x = a0\n",
    "nested comprehensions": "[" * 12 + "1" + "".join(f" for a{n} in range(90)]" for n in range(12)) + "\n",
    "nested calls": "x = " + "f(" * 90 + "1" + ")" * 90 + "\n",
    "calls in a row": "def f(x):\n    return x\n" + "x = 1\n" + "x = f(x)\n" * 3000,
    "a chain of attributes": "x = a" + ".b" * 600 + "\ny = np" + ".c(1)" * 300 + "\n",
    "a long sum": "x = " + " + ".join(["np.load('a')"] * 200) + "\n",
    "doubling data": "x = np.load('a')\n" + "x = x + x\n" * 200 + "m = keras.Sequential([Dense(1)])\nm.compile('adam', 'mse')\nm.fit(x, x)\n",
    "doubling choices": "x = 0\n" + "if unknown():\n    x = x + 1\n" * 60,
    "doubling branches": "def f(n):\n    if unknown():\n        return f(n)\n    return f(n) if unknown() else f(n + 1)\n" * 3 + "f(0)\n",
    "functions that make functions": "def f(g):\n    return lambda x: f(g)(f(g)(x))\nf(f)(f)(1)\n",
    "the Y combinator": "Y = lambda f: (lambda x: x(x))(lambda y: f(lambda z: y(y)(z)))\nY(lambda s: lambda n: 1 if n == 0 else n * s(n - 1))(50)\n",
    "a class that inherits itself": "class A:\n    pass\nclass A(A):\n    pass\nclass B(A):\n    pass\nA.__bases__ = (B,)\nclass A(B, A):\n    def f(self):\n"
    "        return super().f()\nA().f()\n",
    "stars of stars": "def f(*a, **k):\n    return f(*a, *a, **k)\nf(*[1] * 100, **{'a': 1})\nf(**{1: 2})\nf(*f, **f)\na, *b = b = a\n[*a] = {**a}\n",
    "decorators of themselves": "def d(f):\n    @d\n    def g(x):\n        return g(x)\n    return g\n@d\ndef h(x):\n    return h(x)\nh(1)\n",
    "keys of all kinds": "d = {[]: 1, (1, [2]): 2, None: 3, 1.0: 4, True: 5, ...: 6, float('nan'): 7}\nd[{}] = 1\nd[[1]]\n[1] in d\nd[(1, [2])]\ndel d[[]]\n"
    "d.get([])\nd.pop(())\n{x: 1 for x in [[]]}\n",
    "a model after the budget": "class M(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.d = Dense(1)\n"
    "    def call(self, x):\n        for i in range(100):\n            x = self.d(x)\n        return x\nm = M()\ndef f(x):\n    return x\n"
    + "[[f(a) for a in range(16)] for b in range(16)]\n" * 300,
    "a partial of a partial": "from functools import partial, reduce\np = partial\nfor i in range(100):\n    p = partial(p, p)\np(1)(2)\npartial()()\n"
    "reduce(p, [p] * 50)\nreduce()\nmap(p)\nnext()\n",
    "calls without arguments": "\n".join(f"{name}()" for name in ["len", "range", "zip", "enumerate", "list", "dict", "int", "max", "sorted", "map", "getattr", "super", "isinstance", "Dense", "Input", "keras.Sequential", "keras.Model", "concatenate", "keras.models.clone_model", "keras.models.load_model", "vars", "next"]) + "\n",
}  # fmt: skip


@pytest.mark.parametrize("title", HARD)
def test_hard_program(title: str) -> None:
    understood(HEAD + HARD[title])
