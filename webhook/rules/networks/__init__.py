"""Rules about interfaces and networks as such: the set of KubeVirt's own network admitter."""
