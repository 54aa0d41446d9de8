"""The pages of the site that are not written by hand: rules, keys of the configuration, what the README says. A hook of mkdocs."""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

# The site is about the checkout that it is built from, whatever else is installed.
from kerlint.pages import FIXES, about  # noqa: E402
from kerlint.rule import Rule, rules  # noqa: E402
from kerlint.selection import usual  # noqa: E402
from kerlint.settings import KEYS, choices_of  # noqa: E402

FAMILIES = {
    "0": ("kerlint itself", "What was not understood, and suppressions that suppress nothing."),
    "1": ("Data and labels", "What reaches `fit`: its range, its scaling, its labels, its splits."),
    "2": ("Architecture", "What stands between input and head: activations, shapes, initial weights."),
    "3": ("Head, loss and metrics", "Whether the last layer, the labels, the loss and the metrics speak of the same thing."),
    "4": ("Optimizer and learning rate", "Step size, batch size, and schedules that cannot work."),
    "5": ("Training", "Callbacks, validation, transfer learning, custom loops."),
    "6": ("Regularization", "Too much of it, too little, or in the wrong place."),
    "7": ("Runtime", "Seeds, input pipelines, speed, files of models."),
    "8": ("Migration", "What Keras 3 no longer takes, with fixes for most of it."),
    "9": ("Opinions", "Off until selected: expert code breaks them often, and on purpose."),
}
CODE = re.compile(r"\bKER\d{3}\b")
FENCE = re.compile(r"^```(?P<words>[^\n]*)\n(?P<body>.*?)^```[ \t]*$\n?", re.MULTILINE | re.DOTALL)
SETTINGS = re.compile(r"^```toml\n.*?^```[ \t]*\n", re.MULTILINE | re.DOTALL)
TITLE = re.compile(r"\A\s*# .+\n+")
NO_PROSE = re.compile(r"^(?P<ticks>`{3,}).*?^(?P=ticks)|`[^`]+`|^#[^\n]*$|\[[^\]]*\]\([^)]*\)|<[^>]*>", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"^<!-- (?P<what>readme|keys|example): ?(?P<words>.*?) ?-->$", re.MULTILINE)
"""Where a page takes something in from elsewhere."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The pages of rules join the navigation, by family; what it does not name is a guide."""
    sections = {name: pages for entry in config.nav or [] for name, pages in entry.items()}
    for family, (title, _) in FAMILIES.items():
        sections["Rules"].append({title: [{f"{rule.code} {rule.name}": path_of(rule)} for rule in _family(family)]})
    named = re.findall(r"[\w-]+\.md", json.dumps(config.nav))
    found = sorted(path.name for path in Path(config.docs_dir).glob("*.md"))
    sections["Guides"].extend(name for name in found if name not in named)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages of rules, and their index."""
    for rule in rules().values():
        files.append(File.generated(config, path_of(rule), content=page(rule)))
    files.append(File.generated(config, "rules/index.md", content=index()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """What a page takes in from elsewhere, and links at codes of rules."""
    path = page.file.src_uri
    markdown = PLACE.sub(lambda match: taken(match["what"], match["words"]), markdown)
    return linked(markdown, "" if path.startswith("rules/") else "rules/", path)


def path_of(rule: Rule) -> str:
    """Where the page of a rule stands in docs/."""
    return f"rules/{rule.page.stem}.md"


def _family(digit: str) -> list[Rule]:
    return [rule for rule in rules().values() if rule.code[3] == digit]


# A rule


def page(rule: Rule) -> str:
    """A rule's page as the site has it: facts under the title, options as a table, marked lines of examples highlighted."""
    before, _, after = SETTINGS.sub("\0", TITLE.sub("", rule.text), count=1).partition("\0")
    parts = [
        f"---\ntitle: {json.dumps(f'{rule.code} {rule.name}')}\ndescription: {json.dumps(rule.title)}\n---",
        f"# {rule.code}: {rule.title}",
        facts(rule),
        before.strip(),
        said(rule),
        options(rule),
        FENCE.sub(lambda match: fence(match["words"].split(), match["body"]), after).strip(),
        switches(rule),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def facts(rule: Rule) -> str:
    """Name, severity, fix and default, as a row of badges."""
    runs = "on by default" if rule.code in usual({rule.code: rule}) else "off until selected"
    badges = [("name", rule.name), (rule.severity.name, rule.severity.name)]
    badges += [("fix", f"fix: {FIXES[rule.fix]}")] if rule.fix != "none" else [("plain", "no fix")]
    badges += [("plain", runs)]
    return '<p class="facts">' + " ".join(f'<span class="{kind}">{html.escape(text)}</span>' for kind, text in badges) + "</p>"


def said(rule: Rule) -> str:
    """What is reported, in the words of the report; what depends on the code stands in braces."""
    parts = [rule.messages[""], *([f"*{hint}*"] if (hint := rule.hints.get("")) else [])]
    return "\n\n".join(['!!! quote "What it says"', *(f"    {part}" for part in parts)])


def options(rule: Rule) -> str:
    """The thresholds of a rule, with their sources."""
    if not rule.documented:
        return ""
    rows = [f"| `{name}` | `{_value(option.default)}` | {_cell(option.source)} |" for name, option in rule.documented.items()]
    return "\n".join([f"Options, set in `[tool.kerlint.rules.{rule.code}]`:", "", "| option | default | source |", "|---|---|---|", *rows])


def fence(words: list[str], body: str) -> str:
    """An example: lines that are reported stand out, and what the words of the fence say becomes a title."""
    marked = [str(row) for row, line in enumerate(body.splitlines(), 1) if re.search(r"#[ \t]*KER\d{3}", line)]
    name = next((word.removeprefix("file=") for word in words if word.startswith("file=")), "with the fixes" if "fixed" in words else "")
    title = f' title="{name}"' if name else ""
    lines = f' hl_lines="{" ".join(marked)}"' if marked else ""
    return f"```{' '.join(words[:1])}{title}{lines}\n{body}```\n"


def switches(rule: Rule) -> str:
    """How to switch a rule off, or on, and what it is near to."""
    text = f"## Switching it {'off' if rule.on else 'on'}\n\n"
    if rule.on:
        text += f'```toml title="pyproject.toml"\n[tool.kerlint]\nignore = ["{rule.code}"]\n```\n\n'
        text += f"For one line: `# kerlint: ignore[{rule.name}] why`. More in [Suppressing and baseline](../suppressing.md)."
    else:
        text += f'```toml title="pyproject.toml"\n[tool.kerlint]\nextend-select = ["{rule.code}"]\n```'
    return text + near(rule)


def near(rule: Rule) -> str:
    """The rules that a page speaks of, and those whose pages speak of it."""
    named = {code for code in _named(rule.text) if code != rule.code}
    named |= {other.code for other in rules().values() if other.code != rule.code and rule.code in _named(other.text)}
    found = [rules()[code] for code in sorted(named)]
    lines = [f"* [{other.code}]({other.page.name}) `{other.name}`: {other.title}" for other in found]
    return "\n\n## Related rules\n\n" + "\n".join(lines) if lines else ""


def _named(text: str) -> set[str]:
    return set(CODE.findall(FENCE.sub("", text))) & rules().keys()


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("|", "\\|")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# The index


def index() -> str:
    """All rules, family by family; the field above narrows them."""
    return "\n\n".join(["# Rules", _counted(), FILTER, *(_section(digit) for digit in FAMILIES)]) + "\n"


FILTER = '<input class="filter" type="search" placeholder="Filter: loss, KER4, error, safe …" aria-label="Filter the rules" hidden>'


def _counted() -> str:
    on = len(usual(rules()))
    return (
        f"{len(rules())} rules, of which {on} run unless something else is [configured](../configuration.md). "
        "`kerlint rule KER301` prints a page in the terminal."
    )


def _section(digit: str) -> str:
    title, aim = FAMILIES[digit]
    rows = [
        f"| [{rule.code}]({rule.page.name}) | {rule.title}<br>`{rule.name}` "
        f'| <span class="{rule.severity.name}">{rule.severity.name}</span> '
        f"| {rule.fix if rule.fix != 'none' else ''} | {'' if rule.on else 'off'} |"
        for rule in _family(digit)
    ]
    head = ["| code | claim | severity | fix | default |", "|---|---|---|---|---|"]
    return "\n".join([f"## {title} (KER{digit})", "", aim, "", *head, *rows])


# What pages take in


def taken(what: str, words: str) -> str:
    """What stands in the place of `<!-- WHAT: WORDS -->`."""
    match what:
        case "readme":
            return readme(words)
        case "keys":
            return "\n\n".join(keys())
        case _:
            path = ROOT / words
            kind = {".py": "python", ".md": "markdown", ".toml": "toml"}[path.suffix]
            return f'````{kind} title="{words}"\n{path.read_text(encoding="utf-8")}````'


def readme(heading: str) -> str:
    """A section of the README; what stands in front of all of them, if none is named."""
    start, *sections = re.split(r"^## ", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    if not heading:
        return start.partition("\n")[2].strip()
    (found,) = (section.partition("\n")[2].strip() for section in sections if section.startswith(f"{heading}\n"))
    return found


def keys() -> Iterator[str]:
    """The keys of the configuration, as the types of the settings have them."""
    for name in KEYS:
        description, default = about(name)
        lines = [f"### `{name}`", description, f"Default: `{default}`"]
        if choices := [choice for choice in choices_of(name) if choice]:
            lines.append(f"One of: {', '.join(f'`{choice}`' for choice in choices)}")
        yield "\n\n".join(lines)


def linked(markdown: str, folder: str, path: str) -> str:
    """Codes of rules in prose become links, but for those of the page itself and in what is code, a heading or a link already."""
    parts, at = [], 0
    for match in NO_PROSE.finditer(markdown):
        parts += [_links(markdown[at : match.start()], folder, path), match.group()]
        at = match.end()
    return "".join([*parts, _links(markdown[at:], folder, path)])


def _links(text: str, folder: str, path: str) -> str:
    def link(match: re.Match[str]) -> str:
        rule = rules().get(match.group())
        if rule is None or path == path_of(rule):
            return match.group()
        return f'[{rule.code}]({folder}{rule.page.name} "{html.escape(rule.title)}")'

    return CODE.sub(link, text)
