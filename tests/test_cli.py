"""The command line, from outside: what is printed where, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FAULT, ROOT, Kerlint

from kerlint import __version__, check_command, commands
from kerlint.options import COMMANDS, plain
from kerlint.rule import rules


@pytest.fixture
def fault(tmp_path: Path) -> Path:
    path = tmp_path / "fault.py"
    path.write_text(FAULT)
    return path


# Exit codes


def test_clean_is_0(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import keras\n")
    done = kerlint("check", "a.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Nothing found.\n1 file, 0 models, 0 fit calls\n"


def test_finding_is_1(kerlint: Kerlint, fault: Path) -> None:
    done = kerlint("fault.py")
    assert (done.returncode, done.stderr) == (1, "")
    assert "fault.py:3:" in done.stdout
    assert "KER301" in done.stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--exit-zero"], 0),
        (["--fail-on", "error"], 1),
        (["--fail-on", "KER301"], 1),
        (["--fail-on", "softmax-single-unit"], 1),
        (["--fail-on", "KER401"], 0),
        (["--ignore", "KER301"], 0),
        (["--select", "KER4"], 0),
        (["--select", "KER4,softmax-single-unit"], 1),
        (["--select", "KER4", "--extend-select", "KER3"], 1),
        (["--config", "rules.KER301.severity=info"], 0),
        (["--config", "rules.KER301.severity=info", "--fail-on=info"], 1),
        (["--config", "ignore=['KER3']"], 0),
        (["--config", "ignore=['KER3']", "--select=ALL"], 1),
    ],
)
def test_options_change_what_fails(kerlint: Kerlint, fault: Path, args: list[str], code: int) -> None:
    done = kerlint("check", "fault.py", *args)
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--slect", "KER3", "."], 'kerlint: unknown option "--slect"; did you mean "--select"'),
        (["check", "--output-formt=json"], 'unknown option "--output-formt"; did you mean "--output-format"'),
        (["show", "--colour", "x.py"], 'unknown option "--colour"; did you mean "--color"'),
        (["--select", "KER399", "."], 'kerlint: --select: unknown rule "KER399"; did you mean'),
        (["--ignore", "softmax-sinle-unit", "."], '--ignore: unknown rule "softmax-sinle-unit"; did you mean "softmax-single-unit"'),
        (["--min-confidence", "hi", "."], '--min-confidence: "hi" is none of low, medium, high'),
        (["--fail-on", "errors", "."], '--fail-on: "errors" is neither a severity (info, warning, error) nor a rule; did you mean "error"'),
        (["--output-format", "jsonl", "."], 'azure, junit, rdjson, html; did you mean "json'),
        (["--config", "fail_on=error", "."], '--config: unknown key "fail_on"; did you mean "fail-on"'),
        (["--config", "none.toml", "."], "kerlint: none.toml: no such file"),
        (["--config", "a.toml", "--config", "b.toml", "."], "--config: one file at most"),
        (["--select"], "requires an argument"),
        (["--color", "blue", "."], "'blue' is not one of"),
        (["--color", "alway", "."], '; did you mean "always"'),
        (["baseline", "crate"], "no such command 'crate'. Did you mean 'create'?"),
        (["rule", "KER3001"], 'kerlint: unknown rule "KER3001"; did you mean "KER301"'),
        (["rule"], "which rule?"),
        (["config", "fail"], 'kerlint: unknown key "fail"; did you mean "fail-on"'),
        (["chekc"], 'kerlint: chekc: no such file or directory; did you mean the command "check"'),
        (["nope.py"], "kerlint: nope.py: no such file or directory\n"),
        (["show"], "missing argument"),
        (["show", "nope.py"], "kerlint: nope.py: no such file or directory\n"),
    ],
)
def test_mistake_is_one_sentence_and_2(kerlint: Kerlint, args: list[str], said: str) -> None:
    done = kerlint(*args)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_mistake_in_a_file_names_it(kerlint: Kerlint, fault: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.kerlint]\nfail-on = 'eror'\n")
    done = kerlint("fault.py")
    assert done.returncode == 2
    assert done.stderr.startswith('kerlint: pyproject.toml: [tool.kerlint]: fail-on: "eror" is neither')


def test_no_command_shows_help_and_is_2(kerlint: Kerlint) -> None:
    done = kerlint()
    assert done.returncode == 2
    assert "Commands:" in done.stdout
    assert kerlint("--help").returncode == 0


def test_missing_path_beside_a_clean_one_is_2(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import keras\n")
    assert kerlint("a.py", "b.py", "--exit-zero").returncode == 2


# Where it looks


def test_directory_is_walked_and_the_working_directory_is_the_default(kerlint: Kerlint, fault: Path, tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "a.py").write_text("import keras\n")
    assert kerlint("check").returncode == 1
    assert "2 files" in kerlint("check").stdout
    assert kerlint("good").returncode == 0


def test_an_imported_file_that_is_given_by_another_name_is_the_same_file(kerlint: Kerlint, tmp_path: Path) -> None:
    head = "def head(units):\n    return keras.layers.Dense(units, activation='softmax')\n"
    model = "model = keras.Sequential([keras.Input((4,)), head(1)])\n"
    (tmp_path / "lib.py").write_text(f"from tensorflow import keras\n\n{head}\n{model}")
    (tmp_path / "train.py").write_text(f"from tensorflow import keras\nfrom lib import head\n\n{model}")
    given = [tmp_path / "train.py", tmp_path / "lib.py"]
    done = kerlint("check", *given)
    assert done.stdout.startswith(f"{tmp_path / 'lib.py'}:4:49: error KER301")
    assert "4 |     return keras.layers.Dense(units, activation='softmax')" in done.stdout
    assert "\nFound 1 error.\n" in done.stdout
    kerlint("check", "--add-noqa", *given)
    assert (tmp_path / "lib.py").read_text().count("# noqa: KER301") == 1
    assert kerlint("check", *given).returncode == 0


def test_stdin(kerlint: Kerlint, tmp_path: Path) -> None:
    done = kerlint("-", "--stdin-filename", "model.py", stdin=FAULT)
    assert done.returncode == 1
    assert done.stdout.startswith("model.py:3:")
    assert kerlint("check", "-", stdin=FAULT).stdout.startswith("-:3:")
    assert kerlint("check", "--stdin-filename=x.py", stdin="import keras").returncode == 0


def test_stdin_takes_the_configuration_and_kind_of_its_name(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text("[per-file-ignores]\n'old/' = ['KER3']\n")
    assert kerlint("-", "--stdin-filename", "old/model.py", stdin=FAULT).returncode == 0
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": FAULT}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert kerlint("-", "--stdin-filename", "n.ipynb", stdin=notebook).stdout.startswith("n.ipynb:cell 1:3:")


def test_excluded_by_hand_and_forced(kerlint: Kerlint, fault: Path, tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text("exclude = ['fault.py']\n")
    assert kerlint("fault.py").returncode == 1
    assert kerlint("fault.py", "--force-exclude").returncode == 0
    assert kerlint("-", "--stdin-filename=fault.py", "--force-exclude", stdin=FAULT).returncode == 0


def test_isolated(kerlint: Kerlint, fault: Path, tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text("ignore = ['KER301']\n")
    assert kerlint("fault.py").returncode == 0
    assert kerlint("fault.py", "--isolated").returncode == 1


def test_show_files_says_why(kerlint: Kerlint, fault: Path, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("import os\n")
    (tmp_path / ".gitignore").write_text("gone.py\n")
    (tmp_path / "gone.py").write_text("import keras\n")
    lines = kerlint("check", "--show-files").stdout.splitlines()
    assert lines == ["fault.py", "other.py: skipped, it does not mention Keras or TensorFlow", "gone.py: skipped, ignored by git"]


def test_show_settings_says_where_from(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text("fail-on = 'error'\n")
    lines = kerlint("check", "--show-settings", "--min-confidence=high").stdout.splitlines()
    assert 'fail-on = "error"  # kerlint.toml' in lines
    assert 'min-confidence = "high"  # --min-confidence' in lines
    assert "respect-gitignore = true  # default" in lines


def test_timing_tells_phases_and_rules(kerlint: Kerlint, fault: Path) -> None:
    done = kerlint("check", "fault.py", "--timing", "--output-format=concise")
    assert (done.returncode, done.stdout) == (1, kerlint("check", "fault.py", "--output-format=concise").stdout)
    phases, rows = (table.splitlines() for table in done.stderr.split("\n\n"))
    names = [line.rsplit(maxsplit=2)[0].strip() for line in phases]
    assert names[0].startswith("phase")
    assert names[1:] == [
        *("load libraries", "find files", "read", "parse", "interpret, with imported files", "check"),
        *("locate findings, place fixes", "apply suppressions", "report", "all"),
    ]
    assert phases[-1].endswith(" 100%")
    assert (len(rows), rows[-1].split()[0]) == (23, "all")
    everything = kerlint("check", "fault.py", "--timing", "--verbose").stderr.split("\n\n")[1]
    active = [code for code, rule in rules().items() if rule.on]
    assert sorted(line.split()[0] for line in everything.splitlines()[1:-1]) == active


def test_show_settings_is_for_each_path(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "base.toml").write_text("min-confidence = 'low'\nbaseline = 'known.json'\n")
    (tmp_path / "a" / "kerlint.toml").write_text("extend = '../base.toml'\nper-file-ignores = { 'x.py' = ['KER3'] }\n")
    lines = kerlint("check", "--show-settings", "a/x.py", ".").stdout.splitlines()
    assert [line for line in lines if line.startswith("# settings for")] == ["# settings for a/x.py", "# settings for ."]
    assert [line for line in lines if line.startswith(("min-confidence", "baseline"))] == [
        'min-confidence = "low"  # base.toml',
        'baseline = "known.json"  # base.toml',
        'min-confidence = "medium"  # default',
        'baseline = ""  # default',
    ]
    assert [line[:50] for line in lines if "off in this file" in line] == ["# off in this file by per-file-ignores: KER301, KE"]


def test_show_files_names_the_pattern_and_what_is_missing(kerlint: Kerlint, tmp_path: Path) -> None:
    for folder in ("old", "venv"):
        (tmp_path / folder).mkdir()
    (tmp_path / "kerlint.toml").write_text("extend-exclude = ['/old/']\n")
    done = kerlint("check", "--show-files", ".", "none.py")
    assert (done.returncode, done.stderr) == (2, "kerlint: none.py: no such file or directory\n")
    assert done.stdout.splitlines() == [
        'old: skipped, excluded by the configuration: "/old/" in `extend-exclude` (kerlint.toml)',
        'venv: skipped, excluded by the configuration: "venv" in `exclude` (default)',
    ]


# What it prints


def test_quiet_and_silent(kerlint: Kerlint, fault: Path) -> None:
    quiet = kerlint("fault.py", "-q", "--output-format=concise")
    assert (quiet.returncode, len(quiet.stdout.splitlines())) == (1, 1)
    silent = kerlint("fault.py", "nope.py", "--silent")
    assert (silent.returncode, silent.stdout, silent.stderr) == (2, "", "")


def test_statistics(kerlint: Kerlint, fault: Path, tmp_path: Path) -> None:
    (tmp_path / "again.py").write_text(FAULT * 2)
    text = kerlint("check", "--statistics", "-q")
    assert (text.returncode, text.stdout) == (1, "3  KER301  error    softmax-single-unit\n")
    assert json.loads(kerlint("check", "--statistics", "--output-format=json").stdout) == [
        {"code": "KER301", "name": "softmax-single-unit", "count": 3, "severity": "error"}
    ]


@pytest.mark.parametrize(
    ("args", "environment", "colored"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color=always"], {"NO_COLOR": "1"}, True),
        (["--color=never"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colors(kerlint: Kerlint, fault: Path, args: list[str], environment: dict[str, str], colored: bool) -> None:
    assert ("\x1b[" in kerlint("fault.py", *args, **environment).stdout) == colored


def test_broken_pipe_is_quiet() -> None:
    command = f"{sys.executable} -m kerlint rule --all | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith("KER001 ")
    assert done.stderr == ""


def test_terminal_without_unicode(process: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "schön.py").write_text(FAULT.replace("(4,)", "(4,)  "), encoding="utf-8")
    done = process("check", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert done.stdout.startswith("sch\\xf6n.py:3:")


def test_rule_prints_the_page(kerlint: Kerlint) -> None:
    page = kerlint("rule", "KER301").stdout
    assert page.startswith("KER301 softmax-single-unit (error, fix: ")
    assert page == kerlint("rule", "softmax-single-unit").stdout
    assert "```toml" not in page
    assert "\nBad\n---\n" in page
    everything = kerlint("rule", "--all").stdout
    assert all(f"{code} {rule.name} (" in everything for code, rule in rules().items())


def test_rules_lists_each_once(kerlint: Kerlint) -> None:
    lines = kerlint("rules").stdout.splitlines()
    assert [line[:6] for line in lines] == list(rules())


def test_show_of_a_foreign_file_says_so(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n")
    done = kerlint("show", "a.py")
    assert (done.returncode, done.stdout) == (0, "No file mentions Keras or TensorFlow.\n")
    assert json.loads(kerlint("show", "a.py", "--output-format=json").stdout) == []


def test_config_describes_keys(kerlint: Kerlint) -> None:
    assert "per-file-ignores" in kerlint("config").stdout
    assert kerlint("config", "min-confidence").stdout.endswith('Default: "medium"\n')


def test_clean_removes_the_cache_and_nothing_else(kerlint: Kerlint, tmp_path: Path) -> None:
    assert kerlint("clean").stdout == ".kerlint_cache: no cache\n"
    cache, mine = tmp_path / ".kerlint_cache", tmp_path / "mine"
    for folder in (cache, mine):
        folder.mkdir()
        (folder / "x").touch()
    (cache / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n# more\n")
    done = kerlint("clean", "--cache-dir", "mine")
    assert (done.returncode, done.stderr) == (2, "kerlint: mine: is not removed, it is no cache (it has no CACHEDIR.TAG)\n")
    (tmp_path / "kerlint.toml").write_text("cache-dir = 'mine'\n")
    assert kerlint("clean").returncode == 2
    assert mine.is_dir()
    (mine / "CACHEDIR.TAG").write_text("something else")
    assert kerlint("clean").stderr == "kerlint: mine: is not removed, it is no cache\n"
    assert kerlint("clean", "--isolated").stdout == ".kerlint_cache: removed\n"
    assert not cache.exists()


def test_version(kerlint: Kerlint, process: Kerlint) -> None:
    assert kerlint("--version").stdout == process("-V").stdout == f"kerlint {__version__}\n"


def test_exit_code_of_the_process(process: Kerlint, fault: Path) -> None:
    assert [process(*args).returncode for args in (["fault.py", "--exit-zero"], ["fault.py"], ["nope.py"])] == [0, 1, 2]


@pytest.mark.parametrize(
    ("args", "absent"),
    [
        ("--version", ["click", "msgspec", "libcst", "pathspec", "tomli", "dataclasses", "typing", "re"]),
        ("rules", ["libcst", "pathspec", "kerlint.semantics", "kerlint.syntax"]),
        ("check foreign.py", ["click", "libcst", "pathspec", "tomli", "hashlib", "kerlint.rule", "kerlint.source", "kerlint.semantics"]),
        ("check --no-cache train.py", ["click", "libcst", "pathspec", "hashlib", "multiprocessing"]),
    ],
)
def test_what_is_not_needed_is_not_imported(tmp_path: Path, args: str, absent: list[str]) -> None:
    (tmp_path / "foreign.py").write_text("import os\n")
    (tmp_path / "train.py").write_text("import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile('sgd', 'mse')\n")
    code = (
        f"import sys; sys.argv = ['kerlint', *{args.split()!r}]; from kerlint.__main__ import main; main(); "
        f"print([name for name in {absent!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "args",
    [
        ".",
        "check a.py -q --select KER3,KER4 --select=KER5 b --ignore= --jobs 2 -j 0",
        "check check - --color=never --cache-dir=there --add-noqa=why -v --output-format json",
        "-q --fail-on --isolated --dynamic-timeout 1e1 --dynamic-seeds 4 --min-confidence low --min-confidence high",
    ],
)
def test_a_plain_call_is_read_as_click_reads_it(monkeypatch: pytest.MonkeyPatch, args: str) -> None:
    seen: list[tuple[tuple[str, ...], dict[str, object]]] = []
    monkeypatch.setattr(check_command, "check", lambda paths, options, script: seen.append((paths, options)) or 0)
    monkeypatch.setenv("KERLINT_CACHE_DIR", "elsewhere")
    commands.run(args.split())
    assert seen == [plain(args.split())]
    assert [*seen[0][1]] == [*plain(args.split())[1]]


@pytest.mark.parametrize(
    "args",
    [
        *("show a.py", "check --help", "--version a.py", "a.py -- b.py", "a.py --add-noqa", "a.py -qs", "a.py -j4"),
        *("a.py --nope", "a.py --select", "a.py --no-cache=1", "a.py -j=1", "a.py -j -1", "a.py --jobs x", "a.py --color red"),
    ],
)
def test_what_is_no_plain_call_is_left_to_click(args: str) -> None:
    assert plain(args.split()) is None


def test_commands_are_told_from_paths() -> None:
    assert sorted(COMMANDS) == sorted(commands.cli.commands)


def test_public_names() -> None:
    import kerlint as package

    assert [getattr(package, name).__name__ for name in package.__all__] == ["Finding", "Rule", "Severity", "lint"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        package.nothing  # noqa: B018
