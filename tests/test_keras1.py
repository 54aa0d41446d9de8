"""Scripts of the years of Keras 1 and 2 do not run with the installed Keras 3; with all fixes made they do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from conftest import Kerlint

SCRIPTS = Path(__file__).parent / "keras1"
RUNNER = """
import runpy, sys, traceback
for path in sys.argv[1:]:
    try:
        runpy.run_path(path, run_name="__main__")
    except Exception as error:
        traceback.print_exc()
        print("RESULT", path, type(error).__name__)
    else:
        print("RESULT", path, "ran")
"""


def test_old_scripts_run_after_their_fixes(kerlint: Kerlint, tmp_path: Path) -> None:
    names = sorted(path.name for path in SCRIPTS.glob("*.py"))
    for folder in ("before", "after"):
        shutil.copytree(SCRIPTS, tmp_path / folder)
    done = kerlint("--isolated", "--select", "KER8", "--extend-select", "KER818", "--fix", "--unsafe-fixes", "after")
    assert "Nothing found." in done.stdout, done.stdout

    scripts = [f"{folder}/{name}" for folder in ("before", "after") for name in names]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    run = subprocess.run(
        [sys.executable, "-c", RUNNER, *(str(tmp_path / script) for script in scripts)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    outcomes = {path: outcome for _, path, outcome in (line.split() for line in run.stdout.splitlines() if line.startswith("RESULT "))}
    results = {script: outcomes.get(str(tmp_path / script), run.stderr[-2000:]) for script in scripts}
    assert len(names) >= 5
    assert [results[f"after/{name}"] for name in names] == ["ran"] * len(names), run.stderr[-4000:]
    failures = {"ModuleNotFoundError", "ImportError", "AttributeError", "ValueError", "TypeError"}
    assert {results[f"before/{name}"] for name in names} <= failures
