"""Limits on the depth and size of a document, for all parsers."""

MAX_DEPTH = 100
"""Maximum levels of nested lists and mappings."""

MAX_VALUES = 2_000_000
"""Maximum number of values, including keys, with aliases expanded."""
