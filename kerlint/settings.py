"""The keys that a project can set, with their types, defaults and descriptions."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from kerlint.files import EXCLUDE, INCLUDE

QUIET = ("KER112", "KER403", "KER502")
"""Advice on few rows, few steps and no validation, which tests, docs and examples mean to have (rules.md, section 7, note 7)."""
FOLDERS = "folders"
"""The key of the table `rules` that says where a project's own rules are; the other keys of that table are rules."""

COMMAND_LINE = "the command line"

Format = Literal["text", "concise", "grouped", "json", "json-lines", "sarif", "github", "gitlab", "azure", "junit", "rdjson", "html"]
Table = dict[str, Any]


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """The keys of a configuration, with their defaults."""

    select: Annotated[tuple[str, ...], Meta(description="Rules to run: codes, prefixes of codes, names, or ALL.")] = tuple(
        f"KER{family}" for family in range(9)
    )
    ignore: Annotated[tuple[str, ...], Meta(description="Rules not to run; the more specific of `select` and `ignore` wins.")] = ()
    extend_select: Annotated[tuple[str, ...], Meta(description="Rules to run on top of those that run anyway.")] = ()
    per_file_ignores: Annotated[
        dict[str, tuple[str, ...]],
        Meta(description="Rules not to run in files that a pattern matches; your patterns are added to the default ones."),
    ] = msgspec.field(default_factory=lambda: dict.fromkeys(("tests/", "docs/", "examples/"), QUIET))
    exclude: Annotated[tuple[str, ...], Meta(description="Files and directories to leave out, as in a .gitignore.")] = EXCLUDE
    extend_exclude: Annotated[tuple[str, ...], Meta(description="Files and directories to leave out on top of `exclude`.")] = ()
    include: Annotated[tuple[str, ...], Meta(description="Files to lint when a directory is given.")] = INCLUDE
    respect_gitignore: Annotated[bool, Meta(description="Leave out what git ignores.")] = True
    force_exclude: Annotated[bool, Meta(description="Leave out excluded files although they are given by hand.")] = False
    min_confidence: Annotated[Literal["low", "medium", "high"], Meta(description="How sure kerlint must be before it reports.")] = "medium"
    fail_on: Annotated[
        str, Meta(description="What makes the exit code 1: a severity (error, warning, info) and all above it, or the code of a rule.")
    ] = "warning"
    output_format: Annotated[Format, Meta(description="How findings are printed.")] = "text"
    target_keras: Annotated[
        Literal["", "2", "3"],
        Meta(description="The Keras that the code is to run with; empty: what the dependencies of the project allow, else the newest."),
    ] = ""
    extend: Annotated[
        str, Meta(description="Another configuration file, whose keys count where this one does not set them; paths in it count from it.")
    ] = ""
    baseline: Annotated[
        str, Meta(description="The file with findings that are known and not reported, as `kerlint baseline create` writes it.")
    ] = ""
    cache_dir: Annotated[str, Meta(description="The directory that keeps what is known of files which have not changed.")] = (
        ".kerlint_cache"
    )
    jobs: Annotated[int, Meta(ge=0, description="How many processes share the work; 0: as many as are worth it.")] = 0
    dynamic: Annotated[bool, Meta(description="Run the scripts that are linted, as --dynamic does, also where a hook lints them.")] = False
    dynamic_timeout: Annotated[float, Meta(gt=0, description="Seconds that a script may take in the dynamic mode.")] = 60.0
    dynamic_seeds: Annotated[int, Meta(ge=1, description="How many times the dynamic mode repeats what depends on chance.")] = 3
    dynamic_memory: Annotated[str, Meta(description='Memory that a script may take in the dynamic mode: "8G", "1500M".')] = "8G"
    dynamic_strict: Annotated[bool, Meta(description="Exit with 3 when a script does not come to its end in the dynamic mode.")] = False
    src: Annotated[tuple[str, ...], Meta(description="Directories that imports of the project start from.")] = ()
    plugins: Annotated[
        tuple[str, ...] | None,
        Meta(description="The installed packages whose rules (entry points `kerlint.rules`) may load, by name; not set: all of them."),
    ] = None
    rules: Annotated[
        dict[str, dict[str, Any] | tuple[str, ...]] | tuple[str, ...],
        Meta(
            description="Severity and options of single rules, as their pages name them: `[tool.kerlint.rules.KER201]`; and the folders of "
            'your own rules, as `rules = ["./kerlint-rules"]` or `[tool.kerlint.rules] folders = [...]`. Their code is imported.'
        ),
    ] = {}


KEYS = Settings.__struct_encode_fields__


def attribute(key: str) -> str:
    """What a key is called in the settings."""
    return key.replace("-", "_")


def choices_of(key: str) -> tuple[str, ...]:
    """The words that a key accepts, where these are listed."""
    hint = get_type_hints(Settings)[attribute(key)]
    return tuple(word for word in get_args(hint) if isinstance(word, str))


class Layer(msgspec.Struct, frozen=True):
    """One place that sets keys: a file, or the command line; `origin` names it in messages and in --show-settings.

    `folder` is the directory of the file, from which its paths count: the working directory where there is no file. Patterns count from
    `base`, the top of the project where there is none.
    """

    origin: str
    table: Table
    folder: Path | None = None
    base: Path | None = None

    def path(self, text: str) -> Path:
        """A path that it names, absolute."""
        return Path(os.path.abspath((self.folder or Path.cwd()) / os.path.expanduser(text)))

    def where(self, key: str) -> str:
        """A key as a message names it: `pyproject.toml: [tool.kerlint] select`, or `--select`."""
        return f"--{key}" if self.origin == COMMAND_LINE else f"{self.origin}: {key}"


def tables_of(settings: Settings) -> Iterable[tuple[str, Table]]:
    """The rules that settings speak of, each with its severity and options."""
    match settings.rules:
        case dict(tables):
            return [(name, table) for name, table in tables.items() if isinstance(table, dict)]
        case _:
            return ()


def folders_of(layer: Layer, settings: Settings) -> Iterable[Path]:
    """The folders of a project's own rules that a layer names."""
    match settings.rules:
        case tuple(folders) | {"folders": tuple(folders)}:
            return [layer.path(folder) for folder in folders]
        case _:
            return ()
