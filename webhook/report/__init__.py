"""Reports: one model of findings, and one module for each output format."""
