"""Which Kubernetes CauseType each rule's finding has, for programs that read `status.details.causes`. People read the message.

Source of the types: k8s.io/apimachinery meta/v1 types.go. They follow KubeVirt's own webhook where it has the same rule
(pkg/network/admitter@v1.9.0), except where another type says plainly what is wrong.
"""

from collections.abc import Mapping
from types import MappingProxyType

INVALID = "FieldValueInvalid"
REQUIRED = "FieldValueRequired"
DUPLICATE = "FieldValueDuplicate"
NOT_SUPPORTED = "FieldValueNotSupported"
NOT_FOUND = "FieldValueNotFound"

_RULES: Mapping[str, tuple[str, ...]] = {
    REQUIRED: (
        "missing-field",
        "empty-plugin-name",
        "empty-registration-name",
        "no-binding",
        "network-without-interface",
        "network-without-source",
        "multus-without-network-name",
        "incomplete-resource-claim",
    ),
    DUPLICATE: (
        "duplicate-dhcp-option",
        "duplicate-interface-name",
        "duplicate-network-name",
        "duplicate-port-name",
        "duplicate-resource-claim",
        "several-default-networks",
        "several-pod-networks",
    ),
    NOT_SUPPORTED: (
        "discontinued-binding",
        "unknown-domain-attachment-type",
        "unknown-downward-api",
        "unknown-interface-state",
        "unknown-migration-method",
        "unknown-model",
        "unknown-port-protocol",
        "unserved-version",
    ),
    NOT_FOUND: ("interface-without-network", "resource-claim-not-found", "unregistered-plugin"),
}

CAUSE_TYPE_OF: Mapping[str, str] = MappingProxyType({rule: cause for cause, rules in _RULES.items() for rule in rules})
"""By rule name; a rule that is not here has `INVALID`."""
