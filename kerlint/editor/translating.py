"""What the analysis answers in the protocol's terms: diagnostics, edits, lenses, hints, hovers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from lsprotocol import types

from kerlint.editor.messages import Change, Note, Page, Place, Shape, Training

SOURCE = "kerlint"
SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "info": types.DiagnosticSeverity.Information,
}
_SETTINGS = re.compile(r"^```toml\n.*?^```[ \t]*\n", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"\A\s*# .+\n+")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)|[*`]")

Address = Callable[[Place], str]
"""The document that a place is in."""


def range_of(place: Place) -> types.Range:
    """A place without its file."""
    return types.Range(types.Position(*place.start), types.Position(*place.end))


def diagnostic(note: Note, address: Address, related: bool) -> types.Diagnostic:
    """A finding; `related`: whether the client shows other places."""
    message = f"{note.message}\n{note.hint}" if note.hint else note.message
    others = [types.DiagnosticRelatedInformation(location(other.place, address), other.message) for other in note.related]
    return types.Diagnostic(
        range_of(note.place),
        message,
        severity=SEVERITIES[note.severity],
        code=note.code,
        code_description=types.CodeDescription(note.url) if note.url else None,
        source=SOURCE,
        related_information=others if related and others else None,
    )


def location(place: Place, address: Address) -> types.Location:
    """A place in its document."""
    return types.Location(address(place), range_of(place))


def workspace_edit(changes: Iterable[Change], address: Address, versions: Callable[[str], int | None] | None) -> types.WorkspaceEdit:
    """Changes of documents; with the versions that they start from, where the client takes them."""
    edits: dict[str, list[types.TextEdit]] = {}
    for change in changes:
        edits.setdefault(address(change.place), []).append(types.TextEdit(range_of(change.place), change.content))
    if versions is None:
        return types.WorkspaceEdit(changes={uri: tuple(several) for uri, several in edits.items()})
    documents = [
        types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, versions(uri)), tuple(several))
        for uri, several in edits.items()
    ]
    return types.WorkspaceEdit(document_changes=tuple(documents))


def lens(training: Training) -> types.CodeLens:
    """A line above a call; there is nothing to run when it is clicked."""
    return types.CodeLens(range_of(training.place), command=types.Command(training.text, ""))


def hint(shape: Shape) -> types.InlayHint:
    """A shape behind a layer."""
    return types.InlayHint(types.Position(*shape.place.end), shape.text, kind=types.InlayHintKind.Type, padding_left=True)


def hover(notes: Sequence[Note], pages: Sequence[Page | None], markdown: bool) -> types.Hover:
    """The findings at a place with the pages of their rules."""
    texts = [_hovered(note, page) for note, page in zip(notes, pages, strict=True)]
    value = "\n\n---\n\n".join(texts)
    kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
    plain = _LINK.sub(lambda match: match[1] or "", value)
    return types.Hover(types.MarkupContent(kind, value if markdown else plain), range_of(notes[0].place))


def _hovered(note: Note, page: Page | None) -> str:
    code = f"[{note.code}]({note.url})" if note.url else note.code
    parts = [f"**{code} {note.name}** ({note.severity})", note.message, note.hint]
    if page is not None:
        parts.append(_SETTINGS.sub("", _TITLE.sub(r"", page.text), count=1).strip())
    return "\n\n".join(part for part in parts if part)


def within(place: Place, spot: types.Position) -> bool:
    """Whether a place holds a position; its end counts, since that is where a cursor stands behind it."""
    return place.start <= (spot.line, spot.character) <= place.end


def meets(place: Place, other: types.Range) -> bool:
    """Whether a place and a range have something in common, if only a border."""
    return place.start <= (other.end.line, other.end.character) and (other.start.line, other.start.character) <= place.end
