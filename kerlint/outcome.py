"""What comes of one file: findings, how much was understood, and what all of it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kerlint.finding import Finding

try:
    from _blake2 import blake2b  # hashlib has it from there, and loads OpenSSL besides: 2 ms
except ImportError:
    from hashlib import blake2b


def digest(data: bytes) -> bytes:
    """What tells one content from another."""
    return blake2b(data, digest_size=16).digest()


class Tally(msgspec.Struct, frozen=True):
    """Models and training calls of some files, and for each training call that was not resolved the first reason."""

    models: int = 0
    fits: int = 0
    unresolved: tuple[str, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.models + other.models, self.fits + other.fits, (*self.unresolved, *other.unresolved))

    def ranked(self) -> list[tuple[str, int]]:
        """The reasons with their counts, the most frequent first."""
        return sorted(Counter(self.unresolved).items(), key=lambda pair: (-pair[1], pair[0]))


class Grounds(msgspec.Struct, frozen=True):
    """What an outcome rests on beside the content of its file: when nothing of this is different, the outcome is the same.

    `asked`: the imports that were looked up (name, leading dots, folder of the importing file) and the files that they led to, "" where
    there was none. `followed`: the files that were followed into, with the digest of what stood in them.
    """

    asked: tuple[tuple[str, int, str, str], ...] = ()
    followed: tuple[tuple[str, bytes], ...] = ()


class Outcome(msgspec.Struct, frozen=True):
    """What came of one file. It holds places, no code: it may leave the process and be kept.

    `failed`: it could not be read, parsed or analysed to its end; `crash` is then the traceback of our own error, if it was one, and
    `mistake` what is wrong with a rule of the user's own.
    """

    path: Path
    content: bytes = b""
    """The digest of what stood in the file, where it was read and looked at to the end."""
    findings: tuple[Finding, ...] = ()
    tally: Tally | None = None
    failed: bool = False
    crash: str = ""
    mistake: str = ""
    files: Mapping[Path, bytes] = msgspec.field(default_factory=dict)
    """The files that findings are in, with the digest of what stood in each: a report that quotes them reads them again."""
    grounds: Grounds = msgspec.field(default_factory=Grounds)
    suppressed: tuple[Finding, ...] = ()
    """What comments switch off, for reports that list it."""
