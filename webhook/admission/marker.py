"""The annotation in which a pod carries what was added to it, so that a second pass adds nothing twice.

KubeVirt copies a VMI's annotations to its pod, so a key that the VMI carries is never believed and never written: the first free one of a
few is, and every pass chooses the same. Not seen is an owner who changes the VMI's annotations between the rendering of the pod and its
admission; such a VM gets too much or too little memory for its own pod, and no other pod is concerned.
"""

import json
from collections.abc import Mapping

import msgspec

from webhook.admission.amounts import Amounts, read_amount
from webhook.kube.quantity import Quantity

MARKER = "bindguard.io/overhead"
KEYS = (MARKER, *(f"{MARKER}-{number}" for number in range(1, 10)))

_decode = msgspec.json.Decoder(dict[str, str]).decode


def free_key(carried_by_vmi: Mapping[str, str]) -> str | None:
    """The first key that the VMI does not carry; `None` when it carries them all."""
    return next((key for key in KEYS if key not in carried_by_vmi), None)


def read_marker(text: str | None) -> Amounts:
    """What was added according to a marker; nothing without one.

    Raises `ValueError` for one that this program did not write.
    """
    if text is None:
        return {}
    try:
        written = _decode(text.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError("the marker annotation is no JSON object of quantities") from error
    return {slot: read_amount(value) for slot, value in written.items()}


def write_marker(added: Mapping[str, Quantity]) -> str:
    """The marker's value: compact JSON, by slot."""
    return json.dumps({slot: str(amount) for slot, amount in added.items()}, separators=(",", ":"))
