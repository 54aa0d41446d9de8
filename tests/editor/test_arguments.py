"""Arguments of the server: what counts where the editor sets nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from editor.editing import FAULT
from editor.talking import COMMAND, ROOT, Raw

URI = "file:///nowhere/train.py"


def _codes(folder: Path, *arguments: str, **settings: object) -> list[str]:
    server = Raw(folder, *arguments)
    try:
        server.initialize(initializationOptions=settings)
        server.open(URI, FAULT)
        return [note["code"] for note in server.published(URI)]
    finally:
        server.kill()


@pytest.mark.parametrize(
    ("arguments", "settings", "codes"),
    [
        ([], {}, ["KER301"]),
        (["--config", 'ignore=["KER301"]'], {}, []),
        (["--config", 'ignore=["KER301"]'], {"ignore": []}, []),
        (["--config", 'ignore=["KER301"]'], {"ignore": ["KER302"]}, ["KER301"]),
        (["--config", "other.toml"], {}, []),
        (["--config", "other.toml"], {"configuration": "mine.toml"}, ["KER301"]),
        (["--config", "min-confidence=high"], {"select": ["KER301"]}, ["KER301"]),
    ],
)
def test_settings_of_the_editor_go_before_arguments(
    tmp_path: Path, arguments: list[str], settings: dict[str, object], codes: list[str]
) -> None:
    (tmp_path / "other.toml").write_text('ignore = ["KER301"]\n', encoding="utf-8")
    (tmp_path / "mine.toml").write_text("", encoding="utf-8")
    assert _codes(tmp_path, *arguments, **settings) == codes


def test_a_configuration_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "kerlint.toml").write_text('ignore = ["KER301"]\n', encoding="utf-8")
    uri = (tmp_path / "train.py").as_uri()
    found = {}
    for arguments in ([], ["--isolated"]):
        server = Raw(tmp_path, *arguments)
        try:
            server.initialize()
            server.open(uri, FAULT)
            found[len(arguments)] = [note["code"] for note in server.published(uri)]
        finally:
            server.kill()
    assert found == {0: [], 1: ["KER301"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config", "selct=KER3"], 'kerlint: --config: unknown key "selct"; did you mean "select"?\n'),
        (["--config", "a.toml", "--config", "b.toml"], "kerlint: --config: one file at most, not a.toml and b.toml\n"),
        (["--isolate"], 'kerlint: unknown option "--isolate"; did you mean "--isolated"?\n'),
    ],
)
def test_a_wrong_argument_ends_the_server_with_a_sentence(tmp_path: Path, arguments: list[str], message: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([*COMMAND, *arguments], input="", capture_output=True, text=True, cwd=tmp_path, env=env, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", message)
