"""What `fit` iterates over: tf.data pipelines, generators, and the ways to divide data into parts."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import Any

from msgspec.structs import replace

from kerlint.semantics.program import Shape
from kerlint.semantics.provenance.arrays import number
from kerlint.semantics.provenance.call import Call
from kerlint.semantics.provenance.facts import Facts, Origin, source_of, stepped, written
from kerlint.semantics.provenance.indexing import element_of
from kerlint.semantics.provenance.literals import either, grouped
from kerlint.semantics.values import Items, Term, Value


def _every(found: Facts, change: Callable[[Facts], Facts]) -> Facts:
    """The same change on the data, on its labels and on its parts."""
    made = change(found)
    labels = change(found.labels) if found.labels is not None else None
    return replace(made, labels=labels, members={key: _every(part, change) for key, part in found.members.items()})


def slices(call: Call) -> Facts:
    """`Dataset.from_tensor_slices((x, y))`: one example for each row."""
    return _paired(*_structure(call), yields="examples")


def whole(call: Call) -> Facts:
    """`Dataset.from_tensors((x, y))`: everything as one element."""
    found = _paired(*_structure(call), yields="batches")
    return replace(found, batch=found.rows)


def _structure(call: Call) -> tuple[Facts, Value | None]:
    """What a dataset is made of: a tuple is always several tensors here, also one of plain numbers, and never an array."""
    value = call.value(0, "tensors", "tensor")
    match value:
        case Items(items, "tuple"):
            return grouped(enumerate(items), call.ask, value), value
        case _:
            return call.ask(value), value


def _paired(found: Facts, value: Value | None, **changes: Any) -> Facts:
    """(x, y) as x with labels."""
    pair = isinstance(value, Items) and value.kind == "tuple" or not isinstance(value, Items)
    if pair and set(found.members) in ({0, 1}, {0, 1, 2}):
        x, y = found.members[0], found.members[1]
        return replace(x, labels=replace(y, labels=None, **changes), doubt=x.doubt or y.doubt, **changes)
    members = {key: replace(part, **changes) for key, part in found.members.items()}
    return replace(found, members=members, **changes)


def from_generator(call: Call) -> Facts:
    """`Dataset.from_generator(f)`: what the generator yields, if that is known."""
    found = call.ask(call.term.args.get("result")) if "result" in call.term.args else call.data
    if found.origin is None:
        return replace(call.origin("generator"), resolved=False, scaled=None, yields="elements")
    return replace(found, yields="elements", batch=None)


def zipped(call: Call) -> Facts:
    """`Dataset.zip((x, y))`, `zip(x, y)`: x with its labels."""
    values = call.positional() or list(call.term.args.values())
    if len(values) == 1 and isinstance(values[0], Items):
        values = list(values[0].items)
    parts = [call.ask(value) for value in values]
    if len(parts) != 2 or call.term.name.startswith("builtins."):
        members = {place: element_of(part) for place, part in enumerate(parts)}
        first = parts[0] if parts else Facts()
        return replace(first, members=members, yields="elements", shape=None, labels=None)
    x, y = parts
    if x.labels is not None or y.labels is not None:
        return replace(x, members={0: x, 1: y}, labels=None, shape=None, resolved=x.resolved and y.resolved)
    return replace(x, labels=y, resolved=x.resolved and y.resolved)


def batched(call: Call) -> Facts:
    """`ds.batch(n)`."""
    size = call.count(1, "batch_size")

    def change(found: Facts) -> Facts:
        rest: Shape | None = None
        if found.shape is not None:
            rest = found.shape[1:] if found.yields == "examples" else found.shape
            rest = tuple(None for _ in rest) if "padded" in call.term.name else rest
        shape = None if rest is None or found.yields == "elements" else (None, *rest)
        columns = found.columns if found.yields == "examples" else None
        return replace(found, shape=shape, yields="batches", batch=size, columns=columns)

    return stepped(_every(call.data, change), "batch", f"batch({size if size is not None else '…'})", written(call.term))


def unbatched(call: Call) -> Facts:
    """`ds.unbatch()`."""
    return _every(call.data, _unpacked)


def _with_rows(found: Facts) -> Shape | None:
    return None if found.shape is None or not found.shape else (found.rows, *found.shape[1:])


def _unpacked(found: Facts) -> Facts:
    """Rows out of batches; examples that are arrays themselves are taken apart along their first axis."""
    if found.yields == "batches":
        return replace(found, shape=_with_rows(found), yields="examples", batch=None)
    inner = found.shape[1:] if found.yields == "examples" and found.shape is not None else None
    return replace(found, shape=(None, *inner[1:]) if inner else None, rows=None, yields="examples", batch=None, columns=None)


def passed(call: Call) -> Facts:
    """`ds.cache()`, `ds.prefetch()`: the same elements."""
    return call.data


def shuffled(call: Call) -> Facts:
    """`ds.shuffle(n)`: the same elements in another order."""
    return call.result()


def repeated(call: Call) -> Facts:
    """`ds.repeat(n)`."""
    times = call.integer(1, "count", default=1)
    if times is None or times < 1:
        return call.data
    return _every(call.data, lambda found: _rows(found, None if found.rows is None else found.rows * times))


def _rows(found: Facts, rows: int | None) -> Facts:
    """Data with another number of examples."""
    shape = found.shape
    if found.yields == "examples" and shape:
        shape = (rows, *shape[1:])
    return replace(found, rows=rows, shape=shape)


def _elements(found: Facts) -> int | None:
    """How many elements a dataset yields."""
    if found.yields == "batches":
        return ceil(found.rows / found.batch) if found.rows is not None and found.batch else None
    return found.rows if found.yields == "examples" else None


def taken(call: Call) -> Facts:
    """`ds.take(n)`: the first n elements."""
    return _kept(call, lambda total, count: min(total, count) if count >= 0 else total)


def skipped(call: Call) -> Facts:
    """`ds.skip(n)`: the elements after the first n."""
    return _kept(call, lambda total, count: max(0, total - count))


def _kept(call: Call, choose: Callable[[int, int], int]) -> Facts:
    total, count = _elements(call.data), call.integer(1, "count")
    kept = choose(total, count) if total is not None and count is not None else None

    def change(found: Facts) -> Facts:
        rows = kept
        if kept is not None and found.yields == "batches":
            rows = min(found.rows or 0, kept * (found.batch or 0))
        return _rows(found, rows)

    return stepped(_every(call.data, change), "select", f"{call.term.name[1:-2]}()", written(call.term))


def filtered(call: Call) -> Facts:
    """`ds.filter(f)`: fewer elements."""
    return stepped(_every(call.data, lambda found: _rows(found, None)), "select", "filter()", written(call.term))


def mapped(call: Call) -> Facts:
    """`ds.map(f)`: what f makes of an element."""
    source = call.data
    result = call.term.args.get("result")
    if result is None:
        return _opaque(call)
    made = call.ask(result)
    if made.origin is None and not made.members:
        return _opaque(call)
    pair = set(made.members) in ({0, 1}, {0, 1, 2})

    if not pair:
        return replace(_streamed(made, source), labels=None)
    return replace(_streamed(made.members[0], source), labels=_streamed(made.members[1], source))


def _streamed(found: Facts, source: Facts) -> Facts:
    """What is made of one element, as a stream of all elements of the source."""
    shape = found.shape
    if shape is not None and source.yields == "examples":
        shape = (source.rows, *shape)
    members = {key: _streamed(part, source) for key, part in found.members.items()}
    return replace(
        found, shape=shape, rows=source.rows, yields=source.yields or "elements", batch=source.batch, columns=None, members=members
    )


def _opaque(call: Call) -> Facts:
    """Elements after a function that could not be followed."""
    source = call.data
    found = replace(call.unknown(), rows=source.rows, yields=source.yields, batch=source.batch)
    if source.labels is None:
        return found
    kept = Facts(source.labels.origin, source.labels.path, scaled=source.labels.scaled or None, rows=source.rows, yields=source.yields)
    return replace(found, labels=stepped(replace(kept, sources=source.labels.sources), "unknown", "map()", written(call.term)))


def windows(call: Call) -> Facts:
    """`ds.window(size)`: a dataset of small datasets."""
    return _every(call.result("batch"), lambda found: replace(_rows(found, None), yields="windows", batch=None))


def alternated(call: Call) -> Facts:
    """`Dataset.sample_from_datasets([a, b])`: the elements of several datasets in turn."""
    value = call.value(0, "datasets")
    parts = [call.ask(item) for item in value.items] if isinstance(value, Items) else []
    return _every(either(parts), lambda found: _rows(found, None)) if parts else call.unknown()


def flat_mapped(call: Call) -> Facts:
    """`ds.interleave(f)`, `ds.flat_map(f)`: the elements of the datasets that f makes."""
    result = call.term.args.get("result")
    found = call.ask(result) if result is not None else Facts()
    if found.origin is None:
        return _opaque(call)
    if call.data.yields == "windows":
        return _every(found, lambda part: replace(part, rows=None, shape=_batches_as_rows(part), yields="examples", batch=None))
    return _every(found, lambda part: _rows(part, None))


def _batches_as_rows(found: Facts) -> Shape | None:
    """The shape of a dataset whose examples are the batches of another."""
    if found.shape is None or found.yields != "batches":
        return None
    return (None, found.batch, *found.shape[1:])


def appended(call: Call) -> Facts:
    """`ds.concatenate(other)`."""
    other = call.facts(1, "dataset")
    rows = None if call.data.rows is None or other.rows is None else call.data.rows + other.rows
    found = _every(either([call.data, other]), lambda part: _rows(part, rows))
    return replace(found, origin=call.data.origin, path=call.data.path, yields=call.data.yields, doubt=call.data.doubt or other.doubt)


def enumerated(call: Call) -> Facts:
    """`enumerate(x)`: a running number and a member."""
    return replace(call.data, members={0: number(call, None), 1: element_of(call.data)}, yields="elements", labels=None, shape=None)


def counted(call: Call) -> Facts:
    """`Dataset.range(n)`."""
    values = [call.ask(value).constant for value in call.positional()]
    stop = values[-1] if len(values) == 1 else None
    rows = int(stop) if stop is not None else None
    known = {"low": 0, "high": rows - 1} if rows else {}
    return call.origin("filled", shape=(rows,), rows=rows, form="integer", dtype="int64", yields="examples", **known)


def cardinality(call: Call) -> Facts:
    """`ds.cardinality()`."""
    return number(call, _elements(call.data))


def files(call: Call) -> Facts:
    """`TFRecordDataset(...)`: records of which only the file is known."""
    return replace(call.origin("file"), resolved=False, scaled=None, yields="examples")


def lines(call: Call) -> Facts:
    """`TextLineDataset(...)`, `Dataset.list_files(...)`: a text for each element."""
    return call.origin("text", form="text", dtype="string", shape=(None,), yields="examples")


def csv(call: Call) -> Facts:
    """`tf.data.experimental.make_csv_dataset(...)`: batches of columns by name."""
    batch = call.count(1, "batch_size")
    x = call.origin("table", yields="batches", batch=batch)
    labels = call.text(99, "label_name")
    return replace(x, labels=replace(x, sources=source_of(call.term))) if labels else x


def generator(call: Call) -> Facts:
    """A generator function or a keras Sequence: what it yields is a batch."""
    made = call.facts(0, "element")
    pair = set(made.members) in ({0, 1}, {0, 1, 2})
    x = made.members[0] if pair else made
    if x.origin is None:
        x = replace(
            x, origin=Origin("generator", "a generator", written(call.term)), resolved=False, scaled=None, sources=source_of(call.term)
        )
    batch = x.shape[0] if x.shape else None
    x = replace(x, yields="batches", batch=batch, rows=None, labels=None, doubt=x.doubt or made.doubt)
    if not pair:
        return x
    return replace(x, labels=replace(made.members[1], yields="batches", batch=batch, rows=None, labels=None))


def split(call: Call) -> Facts:
    """`train_test_split(x, y, test_size=0.2)`: a part to learn from and one to test with, for each array in turn."""
    members: dict[Any, Facts] = {}
    for place, value in enumerate(call.positional()):
        array = call.ask(value)
        for half, rows in enumerate(_halves(call, array.rows)):
            shape = None if array.shape is None else (rows, *array.shape[1:])
            inner = {
                key: replace(part, rows=rows, shape=None if part.shape is None else (rows, *part.shape[1:]))
                for key, part in array.members.items()
            }
            part = replace(array, rows=rows, shape=shape, split=("train", "test")[half], members=inner)
            members[2 * place + half] = stepped(part, "select", "train_test_split()", written(call.term))
    sources = frozenset().union(*(part.sources for part in members.values())) if members else frozenset()
    first = members.get(0, Facts())
    return Facts(first.origin, first.path, first.resolved, scaled=first.scaled, members=members, sources=sources)


def _halves(call: Call, rows: int | None) -> tuple[int | None, int | None]:
    """Rows of the two parts, as scikit-learn rounds them: the test part up, the training part down."""
    if rows is None or rows < 2:
        return None, None
    test_given, train_given = (call.term.args.get(name) is not None for name in ("test_size", "train_size"))
    test, train = call.number(99, "test_size"), call.number(99, "train_size")
    if (test_given and test is None) or (train_given and train is None):
        return None, None
    if not test_given and not train_given:
        test = 0.25
    held = None if test is None else ceil(test * rows) if test < 1 else int(test)
    learned = None if train is None else floor(train * rows) if train <= 1 and train_given else int(train)
    if held is None:
        return learned, rows - (learned or 0)
    return (rows - held if learned is None else learned), held


def split_dataset(call: Call) -> Facts:
    """`keras.utils.split_dataset(ds, left_size=0.8)`."""
    left = call.number(1, "left_size")
    rows = call.data.rows
    first = None if left is None or rows is None else round(rows * left) if left < 1 else int(left)
    parts = (first, None if first is None or rows is None else rows - first)
    members = {
        place: replace(_every(call.data, lambda found, count=count: _rows(found, count)), split=("train", "test")[place])  # type: ignore[misc]
        for place, count in enumerate(parts)
    }
    return replace(call.data, members=dict(members), rows=None)


def folds(call: Call) -> Facts:
    """`KFold(n).split(x)`: pairs of row numbers, to learn from and to test with; other things with a `split()` are not known."""
    maker = call.term.args.get("self")
    if not (isinstance(maker, Term) and maker.name.startswith("sklearn.")):
        return call.unknown()
    rows = call.facts(1, "X").rows
    count = call.ask(maker.arg(0, "n_splits")).constant if maker.arg(0, "n_splits") is not None else 5
    held = rows // int(count) if rows is not None and count and rows % count == 0 else None
    learned = None if held is None or rows is None else rows - held
    found = Facts(resolved=True, form="integer", dtype="int64", scaled=False)
    members = {place: replace(found, shape=(size,), rows=size) for place, size in enumerate((learned, held))}
    return Facts(resolved=True, members=members, yields="elements")
