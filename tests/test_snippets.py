"""Everything that README.md and docs/ show is tried: see snippets.py for what counts as right."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
import revealing
import tomli
import tree_sitter
import tree_sitter_groovy
import tree_sitter_lua
import yaml
from conftest import FAULT, ROOT, release
from snippets import BLOCK, Snippet, jobs, like, schema_of, session, snippets, uses

from kerlint import lint
from kerlint.commands import cli
from kerlint.config import Config, Layer, configure
from kerlint.selection import Selection

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OURS = "https://github.com/OWNER/kerlint"
"""Where the docs say that this repository is."""
FINDS = """
set -euo pipefail
kerlint() { command kerlint "$@" || { code=$?; test $code = 1 || exit $code; }; }
"""
"""What goes in front of commands: that kerlint finds something does not stop them, and everything else does."""
MARKER = re.compile(r"#[ \t]*((?:KER|ACME)\d{3}(?:, *(?:KER|ACME)\d{3})*)[ \t]*$")


@dataclass(frozen=True)
class Place:
    """Where the blocks of a page are tried."""

    folder: Path
    repository: Path
    environment: dict[str, str]

    def runs(self, command: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """A command in bash; what it complains of stands among what it prints."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", command],
            cwd=folder or self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout as a repository with a release."""
    folder = tmp_path_factory.mktemp("repository") / "kerlint"
    release(folder, "v0.1.0")
    return folder


@pytest.fixture(scope="module")
def environment(wheel: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A shell with an environment of Python that has kerlint, as a reader has it; the address of this repository leads to `repository`."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    programs = folder / "venv" / "bin"
    variables = {
        **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "NO_COLOR", "FORCE_COLOR")},
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(folder / "venv"),
        "HOME": str(folder),
        "PIP_FIND_LINKS": str(wheel.parent),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "GIT_AUTHOR_NAME": "A User",
        "GIT_AUTHOR_EMAIL": "user@example.com",
        "GIT_COMMITTER_NAME": "A User",
        "GIT_COMMITTER_EMAIL": "user@example.com",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{repository}.insteadOf",
        "GIT_CONFIG_VALUE_0": OURS,
    }
    subprocess.run([programs / "pip", "install", "--quiet", wheel], check=True, env=variables)
    return variables


@pytest.fixture
def place(tmp_path: Path, repository: Path, environment: dict[str, str]) -> Place:
    """The project of a reader: the examples, a script and a notebook with faults, rules of its own."""
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__", ".*", "own_rules"))
    shutil.copytree(ROOT / "examples" / "own_rules" / "kerlint-rules", folder / "kerlint-rules")
    shutil.copy(ROOT / "examples" / "cifar10_cnn.py", folder / "train.py")
    (folder / "notebooks").mkdir()
    shutil.copy(ROOT / "examples" / "imdb_lstm.ipynb", folder / "notebooks")
    found = Place(folder, repository, environment)
    assert found.runs("git init -q . && git add . && git commit -q -m start").returncode == 0
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page(page: Path, place: Place) -> None:
    """Every block of a page, in order."""
    for snippet in snippets(page):
        if snippet.elsewhere:
            tried = (ROOT / snippet.elsewhere).read_text(encoding="utf-8")
            words = re.findall(r"(?<!\S)--[a-z-]+", snippet.body)
            assert page.name in tried or words and all(word in tried for word in words), f"{snippet.place}: not tried there"
            continue
        assert snippet.language in TRIED, f"{snippet.place}: nothing tries a block of {snippet.language or 'no language'}"
        if snippet.title:
            file = place.folder / snippet.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(snippet.body, encoding="utf-8")
        TRIED[snippet.language](snippet, place)


def as_session(snippet: Snippet, place: Place) -> None:
    commands = list(session(snippet.body))
    assert commands, f"{snippet.place}: a session without a command"
    for command, shown in commands:
        done = place.runs(command)
        wanted = (0, 1) if snippet.exit is None else (snippet.exit,)
        assert done.returncode in wanted, f"{snippet.place}: {command}\n{done.stdout}"
        printed = "".join(f"{line}\n" for line in done.stdout.strip("\n").splitlines())
        assert like(shown).fullmatch(printed), f"{snippet.place}: {command} prints\n{printed}\nand not\n{shown}"


def as_commands(snippet: Snippet, place: Place) -> None:
    folder = place.folder
    if snippet.checkout:
        folder = folder.parent / "checkout"
        shutil.copytree(place.repository, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    done = place.runs(snippet.body if snippet.exit is not None else FINDS + snippet.body, folder)
    assert done.returncode == (snippet.exit or 0), f"{snippet.place}: {snippet.body}\n{done.stdout}"


def as_toml(snippet: Snippet, place: Place) -> None:
    table = tomli.loads(snippet.body)
    match table:
        case {"project": _}:  # of a package
            return
        case _ if snippet.title and not snippet.title.endswith(("pyproject.toml", "kerlint.toml")):
            return
        case {"tool": {"kerlint": dict(inner)}}:
            table = inner
        case _:
            assert snippet.title.endswith("kerlint.toml"), snippet.place
    configure([Layer(snippet.place, table, place.folder)], place.folder)


def as_ini(snippet: Snippet, place: Place) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(snippet.body)
    assert parser.sections(), snippet.place


def as_json(snippet: Snippet, place: Place) -> None:
    json.loads(snippet.body)


def as_python(snippet: Snippet, place: Place) -> None:
    if snippet.run:
        done = place.runs(f"python - <<'EOF'\n{snippet.body}EOF\n")
        assert done.returncode == 0, f"{snippet.place}: {done.stdout}"
        return
    if "reveal(" in snippet.body:
        case = revealing.Case(snippet.place, (snippet.body,), False, {}, None, None)
        folder = place.folder / "revealed"
        folder.mkdir()
        assert revealing.run(case, folder).lines == revealing.expected(case), snippet.place
        return
    marks = {
        (row, code)
        for row, line in enumerate(snippet.body.splitlines(), 1)
        if (match := MARKER.search(line))
        for code in re.findall(r"\w+", match[1])
    }
    config = Config(layers=(Selection(extend=tuple(code for _, code in marks)),))
    found = lint(place.folder / (snippet.title or "untitled.py"), snippet.body, config)
    assert {(finding.range.start.row, finding.code) for finding in found if finding.range} == marks, snippet.place


def as_yaml(snippet: Snippet, place: Place) -> None:
    if snippet.title == ".pre-commit-config.yaml":
        as_hooks(snippet, place)
        return
    command = [sys.executable, "-m", "check_jsonschema", *schema_of(snippet.title), place.folder / snippet.title]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{snippet.place}: {done.stdout}{done.stderr}"
    if snippet.title.startswith(".github"):
        known = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
        for step in uses(snippet):
            if step["uses"].startswith("OWNER/kerlint@"):
                assert step.get("with", {}).keys() <= known.keys(), snippet.place
    as_pipeline(snippet, place)


def as_hooks(snippet: Snippet, place: Place) -> None:
    """A configuration of pre-commit: both tools that read it accept it, and its hooks find what is there."""
    for tool in ("pre_commit", "prek"):
        command = [sys.executable, "-m", tool, "validate-config", place.folder / snippet.title]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{snippet.place}: {done.stdout}{done.stderr}"
    done = place.runs(f"git add -f . && {sys.executable} -m pre_commit run --all-files")
    assert done.returncode == 1, f"{snippet.place}: {done.stdout}"
    assert "KER305" in done.stdout, f"{snippet.place}: {done.stdout}"


def as_lua(snippet: Snippet, place: Place) -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_lua.language()))
    assert not parser.parse(snippet.body.encode()).root_node.has_error, snippet.place


def as_groovy(snippet: Snippet, place: Place) -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_groovy.language()))
    assert not parser.parse(snippet.body.encode()).root_node.has_error, snippet.place
    as_pipeline(snippet, place)


def as_pipeline(snippet: Snippet, place: Place) -> None:
    """The commands of each job; files that the pipeline goes on with are there whether something was found or not."""
    for name, script in jobs(snippet).items():
        for text, code in ((FAULT.replace("softmax", "sigmoid"), 0), (FAULT, 1)):
            folder = place.folder / "pipelines" / f"{snippet.row}-{name}-{code}"
            folder.mkdir(parents=True)
            (folder / "train.py").write_text(text)
            done = place.runs(f"set -eo pipefail\n{script}", folder)
            assert done.returncode == code, f"{snippet.place}, {name}: {done.stdout}"
            for file in re.findall(r"--output[= ][\w-]+=(\S+)", script):
                assert (folder / file).stat().st_size, f"{snippet.place}, {name}: {file}"
                assert len(re.findall(re.escape(file), snippet.body)) > script.count(file), f"{snippet.place}: nothing goes on with {file}"


def as_text(snippet: Snippet, place: Place) -> None:
    assert snippet.body.strip(), snippet.place


TRIED: dict[str, Callable[[Snippet, Place], None]] = {
    "console": as_session,
    "groovy": as_groovy,
    "ini": as_ini,
    "json": as_json,
    "lua": as_lua,
    "python": as_python,
    "sh": as_commands,
    "text": as_text,
    "toml": as_toml,
    "yaml": as_yaml,
}


# In running text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_sentences(page: Path) -> None:
    """Each `kerlint ...` in a sentence names a command and options that there are."""
    prose = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for text in re.findall(r"`kerlint (-[^`]+|[a-z]+ [^`]+|[a-z]+)`", prose):
        words = shlex.split(re.sub(r"\[(\w+)\]", r"\1", text))
        path = [cli.commands[words[0]]] if words[0] in cli.commands else [cli.commands["check"]]
        match path[0]:
            case click.Group(commands=inner) if len(words) > 1:
                assert words[1].rstrip(",") in inner, f"{page.name}: kerlint {text}"
                path.append(inner[words[1].rstrip(",")])
        known = {option for command in path for param in command.params for option in (*param.opts, "--help")}
        for word in words:
            assert not word.startswith("-") or word.partition("=")[0] in known, f"{page.name}: kerlint {text}"


# The README besides


def test_ci_runs_the_test_command_of_the_readme() -> None:
    (command,) = (
        line.rpartition("&& ")[2]
        for snippet in snippets(ROOT / "README.md")
        if snippet.elsewhere == ".ci/run"
        for line in snippet.body.splitlines()
    )
    assert command.removeprefix(".venv/bin/") == "python -m pytest"
    assert f"\nstep {command.removeprefix('.venv/bin/')}\n" in (ROOT / ".ci" / "run").read_text()


def test_examples_have_the_faults_they_are_for(place: Place) -> None:
    lines = place.runs("kerlint examples --output-format=concise -q", place.repository).stdout.splitlines()
    assert {(line.split(":")[0], line.split(": ")[1].split()[1]) for line in lines} == {
        ("examples/churn/models.py", "KER301"),
        ("examples/cifar10_cnn.py", "KER101"),
        ("examples/cifar10_cnn.py", "KER305"),
        ("examples/cifar10_cnn.py", "KER401"),
        ("examples/imdb_lstm.ipynb", "KER304"),
        ("examples/own_rules/train.py", "ACME001"),
    }
