"""What `bindguard check` does: read settings, registries and manifests, check every object, and build the report."""
