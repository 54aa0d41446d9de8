"""What is understood, shown where it stands: a line above each call that trains, a shape behind each layer."""

from __future__ import annotations

from lsprotocol import types

from editor.editing import FAULT, Editor

MNIST = """\
import keras
from keras import layers

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([
    keras.Input((28, 28)),
    layers.Flatten(),
    layers.Dense(128, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=5, validation_data=(x_test, y_test))
"""
EVERYWHERE = types.Range(types.Position(0, 0), types.Position(100, 0))


async def _lenses(editor: Editor, uri: str) -> list[tuple[int, str]]:
    found = await editor.text_document_code_lens_async(types.CodeLensParams(types.TextDocumentIdentifier(uri)))
    return [(lens.range.start.line, lens.command.title) for lens in found or () if lens.command]


async def _hints(editor: Editor, uri: str, place: types.Range = EVERYWHERE) -> list[tuple[int, int, object]]:
    found = await editor.text_document_inlay_hint_async(types.InlayHintParams(types.TextDocumentIdentifier(uri), place))
    return [(hint.position.line, hint.position.character, hint.label) for hint in found or ()]


async def test_a_line_above_fit(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", MNIST)
    findings = len(await editor.told(uri, 1))
    assert findings == 2
    assert await _lenses(editor, uri) == [(11, "2 findings, 101,770 parameters, input not scaled")]
    scaled = MNIST.replace("model = ", "x_train = x_train / 255\nx_test = x_test / 255\nmodel = ")
    editor.replace(uri, 2, scaled)
    assert await _lenses(editor, uri) == [(13, "1 finding, 101,770 parameters, input scaled")]


async def test_a_line_above_fit_says_what_is_not_known(editor: Editor) -> None:
    await editor.start()
    uri = editor.open("train.py", "import keras\n\nmodel = keras.models.load_model('m.keras')\nmodel.fit(x, y)\n")
    ((line, text),) = await _lenses(editor, uri)
    assert line == 3
    assert "not resolved: " in text


async def test_lines_above_fit_can_be_switched_off(editor: Editor) -> None:
    await editor.start(codeLens=False)
    assert await _lenses(editor, editor.open("train.py", MNIST)) == []


async def test_shapes_behind_layers_are_off_until_they_are_set(editor: Editor) -> None:
    await editor.start()
    assert await _hints(editor, editor.open("train.py", MNIST)) == []


async def test_shapes_behind_layers(editor: Editor) -> None:
    await editor.start(inlayHints=True)
    uri = editor.open("train.py", MNIST)
    assert await _hints(editor, uri) == [
        (5, 25, "(n, 28, 28)"),
        (6, 20, "(n, 784)"),
        (7, 40, "(n, 128)"),
        (8, 42, "(n, 10)"),
    ]
    part = types.Range(types.Position(7, 0), types.Position(8, 0))
    assert await _hints(editor, uri, part) == [(7, 40, "(n, 128)")]


async def test_a_layer_that_is_made_several_times_has_several_shapes(editor: Editor) -> None:
    await editor.start(inlayHints=True)
    loop = "for units in (64, 32, 16):\n    x = keras.layers.Dense(units)(x)\n"
    text = f"import keras\n\nx = inputs = keras.Input((8,))\n{loop}model = keras.Model(inputs, x)\n"
    uri = editor.open("train.py", text)
    assert (4, 33, "(n, 64), (n, 32), …") in await _hints(editor, uri)


async def test_nothing_is_known_of_what_is_not_open(editor: Editor) -> None:
    await editor.start(inlayHints=True)
    uri = editor.write("train.py", FAULT)
    assert (await _lenses(editor, uri), await _hints(editor, uri)) == ([], [])
    hover = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(2, 80))
    assert await editor.text_document_hover_async(hover) is None
