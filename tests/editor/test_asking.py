"""The process that reads code: what hangs is given up, what dies is replaced, what nobody waits for is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from editor.editing import FAULT
from kerlint.editor import asking
from kerlint.editor.asking import START, Analysts
from kerlint.editor.messages import Analyse, Analysis, Describe, Failed, Files, Find, Gone, Settings

HANGING = "import time; time.sleep(3600)"
DYING = "import sys; sys.stdin.buffer.read(1); sys.exit(3)"


@asynccontextmanager
async def _running(**options: float) -> AsyncIterator[Analysts]:
    analysts = Analysts(**options)
    analysts.start()
    try:
        yield analysts
    finally:
        await analysts.stop()


def _question(path: Path) -> Analyse:
    return Analyse(str(path), "utf-16", Settings(isolated=True))


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Code that the next processes run instead of what they should, in order."""
    codes: list[str] = []

    class Start(str):
        __slots__ = ()

        def format(self, *args: object, **named: object) -> str:
            return codes.pop(0) if codes else START.format(*args, **named)

    monkeypatch.setattr(asking, "START", Start())
    return codes


async def test_an_analysis_that_hangs_is_given_up_and_the_next_one_works(tmp_path: Path, starts: list[str]) -> None:
    starts.append(HANGING)
    async with _running(longest=0.5) as analysts:
        analysts.hold(str(tmp_path / "train.py"), FAULT.encode())
        failed = await analysts.ask(_question(tmp_path / "train.py"))
        assert failed == Failed("the analysis was given up after 0 seconds")
        analysts.longest = 60
        match await analysts.ask(_question(tmp_path / "train.py")):
            case Analysis(notes=(note,)):
                assert note.code == "KER301"
            case other:
                raise AssertionError(other)


async def test_a_process_that_dies_is_replaced(tmp_path: Path, starts: list[str]) -> None:
    starts.append(DYING)
    async with _running() as analysts:
        analysts.hold(str(tmp_path / "train.py"), FAULT.encode())
        match await analysts.ask(_question(tmp_path / "train.py")):
            case Failed(message=message):
                assert message.startswith("the analysis ended unexpectedly")
            case other:
                raise AssertionError(other)
        match await analysts.ask(_question(tmp_path / "train.py")):
            case Analysis(notes=(note,)):
                assert note.code == "KER301"
            case other:
                raise AssertionError(other)


async def test_what_nobody_waits_for_does_not_hold_up_the_rest(tmp_path: Path, starts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.1)
    starts.append(HANGING)
    async with _running() as analysts:
        left = asyncio.ensure_future(analysts.ask(_question(tmp_path / "train.py")))
        await asyncio.sleep(0.1)
        left.cancel()
        never = asyncio.ensure_future(analysts.ask(_question(tmp_path / "other.py")))
        never.cancel()
        assert await analysts.ask(Find((str(tmp_path),), Settings(isolated=True))) == Files(())


async def test_what_the_user_waits_for_goes_first(tmp_path: Path) -> None:
    order: list[str] = []
    async with _running() as analysts:

        async def ask(name: str, rank: int) -> None:
            await analysts.ask(Find((str(tmp_path),), Settings(isolated=True)), rank)
            order.append(name)

        await asyncio.gather(ask("background", 2), ask("open", 1), ask("at once", 0))
    assert order == ["at once", "open", "background"]


async def test_questions_about_what_is_not_known_any_more(tmp_path: Path) -> None:
    async with _running() as analysts:
        assert await analysts.ask(Describe(str(tmp_path / "train.py"), "utf-16", 3, False)) == Gone()
