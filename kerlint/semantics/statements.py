"""Statements: each returns whether the program goes on to the next one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from kerlint.semantics import dropping, guards, imports, library, patterns, tapes
from kerlint.semantics.calls import call
from kerlint.semantics.expressions import compute, evaluate, key_of, subscript, truth
from kerlint.semantics.graph import KerasLayer, Tensor, is_model
from kerlint.semantics.program import Loop
from kerlint.semantics.values import (
    Bound,
    Choice,
    Class,
    Const,
    Frame,
    Function,
    Instance,
    Items,
    Table,
    Term,
    Unknown,
    Value,
    join,
    python,
)
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter


def block(run: Interpreter, body: Sequence[Any]) -> bool:
    """Run statements in order, until one does not lead on to the next."""
    for statement in body:
        runner = RUNNERS.get(type(statement))
        if runner is None:
            continue
        run.step(statement)
        try:
            if not runner(run, statement):
                return False
        except RecursionError:
            run.note(Unknown("code that is nested too deeply", node=statement))
    return True


def _expression(run: Interpreter, node: syntax.Expr) -> bool:
    value = evaluate(run, node.value)
    if isinstance(value, (KerasLayer, Tensor)) and run.displayed is not node:
        dropping.hold(run, "", value, node.value)
    return not (isinstance(value, Term) and value.name in ENDINGS)


ENDINGS = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "os._exit"})


def _assign(run: Interpreter, node: syntax.Assign) -> bool:
    value = evaluate(run, node.value)
    match node.targets:
        case [syntax.Name(value=name) as only]:
            run.bind(name, value, only)
            if isinstance(value, (KerasLayer, Tensor)):
                dropping.hold(run, name, value, only)
        case targets:
            for target in targets:
                run.assign(target, value)
    return True


def _annotated(run: Interpreter, node: syntax.AnnAssign) -> bool:
    if node.value is not None:
        run.assign(node.target, evaluate(run, node.value))
    return True


def _augmented(run: Interpreter, node: syntax.AugAssign) -> bool:
    kind = type(node.operator)
    match node.target:
        case syntax.Subscript() as target:
            base, key = evaluate(run, target.value), key_of(run, target)
            old: Value = subscript(run, base, key, target)
        case target:
            old = evaluate(run, target)
    new = compute(run, kind, old, evaluate(run, node.value), node)
    if isinstance(old, (Term, Items)) and isinstance(new, (Term, Items)) and _in_place(old):
        new = run.heap.update(old, new)
        if isinstance(node.target, syntax.Name):
            return True
    run.assign(node.target, new)
    return True


def _in_place(value: Term | Items) -> bool:
    """Whether an augmented assignment changes the object itself: arrays, tables and lists do, numbers do not."""
    match value:
        case Term("builtins.len" | "builtins.int" | "builtins.float" | "builtins.sum" | "builtins.max" | "builtins.min"):
            return False
        case Items(kind="tuple"):
            return False
        case _:
            return True


def _return(run: Interpreter, node: syntax.Return) -> bool:
    run.leave(Const(None, node=node) if node.value is None else evaluate(run, node.value))
    return False


def _raise(run: Interpreter, node: syntax.Raise) -> bool:
    if node.exc is not None:
        evaluate(run, node.exc)
    return False


def _break(run: Interpreter, node: syntax.Break) -> bool:
    if run.breaks:
        region = run.breaks[-1]
        region.exits.append((run.heap.since(region.depth), Const(None)))
    return False


def _continue(run: Interpreter, node: syntax.Continue) -> bool:
    if run.continues:
        region = run.continues[-1]
        region.exits.append((run.heap.since(region.depth), Const(None)))
    return False


def _global(run: Interpreter, node: syntax.Global) -> bool:
    run.frame.globals = run.frame.globals | frozenset(node.names)
    return True


def _delete(run: Interpreter, node: syntax.Del) -> bool:
    for target in node.targets:
        match target:
            case syntax.Name(value=name):
                run.heap.remove(run.frame.fields, name)
            case syntax.Subscript():
                base, key = evaluate(run, target.value), key_of(run, target)
                match base:
                    case Table(entries):
                        left = {name: value for name, value in entries.items() if name != python(key)}
                        run.heap.update(base, Table(left, base.open, node=node))
                    case Items(items, kind):
                        run.heap.update(base, _without(items, kind, key, node))
                    case _:
                        run.heap.update(base, Term(".drop()", {"self": base, "columns": key}, node=node))
            case _:
                evaluate(run, target)
    return True


def _without(items: tuple[Value, ...], kind: str, key: Value, node: syntax.Node) -> Value:
    """A list after `del items[key]`."""
    match key:
        case Const(int() as index) if -len(items) <= index < len(items):
            return Items(tuple(item for place, item in enumerate(items) if place != index % len(items)), kind, node=node)
        case _:
            return Term("many", {"element": join(*items) if items else Unknown("an empty list", node=node)}, node=node)


def _assert(run: Interpreter, node: syntax.Assert) -> bool:
    evaluate(run, node.test)
    return True


def _import(run: Interpreter, node: syntax.Import) -> bool:
    imports.import_module(run, node)
    return True


def _import_from(run: Interpreter, node: syntax.ImportFrom) -> bool:
    imports.import_names(run, node)
    return True


def _if(run: Interpreter, node: syntax.If) -> bool:
    test = evaluate(run, node.test)
    with run.guarding(guards.on_version(run, node.test, test)):
        return _chosen(run, node, test)


def _chosen(run: Interpreter, node: syntax.If, test: Value) -> bool:
    known = truth(test)
    if known is True and not test.doubt:
        run.untaken += [node.orelse] if node.orelse is not None else []
        return block(run, node.body.body)
    if known is False and not test.doubt:
        run.untaken.append(node.body)
        return _otherwise(run, node.orelse)
    if run.applying and guards.on_tensor(run, node.test):
        run.branches[node.test] = None
    with run.doubting(test.doubt or "one of several branches"):
        return run.heap.branch((lambda: block(run, node.body.body), lambda: _otherwise(run, node.orelse)))


def _otherwise(run: Interpreter, node: syntax.If | syntax.Else | None) -> bool:
    match node:
        case None:
            return True
        case syntax.If():
            return _if(run, node)
        case _:
            return block(run, node.body.body)


def _for(run: Interpreter, node: syntax.For) -> bool:
    iterable = evaluate(run, node.iter)
    members = run_over(run, iterable)
    if run.applying and guards.is_iterated(iterable):
        run.branches[node.iter] = None

    def body() -> bool:
        if members is None:
            run.assign(node.target, library.element(run, iterable, node.iter))
        return block(run, node.body.body)

    def binder(member: Value) -> Callable[[], None]:
        return lambda: run.assign(node.target, run.heap.current(member))

    passes = None if members is None else [binder(member) for member in members]
    return run.loop(node, iterable, passes, body, lambda: _otherwise(run, node.orelse))


def run_over(run: Interpreter, iterable: Value) -> list[Value] | None:
    """The members that a loop runs over when they are known and few, else None."""
    members = library.members(run, iterable)
    return members if members is not None and run.unrolls(members) else None


def _while(run: Interpreter, node: syntax.While) -> bool:
    known = truth(evaluate(run, node.test))
    if known is False:
        return _otherwise(run, node.orelse)
    if run.applying and known is None and guards.on_tensor(run, node.test):
        run.branches[node.test] = None
    left: list[Any] = []

    def body() -> bool:
        left.append(run.breaks[-1].exits)
        return block(run, node.body.body)

    outer = run.regions[-1] if run.regions else None
    returns, yields = (len(outer.exits), len(outer.yields)) if outer else (0, 0)
    leads_on = run.loop(node, None, None, body, lambda: _otherwise(run, node.orelse))
    endless = isinstance(node.test, (syntax.Name, syntax.Integer)) and known is True
    if outer and endless and len(outer.yields) > yields and len(outer.exits) == returns and not any(left):
        outer.endless = True
    return leads_on if not endless or run.regions else True


def _try(run: Interpreter, node: syntax.Try) -> bool:
    with run.guarding(guards.on_failure(node, imports=_only_imports(node))):
        leads_on = _tried_ways(run, node)
    if node.finalbody is not None:
        leads_on = block(run, node.finalbody.body.body) and leads_on
    return leads_on


def _tried_ways(run: Interpreter, node: syntax.Try) -> bool:
    leads_on = True
    if _only_imports(node):
        leads_on = block(run, node.body.body)
    else:
        ways: list[Callable[[], bool]] = [lambda: block(run, node.body.body) and _otherwise(run, node.orelse)]
        ways += [lambda handler=handler: _handler(run, handler) for handler in node.handlers]  # type: ignore[misc]
        leads_on = run.heap.branch(ways)
    return leads_on


def _only_imports(node: syntax.Try) -> bool:
    return all(isinstance(line, (syntax.Import, syntax.ImportFrom, syntax.Pass, syntax.Compound)) for line in node.body.body)


def _handler(run: Interpreter, node: syntax.ExceptHandler) -> bool:
    if node.name is not None:
        run.assign(node.name, Unknown("an exception", node=node))
    with run.doubting("an exception handler"):
        return block(run, node.body.body)


def _with(run: Interpreter, node: syntax.With) -> bool:
    outer = run.tapes
    for item in node.items:
        value = evaluate(run, item.item)
        run.tapes += tapes.opened(run, value, node)
        if item.asname is not None:
            entered = value if isinstance(value, (Term, Choice)) or is_model(value) else library.entered(run, value, node)
            run.assign(item.asname.name, entered)
    try:
        return block(run, node.body.body)
    finally:
        run.tapes = outer


def _function(run: Interpreter, node: syntax.FunctionDef) -> bool:
    marks = tuple(evaluate(run, decorator.decorator) for decorator in node.decorators)
    function = run.function(node.name.value, node, node.params, node.body, marks)
    run.defined(function)
    accessor = next(filter(None, map(_accessor, marks)), "")
    run.bind(node.name.value + accessor, function if accessor else _decorated(run, function), node)
    return True


def _accessor(mark: Value) -> str:
    """What `@name.setter` adds to the name under which a function is kept, so that the property stays what it is."""
    match mark:
        case Term("method", {"self": Function(), "name": Const("setter" | "deleter" as kind)}):
            return f".{kind}"
        case _:
            return ""


def _decorated(run: Interpreter, function: Function) -> Value:
    """What the user's own decorators make of a function; those of libraries leave it as it is."""
    made: Value = function
    for mark in reversed(function.decorators):
        if isinstance(mark, (Function, Bound)):
            wrapped = call(run, mark, [made], {}, function.node)  # type: ignore[arg-type]
            made = wrapped if isinstance(wrapped, (Function, Bound, Instance)) else made
    return made


def _class(run: Interpreter, node: syntax.ClassDef) -> bool:
    bases = tuple(evaluate(run, base.value) for base in node.bases)
    for decorator in node.decorators:
        evaluate(run, decorator.decorator)
    outer, frame = run.frame, Frame(run.frame, node.name.value)
    run.frame = frame
    try:
        block(run, node.body.body)
    finally:
        run.frame = outer
    # A class scope is not seen from inside its methods.
    cls = Class(node.name.value, bases, frame, node=node)
    run.namespaces[id(frame)] = frame.fields
    for name, member in list(frame.fields.items()):
        if isinstance(member, Function):
            frame.fields[name] = Function(
                member.name, member.params, member.body, outer, member.defaults, member.decorators, cls, node=member.node
            )
    run.defined(cls)
    run.bind(node.name.value, cls, node)
    return True


def _match(run: Interpreter, node: syntax.Match) -> bool:
    subject = evaluate(run, node.subject)
    ways: list[Callable[[], bool]] = []
    for case in node.cases:
        verdict = _tried(run, case, subject)
        if verdict is not False:
            ways.append(lambda case=case: (_selected(run, case, subject), block(run, case.body.body))[1])  # type: ignore[misc]
        if verdict is True and not subject.doubt:
            break
    else:
        ways.append(lambda: True)
    if len(ways) == 1:
        return ways[0]()
    with run.doubting("one of several branches"):
        return run.heap.branch(ways)


def _tried(run: Interpreter, case: syntax.MatchCase, subject: Value) -> bool | None:
    """Whether a case is the one, found out without keeping what its pattern binds."""
    run.heap.fork()
    try:
        with run.rehearsal():
            return _selected(run, case, subject)
    finally:
        run.heap.undo()


def _selected(run: Interpreter, case: syntax.MatchCase, subject: Value) -> bool | None:
    fits = patterns.matches(run, case.pattern, subject)
    if fits is False or case.guard is None:
        return fits
    holds = truth(evaluate(run, case.guard))
    return holds if fits else False if holds is False else None


def comprehend(run: Interpreter, clause: syntax.CompFor, element: Callable[[], Value]) -> tuple[list[Value], bool, Value | None]:
    """The elements that a comprehension makes, whether these are all of them, and what it makes one of for each member, if that is long."""
    iterable = evaluate(run, clause.iter)
    members = run_over(run, iterable)
    outer, passes, loops = run.frame, run.passes, run.loops
    run.frame, run.passes = Frame(outer, outer.where), passes * max(1, len(members or ()))
    run.loops = [*loops, Loop(clause, iterable)]
    found: list[Value] = []
    known = members is not None
    try:
        for member in members if members is not None else [library.element(run, iterable, clause.iter)]:
            run.step(clause)
            run.assign(clause.target, run.heap.current(member))
            verdicts = [truth(evaluate(run, test)) for test in clause.ifs]
            if False in verdicts:
                continue
            known = known and None not in verdicts
            if clause.inner_for_in is None:
                found.append(element())
            else:
                inner, inner_known, _ = comprehend(run, clause.inner_for_in, element)
                found += inner
                known = known and inner_known
    finally:
        run.frame, run.passes, run.loops = outer, passes, loops
    over = iterable if members is None and not clause.ifs and clause.inner_for_in is None else None
    return found, known and len(found) <= run.longest, over


RUNNERS: dict[type, Callable[[Any, Any], bool]] = {
    syntax.Expr: _expression,
    syntax.Assign: _assign,
    syntax.AnnAssign: _annotated,
    syntax.AugAssign: _augmented,
    syntax.Return: _return,
    syntax.Raise: _raise,
    syntax.Break: _break,
    syntax.Continue: _continue,
    syntax.Global: _global,
    syntax.Del: _delete,
    syntax.Assert: _assert,
    syntax.Import: _import,
    syntax.ImportFrom: _import_from,
    syntax.If: _if,
    syntax.For: _for,
    syntax.While: _while,
    syntax.Try: _try,
    syntax.With: _with,
    syntax.FunctionDef: _function,
    syntax.ClassDef: _class,
    syntax.Match: _match,
}
