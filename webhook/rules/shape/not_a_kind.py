"""An object has an apiVersion and kind that together do not exist.

What
    The object holds a VMI spec, or the spec of a KubeVirt or HyperConverged CR, where a kind that Bindguard checks has it. But its
    apiVersion is missing, its group is that of another kind, or the name of its kind is misspelt.

Why
    The API server refuses it ("no matches for kind"). It is checked all the same, as what it was meant to be. Only files are checked for
    this: a cluster holds no such object.

Refused
    apiVersion: kubevirt.io/v1
    kind: VirtualMachinePool

Accepted
    apiVersion: pool.kubevirt.io/v1beta1
    kind: VirtualMachinePool

Source
    staging/src/kubevirt.io/api/core/v1/register.go and staging/src/kubevirt.io/api/pool/v1beta1/register.go@v1.9.0.
"""

from webhook.rules.base import Group, Mistakes, ShapeError, ShapeRule, Subject, Violation


def check(error: ShapeError) -> Mistakes:
    """Report what was meant."""
    if error.about is not Subject.KIND:
        return ()
    return [Violation(error.path, f"no KubeVirt release has {error.found}", f"write {error.expected}")]


RULE = ShapeRule(name="not-a-kind", group=Group.SHAPE, check=check)
