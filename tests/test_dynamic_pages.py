"""Blocks of pages with the fence word `run` are run: what a Bad one marks is confirmed, and nothing is in a Good one.

All of them run in one guarded process, one after the other: importing TensorFlow takes longer than any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kerlint.dynamic import confirm
from kerlint.dynamic.observe import Wanted, observe
from kerlint.dynamic.protocol import Ended
from kerlint.engine import lint_source
from kerlint.examples import Block, blocks, judging
from kerlint.finding import Finding
from kerlint.rule import rules
from kerlint.source import read

RUN = sorted(
    (block for rule in rules().values() for block in blocks(rule) if "run" in block.example.words),
    key=lambda block: "load_data" in block.example.code,
)
"""Those with a stand-in for data come last: what runs after one in the same process may rest on it."""
LIMIT = 900.0
MAIN = """import runpy

import keras


def run(name):
    try:
        runpy.run_path(name, run_name="__main__")
    except Exception as error:
        print(name, error)


"""


@dataclass(frozen=True)
class Ran:
    """What static analysis finds in each block, with what the run says of it, and what only the run shows, by file."""

    found: dict[str, list[Finding]]
    added: dict[str, list[Finding]]


def name(block: Block) -> str:
    return f"{block.rule.code}_{block.example.line}.py"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("pages").resolve()
    for block in RUN:
        (folder / name(block)).write_text(block.example.code, encoding="utf-8")
    script = folder / "main.py"
    script.write_text(MAIN + "".join(f"run({name(block)!r})\n" for block in RUN), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = {name(block): lint_source(block.example.code, Path(name(block)), judging(block.rule, rules())) for block in RUN}
        every = [finding for findings in found.values() for finding in findings]
        observation = observe(read(script), Wanted(timeout=LIMIT), confirm.questions(every, folder, single=False))
        assert any(isinstance(event, Ended) for event in observation.events), observation.events[-3:]
        seen = confirm.observed(observation.folder, observation.events)
        added: dict[str, list[Finding]] = {}
        for finding in confirm.added(seen, every, rules(), read):
            assert finding.range is not None
            added.setdefault(finding.range.path.name, []).append(finding)
        yield Ran({file: confirm.confirm(findings, seen, rules()) for file, findings in found.items()}, added)


@pytest.mark.parametrize("block", [block for block in RUN if block.example.bad], ids=lambda block: block.place())
def test_what_is_marked_is_confirmed(block: Block, ran: Ran) -> None:
    marked = {(row, code) for _, row, code in block.marks}
    verdicts = {
        (finding.range.start.row, finding.code): finding.evidence
        for finding in ran.found[name(block)]
        if finding.range is not None and (finding.range.start.row, finding.code) in marked
    }
    assert verdicts.keys() == marked
    assert {place: evidence for place, evidence in verdicts.items() if evidence is None or evidence.verdict != "confirmed"} == {}


@pytest.mark.parametrize("block", [block for block in RUN if not block.example.bad], ids=lambda block: block.place())
def test_nothing_is_found_in_what_is_good(block: Block, ran: Ran) -> None:
    assert ran.found[name(block)] == []
    assert [finding.message for finding in ran.added.get(name(block), [])] == []


def test_pages_of_rules_that_a_run_judges_have_such_blocks() -> None:
    ranges = ((101, 103), (105, 105), (110, 110), (112, 112), (114, 115), (121, 122), (201, 202), (206, 208), (301, 311), (313, 313))
    ranges += ((401, 405), (501, 502), (512, 513), (601, 602), (604, 605))
    asked = {number for low, high in ranges for number in range(low, high + 1)}
    assert {f"KER{number}" for number in asked} - {block.rule.code for block in RUN if block.example.bad} == set()
