"""Where data begins: known datasets, files, folders of images, random numbers, filled buffers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import ceil
from typing import Any

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.call import Call, dtype_of, is_float
from kerlint.semantics.provenance.facts import Facts, bounded, labelled, narrowed, source_of, union
from kerlint.semantics.provenance.knowledge import entry
from kerlint.semantics.values import Const, Items, Value, python

SPLITS = ("train", "test")


def _described(call: Call, about: Mapping[str, Any], rows: int | None, name: str = "", part: str = "x") -> Facts:
    """One array of a known dataset: `part` is x or y."""
    columns = tuple((float(low), float(high)) for low, high in about.get("columns", ())) or None
    inner = about.get("shape", [len(columns)] if columns else [])
    bounds = tuple(about["range"]) if "range" in about else union(*columns) if columns else None
    return call.origin(
        "dataset",
        name,
        sources=source_of(call.term, part),
        shape=(rows, *(size or None for size in inner)),
        rows=rows,
        **bounded(bounds),
        columns=columns,
        form=about.get("form"),
        classes=about.get("classes"),
        dtype=about.get("dtype"),
        scaled=about.get("scaled", False),
    )


def dataset(call: Call) -> Facts:
    """`keras.datasets.mnist.load_data()`: ((x, y) to learn from, (x, y) to test with)."""
    about = _variant(call, entry("datasets", call.term.name) or {})
    counts = about["rows"]
    share = call.number(99, "test_split")
    if share is not None and 0 <= share < 1 and "test_split" in about:
        total = sum(counts)
        counts = [int(total * (1 - share)), total - int(total * (1 - share))]
    halves = {}
    if call.value(99, "maxlen") is not None:  # longer texts are left out
        counts = [None, None]
    for place, (split, rows) in enumerate(zip(SPLITS, counts, strict=True)):
        x = replace(_described(call, about["x"], rows), split=split)
        words = call.count(99, "num_words")
        if x.form == "tokens":
            x = replace(x, low=0 if words else None, high=words - 1 if words else None)
        y = replace(_described(call, about["y"], rows, part="y"), split=split)
        halves[place] = replace(x, members={0: x, 1: y}, shape=None)
    return replace(halves[0], members=dict(halves), split=None, rows=None)


def _variant(call: Call, about: Mapping[str, Any]) -> Mapping[str, Any]:
    """The version of a dataset that an argument asks for."""
    for name, versions in about.get("variants", {}).items():
        wanted = call.text(99, name) or call.text(0, name)
        if wanted in versions:
            return {**about, **versions[wanted]}
    return about


def bunch(call: Call) -> Facts:
    """`sklearn.datasets.load_iris()`: an object with data and target, or the pair of them."""
    about = entry("bunches", call.term.name) or {}
    named = call.text(0, "name")
    if "named" in about:
        about = about["named"].get(named or "", {})
    if not about:
        return replace(call.origin("dataset"), resolved=False, scaled=None)
    x = _described(call, about["x"], about["rows"])
    y = _described(call, about["y"], about["rows"], part="y")
    members: dict[Any, Facts] = {0: x, 1: y} if call.flag(99, "return_X_y") else {"data": x, "target": y}
    if "images" in about:
        members["images"] = _described(call, about["images"], about["rows"])
    return replace(x, members=members)


def made(call: Call) -> Facts:
    """`sklearn.datasets.make_moons(100)`: data invented by a rule, x and y."""
    about = entry("makers", call.term.name) or {}
    rows = call.count(0, "n_samples", default=about.get("rows", 100))
    features = call.count(1, "n_features", default=about.get("features", 2)) if about.get("features") else 2
    classes = call.count(99, str(about.get("classes_from")), default=about.get("classes"))
    x = call.origin("dataset", shape=(rows, features), rows=rows, form="continuous", dtype="float64")
    form = about["form"] if classes is None or about["form"] == "continuous" else "binary" if classes == 2 else "integer"
    bounds = None if classes is None else (0, classes - 1)
    y = replace(x, shape=(rows,), form=form, classes=classes, **bounded(bounds), dtype="int64" if classes else "float64")
    return replace(x, members={0: narrowed(x, "x"), 1: narrowed(y, "y")})


def tfds(call: Call) -> Facts:
    """`tensorflow_datasets.load("mnist", split=..., as_supervised=True)`."""
    name = (call.text(0, "name") or "").split(":")[0]
    about = entry("tfds", name) or entry("tfds", name.split("/")[0])
    split = call.value(1, "split")
    whole = _tfds_splits(call, about, name, split)
    info = call.flag(99, "with_info")
    if info is None:
        return replace(whole, resolved=False, members={})
    return replace(whole, members={0: whole, 1: Facts()}) if info else whole


def _tfds_splits(call: Call, about: Mapping[str, Any] | None, name: str, split: Value | None) -> Facts:
    match split:
        case None | Const(None):
            known = about["rows"] if about else {"train": None, "test": None}
            parts = {key: _tfds_part(call, about, name, key) for key in known}
            return replace(next(iter(parts.values())), members=dict(parts), rows=None, split=None, labels=None)
        case Items(items):
            listed = [_tfds_part(call, about, name, python(item)) for item in items]
            return replace(listed[0], members=dict(enumerate(listed)), rows=None, split=None, labels=None) if listed else Facts()
        case _:
            return _tfds_part(call, about, name, python(split))


def _tfds_part(call: Call, about: Mapping[str, Any] | None, name: str, split: Any) -> Facts:
    said = f'tfds.load("{name}")' if name else "tfds.load()"
    half = split.split("[")[0] if isinstance(split, str) else None
    if about is None:
        return replace(call.origin("dataset", said), resolved=False, scaled=None, yields="examples", split=half if half in SPLITS else None)
    rows = _tfds_rows(about["rows"], split)
    x = replace(_described(call, about["x"], rows, said), yields="examples", split=half if half in SPLITS else None)
    labels = _described(call, about["y"], rows, said, "y")
    y = replace(labels, yields="examples", split=x.split)
    size = call.integer(99, "batch_size")
    if size == -1:
        x, y = replace(x, yields=None), replace(y, yields=None)
    elif size is not None:
        x, y = (replace(part, yields="batches", batch=size, shape=(None, *(part.shape or ())[1:])) for part in (x, y))
    if call.flag(99, "as_supervised"):
        return replace(x, labels=y) if size != -1 else replace(x, members={0: x, 1: y})
    return replace(x, members={about.get("key", "image"): x, "label": y}, shape=None)


def _tfds_rows(counts: Mapping[str, int], split: Any) -> int | None:
    """The number of examples of "train", "train[:80%]", "train[1000:]", "train+test"."""
    total = 0
    for part in split.split("+") if isinstance(split, str) else [""]:
        match = re.fullmatch(r"\s*(\w+)\s*(?:\[\s*(-?\d*)(%?)\s*:\s*(-?\d*)(%?)\s*\])?\s*", part)
        if match is None or match[1] not in counts:
            return None
        rows = counts[match[1]]
        start, stop = (_place(match[index], match[index + 1], rows) for index in (2, 4))
        total += len(range(*slice(start, stop).indices(rows)))
    return total


def _place(digits: str | None, percent: str | None, rows: int) -> int | None:
    if not digits or digits == "-":
        return None
    return round(int(digits) * rows / 100) if percent else int(digits)


def image_folder(call: Call) -> Facts:
    """`image_dataset_from_directory(...)`: batches of images of 0..255 with labels from the names of the folders."""
    sides = call.dims(call.value(6, "image_size")) if call.value(6, "image_size") is not None else (256, 256)
    colors = {"rgb": 3, "grayscale": 1, "rgba": 4}.get(call.text(4, "color_mode", default="rgb") or "")
    x = call.origin("directory", low=0, high=255, form="image", dtype="float32")
    return _folder(call, x, None if sides is None or len(sides) != 2 else (*sides, colors))


def text_folder(call: Call) -> Facts:
    """`text_dataset_from_directory(...)`."""
    return _folder(call, call.origin("directory", form="text", dtype="string"), ())


def audio_folder(call: Call) -> Facts:
    """`audio_dataset_from_directory(...)`: waves between -1 and 1."""
    return _folder(call, call.origin("directory", form="continuous", dtype="float32", low=-1, high=1), None)


def _folder(call: Call, x: Facts, inner: Shape | None) -> Facts:
    match call.value(5, "batch_size"):
        case Const(None):
            batch, yields = None, "examples"
        case _:
            batch, yields = call.count(5, "batch_size", default=32), "batches"
    x = replace(x, shape=None if inner is None else (None, *inner), batch=batch, yields=yields)
    subset = call.text(99, "subset")
    names = call.value(3, "class_names")
    classes = len(names.items) if isinstance(names, Items) else None
    labels = call.value(1, "labels")
    mode = call.text(2, "label_mode", default="int")
    if not any(isinstance(given, Const) and given.value is None for given in (labels, call.value(2, "label_mode"))):
        x = replace(x, labels=_folder_labels(x, mode, classes))
    if subset == "both":
        return replace(x, members={0: replace(x, split="train"), 1: replace(x, split="test")})
    return replace(x, split={"training": "train", "validation": "test"}.get(subset or ""))


def _folder_labels(x: Facts, mode: str | None, classes: int | None) -> Facts:
    """The labels that a folder reader makes in a mode of its own."""
    form = {"int": "integer", "sparse": "integer", "binary": "binary", "categorical": "one-hot"}.get(mode or "")
    shape = {"integer": (None,), "binary": (None, 1) if mode == "binary" else None, "one-hot": (None, classes)}.get(form or "")
    bounds = (0, 1) if form in ("binary", "one-hot") else None
    count = 2 if form == "binary" else classes
    made = replace(x, shape=shape, **bounded(bounds), form=form, classes=count, columns=None, dtype=None, labels=None, members={})
    return narrowed(made, "y")


def series_windows(call: Call) -> Facts:
    """`timeseries_dataset_from_array(data, targets, sequence_length)`: batches of windows."""
    data, targets = call.facts(0, "data"), call.facts(1, "targets")
    length, batch = call.count(2, "sequence_length"), call.count(5, "batch_size", default=128)
    inner = data.shape[1:] if data.shape is not None else None
    rows = None
    x = call.result(
        "batch", shape=None if inner is None else (None, length, *inner), rows=rows, columns=None, yields="batches", batch=batch
    )
    if isinstance(call.value(1, "targets"), Const) or call.value(1, "targets") is None:
        return x
    y = replace(targets, shape=None if targets.shape is None else (None, *targets.shape[1:]), rows=rows)
    return replace(x, labels=y, resolved=x.resolved and y.resolved)


def table_file(call: Call) -> Facts:
    """`pd.read_csv(...)`, `np.loadtxt(...)`: a table whose columns are not known."""
    dtype = dtype_of(call.term.args.get("dtype"))
    pandas = call.term.name.startswith("pandas.")
    return call.origin("table", shape=(None, None) if pandas else None, dtype=dtype)


def file(call: Call) -> Facts:
    """`np.load(...)` and the like: data of which only its file is known; it may have been prepared before it was saved."""
    return replace(call.origin("file"), resolved=False, scaled=None)


def text_file(call: Call) -> Facts:
    """Text read from a file."""
    return call.origin("text", form="text", dtype="string")


GREY = ("as_gray", "as_grey", "flatten", "mode", "pilmode")
"""Arguments with which `imread` gives one number for a pixel instead of three: skimage, scipy and imageio."""


def image_file(call: Call) -> Facts:
    """An image of 0..255 read from a file, or decoded."""
    about = call.about
    shape: Shape | None = (None, None, about.get("channels") or None)
    channels = call.count(1, "channels") if "decoded" in about else None
    if channels:
        shape = (None, None, channels)
    if call.term.name == "cv2.imread" and call.value(1, "flags") is not None:
        shape = (None, None) if call.integer(1, "flags") == 0 or "GRAYSCALE" in str(getattr(call.value(1, "flags"), "name", "")) else None
    if any(call.value(99, name) is not None for name in GREY):  # what it is set to need not be known
        shape = None
    size = call.value(2, "target_size")
    if "sized" in about and size is not None:
        sides = call.dims(size)
        gray = call.text(99, "color_mode") == "grayscale" or call.flag(1, "grayscale")
        shape = (*sides, 1 if gray else 3) if sides is not None and len(sides) == 2 else None
    return call.origin("images", shape=shape, low=0, high=255, form="image", dtype="uint8")


def image_of_unknown_range(call: Call) -> Facts:
    """`plt.imread(...)`: 0..1 for PNG, 0..255 for other files."""
    return replace(call.origin("images", form="image"), scaled=None)


def model(call: Call) -> Facts:
    """What another model made of data."""
    x = call.facts(1, "x")
    made_by = call.origin("model", "the output of another model", rows=x.rows)
    return replace(made_by, resolved=False, scaled=None, split=x.split, sources=made_by.sources | x.sources)


def random(call: Call) -> Facts:
    """Numbers from a random number generator; the table gives its parameters in order."""
    given = _bound(call, _signature(call).split())
    shape = _size(call, given)
    if "cov" in given and shape is not None:
        shape = (*shape, call.ask(given.get("mean")).rows)
    low = _parameter(call, given, "low", "minval")
    high = _parameter(call, given, "high", "maxval")
    whole = call.about.get("whole", False) or (dtype_of(call.term.args.get("dtype")) or "").startswith(("int", "uint"))
    if whole and high is None and "high" in given and given["high"] is None:
        low, high = 0, low
    bounds: tuple[float, float] | None = (low, high - 1 if whole else high) if low is not None and high is not None else None
    if "range" in call.about:
        bounds = tuple(call.about["range"])
    flat = shape is not None and (len(shape) <= 1 or shape[-1] == 1)
    form: str | None = labelled(whole, bounds)
    if whole and not flat:
        form = "multi-hot" if form == "binary" and shape is not None else None
    pool = call.facts(0, "a") if "pool" in call.about else None
    if pool is not None:
        bounds, form = (pool.bounds, pool.form) if pool.shape != () else ((0, (pool.high or 1) - 1) if pool.high else None, "integer")
        form = labelled(True, bounds) if form == "integer" else form
    classes = int(bounds[1]) + 1 if form in ("integer", "binary") and bounds is not None and bounds[0] >= 0 else None
    return call.origin(
        "random",
        shape=shape,
        rows=shape[0] if shape else None,
        **bounded(bounds),
        form=form,
        classes=classes,
        dtype=dtype_of(call.term.args.get("dtype")) or ("int64" if whole else None),
        random=True,
    )


def _bound(call: Call, signature: list[str]) -> dict[str, Value | None]:
    """The parameters of a signature ("low=0 high=1 size") by name; those not given are None."""
    values = call.positional()
    given: dict[str, Value | None] = {}
    for place, word in enumerate(signature):
        name, _, _ = word.partition("=")
        if name.startswith("*"):
            given[name] = Items(tuple(values), "tuple")
            continue
        given[name] = call.term.args.get(name, values[place] if place < len(values) else None)
    return given


def _parameter(call: Call, given: Mapping[str, Value | None], *names: str) -> float | None:
    for name in names:
        value = given.get(name)
        if value is not None and not (isinstance(value, Const) and value.value is None):
            return call.ask(value).constant
        if name in given:
            defaults = dict(word.split("=") for word in _signature(call).split() if "=" in word)
            return float(defaults[name]) if name in defaults else None
    return None


def _signature(call: Call) -> str:
    return str(call.about["signature"])


def _size(call: Call, given: Mapping[str, Value | None]) -> Shape | None:
    for name in ("*dims", "size", "shape"):
        if name in given:
            value = given[name]
            return () if value is None else call.dims(value)
    return None


def filled(call: Call) -> Facts:
    """`np.zeros(shape)`, `np.ones(shape)`, `np.full(shape, v)`: a buffer."""
    about = call.about
    word = call.term.name.rpartition(".")[2]
    value = {"zeros": 0.0, "ones": 1.0}.get(word.removesuffix("_like"))
    if "full" in word or "fill" in word:
        value = call.number(1, "fill_value", "value")
    like = call.facts(0, "a", "x", "input", "prototype", "other") if word.endswith("_like") else None
    shape = like.shape if like is not None else call.dims(call.value(0, "shape", "dims"))
    flat = shape is not None and (len(shape) < 2 or shape[-1] == 1)
    bounds = None if value is None else (value, value)
    form = labelled(float(value).is_integer(), bounds) if value is not None and flat else None
    dtype = dtype_of(call.term.args.get("dtype")) or about.get("dtype")
    known = {"classes": 2} if form == "binary" else {}
    rows = shape[0] if shape else like.rows if like is not None else None
    return call.origin("filled", shape=shape, rows=rows, **bounded(bounds), form=form, dtype=dtype, **known)


def identity(call: Call) -> Facts:
    """`np.eye(n)`: one-hot rows."""
    size = call.count(0, "N", "n", "num_rows")
    second = None if call.term.name in SQUARE else call.value(1, "M", "num_columns")
    width = call.count(1, "M", "num_columns") if second is not None and python(second, second) is not None else size
    known = {"form": "one-hot", "classes": size} if width == size else {}
    return call.origin("filled", shape=(size, width), rows=size, low=0, high=1, dtype="float64", **known)


SQUARE = ("numpy.identity", "keras.ops.identity", "keras.backend.eye")
"""Identity matrices that have no second size: their next argument is a type."""


def counted(call: Call) -> Facts:
    """`np.arange(start, stop, step)`, `range(n)`."""
    values = call.positional()
    if values and "stop" not in call.term.args and "limit" not in call.term.args and len(values) == 1:
        stop, start, step = call.ask(values[0]).constant, call.number(99, "start", default=0), 1.0
    else:
        stop, start = call.number(1, "stop", "limit"), call.number(0, "start", default=0)
        step = call.number(2, "step", "delta", default=1) or 0.0
    dtype = dtype_of(call.term.args.get("dtype"))
    if start is None or stop is None or not step:
        return call.origin("filled", shape=(None,), form=None, dtype=dtype)
    rows = max(0, ceil((stop - start) / step - 1e-9))
    whole = all(float(number).is_integer() for number in (start, step)) and not is_float(dtype)
    last = start + step * max(0, rows - 1)
    bounds = (min(start, last), max(start, last))
    return call.origin("filled", shape=(rows,), rows=rows, **bounded(bounds), form=labelled(whole, bounds), dtype=dtype)


def spaced(call: Call) -> Facts:
    """`np.linspace(start, stop, num)`."""
    start, stop = call.number(0, "start"), call.number(1, "stop")
    rows = call.count(2, "num", default=50)
    bounds = None if start is None or stop is None else (min(start, stop), max(start, stop))
    if "log" in call.term.name or "geom" in call.term.name:
        bounds = None
    return call.origin("filled", shape=(rows,), rows=rows, **bounded(bounds), form="continuous", dtype="float64")
