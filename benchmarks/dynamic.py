"""What the dynamic mode costs: `python benchmarks/dynamic.py [ROUNDS]` times whole checks against `import tensorflow, keras` alone.

Each round starts the bare import and each check one after the other, so that a busy machine slows all of them; ratios are of the
same round, in wall time and in CPU time (of all processes; the check has a second one that lints), and their medians are printed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 5
IMPORT = "import tensorflow, keras"

SMALL = """\
import numpy as np
import tensorflow as tf

X, y = np.random.rand(100, 10), np.random.rand(100, 1)

model = tf.keras.Sequential([
    tf.keras.Input((10,)),
    tf.keras.layers.Dense(10, activation="relu"),
    tf.keras.layers.Dense(1),
])
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate={rate}), loss="mse")
model.fit(X, y, epochs=10, validation_split=0.2)
"""
AGAIN = """
other = tf.keras.Sequential([tf.keras.layers.Dense(10, activation="relu"), tf.keras.layers.Dense(1)])
other.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.0001), loss="mse")
other.fit(X, y, epochs=10)
"""
SCRIPTS = {
    "a small script without a finding": SMALL.format(rate=0.01).replace("np.random.rand(100, 1)", "np.arange(100.0) / 100"),
    "a small script, learning rate 1.0": SMALL.format(rate=1.0),
    "two models, one too fast, one too slow": SMALL.format(rate=1.0) + AGAIN,
    **{f"the document's {path.stem}": path.read_text() for path in sorted((ROOT / "tests" / "origin").glob("example*.py"))},
}


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of all processors."""

    wall: float
    cpu: float


def cost(folder: Path, *command: str) -> Cost:
    """What a process and its children cost."""
    before, began = os.times(), time.monotonic()
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - began, os.times()
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, used)


def main(rounds: int) -> None:
    """Print the medians."""
    bare: list[Cost] = []
    checks: dict[str, list[Cost]] = {name: [] for name in SCRIPTS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, text in enumerate(SCRIPTS.values()):
            (folder / f"train{number}.py").write_text(text)
        environment = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment)))
        for _ in range(rounds):
            bare.append(cost(folder, "-c", IMPORT))
            for number, costs in enumerate(checks.values()):
                costs.append(cost(folder, "-m", "kerlint", "--isolated", "--dynamic", "-q", f"train{number}.py"))
    median = statistics.median
    print(f"{IMPORT}: {median(each.wall for each in bare):.2f} s, CPU {median(each.cpu for each in bare):.2f} s ({rounds} rounds)")
    for name, costs in checks.items():
        wall = median(each.wall / alone.wall for each, alone in zip(costs, bare, strict=True))
        cpu = median(each.cpu / alone.cpu for each, alone in zip(costs, bare, strict=True))
        seconds = median(each.wall for each in costs)
        print(f"{name}: {seconds:.2f} s, {wall:.2f} times the import; CPU {median(each.cpu for each in costs):.2f} s, {cpu:.2f} times")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
