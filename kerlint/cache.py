"""The outcomes of earlier runs, kept in a database that may be lost, damaged or locked at any time without changing what is reported."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from kerlint.outcome import digest

if TYPE_CHECKING:
    from sqlite3 import Connection, DatabaseError

    from kerlint.config import Config

FORMAT = 1
"""To be raised when the table changes; every other change is seen in the keys (see `keys`)."""
MAKER = 0x4B45524C
"""The application_id of the database: KERL."""
NAME = f"outcomes-{FORMAT}.sqlite"
PATIENCE = 3.0
"""Seconds that another run may hold the database; its transactions take milliseconds."""
AT_ONCE = 500
"""Keys in one question; SQLite before 3.32 takes 999 values."""
DAY = 86_400
OLDEST = 30 * DAY
"""Seconds after which what no run has asked for is thrown away, as with ruff."""
LARGEST = 64_000_000
"""Bytes of what is kept; beyond, the half that was not asked for for longest is thrown away."""
SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55\n# kerlint keeps here what it knows of files; see https://bford.info/cachedir/\n"
_PASSING = ("locked", "busy", "readonly", "read-only", "full", "unable to open", "not authorized", "interrupted")
"""What SQLite says when the database is as it should be and only cannot be had now."""

Found = TypeVar("Found")


class ForeignError(Exception):
    """The database was made by something else, or by another version."""


class Cache(msgspec.Struct, frozen=True):
    """The records of a folder by key. No method fails: what cannot be read is not known, what cannot be written is not kept.

    A transaction that was cut short is undone by SQLite when the next run opens the database. What is on the disk is not waited for
    (`synchronous`): a loss of power may damage the file, which each record's digest tells. The journal is the plain one and not a
    write-ahead log, which needs shared memory and would make a reader write.
    """

    folder: Path

    @property
    def file(self) -> Path:
        """The database."""
        return self.folder / NAME

    def records(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """What is kept by these keys."""
        return (self._asked(lambda database: _records(database, iter(keys))) if os.path.exists(self.file) else None) or {}

    def keep(self, records: Mapping[bytes, bytes]) -> None:
        """Keep records by their keys; throw away what is old."""
        if records and _folder(self.folder) and self._asked(lambda database: _keep(database, records)) is None:
            self._asked(lambda database: _keep(database, records))  # it was damaged, and is there afresh

    def _asked(self, question: Callable[[Connection], Found]) -> Found | None:
        """What the database answers; None when it cannot be had. One that is damaged or foreign is removed."""
        try:
            import sqlite3
        except ImportError:  # a Python without it
            return None
        try:
            with closing(sqlite3.connect(self.file, timeout=PATIENCE, isolation_level=None)) as database:
                database.execute("PRAGMA synchronous = OFF")
                return question(database)
        except ForeignError:
            self._remove()
        except sqlite3.DatabaseError as error:
            if not _passes(error):
                self._remove()
        except (OSError, sqlite3.Error):
            return None
        return None

    def _remove(self) -> None:
        for suffix in ("-journal", "-wal", "-shm", ""):
            with suppress(OSError):  # it is not there, or must not be removed: then there is no cache
                os.unlink(f"{self.file}{suffix}")


def cache_of(config: Config) -> Cache:
    """Where a configuration keeps what is known; `cache-dir` is relative to the directory of its file."""
    return Cache(config.cache_dir)


def _passes(error: DatabaseError) -> bool:
    return any(word in str(error) for word in _PASSING)


def _folder(path: Path) -> bool:
    """Make the folder, so that neither git nor backups take it. Whether it is there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not any(path.iterdir()):
            (path / ".gitignore").write_text("# Made by kerlint.\n*\n", encoding="utf-8")
            (path / "CACHEDIR.TAG").write_text(SIGNATURE, encoding="utf-8")
    except OSError:  # a disk that is full or read-only
        return False
    return True


def _made_here(database: Connection) -> bool:
    """Whether the table is there; a new database has none. Raises ForeignError."""
    (maker,), (version,) = database.execute("PRAGMA application_id").fetchone(), database.execute("PRAGMA user_version").fetchone()
    if (maker, version) == (MAKER, FORMAT):
        return True
    if (maker, version) != (0, 0) or database.execute("SELECT 1 FROM sqlite_master").fetchone():
        raise ForeignError
    return False


def _records(database: Connection, keys: Iterator[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    aged: list[bytes] = []
    day_ago = int(time.time()) - DAY
    database.execute("BEGIN")
    if not _made_here(database):
        return found
    while chunk := list(islice(keys, AT_ONCE)):
        marks = ",".join("?" * len(chunk))
        for key, used, record in database.execute(f"SELECT key, used, record FROM outcomes WHERE key IN ({marks})", chunk):
            whole = _opened(key, record)
            if whole is not None:
                found[key] = whole
                if used < day_ago:
                    aged.append(key)
    database.execute("COMMIT")
    if aged:
        database.execute("BEGIN IMMEDIATE")
        database.executemany("UPDATE outcomes SET used = ? WHERE key = ?", [(int(time.time()), key) for key in aged])
        database.execute("COMMIT")
    return found


def _keep(database: Connection, records: Mapping[bytes, bytes]) -> bool:
    now = int(time.time())
    database.execute("BEGIN IMMEDIATE")
    if not _made_here(database):
        database.execute("CREATE TABLE outcomes (key BLOB PRIMARY KEY, used INTEGER NOT NULL, record BLOB NOT NULL) WITHOUT ROWID")
        database.execute(f"PRAGMA application_id = {MAKER}")
        database.execute(f"PRAGMA user_version = {FORMAT}")
    rows = ((key, now, _sealed(key, record)) for key, record in records.items())
    database.executemany("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", rows)
    database.execute("DELETE FROM outcomes WHERE used < ?", (now - OLDEST,))
    if _size(database) > LARGEST:
        half = "SELECT key FROM outcomes ORDER BY used LIMIT (SELECT count(*) / 2 FROM outcomes)"
        database.execute(f"DELETE FROM outcomes WHERE key IN ({half})")
    database.execute("COMMIT")
    return True


def _size(database: Connection) -> int:
    pages, free, size = (database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
    return int((pages - free) * size)


def _sealed(key: bytes, record: bytes) -> bytes:
    return digest(key + record) + record


def _opened(key: object, sealed: object) -> bytes | None:
    """The record that was kept by a key, unless it is damaged."""
    match key, sealed:
        case bytes(), bytes() if digest(key + sealed[16:]) == sealed[:16]:
            return sealed[16:]
        case _:
            return None
