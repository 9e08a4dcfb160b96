"""Rules about the binding method of an interface."""
