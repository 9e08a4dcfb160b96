"""The checks. Each takes a snapshot and yields results, and does no I/O."""
