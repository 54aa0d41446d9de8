"""What fixes are made of: edits at nodes, which leave every other byte of the code as it is.

Nodes are those that values and events carry; a builder answers None when the code is not of the form that it can change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import libcst as cst

from kerlint.finding import Anchor, Edge, Edit, Fix
from kerlint.semantics.wording import quoted as quoted_code
from kerlint.statements import chains as chains

if TYPE_CHECKING:
    from libcst import CSTNode

    from kerlint.semantics.program import Program
    from kerlint.semantics.values import Value


def fix(message: str, *edits: Edit | None, safe: bool, imports: Iterable[str] = (), together: Iterable[CSTNode | None] = ()) -> Fix | None:
    """A repair of all these edits, or None when one of them cannot be made; see `Fix` for the rest."""
    made, nodes = (tuple(one for one in several if one is not None) for several in (edits, together))
    return Fix(message, made, safe, tuple(imports), nodes) if made and len(made) == len(edits) else None  # type: ignore[arg-type]


def replaced(node: CSTNode | None, text: str) -> Edit | None:
    """Other code in the place of a node (its own parentheses stay)."""
    return None if node is None else Edit(Anchor(node, Edge.start), Anchor(node, Edge.end), text)


def before(node: CSTNode | None, text: str) -> Edit | None:
    """Code right in front of a node."""
    return None if node is None else Edit(Anchor(node, Edge.start), Anchor(node, Edge.start), text)


def after(node: CSTNode | None, text: str) -> Edit | None:
    """Code right behind a node."""
    return None if node is None else Edit(Anchor(node, Edge.end), Anchor(node, Edge.end), text)


def rotated(nodes: Sequence[CSTNode | None]) -> tuple[Edit | None, ...]:
    """The first of some calls in the place of the last one, and each other one a place further to the front; Nones when one is no call."""
    codes = [code(node) if isinstance(node, cst.Call) else None for node in nodes]
    if None in codes or len(set(nodes)) != len(nodes):
        return (None,)
    return tuple(replaced(node, text or "") for node, text in zip(nodes, (*codes[1:], codes[0]), strict=True))


def incremented(node: CSTNode | None) -> Edit | None:
    """One more than a name, an attribute or a call gives."""
    match node:
        case cst.Name() | cst.Attribute() | cst.Call():
            return after(node, " + 1")
        case _:
            return None


def statement_before(node: CSTNode | None, text: str) -> Edit | None:
    """A statement on a line of its own in front of the one that holds the node."""
    return None if node is None else Edit(Anchor(node, Edge.statement), Anchor(node, Edge.statement), f"{text}\n")


def statement_removed(node: CSTNode | None) -> Edit | None:
    """The code without the statement that holds a node."""
    return None if node is None else Edit(Anchor(node, Edge.line), Anchor(node, Edge.next), "")


def quoted(text: str, like: CSTNode | None) -> str:
    """A string in the quotes of the one that it takes the place of."""
    match like:
        case cst.SimpleString(value=written) if written.startswith("'"):
            return f"'{text}'"
        case _:
            return f'"{text}"'


def written(value: Value | None) -> CSTNode | None:
    """The literal that gives a value: where it is used, or where the name was bound that stands there. None when there is no literal."""
    for node in () if value is None else (value.node, value.origin):
        match node:
            case cst.SimpleString() | cst.Integer() | cst.Float() | cst.UnaryOperation() | cst.BinaryOperation():
                return node
            case cst.Name(value="None" | "True" | "False"):
                return node
            case _:
                continue
    return None


def fed_through(layer: CSTNode | None, text: str) -> tuple[Edit | None, ...]:
    """What a layer is called with goes through another one first: `Dense(1)(x)` becomes `Dense(1)(Flatten()(x))`."""
    if layer is None:
        return (None,)
    start, end = Anchor(layer, Edge.fed), Anchor(layer, Edge.fed_end)
    return Edit(start, start, f"{text}("), Edit(end, end, ")")


def argument(call: CSTNode | None, name: str, position: int | None = None) -> cst.Arg | None:
    """The argument of a call that is written with this keyword, or at this position without one."""
    match call:
        case cst.Call(args=args):
            for place, arg in enumerate(args):
                if arg.keyword is not None and arg.keyword.value == name or arg.keyword is None and not arg.star and place == position:
                    return arg
    return None


def keywords(call: CSTNode | None) -> frozenset[str]:
    """The keywords that a call is written with; "**" for one that may hold any."""
    match call:
        case cst.Call(args=args):
            return frozenset(arg.keyword.value if arg.keyword is not None else arg.star for arg in args)
        case _:
            return frozenset()


def positional(call: CSTNode | None, position: int) -> CSTNode | None:
    """The expression given at a position of a call."""
    match call:
        case cst.Call(args=args) if position < len(args) and args[position].keyword is None and not args[position].star:
            return args[position].value
        case _:
            return None


def wrapped(node: CSTNode | None, part: CSTNode | None, head: str, tail: str) -> tuple[Edit | None, ...]:
    """A part of an expression in the place of the whole, with other code before and behind it."""
    if node is None or part is None:
        return (None,)
    return (
        Edit(Anchor(node, Edge.start), Anchor(part, Edge.start), head),
        Edit(Anchor(part, Edge.end), Anchor(node, Edge.end), tail),
    )


def method(call: CSTNode | None, name: str) -> Edit | None:
    """Another method of the same object, with the same arguments."""
    match call:
        case cst.Call(func=cst.Attribute(attr=attr)):
            return replaced(attr, name)
        case _:
            return None


def exchanged(first: CSTNode | None, second: CSTNode | None) -> tuple[Edit | None, ...]:
    """Two short expressions in each other's place."""
    codes = [quoted_code(node) for node in (first, second)]
    if any(not code or code.endswith("…") for code in codes):
        return (None,)
    return replaced(first, codes[1]), replaced(second, codes[0])


def named(params: cst.Parameters) -> tuple[CSTNode | None, CSTNode | None]:
    """The names of the first two parameters of a function."""
    match params.params:
        case [first, second, *_] if not params.posonly_params:
            return first.name, second.name
        case _:
            return None, None


def renamed(call: CSTNode | None, old: str, new: str) -> Edit | None:
    """Another keyword for an argument."""
    arg = argument(call, old)
    return None if arg is None else replaced(arg.keyword, new)


def added(call: CSTNode | None, text: str) -> Edit | None:
    """One more argument behind the last one."""
    match call:
        case cst.Call(args=[*_, last]):
            return after(last, f", {text}")
        case cst.Call():
            return Edit(Anchor(call, Edge.inside), Anchor(call, Edge.inside), text)
        case _:
            return None


def removed(call: CSTNode | None, arg: cst.Arg | None) -> Edit | None:
    """The call without one of its arguments, and without the comma that goes with it; for several at once, see `without`."""
    edits = without(call, arg)
    return edits[0] if edits else None


def without(call: CSTNode | None, *unwanted: cst.Arg | None) -> tuple[Edit, ...]:
    """The call without these of its arguments, one edit for each run of neighbours; those that it does not have do not count."""
    match call:
        case cst.Call(args=[*args]):
            gone = [any(arg is other for other in unwanted) for arg in args]
            runs = [(first, gone.index(False, first) if False in gone[first:] else len(args)) for first in _firsts(gone)]
            return tuple(_cut(call, args, first, end) for first, end in runs)
        case _:
            return ()


def _firsts(gone: list[bool]) -> list[int]:
    return [place for place, out in enumerate(gone) if out and not (place and gone[place - 1])]


def _cut(call: cst.Call, args: list[cst.Arg], first: int, end: int) -> Edit:
    """The edit that takes away the arguments from `first` up to `end`."""
    start = Anchor(args[first], Edge.start)
    if end < len(args):
        return Edit(start, Anchor(args[end], Edge.start), "")
    if not first:
        return Edit(start, Anchor(call, Edge.inside), "")
    match args[first - 1].comma:
        case cst.Comma(whitespace_after=cst.ParenthesizedWhitespace(first_line=cst.TrailingWhitespace(comment=cst.Comment()))):
            return Edit(start, Anchor(call, Edge.inside), "")  # the comment is about the argument that stays
        case _:
            return Edit(Anchor(args[first - 1], Edge.end), Anchor(args[-1], Edge.end), "")


def member(node: CSTNode | None, value: CSTNode | None) -> tuple[list[cst.BaseElement], int] | None:
    """The members of the list literal within an expression in which a value stands, and its place there."""
    match node:
        case cst.Call(args=args):
            inner = [arg.value for arg in args]
        case cst.List(elements=elements) | cst.Tuple(elements=elements):
            places = [place for place, element in enumerate(elements) if element.value is value]
            if places:
                return list(elements), places[0]
            inner = [element.value for element in elements]
        case cst.Dict(elements=entries):
            inner = [entry.value for entry in entries]
        case _:
            return None
    return next((found for one in inner if (found := member(one, value))), None)


def member_before(node: CSTNode | None, value: CSTNode | None, text: str) -> Edit | None:
    """A list literal within an expression with one more value in front of one of its values, on a line of its own where that has one."""
    match member(node, value):
        case [elements, place]:
            element = elements[place]
            comma = elements[place - 1].comma if place else None
            lines = (
                isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace) if isinstance(comma, cst.Comma) else _broken(node, value)
            )
            return Edit(Anchor(element, Edge.start), Anchor(element, Edge.start), f"{text},\n" if lines else f"{text}, ")
        case _:
            return None


def _broken(node: CSTNode | None, value: CSTNode | None) -> bool:
    """Whether the list that a value begins has a line break behind its bracket."""
    match node:
        case cst.List(elements=[first, *_], lbracket=bracket) if first.value is value:
            return isinstance(bracket.whitespace_after, cst.ParenthesizedWhitespace)
        case cst.Call(args=args):
            return any(_broken(arg.value, value) for arg in args)
        case _:
            return False


def member_removed(node: CSTNode | None, value: CSTNode | None) -> Edit | None:
    """A list literal within an expression without one of its values; None when that is the only one."""
    match member(node, value):
        case [elements, place] if place + 1 < len(elements):
            return Edit(Anchor(elements[place], Edge.start), Anchor(elements[place + 1], Edge.start), "")
        case [elements, place] if place:
            return Edit(Anchor(elements[place - 1].value, Edge.end), Anchor(elements[place].value, Edge.end), "")
        case _:
            return None


def chained(node: CSTNode | None, text: str) -> Edit | None:
    """A method call behind an expression that one can be called on as it is written."""
    match node:
        case cst.Name() | cst.Call() | cst.Attribute() | cst.Subscript():
            return after(node, text)
        case _:
            return None


def unchained(call: CSTNode | None) -> Edit | None:
    """A method call taken out of a chain: what it was called on is left."""
    match call:
        case cst.Call(func=cst.Attribute(value=receiver)):
            return Edit(Anchor(receiver, Edge.end), Anchor(call, Edge.end), "")
        case _:
            return None


def floored(node: CSTNode | None) -> Edit | None:
    """A division that leaves out the remainder."""
    match node:
        case cst.BinaryOperation(operator=cst.Divide() as operator):
            return replaced(operator, "//")
        case _:
            return None


def code(node: CSTNode) -> str:
    """The text of a node; lines after the first are moved to the left as far as the last one is indented."""
    text = cst.Module([]).code_for_node(node)
    first, *lines = text.split("\n")
    indent = len(lines[-1]) - len(lines[-1].lstrip()) if lines else 0
    return "\n".join((first, *(line[min(indent, len(line) - len(line.lstrip())) :] for line in lines)))


def turned_round(call: CSTNode | None) -> tuple[Edit | None, ...]:
    """The two arguments of a call, written without keywords, the other way round."""
    match call:
        case cst.Call(args=[cst.Arg(value=first, keyword=None, star=""), cst.Arg(value=second, keyword=None, star="")]):
            return replaced(first, code(second)), replaced(second, code(first))
        case _:
            return (None,)


def called(call: CSTNode | None) -> CSTNode | None:
    """The function that a call calls: `optimizers.Adam` of `optimizers.Adam(lr=1)`."""
    match call:
        case cst.Call(func=function):
            return function
        case _:
            return None


def bound(program: Program, module: str) -> str | None:
    """The name under which the file has a module ("np" for "numpy"), or None."""
    return next((name for name, via in program.names.items() if via == module), None)


ROOTS = ("tensorflow.keras.", "tf_keras.", "keras.")
"""Where the paths of each kind of Keras begin."""


@lru_cache(maxsize=1)
def _kind(program: Program) -> str:
    """The kind of Keras that most calls of a program are of, as paths of it begin; "" when there are none."""
    roots = Counter(root for use in program.uses for root in ROOTS if use.via.startswith(root))
    return roots.most_common(1)[0][0] if roots else ""


def spelled(program: Program, name: str) -> str | None:
    """How the file writes something of Keras ("keras.losses.Huber") with the names that it has, or None when it has none.

    Where it has names for several kinds of Keras, one of the kind that it uses most is taken.
    """
    found: list[tuple[bool, int, str]] = []
    for bound, via in program.names.items():
        root = f"{via}." if via.startswith(("keras", "tensorflow", "tf_keras")) else ""
        for prefix in ROOTS:
            full = prefix + name.removeprefix("keras.")
            if root and (full == via or full.startswith(root)):
                made = bound + full[len(via) :]
                found.append((prefix != _kind(program), len(made), made))
    return min(found)[2] if found else None


def reached(program: Program, name: str) -> tuple[str, tuple[str, ...]] | None:
    """How the file writes something of Keras, and the import that this needs; None when the file imports nothing of Keras."""
    short = name.rpartition(".")[2]
    found = spelled(program, name)
    if found is not None:
        via = program.names[found.split(".")[0]]
        return found, (_imported(found.split(".")[0], via),)
    for via in program.names.values():
        root = next((root for root in ROOTS if via.startswith(root)), None)
        if root is not None:
            module = f"{root}{name.removeprefix('keras.')}".rpartition(".")[0]
            return short, (f"from {module} import {short}",)
    return None


def _imported(name: str, via: str) -> str:
    """The statement that binds a name to what it stands for."""
    module, _, member = via.rpartition(".")
    if not module:
        return f"import {via}" if name == via else f"import {via} as {name}"
    return f"from {module} import {member}" if name == member else f"from {module} import {member} as {name}"


def receiver(call: CSTNode | None) -> CSTNode | None:
    """The object whose method a call calls: `ds.map(f)` of `ds.map(f).batch(32)`."""
    match call:
        case cst.Call(func=cst.Attribute(value=value)):
            return value
        case _:
            return None


def swapped(first: CSTNode | None, second: CSTNode | None) -> tuple[Edit | None, ...]:
    """Two method calls, of which the second is written right behind the first, in the other order."""
    match first, second:
        case cst.Call(func=cst.Attribute(attr=one)), cst.Call(func=cst.Attribute(value=value, attr=other)) if value is first:
            one_text, other_text = (
                cst.Module([]).code_for_node(call.with_changes(func=name)) for name, call in ((one, first), (other, second))
            )
            starts = Anchor(one, Edge.start), Anchor(other, Edge.start)
            return Edit(starts[0], Anchor(first, Edge.end), other_text), Edit(starts[1], Anchor(second, Edge.end), one_text)
        case _:
            return (None,)
