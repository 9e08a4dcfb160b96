"""The engine: an object, or a review that carries one, in; findings and verdicts out. It does no I/O and imports no framework."""
