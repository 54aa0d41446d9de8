"""What the interpreter understands: every `reveal(...)  # revealed: …` of tests/semantics, and the events that its blocks list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import revealing

PAGES = Path(__file__).parent / "semantics"


def blocks() -> Iterator[object]:
    for page in sorted(PAGES.glob("*.md")):
        for case in revealing.cases(page):
            yield pytest.param(case, id=f"{page.stem}: {case.title}")


@pytest.mark.parametrize("case", [*blocks()])
def test_revealed(case: revealing.Case, tmp_path: Path) -> None:
    seen = revealing.run(case, tmp_path)
    assert seen.lines == revealing.expected(case)
    if case.events is not None:
        assert seen.events == case.events
    if case.passes is not None:
        assert seen.passes == case.passes
    assert seen.lines or case.events or case.passes, "a block that reveals nothing shows nothing"


def test_every_feature_has_a_page() -> None:
    found = {page.stem: len(list(revealing.cases(page))) for page in PAGES.glob("*.md")}
    assert len(found) >= 12
    assert all(count >= 8 for count in found.values()), found
