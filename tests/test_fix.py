"""`--fix`, `--unsafe-fixes` and `--diff`, from outside: what is written, printed and counted, and what is left alone."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import FAULT, Kerlint
from msgspec.structs import replace

from kerlint import engine
from kerlint.finding import Edit, Finding, Fix, Position, Range
from kerlint.rule import Rule
from kerlint.semantics.program import Program

FIXED = FAULT.replace("softmax", "sigmoid")
SAFE = FAULT + "model.compile(loss='binary_crossentropy')\n"
Check = Callable[[Program, Rule], Iterator[Finding]]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[[Check], None]:
    """Puts another check in the place of the one of KER301."""

    def put(function: Check) -> None:
        found = engine.check_of
        monkeypatch.setattr(engine, "check_of", lambda code, name: function if code == "KER301" else found(code, name))

    return put


def text_edit(path: str, row: int, start: int, end: int, content: str) -> Edit:
    return Edit(None, None, content, Range(Path(path), Position(row, start), Position(row, end)))


# Where fixes are shown


def test_without_fix_they_are_shown(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    done = kerlint("a.py")
    assert "  = unsafe fix: use sigmoid\n" in done.stdout
    assert "\nFound 1 error.\n1 fixable with --fix --unsafe-fixes.\n1 file" in done.stdout
    (tmp_path / "b.py").write_text(SAFE)
    assert kerlint("b.py").stdout.count("\n1 fixable with --fix.\n") == 1
    assert kerlint("a.py", "b.py").stdout.count("\n1 fixable with --fix, 1 more with --unsafe-fixes.\n") == 1
    assert (tmp_path / "a.py").read_text() == FAULT


def test_json_has_the_edits(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    (record,) = json.loads(kerlint("a.py", "--output-format=json").stdout)
    assert record["fix"] == {
        "applicability": "unsafe",
        "message": "use sigmoid",
        "edits": [{"content": '"sigmoid"', "location": {"row": 3, "column": 79}, "end_location": {"row": 3, "column": 88}}],
    }


# Files


def test_fix_makes_safe_fixes_only(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    (tmp_path / "b.py").write_text(SAFE)
    done = kerlint("--fix", ".")
    assert done.returncode == 1
    assert "Fixed 1 finding.\n" in done.stdout
    assert "\n1 more fixable with --unsafe-fixes.\n" in done.stdout
    assert (tmp_path / "a.py").read_text() == FAULT
    assert (tmp_path / "b.py").read_text() == SAFE.replace("softmax", "sigmoid")


def test_unsafe_fixes(kerlint: Kerlint, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(FAULT)
    path.chmod(0o750)
    done = kerlint("a.py", "--fix", "--unsafe-fixes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Fixed 1 finding.\nNothing found.\n1 file, 1 model, 0 fit calls\n"
    assert path.read_text() == FIXED
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert [file.name for file in tmp_path.iterdir() if file.name != ".kerlint_cache"] == ["a.py"]
    assert kerlint("a.py", "--fix", "--unsafe-fixes").stdout == "Nothing found.\n1 file, 1 model, 0 fit calls\n"


@pytest.mark.parametrize(
    ("prefix", "encoding", "newline"),
    [
        (b"\xef\xbb\xbf", "utf-8", "\n"),
        (b"# coding: latin-1\n# \xe9\xe4\n", "latin-1", "\n"),
        (b"# coding: cp1252\r\n# \x80\r\n", "cp1252", "\r\n"),
        (b"\x0c\r\rif 1:\r\tx = '\t\x0b'\r", "utf-8", "\r"),
        (b"x = 1 \\\n  + 2  \n\t\n", "utf-8", "\n"),
    ],
)
def test_every_other_byte_stays(kerlint: Kerlint, tmp_path: Path, prefix: bytes, encoding: str, newline: str) -> None:
    def data(text: str) -> bytes:
        return prefix + text.replace("\n", newline).encode(encoding) + b"# no line end  \t"

    (tmp_path / "a.py").write_bytes(data(FAULT))
    assert kerlint("--fix", "--unsafe-fixes", "a.py").returncode == 0
    assert (tmp_path / "a.py").read_bytes() == data(FIXED)


def test_suppressed_findings_stay(kerlint: Kerlint, tmp_path: Path) -> None:
    text = FAULT.rstrip() + "  # kerlint: ignore[KER301] on purpose\n"
    (tmp_path / "a.py").write_text(text)
    assert kerlint("--fix", "--unsafe-fixes", "a.py").returncode == 0
    assert (tmp_path / "a.py").read_text() == text


def test_links_stay_links(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text(FAULT)
    (tmp_path / "a.py").symlink_to("real.txt")
    assert kerlint("--fix", "--unsafe-fixes", "a.py").returncode == 0
    assert (tmp_path / "a.py").is_symlink()
    assert (tmp_path / "real.txt").read_text() == FIXED


def test_file_that_cannot_be_written(kerlint: Kerlint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    done = kerlint("--fix", "--unsafe-fixes", "a.py")
    assert (done.returncode, done.stderr) == (2, "kerlint: a.py: cannot be written: permission denied\n")
    assert (tmp_path / "a.py").read_text() == FAULT


def test_broken_file_is_left_alone(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT + "(\n")
    assert kerlint("--fix", "--unsafe-fixes", "a.py").returncode == 2
    assert (tmp_path / "a.py").read_text() == FAULT + "(\n"


def test_only_files_of_the_run_are_changed(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(FAULT)
    (tmp_path / "train.py").write_text("import keras\nfrom models import model\nmodel.compile(loss='mse')\n")
    done = kerlint("--fix", "--unsafe-fixes", "train.py")
    assert "models.py:3:79" in done.stdout
    assert (tmp_path / "models.py").read_text() == FAULT
    done = kerlint("--fix", "--unsafe-fixes", "train.py", "models.py")
    assert done.stdout.startswith("Fixed 1 finding.\nNothing found.\n")
    assert (tmp_path / "models.py").read_text() == FIXED


# Notebooks

NOTEBOOK = """\
{"cells": [
  {"cell_type":"code", "source": ["%matplotlib inline\\n",   "from keras import Sequential, layers"], "outputs": [{"text": "\\u00e9"}]},
  {"cell_type":"code", "source": "  # \\u00e9\\n  m = Sequential([layers.Dense(1, activation='softmax')])\\n  !ls"}
 ], "metadata": {"x":1.50},
   "nbformat": 4}"""


def test_notebook(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(NOTEBOOK)
    assert kerlint("--fix", "--unsafe-fixes", "a.ipynb").returncode == 0
    assert (tmp_path / "a.ipynb").read_text() == NOTEBOOK.replace("softmax", "sigmoid")


def test_diff_of_a_notebook(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(NOTEBOOK)
    done = kerlint("--diff", "--unsafe-fixes", "a.ipynb")
    assert done.stdout == (
        "--- a.ipynb:cell 2\n+++ a.ipynb:cell 2\n@@ -1,3 +1,3 @@\n   # \u00e9\n"
        "-  m = Sequential([layers.Dense(1, activation='softmax')])\n"
        "+  m = Sequential([layers.Dense(1, activation='sigmoid')])\n   !ls\n\\ No newline at end of file\n"
    )
    assert (tmp_path / "a.ipynb").read_text() == NOTEBOOK


# Differences and standard input


def test_diff(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    done = kerlint("--diff", "--unsafe-fixes", "a.py")
    assert (done.returncode, done.stderr) == (1, "kerlint: would fix 1 finding in 1 file\n")
    before, after = FAULT.splitlines()[2], FIXED.splitlines()[2]
    assert done.stdout == f"--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n from tensorflow import keras\n \n-{before}\n+{after}\n"
    assert (tmp_path / "a.py").read_text() == FAULT
    done = kerlint("--diff", "a.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_stdin(kerlint: Kerlint) -> None:
    done = kerlint("--fix", "--unsafe-fixes", "-", stdin=FAULT)
    assert (done.returncode, done.stdout) == (0, FIXED)
    assert done.stderr.startswith("Fixed 1 finding.\n")
    done = kerlint("--fix", "-", stdin=FAULT)
    assert (done.returncode, done.stdout) == (1, FAULT)
    assert "KER301" in done.stderr
    assert kerlint("--fix", "-", stdin="x = (\nkeras").stdout == "x = (\nkeras"


# Fixes that cannot be made


def test_fix_that_breaks_the_code_is_left_out(kerlint: Kerlint, tmp_path: Path, check: Callable[[Check], None]) -> None:
    def broken(program: Program, rule: Rule) -> Iterator[Finding]:
        for row, (use, content) in enumerate(zip(program.uses, ("x = (", "keras.Other(shape=1, shape=2)", "y = 2"), strict=False), 2):
            yield replace(rule.finding(use.node), fix=Fix("", (text_edit("a.py", row, 1, 15, content),), True))

    (tmp_path / "a.py").write_text("import keras\nkeras.Other(1)\nkeras.Other(2)\nkeras.Other(3)\n")
    check(broken)
    done = kerlint("--fix", "a.py")
    assert done.stderr == (
        "kerlint: a.py:2:1: the fix of KER301 is left out: the result would not be valid Python\n"
        "kerlint: a.py:3:1: the fix of KER301 is left out: the result would not be valid Python\n"
    )
    assert "Fixed 1 finding." in done.stdout
    assert (tmp_path / "a.py").read_text() == "import keras\nkeras.Other(1)\nkeras.Other(2)\ny = 2\n"


def test_fixes_that_meet_take_several_passes(kerlint: Kerlint, tmp_path: Path, check: Callable[[Check], None]) -> None:
    def growing(program: Program, rule: Rule) -> Iterator[Finding]:
        for use in program.uses:
            edit = text_edit("a.py", 2, 13, 13, "1")
            if use.positional[0].value < 1111:  # type: ignore[attr-defined]
                yield replace(rule.finding(use.node), fix=Fix("", (edit,), True))

    (tmp_path / "a.py").write_text("import keras\nkeras.Other(1)\n")
    check(growing)
    assert "Fixed 3 findings." in kerlint("--fix", "a.py").stdout
    assert (tmp_path / "a.py").read_text() == "import keras\nkeras.Other(1111)\n"


def test_endless_fixes_are_given_up(kerlint: Kerlint, tmp_path: Path, check: Callable[[Check], None]) -> None:
    def endless(program: Program, rule: Rule) -> Iterator[Finding]:
        for use in program.uses:
            edit = text_edit("a.py", 2, 13, 14, str(3 - use.positional[0].value))  # type: ignore[attr-defined]
            yield replace(rule.finding(use.node), fix=Fix("", (edit,), True))

    (tmp_path / "a.py").write_text("import keras\nkeras.Other(1)\n")
    check(endless)
    done = kerlint("--fix", "a.py")
    assert "fixes of KER301 still change the code after 50 passes" in done.stderr


# Suppressions


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        ("x = 1  # noqa: KER301\n", "x = 1\n"),
        ("x = 1  # noqa: KER301, E501\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: E501,KER301 why\n", "x = 1  # noqa: E501 why\n"),
        ("x = 1  # noqa: KER301 why  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("x = 1  # type: ignore  # noqa: KER301\n", "x = 1  # type: ignore\n"),
        ("x = 1  # kerlint: ignore[KER301, softmax-hidden] why\ny = 2\n", "x = 1\ny = 2\n"),
        ("if 1:\n    # kerlint: ignore[KER301] why\n    x = 1\n", "if 1:\n    x = 1\n"),
        ("# kerlint: file-ignore[KER301]\nx = 1\n", "x = 1\n"),
        ("x = 1\n  # kerlint: disable[KER301]", "x = 1\n"),
        ("x = 1  # kerlint: ignore[KER301, ker999]", "x = 1"),
        ("x = 1  # kerlint: ignore\n", None),
    ],
)
def test_unused_suppressions_are_removed(kerlint: Kerlint, tmp_path: Path, line: str, fixed: str | None) -> None:
    (tmp_path / "a.py").write_text(f"import keras\n{line}")
    kerlint("--fix", "a.py")
    assert (tmp_path / "a.py").read_text() == f"import keras\n{line if fixed is None else fixed}"


def test_suppression_of_use_keeps_its_name(kerlint: Kerlint, tmp_path: Path) -> None:
    line = FAULT.rstrip()
    (tmp_path / "a.py").write_text(f"{line}  # kerlint: ignore[KER401, KER301] why\n")
    assert kerlint("--fix", "a.py").returncode == 0
    assert (tmp_path / "a.py").read_text() == f"{line}  # kerlint: ignore[KER301] why\n"


def test_suppression_in_an_indented_cell(kerlint: Kerlint, tmp_path: Path) -> None:
    text = '{"cells": [{"cell_type": "code", "source": ["  import keras\\n", "  # noqa: KER301\\n", "  x = 1  # noqa: KER301"]}]}'
    (tmp_path / "a.ipynb").write_text(text)
    kerlint("--fix", "a.ipynb")
    assert (tmp_path / "a.ipynb").read_text() == text.replace('"  # noqa: KER301\\n", ', "").replace("  # noqa: KER301", "")


def test_safe_fixes_do_not_take_away_what_tells_keras_1(kerlint: Kerlint, tmp_path: Path) -> None:
    """`Conv2D(8, n, n)` has strides; that `Convolution2D(8, n, n)` of Keras 1 has a kernel, only its old name tells."""
    code = (
        "from keras.models import Sequential\n"
        "from keras.layers.convolutional import Convolution2D\n"
        "n = 3\n"
        "model = Sequential()\n"
        "model.add(Convolution2D(8, n, n, border_mode='same', input_shape=(28, 28, 1)))\n"
        "model.add(Convolution2D(8, n, n))\n"
    )
    (tmp_path / "a.py").write_text(code)
    kerlint("--fix", "--select=KER8", "a.py")
    assert (tmp_path / "a.py").read_text() == code.replace("8, n, n, border_mode", "8, (n, n), padding")
    kerlint("--fix", "--unsafe-fixes", "--select=KER8", "a.py")
    fixed = (tmp_path / "a.py").read_text()
    assert "convolutional" not in fixed
    assert "8, n, n" not in fixed
