"""A value has the wrong type.

What
    The manifest has a value of another type than the API: the types are string, object, list, number and boolean.

Why
    The API server cannot decode the object and refuses it. In YAML the mistake is easy: `name: 5` is a number, `name: on` is a boolean, and
    `bridge: yes` is not an object. The other rules treat such a value as absent.

Refused
    interfaces: [{name: 5, masquerade: {}}]

Accepted
    interfaces: [{name: "5", masquerade: {}}]

Source
    The schema of the CRD. The API server applies it before it calls a webhook.
"""

from webhook.rules.base import Group, Mistakes, ShapeError, ShapeRule, Subject, Violation


def check(error: ShapeError) -> Mistakes:
    """Report a wrong type. `missing-field` reports missing values, and `unserved-version` API versions."""
    if error.found is None or error.about is not Subject.VALUE:
        return ()
    message = f"expected {error.expected}, found {error.found}"
    of_interface = error.path[-1:] == ("binding",) and isinstance(error.path[-2], int)
    is_name = of_interface and error.found.startswith('"')
    if is_name:
        return [Violation(error.path, message, f"write binding: {{name: {error.found}}}")]
    is_bare = error.expected == "a string" and error.found[:1] not in ("{", "[")
    return [Violation(error.path, message, "write a string here, in quotes" if is_bare else f"write {error.expected} here")]


RULE = ShapeRule(name="wrong-type", group=Group.SHAPE, check=check)
