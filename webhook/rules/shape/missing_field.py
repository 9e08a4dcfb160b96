"""A required field is missing.

What
    A parent of the VMI spec, such as `spec.template` of a VirtualMachine, is absent or `null`.

Why
    The API server refuses the object, and there is nothing in it to check. The usual causes are wrong indentation and a wrong `kind`.

Refused
    spec: {runStrategy: Always}

Accepted
    spec: {runStrategy: Always, template: {spec: {domain: {devices: {}}}}}

Source
    The schema of the CRD. The API server applies it before it calls a webhook.
"""

from webhook.kube.fieldpath import render
from webhook.rules.base import CauseType, Group, Mistakes, ShapeError, ShapeRule, Subject, Violation


def check(error: ShapeError) -> Mistakes:
    """Report a missing value. `wrong-type` reports wrong values."""
    if error.found is not None or error.about is not Subject.VALUE:
        return ()
    where = render(error.path) or "the object"
    return [Violation(error.path, f"{where} is missing; expected {error.expected}", f"add {where}, and check the indentation around it")]


RULE = ShapeRule(name="missing-field", group=Group.SHAPE, check=check, cause=CauseType.REQUIRED)
