"""Connect to an API server with a kubeconfig, or with the service account of the pod."""

import asyncio
import functools
import logging
from pathlib import Path

from webhook.cluster.api import ApiServer
from webhook.cluster.credentials import Credentials
from webhook.files import read_file

_WAITING_SECONDS = 5.0
"""After this long a log line says that the configuration is still being loaded."""

_log = logging.getLogger(__name__)
_MAX_NAMESPACE_BYTES = 1024
_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


async def connect(*, kubeconfig: str | None = None, context: str | None = None) -> ApiServer:
    """The API server of a kubeconfig's context; with neither argument and in a pod, that of the pod's cluster.

    Without `kubeconfig` the file is that of `KUBECONFIG`, else `~/.kube/config`. No call is made yet, but an exec plugin may run.

    Args:
        kubeconfig: Path of a kubeconfig.
        context: A context in it; without one, its current context.

    Raises:
        UsageError: The configuration is missing, or cannot be used.
    """
    from webhook.cluster.kubeconfig import configuration_of  # noqa: PLC0415 - it takes 12 MB, which a server with a registry file does not need

    configuration = functools.partial(configuration_of, kubeconfig, context)
    reading = asyncio.create_task(asyncio.to_thread(configuration))
    await asyncio.wait({reading}, timeout=_WAITING_SECONDS)
    if not reading.done():
        _log.warning("still waiting for an exec plugin or identity provider to give credentials")
    return ApiServer(Credentials(await reading, configuration))


def pod_namespace() -> str | None:
    """The namespace of the pod that this process runs in; `None` outside a pod."""
    try:
        return read_file(_NAMESPACE, max_bytes=_MAX_NAMESPACE_BYTES).decode().strip() or None
    except (OSError, UnicodeDecodeError):
        return None
