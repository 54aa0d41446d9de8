"""Runs every script of `scripts.toml` and prints the table: `python -m benchmarks.calibration CORPUS [--results FOLDER] [--only NAME ...]`.

CORPUS has clones of public repositories as OWNER+NAME. The dynamic mode judges each script; it is asked for every rule of EVERYWHERE at
every training, whether there is a finding or not. Then the script is run as it stands, its trainings whole (`whole.SECONDS` each), and
each once more with what a rule suggests, where a finding stands, a verdict is "confirmed", or the training of a good script is a bad one.
Results are kept, and a second run goes on; `--table` judges anew what was measured. Needs scikit-learn, pandas, matplotlib and mlxtend
beside kerlint.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.calibration.data import make
from benchmarks.calibration.scripts import Script, scripts
from benchmarks.calibration.table import GAPS, disagreements, summary, table
from kerlint import lint
from kerlint.dynamic import confirm, protocol, verdicts
from kerlint.dynamic.exercise import Exercise
from kerlint.dynamic.observe import Running, Wanted
from kerlint.dynamic.protocol import Question, encode
from kerlint.rule import rules
from kerlint.source import read

ROOT = Path(__file__).parents[2]
EVERYWHERE = (
    "KER101", "KER102", "KER103", "KER112", "KER114", "KER201", "KER202", "KER203", "KER204", "KER401", "KER402", "KER403", "KER601",
)  # fmt: skip
"""Rules that say something of any model."""
TIMEOUT, WHOLE = 150.0, 400.0


def examined(script: Script, folder: Path, kept: Path, again: bool) -> None:
    """Run a script in the dynamic mode and whole, and keep what they tell."""
    path = folder / f"{script.name}.py"
    path.write_text(script.text)
    told = kept / f"{script.name}.events.jsonl"
    if again or not told.exists():
        asked = [*confirm.questions(lint(path), folder, False), *(Question(code) for code in EVERYWHERE)]
        with Running(read(path), Wanted(timeout=TIMEOUT)) as running:
            running.ask(asked)
            run = running.result()
        told.write_bytes(b"".join(encode(event) + b"\n" for event in run.events))
    wanted: dict[str, tuple[list[str], list[str]]] = {}
    for one in weighed(script, path, kept):
        told = one["verdict"] in ("confirmed", "refuted") or (one["source"] == "finding" and one["verdict"] == "inconclusive")
        counts = one["source"] == "finding" or not script.bad or one["code"] == script.planted  # a bad script is no negative control
        if one["fit"] is not None and told and counts:
            sure = one["source"] == "finding" or one["verdict"] == "confirmed" or one["code"] in GAPS
            wanted.setdefault(str(one["fit"]), ([], []))[0 if sure else 1].append(one["code"])
    known = wholes(script, kept)
    missing = [line for line, (sure, _) in wanted.items() for code in sure if not any(_has(note, line, code) for note in known)]
    if (missing and not again) or not known:
        whole(path, folder, kept / f"{script.name}.whole.jsonl", wanted)


def _has(note: dict[str, Any], line: str, code: str) -> bool:
    return str(note["line"]) == line and ("raises" in note or code in note["arms"])


def wholes(script: Script, kept: Path) -> list[dict[str, Any]]:
    """What whole trainings of a script have shown, the last one of each line."""
    notes = kept / f"{script.name}.whole.jsonl"
    lines = notes.read_text().splitlines() if notes.exists() else []
    return list({note["line"]: note for note in map(json.loads, lines)}.values())


def weighed(script: Script, path: Path, kept: Path) -> list[dict[str, Any]]:
    """The verdicts on the findings of a script, on what a run notices, and on every rule of EVERYWHERE."""
    findings, folder = lint(path), path.parent
    seen = confirm.observed(folder, protocol.lines((kept / f"{script.name}.events.jsonl").read_bytes()))
    judged = confirm.confirm(findings, seen, rules())
    noticed = list(confirm.added(seen, judged, rules(), lambda file: read(file)))
    told = [_told(finding, seen, source) for source, group in (("finding", judged), ("noticed", noticed)) for finding in group]
    return [*told, *(one for exercise in seen.exercises for one in _everywhere(exercise))]


def result(script: Script, kept: Path) -> dict[str, Any]:
    """All that is known of a script."""
    with tempfile.TemporaryDirectory(prefix="calibration-") as name:
        path = Path(name).resolve() / f"{script.name}.py"
        path.write_text(script.text)
        found = weighed(script, path, kept)
        failure = confirm.failure(confirm.observed(path.parent, protocol.lines((kept / f"{script.name}.events.jsonl").read_bytes())))
    told = {"verdicts": [one for one in found if one["verdict"]], "whole": wholes(script, kept)}
    return {"script": script.name, "planted": script.planted, "bad": script.bad, "failure": failure, **told}


def _told(finding: Any, seen: confirm.Observed, source: str) -> dict[str, Any]:
    concerned = confirm.concerning(finding, seen) if finding.range else []
    fits = [exercise.begun.place.line for exercise in concerned if exercise.begun.place]
    evidence = finding.evidence
    return {
        "source": source,
        "code": finding.code,
        "line": finding.range.start.row if finding.range else None,
        "fit": fits[0] if fits else None,
        "verdict": evidence.verdict if evidence else "",
        "detail": evidence.detail if evidence else "",
    }


def _everywhere(exercise: Exercise) -> Iterator[dict[str, Any]]:
    if exercise.begun.kind != "fit" or exercise.begun.place is None:
        return
    for code in EVERYWHERE:
        evidence = verdicts.judged(rules()[code], exercise)
        if evidence:
            told = {"verdict": evidence.verdict, "detail": evidence.detail}
            yield {"source": "everywhere", "code": code, "line": None, "fit": exercise.begun.place.line, **told}


def whole(path: Path, folder: Path, notes: Path, wanted: dict[str, tuple[list[str], list[str]]]) -> None:
    """Run a script with its trainings whole, as far as they come in the time."""
    command = [sys.executable, "-m", "benchmarks.calibration.whole", str(path), str(notes.resolve()), json.dumps(wanted)]
    with suppress(subprocess.TimeoutExpired):
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WHOLE, check=False)
        if run.returncode:
            print("    whole:", (run.stderr.strip().splitlines() or ["?"])[-1][:200], flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--list", type=Path, default=Path(__file__).with_name("scripts.toml"))
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir(), "calibration-data"))
    parser.add_argument("--housing", type=Path, help="a housing.csv of handson-ml2")
    parser.add_argument("--results", type=Path, default=Path("calibration"), help="the folder that keeps what was measured")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--again", action="store_true", help="the dynamic mode once more, whole trainings only where there are none")
    given = parser.parse_args()
    given.results.mkdir(exist_ok=True)
    listed = list(scripts(given.list, given.corpus))
    if not given.table:
        _examine(given, [script for script in listed if not given.only or script.name in given.only])
    found = [result(script, given.results) for script in listed if (given.results / f"{script.name}.events.jsonl").exists()]
    print("\n".join((*table(found), "", *summary(found), "", *disagreements(found))))


def _examine(given: argparse.Namespace, wanted: list[Script]) -> None:
    if not (given.data / "auto-mpg.csv").exists():
        make(given.data, given.housing)
    path = os.pathsep.join(filter(None, (str(given.data.resolve()), str(ROOT), os.environ.get("PYTHONPATH", ""))))
    os.environ |= {"PYTHONPATH": path, "CALIBRATION_DATA": str(given.data.resolve()), "SCIKIT_LEARN_DATA": str(given.data.resolve())}
    os.environ |= {"MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}  # faster on few cores, and the same on all machines
    for script in wanted:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="calibration-") as name:
            examined(script, Path(name).resolve(), given.results, given.again)
        print(f"{script.name}: {len(wholes(script, given.results))} trainings, {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
