"""Kubeconfigs for people who may do everything, who may do little, and whose time is over."""

import base64
import json
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.e2e.control_plane import ADMIN_TOKEN, ControlPlane


def kubeconfig(cluster: ControlPlane, directory: Path, **changed: str) -> Path:
    """A kubeconfig with one context, `here`; `server`, `ca` (PEM) and `token` may be others."""
    pem = changed.get("ca", cluster.certificate.read_text())
    server = {"server": changed.get("server", cluster.url), "certificate-authority-data": base64.b64encode(pem.encode()).decode()}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "somebody"}}],
        "clusters": [{"name": "here", "cluster": server}],
        "users": [{"name": "somebody", "user": {"token": changed.get("token", ADMIN_TOKEN)}}],
    }
    path = directory / "kubeconfig"
    path.write_text(json.dumps(config))
    return path


def auditor(cluster: ControlPlane) -> str:
    """The token of somebody who may list VMs and KubeVirt CRs and nothing else."""
    rules = [{"apiGroups": ["kubevirt.io"], "resources": ["kubevirts", "virtualmachines"], "verbs": ["list"]}]
    rbac, subject = "/apis/rbac.authorization.k8s.io/v1", {"kind": "ServiceAccount", "name": "auditor", "namespace": "kubevirt"}
    if not cluster.client.get(f"{rbac}/clusterroles/auditor").is_success:
        cluster.create("/api/v1/namespaces/kubevirt/serviceaccounts", {"metadata": {"name": "auditor"}})
        cluster.create(f"{rbac}/clusterroles", {"metadata": {"name": "auditor"}, "rules": rules})
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "auditor"}
        cluster.create(f"{rbac}/clusterrolebindings", {"metadata": {"name": "auditor"}, "roleRef": role, "subjects": [subject]})
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token: str = cluster.create("/api/v1/namespaces/kubevirt/serviceaccounts/auditor/token", request)["status"]["token"]
    return token


def expired(cluster: ControlPlane) -> str:
    """A service account's token as the API server would have signed it two hours ago, for one hour."""
    header, payload, _signature = auditor(cluster).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    now = int(time.time())
    signed = f"{header}.{_base64(json.dumps(claims | {'iat': now - 7200, 'nbf': now - 7200, 'exp': now - 3600}).encode())}"
    key = load_pem_private_key((cluster.certificate.parents[1] / "sa.key").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return f"{signed}.{_base64(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
