"""What a kubeconfig, or a pod's service account, says: read by the official client, so that whatever works with it works here.

The only module that imports the official client, which takes 12 MB that a server with a registry file has no use for.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes.config
from kubernetes.client import Configuration
from kubernetes.client.rest import should_bypass_proxies
from kubernetes.config.config_exception import ConfigException
from kubernetes.config.kube_config import KubeConfigMerger

from webhook.cluster.kubeconfig_errors import captured_logs, cut_to_a_line, in_plain_words
from webhook.cluster.proxy import from_environment, usable_proxy, usable_server
from webhook.errors import UsageError, reason_of
from webhook.files import UnusableFileError, is_pipe, open_file
from webhook.kube.text import quoted

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_IN_POD = "KUBERNETES_SERVICE_HOST"
_MAX_BYTES = 16 * 1024 * 1024
_USUAL = "~/.kube/config"
_TOLD_BY_IT = "'NoneType' object"
"""On a terminal a plugin tells itself why it fails; the loader stumbles over having nothing to read, and logs that."""


def configuration_of(kubeconfig: str | None, context: str | None) -> Configuration:
    """The configuration; may run an exec plugin. `UsageError` when there is none, or it cannot be used.

    Its `proxy` is the one that counts, whoever named it; none where `NO_PROXY` excepts the server.
    """
    source = _source(kubeconfig, context)
    configuration = Configuration()
    configuration.proxy = None  # what is there after loading comes from the kubeconfig
    if _in_pod(kubeconfig, context):
        _load_service_account(configuration, source)
    else:
        _load_file(configuration, _files(kubeconfig), context, source)
    usable_server(str(configuration.host), f"{source}: server")
    configuration.proxy = _proxy(configuration, source)
    return configuration


def _source(kubeconfig: str | None, context: str | None) -> str:
    """Where a configuration is read, for messages."""
    if _in_pod(kubeconfig, context):
        return f"the service account of this pod ({SERVICE_ACCOUNT})"
    return f"kubeconfig {_files(kubeconfig)}"


def _in_pod(kubeconfig: str | None, context: str | None) -> bool:
    return kubeconfig is None and context is None and _IN_POD in os.environ


def _files(kubeconfig: str | None) -> str:
    return kubeconfig or os.environ.get("KUBECONFIG") or _USUAL


def _load_service_account(configuration: Configuration, source: str) -> None:
    try:
        kubernetes.config.load_incluster_config(configuration)  # type: ignore[no-untyped-call] # the client has no types there
    except Exception as error:  # the loader lets through whatever a broken file does to it
        raise UsageError(f"{source}: {in_plain_words(error)}; name a kubeconfig, or a context of one") from error


def _load_file(configuration: Configuration, files: str, context: str | None, source: str) -> None:
    _must_exist(files, source)
    try:
        with captured_logs() as errors:
            kubernetes.config.load_kube_config(files, context, configuration, persist_config=False)  # type: ignore[no-untyped-call] # the client has no types there
        _must_have_credentials(configuration, files, context, errors)
    except Exception as error:  # the loader lets through whatever a broken file does to it
        raise UsageError(f"{source}: {in_plain_words(error, files)}{_contexts(files, context)}") from error


def _must_exist(files: str, source: str) -> None:
    """One of several is enough, as for kubectl; the loader would speak of an invalid file. None may be what it could read for ever."""
    why, found = "no file is named", False
    for file in filter(None, files.split(os.pathsep)):
        try:
            path = Path(file).expanduser()
            if not is_pipe(str(path)):  # it can be read once, by the loader
                open_file(path, max_bytes=_MAX_BYTES).close()
            found = True
        except (FileNotFoundError, RuntimeError):
            why = "there is no such file"
        except UnusableFileError as error:
            place = source if file == files else f"{source}: {file}"
            raise UsageError(f"{place}: {error}; name a file with --kubeconfig, or in KUBECONFIG") from error
        except (OSError, ValueError) as error:
            why = reason_of(error)
    if found:
        return
    raise UsageError(f"{source}: {why}; name one with --kubeconfig, or in KUBECONFIG")


def _must_have_credentials(configuration: Configuration, files: str, context: str | None, errors: list[str]) -> None:
    """The loader goes on as nobody when a plugin fails: all answers would be those to `system:anonymous`."""
    if configuration.api_key or configuration.cert_file:
        return
    config = KubeConfigMerger(files).config  # type: ignore[no-untyped-call] # the client has no types there
    name = config["contexts"].get_with_name(context or config["current-context"])["context"].safe_get("user")
    if not name:
        return
    user = config["users"].get_with_name(name, safe=True)
    if user is None:
        raise ConfigException(f"there are no credentials: it has no user {quoted(str(name))}, whom the context names")
    giver = _giver(user["user"].value)
    if giver is not None:
        why = f": {cut_to_a_line(errors[-1])}" if errors and _TOLD_BY_IT not in errors[-1] else ""
        raise ConfigException(f"there are no credentials: {giver} of user {quoted(str(name))} gave none{why}")


def _giver(user: Mapping[str, Any]) -> str | None:
    """What a user's credentials were to come from."""
    if "exec" in user:
        return f"the exec plugin {quoted(str(user['exec'].get('command') or ''))}"
    if "auth-provider" in user:
        return f"the auth-provider {quoted(str(user['auth-provider'].get('name') or ''))}"
    return None


def _contexts(files: str, context: str | None) -> str:
    """What could have been written in place of an unknown context."""
    if context is None:
        return "; name a kubeconfig, or a context of one"
    try:
        known = [each["name"] for each in kubernetes.config.list_kube_config_contexts(files)[0]]  # type: ignore[no-untyped-call] # the client has no types there
    except Exception:  # noqa: BLE001 - the file itself cannot be read, which has been told
        return ""
    return f"; contexts in it: {', '.join(quoted(str(name)) for name in known)}" if context not in known else ""


def _proxy(configuration: Configuration, source: str) -> str | None:
    """A kubeconfig's `proxy-url` holds whatever the environment says, as for kubectl."""
    if configuration.proxy:
        return usable_proxy(str(configuration.proxy), f"{source}: proxy-url")
    named = from_environment(str(configuration.host), os.environ)
    if named is None or should_bypass_proxies(str(configuration.host), configuration.no_proxy or ""):
        return None
    return usable_proxy(named.proxy, named.variable)
