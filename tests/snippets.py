"""The code blocks of README.md and docs/, and how each kind is tried: what the language of a fence says, and a few marks in comments.

A block is tried where its reader would try it: all blocks of a page, in their order, in one folder with kerlint installed.

* `console`: a session; behind each line that starts with `$ ` stands what it prints. A line of `...` is any number of lines, in a line
  it is anything.
* `sh`: commands; they end with 0, but for those of kerlint that find something.
* `toml`, `ini`, `json`, `yaml`, `groovy`, `lua`: a configuration, which whoever reads it accepts; commands of a pipeline are run twice, in
  a project without faults, where they end with 0, and in one with a fault, where they end with 1.
* `python`: kerlint finds what the comments at its lines say (`# KER301`), and nothing else; `reveal(...)  # revealed: ...` as in
  tests/semantics.
* `text`: nothing but text.

`title="train.py"` on a fence: the block is that file. In a comment above it, `<!-- exit 2 -->` says how it ends,
`<!-- run -->` that Python runs it, `<!-- in a checkout -->` that kerlint's own sources are in the folder, and
`<!-- tested by tests/test_watch.py -->` that it is tried there, where its page is named or all its options are. Several stand in one
comment, with commas between them.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BLOCK = re.compile(
    r"(?:^[ ]*<!-- (?P<mark>[^>]*) -->\n)?^(?P<indent>[ ]*)(?P<ticks>`{3,})(?P<words>[^\n`]*)\n(?P<body>.*?)^(?P=indent)(?P=ticks)[ ]*$",
    re.MULTILINE | re.DOTALL,
)
TITLE = re.compile(r'title="([^"]+)"')
MARK = re.compile(r"exit (?P<exit>\d+)|(?P<run>run)|(?P<checkout>in a checkout)|tested by (?P<elsewhere>\S+)")
SHELL_IN_GROOVY = re.compile(r"\bsh +'''(.*?)'''|\bsh +'([^'\n]*)'", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A code block of a page."""

    page: Path
    row: int
    language: str
    title: str
    body: str
    exit: int | None = None
    run: bool = False
    checkout: bool = False
    elsewhere: str = ""

    @property
    def place(self) -> str:
        return f"{self.page.name}:{self.row}"


def snippets(page: Path) -> Iterator[Snippet]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        language, _, words = match["words"].strip().partition(" ")
        title = TITLE.search(words)
        row = text.count("\n", 0, match.start("ticks")) + 1
        body = textwrap.dedent(match["body"])
        yield Snippet(page, row, language, title[1] if title else "", body, **_marks(match["mark"] or ""))


def _marks(comment: str) -> dict[str, Any]:
    found = [match for text in comment.split(", ") if (match := MARK.fullmatch(text))]
    marks = {name: value for match in found for name, value in match.groupdict().items() if value}
    return {name: int(value) if name == "exit" else value if name == "elsewhere" else True for name, value in marks.items()}


def session(body: str) -> Iterator[tuple[str, str]]:
    """The commands of a session, each with what it prints."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
        yield "\n".join(lines[: end + 1]), "\n".join(lines[end + 1 :]).strip("\n")


def like(shown: str) -> re.Pattern[str]:
    """What matches an output that is shown."""
    any_lines, anything = r"(?:.*\n)*?", re.escape("...")
    lines = [
        any_lines if line.strip() == "..." else re.escape(line.rstrip()).replace(anything, ".*") + "[ ]*\n" for line in shown.splitlines()
    ]
    return re.compile("".join(lines))


# Pipelines


def jobs(snippet: Snippet) -> dict[str, str]:
    """The jobs of a pipeline, each with its commands as one script."""
    if snippet.language == "groovy":
        return {"pipeline": "\n".join(textwrap.dedent(long or short) for long, short in SHELL_IN_GROOVY.findall(snippet.body))}
    found: Any = yaml.safe_load(snippet.body)
    match Path(snippet.title).name, found:
        case ".gitlab-ci.yml", dict():
            listed = {name: [*job.get("before_script", []), *job["script"]] for name, job in found.items() if "script" in job}
        case "azure-pipelines.yml", {"steps": steps}:
            listed = {"steps": [command for step in steps if (command := step.get("script") or step.get("bash"))]}
        case _, {"jobs": workflow}:
            listed = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in workflow.items()}
        case _:
            return {}
    return {name: "\n".join(commands) for name, commands in listed.items() if commands}


def uses(snippet: Snippet) -> Iterator[dict[str, Any]]:
    """The steps of a GitHub workflow that are actions."""
    for job in yaml.safe_load(snippet.body).get("jobs", {}).values():
        yield from (step for step in job["steps"] if "uses" in step)


def schema_of(title: str) -> list[str]:
    """With which schema check-jsonschema reads a file."""
    match Path(title):
        case Path(name=".gitlab-ci.yml"):
            return ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
        case Path(name="azure-pipelines.yml"):
            return ["--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines", "--regex-variant", "nonunicode"]
        case Path(parts=(".github", "workflows", _)):
            return ["--builtin-schema", "vendor.github-workflows"]
        case _:
            raise AssertionError(f'no reader is known for "{title}"')


def notebook(*cells: str) -> str:
    """A notebook of code cells."""
    listed = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell} for cell in cells]
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
