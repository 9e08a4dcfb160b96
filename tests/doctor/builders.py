"""A healthy installation as the API server tells of it; tests break one thing at a time."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.cluster.fake_api import Asked, FakeApi
from webhook import __version__
from webhook.doctor.objects.records import Lease, NamespaceList, Secret
from webhook.doctor.objects.webhooks import Configurations, WebhookConfiguration
from webhook.doctor.objects.workload import Deployment, EndpointSlices, Pods, Service
from webhook.doctor.required_permissions import of_caller, of_server
from webhook.doctor.settings import settings_in
from webhook.doctor.snapshot import NOT_FOUND, DryRuns, Names, PodProbe, ReadinessResponse, ReadResult, ServedRegistry, Snapshot
from webhook.tls.names import names_for_service
from webhook.tls.selfsigned import make_ca, make_leaf

Object = dict[str, Any]


class _Version(msgspec.Struct):
    version: str


class _KubeVirts(msgspec.Struct):
    items: list[Object]


NOW = datetime.now(UTC).replace(microsecond=0)
CA = make_ca(now=NOW, days=730)
OTHER_CA = make_ca(now=NOW, days=730)
LEAF = make_leaf(CA, names_for_service("bindguard", "bindguard"), now=NOW, days=90)

_IN = "/namespaces/bindguard"
VALIDATING = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
MUTATING = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
DEPLOYMENT = f"/apis/apps/v1{_IN}/deployments/bindguard"
CONFIG_MAP = f"/api/v1{_IN}/configmaps/bindguard"
SERVICE = f"/api/v1{_IN}/services/bindguard"
SLICES = f"/apis/discovery.k8s.io/v1{_IN}/endpointslices"
LEASE = f"/apis/coordination.k8s.io/v1{_IN}/leases/bindguard"
SECRET = f"/api/v1{_IN}/secrets/bindguard-tls"
PODS = f"/api/v1{_IN}/pods"
KUBEVIRTS = "/apis/kubevirt.io/v1/kubevirts"
NAMESPACE_LIST = "/api/v1/namespaces"
VMS = "/apis/kubevirt.io/v1/namespaces/default/virtualmachines"
DENIAL = 'admission webhook "validate.bindguard.io" denied the request: VirtualMachine default/(name not generated yet): mistake'
LAUNCHERS = {"matchLabels": {"kubevirt.io": "virt-launcher"}}
LABELS = {"app.kubernetes.io/name": "bindguard", "app.kubernetes.io/instance": "bindguard"}
NAMESPACES = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "bindguard"]}]}


def pem(*certificates: x509.Certificate) -> str:
    """Certificates as a Secret or a caBundle has them."""
    return base64.b64encode(b"".join(each.public_bytes(Encoding.PEM) for each in certificates)).decode()


def proxy(pod: str, path: str) -> str:
    """Where the API server hands a request to a pod."""
    return f"{PODS}/http:{pod}:8080/proxy/{path}"


def webhook(name: str, path: str, rules: list[Object], **fields: Any) -> Object:
    """A webhook as the chart renders it."""
    service = {"namespace": "bindguard", "name": "bindguard", "path": path, "port": 443}
    return {
        "name": name,
        "clientConfig": {"service": service, "caBundle": pem(CA.certificate)},
        "rules": rules,
        "failurePolicy": "Fail",
        "matchPolicy": "Equivalent",
        "timeoutSeconds": 5,
        "namespaceSelector": NAMESPACES,
        "objectSelector": {},
        "admissionReviewVersions": ["v1"],
        **fields,
    }


def rule(group: str, *resources: str, operations: tuple[str, ...] = ("CREATE", "UPDATE")) -> Object:
    return {"apiGroups": [group], "apiVersions": ["*"], "operations": list(operations), "resources": list(resources)}


def validating() -> Object:
    kinds = rule("kubevirt.io", "virtualmachines", "virtualmachineinstances", "virtualmachineinstancereplicasets")
    evaluated = webhook("validate.bindguard.io", "/validate", [kinds, rule("pool.kubevirt.io", "virtualmachinepools")])
    advised = webhook("advice.validate.bindguard.io", "/validate", [rule("kubevirt.io", "kubevirts")], failurePolicy="Ignore")
    return {"metadata": {"name": "bindguard"}, "webhooks": [evaluated, advised]}


def mutating() -> Object:
    rules = [rule("", "pods", operations=("CREATE",))]
    hook = webhook("mutate.bindguard.io", "/mutate", rules, failurePolicy="Ignore", reinvocationPolicy="IfNeeded", objectSelector=LAUNCHERS)
    return {"metadata": {"name": "bindguard"}, "webhooks": [hook]}


def pod(name: str, **status: Any) -> Object:
    """A running pod; without an address, so that no test asks a stranger's for a handshake."""
    containers = [{"name": "bindguard", "ready": True, "restartCount": 0}]
    ports = [{"name": "admission", "containerPort": 8443}, {"name": "operations", "containerPort": 8080}]
    return {
        "metadata": {"name": name, "namespace": "bindguard", "labels": LABELS},
        "spec": {"containers": [{"name": "bindguard", "ports": ports}]},
        "status": {"phase": "Running", "containerStatuses": containers, **status},
    }


def service() -> Object:
    ports = [
        {"name": "admission", "port": 443, "targetPort": "admission"},
        {"name": "operations", "port": 8080, "targetPort": "operations"},
    ]
    return {"spec": {"selector": LABELS, "ports": ports}}


def endpoint_slice() -> Object:
    """As the endpoint slice controller makes it for two pods of the Service."""
    ports = [{"name": "admission", "port": 8443}, {"name": "operations", "port": 8080}]
    return {"endpoints": [{"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"], "conditions": {"ready": True}}], "ports": ports}


def config_map(text: str) -> Object:
    """The settings of the server."""
    return {"metadata": {"name": "bindguard"}, "data": {"bindguard.yaml": text}}


def kubevirt(**plugins: Object) -> Object:
    configuration = {"network": {"binding": plugins or {"passt": {"sidecarImage": "passt"}}}}
    return {
        "metadata": {"name": "kubevirt", "namespace": "kubevirt", "resourceVersion": "7"},
        "spec": {"configuration": configuration},
        "status": {"phase": "Deployed", "observedKubeVirtVersion": "v1.9.0"},
    }


def namespace(name: str, **labels: str) -> Object:
    """A namespace, with the label that the API server gives to each."""
    return {"metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name, **labels}}}


def refused(message: str, status: int = 422) -> ReadResult[Sequence[str]]:
    """What a dry run came to."""
    return ReadResult(None, f"HTTP {status}: {message}", status)


def pod_answers(name: str) -> Mapping[str, Any]:
    """What a healthy pod says of itself."""
    expiry = LEAF.certificate.not_valid_after_utc.timestamp()
    return {
        proxy(name, "version"): {"version": __version__},
        proxy(name, "readyz"): {"ready": True, "checks": {"registry": {"ready": True, "reason": ""}}},
        proxy(name, "registry"): {"source": "KubeVirt", "version": "7", "ageSeconds": 3.2, "known": True, "plugins": {"passt": {}}},
        proxy(name, "metrics"): f"# HELP x\nbindguard_certificate_expiry_timestamp_seconds {expiry}\n",
    }


def healthy() -> dict[str, Any]:
    """Everything that a doctor reads, by path; `allowed` decides the access reviews."""
    renewed = (NOW - timedelta(seconds=5)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    return {
        f"{VALIDATING}/bindguard": validating(),
        f"{MUTATING}/bindguard": mutating(),
        VALIDATING: {"items": [validating()]},
        MUTATING: {"items": [mutating()]},
        DEPLOYMENT: {
            "metadata": {"name": "bindguard", "generation": 2},
            "spec": {"replicas": 2, "selector": {"matchLabels": LABELS}},
            "status": {"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 2},
        },
        CONFIG_MAP: config_map("cluster: true\nmanaged: true\noverhead: auto\n"),
        SERVICE: service(),
        SLICES: {"items": [endpoint_slice()]},
        LEASE: {"spec": {"holderIdentity": "bindguard-a", "leaseDurationSeconds": 15, "renewTime": renewed}},
        SECRET: {"metadata": {"name": "bindguard-tls"}, "data": {"tls.crt": pem(LEAF.certificate)}},
        PODS: {"items": [pod("bindguard-a"), pod("bindguard-b")]},
        KUBEVIRTS: {"items": [kubevirt()]},
        NAMESPACE_LIST: {"items": [namespace("bindguard"), namespace("default"), namespace("kube-system")]},
        **pod_answers("bindguard-a"),
        **pod_answers("bindguard-b"),
    }


def snapshot(told: Mapping[str, Any], **fields: Any) -> Snapshot:
    """The snapshot that gathering from such an API server makes; an integer is an HTTP status."""
    names = Names()

    def answer(path: str, type_: Any) -> ReadResult[Any]:
        found = told.get(path, NOT_FOUND)
        return ReadResult(None, f"HTTP {found}", found) if isinstance(found, int) else ReadResult(msgspec.convert(found, type_))

    settings = answer(CONFIG_MAP, dict)
    kubevirts = told.get(KUBEVIRTS, {"items": []})
    made = Snapshot(
        names=names,
        at=NOW,
        version=__version__,
        validating=answer(f"{VALIDATING}/bindguard", WebhookConfiguration),
        mutating=answer(f"{MUTATING}/bindguard", WebhookConfiguration),
        all_validating=answer(VALIDATING, Configurations),
        all_mutating=answer(MUTATING, Configurations),
        deployment=answer(DEPLOYMENT, Deployment),
        settings=settings if settings.value is None else ReadResult(settings_in(msgspec.json.encode(settings.value))),
        pods=answer(PODS, Pods),
        service=answer(SERVICE, Service),
        slices=answer(SLICES, EndpointSlices),
        lease=answer(LEASE, Lease),
        secret=answer(SECRET, Secret),
        kubevirts=ReadResult(None, "forbidden", kubevirts)
        if isinstance(kubevirts, int)
        else ReadResult(msgspec.convert(kubevirts, _KubeVirts).items),
        namespaces=answer(NAMESPACE_LIST, NamespaceList),
        dry_runs=DryRuns(namespace="default", good=ReadResult(()), bad=refused(DENIAL)),
        probes={name: _probe(told, name) for name in ("bindguard-a", "bindguard-b")},
        caller={need: ReadResult(True) for need in of_caller(names, "default")},
        server={need: ReadResult(True) for need in of_server(names, managed=True)},
    )
    return msgspec.structs.replace(made, **fields)


def _probe(told: Mapping[str, Any], name: str) -> PodProbe:
    def said(path: str, type_: Any) -> ReadResult[Any]:
        found = told[proxy(name, path)]
        return ReadResult(None, f"HTTP {found}", found) if isinstance(found, int) else ReadResult(msgspec.convert(found, type_))

    return PodProbe(
        version=ReadResult(msgspec.convert(told[proxy(name, "version")], _Version).version),
        readiness=said("readyz", ReadinessResponse),
        registry=said("registry", ServedRegistry),
        metrics=ReadResult({"bindguard_certificate_expiry_timestamp_seconds": LEAF.certificate.not_valid_after_utc.timestamp()}),
        shown=ReadResult(LEAF.certificate.public_bytes(Encoding.DER)),
    )


def changed(path: str, change: Callable[[Any], object]) -> Snapshot:
    """A healthy installation but for one thing."""
    told = healthy()
    change(told[path])
    return snapshot(told)


class Installation:
    """A fake API server that tells of an installation.

    Attributes:
        told: What is answered, by path; an integer is an HTTP status, a pair a status and what comes with it.
        denied: Kinds of access reviews that say no.
    """

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.told = healthy()
        self.told[LEASE]["spec"]["renewTime"] = datetime.now(UTC).isoformat()
        self.denied: set[str] = set()
        api.answer = self.answer
        for name in ("bindguard-a", "bindguard-b"):
            api.fail(proxy(name, "metrics"), self.told[proxy(name, "metrics")], times=99)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Whatever the doctor asks."""
        if asked.path == VMS and VMS not in self.told:
            good = "masquerade" in json.loads(asked.body)["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"][0]
            return (201, {}) if good else (422, {"kind": "Status", "message": DENIAL})
        if asked.method == "POST" and asked.path.endswith("accessreviews"):
            return 201, {"status": {"allowed": asked.path.rpartition("/")[2] not in self.denied}}
        found = self.told.get(asked.path, NOT_FOUND)
        if isinstance(found, int):
            return found, {"kind": "Status", "message": f"told to answer {found}"}
        return found if isinstance(found, tuple) else (200, found)
