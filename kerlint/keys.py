"""What an outcome is kept by: all that it depends on, so that a change of anything leads to another key."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kerlint import __version__
from kerlint.home import HERE, PAGES
from kerlint.outcome import digest
from kerlint.settings import FOLDERS

if TYPE_CHECKING:
    from kerlint.config import Config
    from kerlint.rule import Rule
    from kerlint.semantics.project import Project

ELSEWHERE = (
    *("exclude", "extend-exclude", "include", "respect-gitignore", "force-exclude"),
    *("fail-on", "output-format", "baseline", "cache-dir", "jobs"),
)
"""Settings that say which files are linted or what is made of their findings; all others count."""


class Keys:
    """The keys of a run."""

    def __init__(self) -> None:
        self._tool = _tool()
        self._configs: dict[int, tuple[Config, bytes]] = {}
        self._folders: dict[tuple[str, str, int, int], bytes] = {}

    def of(self, path: str, content: bytes, config: Config, project: Project, real: str) -> bytes:
        """The key of a file with this content (its digest), seen with a configuration and as part of a project.

        `real` is the folder that its imports are looked up from: it is another one than its own when a link leads to it.

        What the file imports is not in it: which files these are is only known afterwards (see `Grounds`).
        """
        folder, name = os.path.split(path)
        known = folder, real, id(config), id(project)
        if known not in self._folders:
            self._folders[known] = self._folder(folder, real, config, project)
        return digest(b"\0".join((self._folders[known], os.fsencode(name), content)))

    def _folder(self, folder: str, real: str, config: Config, project: Project) -> bytes:
        """What the files of a folder have in common."""
        if id(config) not in self._configs:
            self._configs[id(config)] = config, _config(config)
        state = "\0".join((os.path.abspath(folder), real, str(project.root), *map(str, project.keras)))
        return self._tool + self._configs[id(config)][1] + digest(os.fsencode(state))


def _config(config: Config) -> bytes:
    settings = msgspec.to_builtins(config.settings)
    settings["rules"] = [(key, value) for key, value in settings["rules"].items() if key != FOLDERS]  # they are told by what they hold
    kept = [(key, value) for key, value in settings.items() if key not in ELSEWHERE]
    folders = sorted({_whole(rule) for rule in config.own})
    own = [[str(folder), *([name, digest(data).hex()] for name, data in _contents(folder))] for folder in folders]
    if config.own and _changed(config.own):  # since the checks were imported: what they find now is not to be kept
        own.append([os.urandom(16).hex()])
    return digest(msgspec.json.encode([kept, repr(config.layers), os.path.abspath(config.root), own]))


def _changed(rules: Iterable[Rule]) -> bool:
    from kerlint.own_rules import Check, Folder

    folders = {rule.check.folder for rule in rules if isinstance(rule.check, Check)}
    return any(Folder.at(folder.path, folder.package) != folder for folder in folders)


def _whole(rule: Rule) -> Path:
    """The folder of a rule of the user's own; of one that a package brings, the package, whose other modules it may import."""
    folder = rule.page.parent
    while (folder / "__init__.py").exists() and (folder.parent / "__init__.py").exists():
        folder = folder.parent
    return folder


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All files of a folder of a project's own rules: their checks may read what they like there."""
    for path in sorted(folder.rglob("*")):
        if "__pycache__" not in path.parts and path.is_file():
            yield str(path), path.read_bytes()


def _tool() -> bytes:
    """What is different in every other kerlint, Python or LibCST."""
    listed = HERE.parent / f"kerlint-{__version__}.dist-info" / "RECORD"  # it has the digests of all files that were installed
    state = digest(listed.read_bytes()) if listed.is_file() else digest("\n".join(_files()).encode())
    return digest(b"\0".join((state, __version__.encode(), sys.version.encode(), _libcst().encode())))


def _files() -> Iterator[str]:
    """The files of a checkout; a hundredth of the time that reading them takes."""
    waiting = [str(HERE), str(PAGES)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir():
                    if entry.name != "__pycache__":
                        waiting.append(entry.path)
                else:
                    state = entry.stat()
                    yield f"{entry.path} {state.st_size} {state.st_mtime_ns} {state.st_ino}"


def _libcst() -> str:
    """The version of LibCST, without importing it."""
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:  # a zip file, or a folder that is not there
            continue
        found = [name for name in names if name.startswith("libcst-") and name.endswith((".dist-info", ".egg-info"))]
        if found:
            return found[0]
    return ""
