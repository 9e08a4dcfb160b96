"""Binding plugins, their registry, and the sources that a registry is read from."""
