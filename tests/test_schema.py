"""The JSON schema of a configuration: fresh, and of one mind with what kerlint itself takes and refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import tomli
from conftest import ROOT, Kerlint
from jsonschema import Draft7Validator

from kerlint.config import configure
from kerlint.mistake import MistakeError
from kerlint.rule import rules
from kerlint.schema import NAME, schema, text
from kerlint.settings import KEYS, Layer, Settings

VALIDATOR = Draft7Validator(schema())
_BLOCK = re.compile(r"^[ \t]*```toml[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)


def table_of(text: str) -> dict[str, Any] | None:
    """What a text sets of kerlint, None when it is about something else."""
    table = tomli.loads(text)
    found: dict[str, Any] | None = table.get("tool", {}).get("kerlint") if "tool" in table else table
    return found if found and not found.keys().isdisjoint(KEYS) else None


def examples() -> list[Any]:
    """The configurations that the repository shows."""
    files = [path for path in (ROOT / "examples").rglob("*.toml") if ".venv" not in path.parts]
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    texts = [(str(path.relative_to(ROOT)), path.read_text()) for path in files]
    texts += [
        (f"{path.relative_to(ROOT)}:{number}", block) for path in pages for number, block in enumerate(_BLOCK.findall(path.read_text()))
    ]
    return [pytest.param(table, id=name) for name, text in texts if (table := table_of(text))]


def test_the_file_is_fresh() -> None:
    assert (ROOT / NAME).read_text(encoding="utf-8") == text(), f"python -m kerlint.schema > {NAME}"


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(schema())
    assert set(schema()["properties"]) == set(KEYS)


def test_there_are_examples() -> None:
    assert len(examples()) >= 3


@pytest.mark.parametrize("table", examples())
def test_examples_are_valid(table: dict[str, Any]) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(table)] == []


def test_defaults_are_valid() -> None:
    import msgspec

    defaults = {key: value for key, value in msgspec.to_builtins(Settings()).items() if value is not None}
    options = {
        code: {"severity": rule.severity.name, **{name: option.default for name, option in rule.documented.items()}}
        for code, rule in rules().items()
    }
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(json.dumps({**defaults, "rules": options})))] == []


@pytest.mark.parametrize(
    "source",
    [
        "slect = []",
        "select = 'KER3'",
        "fail-on = 3",
        "min-confidence = 'hihg'",
        "output-format = 'txt'",
        "respect-gitignore = 'yes'",
        "jobs = -1",
        "target-keras = 3",
        "plugins = [1]",
        "extend = []",
        "rules = [1]",
        "[per-file-ignores]\n'a/' = 'KER3'",
        "[rules]\nfolders = 'x'",
        "[rules.KER999]\nseverity = 'info'",
        "[rules.KER201]\nseverity = 'warn'",
        "[rules.sigmoid-deep-stack]\nseverity = 3",
        "[rules.KER201]\nmin_dept = 3",
        "[rules.KER201]\nmin_depth = 'three'",
    ],
)
def test_what_kerlint_refuses_the_schema_refuses(source: str) -> None:
    table = tomli.loads(source)
    assert list(VALIDATOR.iter_errors(table))
    with pytest.raises(MistakeError):
        configure([Layer("kerlint.toml", table)], Path("/project"))


@pytest.mark.parametrize(
    "source",
    [
        "select = ['KER', 'KER30', 'KER301', 'softmax-single-unit', 'ALL']\nfail-on = 'KER301'\njobs = 0\nplugins = []",
        "[rules.softmax-single-unit]\nseverity = 'info'\n[rules.KER201]\nmin_depth = 9",
        "[per-file-ignores]\n'a/' = []\ntarget-keras = ['KER3']",
    ],
)
def test_what_kerlint_takes_the_schema_takes(source: str) -> None:
    table = tomli.loads(source)
    configure([Layer("kerlint.toml", table)], Path("/project"))
    assert [error.message for error in VALIDATOR.iter_errors(table)] == []


def test_own_rules_are_taken() -> None:
    own = {
        "rules": {"folders": ["./mine"], "ACME001": {"severity": "info", "most_epochs": 3}, "no-tanh": {}},
        "select": ["ACME"],
        "fail-on": "no-tanh",
    }
    assert [error.message for error in VALIDATOR.iter_errors(own)] == []


def test_command_prints_it(kerlint: Kerlint) -> None:
    assert kerlint("config", "--schema").stdout == text()
