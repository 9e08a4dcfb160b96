"""Plugins, the registry that holds them, and the compute resource overhead they declare."""
