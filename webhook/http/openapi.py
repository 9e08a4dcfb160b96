"""What the OpenAPI document says beyond what FastAPI finds out by itself."""

from typing import Any

DESCRIPTION = "Guards KubeVirt's network bindings: the admission endpoints, and what their operators look at."

NOT_READY: dict[int | str, dict[str, Any]] = {503: {"description": "Not ready; each check says why"}}

_SUMMARIES = {
    "/validate": (
        "Allow or deny objects that hold a VMI spec",
        "Findings come as `status.details.causes`, warnings and audit annotations.",
    ),
    "/mutate": ("Add the overhead of its VM's plugins to a virt-launcher pod", "The answer is a JSON Patch, or says why there is none."),
}
_TIMEOUT = {
    "name": "timeout",
    "in": "query",
    "description": "Time to answer in, as the API server sends it.",
    "schema": {"type": "string", "examples": ["10s", "500ms"]},
}
_REFUSALS = {
    400: "No AdmissionReview of admission.k8s.io/v1",
    405: "Another method than POST",
    408: "The body did not arrive in time",
    413: "The body is too large",
    415: "No JSON, or compressed",
    429: "Over capacity; `Retry-After` says when to try again",
    500: "A mistake of ours",
    504: "The review took all of its time to arrive",
}
_STATUS = {"type": "object", "required": ["kind", "apiVersion", "status", "message", "reason", "code"]}


def _review(part: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["apiVersion", "kind", part],
        "properties": {
            "apiVersion": {"const": "admission.k8s.io/v1"},
            "kind": {"const": "AdmissionReview"},
            part: {"type": "object", "required": ["uid"], "properties": {"uid": {"type": "string"}}},
        },
    }


def admission(path: str) -> dict[str, Any]:
    """The description of an admission endpoint, as arguments of FastAPI's `add_api_route`."""
    summary, description = _SUMMARIES[path]
    body = {"required": True, "content": {"application/json": {"schema": _review("request")}}}
    answer = {"description": "Reviewed", "content": {"application/json": {"schema": _review("response")}}}
    refusals = {code: {"description": text, "content": {"application/json": {"schema": _STATUS}}} for code, text in _REFUSALS.items()}
    return {
        "summary": summary,
        "description": description,
        "openapi_extra": {"requestBody": body, "parameters": [_TIMEOUT]},
        "responses": {200: answer, **refusals},
    }
