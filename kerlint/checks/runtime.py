"""Seeds, models and predictions in loops, what is left over from debugging (KER701 to KER703, KER708, KER710)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kerlint.checks import certainty, history, repairs
from kerlint.checks.places import origin_of
from kerlint.finding import Finding, Fix, Related, Severity
from kerlint.semantics.provenance import facts
from kerlint.semantics.values import Choice, Const, Items, Symbol, Term, Unknown, Value, number
from kerlint.semantics.wording import quoted
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.rule import Rule
    from kerlint.semantics.program import Loop, Model, Program, Use
    from kerlint.syntax.nodes import Node

WHOLE = "keras.utils.set_random_seed"
SEEDS = (
    "numpy.random.seed",
    "random.seed",
    "tensorflow.random.set_seed",
    "tensorflow.set_random_seed",
    "tensorflow.compat.v1.set_random_seed",
)
BACKEND_SEEDS = (*SEEDS[2:], WHOLE, "torch.manual_seed", "jax.random.PRNGKey", "jax.random.key")
EAGERLY = ("tensorflow.config.run_functions_eagerly", "tensorflow.config.experimental_run_functions_eagerly")
CLEARING = "keras.backend.clear_session"
PLAIN = frozenset({"verbose", "batch_size"})
"""Arguments of `predict` that say nothing about what it computes."""
SHAPES = (
    "numpy.expand_dims",
    "tensorflow.expand_dims",
    "keras.ops.expand_dims",
    "numpy.reshape",
    "tensorflow.reshape",
    "keras.ops.reshape",
)
COUNTER = "a running number"
"""How the counter of a loop of unknown length is unknown."""
MOST_PARTS = 500
"""Parts of a value that are looked through: the making of a row takes a few dozen."""


# Seeds


def no_seed(program: Program, rule: Rule) -> Iterator[Finding]:
    fit = next((event for event in program.events if event.kind in history.TRAINING and event.entry is None), None)
    if fit is None or program.used(*SEEDS, *BACKEND_SEEDS):
        return
    yield rule.finding(fit.node, fix=_seeded(program, fit.model.node if fit.model is not None else None, rule))


def _seeded(program: Program, model: Node | None, rule: Rule) -> Fix | None:
    found = repairs.reached(program, WHOLE)
    if found is None:
        return None
    spelling, imports = found
    edit = repairs.statement_before(model, f"{spelling}({rule['seed']})")
    return repairs.fix("seed everything", edit, safe=False, imports=imports)


def partial_seed(program: Program, rule: Rule) -> Iterator[Finding]:
    seeds = [use for use in program.used(*SEEDS[:2]) if not use.loops and use.entry is None]
    trained = any(event.kind in history.TRAINING for event in program.events)
    if not seeds or not trained or program.used(*BACKEND_SEEDS) or any(map(_reset, seeds)):
        return
    yield rule.finding(seeds[0].node, fix=_completed(program, seeds), seeded=quoted(seeds[0].node))


def _reset(seed: Use) -> bool:
    """Whether a call makes numbers random again: what was seeded before was one step only."""
    match seed.arg(0, "seed", "a"):
        case None | Const(None):
            return True
        case _:
            return False


def _completed(program: Program, seeds: list[Use]) -> Fix | None:
    """One call that seeds everything, in the place of the first one, where all seeds are the same number."""
    values = {number(seed.arg(0, "seed", "a")) for seed in seeds}
    found = repairs.reached(program, WHOLE)
    if len(values) != 1 or None in values or found is None:
        return None
    spelling, imports = found
    return repairs.fix("seed everything", repairs.replaced(repairs.called(seeds[0].node), spelling), safe=True, imports=imports)


# Loops


def model_in_loop_without_clear_session(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.fits():
        model = event.model
        if model is None or not model.loops or model.node in seen or not _long(model.loops[-1], rule["least_passes"]):
            continue
        if program.used_as(lambda name: name.rpartition(".")[2] in rule["clearing"]):
            return
        seen.add(model.node)
        yield rule.finding(model.node, confidence=certainty.of(model), scope=(event.node,), fix=_cleared(program, model))


def _cleared(program: Program, model: Model) -> Fix | None:
    """What earlier passes left over cleared away before the model is made."""
    found = repairs.reached(program, CLEARING)
    if found is None:
        return None
    first = model.inputs[0].node if model.kind == "functional" and model.inputs else model.node
    edit = repairs.statement_before(first, f"{found[0]}()")
    return repairs.fix("clear away the model before", edit, safe=False, imports=found[1], together=(first, model.node))


def _long(loop: Loop, least: int, unknown: bool = False) -> bool:
    """Whether a loop has many passes: so many that are listed, or those of a `while`; `unknown` says whether other loops count."""
    match loop.iterable:
        case Items(items):
            return len(items) >= least
        case iterable:
            return unknown or iterable is None


def predict_in_loop(program: Program, rule: Rule) -> Iterator[Finding]:
    seen: set[object] = set()
    for event in program.events:
        loops = history.repeats(event) if event.kind == "predict" and event.model is not None else ()
        if not loops or event.node in seen or event.x is None or not _single(event.x) or not _long(loops[-1], rule["least_passes"], True):
            continue
        seen.add(event.node)
        ready = loops[-1].iterable is not None and _member(event.x, loops[-1].iterable) and not _fed_back(event.x)
        yield rule.finding(
            event.node,
            "" if ready else "step",
            severity=None if ready else Severity.info,
            confidence=certainty.of(event, event.model),
            related=(Related(loops[-1].node, "once in each pass"),) if ready else (),
            fix=_called(program, event.node),
            model=event.model.name if event.model is not None and event.model.name else "model",
        )


def _called(program: Program, predict: Node | None) -> Fix | None:
    """The model called by itself, which computes the same without the start; what it gives is made an array, as `predict` does."""
    match predict:
        case syntax.Call(
            func=syntax.Attribute(value=model, attr=syntax.Name(value="predict")), args=[syntax.Arg(keyword=None, star="") as row, *others]
        ):
            known = all(arg.keyword is not None and arg.keyword.value in PLAIN for arg in others)
        case _:
            return None
    call = f"{repairs.code(model)}({repairs.code(row.value)}, training=False)"
    array = repairs.spelled(program, "keras.ops.convert_to_numpy")
    text = f"{array}({call})" if array is not None and array.startswith("keras.") and program.keras[0] >= 3 else f"{call}.numpy()"
    return repairs.fix("call the model", repairs.replaced(predict, text), safe=False) if known else None


def _single(value: Value) -> bool:
    """Whether an array has one row, by its shape or by what was done to it last."""
    found = facts(value)
    if found.rows == 1 or (found.shape and found.shape[0] == 1):
        return True
    match value:
        case Term(name) if name in SHAPES[:3]:
            return number(value.arg(1, "axis")) == 0
        case Term("item", {"key": Const(None) | Symbol("numpy.newaxis" | "tensorflow.newaxis")}):
            return True
        case Term("item", {"key": Items([Const(None) | Symbol("numpy.newaxis" | "tensorflow.newaxis"), *_])}):
            return True
        case Term(name) if name == ".reshape()" or name in SHAPES[3:]:
            match value.arg(0 if value.name == ".reshape()" else 1, "shape", "newshape"):
                case Items([first, *_]) | first:
                    return number(first) == 1
        case _:
            return False


def _member(value: Value, iterable: Value) -> bool:
    """Whether a value is one member of what a loop runs over, or a row that its counter picks, given another shape and nothing else."""
    match value:
        case Term("element", {"of": whole}):
            return any(whole is part for part in _parts(iterable))
        case Term("item", {"key": Unknown(reason)}):
            return reason == COUNTER
        case Term("item", {"key": Term("slice", {"start": Unknown(reason)})}):
            return reason == COUNTER
        case Term("item", {"base": base}) | Term(".reshape()", {"self": base}):
            return _member(base, iterable)
        case Term(name, {"0": base}) if name in SHAPES:
            return _member(base, iterable)
        case _:
            return False


def _fed_back(value: Value) -> bool:
    """Whether a value may hold what the model gave before."""
    for part in _parts(value):
        match part:
            case Choice() | Term("predict" | ".predict()"):
                return True
    return False


def _parts(value: Value) -> Iterator[Value]:
    """A value and all that it is made of, each part once."""
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < MOST_PARTS:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        match part:
            case Term(args=args):
                waiting += args.values()
            case Items(found) | Choice(found):
                waiting += found


# Speed


def run_eagerly_left_on(program: Program, rule: Rule) -> Iterator[Finding]:
    for event in program.events:
        value = event.args.get("run_eagerly") if event.kind == "compile" else None
        match value:
            case Const(True):
                edit = repairs.removed(event.node, repairs.argument(event.node, "run_eagerly"))
                yield rule.finding(
                    value.node,
                    confidence=certainty.of(event, value),
                    related=origin_of(value),
                    scope=(event.node,),
                    fix=repairs.fix("run as a graph", edit, safe=False),
                    call="run_eagerly=True",
                )
    switches = [use for use in program.used(*EAGERLY) if use.entry is None]
    for last in switches[-1:]:
        match last.arg(0, "run_eagerly"):
            case Const(True) as on:
                yield rule.finding(last.node, confidence=certainty.of(on), call=quoted(last.node))
