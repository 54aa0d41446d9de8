"""All files of the folders that are open in the editor, looked at in the background; off until it is set or asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.progress import Progress
from pygls.uris import to_fs_path

from kerlint.editor.asking import Analysts
from kerlint.editor.messages import Analysis, Files, Find
from kerlint.editor.sessions import BACKGROUND, Sessions

TITLE = "kerlint: linting the workspace"


class Workspace:
    """Looks at files that nobody has opened."""

    def __init__(self, sessions: Sessions, analysts: Analysts, progress: Progress) -> None:
        self._sessions = sessions
        self._analysts = analysts
        self._progress = progress
        self._task: asyncio.Task[int] | None = None
        self._refreshing: set[asyncio.Task[None]] = set()

    def begin(self, folders: Iterable[str], shown: bool) -> None:
        """Look at all files if that is set; what was known of them is dropped if not."""
        self.stop()
        if self._sessions.settings.lint_workspace and self._sessions.settings.enable:
            self._task = asyncio.ensure_future(self.lint(folders, shown))
        else:
            self._drop(set(self._sessions.background))

    def stop(self) -> None:
        """Stop looking at them."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def lint(self, folders: Iterable[str], shown: bool) -> int:
        """Look at every file below folders that is not open; how many these were."""
        paths = [path for uri in folders if (path := to_fs_path(uri)) is not None]
        match await self._analysts.ask(Find(tuple(paths), self._sessions.asked), BACKGROUND):
            case Files(paths=found):
                files = list(found)
            case _:
                return 0
        self._drop(set(self._sessions.background).difference(files))
        token = await self._begun(len(files)) if shown else None
        try:
            return await self._each(files, token)
        finally:
            if token is not None:
                self._progress.end(token, types.WorkDoneProgressEnd())

    async def _each(self, files: list[str], token: str | None) -> int:
        done = 0
        for number, path in enumerate(files):
            if token is not None:
                if self._progress.tokens[token].cancelled():
                    break
                said = types.WorkDoneProgressReport(message=f"{number + 1} of {len(files)}", percentage=100 * number // len(files))
                self._progress.report(token, said)
            if self._sessions.documents.at(path) is None:
                await self.look(path)
                done += 1
        return done

    async def _begun(self, count: int) -> str | None:
        """The token of a progress that the client shows; None if it does not want to."""
        token = f"kerlint-{uuid4()}"
        try:
            await self._progress.create_async(token)
        except JsonRpcException:
            return None
        begin = types.WorkDoneProgressBegin(TITLE, cancellable=True, message=f"0 of {count}", percentage=0)
        self._progress.begin(token, begin)
        return token

    async def look(self, path: str) -> None:
        """Look at one file."""
        question = self._sessions.question(path, keep=False)
        found = await self._analysts.ask(question, BACKGROUND)
        match found:
            case Analysis() if self._sessions.documents.at(path) is None:
                self._sessions.learn(path, found)
            case _:
                pass

    def changed(self, path: str, gone: bool) -> None:
        """A file that may have been looked at has changed on disk."""
        if gone:
            self._drop({path} & self._sessions.background.keys())
        elif self._sessions.settings.lint_workspace and path.endswith((".py", ".ipynb")):
            self._refreshing.add(task := asyncio.ensure_future(self.look(path)))
            task.add_done_callback(self._refreshing.discard)

    def _drop(self, paths: set[str]) -> None:
        for path in paths:
            self._sessions.learn(path, None)
