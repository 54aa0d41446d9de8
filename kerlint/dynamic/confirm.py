"""Matches findings to the trainings of a run by file and line, and gives them back with the evidence for or against them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from kerlint.config import shown
from kerlint.dynamic import verdicts
from kerlint.dynamic.exercise import Exercise, exercises
from kerlint.dynamic.protocol import Died, Exited, Interrupted, Known, Place, Question, Started, Stopped, TimedOut, overlap
from kerlint.dynamic.verdicts import Noticed
from kerlint.finding import Confidence, Evidence, Finding, Position, Range, Severity
from kerlint.rule import Rule
from kerlint.source import Source
from kerlint.written_files import text_of

CONFIRMED, REFUTED, INCONCLUSIVE, NOT_EXERCISED = "confirmed", "refuted", "inconclusive", "not exercised"
WEIGHT = (CONFIRMED, INCONCLUSIVE, REFUTED)
"""Of several trainings that one finding is about, the gravest verdict counts."""


@dataclass(frozen=True)
class Observed:
    """The events of a run, looked into; places in them are relative to `folder`."""

    folder: Path
    events: tuple[Known, ...]
    exercises: tuple[Exercise, ...]
    single: bool = False
    """The script has but one model, which all of its findings are about."""

    def named(self, place: Place | None) -> str:
        """A place as a message names it: "train.py:12", "nb.ipynb:cell 2:4"."""
        if place is None:
            return "an unknown place"
        cell = f"cell {place.cell}:" if place.cell is not None else ""
        return f"{shown(self.folder / place.file)}:{cell}{place.line}"


def named(place: Range, folder: Path) -> Place:
    """A place of a finding, in the words of a run of this folder."""
    path, folder = place.path.resolve(), folder.resolve()
    name = str(path.relative_to(folder) if path.is_relative_to(folder) else path)
    end = place.end.row - (place.end.column == 1 and place.end.row > place.start.row)
    return Place(name, place.start.row, end, place.cell)


def observed(folder: Path, events: Iterable[Known], single: bool = False) -> Observed:
    """Look into the events of a run."""
    events = tuple(events)
    return Observed(folder, events, exercises(events), single)


def confirm(findings: Iterable[Finding], run: Observed, known: Mapping[str, Rule]) -> list[Finding]:
    """The same findings, those that a run can measure with a verdict. What is confirmed is sure; what is refuted becomes an advice."""
    return [_weighed(finding, run, known.get(finding.code)) for finding in findings]


def _weighed(finding: Finding, run: Observed, rule: Rule | None) -> Finding:
    if finding.range is None or rule is None:
        return finding
    concerned = concerning(finding, run)
    own = named(finding.range, run.folder)
    judged = (_told(verdicts.judge(finding, exercise, rule, exercise.layer(own)), exercise) for exercise in concerned)
    found = [evidence for evidence in (*_stopped(own, run, rule), *judged) if evidence]
    if found:
        evidence = min(found, key=lambda each: WEIGHT.index(each.verdict) if each.verdict in WEIGHT else len(WEIGHT))
        match evidence.verdict:
            case "confirmed":
                return replace(finding, evidence=evidence, confidence=Confidence.high)
            case "refuted":
                return replace(finding, evidence=evidence, severity=Severity.info)
            case _:
                return replace(finding, evidence=evidence)
    if not verdicts.measurable(rule):
        return finding
    return replace(finding, evidence=Evidence(NOT_EXERCISED, _unexercised(concerned, run)))


def _stopped(own: Place, run: Observed, rule: Rule) -> Iterator[Evidence | None]:
    """The verdict of an error that stopped the script where a finding stands."""
    for event in run.events:
        match event:
            case Stopped(place=Place() as place) if overlap(own, place):
                yield verdicts.stopped(rule, event)
            case _:
                continue


def _told(evidence: Evidence | None, exercise: Exercise) -> Evidence | None:
    """Evidence that says on what data and weights it rests, where these are not the user's own."""
    if evidence is None:
        return None
    synthetic, weights = exercise.synthetic, exercise.begun.weights
    if synthetic and synthetic not in evidence.detail:
        detail = f"{evidence.detail}; measured on synthetic data ({synthetic})"
        evidence = replace(evidence, detail=detail, data={**evidence.data, "synthetic": synthetic})
    if weights and evidence.verdict != NOT_EXERCISED:
        return replace(evidence, detail=f"{evidence.detail}; without the {weights}", data={**evidence.data, "without": weights})
    return evidence


def concerning(finding: Finding, run: Observed) -> list[Exercise]:
    """The trainings that a finding is about: those with a layer, optimizer, compile or fit on its lines, or on those related to it."""
    own, about, others = _places(finding, run.folder)
    for places in (own, about, others):
        if found := _there(places, run.exercises):
            return _there(about, found) or found
    return list(run.exercises) if run.single else []


def _there(places: Iterable[Place], trainings: Iterable[Exercise]) -> list[Exercise]:
    """The trainings that the script makes what they are at some of these places."""
    wanted = list(places)
    return [one for one in trainings if any(overlap(place, at) for place in wanted for at in one.places)]


def _places(finding: Finding, folder: Path) -> tuple[list[Place], list[Place], list[Place]]:
    """The place of a finding, those of the model and the fit that it is about, and those that are related to it, as a run names them."""
    ranges = [finding.range], finding.about, [other.range for other in finding.related]
    own, about, others = ([named(place, folder) for place in places if place] for places in ranges)
    return own, about, others


def questions(findings: Iterable[Finding], folder: Path, single: bool) -> list[Question]:
    """What findings ask of a run. `single`: there is but one model, which all of them are about."""

    def question(finding: Finding) -> Question:
        own, about, related = map(tuple, _places(finding, folder))
        return Question(finding.code, own, about, related, single)

    return [question(finding) for finding in findings]


def _unexercised(concerned: list[Exercise], run: Observed) -> str:
    reasons = [reason for exercise in concerned for reason in exercise.declined.values()]
    if reasons:
        return reasons[0]
    return failure(run) or ("nothing was measured for it" if concerned else "the run trains no model that this line is about")


def failure(run: Observed) -> str:
    """Why a run did not come to the end of the script, or ""."""
    interrupted = next((event.place for event in run.events if isinstance(event, Interrupted)), None)
    for event in run.events:
        match event:
            case Stopped(exception=name, message=message, place=place):
                return f"stopped at {run.named(place)}: {name}{_said(message)}"
            case Exited(how=how, code=code, place=place) if code:
                return f"ended at {run.named(place)} by {how}({code})"
            case TimedOut(limit=limit):
                at = f" at {run.named(interrupted)}" if interrupted else ""
                return f"timed out after {limit:g} s{at}, evidence so far kept"
            case Died(code=code):
                return f"ended {_cause(code)}, evidence so far kept"
            case _:
                continue
    return ""


def ending(run: Observed) -> str:
    """What there is to say of the end of a run that is no failure, or ""."""
    for event in run.events:
        match event:
            case Exited(how=how, code=0, place=place):
                return f"ended at {run.named(place)} by {how}(0)"
            case _:
                continue
    return ""


def _said(message: str) -> str:
    return "" if not message else f" {message}" if message.startswith(("'", '"')) else f": {message}"


def _cause(code: int) -> str:
    if code >= 0:
        return f"with exit code {code} without saying why"
    name = signal.Signals(-code).name if -code in {sign.value for sign in signal.Signals} else str(-code)
    hint = {"SIGKILL": " (out of memory?)", "SIGABRT": " (out of memory?)"}.get(name, "")
    return f"by the signal {name}{hint}"


def guard(run: Observed) -> str:
    """The sentence on the guard where it is less than the whole one, or ""."""
    for event in run.events:
        match event:
            case Started(guard=guards) if "landlock" not in guards:
                return f"guard: {' and '.join(guards)} only on this OS"
            case _:
                continue
    return ""


# What only a run can show


Open = Callable[[Path], "Source | None"]
"""Reads a file that a report names."""


def added(run: Observed, findings: Iterable[Finding], active: Mapping[str, Rule], source: Open) -> Iterator[Finding]:
    """The findings that a run makes on its own; one that is known already stays what it is."""
    known = {(finding.code, id(exercise)) for finding in findings if finding.range for exercise in concerning(finding, run)}
    for exercise in run.exercises:
        for one in verdicts.noticed(exercise, active):
            rule = active.get(one.code)
            if rule is not None and (one.code, id(exercise)) not in known:
                finding = rule.finding(None, one.variant, **one.facts)
                yield replace(finding, range=_range(one, run, source), evidence=one.evidence)


def _range(one: Noticed, run: Observed, source: Open) -> Range:
    """The lines of a place, from where the text of the first begins to where that of the last ends."""
    path = Path(shown(run.folder / one.place.file))
    text = source(path)
    cell = next((cell for cell in text.cells if cell.number == one.place.cell), None) if text else None
    lines = text_of(text, cell).splitlines() if text and cell else []
    start, end = (lines[row - 1] if row <= len(lines) else "" for row in (one.place.line, one.place.end))
    first = Position(one.place.line, len(start) - len(start.lstrip()) + 1)
    return Range(path, first, Position(one.place.end, len(end.rstrip()) + 1), one.place.cell)
