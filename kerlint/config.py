"""The configuration of a directory: where its file is found, what that extends, and what all layers together give."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from kerlint.files import Matcher, Patterns, either
from kerlint.finding import Confidence, Severity
from kerlint.mistake import MistakeError
from kerlint.packages import announced
from kerlint.selection import Selection, covered, enabled, find, letters
from kerlint.settings import COMMAND_LINE, FOLDERS, Layer, Settings, Table, folders_of, tables_of
from kerlint.vetting import checked, typed

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.selection import Known

NAMES = (".kerlint.toml", "kerlint.toml", "pyproject.toml")
"""Where a directory's configuration may stand; the first one that is there counts."""
JOINED = ("per-file-ignores", "extend-exclude", "rules")
"""The keys to which a layer adds; of all others the last one counts."""


class Config(msgspec.Struct, frozen=True, dict=True):
    """The settings in force for a directory, with the place that each came from."""

    settings: Settings = msgspec.field(default_factory=Settings)
    layers: tuple[Selection, ...] = ()
    root: Path = msgspec.field(default_factory=Path.cwd)
    file: Path | None = None
    origins: Mapping[str, str] = msgspec.field(default_factory=dict)
    own: tuple[Rule, ...] = ()
    """The rules of the project itself and of packages."""
    patterns: Mapping[str, tuple[Patterns, ...]] = msgspec.field(default_factory=dict)
    """Where the patterns of a key count from that do not count from `root`; each one of per-file-ignores is a key of its own."""

    @cached_property
    def known(self) -> Known:
        """All rules that can be chosen from: the shipped ones and those of `own`; a run without Keras does not ask."""
        from kerlint.rule import rules

        return {**rules(), **{rule.code: rule for rule in self.own}} if self.own else rules()

    @cached_property
    def authors(self) -> frozenset[str]:
        """What the codes of all rules begin with: "KER" and the letters of a project's own ones."""
        return frozenset(map(letters, self.known))

    @cached_property
    def excluded(self) -> Matcher:
        """Files and directories that are left out."""
        exclude = self._counted("exclude", self.settings.exclude)
        return either((*exclude, *self._counted("extend-exclude", self.settings.extend_exclude)))

    @cached_property
    def included(self) -> Matcher:
        """The files of a directory that are linted."""
        return either(self._counted("include", self.settings.include))

    def _counted(self, key: str, patterns: tuple[str, ...]) -> tuple[Patterns, ...]:
        return self.patterns.get(key) or (Patterns(str(self.root), patterns),)

    @property
    def baseline(self) -> Path | None:
        """The file with the findings that are not reported."""
        return self.root / self.settings.baseline if self.settings.baseline else None

    @property
    def cache_dir(self) -> Path:
        """The directory of the cache."""
        return self.root / os.path.expanduser(self.settings.cache_dir)

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
        changes = {find(name, self.known).code: table for name, table in tables_of(self.settings)}
        return {code: rule.configured(changes.get(code, {})) for code, rule in self.known.items() if code in codes}

    @cached_property
    def _quiet(self) -> tuple[tuple[Matcher, frozenset[str]], ...]:
        return tuple(
            (
                either(self._counted(f"per-file-ignores.{pattern}", (pattern,))),
                frozenset(code for name in names for code in covered(name, self.known)[1]),
            )
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


def configure(layers: Iterable[Layer], root: Path, file: Path | None = None, packages: bool = False) -> Config:
    """The configuration that layers give, later ones going before earlier ones. Raises MistakeError.

    `packages`: whether the rules that installed packages bring are known to it.
    """
    known = [(layer, typed(layer)) for layer in layers]
    folders = [folder for layer, settings in known for folder in folders_of(layer, settings)]
    rulebook = Config(own=_own(folders, packages, known))
    found = _Merged(root)
    for layer, settings in known:
        checked(layer, settings, lambda: rulebook.known)
        found.add(layer, settings)
    if folders:
        found.table["rules"][FOLDERS] = [shown(folder) for folder in folders]
    settings = msgspec.convert(found.table, Settings) if found.origins else Settings()
    return Config(settings, tuple(found.selections), root, file, found.origins, rulebook.own, found.patterns)


def _own(folders: list[Path], packages: bool, known: Sequence[tuple[Layer, Settings]]) -> tuple[Rule, ...]:
    allowed = [(layer.where("plugins"), settings.plugins) for layer, settings in known if settings.plugins is not None]
    packages = packages and (bool(allowed[-1][1]) if allowed else announced())
    if not folders and not packages:
        return ()
    from kerlint.own_rules import own  # 25 ms that only who has rules of his own pays

    return own(folders, packages, allowed[-1] if allowed else None)


class _Merged(msgspec.Struct):
    """What the layers so far give, for a project whose top is `root`."""

    root: Path
    table: Table = msgspec.field(default_factory=lambda: {"per-file-ignores": Settings().per_file_ignores})
    origins: dict[str, str] = msgspec.field(default_factory=dict)
    selections: list[Selection] = msgspec.field(default_factory=list)
    patterns: dict[str, tuple[Patterns, ...]] = msgspec.field(default_factory=dict)

    def add(self, layer: Layer, settings: Settings) -> None:
        """Put a layer on top."""
        self.selections.append(Selection(settings.select if "select" in layer.table else None, settings.ignore, settings.extend_select))
        for key, value in layer.table.items():
            self.table[key] = self._value(key, value, layer, settings)
            where = layer.where(key) if layer.origin == COMMAND_LINE else layer.origin
            self.origins[key] = f"{self.origins[key]}, {where}" if key in JOINED and key in self.origins else where

    def _value(self, key: str, value: Any, layer: Layer, settings: Settings) -> Any:
        before = self.table.get(key)
        match key:
            case "per-file-ignores":
                self.patterns.update({f"{key}.{pattern}": self._counted((pattern,), layer) for pattern in value})
                return _joined(before, value)
            case "rules":
                return _joined(before, {name: dict(table) for name, table in tables_of(settings)})
            case "exclude" | "include":
                self.patterns[key] = self._counted(value, layer)
            case "extend-exclude":
                self.patterns[key] = (*self.patterns.get(key, ()), *self._counted(value, layer))
                return [*(before or ()), *value]
            case "baseline" | "cache-dir" if value:
                return str(layer.path(value))
            case "src" if layer.base not in (None, self.root):
                return [os.path.relpath(layer.path(folder), self.root) for folder in value]
        return value

    def _counted(self, patterns: Iterable[str], layer: Layer) -> tuple[Patterns, ...]:
        """Patterns with the directory that they count from: that of the file which says them, as long as the project lies below it.

        A file that several projects share may stand beside them: then what is bound to no directory counts from the project.
        """
        base = layer.base or self.root
        if base == self.root or base in self.root.parents:
            return (Patterns(str(base), tuple(patterns)),)
        bound = [pattern for pattern in patterns if "/" in pattern.removeprefix("**/").rstrip("/")]
        return Patterns(str(base), tuple(bound)), Patterns(str(self.root), tuple(set(patterns) - set(bound)))


def _joined(before: Table | None, after: Table) -> Table:
    joined = dict(before or {})
    for key, value in after.items():
        joined[key] = {**joined.get(key, {}), **value} if isinstance(value, dict) else value
    return joined


# Where it is found


class Configs(msgspec.Struct):
    """The configurations of a run: the nearest file of each directory, below what the command line says.

    `explicit` is a file that counts for all directories; `isolated` leaves all files out.
    """

    above: tuple[Layer, ...] = ()
    explicit: Path | None = None
    isolated: bool = False
    _known: dict[Path, Config] = msgspec.field(default_factory=dict)
    _of_file: dict[Path | None, Config] = msgspec.field(default_factory=dict)

    def known(self) -> Iterable[Config]:
        """The configurations that were asked for."""
        return self._of_file.values()

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
            # Most directories have none, and to look is a tenth of what it costs to try to open it.
            if os.path.exists(os.path.join(folder, name)) and (table := load(folder / name)) is not None:
                return self._from(folder / name, table)
        return self.of(folder.parent) if folder.parent != folder else self._from(None, None)

    def _from(self, file: Path | None, table: Table | None) -> Config:
        if file not in self._of_file:
            # A file given with --config stands anywhere: its patterns are relative to where the command runs, as with ruff.
            root = Path.cwd() if file is None or self.explicit else file.parent
            layers = chain(file, _needed(file) if table is None else table, root) if file is not None else []
            self._of_file[file] = configure((*layers, *self.above), root, file, packages=not self.isolated)
        return self._of_file[file]


def chain(file: Path, table: Table, base: Path, before: tuple[Path, ...] = ()) -> list[Layer]:
    """A file and those that it extends, the farthest first; patterns of the file count from `base`. Raises MistakeError."""
    layer = Layer(_named(file), table, file.absolute().parent, base)
    match table.get("extend"):
        case str(text) if text:
            files = *before, file.resolve()
            other = layer.path(text)
            if other.resolve() in files:
                circle = " extends ".join(map(shown, (*files[files.index(other.resolve()) :], other)))
                raise MistakeError(f"{layer.where('extend')}: it goes in a circle: {circle}")
            try:
                found = _needed(other)
            except MistakeError as error:
                raise MistakeError(f"{layer.where('extend')}: {error}") from error
            return [*chain(other, found, other.parent, files), layer]
        case _:
            return [layer]


def _needed(file: Path) -> Table:
    """What a file sets that somebody names. Raises MistakeError when that is nothing."""
    table = load(file)
    if table is None:
        reason = "it has no [tool.kerlint]" if file.is_file() else "it is no file" if file.exists() else "no such file"
        raise MistakeError(f"{shown(file)}: {reason}")
    return table


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
