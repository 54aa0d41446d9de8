"""What fixes do to every block of every page: the code stays valid, what is fixed is gone, nothing new comes, nothing changes twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kerlint.config import Configs
from kerlint.engine import understand
from kerlint.examples import Block, blocks, judging, lint, mended
from kerlint.files import Discovery
from kerlint.fix import Repairs, repaired
from kerlint.reports import show
from kerlint.rule import rules
from kerlint.run import Run
from kerlint.semantics.project import Project
from kerlint.source import read

BLOCKS = [block for rule in rules().values() for block in blocks(rule) if block.marks and block.mends is None and rule.code != "KER001"]
LONELY = [block for block in BLOCKS if not block.beside and "import *" not in block.example.code]  # which no function may hold
NUMBERS = st.integers(0, len(LONELY) - 1)
SLOW = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


def block_params() -> Iterator[Any]:
    yield from (pytest.param(block, id=block.place()) for block in BLOCKS)


def codes(block: Block) -> Counter[str]:
    return Counter(finding.code for finding in lint(block, judging(block.rule, rules())).values())


@pytest.mark.parametrize("block", [*block_params()])
def test_every_block(block: Block) -> None:
    config = judging(block.rule, rules())
    text, dropped = mended(block, config)
    assert not dropped
    compile(text, "script.py", "exec")
    after = replace(block, example=replace(block.example, code=text))
    assert codes(after) <= codes(block), "no new finding"
    left = [
        finding for finding in lint(after, config).values() if finding.fix and str(finding.range and finding.range.path.name) == "script.py"
    ]
    assert not left, "what can be fixed is gone"
    assert mended(after, config) == (text, ()), "a second run changes nothing"


@pytest.mark.parametrize("block", [param for param in block_params() if not param.values[0].rule.code.startswith("KER8")])
def test_safe_fixes_keep_the_program(block: Block) -> None:
    """What `kerlint show` says is the same before and after, apart from what the rule is about.

    Of code for a Keras that is gone (KER8) it knows less before than after.
    """
    text, _ = mended(block, judging(block.rule, rules()), unsafe=False)
    if text != block.example.code and not block.beside:
        before, after = understood(block.example.code), understood(text)
        for key in (key for code in codes(block) for key in ABOUT.get(code, ())):
            before, after = without(before, key), without(after, key)
        assert after == before, "a safe fix changes something else than what its rule is about (if it is that, name it in ABOUT)"


ABOUT = {
    "KER104": ("x_source", "x_scaled", "unknown"),
    "KER120": ("x_source",),
    "KER205": ("args",),
    "KER212": ("args", "params"),
    "KER301": ("args",),
    "KER305": ("loss",),
    "KER310": ("loss",),
    "KER311": ("metrics",),
    "KER407": ("optimizer", "learning_rate"),
    "KER504": ("batch_size",),
    "KER715": ("args",),
    "KER901": ("args", "params"),
}
"""What `show` says of the thing that a safe fix of a rule repairs."""


def understood(text: str) -> Any:
    path = Path("script.py")
    return without(show.records(understand(read(path, text.encode()), Project(Path(".")))), "line")


def without(record: Any, key: str) -> Any:
    match record:
        case dict():
            return {name: without(value, key) for name, value in record.items() if name != key}
        case list():
            return [without(value, key) for value in record]
        case _:
            return record


# The same code in another dress


def fixed(name: str, data: bytes, code: str) -> tuple[bytes, Run, Repairs]:
    """What all fixes make of a file that stands alone, in no project."""
    with TemporaryDirectory(prefix="kerlint-") as folder:
        path = Path(folder).resolve() / name
        run = Run(Configs(isolated=True, _known={path.parent: judging(rules()[code], rules())}), Discovery([path]))
        run.examine(data)
        run, repairs = repaired(run, unsafe=True)
        return repairs.contents.get(path, data), run, repairs


@SLOW
@given(NUMBERS, st.booleans(), st.booleans(), st.sampled_from(["", "%matplotlib inline\n", "!ls \\\n  -l\n"]))
def test_notebooks(number: int, whole: bool, ascii_only: bool, magic: str) -> None:
    """A fix changes the cell of a notebook as it changes the script, and leaves the rest of the JSON alone."""
    block = LONELY[number]

    def notebook(text: str) -> bytes:
        text = magic + text.rstrip("\n")
        source = text if whole else text.splitlines(keepends=True)
        outputs = [{"text": ["Dense(1, activation='softmax')\n"]}]
        cell = {"cell_type": "code", "metadata": {"é": 1.50}, "source": source, "outputs": outputs}
        return json.dumps({"cells": [cell], "nbformat": 4, "metadata": {}}, indent=1, ensure_ascii=ascii_only).encode()

    plain, _ = mended(block, judging(block.rule, rules()))
    made, run, _ = fixed("script.ipynb", notebook(block.example.code), block.rule.code)
    changed = json.loads(made)
    assert "".join(changed["cells"][0]["source"]) == magic + plain.rstrip("\n")
    assert run.outcomes[0].failed is False
    assert made == notebook(plain)


@SLOW
@given(NUMBERS, st.integers(1, 3))
def test_inside_a_function(number: int, depth: int) -> None:
    """Wrapped into functions, the code stays valid and a second run changes nothing."""
    block = LONELY[number]
    assume("import *" not in block.example.code)  # which no function may hold
    lines = block.example.code.splitlines()
    for number in range(depth):
        lines = [f"def wrapped_{number}():", *(f"    {line}" if line else line for line in lines)]
    text = "\n".join((*lines, "")) + "".join(f"\nwrapped_{number}()\n" for number in [depth - 1])
    made, _, repairs = fixed("script.py", text.encode(), block.rule.code)
    assert not repairs.dropped
    compile(made, "script.py", "exec")
    assert fixed("script.py", made, block.rule.code)[0] == made
