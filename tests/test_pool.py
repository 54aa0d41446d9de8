"""Several processes: what they find is what one finds, in the same order, whatever happens to them."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FAULT, ROOT, Kerlint

from kerlint import progress as progresses
from kerlint.cache import NAME
from kerlint.config import Configs
from kerlint.pool import Pool, _shares
from kerlint.progress import progress
from kerlint.sweep import Sweep, Task

PAGE = '# A claim\n\n```toml\nseverity = "warning"\nmessage = "seen"\n```\n\n## Bad\n\n## Good\n'
CHECK = """\
import os, pathlib, signal, time

def seen(program, rule):
    names = program.names.keys()
    if "poison" in names:
        os.kill(os.getpid(), signal.SIGKILL)
    if "poison_once" in names and not pathlib.Path("taken").exists():
        pathlib.Path("taken").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if "leave" in names:
        os._exit(7)
    if "crash" in names:
        raise ZeroDivisionError
    if "wait" in names:
        pathlib.Path(f"waiting-{os.getpid()}").touch()
        while pathlib.Path("kerlint.toml").exists():
            time.sleep(0.01)
    return ()
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Some folders of files with findings, and a rule that does what the names in a file say."""
    for number in range(12):
        folder = tmp_path / f"part{number % 3}"
        folder.mkdir(exist_ok=True)
        (folder / f"a{number}.py").write_text("import keras\n" * (number + 1) + FAULT)
    (tmp_path / "kerlint.toml").write_text('rules = ["./rules"]\nselect = ["KER301", "TEAM"]\n')
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "TEAM001-seen.md").write_text(PAGE)
    (tmp_path / "rules" / "checks.py").write_text(CHECK)
    return tmp_path


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_find_what_one_finds(tree: Path, method: str) -> None:
    paths = sorted(tree.glob("part*/*.py"))
    expected = Sweep(paths, Configs(), jobs=1).outcomes()
    tasks = [Task(number, path, path.stat().st_size) for number, path in enumerate(paths)]
    done = sorted(Pool(tasks, Configs(), 3, method, keyed=True).outcomes(), key=lambda one: one[0].number)
    assert [outcome for _, outcome, _, _ in done] == expected
    assert len({key for *_, key, _ in done}) == len(paths)


def test_the_order_is_that_of_one_process(kerlint: Kerlint, tree: Path) -> None:
    printed = {kerlint(".", "--no-cache", f"-j{jobs}", "--output-format=json").stdout for jobs in (1, 2, 5)}
    assert len(printed) == 1


def test_files_of_a_folder_stay_together() -> None:
    tasks = [Task(number, Path(f"a{number}.py"), 10 + number % 3) for number in range(100)]
    shares = _shares([Task(100, Path("large.py"), 10_000), *tasks], 2)
    assert sorted(task.number for share in shares for task in share) == list(range(101))
    assert all([task.number for task in share] == list(range(share[0].number, share[0].number + len(share))) for share in shares)
    assert [task.number for task in shares[-1]] == [100]


@pytest.mark.parametrize(("name", "cause"), [("poison", "SIGKILL"), ("leave", "exit code 7")])
def test_a_file_that_kills_its_process_is_named(kerlint: Kerlint, tree: Path, name: str, cause: str) -> None:
    expected = kerlint(".", "--no-cache", "--output-format=concise", "-q")
    (tree / "part1" / "bad.py").write_text(f"import keras, {name}\n")
    for jobs in ("-j2", "-j0"):  # the second time it is the only one that is not known
        done = kerlint(".", jobs, "--output-format=concise", "-q")
        assert done.returncode == 2
        assert done.stdout == expected.stdout
        place = Path("part1", "bad.py")
        assert done.stderr == (
            f"kerlint: internal error in {place}: the process that examines it dies ({cause}); please report (`check -v` shows where)\n"
        )


def test_a_process_that_is_killed_for_another_reason_costs_nothing(kerlint: Kerlint, tree: Path) -> None:
    (tree / "part1" / "once.py").write_text("import keras, poison_once\n" + FAULT)
    done = kerlint(".", "-j2")
    assert (tree / "taken").exists()
    assert (done.returncode, done.stdout, done.stderr) == (1, kerlint(".", "-j1", "--no-cache").stdout, "")


def test_all_processes_die_and_the_rest_is_examined(kerlint: Kerlint, tree: Path) -> None:
    for number in range(5):
        (tree / "part0" / f"bad{number}.py").write_text("import keras, poison\n")
    done = kerlint(".", "-j3", "--statistics", "-q")
    assert done.returncode == 2
    assert done.stdout.split() == ["12", "KER301", "error", "softmax-single-unit"]
    assert done.stderr.count("SIGKILL") == 5


def test_an_error_in_another_process_is_told(kerlint: Kerlint, tree: Path) -> None:
    (tree / "part0" / "bad.py").write_text("import keras, crash\n")
    assert kerlint(".", "-j2").stderr == kerlint(".", "-j1", "--no-cache").stderr
    assert "checks.py:13: the check of TEAM001 fails" in kerlint(".", "-j2").stderr


@pytest.fixture
def waiting(tree: Path) -> Iterator[subprocess.Popen[str]]:
    """A run of two processes, both of which wait."""
    for name in ("part0/a.py", "part1/b.py"):
        (tree / name).write_text("import keras, wait\n")
    command = [sys.executable, "-m", "kerlint", ".", "-j2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(
        command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    while len(list(tree.glob("waiting-*"))) < 2:
        assert run.poll() is None
        time.sleep(0.01)
    yield run
    (tree / "kerlint.toml").unlink()
    run.communicate()


def children(tree: Path) -> list[int]:
    return [int(path.name.partition("-")[2]) for path in tree.glob("waiting-*")]


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_ctrl_c_ends_all_processes_without_a_traceback(waiting: subprocess.Popen[str], tree: Path) -> None:
    os.killpg(waiting.pid, signal.SIGINT)  # as a terminal does: all processes get it
    output, errors = waiting.communicate()
    assert (waiting.returncode, output, errors.strip()) == (130, "", "kerlint: interrupted")
    assert all(map(gone, children(tree)))


def test_what_was_found_before_ctrl_c_is_kept(waiting: subprocess.Popen[str], tree: Path) -> None:
    os.killpg(waiting.pid, signal.SIGINT)
    waiting.communicate()
    assert (tree / ".kerlint_cache" / NAME).stat().st_size > 0


def test_processes_end_when_the_run_is_killed(waiting: subprocess.Popen[str], tree: Path) -> None:
    waiting.kill()
    waiting.wait()
    toml = (tree / "kerlint.toml").read_text()
    (tree / "kerlint.toml").unlink()  # they finish the file that they are at
    while not all(map(gone, children(tree))):
        time.sleep(0.01)
    (tree / "kerlint.toml").write_text(toml)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_in_long_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(progresses.time, "monotonic", lambda: now)
    terminal, file, quiet = Terminal(), io.StringIO(), Terminal()
    sayers = [progress(terminal, silent=False), progress(file, silent=False), progress(quiet, silent=True)]
    for done in range(1, 2001):
        now += 0.01
        for say in sayers:
            say(done, 2000)
    said = terminal.getvalue().split("\r")
    assert said[:2] == ["", "200 of 2,000 files"]
    assert said[-2:] == [" " * len("1,999 of 2,000 files"), ""]
    assert 150 < len(said) < 200
    assert file.getvalue() == quiet.getvalue() == ""
    short = Terminal()
    say = progress(short, silent=False)
    say(1, 2)
    say(2, 2)
    assert short.getvalue() == ""
