"""Whether evaluating a review takes longer than several ordinary ones take, seen without evaluating it."""

from webhook.admission.review import Request, fast_kind
from webhook.admission.rule_set import RuleSet
from webhook.plugins.registry import Registry
from webhook.vmi.objects import Carrier
from webhook.vmi.spec import VMISpec

MAX_NICS = 24
"""An object with more interfaces and networks together is heavy."""
MAX_PORTS = 64
MAX_UNKNOWN = 1
"""An object that names more plugins that are not registered is heavy: what was meant is guessed."""


def is_heavy(request: Request, rule_set: RuleSet) -> bool:
    """Whether others should not wait until a review is evaluated."""
    if request.operation not in {"CREATE", "UPDATE"}:
        return False
    carried, before, registry = request.carried, request.carried_before, rule_set.registry
    if carried is None or fast_kind(request) is None:
        return True
    return _is_heavy(carried, registry) or (before is not None and _is_heavy(before, registry))


def _is_heavy(carried: Carrier, registry: Registry) -> bool:
    spec = carried.spec
    if spec is None:
        return False
    if spec.virtual_machine_template is not None:
        return True
    vmi = spec if spec.template is None else spec.template.spec
    return vmi is not None and _has_much(vmi, registry)


def _has_much(vmi: VMISpec, registry: Registry) -> bool:
    devices = vmi.domain.devices if vmi.domain is not None else None
    interfaces = (devices.interfaces if devices is not None else None) or ()
    if len(interfaces) + len(vmi.networks or ()) > MAX_NICS:
        return True
    unknown = ports = 0
    for interface in interfaces:
        if interface.binding is not None and interface.binding.name not in registry.plugins:
            unknown += 1
        if interface.ports is not None:
            ports += len(interface.ports)
        if interface.port_ranges is not None:
            ports += len(interface.port_ranges)
        if interface.dhcp_options is not None:
            ports += len(interface.dhcp_options.private_options or ()) + len(interface.dhcp_options.ntp_servers or ())
    return unknown > MAX_UNKNOWN or ports > MAX_PORTS
