"""What kerlint costs: `python benchmarks/speed.py FOLDER...`, best on a machine that does nothing else.

`cpu`: the CPU time of one process over the files of the folders, each of which is parsed alone (garbage collector off) and then linted
(parsed again, interpreted, checked); a further run tells the phases apart and the slowest checks.
`starts`: whole processes that have little to do. `comparison`: whole processes over all scripts, beside bare parsing and other linters.
`growth`: 1, 2, 4 and 8 times the files, and 1, 2, 4 and 8 times the lines of one file. All are medians of several runs; CPU time is
lengthened less than wall time by what else the machine does.
"""

from __future__ import annotations

import argparse
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

import kerlint.source
from benchmarks import comparison, growth
from benchmarks.measuring import KERLINT, Cost, cost
from benchmarks.resolution import files
from kerlint import engine, locating
from kerlint.config import Config
from kerlint.garbage import without_garbage_collection
from kerlint.projects import Projects
from kerlint.semantics import interpreter
from kerlint.source import Source, SourceError, parse, read

SLOWEST = 10
"""Rules whose checks are listed."""
FOREIGN = 2000
"""Files of the tree without Keras."""
KNOWN = 1000
"""Files of the tree that is linted again."""
SECTIONS = ("cpu", "starts", "comparison", "growth")
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
    config, projects = Config(), Projects()
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
        (kerlint.source, "parse"): "parse imported files",
        (interpreter, "interpret"): "interpret",
        (engine, "weigh"): "check",
        (locating, "located"): "locate",
        (engine, "_examine"): "rest",
    }
    before = {(module, name): getattr(module, name) for module, name in wrapped}
    for (module, name), phase in wrapped.items():
        setattr(module, name, timed(before[module, name], phase, phases))
    engine.check_of = cache(check_of)
    config, projects = Config(), Projects()
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


def starts(repeat: int) -> Iterator[tuple[str, Cost]]:
    """What whole processes cost that have little to do."""
    with tempfile.TemporaryDirectory(prefix="kerlint-starts-") as name:
        foreign, one, known = Path(name, "foreign"), Path(name, "one"), Path(name, "known")
        for folder in (foreign, one, known):
            folder.mkdir()
            (folder / "requirements.txt").touch()  # the top of a project
        for number in range(FOREIGN):
            (foreign / f"module_{number}.py").write_text(f"def f{number}(x):\n    return x + {number}\n" * 50, encoding="utf-8")
        (one / "train.py").write_text(script(150), encoding="utf-8")
        for number in range(KNOWN):
            (known / f"train_{number}.py").write_text(f"number = {number}\n{script(30)}", encoding="utf-8")
        yield "python -c pass", cost((sys.executable, "-c", "pass"), one, repeat)
        yield "kerlint --version", cost((sys.executable, "-m", "kerlint", "--version"), one, repeat)
        yield f"check of {FOREIGN:,} files without Keras", cost((*KERLINT, "--no-cache", "."), foreign, repeat)
        yield "check of one script of 150 lines", cost((*KERLINT, "--no-cache", "."), one, repeat)
        cost((*KERLINT, "."), known, 1)
        yield f"warm check of {KNOWN:,} scripts", cost((*KERLINT, "."), known, repeat)


def main() -> int:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS, help="what to measure; without folders only starts")
    parser.add_argument("--repeat", type=int, default=11, help="how often to start each process that has little to do")
    parser.add_argument("--runs", type=int, default=3, help="how often to start each other process")
    parser.add_argument("--peers", default="", metavar="FOLDER", help="where other linters are installed, beside PATH")
    options = parser.parse_args()
    scripts = [path for path in files(options.folders) if path.suffix == ".py" and _parses(path)]
    wanted = [section for section in options.sections if options.folders or section == "starts"]
    for section in wanted:
        print(f"\n{section}" + (f": {len(scripts):,} scripts" if section == "comparison" else ""))
        for line in lines_of(section, scripts, options):
            print(line, flush=True)
    return 0


def lines_of(section: str, scripts: list[Path], options: argparse.Namespace) -> Iterator[str]:
    """What is printed of a section."""
    match section:
        case "cpu":
            yield from _figures(cpu(options.folders))
        case "starts":
            for label, one in starts(options.repeat):
                yield f"{1000 * one.wall:>8.1f} ms {1000 * one.cpu:>8.1f} ms of CPU {one.memory:>7.0f} MB  {label}"
        case "comparison":
            yield from comparison.table(list(comparison.comparison(scripts, options.runs, options.peers)))
        case _:
            yield from growth.table(list(growth.by_files(scripts, options.runs)), "files")
            lengths = [script(growth.LONGEST * step // growth.STEPS[-1]) for step in growth.STEPS]
            yield from growth.table(list(growth.by_lines(lengths, options.runs)), "lines")


def _figures(found: dict[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        match value:
            case dict():
                yield f"{name}, in parts of the parse"
                yield from (f"{took:>8} {part}" for part, took in value.items())
            case _:
                yield f"{name:>8} {value:,}"


def _parses(path: Path) -> bool:
    """Whether bare parsing and kerlint parse the same text of a script."""
    try:
        source = read(path)
        libcst.parse_module(path.read_bytes())
    except (SourceError, libcst.ParserSyntaxError, UnicodeDecodeError, RecursionError):
        return False
    return source.mentions_keras and not parse(source).problems


if __name__ == "__main__":
    sys.exit(main())
