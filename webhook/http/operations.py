"""The operations port: probes, metrics, what is registered, and a description of everything. Speed does not matter here.

The admission endpoints are declared here too: so they have a schema, and can be tried without TLS where only operators come.
"""

import time
from collections.abc import Callable, Mapping

import msgspec
from fastapi import FastAPI, Request, Response
from prometheus_client.exposition import choose_encoder
from starlette.types import Receive, Scope, Send

from webhook.admission.rule_set import RuleSet
from webhook.http import openapi
from webhook.http.endpoint import Admission
from webhook.http.metrics import Metrics
from webhook.http.probes import Check, ask
from webhook.http.router import Router
from webhook.plugins.gates import GATES
from webhook.plugins.registry import Registry

_ELSEWHERE = (
    "nothing is served here; there are /livez, /readyz, /metrics, /registry, /version and /openapi.json, "
    "and AdmissionReviews go to the admission port"
)


class JSON(Response):
    """Plain data or our own values, written by msgspec."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """The content as JSON."""
        return msgspec.json.encode(content)


class _HandedOver(Response):
    """Lets an admission endpoint answer instead."""

    def __init__(self, endpoint: Admission) -> None:
        super().__init__()
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._endpoint(scope, receive, send)


def _no_problem() -> str | None:
    return None


def operations_app(  # noqa: PLR0913 - all by keyword, called in one place
    *,
    front: Router,
    rule_set: Callable[[], RuleSet],
    metrics: Metrics,
    checks: Mapping[str, Check],
    version: str,
    problem: Callable[[], str | None] = _no_problem,
) -> FastAPI:
    """The application of the operations port.

    Args:
        front: Whose admission endpoints are described.
        rule_set: What objects are checked against now.
        metrics: What `/metrics` shows.
        checks: What `/readyz` asks, by name.
        version: Version of Bindguard.
        problem: Why the registry may not be what its source says; `None` when it is.
    """
    app = FastAPI(title="Bindguard", version=version, description=openapi.DESCRIPTION, docs_url=None, redoc_url=None)
    _add_probes(app, checks, lambda: _known(rule_set(), problem()))
    _add_views(app, lambda: _described(rule_set(), problem()), metrics, version)
    for path, endpoint in front.endpoints.items():
        _add_admission(app, path, endpoint)
    app.add_exception_handler(404, _elsewhere)
    return app


async def _elsewhere(_request: Request, _error: Exception) -> Response:
    """Tell a lost caller what there is."""
    return JSON({"detail": _ELSEWHERE}, status_code=404)


def _add_probes(app: FastAPI, checks: Mapping[str, Check], known: Callable[[], Mapping[str, object]]) -> None:
    @app.get("/livez", summary="Whether the process answers at all", tags=["probes"])
    async def livez() -> Response:
        return JSON({"live": True})

    @app.get("/readyz", summary="Whether reviews can be answered, check by check", tags=["probes"], responses=openapi.NOT_READY)
    async def readyz() -> Response:
        readiness = await ask(checks)
        told = {"ready": readiness.ready, "checks": readiness.checks, "registry": known()}
        return JSON(told, status_code=200 if readiness.ready else 503)


def _add_views(app: FastAPI, described: Callable[[], Mapping[str, object]], metrics: Metrics, version: str) -> None:
    @app.get("/metrics", summary="Metrics for Prometheus", tags=["views"], response_class=Response)
    async def show_metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(metrics.registry), headers={"content-type": content_type})

    @app.get("/registry", summary="What objects are checked against now", tags=["views"])
    async def show_registry() -> Response:
        return JSON(described())

    @app.get("/version", summary="The running version", tags=["views"])
    async def show_version() -> Response:
        return JSON({"version": version})


def _add_admission(app: FastAPI, path: str, endpoint: Admission) -> None:
    async def admit() -> Response:
        return _HandedOver(endpoint)

    app.add_api_route(path, admit, methods=["POST"], operation_id=path.strip("/"), tags=["admission"], **openapi.admission(path))


def _known(rule_set: RuleSet, problem: str | None) -> dict[str, object]:
    """Which state of the registry is in service, and what is wrong with it."""
    return {"version": rule_set.version, "ageSeconds": round(rule_set.age(time.monotonic()), 3), "problem": problem}


def _described(rule_set: RuleSet, problem: str | None) -> dict[str, object]:
    registry = rule_set.registry
    return {
        "source": registry.source,
        **_known(rule_set, problem),
        "known": registry.known,
        "kubevirtVersion": None if registry.version is None else str(registry.version),
        "featureGates": _gates(registry),
        "permitBridgeInterfaceOnPodNetwork": registry.permit_bridge_on_pod_network,
        "defaultNetworkInterface": registry.default_network_interface,
        "plugins": registry.plugins,
        "supplementaryOverhead": rule_set.supplementary,
        "rules": rule_set.plan.actions,
    }


def _gates(registry: Registry) -> dict[str, str]:
    return {name: registry.gate(name).value for name in GATES}
