"""`--fix`, `--add-noqa` and `--diff`: what has been made of files is written at one stroke, printed, or shown as a difference."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kerlint.fix import Repairs
from kerlint.run import CLEAN, FOUND, WRONG, Run, Wish, check, counted
from kerlint.source import read, written

if TYPE_CHECKING:
    Say = Callable[[str], object]
    Work = Callable[[Run], tuple[Run, Repairs]]
    """What makes of a run another one, with changed files."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def change(run: Run, work: Work, wish: Wish, say: Say, complain: Say, data: Callable[[bytes], object] | None = None) -> int:
    """Change the files of an examined run and report what is left; code of standard input is given to `data` instead of being written."""
    run, repairs = work(run)
    _explain(repairs, wish, complain)
    failed = False
    if data:
        for path in run.discovery.files:
            data(run.contents[path.resolve()])
    else:
        for path in run.discovery.files:
            failed |= not _written(path, repairs, complain)
    code = check(run, replace(wish, fixed=repairs.fixed.total()), say, complain)
    return WRONG if failed else code


def diff(run: Run, work: Work, wish: Wish, say: Say, complain: Say) -> int:
    """Print what would be changed in the files of an examined run; the exit code says whether that is anything."""
    done, repairs = work(run)
    _explain(repairs, wish, complain)
    for path in run.discovery.files if not wish.silent else ():
        for line in _differences(path, repairs):
            say(line)
    if repairs.changed and not wish.silent and not wish.quiet:
        complain(f"would {wish.deed} {counted(repairs.fixed.total(), 'finding')} in {counted(len(repairs.changed), 'file')}")
    if done.exit_code(exit_zero=True):
        return check(done, replace(wish, silent=True), say, complain)
    return FOUND if repairs.changed and not wish.exit_zero else CLEAN


def _explain(repairs: Repairs, wish: Wish, complain: Say) -> None:
    for sentence in repairs.dropped if not wish.silent else ():
        complain(sentence)


def _written(path: Path, repairs: Repairs, complain: Say) -> bool:
    """Write a file if it has changed. Whether that went well."""
    change = repairs.changed.get(path.resolve())
    if change is None:
        return True
    try:
        write(path.resolve(), *change)
    except OSError as error:
        complain(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}")
        return False
    return True


def write(path: Path, before: bytes, after: bytes) -> None:
    """Put new content in the place of a file at one stroke; its mode stays. Raises OSError, also when it has changed meanwhile."""
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "Permission denied")
    if path.read_bytes() != before:
        raise OSError(16, "It has changed in the meantime")
    replaced(path, after)


def replaced(path: Path, content: bytes) -> None:
    """Write a file at one stroke, over what may be there. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if path.exists():
            shutil.copymode(path, name)
        else:
            os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _differences(path: Path, repairs: Repairs) -> Iterator[str]:
    """A unified diff of a file that has changed; for a notebook, of each cell."""
    change = repairs.changed.get(path.resolve())
    if change is None:
        return
    old, new = (read(path, data) for data in change)
    for one, other in zip(old.cells, new.cells, strict=True):
        title = str(path) if one.number is None else f"{path}:cell {one.number}"
        before, after = (_LINE.findall(written(source, cell)) for source, cell in ((old, one), (new, other)))
        for line in unified_diff(before, after, title, title):
            yield line.rstrip("\r\n")
            if not line.endswith(("\n", "\r")):
                yield "\\ No newline at end of file"
