"""Whether the verdicts of the dynamic mode agree with whole trainings: `python benchmarks/calibration.py FOLDER_OR_SCRIPT ...`.

Every script is judged by `kerlint check --dynamic`, and then run as it stands, without any of it, for at most `--limit` seconds, while
what each `fit` ends with is noted: the loss of its first and last epoch, the accuracy and the validation loss. One line for each finding
with a verdict; `learned` says that a training lowered its loss by half or reached an accuracy above 0.9. Scripts that stop before they
train anything are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LEARNED, ACCURATE = 0.5, 0.9
WATCH = """
import json, os, runpy, sys, time
sys.path.insert(0, os.getcwd())
import keras
from keras import Model
whole = Model.fit
def fit(model, *args, **kwargs):
    history = whole(model, *args, **{**kwargs, "verbose": 0})
    told = {name: [float(values[0]), float(values[-1])] for name, values in history.history.items() if values}
    with open(NOTES, "a") as out:
        out.write(json.dumps({"line": sys._getframe(1).f_lineno, "history": told}) + chr(10))
    return history
Model.fit = fit
script, NOTES = sys.argv[1:3]
sys.argv = [script]
runpy.run_path(script, run_name="__main__")
"""


def judged(script: Path, folder: Path) -> list[dict[str, Any]]:
    """The findings of a script with their verdicts."""
    command = [sys.executable, "-m", "kerlint", "check", "--isolated", "--dynamic", "-q", "--output-format", "json", str(script)]
    ran = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    found: list[dict[str, Any]] = json.loads(ran.stdout or "[]")
    return [finding for finding in found if finding["evidence"]]


def trained(script: Path, folder: Path, limit: float) -> list[dict[str, Any]]:
    """What each whole training ended with, as far as they came in the time."""
    notes = folder / "notes.jsonl"
    command = [sys.executable, "-c", WATCH, str(script), str(notes)]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, cwd=folder, env=environment(), capture_output=True, timeout=limit, check=False)
    return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []


def environment() -> dict[str, str]:
    """Without a display, a processor for graphics, or a search for a network."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def outcome(trainings: list[dict[str, Any]]) -> str:
    """What whole trainings showed, in words."""
    return "; ".join(_outcome(training) for training in trainings[:3])


def _outcome(training: dict[str, Any]) -> str:
    history = training["history"]
    first, last = history.get("loss", (float("nan"),) * 2)
    accuracy = next((history[name][1] for name in ("accuracy", "acc", "binary_accuracy") if name in history), None)
    right = accuracy is not None and accuracy > ACCURATE
    verdict = "learned" if last < LEARNED * first or right else "not learned"
    rest = f", accuracy {accuracy:.2f}" if accuracy is not None else ""
    held = f", validation loss {history['val_loss'][1]:.3g}" if "val_loss" in history else ""
    return f"line {training['line']}: loss {first:.3g} to {last:.3g}{rest}{held} ({verdict})"


def scripts(paths: list[Path]) -> Iterator[Path]:
    """Every script below some paths."""
    for path in paths:
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds that a whole training may take")
    given = parser.parse_args()
    count, left = Counter[str](), 0
    for script in scripts(given.paths):
        with tempfile.TemporaryDirectory(prefix="kerlint-") as name:
            folder = Path(name)
            copy = folder / script.name
            copy.write_bytes(script.read_bytes())
            found = judged(copy, folder)
            trainings = trained(copy, folder, given.limit)
        left += not trainings
        print(f"{script.parent.name}/{script.name}: {outcome(trainings) or 'trains nothing here'}", flush=True)
        for finding in found:
            evidence = finding["evidence"]
            count[f"{finding['code']} {evidence['verdict']}"] += 1
            print(f"    {finding['location']['row']}: {finding['code']} {evidence['verdict']}: {evidence['detail'][:200]}", flush=True)
    print(f"{left} scripts train nothing here", dict(sorted(count.items())))


if __name__ == "__main__":
    main()
