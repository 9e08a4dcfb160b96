"""An interface has a boot order in a VM with launch security.

What
    `interfaces[].bootOrder` is set, and `domain.launchSecurity` has `sev`; from KubeVirt 1.7 on also `snp` or `tdx`.

Why
    A confidential VM must not boot from the network. KubeVirt refuses such a VM.

Refused
    domain:
      launchSecurity: {sev: {}}
      devices:
        interfaces: [{name: default, masquerade: {}, bootOrder: 1}]
    networks: [{name: default, pod: {}}]

Accepted
    domain:
      launchSecurity: {sev: {}}
      devices:
        interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    validateLaunchSecurity in pkg/virt-api/webhooks/validating-webhook/admitters/vmi-create-admitter.go@v1.1.1 to v1.6.6 and
    pkg/virt-api/webhooks/amd64.go@v1.7.4 to v1.9.0, which report `domain.launchSecurity`.
"""

from webhook.kube.version import Version
from webhook.plugins.registry import Registry
from webhook.rules.base import Group, InterfaceRule, Mistakes, Violation
from webhook.vmi.spec import Interface
from webhook.vmi.vmi import VMI

_OTHER_TYPES_SINCE = Version(1, 7)


def check(interface: Interface, vmi: VMI, registry: Registry) -> Mistakes:
    """Look for launch security types that the running KubeVirt does not support with a boot order."""
    security = vmi.spec.domain.launch_security if vmi.spec.domain is not None else None
    if interface.boot_order is None or security is None:
        return ()
    others = registry.at_least(*_OTHER_TYPES_SINCE)
    types = (("sev", security.sev, True), ("snp", security.snp, others), ("tdx", security.tdx, others))
    found = [name for name, value, refused in types if value is not None and refused]
    if not found:
        return ()
    message = f"a VM with launchSecurity.{found[0]} cannot boot from the network, and this interface has a bootOrder"
    return [Violation(("bootOrder",), message, "remove bootOrder from the interface")]


RULE = InterfaceRule(
    name="bootable-interface-with-launch-security",
    group=Group.NETWORKS,
    check=check,
    field="boot_order",
    upstream_since=Version(0, 1),
)
