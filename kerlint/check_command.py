"""`kerlint check`: what its options ask for."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from kerlint.command import CLEAN, configs_of, mistaken, paint_of, print_lines
from kerlint.mistake import MistakeError, meant
from kerlint.options import COMMANDS

if TYPE_CHECKING:
    from kerlint.run import Run, Wish
    from kerlint.timing import Untimed
    from kerlint.writing import Work

STDIN = "-"


def check(paths: tuple[str, ...], options: dict[str, Any], script: tuple[str, ...] = ()) -> int:
    """Lint files and directories (the working directory, when none is given).

    `script` is what follows `--`, for a script that is run.
    """
    from kerlint import run as runs
    from kerlint import timing

    configs, wish, work = configs_of(options), _wish(options), _work(options)
    stdin = STDIN in paths or (not paths and options["stdin_filename"] is not None)
    if options["watch"]:
        return _watch(paths, options, wish, stdin=stdin)
    if options["show_settings"]:
        from kerlint import inspecting

        named = [options["stdin_filename"] or STDIN] if stdin else paths or ["."]
        return print_lines(inspecting.settings(map(Path, named), configs))
    clock = timing.started() if options["timing"] else timing.UNTIMED
    with clock.phase("find files"):
        if stdin:
            run, data = runs.find_stdin(Path(options["stdin_filename"] or STDIN), configs), sys.stdin.buffer.read()
        else:
            _meant_command(paths)
            run, data = runs.find([Path(path) for path in paths or ["."]], configs), None
    if options["show_files"]:
        from kerlint import inspecting

        return inspecting.files(run, print, mistaken)
    runs.printed(configs, wish)  # a mistake is told before anything is done
    if _runs_scripts(run, options, stdin):
        from kerlint.dynamic import checking

        return checking.check(run, wish, script, print, mistaken)
    _examine(run, data, options, clock)
    with clock.phase("report" if work is None else "change files, report"):
        if work is not None:
            code = _change(run, work, wish, diff=options["diff"], stdin=stdin)
        else:
            code = runs.check(run, wish, print, mistaken)
    for line in timing.lines(clock, wish.verbose):
        print(line, file=sys.stderr)
    return code


def _watch(paths: tuple[str, ...], options: dict[str, Any], wish: Wish, *, stdin: bool) -> int:
    """Check again and again. Raises MistakeError for what can be done only once."""
    from kerlint import run as runs
    from kerlint.engine import prepare
    from kerlint.watch import watch

    once = ("fix", "diff", "add_noqa", "show_files", "show_settings", "dynamic", "timing")
    other = "standard input" if stdin else next((f"--{name.replace('_', '-')}" for name in once if options[name] not in (None, False)), "")
    if other:
        raise MistakeError(f"--watch does not go together with {other}")
    _meant_command(paths)
    given = [Path(path) for path in paths or ["."]]

    def lint() -> Run:
        run = runs.find(given, configs_of(options))
        _examine(run, None, options)
        runs.check(run, wish, print, mistaken)
        return run

    prepare()  # once for all: the process that looks at a changed file is forked from this one
    watch(given, lint, sys.stdout, mistaken)
    return CLEAN


def _examine(run: Run, data: bytes | None, options: dict[str, Any], clock: Untimed | None = None) -> None:
    """Examine the files of a run, or standard input; for a clock all of them, in this process."""
    from kerlint.cache import cache_of
    from kerlint.progress import progress

    config = run.configs.of(Path.cwd())
    cache = None if options["no_cache"] or options["timing"] else cache_of(config)
    jobs = 1 if options["timing"] else config.settings.jobs
    run.examine(data, cache, jobs, progress(sys.stderr, silent=options["quiet"] or options["silent"]), clock)


def _runs_scripts(run: Run, options: dict[str, Any], stdin: bool) -> bool:
    """Whether a run executes what it lints. Raises MistakeError."""
    if not run.configs.of(Path.cwd()).settings.dynamic:
        return False
    other = "standard input" if stdin else next((f"--{name}" for name in ("fix", "diff") if options[name]), "")
    if other and options["dynamic"]:
        raise MistakeError(f"--dynamic does not go together with {other}")
    if not other and os.environ.get("PRE_COMMIT") and not configs_of({**options, "dynamic": False}).of(Path.cwd()).settings.dynamic:
        mistaken("--dynamic: no script is run from a hook, unless a configuration file says `dynamic = true`")
        return False
    return not other


def _wish(options: dict[str, Any]) -> Wish:
    """What is asked of a run, apart from the settings. Raises MistakeError."""
    from kerlint.outputs import outputs
    from kerlint.run import Wish

    if options["diff"] and options["output"]:
        raise MistakeError("--output: --diff shows changes and reports nothing")
    names = ("exit_zero", "show_suppressed", "statistics", "quiet", "silent", "verbose", "unsafe_fixes")
    deed = "fix" if options["add_noqa"] is None else "suppress"
    wish = Wish(**{name: options[name] for name in names}, paint=paint_of(options["color"]), outputs=outputs(options["output"]))
    return replace(wish, deed=deed)


def _change(run: Run, work: Work, wish: Wish, *, diff: bool, stdin: bool) -> int:
    """What changes files; the changed code of standard input is all that standard output gets."""
    from kerlint import writing

    if diff:
        return writing.diff(run, work, wish, print, mistaken)
    if stdin:
        return writing.change(run, work, wish, partial(print, file=sys.stderr), mistaken, sys.stdout.buffer.write)
    return writing.change(run, work, wish, print, mistaken)


def _work(options: dict[str, Any]) -> Work | None:
    """What files are changed for, if they are to be. Raises MistakeError."""
    reason = options["add_noqa"]
    if reason is not None:
        if options["fix"]:
            raise MistakeError("--add-noqa and --fix: one after the other, please")
        from kerlint import suppressing

        return partial(suppressing.suppressed, reason=suppressing.checked(reason))
    if options["fix"] or options["diff"]:
        from kerlint.fix import repaired

        return partial(repaired, unsafe=options["unsafe_fixes"])
    return None


def _meant_command(paths: tuple[str, ...]) -> None:
    """A first path that is not there and looks like a command was meant as one."""
    for word in paths[:1]:
        near = meant(word, COMMANDS) if word.isalpha() and not Path(word).exists() else ""
        if near:
            raise MistakeError(f"{word}: no such file or directory{near.replace('mean', 'mean the command')}")
