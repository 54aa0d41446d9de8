"""`--watch`, in a process of its own: it lints at once and after every change, and Ctrl-C ends it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import FAULT, ROOT, Kerlint

from kerlint.watch import CLEAR, places

GOOD = "import keras\n"
HUNG = 120
"""Seconds after which a process that says nothing is ended, so that a test cannot hang."""


class Watching:
    """A `kerlint --watch` that runs, and what it prints."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "kerlint", "check", "--watch", "--output-format=concise", *args],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.guard = threading.Timer(HUNG, self.process.kill)
        self.guard.start()

    def round(self) -> list[str]:
        """The lines of one report."""
        assert self.process.stdout is not None
        lines: list[str] = []
        for line in self.process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("kerlint: watching"):
                return lines
        raise AssertionError(f"it has ended: {lines}")

    def until(self, wanted: Callable[[str], bool]) -> list[str]:
        """The first report with such a line: a change may be seen in two steps."""
        while True:
            lines = self.round()
            if any(map(wanted, lines)):
                return lines

    def interrupted(self) -> tuple[int, str]:
        """The exit code and the last words after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        return self.process.wait(), self.process.stdout.read()


Start = Callable[..., Watching]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    running: list[Watching] = []

    def begin(*args: str) -> Watching:
        running.append(Watching(tmp_path, *args))
        return running[-1]

    yield begin
    for one in running:
        one.guard.cancel()
        one.process.kill()
        one.process.wait()
        if one.process.stdout is not None:
            one.process.stdout.close()


def test_every_change_is_linted_until_ctrl_c(start: Start, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(GOOD)
    watching = start(".")
    assert watching.round() == ["Nothing found.", "1 file, 0 models, 0 fit calls", "kerlint: watching for changes, Ctrl-C ends it"]
    script.write_text(FAULT)
    assert watching.until(lambda line: "KER301" in line)[0].startswith("train.py:3:")
    (tmp_path / "new.py").write_text(GOOD)
    watching.until(lambda line: line.startswith("2 files"))
    (tmp_path / "kerlint.toml").write_text("ignore = ['KER301']\n")
    watching.until(lambda line: line == "Nothing found.")
    (tmp_path / "kerlint.toml").write_text("ignoer = []\n")
    watching.until(lambda line: 'kerlint.toml: unknown key "ignoer"; did you mean "ignore"' in line)
    (tmp_path / "kerlint.toml").unlink()
    watching.until(lambda line: "KER301" in line)
    code, words = watching.interrupted()
    assert (code, words) == (0, "")


def test_files_that_a_script_imports_are_watched(start: Start, tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    head = 'def head():\n    return keras.layers.Dense(10, activation="softmax")\n'
    (tmp_path / "lib" / "heads.py").write_text(f"from tensorflow import keras\n\n{head}")
    script = tmp_path / "train.py"
    script.write_text("from tensorflow import keras\nfrom lib.heads import head\n\nmodel = keras.Sequential([keras.Input((4,)), head()])\n")
    watching = start("train.py")
    assert watching.round()[0] == "Nothing found."
    script.write_text(script.read_text() + "\n")  # the directory of what it imports is watched from the first report on
    watching.round()
    heads = tmp_path / "lib" / "heads.py"
    heads.write_text(heads.read_text().replace("10", "1"))
    watching.until(lambda line: "KER301" in line)
    assert watching.interrupted() == (0, "")


def test_what_cannot_be_watched(kerlint: Kerlint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for args, said in (
        (["--fix"], "--watch does not go together with --fix"),
        (["--add-noqa"], "--watch does not go together with --add-noqa"),
        (["-", "--stdin-filename=x.py"], "--watch does not go together with standard input"),
        (["none.py"], "none.py: no such file or directory"),
    ):
        done = kerlint("check", "--watch", *args)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"kerlint: {said}")
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    done = kerlint("check", "--watch")
    assert (done.returncode, done.stderr) == (2, 'kerlint: --watch needs the package watchfiles: pip install "kerlint[watch]"\n')


def test_what_counts_as_a_change(tmp_path: Path) -> None:
    where = places([tmp_path])
    counted = ["a.py", "b/n.ipynb", "kerlint.toml", ".gitignore", "rules/ACME001-no-tanh.md"]
    assert all(where.count(tmp_path / name) for name in counted)
    others = ["out.json", "README.md", "model.keras", ".venv/lib/a.py", ".git/a.py", ".kerlint_cache/x", "__pycache__/a.pyc"]
    assert not any(where.count(tmp_path / name) for name in others)


def test_a_terminal_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(GOOD)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "kerlint", "check", "--watch", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        assert process.stderr is not None
        process.stderr.readline()
        printed = os.read(ours, 10_000)
        process.send_signal(signal.SIGINT)
        process.communicate()
    os.close(ours)
    assert printed.startswith(CLEAR.encode())
    assert process.returncode == 0
