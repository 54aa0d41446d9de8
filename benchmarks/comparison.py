"""kerlint beside bare parsing and beside other linters, on the same files in one run."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measuring import KERLINT, Cost, cost

BARE = """\
import gc, sys
from pathlib import Path
from libcst import parse_module
gc.disable()
for path in sorted(Path(".").rglob("*.py")):
    parse_module(path.read_bytes())
"""
PEERS = {
    "fixit": ("fixit", "--quiet", "lint", "."),
    "flake8": ("flake8", "--isolated", "-q", "."),
    "pylint -E": ("pylint", "-E", "--recursive=y", "--rcfile=/dev/null", "."),
    "ruff": ("ruff", "check", "--isolated", "--no-cache", "-q", "."),
}


def copied(paths: Sequence[Path], folder: Path) -> None:
    """The files of several folders as one project, so that every tool has the same to do."""
    base = Path(os.path.commonpath([path.parent.resolve() for path in paths]))
    for path in paths:
        target = folder / path.resolve().relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (folder / "requirements.txt").touch()  # the top of a project


def comparison(paths: Sequence[Path], repeat: int, peers: str) -> Iterator[tuple[str, Cost]]:
    """What each tool costs on scripts (notebooks are left out: most of the others cannot read them); nothing where there are none."""
    if not paths:
        return
    with tempfile.TemporaryDirectory(prefix="kerlint-speed-") as name:
        folder = Path(name, "files")
        folder.mkdir()
        copied(paths, folder)
        cache = f"--cache-dir={Path(name, 'cache')}"
        yield "libcst.parse_module, gc off", cost((sys.executable, "-c", BARE), folder, repeat)
        yield "kerlint, one process", cost((*KERLINT, "--no-cache", "-j1", "."), folder, repeat)
        yield "kerlint", cost((*KERLINT, "--no-cache", "."), folder, repeat)
        cost((*KERLINT, cache, "."), folder, 1)
        yield "kerlint, warm", cost((*KERLINT, cache, "."), folder, repeat)
        for label, (tool, *arguments) in PEERS.items():
            found = shutil.which(tool, path=os.pathsep.join((peers, os.environ["PATH"])))
            if found:
                yield label, cost((found, *arguments), folder, repeat)


def table(costs: Sequence[tuple[str, Cost]]) -> Iterator[str]:
    """Each tool with its cost, and its wall and CPU time as multiples of those of the first."""
    for label, one in costs:
        bare = costs[0][1]
        yield f"{one}  {one.wall / bare.wall:>7.2f}x {one.cpu / bare.cpu:>7.2f}x  {label}"
