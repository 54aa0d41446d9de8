"""Input pipelines of tf.data: the order in which a dataset is shuffled, batched, augmented and cached (KER704 to KER707)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.checks import certainty, history, repairs
from kerlint.checks.places import origin_of, related
from kerlint.finding import Finding, Fix, Related, Severity
from kerlint.semantics.provenance import facts, lineage
from kerlint.semantics.provenance.facts import written
from kerlint.semantics.values import Items, Term, Value, number
from kerlint.semantics.wording import figure

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Event, Program

    Pipeline = tuple[Term, ...]

BATCHES = frozenset({".batch()", ".padded_batch()", ".ragged_batch()"})
REGROUPS = BATCHES | {".unbatch()", ".rebatch()", ".flat_map()", ".interleave()", ".window()", ".apply()"}
"""What takes batches apart or makes new ones of them."""
SPLITS = frozenset({".take()", ".skip()", ".shard()"})
WRAPS = ("enumerate", "tqdm", "trange", "notebook_tqdm", "iter", "track")
"""Ends of the names of functions that hand on the batches of a dataset one by one."""
SLICES = "tensorflow.data.Dataset.from_tensor_slices"


def shuffle_after_batch(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event, calls in _pipelines(program):
        for place, call in enumerate(calls):
            if call.name != ".shuffle()" or written(call) in seen:
                continue
            later, earlier = calls[:place], calls[place + 1 :]
            batch = None if _has(earlier, ".shuffle()") or _regrouped(later) else _batched(earlier)
            variant, size = ("", None) if batch is not None else _narrow(call, later)
            if batch is None and not variant:
                continue
            seen.add(written(call))
            yield rule.finding(
                written(call),
                variant,
                confidence=certainty.of(event, call, call.arg(0, "buffer_size") if variant else None),
                related=(*_at(batch), *_reaches(event)),
                scope=(event.node,),
                fix=None if variant else _swap("shuffle first, then batch", batch, call),
                buffer=figure(number(call.arg(0, "buffer_size")) or 0),
                batch=figure(size or 0),
            )


def _batched(earlier: Pipeline) -> Term | None:
    """The call that makes batches of what is shuffled, if nothing takes them apart again and a batch is more than one example."""
    for call in earlier:
        if call.name in BATCHES:
            return None if number(call.arg(0, "batch_size")) == 1 else call
        if call.name in REGROUPS:
            return None
    return None


def _regrouped(later: Pipeline) -> bool:
    return any(call.name in REGROUPS for call in later)


def _narrow(shuffle: Term, later: Pipeline) -> tuple[str, float | None]:
    """Whether a shuffle looks at fewer examples than a batch has, and that number."""
    buffer = number(shuffle.arg(0, "buffer_size"))
    batch = next((call for call in reversed(later) if call.name in REGROUPS), None)
    size = number(batch.arg(0, "batch_size")) if batch is not None and batch.name in BATCHES else None
    if buffer is None or size is None or not 0 < buffer < size or _has(later, ".shuffle()"):
        return "", None
    rows = facts(shuffle.args["self"]).rows
    return ("", None) if rows is not None and rows <= buffer else ("none" if buffer == 1 else "narrow", size)


def cache_after_random_augmentation(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event, calls in _pipelines(program):
        for place, call in enumerate(calls):
            if call.name != ".cache()" or written(call) in seen or _once(event):
                continue
            earlier = calls[place + 1 :]
            augmented = next((other for other in earlier if other.name == ".map()" and _random(other, rule)), None)
            shuffled = None if _has(calls[:place], ".shuffle()") else _drawn(earlier)
            frozen = augmented or shuffled
            if frozen is None:
                continue
            seen.add(written(call))
            yield rule.finding(
                written(call),
                "" if augmented else "order",
                severity=None if augmented else Severity.info,
                confidence=certainty.of(event, call),
                related=(*_frozen(frozen, bool(augmented)), *_reaches(event)),
                scope=(event.node,),
                fix=_swap("cache first", frozen, call),
            )


def _drawn(earlier: Pipeline) -> Term | None:
    """The shuffle whose order a cache keeps; one that is behind a split keeps that split, which is to be kept."""
    for call in earlier:
        if call.name in SPLITS:
            return None
        if call.name == ".shuffle()":
            return call
    return None


def _random(mapped: Term, rule: Rule) -> bool:
    """Whether a call of `map` changes the examples at random, by what its own function does."""
    before = len(facts(mapped.args.get("self")).path)
    return any(step.name.startswith(tuple(rule["random"])) for step in facts(mapped).path[before:])


def _once(event: Event) -> bool:
    return event.kind == "fit" and (history.hidden(event) or event.number("epochs") == 1 and not history.repeats(event))


def _frozen(call: Term, random: bool) -> tuple[Related, ...]:
    message = "this is drawn in the first epoch and never again" if random else "this order is drawn in the first epoch and never again"
    return _at(call, message)


def missing_prefetch(program: Program, rule: Rule) -> Iterator[Finding]:
    for event, calls in _pipelines(program):
        if event.kind != "fit" or event.x is None or not _has(calls, ".map()") or _has(calls, ".prefetch()") or _has(calls, ".apply()"):
            continue
        yield rule.finding(
            event.x.node,
            confidence=certainty.of(event, event.x),
            related=origin_of(event.x),
            scope=(event.node,),
            fix=repairs.fix(
                "prefetch", repairs.after(event.x.node, ".prefetch(tf.data.AUTOTUNE)"), safe=True, imports=("import tensorflow as tf",)
            ),
        )


def missing_train_shuffle(program: Program, rule: Rule) -> Iterator[Finding]:
    for event, calls in _pipelines(program):
        batch = next((call for call in calls if call.name in BATCHES), None)
        if event.kind != "fit" or event.x is None or batch is None or calls[-1].name != SLICES or _ordered(event, calls, batch, rule):
            continue
        buffer = figure(rule["buffer"]).replace(",", "_")
        yield rule.finding(
            event.x.node,
            confidence=certainty.of(event, event.x, event.args.get("epochs")),
            related=(*_at(batch), *origin_of(event.x)),
            scope=(event.node,),
            fix=repairs.fix("shuffle", repairs.after(repairs.receiver(written(batch)), f".shuffle({buffer})"), safe=False),
            epochs=figure(event.number("epochs") or 0),
        )


def _ordered(event: Event, calls: Pipeline, batch: Term, rule: Rule) -> bool:
    """Whether the order of the examples is drawn somewhere, does not matter, or is not known."""
    few = history.hidden(event) or (event.number("epochs") or 0) < rule["least_epochs"]
    if few or any(call.name not in (SLICES, *rule["steps"]) for call in calls):
        return True
    rows, size = facts(calls[-1]).rows, number(batch.arg(0, "batch_size"))
    if rows is not None and (size is None or rows <= max(size, rule["least_rows"])):
        return True
    makers = (name for part in _parts(calls[-1]) for made in lineage(part) for name in _names(made))
    return any(word in name for name in makers for word in rule["drawn"])


def _names(made: Term) -> tuple[str, ...]:
    match made.args.get("base"):
        case Term(name):
            return made.name, name
        case _:
            return (made.name,)


def _parts(slices: Term) -> tuple[Value, ...]:
    match slices.arg(0, "tensors"):
        case Items(items):
            return items
        case None:
            return ()
        case whole:
            return (whole,)


# Pipelines


def _pipelines(program: Program) -> Iterator[tuple[Event, Pipeline]]:
    """Each training with the calls that made its dataset, the last one first."""
    seen: set[tuple[object, object]] = set()
    for event in program.events:
        sources = [event.x] if event.kind == "fit" else [loop.iterable for loop in event.loops] if event.kind in history.TRAINING else []
        for source in sources:
            calls = tuple(_calls(source))
            if len(calls) > 1 and (event.node, calls[0]) not in seen:
                seen.add((event.node, calls[0]))
                yield event, calls


def _calls(value: Value | None) -> Iterator[Term]:
    while value is not None:
        match value:
            case Term(name, {"0": inner}) if name.rpartition(".")[2] in WRAPS:
                value = inner
            case Term(args={"self": base}):
                yield value
                value = base
            case Term():
                yield value
                return
            case _:
                return


def _has(calls: Pipeline, name: str) -> bool:
    return any(call.name == name for call in calls)


def _at(call: Term | None, message: str = "batches are made here") -> tuple[Related, ...]:
    return () if call is None else related(written(call), message)


def _reaches(event: Event) -> tuple[Related, ...]:
    return related(event.node, "this trains on it")


def _swap(message: str, first: Term | None, second: Term) -> Fix | None:
    """The two calls in the other order, where the second is written right behind the first."""
    if first is None:
        return None
    return repairs.fix(message, *repairs.swapped(written(first), written(second)), safe=False)
