"""Prints a response: a line with the decision, and what kubectl writes to standard error.

Source: k8s.io/kubectl pkg/cmd/util/helpers.go (checkErr, StandardErrorMessage), k8s.io/client-go rest/warnings.go,
k8s.io/apiserver pkg/admission/plugin/webhook/errors/statuserror.go. Compared with kubectl 1.32.
"""

from collections.abc import Iterator, Sequence

import msgspec

from webhook.admission.verdict import HELP_FOR_ADMINS
from webhook.kube.fieldpath import render
from webhook.kube.text import visible
from webhook.review_client.responses import Response, ResponseStatus, compute_changes
from webhook.review_client.reviews import ReviewRequest
from webhook.rules.base import Finding

_INVALID = "Invalid"
_UNPROCESSABLE = 422
_MAX_VALUE_LENGTH = 400
_MAX_LEFT = 20


def verdict_lines(request: ReviewRequest, response: Response, left_to_kubevirt: Sequence[Finding] = ()) -> Iterator[str]:
    """For standard output: the decision, what a patch does, and what this output alone tells administrators.

    Raises:
        UnansweredError: The patch does not fit the object.
    """
    operations = response.operations
    changes = list(compute_changes(request.carried, operations)) if operations else []
    yield visible(f"{request.place}: {request.subject}: {request.operation} {_verdict(response)}")
    for operation in operations:
        yield visible(f"  {operation.op:7} {operation.path}{_value(operation.value)}")
    for change in changes:
        yield visible(f"  compute {change}")
    if response.annotation(HELP_FOR_ADMINS):
        yield visible(f"  help for admins: {response.annotation(HELP_FOR_ADMINS)}")
    for finding in left_to_kubevirt[:_MAX_LEFT]:
        yield visible(f"  left to KubeVirt, which refuses it: {render(finding.path)}: {finding.message} [{finding.rule}]")
    if len(left_to_kubevirt) > _MAX_LEFT:
        yield f"  and {len(left_to_kubevirt) - _MAX_LEFT} more that are left to KubeVirt"


def finding_as_json(finding: Finding) -> dict[str, str]:
    """A finding as an object of JSON output, with the keys that `bindguard check -o json` has."""
    return {"rule": finding.rule, "field": render(finding.path), "message": finding.message, "accepted": finding.help}


def kubectl_lines(response: Response) -> Iterator[str]:
    """For standard error: each warning once, then the error."""
    for warning in dict.fromkeys(response.warnings or ()):
        yield visible(f"Warning: {warning}")
    if not response.allowed:
        yield from map(visible, _error_lines(response.status or ResponseStatus()))


def _verdict(response: Response) -> str:
    if not response.allowed:
        return "denied"
    if response.operations:
        return "patched"
    reason = ": ".join(filter(None, (response.annotation("reason"), response.annotation("problem"))))
    return f"allowed ({reason})" if reason else "allowed"


def _value(value: object) -> str:
    if value is msgspec.UNSET:
        return ""
    text = msgspec.json.encode(value).decode()
    return " " + (text if len(text) <= _MAX_VALUE_LENGTH else text[:_MAX_VALUE_LENGTH] + "...")


def _error_lines(status: ResponseStatus) -> Iterator[str]:
    """If there are causes, kubectl prints each of them once, and not the message."""
    if not (status.reason == _INVALID or (not status.reason and status.code == _UNPROCESSABLE)):
        server = f"Error from server ({status.reason})" if status.reason else "Error from server"
        yield f"{server}: {_denied(status)}"
        return
    details = status.details
    if details is None:
        yield f"The request is invalid: {_denied(status)}"
        return
    head = f'The {details.kind} "{details.name}" is invalid' if details.kind or details.name else "The request is invalid"
    causes = dict.fromkeys(f"{cause.field}: {cause.message}" for cause in details.causes or ())
    if len(causes) <= 1:
        yield ": ".join([head, *causes])
        return
    yield f"{head}: "
    yield from (f"* {cause}" for cause in causes)


def _denied(status: ResponseStatus) -> str:
    """The text of the API server, without the name of the webhook."""
    message = status.message or status.reason
    return f"admission webhook denied the request: {message}" if message else "admission webhook denied the request without explanation"
