"""Where kerlint's own files are."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
PAGES = next(folder for folder in (HERE / "rules", HERE.parent / "rules") if folder.is_dir())
"""The pages of the rules: in the package where it is installed, beside it in a checkout."""
