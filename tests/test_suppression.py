"""Which lines a suppression covers, and which suppressions are reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Kerlint
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kerlint import lint
from kerlint.config import Config
from kerlint.finding import Confidence, Finding, Position, Range, Related, Severity
from kerlint.rule import rules
from kerlint.source import read
from kerlint.suppression import apply, suppressions
from kerlint.syntax.nodes import Name
from kerlint.syntax.text import Text

HERE = Path("train.py")
CODE = next(code for code in rules() if not code.startswith("KER0"))
RULE = rules()[CODE]
OTHER = next(code for code in rules() if code[:4] not in ("KER0", CODE[:4]))


def finding(row: int, code: str = CODE, path: Path = HERE, cell: int | None = None) -> Finding:
    place = Range(path, Position(row, 1), Position(row, 9), cell)
    return Finding(code, rules()[code].name, "", "", Severity.warning, Confidence.high, None, range=place)


def reported(text: str, *rows: int, active: set[str] | None = None) -> list[str]:
    """What is left of findings of one rule on these rows, as `code:row`, and what is said about the suppressions, as `row:message`."""
    source = read(HERE, text.encode())
    ran = {code: rule for code, rule in rules().items() if active is None or code in active}
    left = apply([finding(row) for row in rows], suppressions(source), ran)
    return [f"{one.range.start.row}" if one.code == CODE else f"{one.range.start.row}: {one.message}" for one in left if one.range]


def hidden(text: str) -> list[int]:
    """The rows on which the rule is suppressed."""
    rows = range(1, text.count("\n") + 2)
    found = suppressions(read(HERE, text.encode()))
    left = {one.range.start.row for one in apply([finding(row) for row in rows], found, {}) if one.range}
    return [row for row in rows if row not in left]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (f"# noqa: {CODE}", True),
        (f"# noqa:{CODE},E501", True),
        (f"# noqa: E501, {CODE} because", True),
        (f"# NOQA : {CODE.lower()}", True),
        (f"# type: ignore  # noqa: {CODE}", True),
        ("# noqa", True),
        (f"# noqa: {CODE[:4]}", True),
        (f"# noqa: {OTHER}", False),
        ("# noqa: E501", False),
        ("# noqa: because", False),
        (f"# flake8: noqa: {CODE}", False),
        ("# noqact", False),
        (f"# kerlint: ignore[{CODE}] known", True),
        (f"#kerlint:ignore[{OTHER}, {RULE.name}]", True),
        (f"# kerlint: ignore[{RULE.name.upper()}]", True),
        ("# kerlint: ignore[all]", True),
        ("# kerlint: ignore", True),
        (f"# kerlint: ignore[{OTHER}]", False),
        (f"# kerlint: ignore[{CODE}", False),
        ("# kerlint: ignore[]", False),
        (f"# kerlint: ignored[{CODE}]", False),
    ],
)
def test_a_comment_on_the_line(comment: str, expected: bool) -> None:
    assert hidden(f"x = 1  {comment}\ny = 2\n") == ([1] if expected else [])


def test_a_comment_in_a_string_is_none() -> None:
    assert hidden(f"x = '# noqa: {CODE}'\ny = '''\n# kerlint: file-ignore[{CODE}]\n'''\n") == []


def test_a_comment_above_covers_the_whole_statement() -> None:
    text = f"a = 0\n# kerlint: ignore[{CODE}]\n# more words\n\nx = f(\n    1,\n    2,\n)\ny = 2\n"
    assert hidden(text) == [2, 3, 4, 5, 6, 7, 8]
    assert hidden(f"# kerlint: ignore[{CODE}]\nx = 1 + \\\n    2\ny = 1\n") == [1, 2, 3]
    assert hidden(f"# noqa: {CODE}\nx = '''\na\n'''\ny = 1\n") == [1, 2, 3, 4]
    assert hidden("# noqa\nx = 1\n") == [1]  # as in flake8


def test_a_comment_above_a_block_covers_its_first_line() -> None:
    assert hidden(f"# kerlint: ignore[{CODE}]\nfor x in y:\n    z\n") == [1, 2]


def test_a_comment_within_brackets_covers_the_next_argument() -> None:
    text = f"f(\n    # kerlint: ignore[{CODE}]\n    g(\n        1,\n    ),\n    h,  # noqa: {CODE}\n    i,\n)\n"
    assert hidden(text) == [2, 3, 4, 5, 6]


def test_blocks() -> None:
    text = f"a\n# kerlint: disable[{CODE}, {OTHER}]\nb\n# kerlint: enable[{OTHER}]\nc\n# kerlint: enable\nd\n"
    assert hidden(text) == [2, 3, 4, 5, 6]
    assert hidden(f"a\n# kerlint: disable[{CODE}]\nb\nc\n") == [2, 3, 4, 5]


def test_the_whole_file() -> None:
    assert hidden(f"a\nb\n# kerlint: file-ignore[{CODE}]\n") == [1, 2, 3, 4]


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_other_line_endings(ending: str) -> None:
    source = read(HERE, f"# kerlint: ignore[{CODE}]\nx = (\n1)\ny\n".replace("\n", ending).encode())
    (one,) = suppressions(source)
    assert (one.first, one.last) == ((0, 1), (0, 3))


def test_cells_of_a_notebook() -> None:
    cells = ["a = 1\n", f"# kerlint: cell-ignore[{CODE}]\nb = 1\n", f"# kerlint: disable[{CODE}]\nc = 'keras'\n", "d = 1"]
    path = Path("train.ipynb")
    text = json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})
    found = suppressions(read(path, text.encode()))
    findings = [finding(1, path=path, cell=cell) for cell in (1, 2, 3, 4)]
    assert [one.range.cell for one in apply(findings, found, {}) if one.range] == [1]
    assert [one.place.cell for one in found] == [2, 3]


def test_columns_are_those_that_the_author_sees() -> None:
    text = json.dumps({"cells": [{"cell_type": "code", "source": f"  x = 1\n  y = 'keras'  # noqa: {CODE}\n"}]})
    (one,) = suppressions(read(Path("a.ipynb"), text.encode()))
    assert (one.place.start, one.place.end) == (Position(2, 24), Position(2, 24 + len(CODE)))


def test_related_places_and_the_scope_count() -> None:
    found = suppressions(read(HERE, f"x = 1  # noqa: {CODE}\ny = 1  # noqa\n".encode()))
    node = Name(None, Text("fit"), "fit")

    def at(row: int, path: Path = HERE) -> Range:
        return Range(path, Position(row, 1), Position(row, 2))

    def related(place: Range) -> Finding:
        return replace(finding(9), related=(Related(node, "", place),))

    assert apply([related(at(1))], found, {}) == []
    assert len(apply([related(at(1, Path("other.py")))], found, {})) == 1
    assert len(apply([related(at(2))], found, {})) == 1  # a bare noqa covers its own line only
    assert apply([replace(finding(9), about=(at(1),))], found, {}) == []


def test_what_suppresses_nothing_is_reported() -> None:
    assert reported(f"x = 1  # noqa: {CODE}\n", 1) == []
    assert reported(f"x = 1  # noqa: {CODE}\n") == [f"1: `{CODE}` suppresses nothing here"]
    assert reported(f"x = 1  # kerlint: ignore[{CODE}, {OTHER}]\n", 1) == [f"1: `{OTHER}` suppresses nothing here"]
    assert reported(f"# kerlint: file-ignore[{CODE}]\nx = 1\n") == [f"1: `{CODE}` suppresses nothing here"]
    assert reported("x = 1  # noqa\n") == reported("x = 1  # noqa: E501\n") == []


def test_rules_that_did_not_run_are_left_alone() -> None:
    assert reported(f"x = 1  # noqa: {CODE}\n", active={"KER002"}) == []
    assert reported(f"x = 1  # noqa: {CODE[:4]}\n", active={"KER002", CODE}) == []
    assert reported(f"x = 1  # noqa: {CODE}\n", active={CODE}) == []  # nobody asked for KER002


def test_unknown_names_are_reported_with_the_nearest() -> None:
    (message,) = reported(f"x = 1  # kerlint: ignore[{RULE.name}s]\n")
    assert message == f"1: `{RULE.name}s` in a suppression is not a rule of kerlint; did you mean `{RULE.name}`?"
    (message,) = reported("x = 1  # noqa: KER999999\n")
    assert "`KER999999` in a suppression is not a rule" in message


def test_blanket_and_broken_ones_are_reported() -> None:
    assert reported("x = 1  # kerlint: ignore\n", 1) == ["1: `# kerlint: ignore` hides every rule, also those to come"]
    assert reported("x = 1  # noqa\n", 1) == ["1: `# noqa` hides every rule, also those to come"]
    (message,) = reported("x = 1  # kerlint: ignroe[KER301]\n", 1)[1:]
    assert message.endswith("; did you mean `ignore`?")
    (message,) = reported("x = 1  # kerlint: ignore[KER301\n", 1)[1:]
    assert "square brackets" in message


def test_an_enable_that_ends_nothing_is_reported() -> None:
    assert reported(f"# kerlint: disable[{CODE}]\nx = 1\n# kerlint: enable[{CODE}]\n", 2) == []
    assert reported(f"# kerlint: disable[{CODE}]\nx = 1\n# kerlint: enable\n", 2) == []
    for verb in (f"enable[{OTHER}]", "enable"):
        (message,) = reported(f"x = 1\n# kerlint: {verb}\n")
        assert message == f"2: `# kerlint: {verb}` enables nothing: nothing in front of it disables the same"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("x = 1  # noqa: KER301", "x = 1"),
        ("x = 1  # noqa: KER301 why", "x = 1"),
        ("x = 1  # noqa: E501, KER301", "x = 1  # noqa: E501"),
        ("x = 1  # noqa: KER301, E501 why", "x = 1  # noqa: E501 why"),
        ("x = 1  # noqa: KER301, KER305", "x = 1"),
        ("x = 1  # words  # noqa: KER301", "x = 1  # words"),
        ("x = 1  # noqa: KER301  # words", "x = 1  # words"),
        ("x = 1  # kerlint: ignore[KER301] why", "x = 1"),
        ("x = 1  # kerlint: ignore[softmax-single-unit, KER305]", "x = 1"),
        ("x = 1  # kerlint: ignore[softmax-single-unti]", "x = 1"),
        ("x = 1  # kerlint: ignore[KER301]  # noqa: KER305", "x = 1"),
        ("x = 1  # noqa: KER305  # kerlint: ignore[KER301]", "x = 1"),
        ("# noqa: KER301\nx = 1", "x = 1"),
        ("# kerlint: ignore[KER301]\nx = 1", "x = 1"),
        ("# kerlint: file-ignore[KER301]\nx = 1", "x = 1"),
        ("# kerlint: cell-ignore[KER301]\nx = 1", "x = 1"),
        ("# kerlint: disable[KER301]\nx = 1\n# kerlint: enable[KER301]", "x = 1"),
        ("# kerlint: disable[KER301, KER305]\nx = 1\n# kerlint: enable", "x = 1"),
        ("# kerlint: disable[KER301]\nx = 1", "x = 1"),
        ("if 1:\n    # noqa: KER301\n    x = 1", "if 1:\n    x = 1"),
        ("x = (  # noqa: KER301\n    1)", "x = (\n    1)"),
        ("x = 1  # noqa", "x = 1  # noqa"),
        ("x = 1  # noqa: E501", "x = 1  # noqa: E501"),
    ],
)
@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_fix_takes_away_every_form(kerlint: Kerlint, tmp_path: Path, line: str, left: str, suffix: str) -> None:
    path = (tmp_path / "train").with_suffix(suffix)
    whole = f"import keras\n\n{line}\n"
    path.write_text(whole if suffix == ".py" else json.dumps({"cells": [{"cell_type": "code", "source": whole.splitlines(True)}]}))
    done = kerlint("check", "--fix", path.name)
    assert (done.returncode, done.stderr) == (0, "")
    assert read(path).cells[0].text == f"import keras\n\n{left}\n"


def test_cells_and_models_of_a_notebook(kerlint: Kerlint, tmp_path: Path) -> None:
    def codes(*comments: str) -> list[str]:
        build, fit, last = comments
        cells = [
            "import keras\n(x_train, y_train), _ = keras.datasets.mnist.load_data()",
            f"{build}\nmodel = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)])",
            f'model.compile("adam", "sparse_categorical_crossentropy")\n{fit}\nmodel.fit(x_train, y_train, epochs=5)',
            f'{last}\nkeras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])',
        ]
        (tmp_path / "n.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}))
        found = json.loads(kerlint("check", "n.ipynb", "--select=KER101,KER301,KER305,KER002", "--output-format=json").stdout)
        return [finding["code"] for finding in found]

    assert sorted(codes("", "", "")) == ["KER101", "KER301", "KER305"]
    assert sorted(codes("# kerlint: ignore[KER101, KER305] known", "", "")) == ["KER301"]
    assert sorted(codes("", "# noqa: KER101, KER305", "")) == ["KER301"]
    assert sorted(codes("", "", "# kerlint: cell-ignore[KER301]")) == ["KER101", "KER305"]
    assert sorted(codes("# kerlint: cell-ignore[KER301]", "", "")) == ["KER002", "KER101", "KER301", "KER305"]


def test_a_report_about_a_suppression_can_be_suppressed() -> None:
    assert reported(f"x = 1  # noqa: {CODE}, KER002\n") == []
    assert reported(f"# kerlint: file-ignore[KER002]\nx = 1  # noqa: {CODE}\n") == []
    assert len(reported(f"# kerlint: file-ignore[KER]\nx = 1  # noqa: {CODE}\n")) == 2


def test_suppressions_of_an_imported_file_are_applied_but_not_reported() -> None:
    found = suppressions(read(HERE, f"x = 1  # noqa: {CODE}\ny = 1  # noqa: {CODE}\n".encode()))
    assert apply([finding(1)], found, rules(), path=Path("other.py")) == []


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*"x#'\"\\()[], \n\r\t", f"# noqa: {CODE}", "# kerlint: ignore[", "'''", "# noqa"])).map("".join))
def test_any_text_is_scanned(text: str) -> None:
    for one in suppressions(read(HERE, text.encode())):
        assert one.first <= one.last
        assert one.place.start <= one.place.end


# The model and the run that a finding is about

MODEL = """\
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
{above_build}model = keras.Sequential([  {build}
    keras.Input((28, 28)),
    keras.layers.Flatten(),
    keras.layers.Dense(10),
])
model.compile("adam", "sparse_categorical_crossentropy")
{above_fit}model.fit(x_train, y_train, epochs=5, batch_size=64)  {fit}

other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
other.compile("adam", "mse")
{above_other}other.fit(x_test, y_test)
"""
PLACES = ("above_build", "build", "above_fit", "fit", "above_other")


def codes_with(**comments: str) -> set[str]:
    texts = {place: comments.get(place, "") + ("\n" if place in comments and place.startswith("above") else "") for place in PLACES}
    return {finding.code for finding in lint(HERE, MODEL.format(**texts), Config(root=Path("/")))}


@pytest.mark.parametrize("comment", ["# kerlint: ignore[KER301, KER305] known", "# noqa: KER301, KER305"])
@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("above_build", {"KER301", "KER002"}),
        ("build", {"KER301", "KER002"}),
        ("above_fit", {"KER301", "KER002"}),
        ("fit", {"KER301", "KER002"}),
        ("above_other", {"KER305", "KER002"}),
    ],
)
def test_a_suppression_where_a_model_is_built_or_trained_covers_that_model(comment: str, place: str, left: set[str]) -> None:
    assert {"KER301", "KER305"} <= codes_with()
    assert codes_with(**{place: comment}) & {"KER301", "KER305", "KER002"} == left


def test_what_is_about_one_run_is_not_covered_at_another_run() -> None:
    text = MODEL.format(**dict.fromkeys(PLACES, "")).split("other =")[0]
    twice = f"{text}# kerlint: ignore[KER101]\nmodel.fit(x_train[:9000], y_train[:9000], epochs=5)\n"
    rows = [finding.range.start.row for finding in lint(HERE, twice, Config(root=Path("/"))) if finding.code == "KER101" and finding.range]
    assert rows == [10]
