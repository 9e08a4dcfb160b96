"""What an admin can do about a failed call to the API server, in one clause."""

from webhook.cluster.api import THROUGH_PROXY, UNTRUSTED
from webhook.cluster.api_error import ApiError
from webhook.cluster.discovery import Resource
from webhook.errors import UnreadableError

_REGISTRY = "KubeVirt"
"""The kind that is always read in all namespaces."""


def explained(error: ApiError) -> UnreadableError:
    """The same error with what to do about it."""
    remedy = _hint(error)
    return UnreadableError(f"{error.message}; {remedy}") if remedy else error


def not_listed(error: ApiError, resource: Resource) -> str:
    """Why a kind could not be listed, and how to grant it."""
    if error.reason != "forbidden":
        return str(explained(error))
    name = f"{resource.plural}.{resource.group}"
    grant = f"kubectl create clusterrole list-{resource.plural} --verb=list --resource={name}"
    message = error.message.rpartition("HTTP 403: ")[2]  # without the address, which repeats the kind
    instead = "" if resource.kind == _REGISTRY else ", or name the namespaces that you may read with --namespace"
    return f"{message}; grant it ({grant}, and a clusterrolebinding){instead}"


def _hint(error: ApiError) -> str:
    if error.reason == "unauthorized":
        refused = "the credentials are not accepted: " if error.status else ""
        return f"{refused}log in again, or name another context with --context"
    if UNTRUSTED in error.message:
        return "its certificate is not signed by the CA of the kubeconfig (certificate-authority-data): take that of this cluster"
    if THROUGH_PROXY in error.message:
        return "check the proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or the kubeconfig's proxy-url), or name the server in NO_PROXY"
    if not error.status:
        return "check the server's address in the kubeconfig, and that it can be reached from here"
    return ""
