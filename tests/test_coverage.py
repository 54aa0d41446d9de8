"""The page that compares kerlint with other tools names rules that there are."""

from __future__ import annotations

import re
from pathlib import Path

from kerlint.rule import rules

PAGE = (Path(__file__).parent.parent / "docs" / "coverage.md").read_text(encoding="utf-8")


def test_every_code_has_a_page() -> None:
    named = set(re.findall(r"KER\d{3}", PAGE))
    assert named
    assert named - rules().keys() == set()


def test_every_row_names_a_rule_or_gives_a_reason() -> None:
    rows = [row for row in re.findall(r"^\|(.+)\|$", PAGE, re.MULTILINE) if not set(row) <= {"-", "|"}]
    last = [row.rpartition("|")[2].strip() for row in rows]
    assert [cell for cell in last if cell != "kerlint" and not re.search(r"KER\d{3}|^none: ...|^as for ", cell)] == []


def test_every_flag_of_neuralint_is_there() -> None:
    flags = re.findall(r"^\| (f\d{3}) \|", PAGE, re.MULTILINE)
    assert flags == [f"f{number:03}" for number in range(1, 28)]


def test_every_opinion_is_traced_to_its_origin() -> None:
    assert {code for code in rules() if code.startswith("KER9")} <= set(re.findall(r"KER\d{3}", PAGE))
