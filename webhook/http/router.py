"""The ASGI application of the admission port: two paths and two plain functions, without a framework.

Routing and middleware of a framework cost as much as checking a VMI does (docs/performance.md). The operations port uses FastAPI.
"""

from starlette.types import Receive, Scope, Send

from webhook.admission.review import MUTATE, VALIDATE
from webhook.http.body import Load
from webhook.http.endpoint import Admission
from webhook.http.fast_path import FastPath
from webhook.http.limits import Limits
from webhook.http.metrics import Metrics
from webhook.http.reply import RefusedError, send_refusal
from webhook.http.review_engine import Engine

_ELSEWHERE = (
    f"nothing is served here; AdmissionReviews go to {VALIDATE} and {MUTATE}, and probes, metrics and all else to the operations port"
)


class Router:
    """The ASGI application of the admission port.

    Attributes:
        endpoints: The admission endpoints, by path.
    """

    def __init__(self, engine: Engine, *, limits: Limits, metrics: Metrics, verifies_clients: bool = False) -> None:
        """Serve an engine; `verifies_clients` says whether the admission port asks for client certificates."""
        load = Load()
        metrics.in_flight.set_function(lambda: load.requests)
        metrics.bodies.set_function(lambda: load.bodies)
        self.endpoints = {
            path: Admission(path, reviewer, limits=limits, load=load, metrics=metrics, verifies_clients=verifies_clients)
            for path, reviewer in engine.reviewers().items()
        }

    def fast_path(self, path: str) -> FastPath | None:
        """Nearly every review of `/validate` waits for nothing."""
        return self.endpoints[VALIDATE].fast_path if path == VALIDATE else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to its endpoint; anything else is told where it belongs."""
        if scope["type"] != "http":
            await _not_http(scope, receive, send)
            return
        endpoint = self.endpoints.get(scope["path"])
        if endpoint is None:
            await send_refusal(send, RefusedError(404, _ELSEWHERE))
            return
        await endpoint(scope, receive, send)


async def _not_http(scope: Scope, receive: Receive, send: Send) -> None:
    """Websockets are closed before they open; a server that speaks the lifespan protocol is told that there is nothing to do."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})
