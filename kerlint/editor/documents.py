"""What is open in the editor: scripts, and notebooks whose cells are documents of their own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from lsprotocol import types
from pygls.uris import from_fs_path, to_fs_path

from kerlint.editor.messages import MARK
from kerlint.editor.positions import Encoding, Lines

_ODD = re.compile(r"[^\w.-]+")


@dataclass(slots=True)
class Text:
    """An open script, or a cell of a notebook."""

    uri: str
    version: int | None
    text: str
    language: str = "python"

    def change(self, changes: Iterable[types.TextDocumentContentChangeEvent], version: int | None, encoding: Encoding) -> None:
        """Make changes one after the other; they count as they come, whatever their version says."""
        for change in changes:
            match change:
                case types.TextDocumentContentChangePartial(range=place, text=text):
                    lines = Lines(self.text, encoding)
                    start = lines.offset(place.start.line, place.start.character)
                    end = lines.offset(place.end.line, place.end.character)
                    self.text = self.text[: min(start, end)] + text + self.text[max(start, end) :]
                case types.TextDocumentContentChangeWholeDocument(text=text):
                    self.text = text
        self.version = version

    @property
    def uris(self) -> dict[int | None, str]:
        """The documents of a file by the number of the cell."""
        return {None: self.uri}

    def content(self) -> bytes:
        """What a file with this text would hold."""
        return MARK + self.text.removeprefix("\ufeff").encode("utf-8", "replace")


@dataclass(slots=True)
class Notebook:
    """An open notebook; its cells hold their texts."""

    uri: str
    version: int | None
    cells: list[types.NotebookCell]
    metadata: object = None
    texts: dict[str, Text] = field(default_factory=dict)

    @property
    def code(self) -> list[str]:
        """The documents of its code cells, in order."""
        return [cell.document for cell in self.cells if cell.kind == types.NotebookCellKind.Code]

    @property
    def uris(self) -> dict[int | None, str]:
        """The documents of its code cells by their number."""
        return dict(enumerate(self.code, 1))

    def content(self) -> bytes:
        """The notebook as a file; a cell in another language is empty."""
        texts = (self.texts.get(uri) for uri in self.code)
        sources = [text.text if text is not None and text.language == "python" else "" for text in texts]
        cells = [{"cell_type": "code", "source": source} for source in sources]
        return json.dumps({"cells": cells, "metadata": self.metadata if isinstance(self.metadata, dict) else {}}).encode()

    def restructure(self, change: types.NotebookCellArrayChange) -> None:
        """Take cells away and put others in their place."""
        self.cells[change.start : change.start + change.delete_count] = list(change.cells or ())


Document = Text | Notebook


class Documents:
    """Everything that is open, by its address."""

    def __init__(self) -> None:
        self.open: dict[str, Document] = {}
        self._cells: dict[str, Notebook] = {}
        self._at: dict[str, Document] = {}

    def owner(self, uri: str) -> Document | None:
        """The script or notebook that a document is or belongs to."""
        return self._cells.get(uri) or self.open.get(uri)

    def text(self, uri: str) -> Text | None:
        """The text of a script or of a cell."""
        match self.owner(uri):
            case Notebook(texts=texts):
                return texts.get(uri)
            case Text() as text:
                return text
            case None:
                return None

    def at(self, path: str) -> Document | None:
        """What is open of a file."""
        return self._at.get(path)

    def put(self, document: Document) -> None:
        """Open a script or notebook."""
        self.remove(document.uri)
        self.open[document.uri] = document
        self._at[path_of(document)] = document

    def add_cell(self, notebook: Notebook, item: types.TextDocumentItem) -> None:
        """Open a cell."""
        notebook.texts[item.uri] = Text(item.uri, item.version, item.text, item.language_id)
        self._cells[item.uri] = notebook

    def remove_cell(self, notebook: Notebook, uri: str) -> None:
        """Close a cell."""
        notebook.texts.pop(uri, None)
        self._cells.pop(uri, None)

    def remove(self, uri: str) -> Document | None:
        """Close a script or notebook."""
        document = self.open.pop(uri, None)
        if document is not None and self._at.get(path_of(document)) is document:
            del self._at[path_of(document)]
        match document:
            case Notebook(texts=texts):
                for cell in list(texts):
                    self._cells.pop(cell, None)
        return document


def path_of(document: Document) -> str:
    """The file of a document; one that is nowhere yet is taken to stand in the working directory."""
    uri, suffix = document.uri, ".ipynb" if isinstance(document, Notebook) else ".py"
    found = to_fs_path(uri) if uri.startswith("file:") else None
    path = found or str(Path.cwd() / (_ODD.sub("_", uri).strip("_") or "untitled")) + suffix
    return os.path.abspath(path if found is None or suffix == ".py" or path.endswith(suffix) else path + suffix)


def uri_of(path: str) -> str:
    """The address of a file that is not open."""
    return from_fs_path(path) or Path(path).as_uri()
