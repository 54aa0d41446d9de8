"""The examples of pages as tests: what a Bad block marks is what is reported there, and what a Good block shows is left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from kerlint.config import Config, Configs, shown
from kerlint.engine import lint_source
from kerlint.finding import Finding
from kerlint.mistake import MistakeError
from kerlint.rule import Example, Rule
from kerlint.selection import Selection
from kerlint.source import SourceError

if TYPE_CHECKING:
    from kerlint.selection import Known

SCRIPT = "script.py"
"""What a block is called that does not say `file=models.py`."""
_CODE = re.compile(r"[A-Z]+\d{3}")
_MARKER = re.compile(rf"#[ \t]*({_CODE.pattern}(?:[ \t,]+{_CODE.pattern})*)[ \t]*$")
_MARKED = re.compile(rf"[ \t]*{_MARKER.pattern}", re.MULTILINE)

Mark = tuple[str, int, str]
"""File, row and code."""


class Block(msgspec.Struct, frozen=True):
    """An example that is linted, and those in front of it that stand as files beside it.

    `mends` is the block above, where this one shows what all fixes make of it (fence word `fixed`).
    """

    rule: Rule
    example: Example
    beside: tuple[Example, ...] = ()
    mends: Block | None = None

    @property
    def files(self) -> dict[str, Example]:
        """Every example by the name of its file."""
        return {**{file_of(example): example for example in self.beside}, SCRIPT: self.example}

    @property
    def marks(self) -> frozenset[Mark]:
        """What is to be reported."""
        lines = ((name, row, line) for name, example in self.files.items() for row, line in enumerate(example.code.splitlines(), 1))
        found = ((name, row, match[1]) for name, row, line in lines if (match := _MARKER.search(line)))
        return frozenset((name, row, code) for name, row, codes in found for code in _CODE.findall(codes))

    def place(self, name: str = SCRIPT, row: int = 1) -> str:
        """Where a row of a file stands in the page."""
        return f"{shown(self.rule.page)}:{self.files[name].line + row - 1}"


def file_of(example: Example) -> str:
    """The name that a fence gives to a block (`file=models.py`), or ""."""
    return next((word.removeprefix("file=") for word in example.words if word.startswith("file=")), "")


def blocks(rule: Rule) -> Iterator[Block]:
    """The blocks of a page, in order."""
    beside: list[Example] = []
    last: Block | None = None
    for example in rule.examples:
        if file_of(example):
            beside.append(example)
            continue
        if "fixed" in example.words and last is not None:
            block = Block(rule, example, last.beside, last)
        else:
            block = last = Block(rule, example, tuple(beside))
        yield block
        beside = []


def gaps(rule: Rule) -> Iterator[str]:
    """What a page lacks."""
    if not any(example.bad for example in rule.examples):
        yield "no Bad block shows what it is about"
    elif not any(code == rule.code for block in blocks(rule) if block.example.bad for _, _, code in block.marks):
        yield f"no line of a Bad block is marked `# {rule.code}`"
    if all(example.bad for example in rule.examples):
        yield "no Good block shows what it leaves alone"
    for name, option in rule.documented.items():
        if not option.source.strip():
            yield f"the option {name} needs a source"
    if rule.fix not in ("safe", "unsafe", "mixed", "none"):
        yield f'fix = "{rule.fix}" is none of safe, unsafe, mixed, none'


def judging(rule: Rule, known: Known) -> Config:
    """The rules that judge a page: all the usual ones, of which a project's own page meets only those that are no rules of kerlint."""
    if rule.check is None:
        return Config(layers=(Selection(extend=(rule.code,)),))
    own = tuple(other for other in known.values() if other.check is not None)
    return Config(layers=(Selection(select=tuple(other.code for other in own if other.on), extend=(rule.code,)),), own=own)


def faults(block: Block, config: Config) -> Iterator[str]:
    """What is reported and not marked in a block, or marked and not reported, each with its place in the page.

    Nothing is said of a block with the fence word `dynamic`: what it marks, only a run can show.
    """
    if "dynamic" in block.example.words:
        return
    try:
        findings = lint(block, config)
    except (MistakeError, SourceError) as error:
        yield f"{block.place()}: {error}"
        return
    if block.marks and not block.example.bad:
        yield f"{block.place()}: a Good block holds no marker"
    for name, row, code in sorted(block.marks - findings.keys()):
        yield f"{block.place(name, row)}: marked {code}, but nothing is reported"
    for mark, finding in sorted(findings.items(), key=lambda pair: pair[0]):
        if mark not in block.marks:
            yield f"{block.place(*mark[:2])}: {finding.code} is reported, but not marked: {finding.message}"
        kind = "" if finding.fix is None else "safe" if finding.fix.safe else "unsafe"
        said = config.known[finding.code].fix
        if kind and said not in (kind, "mixed"):
            yield f"{block.place(*mark[:2])}: the fix of {finding.code} is {kind}, but its page says {said}"
    if block.mends is not None:
        yield from _unlike(block, block.mends, config)


def _unlike(block: Block, before: Block, config: Config) -> Iterator[str]:
    """Where the fixes of a block make something else of it than the page shows, apart from the marks."""
    made, dropped = mended(before, config)
    yield from (f"{before.place()}: {reason}" for reason in dropped)
    lines = zip_longest(*(_MARKED.sub("", text).splitlines() for text in (made, block.example.code)), fillvalue="")
    for row, (line, wanted) in enumerate(lines, 1):
        if line != wanted:
            yield f"{block.place(row=row)}: the fixes of the block above make {line!r} of this line"
            return


def mended(block: Block, config: Config, unsafe: bool = True) -> tuple[str, tuple[str, ...]]:
    """What the fixes of a block make of it, and why others could not be made."""
    from kerlint.fix import repaired
    from kerlint.run import find

    with _written(block) as folder:
        run = find([folder / SCRIPT], Configs(isolated=True, _known={folder: config}))
        run.examine()
        _, repairs = repaired(run, unsafe)
        return repairs.contents.get(folder / SCRIPT, block.example.code.encode()).decode(), tuple(repairs.dropped)


@contextmanager
def _written(block: Block) -> Iterator[Path]:
    """A folder with the files of a block."""
    with TemporaryDirectory(prefix="kerlint-") as name:
        folder = Path(name).resolve()
        for file, example in block.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(example.code, encoding="utf-8")
        yield folder


def lint(block: Block, config: Config) -> dict[Mark, Finding]:
    """What is found in the files of a block."""
    with _written(block) as folder:
        found = lint_source(block.files[SCRIPT].code, folder / SCRIPT, config)
        ranges = [(finding, finding.range) for finding in found if finding.range is not None]
        return {(place.path.resolve().relative_to(folder).as_posix(), place.start.row, finding.code): finding for finding, place in ranges}


def report(rules: Iterable[Rule], known: Known, say: Callable[[str], object]) -> int:
    """Test pages, say what failed where, and return the exit code."""
    pages = count = failed = 0
    for rule in rules:
        config = judging(rule, known)
        tests = [[f"{shown(rule.page)}: {gap}" for gap in gaps(rule)], *(list(faults(block, config)) for block in blocks(rule))]
        for line in (line for lines in tests for line in lines):
            say(line)
        pages, count, failed = pages + 1, count + len(tests) - 1, failed + sum(map(bool, tests))
    verdict = f"{failed} failed" if failed else "all good"
    say(f"{pages} page{'s' if pages != 1 else ''}, {count} example{'s' if count != 1 else ''}: {verdict}")
    return 1 if failed else 0
