"""Where fixes are: edits at nodes become ranges, and the imports that they need become edits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from kerlint.checks import repairs
from kerlint.finding import Confidence, Edit, Finding, Fix, Passage, Severity
from kerlint.locating import Ranges, located
from kerlint.placing import Places
from kerlint.rewriting import rewritten
from kerlint.source import Parsed, parse, read, written
from kerlint.syntax import nodes
from kerlint.syntax.nodes import within

Make = Callable[[nodes.Call], Edit | tuple[Edit, ...] | None]


def calls(parsed: Parsed, *names: str) -> list[nodes.Call]:
    """The calls of these functions, or methods, in order."""
    every = (node for module in parsed.modules if module for node in within(module) if isinstance(node, nodes.Call))
    return sorted((call for call in every if _called(call) in names), key=lambda call: call.span)


def _called(call: nodes.Call) -> str:
    match call.func:
        case nodes.Name(value=name) | nodes.Attribute(attr=nodes.Name(value=name)):
            return name
        case _:
            return ""


def placed(text: str, make: Make, imports: tuple[str, ...] = (), name: str = "a.py") -> tuple[str, Fix | None]:
    """The code with the edits made at its first call of `fit`, and the fix with its places."""
    source = read(Path(name), text.encode())
    parsed = parse(source)
    first, *_ = calls(parsed, "fit")
    edits = make(first) or ()
    fix = Fix("", edits if isinstance(edits, tuple) else (edits,), True, imports)
    finding = Finding("KER301", "name", "", "", Severity.error, Confidence.high, first, fix=fix if fix.edits else None)
    ranges = Ranges(source, parsed, {})
    (found,) = located([finding], ranges, Places(ranges))
    result = rewritten(source, found.fix.edits) if found.fix else source.text
    if source.notebook:
        new = read(Path(name), result.encode())
        return "\n---\n".join(written(new, cell) for cell in new.cells), found.fix
    return result, found.fix


def after(text: str, make: Make, imports: tuple[str, ...] = ()) -> str | None:
    result, fix = placed(text, make, imports)
    return result if fix else None


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("fit()", "a()\nfit()"),
        ("x\n\n# why\nfit(  )\n", "x\n\n# why\na()\nfit(  )\n"),
        ("x = [fit() for y in z]\n", "a()\nx = [fit() for y in z]\n"),
        ("x; y = fit(); z\n", "x; a(); y = fit(); z\n"),
        ("if x: fit()\n", "if x: a(); fit()\n"),
        ("def f():\n\tif x:\n\t\treturn fit()\n", "def f():\n\tif x:\n\t\ta()\n\t\treturn fit()\n"),
        ("if x:\n  pass\nelse:\n  fit(\n  )\n", "if x:\n  pass\nelse:\n  a()\n  fit(\n  )\n"),
        ("for x in fit():\n  pass\n", "a()\nfor x in fit():\n  pass\n"),
        ("if fit():\n  pass\nelif y:\n  pass\n", "a()\nif fit():\n  pass\nelif y:\n  pass\n"),
        ("@x\n@fit()\ndef f(): pass\n", "a()\n@x\n@fit()\ndef f(): pass\n"),
        ("@x\ndef f(y=fit()): pass\n", "a()\n@x\ndef f(y=fit()): pass\n"),
        ("with x, fit():\n  pass\n", "a()\nwith x, fit():\n  pass\n"),
        ("\x0cfit()\n", "\x0ca()\nfit()\n"),
        ("if x:\n  y\n\x0c  fit()\n", "if x:\n  y\n\x0c  a()\n  fit()\n"),
        ("x\r\nif x:\r\n  fit()\r\n", "x\r\nif x:\r\n  a()\r\n  fit()\r\n"),
        ("while fit():\n  pass\n", None),
        ("if x:\n  pass\nelif fit():\n  pass\n", None),
        ("try:\n  pass\nexcept fit():\n  pass\n", None),
        ("match fit():\n  case 1: pass\n", None),
        ("match x:\n  case 1 if fit(): pass\n", None),
    ],
)
def test_statement_in_front(text: str, result: str | None) -> None:
    assert after(text, lambda call: repairs.statement_before(call, "a()")) == result


@pytest.mark.parametrize(
    ("text", "place", "result"),
    [
        ("fit(a, b, c)", 0, "fit(b, c)"),
        ("fit(a, b, c)", 1, "fit(a, c)"),
        ("fit(a, (b), *c)", 2, "fit(a, (b))"),
        ("fit(a, b=(c), )", 1, "fit(a, )"),
        ("fit(a,)", 0, "fit()"),
        ("fit(\n    a,\n    b,\n)", 1, "fit(\n    a,\n)"),
        ("fit(\n    a,\n    b,\n)", 0, "fit(\n    b,\n)"),
        ("fit(\n    a,  # one\n    b,  # two\n)", 1, "fit(\n    a,  # one\n    )"),
    ],
)
def test_argument_removed(text: str, place: int, result: str) -> None:
    assert after(text, lambda call: repairs.removed(call, call.args[place])) == result


@pytest.mark.parametrize(
    ("gone", "result"),
    [
        ((0, 1), "fit(c, d)"),
        ((0, 2), "fit(b, d)"),
        ((1, 2), "fit(a, d)"),
        ((2, 3), "fit(a, b)"),
        ((0, 1, 2, 3), "fit()"),
        ((0, 3), "fit(b, c)"),
    ],
)
def test_several_arguments_removed(gone: tuple[int, ...], result: str) -> None:
    assert after("fit(a, b, c, d)", lambda call: repairs.without(call, *(call.args[place] for place in gone))) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("fit()", "fit(z=1)"),
        ("fit( )", "fit( z=1)"),
        ("fit((a))", "fit((a), z=1)"),
        ("fit(\n  a,\n)", "fit(\n  a, z=1,\n)"),
        ("fit(x=(a))", "fit(x=(a), z=1)"),
        ("fit(**a)", "fit(**a, z=1)"),
    ],
)
def test_argument_added(text: str, result: str) -> None:
    assert after(text, lambda call: repairs.added(call, "z=1")) == result


NUMPY = ("import numpy as np",)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("fit()\n", "import numpy as np\nz()\n"),
        ("import os\nfit()\n", "import os\nimport numpy as np\nz()\n"),
        ("import os\n\nimport a  # why\n\nfit()\nimport c\n", "import os\n\nimport a  # why\nimport numpy as np\n\nz()\nimport c\n"),
        ('"""Doc."""\n\nfit()\n', '"""Doc."""\nimport numpy as np\n\nz()\n'),
        ("from __future__ import a\nx = fit()", "from __future__ import a\nimport numpy as np\nx = z()"),
        (
            "#!/bin/python\n# -*- x -*-\n\n@fit()\ndef f(): pass\n",
            "#!/bin/python\n# -*- x -*-\n\nimport numpy as np\n@z()\ndef f(): pass\n",
        ),
        ("import os; fit()", "import numpy as np\nimport os; z()"),
        ("import numpy as np\nfit()\n", "import numpy as np\nz()\n"),
        ("import numpy\nfit()\n", "import numpy\nimport numpy as np\nz()\n"),
        ("import x as np\nfit()\n", None),
        ("import os\r\nfit()", "import os\r\nimport numpy as np\r\nz()"),
    ],
)
def test_import_added(text: str, result: str | None) -> None:
    assert after(text, lambda call: repairs.replaced(call, "z()"), NUMPY) == result


def notebook(*cells: str) -> str:
    return json.dumps(
        {"cells": [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells], "nbformat": 4}, indent=1
    )


@pytest.mark.parametrize(
    ("cells", "result"),
    [
        (["import keras", "fit()"], "import keras\nimport numpy as np\n---\na()\nfit()"),
        (["%matplotlib inline\nimport keras\nx", "fit()"], "%matplotlib inline\nimport keras\nimport numpy as np\nx\n---\na()\nfit()"),
        (["'keras'", "%%time\nfit()", "import os"], "'keras'\n---\n%%time\nimport numpy as np\na()\nfit()\n---\nimport os"),
        (["import keras", "    if x:\n        fit()"], "import keras\nimport numpy as np\n---\n    if x:\n        a()\n        fit()"),
        (["import keras", "\tfit()\n\tx"], "import keras\nimport numpy as np\n---\n\ta()\n\tfit()\n\tx"),
        (["  import keras\n  fit()"], "  import keras\n  import numpy as np\n  a()\n  fit()"),
        (["import keras", "%time x = fit()"], "import keras\nimport numpy as np\n---\n%time a(); x = fit()"),
    ],
)
def test_notebook(cells: list[str], result: str) -> None:
    made, fix = placed(notebook(*cells), lambda call: repairs.statement_before(call, "a()"), NUMPY, "a.ipynb")
    assert fix
    assert made == result


def test_layer_wrapped_around_what_is_fed() -> None:
    def wrapped(call: nodes.Call) -> tuple[Edit, ...]:
        return tuple(edit for edit in repairs.fed_through(call, "z()") if edit)

    assert after("x = fit(1)((a), b)\n", wrapped) == "x = fit(1)(z()((a)), b)\n"
    assert after("x = fit(1)\n", wrapped) is None


@pytest.mark.parametrize(
    ("text", "together"),
    [
        ("a()\nfit()\n", True),
        ("a()\nif x:\n  fit()\n", True),
        ("def f():\n  a()\n  for x in y: fit()\n", True),
        ("def f():\n  a()\nfit()\n", False),
        ("def f():\n  a()\ndef g():\n  fit()\n", False),
        ("a()\ndef g():\n  fit()\n", False),
    ],
)
def test_nodes_in_one_function(text: str, together: bool) -> None:
    """A fix that brings a name from one place to the other is only made within one function."""
    source = read(Path("a.py"), text.encode())
    parsed = parse(source)
    found_calls = calls(parsed, "a", "fit")
    fix = repairs.fix("", repairs.replaced(found_calls[-1], "z()"), safe=True, together=found_calls)
    finding = Finding("KER301", "name", "", "", Severity.error, Confidence.high, found_calls[0], fix=fix)
    ranges = Ranges(source, parsed, {})
    (found,) = located([finding], ranges, Places(ranges))
    assert (found.fix is not None) == together


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("m.a(z)\nm.layers[0].x = 1\nm.fit()\n", "m.layers[0].x = 1\nm.a(z)\nm.fit()\n"),
        ("if x:\n  m.a(\n    1,  # why\n  )\n  y()\n  h = m.fit()\n", "if x:\n  y()\n  m.a(\n    1,  # why\n  )\n  h = m.fit()\n"),
        ("m.a()  # why\ny\nm.fit()\n", "# why\ny\nm.a()\nm.fit()\n"),
        ("# why\nm.a()\n\ny\n\nm.fit()", "# why\n\ny\n\nm.a()\nm.fit()"),
        ("for l in m.layers:\n  m.a()\n  l.x = 1\n  m.fit()\n", "for l in m.layers:\n  l.x = 1\n  m.a()\n  m.fit()\n"),
        # what the statement holds is asked for, or may be changed, in between
        ("m.a()\nf(m)\nm.fit()\n", None),
        ("m.a()\nm.optimizer.rate = 1\nm.fit()\n", None),
        ("m.a(z)\nz = 1\nm.fit()\n", None),
        ("m.a(z)\nz.x = 1\nm.fit()\n", None),
        ("m.a()\ndef f(): return m.loss\nm.fit()\n", None),
        # not in one block, not alone in its line
        ("m.a()\nwith x:\n  m.fit()\n", None),
        ("if x: m.a()\ny\nm.fit()\n", None),
        ("y; m.a()\ny\nm.fit()\n", None),
        ("m.a()\ny\nif x: m.fit()\n", None),
    ],
)
def test_statement_moved(text: str, result: str | None) -> None:
    """A statement is moved past others that need nothing of it; else the other fix is made."""
    source = read(Path("a.py"), text.encode())
    parsed = parse(source)
    first, last = calls(parsed, "a", "fit")
    again = repairs.fix("again", repairs.after(last, " + 1"), safe=True)
    moved = repairs.fix("", repairs.statement_removed(first), repairs.statement_before(last, repairs.code(first)), safe=True)
    assert moved
    fix = replace(moved, passage=Passage(first, last, "m", frozenset({"layers"})), otherwise=again)
    finding = Finding("KER301", "name", "", "", Severity.error, Confidence.high, first, fix=fix)
    ranges = Ranges(source, parsed, {})
    (found,) = located([finding], ranges, Places(ranges))
    assert found.fix
    assert rewritten(source, found.fix.edits) == (result or text.replace("fit()", "fit() + 1"))


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("x = fit(a)\n", True),
        ("x = fit(a)\nprint(A)\n", False),
        ("# a\nx = fit(a)\n", False),
        ("x = fit(\n    a,\n    b=a,\n)\n", False),
    ],
)
def test_pattern_that_the_code_must_not_hold(text: str, safe: bool) -> None:
    """Apart from what is replaced; else the other fix is made."""
    source = read(Path("a.py"), text.encode())
    parsed = parse(source)
    (call,) = calls(parsed, "fit")
    fix = repairs.fix("", repairs.replaced(repairs.positional(call, 0), "b"), safe=False)
    assert fix
    fix = replace(fix, safe=True, unless=r"\ba\b", otherwise=fix)
    finding = Finding("KER301", "name", "", "", Severity.error, Confidence.high, call, fix=fix)
    ranges = Ranges(source, parsed, {})
    (found,) = located([finding], ranges, Places(ranges))
    assert found.fix
    assert (found.fix.safe, found.fix.unless, found.fix.otherwise) == (safe, "", None)
