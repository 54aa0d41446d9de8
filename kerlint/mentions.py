"""Whether the bytes of a file have to do with Keras: to search them is all that a foreign file costs."""

from __future__ import annotations

WORDS = ("keras", "tensorflow")
FRAGMENT = ("Sequential(", ".compile(")
"""What a piece of a script without its imports (a question, an exercise) has, all of it, when it trains a model."""
_WORDS = tuple(word.encode() for word in WORDS)
_FRAGMENT = tuple(word.encode() for word in FRAGMENT)


def may_mention(data: bytes) -> bool:
    """Whether the bytes of a file hold what code of Keras has."""
    return any(word in data for word in _WORDS) or all(word in data for word in _FRAGMENT)


def mentioned(*texts: str) -> bool:
    """The same of texts that go together."""
    return any(word in text for text in texts for word in WORDS) or all(any(word in text for text in texts) for word in FRAGMENT)


def trains(data: bytes) -> bool:
    """Whether something may be trained in a file."""
    return b".fit" in data or b".train_on_batch(" in data
