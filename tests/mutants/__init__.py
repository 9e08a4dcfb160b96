"""Mutants: changes of meaning, one at a time, that some test must notice."""
