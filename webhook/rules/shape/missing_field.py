"""A field is missing without which the object is not what it claims to be.

What
    A parent on the way to the VMI spec, such as `spec.template` of a VirtualMachine, is absent or `null`.

Why
    The API server refuses the object, and there is nothing in it to check. The usual cause is wrong indentation, or a file of another
    kind under a wrong `kind`.

Refused
    spec: {runStrategy: Always}

Accepted
    spec: {runStrategy: Always, template: {spec: {domain: {devices: {}}}}}

Source
    The schema of the CRD, which the API server applies before any webhook is asked.
"""

from webhook.kube.fieldpath import render
from webhook.rules.base import Group, Mistakes, ShapeError, ShapeRule, Subject, Violation


def check(error: ShapeError) -> Mistakes:
    """Tell what belongs there; where something else is, `wrong-type` tells it."""
    if error.found is not None or error.about is not Subject.VALUE:
        return ()
    where = render(error.path) or "the object"
    return [Violation(error.path, f"{where} is missing; expected {error.expected}", f"add {where}, and check the indentation around it")]


RULE = ShapeRule(name="missing-field", group=Group.SHAPE, check=check)
