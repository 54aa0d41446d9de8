"""The command `kerlint`, also as `python -m kerlint`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the version is answered without importing anything for it."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from kerlint import __version__

        print(f"kerlint {__version__}")
        return 0
    import gc

    from kerlint.cli import main as command

    code = command(sys.argv[1:])
    gc.freeze()  # the end of a process is no time to look for garbage: it takes 3 ms
    return code


if __name__ == "__main__":
    sys.exit(main())
