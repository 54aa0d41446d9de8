"""What the editor tells and asks, method by method."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.uris import to_fs_path

from kerlint.editor import actions, translating
from kerlint.editor.documents import Notebook, Text
from kerlint.editor.messages import Changes, Describe, Explain, Facts, Failed, Note, Page, Place, Remedies, Repair, RepairAll
from kerlint.editor.server import CONFIGURING, Server
from kerlint.editor.sessions import Session

PYTHON = "python"
LINT_WORKSPACE = "kerlint.lintWorkspace"
PULL = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier="kerlint")
ACTIONS = types.CodeActionOptions(code_action_kinds=actions.KINDS, resolve_provider=True)


def register(server: Server) -> Server:
    """Give a server its methods."""
    for method, handler, options in (
        (types.INITIALIZE, initialize, None),
        (types.INITIALIZED, initialized, None),
        (types.TEXT_DOCUMENT_DID_OPEN, opened, None),
        (types.TEXT_DOCUMENT_DID_CHANGE, changed, None),
        (types.TEXT_DOCUMENT_DID_SAVE, saved, types.SaveOptions(include_text=False)),
        (types.TEXT_DOCUMENT_DID_CLOSE, closed, None),
        (types.NOTEBOOK_DOCUMENT_DID_OPEN, notebook_opened, None),
        (types.NOTEBOOK_DOCUMENT_DID_CHANGE, notebook_changed, None),
        (types.NOTEBOOK_DOCUMENT_DID_SAVE, notebook_saved, None),
        (types.NOTEBOOK_DOCUMENT_DID_CLOSE, notebook_closed, None),
        (types.WORKSPACE_DID_CHANGE_CONFIGURATION, configuration_changed, None),
        (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, files_changed, None),
        (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, folders_changed, None),
        (types.TEXT_DOCUMENT_DIAGNOSTIC, pull, PULL),
        (types.TEXT_DOCUMENT_CODE_ACTION, code_actions, ACTIONS),
        (types.CODE_ACTION_RESOLVE, resolve, None),
        (types.TEXT_DOCUMENT_HOVER, hover, None),
        (types.TEXT_DOCUMENT_CODE_LENS, lenses, types.CodeLensOptions()),
        (types.TEXT_DOCUMENT_INLAY_HINT, hints, types.InlayHintOptions()),
    ):
        server.feature(method, options)(handler)
    server.command(actions.EXPLAIN)(explain)
    server.command(LINT_WORKSPACE)(lint_workspace)
    return server


# Life


def initialize(server: Server, params: types.InitializeParams) -> None:
    """The client says what it can do."""
    server.begin(params)


async def initialized(server: Server, params: types.InitializedParams) -> None:
    """The client is ready to be asked."""
    await server.settle()


async def configuration_changed(server: Server, params: types.DidChangeConfigurationParams) -> None:
    """The settings are others."""
    await server.reconfigure(params.settings)


def files_changed(server: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Files have changed on disk: configurations, or code that others rest on."""
    events = [(path, change.type) for change in params.changes if (path := to_fs_path(change.uri)) is not None]
    if any(_configures(Path(path)) for path, _ in events):
        server.renew()
        return
    moved = any(kind != types.FileChangeType.Changed for _, kind in events)
    server.sessions.look_at_all(None if moved else [str(Path(path).resolve()) for path, _ in events])
    for path, kind in events:
        server.files.changed(path, kind == types.FileChangeType.Deleted)


def _configures(path: Path) -> bool:
    return path.suffix == ".toml" or path.name in CONFIGURING or path.match("requirements*.txt") or path.match("*baseline*.json")


def folders_changed(server: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Folders were added or removed."""
    server.files.begin(server.workspace.folders, server.client.progress)


# Scripts


def opened(server: Server, params: types.DidOpenTextDocumentParams) -> None:
    """A script is open. Text in other languages is kept, so that its changes are no surprise, and not looked at."""
    item = params.text_document
    text = Text(item.uri, item.version, item.text, item.language_id)
    server.documents.put(text)
    if text.language == PYTHON:
        server.sessions.begin(text)


def changed(server: Server, params: types.DidChangeTextDocumentParams) -> None:
    """A script holds something else."""
    identifier = params.text_document
    text = server.documents.text(identifier.uri)
    if text is None:
        raise JsonRpcInvalidParams(f"{identifier.uri} is not open")
    text.change(params.content_changes, identifier.version, server.client.encoding)
    if (session := server.sessions.of(identifier.uri)) is not None:
        server.sessions.changed(session)


def saved(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    """A file is on disk as it is in the editor; what others may tell of it is asked for by watching."""
    path = to_fs_path(params.text_document.uri)
    if path is not None and _configures(Path(path)):
        server.renew()


def closed(server: Server, params: types.DidCloseTextDocumentParams) -> None:
    """A script is closed."""
    _close(server, params.text_document.uri)


def _close(server: Server, uri: str) -> None:
    document = server.documents.open.get(uri)
    if document is None:
        return
    uris = [text.uri for text in document.texts.values()] if isinstance(document, Notebook) else [uri]
    server.documents.remove(uri)
    server.withdraw(uris)
    server.sessions.end(uri)


# Notebooks


def notebook_opened(server: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    """A notebook is open."""
    item = params.notebook_document
    notebook = Notebook(item.uri, item.version, list(item.cells), item.metadata)
    server.documents.put(notebook)
    for cell in params.cell_text_documents:
        server.documents.add_cell(notebook, cell)
    server.sessions.begin(notebook)


def notebook_changed(server: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    """Cells of a notebook were changed, moved, added or removed."""
    identifier = params.notebook_document
    notebook = server.documents.open.get(identifier.uri)
    if not isinstance(notebook, Notebook):
        raise JsonRpcInvalidParams(f"{identifier.uri} is not an open notebook")
    notebook.version = identifier.version
    if params.change.metadata is not None:
        notebook.metadata = params.change.metadata
    if params.change.cells is not None:
        _change_cells(server, notebook, params.change.cells)
    if (session := server.sessions.of(identifier.uri)) is not None:
        server.sessions.changed(session)


def _change_cells(server: Server, notebook: Notebook, change: types.NotebookDocumentCellChanges) -> None:
    if change.structure is not None:
        notebook.restructure(change.structure.array)
        for item in change.structure.did_open or ():
            server.documents.add_cell(notebook, item)
        for identifier in change.structure.did_close or ():
            server.documents.remove_cell(notebook, identifier.uri)
            server.withdraw([identifier.uri])
    kinds = {cell.document: cell for cell in change.data or ()}
    notebook.cells = [kinds.get(cell.document, cell) for cell in notebook.cells]
    for content in change.text_content or ():
        text = notebook.texts.get(content.document.uri)
        if text is None:
            raise JsonRpcInvalidParams(f"{content.document.uri} is no cell of the notebook")
        text.change(content.changes, content.document.version, server.client.encoding)


def notebook_saved(server: Server, params: types.DidSaveNotebookDocumentParams) -> None:
    """A notebook is on disk as it is in the editor."""


def notebook_closed(server: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    """A notebook is closed."""
    _close(server, params.notebook_document.uri)


# What is asked


async def pull(server: Server, params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
    """The findings of a script; those of cells are sent."""
    session = await server.sessions.fresh(params.text_document.uri)
    if session is None or not isinstance(session.document, Text):
        return types.RelatedFullDocumentDiagnosticReport([])
    items = [server.diagnostic(note) for note in server.sessions.notes(session.path)]
    related = _related(server, session) if server.client.related_documents else None
    number = blake2b(repr((items, related)).encode("utf-8", "replace"), digest_size=8).hexdigest()
    if params.previous_result_id == number:
        return types.RelatedUnchangedDocumentDiagnosticReport(number)
    return types.RelatedFullDocumentDiagnosticReport(items, related, result_id=number)


def _related(server: Server, session: Session) -> dict[str, types.FullDocumentDiagnosticReport | types.UnchangedDocumentDiagnosticReport]:
    paths = {note.place.path for note in session.analysis.notes} - {session.path}
    notes = [note for path in sorted(paths) for note in server.sessions.notes(path)]
    found: dict[str, list[types.Diagnostic]] = {}
    for note in notes:
        found.setdefault(server.sessions.address(note.place), []).append(server.diagnostic(note))
    return {uri: types.FullDocumentDiagnosticReport(items) for uri, items in found.items()}


def _here(server: Server, session: Session, uri: str) -> list[Note]:
    """The findings in a document, from wherever its file was looked at."""
    return [note for note in server.sessions.notes(session.path) if _inside(session, note.place, uri)]


async def code_actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be done at a place."""
    uri, only = params.text_document.uri, params.context.only
    session = await server.sessions.fresh(uri)
    if session is None or not server.client.actions:
        return []
    found: list[types.CodeAction] = []
    if actions.wants(only, types.CodeActionKind.QuickFix.value):
        notes = {note for note in _here(server, session, uri) if translating.meets(note.place, params.range)}
        for other in [session, *(other for other in server.sessions.open.values() if other is not session)]:
            found += await _quick_fixes(server, other, notes)
    if actions.wants(only, actions.FIX_ALL) and any(note.safe for note in _here(server, session, uri)):
        every = actions.fix_all(uri)
        found.append(every if server.client.resolves else await resolve(server, every))
    return found


async def _quick_fixes(server: Server, owner: Session, notes: set[Note]) -> list[types.CodeAction]:
    """What can be done about those of some findings that the analysis of a file has found; they are taken off."""

    def chosen(session: Session) -> list[tuple[int, Note]]:
        return [(number, note) for number, note in enumerate(session.analysis.notes) if note in notes]

    def question(session: Session) -> Repair:
        return Repair(session.path, server.client.encoding, session.analysis.state, tuple(number for number, _ in chosen(session)))

    if not chosen(owner):
        return []
    match await server.sessions.ask(owner.document.uri, question):
        case session, Remedies(remedies=remedies):
            pairs = list(zip(chosen(session), remedies, strict=True))
            notes.difference_update(note for (_, note), _ in pairs)
            return [action for (_, note), remedy in pairs for action in server.offers.of(note, remedy, session.path)]
        case session, Failed() as failed:
            server.failed(failed, session.path)
    return []


async def resolve(server: Server, params: types.CodeAction) -> types.CodeAction:
    """What an action changes that was chosen."""
    match params.data:
        case {"uri": str(uri)}:
            session = await server.sessions.fresh(uri)
        case _:
            return params
    if session is None:
        raise JsonRpcInvalidParams(f"{uri} is not open")
    match await server.analysts.ask(RepairAll(session.path, server.client.encoding, server.sessions.asked), 0):
        case Changes(changes=changes):
            params.edit = server.offers.edit(changes)
        case Failed() as failed:
            server.failed(failed, session.path)
    return params


async def hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    """The findings under the cursor, with the pages of their rules."""
    uri = params.text_document.uri
    session = await server.sessions.fresh(uri)
    if session is None:
        return None
    notes = [note for note in _here(server, session, uri) if translating.within(note.place, params.position)]
    if not notes:
        return None
    pages = [await _page(server, session.path, note.code) for note in notes]
    return translating.hover(notes, pages, server.client.markdown)


async def _page(server: Server, path: str, code: str) -> Page | None:
    match await server.analysts.ask(Explain(path, code, server.sessions.asked), 0):
        case Page() as page:
            return page
        case _:
            return None


async def _facts(server: Server, uri: str, shapes: bool = False) -> tuple[Session | None, Facts]:
    def question(session: Session) -> Describe:
        return Describe(session.path, server.client.encoding, session.analysis.state, shapes)

    match await server.sessions.ask(uri, question):
        case session, Facts() as facts:
            return session, facts
        case session, Failed() as failed:
            server.failed(failed, session.path)
    return None, Facts()


def _inside(session: Session | None, place: Place, uri: str) -> bool:
    """Whether a place is in a document of a session."""
    return session is not None and place.path == session.path and session.document.uris.get(place.part) == uri


async def lenses(server: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    """What is understood of calls that train, above them."""
    uri = params.text_document.uri
    if not server.sessions.settings.code_lens:
        return []
    session, facts = await _facts(server, uri)
    return [translating.lens(fit) for fit in facts.fits if _inside(session, fit.place, uri)]


async def hints(server: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    """The shapes behind layers."""
    uri = params.text_document.uri
    if not server.sessions.settings.inlay_hints:
        return []
    session, facts = await _facts(server, uri, shapes=True)
    shapes = [shape for shape in facts.shapes if _inside(session, shape.place, uri)]
    return [translating.hint(shape) for shape in shapes if translating.meets(shape.place, params.range)]


# Commands


async def explain(server: Server, code: str, path: str) -> dict[str, Any] | None:
    """Show the page of a rule; it is answered as well, for clients that would rather show it themselves."""
    page = await _page(server, path, code)
    if page is None:
        raise JsonRpcInvalidParams(f"no rule {code}")
    if server.client.shows_documents:
        await server.window_show_document_async(types.ShowDocumentParams(Path(page.file).as_uri(), external=False, take_focus=True))
    else:
        title = page.text.lstrip("# ").partition("\n")[0]
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, f"{code}: {title} ({page.url or page.file})"))
    return {"code": code, "markdown": page.text, "file": page.file, "url": page.url}


async def lint_workspace(server: Server) -> int:
    """Look at all files of the workspace."""
    return await server.files.lint(server.workspace.folders, server.client.progress)
