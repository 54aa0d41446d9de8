"""`check --dynamic`: the scripts of a run are executed while they are linted, and their findings get evidence."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from kerlint import run as runs
from kerlint.config import Config
from kerlint.dynamic import confirm
from kerlint.dynamic.observe import Observation, Running, Wanted, lacking
from kerlint.dynamic.protocol import FitBegun, FitEnded, Known, Loaded, StandIn, Started
from kerlint.finding import ordered
from kerlint.mentions import may_mention
from kerlint.mistake import MistakeError
from kerlint.outcome import Outcome, digest
from kerlint.run import WRONG, Run, Wish, counted
from kerlint.settings import Settings
from kerlint.source import Source, SourceError, read
from kerlint.suppression import apply, suppressions

STOPPED = 3
"""The exit code of a run in which a script did not come to its end, where that is to count."""
UNITS = {"": 1 << 30, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
LEAST_MEMORY = 1 << 30
"""Bytes; TensorFlow alone takes half of it."""

Say = Callable[[str], object]


def check(run: Run, wish: Wish, arguments: tuple[str, ...], say: Say, complain: Say) -> int:
    """Examine a run, execute what it trains, report it and return the exit code. Raises MistakeError."""
    settings = run.configs.of(Path.cwd()).settings
    progress = _silence if wish.quiet or wish.silent else complain
    try:
        fine = examine(run, _wanted(settings, arguments), _once(progress), _silence if wish.silent else complain)
    except LackingError as error:
        complain(str(error))
        runs.check(run, wish, say, complain)
        return WRONG
    code = runs.check(run, wish, say, complain)
    return STOPPED if settings.dynamic_strict and not fine and code != WRONG else code


class LackingError(Exception):
    """There is no Keras here to run scripts with; the static findings stand."""


def _wanted(settings: Settings, arguments: tuple[str, ...]) -> Wanted:
    return Wanted(settings.dynamic_timeout, settings.dynamic_seeds, _bytes(settings.dynamic_memory), arguments)


def _bytes(text: str) -> int:
    """A size such as "8G" or "512M"; a number alone is in GiB."""
    number, unit = text.strip().lower().removesuffix("b").removesuffix("i"), ""
    if number[-1:].isalpha():
        number, unit = number[:-1], number[-1]
    try:
        size = int(float(number) * UNITS[unit])
    except (ValueError, KeyError) as error:
        raise MistakeError(f'dynamic-memory: "{text}" is no size; write it as 8G or 1500M') from error
    if size < LEAST_MEMORY:
        raise MistakeError(f'dynamic-memory: "{text}" is less than Keras needs; give it 1G at least')
    return size


def examine(run: Run, wanted: Wanted, say: Say, warn: Say) -> bool:
    """Examine a run, execute what it trains, and weigh its findings. False: a script did not come to its end, which was said."""
    files = [path for path in run.discovery.files if _trains(path)]
    if wanted.arguments and len(files) > 1:
        raise MistakeError("arguments after -- are for one script, but several files are checked")
    if lack := lacking() if files else "":
        run.examine()
        raise LackingError(lack)
    if len(run.discovery.files) == 1 and files:
        with _running(files[0], wanted, say) as running:  # Keras takes seconds to import, time enough to read the script
            run.examine()
            return _weigh(run, 0, running, say, warn)
    run.examine()
    fine = True
    for number, outcome in enumerate(run.outcomes):
        if outcome.path in files and outcome.tally is not None and not outcome.failed:
            with _running(outcome.path, wanted, say) as running:
                fine &= _weigh(run, number, running, say, warn)
    return fine


def _trains(path: Path) -> bool:
    try:
        return may_mention(path.read_bytes())
    except OSError:
        return False


def _running(path: Path, wanted: Wanted, say: Say) -> Running:
    try:
        source = read(path)
    except SourceError:
        source = Source(path, "")
    return Running(source, wanted, lambda event: _tell(event, path, say))


def _weigh(run: Run, number: int, running: Running, say: Say, warn: Say) -> bool:
    """Wait for a run and put its evidence into the findings of a file."""
    outcome = run.outcomes[number]
    if outcome.failed and not outcome.tally:
        return True  # what cannot be read is not run either
    config = run.config_of(outcome.path)
    single = outcome.tally is not None and outcome.tally.models < 2
    running.ask(confirm.questions(outcome.findings, running.folder, single))
    observation = running.result()
    seen = confirm.observed(observation.folder, observation.events, single)
    run.outcomes[number] = _outcome(outcome, seen, config)
    return _report(run.outcomes[number], seen, observation, say, warn)


def _outcome(outcome: Outcome, seen: confirm.Observed, config: Config) -> Outcome:
    files: dict[Path, bytes] = dict(outcome.files)

    @cache
    def source(path: Path) -> Source | None:
        try:
            data = path.read_bytes()
            files.setdefault(path, digest(data))
            return read(path, data)
        except (OSError, SourceError):
            return None

    findings = confirm.confirm(outcome.findings, seen, config.known)
    found = list(confirm.added(seen, findings, config.rules_of(outcome.path), source))
    texts = [text for path in {finding.range.path for finding in found if finding.range} if (text := source(path))]
    kept = apply(found, [one for text in texts for one in suppressions(text, config.authors)], {}, known=config.known)
    return replace(outcome, findings=ordered([*findings, *kept]), files=files)


# What is said meanwhile and afterwards


def _tell(event: Known, path: Path, say: Say) -> None:
    match event:
        case Started(guard=guard):
            say(f"{path}: running behind {', '.join(guard)}")
        case Loaded(module=module, version=version, backend=backend, at=at):
            say(f"{path}: {module} {version} on {backend} loaded after {at:.1f} s")
        case StandIn(name=name, reason=reason):
            say(f"{path}: {name} is replaced by a synthetic stand-in: {reason}")
        case FitBegun(place=place, kind=kind) if place:
            say(f"{path}: {kind} in line {place.line}, {' and '.join(event.inputs) or 'its data are not known'}")
        case FitEnded(seconds=seconds):
            say(f"{path}: probed in {seconds:.1f} s")
        case _:
            return


def _report(outcome: Outcome, seen: confirm.Observed, observation: Observation, say: Say, warn: Say) -> bool:
    failure = confirm.failure(seen)
    missed = sum(finding.evidence is not None and finding.evidence.verdict == confirm.NOT_EXERCISED for finding in outcome.findings)
    unexercised = f"; {counted(missed, 'finding')} not exercised" if missed else ""
    if guard := confirm.guard(seen):
        warn(guard)
    if failure:
        warn(f"warning: {outcome.path}: {failure}{unexercised}")
    elif missed:
        say(f"{outcome.path}: {confirm.ending(seen) or 'ran to its end'}{unexercised}")
    say(f"{outcome.path}: {counted(len(seen.exercises), 'training')} looked into in {observation.seconds:.1f} s")
    return not failure


def _once(say: Say) -> Say:
    """A voice that says no line twice."""
    said: set[str] = set()

    def once(line: str) -> None:
        if line not in said:
            said.add(line)
            say(line)

    return once


def _silence(line: str) -> None:
    """Where nothing is to be said."""
