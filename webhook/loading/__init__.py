"""What `check` and `serve` both load: manifests, configuration files, the registry, versions, and actions of rules."""
