"""The protocol's messages over standard input and output: each is answered, also with an error, and none can stop the server."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import attrs
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams, JsonRpcInvalidRequest, JsonRpcParseError
from pygls.protocol import LanguageServerProtocol

CHUNK = 1 << 16
LONGEST_HEADER = 1 << 13
LARGEST = 1 << 28
"""Bytes of a message that is still read: an editor sends whole files, nobody edits one of 256 MB."""
_LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"\r?\n\r?\n")
NOT_INITIALIZED = -32002
"""ServerNotInitialized of the protocol."""
SYNCHRONIZATION = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
)
"""What `documents` does itself: pygls counts lines as `str.splitlines` does, and cuts off what stands behind the end of a line."""


class BrokenWireError(Exception):
    """What comes in is no message any more; where the next one begins cannot be told."""


class Protocol(LanguageServerProtocol):
    """The protocol as pygls speaks it, with an answer to whatever comes."""

    def _register_builtin_features(self) -> None:
        super()._register_builtin_features()  # type: ignore[no-untyped-call]
        for method in SYNCHRONIZATION:
            self.fm.builtin_features.pop(method)

    @property
    def over(self) -> bool:
        """Whether the client has asked for the end."""
        return bool(self._shutdown)

    def take(self, data: bytes) -> int | None:
        """Handle one message; an exit code when it is the last one."""
        try:
            message = json.loads(data)
        except (ValueError, RecursionError) as error:
            self._refuse(None, JsonRpcParseError(f"Parse Error: {type(error).__name__}"))
            return None
        match message:
            case {"jsonrpc": "2.0", "method": "exit"} if "id" not in message:
                return 0 if self.over else 1
            case {"jsonrpc": "2.0", "method": str(method), "id": int() | str() as number}:
                self._request(number, method, message)
            case {"jsonrpc": "2.0", "method": str(method)} if "id" not in message:
                self._notified(method, message)
            case {"jsonrpc": "2.0", "id": int() | str() as number} if "method" not in message:
                self._responded(number, message)
            case {"id": int() | str() as number}:
                self._refuse(number, JsonRpcInvalidRequest())
            case _:
                self._refuse(None, JsonRpcInvalidRequest())
        return None

    def _request(self, number: int | str, method: str, message: dict[str, Any]) -> None:
        started = self._workspace is not None
        if self.over or (started and method == types.INITIALIZE):
            self._refuse(number, JsonRpcInvalidRequest("Invalid Request: the server is " + ("ending" if self.over else "initialized")))
        elif not started and method != types.INITIALIZE:
            self._refuse(number, JsonRpcException("Server Not Initialized", NOT_INITIALIZED))
        elif not self._answers(method, True):
            self._refuse(number, JsonRpcInvalidRequest(f"Invalid Request: {method} is a notification"))
        elif number in self._request_futures:
            self._refuse(number, JsonRpcInvalidRequest("Invalid Request: the id is in use"))
        else:
            self._handle(number, message)

    def _notified(self, method: str, message: dict[str, Any]) -> None:
        if self._workspace is not None and not self.over and not self._answers(method, False):
            self._handle(None, message)

    def _answers(self, method: str, unknown: bool) -> bool:
        """Whether a method is one that is answered, and not a notification."""
        kind = self.get_message_type(method)
        return unknown if kind is None else "id" in attrs.fields_dict(kind)

    def _responded(self, number: int | str, message: dict[str, Any]) -> None:
        """Only what was asked is answered; an answer of another form than the method has counts as an error."""
        if number not in self._request_futures or number not in self._result_types:
            return
        try:
            self.handle_message(self.structure_message(message))
        except JsonRpcException as error:
            self._handle_response(number, None, error.to_response_error())

    def _handle(self, number: int | str | None, message: dict[str, Any]) -> None:
        try:
            self.handle_message(self.structure_message({"params": None, **message}))
        except JsonRpcException as error:
            if number is not None:
                self._refuse(number, JsonRpcInvalidParams() if error.code == JsonRpcInvalidParams.CODE else error)
            else:
                self._server.report_server_error(error, JsonRpcException)

    def _refuse(self, number: int | str | None, error: JsonRpcException) -> None:
        if number is not None:
            self._send_response(number, None, error.to_response_error())
        else:  # JSON-RPC 2.0: of what cannot be told the id is null
            self._send_data({"jsonrpc": "2.0", "id": None, "error": {"code": error.code, "message": error.message}})


class Writer:
    """Writes in a thread of its own: a client that does not read must not keep the server from reading."""

    def __init__(self, target: int, broken: Callable[[], object]) -> None:
        self._target = target
        self._broken = broken
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True, name="writer")
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Send data after all that was sent before."""
        self._waiting.put(data)

    def close(self) -> None:
        """Wait a moment until all is sent."""
        self._waiting.put(None)
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while (data := self._waiting.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._target, view) :]
            except OSError:  # nobody reads any more
                self._broken()
                return


def messages(source: int) -> Iterator[bytes]:
    """The bodies of messages, until the end of the input. Raises BrokenWireError."""
    data = b""
    while True:
        while (end := _END.search(data)) is None:
            if len(data) > LONGEST_HEADER:
                raise BrokenWireError("a header without an end")
            if not (chunk := os.read(source, CHUNK)):
                return
            data += chunk
        length = _LENGTH.search(data, 0, end.start())
        if length is None:
            raise BrokenWireError("a header without a length")
        size, data = int(length[1]), data[end.end() :]
        if size > LARGEST:
            raise BrokenWireError("a message that is too large")
        parts, missing = [data], size - len(data)
        while missing > 0:
            if not (chunk := os.read(source, CHUNK)):
                return
            parts.append(chunk)
            missing -= len(chunk)
        data = b"".join(parts)
        yield data[:size]
        data = data[size:]


async def listen(protocol: Protocol, source: int) -> int:
    """Handle messages until the client says exit or is gone; the exit code."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[bytes | BrokenWireError | None] = asyncio.Queue()

    def tell(message: bytes | BrokenWireError | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(waiting.put_nowait, message)

    def read() -> None:
        try:
            for body in messages(source):
                tell(body)
        except BrokenWireError as error:
            tell(error)
        except OSError:  # as if the input had ended
            pass
        tell(None)

    writer = Writer(protected_output(), lambda: tell(None))
    protocol.set_writer(writer)
    threading.Thread(target=read, daemon=True, name="reader").start()
    try:
        while True:
            match await waiting.get():
                case None:
                    return 0 if protocol.over else 1
                case BrokenWireError() as error:
                    protocol._refuse(None, JsonRpcParseError(f"Parse Error: {error}"))
                    return 1
                case body:
                    if (code := protocol.take(body)) is not None:
                        return code
    finally:
        writer.close()


def protected_output() -> int:
    """Standard output for the protocol alone: whatever else is printed goes to standard error."""
    target = os.dup(1)
    os.dup2(2, 1)
    return target
