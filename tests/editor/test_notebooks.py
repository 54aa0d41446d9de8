"""Notebooks: findings in the documents of their cells, whatever happens to these."""

from __future__ import annotations

from lsprotocol import types

from editor.editing import FAULT, Editor, cursor, edits_of, pulling

IMPORT, MODEL = "from tensorflow import keras\n", FAULT.splitlines()[2] + "\n"
CODE, TEXT = types.NotebookCellKind.Code, types.NotebookCellKind.Markup


class Book:
    """A notebook that is open in an editor."""

    def __init__(self, editor: Editor, cells: dict[str, str], version: int = 1) -> None:
        self.editor, self.version = editor, version
        self.uri = editor.uri("train.ipynb")
        items = [self._item(name, text) for name, text in cells.items()]
        notebook = types.NotebookDocument(self.uri, "jupyter-notebook", version, [self._cell(name) for name in cells])
        editor.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, items))

    def at(self, name: str) -> str:
        return f"vscode-notebook-cell:{self.uri.removeprefix('file:')}#{name}"

    def _cell(self, name: str) -> types.NotebookCell:
        return types.NotebookCell(TEXT if name.startswith("text") else CODE, self.at(name))

    def _item(self, name: str, text: str) -> types.TextDocumentItem:
        return types.TextDocumentItem(self.at(name), "markdown" if name.startswith("text") else "python", 1, text)

    def change(self, **changes: object) -> None:
        self.version += 1
        cells = types.NotebookDocumentCellChanges(**changes)  # type: ignore[arg-type]
        identifier = types.VersionedNotebookDocumentIdentifier(self.version, self.uri)
        event = types.NotebookDocumentChangeEvent(cells=cells)
        self.editor.notebook_document_did_change(types.DidChangeNotebookDocumentParams(identifier, event))

    def edit(self, name: str, version: int, text: str) -> None:
        identifier = types.VersionedTextDocumentIdentifier(uri=self.at(name), version=version)
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.change(text_content=[types.NotebookDocumentCellContentChanges(identifier, [whole])])

    def restructure(self, start: int, removed: list[str], added: dict[str, str]) -> None:
        array = types.NotebookCellArrayChange(start, len(removed), [self._cell(name) for name in added])
        opened = [self._item(name, text) for name, text in added.items()]
        closed = [types.TextDocumentIdentifier(self.at(name)) for name in removed]
        self.change(structure=types.NotebookDocumentCellChangeStructure(array, opened, closed))


async def test_a_finding_is_in_the_document_of_its_cell(editor: Editor) -> None:
    result = await editor.start()
    assert result.capabilities.notebook_document_sync is not None
    book = Book(editor, {"a": IMPORT, "text": "# The model", "b": "# the head\n" + MODEL})
    (found,) = await editor.told(book.at("b"), 1)
    assert (found.code, found.range.start) == ("KER301", types.Position(1, 78))
    assert list(await editor.told(book.at("a"), 1)) == []


async def test_edits_of_cells(editor: Editor) -> None:
    await editor.start()
    book = Book(editor, {"a": IMPORT, "b": MODEL})
    assert await editor.codes(book.at("b"), 1) == ["KER301"]
    book.edit("b", 2, MODEL.replace("softmax", "sigmoid"))
    assert await editor.codes(book.at("b"), 2) == []
    book.edit("b", 3, "%%time\n" + MODEL)
    (found,) = await editor.told(book.at("b"), 3)
    assert found.range.start == types.Position(1, 78)


async def test_cells_are_added_moved_and_removed(editor: Editor) -> None:
    await editor.start()
    book = Book(editor, {"a": IMPORT, "b": MODEL})
    assert await editor.codes(book.at("b"), 1) == ["KER301"]
    book.restructure(1, [], {"c": MODEL})
    assert await editor.codes(book.at("c"), 1) == ["KER301"]
    assert await editor.codes(book.at("b"), 1) == ["KER301"]
    before = len(editor.published)
    book.restructure(2, ["b"], {})
    await editor.until(lambda: any(one.uri == book.at("b") and not one.diagnostics for one in editor.published[before:]))
    book.restructure(1, ["c"], {"d": MODEL, "e": "print(model)\n"})
    assert await editor.codes(book.at("d"), 1) == ["KER301"]
    assert await editor.codes(book.at("e"), 1) == []


async def test_a_broken_cell_is_reported_and_the_others_are_analysed(editor: Editor) -> None:
    await editor.start()
    book = Book(editor, {"a": IMPORT, "b": "x = (\n", "c": MODEL})
    assert await editor.codes(book.at("b"), 1) == ["KER001"]
    assert await editor.codes(book.at("c"), 1) == ["KER301"]


async def test_equal_cells_have_findings_of_their_own(editor: Editor) -> None:
    await editor.start()
    book = Book(editor, {"a": IMPORT, "b": MODEL, "c": MODEL})
    assert await editor.codes(book.at("b"), 1) == ["KER301"]
    assert await editor.codes(book.at("c"), 1) == ["KER301"]


async def test_actions_hover_and_lenses_in_cells(editor: Editor) -> None:
    await editor.start()
    train = (
        "import numpy as np\nmodel.compile(optimizer='adam', loss='binary_crossentropy')\nmodel.fit(np.zeros((100, 4)), np.zeros(100))\n"
    )
    book = Book(editor, {"a": IMPORT, "b": MODEL, "c": train})
    await editor.told(book.at("b"), 1)
    found = await editor.actions(book.at("b"), cursor(0, 80))
    assert found[0].title.startswith("Use sigmoid (KER301")
    (edit,) = edits_of(found[0], book.at("b"))
    assert (edit.range.start, edit.new_text) == (types.Position(0, 78), '"sigmoid"')
    hover = types.HoverParams(types.TextDocumentIdentifier(book.at("b")), types.Position(0, 80))
    assert await editor.text_document_hover_async(hover) is not None
    lenses = {}
    for name in "abc":
        lenses[name] = await editor.text_document_code_lens_async(types.CodeLensParams(types.TextDocumentIdentifier(book.at(name))))
    assert [len(lenses[name] or ()) for name in "abc"] == [0, 0, 1]


async def test_all_safe_fixes_of_a_notebook(editor: Editor) -> None:
    await editor.start()
    compiled = "import keras\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])\n"
    book = Book(editor, {"a": compiled, "b": 'model.compile(optimizer=keras.optimizers.Adam(lr=0.001), loss="mse")\n'})
    await editor.told(book.at("b"), 1)
    (every,) = await editor.actions(book.at("b"), cursor(0, 0), "source.fixAll")
    resolved = await editor.code_action_resolve_async(every)
    (edit,) = edits_of(resolved, book.at("b"))
    assert edit.new_text == 'model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.001), loss="mse")\n'


async def test_cells_are_sent_to_clients_that_ask_for_scripts_too(editor: Editor) -> None:
    await editor.start(pulling())
    book = Book(editor, {"a": IMPORT, "b": MODEL})
    assert await editor.codes(book.at("b"), 1) == ["KER301"]
    report = await editor.text_document_diagnostic_async(types.DocumentDiagnosticParams(types.TextDocumentIdentifier(book.at("b"))))
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    assert list(report.items) == []


async def test_a_closed_notebook_has_no_findings(editor: Editor) -> None:
    await editor.start()
    book = Book(editor, {"a": IMPORT, "b": MODEL})
    assert await editor.codes(book.at("b"), 1) == ["KER301"]
    cells = [types.TextDocumentIdentifier(book.at(name)) for name in "ab"]
    closing = types.DidCloseNotebookDocumentParams(types.NotebookDocumentIdentifier(book.uri), cells)
    editor.notebook_document_did_close(closing)
    await editor.until(lambda: editor.published[-1].uri == book.at("b") and not editor.published[-1].diagnostics)
