"""Landlock and seccomp, the kernel's part of the guard (Linux): nothing is written outside some folders, no network is reached."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls, the same on every architecture that CPython runs on but Alpha (linux/uapi/asm-generic/unistd.h)."""
VERSION_FLAG, PATH_BENEATH = 1, 1
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
REMOVE_AND_MAKE = sum(1 << bit for bit in range(4, 13))
"""Remove directories and files, make devices, directories, files, sockets, pipes and symbolic links (linux/uapi/linux/landlock.h)."""
REFER = 1 << 13
BIND_AND_CONNECT_TCP = 0b11
SOCKETS_AND_SIGNALS = 0b11
"""Scopes: abstract UNIX sockets and signals reach only processes behind the same guard."""
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2
"""Options of prctl (linux/uapi/linux/prctl.h) and the mode of seccomp (linux/uapi/linux/seccomp.h)."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/tty")
"""Files that a write leaves no trace in."""

SOCKET_CALL = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""The architecture as seccomp names it, and the number of `socket` there."""
INTERNET = (2, 10)
"""AF_INET and AF_INET6."""


def restrict(writable: Iterable[Path]) -> bool:
    """Let this thread and all that it starts write only beneath these folders, and connect by no TCP. False: the kernel has no Landlock.

    Threads that run already are not restricted.
    """
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(VERSION_FLAG))
    if version < 1:
        return False
    writes = WRITE_FILE | REMOVE_AND_MAKE | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    attributes = struct.pack("=QQQ", writes, BIND_AND_CONNECT_TCP if version >= 4 else 0, SOCKETS_AND_SIGNALS if version >= 6 else 0)
    attributes = attributes[: 8 if version < 4 else 16 if version < 6 else 24]
    ruleset = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        rules = [*((folder, writes) for folder in writable), *((Path(file), writes & (WRITE_FILE | TRUNCATE)) for file in DEVICES)]
        allowed = all(_allow(libc, ruleset, path, rights) for path, rights in rules if path.exists())
        return allowed and _no_new_privileges(libc) and libc.syscall(RESTRICT_SELF, ruleset, ctypes.c_uint32(0)) == 0
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> bool:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined,unused-ignore]  # Linux only
    try:
        return bool(libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, place), ctypes.c_uint32(0)) == 0)
    finally:
        os.close(place)


def _no_new_privileges(libc: ctypes.CDLL) -> bool:
    return bool(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0)


def without_internet() -> bool:
    """Refuse every internet socket, which Landlock does for TCP alone. False: not known for this machine."""
    if not sys.platform.startswith("linux") or platform.machine() not in SOCKET_CALL:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    code = ctypes.create_string_buffer(_filter(*SOCKET_CALL[platform.machine()]))
    program = struct.pack("HxxxxxxQ", len(code.raw) // 8, ctypes.addressof(code))
    return _no_new_privileges(libc) and libc.prctl(SECCOMP, FILTER, program, 0, 0) == 0


def _filter(architecture: int, socket: int) -> bytes:
    """The program: `socket` with an internet family fails with EACCES, everything else runs (linux/uapi/linux/filter.h)."""
    load, equal, give = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
    allow, refuse = 0x7FFF0000, 0x00050000 | 13  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EACCES
    steps = [
        (load, 0, 0, 4),  # struct seccomp_data: nr at 0, arch at 4, args at 16
        (equal, 0, 6, architecture),
        (load, 0, 0, 0),
        (equal, 0, 4, socket),
        (load, 0, 0, 16),
        (equal, 1, 0, INTERNET[0]),
        (equal, 0, 1, INTERNET[1]),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
