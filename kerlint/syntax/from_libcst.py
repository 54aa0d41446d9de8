"""Makes kerlint's tree of the tree of LibCST, which reads the code of newer Pythons: the same tree as `from_ast` makes of older code."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from kerlint.syntax import nodes
from kerlint.syntax.nodes import CompFor, Expression, MatchPattern, Name, Operator, Statement
from kerlint.syntax.text import Text


@dataclass(frozen=True, slots=True)
class Place:
    """A place as CPython tells it."""

    lineno: int
    col_offset: int
    end_lineno: int
    end_col_offset: int


def module(tree: cst.Module, text: Text) -> nodes.Module:
    """The tree of a text that LibCST has parsed."""
    wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
    maker = _Maker(text, wrapper.resolve(PositionProvider))
    return nodes.Module(None, text, list(maker.statements(tree.body)))


class _Maker:
    def __init__(self, text: Text, places: Any) -> None:
        self.text = text
        self.places = places

    def at(self, node: cst.CSTNode) -> Place:
        """Where a node stands."""
        place = self.places[node]
        first, last = place.start, place.end
        return Place(first.line, self._bytes(first.line, first.column), last.line, self._bytes(last.line, last.column))

    def _bytes(self, row: int, column: int) -> int:
        start = self.text.rows[row - 1]
        return len(self.text.content[start : start + column].encode())

    def _place(self, start: int, end: int) -> Place:
        first, last = self.text.position(start), self.text.position(end)
        return Place(first.row, self._bytes(first.row, first.column - 1), last.row, self._bytes(last.row, last.column - 1))

    def operator(self, node: cst.CSTNode, *between: Expression) -> Operator:
        """An operator, by the name that both trees have for it."""
        kind: type[Operator] = getattr(nodes, type(node).__name__.removesuffix("Assign"))
        return kind(between or None, self.text)

    # Expressions

    def maybe(self, node: cst.BaseExpression | None) -> Expression | None:
        """An expression, if there is one."""
        return None if node is None else self.expression(node)

    def expression(self, node: cst.BaseExpression) -> Expression:
        """An expression of any kind."""
        return _EXPRESSIONS[type(node).__name__](self, node)

    def name(self, node: cst.Name) -> Expression:
        return Name(self.at(node), self.text, node.value)

    def literal(self, node: Any) -> Expression:
        kind: type[nodes.Literal] = getattr(nodes, type(node).__name__)
        return kind(self.at(node), self.text, _evaluated(node.value))

    def strings(self, node: cst.ConcatenatedString) -> Expression:
        single = list(_strings(node))
        if all(isinstance(one, cst.SimpleString) for one in single):
            return nodes.ConcatenatedString(self.at(node), self.text, _evaluated(" ".join(one.value for one in single)))
        return nodes.FormattedString(self.at(node), self.text, [part for one in single for part in self.formatted_parts(one)])

    def formatted(self, node: Any) -> Expression:
        return nodes.FormattedString(self.at(node), self.text, self.formatted_parts(node))

    def formatted_parts(self, node: Any) -> list[Expression]:
        return [self.expression(part.expression) for part in getattr(node, "parts", ()) if hasattr(part, "expression")]

    def ellipsis(self, node: cst.Ellipsis) -> Expression:
        return nodes.Ellipsis(self.at(node), self.text)

    def elements(self, several: Sequence[Any]) -> list[nodes.BaseElement]:
        return [self.element(one) for one in several]

    def element(self, node: Any) -> nodes.BaseElement:
        value = self.expression(node.value)
        match node:
            case cst.DictElement():
                return nodes.DictElement(None, self.text, value, self.expression(node.key))
            case cst.StarredDictElement():
                return nodes.StarredDictElement(None, self.text, value)
            case cst.StarredElement():
                return nodes.StarredElement(None, self.text, value)
            case _:
                return nodes.Element(None, self.text, value)

    def display(self, node: Any) -> Expression:
        kind: type[nodes.Tuple | nodes.List | nodes.Set | nodes.Dict] = getattr(nodes, type(node).__name__)
        return kind(self.at(node), self.text, self.elements(node.elements))

    def starred(self, node: cst.StarredElement) -> Expression:
        return self.expression(node.value)

    def attribute(self, node: cst.Attribute) -> Expression:
        place = self.at(node)
        return nodes.Attribute(place, self.text, self.expression(node.value), nodes.Member(place, self.text, node.attr.value))

    def call(self, node: cst.Call) -> Expression:
        return nodes.Call(self.at(node), self.text, self.expression(node.func), self.args(node.args))

    def args(self, several: Sequence[cst.Arg]) -> list[nodes.Arg]:
        return [self.arg(one) for one in several]

    def arg(self, node: cst.Arg) -> nodes.Arg:
        place = self.at(node) if node.star or node.keyword else None
        keyword = None if node.keyword is None else nodes.Word(place, self.text, node.keyword.value)
        return nodes.Arg(place, self.text, self.expression(node.value), keyword, node.star)

    def subscript(self, node: cst.Subscript) -> Expression:
        several = len(node.slice) > 1 or isinstance(node.slice[0].comma, cst.Comma)
        indices = [self.index(one.slice) for one in node.slice]
        return nodes.Subscript(self.at(node), self.text, self.expression(node.value), indices, several)

    def index(self, node: Any) -> nodes.BaseSlice:
        if isinstance(node, cst.Slice):
            return nodes.Slice(self.at(node), self.text, self.maybe(node.lower), self.maybe(node.upper), self.maybe(node.step))
        return nodes.Index(None, self.text, self.expression(node.value))

    def waited(self, node: cst.Await) -> Expression:
        return nodes.Await(self.at(node), self.text, self.expression(node.expression))

    def yielded(self, node: cst.Yield) -> Expression:
        place = self.at(node)
        match node.value:
            case cst.From(item=item):
                return nodes.Yield(place, self.text, nodes.From(place, self.text, self.expression(item)))
            case value:
                return nodes.Yield(place, self.text, self.maybe(value))

    def walrus(self, node: cst.NamedExpr) -> Expression:
        return nodes.NamedExpr(self.at(node), self.text, self.expression(node.target), self.expression(node.value))

    def conditional(self, node: cst.IfExp) -> Expression:
        return nodes.IfExp(self.at(node), self.text, *map(self.expression, (node.test, node.body, node.orelse)))

    def clause(self, node: cst.CompFor) -> CompFor:
        inner = None if node.inner_for_in is None else self.clause(node.inner_for_in)
        tests = [self.expression(each.test) for each in node.ifs]
        return CompFor(None, self.text, self.expression(node.target), self.expression(node.iter), tests, inner)

    def comprehension(self, node: Any) -> Expression:
        kind: type[nodes.Comprehension] = getattr(nodes, type(node).__name__)
        return kind(self.at(node), self.text, self.expression(node.elt), self.clause(node.for_in))

    def generator(self, node: cst.GeneratorExp) -> Expression:
        start, end = self.text.span(self.at(node))
        place = self._place(self.text.before(start), self.text.after(end) + 1)
        return nodes.GeneratorExp(place, self.text, self.expression(node.elt), self.clause(node.for_in))

    def dict_comprehension(self, node: cst.DictComp) -> Expression:
        return nodes.DictComp(self.at(node), self.text, self.expression(node.key), self.expression(node.value), self.clause(node.for_in))

    def function_expression(self, node: cst.Lambda) -> Expression:
        return nodes.Lambda(self.at(node), self.text, self.parameters(node.params), self.expression(node.body))

    def parameters(self, node: cst.Parameters) -> nodes.Parameters:
        only, named, keyword_only = (
            [self.parameter(param) for param in several] for several in (node.posonly_params, node.params, node.kwonly_params)
        )
        star = self.parameter(node.star_arg) if isinstance(node.star_arg, cst.Param) else None
        stars = None if node.star_kwarg is None else self.parameter(node.star_kwarg)
        return nodes.Parameters(None, self.text, only, named, star, keyword_only, stars)

    def parameter(self, node: cst.Param) -> nodes.Param:
        place = self.at(node)
        annotation = None if node.annotation is None else self.expression(node.annotation.annotation)
        return nodes.Param(place, self.text, nodes.Word(place, self.text, node.name.value), annotation, self.maybe(node.default))

    def binary(self, node: cst.BinaryOperation) -> Expression:
        left, right = self.expression(node.left), self.expression(node.right)
        return nodes.BinaryOperation(self.at(node), self.text, left, self.operator(node.operator, left, right), right)

    def unary(self, node: cst.UnaryOperation) -> Expression:
        return nodes.UnaryOperation(self.at(node), self.text, self.operator(node.operator), self.expression(node.expression))

    def boolean(self, node: cst.BooleanOperation) -> Expression:
        left, right = self.expression(node.left), self.expression(node.right)
        return nodes.BooleanOperation(None, self.text, left, self.operator(node.operator), right)

    def comparison(self, node: cst.Comparison) -> Expression:
        targets = [
            nodes.ComparisonTarget(None, self.text, self.operator(one.operator), self.expression(one.comparator))
            for one in node.comparisons
        ]
        return nodes.Comparison(self.at(node), self.text, self.expression(node.left), targets)

    # Statements

    def statements(self, body: Sequence[Any]) -> Iterator[Statement]:
        """Statements in order, those of one line behind each other."""
        for node in body:
            if isinstance(node, cst.SimpleStatementLine):
                yield from self.statements(node.body)
            else:
                yield _STATEMENTS[type(node).__name__](self, node)

    def block(self, node: Any) -> nodes.IndentedBlock:
        return nodes.IndentedBlock(None, self.text, list(self.statements(node.body)))

    def orelse(self, node: Any) -> Any:
        match node:
            case None:
                return None
            case cst.If():
                return self.branch(node)
            case _:
                return nodes.Else(None, self.text, self.block(node.body))

    def expression_statement(self, node: cst.Expr) -> Statement:
        return nodes.Expr(self.at(node), self.text, self.expression(node.value))

    def assign(self, node: cst.Assign) -> Statement:
        targets = [self.expression(target.target) for target in node.targets]
        return nodes.Assign(self.at(node), self.text, targets, self.expression(node.value))

    def annotated(self, node: cst.AnnAssign) -> Statement:
        parts = self.expression(node.target), self.expression(node.annotation.annotation)
        return nodes.AnnAssign(self.at(node), self.text, *parts, self.maybe(node.value))

    def augmented(self, node: cst.AugAssign) -> Statement:
        target, value = self.expression(node.target), self.expression(node.value)
        return nodes.AugAssign(self.at(node), self.text, target, self.operator(node.operator, target, value), value)

    def returned(self, node: cst.Return) -> Statement:
        return nodes.Return(self.at(node), self.text, self.maybe(node.value))

    def raised(self, node: cst.Raise) -> Statement:
        cause = None if node.cause is None else self.expression(node.cause.item)
        return nodes.Raise(self.at(node), self.text, self.maybe(node.exc), cause)

    def asserted(self, node: cst.Assert) -> Statement:
        return nodes.Assert(self.at(node), self.text, self.expression(node.test), self.maybe(node.msg))

    def deleted(self, node: cst.Del) -> Statement:
        match node.target:
            case cst.Tuple(lpar=[], elements=elements):
                targets = [self.expression(element.value) for element in elements]
            case target:
                targets = [self.expression(target)]
        return nodes.Del(self.at(node), self.text, targets)

    def plain(self, node: Any) -> Statement:
        kind: type[Statement] = getattr(nodes, type(node).__name__)
        return kind(self.at(node), self.text)

    def outside(self, node: cst.Global | cst.Nonlocal) -> Statement:
        return nodes.Global(self.at(node), self.text, tuple(item.name.value for item in node.names))

    def type_alias(self, node: Any) -> Statement:
        return nodes.TypeAlias(self.at(node), self.text, Name(self.at(node.name), self.text, node.name.value), self.expression(node.value))

    def alias(self, node: cst.ImportAlias) -> nodes.ImportAlias:
        place, bound = self.at(node), node.evaluated_alias
        asname = None if bound is None else nodes.AsName(None, self.text, nodes.Member(place, self.text, bound))
        return nodes.ImportAlias(place, self.text, nodes.Path(place, self.text, node.evaluated_name), asname)

    def imported(self, node: cst.Import) -> Statement:
        return nodes.Import(self.at(node), self.text, [self.alias(alias) for alias in node.names])

    def imported_from(self, node: cst.ImportFrom) -> Statement:
        place = self.at(node)
        origin = None if node.module is None else nodes.Origin(place, self.text, _dotted(node.module))
        star = node.names if isinstance(node.names, cst.ImportStar) else None
        names = [self.alias(alias) for alias in node.names] if not isinstance(node.names, cst.ImportStar) else []
        return nodes.ImportFrom(
            place, self.text, origin, names if star is None else nodes.ImportStar(self.at(star), self.text), len(node.relative)
        )

    def branch(self, node: cst.If) -> Statement:
        return nodes.If(self.at(node), self.text, self.expression(node.test), self.block(node.body), self.orelse(node.orelse))

    def loop_while(self, node: cst.While) -> Statement:
        return nodes.While(self.at(node), self.text, self.expression(node.test), self.block(node.body), self.orelse(node.orelse))

    def loop(self, node: cst.For) -> Statement:
        target, over = self.expression(node.target), self.expression(node.iter)
        return nodes.For(self.at(node), self.text, target, over, self.block(node.body), self.orelse(node.orelse))

    def attempt(self, node: Any) -> Statement:
        final = None if node.finalbody is None else nodes.Finally(None, self.text, self.block(node.finalbody.body))
        handlers = [self.handler(each) for each in node.handlers]
        return nodes.Try(self.at(node), self.text, self.block(node.body), handlers, self.orelse(node.orelse), final)

    def handler(self, node: Any) -> nodes.ExceptHandler:
        place, caught = self.at(node), self.maybe(node.type)
        name = None if node.name is None or caught is None else nodes.Caught(caught, self.text, node.name.name.value)
        return nodes.ExceptHandler(place, self.text, caught, name, self.block(node.body))

    def managed(self, node: cst.With) -> Statement:
        items = [
            nodes.WithItem(
                None,
                self.text,
                self.expression(item.item),
                None if item.asname is None else nodes.AsName(None, self.text, self.expression(item.asname.name)),
            )
            for item in node.items
        ]
        return nodes.With(self.at(node), self.text, items, self.block(node.body))

    def decorators(self, several: Sequence[cst.Decorator]) -> list[nodes.Decorator]:
        return [nodes.Decorator(None, self.text, self.expression(one.decorator)) for one in several]

    def function(self, node: cst.FunctionDef) -> Statement:
        place = self.at(node)
        returns = None if node.returns is None else self.expression(node.returns.annotation)
        name, params = nodes.Defined(place, self.text, node.name.value), self.parameters(node.params)
        return nodes.FunctionDef(place, self.text, self.decorators(node.decorators), name, params, returns, self.block(node.body))

    def defined_class(self, node: cst.ClassDef) -> Statement:
        place = self.at(node)
        bases, keywords = self.args(node.bases), self.args(node.keywords)
        name, decorators = nodes.Defined(place, self.text, node.name.value), self.decorators(node.decorators)
        return nodes.ClassDef(place, self.text, decorators, name, bases, keywords, self.block(node.body))

    def matched(self, node: cst.Match) -> Statement:
        cases = [
            nodes.MatchCase(None, self.text, self.pattern(case.pattern), self.maybe(case.guard), self.block(case.body))
            for case in node.cases
        ]
        return nodes.Match(self.at(node), self.text, self.expression(node.subject), cases)

    # Patterns

    def pattern(self, node: Any) -> MatchPattern:
        place = self.at(node)

        def name(bound: cst.Name | None) -> Name | None:
            return None if bound is None else nodes.Member(place, self.text, bound.value)

        match node:
            case cst.MatchValue(value=value) | cst.MatchSingleton(value=value):
                return nodes.MatchValue(place, self.text, self.expression(value))
            case cst.MatchAs(pattern=inner, name=bound):
                return nodes.MatchAs(place, self.text, None if inner is None else self.pattern(inner), name(bound))
            case cst.MatchOr(patterns=several):
                return nodes.MatchOr(place, self.text, [self.pattern(one.pattern) for one in several])
            case cst.MatchList(patterns=several) | cst.MatchTuple(patterns=several):
                return nodes.MatchSequence(place, self.text, [self.member(one) for one in several])
            case cst.MatchMapping(elements=elements, rest=rest):
                keys, values = [self.expression(one.key) for one in elements], [self.pattern(one.pattern) for one in elements]
                return nodes.MatchMapping(place, self.text, keys, values, name(rest))
            case cst.MatchClass(cls=cls, patterns=several, kwds=named):
                positional = [self.member(one) for one in several]
                return nodes.MatchClass(place, self.text, self.expression(cls), positional, [self.pattern(one.pattern) for one in named])
            case _:
                raise TypeError(f"no pattern: {type(node).__name__}")

    def member(self, node: Any) -> MatchPattern:
        match node:
            case cst.MatchStar(name=bound):
                place = self.at(node)
                return nodes.MatchStar(place, self.text, None if bound is None else nodes.Member(place, self.text, bound.value))
            case _:
                return self.pattern(node.value)


def _evaluated(text: str) -> object:
    try:
        return literal_eval(text)
    except (SyntaxError, ValueError):
        return nodes.INVALID


def _strings(node: Any) -> Iterator[Any]:
    if isinstance(node, cst.ConcatenatedString):
        yield from _strings(node.left)
        yield from _strings(node.right)
    else:
        yield node


def _dotted(node: cst.Attribute | cst.Name) -> str:
    match node:
        case cst.Attribute(value=(cst.Attribute() | cst.Name()) as value, attr=attr):
            return f"{_dotted(value)}.{attr.value}"
        case _:
            return node.value if isinstance(node, cst.Name) else ""


_EXPRESSIONS: dict[str, Callable[[_Maker, Any], Expression]] = {
    "Name": _Maker.name,
    "Integer": _Maker.literal,
    "Float": _Maker.literal,
    "Imaginary": _Maker.literal,
    "SimpleString": _Maker.literal,
    "ConcatenatedString": _Maker.strings,
    "FormattedString": _Maker.formatted,
    "TemplatedString": _Maker.formatted,
    "Ellipsis": _Maker.ellipsis,
    "Tuple": _Maker.display,
    "List": _Maker.display,
    "Set": _Maker.display,
    "Dict": _Maker.display,
    "StarredElement": _Maker.starred,
    "Attribute": _Maker.attribute,
    "Call": _Maker.call,
    "Subscript": _Maker.subscript,
    "Await": _Maker.waited,
    "Yield": _Maker.yielded,
    "NamedExpr": _Maker.walrus,
    "IfExp": _Maker.conditional,
    "ListComp": _Maker.comprehension,
    "SetComp": _Maker.comprehension,
    "GeneratorExp": _Maker.generator,
    "DictComp": _Maker.dict_comprehension,
    "Lambda": _Maker.function_expression,
    "BinaryOperation": _Maker.binary,
    "UnaryOperation": _Maker.unary,
    "BooleanOperation": _Maker.boolean,
    "Comparison": _Maker.comparison,
}
_STATEMENTS: dict[str, Callable[[_Maker, Any], Statement]] = {
    "Expr": _Maker.expression_statement,
    "Assign": _Maker.assign,
    "AnnAssign": _Maker.annotated,
    "AugAssign": _Maker.augmented,
    "Return": _Maker.returned,
    "Raise": _Maker.raised,
    "Assert": _Maker.asserted,
    "Del": _Maker.deleted,
    "Break": _Maker.plain,
    "Continue": _Maker.plain,
    "Pass": _Maker.plain,
    "Global": _Maker.outside,
    "Nonlocal": _Maker.outside,
    "TypeAlias": _Maker.type_alias,
    "Import": _Maker.imported,
    "ImportFrom": _Maker.imported_from,
    "If": _Maker.branch,
    "While": _Maker.loop_while,
    "For": _Maker.loop,
    "Try": _Maker.attempt,
    "TryStar": _Maker.attempt,
    "With": _Maker.managed,
    "FunctionDef": _Maker.function,
    "ClassDef": _Maker.defined_class,
    "Match": _Maker.matched,
}
