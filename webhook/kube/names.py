"""Names that the API server accepts."""

import re

MAX_NAME_LENGTH = 253

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")


def is_dns_label(text: str) -> bool:
    """Whether a namespace can have this name."""
    return _LABEL.fullmatch(text) is not None


def is_dns_name(text: str) -> bool:
    """Whether nearly any other object can have this name: a VMI, a NetworkAttachmentDefinition."""
    return len(text) <= MAX_NAME_LENGTH and _NAME.fullmatch(text) is not None
