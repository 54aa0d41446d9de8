"""One run over many files: found, examined, reported, counted, and the exit code."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from kerlint.config import Config, Configs, shown
from kerlint.files import Discovery, Trouble, discover
from kerlint.finding import Finding, ordered
from kerlint.mistake import MistakeError
from kerlint.outcome import Outcome
from kerlint.outputs import Output, append_summary, write
from kerlint.projects import Projects
from kerlint.reports import BOLD, TINT, Batch, Paint, report
from kerlint.sweep import Progress, Sweep
from kerlint.timing import UNTIMED, Untimed

if TYPE_CHECKING:
    from kerlint.cache import Cache
    from kerlint.engine import Understood
    from kerlint.rule import Rule
    from kerlint.source import Source

FOR_PEOPLE = frozenset({"text", "concise", "grouped"})
COUNTED = FOR_PEOPLE | {"json", "json-lines"}
"""Formats in which `--statistics` shows counts in the place of findings. The others have a form that their readers rely on: they stay
whole, and the counts go to standard error."""
CLEAN, FOUND, WRONG = 0, 1, 2
"""Exit codes: nothing at or above `fail-on`; something; wrong use, a file that could not be read or parsed, or an error of our own."""


class Wish(msgspec.Struct, frozen=True):
    """What the command line asks of a run, apart from the settings."""

    exit_zero: bool = False
    statistics: bool = False
    paint: Paint = msgspec.field(default_factory=Paint)
    quiet: bool = False
    """Findings only, no summary."""
    silent: bool = False
    verbose: bool = False
    unsafe_fixes: bool = False
    fixed: int | None = None
    """How many findings were dealt with before what is reported, when they were to be."""
    deed: str = "fix"
    """What was to be done with them: fix, or suppress."""
    show_suppressed: bool = False
    """Also tell what is suppressed, where a format can say so."""
    outputs: tuple[Output, ...] = ()
    """Reports on top of what `output-format` says, or to standard output instead of it."""


class Judged(msgspec.Struct, frozen=True):
    """The findings that are reported, those that a baseline hides, and how many entries of baselines correspond to nothing any more."""

    findings: tuple[Finding, ...]
    hidden: tuple[Finding, ...] = ()
    stale: int = 0
    files: tuple[Path, ...] = ()
    """The baselines."""


class Run(msgspec.Struct, dict=True):
    """Everything that came of a run."""

    configs: Configs
    discovery: Discovery = msgspec.field(default_factory=Discovery)
    outcomes: list[Outcome] = msgspec.field(default_factory=list)
    contents: dict[Path, bytes] = msgspec.field(default_factory=dict)
    """Files by resolved path that hold something else than what is on disk: standard input, what fixes have made."""

    def examine(
        self,
        data: bytes | None = None,
        cache: Cache | None = None,
        jobs: int = 1,
        progress: Progress = lambda done, total: None,
        clock: Untimed | None = None,
    ) -> None:
        """Examine every file that was found, or `data` in the place of the only one.

        What is on disk may be known from an earlier run (`cache`), and is else examined by several processes (`jobs`, see `Sweep`).
        """
        clock = clock or UNTIMED
        if data is None:
            with clock.phase("read"):
                self.outcomes.extend(Sweep(self.discovery.files, self.configs, cache, jobs, progress, Projects(clock=clock)).outcomes())
            return
        from kerlint.engine import examined

        self.contents.update({path.resolve(): data for path in self.discovery.files})
        self.outcomes.extend(examined(self.discovery.files, self.config_of, Projects(self.contents, clock), lambda path: data))

    def renewed(self, contents: Mapping[Path, bytes], changed: Collection[Path] | None) -> Run:
        """The run with other content of files: those that changed are examined again and those that report in them (None: all)."""
        from kerlint.engine import examine

        projects = Projects(contents)

        def again(outcome: Outcome) -> Outcome:
            places = {path.resolve() for path in (outcome.path, *outcome.files)}
            if outcome.tally is None or changed is not None and places.isdisjoint(changed):
                return outcome
            return examine(outcome.path, self.config_of, projects, contents.get(outcome.path.resolve()))

        return replace(self, outcomes=[again(outcome) for outcome in self.outcomes], contents=dict(contents))

    @cached_property
    def known(self) -> frozenset[Path]:
        """The files of this run, resolved."""
        return frozenset(path.resolve() for path in self.discovery.files)

    def config_of(self, path: Path) -> Config:
        """The configuration of a file."""
        return self.configs.of(path.absolute().parent)

    @cached_property
    def names(self) -> Mapping[Path, Path]:
        """Files that were imported under another name than the run has for them: `lib.py` for one given as `/project/lib.py`."""
        given = set(self.discovery.files)
        others = {path for outcome in self.outcomes for path in outcome.files if path not in given}
        known = {os.path.abspath(path): path for path in given} if others else {}
        return {path: name for path in others if (name := known.get(os.path.abspath(path)))}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of an examined run that are reported: without those that a baseline holds."""
        return self.judged.findings

    @cached_property
    def judged(self) -> Judged:
        """The findings that are reported, and what a baseline hides."""
        if not any(config.settings.baseline for config in self.configs.known()):
            return Judged(self.found)
        from kerlint.baseline import judged

        return judged(self, self.found)

    @cached_property
    def found(self) -> tuple[Finding, ...]:
        """All findings of an examined run; one in a file that others import is the same finding from wherever it was reached."""
        findings = self._ordered(outcome.findings for outcome in self.outcomes)
        order = {path: number for number, path in enumerate(self.discovery.files)} if findings else {}
        return tuple(sorted(findings, key=lambda finding: order.get(_file(finding), len(order))))

    @cached_property
    def suppressed(self) -> tuple[Finding, ...]:
        """What comments and baselines keep from being reported."""
        return (*self._ordered(outcome.suppressed for outcome in self.outcomes), *self.judged.hidden)

    def _ordered(self, findings: Iterable[Iterable[Finding]]) -> tuple[Finding, ...]:
        return ordered(finding.named(self.names) if self.names else finding for several in findings for finding in several)

    @cached_property
    def quoted(self) -> Mapping[Path, Source]:
        """The files that findings are in."""
        from kerlint.quoted import Quoted

        states = [(path, state) for outcome in self.outcomes for path, state in outcome.files.items()]
        files = {name: state for path, state in states for name in (path, self.names.get(path, path))}
        return Quoted(files, self.contents)

    @property
    def troubled(self) -> bool:
        """Whether something could not be analysed."""
        return bool(self.discovery.troubles) or any(outcome.failed for outcome in self.outcomes)

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What was not analysed to its end, apart from what a finding says that."""
        crashes = (Trouble(outcome.path, why) for outcome in self.outcomes if (why := outcome.mistake or _last_words(outcome)))
        return (*self.discovery.troubles, *crashes)

    def rule_of(self, finding: Finding) -> Rule:
        """The rule of a finding; a project's own one may be known only to the file that led there."""
        rulebooks = (self.config_of(path).known for path in (_file(finding), *self.discovery.files))
        return next(known[finding.code] for known in rulebooks if finding.code in known)

    def exit_code(self, exit_zero: bool = False) -> int:
        """What the run means to its caller."""
        if self.troubled:
            return WRONG
        fails = any(self.config_of(_file(finding)).fails(finding.code, finding.severity) for finding in self.findings)
        return FOUND if fails and not exit_zero else CLEAN


def _file(finding: Finding) -> Path:
    assert finding.range is not None
    return finding.range.path


def find(paths: Sequence[Path], configs: Configs) -> Run:
    """A run over paths given by hand, not yet examined."""
    return Run(configs, discover(paths, configs.of))


def find_stdin(path: Path, configs: Configs) -> Run:
    """A run over the code in standard input, as if it stood in `path`."""
    config = configs.of(path.absolute().parent)
    left_out = config.force_exclude and config.excluded.match(str(path.absolute()))
    return Run(configs, Discovery() if left_out else Discovery([path]))


def check(run: Run, wish: Wish, say: Callable[[str], object], complain: Callable[[str], object]) -> int:
    """Report an examined run and return the exit code."""
    styles = printed(run.configs, wish)
    written = _write(run, wish, styles, complain)  # first, so that whoever stops reading standard output loses no file
    if not wish.silent:
        for line in troubles(run, wish.verbose):
            complain(line)
        if wish.statistics and COUNTED.isdisjoint(styles):
            for line in _statistics(run.findings, "text", Paint()):
                complain(line)
        for style in styles:
            for line in _report(style, run, wish):
                say(line)
    return run.exit_code(wish.exit_zero) if written else WRONG


def _write(run: Run, wish: Wish, styles: Collection[str], complain: Callable[[str], object]) -> bool:
    """Write the reports that go to files. Whether that went well."""
    plain = replace(wish, paint=Paint())
    done = [write(output.file, _report(output.style, run, plain), complain) for output in wish.outputs if output.file]
    if "github" in (*styles, *(output.style for output in wish.outputs)):
        from kerlint.reports import github

        done.append(append_summary(lambda: github.summary(_batch(run, plain)), complain))
    return all(done)


def troubles(run: Run, verbose: bool = False) -> Iterator[str]:
    """What could not be analysed, and why."""
    for trouble in run.discovery.troubles:
        yield f"{trouble.path}: {trouble.message}"
    for outcome in run.outcomes:
        yield from _crash(outcome, verbose)


def _crash(outcome: Outcome, verbose: bool) -> Iterator[str]:
    if outcome.mistake:
        yield f"{outcome.path} not analysed: {outcome.mistake}"
    if outcome.crash:
        yield f"internal error in {outcome.path}: {_last_words(outcome)}; please report (`check -v` shows where)"
        if verbose:
            yield outcome.crash.rstrip()


def _last_words(outcome: Outcome) -> str:
    return outcome.crash.strip().splitlines()[-1] if outcome.crash else ""


def printed(configs: Configs, wish: Wish) -> list[str]:
    """The formats for standard output: those that are asked for, else the usual one. Raises MistakeError."""
    config = configs.of(Path.cwd())
    asked = [output.style for output in wish.outputs if output.file is None]
    if not asked or config.origins.get("output-format", "").startswith("--"):
        asked = [config.settings.output_format, *asked]
    if wish.show_suppressed and "sarif" not in (*asked, *(output.style for output in wish.outputs)):
        raise MistakeError("--show-suppressed: of the formats, only sarif can say that something is suppressed")
    return asked


def _report(style: str, run: Run, wish: Wish) -> Iterator[str]:
    if wish.statistics and style in COUNTED:
        yield from _statistics(run.findings, style, wish.paint)
    else:
        yield from report(style, _batch(run, wish))
    if style in FOR_PEOPLE and not wish.quiet:
        if wish.fixed:
            yield f"{'Fixed' if wish.deed == 'fix' else 'Suppressed'} {counted(wish.fixed, 'finding')}."
        yield from _summary(run, run.findings, wish)


def _batch(run: Run, wish: Wish) -> Batch:
    suppressed = run.suppressed if wish.show_suppressed else None
    return Batch(run.findings, run.quoted, wish.paint, run.troubles, run.exit_code(wish.exit_zero), run.rule_of, suppressed)


def _statistics(findings: Sequence[Finding], style: str, paint: Paint) -> Iterator[str]:
    found = list(findings)
    counts = Counter((finding.code, finding.name) for finding in found)
    worst = {finding.code: finding.severity for finding in sorted(found, key=lambda finding: finding.severity)}
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    if style in ("json", "json-lines"):
        import json

        records = [{"code": code, "name": name, "count": count, "severity": worst[code].name} for (code, name), count in ranked]
        yield from [json.dumps(records, indent=2)] if style == "json" else map(json.dumps, records)
        return
    width = max((len(str(count)) for count in counts.values()), default=0)
    for (code, name), count in ranked:
        yield f"{count:>{width}}  {paint(code, BOLD)}  {paint(f'{worst[code].name:<7}', TINT[worst[code]])}  {name}"


def _summary(run: Run, findings: Sequence[Finding], wish: Wish) -> Iterator[str]:
    """What was looked at and what was not: silence must be honest."""
    counts = Counter(finding.severity for finding in findings)
    said = ", ".join(
        counted(count, severity.name if severity.name != "info" else "advice") for severity, count in sorted(counts.items(), reverse=True)
    )
    yield f"Found {said}." if said else "Nothing found." if run.discovery.files else "No Python files found."
    yield from _fixable(run, wish)
    yield from _hidden(run.judged)
    if run.discovery.files:
        yield f"{_analysed(run)}{_unresolved(run)}"


def _fixable(run: Run, wish: Wish) -> Iterator[str]:
    """What `--fix` would do, or what it has left for `--unsafe-fixes`."""
    if not any(finding.fix for finding in run.findings):
        return
    from kerlint.fix import available

    safe, unsafe = available(run)
    match safe, unsafe:
        case 0, 0:
            return
        case _ if wish.fixed is not None:
            if unsafe and not wish.unsafe_fixes:
                yield f"{unsafe:,} more fixable with --unsafe-fixes."
        case _ if wish.unsafe_fixes or not safe:
            yield f"{safe + unsafe:,} fixable with --fix --unsafe-fixes."
        case _:
            yield f"{safe:,} fixable with --fix{f', {unsafe:,} more with --unsafe-fixes' if unsafe else ''}."


def _hidden(judged: Judged) -> Iterator[str]:
    """What a baseline holds back, so that nobody takes it for gone."""
    stale = f"{counted(judged.stale, 'stale entry', 'stale entries')} in it, see `kerlint baseline prune`" if judged.stale else ""
    if judged.files and (judged.hidden or stale):
        named = " and ".join(map(shown, judged.files))
        yield f"{counted(len(judged.hidden), 'finding')} hidden by {named}{f'; {stale}' if stale else ''}."


def _analysed(run: Run) -> str:
    tallies = [outcome.tally for outcome in run.outcomes if outcome.tally]
    models, fits = sum(tally.models for tally in tallies), sum(tally.fits for tally in tallies)
    files = len(run.outcomes)
    failed = sum(outcome.failed for outcome in run.outcomes)
    lost = f" ({failed} not analysed)" if failed else ""
    return f"{counted(files, 'file')}{lost}, {counted(models, 'model')}, {counted(fits, 'fit call')}"


def _unresolved(run: Run) -> str:
    reasons = Counter(reason for outcome in run.outcomes if outcome.tally for reason in outcome.tally.unresolved)
    if not reasons:
        return ""
    ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    more = f" and {counted(len(ranked) - 1, 'other reason')}" if len(ranked) > 1 else ""
    return f"; {reasons.total()} not resolved: {ranked[0][0]}{more}, see `kerlint show`"


def counted(number: int, noun: str, several: str = "") -> str:
    """A number of things: "1 file", "2,000 files"."""
    return f"{number:,} {noun if number == 1 or noun == 'advice' else several or f'{noun}s'}"


# What was understood


def shown_files(run: Run, style: str, paint: Paint, complain: Callable[[str], object]) -> Iterator[str]:
    """`kerlint show`: every file that mentions Keras, for people or as JSON. Examines the run."""
    import json

    from kerlint.reports import show

    found = list(_understood(run, complain))
    if style == "json":
        yield json.dumps([show.records(understood) for understood in found], indent=2, ensure_ascii=False)
        return
    for understood in found:
        yield from show.report(understood, paint)
        yield ""
    if not found and not run.exit_code():
        yield "No file mentions Keras or TensorFlow."


def _understood(run: Run, complain: Callable[[str], object]) -> Iterator[Understood]:
    from kerlint.engine import understand_file

    projects = Projects()
    for trouble in run.discovery.troubles:
        complain(f"{trouble.path}: {trouble.message}")
    for path in run.discovery.files:
        outcome = understand_file(path, projects.of(path, run.config_of(path)))
        match outcome:
            case Outcome():
                run.outcomes.append(outcome)
                for line in (*(f"{finding.range}: {finding.message}" for finding in outcome.findings), *_crash(outcome, verbose=False)):
                    complain(line)
            case _:
                yield outcome
