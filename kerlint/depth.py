"""A cheap look at how deep code is nested, before a native parser sees it: too deep a nesting ends its process."""

from __future__ import annotations

import re

MOST_BRACKETS = 100
"""Half of what CPython's tokenizer allows (200); libcst's time grows with the square of the depth: 50 ms here, 10 s at 1,000."""
MOST_LINKS = 1_000
"""Operators, calls or `elif`s in one chain. LibCST 1.9 overflows the native stack between 3,000 and 20,000, CPython 3.10 below 200,000."""
MOST_PATTERN = 10
"""Brackets in a `case` pattern: libcst 1.9 takes twice as long for each further one (2 s at 20)."""
_LONG = 200
"""Characters below which nothing inside a literal or between two commas can be too deep."""

QUOTED = r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:"""|\\?\Z)|' + r"'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:'''|\\?\Z)|"
QUOTED += r'"[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"?|' + r"'[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'?"
"""A string literal without its prefix; one that is not closed ends with its line (or with the text, where it is triple-quoted)."""
_TOKEN = re.compile(QUOTED + r"|#[^\r\n]*|\\(?:\r\n|\r|\n)|[()\[\]{},;]|\r\n|\r|\n", re.DOTALL)
_LINK = re.compile(r"\b(?:not|and|or|if|for|in|is|await|lambda)\b|[-+~*/%@&|^<>=.:!]+?")
_CHAINED = f"an expression chains more than {MOST_LINKS:,} operators"
_CASE = re.compile(r"[ \t\f]*case\b")
_ELIF = re.compile(r"^([ \t]*)(elif|if)\b", re.MULTILINE)


def too_deep(text: str) -> tuple[str, int] | None:
    """What is nested too deep for the parser, as a message and the offset where it is; None for all code that people write."""
    return None if _short(text) else _elifs(text) or _expressions(text)


def _short(text: str) -> bool:
    """Whether there is no room for anything too deep: true of most cells of notebooks."""
    return len(text) < MOST_LINKS and text.count("(") + text.count("[") + text.count("{") <= MOST_BRACKETS and "case" not in text


def _elifs(text: str) -> tuple[str, int] | None:
    if text.count("elif") <= MOST_LINKS:
        return None
    chains: dict[str, int] = {}
    for match in _ELIF.finditer(text):
        indent, word = match.groups()
        chains[indent] = chains.get(indent, 0) + 1 if word == "elif" else 0
        if chains[indent] > MOST_LINKS:
            return f"more than {MOST_LINKS:,} `elif` branches in one chain", match.start(2)
    return None


class _Chain:
    """What has been opened in the statement so far, and how long the chains of operators around the present place are."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.start = start
        self.most = MOST_PATTERN if _CASE.match(text, start) else MOST_BRACKETS
        self.outer: list[int] = []
        self.total = 0
        self.here = 0

    def links(self, end: int) -> None:
        """Count the operators between the last token and this one, if there is room for many."""
        if end - self.start + self.total > _LONG:
            found = len(_LINK.findall(self.text, self.start, end))
        else:
            found = end > self.start
        self.here += found
        self.total += found

    def opened(self) -> None:
        self.outer.append(self.here + 1)
        self.total += 1
        self.here = 0

    def closed(self) -> None:
        self.total -= self.here
        self.here = self.outer.pop()

    def separated(self) -> None:
        self.total -= self.here
        self.here = 0


def _expressions(text: str) -> tuple[str, int] | None:
    chain = _Chain(text, 0)
    many_lambdas = text.count("lambda") > MOST_LINKS  # a comma among the parameters of a lambda ends no chain
    for match in _TOKEN.finditer(text):
        token, at = match.group(), match.start()
        chain.links(at)
        if chain.total > MOST_LINKS:
            return _CHAINED, at
        match token[0]:
            case "(" | "[" | "{":
                chain.opened()
            case ")" | "]" | "}" if chain.outer:
                chain.closed()
            case "," | ";" if not many_lambdas:
                chain.separated()
            case "\n" | "\r" if not chain.outer:
                chain = _Chain(text, match.end())
            case '"' | "'":
                chain.total += 1
                chain.here += 1
                if len(token) > _LONG and _formatted(text, at) and _literal(token):
                    return "an f-string is nested too deep", at
            case _:
                pass
        chain.start = match.end()
        if len(chain.outer) > chain.most:
            return f"more than {chain.most} nested brackets", at
    chain.links(len(text))
    return (_CHAINED, chain.start) if chain.total > MOST_LINKS else None


def _formatted(text: str, at: int) -> bool:
    prefix = text[max(0, at - 2) : at].lower()
    return "f" in prefix and prefix.endswith(("f", "r"))


def _literal(token: str) -> bool:
    depth = 0
    for bracket in re.findall(r"[()\[\]{}]", token):
        depth = depth + 1 if bracket in "([{" else max(0, depth - 1)
        if depth > MOST_BRACKETS:
            return True
    return any(len(_LINK.findall(part)) > MOST_LINKS for part in re.split(r"[{},]", token) if len(part) > MOST_LINKS)
