"""What a command costs: wall time, CPU time and peak memory, of all its processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAUNCHER = """\
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, used = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""A small process in between: the memory of the one that starts a command counts as memory of the command until that is loaded."""
KERLINT = (sys.executable, "-m", "kerlint", "check", "--isolated", "--statistics", "-q")


@dataclass(frozen=True)
class Cost:
    """Seconds of wall and CPU time, and the megabytes of the largest process."""

    wall: float
    cpu: float
    memory: float

    def __str__(self) -> str:
        return f"{self.wall:>8.2f} s {self.cpu:>8.2f} s of CPU {self.memory:>7.0f} MB"


def cost(command: Sequence[str], folder: Path, repeat: int, environment: Mapping[str, str] | None = None) -> Cost:
    """The medians of several runs of a command, which may exit with any code but must not fail with a traceback."""
    costs = [_once(command, folder, environment or {}) for _ in range(repeat)]
    return Cost(*(statistics.median(getattr(one, name) for one in costs) for name in ("wall", "cpu", "memory")))


def _once(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    everything = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", **environment}
    launcher = (sys.executable, "-I", "-S", "-c", LAUNCHER, *command)
    run = subprocess.run(launcher, cwd=folder, capture_output=True, env=everything, check=False)
    code, wall, cpu, memory = map(float, run.stdout.split())
    if code < 0 or b"Traceback" in run.stderr:
        raise RuntimeError(f"{' '.join(command)}: exit code {code}: {run.stderr.decode(errors='replace')[-2000:]}")
    return Cost(wall, cpu, memory / (1_000_000 if sys.platform == "darwin" else 1000))  # Linux counts kilobytes, macOS bytes
