"""Discovery: what a walk takes and leaves, in which order, and what it says of what it could not reach."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kerlint.config import Config
from kerlint.files import Discovery, discover
from kerlint.settings import Settings


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tmp_path


def put(tree: Path, *names: str, text: str = "import keras\n") -> None:
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")


def found(tree: Path, *paths: str, **settings: Any) -> Discovery:
    config = Config(Settings(**settings), root=tree)
    return discover([tree / path for path in paths or (".",)], lambda folder: config)


def names(tree: Path, discovery: Discovery) -> list[str]:
    return [path.relative_to(tree).as_posix() for path in discovery.files]


def test_scripts_and_notebooks_by_name(tree: Path) -> None:
    put(tree, "b.py", "a.ipynb", "z/c.py", "data.csv", "notes.md", "a/d.py", "stub.pyi")
    assert names(tree, found(tree)) == ["a/d.py", "a.ipynb", "b.py", "z/c.py"]


def test_default_excludes(tree: Path) -> None:
    put(tree, "a.py", ".venv/b.py", "x/node_modules/c.py", ".ipynb_checkpoints/a-checkpoint.ipynb", "venv/d.py", "dist/e.py")
    discovery = found(tree)
    assert names(tree, discovery) == ["a.py"]
    assert {skip.reason for skip in discovery.skipped} == {"excluded by the configuration"}


def test_given_by_hand_is_taken_although_excluded(tree: Path) -> None:
    put(tree, "dist/e.py", "script")
    assert names(tree, found(tree, "dist/e.py", "script")) == ["dist/e.py", "script"]
    assert names(tree, found(tree, "dist/e.py", "dist", force_exclude=True)) == []


def test_excludes_and_includes_of_a_project(tree: Path) -> None:
    put(tree, "a.py", "old/b.py", "src/gen/c.py", "src/d.py", "e.pyw")
    assert names(tree, found(tree, extend_exclude=("old/", "src/gen/*.py"))) == ["a.py", "src/d.py"]
    assert names(tree, found(tree, include=("*.pyw",))) == ["e.pyw"]
    assert names(tree, found(tree, include=("src/**/*.py",))) == ["src/d.py", "src/gen/c.py"]


def test_each_file_once(tree: Path) -> None:
    put(tree, "a.py", "b.py")
    assert names(tree, found(tree, "b.py", ".", "a.py")) == ["b.py", "a.py"]


def test_gitignore_nested_and_negated(tree: Path) -> None:
    put(tree, "a.py", "build/b.py", "x/c.py", "x/keep/d.py", "x/tmp_1.py", "y/tmp_2.py", "deep/x.py")
    (tree / ".gitignore").write_text("# comment\n/build/\ntmp_*.py\n")
    (tree / "x" / ".gitignore").write_text("c.py\n!tmp_1.py\n")
    discovery = found(tree)
    assert names(tree, discovery) == ["a.py", "deep/x.py", "x/keep/d.py", "x/tmp_1.py"]
    assert "ignored by git" in {skip.reason for skip in discovery.skipped}
    assert len(found(tree, respect_gitignore=False).files) == 7


def test_gitignore_above_the_given_directory(tree: Path) -> None:
    put(tree, "code/a.py", "code/tmp.py", "code/local.py")
    (tree / ".git" / "info").mkdir(parents=True)
    (tree / ".git" / "info" / "exclude").write_text("local.py\n")
    (tree / ".gitignore").write_text("tmp.py\n")
    assert names(tree, found(tree, "code")) == ["code/a.py"]


def test_missing_path_is_no_silence(tree: Path) -> None:
    put(tree, "a.py")
    discovery = found(tree, "nope.py", "a.py")
    assert names(tree, discovery) == ["a.py"]
    assert [(trouble.path.name, trouble.message) for trouble in discovery.troubles] == [("nope.py", "no such file or directory")]


def test_loop_of_directory_links_ends(tree: Path) -> None:
    put(tree, "x/a.py")
    (tree / "x" / "again").symlink_to(tree, target_is_directory=True)
    assert names(tree, found(tree)) == ["x/a.py"]


def test_loop_of_file_links_is_named(tree: Path) -> None:
    put(tree, "a.py")
    (tree / "one.py").symlink_to(tree / "two.py")
    (tree / "two.py").symlink_to(tree / "one.py")
    for discovery in (found(tree), found(tree, "one.py", "two.py", "a.py")):
        assert names(tree, discovery) == ["a.py"]
        assert [trouble.path.name for trouble in discovery.troubles] == ["one.py", "two.py"]
        assert all("levels of symbolic links" in trouble.message for trouble in discovery.troubles)


def test_link_to_nothing_is_skipped_in_a_walk_and_wrong_by_hand(tree: Path) -> None:
    put(tree, "a.py")
    (tree / ".#a.py").symlink_to("user@host.123")
    assert found(tree).troubles == []
    assert names(tree, found(tree)) == ["a.py"]
    assert [trouble.path.name for trouble in found(tree, ".#a.py").troubles] == [".#a.py"]


@pytest.fixture
def closed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that may not be read. Permissions do not stop an administrator, so the system's answer is given for it as well."""
    put(tree, "a.py", "closed/b.py", "z.py")
    folder = tree / "closed"
    folder.chmod(0o000)
    scandir = os.scandir

    def refusing(place: str) -> Any:
        if Path(place) == folder:
            raise PermissionError(13, "Permission denied", place)
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refusing)
    yield folder
    folder.chmod(0o755)


def test_unreadable_directory_is_named_and_the_rest_is_linted(tree: Path, closed: Path) -> None:
    discovery = found(tree)
    assert names(tree, discovery) == ["a.py", "z.py"]
    assert [(trouble.path, trouble.message) for trouble in discovery.troubles] == [(closed, "permission denied")]
