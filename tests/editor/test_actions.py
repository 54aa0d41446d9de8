"""What can be done at a finding: fixes, comments that silence it, its page; and the fixes of a whole file."""

from __future__ import annotations

from lsprotocol import types

from editor.editing import FAULT, Editor, cursor, edited, edits_of, pushing

AT = cursor(2, 80)
"""In "softmax" of FAULT."""
SAFE = """\
import keras

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(lr=0.001), loss="mse")
"""
"""KER802: `lr`, which Keras 3 does not take; the fix is safe."""


async def test_the_fix_comes_first_and_says_what_it_is(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", FAULT)
    found = await editor.actions(uri, AT)
    assert [action.title for action in found] == [
        "Use sigmoid (KER301, unsafe fix, changes the training)",
        "Ignore KER301 on this line",
        "Ignore KER301 in this file",
        "Explain KER301 softmax-single-unit",
    ]
    assert {action.kind for action in found[:3]} == {types.CodeActionKind.QuickFix}
    assert [action.is_preferred for action in found] == [None] * 4
    assert [[one.code for one in action.diagnostics or ()] for action in found[:3]] == [["KER301"]] * 3
    fixed = edited(FAULT, edits_of(found[0], uri))
    assert fixed == FAULT.replace("softmax", "sigmoid")
    editor.replace(uri, 2, fixed)
    assert await editor.codes(uri, 2) == []


async def test_a_safe_fix_is_preferred(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", SAFE)
    (found,) = await editor.told(uri, 1)
    fix = (await editor.actions(uri, found.range))[0]
    assert fix.title.endswith(f"({found.code}, safe fix)")
    assert fix.is_preferred
    assert edited(SAFE, edits_of(fix, uri)) == SAFE.replace("lr=", "learning_rate=")


async def test_edits_name_the_version_that_they_start_from(editor: Editor) -> None:
    capabilities = pushing()
    assert capabilities.workspace is not None
    capabilities.workspace.workspace_edit = types.WorkspaceEditClientCapabilities(document_changes=True)
    await editor.start(capabilities)
    uri = editor.open("train.py", FAULT, version=7)
    fix = (await editor.actions(uri, AT))[0]
    assert fix.edit is not None
    (change,) = fix.edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert change.text_document == types.OptionalVersionedTextDocumentIdentifier(uri, 7)


async def test_edits_without_versions_for_clients_that_take_none(editor: Editor) -> None:
    capabilities = pushing()
    assert capabilities.workspace is not None
    capabilities.workspace.workspace_edit = None
    await editor.start(capabilities)
    uri = editor.open("train.py", FAULT)
    fix = (await editor.actions(uri, AT))[0]
    assert fix.edit is not None
    assert fix.edit.document_changes is None
    assert edited(FAULT, edits_of(fix, uri)) == FAULT.replace("softmax", "sigmoid")


async def test_comments_silence_a_finding(editor: Editor) -> None:
    await editor.start()
    text = "#!/usr/bin/env python\n" + FAULT
    uri = editor.open("train.py", text)
    for version, (number, comment) in enumerate(((1, "# noqa: KER301"), (2, "# kerlint: file-ignore[KER301]")), 2):
        await editor.told(uri)
        ignored = (await editor.actions(uri, cursor(3, 80)))[number]
        silenced = edited(text, edits_of(ignored, uri))
        assert comment in silenced
        assert silenced.startswith("#!/usr/bin/env python\n")
        editor.replace(uri, 10 * version, silenced)
        assert await editor.codes(uri, 10 * version) == []
        editor.replace(uri, 10 * version + 1, text)
        assert await editor.codes(uri, 10 * version + 1) == ["KER301"]


async def test_a_comment_that_is_there_names_one_rule_more(editor: Editor) -> None:
    await editor.start()
    line = FAULT.splitlines()[2] + "  # kerlint: ignore[KER101] for later"
    text = FAULT.replace(FAULT.splitlines()[2], line)
    uri = editor.open("train.py", text)
    found = [one for one in await editor.told(uri, 1) if one.code == "KER301"]
    ignored = next(one for one in await editor.actions(uri, found[0].range) if one.title == "Ignore KER301 on this line")
    assert "# kerlint: ignore[KER101, KER301] for later" in edited(text, edits_of(ignored, uri))


async def test_a_line_that_cannot_end_with_a_comment_has_it_above(editor: Editor) -> None:
    await editor.start()
    text = FAULT.replace("model = ", "if True:\n    model = \\\n        ")
    uri = editor.open("train.py", text)
    (found,) = await editor.told(uri, 1)
    continued = text.replace('keras.layers.Dense(1, activation="softmax")', 'keras.layers.Dense(1, activation="softmax", name="""a\nb""")')
    editor.replace(uri, 2, continued)
    (found,) = await editor.told(uri, 2)
    ignored = next(one for one in await editor.actions(uri, found.range) if one.title == "Ignore KER301 on this line")
    silenced = edited(continued, edits_of(ignored, uri))
    assert "if True:\n    # noqa: KER301\n    model = " in silenced
    editor.replace(uri, 3, silenced)
    assert await editor.codes(uri, 3) == []


async def test_all_safe_fixes_at_once(editor: Editor) -> None:
    await editor.start()
    text = SAFE.replace("\n\n", "\n\n\n") + FAULT
    uri = editor.open("train.py", text)
    found = await editor.actions(uri, cursor(0, 0), "source.fixAll")
    assert [(action.title, action.kind) for action in found] == [("Fix all safe kerlint findings", "source.fixAll.kerlint")]
    resolved = await editor.code_action_resolve_async(found[0])
    fixed = edited(text, edits_of(resolved, uri))
    assert fixed == text.replace("lr=", "learning_rate=")
    assert await editor.actions(uri, cursor(0, 0), "source.fixAll.kerlint") == found
    assert await editor.actions(uri, cursor(0, 0), "source.organizeImports") == []


async def test_all_safe_fixes_for_clients_that_do_not_ask_again(editor: Editor) -> None:
    capabilities = pushing()
    assert capabilities.text_document is not None
    assert capabilities.text_document.code_action is not None
    capabilities.text_document.code_action.resolve_support = None
    await editor.start(capabilities)
    uri = editor.open("train.py", SAFE)
    (every,) = await editor.actions(uri, cursor(0, 0), "source.fixAll.kerlint")
    assert edited(SAFE, edits_of(every, uri)) == SAFE.replace("lr=", "learning_rate=")


async def test_no_fixes_are_offered_where_none_is_safe(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", FAULT)
    assert await editor.actions(uri, AT, "source.fixAll") == []
    assert await editor.actions(uri, cursor(0, 0), "quickfix") == []


async def test_a_page_is_explained(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", FAULT)
    explain = (await editor.actions(uri, AT))[3]
    assert explain.command is not None
    params = types.ExecuteCommandParams(explain.command.command, explain.command.arguments)
    answer = await editor.workspace_execute_command_async(params)
    assert answer["markdown"].startswith("# ")
    assert answer["url"].endswith("/rules/KER301-softmax-single-unit/")
    (shown,) = editor.shown_documents
    assert shown.uri.endswith("KER301-softmax-single-unit.md")
    assert not shown.external


async def test_hover_shows_the_page(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", FAULT)
    document = types.TextDocumentIdentifier(uri)
    found = await editor.text_document_hover_async(types.HoverParams(document, types.Position(2, 80)))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.kind == types.MarkupKind.Markdown
    assert found.contents.value.startswith("**[KER301](https://")
    assert "Softmax shares a total of 1 among the units of its axis." in found.contents.value
    assert "```toml" not in found.contents.value
    assert found.range == types.Range(types.Position(2, 78), types.Position(2, 87))
    assert await editor.text_document_hover_async(types.HoverParams(document, types.Position(0, 0))) is None


async def test_hover_is_plain_for_clients_that_show_no_markdown(editor: Editor) -> None:
    capabilities = pushing()
    assert capabilities.text_document is not None
    capabilities.text_document.hover = types.HoverClientCapabilities(content_format=[types.MarkupKind.PlainText])
    await editor.start(capabilities)
    uri = editor.open("train.py", FAULT)
    found = await editor.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(2, 80)))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.kind == types.MarkupKind.PlainText
    assert found.contents.value.startswith("KER301 softmax-single-unit (error)")


async def test_what_only_the_importing_file_tells_can_be_mended_in_the_imported_one(editor: Editor) -> None:
    """Alone, the imported file does not say how many units its layer gets."""
    layers = "keras.Input((4,)), keras.layers.Dense(units, activation=head)"
    helper = f"import keras\n\n\ndef build(units, head):\n    return keras.Sequential([{layers}])\n"
    main = "from models import build\n\nmodel = build(1, 'softmax')\nmodel.compile(loss='mse')\nmodel.fit(x, y)\n"
    models = editor.write("models.py", helper)
    await editor.start()
    uri = editor.open("train.py", main)
    await editor.told(uri, 1)
    editor.open("models.py", helper)
    found = next(one for one in await editor.told(models, 1) if one.code == "KER301")
    titles = [action.title for action in await editor.actions(models, found.range)]
    assert titles.count("Ignore KER301 on this line") == 1
    hover = types.HoverParams(types.TextDocumentIdentifier(models), found.range.start)
    assert await editor.text_document_hover_async(hover) is not None
