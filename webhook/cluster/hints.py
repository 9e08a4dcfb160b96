"""What a person can do about an API server that does not answer as asked, in one clause."""

from webhook.cluster.api import THROUGH_PROXY, UNTRUSTED
from webhook.cluster.api_error import ApiError
from webhook.cluster.discovery import Resource
from webhook.errors import UnreadableError

_REGISTRY = "KubeVirt"
"""The kind that is read in all namespaces whatever is checked."""


def explained(error: ApiError) -> UnreadableError:
    """The same error with what to do about it."""
    remedy = _remedy(error)
    return UnreadableError(f"{error.message}; {remedy}") if remedy else error


def not_listed(error: ApiError, resource: Resource) -> str:
    """Why a kind could not be listed, and how that is granted."""
    if error.reason != "forbidden":
        return str(explained(error))
    name = f"{resource.plural}.{resource.group}"
    grant = f"kubectl create clusterrole list-{resource.plural} --verb=list --resource={name}"
    told = error.message.rpartition("HTTP 403: ")[2]  # the address says nothing that the kind does not
    instead = "" if resource.kind == _REGISTRY else ", or name the namespaces that you may read with --namespace"
    return f"{told}; grant it ({grant}, and a clusterrolebinding){instead}"


def _remedy(error: ApiError) -> str:
    if error.reason == "unauthorized":
        refused = "the credentials are not accepted: " if error.status else ""
        return f"{refused}log in anew, or name another context with --context"
    if UNTRUSTED in error.message:
        return "its certificate is not signed by the CA of the kubeconfig (certificate-authority-data): take that of this cluster"
    if THROUGH_PROXY in error.message:
        return "check the proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or the kubeconfig's proxy-url), or name the server in NO_PROXY"
    if not error.status:
        return "check the server's address in the kubeconfig, and that it can be reached from here"
    return ""
