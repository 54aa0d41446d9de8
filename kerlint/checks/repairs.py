"""What fixes are made of: edits at nodes, which leave every other byte of the code as it is.

Nodes are those that values and events carry; a builder answers None when the code is not of the form that it can change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kerlint.finding import Anchor, Edge, Edit, Fix
from kerlint.semantics.program import kept
from kerlint.semantics.wording import quoted as quoted_code
from kerlint.statements import chains as chains
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.program import Program
    from kerlint.semantics.values import Value
    from kerlint.syntax.nodes import Node


def fix(message: str, *edits: Edit | None, safe: bool, imports: Iterable[str] = (), together: Iterable[Node | None] = ()) -> Fix | None:
    """A repair of all these edits, or None when one of them cannot be made; see `Fix` for the rest."""
    made, nodes = (tuple(one for one in several if one is not None) for several in (edits, together))
    return Fix(message, made, safe, tuple(imports), nodes) if made and len(made) == len(edits) else None  # type: ignore[arg-type]


def replaced(node: Node | None, text: str) -> Edit | None:
    """Other code in the place of a node (its own parentheses stay)."""
    return None if node is None else Edit(Anchor(node, Edge.start), Anchor(node, Edge.end), text)


def before(node: Node | None, text: str) -> Edit | None:
    """Code right in front of a node."""
    return None if node is None else Edit(Anchor(node, Edge.start), Anchor(node, Edge.start), text)


def after(node: Node | None, text: str) -> Edit | None:
    """Code right behind a node."""
    return None if node is None else Edit(Anchor(node, Edge.end), Anchor(node, Edge.end), text)


def rotated(nodes: Sequence[Node | None]) -> tuple[Edit | None, ...]:
    """The first of some calls in the place of the last one, and each other one a place further to the front; Nones when one is no call."""
    codes = [code(node) if isinstance(node, syntax.Call) else None for node in nodes]
    if None in codes or len(set(nodes)) != len(nodes):
        return (None,)
    return tuple(replaced(node, text or "") for node, text in zip(nodes, (*codes[1:], codes[0]), strict=True))


def incremented(node: Node | None) -> Edit | None:
    """One more than a name, an attribute or a call gives."""
    match node:
        case syntax.Name() | syntax.Attribute() | syntax.Call():
            return after(node, " + 1")
        case _:
            return None


def statement_before(node: Node | None, text: str) -> Edit | None:
    """A statement on a line of its own in front of the one that holds the node."""
    return None if node is None else Edit(Anchor(node, Edge.statement), Anchor(node, Edge.statement), f"{text}\n")


def statement_removed(node: Node | None) -> Edit | None:
    """The code without the statement that holds a node."""
    return None if node is None else Edit(Anchor(node, Edge.line), Anchor(node, Edge.next), "")


def quoted(text: str, like: Node | None) -> str:
    """A string in the quotes of the one that it takes the place of."""
    match like:
        case syntax.SimpleString(value=written) if written.startswith("'"):
            return f"'{text}'"
        case _:
            return f'"{text}"'


def written(value: Value | None) -> Node | None:
    """The literal that gives a value: where it is used, or where the name was bound that stands there. None when there is no literal."""
    for node in () if value is None else (value.node, value.origin):
        match node:
            case syntax.SimpleString() | syntax.Integer() | syntax.Float() | syntax.UnaryOperation() | syntax.BinaryOperation():
                return node
            case syntax.Name(value="None" | "True" | "False"):
                return node
            case _:
                continue
    return None


def fed_through(layer: Node | None, text: str) -> tuple[Edit | None, ...]:
    """What a layer is called with goes through another one first: `Dense(1)(x)` becomes `Dense(1)(Flatten()(x))`."""
    if layer is None:
        return (None,)
    start, end = Anchor(layer, Edge.fed), Anchor(layer, Edge.fed_end)
    return Edit(start, start, f"{text}("), Edit(end, end, ")")


def argument(call: Node | None, name: str, position: int | None = None) -> syntax.Arg | None:
    """The argument of a call that is written with this keyword, or at this position without one."""
    match call:
        case syntax.Call(args=args):
            for place, arg in enumerate(args):
                if arg.keyword is not None and arg.keyword.value == name or arg.keyword is None and not arg.star and place == position:
                    return arg
    return None


def keywords(call: Node | None) -> frozenset[str]:
    """The keywords that a call is written with; "**" for one that may hold any."""
    match call:
        case syntax.Call(args=args):
            return frozenset(arg.keyword.value if arg.keyword is not None else arg.star for arg in args)
        case _:
            return frozenset()


def positional(call: Node | None, position: int) -> Node | None:
    """The expression given at a position of a call."""
    match call:
        case syntax.Call(args=args) if position < len(args) and args[position].keyword is None and not args[position].star:
            return args[position].value
        case _:
            return None


def wrapped(node: Node | None, part: Node | None, head: str, tail: str) -> tuple[Edit | None, ...]:
    """A part of an expression in the place of the whole, with other code before and behind it."""
    if node is None or part is None:
        return (None,)
    return (
        Edit(Anchor(node, Edge.start), Anchor(part, Edge.start), head),
        Edit(Anchor(part, Edge.end), Anchor(node, Edge.end), tail),
    )


def method(call: Node | None, name: str) -> Edit | None:
    """Another method of the same object, with the same arguments."""
    match call:
        case syntax.Call(func=syntax.Attribute(attr=attr)):
            return replaced(attr, name)
        case _:
            return None


def exchanged(first: Node | None, second: Node | None) -> tuple[Edit | None, ...]:
    """Two short expressions in each other's place."""
    codes = [quoted_code(node) for node in (first, second)]
    if any(not code or code.endswith("…") for code in codes):
        return (None,)
    return replaced(first, codes[1]), replaced(second, codes[0])


def named(params: syntax.Parameters) -> tuple[Node | None, Node | None]:
    """The names of the first two parameters of a function."""
    match params.params:
        case [first, second, *_] if not params.posonly_params:
            return first.name, second.name
        case _:
            return None, None


def renamed(call: Node | None, old: str, new: str) -> Edit | None:
    """Another keyword for an argument."""
    arg = argument(call, old)
    return None if arg is None else replaced(arg.keyword, new)


def added(call: Node | None, text: str) -> Edit | None:
    """One more argument behind the last one."""
    match call:
        case syntax.Call(args=[*_, last]):
            return after(last, f", {text}")
        case syntax.Call():
            return Edit(Anchor(call, Edge.inside), Anchor(call, Edge.inside), text)
        case _:
            return None


def removed(call: Node | None, arg: syntax.Arg | None) -> Edit | None:
    """The call without one of its arguments, and without the comma that goes with it; for several at once, see `without`."""
    edits = without(call, arg)
    return edits[0] if edits else None


def without(call: Node | None, *unwanted: syntax.Arg | None) -> tuple[Edit, ...]:
    """The call without these of its arguments, one edit for each run of neighbours; those that it does not have do not count."""
    match call:
        case syntax.Call(args=[*args]):
            gone = [any(arg is other for other in unwanted) for arg in args]
            runs = [(first, gone.index(False, first) if False in gone[first:] else len(args)) for first in _firsts(gone)]
            return tuple(_cut(call, args, first, end) for first, end in runs)
        case _:
            return ()


def _firsts(gone: list[bool]) -> list[int]:
    return [place for place, out in enumerate(gone) if out and not (place and gone[place - 1])]


def _cut(call: syntax.Call, args: list[syntax.Arg], first: int, end: int) -> Edit:
    """The edit that takes away the arguments from `first` up to `end`."""
    start = Anchor(args[first], Edge.start)
    if end < len(args):
        return Edit(start, Anchor(args[end], Edge.start), "")
    if not first:
        return Edit(start, Anchor(call, Edge.inside), "")
    before = args[first - 1]
    if before.text.commented(before.span[1]):
        return Edit(start, Anchor(call, Edge.inside), "")  # the comment is about the argument that stays
    return Edit(Anchor(before, Edge.end), Anchor(args[-1], Edge.end), "")


def member(node: Node | None, value: Node | None) -> tuple[list[syntax.BaseElement], int] | None:
    """The members of the list literal within an expression in which a value stands, and its place there."""
    match node:
        case syntax.Call(args=args):
            inner = [arg.value for arg in args]
        case syntax.List(elements=elements) | syntax.Tuple(elements=elements):
            places = [place for place, element in enumerate(elements) if element.value is value]
            if places:
                return list(elements), places[0]
            inner = [element.value for element in elements]
        case syntax.Dict(elements=entries):
            inner = [entry.value for entry in entries]
        case _:
            return None
    return next((found for one in inner if (found := member(one, value))), None)


def member_before(node: Node | None, value: Node | None, text: str) -> Edit | None:
    """A list literal within an expression with one more value in front of one of its values, on a line of its own where that has one."""
    match member(node, value):
        case [elements, place]:
            element = elements[place]
            lines = element.text.begins_row(element.span[0])
            return Edit(Anchor(element, Edge.start), Anchor(element, Edge.start), f"{text},\n" if lines else f"{text}, ")
        case _:
            return None


def member_removed(node: Node | None, value: Node | None) -> Edit | None:
    """A list literal within an expression without one of its values; None when that is the only one."""
    match member(node, value):
        case [elements, place] if place + 1 < len(elements):
            return Edit(Anchor(elements[place], Edge.start), Anchor(elements[place + 1], Edge.start), "")
        case [elements, place] if place:
            return Edit(Anchor(elements[place - 1].value, Edge.end), Anchor(elements[place].value, Edge.end), "")
        case _:
            return None


def chained(node: Node | None, text: str) -> Edit | None:
    """A method call behind an expression that one can be called on as it is written."""
    match node:
        case syntax.Name() | syntax.Call() | syntax.Attribute() | syntax.Subscript():
            return after(node, text)
        case _:
            return None


def unchained(call: Node | None) -> Edit | None:
    """A method call taken out of a chain: what it was called on is left."""
    match call:
        case syntax.Call(func=syntax.Attribute(value=receiver)):
            return Edit(Anchor(receiver, Edge.end), Anchor(call, Edge.end), "")
        case _:
            return None


def floored(node: Node | None) -> Edit | None:
    """A division that leaves out the remainder."""
    match node:
        case syntax.BinaryOperation(operator=syntax.Divide() as operator):
            return replaced(operator, "//")
        case _:
            return None


def code(node: Node) -> str:
    """The text of a node; lines after the first are moved to the left as far as the last one is indented."""
    first, *lines = node.code.split("\n")
    indent = len(lines[-1]) - len(lines[-1].lstrip()) if lines else 0
    return "\n".join((first, *(line[min(indent, len(line) - len(line.lstrip())) :] for line in lines)))


def turned_round(call: Node | None) -> tuple[Edit | None, ...]:
    """The two arguments of a call, written without keywords, the other way round."""
    match call:
        case syntax.Call(args=[syntax.Arg(value=first, keyword=None, star=""), syntax.Arg(value=second, keyword=None, star="")]):
            return replaced(first, code(second)), replaced(second, code(first))
        case _:
            return (None,)


def called(call: Node | None) -> Node | None:
    """The function that a call calls: `optimizers.Adam` of `optimizers.Adam(lr=1)`."""
    match call:
        case syntax.Call(func=function):
            return function
        case _:
            return None


def bound(program: Program, module: str) -> str | None:
    """The name under which the file has a module ("np" for "numpy"), or None."""
    return next((name for name, via in program.names.items() if via == module), None)


ROOTS = ("tensorflow.keras.", "tf_keras.", "keras.")
"""Where the paths of each kind of Keras begin."""


@kept()
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


def receiver(call: Node | None) -> Node | None:
    """The object whose method a call calls: `ds.map(f)` of `ds.map(f).batch(32)`."""
    match call:
        case syntax.Call(func=syntax.Attribute(value=value)):
            return value
        case _:
            return None


def swapped(first: Node | None, second: Node | None) -> tuple[Edit | None, ...]:
    """Two method calls, of which the second is written right behind the first, in the other order."""
    match first, second:
        case syntax.Call(func=syntax.Attribute(attr=one)), syntax.Call(func=syntax.Attribute(value=value, attr=other)) if value is first:
            calls = ((one, first), (other, second))
            one_text, other_text = (name.text.cut(name.span[0], call.span[1]) for name, call in calls)
            (start, end), (next_start, next_end) = ((Anchor(name, Edge.start), Anchor(call, Edge.end)) for name, call in calls)
            return Edit(start, end, other_text), Edit(next_start, next_end, one_text)
        case _:
            return (None,)
