"""Two interfaces have the same name.

What
    `interfaces[].name` is the name of an earlier interface of the same VM.

Why
    The name says which network an interface is connected to. A network can have only one interface of a VM.

Refused
    interfaces: [{name: default, masquerade: {}}, {name: default, bridge: {}}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}, {name: blue, bridge: {}}]
    networks: [{name: default, pod: {}}, {name: blue, multus: {networkName: blue}}]

Source
    pkg/network/admitter/netiface.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import CauseType, Group, Mistakes, SpecRule, Violation
from webhook.rules.networks._repeats import repeats
from webhook.vmi.vmi import VMI


def check(vmi: VMI, _registry: Registry) -> Mistakes:
    """Report each interface with the name of an earlier one. A missing name is the empty name, as in KubeVirt."""
    interfaces = vmi.interfaces
    if len(interfaces) <= 1 or len({interface.name or "" for interface in interfaces}) == len(interfaces):
        return ()
    return (
        Violation(
            ("domain", "devices", "interfaces", index, "name"),
            f"interfaces[{earlier}] is named {quoted(interfaces[index].name)} too, and a network can have only one interface",
            "give this interface its own name and network, or remove it",
        )
        for index, earlier in repeats(interface.name for interface in interfaces)
    )


RULE = SpecRule(
    name="duplicate-interface-name",
    group=Group.NETWORKS,
    check=check,
    cause=CauseType.DUPLICATE,
    trait="has_repeated_names",
    upstream_since=Version(0, 1),
)
