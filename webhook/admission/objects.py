"""An object that is checked, as one value: it carries a VMI spec, or it registers plugins."""

from typing import TypeAlias

from webhook.plugins.sources import RegistryCR, read_registry_cr
from webhook.vmi.kinds import KINDS, kind_of
from webhook.vmi.objects import VMIObject, from_plain

CheckedObject: TypeAlias = VMIObject | RegistryCR
CHECKED_KINDS = frozenset(
    {("kubevirt.io", "KubeVirt"), ("hco.kubevirt.io", "HyperConverged"), *((kind.group, kind.name) for kind in KINDS)}
)
"""Group and kind of all objects that are checked."""


def read_object(obj: object) -> CheckedObject | None:
    """The object in plain data of any shape; `None` when it is of a kind that holds nothing to check."""
    kind = kind_of(obj)
    return from_plain(obj, kind) if kind is not None else read_registry_cr(obj)
