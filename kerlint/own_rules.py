"""The rules that a project or an installed package brings: pages with their checks beside them, in a folder.

Reading them imports the modules of the folder: code that a configuration names or that was installed, never the code that is linted.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec
from msgspec.structs import replace

from kerlint.config import shown
from kerlint.finding import Finding
from kerlint.mistake import MistakeError, meant
from kerlint.packages import GROUP
from kerlint.rule import Rule, parse, rules
from kerlint.selection import letters

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from kerlint.semantics.program import Program

PAGE = re.compile(r"(?P<code>[A-Z]+\d{3})-[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = ("KER", "ALL")
NO_PAGES = ("README.md",)

Allowed = tuple[str, tuple[str, ...]]
"""The packages whose rules may load, and the key that says so."""


class Folder(msgspec.Struct, frozen=True):
    """Where rules stand; `package` is what its modules are imported from, "" where that is the folder's affair alone.

    `stamp` tells one state of its files from another: what is changed is read again.
    """

    path: Path
    package: str
    stamp: str

    @classmethod
    def at(cls, path: Path, package: str = "") -> Folder:
        """A folder as it is now. Raises MistakeError when there is none."""
        if not path.is_dir():
            raise MistakeError(f"{shown(path)}: no such folder of rules")
        files = ((file, file.stat()) for file in sorted(path.iterdir()) if file.suffix in (".md", ".py"))
        state = "\n".join(f"{file} {stat.st_mtime_ns} {stat.st_size}" for file, stat in files)
        return cls(path, package, f"{path}\n{state}")


class Check(msgspec.Struct, frozen=True):
    """A function that looks for a rule, and the folder that it stands in."""

    function: FunctionType
    folder: Folder

    @property
    def place(self) -> str:
        """Where it begins."""
        code = self.function.__code__
        return f"{shown(Path(code.co_filename))}:{code.co_firstlineno}"

    def __reduce__(self) -> tuple[object, ...]:
        """In another process, the same function of the same folder, whose modules are imported there."""
        return _again, (self.folder, self.function.__name__)

    def __call__(self, program: Program, rule: Rule) -> Iterator[Finding]:
        """What it finds. Raises MistakeError naming its place when it fails."""
        try:
            for finding in self.function(program, rule):
                if not isinstance(finding, Finding):
                    raise TypeError(f"it yields no Finding but {finding!r}")
                yield finding
        except Exception as error:  # a mistake of its author, who is to read where
            place = _place(error, self.folder) or self.place
            raise MistakeError(f"{place}: the check of {rule.code} fails: {_said(error)}") from error


def own(folders: Iterable[Path], packages: bool, allowed: Allowed | None = None) -> tuple[Rule, ...]:
    """The rules of installed packages, as far as these are allowed, and of folders. Raises MistakeError."""
    places = dict.fromkeys([*(installed(allowed) if packages else ()), *(Folder.at(path) for path in folders)])
    mine = [rule for folder in places for rule in read(folder)]
    found = dict(rules()) if mine else {}
    for rule in mine:
        for other in found.values():
            for what, word, taken in (("code", rule.code, other.code), ("name", rule.name, other.name)):
                if word == taken:
                    raise MistakeError(f"{shown(rule.page)}: the {what} {word} is used already, by {shown(other.page)}")
        found[rule.code] = rule
    return tuple(mine)


@cache
def read(folder: Folder) -> tuple[Rule, ...]:
    """The rules of a folder, in order of their codes. Raises MistakeError."""
    pages = [_page(path) for path in sorted(folder.path.glob("*.md")) if path.name not in NO_PAGES]
    checks: dict[str, Check] = {}
    for name, check in _checks(folder):
        if name in checks:
            raise MistakeError(f"{check.place}: the check `{name}` is defined already, at {checks[name].place}")
        checks[name] = check
    for page in pages:
        if _function(page) not in checks:
            raise MistakeError(f"{shown(page.page)}: no check: no module beside it has a function `{_function(page)}`")
    for name in sorted(checks.keys() - set(map(_function, pages))):
        named = f"ACME001-{name.replace('_', '-')}.md"
        raise MistakeError(f"{checks[name].place}: the check `{name}` has no page beside it, like {named} (what is no check begins with _)")
    return tuple(replace(page, check=checks[_function(page)]) for page in pages)


def _again(folder: Folder, name: str) -> Check:
    return dict(_checks(folder))[name]


def _function(page: Rule) -> str:
    return page.name.replace("-", "_")


def _page(path: Path) -> Rule:
    match = PAGE.fullmatch(path.stem)
    if match is None:
        raise MistakeError(f"{shown(path)}: a page is named like ACME001-no-tanh.md, a code of capitals and three digits and a name")
    if letters(match["code"]) in RESERVED:
        raise MistakeError(f"{shown(path)}: codes that begin with {letters(match['code'])} are kerlint's own; use other letters")
    try:
        return parse(path)
    except (ValueError, OSError) as error:
        raise MistakeError(f"{shown(path)}: {error}") from error


# Modules


def _checks(folder: Folder) -> Iterator[tuple[str, Check]]:
    """The functions of the modules of a folder by name, but for names that begin with an underscore."""
    package = folder.package or _package(folder)
    for path in sorted(folder.path.glob("*.py")):
        if not path.name.startswith("_"):
            with _explained(folder):
                module = import_module(f"{package}.{path.stem}")
            for name, found in vars(module).items():
                match found:
                    case FunctionType(__module__=module.__name__) if not name.startswith("_"):
                        yield name, Check(found, folder)


def _package(folder: Folder) -> str:
    """A package of the modules of a folder that is on no path of imports; they may import each other relatively."""
    name = f"kerlint_own_rules_{crc32(folder.stamp.encode()):08x}"
    if name not in sys.modules:
        start = folder.path / "__init__.py"
        spec = spec_from_file_location(name, start, submodule_search_locations=[str(folder.path)]) if start.exists() else None
        module = module_from_spec(spec or ModuleSpec(name, None, is_package=True))
        module.__path__ = [str(folder.path)]
        sys.modules[name] = module
        if spec is not None and spec.loader is not None:
            with _explained(folder):
                spec.loader.exec_module(module)
    return name


@contextmanager
def _explained(folder: Folder) -> Iterator[None]:
    """Whatever a module does when it is imported becomes a MistakeError that says where: its author is to read it."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise MistakeError(f"{_place(error, folder) or shown(folder.path)}: cannot be imported: {_said(error)}") from error


def _place(error: BaseException, folder: Folder) -> str:
    """Where in the modules of a folder something went wrong, or ""."""
    match error:
        case SyntaxError(filename=str() as name, lineno=int() as row):
            return f"{shown(Path(name))}:{row}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder.path)]
    return f"{shown(Path(frames[-1].filename))}:{frames[-1].lineno}" if frames else ""


def _said(error: BaseException) -> str:
    text = str(error.msg if isinstance(error, SyntaxError) else error).strip().splitlines()
    return f"{type(error).__name__}{f': {text[0]}' if text else ''}"


# Packages


def installed(allowed: Allowed | None = None) -> Iterator[Folder]:
    """The folders of rules that installed packages announce; only those that are allowed are imported. Raises MistakeError."""
    from importlib.metadata import entry_points

    entries = [(entry, _plain(entry.dist.name) if entry.dist else "?") for entry in entry_points(group=GROUP)]
    if allowed is not None:
        where, names = allowed
        for name in names:
            if _plain(name) not in (package for _, package in entries):
                raise MistakeError(f'{where}: no installed package "{name}" brings rules{meant(name, (package for _, package in entries))}')
        entries = [(entry, package) for entry, package in entries if package in map(_plain, names)]
    for entry, package in entries:
        yield _folder(entry, f"the package {package}, entry point {entry.name} of {GROUP}")


def _plain(name: str) -> str:
    """The name of a package as all its spellings are written (packaging.python.org, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _folder(entry: EntryPoint, where: str) -> Folder:
    try:
        module = import_module(entry.module)
    except (Exception, SystemExit) as error:  # as in `_loaded`
        raise MistakeError(f"{where}: `{entry.module}` cannot be imported: {_said(error)}") from error
    paths = list(getattr(module, "__path__", ()))
    if not paths:
        raise MistakeError(f"{where}: `{entry.module}` is no package, so it has no folder of pages")
    return Folder.at(Path(paths[0]), entry.module)
