"""Kubernetes' own small things: quantities, field paths, versions."""
