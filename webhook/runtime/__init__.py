"""`bindguard serve`: settings, registry, VMIs, certificate and both listeners, from start to drain."""
