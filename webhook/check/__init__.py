"""The dry run put together: configuration, registry, files and workers in; a report out."""
