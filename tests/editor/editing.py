"""An editor as pytest-lsp plays it, with files in a directory of its own."""

from __future__ import annotations

import ast
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

ROOT = Path(__file__).parent.parent.parent
FAULT = """\
from tensorflow import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
"""
"""A script with one finding: KER301 in line 3."""
PATIENCE = 120
"""Seconds for which an answer is awaited before a test fails; a busy machine needs many."""


class Editor(LanguageClient):
    """A client that keeps what it is told, and knows its files."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.published: list[types.PublishDiagnosticsParams] = []
        self.refreshed: list[str] = []
        self.registered: list[types.Registration] = []
        self.news = asyncio.Event()

        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published.append(params)
            self.news.set()

        def register(params: types.RegistrationParams) -> None:
            self.registered.extend(params.registrations)
            self.news.set()

        features: dict[str, Any] = {
            **DEFAULT_CLIENT_FEATURES,
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: publish,
            types.CLIENT_REGISTER_CAPABILITY: register,
        }
        for method in (types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH):
            features[method] = lambda params, method=method: self.refreshed.append(method)
        register_lsp_features(self, features)

    async def start(self, capabilities: types.ClientCapabilities | None = None, **options: Any) -> types.InitializeResult:
        """Begin a session; `options` are settings, and the debounce is short unless they say otherwise."""
        folder = types.WorkspaceFolder(self.folder.as_uri(), "project")
        params = types.InitializeParams(
            capabilities or pushing(),
            workspace_folders=[folder],
            initialization_options={"debounce": 10, **options},
        )
        return await self.initialize_session(params)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def write(self, name: str, text: str) -> str:
        """A file on disk."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path.as_uri()

    def open(self, name: str, text: str, version: int = 1) -> str:
        """Open a script, which need not be on disk."""
        uri = self.uri(name)
        self.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "python", version, text)))
        return uri

    def edit(self, uri: str, version: int, *changes: types.TextDocumentContentChangeEvent) -> None:
        identifier = types.VersionedTextDocumentIdentifier(uri=uri, version=version)
        self.text_document_did_change(types.DidChangeTextDocumentParams(identifier, list(changes)))

    def replace(self, uri: str, version: int, text: str) -> None:
        """The whole text anew."""
        self.edit(uri, version, types.TextDocumentContentChangeWholeDocument(text))

    async def until(self, true: Callable[[], Any]) -> None:
        """Wait for something that comes with a message."""

        async def wait() -> None:
            while not true():
                self.news.clear()
                try:
                    await asyncio.wait_for(self.news.wait(), 0.1)
                except asyncio.TimeoutError:
                    continue

        await asyncio.wait_for(wait(), PATIENCE)

    async def told(self, uri: str, version: int | None = None) -> Sequence[types.Diagnostic]:
        """The last findings that were sent of a document, when some were sent of this version."""
        await self.until(lambda: any(one.uri == uri and version in (None, one.version) for one in self.published))
        return next(one for one in reversed(self.published) if one.uri == uri and version in (None, one.version)).diagnostics

    async def codes(self, uri: str, version: int | None = None) -> list[str]:
        return [str(found.code) for found in await self.told(uri, version)]

    async def actions(self, uri: str, place: types.Range, *only: str) -> list[types.CodeAction]:
        context = types.CodeActionContext([], only=list(only) or None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), place, context)
        return [_action(one) for one in await self.text_document_code_action_async(params) or ()]


def _action(found: types.Command | types.CodeAction) -> types.CodeAction:
    """An action; lsprotocol 2025.0 takes each one that has a command for a command, with that one, spelled out, as its name."""
    match found:
        case types.CodeAction() as action:
            return action
        case types.Command(title=title, command=spelled):
            command = ast.literal_eval(spelled)
            return types.CodeAction(title, command=types.Command(command["title"], command["command"], arguments=command["arguments"]))


def pushing(name: str = "neovim", **more: Any) -> types.ClientCapabilities:
    """What an editor can do that is sent its findings: Neovim, with what it has learned since."""
    found = client_capabilities(name)
    assert found.text_document is not None
    assert found.workspace is not None
    found.text_document.diagnostic = None
    found.general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf16])
    found.notebook_document = types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities())
    for key, value in more.items():
        setattr(found, key, value)
    return found


def pulling() -> types.ClientCapabilities:
    """What an editor can do that asks for findings."""
    found = pushing()
    assert found.text_document is not None
    assert found.workspace is not None
    found.text_document.diagnostic = types.DiagnosticClientCapabilities(related_document_support=True)
    found.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=True)
    return found


def cursor(line: int, character: int) -> types.Range:
    return types.Range(types.Position(line, character), types.Position(line, character))


def edited(text: str, edits: Sequence[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]) -> str:
    """A text of ASCII after edits."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]

    def offset(position: types.Position) -> int:
        return min(starts[position.line] + position.character, len(text)) if position.line < len(starts) else len(text)

    for edit in sorted(edits, key=lambda edit: offset(edit.range.start), reverse=True):
        assert isinstance(edit, types.TextEdit)
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


def edits_of(action: types.CodeAction, uri: str) -> list[Any]:
    """The edits of one document."""
    assert action.edit is not None
    if action.edit.changes is not None:
        return list(action.edit.changes[uri])
    documents = [change for change in action.edit.document_changes or () if isinstance(change, types.TextDocumentEdit)]
    return [edit for change in documents if change.text_document.uri == uri for edit in change.edits]


CONFIG = ClientServerConfig(
    server_command=[sys.executable, "-m", "kerlint", "server"],
    client_factory=Editor,
    server_env={**os.environ, "PYTHONPATH": str(ROOT)},
)
