"""References to NetworkAttachmentDefinitions: `name` or `namespace/name`."""

from webhook.kube.names import is_dns_label, is_dns_name
from webhook.kube.text import quoted

MAX_NAME_LENGTH = 170
"""Multus keeps a file NAME-CONTAINER-INTERFACE, and a file name has at most 255 bytes (kubevirt/kubevirt#17873)."""

REFERENCE_HELP = "write name or namespace/name, in lower-case letters, digits, hyphens and, in the name, dots"


def fault_of(reference: str) -> str | None:
    """Why no pod can use the object of this reference, which is split at the first "/" as KubeVirt does; `None` when one can."""
    namespace, slash, name = reference.partition("/") if "/" in reference else ("", "", reference)
    if slash and not is_dns_label(namespace):
        return f"{quoted(namespace)} is not a valid name of a namespace"
    if "/" in name:
        return f'KubeVirt splits at the first "/" and looks for the name {quoted(name)}'
    if len(name) > MAX_NAME_LENGTH:
        return f"the name has {len(name)} characters, and Multus fails with more than {MAX_NAME_LENGTH}"
    return None if is_dns_name(name) else f"{quoted(name)} is not a valid name of an object"
