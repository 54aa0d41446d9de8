"""What fixes do to real code: `python benchmarks/fixes.py FOLDER...` mends every script and notebook that names Keras, in memory only.

Once with the safe fixes of all rules, once with the unsafe ones too. Prints where a fix could not be made, where the result is not read or
analysed any more, where it has findings of a rule that were not there before, where something that can be mended is left, where a second
run changes more, and what `kerlint show` says otherwise after the safe fixes, by the rules whose fixes were made. Nothing is written.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from resolution import files

from kerlint.config import Configs
from kerlint.engine import understand
from kerlint.files import Discovery
from kerlint.finding import Finding
from kerlint.fix import Repairs, repaired
from kerlint.reports import show
from kerlint.run import Run
from kerlint.semantics.project import Project
from kerlint.settings import COMMAND_LINE, Layer
from kerlint.source import read

PLACES = ("line", "cell")
"""What `show` says that every edit may change."""


@dataclass
class Tally:
    """What came of all files."""

    files: int = 0
    changed: int = 0
    fixed: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)


def main() -> int:
    """Mend all files of some folders twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--select", default="ALL", help="the rules, separated by commas")
    parser.add_argument("--only", choices=("safe", "unsafe"))
    options = parser.parse_args()
    tallies = {kind: Tally() for kind in ("safe", "unsafe") if options.only in (None, kind)}
    start = time.perf_counter()
    for path in files(options.folders):
        for kind, tally in tallies.items():
            for fault in mended(path, kind == "unsafe", options.select.split(","), tally):
                print(f"{path} [{kind}]: {fault}", flush=True)
    for kind, tally in tallies.items():
        print(
            f"\n{kind}: {tally.files} files, {tally.changed} changed, {tally.fixed.total()} findings fixed, {tally.faults.total()} faults"
        )
        print("  fixed:", ", ".join(f"{code} {number}" for code, number in sorted(tally.fixed.items())))
        print("  faults:", ", ".join(f"{fault} {number}" for fault, number in tally.faults.most_common()) or "none")
        for what, number in tally.shown.most_common():
            print(f"  shown otherwise ({number}): {what}")
    print(f"\n{time.perf_counter() - start:.0f} s")
    return 1 if any(tally.faults for tally in tallies.values()) else 0


def mended(path: Path, unsafe: bool, select: list[str], tally: Tally) -> Iterator[str]:
    """What is wrong with what the fixes of a file make of it."""
    path = path.resolve()
    examined = partial(_examined, path, Configs((Layer(COMMAND_LINE, {"select": select}),), isolated=True))
    before = examined(path.read_bytes())
    tally.files += 1
    run, repairs = repaired(before, unsafe)
    for fault, text in _faults(path, before, run, repairs, examined):
        tally.faults[fault] += 1
        yield f"{fault}: {text}"
    if path in repairs.changed:
        tally.changed += 1
        tally.fixed.update(repairs.fixed)
        if not unsafe and (keys := _differing(*repairs.changed[path], path)):
            what = f"{', '.join(sorted(repairs.fixed))}: {', '.join(sorted(keys))}"
            tally.shown[what] += 1
            yield f"shown otherwise: {what}"


def _examined(path: Path, configs: Configs, data: bytes) -> Run:
    run = Run(configs, Discovery([path]))
    run.examine(data)
    return run


def _faults(path: Path, before: Run, after: Run, repairs: Repairs, examined: Any) -> Iterator[tuple[str, str]]:
    yield from (("left out", reason) for reason in repairs.dropped)
    if path not in repairs.changed:
        return
    if after.troubled and not before.troubled:
        yield "not read", "; ".join(trouble.message for trouble in after.troubles)
    new = _codes(after) - _codes(before)
    for code in sorted(new):
        known = {_words(finding) for finding in before.findings if finding.code == code}
        found = [finding for finding in after.findings if finding.code == code and _words(finding) not in known]
        fixed = ", ".join(sorted(repairs.fixed))
        yield "new finding", f"{code} after {fixed}: {found[0].range if found else ''} {found[0].message if found else ''}"
    again, more = repaired(examined(repairs.contents[path]), repairs.unsafe)
    if more.changed:
        yield "second run", ", ".join(sorted(more.fixed))
    for finding in again.findings:
        if finding.fix and (finding.fix.safe or repairs.unsafe) and not more.dropped and not more.changed and _here(finding, path):
            yield "left", f"{finding.code} {finding.range}"


def _here(finding: Finding, path: Path) -> bool:
    return all(edit.range is not None and edit.range.path.resolve() == path for edit in (finding.fix.edits if finding.fix else ()))


def _codes(run: Run) -> Counter[str]:
    return Counter(finding.code for finding in run.findings)


def _words(finding: Finding) -> str:
    return f"{finding.code} {finding.message}"


def _differing(before: bytes, after: bytes, path: Path) -> set[str]:
    """The keys of `show` whose values differ."""
    one, other = (_without_places(show.records(understand(read(path, data), Project(path.parent)))) for data in (before, after))
    return set(_keys(one, other, ""))


def _without_places(record: Any) -> Any:
    match record:
        case dict():
            return {key: _without_places(value) for key, value in record.items() if key not in PLACES}
        case list():
            return [_without_places(value) for value in record]
        case _:
            return record


def _keys(one: Any, other: Any, key: str) -> Iterator[str]:
    match one, other:
        case dict(), dict():
            for name in {*one, *other}:
                yield from _keys(one.get(name), other.get(name), name)
        case list(), list() if len(one) == len(other):
            for pair in zip(one, other, strict=True):
                yield from _keys(*pair, key)
        case _ if one != other:
            yield key
        case _:
            return


if __name__ == "__main__":
    sys.exit(main())
