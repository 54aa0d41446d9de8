"""Pages in a terminal: wrapped and plain where there are no colours, with colours and links where there are."""

from __future__ import annotations

import re

import pytest
from conftest import Kerlint

from kerlint.markdown import rendered, wrapped
from kerlint.reports import Paint
from kerlint.rule import Rule, rules

PAGE = """\
# ignored by nobody

Prose with `code, of words`, **strong words** and a [link](https://keras.io/api), which is
broken anywhere.

* one
  and its second line
* two

```python file=models.py
x = 1  # KER101

# a remark
```

```toml
y = "# no remark"
```
"""
ESCAPE = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\")


def test_plain() -> None:
    assert list(rendered(PAGE, Paint(False), 40)) == [
        "ignored by nobody",
        "-----------------",
        "Prose with `code, of words`, strong",
        "words and a link (https://keras.io/api),",
        "which is broken anywhere.",
        "",
        "* one and its second line",
        "* two",
        "",
        "    (models.py)",
        "    x = 1  # KER101",
        "",
        "    # a remark",
        "",
        '    y = "# no remark"',
        "",
    ]


def test_painted() -> None:
    lines = list(rendered(PAGE, Paint(True), 80))
    text = "\n".join(lines)
    assert "\x1b[36mcode, of words\x1b[0m," in text
    assert "\x1b]8;;https://keras.io/api\x1b\\\x1b[4mlink\x1b[0m\x1b]8;;\x1b\\, which" in text
    assert "x = 1  \x1b[1;31m# KER101\x1b[0m" in text
    assert '    y = "# no remark"' in lines
    assert max(len(ESCAPE.sub("", line)) for line in lines) <= 80


def test_wide_words_are_not_broken() -> None:
    assert list(wrapped("a " + "b" * 50 + " c", Paint(False), 20)) == ["a", "b" * 50, "c"]
    assert list(wrapped("", Paint(False), 20)) == []


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.code)
def test_nothing_of_a_page_is_lost(rule: Rule) -> None:
    """Every word of the prose and every line of code is printed, and nothing else moves the cursor."""
    printed = "\n".join(rendered(rule.text, Paint(False)))
    assert "\x1b" not in printed
    words = re.sub(r"```.*?```", "", rule.text, flags=re.DOTALL)
    loose = re.sub(r"[\s*#\[\]()-]", "", printed)
    for word in words.split():
        assert re.sub(r"[\s*#\[\]()-]", "", word) in loose
    for example in rule.examples:
        assert all(f"    {line}" in printed for line in example.code.splitlines() if line)


def test_colours_of_a_terminal_only(kerlint: Kerlint) -> None:
    assert "\x1b" not in kerlint("rule", "KER301").stdout
    assert "\x1b]8;;" in kerlint("rule", "KER301", "--color=always").stdout
    assert "\x1b[" in kerlint("rules", FORCE_COLOR="1").stdout
    assert "\x1b" not in kerlint("rule", "KER301", NO_COLOR="1", FORCE_COLOR="1").stdout


def test_table_says_severity_fix_and_default(kerlint: Kerlint) -> None:
    rows = {line.split()[0]: line.split()[1:5] for line in kerlint("rules").stdout.splitlines()}
    assert rows["KER706"] == ["missing-prefetch", "info", "safe", "off"]
    assert rows["KER714"] == ["unsafe-deserialization", "warning", "-", "on"]
