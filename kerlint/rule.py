"""A rule is a page: its claim, reason, thresholds and examples are read from rules/KERnnn-name.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import tomli
from msgspec.structs import replace

from kerlint.finding import Confidence, Finding, Fix, Related, Severity, url_of
from kerlint.home import PAGES

if TYPE_CHECKING:
    from kerlint.semantics.program import Program
    from kerlint.syntax.nodes import Node

_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_TOML = re.compile(r"^```[ \t]*toml\b[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```(?P<words>[^\n]*)\n(?P<body>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


class Option(msgspec.Struct, frozen=True):
    """A threshold of a rule, with its source."""

    default: Any
    source: str


class Example(msgspec.Struct, frozen=True):
    """A code block of a page; `words` are those of its fence, `bad` says under which heading it stands."""

    code: str
    words: tuple[str, ...]
    bad: bool
    line: int


class Rule(msgspec.Struct, frozen=True):
    """A documented claim. `messages` and `hints` are templates by variant, "" being the usual one; options are set by the configuration."""

    code: str
    name: str
    title: str
    severity: Severity
    on: bool
    messages: Mapping[str, str]
    hints: Mapping[str, str]
    options: Mapping[str, Any]
    documented: Mapping[str, Option]
    text: str
    page: Path
    fix: str = "none"
    """What its fixes are: safe (they keep the meaning of the program), unsafe (they change the training), mixed or none."""
    check: Callable[[Program, Rule], Iterable[Finding]] | None = None
    """The function that looks for it, where that is no function of a family of kerlint's own."""

    @property
    def url(self) -> str | None:
        """Its page on the web; a project's own rules have none."""
        return url_of(self.code, self.name)

    @property
    def examples(self) -> tuple[Example, ...]:
        """The Python blocks of the page, read when they are asked for: a run asks for none."""
        return tuple(_examples(self.text))

    def __getitem__(self, option: str) -> Any:
        """The value of an option of this rule: `rule["min_depth"]`."""
        return self.options[option]

    def configured(self, settings: Mapping[str, Any]) -> Rule:
        """The same rule with a project's severity and options."""
        severity = settings.get("severity")
        options = {**self.options, **{key: value for key, value in settings.items() if key != "severity"}}
        return replace(self, options=options, severity=Severity[severity] if severity else self.severity)

    def finding(
        self,
        node: Node | None,
        variant: str = "",
        *,
        severity: Severity | None = None,
        confidence: Confidence = Confidence.high,
        related: tuple[Related, ...] = (),
        scope: tuple[Node | None, ...] = (),
        fix: Fix | None = None,
        **facts: object,
    ) -> Finding:
        """A report at a node. `facts` fill the templates of the variant; a suppression counts at the places of `scope` (the fit), too."""
        hint = self.hints.get(variant, self.hints.get("", ""))
        return Finding(
            self.code,
            self.name,
            self.messages[variant].format(**facts),
            hint.format(**facts),
            severity or self.severity,
            confidence,
            node,
            related,
            tuple(place for place in scope if place is not None),
            fix=fix,
        )


def parse(path: Path) -> Rule:
    """Read a page. Raises ValueError saying what is wrong with it."""
    text = path.read_text(encoding="utf-8")
    code, _, name = path.stem.partition("-")
    title = _TITLE.search(text)
    block = _TOML.search(text)
    if title is None or block is None:
        raise ValueError("a page needs a title (`# ...`) and one toml block")
    try:
        table = tomli.loads("\n" * text.count("\n", 0, block.start(1)) + block[1])  # so that a mistake is told by its line in the page
        documented = {key: Option(entry["default"], entry["source"]) for key, entry in table.get("options", {}).items()}
        return Rule(
            code,
            name,
            title[1],
            Severity[table["severity"]],
            table.get("on", True),
            {"": table["message"], **table.get("messages", {})},
            {"": table.get("hint", ""), **table.get("hints", {})},
            {key: option.default for key, option in documented.items()},
            documented,
            text,
            path,
            table.get("fix", "none"),
        )
    except tomli.TOMLDecodeError as error:
        raise ValueError(f"the toml block: {error}") from error
    except KeyError as error:
        raise ValueError(f"the toml block: {_lacking(str(error.args[0]), table)}") from error


def _lacking(key: str, table: Mapping[str, Any]) -> str:
    return f'"{key}" is none of error, warning, info' if key == table.get("severity") else f"it lacks `{key}`"


def _examples(text: str) -> list[Example]:
    blocks = [(match["words"].split(), match["body"], match.start()) for match in _FENCE.finditer(text)]
    headings = [(match.start(), match[1]) for match in re.finditer(r"^## (.+)$", text, re.MULTILINE)]

    def heading(at: int) -> str:
        return next((title for start, title in reversed(headings) if start < at), "")

    return [
        Example(body, tuple(words[1:]), heading(start).startswith("Bad"), text.count("\n", 0, start) + 2)
        for words, body, start in blocks
        if words[:1] == ["python"] and heading(start).split(" ")[0] in ("Bad", "Good")
    ]


@cache
def rules() -> Mapping[str, Rule]:
    """Every shipped rule by code, in order of the codes."""
    return {rule.code: rule for rule in map(parse, sorted(PAGES.glob("KER*.md")))}
