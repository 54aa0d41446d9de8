"""The parent's side of a run: starts the guarded child, reads what it tells, and leaves nothing of it behind."""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import msgspec

from kerlint.dynamic import scratch
from kerlint.dynamic.protocol import Died, Ended, Exited, Known, Order, Output, Question, Stopped, TimedOut, decode, encode
from kerlint.mistake import MistakeError
from kerlint.source import Source
from kerlint.written_files import parts

BACKENDS = ("tensorflow", "jax", "torch")
KEPT = 64 << 10
"""Bytes of a run's output that are kept, the last ones."""
LONGEST_LINE = 4 << 20
"""Bytes of an event; a longer one is dropped."""
READ = 64 << 10
GRACE = 0.5
"""Seconds that a run has after its limit to say where it is."""
LAST = 5.0
"""Seconds that the kernel has to end what was killed."""
MARK = "KERLINT_DYNAMIC_RUN"
"""The environment variable by which processes of a run are known, wherever they went."""
SET_SUBREAPER, GET_SUBREAPER = 36, 37
"""PR_SET_CHILD_SUBREAPER and PR_GET_CHILD_SUBREAPER (linux/uapi/linux/prctl.h)."""
BOOT = "import sys; sys.path[0] = {root!r}; from kerlint.dynamic.child import main; main(sys.argv[1])"
MEMORY = 8 << 30
"""Bytes that a run may use if nothing else is said."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks of a run."""

    timeout: float = 60.0
    seeds: int = 3
    memory: int = MEMORY
    arguments: tuple[str, ...] = ()
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What a run told, in order; places in its events are relative to `folder`."""

    script: Path
    folder: Path
    events: tuple[Known, ...]
    seconds: float


def lacking() -> str:
    """Why no script can be run here, or ""."""
    if os.name != "posix":
        return "the dynamic mode runs scripts on Linux and macOS only"
    keras = any(find_spec(name) for name in ("keras", "tf_keras"))
    if not keras or not any(find_spec(name) for name in BACKENDS):
        return "the dynamic mode runs scripts with Keras and TensorFlow, which are not installed here: pip install 'kerlint[dynamic]'"
    return ""


class Running:
    """A run in progress: it goes on beside whatever else is done until `result` is asked for."""

    def __init__(self, source: Source, wanted: Wanted, heard: Callable[[Known], object] = lambda event: None) -> None:
        self._source, self._wanted, self._heard = source, wanted, heard
        self._events: list[Known] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: BaseException | None = None
        self._abandoned = threading.Event()
        self.folder = scratch.folder_of(source.path, source.text, Path.cwd())
        self._asked, writing = os.pipe()
        self._ask: int | None = writing
        self._began = time.monotonic()
        self._seconds = 0.0
        # The child dies with the thread that started it, which therefore stays with it to its end.
        self._thread = threading.Thread(target=self._watched, name="kerlint dynamic", daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.ask(())
        self._abandoned.set()
        self._thread.join()

    def ask(self, questions: Iterable[Question]) -> None:
        """Say which rules have something to ask: what others need is not measured. The run waits for this at its first training."""
        if self._ask is not None:
            with suppress(BrokenPipeError):  # the run may have ended already
                os.write(self._ask, msgspec.json.encode(list(questions)) + b"\n")
            os.close(self._ask)
            self._ask = None

    def result(self) -> Observation:
        """Wait for the end of the run."""
        while self._thread.is_alive():
            self._thread.join(0.2)  # in pieces, so that Ctrl-C is heard
        if self._failure is not None:
            raise self._failure
        return Observation(self._source.path, self.folder, tuple(self._events), self._seconds)

    def _watched(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self._failure = error

    def _run(self) -> None:
        scratch.sweep(Path(tempfile.gettempdir()))
        with tempfile.TemporaryDirectory(prefix=scratch.PREFIX, ignore_cleanup_errors=True) as top, scratch.held(Path(top)), _adopting():
            place = scratch.make(Path(top), self.folder, os.environ, self._source.text)
            mark = f"{os.getpid()}-{Path(top).name}"
            try:
                self._follow(place, mark)
            finally:
                if self._process is not None:
                    _end(self._process, mark)
                scratch.unlock(Path(top))
            self._seconds = time.monotonic() - self._began

    def _follow(self, place: scratch.Scratch, mark: str) -> None:
        receive, send = os.pipe()
        order = _order(self._source, self._wanted, place, send, self._asked)
        command = [sys.executable, "-c", BOOT.format(root=str(Path(__file__).parents[2])), encode(order).decode()]
        environment = {**place.environment(os.environ), MARK: mark}
        try:
            self._process = subprocess.Popen(
                command,
                cwd=place.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(send, self._asked),
                start_new_session=True,
            )
        finally:
            os.close(send)
            os.close(self._asked)
        assert self._process.stdout is not None
        with self._process.stdout as output, open(receive, "rb", buffering=0) as events:
            self._listen(self._process, events.fileno(), output.fileno(), mark)

    def _listen(self, process: subprocess.Popen[bytes], events: int, output: int, mark: str) -> None:
        """Read both pipes until the child has ended or its time is up; others may hold its pipes open longer than it lives."""
        lines, printed = _Lines(self._hear), _Printed()
        readers: dict[int, Callable[[bytes], None]] = {events: lines.take, output: printed.take}
        end, asked = self._began + self._wanted.timeout, False
        with selectors.DefaultSelector() as waiting:
            for pipe in readers:
                os.set_blocking(pipe, False)
                waiting.register(pipe, selectors.EVENT_READ)
            while process.poll() is None and not self._abandoned.is_set():
                now = time.monotonic()
                if now > end and not asked:
                    process.send_signal(signal.SIGUSR1)
                    asked = True
                if now > end + GRACE:
                    break
                for key, _ in waiting.select(0.05 if waiting.get_map() else None):
                    if not _drain(key.fd, readers[key.fd], once=True):
                        waiting.unregister(key.fd)
                if not waiting.get_map():
                    time.sleep(0.05)
        _end(process, mark)
        for pipe, reader in readers.items():
            _drain(pipe, reader)
        lines.take(b"\n")
        if asked:
            self._hear(TimedOut(self._wanted.timeout))
        elif not any(isinstance(event, (Ended, Exited, Stopped)) for event in self._events):
            self._hear(Died(process.returncode))
        self._hear(Output(printed.written, printed.text(), printed.written > KEPT))

    def _hear(self, event: Known) -> None:
        self._events.append(event)
        self._heard(event)


def _order(source: Source, wanted: Wanted, place: scratch.Scratch, pipe: int, asked: int) -> Order:
    script = place.folder / source.path.resolve().relative_to(place.origin)
    homes = dict(_written(source, script))
    cells = list(_cells(source, script)) if source.notebook else []
    return Order(
        str(script),
        tuple(str(path) for path, _ in cells),
        tuple(number for _, number in cells),
        homes,
        str(script.relative_to(place.folder)),
        str(place.folder),
        str(place.top),
        wanted.arguments,
        pipe,
        wanted.timeout,
        wanted.seeds,
        wanted.memory,
        asked,
    )


def _written(source: Source, script: Path) -> Iterator[tuple[str, tuple[tuple[int, int, int], ...]]]:
    """What the cells of a notebook write is written, and where each line of it comes from."""
    homes = parts(source) if source.written else {}
    for name, text in source.written.items():
        written = script.parent / name
        if not written.exists() and written.resolve().is_relative_to(script.parent):
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(text, encoding="utf-8")
            yield os.path.abspath(written), tuple((part.first, part.cell, part.down) for part in homes.get(name, ()))


def _cells(source: Source, script: Path) -> Iterator[tuple[Path, int]]:
    """The cells of a notebook as files beside it."""
    for cell in source.cells:
        if cell.number is not None:
            path = script.with_name(f".kerlint-{script.stem}-{cell.number}.py")
            path.write_text(cell.text, encoding="utf-8")
            yield path, cell.number


class _Lines:
    """Events out of a stream of bytes."""

    def __init__(self, hear: Callable[[Known], object]) -> None:
        self._hear = hear
        self._rest = b""

    def take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
        for line in lines:
            if line:
                try:
                    event = decode(line)
                except msgspec.MsgspecError:
                    continue  # cut off by a kill, or written by the script itself
                self._hear(event)


@dataclass(slots=True)
class _Printed:
    """The end of what a run prints, and how much it was."""

    written: int = 0
    kept: bytearray = field(default_factory=bytearray)

    def take(self, data: bytes) -> None:
        self.written += len(data)
        self.kept += data
        if len(self.kept) > 2 * KEPT:
            del self.kept[:-KEPT]

    def text(self) -> str:
        return bytes(self.kept[-KEPT:]).decode("utf-8", "replace")


def _drain(pipe: int, take: Callable[[bytes], None], once: bool = False) -> bool:
    """Read what is there now. False: the pipe has ended."""
    while True:
        try:
            data = os.read(pipe, READ)
        except BlockingIOError:
            return True
        if not data:
            return False
        take(data)
        if once:
            return True


# Its end


class _adopting:  # noqa: N801 - used as a function
    """While it is open, orphans of a run become children of this process (Linux), so that they can be ended and waited for."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
        self._before = ctypes.c_int()

    def __enter__(self) -> None:
        if self._libc:
            self._libc.prctl(GET_SUBREAPER, ctypes.byref(self._before), 0, 0, 0)
            self._libc.prctl(SET_SUBREAPER, 1, 0, 0, 0)

    def __exit__(self, *error: object) -> None:
        if self._libc:
            self._libc.prctl(SET_SUBREAPER, self._before.value, 0, 0, 0)


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """End every process of a run, and wait for it: its group, and those that have left it, which bear its mark."""
    found = {process.pid, *_marked(mark)}
    with suppress(ProcessLookupError, PermissionError):  # all of its group have ended (macOS: "not permitted")
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    end = time.monotonic() + LAST
    found.remove(process.pid)
    while time.monotonic() < end and (found := {number for number in found if not _gone(number)} | set(_marked(mark))):
        time.sleep(0.01)


def _gone(number: int) -> bool:
    """Kill a process that may be a child of this one by now; whether it is no more."""
    try:
        os.kill(number, signal.SIGKILL)
        return os.waitpid(number, os.WNOHANG)[0] == number
    except ProcessLookupError:
        return True
    except ChildProcessError:
        return False  # its parent has not ended yet, or somebody else waits for it


def _marked(mark: str) -> Iterator[int]:
    """The living processes of a run (Linux)."""
    wanted = f"{MARK}={mark}".encode()
    for name in os.listdir("/proc") if sys.platform.startswith("linux") else ():
        if name.isdigit():
            try:
                environment = Path("/proc", name, "environ").read_bytes()
            except OSError:
                continue  # another user's, or it has ended
            if wanted in environment.split(b"\0"):
                yield int(name)


def observe(
    source: Source, wanted: Wanted, asked: Iterable[Question] = (), heard: Callable[[Known], object] = lambda event: None
) -> Observation:
    """Run a script or notebook to answer questions and say what was seen. Raises MistakeError when scripts cannot be run here."""
    if reason := lacking():
        raise MistakeError(reason)
    with Running(source, wanted, heard) as running:
        running.ask(asked)
        return running.result()
