"""Every page is its own test: what its Bad blocks mark is reported, what it calls Good is left alone by every rule."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from kerlint.engine import FAMILIES
from kerlint.examples import Block, blocks, faults, gaps, judging
from kerlint.home import PAGES
from kerlint.rule import parse, rules

FILES = sorted(PAGES.glob("*.md"))


def every_block() -> Iterator[object]:
    for rule in rules().values():
        yield from (pytest.param(block, id=f"{rule.page.name}:{block.example.line}") for block in blocks(rule))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_page_is_complete(path: Path) -> None:
    assert re.fullmatch(r"KER\d{3}-[a-z0-9]+(-[a-z0-9]+)*\.md", path.name)
    assert list(gaps(parse(path))) == []


def test_each_page_has_a_check_and_each_check_a_page() -> None:
    checks = set()
    for digit, family in ((digit, family) for digit, families in FAMILIES.items() for family in families):
        module = import_module(f"kerlint.checks.{family}")
        functions = inspect.getmembers(module, inspect.isfunction)
        checks |= {(digit, name) for name, found in functions if found.__module__ == module.__name__ and not name.startswith("_")}
    pages = {(code[3], rule.name.replace("-", "_")) for code, rule in rules().items() if code[3] in FAMILIES}
    assert pages == checks


def test_names_are_given_once() -> None:
    names = [rule.name for rule in rules().values()]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("block", [*every_block()])
def test_block(block: Block) -> None:
    """The marks of a block, and of the files beside it, are exactly what all rules report there."""
    assert list(faults(block, judging(block.rule, rules()))) == []
