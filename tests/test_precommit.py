"""The hook, as pre-commit runs it: a commit with a fault is refused, the repaired one passes, without TensorFlow in its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FAULT, ROOT


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty git repository of a user."""
    folder = tmp_path / "user"
    folder.mkdir()
    for arguments in (["init", "-q"], ["config", "user.name", "A User"], ["config", "user.email", "user@example.com"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This checkout as a repository of its own, so that what is not committed yet is tried as well."""
    folder = tmp_path / "kerlint"
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    git = ["git", "-c", "user.name=kerlint", "-c", "user.email=kerlint@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "kerlint"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return folder


def test_bad_commit_is_refused_and_good_one_passes(repository: Path, checkout: Path, tmp_path: Path) -> None:
    script = repository / "train.py"
    excluded = repository / "dist" / "train.py"
    excluded.parent.mkdir()
    env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache")}

    def tried(text: str) -> subprocess.CompletedProcess[str]:
        script.write_text(text)
        excluded.write_text(FAULT)
        subprocess.run(["git", "add", "-f", "."], cwd=repository, check=True)
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(checkout), "kerlint", "--verbose"]
        return subprocess.run(command, cwd=repository, env=env, capture_output=True, text=True, check=False)

    bad = tried(FAULT)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "train.py:3:79: error KER301 softmax-single-unit" in bad.stdout
    assert "dist/train.py" not in bad.stdout
    good = tried(FAULT.replace("softmax", "sigmoid"))
    assert good.returncode == 0, good.stdout + good.stderr
    assert "Passed" in good.stdout
    assert not list((tmp_path / "cache").rglob("site-packages/tensorflow"))
