"""Functions of TensorFlow and `keras.backend` that `keras.ops` has with the same meaning (operations.toml)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from kerlint.semantics import catalog

MODULES = ("tensorflow", "tensorflow.math", "tensorflow.nn", "tensorflow.linalg")
"""Where the functions of TensorFlow in the table are found."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A function of `keras.ops` and how the arguments of the old one are called there, in order; those in `needed` must be given."""

    name: str
    arguments: Mapping[str, str]
    needed: tuple[str, ...]

    def takes(self, positional: int, keywords: Collection[str]) -> bool:
        """Whether a call with so many arguments by position, and these by keyword, means the same in `keras.ops`."""
        places = list(self.arguments)
        given = {*places[:positional], *keywords}
        return positional <= len(places) and given <= {*places, "name"} and given.issuperset(self.needed)


@cache
def operations() -> Mapping[str, Operation]:
    """The table, by the old name in full: "tensorflow.reduce_mean", "keras.backend.mean"."""
    import tomli

    found: dict[str, Operation] = {}
    for of, rows in tomli.loads((catalog.HERE / "operations.toml").read_text(encoding="utf-8")).items():
        for row in rows:
            pairs = (argument.rstrip("!").partition("=") for argument in row["takes"])
            arguments = {old: new or old for old, _, new in pairs}
            needed = tuple(argument.rstrip("!") for argument in row["takes"] if argument.endswith("!"))
            for name in row["names"]:
                old, _, new = name.partition("=")
                for module in MODULES if of == "tensorflow" else ("keras.backend",):
                    found[f"{module}.{old}"] = Operation(f"keras.ops.{new or old}", arguments, needed)
    return found
