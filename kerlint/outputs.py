"""Where reports go: several formats in one run, to standard output or each to a file of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from kerlint.mistake import MistakeError, meant
from kerlint.settings import choices_of

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable with the file to which a step of GitHub Actions appends what its job shows."""


class Output(msgspec.Struct, frozen=True):
    """A format, and the file that it is written to; None is standard output."""

    style: str
    file: Path | None = None


def outputs(words: Sequence[str]) -> tuple[Output, ...]:
    """What `--output` was given: `sarif=out.sarif` or `github`. Raises MistakeError, before hours of work end with no report."""
    found = tuple(map(_output, words))
    files = [output.file.absolute() for output in found if output.file]
    for output in found:
        if output.file and files.count(output.file.absolute()) > 1:
            raise MistakeError(f"--output: two formats for one file, {output.file}")
    return found


def _output(word: str) -> Output:
    style, equals, name = word.partition("=")
    styles = choices_of("output-format")
    if style not in styles:
        raise MistakeError(f'--output: "{style}" is none of {", ".join(styles)}{meant(style, styles)}')
    if not equals or name == "-":
        return Output(style)
    if not name:
        raise MistakeError(f'--output: "{word}" names no file')
    file = Path(name)
    if file.is_dir():
        raise MistakeError(f"--output: {file} is a directory")
    if not file.parent.is_dir():
        raise MistakeError(f"--output: {file} cannot be written: there is no directory {file.parent}")
    return Output(style, file)


def write(file: Path, lines: Iterable[str], complain: Callable[[str], object]) -> bool:
    """Put a report in the place of a file at one stroke: nobody reads half of one. Whether that went well."""
    text = "".join(f"{line}\n" for line in lines)
    try:
        if file.exists() and not file.is_file():  # a pipe, /dev/stderr
            file.write_bytes(_encoded(text))
            return True
        from kerlint.writing import replaced  # which needs `run`, which needs this module

        replaced(Path(os.path.realpath(file)), _encoded(text))
    except OSError as error:
        complain(f"{file}: cannot be written: {(error.strerror or str(error)).lower()}")
        return False
    return True


def append_summary(lines: Callable[[], Iterable[str]], complain: Callable[[str], object]) -> bool:
    """Append to the summary of a job, where there is one. Whether that went well."""
    name = os.environ.get(SUMMARY)
    if not name:
        return True
    try:
        with open(name, "ab") as summary:
            summary.write(_encoded("".join(f"{line}\n" for line in lines())))
    except OSError as error:
        complain(f"{name}: cannot be written: {(error.strerror or str(error)).lower()}")
        return False
    return True


def _encoded(text: str) -> bytes:
    """What is no text in UTF-8 (a file's name in another encoding) is written as an escape, which JSON reads as well."""
    return text.encode("utf-8", "backslashreplace")
