"""What a project sets: the keys of its configuration, the file they come from, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from kerlint.files import EXCLUDE, INCLUDE, Patterns
from kerlint.finding import Confidence, Severity
from kerlint.mistake import MistakeError, meant
from kerlint.rule import Rule, rules
from kerlint.selection import Known, Selection, covered, enabled, find, letters, meant_rule

NAMES = (".kerlint.toml", "kerlint.toml", "pyproject.toml")
"""Where a directory's configuration may stand; the first one that is there counts."""
QUIET = ("KER112", "KER403", "KER502")
"""Advice on few rows, few steps and no validation, which tests, docs and examples mean to have (rules.md, section 7, note 7)."""

COMMAND_LINE = "the command line"
FOLDERS = "folders"
"""The key of the table `rules` that says where a project's own rules are; the other keys of that table are rules."""

Format = Literal["text", "concise", "json", "json-lines"]
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
    baseline: Annotated[
        str, Meta(description="The file with findings that are known and not reported, as `kerlint baseline create` writes it.")
    ] = ""
    cache_dir: Annotated[str, Meta(description="The directory that keeps what is known of files which have not changed.")] = (
        ".kerlint_cache"
    )
    jobs: Annotated[int, Meta(ge=0, description="How many processes share the work; 0: as many as are worth it.")] = 0
    src: Annotated[tuple[str, ...], Meta(description="Directories that imports of the project start from.")] = ()
    rules: Annotated[
        dict[str, dict[str, Any] | tuple[str, ...]] | tuple[str, ...],
        Meta(
            description="Severity and options of single rules, as their pages name them: `[tool.kerlint.rules.KER201]`; and the folders of "
            'your own rules, as `rules = ["./kerlint-rules"]` or `[tool.kerlint.rules] folders = [...]`. Their code is imported.'
        ),
    ] = {}


KEYS: Mapping[str, msgspec.structs.FieldInfo] = {field.encode_name: field for field in msgspec.structs.fields(Settings)}


@dataclass(frozen=True)
class Config:
    """The settings in force for a directory, with the place that each came from."""

    settings: Settings = field(default_factory=Settings)
    layers: tuple[Selection, ...] = ()
    root: Path = field(default_factory=Path.cwd)
    file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    own: tuple[Rule, ...] = ()
    """The rules of the project itself and of packages."""

    def __getstate__(self) -> dict[str, object]:
        """Without what is found out when it is asked for: another process finds it out when it needs it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def known(self) -> Known:
        """All rules that can be chosen from: the shipped ones and those of `own`; a run without Keras does not ask."""
        return {**rules(), **{rule.code: rule for rule in self.own}} if self.own else rules()

    @cached_property
    def authors(self) -> frozenset[str]:
        """What the codes of all rules begin with: "KER" and the letters of a project's own ones."""
        return frozenset(map(letters, self.known))

    @cached_property
    def excluded(self) -> Patterns:
        """Files and directories that are left out."""
        return Patterns(str(self.root), (*self.settings.exclude, *self.settings.extend_exclude))

    @cached_property
    def included(self) -> Patterns:
        """The files of a directory that are linted."""
        return Patterns(str(self.root), self.settings.include)

    @property
    def respect_gitignore(self) -> bool:
        """Whether what git ignores is left out."""
        return self.settings.respect_gitignore

    @property
    def force_exclude(self) -> bool:
        """Whether excludes count for paths given by hand as well."""
        return self.settings.force_exclude

    @cached_property
    def min_confidence(self) -> Confidence:
        """Findings below it are not reported."""
        return Confidence[self.settings.min_confidence]

    @cached_property
    def active(self) -> Mapping[str, Rule]:
        """The rules that run, by code, with the project's severities and options."""
        codes = enabled(self.layers, self.known)
        changes = {find(name, self.known).code: table for name, table in _tables(self.settings)}
        return {code: rule.configured(changes.get(code, {})) for code, rule in self.known.items() if code in codes}

    @cached_property
    def _quiet(self) -> tuple[tuple[Patterns, frozenset[str]], ...]:
        return tuple(
            (Patterns(str(self.root), (pattern,)), frozenset(code for name in names for code in covered(name, self.known)[1]))
            for pattern, names in self.settings.per_file_ignores.items()
        )

    def rules_of(self, path: Path) -> Mapping[str, Rule]:
        """The rules that run for one file, by code."""
        place = os.path.abspath(path)
        ignored = {code for patterns, codes in self._quiet if patterns.match(place) for code in codes}
        return {code: rule for code, rule in self.active.items() if code not in ignored} if ignored else self.active

    def fails(self, code: str, severity: Severity) -> bool:
        """Whether a finding makes the exit code 1."""
        match self.settings.fail_on:
            case "error" | "warning" | "info" as least:
                return severity >= Severity[least]
            case name:
                return code == find(name, self.known).code


@dataclass(frozen=True, slots=True)
class Layer:
    """One place that sets keys: a file, or the command line; `origin` names it in messages and in --show-settings.

    `folder` is what the folders of rules that it names are relative to, the working directory where there is none.
    """

    origin: str
    table: Table
    folder: Path | None = None

    def where(self, key: str) -> str:
        """A key as a message names it: `pyproject.toml: [tool.kerlint] select`, or `--select`."""
        return f"--{key}" if self.origin == COMMAND_LINE else f"{self.origin}: {key}"


def configure(layers: Iterable[Layer], root: Path, file: Path | None = None, packages: bool = False) -> Config:
    """The configuration that layers give, later ones going before earlier ones. Raises MistakeError.

    `packages`: whether the rules that installed packages bring are known to it.
    """
    merged: Table = {"per-file-ignores": Settings().per_file_ignores}
    origins: dict[str, str] = {}
    typed = [(layer, _typed(layer)) for layer in layers]
    folders = [folder for layer, settings in typed for folder in _folders(layer, settings)]
    own = _own(folders, packages)
    rulebook = Config(own=own)
    selections = []
    for layer, settings in typed:
        _check(layer, settings, rulebook)
        selections.append(_selection(layer.table, settings))
        for key, value in layer.table.items():
            match key:
                case "per-file-ignores":
                    merged[key] = _joined(merged.get(key), value)
                case "rules":
                    merged[key] = _joined(merged.get(key), {name: dict(table) for name, table in _tables(settings)})
                case _:
                    merged[key] = value
            origins[key] = layer.where(key) if layer.origin == COMMAND_LINE else layer.origin
    if folders:
        merged["rules"][FOLDERS] = [shown(folder) for folder in folders]
    return Config(msgspec.convert(merged, Settings), tuple(selections), root, file, origins, own)


def _own(folders: list[Path], packages: bool) -> tuple[Rule, ...]:
    if not folders and not packages:
        return ()
    from kerlint.own_rules import own  # which needs this module to name paths

    return own(folders, packages)


def _folders(layer: Layer, settings: Settings) -> Iterable[Path]:
    """The folders of a project's own rules that a layer names."""
    match settings.rules:
        case tuple(folders) | {"folders": tuple(folders)}:
            return [Path(os.path.abspath((layer.folder or Path.cwd()) / folder)) for folder in folders]
        case _:
            return ()


def _tables(settings: Settings) -> Iterable[tuple[str, Table]]:
    """The rules that settings speak of, each with its severity and options."""
    match settings.rules:
        case dict(tables):
            return [(name, table) for name, table in tables.items() if isinstance(table, dict)]
        case _:
            return ()


def _selection(table: Table, settings: Settings) -> Selection:
    return Selection(settings.select if "select" in table else None, settings.ignore, settings.extend_select)


def _joined(before: Table | None, after: Table) -> Table:
    joined = dict(before or {})
    for key, value in after.items():
        joined[key] = {**joined.get(key, {}), **value} if isinstance(value, dict) else value
    return joined


# What is wrong with a table


def _typed(layer: Layer) -> Settings:
    """The keys that a layer sets, of the types that they must have."""
    for key in layer.table:
        if key not in KEYS:
            raise MistakeError(f'{layer.origin}: unknown key "{key}"{meant(key, KEYS)}')
    try:
        settings = msgspec.convert(layer.table, Settings)
    except msgspec.ValidationError as error:
        raise MistakeError(_reason(str(error), layer)) from error
    match settings.rules:
        case dict(tables):
            for name, table in tables.items():
                if isinstance(table, dict) == (name == FOLDERS):
                    expected = "a list of folders" if name == FOLDERS else "a table"
                    raise MistakeError(f"{layer.where(f'rules.{name}')}: expected {expected}, got {_kind(table)}")
    return settings


def _check(layer: Layer, settings: Settings, rulebook: Config) -> None:
    """Whether all rules and options that a layer names are known; pages are only read for a layer that names some."""
    for key, names in _selectors(settings, layer.table):
        for name in names:
            _check_rule(layer.where(key), name, rulebook.known)
    if settings.fail_on not in Severity.__members__:
        _check_rule(layer.where("fail-on"), settings.fail_on, rulebook.known, tuple(Severity.__members__))
    for name, table in _tables(settings):
        _check_options(layer.where(f"rules.{name}"), name, table, rulebook.known)


def _selectors(settings: Settings, table: Table) -> Iterable[tuple[str, tuple[str, ...]]]:
    """What a table says of rules; the default of a key that it does not set is no affair of its author."""
    every = {"select": settings.select, "ignore": settings.ignore, "extend-select": settings.extend_select}
    yield from ((key, names) for key, names in every.items() if key in table)
    if "per-file-ignores" in table:
        yield from ((f'per-file-ignores."{pattern}"', names) for pattern, names in settings.per_file_ignores.items())


def _check_rule(where: str, name: str, known: Known, severities: tuple[str, ...] = ()) -> None:
    try:
        covered(name, known) if not severities else find(name, known)
    except MistakeError as error:
        reason = (
            f'"{name}" is neither a severity ({", ".join(severities)}) nor a rule{meant(name, severities)}' if severities else str(error)
        )
        raise MistakeError(f"{where}: {reason}") from error


def _reason(message: str, layer: Layer) -> str:
    """The reason that msgspec gives, in the words of the file: `fail-on: expected str, got int`."""
    reason, _, place = message.partition(" - at `$")
    key = place.rstrip("`").lstrip(".").replace("[...]", "")
    if key in layer.table and "enum value" in reason:
        choices = choices_of(key)
        return f'{layer.where(key)}: "{layer.table[key]}" is none of {", ".join(choices)}{meant(str(layer.table[key]), choices)}'
    return f"{layer.where(key)}: {reason[0].lower()}{reason[1:]}".replace("`", "")


def choices_of(key: str) -> tuple[str, ...]:
    """The words that a key accepts, where these are listed."""
    hint = get_type_hints(Settings)[key.replace("-", "_")]
    return tuple(word for word in get_args(hint) if isinstance(word, str))


def _check_options(where: str, name: str, table: Table, known: Known) -> None:
    try:
        rule = find(name, known)
    except MistakeError as error:
        raise MistakeError(f"{where}: unknown rule{meant_rule(name, known)}") from error
    for key, value in table.items():
        if key == "severity":
            if value not in Severity.__members__:
                raise MistakeError(f'{where}.severity: "{value}" is none of error, warning, info{meant(str(value), Severity.__members__)}')
        elif key not in rule.options:
            options = ("severity", *rule.options)
            raise MistakeError(f'{where}: unknown option "{key}"{meant(key, options) or "; it has " + ", ".join(options)}')
        elif not _like(value, rule.options[key]):
            raise MistakeError(f"{where}.{key}: expected {_kind(rule.options[key])}, got {_kind(value)}")


def _like(value: object, default: object) -> bool:
    return _kind(value) == _kind(default)


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list() | tuple():
            return "a list"
        case _:
            return "a table"


# Where it is found


@dataclass(slots=True)
class Configs:
    """The configurations of a run: the nearest file of each directory, below what the command line says.

    `explicit` is a file that counts for all directories; `isolated` leaves all files out.
    """

    above: tuple[Layer, ...] = ()
    explicit: Path | None = None
    isolated: bool = False
    _known: dict[Path, Config] = field(default_factory=dict)
    _of_file: dict[Path | None, Config] = field(default_factory=dict)

    def of(self, folder: Path) -> Config:
        """The configuration of an absolute directory."""
        config = self._known.get(folder)
        if config is None:
            self._known[folder] = config = self._find(folder)
        return config

    def _find(self, folder: Path) -> Config:
        if self.isolated or self.explicit:
            return self._from(self.explicit, None)
        for name in NAMES:
            file = folder / name
            if (table := load(file)) is not None:
                return self._from(file, table)
        return self.of(folder.parent) if folder.parent != folder else self._from(None, None)

    def _from(self, file: Path | None, table: Table | None) -> Config:
        if file not in self._of_file:
            if file is not None and table is None:
                table = load(file)
                if table is None:
                    raise MistakeError(f"{shown(file)}: no such file" if not file.exists() else f"{shown(file)}: it has no [tool.kerlint]")
            layers = (
                (Layer(_named(file), table, file.absolute().parent), *self.above) if file is not None and table is not None else self.above
            )
            # A file given with --config stands anywhere: its patterns are relative to where the command runs, as with ruff.
            root = Path.cwd() if file is None or self.explicit else file.parent
            self._of_file[file] = configure(layers, root, file, packages=not self.isolated)
        return self._of_file[file]


def load(file: Path) -> Table | None:
    """The keys that a file sets, None when there is no such file or it is a pyproject.toml without [tool.kerlint]. Raises MistakeError."""
    try:
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise MistakeError(f"{shown(file)}: cannot be read: {error.strerror}") from error
    inside = file.name == "pyproject.toml"
    if inside and b"kerlint" not in data:
        return None
    import tomli

    try:
        table: Table = tomli.loads(data.decode("utf-8"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MistakeError(f"{shown(file)}: {error}") from error
    match table:
        case {"tool": {"kerlint": dict() as found}} if inside:
            return found
        case {"tool": {"kerlint": _}} if inside:
            raise MistakeError(f"{shown(file)}: [tool.kerlint] is not a table")
        case _:
            return None if inside else table


def inline(text: str) -> Table:
    """The table of `--config KEY=VALUE`; a VALUE that is no TOML is a string. Raises MistakeError."""
    import tomli

    key, _, value = text.partition("=")
    try:
        return tomli.loads(f"{key} = {value}")
    except tomli.TOMLDecodeError:
        try:
            return tomli.loads(f'{key} = "{value.strip()}"')
        except tomli.TOMLDecodeError as error:
            raise MistakeError(f'--config "{text}": {error}') from error


def shown(path: Path) -> str:
    """A path as the user would type it: relative to the working directory when it lies below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _named(file: Path) -> str:
    return f"{shown(file)}: [tool.kerlint]" if file.name == "pyproject.toml" else shown(file)
