"""Findings as one page to keep or to send: nothing in it is fetched from elsewhere, and it runs no script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

from kerlint import __version__
from kerlint.finding import Finding, Range, Severity
from kerlint.reports import Batch
from kerlint.reports.text import lines_of, marked, rows_of, visible

_CODE = re.compile(r"`([^`]*)`")
STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d8dee4, #3d444d); --faint: light-dark(#59636e, #9198a1);
  --code: light-dark(#f6f8fa, #151b23); --error: light-dark(#b3001b, #ff7b72); --warning: light-dark(#8a5a00, #e3b341);
  --info: light-dark(#0550ae, #79c0ff); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
table { border-collapse: collapse; } td, th { padding: .15em 1em .15em 0; text-align: left; } td.count { text-align: right; }
article { border: 1px solid var(--line); border-left-width: 4px; border-radius: 4px; padding: .6em 1em; margin: 1em 0; }
article.error { border-left-color: var(--error); } article.warning { border-left-color: var(--warning); }
article.info { border-left-color: var(--info); }
.error b { color: var(--error); } .warning b { color: var(--warning); } .info b { color: var(--info); }
header { font-size: .9em; } header .place { float: right; } p { margin: .4em 0; overflow-wrap: anywhere; }
pre { background: var(--code); padding: .5em .8em; margin: .4em 0; overflow-x: auto; }
.number, figcaption, .place, footer { color: var(--faint); } .number { user-select: none; } figure { margin: .4em 0; }
mark { background: none; color: inherit; text-decoration: underline wavy var(--faint); text-underline-offset: 4px; }
.error > pre mark { text-decoration-color: var(--error); } .warning > pre mark { text-decoration-color: var(--warning); }
"""


def report(batch: Batch) -> Iterator[str]:
    """The page, line by line: how many of each rule, then every finding by file, with its code."""
    said = _said(batch)
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield f'<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>kerlint: {said}</title>'
    yield f"<style>{STYLE}</style></head>"
    yield "<body>"
    yield f"<h1>kerlint: {said}</h1>"
    yield from _troubles(batch)
    yield from _table(batch)
    for path, findings in groupby(batch.findings, _path):
        yield f"<section><h2>{_text(batch.path(path))}</h2>"
        for finding in findings:
            yield from _article(finding, batch)
        yield "</section>"
    yield f"<footer>kerlint {__version__}</footer>"
    yield "</body>"
    yield "</html>"


def _said(batch: Batch) -> str:
    counts = Counter(finding.severity for finding in batch.findings)
    found = [f"{counts[severity]:,} {_plural(severity, counts[severity])}" for severity in reversed(Severity) if counts[severity]]
    return ", ".join(found) or "nothing found"


def _plural(severity: Severity, count: int) -> str:
    return "advice" if severity is Severity.info else severity.name + "s" * (count != 1)


def _troubles(batch: Batch) -> Iterator[str]:
    if batch.troubles:
        yield "<h2>Not analysed</h2>"
        yield "<ul>"
        for trouble in batch.troubles:
            yield f"<li>{_text(batch.path(trouble.path))}: {_text(trouble.message)}</li>"
        yield "</ul>"


def _table(batch: Batch) -> Iterator[str]:
    counts = Counter((finding.code, finding.name, finding.url) for finding in batch.findings)
    if counts:
        yield "<table><thead><tr><th>Findings</th><th>Rule</th><th></th></tr></thead><tbody>"
        for (code, name, url), count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0][0])):
            yield f'<tr><td class="count">{count:,}</td><td>{_link(code, url)}</td><td>{_text(name)}</td></tr>'
        yield "</tbody></table>"


def _article(finding: Finding, batch: Batch) -> Iterator[str]:
    assert finding.range is not None
    place = str(finding.range).removeprefix(f"{finding.range.path}:")
    severity = finding.severity.name
    yield f'<article class="{severity}"><header><span class="place">{_text(place)}</span>'
    yield f"<b>{severity}</b> {_link(finding.code, finding.url)} {_text(finding.name)}</header>"
    yield f"<p>{_prose(finding.message)}</p>"
    yield from _code(finding.range, batch)
    for other in finding.related:
        if other.range is not None:
            yield f"<figure><figcaption>{_prose(f'{_elsewhere(other.range, finding.range)}: {other.message}')}</figcaption>"
            yield from _code(other.range, batch)
            yield "</figure>"
    if finding.hint:
        yield f"<p>{_prose(finding.hint)}</p>"
    if finding.fix:
        yield f"<p>{'Fix' if finding.fix.safe else 'Unsafe fix'}: {_prose(finding.fix.message)}</p>"
    if finding.evidence:
        yield f"<p><strong>{_text(finding.evidence.verdict)}</strong>: {_prose(finding.evidence.detail)}</p>"
    yield "</article>"


def _elsewhere(place: Range, here: Range) -> str:
    return str(place) if place.path != here.path else str(place).removeprefix(f"{place.path}:")


def _code(place: Range, batch: Batch) -> Iterator[str]:
    """The lines of a place with their numbers, what they are about marked."""
    text = lines_of(place, batch.sources)
    rows = rows_of(place, text)
    if rows:
        width = len(str(place.end.row))
        shown = [_line(text[row - 1], place, row, width) if row else "..." for row in rows]
        yield "<pre>" + "\n".join(shown) + "</pre>"


def _line(line: str, place: Range, row: int, width: int) -> str:
    start, end = marked(line, place, row)
    inner = f"<mark>{_text(line[start:end])}</mark>" if end > start else ""
    return f'<span class="number">{row:>{width}}  </span>{_text(line[:start])}{inner}{_text(line[max(start, end) :])}'


def _path(finding: Finding) -> Path:
    assert finding.range is not None
    return finding.range.path


def _link(text: str, url: str | None) -> str:
    return f'<a href="{escape(url)}">{_text(text)}</a>' if url else _text(text)


def _prose(text: str) -> str:
    """A message, with code where it stands between backquotes."""
    return _CODE.sub(r"<code>\1</code>", _text(text))


def _text(text: str) -> str:
    """Text that is only text; what HTML cannot hold (control characters) is shown as its picture."""
    return escape(visible(text))
