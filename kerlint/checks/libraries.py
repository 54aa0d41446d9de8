"""How Keras is brought in: a backend that is chosen too late, two kinds of Keras in one model, private modules (KER711 to KER713)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from kerlint.checks import certainty, history, repairs, rewrites
from kerlint.finding import Finding, Fix, Related, Severity
from kerlint.semantics.catalog import migration
from kerlint.semantics.values import Const, Table, Value, text
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.finding import Edit
    from kerlint.rule import Rule
    from kerlint.semantics.program import Import, Program, Use
    from kerlint.syntax.nodes import Node

SETS = ("os.environ.__setitem__", "os.environ.setdefault", "os.putenv")
SETTING = (*SETS, "os.environ.update")
KINDS = {"tensorflow.keras": "tf.keras", "tensorflow.python.keras": "tensorflow.python.keras", "tf_keras": "tf_keras", "keras": "keras"}
"""Where the paths of each kind of Keras begin; the longer one before the shorter one."""
RUNS = history.TRAINING | {"evaluate", "predict"}
"""The events in which the device computes."""
PUBLIC = {"tensorflow.python.keras": "tensorflow.keras", "keras.src": "keras"}


# The environment


def backend_env_after_import(program: Program, rule: Rule) -> Iterator[Finding]:
    for use in program.used(*SETTING):
        place = program.uses.index(use)
        for key, value in _settings(use):
            own = use.entry is None and not use.doubt and not _inherited(program, place, rule)
            reader = _reader(program, key, place, rule) if own else None
            if reader is None or text(value) == rule["defaults"].get(key) or _set_before(program, key, value, reader[0]):
                continue
            yield rule.finding(
                use.node,
                "" if key in rule["read_at_import"] else "devices",
                confidence=certainty.of(value),
                related=(Related(reader[1], "it is read here"),),
                fix=_earlier(key, value, reader[1]) if key in rule["read_at_import"] else None,
                variable=key,
            )


def _settings(use: Use) -> Iterator[tuple[str, Value]]:
    """The variables that a call sets, with their values."""
    match use.name, use.positional:
        case name, (Const(str() as key), value) if name in SETS:
            yield key, value
        case "os.environ.update", (Table(entries),):
            yield from entries.items()


def _inherited(program: Program, place: int, rule: Rule) -> bool:
    """Whether processes are started afterwards, which get the environment as it is then."""
    return any(use.name.startswith(tuple(rule["starters"])) for use in program.uses[place:])


def _reader(program: Program, key: str, place: int, rule: Rule) -> tuple[int, Node] | None:
    """What had read a variable when so many calls had happened: how many calls had happened then, and its place."""
    modules = rule["read_at_import"].get(key, ())
    for found in program.imports:
        if found.after <= place and not found.guarded and any(_within(found.path, module) for module in modules):
            return found.after, found.statement
    if key in rule["read_at_training"]:
        events = program.events[: program.uses[place].place]
        trained = next((event.node for event in events if event.kind in RUNS and event.node is not None), None)
        return (0, trained) if trained is not None else None
    return None


def _within(path: str, module: str) -> bool:
    return path == module or path.startswith(f"{module}.")


def _set_before(program: Program, key: str, value: Value, place: int) -> bool:
    """Whether a variable has the same value already when it is read."""
    before = (pair for use in program.uses[:place] for pair in _settings(use))
    return any(name == key and text(value) == text(other) for name, other in before)


def _earlier(key: str, value: Value, statement: Node) -> Fix | None:
    known = text(value)
    if known is None:
        return None
    edit = repairs.statement_before(statement, f'import os\nos.environ["{key}"] = "{known}"')
    return repairs.fix(f"set {key} first", edit, safe=False)


# Kinds of Keras


def mixed_keras_and_tf_keras(program: Program, rule: Rule) -> Iterator[Finding]:
    if len({*map(_kind, {use.via for use in program.uses})} - {""}) < 2:
        return
    made = {use.node: use for use in program.uses if _kind(use.via)}
    seen: set[object] = set()
    for model in program.models:
        compiled = (event.compiled for event in program.of(model.identity) if event.compiled is not None)
        nodes = [model.node, *(layer.node for layer in model.layers), *(each.optimizer.node for each in compiled if each.optimizer)]
        parts = [made[node] for node in nodes if node in made]
        kinds = sorted({_kind(part.via) for part in parts}, key=lambda kind: sum(_kind(part.via) == kind for part in parts))
        if len(kinds) < 2:
            continue
        odd, usual = (next(part for part in parts if _kind(part.via) == kind) for kind in (kinds[0], kinds[-1]))
        if odd.node in seen:
            continue
        seen.add(odd.node)
        same = {kinds[0], kinds[-1]} == {"keras", "tf.keras"}
        yield rule.finding(
            odd.node,
            "same" if same else "",
            severity=Severity.info if same else None,
            confidence=certainty.of(model),
            related=(Related(usual.node, f"this is of `{kinds[-1]}`"),),
            fix=_of_one_kind(program, [part for part in parts if _kind(part.via) == kinds[0]], kinds[-1]),
            odd=kinds[0],
            usual=kinds[-1],
        )


def _of_one_kind(program: Program, parts: Sequence[Use], usual: str) -> Fix | None:
    """All that is imported of one kind of Keras imported of the other one, and what is reached through TensorFlow written so."""
    old = next(root for root in KINDS if KINDS[root] == _kind(parts[0].via))
    new = next(root for root in KINDS if KINDS[root] == usual)
    imports = [found for found in program.imports if _within(found.path, old) and _imported_from(found, old, new)]
    bound = {rewrites.bound(found.node) for found in imports}
    through = [part for part in parts if rewrites.chain(repairs.called(part.node))[0] not in bound]
    edits = {id(found.statement): _imported_from(found, old, new) for found in imports}
    edits |= {id(part.node): _respelled(program, part, new + part.via[len(old) :]) for part in through}
    known = all(_public_there(found.path, old, new) for found in imports)
    return repairs.fix(f"import from `{new}`", *edits.values(), safe=False) if known else None


def _respelled(program: Program, part: Use, path: str) -> Edit | None:
    """The function of a call, reached by a name that the file has for the other kind."""
    for name, via in program.names.items():
        if path.startswith(f"{via}.") and via != "tensorflow":
            return repairs.replaced(repairs.called(part.node), name + path[len(via) :])
    return None


def _imported_from(found: Import, old: str, new: str) -> Edit | None:
    """An import of another kind of Keras, which binds the same names."""
    match found.statement:
        case syntax.ImportFrom(module=syntax.Node() as module) if _within(found.module, old):
            return repairs.replaced(module, new + found.module[len(old) :])
        case syntax.Import(names=[syntax.ImportAlias(asname=None)]) | syntax.ImportFrom(names=[syntax.ImportAlias(asname=None)]) if (
            found.path == old
        ):
            parent, _, name = new.rpartition(".")
            same = name == old.rpartition(".")[2]
            return repairs.replaced(found.statement, f"from {parent} import {name}" if parent else f"import {name}") if same else None
        case _:
            return None


def _public_there(path: str, old: str, new: str) -> bool:
    """Whether the other kind has it, too; `tf_keras` has what Keras 2 had, which is not asked for."""
    _, namespace, name = migration.rooted(new + path[len(old) :])
    return new == "tf_keras" or name == "keras" or migration.exists(name, namespace)


@lru_cache(maxsize=2048)
def _kind(via: str) -> str:
    return next((kind for root, kind in KINDS.items() if via.startswith(f"{root}.")), "")


# Private modules


def private_tensorflow_import(program: Program, rule: Rule) -> Iterator[Finding]:
    told: set[Node] = set()
    for found in program.imports:
        private = next((root for root in rule["private"] if _within(found.path, root)), None)
        if private is None or found.guarded or found.statement in told:
            continue
        told.add(found.statement)
        new = _public(found.path)
        yield rule.finding(
            rewrites.module_of(found.statement),
            "" if _within(found.path, "tensorflow.python.keras") else "internal",
            severity=None if _within(found.path, "tensorflow.python.keras") else Severity.info,
            fix=_public_import(program, found),
            path=found.path,
            hint=f"`{new}` is the same in public" if new else rule["instead"].get(found.path, "use what the documentation names"),
        )


def _public(path: str) -> str:
    """The public name of something private, "" where there is none."""
    root = next((root for root in PUBLIC if _within(path, root)), None)
    if root is None:
        return ""
    path = PUBLIC[root] + path[len(root) :]
    gone = migration.gone(path)
    new = path if gone is None else gone.new
    _, namespace, name = migration.rooted(new)
    return new if new and migration.exists(name, namespace) else ""


def _public_import(program: Program, found: Import) -> Fix | None:
    paths = {node: _public(other.path) for node, other in rewrites.names_in(found.statement, program.imports).items()}
    if found.path.endswith(".*") or not paths:
        return None
    edit = (
        rewrites.imported_from(found.statement, paths)
        if found.module
        else rewrites.imported_as(found.statement, found.node, _public(found.path))
    )
    return repairs.fix("import what is public", edit, safe=True) if all(paths.values()) else None
