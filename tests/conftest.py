"""What tests of the command line share: kerlint run in an empty directory, in this process or in one of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kerlint.cli import main

ROOT = Path(__file__).parent.parent
FAULT = """\
from tensorflow import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
"""
"""A script with one finding: KER301 in line 3."""


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


Kerlint = Callable[..., Done]


@pytest.fixture
def kerlint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Kerlint:
    """Runs `kerlint ARGS` in the test's directory, without a terminal."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str | Path, stdin: str = "", **environment: str) -> Done:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            for name in ("NO_COLOR", "FORCE_COLOR"):
                patch.delenv(name, raising=False)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
            code = main([*map(str, args)])
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Kerlint:
    """Runs `kerlint ARGS` in the test's directory as a user does, in a process of its own."""

    def run(*args: str | Path, **environment: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "kerlint", *map(str, args)],
            cwd=tmp_path,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as it is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True, capture_output=True)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a folder that can be a PYTHONPATH, with what it announces to other packages."""
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def release(folder: Path, tag: str) -> None:
    """Make a repository with a release of this checkout, what is not committed yet included."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    git = ["git", "-c", "user.name=kerlint", "-c", "user.email=kerlint@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "kerlint"], ["tag", tag]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
