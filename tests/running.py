"""What tests of the dynamic mode share: scripts run, their events by kind, a folder's content byte for byte."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kerlint.dynamic.events import Event
from kerlint.dynamic.observe import Wanted, observe
from kerlint.dynamic.protocol import Ended, Known, Output, Place, Question
from kerlint.source import read

SCRIPTS = Path(__file__).parent / "dynamic"

Kind = TypeVar("Kind", bound=Event)


@dataclass(frozen=True)
class Seen:
    """The events of a run."""

    events: tuple[Known, ...]

    def all(self, kind: type[Kind]) -> list[Kind]:
        return [event for event in self.events if isinstance(event, kind)]

    def one(self, kind: type[Kind]) -> Kind:
        (event,) = self.all(kind)
        return event

    @property
    def output(self) -> str:
        return self.one(Output).text

    def ended(self) -> bool:
        """Whether the script came to its end; if not, what it printed says why."""
        assert self.all(Ended), self.output
        return True


def run(path: Path, *arguments: str, timeout: float = 300, memory: int = 16 << 30, asked: tuple[Question, ...] = ()) -> Seen:
    """Run a script of the user's, under the limits that a slow machine needs."""
    return Seen(observe(read(path), Wanted(timeout, 1, memory, arguments), asked).events)


def given(folder: Path, name: str) -> Path:
    """A script of the tests in a folder of its own."""
    return Path(shutil.copy(SCRIPTS / name, folder))


def written(folder: Path, text: str, name: str = "train.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything in a folder: mode, time of change, content."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def at(line: int, name: str = "train.py", cell: int | None = None) -> Place:
    return Place(name, line, line, cell)
