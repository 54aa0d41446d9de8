"""How findings look: frames that stay aligned, records that ruff's readers can read, places in notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import FAULT, Kerlint
from msgspec.structs import replace

from kerlint.finding import Anchor, Confidence, Edge, Edit, Evidence, Finding, Fix, Position, Range, Related, Severity
from kerlint.reports import Batch, Paint, report
from kerlint.source import Source, read
from kerlint.syntax.nodes import Name
from kerlint.syntax.text import Text

PATH = Path("train.py")


def source(text: str, path: Path = PATH) -> Source:
    return read(path, text.encode())


def place(row: int, start: int, end: int, last: int | None = None, path: Path = PATH, cell: int | None = None) -> Range:
    return Range(path, Position(row, start), Position(last or row, end), cell)


def finding(where: Range, *related: tuple[Range, str], hint: str = "do better") -> Finding:
    others = tuple(Related(None, message, other) for other, message in related)  # type: ignore[arg-type]
    return Finding("KER401", "learning-rate-too-high", "too high", hint, Severity.error, Confidence.high, None, others, range=where)


def printed(found: Finding, *sources: Source, style: str = "text", color: bool = False) -> list[str]:
    batch = Batch((found,), {one.path: one for one in sources}, Paint(color))
    return [line for lines in report(style, batch) for line in lines.split("\n")]


def test_frame() -> None:
    text = "rate = 1.0\n\nmodel.compile(Adam(rate))\n"
    lines = printed(finding(place(3, 20, 24), (place(1, 8, 11), "from here")), source(text))
    assert lines == [
        "train.py:3:20: error KER401 learning-rate-too-high",
        "  too high",
        "  |",
        "3 | model.compile(Adam(rate))",
        "  |                    ^^^^",
        "  |",
        "1 | rate = 1.0",
        "  |        --- from here",
        "  = do better",
        "",
    ]


def test_related_place_in_another_file_is_named() -> None:
    other = Path("models.py")
    lines = printed(
        finding(place(2, 1, 2), (place(110, 1, 4, path=other), "called here")), source("a\nb\n"), source("\n" * 109 + "fit\n", other)
    )
    assert lines[2:] == [
        "    |",
        "  2 | b",
        "    | ^",
        "    ::: models.py:110:1",
        "110 | fit",
        "    | --- called here",
        "    = do better",
        "",
    ]


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "under"),
    [
        ("\tfit(x)", 6, 7, "    fit(x)", "        ^"),
        ("a = '数据'; fit(x)", 15, 16, "a = '数据'; fit(x)", "                ^"),
        ("'e\u0301'; fit(x)", 11, 12, "'e\u0301'; fit(x)", "         ^"),
        ("x = '\x1b[31m'", 5, 12, "x = '\u241b[31m'", "    ^^^^^^^"),
        ("数据 = 1", 1, 3, "数据 = 1", "^^^^"),
    ],
)
def test_underline_stands_below_its_code(line: str, start: int, end: int, shown: str, under: str) -> None:
    lines = printed(finding(place(1, start, end)), source(f"{line}\n"))
    assert lines[3:5] == [f"1 | {shown}", f"  | {under}"]


def test_several_lines_are_underlined_each() -> None:
    text = "model.fit(\n    x,\n    y)\n"
    lines = printed(finding(place(1, 1, 7, last=3)), source(text))
    assert lines[3:9] == ["1 | model.fit(", "  | ^^^^^^^^^^", "2 |     x,", "  |     ^^", "3 |     y)", "  |     ^^"]


def test_many_lines_are_left_out_in_the_middle() -> None:
    text = "f(\n" + "    1,\n" * 20 + ")\n"
    lines = printed(finding(place(1, 1, 2, last=22)), source(text))
    assert lines[3:10] == [" 1 | f(", "   | ^^", " 2 |     1,", "   |     ^^", "   ...", "22 | )", "   | ^"]


def test_long_line_is_cut_around_the_place() -> None:
    text = "x = [" + "1, " * 200 + "BAD" + ", 2" * 200 + "]\n"
    start = text.index("BAD") + 1
    lines = printed(finding(place(1, start, start + 3)), source(text))
    at = lines[4].index("^")
    assert lines[3][at : at + 3] == "BAD"
    assert len(lines[3]) < 160


def test_file_that_is_not_at_hand_has_no_frame() -> None:
    assert printed(finding(place(3, 1, 2), hint="")) == ["train.py:3:1: error KER401 learning-rate-too-high", "  too high", "  |", ""]


def test_no_color_codes_unless_wanted() -> None:
    found = finding(place(1, 1, 2))
    assert "\x1b" not in "".join(printed(found, source("a\n")))
    colored = printed(found, source("a\n"), color=True)
    page = "https://kerlint.readthedocs.io/en/stable/rules/KER401-learning-rate-too-high/"
    code = f"\x1b]8;;{page}\x1b\\\x1b[1mKER401\x1b[0m\x1b]8;;\x1b\\"
    assert colored[0] == f"\x1b[36mtrain.py:1:1\x1b[0m: \x1b[31merror\x1b[0m {code} learning-rate-too-high"


def test_concise() -> None:
    where = place(4, 8, 9, path=Path("a.ipynb"), cell=2)
    assert printed(finding(where), style="concise") == ["a.ipynb:cell 2:4:8: error KER401 learning-rate-too-high: too high"]


def test_json_has_every_key() -> None:
    where = place(4, 8, 9, path=Path("a.ipynb"), cell=2)
    here = Name(None, Text("x"), "x")
    fix = Fix("divide", (Edit(Anchor(here, Edge.start), Anchor(here, Edge.end), "x / 255", where),), safe=False)
    found = replace(finding(where, (place(1, 2, 3), "from here")), fix=fix, evidence=Evidence("confirmed", "loss is nan", {"loss": None}))
    (record,) = json.loads("\n".join(printed(found, style="json")))
    assert record == {
        "code": "KER401",
        "name": "learning-rate-too-high",
        "message": "too high",
        "severity": "error",
        "confidence": "high",
        "filename": str(Path("a.ipynb").absolute()),
        "location": {"row": 4, "column": 8},
        "end_location": {"row": 4, "column": 9},
        "cell": 2,
        "url": "https://kerlint.readthedocs.io/en/stable/rules/KER401-learning-rate-too-high/",
        "noqa_row": 4,
        "hint": "do better",
        "fix": {
            "applicability": "unsafe",
            "message": "divide",
            "edits": [{"content": "x / 255", "location": {"row": 4, "column": 8}, "end_location": {"row": 4, "column": 9}, "cell": 2}],
        },
        "related": [
            {
                "filename": str(PATH.absolute()),
                "location": {"row": 1, "column": 2},
                "end_location": {"row": 1, "column": 3},
                "cell": None,
                "message": "from here",
            }
        ],
        "evidence": {"verdict": "confirmed", "detail": "loss is nan", "data": {"loss": None}},
    }
    assert record.keys() == json.loads("\n".join(printed(finding(where), style="json")))[0].keys()


def test_json_lines_are_the_records_of_json(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT * 2)
    whole = json.loads(kerlint("a.py", "--output-format=json").stdout)
    lines = [json.loads(line) for line in kerlint("a.py", "--output-format=json-lines").stdout.splitlines()]
    assert lines == whole
    assert len(whole) == 2


def test_json_of_nothing_is_an_empty_list(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import keras\n")
    assert json.loads(kerlint("a.py", "--output-format=json").stdout) == []
    assert kerlint("a.py", "--output-format=json-lines").stdout == ""


# show

TRAINING = """\
import numpy as np
from tensorflow import keras

x = np.random.rand(100, 4)
y = np.random.randint(0, 2, 100)
model = keras.Sequential([
    keras.Input((4,)),
    keras.layers.Dense(8, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid", name="out"),
])
model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=5, batch_size=10)
loaded = keras.models.load_model("old.keras")
loaded.predict(x)
"""


@pytest.fixture
def record(kerlint: Kerlint, tmp_path: Path) -> dict[str, object]:
    (tmp_path / "train.py").write_text(TRAINING)
    done = kerlint("show", "train.py", "--output-format=json")
    assert (done.returncode, done.stderr) == (0, "")
    (found,) = json.loads(done.stdout)
    assert found["filename"] == str(tmp_path / "train.py")
    return dict(found)


def test_show_models(record: dict[str, list[dict[str, object]]]) -> None:
    model = record["models"][0]
    layers = model.pop("layers")
    assert model == {"name": "model", "line": 6, "cell": None, "kind": "sequential", "complete": True, "unknown": [], "params": 49}
    dense = [layer for layer in layers if layer["class"] == "keras.layers.Dense"]  # type: ignore[attr-defined]
    assert dense[1] == {
        "name": "out",
        "class": "keras.layers.Dense",
        "line": 9,
        "cell": None,
        "args": {"units": 1, "activation": "sigmoid", "name": "out"},
        "output_shape": [None, 1],
        "params": 9,
    }
    loaded = record["models"][1]
    assert (loaded["kind"], loaded["complete"], loaded["params"]) == ("loaded", False, None)
    assert loaded["unknown"]


def test_show_events(record: dict[str, list[dict[str, object]]]) -> None:
    fit, predict = record["events"]
    assert fit == {
        "kind": "fit",
        "line": 12,
        "cell": None,
        "model": 0,
        "optimizer": "Adam",
        "learning_rate": 0.01,
        "loss": "BinaryCrossentropy",
        "metrics": ["accuracy"],
        "x_source": "np.random.rand()",
        "x_scaled": False,
        "y_form": "binary",
        "rows": 100,
        "epochs": 5,
        "batch_size": 10,
        "resolved": True,
        "unknown": [],
    }
    assert (predict["kind"], predict["line"], predict["model"], predict["resolved"]) == ("predict", 14, 1, False)


def test_show_for_people(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAINING)
    text = kerlint("show", "train.py").stdout
    assert "`model`  sequential, line 6: " in text
    assert "49 parameters" in text
    assert "units=8" in text
    assert "activation='relu'" in text
    assert "line 12  fit `model`: Adam(0.01), loss BinaryCrossentropy, metrics accuracy, data np.random.rand() (not scaled" in text
    assert "100 rows), labels binary, epochs 5, batch size 10" in text
    assert "line 13  " in text.partition("not known\n")[2]


def test_show_counts_cells_and_says_which_are_left_out(kerlint: Kerlint, tmp_path: Path) -> None:
    cells = ["%%bash\nls\n", "model = (", "import keras\nm = keras.Sequential([keras.layers.Dense(1)])\n"]
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook))
    (found,) = json.loads(kerlint("show", "n.ipynb", "--output-format=json").stdout)
    assert [(model["cell"], model["line"]) for model in found["models"]] == [(3, 2)]
    assert [cell["cell"] for cell in found["skipped_cells"]] == [1, 2]
