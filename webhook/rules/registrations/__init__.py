"""Rules about the registration of a plugin in a KubeVirt or HyperConverged CR."""
