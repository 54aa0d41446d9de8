"""Loops of a script that train end after some steps: the code runs as it is written, but its loops ask whether to go on.

A run has seconds where the script has hours. What it shows, it shows in the first steps; what stands behind the loop must be reached, too.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Any

STEPS = 20
"""Steps of training after which a loop ends."""
MOST_STEPS = 1000
"""Steps of training after which the script ends, whatever it is in."""
EACH, MORE, BEGIN = "__kerlint_each__", "__kerlint_more__", "__kerlint_begin__"


class EnoughError(BaseException):
    """The script trains on and on without a loop that could be ended: enough was seen. Not an Exception, so that it is not caught."""


class Counter:
    """Counts the steps of training of a run, so that loops know how many were done in them."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self) -> None:
        """One more step. Raises EnoughError when no loop has ended for long: the script trains in some other way, on and on."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise EnoughError

    def each(self, things: Iterable[Any]) -> Iterator[Any]:
        """The things of a `for` loop, up to the one in which enough steps were done."""
        start = self.steps
        iterator = iter(things)
        while self.steps - start < STEPS:
            try:
                thing = next(iterator)
            except StopIteration:
                return
            yield thing

    def begin(self) -> int:
        """What a `while` loop must know of its beginning."""
        return self.steps

    def more(self, start: int) -> bool:
        """Whether a `while` loop goes on."""
        return self.steps - start < STEPS


COUNTER = Counter()
"""The steps of this process."""


def compiled(data: bytes, file: str, flags: int = 0) -> CodeType:
    """The code of a file, every line and column where it was, with loops that end. Raises SyntaxError."""
    tree = compile(data, file, "exec", ast.PyCF_ONLY_AST | flags, dont_inherit=True)
    code: CodeType = compile(ast.fix_missing_locations(_Loops().visit(tree)), file, "exec", flags, dont_inherit=True)
    return code


def names() -> dict[str, Callable[..., Any]]:
    """What the code of loops calls; it must be among the builtins."""
    return {EACH: COUNTER.each, BEGIN: COUNTER.begin, MORE: COUNTER.more}


class _Loops(ast.NodeTransformer):
    """Puts the question into every loop but those of generators, which feed a training and must not end before it does."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node if _yields(node) else self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node if _yields(node) else self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = ast.copy_location(_call(EACH, node.iter), node.iter)
        return node

    def visit_While(self, node: ast.While) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        name = f"__kerlint_{next(self._numbers)}__"
        begin = ast.Assign([ast.Name(name, ast.Store())], _call(BEGIN))
        more = _call(MORE, ast.Name(name, ast.Load()))
        node.test = ast.copy_location(ast.BoolOp(ast.And(), [more, node.test]), node.test)
        return [ast.copy_location(begin, node), node]


def _yields(function: ast.AST) -> bool:
    """Whether a function is a generator; functions within it are not asked."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        match waiting.pop():
            case ast.Yield() | ast.YieldFrom():
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
                continue
            case node:
                waiting.extend(ast.iter_child_nodes(node))
    return False


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


class Loader(SourceFileLoader):
    """Loads the modules that lie beside the script as the script is loaded."""

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the module, never what was compiled before without these loops."""
        path = self.get_filename(fullname)
        return compiled(self.get_data(path), path)


class Finder:
    """Finds the modules of the scratch copy; all others cost it a look at the folders they are searched in."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a module of the user's own; None leaves it to the other finders."""
        places = [place for place in (sys.path if path is None else path) if self._own(place)]
        spec = PathFinder.find_spec(name, places, target) if places else None
        match spec:
            case ModuleSpec(origin=str(origin), loader=SourceFileLoader(), submodule_search_locations=inner):
                return spec_from_file_location(name, origin, loader=Loader(name, origin), submodule_search_locations=inner)
            case _:
                return None

    def _own(self, place: str) -> bool:
        return f"{os.path.abspath(place)}{os.sep}".startswith(f"{self._folder}{os.sep}")


def install(folder: str) -> None:
    """Let the code of this process find what its loops call, and the modules of a folder be loaded with such loops."""
    vars(builtins).update(names())
    sys.meta_path.insert(0, Finder(folder))
