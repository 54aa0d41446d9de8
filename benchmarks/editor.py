"""What `kerlint server` costs while one types: `python benchmarks/editor.py` edits a script and a notebook and times the diagnostics.

Times run from a change to the diagnostics of its version, with the wait for further changes set to 0. Edits change a number in a line, or
add and take away a line. Memory is what the server and the process that it reads code in hold together (Pss of /proc, so that what they
share counts once), after the first 200 edits and after the last one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout that this script is part of

from benchmarks.speed import STEP, script

LINES, CELLS = 500, 60
TRAINING = 150
"""Lines of the script that build and train models, 14 of them; the rest prepares data, as scripts do."""
PREPARING = '''

def prepare_{n}(table, columns, fraction=0.{n}):
    """Rows without gaps, columns scaled to 0..1."""
    kept = table.dropna()
    values = kept[columns].to_numpy(dtype="float32")
    low, high = values.min(axis=0), values.max(axis=0)
    if (high == low).any():
        raise ValueError("a column holds one value only")
    scaled = (values - low) / (high - low)
    order = np.random.default_rng({n}).permutation(len(scaled))
    count = int(len(order) * fraction)
    return scaled[order[:count]], scaled[order[count:]]
'''
WARM = 5
"""Edits before the clock starts: an editor is open for hours."""
SETTLED = 200
"""Edits after which the memory is taken for the first time."""


class Editor:
    """A client that does nothing but type."""

    def __init__(self, folder: Path) -> None:
        pipe = subprocess.PIPE
        root = Path(__file__).parent.parent
        command = [sys.executable, "-m", "kerlint", "server"]
        self.process = subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, env={**os.environ, "PYTHONPATH": str(root)})
        self.version = 1
        capabilities = {"notebookDocument": {"synchronization": {}}}
        options = {"debounce": 0}
        self._send("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities, "initializationOptions": options}, 1)
        self._until(lambda message: message.get("id") == 1)
        self._send("initialized", {})

    def _send(self, method: str, params: Any, number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _until(self, wanted: Any) -> None:
        assert self.process.stdout is not None
        while True:
            size = 0
            while (line := self.process.stdout.readline()) != b"\r\n":
                if not line:
                    raise RuntimeError("the server has ended")
                if line.lower().startswith(b"content-length"):
                    size = int(line.split(b":")[1])
            if wanted(json.loads(self.process.stdout.read(size))):
                return

    def open_script(self, uri: str, text: str) -> None:
        self._send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text}})
        self._published(uri, 1)

    def open_notebook(self, uri: str, cells: list[str]) -> None:
        documents = [{"uri": f"{uri}#{n}", "languageId": "python", "version": 1, "text": text} for n, text in enumerate(cells)]
        listed = [{"kind": 2, "document": document["uri"]} for document in documents]
        notebook = {"uri": uri, "notebookType": "jupyter-notebook", "version": 1, "cells": listed}
        self._send("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": documents})
        self._published(documents[-1]["uri"], 1)

    def edit_script(self, uri: str, changes: list[Any]) -> float:
        self.version += 1
        started = time.perf_counter()
        self._send("textDocument/didChange", {"textDocument": {"uri": uri, "version": self.version}, "contentChanges": changes})
        self._published(uri, self.version)
        return time.perf_counter() - started

    def edit_cell(self, uri: str, number: int, changes: list[Any]) -> float:
        self.version += 1
        cell = {"uri": f"{uri}#{number}", "version": self.version}
        change = {"cells": {"textContent": [{"document": cell, "changes": changes}]}}
        started = time.perf_counter()
        params = {"notebookDocument": {"uri": uri, "version": self.version}, "change": change}
        self._send("notebookDocument/didChange", params)
        self._published(cell["uri"], self.version)
        return time.perf_counter() - started

    def _published(self, uri: str, version: int) -> None:
        def wanted(message: dict[str, Any]) -> bool:
            params = message.get("params") or {}
            return message.get("method") == "textDocument/publishDiagnostics" and (params["uri"], params.get("version")) == (uri, version)

        self._until(wanted)

    def busy(self, uri: str, text: str) -> tuple[float, float]:
        """Seconds until something else is answered, and until the findings are there, after a large file was opened."""
        started = time.perf_counter()
        self._send("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text}})
        time.sleep(0.5)  # it is being read
        asked = time.perf_counter()
        self._send("kerlint/unknown", None, 2)
        self._until(lambda message: message.get("id") == 2)
        answered = time.perf_counter() - asked
        self._published(uri, 1)
        return answered, time.perf_counter() - started

    def memory(self) -> float:
        """Megabytes that the server and its process hold."""
        pids, held = [self.process.pid], 0.0
        for pid in pids:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
            pids.extend(map(int, children))
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
            held += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
        return held

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


def usual(lines: int) -> str:
    """A script of about so many lines, a part of which trains models."""
    text = script(TRAINING)
    count = (lines - text.count("\n")) // PREPARING.count("\n")
    return text + "".join(PREPARING.format(n=n) for n in range(1, count + 1))


def change(number: int, line: int) -> list[dict[str, Any]]:
    """One edit: even ones add a line, odd ones take it away again."""
    start = {"line": line, "character": 0}
    if number % 2:
        return [{"range": {"start": start, "end": {"line": line + 1, "character": 0}}, "text": ""}]
    return [{"range": {"start": start, "end": start}, "text": f"learning_rate_{number} = 0.{number + 1}\n"}]


def figures(times: list[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum in milliseconds."""
    ranked = sorted(times)
    found = {"median": statistics.median(ranked), "p95": ranked[int(0.95 * len(ranked))], "max": ranked[-1]}
    return {name: round(1000 * value, 1) for name, value in found.items()}


def latency(edits: int, text: str) -> dict[str, Any]:
    """Times of edits in a script, and in a notebook with the same kind of code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        editor = Editor(folder)
        uri = (folder / "train.py").as_uri()
        editor.open_script(uri, text)
        lines = text.count("\n")
        times = [editor.edit_script(uri, change(n, lines // 2 - n // 2 % 50)) for n in range(edits + 2 * WARM)][2 * WARM :]
        editor.end()
        editor = Editor(folder)
        book = (folder / "train.ipynb").as_uri()
        editor.open_notebook(book, cells())
        middle = [editor.edit_cell(book, 10 + n // 2 % 40, change(n, 1)) for n in range(edits + 2 * WARM)][2 * WARM :]
        editor.end()
    return {f"script of {lines} lines": figures(times), f"notebook of {CELLS} cells": figures(middle)}


def cells() -> list[str]:
    """The cells of a notebook that trains a model every third cell."""
    parts = script(CELLS).split("\nmodel_0")[0]
    steps = [STEP.format(n=n, units=32 + n, depth=1 + n % 3) for n in range(CELLS // 3 + 1)]
    split = [piece for step in steps for piece in (step.split("model_")[0] + "\n", *_thirds(step))]
    return [parts, *split][:CELLS]


def _thirds(step: str) -> list[str]:
    lines = step.strip("\n").split("\n")
    return ["\n".join(part) + "\n" for part in (lines[:6], lines[6:])]


def responsiveness(copies: int) -> tuple[int, float, float]:
    """Kilobytes of a large file, milliseconds that another answer takes meanwhile, and seconds until it has been analysed."""
    with tempfile.TemporaryDirectory() as name:
        editor = Editor(Path(name))
        text = "".join(PREPARING.format(n=n) for n in range(copies)) + script(LINES)
        answered, analysed = editor.busy((Path(name) / "large.py").as_uri(), text)
        editor.end()
    return len(text) // 1000, round(1000 * answered, 1), round(analysed, 1)


def growth(edits: int, text: str) -> dict[str, float]:
    """Megabytes held after some edits and after many."""
    with tempfile.TemporaryDirectory() as name:
        editor = Editor(Path(name))
        uri = (Path(name) / "train.py").as_uri()
        editor.open_script(uri, text)
        line = text.count("\n") // 2
        before = 0.0
        for number in range(edits + SETTLED):
            if number == SETTLED:
                before = editor.memory()
            editor.edit_script(uri, change(number, line))
        after = editor.memory()
        editor.end()
    return {"before": round(before, 1), "after": round(after, 1), "growth": round(after - before, 1)}


def main() -> int:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("script", nargs="?", type=Path, help="a script to edit instead of the generated one")
    parser.add_argument("--edits", type=int, default=200)
    parser.add_argument("--long", type=int, default=5000, help="edits over which memory is watched; 0: none")
    options = parser.parse_args()
    text = options.script.read_text(encoding="utf-8") if options.script else usual(LINES)
    for name, found in latency(options.edits, text).items():
        print(f"{name}, {options.edits} edits: " + ", ".join(f"{key} {value} ms" for key, value in found.items()))
    size, answered, analysed = responsiveness(2000)
    print(f"while a file of {size} kB is analysed for {analysed} s, another request is answered in {answered} ms")
    if options.long:
        held = growth(options.long, text)
        print(f"memory over {options.long} edits: {held['before']} MB, then {held['after']} MB: {held['growth']:+} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
