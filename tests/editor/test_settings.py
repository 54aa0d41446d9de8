"""Settings of the editor, configurations of the project, and what happens when one of them changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from editor.editing import FAULT, Editor, pushing
from kerlint.baseline import Baseline
from kerlint.editor.settings import Settings, settings
from kerlint.engine import lint
from kerlint.fingerprint import identity
from kerlint.mistake import MistakeError


def _watched(editor: Editor, uri: str, kind: types.FileChangeType = types.FileChangeType.Changed) -> None:
    editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([types.FileEvent(uri, kind)]))


def _asked() -> types.ClientCapabilities:
    """A client that is asked for its settings, and that wants to be told what is of interest."""
    found = pushing()
    assert found.workspace is not None
    found.workspace.configuration = True
    found.workspace.did_change_configuration = types.DidChangeConfigurationClientCapabilities(dynamic_registration=True)
    found.workspace.did_change_watched_files = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
    return found


async def test_settings_of_the_start(editor: Editor) -> None:
    await editor.start(ignore=["KER301"])
    assert await editor.codes(editor.open("train.py", FAULT), 1) == []


async def test_settings_are_asked_for(editor: Editor) -> None:
    editor.set_configuration({"kerlint": {"ignore": ["KER301"], "debounce": 10, "path": ["kerlint"], "select": None}})
    await editor.start(_asked())
    uri = editor.open("train.py", FAULT)
    await editor.until(lambda: editor.published and not editor.published[-1].diagnostics)
    await editor.until(lambda: len(editor.registered) == 2)
    watched = next(one for one in editor.registered if one.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    assert "**/*.toml" in str(watched.register_options)
    editor.set_configuration({"kerlint": {"debounce": 10}})
    editor.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
    await editor.until(lambda: editor.published[-1].diagnostics)
    assert await editor.codes(uri, 1) == ["KER301"]


async def test_settings_are_sent(editor: Editor) -> None:
    capabilities = pushing()
    assert capabilities.workspace is not None
    capabilities.workspace.configuration = False
    await editor.start(capabilities)
    uri = editor.open("train.py", FAULT)
    assert await editor.codes(uri, 1) == ["KER301"]
    editor.workspace_did_change_configuration(types.DidChangeConfigurationParams({"kerlint": {"minConfidence": "low", "enable": False}}))
    await editor.until(lambda: not editor.published[-1].diagnostics)


async def test_a_wrong_setting_is_told_once(editor: Editor) -> None:
    await editor.start(extendSelct=["KER9"])
    uri = editor.open("train.py", FAULT)
    assert await editor.codes(uri, 1) == ["KER301"]
    await editor.until(lambda: editor.messages)
    (message,) = editor.messages
    assert message.message == 'kerlint: the editor sets an unknown key "kerlint.extendSelct"; did you mean "extendSelect"?'


async def test_a_configuration_file_is_read_again_when_it_changes(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", FAULT)
    assert await editor.codes(uri, 1) == ["KER301"]
    config = editor.write("kerlint.toml", 'ignore = ["KER301"]\n')
    _watched(editor, config, types.FileChangeType.Created)
    await editor.until(lambda: not editor.published[-1].diagnostics)
    Path(editor.folder / "kerlint.toml").unlink()
    _watched(editor, config, types.FileChangeType.Deleted)
    await editor.until(lambda: editor.published[-1].diagnostics)


async def test_a_configuration_file_counts_from_the_next_edit_without_being_watched(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", FAULT)
    assert await editor.codes(uri, 1) == ["KER301"]
    editor.write("kerlint.toml", 'ignore = ["KER301"]\n')
    editor.replace(uri, 2, FAULT + "\n")
    assert await editor.codes(uri, 2) == []


async def test_a_mistake_in_a_configuration_is_told(editor: Editor) -> None:
    editor.write("kerlint.toml", 'ignroe = ["KER301"]\n')
    await editor.start()
    uri = editor.open("train.py", FAULT)
    assert await editor.codes(uri, 1) == []
    await editor.until(lambda: editor.messages)
    assert 'unknown key "ignroe"; did you mean "ignore"?' in editor.messages[0].message


async def test_what_a_baseline_holds_is_not_told(editor: Editor) -> None:
    (found,) = lint(editor.folder / "train.py", FAULT)
    known = Baseline(editor.folder / "known-baseline.json", {identity(found, editor.folder): 1})
    baseline = editor.write(known.file.name, known.text())
    editor.write("kerlint.toml", f'baseline = "{known.file.name}"\n')
    await editor.start()
    uri = editor.open("train.py", FAULT)
    assert await editor.codes(uri, 1) == []
    editor.write(known.file.name, Baseline(known.file, {}).text())
    _watched(editor, baseline, types.FileChangeType.Changed)
    await editor.until(lambda: editor.published[-1].diagnostics)


async def test_excluded_files_are_left_alone(editor: Editor) -> None:
    editor.write("kerlint.toml", 'exclude = ["generated"]\n')
    await editor.start()
    assert await editor.codes(editor.open("generated/train.py", FAULT), 1) == []


async def test_imported_files_that_change_on_disk(editor: Editor) -> None:
    bad = FAULT.replace("model = ", "def build():\n    return ")
    helper = editor.write("models.py", bad.replace("softmax", "sigmoid"))
    await editor.start()
    editor.open("train.py", "from models import build\nmodel = build()\nmodel.compile(loss='mse')\nmodel.fit(x, y)\n")
    await editor.until(lambda: editor.published)
    editor.write("models.py", bad)
    _watched(editor, helper)
    assert await editor.codes(helper) == ["KER301"]


async def test_the_workspace_is_linted_when_that_is_set(editor: Editor) -> None:
    train, other = editor.write("train.py", FAULT), editor.write("nets/other.py", FAULT)
    editor.write("nets/plain.py", "print('nothing')\n")
    await editor.start(lintWorkspace=True)
    assert await editor.codes(train) == ["KER301"]
    assert await editor.codes(other) == ["KER301"]
    reports = next(iter(editor.progress_reports.values()))
    await editor.until(lambda: isinstance(reports[-1], types.WorkDoneProgressEnd))
    assert [report.kind for report in reports] == ["begin", "report", "report", "report", "end"]
    editor.write("train.py", FAULT.replace("softmax", "sigmoid"))
    _watched(editor, train)
    await editor.until(lambda: editor.published[-1].uri == train and not editor.published[-1].diagnostics)
    Path(editor.folder / "nets" / "other.py").unlink()
    _watched(editor, other, types.FileChangeType.Deleted)
    await editor.until(lambda: editor.published[-1].uri == other and not editor.published[-1].diagnostics)


async def test_the_workspace_is_linted_on_command_only_otherwise(editor: Editor) -> None:
    train = editor.write("train.py", FAULT)
    await editor.start()
    uri = editor.open("open.py", FAULT)
    assert await editor.codes(uri, 1) == ["KER301"]
    assert {one.uri for one in editor.published} == {uri}
    assert await editor.workspace_execute_command_async(types.ExecuteCommandParams("kerlint.lintWorkspace")) == 1
    assert await editor.codes(train) == ["KER301"]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"debounce": "soon"}, "the editor's kerlint.debounce: expected `int`, got `str`"),
        ({"select": "KER3"}, "the editor's kerlint.select: expected `array`, got `str`"),
        ({"settings": {"selct": []}}, 'the editor sets an unknown key "kerlint.selct"; did you mean "select"?'),
    ],
)
def test_wrong_settings(sent: object, sentence: str) -> None:
    with pytest.raises(MistakeError) as error:
        settings(sent)
    assert str(error.value) == sentence


@pytest.mark.parametrize("sent", [None, {}, 3, "kerlint", {"select": None}, {"path": "x", "args": [], "importStrategy": "useBundled"}])
def test_nothing_is_set(sent: object) -> None:
    assert settings(sent) == Settings()
