"""The tree that kerlint understands programs by: `nodes` are its parts, `text` is where they stand, `reading` makes it.

CPython's own parser reads a text in a tenth of the time that LibCST takes. What this Python is too old for, LibCST reads.
"""
