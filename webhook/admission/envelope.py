"""The envelope of a review: whether a body is an AdmissionReview that can be answered.

Only `admission.k8s.io/v1` is answered: v1beta1 went with Kubernetes 1.22, and its answers have another meaning of `patchType` and warnings.
"""

import msgspec

from webhook.admission.answer import ReviewError
from webhook.admission.review import Request, read
from webhook.kube.fieldpath import look_up
from webhook.kube.shape import UNDECODABLE
from webhook.kube.text import shown

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"
VALIDATE = "/validate"
MUTATE = "/mutate"
"""Where each kind of webhook is asked."""
OPERATIONS = frozenset({"CREATE", "UPDATE", "DELETE", "CONNECT"})

_READ = f'read is kind {KIND} of apiVersion {API_VERSION}; in the webhook configuration write admissionReviewVersions: ["v1"]'
_decode_anything = msgspec.json.Decoder(dict[str, object]).decode


def open_review(body: bytes) -> Request:
    """The request of the AdmissionReview in `body`.

    Raises:
        ReviewError: The body is no AdmissionReview of v1 with a request, a uid and an operation, with what was found.
    """
    try:
        review = read(body)
    except UNDECODABLE as error:
        raise ReviewError(_unlike_a_review(body, error)) from error
    if review.api_version != API_VERSION or review.kind != KIND:
        raise ReviewError(f"found kind {shown(review.kind)} of apiVersion {shown(review.api_version)}; {_READ}")
    request = review.request
    if not request.uid:
        raise ReviewError('request.uid is "": an answer must repeat the uid of its request')
    if request.operation not in OPERATIONS:
        raise ReviewError(f"request.operation is {shown(request.operation)}; read are {', '.join(sorted(OPERATIONS))}")
    return request


def undecodable(error: Exception) -> str:
    """What is wrong with bytes that could not be decoded, as a sentence without a full stop."""
    if isinstance(error, RecursionError):
        return "the body is nested too deeply"
    return f"the body is not the JSON of an {KIND}: {error}"


def _unlike_a_review(body: bytes, error: Exception) -> str:
    """Name another kind or version, which tells more than the first field that is missing there."""
    found = _top_level(body) if isinstance(error, msgspec.ValidationError) else None
    if found is None:
        return f"{undecodable(error)}; {_READ}"
    kind, api_version = look_up(found, ("kind",)), look_up(found, ("apiVersion",))
    if kind == KIND and api_version == API_VERSION:
        return undecodable(error)
    return f"found kind {shown(kind)} of apiVersion {shown(api_version)}; {_READ}"


def _top_level(body: bytes) -> dict[str, object] | None:
    try:
        return _decode_anything(body)
    except UNDECODABLE:
        return None
