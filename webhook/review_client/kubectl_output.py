"""An answer as text: a line of our own about the verdict, and what kubectl would write on standard error.

Source: k8s.io/kubectl pkg/cmd/util/helpers.go (checkErr, StandardErrorMessage), k8s.io/client-go rest/warnings.go,
k8s.io/apiserver pkg/admission/plugin/webhook/errors/statuserror.go. Tried with kubectl 1.32 against a server that answers so.
"""

from collections.abc import Iterator

import msgspec

from webhook.kube.text import visible
from webhook.review_client.responses import Response, Status, compute_changes
from webhook.review_client.reviews import ReviewRequest

_INVALID = "Invalid"
_UNPROCESSABLE = 422
_MAX_VALUE_LENGTH = 400


def verdict_lines(question: ReviewRequest, response: Response) -> Iterator[str]:
    """For standard output: what was decided and, of a patch, what it does; `UnansweredError` when it does not fit the object."""
    operations = response.operations
    changes = list(compute_changes(question.carried, operations)) if operations else []
    yield visible(f"{question.place}: {question.subject}: {question.operation} {_verdict(response)}")
    for operation in operations:
        yield visible(f"  {operation.op:7} {operation.path}{_value(operation.value)}")
    for change in changes:
        yield visible(f"  compute {change}")


def kubectl_lines(response: Response) -> Iterator[str]:
    """For standard error: each warning once, then the error."""
    for warning in dict.fromkeys(response.warnings or ()):
        yield visible(f"Warning: {warning}")
    if not response.allowed:
        yield from map(visible, _error_lines(response.status or Status()))


def _verdict(response: Response) -> str:
    if not response.allowed:
        return "denied"
    if response.operations:
        return "patched"
    told = ": ".join(filter(None, (response.annotation("reason"), response.annotation("problem"))))
    return f"allowed ({told})" if told else "allowed"


def _value(value: object) -> str:
    if value is msgspec.UNSET:
        return ""
    text = msgspec.json.encode(value).decode()
    return " " + (text if len(text) <= _MAX_VALUE_LENGTH else text[:_MAX_VALUE_LENGTH] + "...")


def _error_lines(status: Status) -> Iterator[str]:
    """With causes kubectl leaves the message out, and a cause that comes twice."""
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


def _denied(status: Status) -> str:
    """The API server's words; it also names the webhook, as its configuration does."""
    told = status.message or status.reason
    return f"admission webhook denied the request: {told}" if told else "admission webhook denied the request without explanation"
