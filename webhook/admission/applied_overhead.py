"""The annotation in which a pod carries what was added to it, so that a second pass adds nothing twice.

The owner of a VMI chooses its annotations, and KubeVirt copies them to the pod, except those whose key begins with `kubectl.kubernetes.io`
(kubevirt/kubevirt pkg/virt-controller/services/template.go, filterVMIAnnotationsForPod, 1.1 to 1.9). The marker's key does, in a domain of
ours, so no VMI can bring a marker to its pod. For forks that copy it all the same, a marker with the very text that the VMI carries is not
believed, and what is written always differs from that text.
"""

import json
from collections.abc import Mapping

import msgspec

from webhook.admission.resource_amounts import Amounts, read_amount
from webhook.kube.quantity import Quantity

MARKER = "kubectl.kubernetes.io.bindguard.io/overhead"

_decode = msgspec.json.Decoder(dict[str, str]).decode


def read_marker(text: str | None, of_vmi: str | None) -> Amounts:
    """What was added according to a pod's marker; nothing without one, or when it is only a copy of the VMI's annotation.

    Raises `ValueError` for one that this program did not write.
    """
    if text is None or text == of_vmi:
        return {}
    try:
        amounts = _decode(text.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError("the marker annotation is no JSON object of quantities") from error
    return {slot: read_amount(value) for slot, value in amounts.items()}


def write_marker(added: Mapping[str, Quantity], of_vmi: str | None) -> str:
    """The marker's value, which differs from the VMI's annotation."""
    text = written(added)
    return text if text != of_vmi else f"{text} "


def written(amounts: Mapping[str, Quantity]) -> str:
    """Amounts as compact JSON, by slot."""
    return json.dumps({slot: str(amount) for slot, amount in amounts.items()}, separators=(",", ":"))
