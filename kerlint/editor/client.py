"""What an editor says that it can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from kerlint.editor.positions import Encoding

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")


@dataclass(frozen=True, slots=True)
class Client:
    """The capabilities that make a difference."""

    capabilities: types.ClientCapabilities

    def _can(self, name: str) -> bool:
        return bool(get_capability(self.capabilities, name, False))

    def _listed(self, name: str) -> list[str]:
        found: Any = get_capability(self.capabilities, name, None)
        return [str(getattr(one, "value", one)) for one in found or ()]

    @property
    def encoding(self) -> Encoding:
        """The first encoding that the client prefers and that is known; UTF-16 if it says nothing, as pygls has it."""
        wanted = self._listed("general.position_encodings")
        return next((encoding for name in wanted for encoding in ENCODINGS if encoding == name), "utf-16")

    @property
    def pulls(self) -> bool:
        """Whether it asks for the findings of scripts."""
        return self.capabilities.text_document is not None and self.capabilities.text_document.diagnostic is not None

    @property
    def related(self) -> bool:
        """Whether it shows other places with a finding."""
        return self._can("text_document.publish_diagnostics.related_information") or self._can(
            "text_document.diagnostic.related_information"
        )

    @property
    def related_documents(self) -> bool:
        """Whether it takes findings of other files with those that it asked for."""
        return self._can("text_document.diagnostic.related_document_support")

    @property
    def versions(self) -> bool:
        """Whether its edits have versions."""
        return self._can("workspace.workspace_edit.document_changes")

    @property
    def actions(self) -> bool:
        """Whether it takes actions that are more than commands."""
        return get_capability(self.capabilities, "text_document.code_action.code_action_literal_support", None) is not None

    @property
    def resolves(self) -> bool:
        """Whether it asks for the edit of an action when that is chosen."""
        return "edit" in self._listed("text_document.code_action.resolve_support.properties")

    @property
    def markdown(self) -> bool:
        """Whether it shows Markdown in a hover; one that says nothing is taken to."""
        formats = self._listed("text_document.hover.content_format")
        return not formats or "markdown" in formats

    @property
    def has_configuration(self) -> bool:
        """Whether it can be asked for its settings."""
        return self._can("workspace.configuration")

    @property
    def watches(self) -> bool:
        """Whether it tells what happens to files."""
        return self._can("workspace.did_change_watched_files.dynamic_registration")

    @property
    def tells_configuration(self) -> bool:
        """Whether it wants to be told that changed settings are of interest."""
        return self._can("workspace.did_change_configuration.dynamic_registration")

    @property
    def progress(self) -> bool:
        """Whether it shows how far something is."""
        return self._can("window.work_done_progress")

    @property
    def shows_documents(self) -> bool:
        """Whether it can open a file."""
        return self._can("window.show_document.support")

    @property
    def refreshes_diagnostics(self) -> bool:
        """Whether it can be told to ask for findings again."""
        return self.pulls and self._can("workspace.diagnostics.refresh_support")

    @property
    def refreshes_lenses(self) -> bool:
        """Whether it can be told to ask for lenses again."""
        return self._can("workspace.code_lens.refresh_support")

    @property
    def refreshes_hints(self) -> bool:
        """Whether it can be told to ask for hints again."""
        return self._can("workspace.inlay_hint.refresh_support")
