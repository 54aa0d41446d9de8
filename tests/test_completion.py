"""TAB, as a real bash has it: what is offered, and what a press makes of the line."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT, Kerlint

from kerlint.rule import rules

PATIENCE = 60
"""Seconds after which a shell that says nothing is given up."""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A PATH on which `kerlint` is this checkout."""
    command = tmp_path / "bin" / "kerlint"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m kerlint "$@"\n')
    command.chmod(0o755)
    return {**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["ru"], ["rule", "rules"]),
        (["--sel"], ["--select"]),
        (["check", "--select", "KER30"], [code for code in rules() if code.startswith("KER30")]),
        (["--ignore", "ker6,softmax-s"], ["ker6,softmax-single-unit"]),
        (["--select", "A"], ["ALL", *(rule.name for rule in rules().values() if rule.name.startswith("a"))]),
        (["check", "--extend-select", "KER91"], ["KER910", "KER911"]),
        (["--output-format", "json"], ["json", "json-lines"]),
        (["--fail-on", ""], ["error", "warning", "info"]),
        (["--fail-on", "KER301"], ["KER301"]),
        (["--min-confidence", ""], ["low", "medium", "high"]),
        (["rule", "softmax-s"], ["softmax-single-unit"]),
        (["config", "per"], ["per-file-ignores"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
    ],
    ids=" ".join,
)
def test_offered(words: list[str], offered: list[str], environment: dict[str, str]) -> None:
    """What bash is given for a line that ends with these words."""
    program = """
        eval "$(kerlint completion bash)"
        COMP_WORDS=(kerlint "$@")
        COMP_CWORD=$#
        compopt() { :; }  # there is no line to complete here
        _kerlint_completion kerlint
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", *words], env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stdout.splitlines() == offered
    assert done.stderr == ""


def test_a_press_of_tab(environment: dict[str, str], tmp_path: Path) -> None:
    """A rule and a file are written out in an interactive shell."""
    (tmp_path / "training_of_the_net.py").write_text("")
    with interactive(environment, tmp_path) as bash:
        bash.type('eval "$(kerlint completion bash)"; echo rea""dy\n', "ready")
        bash.type("kerlint rule softmax-s\t", "softmax-single-unit")
        bash.type("\x15kerlint check --select KER301 training\t", "training_of_the_net.py")
        bash.type("\x15kerlint training\t", "training_of_the_net.py")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_a_script(shell: str, kerlint: Kerlint) -> None:
    done = kerlint("completion", shell)
    assert done.returncode == 0
    assert f"_KERLINT_COMPLETE={shell}_complete" in done.stdout


def test_unknown_shell(kerlint: Kerlint) -> None:
    assert kerlint("completion", "csh").returncode == 2


class Bash:
    """A shell at the other end of a terminal."""

    def __init__(self, terminal: int) -> None:
        self.terminal = terminal

    def type(self, keys: str, expected: str) -> None:
        """Press keys, and wait until the shell has written something that was not typed."""
        os.write(self.terminal, keys.encode())
        written, end = "", time.monotonic() + PATIENCE
        while expected not in written:
            ready, _, _ = select.select([self.terminal], [], [], max(end - time.monotonic(), 0))
            assert ready, f"{keys!r}: {written!r}"
            written += os.read(self.terminal, 4096).decode()


@contextmanager
def interactive(environment: dict[str, str], folder: Path) -> Iterator[Bash]:
    here, there = pty.openpty()
    shell = subprocess.Popen(
        ["bash", "--norc", "--noprofile", "-i"],
        cwd=folder,
        env={**environment, "TERM": "dumb", "PS1": "$ "},
        stdin=there,
        stdout=there,
        stderr=there,
        start_new_session=True,
    )
    os.close(there)
    try:
        yield Bash(here)
    finally:
        shell.kill()
        shell.wait()
        os.close(here)
