"""`--add-noqa`: where the comments stand, that nothing else changes, and that nothing is left to report."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from conftest import Kerlint

HEAD = "from tensorflow import keras\n\n"
BAD = 'keras.layers.Dense(1, activation="softmax")'
ONE = ["--select=KER3,KER002"]


def added(kerlint: Kerlint, path: Path, *args: str) -> str:
    """The text of a file after --add-noqa; a second run finds nothing to add."""
    done = kerlint("check", "--add-noqa", *args, path.name)
    assert (done.returncode, done.stderr) == (0, "")
    text = path.read_bytes()
    again = kerlint("check", "--add-noqa", *args, path.name)
    assert (again.returncode, path.read_bytes()) == (0, text)
    assert "Suppressed" not in again.stdout
    assert kerlint("check", *args, path.name).returncode == 0
    return text.decode()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "train.py"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"m = keras.Sequential([{BAD}])\n", f"m = keras.Sequential([{BAD}])  # noqa: KER301\n"),
        (f"m = keras.Sequential([{BAD}])", f"m = keras.Sequential([{BAD}])  # noqa: KER301"),
        (f"m = keras.Sequential([{BAD}])   \n", f"m = keras.Sequential([{BAD}])  # noqa: KER301\n"),
        (f"m = keras.Sequential([{BAD}])  # a head\n", f"m = keras.Sequential([{BAD}])  # a head  # noqa: KER301\n"),
        (f"m = keras.Sequential([{BAD}])  # noqa: E501\n", f"m = keras.Sequential([{BAD}])  # noqa: E501, KER301\n"),
        (f"m = keras.Sequential([{BAD}])  # noqa:E501,W1 long\n", f"m = keras.Sequential([{BAD}])  # noqa:E501,W1, KER301 long\n"),
        (f"m = keras.Sequential([{BAD}])  # NOQA : long\n", f"m = keras.Sequential([{BAD}])  # NOQA : KER301 long\n"),
        (
            f"m = keras.Sequential([{BAD}])  # kerlint: ignore[KER999x] why\n",
            f"m = keras.Sequential([{BAD}])  # kerlint: ignore[KER999x, KER002, KER301] why\n",
        ),
        (
            f"m = keras.Sequential([{BAD}])  # kerlint: disable[KER4]\n",
            f"m = keras.Sequential([{BAD}])  # kerlint: disable[KER4]  # noqa: KER301\n",
        ),
        (f"m = keras.Sequential([\n    {BAD},  \n])\n", f"m = keras.Sequential([\n    {BAD},  # noqa: KER301\n])\n"),
        (
            'm = keras.Sequential([\n    keras.layers.Dense(\n        1,\n        activation="softmax"\n    ),\n])\n',
            'm = keras.Sequential([\n    keras.layers.Dense(\n        1,\n        activation="softmax"  # noqa: KER301\n    ),\n])\n',
        ),
        (
            'm = keras.Sequential([keras.layers.Dense(1, activation="softmax", \\\n    name="a")])\n',
            '# noqa: KER301\nm = keras.Sequential([keras.layers.Dense(1, activation="softmax", \\\n    name="a")])\n',
        ),
        (
            f'def f():\n\tm = keras.Sequential([{BAD}], name="""a\nb""")\n\treturn m\n',
            f'def f():\n\t# noqa: KER301\n\tm = keras.Sequential([{BAD}], name="""a\nb""")\n\treturn m\n',
        ),
        (
            f'# why\n# noqa: E501 long\n# so\nm = keras.Sequential([{BAD}], name="""a\nb""")\n',
            f'# why\n# noqa: E501, KER301 long\n# so\nm = keras.Sequential([{BAD}], name="""a\nb""")\n',
        ),
        (
            f'if 0:\n    pass\nelif keras.Sequential([{BAD}], name="""a\nb"""):\n    pass\n',
            f'if 0:\n    pass\n# noqa: KER301\nelif keras.Sequential([{BAD}], name="""a\nb"""):\n    pass\n',
        ),
        (
            f'for i in (1, 2): m = keras.Sequential([{BAD}], name="""a\nb""")\n',
            f'# noqa: KER301\nfor i in (1, 2): m = keras.Sequential([{BAD}], name="""a\nb""")\n',
        ),
        (f's = """#"""; m = keras.Sequential([{BAD}])\n', f's = """#"""; m = keras.Sequential([{BAD}])  # noqa: KER301\n'),
        (f"\fm = keras.Sequential([{BAD}])\n", f"\fm = keras.Sequential([{BAD}])  # noqa: KER301\n"),
        (f"\fm = keras.Sequential([{BAD}])  # noqa: E1\n", f"\fm = keras.Sequential([{BAD}])  # noqa: E1, KER301\n"),
        (
            f"s = 'ñ数据'; m = keras.Sequential([{BAD}])  # noqa: E1 ñ\n",
            f"s = 'ñ数据'; m = keras.Sequential([{BAD}])  # noqa: E1, KER301 ñ\n",
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_where_the_comment_stands(kerlint: Kerlint, script: Path, before: str, after: str, newline: str) -> None:
    script.write_bytes((HEAD + before).replace("\n", newline).encode())
    assert added(kerlint, script, *ONE) == (HEAD + after).replace("\n", newline)
    assert ast.dump(ast.parse(HEAD + before)) == ast.dump(ast.parse(script.read_bytes()))


def test_several_findings_of_a_line_share_a_comment(kerlint: Kerlint, script: Path) -> None:
    script.write_text(
        f'{HEAD}m = keras.Sequential([keras.Input((4,)), {BAD}]); m.compile(keras.optimizers.Adam(50.0), "mse"); m.fit(x, y)\n'
    )
    text = added(kerlint, script)
    assert text.count("# noqa:") == 1
    assert "KER301, KER401" in text


def test_a_reason_stands_behind_the_codes(kerlint: Kerlint, script: Path) -> None:
    script.write_text(f"{HEAD}m = keras.Sequential([{BAD}])\n")
    done = kerlint("train.py", "--add-noqa= known since 2020")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Suppressed 1 finding.")
    assert script.read_text().endswith("  # noqa: KER301 known since 2020\n")
    assert kerlint("train.py").stdout.startswith("Nothing found.")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--add-noqa=a # b"], "the reason is one line without #"),
        (["--add-noqa=a\nb"], "the reason is one line without #"),
        (["--add-noqa=E501 known"], '"E501" would be read as the code of a rule'),
        (["--add-noqa", "--fix"], "--add-noqa and --fix: one after the other, please"),
        (["--add-noqa", "nothing.py"], "nothing.py: no such file or directory"),
    ],
)
def test_what_is_refused(kerlint: Kerlint, script: Path, args: list[str], said: str) -> None:
    script.write_text(HEAD)
    done = kerlint("check", "train.py", *args)
    assert done.returncode == 2
    assert said in done.stderr


def test_diff_changes_nothing(kerlint: Kerlint, script: Path) -> None:
    text = f"{HEAD}m = keras.Sequential([{BAD}])\n"
    script.write_text(text)
    done = kerlint("check", "--add-noqa", "--diff", "train.py")
    assert (done.returncode, done.stderr) == (1, "kerlint: would suppress 1 finding in 1 file\n")
    assert f"+m = keras.Sequential([{BAD}])  # noqa: KER301" in done.stdout
    assert script.read_text() == text


def test_standard_input(kerlint: Kerlint) -> None:
    done = kerlint("-", "--add-noqa", "--stdin-filename=train.py", stdin=f"{HEAD}m = keras.Sequential([{BAD}])\n")
    assert (done.returncode, done.stdout) == (0, f"{HEAD}m = keras.Sequential([{BAD}])  # noqa: KER301\n")
    assert "Suppressed 1 finding." in done.stderr


def test_what_a_baseline_hides_gets_no_comment(kerlint: Kerlint, script: Path) -> None:
    text = f"{HEAD}m = keras.Sequential([{BAD}])\n"
    script.write_text(text)
    kerlint("baseline", "create")
    kerlint("check", "--add-noqa", "--baseline=kerlint-baseline.json")
    assert script.read_text() == text


def test_a_file_that_cannot_be_analysed_is_left_alone(kerlint: Kerlint, script: Path) -> None:
    script.write_text("import keras\nx = (\n")
    assert kerlint("check", "--add-noqa", "train.py").returncode == 2
    assert script.read_text() == "import keras\nx = (\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_encoding_stays(kerlint: Kerlint, script: Path, encoding: str) -> None:
    text = f"# coding: {encoding}\n{HEAD}s = 'ä'; m = keras.Sequential([{BAD}])\n"
    script.write_bytes(text.encode(encoding))
    kerlint("check", "--add-noqa", "train.py")
    assert script.read_bytes() == text.replace("])\n", "])  # noqa: KER301\n").encode(encoding)


def test_a_notebook_changes_nowhere_else(kerlint: Kerlint, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    cells = [
        ["%matplotlib inline\n", "from tensorflow import keras"],
        f"  m = keras.Sequential([{BAD}])  # noqa: E501\n  n = 1",
        ["%%time\n", "#@title T\n", f'm = keras.Sequential([{BAD}], name="""ä\\n\n', 'b""")'],
        [f"%time m = keras.Sequential([{BAD}])\n", "!ls"],
        f'm = keras.Sequential([{BAD}], name="""\n""")',
    ]
    content = {"cells": [{"cell_type": "code", "source": cell} for cell in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")
    after = added(kerlint, path, *ONE)
    sources = ["".join(cell["source"]) for cell in json.loads(after)["cells"]]
    assert sources == [
        "%matplotlib inline\nfrom tensorflow import keras",
        f"  m = keras.Sequential([{BAD}])  # noqa: E501, KER301\n  n = 1",
        f'%%time\n#@title T\n# noqa: KER301\nm = keras.Sequential([{BAD}], name="""ä\\n\nb""")',
        f"%time m = keras.Sequential([{BAD}])  # noqa: KER301\n!ls",
        f'# noqa: KER301\nm = keras.Sequential([{BAD}], name="""\n""")',
    ]
    shorter = after.replace(", KER301", "").replace("  # noqa: KER301", "").replace('"# noqa: KER301\\n",\n    ', "")
    assert shorter.replace("# noqa: KER301\\n", "") == text
