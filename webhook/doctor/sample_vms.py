"""Two VMs for dry runs: one without mistakes, and one whose interface names no binding plugin."""

from collections.abc import Mapping

from webhook.rules.plugins import empty_plugin_name

VIOLATED = empty_plugin_name.RULE.name
"""The rule that the bad VM violates. It holds whatever is registered, and no KubeVirt release refuses such a VM itself."""


def good_vm(labels: Mapping[str, str]) -> Mapping[str, object]:
    """A VM that every KubeVirt release and every rule accepts."""
    return _vm("bindguard-doctor-good-", labels, {"masquerade": {}})


def bad_vm(labels: Mapping[str, str]) -> Mapping[str, object]:
    """A VM that violates one rule: `VIOLATED`."""
    return _vm("bindguard-doctor-bad-", labels, {"binding": {"name": ""}})


def _vm(name_prefix: str, labels: Mapping[str, str], binding: Mapping[str, object]) -> Mapping[str, object]:
    """A halted VM with one interface; the API server makes its name, so that it cannot be one that exists."""
    devices = {"interfaces": [{"name": "default", **binding}]}
    spec = {"domain": {"devices": devices, "memory": {"guest": "64Mi"}}, "networks": [{"name": "default", "pod": {}}]}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"generateName": name_prefix, "labels": labels},
        "spec": {"runStrategy": "Halted", "template": {"spec": spec}},
    }
