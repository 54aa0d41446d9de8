"""The options of `kerlint check`, and how a plain call is read: by these lines alone, without the 25 ms that click takes to load."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from kerlint import completion

COMMANDS = ("check", "show", "rule", "rules", "config", "baseline", "clean", "completion", "server")
"""What the first word of a call may be; any other one is a path or an option of `check`."""
COLORS = ("auto", "always", "never")


class Option(NamedTuple):
    """An option: a flag, unless its value has a type."""

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    type: Callable[[str], Any] | None = None
    several: bool = False
    least: int | None = None
    choices: tuple[str, ...] = ()
    variable: str | None = None
    """The variable of the environment that counts when the option is not given."""
    complete: completion.Complete | None = None

    @property
    def key(self) -> str:
        """The name by which the code knows it: that of `--no-cache` is "no_cache"."""
        return self.names[-1].lstrip("-").replace("-", "_")

    @property
    def default(self) -> Any:
        """What counts when nothing is said."""
        if self.type is None:
            return False
        return () if self.several else next(iter(self.choices), None)

    def read(self, text: str) -> Any:
        """The value that a text stands for. Raises ValueError."""
        assert self.type is not None
        value = self.type(text)
        if (self.least is not None and value < self.least) or (self.choices and value not in self.choices):
            raise ValueError(text)
        return value


def _absolute(path: str) -> str:
    return path and os.path.abspath(path)


OPTIONS = (
    Option(
        ("--select",),
        "Rules to run: codes, prefixes, names or ALL, separated by commas.",
        "RULES",
        str,
        several=True,
        complete=completion.selectors,
    ),
    Option(("--ignore",), "Rules not to run.", "RULES", str, several=True, complete=completion.selectors),
    Option(
        ("--extend-select",), "Rules to run on top of those that run anyway.", "RULES", str, several=True, complete=completion.selectors
    ),
    Option(("--fix",), "Make the fixes that keep the meaning of the code."),
    Option(("--unsafe-fixes",), "With --fix or --diff: make those that change the training, too."),
    Option(("--diff",), "Print what --fix or --add-noqa would change, and change nothing."),
    Option(("--add-noqa",), "Write a comment at every finding that suppresses it.", "[=REASON]", str),
    Option(
        ("--output-format",),
        "text (default), concise, grouped, json, json-lines, sarif, github, gitlab, azure, junit, rdjson or html.",
        "FORMAT",
        str,
        complete=completion.values("output-format"),
    ),
    Option(
        ("--output",),
        "Report in this format, into a file where one is named; may be given several times.",
        "FORMAT[=FILE]",
        str,
        several=True,
        complete=completion.values("output-format"),
    ),
    Option(("--min-confidence",), "low, medium (default) or high.", "LEVEL", str, complete=completion.values("min-confidence")),
    Option(
        ("--fail-on",),
        "error, warning (default), info or the code of a rule: what makes the exit code 1.",
        "LEVEL",
        str,
        complete=completion.thresholds,
    ),
    Option(("--baseline",), "Report only what this file does not hold; `kerlint baseline create` writes it.", "FILE", str),
    Option(("--force-exclude",), "Leave out excluded files although they are given by hand."),
    Option(("--exit-zero",), "Exit with 0 although there are findings."),
    Option(("--show-suppressed",), "In SARIF: list what comments and baselines suppress, too, marked as suppressed."),
    Option(("--statistics",), "Count the findings of each rule."),
    Option(("--timing",), "Print to standard error how long each phase and each rule has taken; -v lists all rules."),
    Option(("--watch",), "Lint again after every change, until Ctrl-C; needs `kerlint[watch]`."),
    Option(("--show-files",), "List the files that would be linted, and why others are skipped."),
    Option(("--show-settings",), "List the settings, and where each comes from."),
    Option(("--dynamic",), "Run the script for seconds, guarded, and measure what is said of it; its arguments follow --."),
    Option(("--dynamic-timeout",), "How long a script may run (60).", "SECONDS", float),
    Option(("--dynamic-seeds",), "How many times what depends on chance is repeated (3).", "N", int),
    Option(("--dynamic-memory",), "How much memory a script may take (8G).", "SIZE", str),
    Option(("--dynamic-strict",), "Exit with 3 when a script does not come to its end."),
    Option(("-j", "--jobs"), "How many processes share the work; 0: as many as are worth it.", "N", int, least=0),
    Option(("--no-cache",), "Neither use nor keep what is known of files which have not changed."),
    Option(
        ("--cache-dir",),
        "The directory that keeps what is known of files (.kerlint_cache).",
        "PATH",
        _absolute,
        variable="KERLINT_CACHE_DIR",
    ),
    Option(("--stdin-filename",), "Where the code in standard input (PATHS is -) would stand.", "PATH", str),
    Option(("-q", "--quiet"), "Print findings only."),
    Option(("-s", "--silent"), "Print nothing."),
    Option(("-v", "--verbose"), "Show where an internal error happened."),
)
SOURCES = (
    Option(("--config",), "A configuration file, or one key of it.", "FILE|KEY=VALUE", str, several=True),
    Option(("--isolated",), "Read no configuration file."),
)
"""Where settings come from."""
COLOR = Option(("--color",), "Colours; NO_COLOR and FORCE_COLOR count.", None, str, choices=COLORS)


def plain(words: list[str]) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """The paths and options of a call of `check`; None when click is to see it: it asks for something else or is wrong."""
    if words[:1] == ["check"]:
        words = words[1:]
    elif words[:1] and words[0] in COMMANDS:
        return None
    paths: list[str] = []
    known = {name: option for option in (*OPTIONS, *SOURCES, COLOR) for name in option.names}
    given: dict[str, Any] = {}
    waiting = iter(words)
    for word in waiting:
        if word == "-" or not word.startswith("-"):
            paths.append(word)
            continue
        name, equals, text = word.partition("=")
        option = known.get(name)
        if option is None or (equals and (option.type is None or not name.startswith("--"))) or word == "--add-noqa":
            return None
        if option.type is None:
            given[option.key] = True
            continue
        try:
            value = option.read(text if equals else next(waiting))
        except (ValueError, StopIteration):
            return None
        given[option.key] = (*given.get(option.key, ()), value) if option.several else value
    for option in (*OPTIONS, *SOURCES, COLOR):
        if option.key not in given:
            said = os.environ.get(option.variable) if option.variable else None
            given[option.key] = option.read(said) if said else option.default
    return tuple(paths), given
