"""What the server is held against: the least that an ASGI app can do, and two usual ways to write an admission webhook in Python.

Each does the same check as ours where it does one at all. Run by `benchmarks.server`, one process each.
"""

import asyncio
import functools
import sys
from collections.abc import Mapping
from typing import Any

import uvloop

from webhook.admission.evaluation import evaluate_object
from webhook.loading.registry import registry_from_file
from webhook.loading.sources import Source
from webhook.rules import RULES
from webhook.rules.plan import plan

_ALLOWED = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u","allowed":true}}'
_PLAN = plan(RULES, registry_from_file(Source("registry", "examples/kubevirt.yaml")).registry, {}, upstream_answers=False)


async def constant(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Reads the body and answers a constant: what the same uvicorn can do at all."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_ALLOWED)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _ALLOWED})


def fastapi_with_pydantic() -> Any:
    """A FastAPI route whose body is a pydantic model, as FastAPI's own documentation shows."""
    import fastapi  # noqa: PLC0415 - only this baseline needs it
    import pydantic  # noqa: PLC0415 - likewise

    class Request(pydantic.BaseModel):
        uid: str
        kind: dict[str, str]
        operation: str
        object: dict[str, Any] | None = None

    class Review(pydantic.BaseModel):
        apiVersion: str  # noqa: N815 - the name in JSON
        kind: str
        request: Request

    app = fastapi.FastAPI()

    @app.post("/validate")
    async def validate(review: Review) -> dict[str, Any]:
        findings = evaluate_object(review.request.object, _PLAN)
        response = {"uid": review.request.uid, "allowed": not findings}
        return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}

    return app


async def kopf_server(port: int, certificate: str, key: str) -> None:
    """Kopf's admission server with the same check as a handler, as an operator runs it but for the cluster that it would watch.

    `kopf.run` looks for a cluster first, so what it hands to `serve_admission_request` is made here (kopf/_core/reactor/running.py).
    """
    import kopf  # noqa: PLC0415 - only this baseline needs it
    from kopf._cogs.structs.references import Insights, Resource  # noqa: PLC0415 - likewise
    from kopf._core.engines.admission import serve_admission_request  # noqa: PLC0415 - likewise
    from kopf._core.reactor.inventory import ResourceMemories  # noqa: PLC0415 - likewise

    kopf.configure()  # logs as `kopf run` does unless told otherwise
    registry = kopf.OperatorRegistry()

    @kopf.on.validate("kubevirt.io", "v1", "virtualmachineinstances", registry=registry)  # type: ignore[untyped-decorator] # of kopf
    async def check(body: Mapping[str, Any], **_: Any) -> None:
        findings = evaluate_object(dict(body), _PLAN)
        if findings:
            raise kopf.AdmissionError(findings[0].message)

    insights = Insights(webhook_resources={Resource("kubevirt.io", "v1", "virtualmachineinstances", kind="VirtualMachineInstance")})
    parts = {"registry": registry, "insights": insights, "memories": ResourceMemories(), "memobase": kopf.Memo(), "indices": {}}
    answered = functools.partial(serve_admission_request, settings=kopf.OperatorSettings(), **parts)
    server = kopf.WebhookServer(addr="127.0.0.1", port=port, certfile=certificate, pkeyfile=key)
    async for _ in server(answered):
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(kopf_server(int(sys.argv[1]), sys.argv[2], sys.argv[3]))  # as the command `kopf` does where uvloop is installed
