"""Rules about interfaces and networks, most of them from KubeVirt's network admitter."""
