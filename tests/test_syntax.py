"""The tree that kerlint makes of CPython's is the one that it makes of LibCST's, and its nodes stand where they stand for LibCST."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import libcst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

import kerlint.semantics.statements
import kerlint.suppression
from kerlint.finding import Position
from kerlint.syntax import from_ast, from_libcst, nodes, reading
from kerlint.syntax.nodes import Node, within
from kerlint.syntax.text import Text

CODES = {
    "parentheses": "x = ((a + (b)) * ( f(1, (2)) ))\ny = (\n    yield_\n)\n",
    "tuples": (
        "a = 1, 2\nb = (1), (2)\nc = ((1), 2)\nd = (1,)\ne = ()\nf[(1, 2)]\ng[(1), 2]\nh[1:2, (3)]\ni[1,]\n"
        "for j, (k, l) in m: pass\ndel (n, o), p\n"
    ),
    "groups": (
        "return_ = f((x))\ny = (f)(x)\nz = a if (b) else (c)\nw = (\n    # why\n    x  # this\n)\nnot (a)\n"
        "lambda: (x)\nf(  # (\n  (x)  # )\n)\n"
    ),
    "comments": "# first\n\nx = 1  # why\n\n# second\nif x:  # test\n    # inside\n    y = 2\n# last\n",
    "decorated": (
        "@a\n@b(1)\n# comment\ndef f(x, /, y, *args, z: int = 3, **kw) -> int:\n    return x\n\n@ (c)\n"
        "class A(B, *D, metaclass=C):\n    z: int = 1\n"
    ),
    "async": (
        "async def f():\n    async with a as b, c:\n        await d\n    async for e in f: pass\n    return [g async for g in h if i]\n"
    ),
    "wide": "s = 'é𝄞' + f'{x!r:>{y}} {z}'; t = ñ(s)\nu = '''a\nb''' ; v = 1\nf('𝄞').g(é=1)\n",
    "crlf": "x = 1\r\nif x:\r\n    y = f(\r\n        x,\r\n    )\r\n",
    "cr": "x = 1\rif x:\r    y = 2\r",
    "tabs": "if a:\n\tif b:\n\t\tx\t=\t1\n\telse:\n\t\tpass\n",
    "no newline": "x = 1\ny = f(x)",
    "joined": "x = 1 + \\\n    2\nassert x, \\\n  'no'\nfrom \\\n  a import b\n",
    "statements": (
        "try:\n    raise A from b\nexcept (C, D) as e:\n    del f, g\nexcept H: pass\nelse:\n    pass\nfinally:\n"
        "    global h, i\nwhile i: break\nfrom .j import (k as l, m,)\nimport n.o as p, q . r\n"
        "from . import s\nfrom t import *\nif x: continue;\n"
    ),
    "branches": "if a: b\nelif c: d\nelse:\n    if e: f\nif a: pass\nelse: pass\nfor x in y: z\nelse: w\nwhile a: pass\nelse: pass\n",
    "match": (
        "match a:\n    case [1, *b] if c: pass\n    case {'d': e, **f} | G(1, h=1): pass\n"
        "    case (None | True) as i: pass\n    case _: pass\n"
    ),
    "strings": "a = 'b' \"c\"\nd = r'e' b''\nf = 'g' f'{h}' 'i'\nj = u'k'\nl = '''m''' 'n'\no = 'it\\'s'\np = b'q' b'r'\n".replace(
        " b''", ""
    ),
    "numbers": "a = 1, 0x1F, 1_000, 1.5, 1e-3, 2j\n",
    "expressions": (
        "x = a[1:2, ::3] if not b else lambda c, *d: {**e, 1: 2}\ny = {f, *g}; z += (h := 1)\n"
        "w = -i ** ~j @ k <= l is not m\nn = o and p and (q or r)\n"
        "s = (yield), (yield t), (yield from u)\nv @= w\nx //= 1; print(*a, b, **c); f(a=1, *b)\n"
        "{a: b for a, b in c}\n{d for d in e if f if g}\n"
        "sum(x for x in y); sum((x for x in y), 1)\n[a for b in c for d in e]\n"
    ),
    "lists": "x = [\n    1,  # one\n    2,\n\n    # three\n    3\n]\nmodel = A([\n    B(1),\n    B(2, c=3),\n])\n",
    "empty": "",
    "only comments": "# a\n\n# b",
}
UNPLACED = (nodes.Module, nodes.Parameters, nodes.Param, nodes.From, nodes.MatchPattern, nodes.MatchCase)
"""What nobody asks the place of."""


def same(text: str) -> None:
    ours = shown(from_ast.module(ast.parse(text), Text(text)))
    theirs = shown(from_libcst.module(libcst.parse_module(text), Text(text)))
    assert ours == theirs


def shown(node: Any) -> Any:
    """A tree as plain data: the kind of each node, its places, and its parts."""
    match node:
        case nodes.Operator(at=None):
            return type(node).__name__
        case nodes.Operator():
            return type(node).__name__, node.span
        case Node():
            places = () if isinstance(node, UNPLACED) else (node.span, node.outer, node.code)
            return type(node).__name__, places, [shown(getattr(node, name)) for name in node.__struct_fields__[2:]]
        case list():
            return [shown(part) for part in node]
        case _:
            return node


@pytest.mark.parametrize("text", CODES.values(), ids=CODES)
def test_both_parsers_lead_to_one_tree(text: str) -> None:
    same(text)


@pytest.mark.parametrize("module", [kerlint.syntax.text, kerlint.suppression, kerlint.semantics.statements])
def test_both_parsers_lead_to_one_tree_of_real_modules(module: ModuleType) -> None:
    same(Path(str(module.__file__)).read_text(encoding="utf-8"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([code for code in CODES.values() if code.endswith("\n") and "\r" not in code]), max_size=4))
def test_both_parsers_lead_to_one_tree_of_code_in_any_order(texts: list[str]) -> None:
    same("".join(texts))


@pytest.mark.parametrize("kind", ["Call", "Attribute", "Tuple", "GeneratorExp", "Arg", "FunctionDef", "ClassDef", "If", "Assign", "IfExp"])
def test_nodes_stand_where_libcst_says(kind: str) -> None:
    text = "".join(code for code in CODES.values() if "\r" not in code and code.endswith("\n"))
    places = MetadataWrapper(libcst.parse_module(text), unsafe_skip_copy=True).resolve(PositionProvider)
    ours = {_rows(node.start, node.end) for node in within(reading.tree(text)) if type(node).__name__ == kind}
    theirs = {
        (place.start.line, place.start.column + 1, place.end.line, place.end.column + 1)
        for node, place in places.items()
        if type(node).__name__ == kind
    }
    assert ours
    # The path of an import and the targets of `del` are no attributes and no tuple here.
    assert ours < theirs if kind in ("Attribute", "Tuple") else ours == theirs


def _rows(start: Position, end: Position) -> tuple[int, int, int, int]:
    return start.row, start.column, end.row, end.column


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import a . b as c, d", ["a . b", "c", "d"]),
        ("from .. a.b import c as d", ["a.b", "c", "d"]),
        ("def f(x: int = 1, *y, **z): pass", ["f", "x", "y", "z", "int"]),
        ("async def f(): pass", ["f"]),
        ("class  A(b.c, d=e): pass", ["A", "b", "c", "d", "e"]),
        ("try: pass\nexcept (a, b) as  c: pass", ["a", "b", "c"]),
        ("x.y .z(w = 1)", ["x", "y", "z", "w"]),
        ("lambda x, *, y=1: x", ["x", "y", "x"]),
    ],
)
def test_every_name_has_its_own_place(text: str, names: list[str]) -> None:
    found = [node for node in within(reading.tree(text)) if isinstance(node, nodes.Name)]
    assert sorted(text[slice(*node.span)] for node in found) == sorted(names)


def test_the_longest_chain_that_is_parsed_has_places() -> None:
    with reading.undisturbed():
        module = reading.tree("x = " + " + ".join(["a"] * 990) + "\n")
        (statement,) = module.body
        assert (statement.start, statement.end) == (Position(1, 1), Position(1, len("x = ") + 990 * 4 - 3 + 1))
        assert sum(isinstance(node, nodes.Name) for node in within(module)) == 991


NEWER = [
    ((3, 11), "try:\n    pass\nexcept* A as b:\n    c()\n", "Try"),
    ((3, 12), "type A[T] = list[T]\n", "TypeAlias"),
    ((3, 12), "def f[T](x: T) -> T:\n    return x\n", "FunctionDef"),
    ((3, 12), "class A[T](B):\n    pass\n", "ClassDef"),
    ((3, 12), 'x = f"{d["a"]}"\n', "FormattedString"),
]


@pytest.mark.parametrize(("version", "text", "kind"), NEWER, ids=[text.split("\n")[0] for _, text, _ in NEWER])
def test_code_of_a_newer_python_is_read(version: tuple[int, int], text: str, kind: str) -> None:
    read = reading.tree(text)
    assert kind in {type(node).__name__ for node in within(read)}
    if sys.version_info < version:
        with pytest.raises(SyntaxError):
            ast.parse(text)
    assert shown(read) == shown(from_libcst.module(libcst.parse_module(text), Text(text)))


def test_nodes_are_told_apart_by_themselves_and_hold_nothing_back() -> None:
    one, other = reading.tree("x = 1\n"), reading.tree("x = 1\n")
    assert one.body[0] != other.body[0]
    assert len({one.body[0], other.body[0]}) == 2
    assert not [node for node in within(one) if "parent" in node.__struct_fields__]
