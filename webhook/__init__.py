"""Bindguard: guards KubeVirt's network bindings, as an admission webhook and as a command for CI."""

__version__ = "0.1.0"
