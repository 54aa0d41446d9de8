"""What an editor offers at a finding: its fix, comments that silence it, its page; and all safe fixes of a file at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lsprotocol import types

from kerlint.editor.messages import Change, Note, Remedy
from kerlint.editor.translating import Address, diagnostic, workspace_edit

FIX_ALL = "source.fixAll.kerlint"
KINDS = (types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll, FIX_ALL)
EXPLAIN = "kerlint.explain"


@dataclass(frozen=True, slots=True)
class Offers:
    """Makes actions for one client."""

    address: Address
    versions: Callable[[str], int | None] | None
    related: bool

    def edit(self, changes: Iterable[Change]) -> types.WorkspaceEdit:
        """Changes as an edit."""
        return workspace_edit(changes, self.address, self.versions)

    def of(self, note: Note, remedy: Remedy, path: str) -> Iterator[types.CodeAction]:
        """Everything that can be done about one finding, the fix first."""
        about = [diagnostic(note, self.address, self.related)]
        if remedy.fix is not None:
            kind = "safe fix" if note.safe else "unsafe fix, changes the training"
            yield self._quick(f"{_capital(note.fix)} ({note.code}, {kind})", about, remedy.fix, note.safe)
        if remedy.line:
            yield self._quick(f"Ignore {note.code} on this line", about, remedy.line)
        yield self._quick(f"Ignore {note.code} in this file", about, remedy.file)
        title = f"Explain {note.code} {note.name}"
        command = types.Command(title, EXPLAIN, arguments=[note.code, path])
        yield types.CodeAction(title, kind=types.CodeActionKind.QuickFix, diagnostics=about, command=command)

    def _quick(self, title: str, about: list[types.Diagnostic], changes: Sequence[Change], preferred: bool = False) -> types.CodeAction:
        kind = types.CodeActionKind.QuickFix
        return types.CodeAction(title, kind=kind, diagnostics=about, is_preferred=preferred or None, edit=self.edit(changes))


def fix_all(uri: str) -> types.CodeAction:
    """All safe fixes of a file; what they change is found out when it is asked for."""
    return types.CodeAction("Fix all safe kerlint findings", kind=FIX_ALL, data={"uri": uri})


def wants(only: Sequence[types.CodeActionKind | str] | None, kind: str) -> bool:
    """Whether a client asks for actions of a kind: for it, for one that it belongs to, or for all."""
    return only is None or any(kind == str(_name(one)) or kind.startswith(f"{_name(one)}.") or not _name(one) for one in only)


def _name(kind: types.CodeActionKind | str) -> str:
    match kind:
        case types.CodeActionKind(value=value):
            return str(value)
        case _:
            return kind


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
