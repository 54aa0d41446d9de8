"""How much of real code is understood: `python benchmarks/resolution.py FOLDER...` interprets every script and notebook that names Keras.

Prints crashes, hangs (more than five seconds), cells that do not parse, the share of training calls whose model, learning rate and data
are known, and what stayed unknown, the most frequent reason first.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HANG = 5
"""Seconds for one file (issue: "5 s is a hang")."""
LEFT_OUT = re.compile(r"loaded|\(external\)|\bhub\b")
"""Reasons that no reading of the source can help with: weights, graphs and libraries that are not there."""
FIT = re.compile(r"([\w\])]+)\s*\.\s*(?:fit|fit_generator|train_on_batch)\s*\(")
MODEL = re.compile(r"model|net|gan|vae|critic|discriminator|generator|encoder|classifier|learner|cnn|rnn|lstm|mlp", re.IGNORECASE)


@dataclass
class Fit:
    """One call of `fit` or `train_on_batch`: why each part is not known (empty when it is), and whether its model is left out."""

    place: str
    model: str = ""
    rate: str = ""
    data: str = ""
    left_out: bool = False


@dataclass
class File:
    """What came of one file."""

    path: str
    seconds: float = 0.0
    crash: str = ""
    hung: bool = False
    cells: int = 0
    problems: list[str] = field(default_factory=list)
    models: int = 0
    fits: list[Fit] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    """Calls that look like training and led to no event: `receiver at place`."""


def files(folders: Iterable[Path]) -> Iterator[Path]:
    """Scripts and notebooks whose bytes name Keras, in a fixed order."""
    for folder in folders:
        for path in sorted([folder] if folder.is_file() else folder.rglob("*")):
            if path.suffix in (".py", ".ipynb") and path.is_file() and b"keras" in path.read_bytes():
                yield path


def measure(path: Path) -> File:
    """Interpret one file; an exception or a timeout becomes its `crash`."""
    result = File(str(path))
    started = time.process_time()
    signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, HANG)  # the time of this process: the machine may be busy with others
    try:
        _interpret(path, result)
    except HangError:
        result.hung = True
    except Exception as error:  # noqa: BLE001 - any crash is the finding of this benchmark
        last = traceback.extract_tb(error.__traceback__)[-1]
        result.crash = f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    result.seconds = time.process_time() - started
    return result


class HangError(Exception):
    """The alarm went off."""


def _alarm(*_: object) -> None:
    raise HangError(f"more than {HANG} s")


def _interpret(path: Path, result: File) -> None:
    from kerlint.semantics.interpreter import interpret
    from kerlint.semantics.project import Project, Tops
    from kerlint.source import SourceError, parse, read

    try:
        source = read(path)
    except SourceError as error:
        result.problems.append(error.message)
        return
    parsed = parse(source)
    result.cells = len(source.cells)
    result.problems = [f"{problem.cell or 0}:{problem.row}: {problem.message}" for problem in parsed.problems]
    program = interpret(source, parsed, Project(Path(Tops().of(str(path)))))
    result.models = len(program.models)
    rows = _rows(source, parsed, program)
    fits: dict[object, Fit] = {}
    for event in program.fits():
        key = event.node or event
        first = rows.get(event.node, ((0, 0), (0, 0)))[0]
        found = _fit(event, f"{path}:{f'cell {first[0]}:' if source.notebook else ''}{first[1]}")
        known = fits.setdefault(key, found)  # a call that is followed twice counts once, with what was not known in either
        known.model, known.rate, known.data = known.model or found.model, known.rate or found.rate, known.data or found.data
        known.left_out = known.left_out or found.left_out
    result.fits = list(fits.values())
    result.missed = list(_missed(source, parsed, list(rows.values())))


def _rows(source: Any, parsed: Any, program: Any) -> dict[Any, tuple[tuple[int, int], tuple[int, int]]]:
    """Cell and row where each event starts and ends."""
    cells = {id(module.text): cell.number or 0 for cell, module in zip(source.cells, parsed.modules, strict=True) if module}
    nodes = {event.node for event in program.events if event.node is not None and id(event.node.text) in cells}
    return {node: ((cells[id(node.text)], node.start.row), (cells[id(node.text)], node.end.row)) for node in nodes}


def _fit(event: Any, place: str) -> Fit:
    from kerlint.semantics.provenance import inputs_of
    from kerlint.semantics.values import Choice, Unknown
    from kerlint.understanding import unknown_in

    reasons = [unknown.reason for unknown in (*event.unknown, *(event.model.unknown if event.model else ()))]
    if event.model is None and not reasons:
        reasons = ["no model and no reason"]
    left_out = bool(reasons) and all(LEFT_OUT.search(reason) for reason in reasons)
    fit = Fit(place, next((reason for reason in reasons if not LEFT_OUT.search(reason)), ""), left_out=left_out)
    match event.compiled and event.compiled.learning_rate:
        case None:
            fit.rate = "" if left_out else "no `compile` is known"
        case Unknown(reason):
            fit.rate = reason
        case Choice(options):
            fit.rate = next((option.reason for option in options if isinstance(option, Unknown)), "")
    if inputs_of(event).origin is None:
        unknown = unknown_in(event.x)
        fit.data = unknown.reason if unknown else f"no origin: {_outline(event.x)}"
    return fit


def _outline(value: Any, depth: int = 3) -> str:
    """The names of the terms that a value is made of, outermost first."""
    name = getattr(value, "name", None) or type(value).__name__
    inner = next((part for part in getattr(value, "args", {}).values()), None) if hasattr(value, "args") else None
    return f"{name} < {_outline(inner, depth - 1)}" if inner is not None and depth else str(name)


def _missed(source: Any, parsed: Any, seen: list[tuple[tuple[int, int], tuple[int, int]]]) -> Iterator[str]:
    for cell, module in zip(source.cells, parsed.modules, strict=True):
        for match in FIT.finditer(cell.text) if module else ():
            row = cell.text.count("\n", 0, match.start()) + 1
            line = cell.text[cell.text.rfind("\n", 0, match.start()) + 1 : match.start()]
            here = (cell.number or 0, row)
            if "#" not in line and MODEL.search(match[1]) and not any(start <= here <= end for start, end in seen):
                yield f"{match[1]} at {source.path}:{f'cell {cell.number}:' if cell.number else ''}{row}"


def run(paths: list[Path], workers: int) -> list[File]:
    """Measure all files, in order."""
    if workers == 1:
        return [measure(path) for path in paths]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(measure, paths, chunksize=4))


def summary(results: list[File]) -> dict[str, Any]:
    """The figures of the issue."""
    fits = [fit for result in results for fit in result.fits]
    counted = [fit for fit in fits if not fit.left_out]
    return {
        "files": len(results),
        "crashes": [f"{result.path}: {result.crash}" for result in results if result.crash],
        "hangs": [f"{result.path}: {result.seconds:.1f} s" for result in results if result.hung],
        "cells": sum(result.cells for result in results),
        "not_parsed": sum(len(result.problems) for result in results),
        "models": sum(result.models for result in results),
        "fits": len(fits),
        "left_out": len(fits) - len(counted),
        "missed": sum(len(result.missed) for result in results),
        "seconds": round(sum(result.seconds for result in results), 1),
        "model": _share(counted, lambda fit: not fit.model),
        "rate": _share(fits, lambda fit: not fit.rate),
        "data": _share(fits, lambda fit: not fit.data),
        "all": _share(counted, lambda fit: not (fit.model or fit.rate or fit.data)),
    }


def _share(fits: list[Fit], known: Any) -> float:
    return round(100 * sum(map(known, fits)) / len(fits), 1) if fits else 100.0


def ranked(results: list[File], part: str) -> list[tuple[str, int, list[str]]]:
    """Reasons of what stayed unknown with their number and places; names within backticks are kept, numbers are not."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for result in results:
        for fit in result.fits:
            if reason := getattr(fit, part):
                places[reason].append(fit.place)
    return sorted(((reason, len(found), found[:3]) for reason, found in places.items()), key=lambda row: (-row[1], row[0]))


def show(results: list[File], top: int) -> None:
    """Print it all."""
    figures = summary(results)
    for name in ("files", "cells", "not_parsed", "models", "fits", "left_out", "missed", "seconds"):
        print(f"{name:>12} {figures[name]:>8,}")
    for name in ("model", "rate", "data", "all"):
        print(f"{name + ' known':>12} {figures[name]:>7} %")
    for name in ("crashes", "hangs"):
        print(f"\n{name}: {len(figures[name])}", *figures[name], sep="\n  ")
    for part in ("model", "rate", "data"):
        print(f"\nwhy the {part} is not known")
        for reason, count, found in ranked(results, part)[:top]:
            print(f"{count:5} {reason}\n      {'  '.join(found)}")
    print("\ncalls that look like training and led to no event")
    receivers = Counter(missed.partition(" at ")[0] for result in results for missed in result.missed)
    for receiver, count in receivers.most_common(top):
        found = [missed.partition(" at ")[2] for result in results for missed in result.missed if missed.startswith(f"{receiver} at ")]
        print(f"{count:5} {receiver}\n      {'  '.join(found[:3])}")


def main() -> int:
    """Parse the command line, measure, print. Exit code 1 when a file crashed or hung."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true", help="print the figures and every file as JSON")
    parser.add_argument("--top", type=int, default=25, help="how many reasons to print")
    parser.add_argument("-j", "--jobs", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    results = run(list(files(options.folders)), options.jobs)
    figures = summary(results)
    if options.json:
        json.dump({**figures, "results": [asdict(result) for result in results]}, sys.stdout, indent=1)
        print()
    else:
        show(results, options.top)
    return 1 if figures["crashes"] or figures["hangs"] else 0


if __name__ == "__main__":
    sys.exit(main())
