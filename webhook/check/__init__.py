"""The dry run, `bindguard check`: configuration, registry, files and workers in; a report out."""
