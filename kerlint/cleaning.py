"""`kerlint clean`: the cache is removed, and nothing that is no cache."""

from __future__ import annotations

import shutil
from pathlib import Path

from kerlint.config import shown
from kerlint.mistake import MistakeError

TAG = "CACHEDIR.TAG"
SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""What a directory of a cache holds (bford.info/cachedir)."""


def clean(folder: Path) -> str:
    """Remove a cache and say so. Raises MistakeError when the directory is something else, or cannot be removed."""
    if not folder.exists():
        return f"{shown(folder)}: no cache"
    try:
        if not folder.is_dir() or not (folder / TAG).read_bytes().startswith(SIGNATURE):
            raise MistakeError(f"{shown(folder)}: is not removed, it is no cache")
        shutil.rmtree(folder)
    except FileNotFoundError as error:
        raise MistakeError(f"{shown(folder)}: is not removed, it is no cache (it has no {TAG})") from error
    except OSError as error:
        raise MistakeError(f"{shown(folder)}: cannot be removed: {(error.strerror or str(error)).lower()}") from error
    return f"{shown(folder)}: removed"
