"""Binding plugins, the registry that holds them, and the compute resource overhead that they declare."""
