"""Quantities, field paths, names, versions and other small parts of Kubernetes' API, without anything of Bindguard."""
