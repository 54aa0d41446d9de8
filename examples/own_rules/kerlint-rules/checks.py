"""The checks of our rules: each is named like its page."""

from collections.abc import Iterator

from kerlint import Finding, Rule
from kerlint.semantics.program import Program
from kerlint.semantics.values import Term, Value

KEEPERS = ("ModelCheckpoint", "BackupAndRestore")


def long_run_without_checkpoint(program: Program, rule: Rule) -> Iterator[Finding]:
    for fit in program.fits():
        epochs = fit.number("epochs")
        if fit.callbacks is None or epochs is None or epochs <= rule["most_epochs"]:
            continue
        if not any(map(_keeps, fit.callbacks)):
            yield rule.finding(fit.args["epochs"].node, epochs=int(epochs), scope=(fit.node,))


def _keeps(callback: Value) -> bool:
    """Whether a callback writes weights, or may."""
    match callback:
        case Term(name):
            return name.endswith(KEEPERS) or not name.startswith("keras.")
        case _:
            return True
