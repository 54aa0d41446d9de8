"""A user's mistake: one clear sentence, with what was probably meant, and exit code 2."""

from __future__ import annotations

from collections.abc import Iterable


class MistakeError(Exception):
    """Something the user wrote (an option, a key, a path, a rule) that cannot be followed; the message is for the user."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is nearest to a wrong one, or ""."""
    import difflib  # 5 ms that only a mistake pays

    return next(iter(difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.8)), "")


def meant(word: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the nearest known words: `; did you mean "select"?`, or "" when none is near."""
    import difflib  # 5 ms that only a mistake pays

    near = difflib.get_close_matches(word, sorted(known), n=2)
    return f"; did you mean {' or '.join(f'{name!r}' for name in near)}?".replace("'", '"') if near else ""
