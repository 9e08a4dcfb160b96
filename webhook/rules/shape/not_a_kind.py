"""No kind has this apiVersion and this name.

What
    The object has a VMI spec, or the spec of a KubeVirt or HyperConverged CR, at the place where a kind has it that Bindguard checks. But
    its apiVersion is missing, its group is that of another kind, or its kind is misspelt.

Why
    The API server refuses the object ("no matches for kind"). Bindguard checks it nevertheless, as the kind that was probably meant. The
    rule runs on files only, since a cluster has no such object.

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
    """Report the kind that was probably meant."""
    if error.about is not Subject.KIND:
        return ()
    return [Violation(error.path, f"no KubeVirt release has {error.found}", f"write {error.expected}")]


RULE = ShapeRule(name="not-a-kind", group=Group.SHAPE, check=check)
