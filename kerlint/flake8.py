"""The plugin of flake8: what kerlint finds, told in a run of flake8 that asks for it."""

from __future__ import annotations

import ast
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from kerlint.mistake import MistakeError

if TYPE_CHECKING:
    from kerlint.config import Config, Configs
    from kerlint.finding import Finding, Position

PLUGIN = "KER"
"""The name of the plugin, and what its codes begin with."""

Report = tuple[int, int, str, type]
"""Row, column (0-based, as flake8 counts them), text and plugin."""


class Plugin:
    """One file in the hands of flake8.

    Nothing is reported, and nothing more of kerlint is imported, until flake8 selects some of its codes: `--extend-select KER`.
    (`off_by_default`, which flake8 has for this, would ask for `--enable-extensions KER` on top of the selection.)
    """

    asked: ClassVar[tuple[str, ...]] = ()
    """What flake8 was asked to select of kerlint's codes. flake8 hands options to the class, never to its objects."""

    def __init__(self, tree: ast.AST, filename: str, lines: list[str]) -> None:
        # That flake8 could build `tree` says that the file can be parsed; flake8 tells the others itself.
        self._path, self._text = Path(filename), "".join(lines)

    @classmethod
    def parse_options(cls, options: Namespace) -> None:
        """Whether this run asks for kerlint."""
        chosen = (*(options.select or ()), *(options.extend_select or ()))
        cls.asked = tuple(code for code in chosen if PLUGIN.startswith(code) or code.startswith(PLUGIN))

    def run(self) -> Iterator[Report]:
        """What kerlint finds in the file. Raises what flake8 shows as one line when the configuration is wrong."""
        if not self.asked:
            return
        from flake8.exceptions import ExecutionError

        from kerlint.baseline import new
        from kerlint.engine import lint

        configs = self._configs()

        def config_of(path: Path) -> Config:
            return configs.of(path.absolute().parent)

        try:
            findings = new(lint(self._path, self._text, config_of(self._path)), config_of)
        except MistakeError as error:
            raise ExecutionError(f"kerlint: {error}") from error
        for finding in findings:
            where, elsewhere = self._place(finding)
            yield where.row, where.column - 1, f"{finding.code} {finding.message}{elsewhere}", type(self)

    def _configs(self) -> Configs:
        """The project's configurations of kerlint; what flake8 selects more closely than by KER runs although it is off there."""
        from kerlint.config import Configs
        from kerlint.settings import Layer

        closer = [code for code in self.asked if len(code) > len(PLUGIN)]
        above = (Layer("flake8", {"extend-select": closer}),) if closer else ()
        return Configs(above)

    def _place(self, finding: Finding) -> tuple[Position, str]:
        """Where a finding stands; for one in a file that is imported, the line here that leads to it, as flake8 knows only this file."""
        from kerlint.finding import Position

        assert finding.range is not None
        if finding.range.path == self._path:
            return finding.range.start, ""
        here = (other.range.start for other in finding.related if other.range and other.range.path == self._path)
        return next(here, Position(1, 1)), f" ({finding.range})"
