"""Kubernetes' own small things: quantities, field paths, names, versions. Another project could use them."""
