"""Every page is its own test: what its Bad blocks mark is reported, what it calls Good is left alone by every rule."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from kerlint.config import Config
from kerlint.engine import FAMILIES, lint_source
from kerlint.finding import Finding
from kerlint.rule import PAGES, Example, parse, rules
from kerlint.selection import Selection
from kerlint.source import read

MARKER = re.compile(r"#\s*(KER\d{3}(?:[\s,]+KER\d{3})*)\s*$")
CODE = re.compile(r"KER\d{3}")
FILES = sorted(PAGES.glob("*.md"))
Marks = set[tuple[str, int, str]]
"""File name, line and code."""


def blocks() -> Iterator[object]:
    """Each block that is linted, with the blocks before it that give it further files (fence word `file=models.py`)."""
    for code, rule in rules().items():
        beside: list[Example] = []
        for example in rule.examples:
            beside.append(example)
            if not file_of(example):
                yield pytest.param(code, tuple(beside), id=f"{code}-{rule.name}.md:{example.line}")
                beside = []


def file_of(example: Example) -> str:
    return next((word.removeprefix("file=") for word in example.words if word.startswith("file=")), "")


def marked(name: str, example: Example) -> Marks:
    found = ((row, MARKER.search(line)) for row, line in enumerate(example.code.splitlines(), 1))
    return {(name, row, code) for row, match in found if match for code in CODE.findall(match[1])}


def reported(findings: list[Finding]) -> Marks:
    return {(finding.range.path.name, finding.range.start.row, finding.code) for finding in findings if finding.range}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_page_is_complete(path: Path) -> None:
    rule = parse(path)
    assert re.fullmatch(r"KER\d{3}-[a-z0-9]+(-[a-z0-9]+)*\.md", path.name)
    assert [example for example in rule.examples if example.bad], "a page shows what it is about"
    assert [example for example in rule.examples if not example.bad], "a page shows what it leaves alone"
    for name, option in rule.documented.items():
        assert option.source.strip(), f"{name}: a number needs its source"


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


@pytest.mark.parametrize(("code", "examples"), [*blocks()])
def test_block(code: str, examples: tuple[Example, ...], tmp_path: Path) -> None:
    """The marks of a block, and of the files beside it, are exactly what all rules report there."""
    names = [*(file_of(example) for example in examples[:-1]), "script.py"]
    for name, example in zip(names, examples, strict=True):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(example.code, encoding="utf-8")
    config = Config(layers=(Selection(extend=(code,)),), root=tmp_path)
    findings = lint_source(read(tmp_path / "script.py"), config)

    expected = {mark for name, example in zip(names, examples, strict=True) for mark in marked(Path(name).name, example)}
    messages = "\n".join(f"{finding.range}: {finding.code} {finding.message}" for finding in findings)
    assert reported(findings) == expected, messages
    assert not expected or examples[-1].bad, "a Good block holds no marker"


def test_bad_blocks_mark_their_own_rule() -> None:
    for code, rule in rules().items():
        own = {mark for example in rule.examples if example.bad for mark in marked("script.py", example) if mark[2] == code}
        assert own, f"{code}: no Bad block marks what the page is about"
