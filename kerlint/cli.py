"""The command line: options become settings, a user's mistake becomes one sentence and exit code 2."""

from __future__ import annotations

import gc
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerlint import __version__, completion
from kerlint.mistake import MistakeError, meant

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from kerlint.baseline import Keeper
    from kerlint.config import Configs
    from kerlint.reports import Paint
    from kerlint.run import Run, Wish
    from kerlint.timing import Untimed
    from kerlint.writing import Work

CLEAN, WRONG, INTERRUPTED = 0, 2, 130
"""Exit codes of this module; 130 is what a shell gives for Ctrl-C (128 + SIGINT)."""
STDIN = "-"
YOUNG = 100_000
"""Objects that are made before the newest ones are looked through for garbage. A command makes many that stay (findings, records) and
is soon over: with Python's own threshold of 700, a warm run spends half its time on looking for what is not there."""

Command = TypeVar("Command", bound=Callable[..., Any])


class Commands(click.Group):
    """The commands; arguments that name none are those of `check`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`kerlint train.py --select KER3` is `kerlint check train.py --select KER3`; what follows `--` is for a script that is run."""
        if args and args[0] not in (*self.commands, "--help", "-h", "--version", "-V"):
            args = ["check", *args]
        if "--dynamic" in args and "--" in args[args.index("--dynamic") :]:
            end = args.index("--", args.index("--dynamic"))
            ctx.obj, args = tuple(args[end + 1 :]), args[:end]
        # A reason stands behind "=", as with ruff: what follows is a path.
        args = ["--add-noqa=" if arg == "--add-noqa" else arg for arg in args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Behind `kerlint` a command may follow, or what may follow `kerlint check`."""
        own = super().shell_complete(ctx, incomplete)
        known = {item.value for item in own}
        check = self.commands["check"]
        with check.make_context("check", [], parent=ctx, resilient_parsing=True) as below:
            options = [item for item in check.shell_complete(below, incomplete) if item.value not in known]
        return [*completion.paths(ctx, check.params[0], incomplete), *own, *options]


def main(args: list[str]) -> int:
    """Run a command and return the exit code."""
    gc.set_threshold(YOUNG)
    for stream in (sys.stdout, sys.stderr):
        match stream:
            case io.TextIOWrapper():
                # A path or a line of code that the terminal's encoding lacks must not stop a report.
                stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(args or ["--help"], prog_name="kerlint", standalone_mode=False)
        sys.stdout.flush()
    except MistakeError as error:
        return _mistaken(str(error))
    except click.ClickException as error:
        return _mistaken(_sentence(error))
    except (click.Abort, KeyboardInterrupt):
        return _mistaken("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has seen enough; nothing more must be written when the interpreter closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLEAN
    return int(code or CLEAN) if args else WRONG


def _mistaken(message: str, code: int = WRONG) -> int:
    print(f"kerlint: {message}", file=sys.stderr)
    return code


def _sentence(error: click.ClickException) -> str:
    match error:
        case click.NoSuchOption(option_name=name, ctx=ctx):
            known = [option for param in ctx.command.params for option in param.opts] if ctx else []
            return f'unknown option "{name}"{meant(name, known)}'
        case _:
            message = error.format_message().rstrip(".")
            return f"{message[0].lower()}{message[1:]}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", "-V", message="kerlint %(version)s")
def cli() -> None:
    """Reads Keras training code and says why a model will not learn.

    `kerlint PATHS` is `kerlint check PATHS`.
    """


def configurable(command: Command) -> Command:
    """The options that say where settings come from and how output looks."""
    for option in (
        click.option(
            "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours; NO_COLOR and FORCE_COLOR count."
        ),
        click.option("--isolated", is_flag=True, help="Read no configuration file."),
        click.option("--config", multiple=True, metavar="FILE|KEY=VALUE", help="A configuration file, or one key of it."),
    ):
        command = option(command)
    return command


@cli.command()
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

    configs, wish, work = _configs(options), _wish(options), _work(options)
    stdin = STDIN in paths or (not paths and options["stdin_filename"] is not None)
    if options["watch"]:
        return _watch(paths, options, wish, stdin)
    if options["show_settings"]:
        from kerlint import inspecting

        named = [options["stdin_filename"] or STDIN] if stdin else paths or ["."]
        return _print(inspecting.settings(map(Path, named), configs))
    clock = timing.started() if options["timing"] else timing.UNTIMED
    with clock.phase("find files"):
        if stdin:
            run, data = runs.find_stdin(Path(options["stdin_filename"] or STDIN), configs), sys.stdin.buffer.read()
        else:
            _check_command(paths)
            run, data = runs.find([Path(path) for path in paths or ["."]], configs), None
    if options["show_files"]:
        from kerlint import inspecting

        return inspecting.files(run, print, _mistaken)
    runs.printed(configs, wish)  # a mistake is told before anything is done
    if _runs_scripts(run, options, stdin):
        from kerlint.dynamic import checking

        return checking.check(run, wish, click.get_current_context().obj or (), print, _mistaken)
    _examine(run, data, options, clock)
    with clock.phase("report" if work is None else "change files, report"):
        if work is not None:
            code = _change(run, work, wish, diff=options["diff"], stdin=stdin)
        else:
            code = runs.check(run, wish, print, _mistaken)
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
    _check_command(paths)
    given = [Path(path) for path in paths or ["."]]

    def lint() -> Run:
        run = runs.find(given, _configs(options))
        _examine(run, None, options)
        runs.check(run, wish, print, _mistaken)
        return run

    watch(given, lint, sys.stdout, _mistaken)
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
    if not other and os.environ.get("PRE_COMMIT") and not _configs({**options, "dynamic": False}).of(Path.cwd()).settings.dynamic:
        _mistaken("--dynamic: no script is run from a hook, unless a configuration file says `dynamic = true`")
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
    wish = Wish(**{name: options[name] for name in names}, paint=_paint(options["color"]), outputs=outputs(options["output"]))
    return replace(wish, deed=deed)


def _change(run: Run, work: Work, wish: Wish, *, diff: bool, stdin: bool) -> int:
    """What changes files; the changed code of standard input is all that standard output gets."""
    from kerlint import writing

    if diff:
        return writing.diff(run, work, wish, print, _mistaken)
    if stdin:
        return writing.change(run, work, wish, partial(print, file=sys.stderr), _mistaken, sys.stdout.buffer.write)
    return writing.change(run, work, wish, print, _mistaken)


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


@cli.command()
@click.argument("paths", nargs=-1, required=True, shell_complete=completion.paths)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="For people, or for programs.")
@configurable
def show(paths: tuple[str, ...], **options: Any) -> int:
    """Print what is understood of files: models, layers, shapes, data, and what is not known."""
    from kerlint import run as runs

    run = runs.find([Path(path) for path in paths], _configs(options))
    _print(runs.shown_files(run, options["output_format"], _paint(options["color"]), _mistaken))
    return run.exit_code()


@cli.command()
@click.argument("names", nargs=-1, metavar="[RULE]...", shell_complete=completion.rules)
@click.option("--all", "every", is_flag=True, help="All rules.")
@click.option("--test", "testing", is_flag=True, help="Run the examples of the pages, by default those of your own rules.")
@configurable
def rule(names: tuple[str, ...], every: bool, testing: bool, **options: Any) -> int:
    """Print the page of a rule: what it looks for, why, and examples."""
    from kerlint import pages

    known = _configs(options).of(Path.cwd()).known
    own = [each for each in known.values() if testing and each.check is not None]
    chosen = pages.chosen(names, known, known.values() if every else own)
    if testing:
        from kerlint import examples

        return examples.report(chosen, known, print)
    paint, columns = _paint(options["color"]), shutil.get_terminal_size((pages.WIDEST, 24)).columns
    return _print(line for number, each in enumerate(chosen) for line in (*(["", ""] if number else []), *pages.page(each, paint, columns)))


@cli.command("rules")
@configurable
def list_rules(**options: Any) -> int:
    """List all rules, and your own ones."""
    from kerlint import pages

    return _print(pages.table(_configs(options).of(Path.cwd()).known.values(), _paint(options["color"])))


@cli.command("config")
@click.argument("key", required=False, shell_complete=completion.keys)
@click.option("--schema", is_flag=True, help="Print the JSON schema of a configuration, for editors.")
def describe(key: str | None, schema: bool) -> int:
    """Describe the keys of a configuration, or one of them."""
    from kerlint import pages

    if schema:
        from kerlint.schema import text

        return _print([text().rstrip()])
    return _print(pages.key(key) if key else pages.keys())


@cli.group("baseline")
def keep() -> None:
    """Keep what is found today in a file, so that only new findings are reported."""


def kept(command: Command) -> Command:
    """The arguments of the commands about a baseline."""
    for option in (
        configurable,
        click.option("--baseline", metavar="FILE", help="The file; by default that of the configuration, else kerlint-baseline.json."),
        click.argument("paths", nargs=-1, shell_complete=completion.paths),
    ):
        command = option(command)
    return command


@keep.command("create")
@kept
@click.option("--force", is_flag=True, help="Overwrite the file.")
def create_baseline(paths: tuple[str, ...], force: bool, **options: Any) -> int:
    """Write a baseline of all that is found."""
    return _keep(paths, options, lambda keeper: keeper.create(force))


@keep.command("update")
@kept
def update_baseline(paths: tuple[str, ...], **options: Any) -> int:
    """Make the baseline hold what is found now: add what is new, remove what is gone."""
    return _keep(paths, options, lambda keeper: keeper.update())


@keep.command("prune")
@kept
def prune_baseline(paths: tuple[str, ...], **options: Any) -> int:
    """Remove from the baseline what is gone, and add nothing."""
    return _keep(paths, options, lambda keeper: keeper.prune())


def _keep(paths: tuple[str, ...], options: dict[str, Any], act: Callable[[Keeper], str]) -> int:
    from kerlint import run as runs
    from kerlint.baseline import Keeper

    run = runs.find([Path(path) for path in paths or ["."]], _configs(options))
    run.examine()
    for line in runs.troubles(run):
        _mistaken(line)
    print(f"{act(Keeper.of(run))}.")
    return WRONG if run.troubled else CLEAN


@cli.command("clean")
@configurable
@click.option("--cache-dir", metavar="PATH", help="The directory of the cache; by default that of the configuration.")
def clean_cache(**options: Any) -> int:
    """Remove the cache."""
    from kerlint.cleaning import clean

    return _print([clean(_configs(options).of(Path.cwd()).cache_dir)])


@cli.command("completion")
@click.argument("shell", type=click.Choice(completion.SHELLS))
def complete(shell: str) -> int:
    """Print what your shell has to read so that TAB completes rules, formats and options."""
    return _print([completion.script(shell, cli).rstrip()])


@cli.command()
@click.option("--stdio", is_flag=True, hidden=True, help="Standard input and output, which is the only way; editors say so.")
def server(stdio: bool) -> int:
    """Serve an editor: a language server on standard input and output."""
    from importlib.util import find_spec

    if not (find_spec("pygls") and find_spec("lsprotocol")):
        raise MistakeError("the language server needs two packages more: pip install 'kerlint[lsp]'")
    from kerlint.editor.server import run

    return run()


def _check_command(paths: tuple[str, ...]) -> None:
    """A first path that is not there and looks like a command was meant as one."""
    for word in paths[:1]:
        near = meant(word, cli.commands) if word.isalpha() and not Path(word).exists() else ""
        if near:
            raise MistakeError(f"{word}: no such file or directory{near.replace('mean', 'mean the command')}")


def _print(lines: Iterable[str]) -> int:
    for line in lines:
        print(line)
    return CLEAN


def _configs(options: dict[str, Any]) -> Configs:
    from kerlint.config import Configs, inline
    from kerlint.settings import COMMAND_LINE, KEYS, Layer

    files = [text for text in options["config"] if "=" not in text or Path(text).exists()]
    if len(files) > 1:
        raise MistakeError(f"--config: one file at most, not {' and '.join(files)}")
    above = [Layer("--config", inline(text)) for text in options["config"] if text not in files]
    table = {key: value for key, value in _settings(options) if key in KEYS}
    return Configs((*above, Layer(COMMAND_LINE, table)), Path(files[0]).absolute() if files else None, options["isolated"])


def _settings(options: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The options that were given and that set a key of the configuration."""
    for name, value in options.items():
        match value:
            case tuple():
                if value:
                    yield name.replace("_", "-"), [part.strip() for text in value for part in text.split(",") if part.strip()]
            case str() | True:
                yield name.replace("_", "-"), value
            case None | False:
                pass
            case int() | float():
                yield name.replace("_", "-"), value


def _paint(color: str) -> Paint:
    from kerlint.reports import Paint

    if color != "auto":
        return Paint(color == "always")
    if os.environ.get("NO_COLOR"):
        return Paint(False)
    return Paint(bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty() and os.environ.get("TERM") != "dumb")
