"""Plugins, the registry that holds them, and the compute resource overhead they declare. Knows nothing of VMs or of rules."""
