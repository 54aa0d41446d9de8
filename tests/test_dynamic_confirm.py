"""Findings matched to the events of a run, from a recording and from events made by hand: no Keras is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from msgspec.structs import replace as replace_event
from running import SCRIPTS, Seen, at, written

from kerlint import Finding, Severity, lint
from kerlint.dynamic import verdicts
from kerlint.dynamic.confirm import added, concerning, confirm, ending, failure, guard, observed, questions
from kerlint.dynamic.events import Event
from kerlint.dynamic.exercise import Exercise
from kerlint.dynamic.protocol import (
    Compiled,
    Died,
    Ended,
    Exited,
    FitBegun,
    Interrupted,
    LayerMade,
    Place,
    Question,
    Started,
    Stopped,
    TimedOut,
    encode,
    lines,
)
from kerlint.dynamic.verdicts import Noticed
from kerlint.finding import Confidence, Evidence, Position, Range
from kerlint.rule import rules
from kerlint.source import read

SCRIPT = SCRIPTS / "rates.py"
RECORDED = observed(SCRIPTS, lines((SCRIPTS / "rates.jsonl").read_bytes()))
"""A run of that script with the dynamic mode, as it was told."""


def test_a_recording_confirms_the_findings_of_its_script() -> None:
    found = {finding.range.start.row: finding for finding in confirm(lint(SCRIPT), RECORDED, rules()) if finding.range}
    rate = found[17]
    assert (rate.code, rate.confidence, rate.evidence.verdict) == ("KER401", Confidence.high, "confirmed")
    assert rate.evidence.detail.startswith("loss/var(y) after 40 steps 2.66 with learning_rate=1.0, 0.145 with 0.1 (3 seeds)")
    assert rate.evidence.data["arms"][0]["rate"] == 1.0
    assert (found[27].code, found[27].evidence.verdict) == ("KER301", "confirmed")
    assert failure(RECORDED).endswith("rates.py:29: FileNotFoundError 'targets.txt'")


def test_each_finding_is_about_the_training_of_its_own_lines() -> None:
    about = {finding.range.start.row: [one.begun.fit for one in concerning(finding, RECORDED)] for finding in lint(SCRIPT) if finding.range}
    assert about == {17: [1], 27: [3]}


def test_events_are_read_as_they_were_written() -> None:
    data = b"".join(encode(event) + b"\n" for event in RECORDED.events)
    assert tuple(lines(data)) == RECORDED.events


# Verdicts, made by hand


SOURCE = """\
import keras

one = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="softmax")])
one.compile("adam", "mse")
two = keras.Sequential([
    keras.Input((3,)),
    keras.layers.Dense(1, activation="softmax"),
])
two.compile("adam", "mse")
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return written(tmp_path, SOURCE)


def trained(number: int, line: int, end: int, fit: int | None = None, layers: tuple[Place, ...] = ()) -> tuple[Event, ...]:
    made = tuple(LayerMade(f"dense_{number}", "Dense", place) for place in layers)
    model = Compiled(number, "m", "Sequential", at(end + 1), Place("train.py", line, end), "Adam", at(end + 1), 1e-3, "mse", (), made, 4)
    return model, FitBegun(number, number, "fit", at(fit or 100), at(end + 1), 10, 10, 1, 1)


ONE, TWO = trained(1, 3, 3, layers=(at(3),)), trained(2, 5, 8, layers=(at(7),))


def judged(monkeypatch: pytest.MonkeyPatch, **by_model: str) -> None:
    """Let the verdict on any finding be what is given for the model of an exercise."""

    def judge(finding: Finding, exercise: Exercise, rule: object, layer: object) -> Evidence | None:
        verdict = by_model.get(f"model_{exercise.begun.model}")
        return Evidence(verdict, f"model {exercise.begun.model}") if verdict else None

    monkeypatch.setattr(verdicts, "judge", judge)


def weighed(script: Path, *events: Event) -> list[Finding]:
    return confirm(lint(script), observed(script.parent, events), rules())


def test_confirmed_is_sure_and_refuted_is_an_advice(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch, model_1="confirmed", model_2="refuted")
    first, second = weighed(script, *ONE, *TWO, Ended())
    assert (first.severity, first.confidence, first.evidence) == (Severity.error, Confidence.high, Evidence("confirmed", "model 1"))
    assert (second.severity, second.evidence) == (Severity.info, Evidence("refuted", "model 2"))


def test_inconclusive_changes_nothing(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch, model_1="inconclusive", model_2="inconclusive")
    before = lint(script)
    after = weighed(script, *ONE, *TWO, Ended())
    assert [replace(finding, evidence=None) for finding in after] == before


@pytest.mark.parametrize(
    ("verdicts_", "expected"),
    [
        (("confirmed", "refuted"), "confirmed"),
        (("refuted", "confirmed"), "confirmed"),
        (("inconclusive", "refuted"), "inconclusive"),
        (("refuted", "refuted"), "refuted"),
    ],
)
def test_of_several_trainings_the_gravest_counts(
    script: Path, monkeypatch: pytest.MonkeyPatch, verdicts_: tuple[str, str], expected: str
) -> None:
    judged(monkeypatch, model_1=verdicts_[0], model_2=verdicts_[1])
    shared = (*trained(1, 3, 3, layers=(at(3),)), *trained(2, 3, 3, layers=(at(3),)))
    first, _ = weighed(script, *shared, Ended())
    assert getattr(first.evidence, "verdict", None) == expected


def test_what_is_not_exercised_says_why(script: Path) -> None:
    stopped = Stopped("FileNotFoundError", "'nope.csv'", at(4))
    first, _ = weighed(script, *TWO, stopped)
    assert first.evidence == Evidence("not exercised", "stopped at train.py:4: FileNotFoundError 'nope.csv'")
    assert first.severity == Severity.error
    first, _ = weighed(script, *TWO, *trained(3, 50, 50), Ended())
    assert first.evidence == Evidence("not exercised", "the run trains no model that this line is about")


def test_synthetic_data_are_told(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(monkeypatch, model_1="confirmed")
    model, fit = ONE
    first, _ = weighed(script, model, replace_event(fit, synthetic="keras.datasets.imdb"), Ended())
    detail = "model 1; measured on synthetic data (keras.datasets.imdb)"
    assert first.evidence == Evidence("confirmed", detail, {"synthetic": "keras.datasets.imdb"})


def test_a_rule_that_measures_nothing_gets_no_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    script = written(tmp_path, "from keras.optimizers import Adam\n\noptimizer = Adam(lr=0.001)\n")
    (finding,) = weighed(script, Ended())
    assert finding.code == "KER801"
    assert finding.evidence is None


def test_cells_and_modules_are_told_apart(script: Path) -> None:
    (finding, _), run = lint(script), observed(script.parent, (*ONE, *TWO))
    assert [one.begun.model for one in concerning(finding, run)] == [1]
    elsewhere = Range(Path("other.py"), Position(3, 1), Position(3, 9))
    in_a_cell = replace(finding.range, cell=3)
    for place in (elsewhere, in_a_cell):
        assert concerning(replace(finding, range=place, about=(), related=()), run) == []
    assert [one.begun.model for one in concerning(replace(finding, range=elsewhere, about=(finding.range,)), run)] == [1]
    lone = observed(script.parent, TWO, single=True)
    assert [one.begun.model for one in concerning(replace(finding, range=elsewhere, about=(), related=()), lone)] == [2]


def test_questions_name_the_lines_of_a_finding_unless_there_is_one_model(script: Path) -> None:
    several = questions(lint(script), script.parent, single=False)
    assert [question.code for question in several] == ["KER301", "KER301"]
    assert several[0].concerns([], [at(3)])
    assert several[1].concerns([], [at(7)])
    assert not several[1].concerns([at(90)], [at(3)])
    assert all(question.concerns([at(90)], [at(91)]) for question in questions(lint(script), script.parent, single=True))


def test_of_several_trainings_of_a_model_that_one_is_asked_which_a_finding_names() -> None:
    """The model is made in line 1 and trained in 5, compiled in 4, and in 9, compiled in 8."""
    model, first, second = [at(1)], [at(5), at(4)], [at(9), at(8)]
    of_the_second = Question("KER403", own=(at(9),), about=(at(8), at(1)))
    of_the_rate = Question("KER401", own=(at(4),), about=(at(5), at(4), at(1)))
    of_a_layer = Question("KER202", own=(at(1),), about=(at(5), at(1)))
    of_the_model = Question("KER114", own=(at(2),), about=(at(1),))
    asked = [[one.concerns(events, model) for events in (first, second)] for one in (of_the_second, of_the_rate, of_a_layer, of_the_model)]
    assert asked == [[False, True], [True, False], [True, True], [True, True]]


# Findings that only a run can make


def test_what_a_run_notices_becomes_a_finding(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = Evidence("confirmed", "12 of 100 rows")
    noticed = [Noticed("KER301", "", Place("train.py", 6, 7), evidence), Noticed("KER301", "", Place("train.py", 3, 3), evidence)]
    monkeypatch.setattr(verdicts, "noticed", lambda exercise, active: noticed if exercise.begun.model == 2 else [])
    run = observed(script.parent, (*ONE, *TWO))
    first, second = lint(script)

    found = list(added(run, [first], rules(), read))
    assert [(str(one.range), one.range.end, one.code, one.confidence, one.evidence) for one in found if one.range] == [
        ("train.py:6:5", Position(7, 49), "KER301", Confidence.high, evidence),
        ("train.py:3:1", Position(3, 89), "KER301", Confidence.high, evidence),
    ]
    assert not list(added(run, [first, second], rules(), read)), "it is known already"
    assert not list(added(run, [first], {}, read)), "the rule is off"


# What is said of its end


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((Ended(),), ""),
        ((Stopped("ValueError", "bad shape", at(7)),), "stopped at train.py:7: ValueError: bad shape"),
        ((Stopped("KeyError", "'x'", Place("nb.ipynb", 2, 2, 3)),), "stopped at nb.ipynb:cell 3:2: KeyError 'x'"),
        ((Stopped("KeyboardInterrupt", "", None),), "stopped at an unknown place: KeyboardInterrupt"),
        ((Exited("sys.exit", 0, at(4)),), ""),
        ((Exited("os._exit", 3, at(4)),), "ended at train.py:4 by os._exit(3)"),
        ((Interrupted(at(9)), TimedOut(60.0)), "timed out after 60 s at train.py:9, evidence so far kept"),
        ((TimedOut(1.5),), "timed out after 1.5 s, evidence so far kept"),
        ((Died(-11),), "ended by the signal SIGSEGV, evidence so far kept"),
        ((Died(-9),), "ended by the signal SIGKILL (out of memory?), evidence so far kept"),
        ((Died(134),), "ended with exit code 134 without saying why, evidence so far kept"),
    ],
)
def test_how_a_failure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, events: tuple[Event, ...], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert failure(observed(tmp_path, events)) == said


def test_other_endings_and_guards_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ending(observed(tmp_path, (Exited("sys.exit", 0, at(4)),))) == "ended at train.py:4 by sys.exit(0)"
    assert guard(observed(tmp_path, (Started(("audit hook",), "3.12"),))) == "guard: audit hook only on this OS"
    assert guard(observed(tmp_path, (Started(("landlock", "seccomp", "audit hook"), "3.12"),))) == ""
    assert Seen(RECORDED.events).one(Started).guard == ("landlock", "seccomp", "audit hook")
