"""Runs of scripts without Keras: what they may not do, how they end, what is left of them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import at, given, run, tree, written

import kerlint
from kerlint.dynamic.observe import KEPT, Running, Wanted
from kerlint.dynamic.protocol import Died, Ended, Exited, Interrupted, Output, Refused, Started, Stopped, TimedOut
from kerlint.dynamic.scratch import LOCK
from kerlint.source import read


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a script, in a folder that the tests look at as well."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(server.getsockname())
        server.setblocking(False)
        datagrams.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()
        with pytest.raises(BlockingIOError):
            datagrams.recv(1)


def test_nothing_leaves_the_scratch_copy(project: Path, tmp_path: Path, listener: socket.socket) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    for name in ("notes.txt", "gone.txt", "old.txt"):
        (project / name).write_text(name)
    (project / "folder").mkdir()
    (project / "folder" / "inner.txt").write_text("inner")
    (project / "big.bin").write_bytes(bytes(9 << 20))
    script = given(project, "marks.py")
    before = tree(tmp_path)

    seen = run(script, str(outside), str(listener.getsockname()[1]))

    assert tree(tmp_path) == before
    assert seen.one(Exited) == Exited("sys.exit", 4, at(seen.one(Exited).place.line, "marks.py"), at=seen.one(Exited).at)
    assert script.read_text().splitlines()[seen.one(Exited).place.line - 1] == "sys.exit(4)"
    assert seen.one(Started).guard == ("landlock", "seccomp", "audit hook")
    assert {refusal.kind for refusal in seen.all(Refused)} == {"write", "network", "process"}
    output = seen.one(Output)
    assert output.truncated
    assert output.written > 40 << 20
    assert len(output.text) <= KEPT
    assert output.text.endswith("the last words\n")


def test_no_process_is_left(project: Path) -> None:
    text = """
import os, time
for leave in (False, True):
    if not os.fork():
        if leave:
            os.setsid()
            if os.fork():
                os._exit(0)
        print("still running", os.getpid(), flush=True)
        time.sleep(600)
time.sleep(0.5)
"""
    seen = run(written(project, text))
    numbers = [int(number) for number in re.findall(r"still running (\d+)", seen.output)]
    assert len(numbers) == 2
    for number in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
    assert seen.ended()


def test_a_run_that_does_not_end_is_killed_and_what_it_told_is_kept(project: Path) -> None:
    text = "try:\n    open('/made', 'w')\nexcept OSError:\n    pass\nwhile True:\n    pass\n"
    seen = run(written(project, text), timeout=3)
    assert seen.one(TimedOut).limit == 3
    assert seen.one(Refused).place == at(2)
    assert seen.one(Interrupted).place.line in (5, 6)
    assert not seen.all(Ended)


def test_a_run_that_is_deaf_to_signals_is_killed(project: Path) -> None:
    deaf = "import signal\nfor number in (2, 10, 15):\n    signal.signal(number, signal.SIG_IGN)\nwhile True: pass\n"
    seen = run(written(project, deaf), timeout=2)
    assert seen.one(TimedOut)
    assert not seen.all(Interrupted)


def test_memory_is_bounded(project: Path) -> None:
    (project / "plenty.py").write_text("import numpy as np\n\n\ndef many():\n    return np.ones(13 * 2**30 // 8)\n")
    seen = run(written(project, "from plenty import many\nmany()\n"), memory=2 << 30)
    assert (seen.one(Stopped).exception, seen.one(Stopped).place) in [
        ("_ArrayMemoryError", at(5, "plenty.py")),
        ("MemoryError", at(5, "plenty.py")),
    ]


def test_memory_in_small_pieces_is_bounded(project: Path) -> None:
    seen = run(written(project, "kept = []\nwhile True:\n    kept.append(bytearray(1 << 20))\n"), memory=1 << 30)
    assert seen.all(Stopped) and seen.one(Stopped).place == at(3) or seen.all(Died)


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("import sys\nsys.exit()\n", Exited("sys.exit", 0, at(2))),
        ("import sys\nif __name__ == '__main__':\n    sys.exit('no data')\n", Exited("sys.exit", 1, at(3))),
        ("def stop():\n    raise SystemExit(7)\n\n\nstop()\n", Exited("sys.exit", 7, at(2))),
        ("import os\n\nos._exit(3)\n", Exited("os._exit", 3, at(3))),
        ("open('nope.csv')\n", Stopped("FileNotFoundError", "'nope.csv'", at(1))),
        ("x = [\n    1,\n    1 / 0,\n]\n", Stopped("ZeroDivisionError", "division by zero", at(3))),
        ("raise ValueError('one\\ntwo')\n", Stopped("ValueError", "one", at(1))),
        ("raise KeyboardInterrupt\n", Stopped("KeyboardInterrupt", "", at(1))),
        ("x = 1\nx = = 2\n", Stopped("SyntaxError", "invalid syntax (train.py, line 2)", at(2))),
        ("import nowhere_at_all\n", Stopped("ModuleNotFoundError", "No module named 'nowhere_at_all'", at(1))),
        ("import sys\nassert sys.stdin.read() == ''\ninput()\n", Stopped("EOFError", "EOF when reading a line", at(3))),
    ],
)  # fmt: skip
def test_how_it_ended(project: Path, text: str, event: Exited | Stopped) -> None:
    seen = run(written(project, text))
    (ending,) = [each for each in seen.events if isinstance(each, (Exited, Stopped, Ended, Died))]
    assert (type(ending), ending.place) == (type(event), event.place)
    assert str(ending).partition(", at=")[0] == str(event).partition(", at=")[0]


def test_a_death_is_told(project: Path) -> None:
    seen = run(written(project, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"))
    assert seen.one(Died).code == -signal.SIGKILL


def test_modules_beside_the_script_are_its_own(project: Path) -> None:
    (project / "package").mkdir()
    (project / "package" / "__init__.py").write_text("")
    (project / "package" / "inner.py").write_text("def fail():\n    raise RuntimeError('inner')\n")
    seen = run(written(project, "import sys\nfrom package import inner\nassert 'package' in inner.__file__\ninner.fail()\n"))
    assert seen.one(Stopped).place == at(2, "package/inner.py")


def test_arguments_environment_and_paths_are_those_of_a_usual_run(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THE_USER", "kept")
    (project / "data").mkdir()
    (project / "data" / "rows.csv").write_text("1,2\n")
    (project.parent / "shared.csv").write_text("shared")
    text = """
import os, sys, __main__
from pathlib import Path
assert sys.argv[1:] == ["--epochs", "3", "a b"], sys.argv
assert Path(sys.argv[0]) == Path(__file__) == Path(__main__.__file__)
assert sys.path[0] == str(Path(__file__).parent) == os.getcwd()
assert os.environ["OF_THE_USER"] == "kept" and os.environ["MPLBACKEND"] == "Agg" and os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
assert open("data/rows.csv").read() == "1,2\\n" and Path("../shared.csv").read_text() == "shared"
assert (Path(__file__).parent / "data").is_dir() and __name__ == "__main__"
Path("~/mine.txt").expanduser().write_text("home")
"""
    assert run(written(project, text), "--epochs", "3", "a b").ended()
    assert not Path("~/mine.txt").expanduser().exists()


def test_a_script_of_a_subfolder_runs_where_its_files_are(project: Path) -> None:
    (project / "scripts").mkdir()
    (project / "data").mkdir()
    (project / "data" / "rows.csv").write_text("rows")
    path = written(project / "scripts", "print(open('data/rows.csv').read())\nraise OSError\n")
    seen = run(path)
    assert seen.output.startswith("rows\n")
    assert seen.one(Stopped).place == at(2, "scripts/train.py")


def test_cells_of_a_notebook(project: Path) -> None:
    cells = ["%time\n# keras\ntext = 1", "%%bash\nexit 1", "!ls\ndisplay(text)\n", "await_ = text\nraise RuntimeError(text)"]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    seen = run(written(project, json.dumps(notebook), "nb.ipynb"))
    assert seen.one(Stopped) == Stopped("RuntimeError", "1", at(2, "nb.ipynb", 4), at=seen.one(Stopped).at)
    assert seen.output.startswith("1\n")
    assert [path.name for path in project.iterdir()] == ["nb.ipynb"]


def test_what_a_cell_writes_is_told_by_the_cell(project: Path) -> None:
    cells = [
        "%%writefile mine.py\nwords = 'keras'",
        "%%writefile -a mine.py\n\ndef fail():\n    raise RuntimeError",
        "import mine\nmine.fail()",
    ]
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    seen = run(written(project, json.dumps(notebook), "nb.ipynb"))
    assert seen.one(Stopped).place == at(4, "nb.ipynb", 2)
    assert [path.name for path in project.iterdir()] == ["nb.ipynb"]


def test_a_run_can_be_given_up(project: Path) -> None:
    path = written(project, "while True: pass\n", f"forever_{os.getpid()}.py")
    started = threading.Event()
    with Running(read(path), Wanted(timeout=600), lambda event: started.set()):
        assert started.wait(60)
        assert _running(path.name)
    assert not _running(path.name)


LEFT = """
import sys, time
from pathlib import Path
from kerlint.dynamic.observe import Running, Wanted
from kerlint.source import read

with Running(read(Path(sys.argv[1])), Wanted(timeout=600), lambda event: print("started", flush=True)):
    time.sleep(600)
"""


def test_what_a_killed_check_leaves_is_deleted_by_the_next_one(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    path = written(project, "import os\nos.mkdir('locked')\nos.chmod('locked', 0)\nwhile True: pass\n", f"left_{os.getpid()}.py")
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(Path(kerlint.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", LEFT, str(path)], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        _long_ago(temporary)
        assert run(written(project, "pass\n")).ended()
        (left,) = temporary.iterdir()  # it goes on, and is left alone
        parent.kill()
    while _running(path.name):
        time.sleep(0.05)  # the kernel ends it with its parent
    assert left.exists()
    assert run(written(project, "pass\n")).ended()
    assert list(temporary.iterdir()) == []


def _long_ago(temporary: Path) -> None:
    """Let a run seem to have begun an hour ago."""
    for lock in temporary.glob(f"*/{LOCK}"):
        os.utime(lock, (time.time() - 3600,) * 2)


def _running(script: str) -> list[Path]:
    """The processes that run a script of this name."""
    return [place for place in Path("/proc").iterdir() if place.name.isdigit() and script.encode() in _command(place)]


def _command(place: Path) -> bytes:
    try:
        return (place / "cmdline").read_bytes()
    except OSError:
        return b""
