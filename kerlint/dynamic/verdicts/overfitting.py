"""The verdict of rules about models that can learn their rows by heart: a gap, and never whether a remedy would help."""

from __future__ import annotations

from kerlint.dynamic.measurements import Gap
from kerlint.dynamic.verdicts.case import Case, NotMeasuredError, confirmed, inconclusive, refuted, short
from kerlint.finding import Evidence


def gap_verdict(case: Case) -> Evidence:
    """Confirmed by a wide gap between training rows and others after a short run, refuted by a narrow one."""
    case.real()
    found = case.find(Gap)
    width, told = gap(found)
    rows, updates = case.exercise.begun.rows, case.exercise.begun.updates
    ratio = case.statistics.trainable / max(1, rows or found.rows + found.held_out)
    detail = f"{ratio:.1f} trainable parameters for each row; {told}"
    data = {"gap": width, "steps": found.steps, "rows": found.rows, "held_out": found.held_out}
    if not useful(case, found):
        return inconclusive(f"{detail}, no better than the best constant, which may be the labels or too few steps", **data)
    if width >= (case["run_gap_learned"] if by_heart(case, found) else case["run_gap"]):
        if (rows is None or found.rows < case["run_part"] * rows) and found.passes > 1:
            return inconclusive(f"{detail}; of all {f'{rows:,} ' if rows else ''}rows the gap may be narrower", **data)
        return confirmed(detail, **data)
    if width < case["run_no_gap"] and (by_heart(case, found) or found.steps == updates):
        return refuted(detail, **data)
    return inconclusive(f"{detail}; the fit makes {f'{updates:,}' if updates else 'more'} updates", **data)


def useful(case: Case, found: Gap) -> bool:
    """Whether rows that were held out are predicted better than by the best constant, so that there is something to learn."""
    if found.held_accuracy is not None and found.constant_accuracy is not None:
        return bool(found.held_accuracy >= found.constant_accuracy + case["run_gap"])
    if found.held_loss is None or found.train_loss is None or found.constant_loss is None:
        return True
    return bool(found.held_loss < case["run_constant"] * found.constant_loss and found.train_loss < case["run_constant"] * found.scale)


def by_heart(case: Case, found: Gap) -> bool:
    """Whether nearly all of the rows that were learned are known."""
    if found.train_accuracy is not None:
        return bool(found.train_accuracy > case["run_learned"])
    return found.train_loss is not None and found.train_loss / found.scale < 1 - case["run_learned"]


def gap(found: Gap) -> tuple[float, str]:
    """By how much other rows are worse than training rows: in accuracy, or in losses relative to the best constant."""
    where = f"after {found.steps} steps on {found.rows:,} rows"
    if found.train_accuracy is not None and found.held_accuracy is not None:
        told = f"{where} the accuracy is {found.train_accuracy:.2f} on them and {found.held_accuracy:.2f} on {found.held_out:,} others"
        return found.train_accuracy - found.held_accuracy, told
    if found.train_loss is None or found.held_loss is None:
        raise NotMeasuredError("the loss after a short run is not finite")
    train, held = found.train_loss / found.scale, found.held_loss / found.scale
    return held - train, f"{where} {found.unit} is {short(train)} on them and {short(held)} on {found.held_out:,} others"
