"""Whether a review is heavy: evaluating it takes longer than several ordinary reviews. It is not evaluated to find out."""

from webhook.admission.objects import CHECKED_KINDS
from webhook.admission.review import Review
from webhook.admission.rule_set import RuleSet
from webhook.plugins.registry import Registry
from webhook.vmi.objects import VMIObject

MAX_NICS = 24
"""An object with more interfaces and networks together is heavy."""
MAX_PORTS = 64
MAX_UNKNOWN = 1
"""An object that names more unregistered plugins is heavy, since the nearest registered name is searched for each."""


def is_heavy(review: Review, rule_set: RuleSet) -> bool:
    """Whether other reviews should not wait for the evaluation of this one."""
    request = review.request
    if request.operation not in {"CREATE", "UPDATE"} or (request.kind.group, request.kind.kind) not in CHECKED_KINDS:
        return False
    if review.objects is None:
        return True
    return any(isinstance(obj, VMIObject) and _has_much(obj, rule_set.registry) for obj in (review.objects.new, review.objects.old))


def _has_much(obj: VMIObject, registry: Registry) -> bool:
    interfaces = obj.interfaces
    if len(interfaces) + len(obj.networks) > MAX_NICS:
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
