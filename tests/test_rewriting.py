"""Edits carried out on scripts and notebooks: what they replace changes, and no other byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerlint.finding import Edit, Position, Range
from kerlint.rewriting import rewritten
from kerlint.source import read, written

SCRIPT = Path("a.py")
NOTEBOOK = Path("a.ipynb")


def edit(row: int, start: int, end: int, content: str, *, cell: int | None = None, last: int | None = None) -> Edit:
    place = Range(NOTEBOOK if cell else SCRIPT, Position(row, start), Position(last or row, end), cell)
    return Edit(None, None, content, place)


@pytest.mark.parametrize(
    ("text", "edits", "result"),
    [
        ("a\nb\n", [edit(2, 1, 2, "c")], "a\nc\n"),
        ("a\r\nb\r\n", [edit(2, 1, 1, "c\n")], "a\r\nc\r\nb\r\n"),
        ("a\rb", [edit(2, 2, 2, "\nc")], "a\rb\rc"),
        ("a\n\x0c\tb = 1\n", [edit(2, 3, 4, "c")], "a\n\x0c\tc = 1\n"),
        ("é = 'ü'\n", [edit(1, 6, 7, "ö")], "é = 'ö'\n"),
        ("a, b, c", [edit(1, 4, 5, "x"), edit(1, 1, 2, "y"), edit(1, 2, 2, "!"), edit(1, 2, 2, "?")], "y!?, x, c"),
        ("f(\n  a,\n  b)", [edit(2, 3, 3, "", last=3)], "f(\n  b)"),
        ("a = '\u2028'\nb", [edit(2, 1, 2, "c")], "a = '\u2028'\nc"),
    ],
)
def test_script(text: str, edits: list[Edit], result: str) -> None:
    assert rewritten(read(SCRIPT, text.encode()), edits) == result


def nb(source: str) -> str:
    text = '{"cells": [\n  {"cell_type": "markdown", "source": ["a"]},\n  {"cell_type": "code",\n   "source": %,  "x":1.0}]\n}\n'
    return text.replace("%", source)


@pytest.mark.parametrize(
    ("source", "edits", "result"),
    [
        ('["keras\\n", "b"]', [edit(2, 1, 2, "c", cell=1)], '["keras\\n", "c"]'),
        ('["keras\\n", "b"]', [edit(2, 1, 1, "c\n", cell=1)], '["keras\\n", "c\\n", "b"]'),
        ('["keras\\n", "b"]', [edit(2, 2, 2, "\nc", cell=1)], '["keras\\n", "b\\n", "c"]'),
        ('[\n    "keras"\n   ]', [edit(1, 6, 6, "\nc\nd", cell=1)], '[\n    "keras\\n",\n    "c\\n",\n    "d"\n   ]'),
        ('"keras\\nb"', [edit(2, 1, 1, "c\n", cell=1)], '"keras\\nc\\nb"'),
        ('"keras\\r\\nb"', [edit(2, 1, 1, "c\n", cell=1)], '"keras\\r\\nc\\r\\nb"'),
        ('["keras\\n",\n "b\\n",\n "c"]', [edit(2, 1, 1, "", cell=1, last=3)], '["keras\\n",\n "c"]'),
        ('["keras ker", "as\\n", "b"]', [edit(1, 7, 12, "x", cell=1)], '["keras x\\n", "b"]'),
        ('"\\ud83d\\ude00 \\u0041 \\" keras \\/"', [edit(1, 3, 4, "é", cell=1)], '"\\ud83d\\ude00 \\u00e9 \\" keras \\/"'),
        ('["%%time\\n", "  keras = 1"]', [edit(2, 11, 12, "'\\\"2", cell=1)], '["%%time\\n", "  keras = \'\\\\\\"2"]'),
        ('"😀 \\ud800 keras"', [edit(1, 5, 10, "é", cell=1)], '"😀 \\ud800 é"'),
    ],
)
def test_notebook(source: str, edits: list[Edit], result: str) -> None:
    assert rewritten(read(NOTEBOOK, nb(source).encode()), edits) == nb(result)


TEXT = st.text(st.sampled_from('ab \n\t"\\/é😀\x01'), max_size=12)


@given(lines=st.lists(TEXT, min_size=1, max_size=4), whole=st.booleans(), ascii_only=st.booleans(), data=st.data())
def test_any_edit_of_any_notebook(lines: list[str], whole: bool, ascii_only: bool, data: st.DataObject) -> None:
    """The cell becomes what the same edit makes of its text, and the rest of the JSON stays as it is."""
    lines = ["keras ", *lines]
    text = "".join(lines)
    source = read(NOTEBOOK, nb(json.dumps(text if whole else lines, ensure_ascii=ascii_only)).encode())
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    content = data.draw(TEXT)

    def position(offset: int) -> Position:
        before = text[:offset].split("\n")
        return Position(len(before), len(before[-1]) + 1)

    new = rewritten(source, [Edit(None, None, content, Range(NOTEBOOK, position(start), position(end), 1))])
    again = read(NOTEBOOK, new.encode())
    if again.cells:
        assert written(again, again.cells[0]) == text[:start] + content + text[end:]
    assert new.startswith(nb("\0").split("\0")[0])
    assert new.endswith(nb("\0").split("\0")[1])
