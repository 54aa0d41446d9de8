"""The verdict of rules about models that can learn their rows by heart: a gap, and never whether a remedy would help."""

from __future__ import annotations

from kerlint.dynamic.measurements import Gap
from kerlint.dynamic.verdicts.case import Case, NotMeasuredError, confirmed, inconclusive, refuted, short
from kerlint.finding import Evidence


def gap_verdict(case: Case) -> Evidence:
    """Confirmed by a wide gap between training rows and others after a short run, refuted by a narrow one."""
    case.real()
    found = case.find(Gap)
    width, detail = gap(found)
    learned = found.train_accuracy if found.train_accuracy is not None else 0.0
    wide = case["run_gap_learned"] if learned > case["run_learned"] else case["run_gap"]
    ratio = case.statistics.trainable / max(1, case.exercise.begun.rows or found.rows + found.held_out)
    detail = f"{ratio:.1f} trainable parameters for each row; {detail}"
    data = {"gap": width, "steps": found.steps, "rows": found.rows, "held_out": found.held_out}
    if width >= wide:
        return confirmed(detail, **data)
    return refuted(detail, **data) if width < case["run_no_gap"] else inconclusive(detail, **data)


def gap(found: Gap) -> tuple[float, str]:
    """By how much other rows are worse than training rows: in accuracy, or in losses relative to the best constant."""
    where = f"after {found.steps} steps on {found.rows} rows"
    if found.train_accuracy is not None and found.held_accuracy is not None:
        told = f"{where} the accuracy is {found.train_accuracy:.2f} on them and {found.held_accuracy:.2f} on {found.held_out} others"
        return found.train_accuracy - found.held_accuracy, told
    if found.train_loss is None or found.held_loss is None:
        raise NotMeasuredError("the loss after a short run is not finite")
    train, held = found.train_loss / found.scale, found.held_loss / found.scale
    return held - train, f"{where} {found.unit} is {short(train)} on them and {short(held)} on {found.held_out} others"
