"""Objects that prepare data: scikit-learn's transformers, ImageDataGenerator, text tools, Keras layers called on data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from kerlint.semantics.graph import KerasLayer, KerasModel
from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.call import Call
from kerlint.semantics.provenance.facts import Facts, bounded, narrowed, stepped, written
from kerlint.semantics.provenance.indexing import element_of
from kerlint.semantics.provenance.knowledge import entry, words
from kerlint.semantics.provenance.sources import model
from kerlint.semantics.state import LAYERS
from kerlint.semantics.values import Const, Function, Items, Symbol, Term, Value, python


def maker_of(value: Value | None) -> Term | None:
    """The call that made an object, through its `fit`."""
    for _ in range(8):
        match value:
            case Term(".fit()" | ".partial_fit()" | ".set_output()" | ".adapt()", {"self": inner}) | Term(
                "fitted" | "setattr", {"base": inner}
            ):
                value = inner
            case Term() as term:
                return term
            case _:
                return None
    return None


def transformed(call: Call) -> Facts:
    """`scaler.fit_transform(x)`, `encoder.transform(y)`."""
    maker = maker_of(call.value(0))
    about = entry("transformers", maker.name) if maker is not None else None
    if maker is None or about is None:
        return call.unknown()
    if "steps" in about:
        return _in_turn(call, maker, about)
    return _transform(call, maker, about)


def _transform(call: Call, maker: Term, about: Mapping[str, Any]) -> Facts:
    x = call.data
    effect = str(about["effect"])
    name = f"{maker.name.rpartition('.')[2]}.{call.term.name[1:]}"
    bounds = tuple(about["range"]) if "range" in about else x.bounds if effect == "other" and about.get("keeps") else None
    given = maker.args.get("feature_range")
    if given is not None:
        sides = [call.ask(side).constant for side in given.items] if isinstance(given, Items) else []
        bounds = (sides[0], sides[1]) if len(sides) == 2 and None not in sides else None
    changes: dict[str, Any] = {**bounded(bounds), "columns": None, "members": {}, "dtype": about.get("dtype")}
    match about.get("form"):
        case "category":
            changes["form"] = "integer"
            changes["classes"] = x.classes
        case "columns":
            changes |= _one_hot(x, about)
        case "multi-hot":
            changes |= {"form": "multi-hot", "shape": (x.rows, None)}
        case "words":
            changes |= {"form": "continuous", "shape": (x.rows, _width(call, maker, "max_features", "n_features"))}
        case "components":
            changes |= {"form": "continuous", "shape": (x.rows, _width(call, maker, "n_components")), "scaled": x.scaled or None}
        case _:
            changes |= {"form": "continuous" if effect == "scale" else x.form, "classes": None if effect == "scale" else x.classes}
    if "shape" in changes:
        changes["rows"] = x.rows
    return call.result(effect, name, **changes)


def _one_hot(x: Facts, about: Mapping[str, Any]) -> dict[str, Any]:
    """A column for each category of one column; LabelBinarizer makes one column of two categories."""
    single = x.shape is not None and (len(x.shape) == 1 or x.shape[-1] == 1)
    if about.get("binary"):
        form = None if x.classes is None else "binary" if x.classes == 2 else "one-hot"
        width = None if x.classes is None else 1 if x.classes == 2 else x.classes
        return {"form": form, "classes": x.classes, "shape": (x.rows, width)}
    return {
        "form": "one-hot" if single else None,
        "classes": x.classes if single else None,
        "shape": (x.rows, x.classes if single else None),
    }


def _width(call: Call, maker: Term, *names: str) -> int | None:
    value = next((maker.args[name] for name in names if name in maker.args), maker.args.get("0") if names == ("n_components",) else None)
    number = call.ask(value).constant if value is not None else None
    return int(number) if number is not None and number >= 1 and float(number).is_integer() else None


def _in_turn(call: Call, maker: Term, about: Mapping[str, Any]) -> Facts:
    """A pipeline: each of its steps after the other; a ColumnTransformer prepares some columns, and which is not followed."""
    found = call.data
    steps = list(_transformers(Items(tuple(maker.args.values())), 0))
    if about["steps"] == "some":
        scales = any((entry("transformers", step.name) or {}).get("effect") == "scale" for step in steps)
        changed = call.result("encode", shape=(found.rows, None), rows=found.rows, columns=None, form=None, members={}, **bounded(None))
        return replace(changed, scaled=True if scales else changed.scaled or None)
    for step in steps:
        known = entry("transformers", step.name)
        found = (
            _transform(replace(call, data=found), step, known)
            if known is not None and "steps" not in known
            else replace(call, data=found).unknown()
        )
    return found if steps else call.unknown()


def _transformers(value: Value, depth: int) -> Iterator[Term]:
    match value:
        case Items(items) if depth < 6:
            for member in items:
                yield from _transformers(member, depth + 1)
        case Term() as term if term.name.startswith("sklearn."):
            yield term
        case _:
            return


def undone(call: Call) -> Facts:
    """`scaler.inverse_transform(x)`: back to the values before, which are not followed."""
    return call.result("other", scaled=None, **bounded(None), columns=None, form=None)


def standardized(call: Call) -> Facts:
    """`scipy.stats.zscore(x)`, `keras.utils.normalize(x)`: scaled by figures of its own."""
    name = call.term.name.rpartition(".")[2]
    bounds = call.about.get("ranges", {}).get(name)
    return call.result(**bounded(tuple(bounds) if bounds else None), columns=None, members={}, form=_scaled_form(call.data), classes=None)


def _scaled_form(x: Facts) -> str:
    return "image" if x.form == "image" else "continuous"


def preprocessed(call: Call) -> Facts:
    """`preprocess_input(x)` of an application: in its own way, of which some leave the data as it is."""
    family = call.term.name.split(".")[-2] if call.term.name.count(".") > 1 else ""
    mode = call.text(2, "mode") or _mode(family)
    if mode == "none":
        return call.data
    bounds = {"tf": (-1.0, 1.0)}.get(mode)
    return call.result(
        "scale", f"{family}.preprocess_input()" if family else "", **bounded(bounds), columns=None, form=_scaled_form(call.data)
    )


def _mode(family: str) -> str:
    return next((mode for mode in ("none", "tf") if family in words("preprocess_input", mode)), "other")


def augmented(call: Call) -> Facts:
    """A random change of images that keeps their range and size."""
    return call.result(columns=None)


def tokens(call: Call) -> Facts:
    """`tokenizer.texts_to_sequences(texts)`: lists of word numbers."""
    maker = maker_of(call.value(0)) if "self" in call.term.args else None
    limit = call.ask(maker.arg(0, "num_words")).constant if maker is not None and maker.arg(0, "num_words") is not None else None
    high = None if not limit else limit - 1
    rows = call.data.rows
    return call.with_origin("text").result(
        "text", shape=(rows,), rows=rows, low=0 if high else None, high=high, columns=None, form="tokens", dtype="object", members={}
    )


def word_matrix(call: Call) -> Facts:
    """`tokenizer.texts_to_matrix(texts, mode)`: a row of marks or counts for each text."""
    maker = maker_of(call.value(0))
    width = call.ask(maker.arg(0, "num_words")).constant if maker is not None and maker.arg(0, "num_words") is not None else None
    binary = call.text(2, "mode", default="binary") == "binary"
    changes: dict[str, Any] = {"form": "multi-hot" if binary else "continuous", **bounded((0, 1) if binary else None)}
    return call.result(
        "encode",
        shape=(call.data.rows, int(width) if width else None),
        rows=call.data.rows,
        columns=None,
        dtype="float64",
        members={},
        **changes,
    )


def pixels(call: Call) -> Facts:
    """`ImageDataGenerator(...).flow_from_directory(folder)`: batches of images with labels from the names of the folders."""
    sides = call.dims(call.term.args["target_size"]) if "target_size" in call.term.args else (256, 256)
    channels = {"rgb": 3, "grayscale": 1, "rgba": 4}.get(call.text(99, "color_mode", default="rgb") or "")
    batch = call.count(99, "batch_size", default=32)
    shape: Shape | None = None if sides is None or len(sides) != 2 else (None, *sides, channels)
    x = call.origin("directory", shape=shape, low=0, high=255, form="image", dtype="float32", yields="batches", batch=batch)
    table = "dataframe" in call.term.name
    classes = call.term.args.get("classes")
    count = len(classes.items) if isinstance(classes, Items) else None
    mode = call.text(99, "class_mode", default="categorical")
    unlabelled = isinstance(call.term.args.get("class_mode"), Const) and mode is None
    subset = {"training": "train", "validation": "test"}.get(call.text(99, "subset") or "")
    if mode == "input":
        x = _generated(call, x)
        return replace(x, labels=replace(x, labels=None), split=subset)
    made = replace(_generated(call, x), split=subset)
    return made if unlabelled else replace(made, labels=_labels(replace(x, split=subset), mode, count, table))


def _labels(x: Facts, mode: str | None, classes: int | None, table: bool) -> Facts:
    form = {"sparse": "integer", "binary": "binary", "categorical": "one-hot", "raw": None, "multi_output": None}.get(mode or "")
    shape: Shape | None = {"integer": (None,), "binary": (None,), "one-hot": (None, classes)}.get(form or "")
    bounds = (0, 1) if form in ("binary", "one-hot") else None
    count = 2 if form == "binary" else classes
    made = replace(
        x, shape=shape, **bounded(bounds), form=form, classes=count, dtype="float32", labels=None, resolved=form is not None or table
    )
    return narrowed(made, "y")


def flow(call: Call) -> Facts:
    """`ImageDataGenerator(...).flow(x, y, batch_size)`: batches of arrays."""
    x = call.facts(1, "x")
    y = call.value(2, "y")
    batch = call.count(3, "batch_size", default=32)
    if set(x.members) == {0, 1} and y is None:
        x, marked = x.members[0], x.members[1]
    else:
        marked = call.ask(y) if y is not None else None  # type: ignore[assignment]

    def stream(found: Facts) -> Facts:
        return replace(found, shape=None if found.shape is None else (None, *found.shape[1:]), yields="batches", batch=batch, columns=None)

    made = _generated(call, stream(x))
    return made if marked is None else replace(made, labels=replace(stream(marked), labels=None))


SCALING = ("featurewise_std_normalization", "samplewise_std_normalization")
CENTERING = ("featurewise_center", "samplewise_center")
AUGMENTING = (
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "brightness_range",
)
FLIPPING = ("horizontal_flip", "vertical_flip", "zca_whitening")


def _generated(call: Call, x: Facts) -> Facts:
    """Images after what the ImageDataGenerator was told to do with them."""
    maker = maker_of(call.value(0))
    if maker is None or not maker.name.endswith("ImageDataGenerator"):
        return replace(x, resolved=False, scaled=x.scaled or None)
    node = written(maker)
    args = maker.args
    if any(name in args and python(args[name], ...) not in (None, 0, False) for name in (*AUGMENTING, *FLIPPING)):
        x = stepped(x, "augment", "ImageDataGenerator(...)", node)
    if python(args.get("preprocessing_function", Const(None)), ...) is not None:
        x = _through(call, args["preprocessing_function"], x)
    if "rescale" in args and python(args["rescale"]) not in (None, 0):
        factor = call.ask(args["rescale"]).constant
        bounds = None if factor is None or x.bounds is None else (x.bounds[0] * factor, x.bounds[1] * factor)
        scaled = True if factor is None or abs(factor) < 1 else x.scaled
        x = stepped(replace(x, **bounded(bounds), scaled=scaled), "scale", "ImageDataGenerator(rescale=...)", node)
    for names, effect in ((CENTERING, "center"), (SCALING, "scale")):
        if any(name in args and python(args[name]) is not False for name in names):
            scaled = True if effect == "scale" else x.scaled or None
            x = stepped(replace(x, **bounded(None), scaled=scaled), effect, "ImageDataGenerator(...)", node)
    return x


def _through(call: Call, function: Value, x: Facts) -> Facts:
    """Images after a preprocessing function: that of an application, else one that is not followed."""
    match function:
        case Symbol(name) if name.endswith(".preprocess_input"):
            term = Term(name, {"x": Const(None)}, node=function.node)  # where it is handed over, not where it is imported
            return preprocessed(Call(term, x, "scale", {}, call.ask))
        case _:
            name = function.name if isinstance(function, Function) else "a preprocessing function"
            return stepped(replace(x, **bounded(None)), "unknown", name, written(function))


def predicted(call: Call) -> Facts:
    """A layer or model called on data: layers that only prepare data are looked into, the output of a model is new data."""
    maker = call.term.args.get("model")
    layers = list(_layers(maker))
    if not layers or any(entry("layers", layer.cls) is None for layer in layers):
        return _outputs(call) if isinstance(maker, (KerasModel, KerasLayer)) else replace(call, data=call.facts(1, "x")).unknown()
    found = call.facts(1, "x")
    for layer in layers:
        found = _layer(replace(call, data=found), layer)
    return found


def _outputs(call: Call) -> Facts:
    """What a model predicts: as many rows as it read, in the shape of its output."""
    shape, rows = call.dims(call.term.args.get("shape")), call.facts(1, "x").rows
    return replace(model(call), shape=(rows, *shape[1:]), rows=rows) if shape else model(call)


def _layers(maker: Value | None) -> Iterator[KerasLayer]:
    match maker:
        case KerasLayer():
            yield maker
        case KerasModel(kind="sequential"):
            match maker.fields.get(LAYERS):
                case Items(items):
                    for member in items:
                        if not (isinstance(member, KerasLayer) and member.cls == "keras.layers.InputLayer"):
                            yield from _layers(member) if isinstance(member, KerasLayer) else ()
                case _:
                    return
        case _:
            return


def _layer(call: Call, layer: KerasLayer) -> Facts:
    """One preprocessing layer on data."""
    about = entry("layers", layer.cls) or {}
    x = call.data
    name = f"{layer.cls.rpartition('.')[2]}()"
    match about["does"]:
        case "rescale":
            factor, offset = call.ask(layer.args.get("scale")).constant, call.ask(layer.args.get("offset", Const(0))).constant
            ends = None if factor is None or offset is None or x.bounds is None else sorted(end * factor + offset for end in x.bounds)
            smaller = factor is None or abs(factor) <= 0.5
            return call.result(
                "scale" if smaller else "other",
                name,
                **bounded((ends[0], ends[1]) if ends else None),
                columns=None,
                scaled=True if smaller else x.scaled,
            )
        case "resize":
            sides = call.dims(layer.args.get("height"), layer.args.get("width"))
            shape = None if x.shape is None or sides is None or len(x.shape) < 3 else (*x.shape[:-3], *sides, x.shape[-1])
            return call.result("shape", name, shape=shape, columns=None)
        case "tokens":
            mode = python(layer.args.get("output_mode", Const("int")))
            form = {"int": "tokens", "one_hot": "one-hot", "multi_hot": "multi-hot"}.get(str(mode))
            size = python(layer.args.get("max_tokens") or layer.args.get("num_bins"))
            numbered = (0, size - 1) if form == "tokens" and isinstance(size, int) else None
            return call.result(
                "encode" if form != "tokens" else "text", name, shape=None, form=form, **bounded(numbered), columns=None, dtype=None
            )
        case "scale":
            return call.result("scale", name, **bounded(None), columns=None, form=_scaled_form(x))
        case _:
            return call.result(str(about["does"]), name, columns=None)


def iterated(call: Call) -> Facts:
    """`gen.next()`: one batch."""
    return element_of(call.data)


def word_numbers(call: Call) -> Facts:
    """`keras.preprocessing.text.one_hot(text, n)`: word numbers from 1 to n - 1, in spite of the name."""
    size = call.number(1, "n")
    return call.with_origin("text").result("text", form="tokens", **bounded((1, size - 1) if size else None), shape=(None,), columns=None)
