"""The site of docs/: it builds without a warning, reports lead to its pages, and it fetches nothing from anywhere else."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from kerlint import PAGES
from kerlint.finding import url_of
from kerlint.rule import Rule, rules
from kerlint.settings import KEYS


class Parts(HTMLParser):
    """What a page loads, where it leads, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        match tag, dict(attributes):
            case "a", {"href": str(address)}:
                self.links.append(address)
            case "link", {"rel": "canonical" | "prev" | "next"}:
                pass
            case _, {"src": str(address)} | {"href": str(address)}:
                self.loaded.append(address)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def pages(site: Path) -> Iterator[tuple[str, Parts]]:
    for path in sorted(site.rglob("*.html")):
        yield str(path.relative_to(site)), Parts(path.read_text(encoding="utf-8"))


def test_its_address_is_that_of_reports() -> None:
    assert re.findall(r"^site_url: (.*)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE) == [PAGES]


def test_every_rule_has_its_page(site: Path) -> None:
    for rule in rules().values():
        address = url_of(rule.code, rule.name)
        assert address is not None
        assert address.startswith(PAGES)
        page = site / address.removeprefix(PAGES) / "index.html"
        assert page.is_file(), address
        text = Parts(page.read_text(encoding="utf-8")).text
        for words in (rule.code, rule.name, rule.severity.name, *rule.documented):
            assert words in text, (rule.code, words)


def test_marked_lines_stand_out(site: Path) -> None:
    def marked(rule: Rule) -> int:
        return sum(len(re.findall(r"# *KER\d{3}", example.code)) for example in rule.examples)

    for rule in rules().values():
        text = (site / "rules" / rule.page.stem / "index.html").read_text(encoding="utf-8")
        assert text.count('<span class="hll">') == marked(rule), rule.code


def test_the_index_lists_all_rules(site: Path) -> None:
    index = Parts((site / "rules" / "index.html").read_text(encoding="utf-8"))
    for rule in rules().values():
        assert f"{rule.page.stem}/" in index.links, rule.code


def test_rules_that_are_named_are_linked(site: Path) -> None:
    page = Parts((site / "rules" / "KER301-softmax-single-unit" / "index.html").read_text(encoding="utf-8"))
    assert "../KER302-categorical-loss-single-unit/" in page.links
    coverage = Parts((site / "coverage" / "index.html").read_text(encoding="utf-8"))
    assert "../rules/KER101-unnormalized-input/" in coverage.links


def test_all_keys_of_the_configuration_are_described(site: Path) -> None:
    text = (site / "configuration" / "index.html").read_text(encoding="utf-8")
    for key in KEYS:
        assert f'<h3 id="{key}">' in text, key


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    for name, page in pages(site):
        assert [address for address in page.loaded if re.match(r"(https?:)?//", address)] == [], name
    for path in (*site.rglob("*.css"), *site.rglob("*.svg")):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", path.read_text(encoding="utf-8")), path.name


def test_search_finds_rules(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = [(html.unescape(entry["title"]), entry["location"]) for entry in index["docs"]]
    for rule in rules().values():
        assert f"rules/{rule.page.stem}/" in {place for title, place in found if title.startswith(f"{rule.code}: ")}, rule.code


def test_read_the_docs_builds_it() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.readthedocs", ROOT / ".readthedocs.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    settings = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))
    assert settings["mkdocs"] == {"configuration": "mkdocs.yml", "fail_on_warning": True}
    assert settings["python"]["install"] == [{"method": "pip", "path": ".", "extra_requirements": ["docs"]}]
