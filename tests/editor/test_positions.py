"""Columns in the units of editors, against Python's own codecs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerlint.editor.positions import Encoding, Lines, characters, units

CODECS: dict[Encoding, tuple[str, int]] = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
ENCODINGS = st.sampled_from(sorted(CODECS))
TEXTS = st.text(st.sampled_from("aé漢🙂\u0301\x0c\u2028\x85\t"), max_size=12)


@given(TEXTS, ENCODINGS)
def test_units(text: str, encoding: Encoding) -> None:
    codec, width = CODECS[encoding]
    assert units(text, encoding) == len(text.encode(codec)) // width


@given(TEXTS, ENCODINGS, st.integers(0, 12))
def test_there_and_back(text: str, encoding: Encoding, count: int) -> None:
    count = min(count, len(text))
    assert characters(text, units(text[:count], encoding), encoding) == count
    assert characters(text, 1000, encoding) == len(text)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from(["\n", "\r\n", "\r"]), ENCODINGS)
def test_lines_end_where_python_and_the_protocol_say(parts: list[str], newline: str, encoding: Encoding) -> None:
    text = newline.join(parts)
    lines = Lines(text, encoding)
    assert [lines.line(number) for number in range(len(parts) + 1)] == [*parts, ""]
    for row, part in enumerate(parts, 1):
        for column in range(1, len(part) + 2):
            line, unit = lines.spot(row, column)
            assert text[: lines.offset(line, unit)] == "".join(one + newline for one in parts[: row - 1]) + part[: column - 1]
    assert lines.offset(len(parts), 0) == len(text)


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)])
def test_an_emoji(encoding: Encoding, column: int) -> None:
    assert Lines("🙂 = 1", encoding).spot(1, 2) == (0, column)


def test_halves_of_a_character_have_a_place() -> None:
    assert [units("\ud83d", encoding) for encoding in CODECS] == [3, 1, 1]
    assert characters("🙂x", 1, "utf-16") == 1
