"""What comes over the wire: whatever it is, it is answered, with an error if need be, or the server ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from editor.editing import FAULT
from editor.talking import COMMAND, ROOT, Raw, framed

PARSE, REQUEST, METHOD, PARAMS, EARLY, CANCELLED = -32700, -32600, -32601, -32602, -32002, -32800


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[Raw]:
    """A server that nobody has greeted yet."""
    server = Raw(tmp_path)
    yield server
    server.kill()


def test_a_life_in_order(raw: Raw) -> None:
    raw.request("early", "textDocument/hover", {})
    assert raw.answer("early")["error"]["code"] == EARLY
    assert raw.initialize()["result"]["serverInfo"]["name"] == "kerlint"
    raw.request("again", "initialize", {"capabilities": {}})
    assert raw.answer("again")["error"]["code"] == REQUEST
    raw.request("end", "shutdown")
    assert raw.answer("end")["result"] is None
    raw.request("late", "textDocument/hover", {})
    assert raw.answer("late")["error"]["code"] == REQUEST
    raw.notify("exit")
    assert raw.process.wait(timeout=30) == 0


def test_an_exit_out_of_order(raw: Raw) -> None:
    raw.initialize()
    raw.notify("exit")
    assert raw.process.wait(timeout=30) == 1


def test_a_client_that_is_gone(raw: Raw) -> None:
    raw.initialize()
    raw.open("file:///train.py", FAULT)
    assert raw.process.stdin is not None
    assert raw.process.stdout is not None
    raw.process.stdin.close()
    raw.process.stdout.close()
    assert raw.process.wait(timeout=30) == 1


def test_a_client_that_only_closes_its_ear(raw: Raw) -> None:
    raw.initialize()
    assert raw.process.stdout is not None
    raw.process.stdout.close()
    raw.open("file:///train.py", FAULT)
    assert raw.process.wait(timeout=60) == 1


def test_a_client_that_talks_without_listening(raw: Raw) -> None:
    """Far more answers than a pipe holds wait for it."""
    raw.initialize()
    for number in range(3000):
        raw.request(f"n{number}", "kerlint/unknown", {"text": "x" * 200})
    assert raw.answer("n2999")["error"]["code"] == METHOD
    assert raw.end() == 0


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"Content-Length: none\r\n\r\n{}",
        b"Content-Length: 999999999999\r\n\r\n{}",
        b"\x00" * 100_000,
    ],
)
def test_what_is_no_message_ends_the_server(raw: Raw, data: bytes) -> None:
    raw.initialize()
    raw.write(data)
    assert raw.answer(None)["error"]["code"] == PARSE
    assert raw.process.wait(timeout=30) == 1


@pytest.mark.parametrize(
    ("body", "number", "code"),
    [
        (b"{", None, PARSE),
        (b"\xff\xfe", None, PARSE),
        (b"[" * 100_000, None, PARSE),
        (b"[]", None, REQUEST),
        (b"3", None, REQUEST),
        (b'{"id": 1}', 1, REQUEST),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "shutdown"}', 1, REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 3}', 1, REQUEST),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "shutdown"}', None, REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "kerlint/unknown"}', 1, METHOD),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover"}', 1, PARAMS),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": {"textDocument": 3}}', 1, PARAMS),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "workspace/executeCommand", "params": {"command": "rm"}}', 1, PARAMS),
    ],
)
def test_errors_have_answers(raw: Raw, body: bytes, number: int | None, code: int) -> None:
    raw.initialize()
    raw.write(framed(body))
    assert raw.answer(number)["error"]["code"] == code
    assert raw.end() == 0


def test_headers_as_others_write_them(raw: Raw) -> None:
    raw.initialize()
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "kerlint/unknown"}'
    raw.write(b"content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:%d\r\n\r\n" % len(body) + body)
    assert raw.answer(1)["error"]["code"] == METHOD


def test_changes_of_what_is_not_open(raw: Raw) -> None:
    raw.initialize()
    raw.notify("textDocument/didChange", {"textDocument": {"uri": "file:///a.py", "version": 2}, "contentChanges": [{"text": ""}]})
    raw.notify("textDocument/didClose", {"textDocument": {"uri": "file:///a.py"}})
    raw.notify("notebookDocument/didChange", {"notebookDocument": {"uri": "file:///a.ipynb", "version": 2}, "change": {}})
    logged = next(message for message in raw.messages() if message.get("method") == "window/logMessage")
    assert "file:///a.py is not open" in logged["params"]["message"]
    assert raw.end() == 0


def test_versions_out_of_order_count_as_they_come(raw: Raw) -> None:
    raw.initialize(initializationOptions={"debounce": 0})
    raw.open("file:///train.py", FAULT, version=9)
    assert [found["code"] for found in raw.published("file:///train.py", 9)] == ["KER301"]
    for version, text in ((5, ""), (7, FAULT), (3, FAULT.replace("softmax", "sigmoid"))):
        change = {"textDocument": {"uri": "file:///train.py", "version": version}, "contentChanges": [{"text": text}]}
        raw.notify("textDocument/didChange", change)
        assert [found["code"] for found in raw.published("file:///train.py", version)] == (["KER301"] if version == 7 else [])


def test_a_request_is_cancelled(raw: Raw) -> None:
    raw.initialize({"textDocument": {"diagnostic": {}}}, initializationOptions={"debounce": 3_600_000})
    raw.open("file:///train.py", FAULT)
    document = {"textDocument": {"uri": "file:///train.py"}}
    raw.request(1, "textDocument/diagnostic", document)
    assert [found["code"] for found in raw.answer(1)["result"]["items"]] == ["KER301"]
    change = {"textDocument": {"uri": "file:///train.py", "version": 2}, "contentChanges": [{"text": ""}]}
    raw.notify("textDocument/didChange", change)
    raw.request(2, "textDocument/diagnostic", document)
    raw.notify("$/cancelRequest", {"id": 2})
    assert raw.answer(2)["error"]["code"] == CANCELLED
    assert raw.end() == 0


def test_a_closed_script_answers_what_still_waits(raw: Raw) -> None:
    raw.initialize({"textDocument": {"diagnostic": {}}}, initializationOptions={"debounce": 3_600_000})
    raw.open("file:///train.py", FAULT)
    document = {"textDocument": {"uri": "file:///train.py"}}
    raw.request(1, "textDocument/diagnostic", document)
    raw.answer(1)
    raw.notify("textDocument/didChange", {"textDocument": {"uri": "file:///train.py", "version": 2}, "contentChanges": [{"text": ""}]})
    raw.request(2, "textDocument/diagnostic", document)
    raw.notify("textDocument/didClose", document)
    assert raw.answer(2)["result"]["items"] == []


def test_rules_that_print_do_not_disturb_the_wire(tmp_path: Path) -> None:
    rules = tmp_path / "own"
    rules.mkdir()
    page = "import keras\n\nkeras.Sequential([])\n"
    toml = '```toml\nseverity = "info"\nmessage = "it prints"\n```\n'
    (rules / "ACME001-prints.md").write_text(f"# It prints\n\n{toml}\n## Good\n\n```python\n{page}```\n")
    (rules / "prints.py").write_text(
        "import os\n\nprint('imported')\n\n\ndef prints(program, rule):\n    os.write(1, b'checked')\n    return ()\n"
    )
    (tmp_path / "kerlint.toml").write_text('rules = ["./own"]\n')
    server = Raw(tmp_path)
    server.initialize()
    uri = (tmp_path / "train.py").as_uri()
    server.open(uri, FAULT)
    assert [found["code"] for found in server.published(uri, 1)] == ["KER301"]
    assert server.end() == 0
    server.kill()


def test_without_its_packages_the_server_says_how_to_get_them(tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pygls'] = None; from kerlint.cli import main; sys.exit(main(['server']))"
    blocked = "import importlib.util as u; f = u.find_spec; u.find_spec = lambda name, *a: None if name == 'pygls' else f(name, *a); "
    command = [sys.executable, "-c", blocked + hidden]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "kerlint: the language server needs two packages more: pip install 'kerlint[lsp]'\n"


def test_the_packages_are_imported_by_the_server_alone(tmp_path: Path) -> None:
    code = "import sys; from kerlint.cli import main; main(['rules']); print('pygls' in sys.modules, 'lsprotocol' in sys.modules)"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"


# Fuzzing

URIS = ["file:///tmp/a.py", "file:///tmp/b.py", "untitled:c", "file:///tmp/d.ipynb", "file:///tmp/%FF.py", "", "no uri", "file://x/y.py"]
METHODS = [
    *("textDocument/hover", "textDocument/codeAction", "textDocument/codeLens", "textDocument/inlayHint", "textDocument/diagnostic"),
    *("codeAction/resolve", "workspace/executeCommand", "textDocument/didOpen", "textDocument/didChange", "textDocument/didClose"),
    *("notebookDocument/didOpen", "notebookDocument/didChange", "notebookDocument/didClose", "workspace/didChangeConfiguration"),
    *(
        "workspace/didChangeWatchedFiles",
        "workspace/didChangeWorkspaceFolders",
        "$/cancelRequest",
        "$/setTrace",
        "window/workDoneProgress/cancel",
    ),
    *("textDocument/didSave", "initialize", "initialized", "kerlint/unknown", "textDocument/publishDiagnostics", ""),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.sampled_from(URIS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["uri", "text", "id", "range", "jsonrpc", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
NUMBER = st.integers(-2, 5) | st.sampled_from([2**31 - 1, 2**31, 2**53, -1])
POSITION = st.fixed_dictionaries({"line": NUMBER, "character": NUMBER})
RANGE = st.fixed_dictionaries({"start": POSITION, "end": POSITION})
CODE = st.sampled_from(
    [FAULT, FAULT[:70], FAULT.replace("\n", "\r"), FAULT * 50, "\ud83d", "\ufeff" + FAULT, "import keras\n" + "(" * 5000, "\0", ""]
)
SCRIPT = CODE | st.text(max_size=50)
DOCUMENT = st.fixed_dictionaries({"uri": st.sampled_from(URIS)}, optional={"version": NUMBER | st.none()})
VALID = {
    "textDocument/didOpen": st.fixed_dictionaries(
        {
            "textDocument": st.fixed_dictionaries(
                {"uri": st.sampled_from(URIS), "languageId": st.sampled_from(["python", "x"]), "version": NUMBER, "text": SCRIPT}
            )
        }
    ),
    "textDocument/didChange": st.fixed_dictionaries(
        {
            "textDocument": DOCUMENT,
            "contentChanges": st.lists(st.fixed_dictionaries({"text": SCRIPT}, optional={"range": RANGE}), max_size=3),
        }
    ),
    "textDocument/didClose": st.fixed_dictionaries({"textDocument": DOCUMENT}),
    "textDocument/hover": st.fixed_dictionaries({"textDocument": DOCUMENT, "position": POSITION}),
    "textDocument/codeAction": st.fixed_dictionaries({"textDocument": DOCUMENT, "range": RANGE, "context": st.just({"diagnostics": []})}),
    "textDocument/codeLens": st.fixed_dictionaries({"textDocument": DOCUMENT}),
    "textDocument/inlayHint": st.fixed_dictionaries({"textDocument": DOCUMENT, "range": RANGE}),
    "textDocument/diagnostic": st.fixed_dictionaries({"textDocument": DOCUMENT}),
    "workspace/executeCommand": st.fixed_dictionaries(
        {"command": st.sampled_from(["kerlint.explain", "x"])}, optional={"arguments": st.lists(JSON, max_size=3)}
    ),
    "notebookDocument/didOpen": st.fixed_dictionaries(
        {
            "notebookDocument": st.fixed_dictionaries(
                {
                    "uri": st.sampled_from(URIS),
                    "notebookType": st.just("jupyter-notebook"),
                    "version": NUMBER,
                    "cells": st.lists(
                        st.fixed_dictionaries({"kind": st.sampled_from([1, 2]), "document": st.sampled_from(URIS)}), max_size=3
                    ),
                }
            ),
            "cellTextDocuments": st.lists(
                st.fixed_dictionaries({"uri": st.sampled_from(URIS), "languageId": st.just("python"), "version": NUMBER, "text": SCRIPT}),
                max_size=3,
            ),
        }
    ),
    "notebookDocument/didChange": st.fixed_dictionaries({"notebookDocument": DOCUMENT, "change": JSON}),
    "workspace/didChangeConfiguration": st.fixed_dictionaries({"settings": JSON}),
}
METHOD_AND_PARAMS = st.one_of(
    st.tuples(st.sampled_from(METHODS) | st.text(max_size=10), JSON),
    st.sampled_from(sorted(VALID)).flatmap(lambda method: st.tuples(st.just(method), VALID[method])),
)
BODY = st.one_of(
    st.binary(max_size=50),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "id": JSON}, optional={"result": JSON, "error": JSON}).map(
        lambda value: json.dumps(value).encode()
    ),
)
MESSAGE = st.one_of(
    st.tuples(st.just("call"), METHOD_AND_PARAMS), st.tuples(st.just("tell"), METHOD_AND_PARAMS), st.tuples(st.just("raw"), BODY)
)
BATCH = 40


class Bombarded:
    """A server that gets everything, and what it has been sent."""

    def __init__(self, folder: Path) -> None:
        self.raw = Raw(folder)
        self.raw.initialize({"textDocument": {"diagnostic": {}}}, initializationOptions={"debounce": 0, "inlayHints": True})
        self.count = 0
        self.number = 1000

    def send(self, kind: str, what: Any) -> None:
        self.count += 1
        match kind:
            case "call":
                self.number += 1
                self.raw.request(self.number, *what)
            case "tell":
                self.raw.notify(*what)
            case _:
                self.raw.write(framed(what))

    def settle(self, first: int) -> None:
        """Everything that was asked is answered, one way or the other."""
        self.number += 1
        self.raw.request(self.number, "kerlint/probe")
        missing = set(range(first + 1, self.number + 1))
        for message in self.raw.messages(patience=30):
            if "method" not in message:
                missing.discard(message.get("id"))
            if not missing:
                return
        raise AssertionError(f"no answer to {sorted(missing)}; the exit code is {self.raw.process.poll()}")

    def idle(self) -> None:
        """Wait until it is at rest: its clock of CPU time stands still."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            before = self._spent()
            time.sleep(0.3)
            if self._spent() == before:
                return
        raise AssertionError("the server does not come to rest")

    def _spent(self) -> int:
        pids = [self.raw.process.pid]
        for pid in pids:
            pids.extend(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
        return sum(sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])) for pid in pids)


@pytest.fixture(scope="module")
def bombarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bombarded]:
    server = Bombarded(tmp_path_factory.mktemp("bombarded"))
    yield server
    server.raw.kill()


# What fails is not made smaller: the server has seen more than the last batch.
@settings(max_examples=30, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(messages=st.lists(MESSAGE, min_size=BATCH, max_size=BATCH))
def test_every_request_is_answered(bombarded: Bombarded, messages: list[tuple[str, Any]]) -> None:
    first = bombarded.number
    for kind, what in messages:
        bombarded.send(kind, what)
    bombarded.settle(first)


def test_after_all_of_that_the_server_is_at_rest_and_works(bombarded: Bombarded) -> None:
    assert bombarded.count >= 1000
    bombarded.idle()
    raw = bombarded.raw
    raw.notify("workspace/didChangeConfiguration", {"settings": {}})
    uri = "file:///tmp/fuzz/after.py"
    raw.open(uri, FAULT)
    raw.request("after", "textDocument/diagnostic", {"textDocument": {"uri": uri}})
    assert [found["code"] for found in raw.answer("after")["result"]["items"]] == ["KER301"]
    assert raw.end() == 0


@settings(max_examples=20, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.lists(st.binary(max_size=200) | st.sampled_from([b"Content-Length: 5\r\n\r\n", b"\r\n\r\n", b"{}"]), max_size=10))
def test_bytes_of_any_kind_are_survived_or_end_the_server(tmp_path_factory: pytest.TempPathFactory, data: list[bytes]) -> None:
    done = subprocess.run(
        COMMAND,
        input=b"".join(data),
        cwd=tmp_path_factory.getbasetemp(),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == b""
