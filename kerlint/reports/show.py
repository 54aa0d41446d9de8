"""What was understood of a file: its models as tables of layers, what is done with them, and everything that stayed unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from kerlint.locating import Ranges
from kerlint.reports import BOLD, CYAN, FAINT, YELLOW, Paint
from kerlint.semantics import provenance
from kerlint.semantics.values import MISSING, Const, Term, Unknown, Value, number, python, text
from kerlint.semantics.wording import dimensions, figure, words
from kerlint.understanding import open_questions

if TYPE_CHECKING:
    from kerlint.engine import Understood
    from kerlint.finding import Range
    from kerlint.semantics.program import Compile, Event, Layer, Model
    from kerlint.syntax.nodes import Node

KINDS = ("fit", "evaluate", "predict", "train_on_batch", "tape")
"""The events that are shown."""
SCHEDULES = "keras.optimizers.schedules."


class Shown(msgspec.Struct, frozen=True, dict=True):
    """One file, as records in the shape of interface.md; a record's `range` is replaced by its line and cell at the end."""

    understood: Understood

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """What is done with models, in order; a call that was followed several times with one outcome is shown once."""
        found: dict[tuple[object, ...], Event] = {}
        for event in self.understood.program.events:
            if event.kind in KINDS:
                found.setdefault((event.node, id(event.identity), event.kind), event)
        return tuple(found.values())

    @cached_property
    def ranges(self) -> Ranges:
        """The places of everything that is shown."""
        return Ranges(self.understood.source, self.understood.parsed, self.understood.followed)

    def place(self, node: Node | None) -> Range | None:
        """Where a node is."""
        return self.ranges.get(node)

    def line(self, node: Node | None) -> dict[str, int | None]:
        """The keys that say where a node is; the cell is None in a script."""
        place = self.place(node)
        return {"line": place.start.row if place else None, "cell": place.cell if place else None}


def records(understood: Understood) -> dict[str, Any]:
    """A file as plain data, for `--output-format json`."""
    shown = Shown(understood)
    program, source = understood.program, understood.source
    index = {id(model.identity): at for at, model in enumerate(program.models)}
    return {
        "filename": str(source.path.absolute()),
        "models": [_model(model, shown) for model in program.models],
        "events": [_event(event, index, shown) for event in shown.events],
        "unknown": [{"reason": unknown.reason, **shown.line(unknown.node)} for unknown in program.unknown],
        "skipped_cells": list(_skipped(understood)),
    }


def _model(model: Model, shown: Shown) -> dict[str, Any]:
    return {
        "name": model.name,
        **shown.line(model.node),
        "kind": model.kind,
        "complete": model.complete,
        "unknown": [reason.reason for reason in model.unknown],
        "layers": [_layer(layer, shown) for layer in model.layers],
        "params": model.params,
    }


def _layer(layer: Layer, shown: Shown) -> dict[str, Any]:
    return {
        "name": layer.name,
        "class": layer.cls,
        **shown.line(layer.node),
        "args": {name: plain(layer.args[name]) for name in layer.args if name in layer.given},
        "output_shape": list(layer.shape) if layer.shape is not None else None,
        "params": layer.params,
    }


def _event(event: Event, index: Mapping[int, int], shown: Shown) -> dict[str, Any]:
    inputs, labels = provenance.inputs_of(event), provenance.labels_of(event)
    reasons = list(dict.fromkeys(question.reason for question in open_questions(event)))
    return {
        "kind": event.kind,
        **shown.line(event.node),
        "model": index.get(id(event.identity)),
        **_compiled(event.compiled),
        "x_source": inputs.origin.name if inputs.origin else None,
        "x_scaled": inputs.scaled,
        "y_form": labels.form,
        "rows": inputs.rows,
        "epochs": event.number("epochs"),
        "batch_size": event.number("batch_size") or inputs.batch,
        "resolved": not reasons,
        "unknown": reasons,
    }


def _compiled(compiled: Compile | None) -> dict[str, Any]:
    if compiled is None:
        return {"optimizer": None, "learning_rate": None, "loss": None, "metrics": []}
    losses = [_called(loss) for loss in compiled.losses]
    metrics = [[_called(metric) for metric in group] for group in compiled.metrics]
    return {
        "optimizer": compiled.optimizer_class.rpartition(".")[2] if compiled.optimizer_class else None,
        "learning_rate": _rate(compiled.learning_rate),
        "loss": losses[0] if len(losses) == 1 else losses,
        "metrics": metrics[0] if len(metrics) == 1 else metrics,
    }


def _rate(rate: Value) -> float | str | None:
    match rate:
        case Term(name) if name.startswith(SCHEDULES):
            return "schedule"
        case _:
            return number(rate)


def _called(value: Value | None) -> str | None:
    match value:
        case None | Const(None) | Unknown():
            return None
        case Term(name):
            return name.rpartition(".")[2]
        case _:
            return text(value) or words(value)


def plain(value: Value) -> Any:
    """A value as JSON can say it: the Python object when it is known, else its words."""
    found = python(value, MISSING)
    if found is MISSING:
        return words(value)
    try:
        json.dumps(found)
    except (TypeError, ValueError):
        return words(value)
    return found


def _skipped(understood: Understood) -> Iterator[dict[str, Any]]:
    broken = {problem.cell: problem.message for problem in understood.parsed.problems}
    for cell in understood.source.cells:
        if cell.number in broken:
            yield {"cell": cell.number, "reason": broken[cell.number]}
        elif cell.skipped:
            yield {"cell": cell.number, "reason": "it is not Python"}


# For people


def report(understood: Understood, paint: Paint) -> Iterator[str]:
    """A file as tables."""
    record = records(understood)
    yield paint(str(understood.source.path), BOLD)
    for at, model in enumerate(record["models"]):
        yield ""
        yield from _table(model, at, paint)
    if record["events"]:
        yield ""
        yield from _events(record, paint)
    notes = [f"{_where(note)}  {note['reason']}" for note in record["unknown"]]
    notes += [f"cell {cell['cell']}  left out: {cell['reason']}" for cell in record["skipped_cells"]]
    if notes:
        yield ""
        yield paint("not known", YELLOW)
        yield from (f"  {note}" for note in notes)


def _where(record: Mapping[str, Any]) -> str:
    cell = f"cell {record['cell']} " if record["cell"] is not None else ""
    return f"{cell}line {record['line']}" if record["line"] else ""


def _title(model: Mapping[str, Any], at: int) -> str:
    return f"`{model['name']}`" if model["name"] else f"model {at + 1}"


def _table(model: Mapping[str, Any], at: int, paint: Paint) -> Iterator[str]:
    count = len(model["layers"])
    parameters = f", {_count(model['params'], 'parameter')}" if model["params"] is not None else ""
    head = f"{_title(model, at)}  {model['kind']}, {_where(model)}: {_count(count, 'layer')}{parameters}"
    yield paint(head, CYAN)
    rows = [
        (
            str(layer["line"] or ""),
            layer["class"].rpartition(".")[2],
            dimensions(layer["output_shape"]) if layer["output_shape"] is not None else "?",
            figure(layer["params"]) if layer["params"] is not None else "?",
            ", ".join(f"{name}={_short(value)}" for name, value in layer["args"].items()),
        )
        for layer in model["layers"]
    ]
    if rows:
        yield from (paint(line, FAINT) if not number else line for number, line in enumerate(_aligned(rows)))
    for reason in model["unknown"]:
        yield paint(f"  not known: {reason}", YELLOW)


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    table = [("line", "layer", "output", "parameters", "arguments"), *rows]
    line, layer, output, parameters = (max(len(row[column]) for row in table) for column in range(4))
    for row in table:
        yield f"  {row[0]:>{line}}  {row[1]:<{layer}}  {row[2]:<{output}}  {row[3]:>{parameters}}  {row[4]}".rstrip()


def _events(record: Mapping[str, Any], paint: Paint) -> Iterator[str]:
    for event in record["events"]:
        model = "a model that is not known" if event["model"] is None else _title(record["models"][event["model"]], event["model"])
        yield f"{_where(event)}  {paint(event['kind'], CYAN)} {model}: {', '.join(_said(event))}"
        yield from (paint(f"  not known: {reason}", YELLOW) for reason in event["unknown"])


def _said(event: Mapping[str, Any]) -> Iterator[str]:
    if event["optimizer"]:
        rate = event["learning_rate"]
        yield f"{event['optimizer']}({rate if rate is not None else '?'})"
    if event["loss"]:
        yield f"loss {_listed(event['loss'])}"
    if event["metrics"]:
        yield f"metrics {_listed(event['metrics'])}"
    scaled = {True: "scaled", False: "not scaled", None: "scaling not known"}[event["x_scaled"]]
    yield f"data {event['x_source'] or '?'} ({scaled}{', ' + figure(event['rows']) + ' rows' if event['rows'] else ''})"
    if event["y_form"]:
        yield f"labels {event['y_form']}"
    yield from (f"{name.replace('_', ' ')} {figure(event[name])}" for name in ("epochs", "batch_size") if event[name] is not None)


def _listed(found: Any) -> str:
    parts: Iterable[Any] = found if isinstance(found, list) else [found]
    return " + ".join(_listed(part) if isinstance(part, list) else str(part or "?") for part in parts)


def _short(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= 40 else f"{said[:39]}…"


def _count(number: int, noun: str) -> str:
    return f"{figure(number)} {noun}{'s' if number != 1 else ''}"
