"""Figures: every number in the docs comes from here. Nothing here is a test: no test depends on speed."""
