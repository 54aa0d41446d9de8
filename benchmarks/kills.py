"""Runs that are killed: `python benchmarks/kills.py FOLDER [--kills 50]` kills pairs of runs at random moments and looks at what is left.

Two runs at once examine the folder with one cache, which is empty, full or half full; one or both are killed with SIGKILL, all of their
processes or the first one alone, at a random moment or in the middle of a transaction. After each kill the database must be sound, and
two runs that use it must say what a fresh one says.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout that this script is part of

from kerlint.cache import NAME

ROOT = Path(__file__).parent.parent
CACHE = ".kerlint_cache"


@dataclass(frozen=True)
class Kill:
    """What came of one kill: when it was, and what was wrong afterwards."""

    after: float
    writing: bool
    """Whether it was in the middle of a transaction."""
    whole: bool
    records: int
    faults: tuple[str, ...]


def kills(folder: Path, count: int, seed: int = 0) -> Iterator[Kill]:
    """Kill `count` times, in a copy of the folder."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="kerlint-kills-") as name:
        tree = Path(name, "tree")
        shutil.copytree(folder, tree, ignore=shutil.ignore_patterns(".git", CACHE), symlinks=True)
        (tree / "kerlint.toml").touch()
        started = time.perf_counter()
        expected = said(tree, "--no-cache")
        longest = time.perf_counter() - started
        for _ in range(count):
            yield kill(tree, expected, chance.uniform(0, longest), chance)


def kill(tree: Path, expected: str, after: float, chance: random.Random) -> Kill:
    """Two runs at once are killed after so many seconds; now and then the cache is new, or the outcomes of half of the files are gone."""
    match chance.randrange(3):
        case 0:
            shutil.rmtree(tree / CACHE, ignore_errors=True)
        case 1:
            forget(tree, chance)
    runs = [start(tree, subprocess.DEVNULL, "-j2") for _ in range(2)]
    started = time.perf_counter()
    journal = tree / CACHE / f"{NAME}-journal"
    if chance.random() < 0.5:
        time.sleep(after)
    else:
        while not journal.exists() and any(run.poll() is None for run in runs):
            time.sleep(0.0001)
    whole, after, writing = chance.random() < 0.5, time.perf_counter() - started, journal.exists()
    for run in runs[: chance.choice((1, 2))]:
        with suppress(ProcessLookupError):  # it is over
            (os.killpg if whole else os.kill)(run.pid, signal.SIGKILL)
    for run in runs:
        run.wait()
    faults = [] if sound(tree) else ["the database is damaged"]
    faults += [] if said(tree) == expected else ["the next run says something else"]
    faults += [] if said(tree) == expected else ["the run after the next says something else"]
    return Kill(after, writing, whole, records(tree), tuple(faults))


def forget(tree: Path, chance: random.Random) -> None:
    """Take half of the records out of the database."""
    if not (tree / CACHE / NAME).exists():
        return
    with closing(sqlite3.connect(tree / CACHE / NAME)) as database:
        for (key,) in database.execute("SELECT key FROM outcomes").fetchall():
            if chance.random() < 0.5:
                database.execute("DELETE FROM outcomes WHERE key = ?", (key,))
        database.commit()


def start(tree: Path, output: int, *options: str) -> subprocess.Popen[str]:
    """A run in a process group of its own."""
    command = [sys.executable, "-m", "kerlint", ".", "--output-format=json", *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=tree, stdout=output, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True)


def said(tree: Path, *options: str) -> str:
    """All that a run prints, with its exit code."""
    run = start(tree, subprocess.PIPE, *options)
    output, _ = run.communicate()
    return f"{output}\n{run.returncode}"


def sound(tree: Path) -> bool:
    """Whether SQLite finds nothing wrong with the database, if there is one."""
    file = tree / CACHE / NAME
    if not file.exists():
        return True
    with closing(sqlite3.connect(file)) as database:
        return database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def records(tree: Path) -> int:
    """How many outcomes are kept."""
    with closing(sqlite3.connect(tree / CACHE / NAME)) as database:
        return int(database.execute("SELECT count(*) FROM outcomes").fetchone()[0])


def main() -> int:
    """Parse the command line, kill, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = []
    for number, one in enumerate(kills(options.folder, options.kills, options.seed), 1):
        found.append(one)
        who, when = "all" if one.whole else "the first", "writing" if one.writing else ""
        fault = "; ".join(one.faults) or "good"
        print(f"{number:>3}  {one.after:6.2f} s  {when:<7}  {who:<9}  {one.records:>5} kept  {fault}", flush=True)
    faulty, writing = sum(bool(one.faults) for one in found), sum(one.writing for one in found)
    print(f"{len(found)} kills, {writing} of them in a transaction: {faulty} with faults")
    return 1 if any(one.faults for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
