"""What the extension for VS Code declares is what the server knows."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from editor.editing import ROOT
from kerlint import PAGES
from kerlint.editor.settings import CLIENTS, Settings, settings

PACKAGE: dict[str, Any] = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text(encoding="utf-8"))
PROPERTIES: dict[str, Any] = PACKAGE["contributes"]["configuration"]["properties"]
OWN = {name: found for name, found in PROPERTIES.items() if name.split(".")[1] not in CLIENTS}


def test_the_server_takes_the_defaults_of_the_extension_for_its_own() -> None:
    defaults = {name.removeprefix("kerlint."): found["default"] for name, found in OWN.items()}
    assert settings(defaults) == Settings()


@pytest.mark.parametrize("name", OWN)
def test_the_server_takes_every_value_that_the_extension_allows(name: str) -> None:
    match OWN[name]:
        case {"enum": values}:
            pass
        case {"type": "boolean"}:
            values = [True, False]
        case {"type": "integer"}:
            values = [0, 1000]
        case {"type": "array"}:
            values = [["KER3"]]
        case {"type": "string"}:
            values = ["kerlint.toml"]
    key = name.removeprefix("kerlint.")
    for value in values:
        assert json.loads(msgspec.json.encode(settings({key: value})))[key] == value


def test_what_concerns_the_client_alone_is_declared() -> None:
    assert {name.split(".")[1] for name in PROPERTIES} - {name.split(".")[1] for name in OWN} == set(CLIENTS)


def test_the_button_leads_to_the_set_up_page() -> None:
    source = (ROOT / "editors" / "vscode" / "src" / "messages.ts").read_text(encoding="utf-8")
    found = re.search(r'SETUP_PAGE = "([^"#]+)#([^"]+)"', source)
    assert found is not None
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert (found[1], found[2] in {title.lower().replace(" ", "-") for title in titles}) == (f"{PAGES}editors/", True)
