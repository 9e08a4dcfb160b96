"""Load what `check` and `serve` have in common: manifests, configuration files, registries, versions and rule actions."""
