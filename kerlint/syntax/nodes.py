"""The tree that kerlint reads code into: the nodes of LibCST by their names, without whitespace, commas and parentheses.

A node is made in a tenth of the time that a node of LibCST takes, and knows its text: what stands between the nodes is looked up there by
the few that ask. There are no ways back from a part to the whole, so that a tree goes when nobody holds it (`gc=False`).
"""

# ruff: noqa: A001, D101, D102  (most classes say what they are by their names, which are those of LibCST)

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

if TYPE_CHECKING:
    from kerlint.finding import Position
    from kerlint.syntax.text import Text


class Node(Struct, eq=False, gc=False):
    """A piece of code: where CPython says that it stands (for some, a whole that it is a part of), and the text that this is in."""

    at: Any
    text: Text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @property
    def span(self) -> tuple[int, int]:
        """The offsets between which it stands, without its own parentheses."""
        return self.text.span(self.at)

    @property
    def outer(self) -> tuple[int, int]:
        """The offsets with its own parentheses."""
        return self.span

    @property
    def start(self) -> Position:
        """Where it begins: row and column from 1."""
        return self.text.position(self.span[0])

    @property
    def end(self) -> Position:
        """The place right behind it."""
        return self.text.position(self.span[1])

    @property
    def code(self) -> str:
        """Its text, with its own parentheses and with plain line feeds."""
        start, end = self.outer
        return self.text.cut(start, end)


def parts(node: Node) -> Iterator[Node]:
    """The nodes right below a node, in the order of its fields."""
    for name in node.__struct_fields__[2:]:
        part = getattr(node, name)
        if isinstance(part, list):
            yield from part
        elif isinstance(part, Node):
            yield part


def within(node: Node) -> Iterator[Node]:
    """A node and all nodes below it, the parts of a node behind it in order."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend([*parts(node)][::-1])


# Expressions


class Expression(Node):
    """What has a value."""

    @property
    def outer(self) -> tuple[int, int]:
        return self.text.grouped(*self.span)


class Name(Expression):
    """A name, `None`, `True` and `False` among them."""

    value: str


class Word(Name):
    """A name that CPython gives no place of its own: it is found in the text of what it belongs to."""

    pattern: ClassVar[re.Pattern[str]] = re.compile(r"(\w+)")

    @property
    def span(self) -> tuple[int, int]:
        start, end = self.text.span(self.at)
        found = self.pattern.search(self.text.content, start, end)
        return found.span(1) if found else (start, end)


class Member(Word):
    """The name behind the last dot, or behind `as`."""

    @property
    def span(self) -> tuple[int, int]:
        start, end = self.text.span(self.at)
        while end > start and not _is_word(self.text.content[end - 1]):
            end -= 1
        first = end
        while first > start and _is_word(self.text.content[first - 1]):
            first -= 1
        return first, end


def _is_word(letter: str) -> bool:
    return letter == "_" or letter.isalnum()


_DOTTED = r"(\w+(?:[\s\\]*\.[\s\\]*\w+)*)"


class Path(Word):
    """The dotted name that an import begins with."""

    pattern = re.compile(_DOTTED)


class Origin(Word):
    """The module that a `from` import names."""

    pattern = re.compile(rf"from[\s\\.]*{_DOTTED}")


class Defined(Word):
    """The name of a function or class."""

    pattern = re.compile(r"(?:def|class)[\s\\]+(\w+)")


class Caught(Word):
    """The name that an exception handler binds; `at` is the type that it catches."""

    @property
    def span(self) -> tuple[int, int]:
        start = self.text.content.index("as", self.at.outer[1]) + 2
        start = self.text.after(start)
        return start, start + len(self.value)


class Literal(Expression):
    """A number or a string; `evaluated` is its value, or INVALID where Python 3 has none for it."""

    evaluated: object

    @property
    def value(self) -> str:
        """It as it is written."""
        start, end = self.span
        return self.text.content[start:end]


INVALID = object()


class Integer(Literal): ...


class Float(Literal): ...


class Imaginary(Literal): ...


class SimpleString(Literal):
    """One string of letters or bytes."""

    @property
    def prefix(self) -> str:
        """The letters in front of its quotes, in lower case."""
        return re.split("[\"']", self.value, maxsplit=1)[0].lower()


class ConcatenatedString(Literal):
    """Several strings behind each other, none of them formatted."""


class FormattedString(Expression):
    """A string with expressions in it, or several behind each other of which one has; `parts` are these expressions."""

    parts: list[Expression]


class Ellipsis(Expression):
    pass


class BaseElement(Node):
    """What a display lists; it stands where its value stands, with the parentheses of that."""

    value: Expression

    @property
    def span(self) -> tuple[int, int]:
        return self.value.outer


class Element(BaseElement):
    pass


class StarredElement(BaseElement):
    @property
    def span(self) -> tuple[int, int]:
        return self.text.before(self.value.outer[0]), self.value.outer[1]


class Tuple(Expression):
    elements: list[BaseElement]

    @property
    def span(self) -> tuple[int, int]:
        """CPython counts the parentheses that a tuple is written with, and not those around one that is written without."""
        start, end = self.text.span(self.at)
        own = self.text.content[start] == "(" and (not self.elements or self.elements[0].span[0] > start)
        return _bare(self.text, start, end) if own else (start, end)


class List(Expression):
    elements: list[BaseElement]


class Set(Expression):
    elements: list[BaseElement]


class DictElement(BaseElement):
    key: Expression

    @property
    def span(self) -> tuple[int, int]:
        return self.key.outer[0], self.value.outer[1]


class StarredDictElement(BaseElement):
    @property
    def span(self) -> tuple[int, int]:
        return self.text.before(self.value.outer[0]) - 1, self.value.outer[1]


class Dict(Expression):
    elements: list[BaseElement]


class Attribute(Expression):
    value: Expression
    attr: Name


class Arg(Node):
    """An argument of a call; `at` is the place of one with a keyword or a star."""

    value: Expression
    keyword: Name | None
    star: str

    @property
    def span(self) -> tuple[int, int]:
        return self.value.outer if self.at is None else self.text.span(self.at)


class Call(Expression):
    func: Expression
    args: list[Arg]


class BaseSlice(Node):
    pass


class Index(BaseSlice):
    value: Expression

    @property
    def span(self) -> tuple[int, int]:
        return self.value.outer


class Slice(BaseSlice):
    lower: Expression | None
    upper: Expression | None
    step: Expression | None


class Subscript(Expression):
    """`x[i]`; `several` is whether a comma makes the indices a tuple."""

    value: Expression
    slice: list[BaseSlice]
    several: bool


class Await(Expression):
    expression: Expression


class From(Node):
    item: Expression


class Yield(Expression):
    value: Expression | From | None


class NamedExpr(Expression):
    target: Expression
    value: Expression


class IfExp(Expression):
    test: Expression
    body: Expression
    orelse: Expression


class CompFor(Node):
    """A clause of a comprehension; CPython gives it no place."""

    target: Expression
    iter: Expression
    ifs: list[Expression]
    inner_for_in: CompFor | None

    @property
    def span(self) -> tuple[int, int]:
        start = self.text.before(self.target.outer[0]) - 2
        if self.text.content[:start].rstrip().endswith("async"):
            start = self.text.content.rindex("async", 0, start)
        last = self.inner_for_in or (self.ifs or [self.iter])[-1]
        return start, last.outer[1]


class Comprehension(Expression):
    """`elt for …` in brackets of some kind."""

    elt: Expression
    for_in: CompFor


class ListComp(Comprehension): ...


class SetComp(Comprehension): ...


class GeneratorExp(Comprehension):
    @property
    def span(self) -> tuple[int, int]:
        """CPython counts its parentheses, or those of the call whose only argument it is."""
        return _bare(self.text, *self.text.span(self.at))


class DictComp(Expression):
    key: Expression
    value: Expression
    for_in: CompFor


class Param(Node):
    name: Name
    annotation: Expression | None
    default: Expression | None


class Parameters(Node):
    posonly_params: list[Param]
    params: list[Param]
    star_arg: Param | None
    kwonly_params: list[Param]
    star_kwarg: Param | None


class Lambda(Expression):
    params: Parameters
    body: Expression


# Operators


class Operator(Node):
    """An operator; `at` are the two expressions that it stands between. Those of conditions, comparisons and signs have no place (None)."""

    @property
    def span(self) -> tuple[int, int]:
        if self.at is None:
            return 0, 0
        left, right = self.at
        return self.text.after(left.outer[1]), self.text.before(right.outer[0]) + 1


class Add(Operator): ...


class Subtract(Operator): ...


class Multiply(Operator): ...


class Divide(Operator): ...


class FloorDivide(Operator): ...


class Modulo(Operator): ...


class Power(Operator): ...


class MatrixMultiply(Operator): ...


class BitAnd(Operator): ...


class BitOr(Operator): ...


class BitXor(Operator): ...


class LeftShift(Operator): ...


class RightShift(Operator): ...


class And(Operator): ...


class Or(Operator): ...


class Not(Operator): ...


class Minus(Operator): ...


class Plus(Operator): ...


class BitInvert(Operator): ...


class Equal(Operator): ...


class NotEqual(Operator): ...


class LessThan(Operator): ...


class LessThanEqual(Operator): ...


class GreaterThan(Operator): ...


class GreaterThanEqual(Operator): ...


class Is(Operator): ...


class IsNot(Operator): ...


class In(Operator): ...


class NotIn(Operator): ...


class BinaryOperation(Expression):
    left: Expression
    operator: Operator
    right: Expression


class UnaryOperation(Expression):
    operator: Operator
    expression: Expression


class BooleanOperation(Expression):
    """`and` or `or` between two conditions; of three, the first two are one condition (CPython lists all, in one place)."""

    left: Expression
    operator: Operator
    right: Expression

    @property
    def span(self) -> tuple[int, int]:
        return self.left.outer[0], self.right.outer[1]

    @property
    def outer(self) -> tuple[int, int]:
        return self.text.grouped(*self.span)


class ComparisonTarget(Node):
    operator: Operator
    comparator: Expression

    @property
    def span(self) -> tuple[int, int]:
        return self.comparator.outer


class Comparison(Expression):
    left: Expression
    comparisons: list[ComparisonTarget]


# Simple statements


class Statement(Node):
    """A statement, simple or compound."""


class Expr(Statement):
    value: Expression


class Assign(Statement):
    targets: list[Expression]
    value: Expression


class AnnAssign(Statement):
    target: Expression
    annotation: Expression
    value: Expression | None


class AugAssign(Statement):
    target: Expression
    operator: Operator
    value: Expression


class Return(Statement):
    value: Expression | None


class Raise(Statement):
    exc: Expression | None
    cause: Expression | None


class Assert(Statement):
    test: Expression
    msg: Expression | None


class Del(Statement):
    targets: list[Expression]


class Break(Statement): ...


class Continue(Statement): ...


class Pass(Statement): ...


class Global(Statement):
    """`global` or `nonlocal` and the names behind it."""

    names: tuple[str, ...]


class TypeAlias(Statement):
    name: Name
    value: Expression


class AsName(Node):
    name: Expression

    @property
    def span(self) -> tuple[int, int]:
        return self.name.outer


class ImportAlias(Node):
    """One name of an import; the dots of a dotted one are part of its name."""

    name: Name
    asname: AsName | None

    @property
    def evaluated_name(self) -> str:
        """The dotted name of what is imported."""
        return self.name.value

    @property
    def evaluated_alias(self) -> str | None:
        """The name behind `as`."""
        return self.asname.name.value if self.asname is not None and isinstance(self.asname.name, Name) else None


class ImportStar(Node): ...


class Import(Statement):
    names: list[ImportAlias]


class ImportFrom(Statement):
    """`relative` is the number of leading dots."""

    module: Name | None
    names: list[ImportAlias] | ImportStar
    relative: int


# Compound statements


class Compound(Statement):
    """A statement that holds others."""

    @property
    def span(self) -> tuple[int, int]:
        """CPython counts a semicolon behind the last one of its statements."""
        start, end = self.text.span(self.at)
        return start, start + len(self.text.content[start:end].rstrip("; \t"))


class IndentedBlock(Node):
    """The statements of a function, a branch, a loop: also those on the line of its head."""

    body: list[Statement]

    @property
    def span(self) -> tuple[int, int]:
        return self.body[0].span[0], self.body[-1].span[1]


class Branch(Node):
    """What is run in the end, or when something else is not."""

    body: IndentedBlock

    @property
    def span(self) -> tuple[int, int]:
        return self.body.span


class Else(Branch): ...


class Finally(Branch): ...


class If(Compound):
    """An `if`, or the `elif` of another one."""

    test: Expression
    body: IndentedBlock
    orelse: If | Else | None


class While(Compound):
    test: Expression
    body: IndentedBlock
    orelse: Else | None


class For(Compound):
    target: Expression
    iter: Expression
    body: IndentedBlock
    orelse: Else | None


class ExceptHandler(Node):
    type: Expression | None
    name: Name | None
    body: IndentedBlock


class Try(Compound):
    """A `try` with `except` or with `except*`."""

    body: IndentedBlock
    handlers: list[ExceptHandler]
    orelse: Else | None
    finalbody: Finally | None


class WithItem(Node):
    item: Expression
    asname: AsName | None

    @property
    def span(self) -> tuple[int, int]:
        return self.item.outer[0], (self.asname or self.item).outer[1]


class With(Compound):
    items: list[WithItem]
    body: IndentedBlock


class Decorator(Node):
    decorator: Expression

    @property
    def span(self) -> tuple[int, int]:
        start, end = self.decorator.outer
        return self.text.before(start), end


class Definition(Compound):
    """A function or class; it stands where its head begins, its decorators in front of it."""

    decorators: list[Decorator]
    name: Name

    @property
    def outer(self) -> tuple[int, int]:
        return (self.decorators[0] if self.decorators else self).span[0], self.span[1]


class FunctionDef(Definition):
    params: Parameters
    returns: Expression | None
    body: IndentedBlock


class ClassDef(Definition):
    bases: list[Arg]
    keywords: list[Arg]
    body: IndentedBlock


class MatchPattern(Node): ...


class MatchValue(MatchPattern):
    """A value, `None` and `True` among them."""

    value: Expression


class MatchAs(MatchPattern):
    pattern: MatchPattern | None
    name: Name | None


class MatchOr(MatchPattern):
    patterns: list[MatchPattern]


class MatchSequence(MatchPattern):
    patterns: list[MatchPattern]


class MatchStar(MatchPattern):
    name: Name | None


class MatchMapping(MatchPattern):
    keys: list[Expression]
    patterns: list[MatchPattern]
    rest: Name | None


class MatchClass(MatchPattern):
    cls: Expression
    patterns: list[MatchPattern]
    kwds: list[MatchPattern]


class MatchCase(Node):
    pattern: MatchPattern
    guard: Expression | None
    body: IndentedBlock

    @property
    def span(self) -> tuple[int, int]:
        return self.pattern.span[0], self.body.span[1]


class Match(Compound):
    subject: Expression
    cases: list[MatchCase]


class Module(Node):
    """A script, or a cell of a notebook."""

    body: list[Statement]

    @property
    def span(self) -> tuple[int, int]:
        return 0, len(self.text.content)


def _bare(text: Text, start: int, end: int) -> tuple[int, int]:
    """What stands between the parentheses at these offsets."""
    return text.after(start + 1), text.before(end - 1) + 1
