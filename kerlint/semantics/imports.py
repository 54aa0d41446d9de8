"""Imports: libraries become symbols under their canonical names, files of the project are read like the script itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics import catalog
from kerlint.semantics.values import Deferred, Frame, Items, Namespace, Symbol, Unknown, Value
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from pathlib import Path

    from kerlint.semantics.interpreter import Interpreter


def dotted(node: syntax.Node | None) -> str:
    """The text of a dotted name."""
    match node:
        case syntax.Name(value=name):
            return name
        case syntax.Attribute(value=base, attr=attr):
            return f"{dotted(base)}.{attr.value}"
        case _:
            return ""


def import_module(run: Interpreter, node: syntax.Import) -> None:
    """`import a.b`, `import a.b as c`."""
    for alias in node.names:
        name = dotted(alias.name)
        if alias.asname is not None:
            value = _deferred(run, name, 0, None, alias) or _module(run, name, 0, alias)
            run.assign(alias.asname.name, value)
        else:
            top = name.partition(".")[0]
            value = _deferred(run, top, 0, None, alias) or _module(run, top, 0, alias)
            if isinstance(value, Namespace):
                _module(run, name, 0, alias)
            run.bind(top, value, alias)
        if isinstance(value, Symbol):
            run.imported(name, "", alias, node)


def _deferred(run: Interpreter, module: str, level: int, member: str | None, node: syntax.Node) -> Deferred | None:
    """An import of a file of the project inside an imported file of the project."""
    if run.path == run.main_path:
        return None
    if not level and run.project.find(module.partition(".")[0], 0, run.path) is None:
        return None
    return Deferred(run.path, module, level, member, node=node)


def resolve(run: Interpreter, value: Deferred) -> Value:
    """What a deferred import brings, the file followed now."""
    if (known := run.resolved.get(value)) is not None:
        return run.heap.current(known)
    if value in run.resolving:
        return Unknown(f"`{value.member or value.module}` is imported from itself", node=value.node)
    outer, run.path = run.path, value.importer
    run.resolving.append(value)
    try:
        found = _module(run, value.module, value.level, value.node)
        if value.member is not None:
            found = _member(run, found, value.module, value.level, value.member, value.node)
        if not run.entering:  # A file that is still being run may bind the name anew.
            run.resolved[value] = found
        return found
    finally:
        run.resolving.pop()
        run.path = outer


def import_names(run: Interpreter, node: syntax.ImportFrom) -> None:
    """`from a.b import c as d`, `from . import c`, `from a import *`."""
    name, level = dotted(node.module), node.relative
    if isinstance(node.names, syntax.ImportStar):
        star = _module(run, name, level, node)
        _star(run, star, node)
        if isinstance(star, Symbol):
            run.imported(f"{name}.*", name, node, node)
        return
    source: Value | None = None
    for alias in node.names:
        target = dotted(alias.name)
        value: Value | None = _deferred(run, name, level, target, alias)
        if value is None:
            source = source or _module(run, name, level, node)
            value = _member(run, source, name, level, target, alias)
            if isinstance(value, Symbol) and isinstance(source, Symbol):
                run.imported(f"{name}.{target}", name, alias, node)
        if alias.asname is not None:
            run.assign(alias.asname.name, value)
        else:
            run.bind(target, value, alias)


def _member(run: Interpreter, source: Value, module: str, level: int, name: str, node: syntax.Node | None) -> Value:
    match source:
        case Symbol():
            via = f"{source.via}.{name}"
            return Symbol(catalog.canonical(f"{source.name}.{name}"), via, node=node)
        case Namespace(frame) if name in frame.fields and frame.fields[name] not in run.resolving:
            return run.fetched(frame.fields[name])
    found = _follow(run, f"{module}.{name}" if module else name, level)
    if found is not None:
        return found
    return Unknown(f"`{name}` is not found in `{module or '.'}`", node=node)


def _star(run: Interpreter, source: Value, node: syntax.ImportFrom) -> None:
    match source:
        case Namespace(frame):
            for name, value in frame.fields.items():
                if not name.startswith("_"):
                    run.bind(name, value, node)
        case Symbol():
            stars = run.frame.fields.get("*")
            before = stars.items if isinstance(stars, Items) else ()
            run.heap.write(run.frame.fields, "*", Items((source, *before), "tuple"))
        case _:
            return


def from_star(stars: Value | None, name: str, node: syntax.Node) -> Symbol | None:
    """A name that star imports of libraries may have brought: a known one of Keras, else one of the last library that is not Keras."""
    symbols = [star for star in stars.items if isinstance(star, Symbol)] if isinstance(stars, Items) else []
    if name[:1].isupper():  # A class: other libraries that are imported whole (numpy, math) bring functions.
        symbols.sort(key=lambda star: not star.name.startswith("keras"))
    for star in symbols:
        target = catalog.canonical(f"{star.name}.{name}")
        if not star.name.startswith("keras") or catalog.entry(target) is not None:
            return Symbol(target, f"{star.via}.{name}", node=node)
    return None


def _module(run: Interpreter, name: str, level: int, node: syntax.Node | None) -> Value:
    found = _follow(run, name, level)
    if found is not None:
        return found
    if level:
        return Unknown(f"`{'.' * level}{name}` is no file of the project", node=node)
    return Symbol(catalog.canonical(name), name, node=node)


def _follow(run: Interpreter, name: str, level: int) -> Namespace | None:
    written = run.written.get(f"{name.replace('.', '/')}.py") if not level else None
    if written is not None:
        return _enter(run, run.path.with_name(f"{name}.py"), written)
    path = run.project.find(name, level, run.path)
    return None if path is None or path == run.main_path else _enter(run, path, None)


def _enter(run: Interpreter, path: Path, text: str | None) -> Namespace | None:
    """The scope of a file of the project, after it was run once; a cycle sees what is there so far, as in Python."""
    if path in run.frames:
        return Namespace(run.frames[path])
    loaded = run.project.load(path) if text is None else run.project.load_text(path, text)
    if loaded is None:
        return None
    frame = run.frames[path] = Frame(None, path.stem)
    outer = run.frame, run.path, run.regions, run.breaks, run.continues
    run.frame, run.path, run.regions, run.breaks, run.continues = frame, path, [], [], []
    run.entering.append(path)
    try:
        with run.heap.apart():
            run.module(loaded[1])
    finally:
        run.entering.pop()
        run.frame, run.path, run.regions, run.breaks, run.continues = outer
    return Namespace(frame)


def submodule(run: Interpreter, package: Namespace, name: str, node: syntax.Node) -> Value:
    """`package.name` where name is a file that was imported by its dotted name."""
    for path, frame in run.frames.items():
        if frame is package.frame:
            for candidate in (path.with_name(f"{name}.py"), path.parent / name / "__init__.py"):
                if candidate in run.frames:
                    return Namespace(run.frames[candidate])
    return Unknown(f"`{name}` is not found in `{package.frame.where}`", node=node)
