"""From source text to a Program."""
