"""Findings out: one report model, one module per output format."""
