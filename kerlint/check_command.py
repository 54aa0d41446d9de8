"""`kerlint check`: its options, and what they ask for."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kerlint import completion
from kerlint.command import CLEAN, configs_of, configurable, mistaken, paint_of, print_lines
from kerlint.mistake import MistakeError, meant

if TYPE_CHECKING:
    from kerlint.run import Run, Wish
    from kerlint.timing import Untimed
    from kerlint.writing import Work

STDIN = "-"


@click.command()
@click.argument("paths", nargs=-1, shell_complete=completion.paths)
@click.option(
    "--select",
    multiple=True,
    metavar="RULES",
    shell_complete=completion.selectors,
    help="Rules to run: codes, prefixes, names or ALL, separated by commas.",
)
@click.option("--ignore", multiple=True, metavar="RULES", shell_complete=completion.selectors, help="Rules not to run.")
@click.option(
    "--extend-select",
    multiple=True,
    metavar="RULES",
    shell_complete=completion.selectors,
    help="Rules to run on top of those that run anyway.",
)
@click.option("--fix", is_flag=True, help="Make the fixes that keep the meaning of the code.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: make those that change the training, too.")
@click.option("--diff", is_flag=True, help="Print what --fix or --add-noqa would change, and change nothing.")
@click.option("--add-noqa", metavar="[=REASON]", help="Write a comment at every finding that suppresses it.")
@click.option(
    "--output-format",
    metavar="FORMAT",
    shell_complete=completion.values("output-format"),
    help="text (default), concise, grouped, json, json-lines, sarif, github, gitlab, azure, junit, rdjson or html.",
)
@click.option(
    "--output",
    multiple=True,
    metavar="FORMAT[=FILE]",
    shell_complete=completion.values("output-format"),
    help="Report in this format, into a file where one is named; may be given several times.",
)
@click.option(
    "--min-confidence", metavar="LEVEL", shell_complete=completion.values("min-confidence"), help="low, medium (default) or high."
)
@click.option(
    "--fail-on",
    metavar="LEVEL",
    shell_complete=completion.thresholds,
    help="error, warning (default), info or the code of a rule: what makes the exit code 1.",
)
@click.option("--baseline", metavar="FILE", help="Report only what this file does not hold; `kerlint baseline create` writes it.")
@click.option("--force-exclude", is_flag=True, help="Leave out excluded files although they are given by hand.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 although there are findings.")
@click.option("--show-suppressed", is_flag=True, help="In SARIF: list what comments and baselines suppress, too, marked as suppressed.")
@click.option("--statistics", is_flag=True, help="Count the findings of each rule.")
@click.option("--timing", is_flag=True, help="Print to standard error how long each phase and each rule has taken; -v lists all rules.")
@click.option("--watch", is_flag=True, help="Lint again after every change, until Ctrl-C; needs `kerlint[watch]`.")
@click.option("--show-files", is_flag=True, help="List the files that would be linted, and why others are skipped.")
@click.option("--show-settings", is_flag=True, help="List the settings, and where each comes from.")
@click.option(
    "--dynamic", is_flag=True, help="Run the script for seconds, guarded, and measure what is said of it; its arguments follow --."
)
@click.option("--dynamic-timeout", type=float, metavar="SECONDS", help="How long a script may run (60).")
@click.option("--dynamic-seeds", type=int, metavar="N", help="How many times what depends on chance is repeated (3).")
@click.option("--dynamic-memory", metavar="SIZE", help="How much memory a script may take (8G).")
@click.option("--dynamic-strict", is_flag=True, help="Exit with 3 when a script does not come to its end.")
@click.option("-j", "--jobs", type=click.IntRange(0), metavar="N", help="How many processes share the work; 0: as many as are worth it.")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep what is known of files which have not changed.")
@click.option(
    "--cache-dir",
    envvar="KERLINT_CACHE_DIR",
    metavar="PATH",
    callback=lambda ctx, param, value: value and os.path.abspath(value),
    help="The directory that keeps what is known of files (.kerlint_cache).",
)
@click.option("--stdin-filename", metavar="PATH", help="Where the code in standard input (PATHS is -) would stand.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings only.")
@click.option("-s", "--silent", is_flag=True, help="Print nothing.")
@click.option("-v", "--verbose", is_flag=True, help="Show where an internal error happened.")
@configurable
def check(paths: tuple[str, ...], **options: Any) -> int:
    """Lint files and directories (the working directory, when none is given)."""
    from kerlint import run as runs
    from kerlint import timing

    configs, wish, work = configs_of(options), _wish(options), _work(options)
    stdin = STDIN in paths or (not paths and options["stdin_filename"] is not None)
    if options["watch"]:
        return _watch(paths, options, wish, stdin)
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

        return checking.check(run, wish, click.get_current_context().obj or (), print, mistaken)
    _examine(run, data, options, clock)
    with clock.phase("report" if work is None else "change files, report"):
        if work is not None:
            code = _change(run, work, wish, diff=options["diff"], stdin=stdin)
        else:
            code = runs.check(run, wish, print, mistaken)
    for line in timing.lines(clock, wish.verbose):
        print(line, file=sys.stderr)
    return code


def _watch(paths: tuple[str, ...], options: dict[str, Any], wish: Wish, stdin: bool) -> int:
    """Check again and again. Raises MistakeError for what can be done only once."""
    from kerlint import run as runs
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
    match click.get_current_context().find_root().command:
        case click.Group(commands=commands):
            for word in paths[:1]:
                near = meant(word, commands) if word.isalpha() and not Path(word).exists() else ""
                if near:
                    raise MistakeError(f"{word}: no such file or directory{near.replace('mean', 'mean the command')}")
