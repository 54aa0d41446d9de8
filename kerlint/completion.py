"""What a shell offers behind TAB: rules, formats, levels and keys; the lists are read when TAB is pressed, from where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

VARIABLE = "_KERLINT_COMPLETE"
"""What tells kerlint that a shell asks; click looks for this name."""
SHELLS = ("bash", "zsh", "fish")

Complete = Callable[["click.Context", "click.Parameter", str], "list[CompletionItem]"]
"""What offers words for what is typed of a value."""
Words = Iterable[tuple[str, str]]
"""Words with what a shell may show beside them."""


def script(shell: str, cli: click.Command) -> str:
    """What a shell has to read so that it completes `kerlint`."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    return found(cli, {}, "kerlint", VARIABLE).source()


def selectors(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Rules as `--select` takes them: several with commas between them, by code, beginning of a code, name or ALL."""
    from kerlint.rule import rules as shipped

    before, comma, last = typed.rpartition(",")
    families = dict.fromkeys((code[:4] for code in shipped()), "")
    return _items({"ALL": "all rules", **families, **_rules()}.items(), last, before + comma)


def rules(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Rules by code or name."""
    return _items(_rules().items(), typed)


def thresholds(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """What `--fail-on` takes: a severity, or the code of a rule once it is begun."""
    from kerlint.finding import Severity

    levels = {severity.name: "" for severity in reversed(Severity)}
    return _items({**levels, **(_rules() if typed else {})}.items(), typed)


def keys(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Keys of a configuration."""
    from kerlint.settings import KEYS

    return _items(((key, "") for key in KEYS), typed)


def values(key: str) -> Complete:
    """The words that a key of the configuration accepts."""

    def complete(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
        from kerlint.settings import choices_of

        return _items(((word, "") for word in choices_of(key)), typed)

    return complete


def paths(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Files and directories, which the shell knows best."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(typed, type="file")]


def _items(words: Words, typed: str, before: str = "") -> list[CompletionItem]:
    """The words that go on from what is typed, whatever its case: `ker3` is KER3."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(before + word, help=about or None) for word, about in words if word.lower().startswith(typed.lower())]


def _rules() -> dict[str, str]:
    # The shipped ones only: those of a project are code, which no TAB should run.
    from kerlint.rule import rules as shipped

    return {word: about for rule in shipped().values() for word, about in ((rule.code, rule.title), (rule.name, rule.code))}
