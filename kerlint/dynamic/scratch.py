"""A copy of a script's folder that a run may write in: small files copied, large ones linked to, and a home of its own beside it."""

from __future__ import annotations

import os
import shutil
import site
import stat
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SMALL = 8 << 20
"""Bytes of the largest file that is copied; a larger one is linked to, and cannot be written."""
MOST_COPIED = 256 << 20
MOST_ENTRIES = 5000
"""Bytes and entries that are copied in all (the nearest first); folders beyond them are linked to."""
CROWDED = 1000
"""Entries of a folder that is linked to as a whole: a folder of pictures, not one that results are written to."""
LINKED = frozenset({".git", ".hg", ".svn", ".venv", "venv", "env", "node_modules", ".tox", ".nox"})
LEFT_OUT = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".kerlint_cache"})
LEVELS = 2
"""Folders above the script's own whose contents can be read by `../`."""
FEW = 64
"""Entries of such a folder that are all linked to; of more (a home, the folder of temporary files) those that the script names."""


PREFIX = "kerlint-run-"
"""How the folders of runs are called among temporary files."""
LOCK = "lock"
"""The file in such a folder that is locked while its run goes on."""
YOUNG = 60.0
"""Seconds: it may have been made and not been locked yet."""


@contextmanager
def held(top: Path) -> Iterator[None]:
    """While this is open, nobody takes a folder for a left one. The lock ends with the process, however that ends."""
    import fcntl  # which Windows lacks

    with (top / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def sweep(temporary: Path) -> None:
    """Delete what runs have left whose process was killed."""
    import fcntl

    for lock in temporary.glob(f"{PREFIX}*/{LOCK}"):
        try:
            if time.time() - lock.stat().st_mtime < YOUNG:
                continue
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                unlock(lock.parent)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:
            continue  # it goes on, or is another user's


def unlock(folder: Path) -> None:
    """Let what the run has made be deleted although it may have forbidden it."""
    for place, folders, _ in os.walk(folder):
        for name in folders:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)


@dataclass(frozen=True)
class Scratch:
    """The folders of a run, all beneath `top`; `folder` is the copy of the user's folder `origin`."""

    top: Path
    folder: Path
    origin: Path

    def original(self, path: Path) -> Path:
        """The user's own file that a file of the copy stands for; any other path as it is."""
        return self.origin / path.relative_to(self.folder) if path.is_relative_to(self.folder) else path

    def environment(self, given: Mapping[str, str]) -> dict[str, str]:
        """The user's environment, with a home, a temporary folder and a Keras folder that may be written to, and without screen and GPU."""
        home = self.top / "home"
        return {
            **given,
            "HOME": str(home),
            "USERPROFILE": str(home),
            "TMPDIR": str(self.top / "tmp"),
            "KERAS_HOME": str(home / ".keras"),
            "MPLCONFIGDIR": str(home / ".matplotlib"),
            # What pip has installed for the user alone is found through the home that is hidden.
            "PYTHONUSERBASE": site.getuserbase(),
            "PYTHONDONTWRITEBYTECODE": "1",
            "MPLBACKEND": "Agg",
            "CUDA_VISIBLE_DEVICES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": given.get("TF_CPP_MIN_LOG_LEVEL", "2"),
            "HF_HUB_OFFLINE": "1",
            "WANDB_MODE": "disabled",
        }


def make(top: Path, origin: Path, given: Mapping[str, str], text: str = "") -> Scratch:
    """Make the copy of a folder, and what is beside it. `given` is the user's environment, `text` that of the script."""
    top, origin = top.resolve(), origin.resolve()
    (top / "tmp").mkdir()
    _home(top / "home", given)
    above = list(origin.parents)[:LEVELS][::-1]
    at = top / "tree"
    at.mkdir()
    for folder, kept in zip(above, [*above[1:], origin], strict=True):
        entries = [entry for entry in _entries(folder) if entry.name != kept.name and entry.path not in (str(top), str(top.parent))]
        for entry in entries:
            if len(entries) <= FEW or entry.name in text:
                _link(entry.path, at / entry.name)
        at = at / kept.name
        at.mkdir()
    _copy(origin, at)
    return Scratch(top, at, origin)


def _home(home: Path, given: Mapping[str, str]) -> None:
    """A home with the user's settings of Keras, and the datasets, weights and fonts that were found there once."""
    real = Path(given.get("HOME") or Path.home())
    keras, own = Path(given.get("KERAS_HOME") or real / ".keras"), home / ".keras"
    fonts, own_fonts = Path(given.get("MPLCONFIGDIR") or real / ".cache" / "matplotlib"), home / ".matplotlib"
    own.mkdir(parents=True)
    own_fonts.mkdir()
    for settings in (*keras.glob("keras.json"), *keras.glob("kaggle.json")):
        shutil.copy(settings, own)
    for kind in ("datasets", "models"):
        (own / kind).mkdir()
        for entry in _entries(keras / kind):
            _link(entry.path, own / kind / entry.name)
    for list_of_fonts in fonts.glob("fontlist-*.json"):
        shutil.copy(list_of_fonts, own_fonts)


def _copy(source: Path, target: Path) -> None:
    """Copy a folder's contents, nearest first, up to what is worth copying."""
    copied = entries = 0
    waiting = deque([(source, target)])
    while waiting:
        folder, place = waiting.popleft()
        for entry in _entries(folder):
            entries += 1
            match _kind(entry):
                case "folder" if entries < MOST_ENTRIES and entry.name not in LINKED and not _crowded(entry.path):
                    (place / entry.name).mkdir()
                    waiting.append((Path(entry.path), place / entry.name))
                case "file" if entries < MOST_ENTRIES and (size := entry.stat().st_size) <= min(SMALL, MOST_COPIED - copied):
                    copied += size
                    _copy_file(entry.path, place / entry.name)
                case "folder" | "file" | "link":
                    _link(entry.path, place / entry.name)
                case _:
                    continue


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The entries of a folder in order of their names, as far as it can be read."""
    try:
        with os.scandir(folder) as found:
            yield from sorted((entry for entry in found if entry.name not in LEFT_OUT), key=lambda entry: entry.name)
    except OSError:
        return  # the script cannot read it either


def _kind(entry: os.DirEntry[str]) -> str:
    mode = entry.stat(follow_symlinks=False).st_mode
    return "link" if stat.S_ISLNK(mode) else "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else ""


def _crowded(folder: str) -> bool:
    try:
        with os.scandir(folder) as found:
            return sum(1 for _ in found) > CROWDED
    except OSError:
        return True


def _copy_file(source: str, target: Path) -> None:
    try:
        shutil.copy2(source, target)
    except PermissionError:
        _link(source, target)


def _link(source: str, target: Path) -> None:
    os.symlink(os.path.realpath(source) if os.path.islink(source) else source, target)


def folder_of(script: Path, text: str, here: Path) -> Path:
    """The folder that a script is meant to run in: its own, or the one where the user is if more of the files that it names are there."""
    own = script.resolve().parent
    if here == own or not own.is_relative_to(here) or here in (Path.home(), Path(here.anchor)):
        return own
    names = set(_named(text))

    def there(folder: Path) -> int:
        return sum((folder / name).exists() for name in names)

    return here if there(here) > there(own) else own


def _named(text: str) -> Iterator[str]:
    """The strings of a script that may be paths of files."""
    import re

    for match in re.finditer(r"""(['"])([\w./\- ]{1,200})\1""", text):
        if not match[2].startswith("/") and any(sign in match[2] for sign in "./"):
            yield match[2]
