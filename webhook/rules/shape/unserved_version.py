"""An object has an apiVersion that no KubeVirt release serves.

What
    The kind is one that Bindguard checks, in a version that is neither served now nor was since KubeVirt 1.1.

Why
    The API server refuses it ("no matches for kind"). It is checked all the same, as if it were the newest served version.

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
from webhook.rules.base import Group, Mistakes, ShapeError, ShapeRule, Subject, Violation


def check(error: ShapeError) -> Mistakes:
    """Only versions are this rule's business."""
    if error.about is not Subject.VERSION:
        return ()
    return [Violation(error.path, f"apiVersion {quoted(error.found)} is not served by any KubeVirt release", f"use {error.expected}")]


RULE = ShapeRule(name="unserved-version", group=Group.SHAPE, check=check)
