"""The command `kerlint`, also as `python -m kerlint`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the version is answered without importing anything for it."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from kerlint import __version__

        print(f"kerlint {__version__}")
        return 0
    from kerlint.cli import main as command

    return command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
