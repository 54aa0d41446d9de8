"""Metrics: what they threshold, and under which names their values come back (KER3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kerlint.checks import certainty, pairing, repairs
from kerlint.checks.places import origin_of, related
from kerlint.finding import Finding, Fix, Related
from kerlint.semantics import catalog
from kerlint.semantics.program import Compile, Event, Program, Use
from kerlint.semantics.values import Const, Function, Items, Symbol, Term, Value, options, text
from kerlint.semantics.wording import words

if TYPE_CHECKING:
    from kerlint.rule import Rule

VALIDATION = "val_"
_READS = frozenset({".__getitem__", ".get"})


def accuracy_threshold_on_logits(program: Program, rule: Rule) -> Iterator[Finding]:
    for pair in pairing.pairs(program):
        if pair.kind != "binary" or not pair.from_logits or pair.activation != "linear" or pair.shares_metrics:
            continue
        for metric in pair.metrics:
            if _at_half(metric, rule):
                yield rule.finding(
                    metric.node,
                    confidence=pair.confidence(metric),
                    related=pair.at_loss(),
                    scope=pair.scope,
                    fix=_at_zero(metric),
                    metric=words(metric).strip("\"'"),
                )


def _at_half(metric: Value, rule: Rule) -> bool:
    """Whether a metric takes its input for probabilities."""
    match metric:
        case Const(str() as name):
            return name.lower() in rule["names"]
        case Term(name, args) if name.rpartition(".")[2] in rule["metrics"]:
            return all(_unset(args.get(setting)) for setting in ("threshold", "thresholds", "from_logits"))
        case _:
            return False


def _unset(value: Value | None) -> bool:
    """Whether a setting is what Keras takes by default: none was written."""
    return value is None or value.node is None


def _at_zero(metric: Value) -> Fix | None:
    match metric:
        case Term("keras.metrics.BinaryAccuracy"):
            return repairs.fix("compare with 0", repairs.added(metric.node, "threshold=0.0"), safe=False)
        case _:
            return None


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A measurement that is asked for by its name, and a run that should have it."""

    key: Value
    event: Event


def metric_key_mismatch(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    for read in _reads(program):
        asked, compiled = text(read.key) or "", read.event.compiled
        names = _names(compiled) if compiled is not None else None
        wanted = asked.removeprefix(VALIDATION)
        if names is None or compiled is None or wanted in names or (id(read.key.node), asked) in seen:
            continue
        alike = next((group for group in rule["spellings"] if wanted in group), ())
        instead = next((name for name in names if name in alike), "")
        if not alike or not instead and (names or not _alone(read.event)):
            continue
        seen.add((id(read.key.node), asked))
        name = (VALIDATION if asked.startswith(VALIDATION) else "") + instead
        literal = repairs.written(read.key)
        yield rule.finding(
            read.key.node,
            "" if instead else "absent",
            confidence=certainty.of(read.event, read.event.model, read.key),
            related=(*origin_of(read.key), *_compiled(compiled)),
            scope=(compiled.node, read.event.node),
            fix=repairs.fix(f"ask for {name}", repairs.replaced(literal, repairs.quoted(name, literal)), safe=True) if instead else None,
            asked=asked,
            name=name,
        )


def _reads(program: Program) -> Iterator[_Read]:
    """What is asked of histories, and what the callbacks of runs watch."""
    fits = [event for event in program.events if event.kind == "fit"]
    for event in fits:
        for callback in event.callbacks or ():
            match callback:
                case Term(name, {"monitor": Const(str()) as monitor}) if name.startswith("keras.callbacks.") and monitor.node is not None:
                    yield _Read(monitor, event)
    last = {(id(event.node), id(event.identity)): event for event in fits}
    for use in program.used(*_READS):
        run = _run_of(use)
        mine = last.get((id(run.node), id(run.args.get("self")))) if run is not None else None
        key = use.arg(0, "key")
        if mine is not None and text(key) is not None and key is not None:
            yield _Read(key, mine)


def _run_of(use: Use) -> Term | None:
    """The run whose history is asked."""
    match use:
        case Use(receiver=Term(".history", {"self": Term(".fit()") as run})):
            return run
        case _:
            return None


def _names(compiled: Compile) -> Collection[str] | None:
    """The names under which a model with one output reports its metrics, when all are known; as Keras has made them since 2.3."""
    metrics = compiled.args.get("metrics")
    if compiled.own or len(compiled.losses) != 1 or not _unset(compiled.args.get("weighted_metrics")):
        return None
    match metrics:
        case None | Const(None):
            return ()
        case Items(items):
            names = [_name(item) for item in items]
            return None if None in names else [name for name in names if name]
        case _:
            return None


def _name(metric: Value) -> str | None:
    match metric:
        case Const(str() as name):
            return name
        case Function(name=name):
            return name
        case Term(name, args) if name.startswith("keras.metrics."):
            return text(args.get("name"))
        case Symbol(name) if name.startswith("keras."):
            default = catalog.defaults(name).get("name")
            return default if isinstance(default, str) else name.rpartition(".")[2] if name.rpartition(".")[2].islower() else None
        case _:
            return None


def _alone(event: Event) -> bool:
    """Whether nothing but Keras writes into the history of a run."""
    return event.callbacks is not None and all(
        isinstance(option, Term) and option.name.startswith("keras.callbacks.")
        for callback in event.callbacks
        for option in options(callback)
    )


def _compiled(compiled: Compile) -> tuple[Related, ...]:
    metrics = compiled.args.get("metrics")
    place = metrics.node if metrics is not None and metrics.node is not None else compiled.node
    return related(place, "the metrics are named here")
