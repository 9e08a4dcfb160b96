"""Findings out: one report model, one module per output format. Does not know where findings come from."""
