"""An interface uses slirp, passt or macvtap, and this KubeVirt before 1.3 refuses it.

What
    On KubeVirt 1.1 or 1.2: `slirp` off the pod network or without `permitSlirpInterface`; `passt` without feature gate Passt, off the pod
    network or beside another interface; `macvtap` without feature gate Macvtap or off Multus networks.

Why
    These core bindings depend on settings in the KubeVirt CR, and each works on one kind of network only. From 1.3 on KubeVirt refuses all
    three (`discontinued-binding`).

Refused
    interfaces: [{name: blue, slirp: {}}]
    networks: [{name: blue, multus: {networkName: blue}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    validateInterfaceNetworkBasics in pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.1.1 and v1.2.2, which
    reports `interfaces[i].name`.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.rules.bindings._legacy import refusals
from webhook.vmi.bindings import DISCONTINUED_SINCE
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Report each legacy binding that KubeVirt refuses."""
    if interface.slirp is None and interface.passt is None and interface.macvtap is None:
        return ()
    return [
        Violation((refusal.field,), f"{refusal.field} {refusal.reason}", refusal.accepted, for_admin=refusal.for_admin)
        for refusal in refusals(interface, vmi, registry)
    ]


RULE = InterfaceRule(
    name="legacy-binding-not-permitted",
    group=Group.BINDINGS,
    check=check,
    depends_on_cr=True,
    until=DISCONTINUED_SINCE,
    upstream_since=Version(0, 1),
)
