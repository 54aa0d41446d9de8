"""The document that this project started from: its three examples, and what must be said of each, at the exact place."""

from __future__ import annotations

from pathlib import Path

import pytest

import kerlint
from kerlint.config import Config
from kerlint.finding import Finding, Severity

HERE = Path(__file__).parent / "origin"


def findings(name: str) -> list[Finding]:
    """What is said of an example when it stands in a project of its own (tests are spared some advice)."""
    return kerlint.lint(name, (HERE / name).read_text(), Config())


def placed(found: list[Finding], code: str) -> list[tuple[int, int, int, int]]:
    ranges = [finding.range for finding in found if finding.code == code and finding.range]
    return [(place.start.row, place.start.column, place.end.row, place.end.column) for place in ranges]


def test_example_1_reports_unscaled_data_at_the_first_fit_only() -> None:
    found = findings("example1.py")
    assert placed(found, "KER102") == [(19, 11, 19, 25)]
    message = next(finding.message for finding in found if finding.code == "KER102")
    assert "X_unnormalized" in message
    assert "1,000 times" in message
    assert "column 1" in message
    assert "column 2" in message
    scaling = {"KER101", "KER102", "KER104", "KER123"}
    assert [finding.code for finding in found if finding.code in scaling] == ["KER102"]


def test_example_1_says_that_the_two_runs_cannot_be_compared() -> None:
    found = findings("example1.py")
    assert placed(found, "KER501") == [(22, 1, 22, 39)]
    assert {finding.code for finding in found} == {"KER102", "KER501"}


def test_example_2_reports_both_learning_rates_and_the_refit() -> None:
    found = findings("example2.py")
    assert placed(found, "KER401") == [(13, 64, 13, 67)]
    assert next(finding for finding in found if finding.code == "KER401").severity is Severity.error
    assert placed(found, "KER403") == [(18, 1, 18, 27)]
    budget = next(finding.message for finding in found if finding.code == "KER403")
    assert all(number in budget for number in ("100 rows", "10 epochs", "40 updates", "0.0001", "0.004"))
    assert placed(found, "KER501") == [(18, 1, 18, 27)]
    assert {finding.code for finding in found if finding.severity > Severity.info} == {"KER401", "KER403", "KER501"}


def test_example_3_reports_the_wide_layer_without_a_regularizer() -> None:
    found = findings("example3.py")
    assert placed(found, "KER601") == [(9, 3, 9, 67)]
    message = next(finding.message for finding in found if finding.code == "KER601")
    assert "Dense(100)" in message
    assert "100 rows" in message
    assert {finding.code for finding in found if finding.severity > Severity.info} == {"KER601"}


@pytest.mark.parametrize("name", ["example2.py", "example3.py"])
def test_random_labels_are_only_advice(name: str) -> None:
    labels = [finding for finding in findings(name) if finding.code == "KER112"]
    assert labels
    assert all(finding.severity is Severity.info for finding in labels)
