"""The other end of the process that reads code: questions wait here, the newest of each file counts, a process that hangs is replaced."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from kerlint.editor.messages import SIZE, Answer, Failed, Hold, Question, answer, packed

PATIENCE = 1.0
"""Seconds that an answer which nobody waits for any more may still take: a new process costs about as much."""
LONGEST = 60.0
"""Seconds after which an analysis is given up: the interpreter's budget of steps ends all code that people write long before."""
START = "import sys; sys.path[:] = {path!r}; from kerlint.editor.analyst import main; main()"
"""How the process starts: with the paths of this one, so that nothing in the user's folder is imported by its name."""


@dataclass(order=True, slots=True)
class Task:
    """A question that waits: those of lower rank go first."""

    rank: tuple[int, int]
    question: Question = field(compare=False)
    future: asyncio.Future[Answer] = field(compare=False)


class Analysts:
    """Asks the process, one question after the other."""

    def __init__(self, longest: float = LONGEST) -> None:
        self.longest = longest
        self._waiting: asyncio.PriorityQueue[Task] = asyncio.PriorityQueue()
        self._numbers = count()
        self._held: dict[str, bytes] = {}
        self._untold: dict[str, bytes | None] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to answer."""
        self._running = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End the process."""
        if self._running is not None:
            self._running.cancel()
        if (process := self._process) is not None:
            self._kill()
            await process.wait()

    def hold(self, path: str, data: bytes | None) -> None:
        """Say what an open file holds; None when it is closed. It is told before the next question."""
        if data is None:
            self._held.pop(path, None)
        else:
            self._held[path] = data
        self._untold[path] = data

    async def ask(self, question: Question, rank: int = 1) -> Answer:
        """The answer to a question; a cancelled question is not asked, or not waited for."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait(Task((rank, next(self._numbers)), question, future))
        return await future

    async def _run(self) -> None:
        while True:
            task = await self._waiting.get()
            if task.future.done():
                continue
            try:
                found: Answer = await self._answered(task)
            except (OSError, asyncio.IncompleteReadError) as error:
                self._kill()
                found = Failed(f"the analysis ended unexpectedly ({type(error).__name__})")
            if not task.future.done():
                task.future.set_result(found)

    async def _answered(self, task: Task) -> Answer:
        process = self._process or await self._started()
        told = [Hold(path, data) for path, data in self._untold.items()]
        self._untold.clear()
        assert process.stdin is not None
        process.stdin.write(b"".join(map(packed, (*told, task.question))))
        reading = asyncio.ensure_future(_received(process, process.stdin))
        try:
            await asyncio.wait({reading, task.future}, timeout=self.longest, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done() and task.future.done():
                await asyncio.wait({reading}, timeout=PATIENCE)
            if reading.done():
                return reading.result()
        finally:
            reading.cancel()
        self._kill()
        return Failed(f"the analysis was given up after {self.longest:.0f} seconds")

    async def _started(self) -> asyncio.subprocess.Process:
        command = (sys.executable, "-I", "-X", "utf8", "-c", START.format(path=sys.path))
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
        self._untold = dict(self._held)
        return self._process

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):  # it is gone already
                self._process.kill()
            self._process = None


async def _received(process: asyncio.subprocess.Process, stdin: asyncio.StreamWriter) -> Answer:
    assert process.stdout is not None
    await stdin.drain()
    size = int.from_bytes(await process.stdout.readexactly(SIZE), "big")
    return answer(await process.stdout.readexactly(size))
