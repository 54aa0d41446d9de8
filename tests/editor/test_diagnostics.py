"""Findings in the editor: sent and asked for, in the columns that were agreed on, with what belongs to them."""

from __future__ import annotations

import pytest
from lsprotocol import types

from editor.editing import FAULT, Editor, pulling, pushing

CIFAR = """\
import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=20, batch_size=64, validation_data=(x_test, y_test))
"""
"""KER101: pixels that nobody has scaled."""
MAIN = "from models import build\n\nmodel = build()\nmodel.compile(optimizer='adam', loss='mse')\nmodel.fit(x, y)\n"
BAD = """\
import keras


def build():
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="softmax")])
"""
"""A module that MAIN imports."""
STRANGE = FAULT.replace("model = ", 'name = "🙂漢é"; model = ')


async def test_a_finding_is_sent_with_all_that_belongs_to_it(editor: Editor) -> None:
    await editor.start(select=["KER101"])
    uri = editor.open("train.py", CIFAR)
    (found,) = await editor.told(uri, 1)
    assert (found.code, found.source, found.severity) == ("KER101", "kerlint", types.DiagnosticSeverity.Warning)
    assert found.range == types.Range(types.Position(5, 10), types.Position(5, 17))
    assert found.message.startswith("`x_train` comes from `cifar10.load_data()` (0-255) and reaches `fit` unscaled\ndivide by 255")
    assert found.code_description is not None
    assert found.code_description.href.endswith("/rules/KER101-unnormalized-input/")
    (related,) = found.related_information or ()
    assert (related.location.uri, related.location.range.start, related.message) == (uri, types.Position(2, 39), "the data comes from here")


async def test_related_places_are_for_clients_that_show_them(editor: Editor) -> None:
    capabilities = pushing()
    assert capabilities.text_document is not None
    assert capabilities.text_document.publish_diagnostics is not None
    capabilities.text_document.publish_diagnostics.related_information = False
    await editor.start(capabilities, select=["KER101"])
    (found,) = await editor.told(editor.open("train.py", CIFAR))
    assert found.related_information is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32", None])
async def test_columns_are_in_the_encoding_that_was_agreed_on(editor: Editor, encoding: str | None) -> None:
    capabilities = pushing()
    capabilities.general = types.GeneralClientCapabilities(position_encodings=[encoding, "utf-16"]) if encoding else None
    result = await editor.start(capabilities)
    assert result.capabilities.position_encoding == (encoding or "utf-16")
    (found,) = await editor.told(editor.open("train.py", STRANGE))
    line = STRANGE.splitlines()[2]
    prefix = line[: line.index('"softmax"')]
    units = {"utf-8": len(prefix.encode()), "utf-16": len(prefix.encode("utf-16-le")) // 2, "utf-32": len(prefix)}
    assert found.range.start == types.Position(2, units[encoding or "utf-16"])
    assert found.range.end.character - found.range.start.character == len('"softmax"')
    assert len(set(units.values())) == 3


async def test_edits_are_made_in_the_encoding_that_was_agreed_on(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", STRANGE)
    assert await editor.codes(uri, 1) == ["KER301"]
    line = STRANGE.splitlines()[2]
    start = len(line[: line.index('"softmax"')].encode("utf-16-le")) // 2
    place = types.Range(types.Position(2, start), types.Position(2, start + 9))
    editor.edit(uri, 2, types.TextDocumentContentChangePartial(place, '"sigmoid"'))
    assert await editor.codes(uri, 2) == []
    behind = types.Range(types.Position(2, 1000), types.Position(1000, 0))
    editor.edit(uri, 3, types.TextDocumentContentChangePartial(behind, "\n" + FAULT.splitlines()[2]))
    assert await editor.codes(uri, 3) == ["KER301"]


async def test_changes_wait_for_the_next_one(editor: Editor) -> None:
    await editor.start(debounce=400)
    uri = editor.open("train.py", FAULT)
    await editor.told(uri, 1)
    for version in range(2, 12):
        editor.replace(uri, version, FAULT + f"# {version}\n")
    await editor.told(uri, 11)
    assert {one.version for one in editor.published if one.uri == uri} == {1, 11}


async def test_a_closed_script_has_no_findings(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", FAULT)
    assert await editor.codes(uri, 1) == ["KER301"]
    editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
    await editor.until(lambda: editor.published[-1].version is None)
    assert (editor.published[-1].uri, list(editor.published[-1].diagnostics)) == (uri, [])


async def test_findings_are_given_when_asked_for(editor: Editor) -> None:
    result = await editor.start(pulling())
    assert isinstance(result.capabilities.diagnostic_provider, types.DiagnosticOptions)
    uri = editor.open("train.py", FAULT)
    document = types.TextDocumentIdentifier(uri)
    report = await editor.text_document_diagnostic_async(types.DocumentDiagnosticParams(document))
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    assert [found.code for found in report.items] == ["KER301"]
    again = await editor.text_document_diagnostic_async(types.DocumentDiagnosticParams(document, previous_result_id=report.result_id))
    assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
    editor.replace(uri, 2, FAULT.replace("softmax", "sigmoid"))
    mended = await editor.text_document_diagnostic_async(types.DocumentDiagnosticParams(document, previous_result_id=report.result_id))
    assert isinstance(mended, types.RelatedFullDocumentDiagnosticReport)
    assert list(mended.items) == []
    assert editor.published == []


async def test_an_imported_file_is_read_from_its_buffer(editor: Editor) -> None:

    good = BAD.replace("softmax", "sigmoid")
    helper = editor.write("models.py", good)
    editor.write("train.py", MAIN)
    await editor.start()
    uri = editor.open("train.py", MAIN)
    assert await editor.codes(uri, 1) == []
    editor.open("models.py", good)
    assert await editor.codes(helper, 1) == []
    editor.replace(helper, 2, good.replace("sigmoid", "softmax"))
    assert await editor.codes(helper, 2) == ["KER301"]
    before = len(editor.published)
    editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(helper)))
    await editor.until(lambda: any(one.uri == uri for one in editor.published[before:]))
    assert list(editor.published[-1].diagnostics) == []


async def test_a_finding_in_an_imported_file_is_sent_for_that_file(editor: Editor) -> None:
    helper = editor.write("models.py", BAD)
    await editor.start()
    uri = editor.open("train.py", MAIN)
    assert await editor.codes(helper) == ["KER301"]
    assert await editor.codes(uri, 1) == []
    editor.replace(uri, 2, "")
    await editor.until(lambda: any(one.uri == helper and not one.diagnostics for one in editor.published))


async def test_findings_of_imported_files_come_along_when_asked_for(editor: Editor) -> None:
    helper = editor.write("models.py", BAD)
    await editor.start(pulling())
    uri = editor.open("train.py", MAIN)
    report = await editor.text_document_diagnostic_async(types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri)))
    assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
    assert list(report.items) == []
    related = (report.related_documents or {})[helper]
    assert isinstance(related, types.FullDocumentDiagnosticReport)
    assert [found.code for found in related.items] == ["KER301"]


async def test_a_syntax_error_is_a_finding(editor: Editor) -> None:
    await editor.start()
    (found,) = await editor.told(editor.open("train.py", "import keras\nmodel = keras.Sequential([\n"))
    assert found.code == "KER001"


async def test_a_coding_comment_does_not_count_in_a_buffer(editor: Editor) -> None:
    await editor.start()
    text = "# -*- coding: latin-1 -*-\n" + STRANGE
    (found,) = await editor.told(editor.open("train.py", text))
    assert found.range.start.character == len(STRANGE.splitlines()[2].partition('"softmax"')[0].encode("utf-16-le")) // 2


async def test_a_script_that_is_nowhere_yet(editor: Editor) -> None:
    await editor.start()
    uri = "untitled:Untitled-1"
    item = types.TextDocumentItem(uri, "python", 1, FAULT)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    assert await editor.codes(uri, 1) == ["KER301"]


async def test_other_languages_are_left_alone(editor: Editor) -> None:
    await editor.start()
    item = types.TextDocumentItem(editor.uri("notes.md"), "markdown", 1, FAULT)
    editor.text_document_did_open(types.DidOpenTextDocumentParams(item))
    uri = editor.open("train.py", FAULT)
    await editor.told(uri, 1)
    assert {one.uri for one in editor.published} == {uri}


async def test_a_huge_file_is_not_analysed_and_that_is_said(editor: Editor) -> None:
    await editor.start()
    (found,) = await editor.told(editor.open("train.py", FAULT + "# padding\n" * 250_000))
    assert (found.code, "too large" in found.message) == ("KER001", True)
