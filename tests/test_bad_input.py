"""Input that nobody meant to be read: a message with file and place, the right exit code, the other files linted, no traceback."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import FAULT, Done, Kerlint

KERAS = b"import keras\n"


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A good reason to go on: a file with a fault, last in the order."""
    path = tmp_path / "zzz.py"
    path.write_text(FAULT)
    return path


def check(kerlint: Kerlint, path: Path, data: bytes) -> Done:
    """Lint a directory with this file and another one, which must be linted too."""
    path.write_bytes(data)
    done = kerlint("check", "--output-format=concise")
    assert "zzz.py:3:" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr == ""
    return done


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.py", b"\x7fELF\x02\x01\x00keras\x00\xff\xfe", r"a\.py:1:\d+: error KER001 cannot-parse: .*NUL"),
        ("a.py", b"\x89PNG\r\n\x1a\n\x00\x00", r"a\.py:\d+:\d+: error KER001 cannot-parse: .*not text"),
        ("a.py", KERAS + b"model = keras.Sequential([\n", r"a\.py:2:\d+: error KER001 cannot-parse: syntax error: .*'\[' was never closed"),
        ("a.py", KERAS + b"x = = 3\n", r"a\.py:2:5: error KER001 cannot-parse: syntax error: invalid syntax"),
        ("a.py", KERAS + b"if x:\nprint(1)\n", r"a\.py:3:\d+: error KER001 cannot-parse: syntax error: expected an indented block"),
        ("a.py", KERAS + b"print 'loss', loss\n", r"a\.py:2:1: error KER001 cannot-parse: Python 2 code: print statement"),
        ("a.py", KERAS + b"exec 'x = 1'\n", r"a\.py:2:1: error KER001 cannot-parse: Python 2 code: exec statement"),
        ("a.py", KERAS + b"name = '\xe9'\n", r"a\.py:2:9: error KER001 cannot-parse: .*not text in utf-8: byte 0xe9"),
        ("a.py", b"# coding: klingon\n" + KERAS, r"a\.py:1:\d+: error KER001 cannot-parse: .*unknown encoding"),
        ("a.py", KERAS + b"x = " + b"(" * 2000 + b"1" + b")" * 2000 + b"\n", r"a\.py:2:\d+: error KER001 cannot-parse: .*nested"),
        ("a.ipynb", b"not json: keras", r"a\.ipynb:1:1: error KER001 cannot-parse: .*not a notebook"),
        ("a.ipynb", b'{"cells": [{"keras": 1},\n]}', r"a\.ipynb:[12]:\d+: error KER001 cannot-parse: .*not a notebook"),
        ("a.ipynb", b'["keras"]', r"a\.ipynb:1:1: error KER001 cannot-parse: "),
    ],
)
def test_what_cannot_be_read_is_named_and_2(kerlint: Kerlint, tmp_path: Path, beside: Path, name: str, data: bytes, said: str) -> None:
    done = check(kerlint, tmp_path / name, data)
    assert done.returncode == 2
    assert re.search(said, done.stdout), done.stdout
    assert "2 files (1 not analysed)" in done.stdout


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.py", b""),
        ("a.py", b"\n\n\n"),
        ("a.py", b"print 'hello'\n"),
        ("a.ipynb", b'{"cells": [], "metadata": {"about": "keras"}, "nbformat": 4, "nbformat_minor": 5}'),
        ("a.ipynb", b'{"metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}'),
    ],
)
def test_what_has_nothing_to_do_with_keras_is_left_alone(kerlint: Kerlint, tmp_path: Path, beside: Path, name: str, data: bytes) -> None:
    done = check(kerlint, tmp_path / name, data)
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 4


@pytest.mark.parametrize(
    ("data", "row", "column"),
    [
        (b"\xef\xbb\xbf" + FAULT.encode(), 3, 79),
        (FAULT.replace("\n", "\r\n").encode(), 3, 79),
        (FAULT.replace("\n", "\r").encode(), 3, 79),
        (FAULT.replace("\n\n", "\n\f\n").encode(), 3, 79),
        (FAULT.replace("model", "\fmodel").encode(), 3, 80),
        (b"if True:\n\t" + FAULT.replace("\n\n", "\n\t").rstrip().encode() + b"\n", 3, 80),
        (b"# coding: latin-1\n# \xe9\n" + FAULT.encode(), 5, 79),
        (FAULT.rstrip().encode(), 3, 79),
    ],
)
def test_what_python_reads_is_read_and_placed(kerlint: Kerlint, tmp_path: Path, data: bytes, row: int, column: int) -> None:
    (tmp_path / "a.py").write_bytes(data)
    (record,) = json.loads(kerlint("a.py", "--output-format=json").stdout)
    assert (record["code"], record["location"]) == ("KER301", {"row": row, "column": column})


def test_long_file(kerlint: Kerlint, tmp_path: Path) -> None:
    """50,000 lines: the budget of steps grows with the statements of a file, so its last lines are followed, too."""
    (tmp_path / "a.py").write_text("x = 1\n" * 49_900 + FAULT + "y = 2\n" * 97)
    done = kerlint("a.py", "--output-format=concise")
    assert done.returncode == 1
    assert done.stdout.startswith("a.py:49903:79: ")


def test_broken_cell_is_reported_and_the_others_are_analysed(kerlint: Kerlint, tmp_path: Path) -> None:
    cells = ["import keras\n", "model = # YOUR CODE HERE\n", FAULT]
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook))
    done = kerlint("n.ipynb", "--output-format=concise")
    assert done.returncode == 1
    assert [line.split(" error ")[0] for line in done.stdout.splitlines()[:2]] == ["n.ipynb:cell 2:1:9:", "n.ipynb:cell 3:3:79:"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are another thing there")
def test_file_without_permission(kerlint: Kerlint, tmp_path: Path, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions do not stop an administrator, so the system's answer is given for it as well."""
    path = tmp_path / "a.py"
    path.write_bytes(KERAS)
    path.chmod(0o000)
    read_bytes = Path.read_bytes

    def refusing(self: Path) -> bytes:
        if self.name == path.name:
            raise PermissionError(13, "Permission denied", str(self))
        return read_bytes(self)

    monkeypatch.setattr(Path, "read_bytes", refusing)
    done = kerlint("check", "--output-format=concise")
    assert done.returncode == 2
    assert done.stdout.startswith("a.py:1:1: error KER001 cannot-parse: cannot be read: permission denied\nzzz.py:3:")


def test_loop_of_links(kerlint: Kerlint, tmp_path: Path, beside: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert kerlint("check").returncode == 1
    (tmp_path / "loop.py").symlink_to("loop.py")
    done = kerlint("check")
    assert done.returncode == 2
    assert done.stderr == "kerlint: loop.py: too many levels of symbolic links\n"
    assert "zzz.py:3:" in done.stdout


def test_missing_path(kerlint: Kerlint, beside: Path) -> None:
    done = kerlint("gone.py", "zzz.py", "gone/")
    assert done.returncode == 2
    assert done.stderr == "kerlint: gone.py: no such file or directory\nkerlint: gone: no such file or directory\n"
    assert "zzz.py:3:" in done.stdout


def test_error_of_our_own_is_no_traceback(kerlint: Kerlint, tmp_path: Path, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kerlint import engine

    understand = engine.understand

    def failing(source: engine.Source, *args: Any, **named: Any) -> engine.Understood:
        if source.path.name == "a.py":
            raise ZeroDivisionError("by accident")
        return understand(source, *args, **named)

    monkeypatch.setattr(engine, "understand", failing)
    (tmp_path / "a.py").write_bytes(KERAS)
    done = kerlint("check")
    assert done.returncode == 2
    assert done.stderr == "kerlint: internal error in a.py: ZeroDivisionError: by accident; please report (`check -v` shows where)\n"
    assert "zzz.py:3:" in done.stdout
    assert "Traceback" in kerlint("check", "-v").stderr
