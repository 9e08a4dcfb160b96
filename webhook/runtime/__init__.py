"""The server put together: settings, registry, VMIs, certificate, both listeners; from start to drain."""
