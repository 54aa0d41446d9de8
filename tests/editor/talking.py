"""A client that sees every byte: it frames messages itself, for what a proper client would not send."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-m", "kerlint", "server"]


class Raw:
    """A server process, its input and output."""

    def __init__(self, cwd: Path, *arguments: str) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*COMMAND, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, cwd=cwd, env=env)
        self.data = b""
        self.seen: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Any) -> None:
        self.write(framed(json.dumps(message).encode()))

    def request(self, number: int | str, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def messages(self, patience: float = 30) -> Iterator[dict[str, Any]]:
        """Messages as they come, until nothing comes for so long or the output ends."""
        assert self.process.stdout is not None
        while True:
            while (found := self._next()) is not None:
                self.seen.append(found)
                yield found
            ready, _, _ = select.select([self.process.stdout], [], [], patience)
            chunk = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not chunk:
                return
            self.data += chunk

    def _next(self) -> dict[str, Any] | None:
        head, found, rest = self.data.partition(b"\r\n\r\n")
        if not found:
            return None
        size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        if len(rest) < size:
            return None
        self.data = rest[size:]
        message: dict[str, Any] = json.loads(rest[:size])
        return message

    def answer(self, number: int | str | None) -> dict[str, Any]:
        """The answer to a request."""
        return next(message for message in self.messages() if "method" not in message and message.get("id") == number)

    def published(self, uri: str, version: int | None = None) -> list[dict[str, Any]]:
        """The next diagnostics of a document (of a version)."""
        for message in self.messages():
            params = message.get("params", {})
            if (
                message.get("method") == "textDocument/publishDiagnostics"
                and params["uri"] == uri
                and version in (None, params.get("version"))
            ):
                found: list[dict[str, Any]] = params["diagnostics"]
                return found
        raise AssertionError(f"no diagnostics of {uri}")

    def initialize(self, capabilities: Any = None, **params: Any) -> dict[str, Any]:
        self.request(0, "initialize", {"processId": None, "rootUri": None, "capabilities": capabilities or {}, **params})
        found = self.answer(0)
        self.notify("initialized", {})
        return found

    def open(self, uri: str, text: str, version: int = 1) -> None:
        self.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "python", "version": version, "text": text}})

    def end(self) -> int:
        """Say goodbye; the exit code."""
        self.request("end", "shutdown")
        self.answer("end")
        self.notify("exit")
        return self.process.wait(timeout=30)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):  # what was never read
                    stream.close()


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
