"""Files examined by several processes: each does the files of a folder after each other, and one that dies costs no more than a file.

Forked processes (`method` "fork") come from one that has imported everything; others are started afresh ("spawn") and import it themselves.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from kerlint.config import Configs
from kerlint.engine import prepare
from kerlint.outcome import Outcome
from kerlint.projects import Projects
from kerlint.record import Reader, Writer
from kerlint.sweep import Recorder, Task

SHARES = 8
"""Pieces of work for each process: enough that none waits long for the last one."""
TRIALS = 2
"""Processes that a file may cost before it is given up: the first may have been killed for another reason."""


Done = tuple[Task, Outcome, bytes, bytes]
"""A file with its outcome, the key by which that is kept, and its record."""


class _Worker(msgspec.Struct):
    process: BaseProcess
    line: Connection
    share: list[Task] = msgspec.field(default_factory=list)
    """What it has still to do, the first one being in work."""


class Pool:
    """Some processes, and the work that waits for them."""

    def __init__(self, tasks: Iterable[Task], configs: Configs, jobs: int, method: str, *, keyed: bool) -> None:
        self._keyed = keyed
        self._method = method
        self._context: Any = multiprocessing.get_context(self._method)
        self._configs = replace(configs, _known={}, _of_file={})
        self._waiting = _shares(list(tasks), jobs)
        self._jobs = min(jobs, len(self._waiting))
        self._workers: list[_Worker] = []
        self._deaths: dict[int, int] = {}
        self._read = Reader()

    def outcomes(self) -> Iterator[Done]:
        """Each file with what came of it, as they are done. Whatever happens, no process is left."""
        try:
            with _frozen(self._method == "fork", prepared=self._jobs > 1):
                while self._waiting or any(worker.share for worker in self._workers):
                    self._employ()
                    for line in wait([worker.line for worker in self._workers]):
                        yield from self._heard(next(worker for worker in self._workers if worker.line is line))
        finally:
            for worker in self._workers:
                worker.process.kill()
                worker.process.join()
                worker.line.close()

    def _employ(self) -> None:
        """Give every process something to do, and start those that are missing."""
        for worker in self._workers:
            if not worker.share and self._waiting:
                self._give(worker)
        while self._waiting and len(self._workers) < self._jobs:
            worker = self._started()
            self._workers.append(worker)
            self._give(worker)

    def _give(self, worker: _Worker) -> None:
        worker.share = self._waiting.pop()
        with suppress(OSError):  # it is dead, which is heard next
            worker.line.send([str(task.path) for task in worker.share])

    def _heard(self, worker: _Worker) -> Iterator[Done]:
        """What a process has to say; one that says nothing any more is dead."""
        try:
            key, record = worker.line.recv()
        except (EOFError, OSError):
            yield from self._buried(worker)
            return
        task = worker.share.pop(0)
        yield task, self._read(record, task.path), key, record

    def _buried(self, worker: _Worker) -> Iterator[Done]:
        """Another process does what one has left; the file that it died of is tried once more, alone, and then given up."""
        self._workers.remove(worker)
        worker.line.close()
        worker.process.join()
        if not worker.share:
            return
        task, *rest = worker.share
        if rest:
            self._waiting.append(rest)
        self._deaths[task.number] = self._deaths.get(task.number, 0) + 1
        if self._deaths[task.number] < TRIALS:
            self._waiting.append([task])
        else:
            crash = f"the process that examines it dies ({_cause(worker.process.exitcode)})"
            yield task, Outcome(task.path, failed=True, crash=crash), b"", b""

    def _started(self) -> _Worker:
        here, there = self._context.Pipe()
        inherited = [here, *(worker.line for worker in self._workers)] if self._method == "fork" else []
        process = self._context.Process(target=_work, args=(there, inherited, self._configs, self._keyed), daemon=True)
        with _uninterrupted():
            process.start()
        there.close()
        return _Worker(process, here)


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def _shares(tasks: list[Task], jobs: int) -> list[list[Task]]:
    """The work in pieces, the largest last: files stay beside their neighbours, which import the same ones."""
    most = sum(task.size for task in tasks) / (jobs * SHARES)
    shares: list[list[Task]] = []
    size = 0
    for task in tasks:
        if not shares or size + task.size > most:
            shares.append([])
            size = 0
        shares[-1].append(task)
        size += task.size
    return sorted(shares, key=lambda share: sum(task.size for task in share))


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until a new process has said that it does not listen to it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _frozen(forking: bool, *, prepared: bool) -> Iterator[None]:
    """What was imported is shared by the processes as long as nobody looks through it for garbage."""
    if forking and prepared:
        prepare()
    if forking:
        gc.freeze()
    try:
        yield
    finally:
        if forking:
            gc.unfreeze()


# In the other processes


def _work(line: Connection, inherited: Sequence[Connection], configs: Configs, keyed: bool) -> None:
    """Examine what comes until nobody is at the other end any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for other in inherited:  # or nobody would hear that the process at their other end is gone
        other.close()
    recorded, write = Recorder(configs, Projects(), keyed=keyed), Writer()
    with suppress(EOFError, OSError):
        while paths := line.recv():
            for key, outcome in recorded(map(Path, paths)):
                line.send((key, write(outcome)))
    sys.stdout.flush()  # what rules of the user's own have printed
    os._exit(0)
