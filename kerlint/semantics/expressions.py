"""Expressions to values: one small function for each kind of node."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kerlint.semantics import guards
from kerlint.semantics.calls import call, call_method
from kerlint.semantics.graph import KerasLayer, KerasModel, Tensor, is_layer, operation, tensors
from kerlint.semantics.members import attribute
from kerlint.semantics.values import (
    MISSING,
    Choice,
    Const,
    Function,
    Instance,
    Items,
    Symbol,
    Table,
    Term,
    Unknown,
    Value,
    doubtful,
    hashed,
    is_data_choice,
    join,
    options,
    python,
)
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.interpreter import Interpreter

OPERATORS: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    syntax.Add: ("add", operator.add),
    syntax.Subtract: ("subtract", operator.sub),
    syntax.Multiply: ("multiply", operator.mul),
    syntax.Divide: ("divide", operator.truediv),
    syntax.FloorDivide: ("floordivide", operator.floordiv),
    syntax.Modulo: ("mod", operator.mod),
    syntax.Power: ("power", operator.pow),
    syntax.MatrixMultiply: ("matmul", operator.matmul),
    syntax.BitAnd: ("and", operator.and_),
    syntax.BitOr: ("or", operator.or_),
    syntax.BitXor: ("xor", operator.xor),
    syntax.LeftShift: ("lshift", operator.lshift),
    syntax.RightShift: ("rshift", operator.rshift),
}
COMPARISONS: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    syntax.Equal: ("==", operator.eq),
    syntax.NotEqual: ("!=", operator.ne),
    syntax.LessThan: ("<", operator.lt),
    syntax.LessThanEqual: ("<=", operator.le),
    syntax.GreaterThan: (">", operator.gt),
    syntax.GreaterThanEqual: (">=", operator.ge),
}
SPECIAL: dict[type, str] = {
    syntax.Equal: "__eq__",
    syntax.NotEqual: "__ne__",
    syntax.LessThan: "__lt__",
    syntax.LessThanEqual: "__le__",
    syntax.GreaterThan: "__gt__",
    syntax.GreaterThanEqual: "__ge__",
}
"""The methods that comparisons call."""
LARGEST = 10**6
"""Longest text or collection that arithmetic on constants may make; a larger one is left unknown."""
LARGEST_BITS = 4096
"""Length of whole numbers that arithmetic goes on with."""


def evaluate(run: Interpreter, node: syntax.Node) -> Value:
    """The value of an expression; never fails."""
    reader = READERS.get(type(node))
    if reader is None:
        return Unknown(f"{type(node).__name__} is not understood", node=node)
    return reader(run, node)


def _name(run: Interpreter, node: syntax.Name) -> Value:
    return run.look_up(node.value, node)


def _literal(kind: str) -> Callable[[Interpreter, Any], Value]:
    def read(run: Interpreter, node: syntax.Literal) -> Value:
        if node.evaluated is syntax.INVALID:
            return Unknown(f"a {kind} that Python 3 does not know", node=node)
        return Const(node.evaluated, node=node)

    return read


def _formatted(run: Interpreter, node: syntax.FormattedString) -> Value:
    for part in node.parts:
        evaluate(run, part)
    return Unknown("formatted text", node=node)


def _elements(run: Interpreter, elements: Any) -> Iterator[Value] | None:
    found: list[Value] = []
    for element in elements:
        value = evaluate(run, element.value)
        if isinstance(element, syntax.StarredElement):
            match value:
                case Items(items):
                    found.extend(items)
                case _:
                    return None
        else:
            found.append(run.placed(value, element.value))
    return iter(found)


def _sequence(kind: str) -> Callable[[Interpreter, Any], Value]:
    def read(run: Interpreter, node: Any) -> Value:
        members = _elements(run, node.elements)
        if members is None:
            return Term("many", {"element": Unknown("unpacked from something of unknown length", node=node)}, node=node)
        return Items(tuple(members), kind, node=node)

    return read


def _dict(run: Interpreter, node: syntax.Dict) -> Value:
    entries: dict[Any, Value] = {}
    known = True
    for element in node.elements:
        value = evaluate(run, element.value)
        match element, value:
            case syntax.DictElement(key=wanted), _:
                key = hashed(evaluate(run, wanted))
                if key is MISSING:
                    known = False
                else:
                    entries[key] = value
            case _, Table(more, unlisted):
                entries.update(more)
                known = known and not unlisted
            case _:
                known = False
    return Table(entries, not known, node=node)


def _binary(run: Interpreter, node: syntax.BinaryOperation) -> Value:
    return compute(run, type(node.operator), evaluate(run, node.left), evaluate(run, node.right), node)


def compute(run: Interpreter, kind: type, left: Value, right: Value, node: syntax.Node) -> Value:
    """An operator on two values: folded for constants, a graph operation for tensors, else a term."""
    name, function = OPERATORS[kind]
    if (isinstance(left, Choice) or isinstance(right, Choice)) and not (_is_data(left) or _is_data(right)):
        return join(*(compute(run, kind, a, b, node) for a in options(left) for b in options(right)))
    match left, right:
        case Const(a), Const(b):
            return _fold(name, function, a, b, node, left.doubt or right.doubt)
        case Items(a, "list" | "tuple" as how), Items(b, other) if name == "add" and how == other:
            return Items(a + b, how, node=node)
        case (Items(a, how), Const(int() as times)) | (Const(int() as times), Items(a, how)) if name == "multiply":
            if 0 <= times * len(a) <= run.longest:
                return Items(a * times, how, node=node)
            return Term("many", {"element": join(*a) if a else Unknown("an empty list", node=node)}, node=node)
        case (Term("many"), Items() | Term("many")) | (Items(), Term("many")) if name == "add":
            return run.widened(left, right, "lists of unknown length")
    found = tensors(left, right)
    if found:
        return operation(f"keras.ops.{name}", {"left": left, "right": right}, found, node, within=run.within)
    match left, right:
        case (Unknown(reason), _) | (_, Unknown(reason)) if not (_is_data(left) or _is_data(right)):
            return Unknown(reason, node=node)
    return Term(name, {"left": left, "right": right}, node=node)


def _is_data(value: Value) -> bool:
    """Whether operators on it are kept as terms: data, or a choice of data (the alternatives stay in the term)."""
    return isinstance(value, Term) or is_data_choice(value)


def _fold(name: str, function: Callable[[Any, Any], Any], left: Any, right: Any, node: syntax.Node, doubt: str) -> Value:
    match name, left, right:
        case "power" | "lshift", (int() | float()), (int() | float()) if abs(right) > 512:
            return Unknown("a very large number", node=node)
        case ("multiply", (str() | bytes() as found), int() as times) | ("multiply", int() as times, (str() | bytes() as found)) if (
            len(found) * times > LARGEST
        ):
            return Unknown("a very long text", node=node)
        case "multiply" | "add", int(), int() if max(left.bit_length(), right.bit_length()) > LARGEST_BITS:
            return Unknown("a very large number", node=node)
        case "add", str() | bytes(), str() | bytes() if len(left) + len(right) > LARGEST:
            return Unknown("a very long text", node=node)
        case "mod", str() | bytes(), _:
            return Unknown("formatted text", node=node)
    try:
        return Const(function(left, right), node=node, doubt=doubt)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown(f"{name} of these values fails", node=node)


def _unary(run: Interpreter, node: syntax.UnaryOperation) -> Value:
    value = evaluate(run, node.expression)
    match node.operator, value:
        case syntax.Not(), _:
            known = truth(value)
            return Unknown("a condition", node=node) if known is None else Const(not known, node=node, doubt=value.doubt)
        case syntax.Minus(), Const(int() | float() | complex() as found):
            return Const(-found, node=node, doubt=value.doubt)
        case syntax.Plus(), Const():
            return value
        case syntax.BitInvert(), Const(int() as found):
            return Const(~found, node=node)
    found_tensors = tensors(value)
    if found_tensors:
        return operation("keras.ops.negative", {}, found_tensors, node, within=run.within)
    match value:
        case Unknown():
            return value
        case _:
            return Term("negate" if isinstance(node.operator, syntax.Minus) else "invert", {"operand": value}, node=node)


def truth(value: Value) -> bool | None:
    """Whether a condition holds, or None when it is not known."""
    match value:
        case Const(found):
            return bool(found)
        case Items(items):
            return bool(items)
        case Table(entries, False):
            return bool(entries)
        case KerasLayer() | KerasModel() | Function() | Symbol("numpy" | "tensorflow" | "keras"):
            return True
        case Choice(found):
            known = {truth(option) for option in found}
            return known.pop() if len(known) == 1 else None
        case _:
            return None


def _boolean(run: Interpreter, node: syntax.BooleanOperation) -> Value:
    left = evaluate(run, node.left)
    known = truth(left)
    stops = isinstance(node.operator, syntax.Or)
    if known is stops:
        return left
    right = evaluate(run, node.right)
    if known is None:
        return join(left, right)
    return doubtful(right, left.doubt) if left.doubt else right


def _comparison(run: Interpreter, node: syntax.Comparison) -> Value:
    left = evaluate(run, node.left)
    outcome: Value = Const(True, node=node)
    for target in node.comparisons:
        right = evaluate(run, target.comparator)
        outcome = _compare(run, target.operator, left, right, node)
        if truth(outcome) is not True:
            return outcome
        left = right
    return outcome


def _compare(run: Interpreter, kind: syntax.Operator, left: Value, right: Value, node: syntax.Node) -> Value:
    a, b = python(left, MISSING), python(right, MISSING)
    doubt = left.doubt or right.doubt
    match kind:
        case syntax.Is() | syntax.IsNot():
            same = _identical(left, right)
            if same is not None:
                return Const(same is isinstance(kind, syntax.Is), node=node, doubt=doubt)
        case syntax.In() | syntax.NotIn():
            inside = _contains(right, left)
            if inside is not None:
                return Const(inside is isinstance(kind, syntax.In), node=node, doubt=doubt)
        case _ if a is not MISSING and b is not MISSING:
            try:
                return Const(bool(COMPARISONS[type(kind)][1](a, b)), node=node, doubt=doubt)
            except (TypeError, ValueError, KeyError):
                return Unknown("a comparison that fails", node=node)
    if any(isinstance(side, Term) for side in (left, right)) and type(kind) in COMPARISONS:
        value = Term("compare", {"left": left, "right": right, "operator": Const(COMPARISONS[type(kind)][0])}, node=node)
        run.used(f".{SPECIAL[type(kind)]}", "", node, left, ([right], {}), value)
        return value
    return Unknown("a condition", node=node)


def _identical(left: Value, right: Value) -> bool | None:
    match left, right:
        case Const(a), Const(b):
            return a is b or (type(a) is type(b) and a == b)
        case (Const(None), other) | (other, Const(None)):
            return None if isinstance(other, (Unknown, Choice, Term)) else False
        case _:
            return None


def _contains(container: Value, wanted: Value) -> bool | None:
    member = python(wanted, MISSING)
    if member is MISSING:
        return None
    match container:
        case Table(entries, unlisted):
            key = hashed(wanted)
            return None if key is MISSING else True if key in entries else None if unlisted else False
        case _:
            listed = python(container, MISSING)
            try:
                return None if listed is MISSING else member in listed
            except TypeError:
                return None


def _conditional(run: Interpreter, node: syntax.IfExp) -> Value:
    test = evaluate(run, node.test)
    known = truth(test)
    with run.guarding(guards.on_version(run, node.test, test)):
        if known is not None and not test.doubt:
            return evaluate(run, node.body if known else node.orelse)
        return join(evaluate(run, node.body), evaluate(run, node.orelse))


def _attribute(run: Interpreter, node: syntax.Attribute) -> Value:
    base, name = evaluate(run, node.value), node.attr.value
    value = attribute(run, base, name, node)
    if not run.rehearsing:
        run.referred(base, name, value, node)
    return value


def _call(run: Interpreter, node: syntax.Call) -> Value:
    run.step(node)
    receiver = None
    match node.func:
        case syntax.Attribute(value=target, attr=name):
            receiver = evaluate(run, target)
        case _:
            function = evaluate(run, node.func)
    positional, keywords = args = arguments(run, node)
    match receiver:
        case None:
            value = call(run, function, positional, keywords, node)
            match function:
                case Symbol(called, via):
                    run.used(called, via, node, None, args, value)
                case Term(called) if called.startswith("keras."):
                    run.used(".__call__", "", node, function, args, value)
        case Symbol():
            function = attribute(run, receiver, name.value, node)
            value = call(run, function, positional, keywords, node)
            if isinstance(function, Symbol):
                run.used(function.name, function.via, node, None, args, value)
        case _:
            value = call_method(run, receiver, name.value, positional, keywords, node)
            held = receiver.fields.get(name.value) if isinstance(receiver, Instance) else None
            if isinstance(held, Term) and held.name.startswith("keras."):  # `self.loss(labels, predictions)`
                run.used(".__call__", "", node, held, args, value)
            elif isinstance(receiver, (Term, KerasModel, KerasLayer, Choice, Unknown)) or is_layer(receiver):
                run.used(f".{name.value}", "", node, receiver, args, value)
    return value


def arguments(run: Interpreter, node: syntax.Call) -> tuple[list[Value], dict[str, Value]]:
    """The arguments of a call; what a star of unknown content may add is kept under "*" and "**"."""
    positional: list[Value] = []
    keywords: dict[str, Value] = {}
    for arg in node.args:
        value = run.placed(evaluate(run, arg.value), arg.value)
        if not arg.star:
            if arg.keyword is None:
                positional.append(value)
            else:
                keywords[arg.keyword.value] = value
            continue
        match arg.star, value:
            case "*", Items(items):
                positional.extend(items)
            case "*", Term("many"):
                keywords["*"] = value
            case "*", _:
                keywords["*"] = Unknown("positional arguments that are not known", node=arg.value)
            case "**", Table(entries, unlisted):
                keywords.update({str(key): item for key, item in entries.items()})
                if unlisted:
                    keywords["**"] = Unknown("keyword arguments that are not known", node=arg.value)
            case _:
                keywords["**"] = Unknown("keyword arguments that are not known", node=arg.value)
    return positional, keywords


def _subscript(run: Interpreter, node: syntax.Subscript) -> Value:
    base, key = evaluate(run, node.value), key_of(run, node)
    value = subscript(run, base, key, node)
    match base:
        case Term(".history"):  # what a run measured, by name
            run.used(".__getitem__", "", node, base, ([key], {}), value)
    return value


def key_of(run: Interpreter, node: syntax.Subscript) -> Value:
    """What stands in the brackets: an index, a slice, or a tuple of them."""
    parts = [_key(run, part) for part in node.slice]
    return Items(tuple(parts), "tuple", node=node) if node.several else parts[0]


def _key(run: Interpreter, part: syntax.BaseSlice) -> Value:
    match part:
        case syntax.Index(value=value):
            return evaluate(run, value)
        case syntax.Slice(lower=lower, upper=upper, step=step):
            bounds = [evaluate(run, bound) if bound is not None else Const(None) for bound in (lower, upper, step)]
            return Term("slice", dict(zip(("start", "stop", "step"), bounds, strict=False)), node=part)
        case _:
            return Unknown("an index that is not understood", node=part)


def subscript(run: Interpreter, base: Value, key: Value, node: syntax.Node) -> Value:  # noqa: C901  (one case for each kind of value)
    """`base[key]`: a member of what is listed, a graph operation on a tensor, else a term."""
    match base, key:
        case Choice(), _ if is_data_choice(base):
            return Term("item", {"base": base, "key": key}, node=node)
        case Choice(found), _:
            return join(*(subscript(run, option, key, node) for option in found))
        case Items(items, "layers"), Const(int() as index) if index > 0 and any(
            isinstance(item, KerasModel) for item in items[: index + 1]
        ):
            return Unknown("a layer inside an application", node=node)
        case Items(items), Const(int() as index) if -len(items) <= index < len(items):
            return run.heap.current(items[index])
        case Items(), Term("slice", bounds):
            return _cut(base, bounds, node)
        case Items(items), _ if items:
            return join(*map(run.heap.current, items))
        case Table(entries, _), _ if (name := hashed(key)) is not MISSING and name in entries:
            return run.heap.current(entries[name])
        case Table(entries, unlisted), _:
            if entries and not unlisted and not isinstance(key, Const):
                return join(*map(run.heap.current, entries.values()))
            return Unknown("a key that the dict is not known to have", node=node)
        case Const(str() as found), Const(int() as index) if -len(found) <= index < len(found):
            return Const(found[index], node=node)
        case Term("many", {"element": element}), Term("slice"):
            return base
        case Term("many", {"element": element}), Const(int()):
            return element
        case Tensor(), _:
            return _tensor_item(run, base, key, node)
        case ((Term() | Symbol()), _):
            return Term("item", {"base": base, "key": key}, node=node)
        case Unknown(reason), _:
            return Unknown(reason, node=node)
        case _:
            return run.subscripted(base, key, node)


def _cut(base: Items, bounds: Mapping[str, Value], node: syntax.Node) -> Value:
    """A slice of a list."""
    limits = [python(bounds[name], MISSING) for name in ("start", "stop", "step")]
    if all(limit is None or type(limit) is int for limit in limits) and limits[2] != 0:
        whole = _cut_layers(base, limits[0], limits[1], node) if base.kind == "layers" else None
        return whole or Items(base.items[slice(*limits)], base.kind, node=node)
    return Term("many", {"element": join(*base.items)}, node=node) if base.items else base


def _cut_layers(base: Items, start: int | None, stop: int | None, node: syntax.Node) -> Items | None:
    """A slice of the layers of a model, of which one entry stands for all those of an application: that may be cut in the middle."""
    place = next((place for place, item in enumerate(base.items) if isinstance(item, KerasModel)), None)
    if place is None:
        return None
    last = len(base.items) - 1 - place  # layers behind the application
    first = 0 if start is None else place if start > place or -start > last else start
    end = len(base.items) if stop is None else place + 1 if stop > place or -stop > last else stop
    cut = first == place and start is not None or end == place + 1 and stop is not None and stop > 0 or stop is not None and -stop > last
    layers = Term(".layers", {"self": base.items[place]}, node=node)
    part = Term("item", {"base": layers, "key": Unknown("some of them", node=node)}, node=node)
    items = (*base.items[:place], part if cut else base.items[place], *base.items[place + 1 :])
    return Items(items[first:end], base.kind, node=node)


def _tensor_item(run: Interpreter, base: Tensor, key: Value, node: syntax.Node) -> Value:
    if isinstance(key, Const) and key.value == 0 and "return_state" in base.call.given:
        return base
    return operation("keras.ops.getitem", {"key": key}, [base], node, within=run.within)


def _comprehension(run: Interpreter, node: syntax.ListComp | syntax.SetComp | syntax.GeneratorExp) -> Value:
    kind = "set" if isinstance(node, syntax.SetComp) else "list"
    found, known, over = run.comprehend(node.for_in, lambda: evaluate(run, node.elt))
    if known:
        return Items(tuple(found), kind, node=node)
    made = {"element": join(*found) if found else Unknown("of an empty loop", node=node)}
    return Term("many", made if over is None or kind == "set" else {**made, "over": over}, node=node)


def _dict_comprehension(run: Interpreter, node: syntax.DictComp) -> Value:
    def pair() -> Value:
        return Items((evaluate(run, node.key), evaluate(run, node.value)), "tuple")

    found, known, _ = run.comprehend(node.for_in, pair)
    entries: dict[Any, Value] = {}
    for item in found:
        match item:
            case Items((Const(key), value)):
                entries[key] = value
            case _:
                known = False
    return Table(entries, not known, node=node)


def _lambda(run: Interpreter, node: syntax.Lambda) -> Value:
    function = run.function("<lambda>", node, node.params, node.body)
    run.defined(function)  # What nobody calls here (a `Lambda` layer does) is an entry point.
    return function


def _starred(run: Interpreter, node: syntax.Await | syntax.StarredElement) -> Value:
    return evaluate(run, node.expression if isinstance(node, syntax.Await) else node.value)


def _yield(run: Interpreter, node: syntax.Yield) -> Value:
    match node.value:
        case None:
            run.yields(Const(None, node=node))
        case syntax.From(item=item):
            run.yields(Term("element", {"of": evaluate(run, item)}, node=node))
        case value:
            run.yields(evaluate(run, value))
    return Unknown("sent into a generator", node=node)


def _walrus(run: Interpreter, node: syntax.NamedExpr) -> Value:
    value = evaluate(run, node.value)
    run.assign(node.target, value)
    return value


def _ellipsis(run: Interpreter, node: syntax.Ellipsis) -> Value:
    return Const(..., node=node)


READERS: dict[type, Callable[[Any, Any], Value]] = {
    syntax.Name: _name,
    syntax.Integer: _literal("number"),
    syntax.Float: _literal("number"),
    syntax.Imaginary: _literal("number"),
    syntax.SimpleString: _literal("string"),
    syntax.ConcatenatedString: _literal("string"),
    syntax.FormattedString: _formatted,
    syntax.Tuple: _sequence("tuple"),
    syntax.List: _sequence("list"),
    syntax.Set: _sequence("set"),
    syntax.Dict: _dict,
    syntax.BinaryOperation: _binary,
    syntax.UnaryOperation: _unary,
    syntax.BooleanOperation: _boolean,
    syntax.Comparison: _comparison,
    syntax.IfExp: _conditional,
    syntax.Attribute: _attribute,
    syntax.Call: _call,
    syntax.Subscript: _subscript,
    syntax.ListComp: _comprehension,
    syntax.SetComp: _comprehension,
    syntax.GeneratorExp: _comprehension,
    syntax.DictComp: _dict_comprehension,
    syntax.Lambda: _lambda,
    syntax.Await: _starred,
    syntax.Yield: _yield,
    syntax.NamedExpr: _walrus,
    syntax.Ellipsis: _ellipsis,
}
