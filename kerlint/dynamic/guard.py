"""What keeps a run from leaving traces: the kernel's guard where there is one, limits of resources, and an audit hook.

Guarded, not safe against hostile code: who wants out of a Python process gets out of it.
"""

from __future__ import annotations

import errno
import functools
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from kerlint.dynamic import landlock

FILE_SIZE = 1 << 30
"""Bytes of the largest file that a run may write."""
PROCESSES = 1024
"""Processes and threads that a run may have on top of those that its user has already."""
REPORTED = 100
"""Refusals that are told of; a loop may try for ever."""

Refuse = Callable[[str, str], object]
"""Told of a refusal: its kind (network, write, process) and its target."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGED_PATHS = {
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 1,
    "os.rename": 2,
    "os.link": 2,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1,
    "os.setxattr": 1,
    "os.removexattr": 1,
    "os.chflags": 1,
}
"""Audit events that change files, and how many of their arguments are paths (docs.python.org/3/library/audit_events.html)."""
STARTING = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn")
CONNECTING = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
ASKING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")


def raise_guard(writable: Iterable[Path], memory: int, refused: Refuse) -> tuple[str, ...]:
    """Put up every guard that this machine has, for good, and name them."""
    folders = tuple(writable)
    names = []
    if landlock.restrict(folders):
        names.append("landlock")
    if landlock.without_internet():
        names.append("seccomp")
    limit(memory)
    sys.addaudithook(_Hook(folders, refused))
    return (*names, "audit hook")


def limit(memory: int) -> None:
    """Bound memory, processes and sizes of files; a core dump is never written."""
    import resource

    # Data (Linux counts private writable memory), not address space: TensorFlow reserves many times what it uses.
    bounds = [(resource.RLIMIT_DATA, memory), (resource.RLIMIT_FSIZE, FILE_SIZE), (resource.RLIMIT_CORE, 0)]
    if (running := _tasks()) is not None:
        bounds.append((resource.RLIMIT_NPROC, running + PROCESSES))
    for kind, bound in bounds:
        soft, hard = resource.getrlimit(kind)
        least = min([value for value in (bound, soft, hard) if value != resource.RLIM_INFINITY])
        resource.setrlimit(kind, (least, least))


def _tasks() -> int | None:
    """The threads that the user runs now (the limit counts those of all programs), None where there is no /proc."""
    if not sys.platform.startswith("linux"):
        return None
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                status = os.stat(f"/proc/{name}/task")
            except OSError:
                continue  # it has ended
            count += status.st_nlink - 2 if status.st_uid == os.getuid() else 0
    return count


class _Hook:
    """The audit hook: what it raises is what the call raises that was about to do something."""

    def __init__(self, folders: tuple[Path, ...], refused: Refuse) -> None:
        self._roots = tuple(os.path.realpath(folder) for folder in folders)
        self._refused = refused
        self._told: set[tuple[str, str]] = set()
        self._checks: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "open": self._open,
            "os.symlink": lambda arguments: self._write(arguments[1]),
            "os.kill": self._signal,
            "os.killpg": lambda arguments: self._signal((-arguments[0], arguments[1])),
            **{name: functools.partial(self._change, count) for name, count in CHANGED_PATHS.items()},
            **dict.fromkeys(STARTING, self._start),
            **dict.fromkeys(CONNECTING, self._connect),
            **dict.fromkeys(ASKING, self._ask),
        }

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        check = self._checks.get(event)
        if check is not None:
            check(arguments)

    def _refuse(self, kind: str, target: str, why: str) -> None:
        if (kind, target) not in self._told and len(self._told) < REPORTED:
            self._told.add((kind, target))
            self._refused(kind, target)
        raise PermissionError(errno.EACCES, f"kerlint's dynamic mode {why}", target)

    def _inside(self, path: str) -> bool:
        """Whether a path is in a folder that may be written; the path itself may be a link that is about to be replaced."""
        folder, name = os.path.split(os.path.abspath(path))
        place = os.path.join(os.path.realpath(folder), name)
        return any(place == root or place.startswith(root + os.sep) for root in self._roots)

    def _write(self, path: object, follow: bool = False) -> None:
        match path:
            case str() | bytes() | os.PathLike():
                name = os.fsdecode(path)
                place = os.path.realpath(name) if follow else name
                if place not in landlock.DEVICES and not self._inside(place):
                    self._refuse("write", name, "writes only in its scratch copy")
            case _:
                return  # a file descriptor: whatever opened it was asked

    def _open(self, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments
        writing = (flags or 0) & WRITING or any(sign in "wax+" for sign in mode or "")
        if writing:
            self._own(path, keep=not ((flags or 0) & os.O_TRUNC or "w" in (mode or "")))
            self._write(path, follow=True)

    def _own(self, path: object, keep: bool) -> None:
        """A large file of the user's, which the copy only links to, becomes a file of the copy when it is about to be written."""
        match path:
            case str() | os.PathLike() if os.path.islink(path) and self._inside(os.fspath(path)):
                target = os.path.realpath(path)
                os.unlink(path)
                if keep and os.path.isfile(target):
                    shutil.copyfile(target, path)
            case _:
                return

    def _change(self, count: int, arguments: tuple[Any, ...]) -> None:
        for path in arguments[:count]:
            self._write(path)

    def _connect(self, arguments: tuple[Any, ...]) -> None:
        match arguments:
            case (_, str() | bytes() as path):
                self._write(path)  # a UNIX socket is a file
            case (_, (host, *rest)):
                self._refuse("network", ":".join(map(str, (host, *rest[:1]))), "reaches no network")
            case _:
                return  # a datagram over a connected socket, a family of the kernel's own

    def _ask(self, arguments: tuple[Any, ...]) -> None:
        self._refuse("network", str(arguments[0]), "reaches no network")

    def _start(self, arguments: tuple[Any, ...]) -> None:
        self._refuse("process", _command(arguments), "starts no programs")

    def _signal(self, arguments: tuple[Any, ...]) -> None:
        number, sign = arguments[:2]
        group = -number if number < 0 else os.getpgid(number) if number else os.getpgrp()
        if group != os.getpgrp() or number == -1:
            self._refuse("process", f"signal {sign} to {number}", "signals no other programs")


def _command(arguments: tuple[Any, ...]) -> str:
    match arguments:
        case (_, [*words], *_) if words:
            return " ".join(map(str, words))
        case (command, *_):
            return str(command)
        case _:
            return ""
