"""The binding methods of an interface: their fields, and the KubeVirt releases that have them."""

from typing import NamedTuple

from webhook.kube.version import Version
from webhook.vmi.spec import Interface


class Binding(NamedTuple):
    """A field of an interface that selects its binding.

    Attributes:
        field: The JSON name; its presence selects the binding.
        attribute: The attribute of `spec.Interface` that holds it.
        since: First release whose API has the field; before it the API server prunes the field.
    """

    field: str
    attribute: str
    since: Version

    def is_set(self, interface: Interface) -> bool:
        """Whether an interface has this binding; `{}` is set."""
        return getattr(interface, self.attribute) is not None


BINDINGS: tuple[Binding, ...] = (
    Binding("bridge", "bridge", Version(0, 1)),
    Binding("masquerade", "masquerade", Version(0, 1)),
    Binding("sriov", "sriov", Version(0, 1)),
    Binding("passtBinding", "passt_binding", Version(1, 8)),
    Binding("binding", "binding", Version(1, 1)),
)
"""An interface must have exactly one of these (kubevirt/kubevirt pkg/network/admitter/binding.go@v1.9.0)."""

DISCONTINUED: tuple[Binding, ...] = (
    Binding("slirp", "slirp", Version(0, 1)),
    Binding("passt", "passt", Version(0, 1)),
    Binding("macvtap", "macvtap", Version(0, 1)),
)
DISCONTINUED_SINCE = Version(1, 3)
"""First release that refuses the discontinued methods (pkg/network/admitter/discontinued.go@v1.9.0); the schema still has them."""


def wiring(interface: Interface) -> str:
    """The JSON names of all binding methods of an interface, joined by "and"; or "no binding"."""
    return " and ".join(binding.field for binding in (*BINDINGS, *DISCONTINUED) if binding.is_set(interface)) or "no binding"
