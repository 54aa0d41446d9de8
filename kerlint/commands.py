"""The commands, as click reads and completes them; what is wrong with a call becomes one sentence."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerlint import __version__, check_command, completion
from kerlint.command import CLEAN, INTERRUPTED, WRONG, configs_of, mistaken, paint_of, print_lines, told
from kerlint.mistake import MistakeError, meant
from kerlint.options import COLOR, OPTIONS, SOURCES, Option

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from kerlint.baseline import Keeper

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


def run(args: list[str]) -> int:
    """Run a command and return the exit code. Raises MistakeError."""
    try:
        return int(cli.main(args, prog_name="kerlint", standalone_mode=False) or CLEAN)
    except click.ClickException as error:
        raise MistakeError(_sentence(error)) from error
    except click.Abort:
        return mistaken("interrupted", INTERRUPTED)


def _sentence(error: click.ClickException) -> str:
    match error:
        case click.NoSuchOption(option_name=name, ctx=ctx):
            known = [option for param in ctx.command.params for option in param.opts] if ctx else []
            return f'unknown option "{name}"{meant(name, known)}'
        case click.BadParameter(message=message, param=click.Parameter(type=click.Choice(choices=choices))):
            word = message.removeprefix("'").partition("'")[0]
            said = error.format_message().rstrip(".")
            return f"{said[0].lower()}{said[1:]}{meant(word, choices)}"
        case _:
            message = error.format_message().rstrip(".")
            return f"{message[0].lower()}{message[1:]}"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", "-V", message="kerlint %(version)s")
def cli() -> None:
    """Reads Keras training code and says why a model will not learn.

    `kerlint PATHS` is `kerlint check PATHS`.
    """


def options(command: Command, those: Iterable[Option]) -> Command:
    """A command with these options, in their order."""
    for option in reversed([*those]):
        command = _option(option)(command)
    return command


def _option(option: Option) -> Callable[[Command], Command]:
    if option.type is None:
        return click.option(*option.names, is_flag=True, help=option.help)
    return click.option(
        *option.names,
        type=click.Choice(option.choices) if option.choices else option.type if option.least is None else click.IntRange(option.least),
        multiple=option.several,
        metavar=option.metavar,
        envvar=option.variable,
        shell_complete=option.complete,
        help=option.help,
        **({"default": option.default} if option.choices else {}),
    )


def checking(command: Command) -> Command:
    """A command with all that a check can be told."""
    return options(configurable(command), OPTIONS)


def sourced(command: Command) -> Command:
    """A command with the options that say where settings come from."""
    return options(command, SOURCES)


def configurable(command: Command) -> Command:
    """A command with the options that say where settings come from and how output looks."""
    return options(command, (*SOURCES, COLOR))


@cli.command()
@click.argument("paths", nargs=-1, shell_complete=completion.paths)
@checking
@click.pass_context
def check(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> int:
    """Lint files and directories (the working directory, when none is given)."""
    return check_command.check(paths, options, ctx.obj or ())


@cli.command()
@click.argument("paths", nargs=-1, required=True, shell_complete=completion.paths)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="For people, or for programs.")
@configurable
def show(paths: tuple[str, ...], **options: Any) -> int:
    """Print what is understood of files: models, layers, shapes, data, and what is not known."""
    from kerlint import run as runs

    run = runs.find([Path(path) for path in paths], configs_of(options))
    print_lines(runs.shown_files(run, options["output_format"], paint_of(options["color"]), mistaken))
    return run.exit_code()


@cli.command()
@click.argument("names", nargs=-1, metavar="[RULE]...", shell_complete=completion.rules)
@click.option("--all", "every", is_flag=True, help="All rules.")
@click.option("--test", "testing", is_flag=True, help="Run the examples of the pages, by default those of your own rules.")
@configurable
def rule(names: tuple[str, ...], every: bool, testing: bool, **options: Any) -> int:
    """Print the page of a rule: what it looks for, why, and examples."""
    from kerlint import pages

    known = configs_of(options).of(Path.cwd()).known
    own = [each for each in known.values() if testing and each.check is not None]
    chosen = pages.chosen(names, known, known.values() if every else own)
    if testing:
        from kerlint import examples

        return examples.report(chosen, known, print)
    paint, columns = paint_of(options["color"]), shutil.get_terminal_size((pages.WIDEST, 24)).columns
    return print_lines(
        line for number, each in enumerate(chosen) for line in (*(["", ""] if number else []), *pages.page(each, paint, columns))
    )


@cli.command("rules")
@configurable
def list_rules(**options: Any) -> int:
    """List all rules, and your own ones."""
    from kerlint import pages

    return print_lines(pages.table(configs_of(options).of(Path.cwd()).known.values(), paint_of(options["color"])))


@cli.command("config")
@click.argument("key", required=False, shell_complete=completion.keys)
@click.option("--schema", is_flag=True, help="Print the JSON schema of a configuration, for editors.")
def describe(key: str | None, schema: bool) -> int:
    """Describe the keys of a configuration, or one of them."""
    from kerlint import pages

    if schema:
        from kerlint.schema import text

        return print_lines([text().rstrip()])
    return print_lines(pages.key(key) if key else pages.keys())


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
    from kerlint.cache import cache_of

    run = runs.find([Path(path) for path in paths or ["."]], configs_of(options))
    config = run.configs.of(Path.cwd())
    run.examine(None, cache_of(config), config.settings.jobs)
    for line in runs.troubles(run):
        mistaken(line)
    print(f"{act(Keeper.of(run))}.")
    return WRONG if run.troubled else CLEAN


@cli.command("clean")
@configurable
@click.option(
    "--cache-dir", envvar="KERLINT_CACHE_DIR", metavar="PATH", help="The directory of the cache; by default that of the configuration."
)
def clean_cache(**options: Any) -> int:
    """Remove the cache."""
    from kerlint.cleaning import clean

    return print_lines([clean(configs_of(options).of(Path.cwd()).cache_dir)])


@cli.command("completion")
@click.argument("shell", type=click.Choice(completion.SHELLS))
def complete(shell: str) -> int:
    """Print what your shell has to read so that TAB completes rules, formats and options."""
    return print_lines([completion.script(shell, cli).rstrip()])


@cli.command()
@click.option("--stdio", is_flag=True, hidden=True, help="Standard input and output, which is the only way; editors say so.")
@sourced
def server(stdio: bool, config: tuple[str, ...], isolated: bool) -> int:
    """Serve an editor: a language server on standard input and output. What the editor sets goes before the options."""
    from importlib.util import find_spec

    if not (find_spec("pygls") and find_spec("lsprotocol")):
        raise MistakeError("the language server needs two packages more: pip install 'kerlint[lsp]'")
    from kerlint.editor.messages import Settings
    from kerlint.editor.server import run
    from kerlint.vetting import typed

    layers, file = told(config)
    for layer in layers:
        typed(layer)
    table = {key: value for layer in layers for key, value in layer.table.items()}
    return run(Settings(table, str(file) if file else None, isolated))
