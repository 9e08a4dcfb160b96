"""Read a kubeconfig, or a pod's service account, with the official client, so that everything that works with it works here.

This is the only module that imports the official client, which takes 12 MB that a server with a registry file does not need.
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
_NO_OUTPUT = "'NoneType' object"
"""Part of what the loader logs when an exec plugin on a terminal has printed no credentials; the plugin itself has said why."""


def configuration_of(kubeconfig: str | None, context: str | None) -> Configuration:
    """Load the configuration; this may run an exec plugin.

    Its `proxy` is that of the kubeconfig, else that of the environment; `None` where `NO_PROXY` names the server.

    Raises:
        UsageError: There is no configuration, or it cannot be used.
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
    """The source of the configuration, for messages."""
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
    except Exception as error:  # the loader raises any exception for a broken file
        raise UsageError(f"{source}: {in_plain_words(error)}; name a kubeconfig, or a context of one") from error


def _load_file(configuration: Configuration, files: str, context: str | None, source: str) -> None:
    _must_exist(files, source)
    try:
        with captured_logs() as errors:
            kubernetes.config.load_kube_config(files, context, configuration, persist_config=False)  # type: ignore[no-untyped-call] # the client has no types there
        _must_have_credentials(configuration, files, context, errors)
    except Exception as error:  # the loader raises any exception for a broken file
        raise UsageError(f"{source}: {in_plain_words(error, files)}{_contexts(files, context)}") from error


def _must_exist(files: str, source: str) -> None:
    """Raise `UsageError` unless one of `files` exists, as for kubectl, and none is a device or FIFO that could be read without end."""
    why, found = "no file is named", False
    for file in filter(None, files.split(os.pathsep)):
        try:
            path = Path(file).expanduser()
            if not is_pipe(str(path)):  # a pipe can be read only once, which the loader does
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
    """Raise when the user has no credentials: after a plugin failed the loader would go on as `system:anonymous`."""
    if configuration.api_key or configuration.cert_file:
        return
    config = KubeConfigMerger(files).config  # type: ignore[no-untyped-call] # the client has no types there
    name = config["contexts"].get_with_name(context or config["current-context"])["context"].safe_get("user")
    if not name:
        return
    user = config["users"].get_with_name(name, safe=True)
    if user is None:
        raise ConfigException(f"there are no credentials: it has no user {quoted(str(name))}, whom the context names")
    provider = _credential_provider(user["user"].value)
    if provider is not None:
        why = f": {cut_to_a_line(errors[-1])}" if errors and _NO_OUTPUT not in errors[-1] else ""
        raise ConfigException(f"there are no credentials: {provider} of user {quoted(str(name))} gave none{why}")


def _credential_provider(user: Mapping[str, Any]) -> str | None:
    """The program or provider that should have given a user's credentials; `None` without one."""
    if "exec" in user:
        return f"the exec plugin {quoted(str(user['exec'].get('command') or ''))}"
    if "auth-provider" in user:
        return f"the auth-provider {quoted(str(user['auth-provider'].get('name') or ''))}"
    return None


def _contexts(files: str, context: str | None) -> str:
    """The known contexts, where `context` is not one of them; else how to choose a configuration."""
    if context is None:
        return "; name a kubeconfig, or a context of one"
    try:
        known = [each["name"] for each in kubernetes.config.list_kube_config_contexts(files)[0]]  # type: ignore[no-untyped-call] # the client has no types there
    except Exception:  # noqa: BLE001 - the file cannot be read, which is the error that is reported
        return ""
    return f"; contexts in it: {', '.join(quoted(str(name)) for name in known)}" if context not in known else ""


def _proxy(configuration: Configuration, source: str) -> str | None:
    """The proxy; a kubeconfig's `proxy-url` wins over the environment, as for kubectl."""
    if configuration.proxy:
        return usable_proxy(str(configuration.proxy), f"{source}: proxy-url")
    named = from_environment(str(configuration.host), os.environ)
    if named is None or should_bypass_proxies(str(configuration.host), configuration.no_proxy or ""):
        return None
    return usable_proxy(named.proxy, named.variable)
