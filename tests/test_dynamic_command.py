"""`kerlint check --dynamic`: options, messages, exit codes, reports, and where no script is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import FAULT, ROOT, Kerlint
from running import written
from snippets import like, session, snippets

from kerlint.dynamic import observe

# A script that mentions Keras is run; one that does not import it costs no seconds.
FAILING = "# keras\nprint('printed')\nopen('nope.csv')\n"
ENDING = "# keras\nimport sys\nassert sys.argv[1:] == ['--epochs', '3'], sys.argv\n"
TRAINED = """\
import numpy as np
from tensorflow import keras

x, y = np.random.rand(64, 3), np.random.rand(64, 1)
x[50, 1] = np.nan
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="softmax")])
model.compile("adam", "mse")
history = model.fit(x, y, epochs=50, validation_split=0.2)  # noqa: KER121
model.fit(x[10:], y[10:], epochs=50, validation_split=0.2)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_findings_get_evidence_in_every_report(folder: Path, kerlint: Kerlint) -> None:
    written(folder, TRAINED)
    done = kerlint("check", "--dynamic", "train.py", "--output", "text", "--output", "json=report.json", "--output", "sarif=report.sarif")
    assert done.returncode == 1
    assert "  = confirmed: every prediction is exactly 1" in done.stdout
    for line in (
        "kerlint: train.py: running behind landlock, seccomp, audit hook",
        "kerlint: train.py: fit in line 8, x float64 (64, 3) and y float64 (64, 1)",
        "kerlint: train.py: fit in line 9, x float64 (54, 3) and y float64 (54, 1)",
    ):
        assert line in done.stderr
    records = json.loads((folder / "report.json").read_text())
    (softmax,) = [record for record in records if record["code"] == "KER301"]
    assert softmax["evidence"] == {"verdict": "confirmed", "detail": "every prediction is exactly 1", "data": {}}
    assert softmax["confidence"] == "high"
    assert [record["location"]["row"] for record in records if record["code"] == "KER121"] in ([], [9]), "the comment in line 8 counts"
    assert "every prediction is exactly 1" in (folder / "report.sarif").read_text()


def test_a_script_that_stops_is_a_warning(folder: Path, kerlint: Kerlint) -> None:
    written(folder, FAILING)
    done = kerlint("--dynamic", "train.py")
    assert done.returncode == 0
    assert "kerlint: warning: train.py: stopped at train.py:3: FileNotFoundError 'nope.csv'\n" in done.stderr
    assert "printed" not in done.stdout


def test_a_script_that_stops_fails_a_strict_run(folder: Path, kerlint: Kerlint) -> None:
    written(folder, FAILING)
    assert kerlint("--dynamic", "--dynamic-strict", "train.py").returncode == 3
    assert kerlint("--dynamic", "--dynamic-strict", "train.py", "--exit-zero").returncode == 3
    (folder / "broken.py").write_text("import keras\nx = = 1\n")
    assert kerlint("--dynamic", "--dynamic-strict", "train.py", "broken.py").returncode == 2, "what cannot be read is worse"


def test_what_is_not_exercised_is_counted(folder: Path, kerlint: Kerlint) -> None:
    written(folder, f"open('nope.csv')\n{FAULT}")
    done = kerlint("--dynamic", "train.py")
    assert "= not exercised: stopped at train.py:1: FileNotFoundError 'nope.csv'" in done.stdout
    assert "warning: train.py: stopped at train.py:1: FileNotFoundError 'nope.csv'; 1 finding not exercised" in done.stderr


def test_quiet_runs_say_only_what_went_wrong(folder: Path, kerlint: Kerlint) -> None:
    written(folder, FAILING)
    warning = "kerlint: warning: train.py: stopped at train.py:3: FileNotFoundError 'nope.csv'\n"
    assert kerlint("--dynamic", "-q", "train.py").stderr == warning
    assert kerlint("--dynamic", "-s", "train.py").stderr == ""


def test_arguments_behind_two_dashes_are_the_scripts_own(folder: Path, kerlint: Kerlint) -> None:
    written(folder, ENDING)
    done = kerlint("check", "--dynamic", "--dynamic-strict", "train.py", "--", "--epochs", "3")
    assert (done.returncode, "warning" in done.stderr) == (0, False), done.stderr
    (folder / "-odd.py").write_text(FAULT)
    assert kerlint("check", "--", "-odd.py").returncode == 1, "without --dynamic they are paths"
    written(folder, ENDING, "other.py")
    done = kerlint("check", "--dynamic", "train.py", "other.py", "--", "--epochs", "3")
    assert (done.returncode, done.stderr) == (2, "kerlint: arguments after -- are for one script, but several files are checked\n")


def test_several_scripts_are_run_one_by_one(folder: Path, kerlint: Kerlint) -> None:
    for name in ("one.py", "two.py"):
        written(folder, f"open('{name}.csv')\n{FAULT}", name)
    written(folder, "print('foreign')\n", "three.py")
    done = kerlint("--dynamic", ".")
    assert "warning: one.py: stopped at one.py:1" in done.stderr
    assert "warning: two.py: stopped at two.py:1" in done.stderr
    assert "three.py" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--dynamic-timeout", "0"), "--dynamic-timeout: expected float > 0.0"),
        (("--dynamic-seeds", "0"), "--dynamic-seeds: expected int >= 1"),
        (("--dynamic-memory", "lots"), 'dynamic-memory: "lots" is no size; write it as 8G or 1500M'),
        (("--dynamic-memory", "10M"), 'dynamic-memory: "10M" is less than Keras needs; give it 1G at least'),
        (("--fix",), "--dynamic does not go together with --fix"),
        (("--diff",), "--dynamic does not go together with --diff"),
        (("-",), "--dynamic does not go together with standard input"),
    ],
)
def test_mistakes(folder: Path, kerlint: Kerlint, arguments: tuple[str, ...], message: str) -> None:
    written(folder, FAILING)
    done = kerlint("check", "--dynamic", *(("train.py",) if arguments != ("-",) else ()), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_the_limit_is_the_users(folder: Path, kerlint: Kerlint) -> None:
    written(folder, "# keras\nwhile True:\n    pass\n")
    done = kerlint("--dynamic", "train.py", "--dynamic-timeout", "2")
    assert "warning: train.py: timed out after 2 s at train.py:" in done.stderr
    assert "evidence so far kept" in done.stderr


def test_without_keras_static_findings_stand(folder: Path, kerlint: Kerlint, monkeypatch: pytest.MonkeyPatch) -> None:
    written(folder, FAULT)
    monkeypatch.setattr(observe, "find_spec", lambda name: None)
    done = kerlint("--dynamic", "train.py")
    assert done.returncode == 2
    assert "KER301" in done.stdout
    assert done.stderr == (
        "kerlint: the dynamic mode runs scripts with Keras and TensorFlow, which are not installed here: pip install 'kerlint[dynamic]'\n"
    )
    written(folder, "print(1)\n", "foreign.py")
    assert kerlint("--dynamic", "foreign.py").returncode == 0


def test_a_hook_runs_no_script_unless_the_configuration_says_so(folder: Path, kerlint: Kerlint) -> None:
    written(folder, FAILING)
    done = kerlint("--dynamic", "train.py", PRE_COMMIT="1")
    assert done.returncode == 0
    assert done.stderr == "kerlint: --dynamic: no script is run from a hook, unless a configuration file says `dynamic = true`\n"
    (folder / "kerlint.toml").write_text("dynamic = true\ndynamic-strict = true\n")
    for arguments in (("train.py",), ("--dynamic", "train.py")):
        done = kerlint("check", *arguments, PRE_COMMIT="1")
        assert (done.returncode, "stopped at train.py:3" in done.stderr) == (3, True)
    assert kerlint("check", "train.py", "--fix").returncode == 0, "a fix runs nothing"
    (folder / "kerlint.toml").unlink()
    assert kerlint("check", "train.py").stderr == "", "nothing is run that was not asked for"


def test_the_sessions_of_the_docs(folder: Path, process: Kerlint) -> None:
    """Those of docs/dynamic.md: with TensorFlow, which the environment that other pages are tried in lacks."""
    tried = 0
    for snippet in snippets(ROOT / "docs" / "dynamic.md"):
        if snippet.title:
            written(folder, snippet.body, snippet.title)
        for command, shown in session(snippet.body) if snippet.language == "console" else ():
            name, *arguments = command.split()
            done = process(*arguments)
            assert name == "kerlint"
            assert done.returncode == 1
            printed = "".join(f"{line}\n" for line in f"{done.stderr}{done.stdout}".strip("\n").splitlines())
            assert like(shown).fullmatch(printed), printed
            tried += 1
    assert tried == 2
