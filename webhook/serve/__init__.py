"""The server put together: settings, registry file, certificate, both listeners; from start to drain. Judges nothing, knows no HTTP."""
