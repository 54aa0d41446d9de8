"""What the results say: how often each rule's verdict agrees with whole trainings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from kerlint.dynamic.verdicts import CRASHES

GAIN, LEARNED, UNLEARNED, GAP = 0.9, 0.05, 0.9, 0.05
"""A training is bad when what is suggested ends below GAIN of its loss, unless that is below LEARNED of the best constant's; without a
suggestion, when its loss is above UNLEARNED of that; for rules about gaps, when training rows are better by GAP (KER604: when the accuracy
without a penalty is)."""
GAPS = ("KER114", "KER601")
SUGGESTING = tuple(f"KER{number}" for number in (101, 102, 103, 201, 202, 203, 204, 206, 303, 305, 307, 308, 401, 402, 403, 406, 602))
FEWEST = 100
"""A training that the time ended after fewer steps tells nothing."""
MODELS = ("KER201", "KER202", "KER203", "KER204", "KER303", "KER305", "KER307", "KER308", "KER602")
"""Of these, the losses in training are compared: a changed model is another one in prediction."""
LEARNING = ("KER301", "KER302", "KER309", "KER310", "KER322", "KER605", "KER607")
"""Rules whose fault a whole training shows by not learning."""
VERDICTS = ("confirmed", "refuted", "inconclusive", "not exercised")


def outcome(code: str, training: dict[str, Any] | None) -> str:
    """bad, good or ? : what a whole training shows of what a rule says."""
    if training is None:
        return "?"
    if "raises" in training:
        return "bad" if code in CRASHES else "?"
    if training["stopped"] and training["steps"] < FEWEST:
        return "?"
    written, scale = training["written"], training["scale"] or 1.0
    arms = training["arms"].get(code) or (training["arms"].get("KER114") if code == "KER112" else None)  # the same training
    match code, arms:
        case _, [{"other": dict() as other, **learned}] if code in GAPS:
            return "bad" if gap(learned, other, scale) >= GAP else "good"
        case "KER112", [{"other": dict() as other}]:
            return "?" if other["loss"] is None else "bad" if other["loss"] / scale >= 0.98 else "good"
        case _, [{"loss": prediction}, {"loss": float() as trained}] if code == "KER605":
            return "bad" if prediction is None or prediction > 1.5 * trained else "good"
        case "KER604", [{"accuracy": float() as other}] if written["accuracy"] is not None:
            return "bad" if other - written["accuracy"] >= GAP else "good"
        case _, [_, *_] if code in SUGGESTING:
            name = "history" if code in MODELS else "loss"
            return _compared(written[name], [arm[name] for arm in arms], scale)
        case _, None if code in SUGGESTING and not learned_well(written, scale):
            return "?"
        case _, None if code in SUGGESTING:
            return "good"
        case _ if code in LEARNING:
            return "good" if learned_well(written, scale) else "bad"
        case _:
            return "?"


def gap(learned: dict[str, Any], other: dict[str, Any], scale: float) -> float:
    """By how much rows that were held out are worse."""
    if learned["accuracy"] is not None and other["accuracy"] is not None:
        return float(learned["accuracy"] - other["accuracy"])
    if learned["loss"] is None or other["loss"] is None:
        return float("inf")
    return float((other["loss"] - learned["loss"]) / scale)


def learned_well(written: dict[str, Any], scale: float) -> bool:
    """Whether a training came well below the best constant."""
    return written["loss"] is not None and written["loss"] / scale < UNLEARNED


def _compared(written: float | None, others: list[float | None], scale: float) -> str:
    best = min((loss for loss in others if loss is not None), default=None)
    if best is None:
        return "?"
    if written is None:
        return "bad"
    return "good" if written / scale < LEARNED or best >= GAIN * written else "bad"


KINDS = {
    "finding": "Findings of the source",
    "planted": "Faults that were planted, asked for without a finding",
    "noticed": "Findings that only a run can make",
    "control": "Negative controls: rules asked for at trainings of good scripts where there is no finding",
}


def kind(result: dict[str, Any], one: dict[str, Any]) -> str:
    """What a verdict is a case of; "" for a rule that is asked for in a script with another fault."""
    if one["source"] != "everywhere":
        return str(one["source"])
    if any(other["source"] == "finding" and (other["code"], other["fit"]) == (one["code"], one["fit"]) for other in result["verdicts"]):
        return ""
    return "planted" if one["code"] == result["planted"] else "" if result["bad"] else "control"


def table(results: list[dict[str, Any]]) -> Iterator[str]:
    """The tables, one for each kind of cases: by rule and verdict, how many trainings are bad, good, or say nothing."""
    ran = [result for result in results if result["whole"]]
    planted = sum(bool(result["planted"]) for result in ran)
    bad = sum(result["bad"] for result in ran) - planted
    good = len(ran) - planted - bad
    yield f"{len(ran)} scripts of {len(results)} train something: {good} good ones, {bad} bad ones, {planted} with a planted fault"
    yield "Each cell: trainings that are bad / good / of which nothing can be told."
    for name, title in KINDS.items():
        count: Counter[tuple[str, str, str]] = Counter()
        for result in ran:
            for one in result["verdicts"]:
                if kind(result, one) == name:
                    count[one["code"], one["verdict"], outcome(one["code"], training_of(result, one["fit"]))] += 1
        yield f"\n{title}\n"
        yield "| rule | " + " | ".join(VERDICTS) + " |"
        yield "| --- |" + " --- |" * len(VERDICTS)
        for code in sorted({code for code, _, _ in count}):
            cells = (" / ".join(str(count[code, verdict, what]) for what in ("bad", "good", "?")) for verdict in VERDICTS)
            yield f"| {code} | {' | '.join(cells)} |"


def agreement(results: list[dict[str, Any]]) -> dict[str, Counter[tuple[str, str]]]:
    """By rule, over all kinds of cases that a whole training can tell something of: the verdict and what the training is."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for result in results:
        for one in result["verdicts"]:
            what = outcome(one["code"], training_of(result, one["fit"]))
            if kind(result, one) and one["verdict"] != "not exercised" and (what != "?" or one["code"] in found):
                found.setdefault(one["code"], Counter())[one["verdict"], what] += 1
    return found


def summary(results: list[dict[str, Any]]) -> Iterator[str]:
    """The table of the docs."""
    yield "| rule | confirmed, and bad | confirmed, but good | refuted, and good | refuted, but bad | left open |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for code, count in sorted(agreement(results).items()):
        confirmed, refuted = ([count[verdict, what] for what in ("bad", "good")] for verdict in ("confirmed", "refuted"))
        if sum(confirmed) + sum(refuted):
            left = sum(number for (verdict, _), number in count.items() if verdict == "inconclusive")
            yield f"| {code} | {confirmed[0]} | {confirmed[1]} | {refuted[1]} | {refuted[0]} | {left} |"


def training_of(result: dict[str, Any], line: int | None) -> dict[str, Any] | None:
    """The whole training of a line."""
    return next((training for training in result["whole"] if training["line"] == line), None)


def disagreements(results: list[dict[str, Any]]) -> Iterator[str]:
    """Verdicts that a whole training contradicts, with the numbers."""
    for result in results:
        for one in result["verdicts"]:
            training = training_of(result, one["fit"])
            what = outcome(one["code"], training)
            if kind(result, one) and (one["verdict"], what) in (("confirmed", "good"), ("refuted", "bad")) and training:
                yield f"{result['script']}:{one['fit']} {kind(result, one)} {one['code']} {one['verdict']}, {what}: {one['detail'][:300]}"
                arms = training.get("arms", {}).get(one["code"])
                yield f"    scale {training.get('scale')}, written {training.get('written')}, steps {training.get('steps')}; {arms}"
