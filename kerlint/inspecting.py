"""`--show-files` and `--show-settings`: what would be linted, why the rest is not, and which settings are in force from where."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from kerlint.config import shown
from kerlint.files import EXCLUDED, Skip
from kerlint.projects import Projects, concerns
from kerlint.run import CLEAN, WRONG, Run
from kerlint.settings import KEYS, attribute

if TYPE_CHECKING:
    from kerlint.config import Config, Configs
    from kerlint.semantics.project import Project

PATHS = ("baseline", "cache-dir")


def files(run: Run, say: Callable[[str], object], complain: Callable[[str], object]) -> int:
    """Every file that is linted, and each that is not with its reason; the exit code says whether all paths are there."""
    projects = Projects()
    for path in run.discovery.files:
        say(f"{path}{_foreign(path, lambda path=path: projects.of(path, run.config_of(path)))}")  # type: ignore[misc]
    for skip in run.discovery.skipped:
        say(f"{skip.path}: skipped, {skip.reason}{_pattern(skip, run)}")
    for trouble in run.discovery.troubles:
        complain(f"{trouble.path}: {trouble.message}")
    return WRONG if run.discovery.troubles else CLEAN


def _foreign(path: Path, project: Callable[[], Project]) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        return f": cannot be read, {(error.strerror or str(error)).lower()}"
    return "" if concerns(path, data, project) else ": skipped, it does not mention Keras or TensorFlow"


def _pattern(skip: Skip, run: Run) -> str:
    """The pattern that has left out a file or directory."""
    if skip.reason != EXCLUDED:
        return ""
    config = run.config_of(skip.path)
    pattern = config.excluded.which(os.path.abspath(skip.path), skip.path.is_dir())
    key = "extend-exclude" if pattern in config.settings.extend_exclude else "exclude"
    return f': "{pattern}" in `{key}` ({config.origins.get(key, "default")})'


def settings(paths: Iterable[Path], configs: Configs) -> Iterator[str]:
    """Every key with its value and where that comes from, for each of the paths."""
    for number, path in enumerate(paths):
        if number:
            yield ""
        place = path.absolute()
        config = configs.of(place if place.is_dir() else place.parent)
        yield f"# settings for {path}"
        yield from _settings(config, None if place.is_dir() else place)


def _settings(config: Config, file: Path | None) -> Iterator[str]:
    yield f"# configuration: {shown(config.file) if config.file else 'none'}, patterns are relative to {config.root}"
    for key in KEYS:
        value = getattr(config.settings, attribute(key))
        value = shown(Path(value)) if key in PATHS and value else value
        yield f"{key} = {json.dumps(value, ensure_ascii=False)}  # {config.origins.get(key, 'default')}"
    active = config.active if file is None else config.rules_of(file)
    yield f"# rules that run: {', '.join(active)}"
    if len(active) < len(config.active):
        yield f"# off in this file by per-file-ignores: {', '.join(code for code in config.active if code not in active)}"
