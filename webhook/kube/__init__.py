"""Kubernetes' own small things: quantities, field paths, versions. Knows nothing of KubeVirt or of this project."""
