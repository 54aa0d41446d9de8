"""What kerlint costs: `python benchmarks/speed.py FOLDER...` compares linting with bare `libcst.parse_module`, and times starts.

The comparison is the CPU time of one process over the same files in one run: every file is parsed alone (garbage collector off), then
linted (parsed again, interpreted, checked). Starts are medians of whole processes, in wall time.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout that this script is part of

import libcst

from benchmarks.resolution import files
from kerlint import engine
from kerlint.config import Config
from kerlint.source import Source, SourceError, parse, read

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


def cpu(folders: list[Path]) -> dict[str, float]:
    """Seconds of CPU for bare parsing and for linting, and their ratio."""
    found = list(sources(folders))
    config, projects = Config(), engine.Projects()
    engine.examine(Path("warm.py"), lambda path: config, projects, script(50).encode())
    bare = lint = 0.0
    crashes = 0
    for source in found:
        bare += _parse(source)
        data = source.path.read_bytes()
        started = time.process_time()
        outcome = engine.examine(source.path, lambda path: config, projects, data)
        lint += time.process_time() - started
        crashes += bool(outcome.crash)
    lines = sum(cell.text.count("\n") for source in found for cell in source.cells)
    return {
        "files": len(found),
        "lines": lines,
        "parse": round(bare, 2),
        "lint": round(lint, 2),
        "ratio": round(lint / bare, 2) if bare else 0.0,
    }


def _parse(source: Source) -> float:
    """Seconds of CPU for parsing the cells of a file, without the garbage collector and without freeing the trees."""
    gc.disable()
    started = time.process_time()
    modules = [libcst.parse_module(cell.text) for cell in source.cells]
    took = time.process_time() - started
    gc.enable()
    del modules
    return took


def starts(repeat: int) -> dict[str, float]:
    """Medians in milliseconds of whole processes."""
    with tempfile.TemporaryDirectory() as folder:
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
        return {name: _median([sys.executable, *command], repeat) for name, command in commands.items()}


def _median(command: list[str], repeat: int) -> float:
    times = []
    for _ in range(repeat + 1):
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, cwd=Path(__file__).parent.parent, check=False)
        times.append(time.perf_counter() - started)
        if done.returncode > 1 or b"Traceback" in done.stderr:
            raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.decode()}")
    return round(1000 * statistics.median(times[1:]), 1)  # the first one fills the caches


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
        print(f"{name:>8} {value:,}")
    for name, value in figures["starts"].items():
        print(f"{value:>8} ms  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
