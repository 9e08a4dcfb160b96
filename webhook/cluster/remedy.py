"""What a person can do about an API server that does not answer as asked, in one clause. Asks nobody."""

from webhook.cluster.api import UNTRUSTED
from webhook.cluster.discovery import Resource
from webhook.cluster.problem import ApiError
from webhook.errors import UnreadableError


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
    return f"{told}; grant it ({grant}, and a clusterrolebinding), or name the namespaces that you may read with --namespace"


def _remedy(error: ApiError) -> str:
    if error.reason == "unauthorized":
        return "the credentials are not accepted: log in anew, or name another context with --context"
    if UNTRUSTED in error.message:
        return "its certificate is not signed by the CA of the kubeconfig (certificate-authority-data): take that of this cluster"
    if not error.status:
        return "check the server's address in the kubeconfig, and that it can be reached from here"
    return ""
