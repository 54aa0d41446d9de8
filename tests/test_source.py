"""Reading scripts and notebooks: encodings, magics, broken cells, code nested too deep for the parser."""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kerlint.depth import MOST_BRACKETS, too_deep
from kerlint.magics import neutral
from kerlint.source import Cell, Parsed, Problem, Source, SourceError, parse, raw_rows, read

SCRIPT, BOOK = Path("a.py"), Path("a.ipynb")


def notebook(*cells: Any, **more: Any) -> Source:
    """A notebook that mentions Keras, with these sources as code cells."""
    found = [{"cell_type": "markdown", "source": "# keras"}, *({"cell_type": "code", "source": cell} for cell in cells)]
    return read(BOOK, json.dumps({"cells": found, "metadata": {}, **more}).encode())


def problems(source: Source | str) -> tuple[Problem, ...]:
    return parse(read(SCRIPT, source.encode()) if isinstance(source, str) else source).problems


def refused(path: Path, data: bytes) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(path, data)
    assert str(caught.value).startswith(f"{path}:{caught.value.row}:{caught.value.column}: ")
    return caught.value


# Bytes to text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"\xef\xbb\xbfx = '\xc3\xa9'\n", "x = 'é'\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (
            b"#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :\r\nx = '\x80'",
            "#!/usr/bin/python\r\n# vim: set fileencoding=cp1252 :\r\nx = '€'",
        ),
        (b"x = 1\n# coding: latin-1\ny = '\xc3\xa9'", "x = 1\n# coding: latin-1\ny = 'é'"),
        (b"a\r\nb\rc\n\td", "a\r\nb\rc\n\td"),
    ],
    ids=["empty", "byte order mark", "latin-1", "second line", "cookie after code", "line endings"],
)
def test_scripts_are_decoded_as_python_does(data: bytes, text: str) -> None:
    source = read(SCRIPT, data)
    assert source.text == text
    assert [(cell.number, cell.text) for cell in source.cells] == [(None, text)]


@pytest.mark.parametrize(
    ("data", "row", "column", "message"),
    [
        (b"x = 1\ny = 'a\xe9'\n", 2, 7, "is not text in utf-8: byte 0xe9"),
        ("é = '".encode() + b"\xff'", 1, 6, "byte 0xff"),
        (b"x\r\n\x00", 2, 1, "NUL"),
        (bytes(range(256)), 1, 1, "NUL"),
        ("x = 1".encode("utf-16"), 1, 1, "UTF-16"),
        (b"# first\n# coding: klingon\n", 2, 11, "unknown encoding, 'klingon'"),
        (b"# coding: rot13\nx", 1, 1, "is not text in rot-13"),
        (b"# coding: ascii\nx\xe9", 2, 2, "is not text in ascii"),
    ],
)
def test_what_is_not_text_is_refused_with_the_place(data: bytes, row: int, column: int, message: str) -> None:
    error = refused(SCRIPT, data)
    assert (error.row, error.column) == (row, column)
    assert message in error.message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        read(tmp_path / "missing.py")
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path)


def test_a_file_is_read_from_disk(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"import keras\r\n")
    assert read(path) == Source(path, "import keras\r\n", cells=(Cell(None, "import keras\r\n"),))


@pytest.mark.parametrize("word", ["import keras", "import tf_keras", "from tensorflow.keras import layers", "import tensorflow as tf"])
def test_scripts_that_mention_keras(word: str) -> None:
    assert read(SCRIPT, word.encode()).mentions_keras
    assert not read(SCRIPT, b"import torch").mentions_keras
    assert notebook(word).mentions_keras
    assert not notebook("import torch").mentions_keras
    assert notebook(f"%%writefile a.py\n{word}\n").mentions_keras
    assert not notebook(f"%%bash\npython -c '{word}'\n").mentions_keras


def test_pieces_of_scripts_are_known_by_what_they_do() -> None:
    assert read(SCRIPT, b"model = Sequential()\nmodel.compile(loss='mse')").mentions_keras
    assert not read(SCRIPT, b"model = nn.Sequential()\nre.match('a', b)").mentions_keras
    assert not read(SCRIPT, b"re.compile('a')").mentions_keras


# Notebooks


def test_code_cells_are_numbered_without_the_others() -> None:
    source = notebook("x = 1", ["y = 2\n", "z = 3"])
    assert [(cell.number, cell.text) for cell in source.cells] == [(1, "x = 1"), (2, "y = 2\nz = 3")]


def test_notebooks_of_format_3() -> None:
    cells = [{"cell_type": "heading", "source": "x"}, {"cell_type": "code", "language": "python", "input": ["import keras\n", "x"]}]
    source = read(BOOK, json.dumps({"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}).encode())
    assert [cell.text for cell in source.cells] == ["import keras\nx"]
    assert set(raw_rows(source)) == {1}


def test_notebooks_in_other_languages_have_no_cells() -> None:
    assert notebook("library(keras)", metadata={"kernelspec": {"language": "R"}}).cells == ()
    assert notebook("using Keras", metadata={"language_info": {"name": "julia"}}).cells == ()
    assert len(notebook("import keras", metadata={"language_info": {"name": "python"}}).cells) == 1


def test_a_foreign_notebook_is_not_even_read_as_json() -> None:
    assert read(BOOK, b'{"cells": [}').cells == ()


@pytest.mark.parametrize(
    ("data", "row", "message"),
    [
        (b"", 1, "Expecting value"),
        (b"import keras\n", 1, "Expecting value"),
        (b'{"cells":\n [keras}', 2, "Expecting value"),
        (b'["keras"]', 1, "not an object"),
        (b'{"keras": 1}', 1, "no list of cells"),
        (b'{"keras": 1, "cells": {}}', 1, "no list of cells"),
        (b'{"cells": ["keras"]}', 1, "cell 1 is not an object"),
        (b'{"cells": [{"cell_type": "code", "keras": 1}]}', 1, "cell 1 has no source"),
        (b'{"cells": [{}, {"cell_type": "code", "source": ["keras", 1]}]}', 1, "source of cell 2 is not text"),
        (b'{"worksheets": ["keras"]}', 1, "worksheet 1"),
        (b'{"cells": ' + b"[" * 100_000 + b'"keras"' + b"]" * 100_000 + b"}", 1, "is not a notebook"),
        (b'{"keras": ' + b"9" * 5000 + b"}", 1, "is not a notebook"),
        (b'{"keras": "\xff"}', 1, "byte 0xff"),
    ],
    ids=lambda value: str(value)[:30] if not isinstance(value, int) else None,
)
def test_broken_notebooks_are_refused(data: bytes, row: int, message: str) -> None:
    error = refused(BOOK, data)
    assert message in error.message
    assert error.row == row


@pytest.mark.parametrize("indent", [None, 1, "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_rows_of_the_file_for_the_lines_of_cells(indent: int | str | None, ending: str) -> None:
    sources: list[Any] = [["import keras\n", 'x = "\\u00e9,]}"\n', "y"], "a\nb\n", [], "", ["p\nq\n", "r\n", "s"], ["x\n", ""]]
    cells = [{"cell_type": "code", "metadata": {"source": ["no\n", "no"], "cells": [{"source": ["no"]}]}, "source": one} for one in sources]
    cells.insert(1, {"cell_type": "markdown", "metadata": {}, "source": ["one\n", "two"]})
    text = json.dumps({"metadata": {"cells": ["keras"]}, "cells": cells}, indent=indent).replace("\n", ending)
    source = read(BOOK, text.encode())
    rows = raw_rows(source)
    assert [len(rows[number]) for number in range(1, 7)] == [3, 3, 1, 1, 4, 2]
    raw = text.split(ending)
    for cell in source.cells:
        for line, row in zip(cell.text.split("\n"), rows[cell.number or 0], strict=True):
            assert json.dumps(line)[1:-1] in raw[row - 1], (cell, line)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.text(alphabet='ab\n"\\[]{},:é\r'), st.lists(st.text(alphabet='ab\n"\\]')))),
    st.sampled_from([None, 1]),
)
def test_rows_of_any_cells(sources: list[str | list[str]], indent: int | None) -> None:
    cells = [{"source": one, "outputs": [{"source": "x"}], "cell_type": "code"} for one in sources]
    text = json.dumps({"cells": cells, "metadata": {"keras": [[{"source": []}]]}}, indent=indent)
    source = read(BOOK, text.encode())
    rows = raw_rows(source)
    for cell, one in zip(source.cells, sources, strict=True):
        joined = one if isinstance(one, str) else "".join(one)
        found = rows[cell.number or 0]
        assert len(found) == len(joined.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        assert list(found) == sorted(found)
        assert text.split("\n")[found[0] - 1].strip()


# Magics


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%matplotlib inline\nx = 1", "\nx = 1"),
        ("!pip install \\\n  keras \\\n  numpy\nx = 1", "\n\n\nx = 1"),
        ("!echo don't ((\nx = 1", "\nx = 1"),
        ("?keras\nkeras.Model?\nkeras.Model??\nx = 1", "\n\n\nx = 1"),
        ("if a:\n    !ls\n    x = 1", "if a:\n    pass\n    x = 1"),
        ("try:\n  # Colab\n  %tensorflow_version 2.x\nexcept Exception:\n  pass", "try:\n  # Colab\n  pass\nexcept Exception:\n  pass"),
        ("files = !ls *.csv\nx = 1", "files = get_ipython()\nx = 1"),
        ("a, b = %who_ls \\\n int\nx", "a, b = get_ipython()\n\nx"),
        ("x = 5 %2\ny = a != b", "x = 5 %2\ny = a != b"),
        ("print('%d and %d'\n      % (a, b))\nx = 7 \\\n  % 2", "print('%d and %d'\n      % (a, b))\nx = 7 \\\n  % 2"),
        ('s = """\n%time\n!ls\n"""\n%time', 's = """\n%time\n!ls\n"""\n'),
        ("%time model.fit(x)", "if 1: model.fit(x)"),
        ("%timeit -n 1 -r 1 f(a,\n  b)\nx", "if 1:             f(a,\n  b)\nx"),
        ("%time for i in a: f(i)", ""),
        ("%%time\nmodel.fit(x)\n%ls", "\nmodel.fit(x)\n"),
        ("\n%%capture out\nx = 1", "\n\nx = 1"),
        ("#@title Run\n%%bash\nls (", "\n\n"),
        ("%%html\n<b>don't</b>\n", "\n\n"),
        ("%%javascript\nlet x = {;", "\n"),
        (
            "#@title Dense { run: 'auto' }\nunits = 64 #@param {type:'integer'}",
            "#@title Dense { run: 'auto' }\nunits = 64 #@param {type:'integer'}",
        ),
        ("x = 1;\ny = 2 ;", "x = 1;\ny = 2 ;"),
        ("get_ipython().run_line_magic('x', '')", "get_ipython().run_line_magic('x', '')"),
        ("x\u00a0= 'a\u00a0b'  #\u00a0c", "x = 'a\u00a0b'  #\u00a0c"),
        ("x = 'unclosed\n!ls\ny = 1", "x = 'unclosed\n\ny = 1"),
        ("%matplotlib inline\r\nx = 1\r\n", "\r\nx = 1\r\n"),
        ("!ls \\", ""),
        ("d = {'a': 1,\n     'b': 2}\n%who", "d = {'a': 1,\n     'b': 2}\n"),
        ("def f():\n    '''Doc.'''\n    %debug\n", "def f():\n    '''Doc.'''\n    pass\n"),
    ],
)
def test_magics_become_neutral(cell: str, expected: str) -> None:
    assert neutral(cell).text == expected


def test_cells_of_other_languages_are_skipped() -> None:
    assert [cell.skipped for cell in notebook("%%bash\nls", "%%time\nx", "x").cells] == [True, False, False]


def test_files_that_cells_write() -> None:
    source = notebook("%%writefile a.py\nimport keras", "%%file 'my dir/b.py'\nx", "%%writefile -a a.py\nx = 1\n", "%%writefile a b 'c")
    assert source.written == {"a.py": "import keras\nx = 1\n", "my dir/b.py": "x\n", "'c": ""}
    assert [cell.text.strip() for cell in source.cells] == [""] * 4


def test_indented_cells_are_moved_to_the_left() -> None:
    source = notebook("  # a\n  x = 1\n\n  if x:\n    y = 2\n# b\n  z = 3 4", "if x:\n  y = 2")
    assert source.cells[0].text == "# a\nx = 1\n\nif x:\n  y = 2\n# b\nz = 3 4"
    assert source.cells[0].indents == (2, 2, 0, 2, 2, 0, 2)
    assert (source.cells[0].indent, source.cells[1].indent) == (2, 0)
    assert (source.cells[0].shown(2, 1), source.cells[0].shown(6, 1), source.cells[1].shown(2, 3)) == (3, 1, 3)
    (problem,) = problems(source)
    assert (problem.cell, problem.row, problem.column) == (1, 7, 9)


def test_indented_cells_below_a_magic_are_moved_to_the_left() -> None:
    source = notebook("%%time\n\n    x = 1\n    y = 2", "%%bash\n    ls")
    assert source.cells[0].text == "\n\nx = 1\ny = 2"
    assert source.cells[0].indents == (0, 0, 4, 4)
    assert source.cells[1].skipped


def test_lone_surrogates_are_no_crash() -> None:
    assert parse(read(BOOK, rb'{"cells": [{"cell_type": "code", "source": "x = \"keras\ud800\""}]}')).problems == ()


# Parsing


def test_a_broken_cell_leaves_the_others() -> None:
    parsed = parse(notebook("import keras", "model = # YOUR CODE HERE", "x = 1"))
    assert [module is not None for module in parsed.modules] == [True, False, True]
    ((problem),) = parsed.problems
    assert (problem.cell, problem.row) == (2, 1)
    assert problem.message.startswith("syntax error: ")


@pytest.mark.parametrize(
    ("text", "row", "column", "message"),
    [
        ("x = 1\ny = (2 3)\n", 2, None, "syntax error: "),
        ("x = (1,\n", 1, 5, "'(' was never closed"),
        ("x = 'é' 1\n", 1, 9, "syntax error"),
        ("x = 'abc\n", 1, 5, "unterminated string"),
        ("if x:\n  y\n z\n", 3, None, "unindent"),
        ("if x:\n\ty\n        z\n", 3, None, "inconsistent"),
        ("def f():\n", 1, None, "expected an indented block"),
        ("\fx = 1 2\n", 1, 8, "syntax error"),
        ("x = 1\rprint 'a'\r", 2, 1, "Python 2 code: print statement"),
        ("def f():\n    print 'a' % b\n", 2, 5, "Python 2 code: print statement"),
        ("print >>f, 'a'\nprint x y\n", None, None, "Python 2 code: print statement"),
        ("exec 'x'\n", 1, 1, "Python 2 code: exec statement"),
        ("raise ValueError, 'x'\n", 1, 1, "Python 2 code: `raise Error, value`"),
    ],
)
def test_syntax_errors_have_a_place_and_a_reason(text: str, row: int | None, column: int | None, message: str) -> None:
    (problem,) = problems(text)
    assert message in problem.message
    assert "\n" not in problem.message
    assert row in (None, problem.row)
    assert column in (None, problem.column)


@pytest.mark.parametrize("text", ["", "\n", "# only\n# comments", "\f\n", "x = 1\f\n\fy = 2\n", "x = 1", "if a:\n\tb\n\tc\n"])
def test_unusual_scripts_are_parsed(text: str) -> None:
    assert problems(text) == ()


def test_form_feeds_do_not_move_columns() -> None:
    (cell,) = read(SCRIPT, b"x = 1\n\f\n\fy = 2\n \f  z = 3\n").cells
    assert cell.text == "x = 1\n\f\ny = 2\n  z = 3\n"
    assert (cell.indents, cell.shown(3, 1), cell.shown(4, 3)) == ((0, 0, 1, 2, 0), 2, 5)


@pytest.mark.parametrize("count", [2_000, 20_000, 200_000])
@pytest.mark.parametrize(
    ("before", "middle", "after"),
    [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("f(", "1", ")"),
        ("a[", "1", "]"),
        ("{1: ", "1", "}"),
        ("(", "", ""),
        ("-", "1", ""),
        ("not ", "1", ""),
        ("1 + ", "1", ""),
        ("a.", "b", ""),
        ("a and ", "b", ""),
        ("a if b else ", "c", ""),
        ("lambda: ", "c", ""),
        ("lambda a=1, *b: ", "c", ""),
        ("", "f", "()"),
        ("", "f", "[0]"),
        ("'a' ", "'b'", ""),
        ("('a'\n", "'b'", ")"),
        ("(1,\n", "1", ")"),
    ],
)
def test_code_nested_too_deep_is_a_problem_and_no_crash(before: str, middle: str, after: str, count: int) -> None:
    text = before * count + middle + after * count + "\n"
    started = time.process_time()
    assert [found.message[:20] for found in problems(text)] == ["cannot be analysed: "]
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "if a: pass\n" + "elif b: pass\n" * 20_000,
        "match a:\n    case " + "[" * 40 + "]" * 40 + ": pass\n",
        "match a:\n    case " + "A(b=" * 40 + "1" + ")" * 40 + ": pass\n",
        'x = f"{' + "(" * 20_000 + "1" + ")" * 20_000 + '}"\n',
        'x = rf"{' + "a+" * 20_000 + '1}"\n',
    ],
    ids=["elif", "pattern", "class pattern", "f-string", "chain in an f-string"],
)
def test_more_that_is_nested_too_deep(text: str) -> None:
    (problem,) = problems(text)
    assert "cannot be analysed" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "x = [" + "-1, " * 3_000 + "]\n",
        "x = {" + "'a.b': [1, (2 + 3)], " * 1_000 + "}\n",
        "x = a + 1\n" * 3_000,
        "x = '''" + "((((" * 1_000 + "'''\n# " + "[" * 5_000 + "\n",
        "if a: pass\nelif b: pass\nelse: pass\n" * 2_000,
        "x = " + "(" * MOST_BRACKETS + "1" + ")" * MOST_BRACKETS + "\n",
        "f(" + "a=b.c(d), " * 2_000 + ")\n",
        "x = f'" + "{a!r:>10} - " * 500 + "'\n",
        "\n".join(f"x{i} = f(a[{i}], b.c(d)(e)) + 1; y = -x" for i in range(500)),
    ],
)
def test_long_code_is_not_deep(text: str) -> None:
    assert too_deep(text) is None
    assert problems(text) == ()


def test_a_script_of_50_000_lines() -> None:
    (module,) = parse(read(SCRIPT, b"x = 1\n" * 50_000)).modules
    assert module is not None
    assert len(module.body) == 50_000


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_left_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        problems("x = 1\n")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


# Anything


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.binary(), st.text().map(str.encode)),
    st.sampled_from([b"", b"# coding: utf-7\n", b"# coding: punycode\n", b"\xef\xbb\xbf"]),
)
@example("\U00013460".encode(), b"")  # a letter of Unicode 15
@example(b"undefined", b"# coding: undefined\n")
@example(b"\\x", b"# coding: unicode_escape\n")
def test_any_bytes_are_read_or_refused(data: bytes, before: bytes) -> None:
    for path, whole in ((SCRIPT, before + data), (BOOK, data), (BOOK, b'{"keras": ' + data + b"}")):
        match outcome(path, whole):
            case SourceError() as error:
                assert min(error.row, error.column) >= 1
            case Source() as source:
                assert len(parse(source).modules) == len(source.cells)


def outcome(path: Path, data: bytes) -> Source | SourceError:
    try:
        return read(path, data)
    except SourceError as error:
        return error


CODE = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                *"()[]{}:,;\\\n\r\t\f =+'\"#%!?\u00a0",
                "x",
                "1",
                "'''",
                "if ",
                "def f",
                "%%time",
                "%%writefile a\n",
                "    ",
                "\\\n",
                "print ",
                "match ",
                "case ",
            ]
        ),
        max_size=40,
    ).map("".join),
)


@settings(max_examples=800, deadline=None)
@given(CODE)
def test_any_cell_is_parsed_or_a_problem(text: str) -> None:
    source = notebook(text, "x = 1")
    parsed: Parsed = parse(source)
    assert parsed.modules[1] is not None
    assert (parsed.modules[0] is None) == bool(parsed.problems)
    lines = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    assert len(source.cells[0].text.replace("\r\n", "\n").replace("\r", "\n").split("\n")) == lines
    for problem in parsed.problems:
        assert 1 <= problem.row <= lines
        assert problem.column >= 1
        assert problem.message
