"""Which API server is asked, and as whom: a kubeconfig, or the service account of the pod.

The official client reads both, so that whatever works with it works here: exec plugins, OIDC, client certificates.
"""

import asyncio
import functools
import os
from pathlib import Path

import kubernetes.config
from kubernetes.client import Configuration
from kubernetes.config.config_exception import ConfigException

from webhook.cluster.api import ApiServer
from webhook.cluster.credentials import Credentials
from webhook.errors import UsageError
from webhook.kube.text import quoted

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_IN_POD = "KUBERNETES_SERVICE_HOST"


async def connect(*, kubeconfig: str | None = None, context: str | None = None) -> ApiServer:
    """The API server of a kubeconfig's context, or, when neither is named and this runs in a pod, that of the pod's cluster.

    Without a name the usual places count: `KUBECONFIG`, then `~/.kube/config`. No call is made yet, but an exec plugin may run.

    Raises:
        UsageError: There is no such configuration, or it cannot be used.
    """
    configuration = functools.partial(_configuration, kubeconfig, context)
    return ApiServer(Credentials(await asyncio.to_thread(configuration), configuration))


def pod_namespace() -> str | None:
    """The namespace of the pod that this runs in; `None` outside."""
    try:
        return (_SERVICE_ACCOUNT / "namespace").read_text().strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _configuration(kubeconfig: str | None, context: str | None) -> Configuration:
    configuration = Configuration()
    in_pod = kubeconfig is None and context is None and _IN_POD in os.environ
    try:
        if in_pod:
            kubernetes.config.load_incluster_config(configuration)  # type: ignore[no-untyped-call] # the client has no types there
        else:
            kubernetes.config.load_kube_config(kubeconfig, context, configuration, persist_config=False)  # type: ignore[no-untyped-call] # the client has no types there
    except Exception as error:  # the loader lets through whatever a broken file does to it
        told = f"{type(error).__name__}: {error}" if not isinstance(error, ConfigException | OSError) else str(error).rstrip(".")
        raise UsageError(f"{_source(kubeconfig, in_pod=in_pod)}: {told}{_contexts(kubeconfig, context)}") from error
    return configuration


def _source(kubeconfig: str | None, *, in_pod: bool) -> str:
    if in_pod:
        return f"the service account of this pod ({_SERVICE_ACCOUNT})"
    return f"kubeconfig {kubeconfig or os.environ.get('KUBECONFIG') or '~/.kube/config'}"


def _contexts(kubeconfig: str | None, context: str | None) -> str:
    """What could have been written in place of an unknown context."""
    if context is None:
        return "; name a kubeconfig, or a context of one"
    try:
        known = [each["name"] for each in kubernetes.config.list_kube_config_contexts(kubeconfig)[0]]  # type: ignore[no-untyped-call] # the client has no types there
    except Exception:  # noqa: BLE001 - the file itself cannot be read, which has been told
        return ""
    return f"; contexts in it: {', '.join(quoted(str(name)) for name in known)}" if context not in known else ""
