"""The Keras that a project asks for: its configuration, else what it declares to need."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerlint.config import Config, configure
from kerlint.engine import lint_source
from kerlint.finding import Severity
from kerlint.semantics.dependencies import LAST, NEWEST, Version, target
from kerlint.settings import Layer

DECLARED: dict[str, Version] = {
    "tensorflow": NEWEST,
    "tensorflow<2.16": (2, 15),
    "tensorflow>=2.0, <2.4  # old": (2, 3),
    "tensorflow>=2.16": NEWEST,
    "tensorflow~=2.3.0": (2, 3),
    "tensorflow~=2.3": NEWEST,
    "tensorflow[and-cuda]==2.10.1": (2, 10),
    "tensorflow-gpu==1.13.1": (2, 2),
    "numpy\nkeras<3\n": (2, 15),
    "keras==1.2.2": (1, 2),
    "keras==3.3.3": (3, 3),
    "keras>=3,<4": NEWEST,
    "tf-keras": (2, 15),
    "tf_keras==2.16": (2, 15),
    "# keras<3": NEWEST,
    "keras-tuner<3\nmy-keras<2": NEWEST,
}


@pytest.mark.parametrize("text", DECLARED)
def test_requirements(text: str, tmp_path: Path) -> None:
    (tmp_path / "requirements-dev.txt").write_text(text, encoding="utf-8")
    assert target(tmp_path, "") == DECLARED[text]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\ndependencies = ["numpy", "tensorflow<2.16"]\n'),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntensorflow = "~2.3"\nkeras = "<3"\n'),
        ("setup.cfg", "[options]\ninstall_requires =\n    numpy\n    keras<3\n"),
        ("setup.py", "setup(install_requires=['keras==2.15'])\n"),
    ],
)
def test_other_files(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert target(tmp_path, "") == LAST["2"]


def test_the_configuration_goes_before(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("keras<3", encoding="utf-8")
    assert target(tmp_path, "3") == NEWEST
    assert target(tmp_path, "2") == LAST["2"]


def test_a_script_that_asks_for_the_old_keras(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    script = tmp_path / "script.py"
    lines = 'import os\nos.environ["TF_USE_LEGACY_KERAS"] = "1"\nimport tensorflow as tf\nprint(tf.keras.optimizers.legacy.Adam())\n'
    script.write_text(lines, encoding="utf-8")
    assert [finding.severity for finding in lint_source(lines, script, Config(root=tmp_path))] == [Severity.info]


def _severities(folder: Path, config: Config) -> dict[str, Severity]:
    script = folder / "script.py"
    script.write_text(
        "import keras\nfrom keras.layers.core import Dense\nprint(keras.layers.experimental.preprocessing.Rescaling(1 / 255), Dense(1))\n",
        encoding="utf-8",
    )
    return {finding.code: finding.severity for finding in lint_source(script.read_text(), script, config)}


def test_what_works_with_the_wanted_keras_is_advice(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    both = {"KER813": Severity.error, "KER815": Severity.error}
    assert _severities(tmp_path, configure((), tmp_path)) == both
    assert _severities(tmp_path, configure([Layer("test", {"target-keras": "2"})], tmp_path)) == {**both, "KER813": Severity.info}
    (tmp_path / "requirements.txt").write_text("tensorflow==2.4.1", encoding="utf-8")
    assert _severities(tmp_path, configure((), tmp_path)) == dict.fromkeys(both, Severity.info)


@pytest.mark.parametrize(("needed", "lists"), [("keras==2.3.1", ["x"]), ("keras==2.8.0", []), ("keras>=3", ["x", "y"])])
def test_lists_of_rows_by_the_keras_that_is_asked_for(needed: str, lists: list[str], tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(needed, encoding="utf-8")
    lines = (
        "from keras.models import Sequential\nfrom keras.layers import Dense\n"
        "x = [[0.1, 0.2], [0.3, 0.4]]\ny = [0.5, 0.6]\n"
        "model = Sequential()\nmodel.add(Dense(1, input_dim=2))\nmodel.compile('sgd', 'mse')\nmodel.fit(x, y)\n"
    )
    found = lint_source(lines, tmp_path / "script.py", Config(root=tmp_path))
    assert [finding.message.split("`")[3] for finding in found if finding.code == "KER120"] == lists
