"""The binding of an interface in words, for messages. Judges nothing."""

from webhook.vmi.bindings import BINDINGS, DISCONTINUED
from webhook.vmi.spec import Interface


def wiring(interface: Interface) -> str:
    """The JSON names of the binding methods that an interface has, joined by "and", or "no binding"."""
    present = [binding.field for binding in (*BINDINGS, *DISCONTINUED) if getattr(interface, binding.attribute) is not None]
    return " and ".join(present) or "no binding"
