"""Modules and names that are not where they were: imports, and attributes of Keras that Keras 3 does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kerlint.checks import obsolete, repairs, rewrites
from kerlint.checks.obsolete import Hit
from kerlint.semantics import catalog
from kerlint.semantics.catalog import migration
from kerlint.semantics.catalog.migration import Gone
from kerlint.semantics.values import Const

if TYPE_CHECKING:
    from kerlint.finding import Fix
    from kerlint.semantics.program import Import, Program, Reference, Use
    from kerlint.syntax.nodes import Node


MOST_PLAIN = 2
"""Arguments that functions of single numbers, and comparisons, share between `keras.backend` and `keras.ops`."""


def hits(program: Program) -> Iterator[Hit]:
    """What is gone of what the program imports, and of what it reaches through something that is still there."""
    yield from _imports(program)
    yield from _attributes(program)


# Imports


def _imports(program: Program) -> Iterator[Hit]:
    told: set[str] = set()
    for found in program.imports:
        gone = None if found.guarded else migration.gone(found.module if found.path.endswith(".*") else found.path)
        if gone is None or not gone.row.code:
            continue
        whole = bool(found.module) and (found.module == gone.missing or found.module.startswith(f"{gone.missing}."))
        if whole:
            key = f"{id(found.statement)} {gone.row.code}"
            if key in told:
                continue
            told.add(key)
        yield _import(program, found, gone, whole)


def _import(program: Program, found: Import, gone: Gone, whole: bool) -> Hit:
    node = rewrites.module_of(found.statement) if whole else found.node
    old = gone.missing if whole else found.path
    new = _new_module(found, gone) if whole else gone.new
    return Hit(gone.row, node, old, new, gone.row.variant or ("" if new else "gone"), _import_fix(program, found, gone, whole))


def _new_module(found: Import, gone: Gone) -> str:
    if found.path.endswith(".*"):
        return gone.new
    return gone.new.rpartition(".")[0] if gone.new.rpartition(".")[2] == found.path.rpartition(".")[2] else gone.new


def _import_fix(program: Program, found: Import, gone: Gone, whole: bool) -> Fix | None:
    safe = (_is_safe(gone, found.path) and not _tells_keras_1(program, found)) or _taken_alike(program, found, gone)
    if found.path.endswith(".*"):
        edit = repairs.replaced(rewrites.module_of(found.statement), gone.new) if gone.new else None
        return repairs.fix(f"Import from `{gone.new}`", edit, safe=safe)
    if not gone.new or gone.row.adds:
        if _used(program, found) or not (gone.row.adds or gone.row.members or gone.row.variant == "merge"):
            return None
        return repairs.fix(f"Do not import `{found.path}`", rewrites.not_imported(found.statement, found.node), safe=False)
    if not whole:
        if not _members_moved(program, found.path, gone.new):
            return None
        return repairs.fix(f"Import `{gone.new}`", rewrites.imported_as(found.statement, found.node, gone.new), safe=safe)
    paths = _moved_paths(program, found.statement)
    module = gone.new.rpartition(".")[0]
    return repairs.fix(f"Import from `{module}`", rewrites.imported_from(found.statement, paths), safe=safe)


def _tells_keras_1(program: Program, found: Import) -> bool:
    """Whether the old name of a class says that numbers by their places are the sides of a kernel: with the name, that would be lost."""
    names = {f"{found.module}.", f"{found.path}."}
    return any(
        f"{use.via}.".startswith(tuple(names))
        and catalog.is_keras_1(use.via, use.positional, use.keywords)
        and not catalog.speaks_keras_1(use.keywords)
        for use in program.uses
    )


def _moved_paths(program: Program, statement: Node) -> Mapping[Node, str]:
    """Where each name of an import is now; "" for one that is nowhere."""
    paths: dict[Node, str] = {}
    for node, found in rewrites.names_in(statement, program.imports).items():
        gone = migration.gone(found.path)
        new = found.path if gone is None else "" if gone.row.adds else gone.new
        paths[node] = new if gone is None or _members_moved(program, found.path, new) else ""
    return paths


def _members_moved(program: Program, old: str, new: str) -> bool:
    """Whether all that the program reads of a module or class is found in its new place as well."""
    reached: tuple[Use | Reference, ...] = (*program.uses, *program.references)
    for use in reached:
        if use.via.startswith(f"{old}."):
            moved = migration.gone(use.via)
            if moved is not None and moved.new != new + use.via[len(old) :]:
                return False
    return True


def _taken_alike(program: Program, found: Import, gone: Gone) -> bool:
    """Whether all that is made of the names of an import is given what the present classes take alike."""
    names = rewrites.names_in(found.statement, program.imports).values()
    made = [[use for use in program.uses if use.via == other.path] for other in names]
    return gone.row.alike and all(uses and all(map(_is_alike, uses)) for uses in made)


def _is_alike(use: Use) -> bool:
    """Whether the class that Keras 3 has under the name takes the arguments of a call, and they mean the same there."""
    gone = migration.gone(use.via)
    entry = catalog.entry(catalog.canonical(gone.new)) if gone is not None else None
    known = {parameter.name for parameter in entry.parameters if "3" in parameter.versions} if entry is not None else set()
    return use.keywords.keys() <= known - {"decay", "lr"} and len(use.positional) <= MOST_PLAIN


def _used(program: Program, found: Import) -> bool:
    """Whether anything in the program is reached through an import."""
    reached: tuple[Use | Reference, ...] = (*program.uses, *program.references)
    return any(use.via == found.path or use.via.startswith(f"{found.path}.") for use in reached)


def _is_safe(gone: Gone, path: str) -> bool:
    return gone.row.fix == "safe" or path.rpartition(".")[2] in gone.row.safe


# Attributes


def _bound(program: Program) -> frozenset[str]:
    """The names that the file binds to libraries; of others (in a piece of a script) it is only guessed what they stand for."""
    names = {*program.names, *(rewrites.bound(found.node).partition(".")[0] for found in program.imports)}
    starred = any(found.path.endswith(".*") for found in program.imports)
    return frozenset({*names, *(rewrites.chain(found.node)[0] for found in program.references if starred)})


def _attributes(program: Program) -> Iterator[Hit]:
    uses = obsolete.calls(program)
    missing = tuple(filter(migration.gone, {*(use.via for use in uses), *(found.via for found in program.references)}))
    if not missing:
        return  # which is usual
    places = [(use.via, rewrites.function(use.node), use) for use in uses if use.via.startswith(missing)]
    reads = [(found.via, found.node, None) for found in program.references if found.via.startswith(missing) and not found.guarded]
    names = _bound(program)
    inner = {id(rewrites.inner(node)) for _, node, _ in (*places, *reads)}
    for via, node, use in (*places, *reads):
        gone = migration.gone(via) if node is not None and id(node) not in inner else None
        if gone is None or not gone.row.code:
            continue
        name, links = rewrites.chain(node)
        base = via.rsplit(".", links)[0]
        imported = base == gone.missing or base.startswith(f"{gone.missing}.")
        if name not in names or (imported and not gone.row.members):  # a guess from a usual name; told at the import
            continue
        if gone.row.members:
            yield _member(gone, via, node, base)
        else:
            old = gone.missing if gone.row.once else via
            variant = gone.row.variant or ("" if gone.new else "gone")
            yield Hit(gone.row, node, old, gone.new, variant, _fix(program, via, node, use, gone))


def _fix(program: Program, via: str, node: Node | None, use: Use | None, gone: Gone) -> Fix | None:
    text = rewrites.spelled(program, node, via, gone.new) if gone.new else None
    if text is None:
        return None
    edits = [repairs.replaced(node, text[0])]
    if gone.row.argument and use is not None:
        match use.arg(0):
            case Const(str() as word) as value if rewrites.is_string(value.node):
                spelled = migration.word_of_value(gone.row.argument, word) or word
                edits.append(repairs.replaced(value.node, repairs.quoted(spelled, value.node)))
            case _:
                return None
    if gone.row.adds:
        if use is None:
            return None
        edits.append(repairs.added(use.node, gone.row.adds))
    plain = use is None or (not use.keywords and len(use.positional) <= MOST_PLAIN)
    safe = _is_safe(gone, via) and (plain or not gone.row.safe) or gone.row.alike and use is not None and _is_alike(use)
    return repairs.fix(f"Write `{text[0]}`", *edits, safe=safe, imports=text[1])


def _member(gone: Gone, via: str, node: Node | None, base: str) -> Hit:
    """A member of an enumeration that is a string now."""
    word = gone.row.members.get(via.rpartition(".")[2], "")
    fix = repairs.fix(f'Write `"{word}"`', repairs.replaced(node, f'"{word}"'), safe=gone.row.fix == "safe") if word else None
    return Hit(gone.row, node, via, f'"{word}"' if word else "", "" if word else "gone", fix)
