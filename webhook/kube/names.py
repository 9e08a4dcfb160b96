"""Names as the API server takes them. Knows nothing of what is named."""

import re

LONGEST_NAME = 253

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")


def is_dns_label(text: str) -> bool:
    """Whether a namespace can have this name."""
    return _LABEL.fullmatch(text) is not None


def is_dns_name(text: str) -> bool:
    """Whether nearly any other object can have this name: a VMI, a NetworkAttachmentDefinition."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None
