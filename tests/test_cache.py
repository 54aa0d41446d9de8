"""The cache: a warm run says what a fresh one says, whatever has changed, whatever has happened to the database."""

from __future__ import annotations

import builtins
import itertools
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import types
import typing
from collections import abc
from collections.abc import Callable, Iterator
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from conftest import FAULT, ROOT, Kerlint
from msgspec.structs import fields, replace

from kerlint import cache as caches
from kerlint import engine, keys
from kerlint.cache import NAME, Cache
from kerlint.config import Configs
from kerlint.finding import Position, Range
from kerlint.outcome import Outcome, digest
from kerlint.projects import Projects
from kerlint.record import Reader, RecordError, Writer
from kerlint.sweep import Recorder, Sweep

CHAIN = {
    "train.py": "import numpy as np\nfrom net import make\nx, y = np.load('x.npy'), np.load('y.npy')\n"
    "model = make(4)\nmodel.compile('adam', 'binary_crossentropy')\nmodel.fit(x, y)\n",
    "again.py": "import keras\nfrom net import make\nmodel = make(5)\nmodel.compile('adam', 'binary_crossentropy')\n",
    "net.py": "from heads import head\nfrom keras import Sequential, layers\n\n"
    "def make(n):\n    return Sequential([layers.Input((n,)), head()])\n",
    "heads.py": "from keras import layers\n\ndef head():\n    return layers.Dense(1, activation='softmax')\n",
    "other.py": "import json\n",
}
PAGE = '# A claim\n\n```toml\nseverity = "warning"\nmessage = "said {word}"\n```\n\n## Bad\n\n## Good\n'
CHECK = "def said(program, rule):\n    for model in program.models:\n        yield rule.finding(model.node, word='{}')\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of several files that import each other, with a rule of its own."""
    for name, text in CHAIN.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "kerlint.toml").write_text('rules = ["./rules"]\nselect = ["KER3", "KER0", "KER8", "TEAM"]\n')
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "TEAM001-said.md").write_text(PAGE)
    (tmp_path / "rules" / "checks.py").write_text(CHECK.format("once"))
    return tmp_path


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were examined, not taken from the cache."""
    seen: list[Path] = []
    examine = engine.examine

    def counting(path: Path, *rest: object) -> Outcome:
        seen.append(path)
        return examine(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "examine", counting)
    return seen


def fresh(kerlint: Kerlint, *args: str) -> tuple[int, str, str]:
    done = kerlint(*args, "--no-cache", "-j1")
    return done.returncode, done.stdout, done.stderr


def cached(kerlint: Kerlint, *args: str) -> tuple[int, str, str]:
    done = kerlint(*args, "-j1")
    return done.returncode, done.stdout, done.stderr


def test_warm_run_examines_nothing_and_says_the_same(kerlint: Kerlint, tree: Path, counted: list[Path]) -> None:
    first = cached(kerlint, ".")
    assert "KER301" in first[1]
    assert sorted(path.name for path in counted) == ["again.py", "heads.py", "net.py", "train.py"]
    counted.clear()
    for args in (["."], [".", "--output-format=json"], [".", "--statistics"], [str(tree)], ["train.py", "heads.py"]):
        assert cached(kerlint, *args)[0] == 1
    assert counted == []
    assert cached(kerlint, ".") == first == fresh(kerlint, ".")


def test_warm_run_imports_neither_a_parser_nor_multiprocessing(tree: Path) -> None:
    code = "import sys; from kerlint.cli import main; main(['.', '-j', '4']); print(*sys.modules, file=sys.stderr)"
    for expected in (True, False):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        modules = done.stderr.split()
        assert "kerlint.sweep" in modules
        assert [name in modules for name in ("kerlint.syntax", "multiprocessing", "libcst")] == [expected, expected, False]


def test_warm_run_without_findings_imports_little(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import keras\nmodel = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n")
    code = "import sys; from kerlint.cli import main; main(['.']); print(*sys.modules, file=sys.stderr)"
    needed = {"kerlint.engine", "kerlint.source", "kerlint.rule", "kerlint.syntax", "tomli"}
    for expected in (needed, set()):
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.stdout == "Nothing found.\n1 file, 1 model, 0 fit calls\n"
        assert (needed | {"click", "hashlib", "libcst", "multiprocessing"}).intersection(done.stderr.split()) == expected


def write(name: str, text: str) -> Callable[[Path], object]:
    return lambda tree: (tree / name).write_text(text)


CHANGES: dict[str, Callable[[Path], object]] = {
    "the file": write("train.py", CHAIN["train.py"].replace("model.fit(x, y)", "model.summary()")),
    "a file that it imports": write("net.py", CHAIN["net.py"].replace("head()", "layers.Dense(2)")),
    "a file that an imported one imports": write("heads.py", CHAIN["heads.py"].replace("softmax", "sigmoid")),
    "of the same size and age": lambda tree: (
        stat := (tree / "heads.py").stat(),
        (tree / "heads.py").write_text(CHAIN["heads.py"].replace("softmax", "sigmoid")),
        os.utime(tree / "heads.py", ns=(stat.st_atime_ns, stat.st_mtime_ns)),
    ),
    "a file that was not there": lambda tree: (
        (tree / "numpy").mkdir(),
        (tree / "numpy" / "__init__.py").write_text("import keras\ndef load(name):\n    return keras.datasets.mnist.load_data()[0][0]\n"),
    ),
    "an imported file is gone": lambda tree: (tree / "heads.py").unlink(),
    "the settings": write("kerlint.toml", 'rules = ["./rules"]\nselect = ["TEAM"]\n'),
    "an option of a rule": write("kerlint.toml", 'select = ["KER301"]\n[rules]\nfolders = ["./rules"]\nKER301 = {severity = "info"}\n'),
    "what a folder ignores": write(
        "kerlint.toml", 'rules = ["./rules"]\nselect = ["KER301"]\nper-file-ignores = {"heads.py" = ["KER301"]}\n'
    ),
    "a suppression": write("heads.py", CHAIN["heads.py"].replace("softmax')", "softmax')  # noqa: KER301")),
    "an own page": write("rules/TEAM001-said.md", PAGE.replace("said {word}", "told {word}")),
    "an own check": write("rules/checks.py", CHECK.format("twice")),
    "what an own check imports": lambda tree: (
        (tree / "rules" / "_words.py").write_text("WORD = 'thrice'\n"),
        (tree / "rules" / "checks.py").write_text("from ._words import WORD\n" + CHECK.replace("'{}'", "WORD")),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_is_seen(kerlint: Kerlint, tree: Path, what: str) -> None:
    before = cached(kerlint, ".")
    CHANGES[what](tree)
    assert cached(kerlint, ".") == fresh(kerlint, ".") != before
    assert cached(kerlint, ".") == fresh(kerlint, ".")


def test_what_the_project_depends_on_counts(kerlint: Kerlint, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("keras<3\n")
    (tmp_path / "a.py").write_text("import keras\nprint(keras.layers.experimental.preprocessing.Rescaling(1 / 255))\n")
    before = cached(kerlint, ".")
    (tmp_path / "requirements.txt").write_text("keras>=3\n")
    assert cached(kerlint, ".") == fresh(kerlint, ".") != before


def test_the_top_of_the_project_counts(kerlint: Kerlint, tmp_path: Path) -> None:
    """The file that is imported lies above: it is followed as long as no project begins in between."""
    (tmp_path / "setup.cfg").touch()
    (tmp_path / "heads.py").write_text(CHAIN["heads.py"])
    (tmp_path / "sub").mkdir()
    script = "import keras\nfrom heads import head\nmodel = keras.Sequential([keras.Input((4,)), head()])\nmodel.compile('sgd', 'mse')\n"
    (tmp_path / "sub" / "a.py").write_text(script)
    before = cached(kerlint, "sub")
    assert "KER301" in before[1]
    (tmp_path / "sub" / "setup.cfg").touch()
    assert cached(kerlint, "sub") == fresh(kerlint, "sub") != before


def test_another_kerlint_examines_again(kerlint: Kerlint, tree: Path, counted: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    kerlint(".", "-j1")
    counted.clear()
    monkeypatch.setattr(keys, "_tool", lambda: digest(b"another version"))
    kerlint(".", "-j1")
    assert counted


def test_what_tells_one_kerlint_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout the state of its files, for what was installed the list of digests that came with it."""
    package = tmp_path / "kerlint"
    package.mkdir()
    (package / "run.py").write_text("one\n")
    monkeypatch.setattr(keys, "HERE", package)
    monkeypatch.setattr(keys, "PAGES", package)
    states = [keys._tool(), keys._tool()]
    (package / "run.py").write_text("two, three\n")
    states.append(keys._tool())
    record = tmp_path / f"kerlint-{keys.__version__}.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text("kerlint/run.py,sha256=1,4\n")
    states.append(keys._tool())
    os.utime(package / "run.py")
    states.append(keys._tool())
    record.write_text("kerlint/run.py,sha256=2,4\n")
    states.append(keys._tool())
    assert [one == other for one, other in itertools.pairwise(states)] == [True, False, False, True, False]


def test_a_file_that_changes_while_it_is_examined(tree: Path) -> None:
    """What is kept is kept by the content that was examined, not by the one that was looked at before."""
    path, cache = tree / "heads.py", Cache(tree / "kept")
    sweep = Sweep([path], Configs(), cache)
    tasks = list(sweep._tasks({}))
    path.write_text(CHAIN["heads.py"].replace("softmax", "sigmoid"))
    ((_, outcome),) = sweep._kept(sweep._examined(tasks))
    assert Sweep([path], Configs(), cache).outcomes() == [outcome]
    path.write_text(CHAIN["heads.py"])
    assert Sweep([path], Configs(), cache).outcomes() == Sweep([path], Configs()).outcomes()


def test_own_rules_that_change_while_they_run_are_not_kept(tree: Path) -> None:
    configs = Configs()
    config = configs.of(tree)
    (tree / "rules" / "checks.py").write_text(CHECK.format("meanwhile"))
    ((key, outcome),) = Recorder(configs, Projects(), keyed=True)([tree / "heads.py"])
    ((other, _),) = Recorder(Configs(), Projects(), keyed=True)([tree / "heads.py"])
    assert key not in (b"", other)
    assert config.own
    assert outcome.content


def test_seen_from_another_folder(kerlint: Kerlint, tree: Path, counted: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are those that the run names, whichever run found it out."""
    kerlint(".")
    counted.clear()
    (tree / "sub").mkdir()
    monkeypatch.chdir(tree / "sub")
    done = kerlint("../train.py", "--output-format=concise", "-q")
    assert counted == []
    assert {line.split(":")[0] for line in done.stdout.splitlines()} == {str(tree / "heads.py"), str(tree / "net.py")}
    assert fresh(kerlint, "../train.py", "--output-format=concise", "-q") == (done.returncode, done.stdout, done.stderr)


# The database


def damage(what: str, file: Path) -> None:
    data = file.read_bytes()
    match what.split():
        case ["truncated", share]:
            file.write_bytes(data[: int(len(data) * float(share))])
        case ["flipped", step]:
            spoilt = bytearray(data)
            for at in range(0, len(spoilt), int(step)):
                spoilt[at] ^= 0xFF
            file.write_bytes(spoilt)
        case ["text"]:
            file.write_text("this is no database")
        case ["foreign"]:
            file.unlink()
            with closing(sqlite3.connect(file)) as database:
                database.execute("CREATE TABLE outcomes (name TEXT)")
                database.commit()
        case ["newer"]:
            with closing(sqlite3.connect(file)) as database:
                database.execute(f"PRAGMA user_version = {caches.FORMAT + 1}")
        case ["swapped"]:
            with closing(sqlite3.connect(file)) as database:
                rows = database.execute("SELECT key, record FROM outcomes").fetchall()
                moved = zip([key for key, _ in rows], [record for _, record in rows[1:] + rows[:1]], strict=True)
                database.executemany("UPDATE outcomes SET record = ? WHERE key = ?", [(record, key) for key, record in moved])
                database.commit()
        case ["journal"]:
            file.with_name(f"{NAME}-journal").write_bytes(os.urandom(5000))


@pytest.mark.parametrize(
    "what",
    [
        *(f"truncated {share}" for share in (0, 0.001, 0.2, 0.5, 0.95)),
        *(f"flipped {step}" for step in (7, 97, 1009, 4096)),
        *("text", "foreign", "newer", "swapped", "journal"),
    ],
)
def test_a_damaged_or_foreign_database_is_made_anew(kerlint: Kerlint, tree: Path, what: str, counted: list[Path]) -> None:
    before = cached(kerlint, ".")
    damage(what, tree / ".kerlint_cache" / NAME)
    assert cached(kerlint, ".") == before
    counted.clear()
    assert cached(kerlint, ".") == before
    assert counted == []


def test_nothing_is_unpickled() -> None:
    record = b"\x80\x04\x95\x0f\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x8c\x06system\x93."
    for data in (record, b"", b"\x80", b"null", b"\xc1", Writer()(Outcome(Path("a.py")))[:-1]):
        with pytest.raises(RecordError):
            Reader()(data, Path("a.py"))


def sample(hint: Any, count: Iterator[int], outer: tuple[object, ...] = ()) -> Any:
    """Something of a type, like nothing else that was made before it and nowhere empty."""
    inner = get_args(hint)
    match get_origin(hint) or hint:
        case types.UnionType | typing.Union:
            return sample(next((one for one in inner if one not in (type(None), *outer)), type(None)), count, outer)
        case builtins.tuple:
            return tuple(sample(one, count, outer) for one in (inner[:1] * 2 if inner[-1] is ... else inner))
        case abc.Mapping | builtins.dict:
            return {sample(inner[0], count, outer): sample(inner[1], count, outer)}
        case enum if isinstance(enum, type) and issubclass(enum, Enum):
            return list(enum)[-1]
        case record if isinstance(record, type) and issubclass(record, msgspec.Struct):
            names = get_type_hints(record)
            return record(**{field.name: sample(names[field.name], count, (*outer, record)) for field in fields(record)})
        case builtins.bool:
            return True
        case builtins.bytes:
            return b"%d" % next(count)
        case types.NoneType:
            return None
        case typing.Any:
            return [1.5, None, {"a": next(count)}]
        case simple:
            return simple(next(count)) if simple in (int, float) else simple(f"text {next(count)}")


def test_a_record_holds_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome: Outcome = sample(Outcome, itertools.count(1))
    assert all(getattr(outcome, field.name) for field in fields(Outcome))
    settled = replace(outcome, **{name: tuple(one.settled() for one in getattr(outcome, name)) for name in ("findings", "suppressed")})
    assert Reader()(Writer()(settled), outcome.path) == settled
    place = Range(outcome.path, Position(1, 2), Position(3, 4))
    found = Writer()(replace(settled, findings=(replace(settled.findings[0], range=place),)))
    assert Reader()(found, tmp_path / "a.py").findings[0].range == replace(place, path=tmp_path / "a.py")
    with pytest.raises(NotImplementedError, match="cannot hold"):
        Writer()(replace(outcome, findings=(replace(outcome.findings[0], node=object()),)))  # type: ignore[arg-type]


def test_old_and_too_many_records_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, now = Cache(tmp_path / "cache"), 1_000_000_000
    monkeypatch.setattr(caches.time, "time", lambda: now)
    records = {bytes([number]) * 16: bytes(5000) for number in range(20)}
    first, *rest = records
    cache.keep(records)
    assert cache.records(records) == records
    now += caches.OLDEST - 1
    assert cache.records([first]) == {first: records[first]}
    now += 2
    cache.keep({b"new": b"record"})
    assert cache.records([*records, b"new"]) == {first: records[first], b"new": b"record"}
    monkeypatch.setattr(caches, "LARGEST", 60_000)
    for number in range(100, 200):
        now += 1
        cache.keep({bytes([number]) * 16: bytes(5000)})
    assert (tmp_path / "cache" / NAME).stat().st_size < 150_000
    assert len(cache.records([bytes([199]) * 16])) == 1
    assert cache.records(rest) == {}


def test_the_folder_is_for_no_one_else(kerlint: Kerlint, tree: Path) -> None:
    kerlint("train.py")
    folder = tree / ".kerlint_cache"
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "CACHEDIR.TAG", NAME]
    assert (folder / ".gitignore").read_text().splitlines()[-1] == "*"
    assert (folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    (tree / "mine").mkdir()
    (tree / "mine" / "file").touch()
    kerlint("train.py", "--cache-dir=mine")
    assert sorted(path.name for path in (tree / "mine").iterdir()) == ["file", NAME]


def test_where_it_is(kerlint: Kerlint, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tree / "sub").mkdir()
    monkeypatch.chdir(tree / "sub")
    kerlint("../train.py")
    kerlint("../train.py", KERLINT_CACHE_DIR="of-environment")
    kerlint("../train.py", "--cache-dir=of-option", KERLINT_CACHE_DIR="not-this")
    with (tree / "kerlint.toml").open("a") as file:
        file.write('cache-dir = "of-settings"\n')
    kerlint("../train.py")
    kerlint("../train.py", "--isolated")
    found = sorted(str(path.parent.relative_to(tree)) for path in tree.rglob(NAME))
    assert found == [".kerlint_cache", "of-settings", "sub/.kerlint_cache", "sub/of-environment", "sub/of-option"]
    shutil.rmtree(tree / "of-settings")
    kerlint("../train.py", "--no-cache")
    assert not (tree / "of-settings").exists()


@pytest.mark.parametrize("what", ["a file", "below a file", "a folder with a folder in its place"])
def test_where_it_cannot_be(kerlint: Kerlint, tree: Path, what: str) -> None:
    (tree / "file").touch()
    (tree / "folder" / NAME).mkdir(parents=True)
    place = {"a file": "file", "below a file": "file/cache"}.get(what, "folder")
    for _ in range(2):
        assert cached(kerlint, ".", f"--cache-dir={place}") == fresh(kerlint, ".")


@pytest.mark.parametrize("warm", [False, True])
def test_a_tree_that_cannot_be_written(process: Kerlint, tree: Path, warm: bool) -> None:
    if warm:
        process("train.py")
    expected = process(".", "--no-cache")
    for path in (tree / ".kerlint_cache", tree, *tree.glob(".kerlint_cache/*")):
        if path.exists():
            path.chmod(0o555 if path.is_dir() else 0o444)
    # Root may write everywhere unless that right is taken from it.
    wrapper = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    command = [*wrapper, sys.executable, "-m", "kerlint", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, env=environment)
        assert (done.returncode, done.stdout, done.stderr) == (expected.returncode, expected.stdout, "")
    assert (tree / ".kerlint_cache").exists() == warm
    tree.chmod(0o755)


def test_a_disk_that_is_full(kerlint: Kerlint, tree: Path, monkeypatch: pytest.MonkeyPatch, counted: list[Path]) -> None:
    expected = cached(kerlint, "heads.py")
    connect = sqlite3.connect

    def narrow(*args: object, **options: object) -> sqlite3.Connection:
        database = connect(*args, **options)  # type: ignore[call-overload]
        database.execute("PRAGMA max_page_count = 1")
        return database

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", narrow)
        (tree / "big.py").write_text(CHAIN["heads.py"] * 30)
        assert cached(kerlint, "heads.py", "big.py")[2] == ""
    counted.clear()
    assert cached(kerlint, "heads.py") == expected
    assert counted == []


def test_a_database_that_another_run_does_not_let_go(kerlint: Kerlint, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = cached(kerlint, "heads.py")
    monkeypatch.setattr(caches, "PATIENCE", 0.01)
    with closing(sqlite3.connect(tree / ".kerlint_cache" / NAME, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert cached(kerlint, "heads.py") == expected
    assert cached(kerlint, "heads.py") == expected


def test_several_runs_at_once(tree: Path) -> None:
    for number in range(30):
        (tree / f"more{number}.py").write_text(CHAIN["again.py"].replace("5", str(number + 1)))
    command = [sys.executable, "-m", "kerlint", ".", "--output-format=json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    expected = subprocess.run([*command, "--no-cache"], cwd=tree, capture_output=True, check=False, env=environment).stdout
    assert json.loads(expected)
    for _ in range(2):
        runs = [subprocess.Popen(command, cwd=tree, stdout=subprocess.PIPE, env=environment) for _ in range(4)]
        assert [run.communicate()[0] for run in runs] == [expected] * 4
    with closing(sqlite3.connect(tree / ".kerlint_cache" / NAME)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM outcomes").fetchone() == (34,)


# With fixes and standard input


@pytest.mark.parametrize("args", [["--diff"], ["--fix"], ["--fix", "--unsafe-fixes"], ["--diff", "--unsafe-fixes"]])
def test_fixes_of_a_warm_run(kerlint: Kerlint, tree: Path, args: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    def content() -> dict[str, str]:
        return {path.name: path.read_text() for path in tree.glob("*.py")}

    before = content()
    expected, made = fresh(kerlint, ".", *args), content()
    for name, text in before.items():
        (tree / name).write_text(text)
    cached(kerlint, ".")
    assert (cached(kerlint, ".", *args), content()) == (expected, made)
    assert cached(kerlint, ".") == fresh(kerlint, ".")


def test_a_file_that_changes_before_it_is_fixed(kerlint: Kerlint, tree: Path) -> None:
    from kerlint.fix import repaired
    from kerlint.run import find

    (tree / "fixed.py").write_text(FAULT)
    run = find([Path("fixed.py")], Configs())
    run.examine()
    (tree / "fixed.py").write_text("import keras\n" + FAULT)
    _, repairs = repaired(run, unsafe=True)
    assert not repairs.changed
    assert list(repairs.dropped) == ["fixed.py: no fixes, the file has changed in the meantime"]


def test_standard_input_is_neither_looked_up_nor_kept(kerlint: Kerlint, tree: Path) -> None:
    kerlint("heads.py")
    content = (tree / ".kerlint_cache" / NAME).read_bytes()
    sigmoid = CHAIN["heads.py"].replace("softmax", "sigmoid")
    assert "KER301" not in kerlint("-", "--stdin-filename=heads.py", stdin=sigmoid).stdout
    assert "KER301" in kerlint("-", "--stdin-filename=other.py", stdin=FAULT).stdout
    assert (tree / ".kerlint_cache" / NAME).read_bytes() == content


def test_killed_runs_leave_a_sound_database(tree: Path) -> None:
    """What benchmarks/kills.py does with public code and 50 kills."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.kills import kills

    found = list(kills(tree, 3))
    assert [one.faults for one in found] == [()] * 3
