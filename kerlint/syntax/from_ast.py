"""Makes kerlint's tree of the tree of CPython: one small function for each kind of node."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from kerlint.depth import MOST_LINKS
from kerlint.syntax import nodes
from kerlint.syntax.nodes import Arg, CompFor, Expression, IndentedBlock, MatchPattern, Name, Operator, Statement
from kerlint.syntax.text import Text

OPERATORS: dict[type, type[Operator]] = {
    ast.Add: nodes.Add,
    ast.Sub: nodes.Subtract,
    ast.Mult: nodes.Multiply,
    ast.Div: nodes.Divide,
    ast.FloorDiv: nodes.FloorDivide,
    ast.Mod: nodes.Modulo,
    ast.Pow: nodes.Power,
    ast.MatMult: nodes.MatrixMultiply,
    ast.BitAnd: nodes.BitAnd,
    ast.BitOr: nodes.BitOr,
    ast.BitXor: nodes.BitXor,
    ast.LShift: nodes.LeftShift,
    ast.RShift: nodes.RightShift,
}
NOWHERE = Text("")
SIGNS: dict[type, Operator] = {
    kind: made(None, NOWHERE)
    for kind, made in {
        ast.Not: nodes.Not,
        ast.USub: nodes.Minus,
        ast.UAdd: nodes.Plus,
        ast.Invert: nodes.BitInvert,
        ast.And: nodes.And,
        ast.Or: nodes.Or,
        ast.Eq: nodes.Equal,
        ast.NotEq: nodes.NotEqual,
        ast.Lt: nodes.LessThan,
        ast.LtE: nodes.LessThanEqual,
        ast.Gt: nodes.GreaterThan,
        ast.GtE: nodes.GreaterThanEqual,
        ast.Is: nodes.Is,
        ast.IsNot: nodes.IsNot,
        ast.In: nodes.In,
        ast.NotIn: nodes.NotIn,
    }.items()
}
"""The operators that have no place."""


def module(tree: ast.Module, text: Text) -> nodes.Module:
    """The tree of a text that CPython has parsed."""
    return nodes.Module(None, text, _statements(text, tree.body))


# Expressions


def _expression(text: Text, node: Any) -> Expression:
    return _EXPRESSIONS[type(node)](text, node)


def _maybe(text: Text, node: Any) -> Expression | None:
    return None if node is None else _EXPRESSIONS[type(node)](text, node)


def _expressions(text: Text, several: Sequence[ast.AST]) -> list[Expression]:
    return [_EXPRESSIONS[type(node)](text, node) for node in several]


def _name(text: Text, node: ast.Name) -> Expression:
    return Name(node, text, node.id)


def _constant(text: Text, node: ast.Constant) -> Expression:
    value = node.value
    match value:
        case str() | bytes():
            return _string(text, node)
        case None | True | False:
            return Name(node, text, repr(value))
        case int():
            return nodes.Integer(node, text, value)
        case float():
            return nodes.Float(node, text, value)
        case complex():
            return nodes.Imaginary(node, text, value)
        case _:
            return nodes.Ellipsis(node, text)


def _string(text: Text, node: ast.Constant) -> Expression:
    literal = nodes.SimpleString(node, text, node.value)
    return literal if text.is_one_string(*literal.span) else nodes.ConcatenatedString(node, text, node.value)


def _formatted(text: Text, node: ast.JoinedStr) -> Expression:
    inner = (part.value for part in node.values if type(part) is not ast.Constant)  # type: ignore[attr-defined]
    return nodes.FormattedString(node, text, [_expression(text, part) for part in inner])


def _elements(text: Text, several: Sequence[ast.expr]) -> list[nodes.BaseElement]:
    return [
        nodes.StarredElement(node, text, _expression(text, node.value))
        if isinstance(node, ast.Starred)
        else nodes.Element(None, text, _EXPRESSIONS[type(node)](text, node))
        for node in several
    ]


def _tuple(text: Text, node: ast.Tuple) -> Expression:
    return nodes.Tuple(node, text, _elements(text, node.elts))


def _list(text: Text, node: ast.List) -> Expression:
    return nodes.List(node, text, _elements(text, node.elts))


def _set(text: Text, node: ast.Set) -> Expression:
    return nodes.Set(node, text, _elements(text, node.elts))


def _dict(text: Text, node: ast.Dict) -> Expression:
    entries: list[nodes.BaseElement] = [
        nodes.StarredDictElement(None, text, _expression(text, value))
        if key is None
        else nodes.DictElement(None, text, _expression(text, value), _expression(text, key))
        for key, value in zip(node.keys, node.values, strict=True)
    ]
    return nodes.Dict(node, text, entries)


def _attribute(text: Text, node: ast.Attribute) -> Expression:
    return nodes.Attribute(node, text, _EXPRESSIONS[type(node.value)](text, node.value), nodes.Member(node, text, node.attr))


def _call(text: Text, node: ast.Call) -> Expression:
    return nodes.Call(node, text, _EXPRESSIONS[type(node.func)](text, node.func), _arguments(text, node.args, node.keywords))


def _arguments(text: Text, positional: Sequence[ast.expr], keywords: Sequence[ast.keyword]) -> list[Arg]:
    found = [_positional(text, node) for node in positional]
    if not keywords:
        return found
    named = [_keyword(text, keyword) for keyword in keywords]
    if positional and _place(positional[-1]) > _place(keywords[0]):  # `f(a=1, *b)`
        return [
            arg for _, arg in sorted(zip(map(_place, [*positional, *keywords]), [*found, *named], strict=True), key=lambda pair: pair[0])
        ]
    return found + named


def _place(node: Any) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _positional(text: Text, node: ast.expr) -> Arg:
    if isinstance(node, ast.Starred):
        return Arg(node, text, _expression(text, node.value), None, "*")
    return Arg(None, text, _EXPRESSIONS[type(node)](text, node), None, "")


def _keyword(text: Text, node: ast.keyword) -> Arg:
    value = _EXPRESSIONS[type(node.value)](text, node.value)
    return Arg(node, text, value, None, "**") if node.arg is None else Arg(node, text, value, nodes.Word(node, text, node.arg), "")


def _subscript(text: Text, node: ast.Subscript) -> Expression:
    value, inner = _EXPRESSIONS[type(node.value)](text, node.value), node.slice
    if isinstance(inner, ast.Tuple) and not _is_bracketed(text, inner):
        return nodes.Subscript(node, text, value, [_index(text, one) for one in inner.elts], True)
    return nodes.Subscript(node, text, value, [_index(text, inner)], False)


def _is_bracketed(text: Text, node: ast.Tuple) -> bool:
    """Whether a tuple of indices has parentheses of its own."""
    start, end = text.span(node)
    if text.content[start] != "(" or any(isinstance(one, ast.Slice) for one in node.elts):
        return False
    return _tuple(text, node).span != (start, end)


def _index(text: Text, node: ast.expr) -> nodes.BaseSlice:
    if isinstance(node, ast.Slice):
        return nodes.Slice(node, text, _maybe(text, node.lower), _maybe(text, node.upper), _maybe(text, node.step))
    inner = node.value if isinstance(node, ast.Starred) else node
    return nodes.Index(None, text, _EXPRESSIONS[type(inner)](text, inner))


def _await(text: Text, node: ast.Await) -> Expression:
    return nodes.Await(node, text, _expression(text, node.value))


def _yield(text: Text, node: ast.Yield) -> Expression:
    return nodes.Yield(node, text, _maybe(text, node.value))


def _yield_from(text: Text, node: ast.YieldFrom) -> Expression:
    return nodes.Yield(node, text, nodes.From(node, text, _expression(text, node.value)))


def _walrus(text: Text, node: ast.NamedExpr) -> Expression:
    return nodes.NamedExpr(node, text, _expression(text, node.target), _expression(text, node.value))


def _conditional(text: Text, node: ast.IfExp) -> Expression:
    return nodes.IfExp(node, text, *_expressions(text, (node.test, node.body, node.orelse)))


def _clauses(text: Text, clauses: Sequence[ast.comprehension]) -> CompFor:
    inner: CompFor | None = None
    for clause in reversed(clauses):
        inner = CompFor(None, text, _expression(text, clause.target), _expression(text, clause.iter), _expressions(text, clause.ifs), inner)
    assert inner is not None
    return inner


def _comprehension(kind: type[nodes.Comprehension]) -> Callable[[Text, Any], Expression]:
    def make(text: Text, node: Any) -> Expression:
        return kind(node, text, _expression(text, node.elt), _clauses(text, node.generators))

    return make


def _dict_comprehension(text: Text, node: ast.DictComp) -> Expression:
    return nodes.DictComp(node, text, _expression(text, node.key), _expression(text, node.value), _clauses(text, node.generators))


def _lambda(text: Text, node: ast.Lambda) -> Expression:
    return nodes.Lambda(node, text, _parameters(text, node.args), _expression(text, node.body))


def _parameters(text: Text, node: ast.arguments) -> nodes.Parameters:
    only, places = len(node.posonlyargs), [*node.posonlyargs, *node.args]
    given: list[ast.expr | None] = [None] * (len(places) - len(node.defaults)) + [*node.defaults]
    named = [_parameter(text, arg, default) for arg, default in zip(places, given, strict=True)]
    keyword_only = [_parameter(text, arg, default) for arg, default in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
    star, stars = (None if arg is None else _parameter(text, arg, None) for arg in (node.vararg, node.kwarg))
    return nodes.Parameters(None, text, named[:only], named[only:], star, keyword_only, stars)


def _parameter(text: Text, node: ast.arg, default: ast.expr | None) -> nodes.Param:
    return nodes.Param(node, text, nodes.Word(node, text, node.arg), _maybe(text, node.annotation), _maybe(text, default))


def _binary(text: Text, node: ast.BinOp) -> Expression:
    left, right = _EXPRESSIONS[type(node.left)](text, node.left), _EXPRESSIONS[type(node.right)](text, node.right)
    return nodes.BinaryOperation(node, text, left, OPERATORS[type(node.op)]((left, right), text), right)


def _unary(text: Text, node: ast.UnaryOp) -> Expression:
    return nodes.UnaryOperation(node, text, SIGNS[type(node.op)], _expression(text, node.operand))


def _boolean(text: Text, node: ast.BoolOp) -> Expression:
    if len(node.values) > MOST_LINKS:  # freeing a deeper tree would overflow the stack; all other chains CPython limits itself
        raise RecursionError
    operator = SIGNS[type(node.op)]
    first, *others = _expressions(text, node.values)
    for other in others:
        first = nodes.BooleanOperation(None, text, first, operator, other)
    return first


def _comparison(text: Text, node: ast.Compare) -> Expression:
    targets = [
        nodes.ComparisonTarget(None, text, SIGNS[type(operator)], _expression(text, other))
        for operator, other in zip(node.ops, node.comparators, strict=True)
    ]
    return nodes.Comparison(node, text, _expression(text, node.left), targets)


def _starred(text: Text, node: ast.Starred) -> Expression:
    """A star where only lists of elements have one: `x[*y]`, `*a, = b`, a subject of `match`."""
    return _expression(text, node.value)


_EXPRESSIONS: dict[type, Callable[[Text, Any], Expression]] = {
    ast.Name: _name,
    ast.Constant: _constant,
    ast.JoinedStr: _formatted,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Await: _await,
    ast.Yield: _yield,
    ast.YieldFrom: _yield_from,
    ast.NamedExpr: _walrus,
    ast.IfExp: _conditional,
    ast.ListComp: _comprehension(nodes.ListComp),
    ast.SetComp: _comprehension(nodes.SetComp),
    ast.GeneratorExp: _comprehension(nodes.GeneratorExp),
    ast.DictComp: _dict_comprehension,
    ast.Lambda: _lambda,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _boolean,
    ast.Compare: _comparison,
    ast.Starred: _starred,
}
if hasattr(ast, "TemplateStr"):  # Python 3.14
    _EXPRESSIONS[ast.TemplateStr] = _formatted


# Statements


def _statements(text: Text, body: Sequence[ast.stmt]) -> list[Statement]:
    return [_STATEMENTS[type(node)](text, node) for node in body]


def _block(text: Text, body: Sequence[ast.stmt]) -> IndentedBlock:
    return IndentedBlock(None, text, [_STATEMENTS[type(node)](text, node) for node in body])


def _expr(text: Text, node: ast.Expr) -> Statement:
    return nodes.Expr(node, text, _EXPRESSIONS[type(node.value)](text, node.value))


def _assign(text: Text, node: ast.Assign) -> Statement:
    return nodes.Assign(node, text, _expressions(text, node.targets), _EXPRESSIONS[type(node.value)](text, node.value))


def _annotated(text: Text, node: ast.AnnAssign) -> Statement:
    return nodes.AnnAssign(node, text, _expression(text, node.target), _expression(text, node.annotation), _maybe(text, node.value))


def _augmented(text: Text, node: ast.AugAssign) -> Statement:
    target, value = _expression(text, node.target), _expression(text, node.value)
    return nodes.AugAssign(node, text, target, OPERATORS[type(node.op)]((target, value), text), value)


def _return(text: Text, node: ast.Return) -> Statement:
    return nodes.Return(node, text, _maybe(text, node.value))


def _raise(text: Text, node: ast.Raise) -> Statement:
    return nodes.Raise(node, text, _maybe(text, node.exc), _maybe(text, node.cause))


def _assert(text: Text, node: ast.Assert) -> Statement:
    return nodes.Assert(node, text, _expression(text, node.test), _maybe(text, node.msg))


def _delete(text: Text, node: ast.Delete) -> Statement:
    return nodes.Del(node, text, _expressions(text, node.targets))


def _plain(kind: type[Statement]) -> Callable[[Text, Any], Statement]:
    return lambda text, node: kind(node, text)


def _global(text: Text, node: ast.Global | ast.Nonlocal) -> Statement:
    return nodes.Global(node, text, tuple(node.names))


def _type_alias(text: Text, node: Any) -> Statement:
    return nodes.TypeAlias(node, text, Name(node.name, text, node.name.id), _expression(text, node.value))


def _alias(text: Text, node: ast.alias) -> nodes.ImportAlias:
    asname = None if node.asname is None else nodes.AsName(None, text, nodes.Member(node, text, node.asname))
    return nodes.ImportAlias(node, text, nodes.Path(node, text, node.name), asname)


def _import(text: Text, node: ast.Import) -> Statement:
    return nodes.Import(node, text, [_alias(text, alias) for alias in node.names])


def _import_from(text: Text, node: ast.ImportFrom) -> Statement:
    origin = None if node.module is None else nodes.Origin(node, text, node.module)
    star = node.names[0].name == "*"
    names = nodes.ImportStar(node.names[0], text) if star else [_alias(text, alias) for alias in node.names]
    return nodes.ImportFrom(node, text, origin, names, node.level)


def _else(text: Text, body: Sequence[ast.stmt]) -> nodes.Else | None:
    return nodes.Else(None, text, _block(text, body)) if body else None


def _if(text: Text, node: ast.If) -> Statement:
    test, body = _expression(text, node.test), _block(text, node.body)
    match node.orelse:
        case [ast.If() as other] if text.content.startswith("elif", text.offset(other.lineno, other.col_offset)):
            return nodes.If(node, text, test, body, _if(text, other))  # type: ignore[arg-type]
        case others:
            return nodes.If(node, text, test, body, _else(text, others))


def _while(text: Text, node: ast.While) -> Statement:
    return nodes.While(node, text, _expression(text, node.test), _block(text, node.body), _else(text, node.orelse))


def _for(text: Text, node: ast.For | ast.AsyncFor) -> Statement:
    target, over = _expression(text, node.target), _expression(text, node.iter)
    return nodes.For(node, text, target, over, _block(text, node.body), _else(text, node.orelse))


def _try(text: Text, node: ast.Try) -> Statement:
    final = nodes.Finally(None, text, _block(text, node.finalbody)) if node.finalbody else None
    handlers = [_handler(text, handler) for handler in node.handlers]
    return nodes.Try(node, text, _block(text, node.body), handlers, _else(text, node.orelse), final)


def _handler(text: Text, node: ast.ExceptHandler) -> nodes.ExceptHandler:
    caught = _maybe(text, node.type)
    name = None if node.name is None or caught is None else nodes.Caught(caught, text, node.name)
    return nodes.ExceptHandler(node, text, caught, name, _block(text, node.body))


def _with(text: Text, node: ast.With | ast.AsyncWith) -> Statement:
    items = [
        nodes.WithItem(
            None,
            text,
            _expression(text, item.context_expr),
            None if item.optional_vars is None else nodes.AsName(None, text, _expression(text, item.optional_vars)),
        )
        for item in node.items
    ]
    return nodes.With(node, text, items, _block(text, node.body))


def _decorators(text: Text, several: Sequence[ast.expr]) -> list[nodes.Decorator]:
    return [nodes.Decorator(None, text, _expression(text, node)) for node in several]


def _function(text: Text, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Statement:
    name, decorators = nodes.Defined(node, text, node.name), _decorators(text, node.decorator_list)
    params, returns = _parameters(text, node.args), _maybe(text, node.returns)
    return nodes.FunctionDef(node, text, decorators, name, params, returns, _block(text, node.body))


def _class(text: Text, node: ast.ClassDef) -> Statement:
    bases, keywords = [_positional(text, base) for base in node.bases], [_keyword(text, keyword) for keyword in node.keywords]
    decorators = _decorators(text, node.decorator_list)
    return nodes.ClassDef(node, text, decorators, nodes.Defined(node, text, node.name), bases, keywords, _block(text, node.body))


def _match(text: Text, node: ast.Match) -> Statement:
    cases = [
        nodes.MatchCase(None, text, _pattern(text, case.pattern), _maybe(text, case.guard), _block(text, case.body)) for case in node.cases
    ]
    return nodes.Match(node, text, _expression(text, node.subject), cases)


def _pattern(text: Text, node: ast.pattern) -> MatchPattern:
    def name(value: str | None) -> Name | None:
        return None if value is None else nodes.Member(node, text, value)

    match node:
        case ast.MatchValue(value=value):
            return nodes.MatchValue(node, text, _expression(text, value))
        case ast.MatchSingleton(value=value):
            return nodes.MatchValue(node, text, Name(node, text, repr(value)))
        case ast.MatchAs(pattern=inner, name=bound):
            return nodes.MatchAs(node, text, None if inner is None else _pattern(text, inner), name(bound))
        case ast.MatchOr(patterns=several):
            return nodes.MatchOr(node, text, _patterns(text, several))
        case ast.MatchSequence(patterns=several):
            return nodes.MatchSequence(node, text, _patterns(text, several))
        case ast.MatchStar(name=bound):
            return nodes.MatchStar(node, text, name(bound))
        case ast.MatchMapping(keys=keys, patterns=several, rest=rest):
            return nodes.MatchMapping(node, text, _expressions(text, keys), _patterns(text, several), name(rest))
        case ast.MatchClass(cls=cls, patterns=several, kwd_patterns=named):
            return nodes.MatchClass(node, text, _expression(text, cls), _patterns(text, several), _patterns(text, named))
        case _:
            raise TypeError(f"no pattern: {type(node).__name__}")


def _patterns(text: Text, several: Sequence[ast.pattern]) -> list[MatchPattern]:
    return [_pattern(text, node) for node in several]


_STATEMENTS: dict[type, Callable[[Text, Any], Statement]] = {
    ast.Expr: _expr,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Delete: _delete,
    ast.Break: _plain(nodes.Break),
    ast.Continue: _plain(nodes.Continue),
    ast.Pass: _plain(nodes.Pass),
    ast.Global: _global,
    ast.Nonlocal: _global,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.If: _if,
    ast.While: _while,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.Try: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Match: _match,
}
for kind, reader in (("TryStar", _try), ("TypeAlias", _type_alias)):  # Python 3.11, Python 3.12
    if hasattr(ast, kind):
        _STATEMENTS[getattr(ast, kind)] = reader
