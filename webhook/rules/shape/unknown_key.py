"""An object has a key that the API server does not know.

What
    A key that leads to interfaces, networks or registered plugins, or a key of an interface or network, is in the CRD of no release that
    Bindguard knows. It is a warning if the key is in the CRD of another release than the one that is checked against.

Why
    kubectl asks for strict validation, and then the API server refuses the object. For other clients the API server drops the key with a
    warning, and the VM starts without it: with `network:` instead of `networks:` the VM is on the default network. The rule runs on files
    only. Objects in a cluster, and in the reviews of a webhook, have no such keys any more.

Refused
    interfaces: [{name: default, masquarade: {}}]
    networks: [{name: default, pod: {}}]

Accepted
    interfaces: [{name: default, masquerade: {}}]
    networks: [{name: default, pod: {}}]

Source
    pkg/virt-operator/resource/generate/components/validations_generated.go from v1.1.0 to v1.9.0, and deploy/crds/hco00.crd.yaml of
    kubevirt/hyperconverged-cluster-operator from 1.11 to 1.19.
"""

from webhook.rules.base import Group, Mistakes, ShapeError, ShapeRule, Subject, Violation


def check(error: ShapeError) -> Mistakes:
    """Report the key, with the message of the comparison of keys."""
    if error.about is not Subject.KEY:
        return ()
    return [Violation(error.path, error.found or "", error.expected, at_most=error.at_most)]


RULE = ShapeRule(name="unknown-key", group=Group.SHAPE, check=check)
