"""`python -m kerlint.semantics.catalog`: regenerates keras3.json, tfkeras3.json and keras2.json from the installed keras and tf_keras.

With `--applications` also applications.json, which builds every model once and takes minutes.
"""

from __future__ import annotations

import os
import sys

from kerlint.semantics.catalog import HERE

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kerlint.semantics.catalog.introspection import by_line, keras2, keras3, tfkeras3, written
from kerlint.semantics.catalog.measuring import applications

if __name__ == "__main__":
    third = keras3()
    (HERE / "keras3.json").write_text(written(third), encoding="utf-8")
    (HERE / "tfkeras3.json").write_text(by_line(tfkeras3()), encoding="utf-8")
    (HERE / "keras2.json").write_text(written(keras2(third)), encoding="utf-8")
    if "--applications" in sys.argv:
        (HERE / "applications.json").write_text(by_line(applications()), encoding="utf-8")
