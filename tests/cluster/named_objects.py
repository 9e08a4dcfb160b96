"""What the tests of Lease, Secret and webhook configurations share: objects of the fake, and its answer to server-side apply."""

import base64

from tests.cluster.fake_api import Asked, FakeApi, Object

LEASE = "/apis/coordination.k8s.io/v1/namespaces/ns/leases/bindguard"
SECRET = "/api/v1/namespaces/ns/secrets/bindguard-tls"  # noqa: S105 - a path
VALIDATING = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/bindguard"
MUTATING = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/bindguard"
APPLY = "application/apply-patch+yaml"


def applying(api: FakeApi) -> None:
    """Have the fake make what is applied and missing, as an API server does; what is there it leaves, with a conflict."""

    def answer(asked: Asked) -> tuple[int, Object] | None:
        if asked.headers.get("Content-Type") != APPLY:
            return None
        if asked.path in api.objects:
            return 409, {"message": "Apply failed with 1 conflict"}
        return 201, api.store(asked.path, {})

    api.answer = answer


def configuration(*bundles: bytes | None, manager: str = "") -> Object:
    """A webhook configuration with a webhook for each bundle; `None`: without one."""
    fields: Object = {f'k:{{"name":"w{place}"}}': {"f:clientConfig": {"f:caBundle": {}}} for place in range(len(bundles))}
    noted = {"manager": manager, "operation": "Update", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:webhooks": fields}}
    webhooks = [
        {
            "name": f"w{place}",
            "clientConfig": {"url": "https://a"} | ({} if each is None else {"caBundle": base64.b64encode(each).decode()}),
        }
        for place, each in enumerate(bundles)
    ]
    return {"metadata": {"name": "bindguard", "labels": {"a": "b"}, "managedFields": [noted] if manager else []}, "webhooks": webhooks}


def bundles(api: FakeApi, path: str) -> list[bytes]:
    """The caBundles that are stored."""
    return [base64.b64decode(each["clientConfig"].get("caBundle", "")) for each in api.objects[path]["webhooks"]]


def secret(**data: bytes) -> Object:
    """A Secret; `tls_crt` stands for `tls.crt`."""
    encoded = {key.replace("_", "."): base64.b64encode(value).decode() for key, value in data.items()}
    return {"metadata": {"name": "bindguard-tls", "labels": {"a": "b"}}, "type": "kubernetes.io/tls", "data": encoded}
