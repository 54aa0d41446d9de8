"""What kerlint costs: `python benchmarks/speed.py FOLDER...` compares linting with bare `libcst.parse_module`, and times starts.

The comparison is the CPU time of one process over the same files in one run: every file is parsed alone (garbage collector off), then
linted (parsed again, interpreted, checked). A further run tells the phases apart and the slowest checks. Starts are medians
of whole processes, in wall time and in CPU time (which a busy machine lengthens less).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout that this script is part of

import libcst

from benchmarks.resolution import files
from kerlint import engine, locating
from kerlint.config import Config
from kerlint.semantics import interpreter, project
from kerlint.source import Source, SourceError, parse, read, without_garbage_collection

SLOWEST = 10
"""Rules whose checks are listed."""
FOREIGN = 100
"""Files of the tree without Keras."""
SCRIPT = '''import numpy as np
from tensorflow import keras
from tensorflow.keras import layers


def build(units, depth, rate):
    """A stack of Dense layers."""
    model = keras.Sequential([keras.Input(shape=(28 * 28,))])
    for _ in range(depth):
        model.add(layers.Dense(units, activation="relu"))
        model.add(layers.Dropout(rate))
    model.add(layers.Dense(10, activation="softmax"))
    return model


(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 28 * 28).astype("float32") / 255
x_test = x_test.reshape(-1, 28 * 28).astype("float32") / 255
'''
STEP = """
model_{n} = build({units}, {depth}, 0.2)
model_{n}.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
history_{n} = model_{n}.fit(x_train, y_train, epochs=5, batch_size=128, validation_split=0.1)
print("model {n}:", model_{n}.evaluate(x_test, y_test), np.max(history_{n}.history["val_accuracy"]))
"""


def script(lines: int) -> str:
    """A script of about so many lines that trains several models."""
    count = (lines - SCRIPT.count("\n")) // STEP.count("\n")
    return SCRIPT + "".join(STEP.format(n=n, units=32 + n, depth=1 + n % 3) for n in range(count))


def sources(folders: list[Path]) -> Iterator[Source]:
    """What can be read, and parsed in every cell, so that both sides parse the same text."""
    for path in files(folders):
        try:
            source = read(path)
        except SourceError:
            continue
        if source.mentions_keras and not parse(source).problems:
            yield source


def cpu(folders: list[Path]) -> dict[str, Any]:
    """Seconds of CPU for bare parsing and for linting, and their ratio; then, of a run of its own, the phases and the slowest checks."""
    found = list(sources(folders))
    config, projects = Config(), engine.Projects()
    list(engine.examined([Path("warm.py")], lambda path: config, projects, lambda path: script(50).encode()))
    bare = lint = 0.0
    crashes = 0
    outcomes = engine.examined([source.path for source in found], lambda path: config, projects, lambda path: None)
    for source in found:
        bare += _parse(source)
        started = time.process_time()
        outcome = next(outcomes)
        lint += time.process_time() - started
        crashes += bool(outcome.crash)
    lines = sum(cell.text.count("\n") for source in found for cell in source.cells)
    phases, rules = split([source.path for source in found])
    return {
        "files": len(found),
        "lines": lines,
        "crashes": crashes,
        "parse": round(bare, 2),
        "lint": round(lint, 2),
        "ratio": round(lint / bare, 2) if bare else 0.0,
        "phases": {name: round(took / bare, 3) for name, took in phases.items()} if bare else {},
        "rules": {name: round(took / bare, 4) for name, took in rules.most_common(SLOWEST)} if bare else {},
    }


def split(paths: list[Path]) -> tuple[Counter[str], Counter[str]]:
    """Seconds of CPU by phase, each without the phases within it, and by rule."""
    phases: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    running: list[float] = []
    find = engine.check_of

    def timed(function: Any, name: str, into: Counter[str]) -> Any:
        def run(*args: Any) -> Any:
            running.append(0.0)
            started = time.process_time()
            found = function(*args)
            took = time.process_time() - started
            into[name] += took - running.pop()
            if running and into is phases:
                running[-1] += took
            return found

        return run

    def check_of(code: str, name: str) -> Any:
        check = find(code, name)
        return timed(lambda program, rule: list(check(program, rule)), f"{code} {name}", rules)

    wrapped = {
        (engine, "read"): "read",
        (engine, "parse"): "parse",
        (project, "parse"): "parse imported files",
        (interpreter, "interpret"): "interpret",
        (engine, "judge"): "check",
        (locating, "ranges_of"): "locate",
        (locating, "located"): "locate",
        (engine, "_examine"): "rest",
    }
    before = {(module, name): getattr(module, name) for module, name in wrapped}
    for (module, name), phase in wrapped.items():
        setattr(module, name, timed(before[module, name], phase, phases))
    engine.check_of = cache(check_of)
    config, projects = Config(), engine.Projects()
    started = time.process_time()
    list(engine.examined(paths, lambda path: config, projects, lambda path: None))
    phases["collect garbage"] = time.process_time() - started - phases.total()
    for (module, name), function in before.items():
        setattr(module, name, function)
    engine.check_of = find
    return phases, rules


def _parse(source: Source) -> float:
    """Seconds of CPU for parsing the cells of a file, without the garbage collector and without freeing the trees."""
    with without_garbage_collection():
        started = time.process_time()
        modules = [libcst.parse_module(cell.text) for cell in source.cells]
        took = time.process_time() - started
        del modules
    return took


def starts(repeat: int) -> dict[str, tuple[float, float]]:
    """Medians in milliseconds of whole processes."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(folder, "cache"))}
        foreign, one = Path(folder, "foreign"), Path(folder, "train.py")
        foreign.mkdir()
        for number in range(FOREIGN):
            Path(foreign, f"module_{number}.py").write_text(f"def f{number}(x):\n    return x + {number}\n" * 50, encoding="utf-8")
        one.write_text(script(150), encoding="utf-8")
        commands = {
            "python -c pass": ["-c", "pass"],
            "kerlint --version": ["-m", "kerlint", "--version"],
            f"check of {FOREIGN} files without Keras": ["-m", "kerlint", "check", "--isolated", str(foreign)],
            "check of one script of 150 lines": ["-m", "kerlint", "check", "--isolated", str(one)],
        }
        return {name: _median([sys.executable, *command], repeat, environment) for name, command in commands.items()}


def _median(command: list[str], repeat: int, environment: dict[str, str]) -> tuple[float, float]:
    times = []
    for _ in range(repeat + 1):
        started, spent = time.perf_counter(), _children()
        done = subprocess.run(command, capture_output=True, cwd=Path(__file__).parent.parent, env=environment, check=False)
        times.append((time.perf_counter() - started, _children() - spent))
        if done.returncode > 1 or b"Traceback" in done.stderr:
            raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.decode()}")
    wall, spent = (statistics.median(column) for column in zip(*times[1:], strict=True))  # the first one fills the caches
    return round(1000 * wall, 1), round(1000 * spent, 1)


def _children() -> float:
    """Seconds of CPU of all processes that were started and are over."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> int:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--repeat", type=int, default=11, help="how often to start each process")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict[str, Any] = {"cpu": cpu(options.folders)} if options.folders else {}
    figures["starts"] = starts(options.repeat)
    if options.json:
        print(json.dumps(figures, indent=1))
        return 0
    for name, value in figures.get("cpu", {}).items():
        match value:
            case dict():
                print(f"{name}, in parts of the parse")
                for part, took in value.items():
                    print(f"{took:>8} {part}")
            case _:
                print(f"{name:>8} {value:,}")
    for name, (wall, spent) in figures["starts"].items():
        print(f"{wall:>8} ms, {spent:>6} ms of CPU  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
