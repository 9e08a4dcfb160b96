"""How deep and how large a document may be, for all readers alike."""

DEEPEST = 100
"""Levels of lists and mappings in each other."""

MAX_VALUES = 2_000_000
"""Values, keys included, after aliases are followed."""
