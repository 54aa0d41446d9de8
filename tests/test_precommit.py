"""The hooks, as pre-commit and prek run them: a commit with a fault is refused, the repaired one passes, without TensorFlow beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from conftest import FAULT, ROOT, release

REPAIRABLE = f'{FAULT}model.compile(loss="binary_crossentropy")\n'
"""A script whose only finding has a safe fix."""
RELEASE = "v1.0.0"
CONFIGURATION = """\
repos:
  - repo: {checkout}
    rev: {release}
    hooks:
      - id: {hook}
"""
Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class User:
    """A git repository of a user of one of the tools."""

    tool: str
    folder: Path
    homes: Path
    checkout: Path

    def tries(self, hook: str, text: str) -> Done:
        """The hook alone, installed afresh."""
        self._writes(text)
        return self._runs(sys.executable, "-m", self.tool, "try-repo", str(self.checkout), hook, "--verbose")

    def commits(self, hook: str, text: str) -> Done:
        """A commit in a repository that has the hook."""
        (self.folder / ".pre-commit-config.yaml").write_text(CONFIGURATION.format(checkout=self.checkout, release=RELEASE, hook=hook))
        installed = self._runs(sys.executable, "-m", self.tool, "install")
        assert installed.returncode == 0, installed.stdout + installed.stderr
        self._writes(text)
        return self._runs("git", "commit", "-m", "A change")

    def _writes(self, text: str) -> None:
        for script in (self.folder / "train.py", self.folder / "dist" / "train.py"):
            script.parent.mkdir(exist_ok=True)
            script.write_text(text)
        self._runs("git", "add", ".").check_returncode()
        self._runs("git", "add", "-f", "dist/train.py").check_returncode()

    def _runs(self, *command: str) -> Done:
        env = {**os.environ, "PRE_COMMIT_HOME": str(self.homes / "pre-commit"), "PREK_HOME": str(self.homes / "prek")}
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both tools install hooks."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a repository of its own with a release, so that what is not committed yet is tried as well."""
    folder = tmp_path_factory.mktemp("checkout") / "kerlint"
    release(folder, RELEASE)
    return folder


@pytest.fixture(params=["pre_commit", "prek"])
def user(request: pytest.FixtureRequest, tmp_path: Path, homes: Path, checkout: Path) -> User:
    for arguments in (["init", "-q"], ["config", "user.name", "A User"], ["config", "user.email", "user@example.com"]):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    return User(request.param, tmp_path, homes, checkout)


def test_a_fault_is_found(user: User) -> None:
    """In what is linted by default, though pre-commit names every file by hand."""
    bad = user.tries("kerlint", FAULT)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "train.py:3:79: error KER301 softmax-single-unit" in bad.stdout
    assert "dist/train.py" not in bad.stdout


def test_bad_commit_is_refused_and_good_one_passes(user: User, homes: Path) -> None:
    bad = user.commits("kerlint", FAULT)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "train.py:3:79: error KER301 softmax-single-unit" in bad.stdout + bad.stderr
    good = user.commits("kerlint", FAULT.replace("softmax", "sigmoid"))
    assert good.returncode == 0, good.stdout + good.stderr
    assert list(homes.rglob("site-packages/libcst"))
    assert not list(homes.rglob("site-packages/tensorflow"))


def test_a_commit_that_is_repaired_is_refused_once(user: User) -> None:
    """As with every hook that changes files: whoever commits is to look at what has changed."""
    bad = user.commits("kerlint-fix", REPAIRABLE)
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "files were modified by this hook" in bad.stdout + bad.stderr
    mended = REPAIRABLE.replace("softmax", "sigmoid")
    assert (user.folder / "train.py").read_text() == mended
    assert (user.folder / "dist" / "train.py").read_text() == REPAIRABLE
    good = user.commits("kerlint-fix", mended)
    assert good.returncode == 0, good.stdout + good.stderr


def test_a_commit_that_cannot_be_repaired_is_refused(user: User) -> None:
    bad = user.commits("kerlint-fix", FAULT)  # without a loss, the fix is no safe one
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "train.py:3:79: error KER301 softmax-single-unit" in bad.stdout + bad.stderr
    assert (user.folder / "train.py").read_text() == FAULT


def test_the_hooks_differ_in_nothing_but_fixes() -> None:
    plain, fixing = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert fixing["entry"] == plain["entry"].replace("check", "check --fix")
    own = {"id", "name", "description", "entry"}
    common, other = ({key: value for key, value in hook.items() if key not in own} for hook in (plain, fixing))
    assert common == other
