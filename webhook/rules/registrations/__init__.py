"""Rules about a plugin as it is registered in a KubeVirt or HyperConverged CR."""
