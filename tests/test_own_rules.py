"""A project's own rules: found, chosen, suppressed, set and tested like the shipped ones; each mistake is one sentence with its place."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from conftest import ROOT, Kerlint

from kerlint.config import Configs
from kerlint.engine import lint, lint_source
from kerlint.mistake import MistakeError
from kerlint.rule import rules

EXAMPLE = ROOT / "examples" / "own_rules"
PAGE = """\
# A model is compiled once

```toml
severity = "info"
message = "`{optimizer}` again"

[options.most]
default = 1
source = "our habit"
```

## Bad

```python
import keras

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("adam", "mse")  # TEAM001
```

## Good

```python
import keras
```
"""
CHECK = """\
def compiled(program, rule):
    for event in program.events:
        if event.kind == "compile":
            yield rule.finding(event.node, optimizer=event.compiled.optimizer_class)
"""
SCRIPT = """\
from tensorflow import keras

model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one rule of its own, TEAM001 compiled, and a script that it reports."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "kerlint.toml").write_text('rules = ["./rules"]\n')
    (tmp_path / "rules" / "TEAM001-compiled.md").write_text(PAGE)
    (tmp_path / "rules" / "checks.py").write_text(CHECK)
    (tmp_path / "train.py").write_text(SCRIPT)
    return tmp_path


def test_own_checks_go_to_other_processes(project: Path) -> None:
    config = Configs().of(project)
    here = lint_source(SCRIPT, project / "train.py", config)
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        assert executor.submit(lint_source, SCRIPT, project / "train.py", config).result() == here
    assert "TEAM001" in {finding.code for finding in here}


def codes(folder: Path, text: str = SCRIPT, name: str = "train.py") -> list[str]:
    return [finding.code for finding in lint(folder / name, text)]


def test_example(kerlint: Kerlint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLE)
    done = kerlint("check", "--output-format=concise", "-q")
    assert done.stdout.startswith("train.py:14:45: warning ACME001 long-run-without-checkpoint: 40 epochs,")
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert kerlint("rule", "--test").stdout == "1 page, 2 examples: all good\n"
    assert kerlint("rules").stdout.splitlines()[-1].startswith("ACME001  long-run-without-checkpoint")
    assert kerlint("rule", "ACME001").stdout == kerlint("rule", "long-run-without-checkpoint").stdout == kerlint("rule", "ACME").stdout


def test_folder_is_relative_to_the_configuration(project: Path, kerlint: Kerlint, tmp_path_factory: pytest.TempPathFactory) -> None:
    (project / "deep").mkdir()
    assert codes(project, name="deep/train.py") == ["TEAM001"]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert "TEAM001" in kerlint("--config", project / "kerlint.toml", elsewhere, "--show-settings").stdout
    assert "TEAM001" in kerlint("--config", 'rules=["./rules"]', "--isolated", "train.py").stdout


def test_isolated_leaves_them_out(project: Path, kerlint: Kerlint) -> None:
    assert "TEAM001" in kerlint("train.py").stdout
    assert "TEAM001" not in kerlint("train.py", "--isolated").stdout
    assert "TEAM001" not in kerlint("rules", "--isolated").stdout
    assert 'unknown rule "TEAM001"' in kerlint("rule", "TEAM001", "--isolated").stderr


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("", ["TEAM001"]),
        ('select = ["TEAM"]', ["TEAM001"]),
        ('select = ["compiled"]', ["TEAM001"]),
        ('select = ["KER3"]', []),
        ('ignore = ["team0"]', []),
        ('[per-file-ignores]\n"train.py" = ["TEAM001"]', []),
        ('[per-file-ignores]\n"other.py" = ["TEAM001"]', ["TEAM001"]),
    ],
)
def test_selection(project: Path, settings: str, found: list[str]) -> None:
    (project / "kerlint.toml").write_text(f'rules = ["./rules"]\n{settings}\n')
    assert codes(project) == found


def test_options_and_severity(project: Path) -> None:
    (project / "kerlint.toml").write_text('[rules]\nfolders = ["rules"]\n[rules.TEAM001]\nseverity = "error"\nmost = 3\n')
    rule = Configs().of(project).active["TEAM001"]
    assert (rule.severity.name, rule["most"]) == ("error", 3)
    assert [finding.severity.name for finding in lint(project / "train.py")] == ["error"]


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("# noqa: TEAM001", []),
        ("# noqa: E501, team0", []),
        ("# noqa: TEAM", []),
        ("# noqa: E501", ["TEAM001"]),
        ("# kerlint: ignore[TEAM001] it must be so", []),
        ("# kerlint: ignore[compiled]", []),
        ("# kerlint: ignore[TEAM, KER101]", ["KER002"]),
        ("# kerlint: ignore[TEAM002]", ["KER002", "TEAM001"]),
        ("# noqa: TEAM002", ["KER002", "TEAM001"]),
    ],
)
def test_suppression(project: Path, comment: str, found: list[str]) -> None:
    assert sorted(codes(project, SCRIPT.replace('"mse")', f'"mse")  {comment}'))) == found


def test_unused_suppression_is_reported(project: Path) -> None:
    assert codes(project, SCRIPT.replace("keras\n", "keras  # noqa: TEAM001\n", 1)) == ["KER002", "TEAM001"]


def test_modules_import_each_other(project: Path) -> None:
    (project / "rules" / "_words.py").write_text("KIND = 'compile'\ndef no_check(): pass\n")
    (project / "rules" / "checks.py").write_text(CHECK.replace('"compile"', "KIND").replace("def", "from ._words import KIND\n\ndef"))
    assert codes(project) == ["TEAM001"]


def test_what_is_changed_is_read_again(project: Path) -> None:
    assert codes(project) == ["TEAM001"]
    (project / "rules" / "checks.py").write_text(CHECK.replace('"compile"', '"evaluate"'))
    assert codes(project) == []


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("kerlint.toml", 'rules = ["./none"]', "none: no such folder of rules"),
        ("kerlint.toml", "rules = 3", "kerlint.toml: rules: expected object | array, got int"),
        ("kerlint.toml", "[rules]\nfolders = {}", "rules.folders: expected a list of folders, got a table"),
        ("kerlint.toml", "[rules]\nTEAM001 = []", "rules.TEAM001: expected a table, got a list"),
        ("kerlint.toml", 'rules = ["rules"]\nselect = ["TEAM2"]', 'select: no rule starts with "TEAM2"'),
        ("kerlint.toml", 'rules = ["rules"]\nselect = ["TEAM002"]', 'select: unknown rule "TEAM002"; did you mean "TEAM001"'),
        ("rules/TEAM002-more.md", PAGE, "TEAM002-more.md: no check: no module beside it has a function `more`"),
        ("rules/checks.py", CHECK + "def more(program, rule): ...\n", "checks.py:5: the check `more` has no page beside it"),
        ("rules/again.py", CHECK, "checks.py:1: the check `compiled` is defined already, at"),
        ("rules/KER999-more.md", PAGE, "KER999-more.md: codes that begin with KER are kerlint's own"),
        ("rules/T1-more.md", PAGE, "T1-more.md: a page is named like ACME001-no-tanh.md"),
        ("rules/TEAM002-compiled.md", PAGE, "TEAM002-compiled.md: the name compiled is used already, by"),
        ("rules/TEAM001-compiled.md", "# No table\n", "TEAM001-compiled.md: a page needs a title"),
        (
            "rules/TEAM001-compiled.md",
            PAGE.replace('"info"', "info"),
            "TEAM001-compiled.md: the toml block: Expected newline or end of document after a statement (at line 4,",
        ),
        ("rules/TEAM001-compiled.md", PAGE.replace("severity", "gravity"), "the toml block: it lacks `severity`"),
        ("rules/TEAM001-compiled.md", PAGE.replace('"info"', '"bad"'), 'the toml block: "bad" is none of error, warning, info'),
        ("rules/checks.py", "import nothing_like_it\n", "checks.py:1: cannot be imported: ModuleNotFoundError: No module named"),
        ("rules/checks.py", CHECK + "1 / 0\n", "checks.py:5: cannot be imported: ZeroDivisionError: division by zero"),
        ("rules/checks.py", CHECK + "raise SystemExit\n", "checks.py:5: cannot be imported: SystemExit"),
        ("rules/checks.py", CHECK + "def (\n", "checks.py:5: cannot be imported: SyntaxError: invalid syntax"),
        ("rules/__init__.py", "x\n", "__init__.py:1: cannot be imported: NameError: name 'x' is not defined"),
        ("rules/checks.py", CHECK.replace("optimizer=", "o="), "checks.py:4: the check of TEAM001 fails: KeyError: 'optimizer'"),
        ("rules/checks.py", CHECK.replace("event.kind", "event.knd"), "checks.py:3: the check of TEAM001 fails: AttributeError"),
        (
            "rules/checks.py",
            "def compiled(program, rule):\n    return ['x']\n",
            "checks.py:1: the check of TEAM001 fails: TypeError: it yields",
        ),
    ],
)
def test_mistake_is_one_sentence_with_its_place(project: Path, kerlint: Kerlint, file: str, text: str, said: str) -> None:
    (project / file).write_text(text)
    done = kerlint("train.py")
    assert said in done.stderr
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "Traceback" not in done.stderr


def test_code_is_used_once(project: Path, kerlint: Kerlint) -> None:
    (project / "rules" / "TEAM001-more.md").write_text(PAGE)
    (project / "rules" / "more.py").write_text(CHECK.replace("compiled(", "more("))
    first, second = (Path("rules") / name for name in ("TEAM001-compiled.md", "TEAM001-more.md"))
    assert kerlint("train.py").stderr == f"kerlint: {second}: the code TEAM001 is used already, by {first}\n"


def test_a_check_that_fails_does_not_stop_other_files(project: Path, kerlint: Kerlint) -> None:
    (project / "rules" / "checks.py").write_text(CHECK.replace("    for", "    if not program.events: raise KeyError('none')\n    for", 1))
    (project / "a.py").write_text("import keras\n")
    done = kerlint("a.py", "train.py", "--output-format=concise")
    assert done.stderr.startswith("kerlint: a.py not analysed: ")
    assert done.stdout.startswith("train.py:4:1: info TEAM001 compiled")
    assert done.returncode == 2


def test_page_is_tested(project: Path, kerlint: Kerlint) -> None:
    assert kerlint("rule", "--test").stdout == "1 page, 2 examples: all good\n"
    page = project / "rules" / "TEAM001-compiled.md"
    page.write_text(PAGE.replace("  # TEAM001", "").replace("import keras\n```", "import keras  # TEAM001\n```"))
    done = kerlint("rule", "--test", "TEAM")
    shown = Path("rules") / "TEAM001-compiled.md"
    assert done.stdout.splitlines() == [
        f"{shown}: no line of a Bad block is marked `# TEAM001`",
        f"{shown}:18: TEAM001 is reported, but not marked: `keras.optimizers.Adam` again",
        f"{shown}:24: a Good block holds no marker",
        f"{shown}:24: marked TEAM001, but nothing is reported",
        "1 page, 2 examples: 3 failed",
    ]
    assert done.returncode == 1


def test_shipped_pages_are_tested_when_they_are_named(kerlint: Kerlint) -> None:
    assert kerlint("rule", "--test", "KER302").stdout.endswith("all good\n")
    assert kerlint("rule", "--test").returncode == 2
    assert list(rules()) == [line.split()[0] for line in kerlint("rules").stdout.splitlines()]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package `team` that brings rules, installed in a folder."""
    site = tmp_path / "site"
    shutil.copytree(EXAMPLE / "kerlint-rules", site / "team" / "house")
    (site / "team" / "__init__.py").touch()
    (site / "team" / "house" / "__init__.py").touch()
    (site / "team-1.0.dist-info").mkdir()
    (site / "team-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: team\nVersion: 1.0\n")
    (site / "team-1.0.dist-info" / "entry_points.txt").write_text("[kerlint.rules]\nhouse = team.house\n")
    return site


def test_rules_of_a_package(process: Kerlint, package: Path) -> None:
    path = os.pathsep.join([str(package), str(ROOT)])
    assert process("rules", PYTHONPATH=path).stdout.splitlines()[-1].startswith("ACME001")
    assert process("rule", "--test", PYTHONPATH=path).stdout == "1 page, 2 examples: all good\n"
    assert process("rule", "ACME001", "--isolated", PYTHONPATH=path).returncode == 2

    (package / "team-1.0.dist-info" / "entry_points.txt").write_text("[kerlint.rules]\nhouse = team.hose\n")
    done = process("rules", PYTHONPATH=path)
    said = "kerlint: the package team, entry point house of kerlint.rules: `team.hose` cannot be imported: ModuleNotFoundError: "
    assert (done.returncode, done.stderr) == (2, f"{said}No module named 'team.hose'\n")


def test_only_allowed_packages_are_loaded(process: Kerlint, package: Path, tmp_path: Path) -> None:
    path = os.pathsep.join([str(package), str(ROOT)])

    def last(plugins: str) -> str:
        (tmp_path / "kerlint.toml").write_text(f"plugins = {plugins}\n")
        done = process("rules", PYTHONPATH=path)
        return done.stderr or done.stdout.splitlines()[-1][:7]

    assert last("['Team']") == "ACME001"
    assert last("[]") == f"{list(rules())[-1]} "
    assert last("['taem']") == 'kerlint: kerlint.toml: plugins: no installed package "taem" brings rules; did you mean "team"?\n'
    (package / "team" / "house" / "checks.py").write_text("raise SystemExit('imported')\n")
    assert last("[]") == f"{list(rules())[-1]} "


def test_a_module_is_no_package_of_rules(process: Kerlint, package: Path) -> None:
    (package / "team-1.0.dist-info" / "entry_points.txt").write_text("[kerlint.rules]\nhouse = team.house.checks\n")
    done = process("rules", PYTHONPATH=os.pathsep.join([str(package), str(ROOT)]))
    assert "`team.house.checks` is no package" in done.stderr


def test_python_api_reads_them(project: Path) -> None:
    (project / "kerlint.toml").write_text('rules = ["./none"]')
    with pytest.raises(MistakeError, match="no such folder of rules"):
        lint(project / "train.py")
