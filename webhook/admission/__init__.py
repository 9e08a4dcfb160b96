"""The pure engine: an object, or a review that carries one, in; findings and verdicts out. No I/O, no framework."""
