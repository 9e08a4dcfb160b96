"""An object has an apiVersion that no KubeVirt release serves.

What
    Bindguard checks this kind, but no KubeVirt release from 1.1 on serves this version of it.

Why
    The API server refuses the object ("no matches for kind"). Bindguard checks it nevertheless, as an object of the newest served version.

Refused
    apiVersion: kubevirt.io/v2
    kind: VirtualMachine

Accepted
    apiVersion: kubevirt.io/v1
    kind: VirtualMachine

Source
    staging/src/kubevirt.io/api/core/v1/register.go@v1.9.0.
"""

from webhook.kube.text import quoted
from webhook.rules.base import CauseType, Group, Mistakes, ShapeError, ShapeRule, Subject, Violation


def check(error: ShapeError) -> Mistakes:
    """Report API versions only."""
    if error.about is not Subject.VERSION:
        return ()
    return [Violation(error.path, f"apiVersion {quoted(error.found)} is not served by any KubeVirt release", f"use {error.expected}")]


RULE = ShapeRule(name="unserved-version", group=Group.SHAPE, check=check, cause=CauseType.NOT_SUPPORTED)
