"""What the interpreter knows, made visible: pages of Python whose calls of `reveal` say what value is expected there."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from kerlint.semantics import catalog, interpreter, library
from kerlint.semantics.graph import KerasLayer, KerasModel, Tensor, is_model
from kerlint.semantics.program import Event, Pass, Program
from kerlint.semantics.project import Project
from kerlint.semantics.snapshot import snapshot
from kerlint.semantics.values import (
    Bound,
    Choice,
    Class,
    Const,
    Function,
    Instance,
    Items,
    Namespace,
    Symbol,
    Table,
    Term,
    Unknown,
    Value,
    python,
    same,
)
from kerlint.source import parse, read
from kerlint.syntax.nodes import Call, Module, Name, Node, within

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"# revealed: (.*)$")
DEEPEST = 12

# Pages


@dataclass(frozen=True)
class Case:
    """What stands under one heading: a script or the cells of a notebook, files beside it, and the events that it leads to."""

    title: str
    cells: tuple[str, ...]
    notebook: bool
    files: Mapping[str, str]
    events: str | None
    passes: str | None


def cases(page: Path) -> Iterator[Case]:
    """The cases of a page."""
    _, *parts = HEADING.split(page.read_text(encoding="utf-8"))
    for title, body in zip(parts[::2], parts[1::2], strict=False):
        files, cells, notebook, events, passes = {}, [], False, None, None
        for language, words, code in FENCE.findall(body):
            match language, words.split():
                case "python", [word] if word.startswith("file="):
                    files[word.removeprefix("file=")] = code
                case "python", ["cell"]:
                    cells.append(code)
                    notebook = True
                case "python", []:
                    cells.append(code)
                case "text", []:
                    events = code
                case "text", ["passes"]:
                    passes = code
                case _:
                    raise ValueError(f"{page.name}, {title}: a fence that means nothing: {language} {words}")
        if not notebook and len(cells) != 1:
            raise ValueError(f"{page.name}, {title}: {len(cells)} scripts")
        yield Case(title, tuple(cells), notebook, files, events, passes)


def expected(case: Case) -> dict[tuple[str, int, int], str]:
    """What each marked line reveals, by file, cell and row."""
    texts = {("main.ipynb" if case.notebook else "main.py", number): text for number, text in enumerate(case.cells, 1)}
    texts |= {(name, 1): text for name, text in case.files.items()}
    found = {}
    for (name, cell), text in texts.items():
        for row, line in enumerate(text.splitlines(), 1):
            if "reveal(" in line:
                marker = EXPECTED.search(line)
                found[name, cell, row] = marker[1] if marker else "(nothing is expected)"
    return found


# Running


class Revealing(interpreter.Interpreter):
    """An interpreter to whose programs `reveal` is known, as if it came from a library."""

    def look_up(self, name: str, node: Node) -> Value:
        return Symbol("reveal", node=node) if name == "reveal" else super().look_up(name, node)


@dataclass(frozen=True)
class Seen:
    """What was revealed, by file, cell and row (several values when a line ran several times), and the whole program."""

    lines: Mapping[tuple[str, int, int], str]
    program: Program
    events: str
    passes: str


def run(case: Case, folder: Path) -> Seen:
    """Interpret a case in a folder of its own."""
    (folder / "pyproject.toml").touch()
    for name, text in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    main = folder / ("main.ipynb" if case.notebook else "main.py")
    main.write_text(_notebook(case.cells) if case.notebook else case.cells[0], encoding="utf-8")
    found: dict[Node, list[str]] = defaultdict(list)

    def reveal(running: Any, positional: list[Value], keywords: dict[str, Value], node: Node) -> Value:
        if not running.rehearsing:
            found[node].append(", ".join(shown(running, value) for value in positional))
        return Const(None, node=node)

    source, project = read(main), Project(folder)
    parsed = parse(source)
    with patch.object(interpreter, "Interpreter", Revealing), patch.dict(library.RUN, {"reveal": reveal}):
        program = interpreter.interpret(source, parsed, project)
    events = "".join(f"{event_shown(event)}\n" for event in program.events)
    passes = "".join(f"{pass_shown(each, program)}\n" for each in program.passes)
    modules = [(main, number, module) for number, module in enumerate(parsed.modules, 1) if module is not None]
    modules += [(path, 1, module) for path, _, module in project.modules()]
    return Seen(dict(_lines(modules, found, folder)), program, events, passes)


def _notebook(cells: tuple[str, ...]) -> str:
    listed = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell} for cell in cells]
    return json.dumps({"cells": listed, "metadata": {"title": "keras"}, "nbformat": 4, "nbformat_minor": 5})


def _lines(
    modules: list[tuple[Path, int, Module]], found: Mapping[Node, list[str]], folder: Path
) -> Iterator[tuple[tuple[str, int, int], str]]:
    for path, cell, module in modules:
        name = str(path.resolve().relative_to(folder.resolve()))
        for node in within(module):
            if isinstance(node, Call) and isinstance(node.func, Name) and node.func.value == "reveal":
                yield (name, cell, node.start.row), "; ".join(found.get(node, ["never"]))


# Showing


def shown(running: Any, value: Value, depth: int = 0) -> str:
    """A value as the pages write it."""
    if depth > DEEPEST:
        return "..."
    value = value if depth else running.heap.current(value)
    text = _model(running, value) if is_model(value) and not isinstance(value, Choice) else _shown(running, value, depth)
    return f"{text} ({value.doubt})" if value.doubt and depth == 0 else text


def _shown(running: Any, value: Value, depth: int) -> str:  # noqa: C901  (one line for each kind of value)
    def inner(part: Value) -> str:
        return shown(running, part, depth + 1)

    def member(part: Value) -> str:
        return inner(running.heap.current(part))

    match value:
        case Const(str() as found):
            return json.dumps(found, ensure_ascii=False)
        case Const(found):
            return repr(found)
        case Items(items, kind):
            opening, closing = {"tuple": "()", "set": "{}"}.get(kind, "[]")
            return f"{opening}{', '.join(map(member, items))}{',' if kind == 'tuple' and len(items) == 1 else ''}{closing}"
        case Table(entries, unlisted):
            pairs = [f"{json.dumps(key) if isinstance(key, str) else repr(key)}: {member(entry)}" for key, entry in entries.items()]
            return f"{{{', '.join([*pairs, '...'] if unlisted else pairs)}}}"
        case Symbol(name):
            return name
        case Choice(options):
            return " | ".join(map(inner, options))
        case Unknown(reason):
            return f"Unknown: {reason}"
        case Tensor(call=call):
            return f"Tensor refused: {call.mismatch}" if call.mismatch else "Tensor(?)" if call.shape is None else f"Tensor{call.shape}"
        case KerasLayer(cls=cls, args=args, given=given):
            entry = catalog.entry(cls)
            order = [name for name in ([parameter.name for parameter in entry.parameters] if entry else args) if name in given]
            return f"{_short(cls)}({_arguments(running, {name: args[name] for name in order}, depth)})"
        case Term():
            return _term(running, value, depth)
        case Function(name=name):
            return f"function {name}"
        case Bound(function, receiver):
            return f"method {function.name} of {inner(receiver)}"
        case Class(name=name):
            return f"class {name}"
        case Instance(cls=cls):
            return f"object of {cls.name}"
        case Namespace(frame):
            return f"module {frame.where}"
        case _:
            return type(value).__name__


def _term(running: Any, term: Term, depth: int) -> str:
    def inner(part: Value) -> str:
        return shown(running, part, depth + 1)

    match term:
        case Term("item", {"base": base, "key": Items(items, "tuple")}):
            return f"{inner(base)}[{', '.join(map(inner, items))}]"
        case Term("item", {"base": base, "key": key}):
            return f"{inner(base)}[{inner(key)}]"
        case Term("slice", bounds):
            return ":".join("" if python(bound) is None else inner(bound) for bound in bounds.values()).removesuffix(":")
        case Term(name, {"self": receiver}) if name.startswith("."):
            receiver_text = inner(receiver)
            rest = {key: item for key, item in term.args.items() if key != "self"}
            return (
                f"{receiver_text}{name.removesuffix('()')}({_arguments(running, rest, depth)})"
                if name.endswith("()")
                else f"{receiver_text}{name}"
            )
        case Term("many", {"element": element}):
            return f"many({inner(element)})"
        case Term("predict", args):
            return f"predict({inner(args['x'])})"
        case Term("y_true" | "y_pred" as name):
            return name
        case Term(name, args):
            defaults = catalog.defaults(name) if name.startswith("keras.") else {}
            told = {key: item for key, item in args.items() if key not in defaults or not _is(item, defaults[key])}
            if "." not in name:
                return f"{name}({', '.join(map(inner, told.values()))})"
            return f"{_short(name)}({_arguments(running, told, depth)})"


def _is(value: Value, default: Any) -> bool:
    return same(value, library.constant(default, None))


def _short(name: str) -> str:
    """A class by its own name, a function with its module."""
    parts = name.split(".")
    return parts[-1] if parts[-1][:1].isupper() else ".".join(parts[-2:])


def _arguments(running: Any, args: Mapping[str, Value], depth: int) -> str:
    texts = ((name, shown(running, item, depth + 1)) for name, item in args.items())
    return ", ".join(text if name.isdigit() else f"{name}={text}" for name, text in texts)


def _model(running: Any, value: Value) -> str:
    seen = snapshot(running, value)
    name = value.cls.name if isinstance(value, Instance) else seen.kind.capitalize()
    layers = [layer for layer in seen.layers if layer.kind != "InputLayer"]
    count = f"{len(layers)} layer{'' if len(layers) == 1 else 's'}"
    if not seen.complete:
        return f"{name}({count}, Unknown: {seen.unknown[0].reason})"
    return f"{name}({count}, {'?' if seen.params is None else f'{seen.params:,}'} params)"


def event_shown(event: Event) -> str:
    """An event on one line: what, on which model, with which optimizer, rate, losses and data."""
    name = event.model.name if event.model is not None else ""
    parts = [f"{event.kind} {name or '(nameless)'}" if event.model is not None else event.kind]
    if event.compiled is not None:
        rate = event.compiled.learning_rate
        parts.append(f"{_short(event.compiled.optimizer_class or '?')} {_plain(rate)}")
        made = event.compiled.computed or (None,) * len(event.compiled.losses)
        parts.append(", ".join(_loss(*pair) for pair in zip(event.compiled.losses, made, strict=True)))
    if event.x is not None:
        parts.append(f"x = {_plain(event.x)}")
    if event.model is not None and event.model.params != event.model.trainable_params:
        parts.append(f"{event.model.trainable_params:,} of {event.model.params:,} params trainable")
    if event.kind == "trainable":
        parts.append(_plain(event.args["value"]))
    return " | ".join(parts) + (f" ({event.doubt})" if event.doubt else "")


def pass_shown(each: Pass, program: Program) -> str:
    """A model that is called on data on one line: in which mode, under how many tapes, and which of its layers have a mode of their own."""
    mode = "no mode" if each.training is None else f"training {_plain(each.training)}" + ("" if each.given else " by default")
    fixed = [layer.kind for layer in each.model.layers if layer.identity in program.fixed]
    tapes = f"{len(each.tapes)} tape{'' if len(each.tapes) == 1 else 's'}"
    return " | ".join([each.model.name or "(nameless)", mode, tapes, *(f"{kind} fixed" for kind in fixed)])


class _NoHeap:
    """Events hold values as they were: nothing newer is looked up."""

    @staticmethod
    def current(value: Value) -> Value:
        return value


class _Past:
    heap = _NoHeap


def _loss(loss: Value | None, made: Value | None) -> str:
    """A loss; one of the user's own with what it makes of labels and predictions when the model is compiled."""
    return _plain(loss) if made is None or loss is None else f"{_plain(loss)} = {_plain(made)}"


def _plain(value: Value | None) -> str:
    match value:
        case None:
            return "none"
        case KerasModel():
            return "a model"
        case Term(name) if name.startswith("keras.losses."):
            return _short(name)
        case _:
            return shown(_Past, value)
