"""kerlint: a linter that understands Keras training code."""

__version__ = "0.1.0"
