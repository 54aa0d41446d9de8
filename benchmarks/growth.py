"""How the cost grows: with the number of files, and with the length of one file."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.comparison import copied
from benchmarks.measuring import KERLINT, Cost, cost

STEPS = (1, 2, 4, 8)
LONGEST = 20_000
"""Lines of the longest script."""


def by_files(paths: Sequence[Path], repeat: int) -> Iterator[tuple[int, Cost]]:
    """The cost of an eighth of the files, a quarter, a half and all of them, chosen by chance."""
    mixed = random.Random(0).sample(list(paths), len(paths))
    for step in STEPS:
        with tempfile.TemporaryDirectory(prefix="kerlint-growth-") as name:
            some = mixed[: len(mixed) * step // STEPS[-1]]
            copied(some, Path(name))
            yield len(some), cost((*KERLINT, "--no-cache", "."), Path(name), repeat)


def by_lines(scripts: Sequence[str], repeat: int) -> Iterator[tuple[int, Cost]]:
    """The cost of each script alone."""
    for text in scripts:
        with tempfile.TemporaryDirectory(prefix="kerlint-growth-") as name:
            Path(name, "train.py").write_text(text, encoding="utf-8")
            yield text.count("\n"), cost((*KERLINT, "--no-cache", "."), Path(name), repeat)


def table(costs: Sequence[tuple[int, Cost]], noun: str) -> Iterator[str]:
    """Each amount with its cost, and the CPU time as a multiple of what the first one would grow to if it grew with the amount."""
    first, start = costs[0]
    for amount, one in costs:
        yield f"{one}  {one.cpu / start.cpu / (amount / first):>7.2f}x  {amount:,} {noun}"
