"""What all tests of the language server start from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_lsp
from pytest_lsp import LanguageClient

from editor.editing import CONFIG, Editor


@pytest_lsp.fixture(config=CONFIG)
async def editor(lsp_client: LanguageClient, tmp_path: Path) -> AsyncIterator[None]:
    """An editor with a server of its own, not yet initialized."""
    assert isinstance(lsp_client, Editor)
    lsp_client.folder = tmp_path
    yield
    await lsp_client.shutdown_session()
    if lsp_client.capabilities is None and lsp_client._server is not None:  # a test that did not get that far
        lsp_client._server.kill()
