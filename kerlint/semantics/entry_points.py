"""Functions and classes that nobody calls are entry points of their own: a file of model builders is understood when linted alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics.binding import entry_arguments, is_marked
from kerlint.semantics.members import class_member
from kerlint.semantics.values import Class, Function, Instance, Value

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter


def run_uncalled(run: Interpreter) -> None:
    """Run every function, then every method, of the file that was not run yet, each from the state at the end of the program."""
    for cls in list(run.classes):
        _run_class(run, cls)
    for function in run.definitions:  # grows: running one may define others
        if function.owner is None and function.body not in run.called and not _is_method(run, function):
            _run(run, function, None)


def _is_method(run: Interpreter, function: Function) -> bool:
    return any(isinstance(member, Function) and member.body is function.body for cls in run.classes for member in cls.frame.fields.values())


def _run_class(run: Interpreter, cls: Class) -> None:
    methods = [member for member in cls.frame.fields.values() if isinstance(member, Function) and member.body not in run.called]
    if not methods:
        return
    this = _instance(run, cls)
    for method in methods:
        if method.body not in run.called and method.name not in ("get_config", "compute_output_shape", "from_config"):
            _run(run, method, None if is_marked(method, "staticmethod") else cls if is_marked(method, "classmethod") else this)


def _instance(run: Interpreter, cls: Class) -> Instance:
    """An object of the class that the program made, or one made for this purpose."""
    made = run.objects.get(id(cls))
    if made is not None and made.fields:
        return made
    this = Instance(cls, cls.node)
    run.made(this, cls.node)  # type: ignore[arg-type]
    init = class_member(cls, "__init__")
    if isinstance(init, Function):
        run.invoke(init, [], entry_arguments(init, this), cls.node)  # type: ignore[arg-type]
    return this


def _run(run: Interpreter, function: Function, this: Value | None) -> None:
    run.heap.fork()
    depth = len(run.heap.journals)
    run.entry = function
    try:
        run.invoke(function, [], entry_arguments(function, this), function.node)  # type: ignore[arg-type]
        run.keep_models()
    finally:
        run.entry = None
        while len(run.heap.journals) >= depth:
            run.heap.undo()
