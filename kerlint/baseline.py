"""The baseline: findings that are known and wait their turn, kept in a JSON file so that only new ones are reported."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from kerlint.config import Config, shown
from kerlint.finding import Finding
from kerlint.fingerprint import Identity, identity
from kerlint.mistake import MistakeError
from kerlint.run import Judged, Run, counted

USUAL = "kerlint-baseline.json"
NEVER = "KER001"
"""A file that could not be analysed is never passed over in silence."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Equal findings of one place: a rule in a function, class or model of a file. `path` counts from the directory of the baseline."""

    rule: str
    path: str
    enclosing: str
    message: str
    count: int


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds."""

    version: Literal[1]
    findings: tuple[Entry, ...]


class Baseline(msgspec.Struct, frozen=True):
    """How many findings of each identity are known."""

    file: Path
    counts: Mapping[Identity, int]

    def of(self, finding: Finding) -> Identity:
        """The identity of a finding in this baseline."""
        return identity(finding, self.file.parent)

    def text(self) -> str:
        """The file: one entry a line, in order, so that two changes of it can be merged."""
        ordered = sorted((one for one in self.counts if self.counts[one] > 0), key=lambda one: (one.path, one))
        entries = (Entry(one.code, one.path, one.enclosing, one.shape, self.counts[one]) for one in ordered)
        lines = ",\n".join(f"    {json.dumps(msgspec.to_builtins(entry), ensure_ascii=False)}" for entry in entries)
        return '{\n  "version": 1,\n  "findings": [' + (f"\n{lines}\n  " if lines else "") + "]\n}\n"


def load(file: Path) -> Baseline:
    """Read a baseline. Raises MistakeError when it is missing or damaged."""
    try:
        content = msgspec.json.decode(file.read_bytes(), type=Content)
    except FileNotFoundError as error:
        raise MistakeError(f"{shown(file)}: no such baseline; `kerlint baseline create` writes one") from error
    except OSError as error:
        raise MistakeError(f"{shown(file)}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = str(error).replace("`", "").replace("\n", " ")
        raise MistakeError(f"{shown(file)}: is no baseline: {reason[0].lower()}{reason[1:]}; `create --force` writes it anew") from error
    counts: Counter[Identity] = Counter()
    for entry in content.findings:
        counts[Identity(entry.rule, entry.path, entry.enclosing, entry.message)] += entry.count
    return Baseline(file, counts)


# What is hidden


def judged(run: Run, found: Sequence[Finding]) -> Judged:
    """The findings of a run without those that baselines hold; of more equal ones than are known, the last ones are new."""
    files = dict.fromkeys(file for path in run.discovery.files if (file := run.config_of(path).baseline))
    baselines = {file: load(file) for file in files}
    kept, hidden, seen = _parted(found, baselines, run.config_of)
    stale = 0
    for file, baseline in baselines.items():
        scope = _Scope(run, file)
        stale += sum(seen[file, one] < count and scope.has(one) for one, count in baseline.counts.items())
    return Judged(tuple(kept), tuple(hidden), stale, tuple(files))


def new(found: Sequence[Finding], config_of: Callable[[Path], Config]) -> tuple[Finding, ...]:
    """The findings of a single file that no baseline holds, for those who look at one file after the other. Raises MistakeError."""
    files = dict.fromkeys(file for finding in found if (file := _baseline_of(finding, config_of)))
    return tuple(_parted(found, {file: load(file) for file in files}, config_of)[0]) if files else tuple(found)


def _parted(
    found: Sequence[Finding], baselines: Mapping[Path, Baseline], config_of: Callable[[Path], Config]
) -> tuple[list[Finding], list[Finding], Counter[tuple[Path, Identity]]]:
    """What is new, what is known, and how often each of it was found."""
    seen: Counter[tuple[Path, Identity]] = Counter()
    kept, hidden = [], []
    for finding in found:
        baseline = baselines.get(file) if (file := _baseline_of(finding, config_of)) else None
        if baseline is None:
            kept.append(finding)
            continue
        one = baseline.of(finding)
        seen[baseline.file, one] += 1
        if seen[baseline.file, one] > baseline.counts.get(one, 0):
            kept.append(finding)
        else:
            hidden.append(replace(finding, suppressed=baseline.file.name))
    return kept, hidden, seen


def _baseline_of(finding: Finding, config_of: Callable[[Path], Config]) -> Path | None:
    if finding.range is None or finding.code == NEVER:
        return None
    return config_of(finding.range.path).baseline


class _Scope(msgspec.Struct, frozen=True, dict=True):
    """What a run can say of a baseline."""

    run: Run
    file: Path

    def has(self, one: Identity) -> bool:
        """Whether a run would have reported a finding if it was there: its file was analysed or is gone, its rule ran or is gone."""
        path = self.file.parent / one.path
        if path.resolve() not in self._analysed:
            return not path.exists()
        config = self.run.config_of(path)
        sure = not config.origins.get("min-confidence", "").startswith("--")
        return sure and (one.code in config.rules_of(path) or one.code not in config.known)

    @cached_property
    def _analysed(self) -> frozenset[Path]:
        return frozenset(outcome.path.resolve() for outcome in self.run.outcomes if not outcome.failed)


# The commands


class Keeper(msgspec.Struct, frozen=True, dict=True):
    """Writes a baseline after an examined run."""

    run: Run
    file: Path

    @classmethod
    def of(cls, run: Run) -> Keeper:
        """The one of the file that the command line or the configuration names, else of the usual one."""
        return cls(run, run.configs.of(Path.cwd()).baseline or Path.cwd() / USUAL)

    def create(self, force: bool) -> str:
        """Write a baseline of all findings. Raises MistakeError when there is a file already, unless that is wanted."""
        if self.file.exists() and not force:
            raise MistakeError(f"{shown(self.file)}: is there already; `kerlint baseline update` renews it, --force overwrites it")
        self._write(self._now)
        origin = self.run.configs.of(Path.cwd()).origins.get("baseline", "--")
        hint = f"; `baseline = {json.dumps(self.file.name)}` in the configuration makes it count" if origin.startswith("--") else ""
        return f"{shown(self.file)}: {counted(self._now.total(), 'finding')}{hint}"

    def update(self) -> str:
        """Make the baseline hold what is there now; what this run cannot say anything of stays. Raises MistakeError."""
        before = load(self.file).counts
        scope = _Scope(self.run, self.file)
        after = Counter({one: count for one, count in before.items() if not scope.has(one)}) | self._now
        self._write(after)
        added = sum(max(0, count - before.get(one, 0)) for one, count in after.items())
        removed = sum(max(0, count - after[one]) for one, count in before.items())
        return f"{shown(self.file)}: {counted(after.total(), 'finding')}, {added:,} added, {removed:,} removed"

    def prune(self) -> str:
        """Take out of the baseline what is gone, and add nothing. Raises MistakeError."""
        before = load(self.file).counts
        scope = _Scope(self.run, self.file)
        after = Counter({one: min(count, self._now[one]) if scope.has(one) else count for one, count in before.items()})
        self._write(after)
        removed = sum(before.values()) - after.total()
        return f"{shown(self.file)}: {counted(after.total(), 'finding')}, {removed:,} removed"

    @cached_property
    def _now(self) -> Counter[Identity]:
        """The findings of the run that this baseline is to hold; a part of the project that names another one keeps that."""
        named = any(self.run.config_of(path).baseline == self.file for path in self.run.discovery.files)
        wanted = self.file if named else None
        mine = (one for one in self.run.found if one.code != NEVER and one.range and self.run.config_of(one.range.path).baseline == wanted)
        return Counter(identity(finding, self.file.parent) for finding in mine)

    def _write(self, counts: Mapping[Identity, int]) -> None:
        from kerlint.writing import replaced

        try:
            replaced(self.file, Baseline(self.file, counts).text().encode())
        except OSError as error:
            raise MistakeError(f"{shown(self.file)}: cannot be written: {(error.strerror or str(error)).lower()}") from error
