"""All rules, listed by hand in the order in which they are reported and documented."""

from collections.abc import Mapping

from webhook.rules.base import Rule
from webhook.rules.bindings import masquerade_without_pod_network
from webhook.rules.networks import network_without_interface
from webhook.rules.plugins import unregistered_plugin
from webhook.rules.registrations import unknown_domain_attachment_type

RULES: tuple[Rule, ...] = (
    unregistered_plugin.RULE,
    masquerade_without_pod_network.RULE,
    network_without_interface.RULE,
    unknown_domain_attachment_type.RULE,
)

RULE_NAMED: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
