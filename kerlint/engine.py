"""The way of a file: read, parse, interpret, check, locate, leave out what is suppressed."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from kerlint.config import Config, Configs, shown
from kerlint.finding import Finding, Position, Range, ordered
from kerlint.garbage import without_garbage_collection
from kerlint.mentions import may_mention
from kerlint.mistake import MistakeError
from kerlint.outcome import Outcome, digest
from kerlint.projects import Projects, concerns
from kerlint.rule import Rule, rules
from kerlint.source import Source, SourceError, parse, read
from kerlint.timing import UNTIMED, Untimed

if TYPE_CHECKING:
    from kerlint.semantics.program import Program
    from kerlint.semantics.project import Project
    from kerlint.source import Parsed

    Check = Callable[[Program, Rule], Iterable[Finding]]

FAMILIES = {
    "1": ("data", "feeding", "labels", "splitting"),
    "2": ("architecture", "proportions", "wiring"),
    "3": ("output", "metrics", "predictions", "losses", "compiling"),
    "4": ("optimizer", "hyperparameters"),
    "5": ("training", "pipelines", "callbacks", "transfer", "custom_loops"),
    "6": ("regularization",),
    "7": ("input_pipeline", "kernels", "libraries", "runtime", "saving"),
    "8": ("migration", "arguments"),
    "9": ("opinion",),
}
"""The modules of checks for each first digit of a code; KER0 is what this module says itself."""
MOST_LEFT = 200_000
"""Objects that files may leave before these are looked through for garbage: of 900 public files less than 2,000 are."""
UNREADABLE = "KER001"
PREPARING = "import keras\nmodel = keras.Sequential([keras.layers.Dense(1, activation='softmax')])\nmodel.compile('sgd', 'mse')\n"
"""A script with a finding: to examine it, all of kerlint is needed."""


class Understood(msgspec.Struct, frozen=True, dict=True):
    """A file that was read, parsed and interpreted."""

    source: Source
    parsed: Parsed
    program: Program
    project: Project

    @cached_property
    def followed(self) -> Mapping[Path, tuple[Source, Parsed]]:
        """The files of its project that it imports, directly or through others."""
        known = self.project.known()
        return {path: found for path in self.program.files if (found := known.get(path))}

    @cached_property
    def files(self) -> Mapping[Path, Source]:
        """The file itself and those that it imports, by the path that a report names."""
        imported = ((Path(shown(path)), source) for path, (source, _) in self.followed.items())
        return {**{path: replace(file, path=path) for path, file in imported}, self.source.path: self.source}


def lint(path: Path | str, text: str | None = None, config: Config | None = None) -> list[Finding]:
    """The findings of a script or notebook, by position; `text` is linted as if it stood in `path`.

    Without `config`, the nearest pyproject.toml, kerlint.toml or .kerlint.toml counts. A file that cannot be read is a finding (KER001).
    Raises MistakeError for a wrong configuration.
    """
    path = Path(path)
    settings = config or Configs().of(path.absolute().parent)
    if text is not None:
        return lint_source(text, path, settings)
    return list(_examine(path, lambda _: settings, Projects(), None).findings)


def lint_source(text: str, filename: Path | str, config: Config) -> list[Finding]:
    """The findings of a text as if it stood in `filename`, by position.

    It reads nothing but the files of the project that the text imports and changes nothing; what it takes and gives can be pickled, so
    that any executor can run it. Raises MistakeError when a check of the user's own fails.
    """
    return list(_examine(Path(filename), lambda _: config, Projects(), text.encode()).findings)


def understand(source: Source, project: Project, parsed: Parsed | None = None, clock: Untimed = UNTIMED) -> Understood:
    """What a source does: its models and events. `parsed` is the source parsed, when it is already."""
    from kerlint.semantics.interpreter import interpret

    project.begin()
    with clock.phase("parse"):
        parsed = parsed or parse(source)
    with clock.phase("interpret, with imported files"):
        return Understood(source, parsed, interpret(source, parsed, project), project)


def examine(path: Path, config: Callable[[Path], Config], projects: Projects, data: bytes | None = None) -> Outcome:
    """What comes of one file; whatever happens in it, the caller can go on with the next one. `config` is asked if it mentions Keras."""
    try:
        return _examine(path, config, projects, data)
    except MistakeError as error:
        return Outcome(path, failed=True, mistake=str(error))
    except Exception:  # noqa: BLE001 - one file must not stop the others; the caller names it and the exit code tells
        return Outcome(path, failed=True, crash=traceback.format_exc())


def examined(
    paths: Iterable[Path], config: Callable[[Path], Config], projects: Projects, contents: Callable[[Path], bytes | None]
) -> Iterator[Outcome]:
    """What comes of each of many files. `contents` are the bytes that count instead of those on disk, if any.

    A program is let go of when it has been judged, which frees nearly all of it at once. What a file leaves behind all the same is looked
    through for garbage before the next one, and not in the collector's own rhythm, which looks at the trees of imported files again and
    again.
    """
    with without_garbage_collection():
        for path in paths:
            if gc.get_count()[0] > MOST_LEFT:
                gc.collect(0)
            yield examine(path, config, projects, contents(path))


def prepare() -> None:
    """Import what examining a file needs, for processes that are forked from this one."""
    lint_source(PREPARING, "prepare.py", Config())


def understand_file(path: Path, project: Project) -> Understood | Outcome:
    """What a file does, or why nothing is said of it."""
    try:
        source = opened(path, path.read_bytes(), lambda: project)
        match source:
            case Outcome():
                return source
            case _:
                with without_garbage_collection():
                    return understand(source, project)
    except OSError as error:
        return _missing(path, error)
    except Exception:  # noqa: BLE001 - as in `examine`
        return Outcome(path, failed=True, crash=traceback.format_exc())


def _examine(path: Path, config: Callable[[Path], Config], projects: Projects, data: bytes | None) -> Outcome:
    with projects.clock.phase("read"):
        try:
            data = path.read_bytes() if data is None else data
        except OSError as error:
            return _missing(path, error)
        source = opened(path, data, lambda: projects.of(path, config(path)))
    match source:
        case Outcome():
            return replace(source, content=digest(data))
        case _:
            with without_garbage_collection():
                settings = config(path)
                return _understood(source, data, settings, projects.of(path, settings), projects.clock)


def opened(path: Path, data: bytes, project: Callable[[], Project]) -> Source | Outcome:
    """The source of a file that has to do with Keras, else what there is to say of it."""
    if b"\0" not in data and not concerns(path, data, project):  # what is not text is said to be, not passed over
        return Outcome(path)
    try:
        source = read(path, data)
    except SourceError as error:
        return _unreadable(path, error.message, Position(error.row, error.column))
    return source if source.mentions_keras or not may_mention(data) else Outcome(path)


def _understood(source: Source, data: bytes, config: Config, project: Project, clock: Untimed) -> Outcome:
    from kerlint.semantics.provenance import forget
    from kerlint.understanding import tally

    understood = understand(source, project, clock=clock)
    findings, suppressed = (tuple(finding.settled() for finding in some) for some in weigh(understood, config, clock))
    understood.program.release()
    forget()
    quoted = {place.path for finding in (*findings, *suppressed) for place in _places(finding) if place}
    content = digest(data)
    digests = {Path(shown(path)): project.digest(path) for path in project.followed} | {source.path: content}
    return Outcome(
        source.path,
        content,
        findings,
        tally(understood.program),
        failed=not source.notebook and bool(understood.parsed.problems),
        files={path: digests[path] for path in quoted},
        grounds=project.grounds(),
        suppressed=suppressed,
    )


def _places(finding: Finding) -> Iterator[Range | None]:
    """Every place that a report or a fix of a finding needs the text of."""
    yield finding.range
    yield from (other.range for other in (*finding.related, *finding.flow))
    yield from (edit.range for edit in (finding.fix.edits if finding.fix else ()))


def judge(understood: Understood, config: Config) -> tuple[Finding, ...]:
    """What every check that is on has found, without what is suppressed, and what is wrong with suppressions."""
    return weigh(understood, config)[0]


def weigh(understood: Understood, config: Config, clock: Untimed = UNTIMED) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What `judge` reports, and what comments suppress."""
    from kerlint.flows import Flows
    from kerlint.locating import Ranges, located
    from kerlint.placing import Places
    from kerlint.subjects import Subjects
    from kerlint.suppression import suppressions, weighed

    source, parsed = understood.source, understood.parsed
    active = config.rules_of(source.path)
    with clock.phase("check"):
        found: list[Finding] = []
        for rule in active.values():
            check = rule.check or check_of(rule.code, rule.name)
            found += clock.rule(rule, check(understood.program, rule))
    broken = [
        _cannot(source.path, problem.message, Position(problem.row, problem.column), problem.cell, active.get(UNREADABLE))
        for problem in parsed.problems
    ]
    with clock.phase("locate findings, place fixes"):
        found = Flows(understood.program).of(Subjects(understood.program).of(found))
        ranges = Ranges(source, parsed, understood.followed)
        placed = located(found, ranges, Places(ranges, source.path, understood.program.names))
    written = {Path(shown(path)): source.path for path in understood.project.written}
    wanted = [finding for finding in (*broken, *placed) if _wanted(finding, config, written)]
    with clock.phase("apply suppressions"):
        paths = {source.path, *(place.path for finding in placed for place in (*_places(finding), *finding.about) if place)}
        files = (file for path, file in understood.files.items() if path in paths)
        directives = [directive for file in files for directive in suppressions(file, config.authors)]
        # A suppression of a report that is too unsure to be shown is of use all the same.
        told = weighed(wanted, directives, active, source.path, config.known)
    if written:
        from kerlint.written_files import at_home

        told = at_home(told, source, understood.project.written)
    sure = [finding for finding in told if finding.confidence >= config.min_confidence]
    return ordered(finding for finding in sure if not finding.suppressed), ordered(finding for finding in sure if finding.suppressed)


def _wanted(finding: Finding, config: Config, written: Mapping[Path, Path]) -> bool:
    """Whether the file that a finding is in, which may be an imported one, wants to hear of it; for one that it writes, the notebook."""
    if finding.range is None or finding.code == UNREADABLE:
        return True
    return finding.code in config.rules_of(written.get(finding.range.path, finding.range.path))


@cache
def check_of(code: str, name: str) -> Check:
    """The function that looks for a rule: it is named as the page is. Nothing looks for KER0, which this module says itself."""
    if code[3] not in FAMILIES:
        return lambda program, rule: ()
    modules = (import_module(f"kerlint.checks.{family}") for family in FAMILIES[code[3]])
    found: Check = next(check for module in modules if (check := getattr(module, name.replace("-", "_"), None)))
    return found


def _missing(path: Path, error: OSError) -> Outcome:
    return _unreadable(path, f"cannot be read: {(error.strerror or str(error)).lower()}", Position(1, 1))


def _unreadable(path: Path, message: str, position: Position) -> Outcome:
    return Outcome(path, findings=(_cannot(path, message, position),), failed=True)


def _cannot(path: Path, message: str, start: Position, cell: int | None = None, rule: Rule | None = None) -> Finding:
    """KER001, which is said although it is not selected: silence about a file that was not analysed would not be honest."""
    finding = (rule or rules()[UNREADABLE]).finding(None, message=message)
    return replace(finding, range=Range(path, start, Position(start.row, start.column + 1), cell))
