"""What a kubeconfig, or a pod's service account, says: read by the official client, so that whatever works with it works here.

The only module that imports the official client, which takes 12 MB that a server with a registry file has no use for.
"""

import os

import kubernetes.config
from kubernetes.client import Configuration
from kubernetes.config.config_exception import ConfigException

from webhook.errors import UsageError
from webhook.kube.text import quoted

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_IN_POD = "KUBERNETES_SERVICE_HOST"


def configuration_of(kubeconfig: str | None, context: str | None) -> Configuration:
    """The configuration; may run an exec plugin. `UsageError` when there is none, or it cannot be used."""
    configuration = Configuration()
    in_pod = kubeconfig is None and context is None and _IN_POD in os.environ
    try:
        if in_pod:
            kubernetes.config.load_incluster_config(configuration)  # type: ignore[no-untyped-call] # the client has no types there
        else:
            kubernetes.config.load_kube_config(kubeconfig, context, configuration, persist_config=False)  # type: ignore[no-untyped-call] # the client has no types there
    except Exception as error:  # the loader lets through whatever a broken file does to it
        told = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        if not isinstance(error, ConfigException | OSError):
            told = f"{type(error).__name__}: {told}"
        raise UsageError(f"{_source(kubeconfig, in_pod=in_pod)}: {told}{_contexts(kubeconfig, context)}") from error
    return configuration


def _source(kubeconfig: str | None, *, in_pod: bool) -> str:
    if in_pod:
        return f"the service account of this pod ({SERVICE_ACCOUNT})"
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
