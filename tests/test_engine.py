"""What the engine does beside the checks: imports followed, duplicates dropped, suppressions applied, the library entry."""

from __future__ import annotations

import gc
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from conftest import FAULT, Kerlint

import kerlint as package
from kerlint.config import Config, Configs
from kerlint.engine import examine, lint_source, understand
from kerlint.finding import Confidence, Finding, Position, Range, Severity, ordered
from kerlint.locating import Ranges, located
from kerlint.outcome import digest
from kerlint.placing import Places
from kerlint.projects import Projects
from kerlint.quoted import Quoted
from kerlint.semantics.project import Project
from kerlint.source import parse, read

MODELS = """\
from keras import Sequential, layers

def make(features):
    return Sequential([layers.Input((features,)), layers.Dense(1, activation="softmax")])
"""
TRAIN = """\
import keras
import numpy as np
from models import make

x, y = np.load("x.npy"), np.load("y.npy")
model = make(4)
model.compile("adam", "binary_crossentropy")
model.fit(x, y)
"""


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_lint_path_and_text(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(FAULT)
    assert codes(package.lint(path)) == codes(package.lint(str(path))) == ["KER301"]
    assert codes(package.lint(tmp_path / "none.py", FAULT)) == ["KER301"]
    (finding,) = package.lint("x.py", FAULT)
    assert finding.range == Range(Path("x.py"), Position(3, 79), Position(3, 88))
    assert finding.severity is package.Severity.error


def test_lint_takes_the_nearest_configuration_or_the_given_one(tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text("ignore = ['KER301']\n")
    assert package.lint(tmp_path / "a.py", FAULT) == []
    assert codes(package.lint(tmp_path / "a.py", FAULT, Config())) == ["KER301"]


def test_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    (finding,) = package.lint(tmp_path / "none.py")
    assert (finding.code, finding.message) == ("KER001", "cannot be read: no such file or directory")


def test_foreign_source_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    from kerlint import engine

    monkeypatch.setattr(engine, "understand", lambda *arguments: pytest.fail("it was"))
    assert lint_source("import torch\n", "a.py", Config()) == []


def test_finding_in_an_imported_file_is_reported_there_once(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "train.py").write_text(TRAIN)
    for paths in (["train.py"], ["models.py"], ["train.py", "models.py"], ["."]):
        lines = kerlint(*paths, "--output-format=concise", "-q", "--select=KER301").stdout.splitlines()
        assert [line.split(" error ")[0] for line in lines] == ["models.py:4:78:"]


def test_finding_in_an_imported_file_names_what_led_there() -> None:
    models, train = read(Path("models.py"), b"x = 1\n"), read(Path("train.py"), b"import keras\nfit()\n")
    trees = {source.path: parse(source) for source in (models, train)}
    (inner, *_), (*_, outer) = (module.body for source in (models, train) for module in trees[source.path].modules if module)
    finding = Finding("KER301", "name", "message", "", Severity.error, Confidence.high, inner, scope=(outer,))
    ranges = Ranges(train, trees[train.path], {models.path: (models, trees[models.path])})
    (found,) = located([finding], ranges, Places(ranges))
    assert found.range == Range(models.path, Position(1, 1), Position(1, 6))
    call = Range(train.path, Position(2, 1), Position(2, 6))
    assert [(other.range, other.message) for other in found.related] == [(call, "reached from here")]


def test_imported_file_has_its_own_suppressions_and_ignores(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "models.py").write_text(MODELS)
    assert kerlint("train.py", "--select=KER301", "--config", "per-file-ignores.'models.py'=['KER301']").returncode == 0
    (tmp_path / "models.py").write_text(MODELS.replace(")])", ")])  # noqa: KER301"))
    assert kerlint("train.py", "models.py", "--select=KER301,KER002").stdout.startswith("Nothing found.")


def test_file_that_trains_what_an_imported_file_builds(kerlint: Kerlint, tmp_path: Path) -> None:
    """The script itself names no library: what it imports does, directly or through a package of the project."""
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").write_text("from .small import make\n")
    (tmp_path / "nets" / "small.py").write_text(MODELS)
    (tmp_path / "plain.py").write_text("def make():\n    return 1\n")
    script = "from {} import *\nmodel = make(4)\nmodel.fit([[1.0]], [1.0], epochs=2)\n"
    (tmp_path / "train.py").write_text(script.format("nets"))
    (tmp_path / "other.py").write_text(script.format("plain"))
    (tmp_path / "marked.py").write_text(script.format("nets"), encoding="utf-8-sig")
    assert "1 file, 1 model, 1 fit call" in kerlint("train.py").stdout
    assert "1 file, 1 model, 1 fit call" in kerlint("marked.py").stdout
    assert "0 fit calls" in kerlint("other.py").stdout
    shown = kerlint("--show-files", "train.py", "other.py").stdout.splitlines()
    assert shown == ["train.py", "other.py: skipped, it does not mention Keras or TensorFlow"]


def test_suppression_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    assert package.lint("x.py", FAULT.rstrip() + "  # noqa: KER301\n", Config()) == []
    assert package.lint("x.py", FAULT.rstrip() + "  # kerlint: ignore[softmax-single-unit] on purpose\n", Config()) == []
    assert codes(package.lint("x.py", FAULT.rstrip() + "  # noqa: KER302\n", Config())) == ["KER301", "KER002"]


def test_ordered_keeps_the_surest() -> None:
    def finding(row: int, confidence: Confidence, code: str = "KER301") -> Finding:
        place = Range(Path("a.py"), Position(row, 1), Position(row, 2))
        return Finding(code, "name", "message", "", Severity.error, confidence, None, range=place)

    medium, high = finding(2, Confidence.medium), finding(2, Confidence.high)
    other = finding(2, Confidence.medium, "KER201")
    first = finding(1, Confidence.low)
    assert ordered([medium, high, other, first]) == ordered([high, medium, first, other]) == (first, other, high)


def test_findings_below_the_wanted_confidence_are_left_out() -> None:
    doubtful = FAULT.replace("model =", "units = 1\nif input():\n    units = 2\nmodel =").replace("Dense(1", "Dense(units")
    strict = Configs(isolated=True).of(Path.cwd())
    lenient = package.lint("x.py", doubtful, strict)
    assert all(finding.confidence >= Confidence.medium for finding in lenient)


def test_garbage_collection_is_on_again(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    outcome = examine(tmp_path / "a.py", lambda path: Config(), Projects())
    assert (gc.isenabled(), outcome.failed, len(outcome.findings)) == (True, False, 1)


def test_summary_counts_calls_once_and_names_why_one_is_open(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "import numpy as np\n"
        "from tensorflow import keras\n"
        "x, y = np.load('x.npy'), np.load('y.npy')\n"
        "for rate in (0.1, 0.01):\n"
        "    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
        "    model.compile(keras.optimizers.SGD(rate), 'mse')\n"
        "    model.fit(x, y)\n"
        "old = keras.models.load_model('old.keras')\n"
        "old.compile('adam', 'mse')\n"
        "old.fit(x, y)\n"
    )
    summary = kerlint("a.py", "--select=KER301").stdout.splitlines()[-1]
    assert summary == "1 file, 2 models, 2 fit calls; 1 not resolved: model loaded from file, see `kerlint show`"


def test_suppression_of_a_report_that_is_too_unsure_to_be_shown(kerlint: Kerlint, tmp_path: Path) -> None:
    script = """from tensorflow import keras


def build(units=1):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, activation="softmax")])  # noqa: KER301
    model.compile("adam", "binary_crossentropy")
    return model
"""
    (tmp_path / "a.py").write_text(script)
    assert kerlint("a.py", "--select=KER301,KER002", "--min-confidence=high").stdout.startswith("Nothing found.")
    (tmp_path / "a.py").write_text(script.replace("  # noqa: KER301", ""))
    assert "KER301" in kerlint("a.py", "--select=KER301,KER002").stdout


@pytest.mark.parametrize(("rest", "epochs"), [("", 1), (", **load()", None)])
def test_what_a_star_may_hold_is_no_default(tmp_path: Path, rest: str, epochs: int | None) -> None:
    script = f"import keras\nm = keras.Sequential([keras.layers.Dense(1)])\nm.compile('sgd', 'mse')\nm.fit([[1.0]], [1]{rest})\n"
    source = read(tmp_path / "a.py", script.encode())
    fit = next(understand(source, Project(tmp_path)).program.fits())
    assert fit.number("epochs") == epochs


def test_the_unit_of_work_is_pure_and_goes_to_any_executor(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    unsafe = FAULT.replace("Dense(1", "Dense(3, name='a'), keras.layers.Dense(1")
    work = [(FAULT, "a.py", Config()), (TRAIN, tmp_path / "train.py", Config()), (unsafe, tmp_path / "b.py", Config())]
    here = [lint_source(*arguments) for arguments in work]
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        there = [executor.submit(lint_source, *arguments) for arguments in work]
    assert [found.result() for found in there] == here == [lint_source(*arguments) for arguments in work]
    assert all(here)
    assert {finding.node for found in here for finding in found} == {None}


def test_quotes_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    path, gone = tmp_path / "a.py", tmp_path / "gone.py"
    path.write_text("a = 1\n")
    states = {file: digest(b"a = 1\n") for file in (path, gone)}
    quoted = Quoted(states, {gone.resolve(): b"a = 1\n"})
    assert {file: source.text for file, source in quoted.items()} == dict.fromkeys(states, "a = 1\n")
    path.write_text("a = 2\n")
    assert [file for file in states if file in Quoted(states, {})] == []


def test_a_file_that_a_notebook_writes_is_there_for_no_other(tmp_path: Path) -> None:
    """Whatever is linted first: `models.py` is what stands on disk for the script, and what the notebook writes for the notebook."""
    (tmp_path / "models.py").write_text(MODELS.replace('Dense(1, activation="softmax")', "Dense(2)"))
    (tmp_path / "train.py").write_text(TRAIN)
    cells = ["%%writefile models.py\n" + MODELS, TRAIN]
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "nb.ipynb").write_text(json.dumps(notebook))
    projects = Projects()
    for name in ("train.py", "nb.ipynb", "train.py"):
        found = examine(tmp_path / name, lambda path: Config(), projects)
        assert ("KER301" in codes([*found.findings])) == (name == "nb.ipynb")


APPENDED = """\
def more(features):
    return Sequential([layers.Input((features,)), layers.Dense(1, activation="softmax")])"""
WRITTEN = ("%%writefile models.py\nGONE = 1", f"# title\n%%writefile models.py\n{MODELS.rstrip()}", f"%%writefile -a models.py\n{APPENDED}")
"""Cells of which the second writes the beginning of a file and the third, after a line of its own, the rest."""


@pytest.fixture
def writing(tmp_path: Path) -> Path:
    """A notebook that trains a model which it has written into a file."""
    cells = [{"cell_type": "code", "source": cell} for cell in (*WRITTEN, TRAIN.replace("make", "more"))]
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_what_a_notebook_writes_is_told_by_its_cells(kerlint: Kerlint, writing: Path) -> None:
    done = kerlint("nb.ipynb", "--select=KER301")
    assert done.stdout.startswith("nb.ipynb:cell 3:3:78: error KER301")
    assert f"3 | {APPENDED.splitlines()[1]}\n" in done.stdout
    assert "nb.ipynb:cell 4:7:1" in done.stdout
    assert "models.py" not in done.stdout


def test_what_a_notebook_writes_is_mended_in_its_cells(kerlint: Kerlint, writing: Path) -> None:
    before = writing.read_text()
    kerlint("nb.ipynb", "--select=KER301", "--fix", "--unsafe-fixes")
    assert writing.read_text() == "softmax".join(before.split("softmax")[:2]) + "sigmoid" + before.split("softmax")[2]


def test_what_a_notebook_writes_is_suppressed_in_its_cells(kerlint: Kerlint, writing: Path) -> None:
    before = json.loads(writing.read_text())["cells"][2]["source"]
    kerlint("nb.ipynb", "--select=KER301", "--add-noqa=why")
    assert json.loads(writing.read_text())["cells"][2]["source"] == f"{before}  # noqa: KER301 why"
    assert kerlint("nb.ipynb", "--select=KER301").returncode == 0


def test_a_program_without_end_is_given_up_with_a_note(kerlint: Kerlint, tmp_path: Path) -> None:
    """Each function calls the one before it twice: two to the power of forty layers."""
    functions = [f"def f{n}(x):\n    return f{n - 1}(x) + f{n - 1}(x)\n" for n in range(1, 41)]
    script = "import keras\n\ndef f0(x):\n    return keras.layers.Dense(4)(x)\n" + "".join(functions)
    (tmp_path / "a.py").write_text(script + "x = keras.Input((4,))\nmodel = keras.Model(x, f40(x))\n")
    summary = kerlint("a.py", "--select=KER301").stdout.splitlines()[-1]
    assert "; 1 not resolved: the program is too long to be followed to its end, see `kerlint show`" in summary
