"""Code that only some versions of Keras run: `if tf.__version__ …`, `if hasattr(…)`, `try: import … except ImportError`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerlint.semantics.graph import INPUT, Tensor
from kerlint.semantics.values import Value
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter

NAMES = frozenset({"__version__", "VERSION", "hasattr", "LooseVersion", "StrictVersion", "is_keras_3", "is_tf2", "IS_KERAS_3"})
"""Names whose mention makes a condition a question about the version, if not those that `_names` says."""
FAILURES = frozenset({"ImportError", "ModuleNotFoundError", "AttributeError"})
"""What is raised where a version lacks a module or a name; a missing argument raises what everything else raises, too."""


ABOUT = frozenset({"shape", "size", "ndim", "rank", "int_shape", "dtype"})
"""Functions that say something of a tensor that is known without its content."""


def on_version(run: Interpreter, test: syntax.Expression, value: Value) -> bool:
    """Whether a condition asks for a version or for what a library has, there or where its value was made."""
    known = run.guards.get(test)
    if known is None:
        known = run.guards[test] = _asks(test) or (isinstance(test, syntax.Name) and value.node is not test and _asks(value.node))
    return known


def _asks(node: syntax.Node | None) -> bool:
    match node:
        case syntax.Name(value=name):
            return name in NAMES
        case syntax.Attribute(value=base, attr=attr):
            return attr.value in NAMES or _asks(base)
        case syntax.Call(func=function, args=args):
            return _asks(function) or any(_asks(arg.value) for arg in args)
        case syntax.Comparison(left=left, comparisons=targets):
            return _asks(left) or any(_asks(target.comparator) for target in targets)
        case syntax.BooleanOperation(left=left, right=right):
            return _asks(left) or _asks(right)
        case syntax.UnaryOperation(expression=inner) | syntax.Subscript(value=inner):
            return _asks(inner)
        case syntax.Tuple(elements=elements):
            return any(_asks(element.value) for element in elements)
        case _:
            return False


def on_failure(node: syntax.Try, *, imports: bool) -> bool:
    """Whether a `try` is there for a name that a version lacks; one that only imports may also catch everything."""
    return any(_catches(handler.type, imports) for handler in node.handlers)


def _catches(caught: syntax.Expression | None, imports: bool) -> bool:
    match caught:
        case None:
            return imports
        case syntax.Name(value=name):
            return name in FAILURES or (imports and name == "Exception")
        case syntax.Tuple(elements=elements):
            return any(_catches(element.value, imports) for element in elements)
        case _:
            return False


def on_tensor(run: Interpreter, test: syntax.Expression) -> bool:
    """Whether a condition asks for the content of a symbolic tensor; its shape and whether it is there are known."""
    match test:
        case syntax.Comparison(left=left, comparisons=targets):
            if any(isinstance(target.operator, (syntax.Is, syntax.IsNot, syntax.In, syntax.NotIn)) for target in targets):
                return False
            return any(on_tensor(run, side) for side in (left, *(target.comparator for target in targets)))
        case syntax.BooleanOperation(left=left, right=right):
            return on_tensor(run, left) or on_tensor(run, right)
        case syntax.UnaryOperation(expression=inner):
            return on_tensor(run, inner)
        case _:
            with run.rehearsal():
                return _has_content(run.evaluate(test))


def _has_content(value: Value) -> bool:
    """Whether it is certainly a tensor, and not what a function says of one (`is_tensor`) or a list of them."""
    match value:
        case Tensor(call=call):
            name = call.cls.rpartition(".")[2]
            return call.cls.startswith(("keras.", "tensorflow.")) and not name.startswith("is_") and name not in ABOUT
        case _:
            return False


def is_iterated(value: Value) -> bool:
    """Whether a loop runs over the rows of a tensor: an input, or numbers that depend on one."""
    match value:
        case Tensor(call=call):
            return call.cls in (INPUT, "tensorflow.range")
        case _:
            return False
