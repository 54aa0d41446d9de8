"""The scripts of the calibration: what `scripts.toml` says, made of clones of public repositories."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tomli

PORT = (
    (r"from keras\.utils\.np_utils import", "from keras.utils import"),
    (r"from keras\.utils import np_utils", "from keras import utils as np_utils"),
    (
        r"from keras\.layers\.(core|convolutional|normalization|recurrent|embeddings|advanced_activations)\s+import",
        "from keras.layers import",
    ),
    (r"from keras\.layers import CuDNN(\w+)", r"from keras.layers import \1"),
    (r"\bCuDNN(LSTM|GRU)\b", r"\1"),
    (r"from keras\.preprocessing import sequence", "from keras.utils import pad_sequences"),
    (r"sequence\.pad_sequences", "pad_sequences"),
    (r"from keras\.preprocessing\.sequence import", "from keras.utils import"),
    (r"\bnb_epoch\b", "epochs"),
    (r"\binit\s*=\s*(?=['\"])", "kernel_initializer="),
    (r"\blr\s*=\s*(?=[\d.])", "learning_rate="),
    (r"fit_generator\(", "fit("),
    (r"metrics\s*=\s*\[(['\"])acc\1\]", "metrics=['accuracy']"),
    (r"\bnp\.(int|float|bool)\b(?!\w)", r"\1"),
    (r"MaxPool(ing)?2D\(\((\d), *(\d)\), *dim_ordering=['\"]tf['\"]\)", r"MaxPooling2D((\2, \3))"),
    (r"history\[(['\"])(val_)?acc\1\]", r"history[\1\2accuracy\1]"),
    (r"monitor\s*=\s*(['\"])(val_)?acc\1", r"monitor=\1\2accuracy\1"),
    (r"show_accuracy=True, *", ""),
    (r", *decay=[\d.e-]+", ""),
)
"""Names of Keras 1 and 2 in the words of Keras 3, so that old scripts run at all."""
MAGIC = re.compile(r"^(\s*)([%!].*)$", re.MULTILINE)


@dataclass(frozen=True)
class Script:
    """A script of the calibration: its name, its text, and for one with a planted fault the code of the rule that speaks of it."""

    name: str
    text: str
    planted: str = ""
    bad: bool = False
    """Its repository says that it does not work."""


def scripts(listed: Path, corpus: Path) -> Iterator[Script]:
    """The scripts of a list. Raises ValueError where an edit finds nothing."""
    for entry in tomli.loads(listed.read_text())["script"]:
        path = corpus / entry["file"]
        text = "\n\n".join(_cells(path, entry.get("cells", []))) if path.suffix == ".ipynb" else path.read_text()
        for pattern, replacement in PORT:
            text = re.sub(pattern, replacement, text)
        for old, new in entry.get("edits", []):
            text = _edited(text, old, new, entry["file"])
        name = entry.get("name") or re.sub(r"\W+", "_", path.stem).strip("_")
        yield Script(name, text, bad=entry.get("bad", False))
        for fault in entry.get("faults", []):
            other = text
            for old, new in fault["edits"]:
                other = _edited(other, old, new, entry["file"])
            yield Script(f"{name}__{fault['code']}{fault.get('which', '')}", other, fault["code"], True)


def _edited(text: str, old: str, new: str, file: str) -> str:
    if old not in text:
        raise ValueError(f"{file}: no {old!r}")
    return text.replace(old, new)


def _cells(path: Path, wanted: list[int | list[int]]) -> Iterator[str]:
    """Code cells of a notebook by their numbers, from 1 on; a pair is a range; none: all."""
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    numbers = [one for part in wanted for one in ([part] if isinstance(part, int) else range(part[0], part[1] + 1))]
    for number in numbers or range(1, len(cells) + 1):
        yield MAGIC.sub(r"\1pass  # \2", cells[number - 1])
