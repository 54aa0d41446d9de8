"""Positions of nodes are those of libcst's own provider, which costs several times as much."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import libcst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

import kerlint.positions
import kerlint.suppression
from kerlint.finding import Position
from kerlint.positions import positions

CODES = {
    "parentheses": "x = ((a + (b)) * ( f(1, (2)) ))\ny = (\n    yield_\n)\n",
    "comments": "# first\n\nx = 1  # why\n\n# second\nif x:  # test\n    # inside\n    y = 2\n# last\n",
    "decorated": (
        "@a\n@b(1)\n# comment\ndef f(x, *args, y: int = 3, **kw) -> int:\n    return x\n\nclass A(B, metaclass=C):\n    z: int = 1\n"
    ),
    "async": (
        "async def f():\n    async with a as b, c:\n        await d\n    async for e in f: pass\n    return [g async for g in h if i]\n"
    ),
    "wide": "s = 'é𝄞' + f'{x!r:>{y}} {z}'; t = ñ(s)\nu = '''a\nb''' ; v = 1\n",
    "crlf": "x = 1\r\nif x:\r\n    y = f(\r\n        x,\r\n    )\r\n",
    "cr": "x = 1\rif x:\r    y = 2\r",
    "tabs": "if a:\n\tif b:\n\t\tx\t=\t1\n\telse:\n\t\tpass\n",
    "no newline": "x = 1\ny = f(x)",
    "joined": "x = 1 + \\\n    2\nassert x, \\\n  'no'\n",
    "statements": (
        "try:\n    raise A from b\nexcept (C, D) as e:\n    del f, g\nelse:\n    pass\nfinally:\n"
        "    global h\nwhile i: break\nfrom .j import (k as l, m,)\nimport n.o as p\n"
    ),
    "match": "match a:\n    case [1, *b] if c: pass\n    case {'d': e, **f} | G(h=1): pass\n    case _: pass\n",
    "expressions": "x = a[1:2, ::3] if not b else lambda c, *d: {**e, 1: 2}\ny = {f, *g}; z += (h := 1)\nw = -i ** ~j @ k <= l is not m\n",
    "lists": "x = [\n    1,  # one\n    2,\n\n    # three\n    3\n]\nmodel = A([\n    B(1),\n    B(2, c=3),\n])\n",
    "empty": "",
    "only comments": "# a\n\n# b",
}


def every_node(tree: libcst.CSTNode) -> list[libcst.CSTNode]:
    return [tree, *(node for child in tree.children for node in every_node(child))]


def by_libcst(module: libcst.Module) -> dict[libcst.CSTNode, tuple[Position, Position]]:
    ranges = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    return {
        node: (Position(place.start.line, place.start.column + 1), Position(place.end.line, place.end.column + 1))
        for node, place in ranges.items()
    }


def same_as_libcst(text: str) -> None:
    module = libcst.parse_module(text)
    nodes = every_node(module)
    expected = by_libcst(module)
    assert positions(module, nodes) == expected
    for node in nodes[:: max(1, len(nodes) // 20)]:  # asked alone, a node still gets what libcst takes from its children
        assert positions(module, {node}) == {node: expected[node]}


@pytest.mark.parametrize("text", CODES.values(), ids=CODES)
def test_every_node_stands_where_libcst_says(text: str) -> None:
    same_as_libcst(text)


@pytest.mark.parametrize("module", [kerlint.positions, kerlint.suppression])
def test_every_node_of_real_modules_stands_where_libcst_says(module: ModuleType) -> None:
    tree = libcst.parse_module(Path(str(module.__file__)).read_text(encoding="utf-8"))
    assert positions(tree, every_node(tree)) == by_libcst(tree)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([text for text in CODES.values() if text.endswith("\n") and "\r" not in text]), max_size=4))
def test_statements_in_any_order(texts: list[str]) -> None:
    same_as_libcst("".join(texts))


def test_nodes_of_other_modules_are_left_out() -> None:
    one, other = libcst.parse_module("x = 1\n"), libcst.parse_module("y = 2\n")
    assert positions(one, {one.body[0], other.body[0]}) == {one.body[0]: (Position(1, 1), Position(1, 6))}
    assert positions(one, ()) == {}


def test_the_longest_chain_that_is_parsed_has_positions() -> None:
    module = libcst.parse_module("x = " + " + ".join(["a"] * 990) + "\n")
    (start, end), *_ = positions(module, {module.body[0]}).values()
    assert (start, end) == (Position(1, 1), Position(1, 4 + 990 + 989 * 3 + 1))
