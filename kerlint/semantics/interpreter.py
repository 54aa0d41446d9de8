"""The abstract interpreter: the state of a program while it is read, and how functions, loops and branches change it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import structs

from kerlint.semantics import binding, catalog, dropping, entry_points, expressions, imports, keras, library, models, snapshot, statements
from kerlint.semantics.catalog import migration
from kerlint.semantics.dependencies import LAST
from kerlint.semantics.graph import KerasLayer, KerasModel, Tensor, is_model, repeated, tensors
from kerlint.semantics.heap import Delta, Heap
from kerlint.semantics.library import BUILTINS
from kerlint.semantics.members import class_member
from kerlint.semantics.program import TOO_LONG, Assignment, Event, Import, Loop, Model, Pass, Program, Reference, Tape, Use
from kerlint.semantics.values import (
    MISSING,
    Bound,
    Choice,
    Class,
    Const,
    Deferred,
    Frame,
    Function,
    Instance,
    Items,
    Namespace,
    Symbol,
    Table,
    Term,
    Unknown,
    Value,
    join,
    widen,
)
from kerlint.syntax import nodes as syntax

if TYPE_CHECKING:
    from kerlint.semantics.project import Project
    from kerlint.source import Parsed, Source
    from kerlint.syntax.nodes import Node

    Arguments = tuple[list[Value], dict[str, Value]]

STEPS = 60_000
"""Statements and calls interpreted for one file before it is given up (design.md, section 7: 1 of 1,250 public files needs more)."""
DEEPEST = 24
"""Nested calls of the user's functions; public code needs 12 (idioms.md, section 7)."""
RECURSION = 10_000
LONGEST = 128
"""Members up to which a loop is unrolled and a list kept item by item: public books build networks of 100 layers in a loop."""
MOST_PASSES = 256
"""Passes through the body of nested loops that are unrolled: models are built with far fewer, arrays filled with far more."""
MOST_PLAIN = 6
"""Passes up to which a loop that makes no layer is unrolled: hundreds of epochs need no more than what all passes share."""
FIRST = 2
"""Passes after which it is seen whether a loop makes layers."""
LEGACY = "TF_USE_LEGACY_KERAS"
"""The environment variable that makes `tf.keras` Keras 2; a script that names it sets it."""
LIBRARIES = ("keras", "tensorflow", "tf_keras")
"""Libraries whose imports and attributes are kept as they are written."""
HOLDING = frozenset({KerasLayer, Tensor, Choice})
"""What may be, or hold, a layer or its output."""
CONSTANTS = {"True": True, "False": False, "None": None}


class ExhaustedError(Exception):
    """The step budget is used up."""


@dataclass(slots=True)
class Region:
    """A function or loop that is running: where its journal begins, and the ways that left it early."""

    depth: int
    exits: list[tuple[Delta | None, Value]] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    endless: bool = False
    """Whether it yields in a loop that nothing ends."""
    owner: Class | None = None
    this: Value | None = None


def interpret(source: Source, parsed: Parsed, project: Project) -> Program:
    """What a script or notebook does. Terminates on every input; what is not understood is Unknown in the result."""
    run = Interpreter(source.path, project, source.written)
    run.legacy = any(LEGACY in cell.text for cell in source.cells)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION))
    try:
        return _followed(run, parsed)
    finally:
        sys.setrecursionlimit(limit)


def _followed(run: Interpreter, parsed: Parsed) -> Program:
    try:
        run.module(parsed)
        entry_points.run_uncalled(run)
    except ExhaustedError:
        run.note(Unknown(TOO_LONG))
        run.exhausted = True
        run.steps = 0  # Its models, as they stand, are looked at with a budget of their own.
    try:
        return run.program()
    except ExhaustedError:
        return structs.replace(run.facts(), models=())


class Interpreter:
    """One program being read."""

    longest = LONGEST

    def __init__(self, path: Path, project: Project, written: Mapping[str, str]) -> None:
        self.path = self.main_path = path
        self.project = project
        self.written = written
        self.heap = Heap()
        self.frame = Frame(None, "__main__")
        self.main = self.frame
        self.frames: dict[Path, Frame] = {}
        self.resolving: list[Value] = []
        self.resolved: dict[Value, Value] = {}
        self.entering: list[Path] = []
        self.applying: list[Value] = []
        self.regions: list[Region] = []
        self.breaks: list[Region] = []
        self.continues: list[Region] = []
        self.loops: list[Loop] = []
        self.calling: list[Any] = []
        self.called: set[Any] = set()
        self.definitions: list[Function] = []
        self.classes: list[Class] = []
        self.within: tuple[Value, ...] = ()
        self.entry: Function | None = None
        self.doubt = ""
        self.guarded = False
        self.legacy = False
        self.image_format: Value = Const(None)
        self.rehearsing = 0
        self.probing = False
        self.shortened = False
        self.whole = True
        self.steps = 0
        self.budget = STEPS
        self.exhausted = False
        self.made_objects = 0
        self.passes = 1
        self.events: list[Event] = []
        self.uses: list[Use] = []
        self.imports: dict[Node, Import] = {}
        self.references: dict[Node, Reference] = {}
        self.branches: dict[Node, None] = {}
        self.without_input: dict[Node, None] = {}
        self.guards: dict[Node, bool] = {}
        self.models: dict[int, Value] = {}
        self.objects: dict[int, Instance] = {}
        self.names: dict[int, str] = {}
        self.latest: dict[int, Model] = {}
        self.held: dict[Node, dropping.Held] = {}
        self.seen: set[int] = set()
        self.displayed: Node | None = None
        self.bindings: dict[int, tuple[str, Value, Node, int]] = {}
        self.read: set[int] = set()
        self.bound_at: dict[tuple[int, str], int] = {}
        self.untaken: list[Node] = []
        self.cells: list[int] = []
        self.unknown: dict[str, Unknown] = {}
        self.snapshots: dict[tuple[Any, ...], tuple[Model, Any]] = {}
        self.freezes = 0
        self.sequences: dict[int, tuple[Value, Value, Value]] = {}
        self.counted: dict[int, tuple[Any, int | None]] = {}
        self.made_in: dict[int, tuple[Loop, ...]] = {}
        self.tapes: tuple[Tape, ...] = ()
        self.running: Node | None = None
        self.forward: list[Pass] = []
        self.fixed: dict[Value, None] = {}
        self.namespaces: dict[int, dict[str, Value]] = {}

    # The way through the code

    def step(self, node: Node) -> None:
        """Count one step; raises ExhaustedError past the budget."""
        self.steps += 1
        if self.steps > self.budget:
            raise ExhaustedError

    def module(self, parsed: Parsed) -> None:
        """Run every cell of a script or notebook in order."""
        self.whole = None not in parsed.modules
        for module in parsed.modules:
            if module is not None:
                self.budget += len(module.body)
                self.cells.append(len(self.uses))
                self.displayed = module.body[-1] if module.body else None
                self.running = module
                statements.block(self, module.body)

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Run something only to see what it would change: nothing is recorded."""
        self.rehearsing += 1
        try:
            yield
        finally:
            self.rehearsing -= 1

    @contextmanager
    def doubting(self, doubt: str) -> Iterator[None]:
        """What is recorded meanwhile may not happen at run time, and why."""
        before, self.doubt = self.doubt, self.doubt or doubt
        try:
            yield
        finally:
            self.doubt = before

    # Names

    def look_up(self, name: str, node: Node) -> Value:
        """The value of a name, from the inner scope outwards."""
        if name in CONSTANTS:
            return Const(CONSTANTS[name], node=node)
        frame: Frame | None = self.frame
        top = self.frame
        while frame is not None:
            found = frame.fields.get(name)
            if found is not None:
                if (bound := self.bound_at.get((id(frame), name))) is not None:
                    self.read.add(bound)
                value = self.fetched(found)
                if type(value) in HOLDING:
                    dropping.read(self, value)
                return value
            top, frame = frame, frame.outer
        starred = imports.from_star(top.fields.get("*"), name, node)
        if starred is not None and (name not in BUILTINS or catalog.entry(starred.name) is not None):
            return starred
        if name == "__name__":
            return Const("__main__" if top is self.main else top.where, node=node)
        if name in BUILTINS:
            return Symbol(f"builtins.{name}", name, node=node)
        usual = catalog.conventional(name) if top is self.main else None
        if usual is not None:
            return Symbol(catalog.canonical(usual), usual, node=node, doubt=f"`{name}` is not imported, and taken for {usual}")
        return Unknown(f"`{name}` is not defined in the source", node=node)

    def fetched(self, value: Value) -> Value:
        """The value of a name now: its newest content, an import that waited followed."""
        if isinstance(value, Deferred):
            return imports.resolve(self, value)
        if isinstance(value, Choice) and any(isinstance(option, Deferred) for option in value.options):
            return join(*map(self.fetched, value.options))
        return self.heap.current(value)

    def assign(self, target: Node, value: Value) -> None:
        """Bind a value to a target: a name, an attribute, a subscript, or a pattern of them."""
        binding.assign(self, target, value)

    def bind(self, name: str, value: Value, node: Node) -> None:
        """Bind a name in the present scope."""
        frame = self.frame
        if name in frame.globals:
            frame = next((outer for outer in self._outward(frame) if name in outer.fields or outer.outer is None), frame)
        if isinstance(value, (KerasModel, Instance)):
            self.names.setdefault(id(value), name)
        if isinstance(value, Term) and not self.rehearsing:
            self.bindings.setdefault(id(node), (name, value, node, len(self.events)))
            self.bound_at[id(frame), name] = id(node)
        else:
            self.bound_at.pop((id(frame), name), None)
        self.heap.write(frame.fields, name, value)

    def _outward(self, frame: Frame) -> Iterator[Frame]:
        outer = frame.outer
        while outer is not None:
            yield outer
            outer = outer.outer

    def track_attribute(self, this: Instance, name: str, value: Value) -> None:
        """Remember under which attribute an object keeps a model, for its name in messages."""
        if isinstance(value, (KerasModel, Instance)):
            self.names.setdefault(id(value), f"self.{name}")

    def placed(self, value: Value, node: Node) -> Value:
        """A value as it stands where it is used; where it came from stays in `origin`."""
        if value.node is node:
            return value
        origin = value.origin or value.node
        match value:  # the constructors, not `replace`: this runs for every argument of every call
            case Const(found):
                return Const(found, node=node, origin=origin, doubt=value.doubt)
            case Symbol(name, via):
                return Symbol(name, via, node=node, origin=origin, doubt=value.doubt)
            case Term(name, args):
                return Term(name, args, root=value.root or value, node=node, origin=origin, doubt=value.doubt)
            case Unknown() | Choice():
                return replace(value, node=node, origin=origin)
            case Items() | Table():
                return replace(value, node=node, origin=origin, root=value.root or value)
            case _:
                return value

    def maybe(self, owner: Value, name: str, value: Value) -> Value:
        """What an attribute of one of several objects holds after it was set on "one of them"."""
        match owner:
            case Instance() if name in owner.fields:
                return join(owner.fields[name], value)
            case _:
                return value

    # Functions

    def function(self, name: str, node: Any, params: Any, body: Any, decorators: tuple[Value, ...] = ()) -> Function:
        """A function of the user, its defaults evaluated now as Python does."""
        self.namespaces[id(self.frame)] = self.frame.fields
        given = {**library.command_options(decorators), **binding.defaults(self, params)}
        return Function(name, params, body, self.frame, given, decorators, node=node)

    def bound(self, member: Value, receiver: Value) -> Value:
        """A class member as seen from an object: methods take the object along, class methods the class, static ones nothing."""
        match member, receiver:
            case Function(), _ if binding.is_marked(member, "staticmethod"):
                return member
            case Function(), Instance(cls=cls) if binding.is_marked(member, "classmethod"):
                return Bound(member, cls, node=member.node)
            case Function(), Class() if not binding.is_marked(member, "classmethod"):
                return member
            case Function(), _:
                return Bound(member, receiver, node=member.node)
            case _:
                return self.heap.current(member)

    def invoke(self, function: Function, positional: list[Value], keywords: Mapping[str, Value], node: Node) -> Value:
        """Run a function of the user on these arguments and return what it returns."""
        if not self.rehearsing:  # What is only tried leaves no record: it is an entry point as well.
            self.called.add(function.body)
        running = function.body, function.frame  # A chain of closures of one lambda is no recursion.
        if len(self.calling) >= DEEPEST or self.calling.count(running) >= 2:
            return self._too_deep(positional, node)
        self.step(node)
        frame = Frame(function.frame, function.name)
        binding.bind_parameters(self, function, frame, positional, keywords, node)
        outer, loops = (self.frame, self.breaks, self.continues), self.loops
        region = Region(len(self.heap.journals), owner=function.owner, this=positional[0] if positional else None)
        self.frame, self.breaks, self.continues = frame, [], []
        self.calling.append(running)
        self.regions.append(region)
        self.heap.fork()
        leads_on = False
        try:
            leads_on = self._body(function.body)
        finally:
            self.regions.pop()
            self.calling.pop()
            (self.frame, self.breaks, self.continues), self.loops = outer, loops
            value = self._outcome(region, leads_on, node)
        if region.yields:
            endless = {"endless": Const(True)} if region.endless else {}
            return Term("generator", {"element": join(*region.yields), **endless}, node=node)
        return value

    def _body(self, body: Any) -> bool:
        if isinstance(body, syntax.IndentedBlock):
            return statements.block(self, body.body)
        self.leave(self.evaluate(body))
        return False

    def _too_deep(self, positional: list[Value], node: Node) -> Value:
        found = tensors(*positional)
        return repeated(found, "a recursive function", node) if found else Unknown("a recursive function", node=node)

    def _outcome(self, region: Region, leads_on: bool, node: Node) -> Value:
        values = [value for _, value in region.exits]
        early = [delta for delta, _ in region.exits if delta is not None]
        if leads_on:
            values.append(Const(None, node=node))
        if not early:
            self.heap.commit()
        else:
            final = self.heap.undo()
            self.heap.merge([*early, final] if len(early) < len(values) else early)
        return join(*values) if values else Unknown("a function that does not return", node=node)

    def leave(self, value: Value) -> None:
        """`return value`."""
        if self.regions:
            region = self.regions[-1]
            straight = len(self.heap.journals) == region.depth + 1
            region.exits.append((None if straight else self.heap.since(region.depth), value))

    def yields(self, value: Value) -> None:
        """`yield value`."""
        if self.regions:
            self.regions[-1].yields.append(value)

    def evaluate(self, node: Node) -> Value:
        """The value of an expression."""
        return expressions.evaluate(self, node)

    # Loops

    def loop(
        self,
        node: Node,
        iterable: Value | None,
        passes: list[Callable[[], None]] | None,
        body: Callable[[], bool],
        otherwise: Callable[[], bool],
    ) -> bool:
        """Run a loop: once for each of `passes` (which bind its target), or widened when they are not known. Returns whether it ends.

        `otherwise` is its `else`: what runs when it was not left by `break`.
        """
        region = Region(len(self.heap.journals))
        return self._rejoined(region, lambda: self._passes(region, Loop(node, iterable), passes, body) and otherwise())

    def _rejoined(self, region: Region, way: Callable[[], bool]) -> bool:
        """Run a way and join where it ends with the exits that left it early for the same place (`break`, `continue`)."""
        self.heap.fork()
        leads_on = False
        try:
            leads_on = way()
        finally:
            if region.exits:
                final = self.heap.undo()
            else:
                self.heap.commit()
        if region.exits:
            self.heap.merge([delta for delta, _ in region.exits if delta is not None] + ([final] if leads_on else []))
        return leads_on or bool(region.exits)

    def _passes(self, region: Region, loop: Loop, passes: list[Callable[[], None]] | None, body: Callable[[], bool]) -> bool:
        outer, self.loops = self.loops, [*self.loops, loop]
        self.breaks.append(region)
        try:
            return self._unrolled(passes, body) if passes is not None else self._widened_loop(body)
        finally:
            self.breaks.pop()
            self.loops = outer

    def _unrolled(self, passes: list[Callable[[], None]], body: Callable[[], bool]) -> bool:
        outer, self.passes = self.passes, self.passes * max(1, len(passes))
        made = self.made_objects
        try:
            for index, bind in enumerate(passes):
                if index == FIRST and self.made_objects == made and len(passes) > MOST_PLAIN:
                    return self._rest(passes[index:], body)
                bind()
                if not self._once(body):
                    return False
        finally:
            self.passes = outer
        return True

    def _rest(self, passes: list[Callable[[], None]], body: Callable[[], bool]) -> bool:
        """The further passes of a long loop that makes no layer: they are taken together, as of a loop of unknown length."""
        ways = [lambda bind=bind: bind() or True for bind in passes]

        def whole() -> bool:
            self.heap.branch(ways)
            return body()

        return self._widened_loop(whole)

    def unrolls(self, members: list[Value]) -> bool:
        """Whether a loop over these is run member by member: they are few, and so are the passes of the loops around it."""
        return len(members) <= LONGEST and len(members) * self.passes <= MOST_PASSES

    def _once(self, body: Callable[[], bool]) -> bool:
        region = Region(len(self.heap.journals))
        self.continues.append(region)
        try:
            return self._rejoined(region, body)
        finally:
            self.continues.pop()

    def _widened_loop(self, body: Callable[[], bool]) -> bool:
        """One pass to see what changes, and one from where that is unknown.

        In the first pass of a loop around it, or in a rehearsal, the first pass will do: what changes is all that is asked there. So the
        body of the innermost of n loops is run n + 1 times, not twice as often for each of them.
        """
        outer = self.probing, self.shortened
        self.probing, self.shortened = True, False
        before = self._mark()
        self.heap.fork()
        try:
            leads_on = self._once(body)
        finally:
            (self.probing, shortened), within = outer, self.shortened
            self.shortened = shortened
        if not within and not any(self._existed(fields, key, old) for fields, key, old in self.heap.journals[-1].values()):
            self.heap.commit()  # Nothing that was there before is another after one pass: every pass is like the first.
            return leads_on
        changed = self.heap.undo()
        if self.probing or self.rehearsing:
            self.shortened = True
            self._widen(changed, keep_new=True)
            return True
        self._forget_since(before)
        self._widen(changed, keep_new=False)
        return self._once(body)

    def _existed(self, fields: Any, key: Any, old: Any) -> bool:
        return old is not MISSING or fields is self.heap.newest

    def _mark(self) -> tuple[int, ...]:
        """How much is recorded so far."""
        exits = self.regions[-1].exits if self.regions else ()
        recorded = (self.events, self.uses, self.forward, self.definitions, self.classes, self.models, self.breaks[-1].exits, exits)
        return tuple(map(len, recorded))

    def _forget_since(self, mark: tuple[int, ...]) -> None:
        """Take back what was recorded since a mark: the pass was only to see what a loop changes."""
        events, uses, forward, definitions, classes, models, breaks, exits = mark
        del self.events[events:], self.uses[uses:], self.forward[forward:]
        del self.definitions[definitions:], self.classes[classes:], self.breaks[-1].exits[breaks:]
        for key in list(self.models)[models:]:
            del self.models[key]
        if self.regions:
            del self.regions[-1].exits[exits:]

    def _widen(self, changed: Delta, *, keep_new: bool) -> None:
        """Generalise every place that a loop changes; places that the loop makes are kept only when its body is not run again."""
        for fields, key, new in changed.values():
            # What was never changed before is its own oldest content.
            old: Any = fields.get(key, key if fields is self.heap.newest else MISSING)
            if new is MISSING or (old is MISSING and not keep_new):
                continue
            self.heap.write(fields, key, new if old is MISSING else self.widened(old, new, "changed in a loop of unknown length"))

    def widened(self, before: Value, after: Value, reason: str) -> Value:
        """What is known of a value that a loop of unknown length changes."""
        match after:
            case Tensor() if before is not after:
                shape = after.shape if isinstance(before, Tensor) and before.shape == after.shape else None
                return repeated([after], "layers made in a loop of unknown length", after.node, shape)
            case _:
                return widen(before, after, reason)

    def comprehend(self, clause: Any, element: Callable[[], Value]) -> tuple[list[Value], bool, Value | None]:
        """The elements of a comprehension, whether they are all of them, and what it has one for each member of, if that is long."""
        return statements.comprehend(self, clause, element)

    # What is recorded

    def made(self, model: Value, node: Node) -> None:
        """A model (or an object that may be one) was made."""
        if isinstance(model, (Instance, KerasModel)):
            self.namespaces[id(model.fields)] = model.fields
        if not self.rehearsing and isinstance(model, Instance):
            self.objects.setdefault(id(model.cls), model)
        if not self.rehearsing and is_model(model):
            self.models.setdefault(id(model), model)
            self.made_in.setdefault(id(model), tuple(self.loops))

    def defined(self, definition: Function | Class) -> None:
        """A function or class of the file itself (those of imported files are entry points where they are linted themselves)."""
        if self.rehearsing or self.path != self.main_path:
            return
        match definition:
            case Function():
                self.definitions.append(definition)
            case _:
                self.classes.append(definition)

    def record(self, event: Event) -> None:
        """Something happened to a model."""
        if not self.rehearsing:
            event = event if self.entry is None else structs.replace(event, entry=self.entry.body)
            self.events.append(event)
            if event.model is not None:
                self.latest[id(event.identity)] = event.model

    def used(self, name: str, via: str, node: Node, receiver: Value | None, args: Arguments, value: Value) -> None:
        """A library was called."""
        if not self.rehearsing:
            entry = self.entry.body if self.entry is not None else None
            positional, keywords = args
            place, loops = len(self.events), tuple(self.loops)
            made = Use(
                name,
                via,
                node,
                receiver,
                tuple(positional),
                keywords,
                value,
                place,
                loops,
                self.doubt,
                entry,
                self.guarded,
                bool(self.applying),
            )
            self.uses.append(made)

    def imported(self, path: str, module: str, node: Node, statement: Node) -> None:
        """Something was imported from a library."""
        if path.startswith(LIBRARIES):
            self.imports.setdefault(node, Import(path, module, node, statement, self.guarded, len(self.uses)))

    def referred(self, base: Value, name: str, value: Value, node: Node) -> None:
        """An attribute was read."""
        match value:
            case Symbol(target, via) if via.startswith(LIBRARIES):
                self.references.setdefault(node, Reference(target, via, node, base, self.guarded))
            case _ if name in migration.attributes():
                self.references.setdefault(node, Reference(f".{name}", "", node, base, self.guarded))
            case _:
                return

    def attributed(self, base: Value, name: str, value: Value, node: Node) -> None:
        """An attribute was set."""
        match value:
            case _ if self.rehearsing:
                return
            case Term("tensorflow.Variable") if isinstance(base, Instance):
                self.references.setdefault(node, Reference(f".{name}", "", node, base, self.guarded, value))
            case _ if name in migration.attributes():
                self.references.setdefault(node, Reference(f".{name}", "", node, base, self.guarded, value))
            case _:
                return

    @contextmanager
    def guarding(self, guarded: bool) -> Iterator[None]:
        """What is recorded meanwhile is for some versions of Keras only."""
        before, self.guarded = self.guarded, self.guarded or guarded
        try:
            yield
        finally:
            self.guarded = before

    def note(self, unknown: Unknown) -> None:
        """Something that stayed unknown, for `kerlint show`."""
        self.unknown.setdefault(f"{id(unknown.node)}{unknown.reason}", unknown)

    def keep_models(self) -> None:
        """Remember every model that no event has shown as it stands now, before its making is undone."""
        for key, model in self.models.items():
            if key not in self.latest:
                self.latest[key] = snapshot.snapshot(self, model)

    def program(self) -> Program:
        """Everything that was understood."""
        models = [self.latest.get(key) or snapshot.snapshot(self, model) for key, model in self.models.items()]
        bound = self.bindings.values()
        assignments = [Assignment(name, value, node, id(node) in self.read, place) for name, value, node, place in bound]
        dropped = () if self.exhausted else tuple(dropping.found(self))
        return structs.replace(self.facts(), models=tuple(models), assignments=tuple(assignments), dropped=dropped)

    def facts(self) -> Program:
        """What was recorded on the way, without the models as they stand."""
        return Program(
            models=(),
            events=tuple(self.events),
            unknown=tuple(self.unknown.values()),
            uses=tuple(self.uses),
            names=self.known(),
            files=tuple(self.frames),
            imports=tuple(self.imports.values()),
            references=tuple(self.references.values()),
            branches=tuple(self.branches),
            without_input=tuple(self.without_input),
            passes=tuple(self.forward),
            fixed=frozenset(self.fixed),
            keras=min(self.project.keras, LAST["2"]) if self.legacy else self.project.keras,
            whole=self.whole,
            namespaces=tuple(self.namespaces.values()),
        )

    def known(self) -> dict[str, str]:
        """The names of the file itself that stand for something of a library."""
        return {name: value.via or value.name for name, value in self.main.fields.items() if isinstance(value, Symbol)}

    # Objects of Keras

    def model_member(self, model: Value, name: str, node: Node) -> Value:
        """An attribute of a model."""
        return models.model_member(self, model, name, node)

    def layer_tensor(self, layer: KerasLayer, name: str, node: Node) -> Value:
        """`layer.output` or `layer.input`: its tensor in the model that it was last called in."""
        return models.layer_tensor(self, layer, name, node)

    def set_trainable(self, target: Value, value: Value, node: Node) -> None:
        """`layer.trainable = value`."""
        models.set_trainable(self, target, value, node)

    def cloned(self, model: Value, node: Node) -> Value:
        """A copy of a model with weights of its own."""
        return keras.cloned(self, model, node)

    def flags(self) -> Frame:
        """The scope of the command-line flags of absl."""
        return self.frames.setdefault(Path("absl.flags.FLAGS"), Frame(None, "flags"))

    def invoke_member(self, this: Instance, name: str, node: Node) -> Value | None:
        """A special method of a user's object, run; None when its class has none."""
        member = class_member(this.cls, name)
        return self.invoke(member, [this], {}, node) if isinstance(member, Function) else None

    def submodule(self, package: Namespace, name: str, node: Node) -> Value:
        """A module of a package of the project, imported by attribute."""
        return imports.submodule(self, package, name, node)

    def subscripted(self, base: Value, key: Value, node: Node) -> Value:
        """`base[key]` of something that is not listed: a user's `__getitem__`, else a term."""
        match base:
            case Instance(cls=cls):
                getter = class_member(cls, "__getitem__")
                if isinstance(getter, Function):
                    return self.invoke(getter, [base, key], {}, node)
            case _:
                pass
        return Term("item", {"base": base, "key": key}, node=node)
