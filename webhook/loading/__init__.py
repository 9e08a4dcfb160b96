"""What the dry run and the server load alike: sources of manifests, configuration files, the registry, and names that people write."""
