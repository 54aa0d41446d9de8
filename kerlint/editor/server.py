"""The server of one editor: what is open, what was set, what was published."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from lsprotocol import types
from pygls.exceptions import FeatureRequestError, JsonRpcException
from pygls.lsp.server import LanguageServer

from kerlint import __version__
from kerlint.config import NAMES
from kerlint.editor.actions import Offers
from kerlint.editor.asking import Analysts
from kerlint.editor.client import Client
from kerlint.editor.documents import Documents, Notebook, uri_of
from kerlint.editor.messages import Failed, Note, Settings
from kerlint.editor.sessions import Sessions
from kerlint.editor.settings import SECTION, settings
from kerlint.editor.translating import diagnostic
from kerlint.editor.wire import Protocol, listen
from kerlint.editor.workspace import Workspace
from kerlint.mistake import MistakeError

CONFIGURING = (*NAMES, "setup.cfg", "setup.py")
WATCHED = ("**/*.py", "**/*.ipynb", "**/*.toml", "**/requirements*.txt", "**/setup.cfg", "**/*baseline*.json")
NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithNotebook(
            types.NotebookDocumentFilterNotebookType("jupyter-notebook"), [types.NotebookCellLanguage("python")]
        )
    ]
)


class Server(LanguageServer):
    """The state of a server, and what it says by itself."""

    protocol: Protocol

    def __init__(self, given: Settings) -> None:
        super().__init__("kerlint", __version__, notebook_document_sync=NOTEBOOKS, protocol_cls=Protocol)
        self.documents = Documents()
        self.analysts = Analysts()
        self.sessions = Sessions(self.documents, self.analysts, self.publish, self.failed, given)
        self.files = Workspace(self.sessions, self.analysts, self.protocol.progress)
        self.client = Client(types.ClientCapabilities())
        self.published: set[str] = set()
        self.told: set[str] = set()

    # Beginning

    def begin(self, params: types.InitializeParams) -> None:
        """Learn what the client can do and what it sets."""
        self.client = Client(params.capabilities)
        self.sessions.encoding = self.client.encoding
        self.configure(params.initialization_options)

    async def settle(self) -> None:
        """Ask the client for what it sets, and to be told of what changes."""
        registrations = [
            types.Registration(f"kerlint-{method}", method, options)
            for method, options, able in (
                (
                    types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                    types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(pattern) for pattern in WATCHED]),
                    self.client.watches,
                ),
                (
                    types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                    types.DidChangeConfigurationRegistrationOptions(SECTION),
                    self.client.tells_configuration,
                ),
            )
            if able
        ]
        await self.reconfigure(None)
        self.files.begin(self.workspace.folders, self.client.progress)
        if registrations:
            await self.client_register_capability_async(types.RegistrationParams(registrations))

    async def reconfigure(self, sent: object) -> None:
        """The settings have changed: those that were sent count, unless the client can be asked."""
        if self.client.has_configuration:
            items = [types.ConfigurationItem(section=SECTION)]
            (sent,) = await self.workspace_configuration_async(types.ConfigurationParams(items)) or (None,)
        if sent is not None and self.configure(sent):
            self.renew()

    def configure(self, sent: object) -> bool:
        """Take settings over; whether they are others than before."""
        try:
            found = settings(sent)
        except MistakeError as error:
            self.tell(str(error))
            return False
        before, self.sessions.settings = self.sessions.settings, found
        return before != found

    def renew(self) -> None:
        """Look at everything again: settings or configurations are others."""
        self.told.clear()
        self.sessions.generation += 1
        self.sessions.look_at_all()
        self.files.begin(self.workspace.folders, self.client.progress)
        self.refresh()

    # Saying

    def publish(self, paths: set[str]) -> None:
        """Send the findings of files; those of open scripts are not sent to clients that ask for them."""
        for path in sorted(paths):
            document = self.documents.at(path)
            notes = list(self.sessions.notes(path))
            if document is None:
                self._publish(uri_of(path), notes, None)
            elif isinstance(document, Notebook):
                for text in document.texts.values():
                    self._publish(text.uri, [note for note in notes if self.sessions.address(note.place) == text.uri], text.version)
            elif not self.client.pulls:
                self._publish(document.uri, notes, document.version)
        if self.client.pulls and len(paths) > 1:
            self.refresh()

    def _publish(self, uri: str, notes: list[Note], version: int | None) -> None:
        if not notes and version is None and uri not in self.published:
            return
        (self.published.add if notes else self.published.discard)(uri)
        found = [self.diagnostic(note) for note in notes]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))

    def withdraw(self, uris: list[str]) -> None:
        """Documents are closed: nothing is said of them any more."""
        for uri in uris:
            self.published.discard(uri)
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def diagnostic(self, note: Note) -> types.Diagnostic:
        """A finding as this client shows it."""
        return diagnostic(note, self.sessions.address, self.client.related)

    @property
    def offers(self) -> Offers:
        """Makes actions for this client."""
        return Offers(self.sessions.address, self._version if self.client.versions else None, self.client.related)

    def _version(self, uri: str) -> int | None:
        text = self.documents.text(uri)
        return text.version if text is not None else None

    def refresh(self) -> None:
        """Ask the client to ask again for what it shows."""
        if self.client.refreshes_diagnostics:
            self.workspace_diagnostic_refresh(None)
        if self.client.refreshes_lenses:
            self.workspace_code_lens_refresh(None)
        if self.client.refreshes_hints:
            self.workspace_inlay_hint_refresh(None)

    def failed(self, failure: Failed, path: str) -> None:
        """Tell the user why nothing is known of a file."""
        if failure.traceback:
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"{path}\n{failure.traceback}"))
            self.tell(f"internal error in {path}: {failure.message}; please report (the log shows where)")
        else:
            self.tell(f"{path} not analysed: {failure.message}")

    def tell(self, sentence: str) -> None:
        """Show a sentence once, until settings change."""
        if sentence not in self.told:
            self.told.add(sentence)
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"kerlint: {sentence}"))

    def report_server_error(self, error: Exception, source: type[Exception]) -> None:
        """What a message of the client's leads to goes to its log, not in front of the user; an error of a request is its answer."""
        if source is FeatureRequestError:
            return
        self.window_log_message(types.LogMessageParams(types.MessageType.Error, f"{type(error).__name__}: {error}"))


def run(given: Settings) -> int:
    """Serve one editor on standard input and output, by settings that count where the editor sets nothing; the exit code."""
    from kerlint.editor import features

    # What goes wrong is told to the client. Nobody may read standard error, and a full pipe would stop the server.
    logging.disable()
    return asyncio.run(_run(features.register(Server(given))))


async def _run(server: Server) -> int:
    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        server.report_server_error(context.get("exception") or RuntimeError(context["message"]), JsonRpcException)

    asyncio.get_running_loop().set_exception_handler(report)
    server.analysts.start()
    try:
        return await listen(server.protocol, 0)
    finally:
        await server.analysts.stop()
