"""Configuration: where it is found, what wins, what is said of a mistake, and which rules and files follow from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerlint.config import Config, Configs, configure, inline
from kerlint.finding import Confidence, Severity
from kerlint.mistake import MistakeError
from kerlint.rule import rules
from kerlint.selection import Selection, enabled, usual
from kerlint.settings import KEYS, Layer, Settings, attribute


def set_up(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def configured(**table: object) -> Config:
    return configure([Layer("kerlint.toml", {key.replace("_", "-"): value for key, value in table.items()})], Path("/project"))


# Where it is found


def test_pyproject_without_a_table_is_passed_over(tmp_path: Path) -> None:
    set_up(tmp_path, "kerlint.toml", 'fail-on = "error"')
    inner = set_up(tmp_path / "package", "pyproject.toml", "[project]\nname = 'kerlint-user'\n")
    config = Configs().of(inner)
    assert config.settings.fail_on == "error"
    assert config.root == tmp_path


def test_nearest_file_wins_and_is_not_mixed_with_outer_ones(tmp_path: Path) -> None:
    set_up(tmp_path, "pyproject.toml", '[tool.kerlint]\nfail-on = "error"\nmin-confidence = "low"\n')
    inner = set_up(tmp_path / "a" / "b", "kerlint.toml", 'fail-on = "info"')
    config = Configs().of(inner / "c")
    assert (config.settings.fail_on, config.settings.min_confidence) == ("info", "medium")


@pytest.mark.parametrize(
    ("names", "winner"), [((".kerlint.toml", "kerlint.toml"), ".kerlint.toml"), (("kerlint.toml", "pyproject.toml"), "kerlint.toml")]
)
def test_one_directory_has_one_file(tmp_path: Path, names: tuple[str, ...], winner: str) -> None:
    for name in names:
        set_up(tmp_path, name, "[tool.kerlint]\nsrc = ['x']" if name == "pyproject.toml" else "src = ['x']")
    config = Configs().of(tmp_path)
    assert config.file == tmp_path / winner


def test_isolated_reads_no_file(tmp_path: Path) -> None:
    set_up(tmp_path, "kerlint.toml", 'fail-on = "error"')
    assert Configs(isolated=True).of(tmp_path).settings.fail_on == "warning"


def test_explicit_file_counts_everywhere(tmp_path: Path) -> None:
    set_up(tmp_path / "code", "kerlint.toml", 'fail-on = "error"')
    set_up(tmp_path, "other.toml", 'fail-on = "info"')
    assert Configs(explicit=tmp_path / "other.toml").of(tmp_path / "code").settings.fail_on == "info"


def test_command_line_goes_before_files_and_says_so(tmp_path: Path) -> None:
    set_up(tmp_path, "kerlint.toml", 'fail-on = "error"\nmin-confidence = "low"')
    config = Configs((Layer("--config", inline('fail-on="info"')),)).of(tmp_path)
    assert (config.settings.fail_on, config.settings.min_confidence) == ("info", "low")
    assert config.origins["fail-on"] == "--config"
    assert config.origins["min-confidence"].endswith("kerlint.toml")


def test_inline_value_that_is_no_toml_is_a_string() -> None:
    assert inline("fail-on=error") == {"fail-on": "error"}
    assert inline("rules.KER201.severity = 'info'") == {"rules": {"KER201": {"severity": "info"}}}


# What it extends


def test_extended_keys_count_where_the_file_does_not_set_them(tmp_path: Path) -> None:
    set_up(tmp_path, "far.toml", 'fail-on = "info"\nmin-confidence = "low"\nignore = ["KER301"]\nextend-exclude = ["a"]')
    set_up(tmp_path, "pyproject.toml", '[tool.kerlint]\nextend = "far.toml"\nmin-confidence = "high"\nextend-exclude = ["b"]')
    inner = set_up(tmp_path / "package", "kerlint.toml", 'extend = "../pyproject.toml"\nselect = ["KER3"]\nextend-exclude = ["c"]')
    config = Configs().of(inner)
    assert (config.settings.fail_on, config.settings.min_confidence) == ("info", "high")
    assert "KER301" in config.active  # `select` starts afresh
    assert config.settings.extend_exclude == ("a", "b", "c")
    assert [config.origins[key].count("toml") for key in ("fail-on", "min-confidence", "extend-exclude")] == [1, 1, 3]
    assert config.origins["fail-on"].endswith("far.toml")


def test_rules_and_files_add_up_over_extended_files(tmp_path: Path) -> None:
    set_up(
        tmp_path, "base.toml", '[rules.KER301]\nseverity = "info"\n[rules.KER401]\nseverity = "info"\n[per-file-ignores]\n"old/" = ["KER3"]'
    )
    set_up(tmp_path, "kerlint.toml", 'extend = "base.toml"\n[rules.KER301]\nseverity = "warning"\n[per-file-ignores]\n"new/" = ["KER4"]')
    config = Configs().of(tmp_path)
    assert (config.active["KER301"].severity, config.active["KER401"].severity) == (Severity.warning, Severity.info)
    assert "KER301" not in config.rules_of(tmp_path / "old" / "a.py")
    assert "KER401" not in config.rules_of(tmp_path / "new" / "a.py")


def test_paths_and_patterns_count_from_the_file_that_says_them(tmp_path: Path) -> None:
    text = (
        'exclude = ["/old", "gone"]\nbaseline = "known.json"\ncache-dir = "cache"\nsrc = ["lib"]\n[per-file-ignores]\n"/a/*.py" = ["KER3"]'
    )
    set_up(tmp_path, "kerlint.toml", text)
    inner = set_up(tmp_path / "a", "kerlint.toml", 'extend = "../kerlint.toml"\nextend-exclude = ["/own"]')
    config = Configs().of(inner)
    assert (config.baseline, config.cache_dir) == (tmp_path / "known.json", tmp_path / "cache")
    assert (config.root / config.settings.src[0]).resolve() == tmp_path / "lib"
    excluded = {
        path: config.excluded.match(str(tmp_path / path)) for path in ("old/x.py", "a/old/x.py", "a/own/x.py", "own/x.py", "a/gone")
    }
    assert excluded == {"old/x.py": True, "a/old/x.py": False, "a/own/x.py": True, "own/x.py": False, "a/gone": True}
    assert config.excluded.which(str(inner / "own")) == "/own"
    assert "KER301" not in config.rules_of(inner / "x.py")
    assert "KER301" in config.rules_of(inner / "b" / "x.py")


def test_shared_file_beside_the_project(tmp_path: Path) -> None:
    set_up(tmp_path / "gone" / "shared", "base.toml", 'exclude = ["gone", "/shared/x"]')
    project = set_up(tmp_path / "gone" / "project", "kerlint.toml", 'extend = "../shared/base.toml"')
    config = Configs().of(project)
    assert config.excluded.match(str(project / "gone" / "a.py"))
    assert not config.excluded.match(str(project / "a.py"))  # it lies in a directory of that name, above the project


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"kerlint.toml": "extend = 'none.toml'"}, "kerlint.toml: extend: none.toml: no such file"),
        ({"kerlint.toml": "extend = '.'"}, "it is no file"),
        ({"kerlint.toml": "extend = 'kerlint.toml'"}, "extend: it goes in a circle: kerlint.toml extends kerlint.toml"),
        (
            {"kerlint.toml": "extend = 'b.toml'", "b.toml": "extend = 'c.toml'", "c.toml": "extend = 'b.toml'"},
            "b.toml extends c.toml extends b.toml",
        ),
        ({"kerlint.toml": "extend = 'b.toml'", "b.toml": "extend = 'c.toml'"}, "b.toml: extend: c.toml: no such file"),
        ({"kerlint.toml": "extend = 'pyproject.toml'", "pyproject.toml": "[project]"}, r"pyproject.toml: it has no [tool.kerlint]"),
        ({"kerlint.toml": "extend = 3"}, "extend: expected str, got int"),
        ({"kerlint.toml": "extend = 'b.toml'", "b.toml": "fail-onn = 1"}, 'b.toml: unknown key "fail-onn"; did you mean "fail-on"'),
    ],
)
def test_what_cannot_be_extended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        set_up(tmp_path, name, text)
    with pytest.raises(MistakeError) as caught:
        Configs().of(tmp_path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


# Mistakes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("slect = []", 'kerlint.toml: unknown key "slect"; did you mean "select"'),
        ("select = 'KER3'", "kerlint.toml: select: expected array, got str"),
        ("select = ['KER399']", 'kerlint.toml: select: unknown rule "KER399"; did you mean'),
        ("ignore = ['softmax-single-unti']", 'ignore: unknown rule "softmax-single-unti"; did you mean "softmax-single-unit"'),
        ("extend-select = ['KER99']", 'extend-select: no rule starts with "KER99"'),
        ("fail-on = 'eror'", 'fail-on: "eror" is neither a severity (info, warning, error) nor a rule; did you mean "error"'),
        ("fail-on = 3", "fail-on: expected str, got int"),
        ("min-confidence = 'hihg'", 'min-confidence: "hihg" is none of low, medium, high; did you mean "high"'),
        ("output-format = 'txt'", 'azure, junit, rdjson, html; did you mean "text"'),
        ("jobs = -1", "jobs: expected int >= 0"),
        ("plugins = 'house'", "plugins: expected array, got str"),
        ("respect-gitignore = 'yes'", "respect-gitignore: expected bool, got str"),
        ("[per-file-ignores]\n'a/' = ['KER1000']", 'per-file-ignores."a/": unknown rule "KER1000"'),
        ("[rules.KER210x]\nseverity = 'error'", 'rules.KER210x: unknown rule; did you mean "KER210"'),
        ("[rules.KER201]\nseverity = 'warn'", 'rules.KER201.severity: "warn" is none of error, warning, info; did you mean "warning"'),
        ("[rules.KER201]\nmin_dept = 3", 'rules.KER201: unknown option "min_dept"; did you mean'),
        ("select = [", "(at end of document)"),
        ("select = []\n= 3", "(at line 2, column 1)"),
    ],
)
def test_mistake_names_file_key_and_what_was_meant(tmp_path: Path, text: str, said: str) -> None:
    set_up(tmp_path, "kerlint.toml", text)
    with pytest.raises(MistakeError) as caught:
        Configs().of(tmp_path)
    assert said in str(caught.value)
    assert "kerlint.toml" in str(caught.value)


def test_mistake_in_pyproject_names_the_table(tmp_path: Path) -> None:
    set_up(tmp_path, "pyproject.toml", "[tool.kerlint]\nfail-onn = 1\n")
    with pytest.raises(MistakeError, match=r'pyproject.toml: \[tool.kerlint\]: unknown key "fail-onn"; did you mean "fail-on"'):
        Configs().of(tmp_path)


def test_explicit_file_must_be_there_and_say_something(tmp_path: Path) -> None:
    with pytest.raises(MistakeError, match=r"none.toml: no such file"):
        Configs(explicit=tmp_path / "none.toml").of(tmp_path)
    set_up(tmp_path, "pyproject.toml", "[project]\n")
    with pytest.raises(MistakeError, match=r"it has no \[tool.kerlint\]"):
        Configs(explicit=tmp_path / "pyproject.toml").of(tmp_path)


def test_option_of_another_type_is_refused() -> None:
    code, name = next((code, name) for code, rule in rules().items() for name, value in rule.options.items() if type(value) in (int, float))
    with pytest.raises(MistakeError, match=rf"rules.{code}.{name}: expected a number, got a string"):
        configured(rules={code: {name: "many"}})


# Which rules run


def test_usual_rules_are_those_that_are_on() -> None:
    assert "KER301" in usual(rules())
    assert usual(rules()) == {code for code, rule in rules().items() if rule.on}


@pytest.mark.parametrize(
    ("layers", "there", "gone"),
    [
        ([Selection(select=("KER3",))], {"KER301"}, {"KER401", "KER201"}),
        ([Selection(select=("softmax-single-unit",))], {"KER301"}, {"KER302"}),
        ([Selection(select=("KER3",), ignore=("KER301",))], {"KER302"}, {"KER301"}),
        ([Selection(select=("KER301",), ignore=("KER3",))], {"KER301"}, {"KER302"}),
        ([Selection(ignore=("KER30",), extend=("KER3",))], {"KER310"}, {"KER301"}),
        ([Selection(ignore=("KER3",))], {"KER401"}, {"KER301"}),
        ([Selection(ignore=("KER301",)), Selection(select=("KER3",))], {"KER301"}, {"KER401"}),
        ([Selection(select=("KER3",)), Selection(ignore=("KER301",))], {"KER302"}, {"KER301", "KER401"}),
        ([Selection(select=("KER3",)), Selection(extend=("KER401",))], {"KER301", "KER401"}, {"KER402"}),
        ([Selection(select=("ALL",), ignore=("ker3",))], {"KER401"}, {"KER301"}),
        ([Selection(select=())], set(), {"KER301", "KER401"}),
    ],
)
def test_selection(layers: list[Selection], there: set[str], gone: set[str]) -> None:
    active = enabled(layers, rules())
    assert there <= active
    assert not gone & active


@pytest.mark.parametrize("off", [code for code, rule in rules().items() if not rule.on])
def test_rule_that_is_off_runs_when_anything_selects_it(off: str) -> None:
    assert off not in enabled([], rules())
    assert off not in enabled([Selection(extend=("KER301",), ignore=("KER302",))], rules())
    for selector in (off, rules()[off].name, off[:4], "KER", "ALL"):
        assert off in enabled([Selection(select=(selector,))], rules())
        assert off in enabled([Selection(extend=(selector,))], rules())
    assert off not in enabled([Selection(select=(off[:4],), ignore=(off,))], rules())


def test_opinions_are_off() -> None:
    assert [code for code, rule in rules().items() if rule.on and code.startswith("KER9")] == []
    assert {code for code in rules() if code.startswith("KER9")} == enabled([Selection(select=("KER9",))], rules())


def test_rules_take_severity_and_options() -> None:
    code, name = next((code, name) for code, rule in rules().items() for name, value in rule.options.items() if type(value) in (int, float))
    config = configured(rules={code: {"severity": "info", name: 77}})
    assert config.active[code].severity is Severity.info
    assert config.active[code][name] == 77
    assert rules()[code][name] != 77


def test_rules_may_be_configured_by_name() -> None:
    config = configured(rules={"softmax-single-unit": {"severity": "info"}})
    assert config.active["KER301"].severity is Severity.info


def test_layers_add_to_the_tables_of_rules_and_patterns() -> None:
    layers = [
        Layer("a", {"rules": {"KER301": {"severity": "info"}}, "per-file-ignores": {"old/": ["KER3"]}}),
        Layer("b", {"rules": {"KER401": {"severity": "info"}}, "per-file-ignores": {"tests/": []}}),
    ]
    config = configure(layers, Path("/project"))
    assert {config.active["KER301"].severity, config.active["KER401"].severity} == {Severity.info}
    assert "KER301" not in config.rules_of(Path("/project/old/train.py"))
    assert "KER403" in config.rules_of(Path("/project/tests/train.py"))


@pytest.mark.parametrize(
    ("path", "quiet"), [("tests/a.py", True), ("a/examples/b/c.py", True), ("docs/x.ipynb", True), ("src/tests.py", False)]
)
def test_tests_docs_and_examples_are_spared_advice(path: str, quiet: bool) -> None:
    active = configured().rules_of(Path("/project") / path)
    assert [code in active for code in ("KER112", "KER403", "KER502")] == [not quiet] * 3
    assert "KER301" in active


@pytest.mark.parametrize(
    ("pattern", "path", "ignored"),
    [
        ("*.ipynb", "a/b.ipynb", True),
        ("*.ipynb", "a/b.py", False),
        ("legacy/", "legacy/a.py", True),
        ("legacy/", "x/legacy/a.py", True),
        ("/legacy/", "x/legacy/a.py", False),
        ("src/**/old_*.py", "src/a/b/old_c.py", True),
        ("src/**/old_*.py", "src/a/b/new_c.py", False),
        ("train.py", "deep/train.py", True),
    ],
)
def test_patterns_are_those_of_gitignore(pattern: str, path: str, ignored: bool) -> None:
    config = configured(per_file_ignores={pattern: ["KER3"]})
    assert ("KER301" not in config.rules_of(Path("/project") / path)) == ignored


def test_levels() -> None:
    assert configured(min_confidence="high").min_confidence is Confidence.high
    assert configured(fail_on="info").fails("KER301", Severity.info)
    assert not configured(fail_on="error").fails("KER301", Severity.warning)
    assert configured(fail_on="KER301").fails("KER301", Severity.info)
    assert configured(fail_on="softmax-single-unit").fails("KER301", Severity.info)
    assert not configured(fail_on="KER301").fails("KER302", Severity.error)


def test_every_key_is_described() -> None:
    from kerlint.pages import key

    for name in KEYS:
        description, _, *_, default = key(name)
        assert description.endswith((".", "`."))
        assert default.startswith("Default: ")
    assert all(hasattr(Settings(), attribute(key)) for key in KEYS)
