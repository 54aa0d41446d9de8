"""Stand-ins for the datasets of `keras.datasets` that are not at hand: true shape, dtype, range and number of rows, all else made up.

Each class has its own look, so that a network can learn something; what real data are like, they do not tell.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from kerlint.dynamic.protocol import StandIn
from kerlint.dynamic.reporting import Reporter

Split = tuple[tuple[Any, Any], tuple[Any, Any]]
LOOKS = 32
"""Different pictures of one class."""
ZIPF = 1.1
"""How fast words become rarer: word n is n ** -1.1 as frequent as the first, about as in English."""
WORDS = {"imdb": 88_584, "reuters": 30_979}
"""Words of the indices that come with the datasets."""


def patch(module: ModuleType, reporter: Reporter) -> None:
    """Let the functions of a module of Keras's datasets give a stand-in where they cannot give the real thing."""
    name = module.__name__.rpartition(".")[2]
    made = vars(module)
    made["load_data"] = _replaced(made["load_data"], _MAKERS[name], f"keras.datasets.{name}", reporter)
    if name in WORDS:
        made["get_word_index"] = _replaced(
            made["get_word_index"], lambda given: _index(WORDS[name]), f"the word index of keras.datasets.{name}", reporter
        )


def _replaced(original: Callable[..., Any], maker: Callable[[dict[str, Any]], Any], name: str, reporter: Reporter) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def load(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        try:
            return original(*args, **kwargs)
        except ValueError:
            raise  # a wrong argument
        except Exception:  # noqa: BLE001 - Keras raises a bare Exception when it cannot download
            reporter.stand_in(StandIn(name, reporter.here(), "it is not in the cache of Keras, and no network is reached"))
            return maker(bound.arguments)

    return load


def _index(words: int) -> dict[str, int]:
    return {f"word{number}": number for number in range(1, words + 1)}


# Pictures


def _pictures(shape: tuple[int, ...], classes: int, rows: tuple[int, int], columns: bool) -> Split:
    """Grey or coloured pictures of 0 to 255: a pattern for each class, shifted and dimmed in several ways."""
    generator = np.random.default_rng(0)
    height, width = shape[:2]
    coarse = generator.random((classes, height // 4, width // 4, *shape[2:])) ** 2
    patterns = coarse.repeat(4, axis=1).repeat(4, axis=2)
    looks: Any = np.empty((classes, LOOKS, *shape), np.uint8)
    for look in range(LOOKS):
        shifted = np.roll(patterns, tuple(generator.integers(-3, 4, 2)), axis=(1, 2))
        noise = generator.random((classes, *shape)) * 60
        looks[:, look] = np.clip(shifted * generator.uniform(140, 255) + noise - 30, 0, 255)
    # So that any batch shows the true range, in pixels that change: a script may divide by their spread.
    looks[:, ::2, 0, 0], looks[:, 1::2, 0, 0], looks[:, ::2, -1, -1], looks[:, 1::2, -1, -1] = 0, 255, 255, 0

    def part(count: int) -> tuple[Any, Any]:
        labels = generator.integers(0, classes, count)
        pictures = looks[labels, generator.integers(0, LOOKS, count)]
        return pictures, labels.reshape(-1, 1) if columns else labels.astype(np.uint8)

    return part(rows[0]), part(rows[1])


def _grey(given: dict[str, Any]) -> Split:
    return _pictures((28, 28), 10, (60_000, 10_000), columns=False)


def _cifar10(given: dict[str, Any]) -> Split:
    (x_train, y_train), (x_test, y_test) = _pictures((32, 32, 3), 10, (50_000, 10_000), columns=True)
    return (x_train, y_train.astype(np.uint8)), (x_test, y_test.astype(np.uint8))


def _cifar100(given: dict[str, Any]) -> Split:
    return _pictures((32, 32, 3), 100 if given["label_mode"] == "fine" else 20, (50_000, 10_000), columns=True)


# Texts


def _texts(given: dict[str, Any], rows: tuple[int, int], classes: int, words: int, length: tuple[float, float]) -> Split:
    """Lists of word numbers; each class likes some words more. `length` are the median and the spread (of its logarithm)."""
    generator = np.random.default_rng(0)
    frequency = np.arange(1, words + 1) ** -ZIPF
    cumulated = np.cumsum(frequency / frequency.sum())
    start, unknown, shift = given["start_char"], given["oov_char"], given["index_from"] or 0
    limit, skipped, longest = given["num_words"], given["skip_top"], given["maxlen"]

    def part(count: int) -> tuple[Any, Any]:
        labels = generator.integers(0, classes, count)
        lengths = np.clip(generator.lognormal(np.log(length[0]), length[1], count), 10, 2500).astype(int)
        if longest:
            lengths = np.minimum(lengths, max(longest - 1, 1))
        found = np.searchsorted(cumulated, generator.random(lengths.sum())) + 1
        liked = generator.random(len(found)) < 0.1
        found[liked] = 20 + np.repeat(labels, lengths)[liked] + classes * generator.integers(0, 20, liked.sum())
        numbers = np.minimum(found, words) + shift
        ends = np.cumsum(lengths)
        keep = (numbers < (limit or words + shift + 1)) & (numbers >= skipped)
        if unknown is not None:
            numbers = np.where(keep, numbers, unknown)
            keep[:] = True
        texts: Any = np.empty(count, object)
        head = [start] if start is not None else []
        for row, (first, last) in enumerate(zip(ends - lengths, ends, strict=True)):
            texts[row] = head + numbers[first:last][keep[first:last]].tolist()
        return texts, labels

    return part(rows[0]), part(rows[1])


def _imdb(given: dict[str, Any]) -> Split:
    return _texts(given, (25_000, 25_000), 2, WORDS["imdb"], (178, 0.65))


def _reuters(given: dict[str, Any]) -> Split:
    test = round(11_228 * given["test_split"])
    return _texts(given, (11_228 - test, test), 46, WORDS["reuters"], (100, 0.8))


# Tables

BOSTON = (
    (0.006, 88.98), (0.0, 100.0), (0.46, 27.74), (0.0, 1.0), (0.385, 0.871), (3.56, 8.78), (2.9, 100.0),
    (1.13, 12.13), (1.0, 24.0), (187.0, 711.0), (12.6, 22.0), (0.32, 396.9), (1.73, 37.97),
)  # fmt: skip
"""Lowest and highest value of each column, as the data's description gives them."""
CALIFORNIA = (
    (-124.35, -114.31), (32.54, 41.95), (1.0, 52.0), (2.0, 39_320.0), (1.0, 6_445.0), (3.0, 35_682.0), (1.0, 6_082.0), (0.5, 15.0),
)  # fmt: skip


def _table(ranges: tuple[tuple[float, float], ...], rows: int, share: float, target: tuple[float, float], dtype: str) -> Split:
    """Columns of the true ranges, and a target that depends on them."""
    generator = np.random.default_rng(0)
    unit = generator.beta(1.5, 3.0, (rows, len(ranges)))
    low, high = np.array(ranges).T
    unit[0], unit[1] = 0.0, 1.0
    score = unit @ generator.normal(size=len(ranges)) + generator.normal(scale=0.1, size=rows)
    score = (score - score.min()) / (score.max() - score.min())
    x, y = (low + unit * (high - low)).astype(dtype), (target[0] + score * (target[1] - target[0])).astype(dtype)
    train = int(rows * (1 - share))
    return (x[:train], y[:train]), (x[train:], y[train:])


def _boston(given: dict[str, Any]) -> Split:
    return _table(BOSTON, 506, given["test_split"], (5.0, 50.0), "float64")


def _california(given: dict[str, Any]) -> Split:
    rows = 600 if given["version"] == "small" else 20_640
    return _table(CALIFORNIA, rows, given["test_split"], (14_999.0, 500_001.0), "float32")


_MAKERS: dict[str, Callable[[dict[str, Any]], Split]] = {
    "mnist": _grey,
    "fashion_mnist": _grey,
    "cifar10": _cifar10,
    "cifar100": _cifar100,
    "imdb": _imdb,
    "reuters": _reuters,
    "boston_housing": _boston,
    "california_housing": _california,
}
